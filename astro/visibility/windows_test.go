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
	"spacechain/astro/sun"
)

// agree holds windows against what a scan in steps of seconds sees, and looks
// 10 ms to either side of every end.
func agree(t *rapid.T, windows []Window, from, to time.Time, holds func(time.Time) bool) {
	const near = 10 * time.Millisecond
	last := from
	for i, w := range windows {
		if w.Start.Before(last) || !w.Start.Before(w.End) || w.End.After(to) {
			t.Fatalf("window %d of %v is out of order", i, windows)
		}
		last = w.End
		if w.OpenStart && !w.Start.Equal(from) || w.OpenEnd && !w.End.Equal(to) {
			t.Fatalf("window %+v is flagged open off the interval's ends", w)
		}
		if w.Duration() > 4*near && !w.OpenStart && (i == 0 || w.Start.Sub(windows[i-1].End) > 4*near) &&
			(holds(w.Start.Add(-near)) || !holds(w.Start.Add(near))) {
			t.Fatalf("window %+v: its start is off by more than %v", w, near)
		}
		if w.Duration() > 4*near && !w.OpenEnd && (i == len(windows)-1 || windows[i+1].Start.Sub(w.End) > 4*near) &&
			(!holds(w.End.Add(-near)) || holds(w.End.Add(near))) {
			t.Fatalf("window %+v: its end is off by more than %v", w, near)
		}
	}
	i := 0
	for at := from; at.Before(to); at = at.Add(5 * time.Second) {
		for i < len(windows) && windows[i].End.Before(at) {
			i++
		}
		in := i < len(windows) && windows[i].Contains(at)
		close := i < len(windows) && windows[i].Start.Sub(at).Abs() < near ||
			i > 0 && windows[i-1].End.Sub(at).Abs() < near
		if holds(at) != in && !close {
			t.Fatalf("at %v the scan says %v, the windows %v", at, holds(at), in)
		}
	}
}

// drawOrbit draws an orbit that flies over the interval.
func drawOrbit(t *rapid.T, from, to time.Time) *Orbit {
	p, err := sgp4.New(anyOrbit().Draw(t, "orbit"))
	if err != nil {
		t.Skip("no such orbit")
	}
	o := NewOrbit(p)
	for at := from; !at.After(to); at = at.Add(to.Sub(from) / 16) {
		if _, _, err := o.ECEF(at); err != nil {
			t.Skip("does not fly")
		}
	}
	return o
}

func drawInterval(t *rapid.T) (from, to time.Time) {
	from = epoch.Add(time.Duration(uniform(0, 86400e9).Draw(t, "from")))
	return from, from.Add(time.Duration(uniform(60e9, 5*3600e9).Draw(t, "span")))
}

func place(t testing.TB, o Trajectory, at time.Time) astro.Vec3 {
	pos, _, err := o.ECEF(at)
	if err != nil {
		t.Fatal(err)
	}
	return pos
}

func TestRegionPassesAgainstScan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		from, to := drawInterval(rt)
		o := drawOrbit(rt, from, to)
		r := Region{
			Centre: astro.Geodetic{
				LatDeg: rapid.OneOf(uniform(-90, 90), rapid.Just(90.0)).Draw(rt, "lat"),
				LonDeg: uniform(-180, 180).Draw(rt, "lon"),
			},
			RadiusKm: rapid.OneOf(uniform(1, 3000), uniform(3000, 20000)).Draw(rt, "radius"),
		}
		w, err := RegionPasses(o, r, from, to)
		if err != nil {
			rt.Fatal(err)
		}
		agree(rt, w, from, to, func(at time.Time) bool { return r.Contains(place(t, o, at)) })
	})
}

func TestEclipsesAgainstScan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		from, to := drawInterval(rt)
		season := time.Duration(rapid.IntRange(0, 1).Draw(rt, "season")) * 24 * time.Hour
		from, to = from.Add(season), to.Add(season)
		o := drawOrbit(rt, from, to)
		eclipses, err := Eclipses(o, from, to)
		if err != nil {
			rt.Fatal(err)
		}
		var outer, inner []Window
		for _, e := range eclipses {
			outer = append(outer, e.Window)
			if e.Total {
				if e.Umbra.Start.Before(e.Start) || e.Umbra.End.After(e.End) {
					rt.Fatalf("umbra outside the penumbra: %+v", e)
				}
				inner = append(inner, e.Umbra)
			}
		}
		shade := func(at time.Time) sun.Shade {
			_, s := sun.IlluminationBy(place(t, o, at), sun.PosECEFKm(at))
			return s
		}
		agree(rt, outer, from, to, func(at time.Time) bool { return shade(at) != sun.Sunlit })
		agree(rt, inner, from, to, func(at time.Time) bool { return shade(at) == sun.Umbra })
	})
}

