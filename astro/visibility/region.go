package visibility

import (
	"errors"
	"fmt"
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
)

// Region is a circle on the ground.
type Region struct {
	Centre   astro.Geodetic // its height counts for nothing
	RadiusKm float64        // along the ground
}

// meanRadiusKm is the mean radius of WGS-84 (2a+b)/3, the sphere on which
// distances along the ground are taken.
const meanRadiusKm = (2*frame.EquatorialRadiusKm + frame.PolarRadiusKm) / 3

// ErrRegion is returned for a region that is no circle on the Earth.
var ErrRegion = errors.New("region")

// Validate says what is wrong with the region; the error is an ErrRegion.
func (r Region) Validate() error {
	switch {
	case !(math.Abs(r.Centre.LatDeg) <= 90) || !(math.Abs(r.Centre.LonDeg) <= 360):
		return fmt.Errorf("%w: centre %v is not on the Earth", ErrRegion, r.Centre)
	case !(r.RadiusKm > 0 && r.RadiusKm <= 20015):
		return fmt.Errorf("%w: radius %g km is not between 0 and half the Earth's circumference", ErrRegion, r.RadiusKm)
	}
	return nil
}

// Contains says whether the point below an ECEF position (km) lies in the
// region. Distance is the great circle between geodetic latitudes and
// longitudes on a sphere of 6371.009 km, within half a percent of the true one.
func (r Region) Contains(posECEFKm astro.Vec3) bool {
	return r.DistanceKm(posECEFKm) <= r.RadiusKm
}

// DistanceKm is the distance along the ground from the region's centre to the
// point below an ECEF position (km); see Contains.
func (r Region) DistanceKm(posECEFKm astro.Vec3) float64 {
	return groundKm(normal(r.Centre), posECEFKm)
}

func groundKm(centre, pos astro.Vec3) float64 {
	n := normal(frame.ToGeodetic(pos))
	return float64(meanRadiusKm * math.Atan2(centre.Cross(n).Norm(), centre.Dot(n)))
}

// normal is the direction of the ellipsoid's normal at a place.
func normal(g astro.Geodetic) astro.Vec3 {
	sLat, cLat := math.Sincos(g.LatDeg * degree)
	sLon, cLon := math.Sincos(g.LonDeg * degree)
	return astro.Vec3{float64(cLat * cLon), float64(cLat * sLon), sLat}
}

// RegionPasses finds the times at which the point below a satellite lies in a
// region. Ephemerides and errors as in Passes.
func RegionPasses(tr Trajectory, r Region, from, to time.Time) ([]Window, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	e, a, b, err := ephemeris(tr, from, to)
	if err != nil {
		return nil, err
	}
	centre := normal(r.Centre)
	// Kilometres along the ground for one of the satellite's, at most; the
	// normal turns up to 1 % faster than the direction from the centre.
	perKm := 1.01 * meanRadiusKm / e.slowRadius()
	c := &condition{maxRate: perKm * e.limits.MaxSpeedKmS, maxCurve: math.Inf(1)}
	c.at = func(sec float64) (reading, error) {
		pos, _, slack, err := e.near(sec)
		if err != nil {
			return reading{}, err
		}
		g := reading{sec: sec, value: r.RadiusKm - groundKm(centre, pos), slack: 2 * float64(perKm*slack)}
		if slack > 0 && math.Abs(g.value) <= 2*g.slack {
			if pos, _, err = e.exact(sec); err != nil {
				return reading{}, err
			}
			g.value, g.slack = r.RadiusKm-groundKm(centre, pos), 0
		}
		return g, nil
	}
	spans, err := c.search(a, b, e.step)
	return e.windows(finished(spans, err)), err
}

// slowRadius is a lower bound of the distance from the Earth's centre, for what
// divides by it.
func (e *Ephemeris) slowRadius() float64 { return max(e.limits.MinRadiusKm, 6300) }

// finished leaves out a span that an error kept from ending.
func finished(spans []span, err error) []span {
	if n := len(spans); err != nil && n > 0 && spans[n-1].end == 0 {
		return spans[:n-1]
	}
	return spans
}
