package frame

import (
	"math"

	"spacechain/astro"
)

// The WGS-84 ellipsoid (NIMA TR8350.2, third edition).
const (
	EquatorialRadiusKm = 6378.137
	Flattening         = 1 / 298.257223563
	PolarRadiusKm      = EquatorialRadiusKm * (1 - Flattening)
)

const (
	ecc2 = Flattening * (2 - Flattening) // first eccentricity squared
	ep2  = ecc2 / ((1 - Flattening) * (1 - Flattening))
	deg  = math.Pi / 180
)

// ToGeodetic turns an ECEF position (km) into latitude, longitude and height
// over the WGS-84 ellipsoid. It is exact to well under a millimetre for every
// position. On the axis the longitude is 0; at the Earth's centre, where the
// poles are the nearest points of the ellipsoid, the answer is the north pole.
func ToGeodetic(posECEFKm astro.Vec3) astro.Geodetic {
	x, y, z := posECEFKm[0], posECEFKm[1], posECEFKm[2]
	p := math.Sqrt(float64(x*x) + float64(y*y))
	lon := 0.0
	if p > 0 {
		lon = math.Atan2(y, x)
	}
	var lat, alt float64
	if float64(p*p)+float64(z*z) > 1e6 { // 1,000 km from the centre
		lat, alt = bowring(p, z)
	} else {
		lat, alt = footpoint(p, z)
	}
	return astro.Geodetic{LatDeg: lat / deg, LonDeg: lon / deg, AltKm: alt}
}

// bowring iterates Bowring's formula for the parametric latitude (1976), which
// gains four to six digits a round outside the ellipsoid's evolute (44 km).
func bowring(p, z float64) (lat, alt float64) {
	// tangent of the parametric latitude, kept as sine and cosine for the poles
	sb, cb := unit(z, float64((1-Flattening)*p))
	var s, c float64
	for range 4 {
		s, c = unit(
			z+float64(ep2*PolarRadiusKm*float64(sb*float64(sb*sb))),
			p-float64(ecc2*EquatorialRadiusKm*float64(cb*float64(cb*cb))))
		nsb, ncb := unit(float64((1-Flattening)*s), c)
		done := math.Abs(nsb-sb)+math.Abs(ncb-cb) < 1e-16
		sb, cb = nsb, ncb
		if done {
			break
		}
	}
	return math.Atan2(s, c), height(p, z, s, c)
}

// unit scales (y, x) to length one.
func unit(y, x float64) (sin, cos float64) {
	h := math.Sqrt(float64(x*x) + float64(y*y))
	return y / h, x / h
}

// height is the distance from the ellipsoid along the normal of latitude
// (sin s, cos c): well conditioned at the poles and at the equator.
func height(p, z, s, c float64) float64 {
	w := math.Sqrt(1 - float64(ecc2*float64(s*s)))
	return float64(p*c) + float64(z*s) - float64(EquatorialRadiusKm*w)
}

// footpoint finds the nearest point of the ellipse to (p, z) by bisection on
// the multiplier of the nearest-point condition (Eberly, "Distance from a
// point to an ellipse", 2013). It needs no start value and has no singular
// place, so it serves the neighbourhood of the centre.
func footpoint(p, z float64) (lat, alt float64) {
	const a, b = EquatorialRadiusKm, PolarRadiusKm
	az := math.Abs(z)
	var s, c float64
	if az == 0 {
		// on the equator's plane inside the evolute the nearest point is off
		// the plane: cos of its parametric latitude is p*a/(a^2-b^2)
		cb := min(p*a/(a*a-b*b), 1)
		sb := math.Sqrt(1 - float64(cb*cb))
		s, c = unit(sb, float64((1-Flattening)*cb))
	} else {
		// (a p/(k+a^2-b^2))^2 + (b z/k)^2 falls with k and is 1 at the foot
		lo, hi := b*az, math.Hypot(a*p, b*az)
		for { // ends when no number is left between lo and hi
			k := lo + (hi-lo)/2
			if k <= lo || k >= hi {
				break
			}
			u, v := a*p/(k+(a*a-b*b)), b*az/k
			if float64(u*u)+float64(v*v) > 1 {
				lo = k
			} else {
				hi = k
			}
		}
		cb, sb := a*p/(lo+(a*a-b*b)), b*az/lo
		s, c = unit(sb, float64((1-Flattening)*cb))
	}
	alt = height(p, az, s, c)
	if z < 0 {
		s = -s
	}
	return math.Atan2(s, c), alt
}

// FromGeodetic turns latitude, longitude and height into an ECEF position (km).
func FromGeodetic(g astro.Geodetic) astro.Vec3 {
	sLat, cLat := math.Sincos(g.LatDeg * deg)
	sLon, cLon := math.Sincos(g.LonDeg * deg)
	n := EquatorialRadiusKm / math.Sqrt(1-float64(ecc2*float64(sLat*sLat)))
	r := float64((n + g.AltKm) * cLat)
	return astro.Vec3{
		float64(r * cLon),
		float64(r * sLon),
		float64((float64(n*(1-ecc2)) + g.AltKm) * sLat),
	}
}
