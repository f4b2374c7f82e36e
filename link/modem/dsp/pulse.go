package dsp

import "math"

// RootRaisedCosineAt is the impulse response of a root-raised-cosine filter with roll-off beta
// (0 to 1) at t symbols from its middle; its energy over all time is one.
func RootRaisedCosineAt(t, beta float64) float64 {
	switch {
	case math.Abs(t) < 1e-9:
		return 1 - beta + 4*beta/math.Pi
	case beta > 0 && math.Abs(math.Abs(4*beta*t)-1) < 1e-6:
		s, c := math.Sincos(math.Pi / (4 * beta))
		return beta / math.Sqrt2 * ((1+2/math.Pi)*s + (1-2/math.Pi)*c)
	}
	x := 4 * beta * t
	return (math.Sin(math.Pi*t*(1-beta)) + x*math.Cos(math.Pi*t*(1+beta))) / (math.Pi * t * (1 - x*x))
}
