package satellite

import (
	"strings"
	"time"

	"spacechain/astro"
	"spacechain/astro/visibility"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/system"
)

// Site is a station as an orbit trigger may name it.
type Site struct {
	Name string
	visibility.Site
}

// Orbit tells the operating system when orbit triggers fire, from the satellite's
// own trajectory.
type Orbit struct {
	path  visibility.Trajectory
	sites []Site
}

var _ system.OrbitEvents = (*Orbit)(nil)

// NewOrbit gives the events of a trajectory. Passes are over the given sites.
func NewOrbit(path visibility.Trajectory, sites []Site) *Orbit { return &Orbit{path, sites} }

// The search looks a little ahead first, which most often suffices, and a day at most.
var lookAhead = []time.Duration{2 * time.Hour, 24 * time.Hour}

// settled is how far after an event the search for the next one begins: a search that
// begins on an event may find it once more, by the last decimals of its time.
const settled = 10 * time.Millisecond

// Next implements system.OrbitEvents: the first entry into a region, into or out of
// eclipse, or rise above a station, strictly after a time.
func (o *Orbit) Next(t manifest.Trigger, after time.Time) (time.Time, bool) {
	after = after.Add(settled)
	for _, ahead := range lookAhead {
		if at, ok := o.within(t, after, after.Add(ahead)); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

func (o *Orbit) within(t manifest.Trigger, from, to time.Time) (time.Time, bool) {
	first := func(windows []visibility.Window, ends bool) (time.Time, bool) {
		for _, w := range windows {
			at, cut := w.Start, w.OpenStart
			if ends {
				at, cut = w.End, w.OpenEnd
			}
			if !cut && at.After(from) {
				return at, true
			}
		}
		return time.Time{}, false
	}
	// An error of the trajectory (a satellite that decays) ends the search; what was
	// found before it counts.
	switch t.Kind {
	case manifest.Region:
		centre := astro.Geodetic{LatDeg: t.Circle.LatDeg(), LonDeg: t.Circle.LonDeg()}
		windows, _ := visibility.RegionPasses(o.path, visibility.Region{Centre: centre, RadiusKm: t.Circle.RadiusKm()}, from, to)
		return first(windows, false)
	case manifest.EclipseBegin, manifest.EclipseEnd:
		eclipses, _ := visibility.Eclipses(o.path, from, to)
		windows := make([]visibility.Window, len(eclipses))
		for i, e := range eclipses {
			windows[i] = e.Window
		}
		return first(windows, t.Kind == manifest.EclipseEnd)
	case manifest.Pass:
		var best time.Time
		path := o.path
		if eph, err := visibility.Sample(path, from, to); err == nil { // which the sites share
			path = eph
		}
		for _, s := range o.sites {
			if t.Station != manifest.AnyStation && !strings.EqualFold(t.Station, s.Name) {
				continue
			}
			passes, _ := visibility.Passes(path, s.Site, from, to)
			windows := make([]visibility.Window, len(passes))
			for i, p := range passes {
				windows[i] = p.Window()
			}
			if at, ok := first(windows, false); ok && (best.IsZero() || at.Before(best)) {
				best = at
			}
		}
		return best, !best.IsZero()
	}
	return time.Time{}, false
}
