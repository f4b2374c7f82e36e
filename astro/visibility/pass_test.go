package visibility

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/sgp4"
)

var berlin = astro.Geodetic{LatDeg: 52.52, LonDeg: 13.405, AltKm: 0.034}

func look(t testing.TB, tr Trajectory, site Site, at time.Time) frame.LookAngles {
	t.Helper()
	pos, vel, err := tr.ECEF(at)
	if err != nil {
		t.Fatal(err)
	}
	return frame.Look(site.Geodetic, pos, vel)
}

// inView is the definition that passes are held against.
func inView(site Site, l frame.LookAngles) bool {
	return l.ElevationDeg > site.MinElevationDeg && (len(site.Mask) == 0 || l.ElevationDeg > site.Mask.ElevationDeg(l.AzimuthDeg))
}

// TestPassesAgainstMillisecondScan looks for every change of view in an hour and
// a half of a low orbit, once a millisecond near passes.
func TestPassesAgainstMillisecondScan(t *testing.T) {
	o := orbitOf(t, circular(550, 53, 80, 0))
	site := Site{Geodetic: berlin, MinElevationDeg: 5}
	masked := site
	masked.Mask = Mask{{0, 3}, {90, 20}, {180, 2}, {181, 35}, {200, 35}, {201, 4}, {270, 25}}
	for _, s := range []Site{site, masked} {
		e, err := Sample(o, epoch, epoch.Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		passes, err := Passes(e, s, epoch, epoch.Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if len(passes) < 4 {
			t.Fatalf("%d passes in a day", len(passes))
		}
		worst, worstTop := time.Duration(0), time.Duration(0)
		for i, p := range passes[:4] {
			from, to := p.Rise.Add(-2*time.Second), p.Set.Add(2*time.Second)
			if i > 0 && passes[i-1].Set.After(from) {
				from = passes[i-1].Set.Add(p.Rise.Sub(passes[i-1].Set) / 2)
			}
			if passes[i+1].Rise.Before(to) {
				to = p.Set.Add(passes[i+1].Rise.Sub(p.Set) / 2)
			}
			var rise, set, top time.Time
			best, changes, last := -90.0, 0, false
			for at := from; at.Before(to); at = at.Add(time.Millisecond) {
				l := look(t, o, s, at)
				v := inView(s, l)
				if v && l.ElevationDeg > best {
					best, top = l.ElevationDeg, at
				}
				switch {
				case v && !last:
					rise, changes = at, changes+1
				case !v && last:
					set, changes = at, changes+1
				}
				last = v
			}
			if changes != 2 {
				t.Errorf("pass %d: scan sees %d changes, want rise and set", i, changes)
			}
			for _, c := range []struct {
				what      string
				got, want time.Time
				worst     *time.Duration
			}{{"rise", p.Rise, rise, &worst}, {"set", p.Set, set, &worst}, {"culmination", p.Culmination, top, &worstTop}} {
				d := c.got.Sub(c.want).Abs()
				*c.worst = max(*c.worst, d)
				if d > 3*time.Millisecond {
					t.Errorf("pass %d: %s at %v, scan says %v, off by %v", i, c.what, c.got, c.want, d)
				}
			}
			if math.Abs(p.MaxElevationDeg-best) > 5e-4 { // a wall of the mask may cut at a slope
				t.Errorf("pass %d: culminates at %.7f, scan says %.7f", i, p.MaxElevationDeg, best)
			}
		}
		t.Logf("%d passes; rise and set within %v of a 1 ms scan, culmination within %v", len(passes), worst, worstTop)
	}
}

// TestPassesAgainstScan holds passes of arbitrary orbits over arbitrary sites
// against a scan in steps of seconds: what the scan sees lies in a pass, what
// it does not see lies in none, and every pass's ends are where it starts and
// stops being in view.
func TestPassesAgainstScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, err := sgp4.New(anyOrbit().Draw(t, "orbit"))
		if err != nil {
			t.Skip("no such orbit")
		}
		o := NewOrbit(p)
		site := Site{
			Geodetic: astro.Geodetic{
				LatDeg: uniform(-90, 90).Draw(t, "lat"),
				LonDeg: uniform(-180, 180).Draw(t, "lon"),
				AltKm:  uniform(-0.4, 5).Draw(t, "alt"),
			},
			MinElevationDeg: rapid.OneOf(uniform(0, 30), uniform(-5, 89)).Draw(t, "elevation"),
		}
		if rapid.Bool().Draw(t, "masked") {
			for az := uniform(0, 90).Draw(t, "first"); az < 360; az += uniform(0.5, 90).Draw(t, "gap") {
				site.Mask = append(site.Mask, MaskPoint{az, uniform(-2, 40).Draw(t, "mask")})
			}
		}
		from := epoch.Add(time.Duration(uniform(0, 86400e9).Draw(t, "from")))
		to := from.Add(time.Duration(uniform(60e9, 7*3600e9).Draw(t, "span")))
		passes, err := Passes(o, site, from, to)
		if err != nil {
			t.Skip("does not fly")
		}
		checkPasses(t, o, site, from, to, passes)
		i := 0
		for at := from; at.Before(to); at = at.Add(4 * time.Second) {
			for i < len(passes) && passes[i].Set.Before(at) {
				i++
			}
			in := i < len(passes) && !passes[i].Rise.After(at)
			pos, vel, err := o.ECEF(at)
			if err != nil {
				t.Skip("decays")
			}
			l := frame.Look(site.Geodetic, pos, vel)
			if inView(site, l) != in && !nearEnd(passes, at) {
				t.Fatalf("at %v the scan sees %+v, in a pass: %v", at, l, in)
			}
		}
	})
}

