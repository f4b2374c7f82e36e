package visibility

import (
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
)

// Pass is a satellite in view of a station, from rise (AOS) to set (LOS).
type Pass struct {
	Rise        time.Time // it comes above minimum elevation and mask
	Culmination time.Time // it stands highest within the pass
	Set         time.Time // it goes below minimum elevation or mask

	MaxElevationDeg       float64 // at culmination
	RiseAzimuthDeg        float64 // clockwise from north
	CulminationAzimuthDeg float64
	SetAzimuthDeg         float64
	CulminationRangeKm    float64 // distance at culmination

	OpenStart bool // it was in view already when the search interval began; Rise is that time
	OpenEnd   bool // it was still in view when the search interval ended; Set is that time
}

// Duration is the time from rise to set.
func (p Pass) Duration() time.Duration { return p.Set.Sub(p.Rise) }

// Window is the pass's time.
func (p Pass) Window() Window {
	return Window{Start: p.Rise, End: p.Set, OpenStart: p.OpenStart, OpenEnd: p.OpenEnd}
}

// Passes finds the passes of a satellite over a station between two times, in
// order. Where a mask hides a part of a pass, the parts are passes of their own.
//
// Give it an Ephemeris to share samples between stations. On an error of the
// trajectory (a satellite that decays within the interval) the passes before it
// are returned with the error; one that has not ended by then is left out.
func Passes(tr Trajectory, site Site, from, to time.Time) ([]Pass, error) {
	if err := site.Validate(); err != nil {
		return nil, err
	}
	e, a, b, err := ephemeris(tr, from, to)
	if err != nil {
		return nil, err
	}
	sky := newSky(e, site)
	spans, failed := sky.above().search(a, b, e.step)
	spans = finished(spans, failed)
	if sky.masked() {
		var parts []span
		for _, s := range spans {
			if parts, err = sky.unmasked(s, parts); err != nil {
				failed = err
				break
			}
		}
		spans = parts
	}
	passes := make([]Pass, 0, len(spans))
	for _, s := range spans {
		p, err := sky.pass(s)
		if err != nil {
			return passes, err
		}
		passes = append(passes, p)
	}
	return passes, failed
}

// sky is what a station sees of one trajectory.
type sky struct {
	e       *Ephemeris
	site    Site
	centre  frame.Topocentre
	sine    float64 // of the minimum elevation
	maxMask float64 // degrees
}

func newSky(e *Ephemeris, site Site) *sky {
	k := &sky{e: e, site: site, centre: frame.NewTopocentre(site.Geodetic)}
	k.sine = math.Sin(site.MinElevationDeg * degree)
	_, k.maxMask = site.Mask.extremes()
	return k
}

// above is the condition that the satellite stands above the minimum
// elevation. Its value, in km, is
//
//	F = d.up - sin(minimum) |d|,   d from station to satellite,
//
// which is positive just above it, and smooth. With the acceleration a and the
// velocity v its second derivative is at most |a| (1 + |sin|), as |d| is
// convex but for a; below the horizontal |sin| v^2/|d| adds to that.
func (k *sky) above() *condition {
	l := &k.e.limits
	s := math.Abs(k.sine)
	c := &condition{
		at:        k.reading,
		maxRate:   l.MaxSpeedKmS * (1 + s),
		maxCurve:  l.MaxAccelKmS2 * (1 + s),
		rateSlack: l.SlackKmS * (1 + s),
	}
	if k.sine < 0 {
		nearest := max(l.MinRadiusKm-k.centre.PosECEFKm.Norm(), 10)
		c.maxCurve += float64(s*float64(l.MaxSpeedKmS*l.MaxSpeedKmS)) / nearest
	}
	return c
}

// reading evaluates F and its rate: from samples where its sign is plain, from
// the trajectory itself near zero.
func (k *sky) reading(sec float64) (reading, error) {
	pos, vel, slack, err := k.e.near(sec)
	if err != nil {
		return reading{}, err
	}
	r := k.height(sec, pos, vel)
	if slack == 0 {
		return r, nil
	}
	r.slack = 2 * slack
	if math.Abs(r.value) <= 2*r.slack {
		if pos, vel, err = k.e.exact(sec); err != nil {
			return reading{}, err
		}
		r = k.height(sec, pos, vel)
	}
	return r, nil
}

