package modem

import (
	"math"
	"math/cmplx"

	"spacechain/link/modem/dsp"
)

// unalias tells the carrier from places half a symbol rate off, for QPSK a quarter, where the
// power of the signal has lines as well: through the matched filter clearly more comes at the
// right one.
func (a *acquirer) unalias(f *fix) {
	if a.p.Scheme == OQPSK {
		return
	}
	away, clearly := a.p.chipRate()/a.power/a.fs, 1.15
	if a.p.Scheme == QPSK {
		clearly = 1.03
	}
	found := f.frequency
	most := clearly * a.through(found)
	for _, at := range []float64{found - away, found + away} {
		if math.Abs(at*a.fs) > a.p.Search*1.1 {
			continue
		}
		if p := a.through(at); p > most {
			f.frequency, most = at, p
		}
	}
}

// through is the power of the window through the matched filter about a frequency.
func (a *acquirer) through(frequency float64) (power float64) {
	centre := int(math.Round(frequency * float64(a.n)))
	for i, h := range a.filter {
		v := a.spectrum[((centre+i-a.reach)%a.n+a.n)%a.n]
		power += float64(h * h * (real(v)*real(v) + imag(v)*imag(v)))
	}
	return power
}

// tone says whether what was found is a bare carrier: most of the band's power in one line.
func (a *acquirer) tone(f fix, centre int, power float64) bool {
	sum := a.correlate(f, centre, func(i int) complex64 { return a.band[i] }, 1)
	mean := cmplx.Abs(sum) / float64(a.down)
	return mean*mean > 0.5*power
}

// correlate sums what at gives for each sample of the band in use, filtered about a centre, times
// the conjugate of a carrier as found, taken to a power.
func (a *acquirer) correlate(f fix, centre int, at func(i int) complex64, power float64) complex128 {
	ratio := float64(a.n) / float64(a.m)
	step := power * (f.frequency - float64(centre)/float64(a.n)) * ratio
	rate := power * f.rate * ratio * ratio
	mid := a.middle / ratio
	var re, im float64
	for i := range a.down {
		t := float64(i) - mid
		phase := step*t + 0.5*rate*t*t
		phase -= math.Floor(phase)
		r := dsp.Rotor(uint32(uint64(phase * (1 << 32))))
		v := at(i)
		re += float64(real(v)*real(r) + imag(v)*imag(r))
		im += float64(imag(v)*real(r) - real(v)*imag(r))
	}
	return complex(re, im)
}

// refine filters again about the carrier found and finds its phase and the symbols' timing.
func (a *acquirer) refine(f *fix) {
	centre := int(math.Round(f.frequency * float64(a.n)))
	a.extract(centre, a.fine)
	ratio := float64(a.n) / float64(a.m)
	// The matched filter's output peaks in power at the symbols: a line at the symbol rate.
	chip := a.p.chipRate() / a.fs * ratio // cycles a sample of the band
	mid := a.middle / ratio
	var power float64
	var line complex128
	clock := 1.0
	if a.p.Scheme == OQPSK {
		line, clock = a.offsetTiming(f, centre, chip)
	} else {
		for i, v := range a.band[:a.down] {
			p := real(v)*real(v) + imag(v)*imag(v)
			power += float64(p)
			a.squared[i] = complex(p, 0)
		}
		for _, c := range a.clocks {
			if l := a.rateLine(c*chip, mid); cmplx.Abs(l) > cmplx.Abs(line) {
				line, clock = l, c
			}
		}
	}
	if a.p.Scheme == OQPSK {
		for _, v := range a.band[:a.down] {
			power += float64(real(v)*real(v) + imag(v)*imag(v))
		}
	}
	f.period = a.sps / clock
	late := -cmplx.Phase(line) / (2 * math.Pi)
	f.symbol = (late - math.Floor(late)) * f.period
	f.amplitude = math.Sqrt(power/float64(a.down)) / ratio
	if a.p.Scheme == OQPSK {
		return
	}
	sum := a.correlate(*f, centre, func(i int) complex64 {
		v := mul(a.band[i], a.band[i])
		if a.power == 4 {
			v = mul(v, v)
		}
		return v
	}, a.power)
	f.phase = cmplx.Phase(sum) / a.power
	if a.p.Scheme == QPSK {
		f.phase = cmplx.Phase(-sum) / 4 // the fourth power of a symbol is negative
	}
}

// rateLine is the component of a.squared at so many cycles a sample, about mid.
func (a *acquirer) rateLine(cycles, mid float64) complex128 {
	var re, im float64
	for i, v := range a.squared[:a.down] {
		t := cycles * (float64(i) - mid)
		r := dsp.Rotor(uint32(uint64((t - math.Floor(t)) * (1 << 32))))
		re += float64(real(v)*real(r) + imag(v)*imag(r))
		im += float64(imag(v)*real(r) - real(v)*imag(r))
	}
	return complex(re, im)
}

// offsetTiming finds phase and timing of OQPSK from the two lines of its square: it is
// c·cos(2π(t-τ)/T)·e^(2j(carrier)), since the in-phase arm swings fully at τ and the quadrature
// arm half a symbol later.
func (a *acquirer) offsetTiming(f *fix, centre int, chip float64) (complex128, float64) {
	ratio := float64(a.n) / float64(a.m)
	mid := a.middle / ratio
	step := 2 * (f.frequency - float64(centre)/float64(a.n)) * ratio
	rate := 2 * f.rate * ratio * ratio
	for i, v := range a.band[:a.down] {
		t := float64(i) - mid
		phase := -(step*t + 0.5*rate*t*t)
		phase -= math.Floor(phase)
		a.squared[i] = mul(mul(v, v), dsp.Rotor(uint32(uint64(phase*(1<<32)))))
	}
	var plus, minus complex128
	clock := 1.0
	for _, c := range a.clocks {
		p, m := a.rateLine(c*chip, mid), a.rateLine(-c*chip, mid)
		if cmplx.Abs(p)+cmplx.Abs(m) > cmplx.Abs(plus)+cmplx.Abs(minus) {
			plus, minus, clock = p, m, c
		}
	}
	f.phase = cmplx.Phase(plus*minus) / 4
	// plus is c/2·e^(j(2θ-2πτ/T)).
	return plus * cmplx.Rect(1, -2*f.phase), clock
}
