package visibility

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/astro/frame"
)

func TestLineOfSightKnown(t *testing.T) {
	const a, b = frame.EquatorialRadiusKm, frame.PolarRadiusKm
	for _, c := range []struct {
		name    string
		p, q    astro.Vec3
		grazing float64
		want    bool
		height  float64 // grazing height
	}{
		{"over the equator", astro.Vec3{a + 90, -3000, 0}, astro.Vec3{a + 90, 3000, 0}, 89.99, true, 90},
		{"too low over the equator", astro.Vec3{a + 90, -3000, 0}, astro.Vec3{a + 90, 3000, 0}, 90.01, false, 90},
		{"over the pole", astro.Vec3{-3000, 0, b + 90}, astro.Vec3{3000, 0, b + 90}, 89.99, true, 90},
		{"too low over the pole", astro.Vec3{-3000, 0, b + 90}, astro.Vec3{3000, 0, b + 90}, 90.01, false, 90},
		{"through the Earth", astro.Vec3{7000, 0, 0}, astro.Vec3{-7000, 0, 0}, 0, false, -b},
		{"upwards", astro.Vec3{7000, 0, 0}, astro.Vec3{9000, 0, 0}, 100, true, 7000 - a},
		{"one within the shell", astro.Vec3{a + 50, 0, 0}, astro.Vec3{9000, 0, 0}, 80, false, 50},
		{"same place", astro.Vec3{7000, 0, 0}, astro.Vec3{7000, 0, 0}, 80, true, 7000 - a},
	} {
		for _, s := range []struct{ p, q astro.Vec3 }{{c.p, c.q}, {c.q, c.p}} {
			if got := LineOfSight(s.p, s.q, c.grazing); got != c.want {
				t.Errorf("%s: line of sight %v, want %v", c.name, got, c.want)
			}
			if h := GrazingHeightKm(s.p, s.q); math.Abs(h-c.height) > 1e-6 {
				t.Errorf("%s: grazing height %g km, want %g", c.name, h, c.height)
			}
		}
	}
}

// TestLineOfSightAgainstPoints compares with the least height of many points
// on the line.
func TestLineOfSightAgainstPoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) astro.Vec3 {
			return frame.FromGeodetic(astro.Geodetic{
				LatDeg: rapid.Float64Range(-90, 90).Draw(t, name+" lat"),
				LonDeg: rapid.Float64Range(-180, 180).Draw(t, name+" lon"),
				AltKm:  rapid.Float64Range(200, 3000).Draw(t, name+" height"),
			})
		}
		p, q := draw("a"), draw("b")
		least := math.Inf(1)
		for i := range 2001 {
			least = min(least, frame.ToGeodetic(p.Add(q.Sub(p).Scale(float64(i)/2000))).AltKm)
		}
		h := GrazingHeightKm(p, q)
		if math.Abs(h-least) > 0.1 && (h > -20 || least > -20) {
			t.Fatalf("grazing height %g km, lowest of many points %g", h, least)
		}
		if least > -20 {
			if !LineOfSight(p, q, least-0.1) || LineOfSight(p, q, least+0.1) {
				t.Fatalf("the line's lowest point is %g km high, but line of sight over it is %v, and below %v",
					least, LineOfSight(p, q, least+0.1), LineOfSight(p, q, least-0.1))
			}
		}
	})
}