func nearEnd(passes []Pass, at time.Time) bool {
	for _, p := range passes {
		if at.Sub(p.Rise).Abs() < 10*time.Millisecond || at.Sub(p.Set).Abs() < 10*time.Millisecond {
			return true
		}
	}
	return false
}

// checkPasses checks order, flags, and that 10 ms on either side of an end the
// view differs, where the satellite's apparent motion allows to tell.
func checkPasses(t *rapid.T, o *Orbit, site Site, from, to time.Time, passes []Pass) {
	last := from
	view := func(at time.Time) bool {
		pos, vel, err := o.ECEF(at)
		if err != nil {
			t.Skip("decays")
		}
		return inView(site, frame.Look(site.Geodetic, pos, vel))
	}
	const ms = time.Millisecond
	for i, p := range passes {
		if p.Rise.Before(last) || !p.Rise.Before(p.Set) || p.Set.After(to) ||
			p.Culmination.Before(p.Rise) || p.Culmination.After(p.Set) {
			t.Fatalf("pass %d of %v is out of order", i, passes)
		}
		if p.OpenStart != (p.OpenStart && p.Rise.Equal(from)) || p.OpenEnd != (p.OpenEnd && p.Set.Equal(to)) {
			t.Fatalf("pass %+v is flagged open off the interval's ends", p)
		}
		if p.MaxElevationDeg < site.MinElevationDeg-1e-6 {
			t.Fatalf("pass %+v culminates below %g", p, site.MinElevationDeg)
		}
		long := p.Set.Sub(p.Rise) > 40*ms
		apart := i == 0 || p.Rise.Sub(passes[i-1].Set) > 40*ms
		if !p.OpenStart && long && apart && (view(p.Rise.Add(-10*ms)) || !view(p.Rise.Add(10*ms))) {
			t.Fatalf("pass %+v: its rise is off by more than 10 ms", p)
		}
		apart = i == len(passes)-1 || passes[i+1].Rise.Sub(p.Set) > 40*ms
		if !p.OpenEnd && long && apart && (!view(p.Set.Add(-10*ms)) || view(p.Set.Add(10*ms))) {
			t.Fatalf("pass %+v: its set is off by more than 10 ms", p)
		}
		last = p.Set
	}
}

