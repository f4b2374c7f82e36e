package budget

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.5f, want %g within %g", what, got, want, tolerance)
	}
}

// radiated is the mean of the gain over the sphere: the efficiency of the antenna.
func radiated(a Antenna) float64 {
	const n = 20000
	var sum float64
	for i := range n {
		cos := 2*(float64(i)+0.5)/n - 1
		sum += ratio(a.Ray(degrees(math.Acos(cos))).GainDBi)
	}
	return sum / n
}

// An antenna without loss radiates what it is given: the mean gain over the sphere is 1. It says
// that pattern and peak belong together. Yagis, helices and dishes have side lobes that are an
// envelope or a guess, so theirs is near 1 only.
func TestPatternsRadiateWhatTheyAreGiven(t *testing.T) {
	for _, c := range []struct {
		a         Antenna
		tolerance float64
	}{
		{Isotropic{}, 1e-9}, {Dipole{}, 1e-3}, {Turnstile{}, 1e-6}, {Quadrifilar{}, 1e-4},
		{Patch{PeakDBi: 6.5, FrontToBackDB: 60}, 1e-3}, {Patch{PeakDBi: 9, FrontToBackDB: 60}, 1e-3},
		{Patch{PeakDBi: 6.5, FrontToBackDB: 20}, 0.03},
		{Yagi{PeakDBi: 12}, 0.1}, {Yagi{PeakDBi: 15}, 0.05}, {Helix{Turns: 8, CircumferenceWl: 1, SpacingWl: 0.23}, 0.35},
	} {
		if got := radiated(c.a); math.Abs(got-1) > c.tolerance {
			t.Errorf("%v radiates %.4f of what it is given", c.a, got)
		}
	}
}

func TestKnownPatterns(t *testing.T) {
	gain := func(a Antenna, deg float64) float64 { return a.Ray(deg).GainDBi }
	near(t, "half-wave dipole", gain(Dipole{}, 90), 2.15, 0.002) // Balanis, Antenna Theory, 4.6
	// Half-power beamwidth of the half-wave dipole is 78 degrees (the same).
	near(t, "dipole at half power", gain(Dipole{}, 90-39), 2.15-3.01, 0.03)
	near(t, "dipole along the wire", gain(Dipole{}, 0), floorDBi, 0)
	near(t, "turnstile on the axis", gain(Turnstile{}, 0), 1.76, 0.002)
	near(t, "quadrifilar helix", gain(Quadrifilar{}, 0), 4.77, 0.002)
	near(t, "quadrifilar helix at the horizon", gain(Quadrifilar{}, 90), 4.77-6.02, 0.002)
	near(t, "turnstile in its plane", gain(Turnstile{}, 90), -1.25, 0.002)
	if p := (Turnstile{}).Ray(60).Polarisation; p.Sense != RightHand || math.Abs(p.AxialRatioDB-6.02) > 0.01 {
		t.Errorf("a turnstile at 60 degrees is %v, want right-handed with 6.02 dB", p)
	}
	if p := (Turnstile{}).Ray(150).Polarisation; p.Sense != LeftHand {
		t.Errorf("behind, a turnstile is %v", p)
	}
	if p := (Turnstile{}).Ray(90).Polarisation; p.Sense != Linear {
		t.Errorf("in its plane, a turnstile is %v", p)
	}
	near(t, "patch at half power", gain(Patch{PeakDBi: 9.03, FrontToBackDB: 30}, 37.5), 6.0, 0.1) // cos³
	// King and Wong's measured helix of 10 turns near C = 1.05: 13.3 dBi within 1 dB, at the
	// usual pitch of 12.8 degrees; its beam at half power is 38 degrees wide (Kraus: 52/(C sqrt(NS))).
	h := Helix{Turns: 10, CircumferenceWl: 1.05, SpacingWl: 0.235}
	near(t, "helix", gain(h, 0), 14.0, 1)
	near(t, "helix at half power", gain(h, 52/(1.05*math.Sqrt(2.35))/2), gain(h, 0)-3, 1)
	near(t, "helix' axial ratio", h.Ray(0).Polarisation.AxialRatioDB, 20*math.Log10(21.0/20), 1e-9)
	near(t, "Yagi at half power", gain(Yagi{PeakDBi: 13}, Yagi{PeakDBi: 13}.BeamwidthDeg()/2), 10, 0.01)
	near(t, "behind a Yagi", gain(Yagi{PeakDBi: 13}, 180), -7, 0)
	if s := (Opposite{Patch{PeakDBi: 6.5, FrontToBackDB: 20}}).Ray(170).GainDBi; s < 6 {
		t.Errorf("two patches hear %g dBi behind", s)
	}
}

