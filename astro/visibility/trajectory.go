package visibility

import (
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/sgp4"
	"spacechain/astro/timescale"
)

// Trajectory is the path of something that moves over the Earth. ECEF gives its
// position in km and its velocity in km/s, in the frame that turns with the
// Earth.
//
// The searches take it for a satellite in free flight and derive from its first
// state how sharply it can turn. What moves otherwise implements Bounded, too.
type Trajectory interface {
	ECEF(t time.Time) (posKm, velKmS astro.Vec3, err error)
}

// Bounded is implemented by a Trajectory that is not a satellite in free flight
// (an aircraft, a ship, a satellite under thrust) to bound its own motion.
type Bounded interface {
	Limits() Limits
}

// Limits bound a motion in ECEF. All must hold throughout the searched interval.
type Limits struct {
	MaxSpeedKmS  float64 // of the velocity
	MaxAccelKmS2 float64 // of the acceleration, as seen in the rotating frame
	MinRadiusKm  float64 // distance from the Earth's centre, at least
	MaxRadiusKm  float64 // and at most
	// Step is a spacing at which a cubic through two positions and velocities
	// follows the path to SlackKm.
	Step    time.Duration
	SlackKm float64
	// SlackKmS is how far the velocity may differ from the position's
	// derivative.
	SlackKmS float64
}

// Orbit is the Trajectory of an SGP4 propagator. It is as safe for concurrent
// use as the propagator is.
type Orbit struct {
	prop *sgp4.Propagator
}

// NewOrbit makes a Trajectory of a propagator.
func NewOrbit(p *sgp4.Propagator) *Orbit { return &Orbit{prop: p} }

// ECEF gives position (km) and velocity (km/s) at t; errors are *sgp4.Error.
func (o *Orbit) ECEF(t time.Time) (posKm, velKmS astro.Vec3, err error) {
	s, err := o.prop.AtTime(t)
	if err != nil {
		return astro.Vec3{}, astro.Vec3{}, err
	}
	posKm, velKmS = frame.TEMEToECEF(s.PosTEMEKm, s.VelTEMEKmS, t)
	return posKm, velKmS, nil
}

const (
	muKm3S2 = 398600.4418 // the Earth's gravity (WGS-84, EGM96), km^3/s^2
	// minStep and maxStep limit the spacing of samples, in seconds.
	minStep, maxStep = 5.0, 900.0
	// arcPerStep is the angle travelled in a step at perigee, rad. The cubic
	// then errs by arc^4/384 of the radius, a quarter of a metre.
	arcPerStep = 0.06
)

// ballistic bounds the motion of a satellite in free flight by the perigee and
// apogee of its osculating orbit, with margins for what the Earth's figure, Moon
// and Sun do to them.
func ballistic(posKm, velKmS astro.Vec3) Limits {
	const omega = timescale.OmegaEarth
	inertial := astro.Vec3{
		velKmS[0] - float64(omega*posKm[1]),
		velKmS[1] + float64(omega*posKm[0]),
		velKmS[2],
	}
	r := posKm.Norm()
	h := posKm.Cross(inertial).Norm()
	energy := inertial.Dot(inertial)/2 - muKm3S2/r
	p := float64(h*h) / muKm3S2
	ecc := math.Sqrt(max(0, 1+float64(2*energy*p)/muKm3S2))
	low := max(float64(0.97*p)/(1+ecc), 6300)
	high := 2.5e6 // beyond any Earth orbit, for what escapes
	if ecc < 0.999 {
		high = min(high, 1.03*p/(1-ecc))
	}
	high = max(high, r)
	fast := math.Sqrt(muKm3S2 * (1 + ecc) / low)
	speed := fast + float64(omega*high)
	gravity := 1.01 * muKm3S2 / (low * low)
	step := math.Floor(max(minStep, min(maxStep, arcPerStep*low/fast)))
	// SGP4's velocity is not quite the derivative of its position: the
	// catalogues show up to 1e-4 km/s on round orbits and 6e-3 at e = 0.8.
	slack := 3e-4 + float64(0.02*min(ecc, 1))
	return Limits{
		MaxSpeedKmS:  speed,
		MaxAccelKmS2: gravity + float64(2*omega*speed) + float64(omega*omega*high),
		MinRadiusKm:  low,
		MaxRadiusKm:  high,
		Step:         time.Duration(step) * time.Second,
		SlackKm:      1e-3 + float64(slack*step)/4,
		SlackKmS:     slack,
	}
}
