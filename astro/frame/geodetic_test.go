package frame

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"spacechain/astro"
)

func TestGeodeticKnown(t *testing.T) {
	for _, c := range []struct {
		name string
		geo  astro.Geodetic
		pos  astro.Vec3
		tol  float64
	}{
		{"null island", astro.Geodetic{}, astro.Vec3{6378.137, 0, 0}, 1e-9},
		{"north pole", astro.Geodetic{LatDeg: 90}, astro.Vec3{0, 0, 6356.752314245}, 1e-9},
		{"south pole, 10 km up", astro.Geodetic{LatDeg: -90, AltKm: 10}, astro.Vec3{0, 0, -6366.752314245}, 1e-9},
		{"90 east", astro.Geodetic{LonDeg: 90, AltKm: 1000}, astro.Vec3{0, 7378.137, 0}, 1e-9},
		{"date line", astro.Geodetic{LonDeg: 180}, astro.Vec3{-6378.137, 0, 0}, 1e-9},
		// Vallado, Fundamentals of Astrodynamics, 4th ed., example 3-3.
		{"Vallado 3-3", astro.Geodetic{LatDeg: 34.352496, LonDeg: 46.4464, AltKm: 5085.22},
			astro.Vec3{6524.834, 6862.875, 6448.296}, 0.01},
	} {
		if d := FromGeodetic(c.geo).Sub(c.pos).Norm(); d > c.tol {
			t.Errorf("%s: FromGeodetic is off by %g km", c.name, d)
		}
		g := ToGeodetic(c.pos)
		if math.Abs(g.LatDeg-c.geo.LatDeg) > c.tol/100 || math.Abs(g.AltKm-c.geo.AltKm) > c.tol ||
			math.Abs(g.LonDeg-c.geo.LonDeg) > c.tol/100 {
			t.Errorf("%s: ToGeodetic gives %+v, want %+v", c.name, g, c.geo)
		}
	}
}

func TestGeodeticOnAxisAndCentre(t *testing.T) {
	for _, c := range []struct {
		pos astro.Vec3
		lat float64
		alt float64
	}{
		{astro.Vec3{0, 0, 0}, 90, -PolarRadiusKm},
		{astro.Vec3{0, 0, 1e-300}, 90, -PolarRadiusKm},
		{astro.Vec3{0, 0, -1e-9}, -90, 1e-9 - PolarRadiusKm},
		{astro.Vec3{0, 0, 700}, 90, 700 - PolarRadiusKm},
		{astro.Vec3{0, 0, -20000}, -90, 20000 - PolarRadiusKm},
		{astro.Vec3{500, 0, 0}, 0, 500 - EquatorialRadiusKm},
	} {
		g := ToGeodetic(c.pos)
		if g.LatDeg != c.lat || g.LonDeg != 0 || math.Abs(g.AltKm-c.alt) > 1e-9 {
			t.Errorf("ToGeodetic(%v) = %+v, want latitude %g, height %g", c.pos, g, c.lat, c.alt)
		}
	}
}

// TestGeodeticRoundTrip goes out and back from places between 5,300 km deep
// and far beyond the Moon, below a tenth of a micrometre near the Earth.
func TestGeodeticRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := astro.Geodetic{
			LatDeg: rapid.OneOf(rapid.Float64Range(-90, 90), rapid.Float64Range(89.999999, 90),
				rapid.Float64Range(-1e-9, 1e-9)).Draw(t, "lat"),
			LonDeg: rapid.Float64Range(-180, 180).Draw(t, "lon"),
			AltKm:  rapid.OneOf(rapid.Float64Range(-5300, 1e6), rapid.Float64Range(-10, 2000)).Draw(t, "alt"),
		}
		pos := FromGeodetic(g)
		b := ToGeodetic(pos)
		if d := FromGeodetic(b).Sub(pos).Norm(); d > 1e-10+1e-14*math.Abs(g.AltKm) {
			t.Fatalf("%+v -> %v -> %+v is off by %g km", g, pos, b, d)
		}
		if math.Abs(b.LatDeg-g.LatDeg) > 1e-10 || math.Abs(b.AltKm-g.AltKm) > 1e-8 {
			t.Fatalf("%+v came back as %+v", g, b)
		}
	})
}

// TestGeodeticInside holds the two methods against each other and checks the
// nearest-point property where latitude and height are no longer unique.
func TestGeodeticInside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pos := vec(rapid.SampledFrom([]float64{1e-6, 1, 50, 500, 3000}).Draw(t, "scale")).Draw(t, "pos")
		g := ToGeodetic(pos)
		if d := FromGeodetic(g).Sub(pos).Norm(); d > 1e-8 {
			t.Fatalf("%v -> %+v is off by %g km", pos, g, d)
		}
		p := math.Hypot(pos[0], pos[1])
		lat, alt := footpoint(p, pos[2])
		if math.Abs(alt-g.AltKm) > 1e-9 {
			t.Fatalf("%v: height %g, nearest point says %g (latitude %g)", pos, g.AltKm, alt, lat/deg)
		}
		for _, beta := range []float64{-90, -60, -30, 0, 30, 60, 90} {
			s, c := math.Sincos(beta * deg)
			if d := math.Hypot(EquatorialRadiusKm*c-p, PolarRadiusKm*s-pos[2]); d < -g.AltKm-1e-9 {
				t.Fatalf("%v: height %g, but parametric latitude %g is %g km away", pos, g.AltKm, beta, d)
			}
		}
	})
}

func BenchmarkToGeodetic(b *testing.B) {
	pos := astro.Vec3{-1033.479, 4901.295, 4380.357}
	b.ReportAllocs()
	for b.Loop() {
		_ = ToGeodetic(pos)
	}
}
