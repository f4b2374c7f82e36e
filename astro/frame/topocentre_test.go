package frame

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
)

func TestLookKnown(t *testing.T) {
	equator := astro.Geodetic{}
	for _, c := range []struct {
		name string
		at   astro.Geodetic
		pos  astro.Vec3
		want LookAngles
		tol  float64
	}{
		{"overhead", equator, astro.Vec3{6878.137, 0, 0}, LookAngles{ElevationDeg: 90, RangeKm: 500}, 1e-9},
		{"north horizon", equator, astro.Vec3{6378.137, 0, 1000}, LookAngles{RangeKm: 1000}, 1e-9},
		{"east horizon", equator, astro.Vec3{6378.137, 1000, 0}, LookAngles{AzimuthDeg: 90, RangeKm: 1000}, 1e-9},
		{"west, 45 up", equator, astro.Vec3{7378.137, -1000, 0},
			LookAngles{AzimuthDeg: 270, ElevationDeg: 45, RangeKm: 1000 * math.Sqrt2}, 1e-9},
		{"below", equator, astro.Vec3{0, 0, 0}, LookAngles{ElevationDeg: -90, RangeKm: 6378.137}, 1e-9},
		// A geostationary satellite on the pole's horizon plane and beyond.
		{"below the pole", astro.Geodetic{LatDeg: 90}, astro.Vec3{42164.17, 0, 0},
			LookAngles{AzimuthDeg: 180, ElevationDeg: -8.57345646, RangeKm: 42640.65585534}, 1e-8},
	} {
		l := Look(c.at, c.pos, astro.Vec3{})
		if c.name == "overhead" || c.name == "below" {
			l.AzimuthDeg = 0
		}
		if math.Abs(l.AzimuthDeg-c.want.AzimuthDeg) > c.tol || math.Abs(l.ElevationDeg-c.want.ElevationDeg) > c.tol ||
			math.Abs(l.RangeKm-c.want.RangeKm) > c.tol {
			t.Errorf("%s: %+v, want %+v", c.name, l, c.want)
		}
	}
	if l := Look(equator, FromGeodetic(equator), astro.Vec3{1, 2, 3}); l != (LookAngles{}) {
		t.Errorf("at the station itself: %+v, want zeros", l)
	}
}

// TestLookRoundTrip rebuilds the position from the angles, and checks the range
// rate against a difference.
func TestLookRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := astro.Geodetic{
			LatDeg: rapid.Float64Range(-90, 90).Draw(t, "lat"),
			LonDeg: rapid.Float64Range(-180, 180).Draw(t, "lon"),
			AltKm:  rapid.Float64Range(-0.4, 9).Draw(t, "alt"),
		}
		pos, vel := vec(42000).Draw(t, "pos"), vec(8).Draw(t, "vel")
		c := NewTopocentre(at)
		l := c.Look(pos, vel)
		if l.AzimuthDeg < 0 || l.AzimuthDeg >= 360 {
			t.Fatalf("azimuth %g", l.AzimuthDeg)
		}
		sa, ca := math.Sincos(l.AzimuthDeg * deg)
		se, ce := math.Sincos(l.ElevationDeg * deg)
		back := c.PosECEFKm.Add(c.FromNED(astro.Vec3{l.RangeKm * ce * ca, l.RangeKm * ce * sa, -l.RangeKm * se}))
		if d := back.Sub(pos).Norm(); d > 1e-8 {
			t.Fatalf("angles %+v rebuild %v, want %v", l, back, pos)
		}
		const h = 1e-3
		later := c.Look(pos.Add(vel.Scale(h)), vel).RangeKm
		if r := (later - l.RangeKm) / h; math.Abs(r-l.RangeRateKmS) > 1e-2 && l.RangeKm > 10 {
			t.Fatalf("range rate %g, by difference %g", l.RangeRateKmS, r)
		}
		ned := c.ToNED(vel)
		if d := c.FromNED(ned).Sub(vel).Norm(); d > 1e-12 {
			t.Fatalf("NED round trip is off by %g", d)
		}
	})
}

func TestNoAllocation(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	site := NewTopocentre(astro.Geodetic{LatDeg: 48, LonDeg: 11})
	n := testing.AllocsPerRun(100, func() {
		p, v := TEMEToECEF(astro.Vec3{7000, 1, 2}, astro.Vec3{0, 7, 1}, at)
		_ = site.Look(p, v)
		_ = ToGeodetic(p)
	})
	if n != 0 {
		t.Errorf("%g allocations a call, want none", n)
	}
}

func BenchmarkTEMEToECEF(b *testing.B) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = TEMEToECEF(valladoTEMEPos, valladoTEMEVel, at)
	}
}

func ExampleLook() {
	munich := astro.Geodetic{LatDeg: 48.137, LonDeg: 11.575, AltKm: 0.52}
	astra := astro.Vec3{42164.17 * math.Cos(19.2*deg), 42164.17 * math.Sin(19.2*deg), 0} // 19.2 east
	l := Look(munich, astra, astro.Vec3{})
	fmt.Printf("azimuth %.1f, elevation %.1f, %.0f km\n", l.AzimuthDeg, l.ElevationDeg, l.RangeKm)
	// Output: azimuth 169.8, elevation 34.3, 38235 km
}