func TestLinksAgainstScan(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		from, to := drawInterval(rt)
		a, b := drawOrbit(rt, from, to), drawOrbit(rt, from, to)
		limits := LinkLimits{GrazingKm: uniform(0, 200).Draw(rt, "grazing")}
		if rapid.Bool().Draw(rt, "limited") {
			limits.MaxRangeKm = uniform(500, 50000).Draw(rt, "range")
		}
		w, err := Links(a, b, limits, from, to)
		if err != nil {
			rt.Fatal(err)
		}
		agree(rt, w, from, to, func(at time.Time) bool {
			p, q := place(t, a, at), place(t, b, at)
			return LineOfSight(p, q, limits.GrazingKm) && (limits.MaxRangeKm == 0 || p.Sub(q).Norm() < limits.MaxRangeKm)
		})
	})
}

// TestRegionKnown flies straight over a region of a kilometre, which takes a
// seventh of a second, and past another by a hand's breadth.
func TestRegionKnown(t *testing.T) {
	const r = 7378.137
	tr := wheel{radius: r, rate: 1e-3}
	at := epoch.Add(1000 * time.Second) // over 57.2958 east
	centre := astro.Geodetic{LonDeg: 1 / degree}
	from, to := epoch.Add(7*time.Second), epoch.Add(2000*time.Second)
	got, err := RegionPasses(tr, Region{Centre: centre, RadiusKm: 1}, from, to)
	if err != nil || len(got) != 1 {
		t.Fatalf("windows %v (%v), want one", got, err)
	}
	half := time.Duration(math.Round(1e12 / meanRadiusKm)) // a kilometre at a thousandth of a radian a second
	if got[0].Start.Sub(at.Add(-half)).Abs() > time.Microsecond || got[0].End.Sub(at.Add(half)).Abs() > time.Microsecond {
		t.Errorf("window %v to %v, want %v around %v", got[0].Start, got[0].End, half, at)
	}
	centre.LatDeg = 1.0001 / meanRadiusKm / degree
	if got, err = RegionPasses(tr, Region{Centre: centre, RadiusKm: 1}, from, to); err != nil || len(got) != 0 {
		t.Errorf("windows %v (%v) 10 cm beside the region, want none", got, err)
	}
	centre.LatDeg = 0.99999 / meanRadiusKm / degree
	if got, err = RegionPasses(tr, Region{Centre: centre, RadiusKm: 1}, from, to); err != nil || len(got) != 1 {
		t.Errorf("windows %v (%v) 1 cm within the region, want one", got, err)
	}
	for _, bad := range []Region{{RadiusKm: 0}, {RadiusKm: 30000}, {RadiusKm: math.NaN()},
		{Centre: astro.Geodetic{LatDeg: -91}, RadiusKm: 1}} {
		if _, err := RegionPasses(tr, bad, from, to); !errors.Is(err, ErrRegion) {
			t.Errorf("%+v: error %v, want ErrRegion", bad, err)
		}
	}
	if d := (Region{Centre: astro.Geodetic{LatDeg: 90}}).DistanceKm(astro.Vec3{7000, 0, 0}); math.Abs(d-10007.557) > 0.01 {
		t.Errorf("from pole to equator %g km, want a quarter of the circle", d)
	}
}

// TestGeostationaryEclipse checks the longest eclipses of the year: 67.5 minutes
// of umbra and 71.7 with penumbra, at the equinox around local midnight.
func TestGeostationaryEclipse(t *testing.T) {
	tr := wheel{radius: 42164.17}
	from := time.Date(2026, 3, 20, 14, 0, 0, 0, time.UTC)
	got, err := Eclipses(tr, from, from.Add(24*time.Hour))
	if err != nil || len(got) != 1 || !got[0].Total {
		t.Fatalf("eclipses %+v (%v), want one", got, err)
	}
	e := got[0]
	if u, p := e.Umbra.Duration().Minutes(), e.Duration().Minutes(); math.Abs(u-67.5) > 0.2 || math.Abs(p-71.7) > 0.2 {
		t.Errorf("umbra %.2f min, penumbra %.2f min, want 67.5 and 71.7", u, p)
	}
	mid := e.Umbra.Start.Add(e.Umbra.Duration() / 2)
	if d := mid.Sub(time.Date(2026, 3, 21, 0, 7, 20, 0, time.UTC)).Abs(); d > time.Minute {
		t.Errorf("middle at %v, want midnight by the Sun", mid)
	}
	if got, err = Eclipses(tr, from.AddDate(0, 3, 0), from.AddDate(0, 3, 2)); err != nil || len(got) != 0 {
		t.Errorf("eclipses %+v (%v) at the solstice, want none", got, err)
	}
	// Within the umbra all the time: open at both ends.
	got, err = Eclipses(tr, mid.Add(-time.Minute), mid.Add(time.Minute))
	if err != nil || len(got) != 1 || !got[0].OpenStart || !got[0].OpenEnd || !got[0].Umbra.OpenStart || !got[0].Umbra.OpenEnd {
		t.Errorf("eclipses %+v (%v) around midnight, want one open at both ends", got, err)
	}
}

