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
// A [Trunk] stands above the frames of a payload link and carries units of several services.
//
// Nothing here reads a clock, draws chance or does I/O: time is counted in samples. Nothing is
// safe for use by several goroutines at once, but a [Waveform] is a plain value that all may
// share.
package radio
