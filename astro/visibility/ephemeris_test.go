package visibility

import (
	"errors"
	"math"
	"sync"
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
)

func TestEphemerisInterpolates(t *testing.T) {
	o := orbitOf(t, circular(550, 53, 80, 0))
	e, err := Sample(o, epoch, epoch.Add(3*time.Hour+17*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	if !e.From().Equal(epoch) || !e.To().Equal(epoch.Add(3*time.Hour+17*time.Millisecond)) {
		t.Errorf("reaches from %v to %v", e.From(), e.To())
	}
	for at := e.From(); !at.After(e.To()); at = at.Add(7777 * time.Millisecond) {
		p, v, err := o.ECEF(at)
		if err != nil {
			t.Fatal(err)
		}
		q, w, err := e.Interpolated(at)
		if err != nil || p.Sub(q).Norm() > 0.002 || v.Sub(w).Norm() > 2e-4 {
			t.Fatalf("at %v off by %g km, %g km/s (%v)", at, p.Sub(q).Norm(), v.Sub(w).Norm(), err)
		}
		if q, w, err = e.ECEF(at); err != nil || q != p || w != v {
			t.Fatalf("at %v the ephemeris does not ask the trajectory", at)
		}
	}
	for _, at := range []time.Time{e.From().Add(-1), e.To().Add(1)} {
		if _, _, err := e.Interpolated(at); err == nil {
			t.Errorf("interpolates at %v, outside", at)
		}
	}
}

// TestEphemerisBeyondItsInterval falls back to the trajectory, and gives what it
// gives without samples.
func TestEphemerisBeyondItsInterval(t *testing.T) {
	o := orbitOf(t, circular(550, 53, 80, 0))
	e, err := Sample(o, epoch.Add(time.Hour), epoch.Add(2*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	site := Site{Geodetic: berlin, MinElevationDeg: 5}
	want, err := Passes(o, site, epoch, epoch.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Passes(e, site, epoch, epoch.Add(24*time.Hour))
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d passes (%v), want %d", len(got), err, len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("pass %d is %+v, want %+v", i, got[i], want[i])
		}
	}
}

// TestFilledEphemerisIsShared searches from several goroutines.
func TestFilledEphemerisIsShared(t *testing.T) {
	e, err := Sample(orbitOf(t, circular(780, 86.4, 10, 40)), epoch, epoch.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Fill(); err != nil {
		t.Fatal(err)
	}
	sites := stations()
	got := make([][]Pass, len(sites))
	var wg sync.WaitGroup
	for i := range sites {
		wg.Go(func() { got[i], _ = Passes(e, sites[i], epoch, epoch.Add(24*time.Hour)) })
	}
	wg.Wait()
	for i := range sites {
		want, err := Passes(e, sites[i], epoch, epoch.Add(24*time.Hour))
		if err != nil || len(want) == 0 || len(got[i]) != len(want) || got[i][0] != want[0] {
			t.Errorf("station %d: %d passes at once, %d alone (%v)", i, len(got[i]), len(want), err)
		}
	}
}

// balloon stays over a place; it is no satellite and bounds itself.
type balloon struct{ place astro.Geodetic }

func (b balloon) ECEF(time.Time) (pos, vel astro.Vec3, err error) {
	return frame.FromGeodetic(b.place), astro.Vec3{}, nil
}

func (balloon) Limits() Limits {
	return Limits{MaxSpeedKmS: 0.01, MaxAccelKmS2: 1e-4, MinRadiusKm: 6300, MaxRadiusKm: 6500, Step: time.Hour, SlackKm: 1e-6}
}

func TestBoundedTrajectory(t *testing.T) {
	place := berlin
	place.AltKm = 30
	to := epoch.Add(24 * time.Hour)
	passes, err := Passes(balloon{place}, Site{Geodetic: berlin, MinElevationDeg: 80}, epoch, to)
	if err != nil || len(passes) != 1 || !passes[0].OpenStart || !passes[0].OpenEnd || math.Abs(passes[0].MaxElevationDeg-90) > 1e-6 {
		t.Errorf("passes %+v (%v), want one all day, overhead", passes, err)
	}
	place.LonDeg += 20
	if passes, err = Passes(balloon{place}, Site{Geodetic: berlin}, epoch, to); err != nil || len(passes) != 0 {
		t.Errorf("passes %+v (%v) beyond the horizon, want none", passes, err)
	}
}

// broken is a trajectory that is nowhere, or fails.
type broken struct {
	pos astro.Vec3
	err error
}

func (b broken) ECEF(time.Time) (pos, vel astro.Vec3, err error) { return b.pos, astro.Vec3{}, b.err }

func TestSampleErrors(t *testing.T) {
	cause := errors.New("no orbit")
	for _, c := range []struct {
		name string
		tr   Trajectory
		to   time.Time
		want error
	}{
		{"fails", broken{err: cause}, epoch.Add(time.Hour), cause},
		{"not a number", broken{pos: astro.Vec3{math.NaN(), 0, 0}}, epoch.Add(time.Hour), nil},
		{"no time", broken{pos: astro.Vec3{7000, 0, 0}}, epoch, ErrInterval},
	} {
		if _, err := Sample(c.tr, epoch, c.to); err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
}
