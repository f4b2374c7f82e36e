package frame

import (
	"math"

	"spacechain/astro"
)

// LookAngles say where a satellite stands in a station's sky. They are
// geometric: the air's refraction, up to half a degree at the horizon, is left
// out.
type LookAngles struct {
	AzimuthDeg   float64 // clockwise from north, 0 <= x < 360
	ElevationDeg float64 // over the plane at right angles to the ellipsoid's normal
	RangeKm      float64 // distance
	RangeRateKmS float64 // its change; negative while the satellite comes nearer
}

// Topocentre is a place on the Earth with its local directions, made once and
// used for many looks.
type Topocentre struct {
	PosECEFKm       astro.Vec3
	North, East, Up astro.Vec3 // unit vectors in ECEF
}

// NewTopocentre makes the local directions at a place. At the poles north and
// east follow the given longitude.
func NewTopocentre(place astro.Geodetic) Topocentre {
	sLat, cLat := math.Sincos(place.LatDeg * deg)
	sLon, cLon := math.Sincos(place.LonDeg * deg)
	return Topocentre{
		PosECEFKm: FromGeodetic(place),
		North:     astro.Vec3{-float64(sLat * cLon), -float64(sLat * sLon), cLat},
		East:      astro.Vec3{-sLon, cLon, 0},
		Up:        astro.Vec3{float64(cLat * cLon), float64(cLat * sLon), sLat},
	}
}

// Look gives the look angles from a station to a satellite (ECEF, km and km/s).
func Look(station astro.Geodetic, posECEFKm, velECEFKmS astro.Vec3) LookAngles {
	c := NewTopocentre(station)
	return c.Look(posECEFKm, velECEFKmS)
}

// Look gives the look angles to a satellite (ECEF, km and km/s). For a
// satellite exactly at the place all angles are zero.
func (c *Topocentre) Look(posECEFKm, velECEFKmS astro.Vec3) LookAngles {
	d := posECEFKm.Sub(c.PosECEFKm)
	r := d.Norm()
	if r == 0 {
		return LookAngles{}
	}
	n, e, u := d.Dot(c.North), d.Dot(c.East), d.Dot(c.Up)
	return LookAngles{
		AzimuthDeg:   azimuthDeg(n, e),
		ElevationDeg: math.Atan2(u, math.Sqrt(float64(n*n)+float64(e*e))) / deg,
		RangeKm:      r,
		RangeRateKmS: d.Dot(velECEFKmS) / r,
	}
}

// azimuthDeg is the direction of (north, east) in [0, 360).
func azimuthDeg(n, e float64) float64 {
	az := math.Atan2(e, n) / deg
	if az < 0 {
		az += 360
	}
	if az >= 360 { // a tiny negative angle rounds up to the full circle
		return 0
	}
	return az
}

// ToNED gives the north, east and down components of an ECEF direction at c.
func (c *Topocentre) ToNED(ecef astro.Vec3) astro.Vec3 {
	return astro.Vec3{ecef.Dot(c.North), ecef.Dot(c.East), -ecef.Dot(c.Up)}
}

// FromNED gives the ECEF direction of north, east and down components at c.
func (c *Topocentre) FromNED(ned astro.Vec3) astro.Vec3 {
	return c.North.Scale(ned[0]).Add(c.East.Scale(ned[1])).Sub(c.Up.Scale(ned[2]))
}
