package channel

import (
	"math"
	"math/rand/v2"
)

// Fading is slow fading and scintillation: a steady ray and many scattered ones whose sum is a
// complex Gaussian process, so that the amplitude is Rician (Rayleigh without a steady ray). Its
// mean power is one.
type Fading struct {
	// ScatterDB is the scattered power over the steady ray's, dB: -20 is a shimmer, -7 strong
	// scintillation (S4 of about 0.55), +100 Rayleigh.
	ScatterDB float64
	// RateHz is the highest frequency in the scattered part; half a hertz to a few are usual for
	// the ionosphere at VHF and UHF. 0 means no fading at all.
	RateHz float64
}

// ScintillationIndex is S4, the standard deviation of the intensity over its mean.
func (f Fading) ScintillationIndex() float64 {
	if f.RateHz <= 0 {
		return 0
	}
	b := math.Pow(10, f.ScatterDB/10)
	return math.Sqrt(b*(2+b)) / (1 + b)
}

// rays is how many sinusoids make the scattered part; with eight the amplitude is within a few
// percent of Rician.
const rays = 16

// fader sums sinusoids (Pätzold, Mobile Fading Channels, 2002, chapter 4, with random
// frequencies), which takes no state over time.
type fader struct {
	steady complex64
	scale  float64
	hz     [rays]float64
	phase  [rays]float64
}

func newFader(f Fading, seed uint64) *fader {
	rng := rand.New(rand.NewPCG(seed, 0x666164696e67))
	scattered := math.Pow(10, f.ScatterDB/10)
	total := 1 + scattered
	out := &fader{scale: math.Sqrt(scattered / total / rays)}
	turn := 2 * math.Pi * rng.Float64()
	steady := math.Sqrt(1 / total)
	out.steady = complex(float32(steady*math.Cos(turn)), float32(steady*math.Sin(turn)))
	for i := range out.hz {
		// Spread evenly over the band, each at random within its share: no two beat for ever.
		out.hz[i] = f.RateHz * (2*(float64(i)+rng.Float64())/rays - 1)
		out.phase[i] = 2 * math.Pi * rng.Float64()
	}
	return out
}

// at is the complex gain at a time in seconds.
func (f *fader) at(t float64) complex64 {
	var re, im float64
	for i, hz := range f.hz {
		s, c := math.Sincos(2*math.Pi*hz*t + f.phase[i])
		re += c
		im += s
	}
	return f.steady + complex(float32(f.scale*re), float32(f.scale*im))
}
