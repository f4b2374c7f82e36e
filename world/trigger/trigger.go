// Package trigger tells when a satellite's orbit triggers fire: when its ground
// point enters a region, when eclipse begins and ends, when a pass over a station
// begins. It is what a payload's operating system asks for the next orbit event.
package trigger

import (
	"time"

	"spacechain/astro"
	"spacechain/astro/visibility"
	"spacechain/spaceos/manifest"
)

// Station is a ground station as pass triggers know it.
type Station struct {
	Name string
	Site visibility.Site
}

// Events finds the orbit events of one satellite. It keeps nothing between calls
// and may be used from several goroutines if its orbit may.
type Events struct {
	Orbit    visibility.Trajectory
	Stations []Station
	// Horizon is how far ahead Next looks; zero means a day.
	Horizon time.Duration
}

const (
	// chunk is how far one search goes before its results are looked at. The first
	// event is mostly near: an orbit has one eclipse, and a pass comes within hours.
	chunk = 2 * time.Hour
	// overlap keeps an event on the border of two searches from being open in both.
	overlap = time.Minute
)

// Next gives the first time strictly after the given one at which an orbit trigger
// fires, to the millisecond, or false if none does within the horizon. An eclipse
// or pass that is under way then has fired already.
func (e *Events) Next(t manifest.Trigger, after time.Time) (time.Time, bool) {
	horizon := e.Horizon
	if horizon == 0 {
		horizon = 24 * time.Hour
	}
	end := after.Add(horizon)
	for from := after; from.Before(end); from = from.Add(chunk) {
		until := from.Add(chunk)
		if until.After(end) {
			until = end
		}
		best := time.Time{}
		for _, at := range e.between(t, from.Add(-overlap), until) {
			at = at.Add(time.Millisecond - 1).Truncate(time.Millisecond).UTC()
			if at.After(after) && (best.IsZero() || at.Before(best)) {
				best = at
			}
		}
		if !best.IsZero() {
			return best, true
		}
	}
	return time.Time{}, false
}

// between gives the times at which a trigger fires between two times. Where the
// orbit's elements end within, there are those before their end.
func (e *Events) between(t manifest.Trigger, from, to time.Time) (fired []time.Time) {
	begins := func(ws []visibility.Window) {
		for _, w := range ws {
			if !w.OpenStart {
				fired = append(fired, w.Start)
			}
		}
	}
	switch t.Kind {
	case manifest.Region:
		ws, _ := visibility.RegionPasses(e.Orbit, visibility.Region{RadiusKm: t.Circle.RadiusKm(),
			Centre: astro.Geodetic{LatDeg: t.Circle.LatDeg(), LonDeg: t.Circle.LonDeg()}}, from, to)
		begins(ws)
	case manifest.EclipseBegin, manifest.EclipseEnd:
		eclipses, _ := visibility.Eclipses(e.Orbit, from, to)
		for _, x := range eclipses {
			switch {
			case t.Kind == manifest.EclipseBegin && !x.OpenStart:
				fired = append(fired, x.Start)
			case t.Kind == manifest.EclipseEnd && !x.OpenEnd:
				fired = append(fired, x.End)
			}
		}
	case manifest.Pass:
		for _, s := range e.Stations {
			if t.Station != manifest.AnyStation && t.Station != s.Name {
				continue
			}
			passes, _ := visibility.Passes(e.Orbit, s.Site, from, to)
			for _, p := range passes {
				if !p.OpenStart {
					fired = append(fired, p.Rise)
				}
			}
		}
	}
	return fired
}
