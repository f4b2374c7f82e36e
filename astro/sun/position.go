package sun

import (
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/timescale"
)

// AstronomicalUnitKm is the astronomical unit (IAU 2012 resolution B2).
const AstronomicalUnitKm = 149597870.7

// RadiusKm is the Sun's nominal radius (IAU 2015 resolution B3).
const RadiusKm = 695700.0

const deg = math.Pi / 180

// PosTEMEKm is the Sun's geocentric apparent position at t in km, on the mean
// equator and equinox of date, which lie within 0.005 degrees of TEME's.
// Source: Astronomical Almanac, page C5, low-precision formulas; 0.01 degrees
// from 1950 to 2050, slowly worse outside.
func PosTEMEKm(t time.Time) astro.Vec3 {
	dir, au := direction(t)
	return dir.Scale(au * AstronomicalUnitKm)
}

// PosECEFKm is PosTEMEKm in the frame that turns with the Earth.
func PosECEFKm(t time.Time) astro.Vec3 {
	return frame.RotationAt(t).DirToECEF(PosTEMEKm(t))
}

// Subsolar is the place on the Earth that has the Sun in its zenith at t.
func Subsolar(t time.Time) astro.Geodetic {
	d := PosECEFKm(t)
	return astro.Geodetic{
		LatDeg: math.Atan2(d[2], math.Sqrt(float64(d[0]*d[0])+float64(d[1]*d[1]))) / deg,
		LonDeg: math.Atan2(d[1], d[0]) / deg,
	}
}

// direction is the unit vector to the Sun and its distance in astronomical
// units.
func direction(t time.Time) (dir astro.Vec3, au float64) {
	n := float64(timescale.CenturiesTT(t) * 36525) // days from J2000.0
	mean := wrap(280.460 + float64(0.9856474*n))
	anomaly := wrap(357.528+float64(0.9856003*n)) * deg
	s1, c1 := math.Sincos(anomaly)
	s2 := 2 * float64(s1*c1)   // sin 2g
	c2 := 1 - 2*float64(s1*s1) // cos 2g
	lambda := (mean + float64(1.915*s1) + float64(0.020*s2)) * deg
	sl, cl := math.Sincos(lambda)
	se, ce := math.Sincos((23.439 - float64(0.0000004*n)) * deg)
	au = 1.00014 - float64(0.01671*c1) - float64(0.00014*c2)
	return astro.Vec3{cl, float64(ce * sl), float64(se * sl)}, au
}

// wrap brings an angle into 0 <= x < 360 degrees; math.Mod takes ten times as
// long.
func wrap(x float64) float64 { return x - float64(360*math.Floor(x/360)) }
