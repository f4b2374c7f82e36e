package modem

import (
	"math"

	"spacechain/link/modem/dsp"
)

// pulse is the shape of a symbol over time in symbols, of unit energy and centred on 0.
type pulse struct {
	rectangular bool
	rollOff     float64
	span        int     // symbols from end to end
	scale       float64 // of the root-raised cosine, so that the truncated one has unit energy
}

func newPulse(p PSK, span int) pulse {
	if p.Rectangular {
		return pulse{rectangular: true, span: 2, scale: 1}
	}
	u := pulse{rollOff: p.RollOff, span: span, scale: 1}
	const steps = 32
	var energy float64
	for i := range span*steps + 1 {
		v := u.at(float64(i)/steps - float64(span)/2)
		energy += v * v / steps
	}
	u.scale = 1 / math.Sqrt(energy)
	return u
}

// rrcSpan is how many symbols a root-raised cosine must reach over before cutting it leaves less
// than about -45 dB between symbols.
func rrcSpan(rollOff float64) int {
	return int(math.Ceil(min(24, max(8, 3.5/rollOff))/2)) * 2
}

func (u pulse) at(t float64) float64 {
	if u.rectangular {
		switch a := math.Abs(t); {
		case a < 0.5:
			return 1
		case a == 0.5:
			return 0.5
		}
		return 0
	}
	if math.Abs(t) > float64(u.span)/2 {
		return 0
	}
	return u.scale * dsp.RootRaisedCosineAt(t, u.rollOff)
}

// mean is the pulse averaged over width symbols about t: what a sample of that length holds. A
// rectangle has no other samples that lie between two symbols.
func (u pulse) mean(t, width float64) float64 {
	if !u.rectangular {
		return u.at(t)
	}
	return max(0, min(0.5, t+width/2)-max(-0.5, t-width/2)) / width
}

// response is the pulse's spectrum at f cycles a symbol, relative to that at 0.
func (u pulse) response(f float64) float64 {
	f = math.Abs(f)
	if u.rectangular {
		if f < 1e-9 {
			return 1
		}
		if f > 1 {
			return 0 // the side lobes hold 10 % of the power and far more of the noise
		}
		return math.Sin(math.Pi*f) / (math.Pi * f)
	}
	low, high := (1-u.rollOff)/2, (1+u.rollOff)/2
	switch {
	case f <= low:
		return 1
	case f >= high:
		return 0
	}
	return math.Sqrt(0.5 * (1 + math.Cos(math.Pi*(f-low)/u.rollOff)))
}

// correlation is the pulse's autocorrelation at t symbols.
func (u pulse) correlation(t float64) float64 {
	if u.rectangular {
		return max(0, 1-math.Abs(t))
	}
	const steps = 32
	var sum float64
	for i := range u.span*steps + 1 {
		x := float64(i)/steps - float64(u.span)/2
		sum += u.at(x) * u.at(x+t) / steps
	}
	return sum
}

// pulseBank is a matched filter, and one whose output tells early from late, at any fraction of
// a sample.
type pulseBank struct {
	phases       int
	half         int // taps before the sample that the instant falls after
	width        int
	match, slope []float32 // rows of width
	unit         float32   // 1 over the slope's gain: early by t symbols gives t
}

// newPulseBank designs for sps samples a symbol.
func newPulseBank(u pulse, sps float64, phases int) *pulseBank {
	half := int(math.Ceil((float64(u.span)/2+0.3)*sps)) + 1
	if u.rectangular {
		half = int(math.Ceil(0.8*sps)) + 1
	}
	b := &pulseBank{phases: phases, half: half, width: 2 * half}
	b.match = make([]float32, phases*b.width)
	b.slope = make([]float32, phases*b.width)
	delta := 0.1
	if u.rectangular {
		delta = 0.25
	}
	for p := range phases {
		frac := (float64(p) + 0.5) / float64(phases)
		for i := range b.width {
			// Tap i meets the sample at floor(at)-half+1+i; the symbol's centre is at floor(at)+frac.
			t := (float64(i-half+1) - frac) / sps
			b.match[p*b.width+i] = float32(u.mean(t, 1/sps) / sps)
			b.slope[p*b.width+i] = float32((u.mean(t-delta, 1/sps) - u.mean(t+delta, 1/sps)) / (2 * delta * sps))
		}
	}
	// With the true symbol at 0 and the filter at t the slope's output is
	// (g(t+delta)-g(t-delta))/(2 delta), g the autocorrelation; its fall with t at 0:
	const h = 0.01
	fall := (u.correlation(h+delta) - u.correlation(h-delta)) / (2 * delta) / h
	b.unit = float32(1 / math.Abs(fall))
	return b
}
