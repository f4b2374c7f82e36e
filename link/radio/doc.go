// Package radio is one direction of a radio hop: transfer frames in, modulated samples out, and
// back. It joins the modems of link/modem, the codes of link/coding and the framings into named
// waveforms, and says of each what a simulation without samples must know: how long a frame is on
// the air and how likely it is lost at a ratio of carrier to noise density. Both depths are held
// against each other by tests.
//
//	w := radio.TTCDown()
//	tx, _ := w.NewTransmitter()
//	tx.Key(true)
//	_ = tx.Send(frame)
//	tx.Key(false)                        // after what waits
//	samples := tx.Samples(nil, 48000)    // lead, frame, tail, silence
//	rx, _ := w.NewReceiver()
//	frames := rx.Receive(nil, samples)
//
// # Both depths
//
// A burst takes [Waveform.Lead], [Waveform.Airtime] of each frame and [Waveform.Tail], to the
// sample. A receiver gives a frame out at most [Waveform.Latency] after its end: it looks ahead
// for carrier and timing, and decodes. [Waveform.FrameErrorRate] is what was measured with this
// transmitter, channel.Samples and this receiver (TestMeasureLosses), bursts from their first
// frame on, and TestDepthsAgree holds it: the ratios of a symbol's energy to the noise density at
// which one frame in ten is lost are
//
//	ttc-up        13.6 dB  (80 octets)     payload-up    1.5 dB
//	ttc-up-4800   13.5 dB  (80 octets)     payload-down  1.0 dB
//	ttc-down      -1.4 dB                  isl           1.0 dB
//	beacon         6.4 dB  (80 octets)     user          7.1 dB (100 octets)
//
// and BenchmarkPass runs all that a pass has on the air several times faster than real time on
// one core.
//
// # Units and their markers
//
// Receivers of coded channels look for the sync marker among the channel's own bits, with
// convolutional coding for what of the coded marker does not depend on the data before. It tells
// the phase of the carrier as well, of which QPSK leaves four, and where the Viterbi decoder
// starts: each unit is decoded on its own, and a slip costs no more than the unit it falls in.
// Behind the last frame of a burst, and before a line idles, the transmitter sends one marker
// more; two markers at the right distance are no chance.
//
// A [Trunk] stands above the frames of a payload link and carries units of several services.
//
// Nothing here reads a clock, draws chance or does I/O: time is counted in samples. Nothing is
// safe for use by several goroutines at once, but a [Waveform] is a plain value that all may
// share.
package radio
