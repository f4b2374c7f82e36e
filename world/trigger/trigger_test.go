package trigger

import (
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/astro/elements"
	"spacechain/astro/sgp4"
	"spacechain/astro/visibility"
	"spacechain/spaceos/manifest"
)

var epoch = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func orbit(t *testing.T) *visibility.Orbit {
	t.Helper()
	p, err := sgp4.New(elements.DefaultWalker(epoch).Sets()[0])
	if err != nil {
		t.Fatal(err)
	}
	return visibility.NewOrbit(p)
}

var alps = manifest.Trigger{Name: "alps", Kind: manifest.Region, Circle: manifest.CircleAt(46.5, 10, 1500)}

// Each kind of event is found again by a scan of the orbit minute by minute.
func TestNext(t *testing.T) {
	tr := orbit(t)
	site := visibility.Site{Geodetic: astro.Geodetic{LatDeg: 78.2, LonDeg: 15.4}, MinElevationDeg: 10}
	e := &Events{Orbit: tr, Stations: []Station{{"Svalbard", site}}}
	whole := func(kind manifest.Kind) []visibility.Window {
		from, to := epoch, epoch.Add(24*time.Hour)
		var ws []visibility.Window
		var err error
		switch kind {
		case manifest.Region:
			ws, err = visibility.RegionPasses(tr, visibility.Region{Centre: astro.Geodetic{LatDeg: 46.5, LonDeg: 10}, RadiusKm: 1500}, from, to)
		case manifest.Pass:
			var passes []visibility.Pass
			passes, err = visibility.Passes(tr, site, from, to)
			for _, p := range passes {
				ws = append(ws, p.Window())
			}
		default:
			var xs []visibility.Eclipse
			xs, err = visibility.Eclipses(tr, from, to)
			for _, x := range xs {
				ws = append(ws, x.Window)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		return ws
	}
	for _, tg := range []manifest.Trigger{alps,
		{Name: "dusk", Kind: manifest.EclipseBegin}, {Name: "dawn", Kind: manifest.EclipseEnd},
		{Name: "home", Kind: manifest.Pass, Station: manifest.AnyStation}, {Name: "home", Kind: manifest.Pass, Station: "Svalbard"},
	} {
		var want []time.Time
		for _, w := range whole(tg.Kind) {
			switch {
			case tg.Kind == manifest.EclipseEnd && !w.OpenEnd:
				want = append(want, w.End)
			case tg.Kind != manifest.EclipseEnd && !w.OpenStart:
				want = append(want, w.Start)
			}
		}
		var got []time.Time
		for at, ok := e.Next(tg, epoch); ok && at.Before(epoch.Add(24*time.Hour)); at, ok = e.Next(tg, at) {
			got = append(got, at)
		}
		if len(got) != len(want) || len(want) < 2 {
			t.Fatalf("%s %s: %d events, want %d: %v, %v", tg.Name, tg.Kind, len(got), len(want), got, want)
		}
		for i := range got {
			if d := got[i].Sub(want[i]); d < -20*time.Millisecond || d > 20*time.Millisecond {
				t.Errorf("%s %s: event %d at %v, want %v", tg.Name, tg.Kind, i, got[i], want[i])
			}
		}
	}
}

// What never happens is not found, and a station that is not there has no passes.
func TestNever(t *testing.T) {
	e := &Events{Orbit: orbit(t), Horizon: 6 * time.Hour}
	for _, tg := range []manifest.Trigger{
		{Kind: manifest.Pass, Station: manifest.AnyStation},
		{Kind: manifest.Schedule, Every: time.Minute},
		{Kind: manifest.Message},
	} {
		if at, ok := e.Next(tg, epoch); ok {
			t.Errorf("%s fires at %v", tg.Kind, at)
		}
	}
	if _, ok := e.Next(alps, epoch.Add(-50*365*24*time.Hour)); ok {
		t.Error("an event 50 years before the elements' epoch") // decayed, or not: it must only not hang
	}
}

func BenchmarkNextEclipse(b *testing.B) {
	p, err := sgp4.New(elements.DefaultWalker(epoch).Sets()[0])
	if err != nil {
		b.Fatal(err)
	}
	e := &Events{Orbit: visibility.NewOrbit(p)}
	at := epoch
	for b.Loop() {
		next, ok := e.Next(manifest.Trigger{Kind: manifest.EclipseBegin}, at)
		if !ok {
			b.Fatal("no eclipse")
		}
		at = next
	}
}
