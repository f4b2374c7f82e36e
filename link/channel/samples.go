package channel

import (
	"fmt"
	"math"
	"math/rand/v2"

	"spacechain/link/modem/dsp"
)

// SampleOptions describe what happens to a modulated signal between two antennas. The zero value
// of everything but Rate does nothing.
type SampleOptions struct {
	Rate float64 // complex samples a second, Hz

	// CN0DBHz is the ratio of carrier power to noise density, dBHz; see [EbN0ToCN0]. 0 means no
	// noise. The noise is white over the whole of Rate.
	CN0DBHz float64
	// Power is the mean power of the signal that CN0DBHz counts from; 0 stands for 1, what the
	// modulators of link/modem send.
	Power float64

	// Doppler is the frequency offset over time; nil for none.
	Doppler Profile
	// CarrierHz makes the symbols come faster with the carrier, as Doppler does in life: by
	// offset over CarrierHz. 0 leaves the symbols alone.
	CarrierHz float64
	// ClockPPM is how much faster the sender's clock goes than the receiver's, parts in a million.
	ClockPPM float64

	// Fading of the amplitude and phase; the zero value for none.
	Fading Fading
	// GainDB is a further gain over time, for a pass with its ranges and eclipses of the
	// antenna; nil for none. It scales the signal, not the noise.
	GainDB func(seconds float64) float64

	// DelaySeconds of silence (and noise) come before the signal.
	DelaySeconds float64
}

// EbN0ToCN0 gives C/N0 in dBHz for an Eb/N0 in dB at a rate in bits a second.
func EbN0ToCN0(ebN0DB, bitsPerSecond float64) float64 {
	return ebN0DB + 10*math.Log10(bitsPerSecond)
}

// Samples is one direction of a hop as modulated samples meet it. It streams, and the outcome
// depends on the seed and the samples alone, not on how they are cut into blocks. It must not be
// used by several goroutines at once.
type Samples struct {
	opt   SampleOptions
	noise *rand.Rand
	sigma float32

	resampler *dsp.ComplexResampler
	fader     *fader
	delay     int // samples of silence still to give out

	count uint64 // samples given out
	phase float64
	step  float64 // cycles a sample, at the sample next
	slope float64 // its change for each sample
	gain  complex64
	rise  complex64 // change of gain for each sample
	knot  int       // samples from one knot to the next
	left  int       // samples until the next

	taken uint64 // samples taken in
	due   int    // samples to take in until the clock is set anew

	resampled []complex64
}

// mostKnot is how many samples lie at most between two evaluations of the Doppler profile, the
// fading and the gain; in between they are drawn straight.
const mostKnot = 64

// NewSamples returns a channel that draws chance from seed alone.
func NewSamples(opt SampleOptions, seed uint64) (*Samples, error) {
	if opt.Power == 0 {
		opt.Power = 1
	}
	for _, v := range []struct {
		name        string
		value       float64
		least, most float64
	}{
		{"sample rate", opt.Rate, 1e-3, 1e12},
		{"C/N0", opt.CN0DBHz, -300, 400},
		{"power", opt.Power, 1e-30, 1e30},
		{"carrier", opt.CarrierHz, 0, 1e15},
		{"clock error", opt.ClockPPM, -20000, 20000},
		{"delay", opt.DelaySeconds, 0, 1e6},
		{"depth of fading", opt.Fading.ScatterDB, -300, 100},
		{"rate of fading", opt.Fading.RateHz, 0, opt.Rate},
	} {
		if !(v.value >= v.least && v.value <= v.most) {
			return nil, fmt.Errorf("channel: %s of %g, want %g to %g", v.name, v.value, v.least, v.most)
		}
	}
	s := &Samples{opt: opt, noise: rand.New(rand.NewPCG(seed, 0x6e6f697365)), gain: 1}
	if opt.CN0DBHz != 0 {
		// Density N0 over the whole rate, half of it in each part.
		n0 := opt.Power / math.Pow(10, opt.CN0DBHz/10)
		s.sigma = float32(math.Sqrt(n0 * opt.Rate / 2))
	}
	if opt.ClockPPM != 0 || opt.CarrierHz > 0 && opt.Doppler != nil {
		s.resampler = dsp.NewComplexResampler(opt.Rate, opt.Rate)
	}
	if opt.Fading.RateHz > 0 {
		s.fader = newFader(opt.Fading, seed)
	}
	s.knot = mostKnot
	if s.fader != nil {
		s.knot = min(mostKnot, max(1, int(opt.Rate/(64*opt.Fading.RateHz))))
	}
	s.delay = int(math.Round(opt.DelaySeconds * opt.Rate))
	s.gain = s.gainAt(0)
	s.turnKnot()
	if s.resampler != nil {
		s.setClock()
	}
	return s, nil
}