// TestGrazingPasses raises the minimum elevation to just under a pass's
// culmination: the pass shrinks to milliseconds and is still found, and is gone
// above it.
func TestGrazingPasses(t *testing.T) {
	o := orbitOf(t, circular(780, 86.4, 10, 40))
	site := Site{Geodetic: berlin, MinElevationDeg: 5}
	to := epoch.Add(24 * time.Hour)
	all, err := Passes(o, site, epoch, to)
	if err != nil || len(all) < 4 {
		t.Fatalf("%d passes, %v", len(all), err)
	}
	shortest := time.Hour
	for _, p := range all {
		for _, below := range []float64{1e-2, 1e-4, 1e-6, 1e-8} {
			site.MinElevationDeg = p.MaxElevationDeg - below
			got, err := Passes(o, site, epoch, to)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, g := range got {
				if !g.Culmination.Before(p.Rise) && !g.Culmination.After(p.Set) {
					found = true
					shortest = min(shortest, g.Duration())
					if math.Abs(g.MaxElevationDeg-p.MaxElevationDeg) > 1e-9 {
						t.Errorf("culminates at %.10f, before at %.10f", g.MaxElevationDeg, p.MaxElevationDeg)
					}
				}
			}
			if !found {
				t.Errorf("pass %v of %.4f degrees is missed at %g below", p.Culmination, p.MaxElevationDeg, below)
			}
		}
		site.MinElevationDeg = p.MaxElevationDeg + 1e-8
		got, err := Passes(o, site, epoch, to)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range got {
			if g.Culmination.Sub(p.Culmination).Abs() < time.Minute {
				t.Errorf("pass at %v culminates at %.9f, which is below %.9f", g.Culmination, p.MaxElevationDeg, site.MinElevationDeg)
			}
		}
	}
	t.Logf("shortest pass found: %v", shortest)
}

// TestKnownGeometry checks a pass over an equatorial station against the
// formula of a circular orbit over a rotating sphere.
func TestKnownGeometry(t *testing.T) {
	const r, rate = 7378.137, 7.292115e-5
	tr := wheel{radius: r, rate: math.Sqrt(muKm3S2/(r*r*r)) - rate}
	site := Site{MinElevationDeg: 10}
	period := 2 * math.Pi / tr.rate
	passes, err := Passes(tr, site, epoch.Add(time.Second), epoch.Add(time.Second+time.Duration(3*period*1e9)))
	if err != nil {
		t.Fatal(err)
	}
	// The central angle at 10 degrees: 90 - 10 - asin(R cos 10 / r).
	lambda := (80 - math.Asin(frame.EquatorialRadiusKm*math.Cos(10*degree)/r)/degree) * degree
	if len(passes) != 4 || !passes[0].OpenStart || !passes[3].OpenEnd {
		t.Fatalf("passes %+v, want four, the outer ones cut", passes)
	}
	for i, p := range passes[1:3] {
		over := epoch.Add(time.Duration(float64(i+1) * period * 1e9))
		half := time.Duration(lambda / tr.rate * 1e9)
		for _, c := range []struct {
			what      string
			got, want time.Time
		}{{"rise", p.Rise, over.Add(-half)}, {"culmination", p.Culmination, over}, {"set", p.Set, over.Add(half)}} {
			if d := c.got.Sub(c.want).Abs(); d > 10*time.Microsecond {
				t.Errorf("%s is off by %v", c.what, d)
			}
		}
		if math.Abs(p.MaxElevationDeg-90) > 1e-5 || math.Abs(p.RiseAzimuthDeg-270) > 1e-9 || math.Abs(p.SetAzimuthDeg-90) > 1e-9 {
			t.Errorf("pass %+v, want from west over the zenith to east", p)
		}
	}
}

// wheel goes round over the equator, at longitude 0 at epoch.
type wheel struct{ radius, rate float64 }

func (w wheel) ECEF(t time.Time) (pos, vel astro.Vec3, err error) {
	s, c := math.Sincos(w.rate * t.Sub(epoch).Seconds())
	v := w.radius * w.rate
	return astro.Vec3{w.radius * c, w.radius * s, 0}, astro.Vec3{-v * s, v * c, 0}, nil
}

