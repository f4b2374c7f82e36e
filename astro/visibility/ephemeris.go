package visibility

import (
	"fmt"
	"math"
	"time"

	"spacechain/astro"
)

// Ephemeris is a Trajectory over an interval that remembers its samples, so
// that searches for many stations share them. Samples are taken when first
// asked for; until Fill has returned it must be used by one goroutine at a
// time, and after that it is as safe for concurrent use as its trajectory.
type Ephemeris struct {
	tr      Trajectory
	start   time.Time
	span    float64 // s
	step    float64 // s, divides span
	limits  Limits
	samples []sample
}

type sample struct {
	pos, vel astro.Vec3
	known    bool
}

// Sample prepares the ephemeris of a trajectory from one time to another. The
// spacing of samples follows from the orbit: about a minute in low orbits, up
// to 15 minutes in geostationary ones. A day takes at most 90 kB in a low
// orbit.
func Sample(tr Trajectory, from, to time.Time) (*Ephemeris, error) {
	if err := checkInterval(from, to); err != nil {
		return nil, err
	}
	if e, ok := tr.(*Ephemeris); ok {
		tr = e.tr
	}
	pos, vel, err := tr.ECEF(from)
	if err != nil {
		return nil, fmt.Errorf("sample trajectory at %s: %w", from.UTC().Format(time.RFC3339), err)
	}
	if !finite(pos) || !finite(vel) {
		return nil, fmt.Errorf("sample trajectory at %s: state %v %v is not finite",
			from.UTC().Format(time.RFC3339), pos, vel)
	}
	e := &Ephemeris{tr: tr, start: from, span: to.Sub(from).Seconds()}
	if b, ok := tr.(Bounded); ok {
		e.limits = b.Limits()
	} else {
		e.limits = ballistic(pos, vel)
	}
	step := e.limits.Step.Seconds()
	if !(step > 0) {
		step = minStep
	}
	n := max(math.Ceil(e.span/step), 1)
	e.step = e.span / n
	e.samples = make([]sample, int(n)+1)
	e.samples[0] = sample{pos, vel, true}
	return e, nil
}

// Fill takes all samples that are still missing.
func (e *Ephemeris) Fill() error {
	for i := range e.samples {
		if _, err := e.sample(i); err != nil {
			return err
		}
	}
	return nil
}

// ECEF asks the underlying trajectory.
func (e *Ephemeris) ECEF(t time.Time) (posKm, velKmS astro.Vec3, err error) { return e.tr.ECEF(t) }

// Interpolated gives position (km) and velocity (km/s) from the samples around
// t, within a few metres of the trajectory and several times faster. t must lie
// in the ephemeris's interval.
func (e *Ephemeris) Interpolated(t time.Time) (posKm, velKmS astro.Vec3, err error) {
	sec := t.Sub(e.start).Seconds()
	if sec < 0 || sec > e.span {
		return posKm, velKmS, fmt.Errorf("interpolate trajectory at %s: outside %s to %s",
			t.UTC().Format(time.RFC3339), e.start.UTC().Format(time.RFC3339), e.timeAt(e.span).UTC().Format(time.RFC3339))
	}
	return e.interpolate(sec)
}

// From and To are the ends of the interval.
func (e *Ephemeris) From() time.Time { return e.start }

// To is the end of the interval.
func (e *Ephemeris) To() time.Time { return e.timeAt(e.span) }

// ephemeris returns tr itself where it is an Ephemeris over the interval, and
// samples it otherwise; a and b are the interval in seconds of the ephemeris.
func ephemeris(tr Trajectory, from, to time.Time) (e *Ephemeris, a, b float64, err error) {
	if err := checkInterval(from, to); err != nil {
		return nil, 0, 0, err
	}
	e, ok := tr.(*Ephemeris)
	if ok && !from.Before(e.From()) && !to.After(e.To()) {
		return e, from.Sub(e.start).Seconds(), to.Sub(e.start).Seconds(), nil
	}
	if e, err = Sample(tr, from, to); err != nil {
		return nil, 0, 0, err
	}
	return e, 0, e.span, nil
}

func (e *Ephemeris) timeAt(sec float64) time.Time {
	return e.start.Add(time.Duration(math.Round(sec * 1e9)))
}

// exact asks the trajectory.
func (e *Ephemeris) exact(sec float64) (pos, vel astro.Vec3, err error) {
	t := e.timeAt(sec)
	pos, vel, err = e.tr.ECEF(t)
	if err != nil {
		err = fmt.Errorf("trajectory at %s: %w", t.UTC().Format(time.RFC3339), err)
	}
	return pos, vel, err
}

// sample is the state at node i of the grid.
func (e *Ephemeris) sample(i int) (*sample, error) {
	s := &e.samples[i]
	if !s.known {
		pos, vel, err := e.exact(float64(float64(i) * e.step))
		if err != nil {
			return nil, err
		}
		*s = sample{pos, vel, true}
	}
	return s, nil
}

// interpolate is the cubic through the two samples around sec.
func (e *Ephemeris) interpolate(sec float64) (pos, vel astro.Vec3, err error) {
	i := max(0, min(int(sec/e.step), len(e.samples)-2))
	a, err := e.sample(i)
	if err != nil {
		return pos, vel, err
	}
	b, err := e.sample(i + 1)
	if err != nil {
		return pos, vel, err
	}
	h := e.step
	u := (sec - float64(float64(i)*h)) / h
	u2 := float64(u * u)
	w := 1 - u
	w2 := float64(w * w)
	// Hermite's basis and its derivative
	pa, pb := float64(w2*(1+2*u)), float64(u2*(1+2*w))
	va, vb := float64(float64(u*w2)*h), -float64(float64(w*u2)*h)
	dp := float64(6*float64(u*w)) / h
	da, db := float64(w*(1-float64(3*u))), float64(u*(1-float64(3*w)))
	for k := range 3 {
		pos[k] = float64(pa*a.pos[k]) + float64(pb*b.pos[k]) + float64(va*a.vel[k]) + float64(vb*b.vel[k])
		vel[k] = float64(dp*(b.pos[k]-a.pos[k])) + float64(da*a.vel[k]) + float64(db*b.vel[k])
	}
	return pos, vel, nil
}

// near is the state at sec: the sample itself on the grid (slack 0), else the
// cubic, which is good to slack.
func (e *Ephemeris) near(sec float64) (pos, vel astro.Vec3, slack float64, err error) {
	if i := math.Round(sec / e.step); float64(i*e.step) == sec && i >= 0 && int(i) < len(e.samples) {
		s, err := e.sample(int(i))
		if err != nil {
			return pos, vel, 0, err
		}
		return s.pos, s.vel, 0, nil
	}
	pos, vel, err = e.interpolate(sec)
	return pos, vel, e.limits.SlackKm, err
}

func finite(v astro.Vec3) bool {
	s := v[0] + v[1] + v[2]
	return !math.IsNaN(s) && !math.IsInf(s, 0)
}