// TestLinksKnown lets two satellites meet over the equator, where the line of
// sight touches the raised equator at a known angle.
func TestLinksKnown(t *testing.T) {
	const r, grazing = 7158.0, 80.0
	a, b := wheel{r, 1e-3}, wheel{r, -0.9e-3}
	half := 2 * math.Acos((frame.EquatorialRadiusKm+grazing)/r) / 1.9e-3
	from, to := epoch.Add(-1600*time.Second), epoch.Add(1600*time.Second)
	check := func(limits LinkLimits, half float64) {
		t.Helper()
		got, err := Links(a, b, limits, from, to)
		if err != nil || len(got) != 1 {
			t.Fatalf("windows %v (%v), want one", got, err)
		}
		if s, e := got[0].Start.Sub(epoch).Seconds(), got[0].End.Sub(epoch).Seconds(); math.Abs(s+half) > 1e-5 || math.Abs(e-half) > 1e-5 {
			t.Errorf("%+v: window from %g to %g s, want %g", limits, s, e, half)
		}
	}
	check(LinkLimits{GrazingKm: grazing}, half)
	check(LinkLimits{GrazingKm: grazing, MaxRangeKm: 1e5}, half)
	check(LinkLimits{GrazingKm: grazing, MaxRangeKm: 2000}, 2*math.Asin(2000/(2*r))/1.9e-3)
	// Neighbours that keep their distance: one window, open at both ends.
	got, err := Links(wheel{r, 1e-3}, shifted{wheel{r, 1e-3}, 30}, LinkLimits{GrazingKm: grazing}, from, to)
	if err != nil || len(got) != 1 || !got[0].OpenStart || !got[0].OpenEnd {
		t.Errorf("windows %v (%v) of neighbours, want one open at both ends", got, err)
	}
	for _, bad := range []LinkLimits{{MaxRangeKm: -1}, {GrazingKm: math.Inf(1)}, {GrazingKm: -7000}, {MaxRangeKm: math.NaN()}} {
		if _, err := Links(a, b, bad, from, to); !errors.Is(err, ErrLink) {
			t.Errorf("%+v: error %v, want ErrLink", bad, err)
		}
	}
}

// shifted is a trajectory ahead of another by seconds.
type shifted struct {
	tr    Trajectory
	ahead float64
}

func (s shifted) ECEF(t time.Time) (pos, vel astro.Vec3, err error) {
	return s.tr.ECEF(t.Add(time.Duration(s.ahead * 1e9)))
}

// TestLinksOfLongerEphemerides shares ephemerides that begin at other times.
func TestLinksOfLongerEphemerides(t *testing.T) {
	a := orbitOf(t, circular(780, 86.4, 0, 0))
	b := orbitOf(t, circular(780, 86.4, 31, 20))
	limits := LinkLimits{GrazingKm: 80, MaxRangeKm: 4000}
	from, to := epoch.Add(time.Hour), epoch.Add(9*time.Hour)
	want, err := Links(a, b, limits, from, to)
	if err != nil || len(want) < 3 {
		t.Fatalf("windows %v (%v)", want, err)
	}
	ea, err := Sample(a, epoch, to)
	if err != nil {
		t.Fatal(err)
	}
	eb, err := Sample(b, epoch.Add(17*time.Minute), to.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Links(ea, eb, limits, from, to)
	if err != nil || len(got) != len(want) {
		t.Fatalf("windows %v (%v), want %v", got, err, want)
	}
	for i := range got {
		if got[i].Start.Sub(want[i].Start).Abs() > time.Microsecond || got[i].End.Sub(want[i].End).Abs() > time.Microsecond ||
			got[i].OpenStart != want[i].OpenStart || got[i].OpenEnd != want[i].OpenEnd {
			t.Errorf("window %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}
