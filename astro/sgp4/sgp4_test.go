package sgp4

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/astro/elements"
)

// tle reads one set from two lines.
func tle(t testing.TB, lines string) elements.Set {
	t.Helper()
	sets, _, err := elements.ParseTLE(strings.NewReader(lines), elements.ChecksumWarn)
	if err != nil || len(sets) != 1 {
		t.Fatalf("%d sets, %v", len(sets), err)
	}
	return sets[0]
}

const (
	vanguard = "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753\n" +
		"2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667\n"
	molniya = "1 08195U 75081A   06176.33215444  .00000099  00000-0  11873-3 0   813\n" +
		"2 08195  64.1586 279.0717 6877146 264.7651  20.2257  2.00491383225656\n"
	italsat = "1 24208U 96044A   06177.04061740 -.00000094  00000-0  10000-3 0  1600\n" +
		"2 24208   3.8536  80.0121 0026640 311.0977  48.3000  1.00778054 36119\n"
	ariane = "1 23599U 95029B   06171.76535463  .00085586  12891-6  12956-2 0  2905\n" +
		"2 23599   6.9327   0.2849 5782022 274.4436  25.2425  4.47796565123555\n"
	suborbital = "1 28872U 05037B   05333.02012661  .25992681  00000-0  24476-3 0  1534\n" +
		"2 28872  96.4736 157.9986 0303955 244.0492 110.6523 16.46015938 10708\n"
	stretched = "1 33333U 05037B   05333.02012661  .25992681  00000-0  24476-3 0  1534\n" +
		"2 33333  96.4736 157.9986 9950000 244.0492 110.6523  4.00004038 10708\n"
)

