package sgp4

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// ulps returns how many units in the last place of want (of 1 for sines of
// small angles) got is away from it.
func ulps(got, want, scale float64) float64 {
	return math.Abs(got-want) / (math.Nextafter(math.Abs(scale), 2) - math.Abs(scale))
}

func TestTrigonometryAgreesWithMath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-1e6, 1e6).Draw(t, "x")
		if rapid.Bool().Draw(t, "small") {
			x /= 1e5
		}
		s, c := sincos(x)
		ws, wc := math.Sincos(x)
		if ulps(s, ws, 0.5) > 2 || ulps(c, wc, 0.5) > 2 {
			t.Fatalf("sincos(%v) = %v, %v, want %v, %v", x, s, c, ws, wc)
		}
		d := rapid.Float64Range(-1, 1).Draw(t, "d")
		if rapid.Bool().Draw(t, "tiny") {
			d /= 40
		}
		rs, rc := rotate(s, c, d)
		ws, wc = math.Sincos(x + d)
		if math.Abs(rs-ws) > 1e-15+math.Abs(x)*3e-16 || math.Abs(rc-wc) > 1e-15+math.Abs(x)*3e-16 {
			t.Fatalf("rotate(%v by %v) = %v, %v, want %v, %v", x, d, rs, rc, ws, wc)
		}
		if got, want := modTwoPi(x), math.Mod(x, 2*math.Pi); got != want && math.Abs(got-want) < 6 {
			t.Fatalf("modTwoPi(%v) = %v, want %v", x, got, want)
		}
		y := rapid.Float64Range(-2, 2).Draw(t, "y")
		z := rapid.Float64Range(-2, 2).Draw(t, "z")
		if got, want := atan2(y, z), math.Atan2(y, z); ulps(got, want, want) > 3 && math.Abs(got-want) > 1e-15 {
			t.Fatalf("atan2(%v, %v) = %v, want %v", y, z, got, want)
		}
		w := rapid.Float64Range(1e-6, 1e6).Draw(t, "w")
		if got, want := cbrt(w), math.Cbrt(w); ulps(got, want, want) > 2 {
			t.Fatalf("cbrt(%v) = %v, want %v", w, got, want)
		}
	})
}

func TestTrigonometryEdges(t *testing.T) {
	for _, x := range []float64{0, math.Pi / 4, math.Pi / 2, math.Pi, -math.Pi / 2, 3, 1e5, 1.6e6, 1e9, -1e15} {
		s, c := sincos(x)
		r := x
		if math.Abs(x) > maxReduce {
			r = math.Mod(x, 2*math.Pi)
		}
		ws, wc := math.Sincos(r)
		if math.Abs(s-ws) > 2e-16 || math.Abs(c-wc) > 2e-16 {
			t.Errorf("sincos(%v) = %v, %v, want %v, %v", x, s, c, ws, wc)
		}
	}
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if s, c := sincos(x); !math.IsNaN(s) || !math.IsNaN(c) {
			t.Errorf("sincos(%v) = %v, %v, want NaN", x, s, c)
		}
	}
	for _, c := range []struct{ y, x, want float64 }{
		{0, 0, 0}, {0, 1, 0}, {0, -1, math.Pi}, {1, 0, math.Pi / 2}, {-1, 0, -math.Pi / 2},
		{1, 1, math.Pi / 4}, {-1, -1, -3 * math.Pi / 4},
	} {
		if got := atan2(c.y, c.x); math.Abs(got-c.want) > 5e-16 {
			t.Errorf("atan2(%v, %v) = %v, want %v", c.y, c.x, got, c.want)
		}
	}
}
