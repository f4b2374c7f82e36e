package modem

import (
	"fmt"
	"math"
)

// FSKOptions choose one of the ways to demodulate FSK; several in parallel complement each other.
// The zero value does best on its own.
type FSKOptions struct {
	// Cutoff is half the bandwidth before the detector in parts of the bit rate: wide for white
	// noise, narrow for the noise of an FM receiver, which rises with frequency. Default 0.9.
	Cutoff float64
	// Window is over how many bits the timing is estimated. Default 128.
	Window int
	// Steady leaves out what is there for senders whose bit rate is off by up to 3 %.
	Steady bool
}

// FSKDemodulator turns the audio of an FM receiver, or I/Q samples, into soft bits. It decides on
// sequences of bits after a channel that it learns from what has been decided: the shape that
// filters have given to a bit, the offset that an error of frequency makes, the noise.
type FSKDemodulator struct {
	mode  FSK
	rate  float64
	delay int // bits under way at most
	front *fskFront
	seq   *levelSequence
	pairs []levelPair
	iq    *fskChannel
	audio []float32
}

// NewFSKDemodulator returns a demodulator of samples at a rate in hertz.
func NewFSKDemodulator(mode FSK, rate float64, opt FSKOptions) (*FSKDemodulator, error) {
	if err := mode.check(rate); err != nil {
		return nil, fmt.Errorf("making FSK demodulator: %w", err)
	}
	if opt.Cutoff <= 0 {
		opt.Cutoff = 0.9
	}
	if opt.Window <= 0 {
		opt.Window = 128
	}
	d := &FSKDemodulator{mode: mode, rate: rate, delay: opt.Window + centerWindow + 2*clockBlock + seqDepth + seqBlock + 8}
	d.front = newFSKFront(mode.Baud, rate, opt.Cutoff, newBitClock(opt.Window, !opt.Steady))
	d.seq = newLevelSequence()
	d.iq = newFSKChannel(mode, rate)
	return d, nil
}

// Process takes the next audio samples and appends the soft bits that they settle to dst.
func (d *FSKDemodulator) Process(dst []int8, src []float32) []int8 {
	if d.iq.held {
		d.audio = d.iq.drain(d.audio[:0])
		dst = d.process(dst, d.audio)
	}
	return d.process(dst, src)
}

func (d *FSKDemodulator) process(dst []int8, src []float32) []int8 {
	d.pairs = d.front.process(d.pairs[:0], src)
	for _, p := range d.pairs {
		dst = d.seq.next(dst, p)
	}
	return dst
}

// ProcessIQ takes the next complex baseband samples. The carrier may be off by about a quarter of
// the bit rate; what is further from it than the signal then reaches is filtered out.
func (d *FSKDemodulator) ProcessIQ(dst []int8, src []complex64) []int8 {
	d.audio = d.iq.process(d.audio[:0], src)
	return d.process(dst, d.audio)
}

// Time is when the last bit appended so far ended, in seconds of samples, to about two bits.
func (d *FSKDemodulator) Time() float64 {
	return (d.front.last-float64(len(d.seq.trellis.steps)))/d.mode.Baud - d.iq.delay()/d.rate
}

// SNR estimates Eb/N0 in the audio of what has been received last, in decibels.
func (d *FSKDemodulator) SNR() float64 { return d.seq.snr() }

// Flush appends the bits still under way: it feeds silence, and so may append some more.
func (d *FSKDemodulator) Flush(dst []int8) []int8 {
	return d.Process(dst, make([]float32, int(math.Ceil(d.rate/d.mode.Baud*float64(d.delay)))))
}
