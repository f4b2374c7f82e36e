package topology

import (
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/visibility"
)

// gridWindows adds the windows of Grid's links within [from, to).
func (t *Topology) gridWindows(windows []Window, from, to time.Time) []Window {
	first, last := minuteOf(from), minuteOf(to.Add(-1))
	sinCutoff := 2.0 // no cutoff
	if t.opts.PolarCutoffDeg < 90 {
		sinCutoff = math.Sin(t.opts.PolarCutoffDeg * math.Pi / 180)
	}
	var k tracker
	for _, e := range t.grid {
		up := func(a, b astro.Vec3) bool {
			return t.reaches(a, b) && (!e.cross || below(a, sinCutoff) && below(b, sinCutoff))
		}
		for minute := first; minute <= last; minute++ {
			a, okA := t.eph.arc(e.a, minute)
			b, okB := t.eph.arc(e.b, minute)
			if !okA || !okB {
				k.gap(minute)
				continue
			}
			before := up(a.a.pos, b.a.pos)
			k.begin(minute, before)
			if up(a.b.pos, b.b.pos) != before {
				k.flip(minute, change(0, 60, before, func(at float64) bool {
					pa, _ := a.at(at)
					pb, _ := b.at(at)
					return up(pa, pb)
				}))
			}
		}
		k.finish(last + 1)
		windows = k.windows(windows, t.sats[e.a].Node, t.sats[e.b].Node, ISL, from, to, func(at time.Time) float64 {
			return t.eph.distance(e.a, e.b, at)
		})
	}
	return windows
}

// reaches says whether two satellites are in range and in sight of each other.
func (t *Topology) reaches(a, b astro.Vec3) bool {
	d := a.Sub(b)
	return d.Dot(d) <= float64(t.opts.MaxRangeKm*t.opts.MaxRangeKm) && visibility.LineOfSight(a, b, t.opts.GrazingKm)
}

// below says whether a place is on the equator's side of a latitude (geocentric).
func below(p astro.Vec3, sinLatitude float64) bool {
	return math.Abs(p[2]) <= float64(sinLatitude*p.Norm())
}
