package visibility

import (
	"errors"
	"fmt"
	"math"
	"time"

	"spacechain/astro"
)

// LinkLimits say when two satellites can see each other well enough.
type LinkLimits struct {
	GrazingKm  float64 // the line between them stays this far above the Earth; see LineOfSight
	MaxRangeKm float64 // and is no longer than this; 0 is no limit
}

// ErrLink is returned for limits that cannot be met by anything.
var ErrLink = errors.New("inter-satellite link")

// Validate says what is wrong with the limits; the error is an ErrLink.
func (l LinkLimits) Validate() error {
	switch {
	case !validGrazing(l.GrazingKm):
		return fmt.Errorf("%w: grazing height %g km is not in -6000 to %g", ErrLink, l.GrazingKm, maxGrazingKm)
	case !(l.MaxRangeKm >= 0):
		return fmt.Errorf("%w: range limit %g km is negative", ErrLink, l.MaxRangeKm)
	}
	return nil
}

// Links finds the times between two instants in which two satellites have a
// line of sight within the limits. Ephemerides and errors as in Passes.
func Links(a, b Trajectory, limits LinkLimits, from, to time.Time) ([]Window, error) {
	if err := limits.Validate(); err != nil {
		return nil, err
	}
	ea, start, end, err := ephemeris(a, from, to)
	if err != nil {
		return nil, err
	}
	eb, startB, _, err := ephemeris(b, from, to)
	if err != nil {
		return nil, err
	}
	p := &pair{a: ea, b: eb, offset: startB - start, limits: limits, shell: newShell(limits.GrazingKm)}
	spans := []span{{start: start, end: end, openStart: true, openEnd: true}}
	if limits.MaxRangeKm > 0 {
		if spans, err = p.near().search(start, end, ea.step); err != nil {
			return ea.windows(finished(spans, err)), err
		}
	}
	sight := p.clear()
	var out []span
	for _, s := range spans {
		seen, err := sight.search(s.start, s.end, ea.step)
		for _, v := range finished(seen, err) {
			v.openStart = v.openStart && s.openStart
			v.openEnd = v.openEnd && s.openEnd
			out = append(out, v)
		}
		if err != nil {
			return ea.windows(out), err
		}
	}
	return ea.windows(out), nil
}

// pair is two ephemerides; seconds count from the first one's start, and
// offset brings them to the second's.
type pair struct {
	a, b   *Ephemeris
	offset float64
	limits LinkLimits
	shell  shell
}

// near is the condition that the range is below its limit. Its value, in km^2,
// is limit^2 - |d|^2, whose second derivative -2 v.v - 2 d.a is at most 2 |d||a|.
func (p *pair) near() *condition {
	la, lb := &p.a.limits, &p.b.limits
	reach := la.MaxRadiusKm + lb.MaxRadiusKm
	c := &condition{
		maxRate:   2 * reach * (la.MaxSpeedKmS + lb.MaxSpeedKmS),
		maxCurve:  2 * reach * (la.MaxAccelKmS2 + lb.MaxAccelKmS2),
		rateSlack: 2 * reach * (la.SlackKmS + lb.SlackKmS),
	}
	limit2 := float64(p.limits.MaxRangeKm * p.limits.MaxRangeKm)
	c.at = p.reader(func(sec float64, s *states) reading {
		d, v := s.posB.Sub(s.posA), s.velB.Sub(s.velA)
		return reading{
			sec:   sec,
			value: limit2 - d.Dot(d),
			rate:  -2 * d.Dot(v),
			slack: 2 * float64(d.Norm()*s.slack),
		}
	})
	return c
}

// clear is the condition that the line of sight clears the shell. Its value,
// in km^2 of stretched space, is |p|^2 - radius^2, p being the closest point of
// the segment. As the least of |a + f (b-a)|^2 over f it has, by the envelope
// theorem, the rate 2 p.v and a second derivative of at most 2 v.v + 2 |p||a|,
// with v and a of the point that divides the segment as p does.
func (p *pair) clear() *condition {
	la, lb := &p.a.limits, &p.b.limits
	q := p.shell.squash
	reach := q * max(la.MaxRadiusKm, lb.MaxRadiusKm)
	speed := q * max(la.MaxSpeedKmS, lb.MaxSpeedKmS)
	accel := q * max(la.MaxAccelKmS2, lb.MaxAccelKmS2)
	c := &condition{
		maxRate:   2 * reach * speed,
		maxCurve:  2*float64(speed*speed) + 2*float64(reach*accel),
		rateSlack: 2 * reach * q * max(la.SlackKmS, lb.SlackKmS),
	}
	radius2 := float64(p.shell.radius * p.shell.radius)
	c.at = p.reader(func(sec float64, s *states) reading {
		a, b := p.shell.stretch(s.posA), p.shell.stretch(s.posB)
		at, f := p.shell.closest(a, b)
		va, vb := p.shell.stretch(s.velA), p.shell.stretch(s.velB)
		return reading{
			sec:   sec,
			value: at.Dot(at) - radius2,
			rate:  2 * at.Dot(va.Add(vb.Sub(va).Scale(f))),
			slack: 2 * float64(q*float64(at.Norm()*s.slack)),
		}
	})
	return c
}

// states are both satellites' at one time.
type states struct {
	posA, velA, posB, velB astro.Vec3
	slack                  float64 // km, of the distance between them
}

// reader evaluates value from samples where its sign is plain, and from the
// trajectories near zero.
func (p *pair) reader(value func(sec float64, s *states) reading) func(float64) (reading, error) {
	return func(sec float64) (reading, error) {
		var s states
		var slackA, slackB float64
		var err error
		if s.posA, s.velA, slackA, err = p.a.near(sec); err != nil {
			return reading{}, err
		}
		if s.posB, s.velB, slackB, err = p.b.near(sec + p.offset); err != nil {
			return reading{}, err
		}
		s.slack = 2 * (slackA + slackB)
		r := value(sec, &s)
		if s.slack == 0 || math.Abs(r.value) > 2*r.slack {
			return r, nil
		}
		if s.posA, s.velA, err = p.a.exact(sec); err != nil {
			return reading{}, err
		}
		if s.posB, s.velB, err = p.b.exact(sec + p.offset); err != nil {
			return reading{}, err
		}
		s.slack = 0
		return value(sec, &s), nil
	}
}
