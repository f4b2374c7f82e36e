package sgp4

import (
	"fmt"
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/elements"
)

// State is where a satellite is and how it moves, in the TEME frame of date.
type State struct {
	PosTEMEKm  astro.Vec3 // position, km
	VelTEMEKmS astro.Vec3 // velocity, km/s
}

// Propagator gives the state of one satellite at any time. It holds what can
// be computed once from an element set; the fields that every call reads
// come first and close together. Units are those of the theory: radians,
// minutes, Earth radii.
//
// It is safe for concurrent use.
type Propagator struct {
	// Mean elements at epoch and their secular rates from gravity and drag.
	mo, mdot                   float64 // mean anomaly
	argpo, argpdot             float64 // argument of perigee
	nodeo, nodedot, nodecf     float64 // ascending node
	no, ecco                   float64 // unKozai'd mean motion, eccentricity
	ao                         float64 // semi-major axis of no
	cc1, t2cof, bc4            float64 // drag on axis, mean anomaly, eccentricity
	omgcof, xmcof, eta, delmo  float64 // drag on argument of perigee
	d2, d3, d4                 float64 // higher drag on the axis
	t3cof, t4cof, t5cof        float64 // higher drag on mean anomaly
	bc5, sinmo                 float64 // higher drag on eccentricity
	plane                      plane   // the mean orbit's plane (near Earth: for good)
	halfJ2, radiusKm, kmPerSec float64
	simple                     bool      // perigee below 220 km or deep space: no higher drag
	deep                       *deep     // luni-solar and resonance terms, nil near the Earth
	xke, j3oj2                 float64   // gravity constants
	noradID                    int       // for messages
	epoch                      time.Time // of the elements, UTC
}

// plane holds an inclination and all factors that depend on it alone.
type plane struct {
	sini, cosi            float64
	aycof, xlcof          float64 // long-period terms of the third harmonic
	con41, x1mth2, x7thm1 float64 // 3c^2-1, 1-c^2, 7c^2-1 with c = cos i
	tiltAmp, radiusAmp    float64 // amplitudes in inclination and radius: 1.5 c sin i, x1mth2/2
}

// newPlane computes the factors of an inclination with the given sine and
// cosine; j3oj2 is J3/J2.
func newPlane(sini, cosi, j3oj2 float64) plane {
	c2 := float64(cosi * cosi)
	// The divisor vanishes at 180 degrees: the theory caps it.
	div := 1 + cosi
	if math.Abs(div) <= 1.5e-12 {
		div = 1.5e-12
	}
	return plane{
		sini:      sini,
		cosi:      cosi,
		aycof:     -0.5 * j3oj2 * sini,
		xlcof:     -0.25 * j3oj2 * sini * (3 + float64(5*cosi)) / div,
		con41:     float64(3*c2) - 1,
		x1mth2:    1 - c2,
		x7thm1:    float64(7*c2) - 1,
		tiltAmp:   1.5 * cosi * sini,
		radiusAmp: 0.5 * (1 - c2),
	}
}

// New prepares el for propagation. It answers with an *Error of code 1 or 2
// for elements that are no orbit at all, and with a plain error for an
// ephemeris type that SGP4 does not serve or for an unknown option.
// Elements that fail only at some time are accepted; At tells.
func New(el elements.Set, opts ...Option) (*Propagator, error) {
	var set settings
	for _, o := range opts {
		o(&set)
	}
	g, ok := set.gravity.constants()
	if !ok {
		return nil, fmt.Errorf("propagate %v: unknown gravity set %v", el, set.gravity)
	}
	if set.mode > AFSPC {
		return nil, fmt.Errorf("propagate %v: unknown mode %v", el, set.mode)
	}
	if el.EphemerisType == 4 {
		return nil, fmt.Errorf("propagate %v: ephemeris type 4 is SGP4-XP, which is not public; "+
			"take elements of type 0", el)
	}
	for _, v := range [...]float64{el.InclinationDeg, el.RAANDeg, el.ArgPerigeeDeg, el.MeanAnomalyDeg, el.BStar} {
		if !(math.Abs(v) < 1e9) {
			return nil, fmt.Errorf("propagate %v: element %g is out of range", el, v)
		}
	}
	if !(el.Eccentricity >= 0 && el.Eccentricity < 1) {
		return nil, &Error{Code: CodeMeanElements, NoradID: el.NoradID}
	}
	kozai := el.MeanMotionRevDay * (twoPi / 1440)
	if !(kozai > 0 && kozai < 1) {
		return nil, &Error{Code: CodeMeanMotion, NoradID: el.NoradID}
	}
	p := &Propagator{
		ecco:    el.Eccentricity,
		mo:      el.MeanAnomalyDeg * degree,
		argpo:   el.ArgPerigeeDeg * degree,
		nodeo:   el.RAANDeg * degree,
		noradID: el.NoradID,
		epoch:   el.Epoch.UTC(),
	}
	if err := p.init(g, set, kozai, el.InclinationDeg*degree, el.BStar); err != nil {
		return nil, err
	}
	return p, nil
}

// Epoch returns the time of the elements, UTC.
func (p *Propagator) Epoch() time.Time { return p.epoch }

// DeepSpace reports whether the period is 225 minutes or more, so that Sun,
// Moon and resonances act.
func (p *Propagator) DeepSpace() bool { return p.deep != nil }

// AtTime returns the state at t. It counts UTC minutes from the epoch as the
// element sets do, without leap seconds.
func (p *Propagator) AtTime(t time.Time) (State, error) {
	return p.At(float64(t.Sub(p.epoch)) / float64(time.Minute))
}

// At returns the state at the given minutes from the epoch. The error is an
// *Error, or wraps ErrTimeRange.
func (p *Propagator) At(minutes float64) (State, error) {
	if !(math.Abs(minutes) <= MaxMinutes) {
		return State{}, fmt.Errorf("propagate %05d to %g min from epoch: %w: give at most %g",
			p.noradID, minutes, ErrTimeRange, float64(MaxMinutes))
	}
	var s State
	var code int
	if p.deep == nil {
		code = p.near(minutes, &s)
	} else {
		code = p.far(minutes, &s)
	}
	if code != 0 {
		return State{}, &Error{Code: code, NoradID: p.noradID, Minutes: minutes}
	}
	return s, nil
}
