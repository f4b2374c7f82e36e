package sun

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/astro/frame"
)

const earthKm = frame.EquatorialRadiusKm

var sunOnX = astro.Vec3{AstronomicalUnitKm, 0, 0}

func TestShades(t *testing.T) {
	apex := earthKm * AstronomicalUnitKm / (RadiusKm - earthKm) // of the umbra, 1.38 million km behind
	const back = -20000.0
	umbra := earthKm * (1 + back/apex) // radius of the umbra there
	penumbra := earthKm - back*(RadiusKm+earthKm)/AstronomicalUnitKm
	for _, c := range []struct {
		name string
		pos  astro.Vec3
		want Shade
	}{
		{"noon side", astro.Vec3{7000, 0, 0}, Sunlit},
		{"terminator", astro.Vec3{0, 7000, 0}, Sunlit},
		{"midnight", astro.Vec3{-7000, 0, 0}, Umbra},
		{"geostationary midnight", astro.Vec3{-42164, 0, 0}, Umbra},
		{"just inside the umbra", astro.Vec3{back, umbra - 0.2, 0}, Umbra},
		{"just outside the umbra", astro.Vec3{back, umbra + 0.2, 0}, Penumbra},
		{"just inside the penumbra", astro.Vec3{back, penumbra - 0.2, 0}, Penumbra},
		{"just outside the penumbra", astro.Vec3{back, penumbra + 0.2, 0}, Sunlit},
		{"over the pole's edge, which is lower", astro.Vec3{back, 0, umbra - 0.2}, Penumbra},
		{"at the pole's own edge", astro.Vec3{back, 0, umbra*(1-frame.Flattening) - 0.2}, Umbra},
		{"beyond the umbra's apex", astro.Vec3{-apex * 1.02, 0, 0}, Penumbra},
		{"before the umbra's apex", astro.Vec3{-apex * 0.98, 0, 0}, Umbra},
		{"on the ground at noon", astro.Vec3{6378, 0, 0}, Sunlit},
		{"on the ground at midnight", astro.Vec3{-6378, 0, 0}, Umbra},
		{"centre of the Earth", astro.Vec3{}, Umbra},
	} {
		f, s := IlluminationBy(c.pos, sunOnX)
		if s != c.want {
			t.Errorf("%s: %v (%.4f), want %v", c.name, s, f, c.want)
		}
		if s == Sunlit != (f == 1) || s == Umbra != (f == 0) {
			t.Errorf("%s: %v does not go with fraction %g", c.name, s, f)
		}
	}
	// Beyond the apex the Earth is a spot on the Sun: 1 - (b/a)^2.
	f, _ := IlluminationBy(astro.Vec3{-2 * apex, 0, 0}, sunOnX)
	ratio := (earthKm / (2 * apex)) / (RadiusKm / (AstronomicalUnitKm + 2*apex))
	if math.Abs(f-(1-ratio*ratio)) > 1e-5 {
		t.Errorf("ring-shaped eclipse lets %.6f through, want %.6f", f, 1-ratio*ratio)
	}
}

// TestHalfSun checks that a satellite on the straight edge sees half the Sun, but
// for the Sun's parallax, a hundredth of its radius.
func TestHalfSun(t *testing.T) {
	r := 8000.0
	s := earthKm / r
	f, shade := IlluminationBy(astro.Vec3{-math.Sqrt(1-s*s) * r, earthKm, 0}, sunOnX)
	if shade != Penumbra || math.Abs(f-0.5) > 0.01 {
		t.Errorf("on the edge: %v, %.4f, want half", shade, f)
	}
}

func TestFractionFallsIntoTheShadow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.Float64Range(6500, 45000).Draw(t, "radius")
		tilt := rapid.Float64Range(0, 2*math.Pi).Draw(t, "plane")
		at := time.Unix(rapid.Int64Range(0, 1893456000).Draw(t, "unix"), 0)
		toSun := PosTEMEKm(at)
		x := toSun.Unit()
		y := x.Cross(astro.Vec3{0, 0, 1}).Unit()
		z := x.Cross(y)
		st, ct := math.Sincos(tilt)
		side := y.Scale(ct).Add(z.Scale(st))
		last := 1.0
		for a := 0.0; a <= math.Pi; a += 0.002 {
			s, c := math.Sincos(a)
			f, shade := Illumination(x.Scale(r*c).Add(side.Scale(r*s)), at)
			if f < 0 || f > 1 || f > last+1e-12 {
				t.Fatalf("at %.4f rad from the Sun: fraction %g after %g (%v)", a, f, last, shade)
			}
			last = f
		}
		if last != 0 {
			t.Fatalf("opposite the Sun the fraction is %g", last)
		}
	})
}

func TestShadeString(t *testing.T) {
	got := fmt.Sprint(Sunlit, Penumbra, Umbra, Shade(9))
	if got != "sunlit penumbra umbra unknown shade" {
		t.Errorf("shades print as %q", got)
	}
}

func TestIlluminationDoesNotAllocate(t *testing.T) {
	at := time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC)
	if n := testing.AllocsPerRun(100, func() { Illumination(astro.Vec3{-7000, 10, 20}, at) }); n != 0 {
		t.Errorf("%g allocations a call, want none", n)
	}
}

func ExampleIllumination() {
	at := time.Date(2026, 3, 20, 14, 46, 0, 0, time.UTC) // equinox: the Sun on +x
	for _, y := range []float64{6500, 6380, 6300} {
		f, shade := Illumination(astro.Vec3{-3000, y, 0}, at)
		fmt.Printf("%.0f km beside the axis: %s, %.0f%%\n", y, shade, 100*f)
	}
	// Output:
	// 6500 km beside the axis: sunlit, 100%
	// 6380 km beside the axis: penumbra, 59%
	// 6300 km beside the axis: umbra, 0%
}

func BenchmarkIllumination(b *testing.B) {
	at := time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Illumination(astro.Vec3{-6000, 3000, 2000}, at)
	}
}
