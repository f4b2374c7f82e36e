package frame

import (
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/timescale"
)

const arcsec = math.Pi / (180 * 3600)

// Orientation is the measured part of the Earth's rotation, as the IERS
// publishes it (EOP). The zero value is the default of the package functions.
type Orientation struct {
	UT1MinusUTC      time.Duration // |UT1-UTC| < 0.9 s
	PolarXArcsec     float64       // polar motion xp, seconds of arc
	PolarYArcsec     float64       // polar motion yp, seconds of arc
	ExcessDaySeconds float64       // length of day minus 86,400 s
}

// TEMEToECEF turns a state from TEME into ECEF at t (UTC). The velocity gets
// the Earth's rotation taken off: a geostationary satellite is almost at rest.
// Units are km and km/s. Source: Vallado et al., AIAA 2006-6753, appendix C.
func TEMEToECEF(posTEMEKm, velTEMEKmS astro.Vec3, t time.Time) (posECEFKm, velECEFKmS astro.Vec3) {
	return RotationAt(t).ToECEF(posTEMEKm, velTEMEKmS)
}

// ECEFToTEME is the inverse of TEMEToECEF.
func ECEFToTEME(posECEFKm, velECEFKmS astro.Vec3, t time.Time) (posTEMEKm, velTEMEKmS astro.Vec3) {
	return RotationAt(t).ToTEME(posECEFKm, velECEFKmS)
}

// Rotation is the Earth's attitude at one instant, made once and used for many
// states of that instant.
type Rotation struct {
	sin, cos float64 // of Greenwich mean sidereal time
	omega    float64 // rad/s
	xp, yp   float64 // rad
}

// RotationAt is the Earth's attitude at t without measured corrections.
func RotationAt(t time.Time) Rotation { return Orientation{}.At(t) }

// At is the Earth's attitude at t with the measured values o.
func (o Orientation) At(t time.Time) Rotation {
	sin, cos := math.Sincos(timescale.GMST82UT1(t, o.UT1MinusUTC))
	return Rotation{
		sin: sin, cos: cos,
		omega: timescale.OmegaEarth * (1 - o.ExcessDaySeconds/86400),
		xp:    o.PolarXArcsec * arcsec,
		yp:    o.PolarYArcsec * arcsec,
	}
}

// ToECEF turns a TEME state (km, km/s) into ECEF.
func (r Rotation) ToECEF(posTEMEKm, velTEMEKmS astro.Vec3) (posECEFKm, velECEFKmS astro.Vec3) {
	p := r.spin(posTEMEKm)
	v := r.spin(velTEMEKmS)
	// v - omega x p, with omega along z
	v[0] += float64(r.omega * p[1])
	v[1] -= float64(r.omega * p[0])
	if r.xp == 0 && r.yp == 0 {
		return p, v
	}
	return r.wobble(p), r.wobble(v)
}

// ToTEME turns an ECEF state (km, km/s) into TEME.
func (r Rotation) ToTEME(posECEFKm, velECEFKmS astro.Vec3) (posTEMEKm, velTEMEKmS astro.Vec3) {
	p, v := posECEFKm, velECEFKmS
	if r.xp != 0 || r.yp != 0 {
		p, v = r.unwobble(p), r.unwobble(v)
	}
	v[0] -= float64(r.omega * p[1])
	v[1] += float64(r.omega * p[0])
	return r.unspin(p), r.unspin(v)
}

// DirToECEF turns a TEME direction, or a position without velocity, into ECEF.
func (r Rotation) DirToECEF(teme astro.Vec3) astro.Vec3 {
	p := r.spin(teme)
	if r.xp == 0 && r.yp == 0 {
		return p
	}
	return r.wobble(p)
}

// DirToTEME is the inverse of DirToECEF.
func (r Rotation) DirToTEME(ecef astro.Vec3) astro.Vec3 {
	if r.xp != 0 || r.yp != 0 {
		ecef = r.unwobble(ecef)
	}
	return r.unspin(ecef)
}

// spin turns TEME into the pseudo Earth-fixed frame (no polar motion).
func (r Rotation) spin(v astro.Vec3) astro.Vec3 {
	return astro.Vec3{
		float64(r.cos*v[0]) + float64(r.sin*v[1]),
		float64(r.cos*v[1]) - float64(r.sin*v[0]),
		v[2],
	}
}

func (r Rotation) unspin(v astro.Vec3) astro.Vec3 {
	return astro.Vec3{
		float64(r.cos*v[0]) - float64(r.sin*v[1]),
		float64(r.cos*v[1]) + float64(r.sin*v[0]),
		v[2],
	}
}

// wobble applies polar motion, from the pseudo Earth-fixed frame to ECEF: the
// transpose of Vallado's IAU-76/FK5 matrix (eq. 3-77).
func (r Rotation) wobble(v astro.Vec3) astro.Vec3 {
	sx, cx := math.Sincos(r.xp)
	sy, cy := math.Sincos(r.yp)
	m := float64(sy*v[1]) + float64(cy*v[2])
	return astro.Vec3{
		float64(cx*v[0]) + float64(sx*m),
		float64(cy*v[1]) - float64(sy*v[2]),
		float64(cx*m) - float64(sx*v[0]),
	}
}

func (r Rotation) unwobble(v astro.Vec3) astro.Vec3 {
	sx, cx := math.Sincos(r.xp)
	sy, cy := math.Sincos(r.yp)
	m := float64(sx*v[0]) + float64(cx*v[2])
	return astro.Vec3{
		float64(cx*v[0]) - float64(sx*v[2]),
		float64(cy*v[1]) + float64(sy*m),
		float64(cy*m) - float64(sy*v[1]),
	}
}