func (k *sky) height(sec float64, pos, vel astro.Vec3) reading {
	d := pos.Sub(k.centre.PosECEFKm)
	dist := d.Norm()
	if dist == 0 {
		return reading{sec: sec}
	}
	return reading{
		sec:   sec,
		value: d.Dot(k.centre.Up) - float64(k.sine*dist),
		rate:  vel.Dot(k.centre.Up) - float64(k.sine*d.Dot(vel))/dist,
	}
}

// pass describes the pass that a span is.
func (k *sky) pass(s span) (Pass, error) {
	top, err := k.culmination(s)
	if err != nil {
		return Pass{}, err
	}
	p := Pass{
		Rise: k.e.timeAt(s.start), Culmination: k.e.timeAt(top), Set: k.e.timeAt(s.end),
		OpenStart: s.openStart, OpenEnd: s.openEnd,
	}
	for _, at := range []struct {
		sec float64
		az  *float64
	}{{s.start, &p.RiseAzimuthDeg}, {s.end, &p.SetAzimuthDeg}, {top, &p.CulminationAzimuthDeg}} {
		pos, vel, err := k.e.exact(at.sec)
		if err != nil {
			return Pass{}, err
		}
		l := k.centre.Look(pos, vel)
		*at.az = l.AzimuthDeg
		p.MaxElevationDeg, p.CulminationRangeKm = l.ElevationDeg, l.RangeKm // the last is the culmination
	}
	return p, nil
}

// culmination is when the satellite stands highest within a span.
func (k *sky) culmination(s span) (float64, error) {
	// The span's nodes are its ends and the samples between them.
	first := math.Floor(s.start/k.e.step) + 1
	inner := max(0, int(math.Ceil(s.end/k.e.step)-first))
	node := func(j int) float64 {
		switch {
		case j <= 0:
			return s.start
		case j > inner:
			return s.end
		}
		return float64((first + float64(j-1)) * k.e.step)
	}
	best, bestSine := 0, math.Inf(-1)
	for j := 0; j <= inner+1; j++ {
		pos, _, _, err := k.e.near(node(j))
		if err != nil {
			return 0, err
		}
		if sine := k.sineAt(pos); sine > bestSine {
			best, bestSine = j, sine
		}
	}
	// Between the highest node's neighbours the sine of elevation stops
	// rising: first by the samples, then by central differences of exact
	// positions, which do not depend on the velocity's error.
	lo, hi := node(best-1), node(best+1)
	if hi <= lo {
		return node(best), nil
	}
	const h = 0.05
	slope := func(sec float64) (float64, error) {
		a, _, err := k.e.exact(sec - h)
		if err != nil {
			return 0, err
		}
		b, _, err := k.e.exact(sec + h)
		return k.sineAt(b) - k.sineAt(a), err
	}
	guess, err := k.apex(lo, hi)
	if err != nil {
		return 0, err
	}
	for _, width := range []float64{0.25, k.e.step / 16, 2 * k.e.step} {
		a, b := max(lo, guess-width), min(hi, guess+width)
		fa, err := slope(a)
		if err != nil {
			return 0, err
		}
		fb, err := slope(b)
		if err != nil {
			return 0, err
		}
		if fa > 0 && fb < 0 {
			return root(slope, a, fa, b, fb, topTolerance)
		}
	}
	return node(best), nil // highest at an end, or flat as far as numbers tell
}

// topTolerance is the error of culmination times, in seconds.
const topTolerance = 1e-5

// apex is where the samples' cubic stops rising between two times, or the end
// that it rises or falls from.
func (k *sky) apex(lo, hi float64) (float64, error) {
	rises := func(sec float64) (bool, error) {
		pos, vel, _, err := k.e.near(sec)
		d := pos.Sub(k.centre.PosECEFKm)
		up := float64(vel.Dot(k.centre.Up)*d.Dot(d)) - float64(d.Dot(k.centre.Up)*d.Dot(vel))
		return up > 0, err
	}
	for hi-lo > 0.02 {
		m := lo + (hi-lo)/2
		up, err := rises(m)
		if err != nil {
			return 0, err
		}
		if up {
			lo = m
		} else {
			hi = m
		}
	}
	return lo + (hi-lo)/2, nil
}

// sineAt is the sine of the elevation of a position.
func (k *sky) sineAt(pos astro.Vec3) float64 {
	d := pos.Sub(k.centre.PosECEFKm)
	if n := d.Norm(); n > 0 {
		return d.Dot(k.centre.Up) / n
	}
	return 0
}
