package modem

import (
	"fmt"
	"math"
)

// AFSKOptions choose one of the ways to demodulate AFSK; several in parallel complement each
// other. The zero value does best on its own.
type AFSKOptions struct {
	// Memory is how much of the phase reference lasts from one bit to the next, 0 to 1: near 1
	// detection is coherent and most sensitive, near 0 it goes by the tones' power alone and
	// bears any error of their frequencies. Default 0.6.
	Memory float64
	// Window is over how many bits the timing is estimated. Default 160.
	Window int
	// Steady leaves out what is there for senders whose bit rate is off by up to 3 % and whose
	// tones are by up to 10 %.
	Steady bool
	// Tilt is by how many decibels the space tone is expected above the mark. What it really is
	// the demodulator learns.
	Tilt float64
	// HDLC says that a bit is coded in whether the tone changes and that it changes after seven
	// bits at the latest, as under AX.25.
	HDLC bool
}

// AFSKDemodulator turns audio into soft bits. It decides on sequences of tones, with each of the
// sequences in question carrying its own reference of phase; tilt of the band, errors of the tones'
// frequencies and their relative phase are learnt from what has been decided.
type AFSKDemodulator struct {
	mode  AFSK
	rate  float64
	delay int // bits under way at most
	front *ToneCorrelator
	pick  tonePicker
	seq   *toneSequence
	all   []TonePair
	bits  []TonePair
}

// NewAFSKDemodulator returns a demodulator of samples at a rate in hertz.
func NewAFSKDemodulator(mode AFSK, rate float64, opt AFSKOptions) (*AFSKDemodulator, error) {
	front, err := NewToneCorrelator(mode, rate)
	if err != nil {
		return nil, fmt.Errorf("making AFSK demodulator: %w", err)
	}
	if opt.Window <= 0 {
		opt.Window = 160
	}
	if opt.Memory <= 0 {
		opt.Memory = 0.6
	}
	d := &AFSKDemodulator{mode: mode, rate: rate, front: front, delay: opt.Window + 2*clockBlock + seqDepth + seqBlock + 1}
	d.pick.clock = newBitClock(opt.Window, !opt.Steady)
	d.seq = newToneSequence((mode.Mark-mode.Space)/2/mode.Baud, opt)
	return d, nil
}

// Process takes the next samples and appends the soft bits that they settle to dst.
func (d *AFSKDemodulator) Process(dst []int8, src []float32) []int8 {
	d.all = d.front.Process(d.all[:0], src)
	return d.ProcessPairs(dst, d.all)
}

// ProcessPairs is Process for what a ToneCorrelator of the same mode and rate, shared with other
// demodulators, has made of the samples.
func (d *AFSKDemodulator) ProcessPairs(dst []int8, src []TonePair) []int8 {
	d.bits = d.pick.process(d.bits[:0], src)
	for _, p := range d.bits {
		dst = d.seq.next(dst, p)
	}
	return dst
}

// Time is when the last bit appended so far ended, in seconds of samples, to about two bits.
func (d *AFSKDemodulator) Time() float64 {
	return (d.pick.last - float64(len(d.seq.trellis.steps))) / d.mode.Baud
}

// SNR estimates Eb/N0 of what has been received last, in decibels.
func (d *AFSKDemodulator) SNR() float64 { return d.seq.snr() }

// Flush appends the bits still under way: it feeds silence, and so may append some more.
func (d *AFSKDemodulator) Flush(dst []int8) []int8 {
	return d.Process(dst, make([]float32, int(math.Ceil(d.rate/d.mode.Baud*float64(d.delay)))))
}