func mustNew(t testing.TB, lines string, opts ...Option) *Propagator {
	t.Helper()
	p, err := New(tle(t, lines), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDefiningNumbers holds a few published points (AIAA 2006-6753,
// tcppver.out) without the shared vectors.
func TestDefiningNumbers(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		deep        bool
		minutes     float64
		pos, vel    astro.Vec3
	}{
		{"Vanguard 1 at epoch", vanguard, false, 0,
			astro.Vec3{7022.46529266, -1400.08296755, 0.03995155}, astro.Vec3{1.893841015, 6.405893759, 4.534807250}},
		{"Vanguard 1 after 6 h", vanguard, false, 360,
			astro.Vec3{-7154.03120202, -3783.17682504, -3536.19412294}, astro.Vec3{4.741887409, -4.151817765, -2.093935425}},
		{"Molniya 2-14 at epoch", molniya, true, 0,
			astro.Vec3{2349.89483350, -14785.93811562, 0.02119378}, astro.Vec3{2.721488096, -3.256811655, 4.498416672}},
		{"Italsat 2 at epoch", italsat, true, 0,
			astro.Vec3{7534.10987189, 41266.39266843, -0.10801028}, astro.Vec3{-3.027168008, 0.558848996, 0.207982755}},
	} {
		p := mustNew(t, c.lines)
		s, err := p.At(c.minutes)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if d := s.PosTEMEKm.Sub(c.pos).Norm(); d > 2e-8 {
			t.Errorf("%s: position %v, want %v", c.name, s.PosTEMEKm, c.pos)
		}
		if d := s.VelTEMEKmS.Sub(c.vel).Norm(); d > 2e-9 {
			t.Errorf("%s: velocity %v, want %v", c.name, s.VelTEMEKmS, c.vel)
		}
		if p.DeepSpace() != c.deep {
			t.Errorf("%s: deep space %v", c.name, p.DeepSpace())
		}
	}
}

// TestModesDiffer checks that opsmode a is another handling where the theory
// says so (23599, by about a kilometre), and the same elsewhere.
func TestModesDiffer(t *testing.T) {
	i, a := mustNew(t, ariane), mustNew(t, ariane, WithMode(AFSPC))
	var most float64
	for m := 0.0; m <= 720; m += 20 {
		si, err1 := i.At(m)
		sa, err2 := a.At(m)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		most = math.Max(most, si.PosTEMEKm.Sub(sa.PosTEMEKm).Norm())
	}
	if most < 0.5 || most > 2 {
		t.Errorf("modes differ by %g km for 23599, want about 1", most)
	}
	for _, lines := range []string{vanguard, molniya, italsat} {
		i, a := mustNew(t, lines), mustNew(t, lines, WithMode(AFSPC))
		si, _ := i.At(1000)
		sa, _ := a.At(1000)
		if d := si.PosTEMEKm.Sub(sa.PosTEMEKm).Norm(); d > 1e-4 {
			t.Errorf("modes differ by %g km for %v", d, i.noradID)
		}
	}
}

func TestGravityDiffers(t *testing.T) {
	base, _ := mustNew(t, vanguard).At(360)
	for _, c := range []struct {
		g        Gravity
		min, max float64 // km
	}{{WGS72, 0, 0}, {WGS72Old, 1e-6, 0.1}, {WGS84, 0.001, 5}} {
		s, err := mustNew(t, vanguard, WithGravity(c.g)).At(360)
		if err != nil {
			t.Fatal(err)
		}
		if d := s.PosTEMEKm.Sub(base.PosTEMEKm).Norm(); d < c.min || d > c.max {
			t.Errorf("%v differs from wgs72 by %g km, want %g..%g", c.g, d, c.min, c.max)
		}
		if g, err := ParseGravity(c.g.String()); err != nil || g != c.g {
			t.Errorf("ParseGravity(%v) = %v, %v", c.g, g, err)
		}
	}
	if _, err := ParseGravity("egm96"); err == nil {
		t.Error("ParseGravity(egm96) passed")
	}
	for _, m := range []Mode{Improved, AFSPC} {
		if got, err := ParseMode(m.String()); err != nil || got != m {
			t.Errorf("ParseMode(%v) = %v, %v", m, got, err)
		}
	}
	if _, err := ParseMode("x"); err == nil {
		t.Error("ParseMode(x) passed")
	}
}

// TestErrorCodes reaches each of the six codes.
func TestErrorCodes(t *testing.T) {
	base := tle(t, molniya)
	code := func(el elements.Set, minutes float64, opts ...Option) int {
		p, err := New(el, opts...)
		if err == nil {
			_, err = p.At(minutes)
		}
		var e *Error
		if errors.As(err, &e) {
			if !strings.Contains(e.Error(), "error "+string(rune('0'+e.Code))) || strings.Contains(e.Error(), "unknown") {
				t.Errorf("message: %v", e)
			}
			return e.Code
		}
		return 0
	}
	with := func(change func(*elements.Set)) elements.Set { el := base; change(&el); return el }
	for _, c := range []struct {
		name    string
		el      elements.Set
		minutes float64
		opts    []Option
		want    int
	}{
		{"sound", base, 0, nil, 0},
		{"eccentricity 1", with(func(s *elements.Set) { s.Eccentricity = 1 }), 0, nil, CodeMeanElements},
		{"eccentricity NaN", with(func(s *elements.Set) { s.Eccentricity = math.NaN() }), 0, nil, CodeMeanElements},
		{"drag eats the orbit", tle(t, suborbital), 9e7, nil, CodeMeanElements},
		{"no mean motion", with(func(s *elements.Set) { s.MeanMotionRevDay = 0 }), 0, nil, CodeMeanMotion},
		{"negative mean motion", with(func(s *elements.Set) { s.MeanMotionRevDay = -1 }), 0, nil, CodeMeanMotion},
		{"too fast", with(func(s *elements.Set) { s.MeanMotionRevDay = 300 }), 0, nil, CodeMeanMotion},
		{"perturbed", with(func(s *elements.Set) { s.MeanMotionRevDay = 0.00001 }), 0, nil, CodePerturbed},
		{"semi-latus", tle(t, stretched), 25, nil, CodeSemiLatus},
		{"suborbital", tle(t, suborbital), 0, []Option{WithEpochCheck()}, CodeSuborbital},
		{"suborbital unchecked", tle(t, suborbital), 0, nil, 0},
		{"decayed", tle(t, suborbital), 55, nil, CodeDecayed},
	} {
		if got := code(c.el, c.minutes, c.opts...); got != c.want {
			t.Errorf("%s: code %d, want %d", c.name, got, c.want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	base := tle(t, vanguard)
	for name, change := range map[string]func(*elements.Set){
		"SGP4-XP":         func(s *elements.Set) { s.EphemerisType = 4 },
		"inclination NaN": func(s *elements.Set) { s.InclinationDeg = math.NaN() },
		"infinite drag":   func(s *elements.Set) { s.BStar = math.Inf(1) },
	} {
		el := base
		change(&el)
		if p, err := New(el); err == nil || p != nil {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	if p, err := New(tle(t, suborbital), WithEpochCheck()); err == nil || p != nil {
		t.Errorf("suborbital: %v, %v", p, err)
	}
	if _, err := New(base, WithGravity(9)); err == nil {
		t.Error("unknown gravity passed")
	}
	if _, err := New(base, WithMode(9)); err == nil {
		t.Error("unknown mode passed")
	}
	p := mustNew(t, italsat)
	for _, m := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 2 * MaxMinutes} {
		if _, err := p.At(m); !errors.Is(err, ErrTimeRange) {
			t.Errorf("At(%v): %v, want ErrTimeRange", m, err)
		}
	}
}

func TestAtTime(t *testing.T) {
	p := mustNew(t, vanguard)
	a, err1 := p.At(360)
	b, err2 := p.AtTime(p.Epoch().Add(6 * time.Hour))
	if err1 != nil || err2 != nil || a != b {
		t.Errorf("%v, %v; %v, %v", a, err1, b, err2)
	}
	if !p.Epoch().Equal(time.Date(2000, 6, 27, 18, 50, 19, 733_568_000, time.UTC)) {
		t.Error(p.Epoch())
	}
}

// TestHistoryDoesNotMatter asks resonant orbits for times in random order:
// the integrator's memory must not change a bit.
func TestHistoryDoesNotMatter(t *testing.T) {
	for _, lines := range []string{molniya, italsat} {
		el, shared := tle(t, lines), mustNew(t, lines)
		rapid.Check(t, func(t *rapid.T) {
			m := rapid.Float64Range(-20_000, 20_000).Draw(t, "minutes")
			fresh, err := New(el)
			if err != nil {
				t.Fatal(err)
			}
			a, err1 := shared.At(m)
			b, err2 := fresh.At(m)
			if a != b || (err1 == nil) != (err2 == nil) {
				t.Fatalf("at %v: %v, %v, fresh %v, %v", m, a, err1, b, err2)
			}
		})
	}
}

// TestConcurrentUse shares one resonant propagator between goroutines (run
// with -race).
func TestConcurrentUse(t *testing.T) {
	p := mustNew(t, molniya)
	want := make([]State, 200)
	for i := range want {
		want[i], _ = p.At(float64(i) * 300)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for k := range want {
				i := (k*7 + g*50) % len(want)
				if got, err := p.At(float64(i) * 300); err != nil || got != want[i] {
					t.Errorf("at %d: %v, %v, want %v", i*300, got, err, want[i])
				}
			}
		})
	}
	wg.Wait()
}

func TestAtDoesNotAllocate(t *testing.T) {
	for _, lines := range []string{vanguard, molniya, italsat} {
		p := mustNew(t, lines)
		m := 0.0
		if n := testing.AllocsPerRun(100, func() {
			if _, err := p.At(m); err != nil {
				t.Fatal(err)
			}
			m += 100
		}); n != 0 {
			t.Errorf("%05d: %v allocations", p.noradID, n)
		}
	}
}

// TestOrbitProperties checks physics on orbits of every kind: velocity is the
// derivative of position, and radius and energy are those of the elements.
// Below 11.5 degrees of inclination the deep-space theory itself jumps where
// the node passes a full turn (Lyddane's modification), and near 180 degrees it
// divides by the sine: neither is drawn.
func TestOrbitProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		el := elements.Set{
			NoradID:        1,
			Epoch:          time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.Int64Range(0, 1e17).Draw(t, "epoch"))),
			InclinationDeg: rapid.Float64Range(12, 168).Draw(t, "inclination"),
			RAANDeg:        rapid.Float64Range(0, 360).Draw(t, "node"),
			ArgPerigeeDeg:  rapid.Float64Range(0, 360).Draw(t, "perigee"),
			MeanAnomalyDeg: rapid.Float64Range(0, 360).Draw(t, "anomaly"),
			BStar:          rapid.Float64Range(0, 1e-4).Draw(t, "bstar"),
		}
		a := rapid.Float64Range(6800, 60_000).Draw(t, "axis")
		el.Eccentricity = rapid.Float64Range(0, 0.9).Draw(t, "ecc") * (1 - 6700/a)
		const mu = 398600.8
		el.MeanMotionRevDay = math.Sqrt(mu/(a*a*a)) * 86400 / (2 * math.Pi)
		p, err := New(el)
		if err != nil {
			t.Fatal(err)
		}
		m := rapid.Float64Range(-2880, 2880).Draw(t, "minutes")
		const h = 1.0 / 60 // one second
		s, err := p.At(m)
		if err != nil {
			t.Fatal(err)
		}
		before, err1 := p.At(m - h)
		after, err2 := p.At(m + h)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		v := after.PosTEMEKm.Sub(before.PosTEMEKm).Scale(0.5)
		// The theory's velocity leaves out drag and lunar rates: metres per second.
		if d := v.Sub(s.VelTEMEKmS).Norm(); d > 0.02 {
			t.Fatalf("velocity %v, difference quotient %v", s.VelTEMEKmS, v)
		}
		energy := s.VelTEMEKmS.Dot(s.VelTEMEKmS)/2 - mu/s.PosTEMEKm.Norm()
		if got := -mu / (2 * energy); math.Abs(got-a) > 0.02*a {
			t.Fatalf("osculating axis %g km, mean axis %g km", got, a)
		}
	})
}