// Time is how many seconds of samples were given out.
func (s *Samples) Time() float64 { return float64(s.count) / s.opt.Rate }

// Process appends what arrives for the samples src to dst.
func (s *Samples) Process(dst, src []complex64) []complex64 {
	if s.delay > 0 {
		dst = s.Silence(dst, s.delay)
		s.delay = 0
	}
	for len(src) > 0 {
		block := src
		if s.resampler != nil {
			// Blocks end where the clock is set anew, whatever the caller's are.
			block = src[:min(len(src), s.due)]
			s.resampled = s.resampler.Process(s.resampled[:0], block)
			s.taken += uint64(len(block))
			src = src[len(block):]
			if s.due -= len(block); s.due == 0 {
				s.setClock()
			}
			block = s.resampled
		} else {
			src = nil
		}
		for len(block) > 0 {
			n := min(len(block), s.left)
			dst = s.impair(dst, block[:n])
			block = block[n:]
		}
	}
	return dst
}

// Silence appends n samples of noise alone to dst: the sender is off.
func (s *Samples) Silence(dst []complex64, n int) []complex64 {
	for n > 0 {
		k := min(n, s.left)
		for range k {
			dst = append(dst, s.draw())
			s.phase += s.step
			s.step += s.slope
			s.gain += s.rise
		}
		s.advance(k)
		n -= k
	}
	return dst
}

// impair turns, scales and adds noise to samples of the channel's own clock, up to the next knot.
func (s *Samples) impair(dst, src []complex64) []complex64 {
	phase, step := s.phase, s.step
	gain := s.gain
	turning := s.opt.Doppler != nil
	for _, v := range src {
		v = multiply(v, gain)
		gain += s.rise
		if turning {
			v = multiply(v, dsp.Rotor(uint32(int64(phase*(1<<32)))))
		}
		phase += step
		step += s.slope
		if s.sigma > 0 {
			n := s.draw()
			v = complex(real(v)+real(n), imag(v)+imag(n))
		}
		dst = append(dst, v)
	}
	s.phase, s.step, s.gain = phase, step, gain
	s.advance(len(src))
	return dst
}

func (s *Samples) draw() complex64 {
	if s.sigma == 0 {
		return 0
	}
	return complex(s.sigma*float32(s.noise.NormFloat64()), s.sigma*float32(s.noise.NormFloat64()))
}

// advance counts n samples, at most to the next knot.
func (s *Samples) advance(n int) {
	s.count += uint64(n)
	if s.left -= n; s.left <= 0 {
		s.phase -= math.Floor(s.phase)
		s.turnKnot()
	}
}

// turnKnot looks up frequency and gain for the samples up to the next knot.
func (s *Samples) turnKnot() {
	s.left = s.knot
	knot := float64(s.knot)
	t := s.Time()
	then := t + knot/s.opt.Rate
	if s.opt.Doppler != nil {
		a, b := finite(s.opt.Doppler.OffsetHz(t)), finite(s.opt.Doppler.OffsetHz(then))
		s.step = a / s.opt.Rate
		s.slope = (b - a) / s.opt.Rate / knot
		s.step += s.slope / 2 // the mean over a sample, not its start
	}
	s.gain = s.gainAt(t)
	next := s.gainAt(then)
	s.rise = complex((real(next)-real(s.gain))/float32(knot), (imag(next)-imag(s.gain))/float32(knot))
}

// setClock looks up how fast the sender's samples come.
func (s *Samples) setClock() {
	s.due = mostKnot
	stretch := 1 + s.opt.ClockPPM*1e-6
	if s.opt.CarrierHz > 0 && s.opt.Doppler != nil {
		t := float64(s.taken)/s.opt.Rate + s.opt.DelaySeconds
		stretch *= 1 + max(-0.02, min(0.02, finite(s.opt.Doppler.OffsetHz(t))/s.opt.CarrierHz))
	}
	s.resampler.SetRatio(s.opt.Rate*stretch, s.opt.Rate)
}

func (s *Samples) gainAt(t float64) complex64 {
	g := complex64(1)
	if s.fader != nil {
		g = s.fader.at(t)
	}
	if s.opt.GainDB != nil {
		db := s.opt.GainDB(t)
		a := float32(0)
		if db > -300 {
			a = float32(math.Pow(10, min(db, 100)/20))
		}
		g = complex(a*real(g), a*imag(g))
	}
	return g
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

// multiply is a·b in single precision throughout; the language's own goes by way of double.
func multiply(a, b complex64) complex64 {
	return complex(real(a)*real(b)-imag(a)*imag(b), real(a)*imag(b)+imag(a)*real(b))
}