func TestGeostationaryIsAlwaysThere(t *testing.T) {
	s := circular(35786, 0.05, 100, 20)
	s.MeanMotionRevDay = 1.00273791
	o := orbitOf(t, s)
	pos, _, err := o.ECEF(epoch)
	if err != nil {
		t.Fatal(err)
	}
	under := frame.ToGeodetic(pos)
	to := epoch.Add(10 * 24 * time.Hour)
	n := &counter{tr: o}
	passes, err := Passes(n, Site{Geodetic: astro.Geodetic{LatDeg: 20, LonDeg: under.LonDeg - 10}, MinElevationDeg: 10}, epoch, to)
	if err != nil || len(passes) != 1 || !passes[0].OpenStart || !passes[0].OpenEnd ||
		!passes[0].Rise.Equal(epoch) || !passes[0].Set.Equal(to) {
		t.Fatalf("passes %+v (%v), want one, open at both ends", passes, err)
	}
	t.Logf("%d propagations for 10 days", n.calls)
	passes, err = Passes(o, Site{Geodetic: astro.Geodetic{LatDeg: -20, LonDeg: under.LonDeg + 170}}, epoch, to)
	if err != nil || len(passes) != 0 {
		t.Fatalf("passes %+v (%v) on the far side, want none", passes, err)
	}
}

// counter counts propagations.
type counter struct {
	tr    Trajectory
	calls int
}

func (c *counter) ECEF(t time.Time) (pos, vel astro.Vec3, err error) {
	c.calls++
	return c.tr.ECEF(t)
}

// TestPropagationsPerStation bounds the cost: a few hundred for the first
// station and a day, and some tens for each that shares the samples.
func TestPropagationsPerStation(t *testing.T) {
	n := &counter{tr: orbitOf(t, circular(780, 86.4, 10, 40))}
	to := epoch.Add(24 * time.Hour)
	if _, err := Passes(n, Site{Geodetic: berlin, MinElevationDeg: 10}, epoch, to); err != nil {
		t.Fatal(err)
	}
	if n.calls > 500 {
		t.Errorf("%d propagations for a day and a station, want at most 500", n.calls)
	}
	alone := n.calls
	e, err := Sample(n, epoch, to)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Fill(); err != nil {
		t.Fatal(err)
	}
	n.calls = 0
	for lon := -180.0; lon < 180; lon += 18 {
		if _, err := Passes(e, Site{Geodetic: astro.Geodetic{LatDeg: 40, LonDeg: lon}, MinElevationDeg: 10}, epoch, to); err != nil {
			t.Fatal(err)
		}
	}
	if n.calls/20 > 300 {
		t.Errorf("%d propagations for a day and a station that shares samples, want at most 300", n.calls/20)
	}
	t.Logf("%d propagations alone, %d shared", alone, n.calls/20)
}

func TestPassErrors(t *testing.T) {
	o := orbitOf(t, circular(550, 53, 80, 0))
	to := epoch.Add(time.Hour)
	for _, c := range []struct {
		name string
		site Site
		to   time.Time
		want error
	}{
		{"latitude", Site{Geodetic: astro.Geodetic{LatDeg: 91}}, to, ErrSite},
		{"not a number", Site{Geodetic: astro.Geodetic{LonDeg: math.NaN()}}, to, ErrSite},
		{"height in metres", Site{Geodetic: astro.Geodetic{AltKm: 520}}, to, ErrSite},
		{"zenith only", Site{MinElevationDeg: 90}, to, ErrSite},
		{"mask", Site{Mask: Mask{{0, 1}, {0, 2}}}, to, ErrMask},
		{"empty interval", Site{}, epoch, ErrInterval},
		{"backwards", Site{}, epoch.Add(-time.Hour), ErrInterval},
		{"ten years", Site{}, epoch.AddDate(10, 0, 0), ErrInterval},
	} {
		if _, err := Passes(o, c.site, epoch, c.to); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
	// A satellite that decays: the passes before that, and the cause.
	low := circular(140, 53, 80, 0)
	low.BStar = 0.05
	passes, err := Passes(orbitOf(t, low), Site{Geodetic: berlin}, epoch, epoch.Add(20*24*time.Hour))
	var cause *sgp4.Error
	if !errors.As(err, &cause) {
		t.Errorf("decay gives %v, want an *sgp4.Error", err)
	}
	for _, p := range passes {
		if p.OpenEnd || !p.Set.After(p.Rise) {
			t.Errorf("pass %+v before the decay has no end", p)
		}
	}
}
