package satellite

import (
	"slices"
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/astro/elements"
	"spacechain/astro/sgp4"
	"spacechain/astro/visibility"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
)

func path(t testing.TB) visibility.Trajectory {
	t.Helper()
	p, err := sgp4.New(elements.DefaultWalker(noon).Sets()[30])
	if err != nil {
		t.Fatal(err)
	}
	return visibility.NewOrbit(p)
}

var sites = []Site{
	{"Svalbard", visibility.Site{Geodetic: astro.Geodetic{LatDeg: 78.23, LonDeg: 15.40, AltKm: 0.46}, MinElevationDeg: 5}},
	{"Singapore", visibility.Site{Geodetic: astro.Geodetic{LatDeg: 1.39, LonDeg: 103.83}, MinElevationDeg: 10}},
	{"Awarua", visibility.Site{Geodetic: astro.Geodetic{LatDeg: -46.53, LonDeg: 168.38}, MinElevationDeg: 5}},
}

// Asked again from each event on, the events of two days are those of one long search:
// none is missing, none comes twice.
func TestEventsAreThoseOfOneLongSearch(t *testing.T) {
	orbit, o := path(t), NewOrbit(path(t), sites)
	from, to := noon, noon.Add(48*time.Hour)
	circle := manifest.CircleAt(48.2, 16.4, 900)

	region, err := visibility.RegionPasses(orbit, visibility.Region{Centre: astro.Geodetic{LatDeg: circle.LatDeg(), LonDeg: circle.LonDeg()}, RadiusKm: circle.RadiusKm()}, from, to)
	if err != nil {
		t.Fatal(err)
	}
	eclipses, err := visibility.Eclipses(orbit, from, to)
	if err != nil {
		t.Fatal(err)
	}
	var enter, begin, end, rise []time.Time
	for _, w := range region {
		enter = append(enter, w.Start)
	}
	for _, e := range eclipses {
		if !e.OpenStart {
			begin = append(begin, e.Start)
		}
		if !e.OpenEnd {
			end = append(end, e.End)
		}
	}
	station := map[string][]time.Time{}
	for _, s := range sites {
		passes, err := visibility.Passes(orbit, s.Site, from, to)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range passes {
			if !p.OpenStart {
				station[s.Name] = append(station[s.Name], p.Rise)
				rise = append(rise, p.Rise)
			}
		}
	}
	slices.SortFunc(rise, time.Time.Compare)
	for _, c := range []struct {
		name    string
		trigger manifest.Trigger
		want    []time.Time
		least   int
	}{
		{"region", manifest.Trigger{Kind: manifest.Region, Circle: circle}, enter, 3},
		{"eclipse begins", manifest.Trigger{Kind: manifest.EclipseBegin}, begin, 25},
		{"eclipse ends", manifest.Trigger{Kind: manifest.EclipseEnd}, end, 25},
		{"pass over Svalbard", manifest.Trigger{Kind: manifest.Pass, Station: "Svalbard"}, station["Svalbard"], 20},
		{"pass, whatever the case", manifest.Trigger{Kind: manifest.Pass, Station: "singapore"}, station["Singapore"], 4},
		{"pass over any", manifest.Trigger{Kind: manifest.Pass, Station: manifest.AnyStation}, rise, 30},
		{"pass over nobody", manifest.Trigger{Kind: manifest.Pass, Station: "Atlantis"}, nil, 0},
		{"a schedule", manifest.Trigger{Kind: manifest.Schedule, Every: time.Minute}, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if len(c.want) < c.least {
				t.Fatalf("only %d events to compare", len(c.want))
			}
			var got []time.Time
			for at, ok := o.Next(c.trigger, from); ok && at.Before(to); {
				got = append(got, at)
				if len(got) > len(c.want) {
					break
				}
				next, more := o.Next(c.trigger, at)
				if more && !next.After(at) {
					t.Fatalf("after %v comes %v", at, next)
				}
				at, ok = next, more
			}
			if len(got) != len(c.want) {
				t.Fatalf("%d events, want %d\n%v\n%v", len(got), len(c.want), got, c.want)
			}
			for i := range got {
				if d := got[i].Sub(c.want[i]).Abs(); d > 10*time.Millisecond {
					t.Errorf("event %d is off by %v", i, d)
				}
			}
		})
	}
}

// One that goes on when the search begins has begun already.
func TestEventUnderWayDoesNotCount(t *testing.T) {
	o := NewOrbit(path(t), sites)
	eclipse := manifest.Trigger{Kind: manifest.EclipseBegin}
	first, ok := o.Next(eclipse, noon)
	if !ok {
		t.Fatal("no eclipse")
	}
	within := first.Add(5 * time.Minute)
	next, ok := o.Next(eclipse, within)
	if !ok || next.Sub(first) < 95*time.Minute || next.Sub(first) > 105*time.Minute {
		t.Errorf("after the eclipse of %v comes %v: the orbit takes 100 minutes", first, next)
	}
	end, ok := o.Next(manifest.Trigger{Kind: manifest.EclipseEnd}, within)
	if !ok || end.Sub(first) > 40*time.Minute {
		t.Errorf("the eclipse of %v ends at %v", first, end)
	}
}

// An eclipse-driven and a pass-driven app run when the orbit says so.
func TestOrbitTriggersActivate(t *testing.T) {
	o := NewOrbit(path(t), sites)
	s := newSky(t, func(s *sky) { s.orbit = o })
	s.link()
	dark := manifest.Trigger{Name: "dark", Kind: manifest.EclipseBegin}
	pass := manifest.Trigger{Name: "pass", Kind: manifest.Pass, Station: manifest.AnyStation}
	s.order(command.Command{Op: command.Deploy, Body: app(t, "nothing", dark, pass)})
	s.run(6 * time.Hour)
	want := 0
	for _, trigger := range []manifest.Trigger{dark, pass} {
		for at, ok := o.Next(trigger, noon); ok && at.Before(noon.Add(6*time.Hour-time.Second)); at, ok = o.Next(trigger, at) {
			want++
		}
	}
	if got := s.results(); len(got) != want || want < 8 {
		t.Errorf("%d results, want %d", len(got), want)
	}
}

func BenchmarkNextPassOverAny(b *testing.B) {
	var many []Site
	for i := range 20 {
		many = append(many, Site{"S", visibility.Site{Geodetic: astro.Geodetic{LatDeg: float64(i*8 - 80), LonDeg: float64(i * 17)}, MinElevationDeg: 5}})
	}
	o := NewOrbit(path(b), many)
	at := noon
	for b.Loop() {
		at, _ = o.Next(manifest.Trigger{Kind: manifest.Pass, Station: manifest.AnyStation}, at)
	}
}
