package frame

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/astro/timescale"
)

// The worked example of Vallado, Crawford, Hujsak and Kelso, "Revisiting
// Spacetrack Report #3" (AIAA 2006-6753), appendix C, with the Earth
// orientation of that day.
var (
	valladoTime = time.Date(2004, 4, 6, 7, 51, 28, 386009000, time.UTC)
	valladoEOP  = Orientation{
		UT1MinusUTC:      -439961900 * time.Nanosecond,
		PolarXArcsec:     -0.140682,
		PolarYArcsec:     0.333309,
		ExcessDaySeconds: 0.0015563,
	}
	valladoTEMEPos = astro.Vec3{5094.18016210, 6127.64465950, 6380.34453270}
	valladoTEMEVel = astro.Vec3{-4.746131487, 0.785818041, 5.531931288}
	valladoPEFPos  = astro.Vec3{-1033.47503120, 7901.30558560, 6380.34453270}
	valladoPEFVel  = astro.Vec3{-3.2256327470, -2.8724425110, 5.5319312880}
	valladoITRFPos = astro.Vec3{-1033.47938300, 7901.29527540, 6380.35659580}
	valladoITRFVel = astro.Vec3{-3.225636520, -2.872451450, 5.531924446}
)

func TestTEMEToECEFVallado(t *testing.T) {
	pef := valladoEOP
	pef.PolarXArcsec, pef.PolarYArcsec = 0, 0
	for _, c := range []struct {
		name     string
		eop      Orientation
		pos, vel astro.Vec3
	}{
		{"without polar motion", pef, valladoPEFPos, valladoPEFVel},
		{"with polar motion", valladoEOP, valladoITRFPos, valladoITRFVel},
	} {
		pos, vel := c.eop.At(valladoTime).ToECEF(valladoTEMEPos, valladoTEMEVel)
		if d := pos.Sub(c.pos).Norm(); d > 1e-4 { // the example's own rounding of time is 4e-5
			t.Errorf("%s: position %v, want %v, off by %g km", c.name, pos, c.pos, d)
		}
		if d := vel.Sub(c.vel).Norm(); d > 1e-7 {
			t.Errorf("%s: velocity %v, want %v, off by %g km/s", c.name, vel, c.vel, d)
		}
	}
	// The defaults stay within what UT1 and the pole can cost.
	pos, _ := TEMEToECEF(valladoTEMEPos, valladoTEMEVel, valladoTime)
	if d := pos.Sub(valladoITRFPos).Norm(); d < 1e-3 || d > 0.5 {
		t.Errorf("without corrections the position is off by %g km, expected a few hundred metres", d)
	}
}

func TestGeostationaryRests(t *testing.T) {
	const r = 42164.17
	at := time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC)
	sin, cos := math.Sincos(timescale.GMST82(at) + 19.2*deg)
	v := r * timescale.OmegaEarth
	pos, vel := TEMEToECEF(astro.Vec3{r * cos, r * sin, 0}, astro.Vec3{-v * sin, v * cos, 0}, at)
	if vel.Norm() > 1e-12 {
		t.Errorf("velocity in ECEF is %v km/s, want rest", vel)
	}
	if g := ToGeodetic(pos); math.Abs(g.LonDeg-19.2) > 1e-9 {
		t.Errorf("stands at %v, want 19.2 east", g)
	}
}

func vec(scale float64) *rapid.Generator[astro.Vec3] {
	return rapid.Custom(func(t *rapid.T) astro.Vec3 {
		g := rapid.Float64Range(-scale, scale)
		return astro.Vec3{g.Draw(t, "x"), g.Draw(t, "y"), g.Draw(t, "z")}
	})
}

func anyTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		return time.Unix(rapid.Int64Range(-631152000, 4102444800).Draw(t, "unix"),
			rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
	})
}

func TestRotationRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pos, vel := vec(45000).Draw(t, "pos"), vec(12).Draw(t, "vel")
		o := Orientation{
			UT1MinusUTC:      time.Duration(rapid.Int64Range(-9e8, 9e8).Draw(t, "dut1")),
			PolarXArcsec:     rapid.Float64Range(-0.6, 0.6).Draw(t, "xp"),
			PolarYArcsec:     rapid.Float64Range(-0.6, 0.6).Draw(t, "yp"),
			ExcessDaySeconds: rapid.Float64Range(-0.004, 0.004).Draw(t, "lod"),
		}
		r := o.At(anyTime().Draw(t, "t"))
		p, v := r.ToECEF(pos, vel)
		if math.Abs(p.Norm()-pos.Norm()) > 1e-9 {
			t.Fatalf("length changed from %g to %g", pos.Norm(), p.Norm())
		}
		bp, bv := r.ToTEME(p, v)
		if bp.Sub(pos).Norm() > 1e-9 || bv.Sub(vel).Norm() > 1e-12 {
			t.Fatalf("round trip gives %v %v, want %v %v", bp, bv, pos, vel)
		}
		if d := r.DirToTEME(r.DirToECEF(pos)).Sub(pos).Norm(); d > 1e-9 {
			t.Fatalf("direction round trip is off by %g", d)
		}
	})
}

func TestVelocityIsDerivative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := anyTime().Draw(t, "t")
		pos, vel := vec(9000).Draw(t, "pos"), vec(8).Draw(t, "vel")
		const h = 500 * time.Millisecond
		move := func(d time.Duration) astro.Vec3 {
			p, _ := TEMEToECEF(pos.Add(vel.Scale(d.Seconds())), vel, at.Add(d))
			return p
		}
		_, v := TEMEToECEF(pos, vel, at)
		num := move(h).Sub(move(-h)).Scale(1 / (2 * h.Seconds()))
		if d := num.Sub(v).Norm(); d > 1e-6 {
			t.Fatalf("velocity %v, by differences %v", v, num)
		}
	})
}
