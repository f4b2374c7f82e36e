package astro

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestVec3Arithmetic(t *testing.T) {
	a, b := Vec3{1, 2, 3}, Vec3{4, -5, 6}
	for _, c := range []struct {
		name      string
		got, want Vec3
	}{
		{"add", a.Add(b), Vec3{5, -3, 9}},
		{"sub", a.Sub(b), Vec3{-3, 7, -3}},
		{"scale", a.Scale(-2), Vec3{-2, -4, -6}},
		{"cross", a.Cross(b), Vec3{27, 6, -13}},
		{"unit", Vec3{3, 0, 4}.Unit(), Vec3{0.6, 0, 0.8}},
		{"unit of zero", Vec3{}.Unit(), Vec3{}},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	if got := a.Dot(b); got != 12 {
		t.Errorf("dot: got %v, want 12", got)
	}
	if got := (Vec3{2, 3, 6}).Norm(); got != 7 {
		t.Errorf("norm: got %v, want 7", got)
	}
}

func TestVec3Properties(t *testing.T) {
	vec := rapid.Custom(func(t *rapid.T) Vec3 {
		c := rapid.Float64Range(-5e4, 5e4)
		return Vec3{c.Draw(t, "x"), c.Draw(t, "y"), c.Draw(t, "z")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := vec.Draw(t, "a"), vec.Draw(t, "b")
		scale := (a.Norm() + 1) * (b.Norm() + 1)
		c := a.Cross(b)
		if d := c.Dot(a); math.Abs(d) > 1e-12*scale*(a.Norm()+1) {
			t.Fatalf("cross is not perpendicular: %g", d)
		}
		if c != b.Cross(a).Scale(-1) {
			t.Fatalf("cross does not change sign: %v, %v", c, b.Cross(a))
		}
		if u := a.Unit().Norm(); a.Norm() > 1e-100 && math.Abs(u-1) > 4e-16 {
			t.Fatalf("unit has length %v", u)
		}
	})
}

func TestGeodeticString(t *testing.T) {
	for _, c := range []struct {
		g    Geodetic
		want string
	}{
		{Geodetic{52.52, 13.405, 0.034}, "52.5200N 13.4050E 0.034km"},
		{Geodetic{-33.9, -70.5, 2.4}, "33.9000S 70.5000W 2.400km"},
	} {
		if got := c.g.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