// A dish of 3.7 m at 2.2 GHz and 60 %: 36.4 dBi (by hand: lambda 0.13627 m, pi D / lambda 85.30,
// 38.62 - 2.22), 2.55 degrees wide. Side lobes are ITU-R S.465-6 and S.580-6.
func TestDish(t *testing.T) {
	d := Dish{DiameterM: 3.7, Efficiency: 0.6, FrequencyHz: 2.2e9}
	near(t, "peak", d.PeakDBi(), 36.40, 0.01)
	near(t, "width", d.BeamwidthDeg(), 2.552, 0.01)
	near(t, "half power", d.Ray(d.BeamwidthDeg()/2).GainDBi, d.PeakDBi()-3, 1e-9)
	big := Dish{DiameterM: 10, Efficiency: 0.65, FrequencyHz: 8.4e9}
	tight := big
	tight.SideLobes = S580
	for _, c := range []struct{ deg, s465, s580 float64 }{
		{2, 32 - 7.526, 29 - 7.526}, {10, 7, 4}, {20, -0.526, -3.526}, {25, 32 - 34.949, -3.5}, {30, -4.928, -4.928}, {48, -10, -10}, {120, -10, -10},
	} {
		near(t, "S.465", big.Ray(c.deg).GainDBi, c.s465, 0.001)
		near(t, "S.580", tight.Ray(c.deg).GainDBi, c.s580, 0.001)
	}
	if err := (Dish{DiameterM: 0.5, Efficiency: 0.6, FrequencyHz: 437e6}).Check(); err == nil {
		t.Error("a dish smaller than a wavelength is allowed")
	}
}

// No pattern exceeds its axis, none is a NaN, and what is behind the floor stays finite.
func TestPatternsAreSane(t *testing.T) {
	antennas := []Antenna{
		Isotropic{GainDBi: 3}, Patch{PeakDBi: 7, FrontToBackDB: 15}, Yagi{PeakDBi: 14}, Helix{Turns: 6, CircumferenceWl: 1.1, SpacingWl: 0.2},
		Dish{DiameterM: 1.2, Efficiency: 0.55, FrequencyHz: 8.2e9}, Dish{DiameterM: 0.22, Efficiency: 0.6, FrequencyHz: 23.28e9},
		Dipole{}, Turnstile{Sense: LeftHand}, Quadrifilar{},
	}
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(antennas).Draw(t, "antenna")
		g := a.Ray(rapid.Float64Range(0, 180).Draw(t, "angle"))
		top := max(a.Ray(0).GainDBi, a.Ray(90).GainDBi)
		if !(g.GainDBi >= floorDBi-1 && g.GainDBi <= top+1e-9) || math.IsNaN(g.Polarisation.AxialRatioDB) {
			t.Fatalf("%v has %+v, %g dBi at most", a, g, top)
		}
	})
}

