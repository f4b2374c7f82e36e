package visibility

import (
	"math"
	"time"

	"spacechain/astro/frame"
	"spacechain/astro/sun"
	"spacechain/astro/timescale"
)

// Eclipse is a satellite's way through the Earth's shadow. The window reaches
// from its entry into the penumbra to its exit.
type Eclipse struct {
	Window
	Total bool   // it goes through the umbra
	Umbra Window // the time in the umbra, where Total
}

// Eclipses finds a satellite's eclipses between two times by the shadow cones
// of package sun. Ephemerides and errors as in Passes.
func Eclipses(tr Trajectory, from, to time.Time) ([]Eclipse, error) {
	e, a, b, err := ephemeris(tr, from, to)
	if err != nil {
		return nil, err
	}
	penumbra := e.shadow(func(p, _ float64) float64 { return -p })
	umbra := e.shadow(func(_, u float64) float64 { return -u })
	spans, failed := penumbra.search(a, b, e.step)
	var out []Eclipse
	for _, s := range finished(spans, failed) {
		x := Eclipse{Window: e.window(s)}
		dark, err := umbra.search(s.start, s.end, e.step)
		if err != nil {
			return out, err
		}
		if len(dark) > 0 {
			u := span{start: dark[0].start, end: dark[len(dark)-1].end}
			u.openStart = s.openStart && dark[0].openStart
			u.openEnd = s.openEnd && dark[len(dark)-1].openEnd
			x.Total, x.Umbra = true, e.window(u)
		}
		out = append(out, x)
	}
	return out, failed
}

// shadow is the condition that the chosen margin is positive, in radians.
func (e *Ephemeris) shadow(choose func(penumbra, umbra float64) float64) *condition {
	// The apparent separation changes with the satellite's direction from the
	// Earth's centre and with the Sun's, the Earth's apparent radius b with the
	// distance r as tan(b)/r.
	r := max(e.slowRadius()/(1+frame.Flattening), frame.EquatorialRadiusKm+20)
	tan := frame.EquatorialRadiusKm / math.Sqrt(r*r-frame.EquatorialRadiusKm*frame.EquatorialRadiusKm)
	perKm := 1.01 * (1 + tan) / r
	c := &condition{
		maxRate:  float64(perKm*e.limits.MaxSpeedKmS) + 1.1*timescale.OmegaEarth,
		maxCurve: math.Inf(1),
	}
	c.at = func(sec float64) (reading, error) {
		pos, _, slack, err := e.near(sec)
		if err != nil {
			return reading{}, err
		}
		t := e.timeAt(sec)
		sunKm := sun.PosECEFKm(t)
		g := reading{sec: sec, value: choose(sun.Margins(pos, sunKm)), slack: 2 * float64(perKm*slack)}
		if slack > 0 && math.Abs(g.value) <= 2*g.slack {
			if pos, _, err = e.exact(sec); err != nil {
				return reading{}, err
			}
			g.value, g.slack = choose(sun.Margins(pos, sunKm)), 0
		}
		return g, nil
	}
	return c
}
