package dsp

import "math"

// AGC scales a stream so that its mean power is one. With an attack faster than the decay it
// takes hold quickly and lets go slowly, and follows the peaks of power rather than the mean.
type AGC struct {
	attack, decay float32
	power         float32
}

// NewAGC returns a gain control with time constants in samples.
func NewAGC(attack, decay float64) *AGC {
	return &AGC{attack: float32(1 / max(1, attack)), decay: float32(1 / max(1, decay)), power: 1e-12}
}

// track takes in the power of one sample and returns the gain for it.
func (a *AGC) track(p float32) float32 {
	rate := a.decay
	if p > a.power {
		rate = a.attack
	}
	a.power += rate * (p - a.power)
	if a.power < 1e-12 {
		a.power = 1e-12
	}
	return 1 / float32(math.Sqrt(float64(a.power)))
}

// Gain is the present factor.
func (a *AGC) Gain() float64 { return 1 / math.Sqrt(float64(a.power)) }

// Process appends scaled src to dst.
func (a *AGC) Process(dst, src []complex64) []complex64 {
	for _, v := range src {
		g := a.track(real(v)*real(v) + imag(v)*imag(v))
		dst = append(dst, complex(real(v)*g, imag(v)*g))
	}
	return dst
}

// ProcessReal appends scaled src to dst.
func (a *AGC) ProcessReal(dst, src []float32) []float32 {
	for _, v := range src {
		dst = append(dst, v*a.track(v*v))
	}
	return dst
}

// DCBlocker takes a constant offset out of a stream.
type DCBlocker struct {
	rate float32
	mean complex64
}

// NewDCBlocker returns a blocker that follows the offset with a time constant in samples.
func NewDCBlocker(samples float64) *DCBlocker {
	return &DCBlocker{rate: float32(1 / max(1, samples))}
}

// Process appends src without its offset to dst.
func (d *DCBlocker) Process(dst, src []complex64) []complex64 {
	for _, v := range src {
		e := v - d.mean
		d.mean += complex(d.rate*real(e), d.rate*imag(e))
		dst = append(dst, e)
	}
	return dst
}

// ProcessReal appends src without its offset to dst.
func (d *DCBlocker) ProcessReal(dst, src []float32) []float32 {
	mean := real(d.mean)
	for _, v := range src {
		e := v - mean
		mean += d.rate * e
		dst = append(dst, e)
	}
	d.mean = complex(mean, 0)
	return dst
}
