package dsp

import "math"

// Detector tells how a Timing finds that it samples early or late.
type Detector int

const (
	// Gardner multiplies the sample between two symbols by their difference; needs no carrier.
	Gardner Detector = iota
	// EarlyLate compares the power a quarter of a symbol before and after.
	EarlyLate
	// MuellerMuller crosses decisions and samples; needs recovered phase, real signals.
	MuellerMuller
)

// Timing picks one sample a symbol from a filtered stream at a few samples a symbol, between
// samples by cubic interpolation, and follows the sender's clock.
type Timing struct {
	detector Detector
	nominal  float64 // samples a symbol
	loop     Loop
	line     []complex64
	at       place // of the next symbol, in samples of the line
	last     complex64
	power    float32
}

// NewTiming returns a recovery for sps samples a symbol (2 or more) with a loop bandwidth in
// cycles a symbol (0.01 acquires in some tens of symbols) and a clock off by at most ppm.
func NewTiming(detector Detector, sps, bandwidth, ppm float64) *Timing {
	t := &Timing{detector: detector, nominal: sps, loop: NewLoop(bandwidth, 1), at: place{whole: int(sps) + 3}}
	t.loop.Limit = float32(ppm * 1e-6)
	t.line = make([]complex64, 0, chunk+4*int(math.Ceil(sps)))
	return t
}

// Samples is the present length of a symbol, in samples.
func (t *Timing) Samples() float64 { return t.nominal * (1 + float64(t.loop.Rate)) }

// Process appends the symbols found in src to dst.
func (t *Timing) Process(dst, src []complex64) []complex64 {
	for len(src) > 0 {
		n := min(len(src), cap(t.line)-len(t.line))
		t.line = append(t.line, src[:n]...)
		src = src[n:]
		for t.at.whole+int(t.nominal/2)+5 < len(t.line) {
			dst = append(dst, t.next())
		}
		if drop := t.at.whole - int(t.nominal) - 4; drop > 0 {
			t.line = t.line[:copy(t.line, t.line[drop:])]
			t.at.whole -= drop
		}
	}
	return dst
}

// next takes the symbol at t.at and moves on to where the next should be.
func (t *Timing) next() complex64 {
	now := t.sample(0)
	period := t.Samples()
	var e float32
	switch t.detector {
	case Gardner:
		mid := t.sample(-period / 2)
		d := t.last - now
		e = real(mid)*real(d) + imag(mid)*imag(d)
	case EarlyLate:
		early, late := t.sample(-period/4), t.sample(period/4)
		e = (norm(late) - norm(early)) / 2
	default:
		e = sign(real(t.last))*real(now) - sign(real(now))*real(t.last)
	}
	t.power += 0.02 * (norm(now) - t.power)
	if t.detector == MuellerMuller {
		e /= float32(math.Sqrt(float64(t.power))) + 1e-12
	} else {
		e /= t.power + 1e-12
	}
	t.last = now
	// The detectors' slope is about 2π a symbol for a half-sine transition, scaled to a loop in
	// symbols here.
	t.at.advance(t.nominal * (1 + float64(t.loop.Next(min(max(e, -1), 1)/4))))
	return now
}

// sample interpolates at a distance from the next symbol, in samples.
func (t *Timing) sample(from float64) complex64 {
	p := t.at
	p.advance(from)
	return Cubic(t.line[p.whole-1:], 1+p.part)
}

// Cubic interpolates between samples at a place of at least 1 and less than len(line)-2.
func Cubic(line []complex64, at float64) complex64 {
	i := int(at)
	f := float32(at - float64(i))
	x := line[i-1 : i+3]
	// Lagrange weights through four points.
	w0 := -f * (f - 1) * (f - 2) / 6
	w1 := (f + 1) * (f - 1) * (f - 2) / 2
	w2 := -(f + 1) * f * (f - 2) / 2
	w3 := (f + 1) * f * (f - 1) / 6
	return complex(
		w0*real(x[0])+w1*real(x[1])+w2*real(x[2])+w3*real(x[3]),
		w0*imag(x[0])+w1*imag(x[1])+w2*imag(x[2])+w3*imag(x[3]))
}

func norm(v complex64) float32 { return real(v)*real(v) + imag(v)*imag(v) }
