package modem

import (
	"math"

	"spacechain/link/modem/dsp"
)

// fskChannel takes complex samples to audio: a filter about as wide as the signal, for noise from
// beside it makes clicks, and a discriminator.
type fskChannel struct {
	filter   *dsp.ComplexFIR // nil where the samples' own band is hardly wider
	every    int             // of how many samples one is filtered and stands for all
	late     int             // by how many samples audio is
	used     bool
	held     bool // the filter has not given all that it was fed
	scale    float64
	last     complex64
	samples  []complex64
	filtered []complex64
}

// Half the band is the deviation and channelRoom bit rates, falling off over channelEdge. Half a
// bit rate is Carson's rule; the rest is most of the quarter that a carrier may be off, and what
// that takes from the edge of a spectrum costs less than noise from further out does.
const (
	channelRoom    = 0.65
	channelEdge    = 0.8
	channelSamples = 16 // a bit, fewer than which are not made of more
)

func newFSKChannel(mode FSK, rate float64) *fskChannel {
	c := &fskChannel{every: 1}
	if half := (mode.deviation() + channelRoom*mode.Baud) / rate; half < 0.45 {
		taps := int(math.Ceil(3.3*rate/(channelEdge*mode.Baud))) | 1
		// A band that deviations make wide needs more samples.
		c.every = max(1, int(min(rate/mode.Baud/channelSamples, 1/(8*half))))
		c.filter = dsp.NewDecimator(dsp.LowPass(half, dsp.Hamming(taps)), c.every)
		c.late = taps / 2
	}
	c.scale = rate / float64(c.every) / (2 * math.Pi * mode.deviation())
	return c
}

// process appends the audio of src to dst.
func (c *fskChannel) process(dst []float32, src []complex64) []float32 {
	if len(src) == 0 {
		return dst
	}
	c.used = true
	c.held = c.late > 0
	c.samples = c.samples[:0]
	for _, v := range src {
		if !(norm(v) <= maxSample*maxSample) {
			v = 0
		}
		c.samples = append(c.samples, v)
	}
	in := c.samples
	if c.filter != nil {
		c.filtered = c.filter.Process(c.filtered[:0], in)
		in = c.filtered
	}
	for _, v := range in {
		p := rotate(v, complex(real(c.last), -imag(c.last)))
		c.last = v
		level := float32(math.Atan2(float64(imag(p)), float64(real(p))) * c.scale)
		for range c.every {
			dst = append(dst, level)
		}
	}
	return dst
}

// drain appends the audio that the filter still holds to dst.
func (c *fskChannel) drain(dst []float32) []float32 {
	if c.held {
		dst = c.process(dst, make([]complex64, c.late))
		c.held = false
	}
	return dst
}

// delay is by how many samples the audio is late.
func (c *fskChannel) delay() float64 {
	if !c.used {
		return 0
	}
	return float64(c.late)
}
