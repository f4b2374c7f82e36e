package modem

import (
	"fmt"
	"math"

	"spacechain/link/modem/dsp"
)

// oversample is how many pairs of correlations there are a bit.
const oversample = 8

// TonePair is what correlating one bit's length of audio with either tone gives. Phases count from
// the beginning of that length.
type TonePair struct{ Mark, Space complex64 }

// ToneCorrelator is the front of AFSK demodulators: it takes audio down to the middle of the
// tones and correlates it with both, eight times a bit. Several demodulators can share one.
type ToneCorrelator struct {
	nco      *dsp.NCO
	decimate *dsp.ComplexFIR // nil for rates that need none
	resample *dsp.ComplexResampler
	filter   *dsp.ComplexFIR
	mark     [oversample]complex64

	audio             []float32
	mixed, low, inner []complex64
	past              []complex64 // the last oversample-1 filtered samples, then the new ones
}

// NewToneCorrelator returns a correlator for samples at a rate in hertz.
func NewToneCorrelator(mode AFSK, rate float64) (*ToneCorrelator, error) {
	if err := mode.check(rate); err != nil {
		return nil, fmt.Errorf("making AFSK correlator: %w", err)
	}
	c := &ToneCorrelator{}
	center, shift := (mode.Mark+mode.Space)/2, math.Abs(mode.Mark-mode.Space)/2
	inner := oversample * mode.Baud
	every := max(1, int(rate/(1.2*inner)))
	if every > 1 {
		c.decimate = dsp.NewDecimator(dsp.LowPass(0.5/float64(every), dsp.Blackman(6*every+1)), every)
	}
	c.nco = dsp.NewNCO(-center, rate)
	c.resample = dsp.NewComplexResampler(rate/float64(every), inner)
	// The band is cut where the mirror image of the tones begins at the latest.
	edge := min(1.1*(shift+mode.Baud), center)
	c.filter = dsp.NewComplexFIR(dsp.LowPass(edge/inner, dsp.Hamming(31)))
	for i := range c.mark {
		s, r := math.Sincos(-2 * math.Pi * (mode.Mark - center) / inner * (float64(i) + 0.5))
		c.mark[i] = complex(float32(r), float32(s)) / oversample
	}
	c.past = make([]complex64, oversample-1, 8192)
	return c, nil
}

// Process appends the pairs of the next samples to dst.
func (c *ToneCorrelator) Process(dst []TonePair, src []float32) []TonePair {
	for len(src) > 0 {
		n := min(len(src), 4096)
		c.audio = clean(c.audio[:0], src[:n])
		src = src[n:]
		c.mixed = c.nco.MixReal(c.mixed[:0], c.audio)
		low := c.mixed
		if c.decimate != nil {
			c.low = c.decimate.Process(c.low[:0], c.mixed)
			low = c.low
		}
		c.inner = c.resample.Process(c.inner[:0], low)
		c.past = c.filter.Process(c.past, c.inner)
		dst = c.correlate(dst)
	}
	return dst
}

// correlate turns the new filtered samples into pairs.
func (c *ToneCorrelator) correlate(dst []TonePair) []TonePair {
	for i := 0; i+oversample <= len(c.past); i++ {
		x := c.past[i : i+oversample]
		var rr, ii, ri, ir float32
		for k, w := range c.mark {
			rr += real(x[k]) * real(w)
			ii += imag(x[k]) * imag(w)
			ri += real(x[k]) * imag(w)
			ir += imag(x[k]) * real(w)
		}
		// The space's reference is the conjugate of the mark's.
		dst = append(dst, TonePair{Mark: complex(rr-ii, ri+ir), Space: complex(rr+ii, ir-ri)})
	}
	keep := oversample - 1
	c.past = c.past[:copy(c.past, c.past[len(c.past)-keep:])]
	return dst
}