// Published values: circular to linear 3.01 dB; an axial ratio of 3 dB against linear between 1.77
// and 4.77 dB, against a perfect circle 0.13 dB, as every table of polarisation mismatch has it.
func TestPolarisation(t *testing.T) {
	circle, left, linear := Polarisation{Sense: RightHand}, Polarisation{Sense: LeftHand}, Polarisation{}
	ellipse := Polarisation{RightHand, 3}
	for _, c := range []struct {
		what string
		got  float64
		want float64
	}{
		{"circular to the same", MismatchDB(circle, circle, 17), 0},
		{"circular to linear", MismatchDB(circle, linear, 33), 3.0103},
		{"circular to the other", MismatchDB(circle, left, 0), CrossPolarDB},
		{"linear aligned", MismatchDB(linear, linear, 0), 0},
		{"linear at 45 degrees", MismatchDB(linear, linear, 45), 3.0103},
		{"linear crossed", MismatchDB(linear, linear, 90), CrossPolarDB},
		{"linear at any tilt", MeanMismatchDB(linear, linear), 3.0103},
		{"3 dB to linear, best", MismatchDB(ellipse, linear, 0), 1.764},
		{"3 dB to linear, worst", WorstMismatchDB(ellipse, linear), 4.764},
		{"3 dB to circular", MismatchDB(ellipse, circle, 0), 0.1252},
		{"3 dB to 3 dB, worst", WorstMismatchDB(ellipse, ellipse), 0.5081},
		{"either to left", MismatchDB(Polarisation{Sense: EitherHand}, left, 0), 0},
		{"linear to either", MismatchDB(linear, Polarisation{Sense: EitherHand}, 0), 3.0103},
	} {
		near(t, c.what, c.got, c.want, 0.002)
	}
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) Polarisation {
			return Polarisation{Sense(rapid.IntRange(0, 3).Draw(t, name)), rapid.Float64Range(0, 40).Draw(t, name+" ratio")}
		}
		a, b, tilt := draw("a"), draw("b"), rapid.Float64Range(-180, 180).Draw(t, "tilt")
		loss := MismatchDB(a, b, tilt)
		if math.Abs(loss-MismatchDB(b, a, -tilt)) > 1e-9 || !(loss >= 0 && loss <= CrossPolarDB+1e-9) || loss > WorstMismatchDB(a, b)+1e-9 {
			t.Fatalf("%v to %v at %g: %g dB", a, b, tilt, loss)
		}
	})
}

func TestParseAntenna(t *testing.T) {
	for text, want := range map[string]string{
		"isotropic": "isotropic", "-3": "-3.0 dBi all around", "dipole": "half-wave dipole", "quadrifilar@lhcp": "quadrifilar helix", "Turnstile@lhcp": "turnstile",
		"patch:6.5": "patch, 6.5 dBi", "2patch:6.5": "two of: patch, 6.5 dBi", "yagi:12@both": "crossed Yagis, 12.0 dBi",
		"yagi:12@linear": "Yagi, 12.0 dBi", "helix:8": "helix of 8 turns, 13.4 dBi", "dish:3.7": "dish of 3.7 m, 36.6 dBi", "dish:3.7:0.5": "dish of 3.7 m, 35.8 dBi",
	} {
		a, err := ParseAntenna(text, 2245e6)
		if err != nil || a.String() != want {
			t.Errorf("%q is %v, %v, want %s", text, a, err, want)
		}
	}
	for _, text := range []string{"", "horn", "patch", "patch:", "patch:x", "patch:NaN", "dish:1:2:3", "dish:1:2", "dish:0.1", "yagi:99", "dipole:2",
		"dipole@rhcp", "helix:8@both", "quadrifilar@both", "isotropic@", "isotropic@up", "inf", "nan", "helix:1e308"} {
		if a, err := ParseAntenna(text, 2245e6); err == nil {
			t.Errorf("%q is taken as %v", text, a)
		}
	}
}

func FuzzParseAntenna(f *testing.F) {
	for _, s := range []string{"isotropic", "patch:6.5@lhcp", "dish:3.7:0.5", "-3@linear", "2patch:7", "helix:8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAntenna(text, 2245e6)
		if err != nil {
			return
		}
		for deg := 0.0; deg <= 180; deg += 15 {
			if g := a.Ray(deg).GainDBi; math.IsNaN(g) || math.IsInf(g, 0) {
				t.Fatalf("%q has %g dBi at %g", text, g, deg)
			}
		}
	})
}
