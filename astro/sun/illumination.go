package sun

import (
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
)

// A Shade says which part of the Earth's shadow a satellite is in.
type Shade uint8

// The shades.
const (
	Sunlit   Shade = iota // the whole Sun is seen
	Penumbra              // the Earth covers a part of it, or stands within it
	Umbra                 // the Earth covers it all
)

// String names the shade: "sunlit", "penumbra" or "umbra".
func (s Shade) String() string {
	switch s {
	case Sunlit:
		return "sunlit"
	case Penumbra:
		return "penumbra"
	case Umbra:
		return "umbra"
	}
	return "unknown shade"
}

// Illumination says how much of the Sun's disc a satellite sees at t: 1 in
// sunlight, 0 in the umbra, between in the penumbra. Limb darkening is left out.
func Illumination(satTEMEKm astro.Vec3, t time.Time) (fraction float64, shade Shade) {
	return IlluminationBy(satTEMEKm, PosTEMEKm(t))
}

// IlluminationBy is Illumination for a known Sun position. Both vectors are in
// km and in the same Earth-centred frame, whose z axis is the Earth's (TEME or
// ECEF). A position on or below the ground sees half the sky, cut by its
// horizontal plane.
func IlluminationBy(satKm, sunKm astro.Vec3) (fraction float64, shade Shade) {
	d := discs(satKm, sunKm)
	switch {
	case d.separation >= d.sun+d.earth:
		return 1, Sunlit
	case d.separation <= d.earth-d.sun:
		return 0, Umbra
	case d.separation <= d.sun-d.earth:
		// The Earth stands within the Sun's disc, seen from beyond the umbra.
		q := d.earth / d.sun
		return 1 - float64(q*q), Penumbra
	}
	return 1 - overlap(d.sun, d.earth, d.separation)/(math.Pi*float64(d.sun*d.sun)), Penumbra
}

// apparent holds angular radii and the separation of the two discs' centres,
// in radians (Montenbruck & Gill, Satellite Orbits, 3.4.2).
type apparent struct {
	sun, earth, separation float64
}

// squash stretches z so that the WGS-84 ellipsoid becomes a sphere: lines that
// touch the one touch the other. The Sun's disc is distorted by less than a
// third of a percent of its radius.
const squash = 1 / (1 - frame.Flattening)

func discs(sat, sun astro.Vec3) apparent {
	sat[2] = float64(sat[2] * squash)
	sun[2] = float64(sun[2] * squash)
	r := sat.Norm()
	to := sun.Sub(sat)
	dist := to.Norm()
	a := apparent{sun: math.Asin(min(RadiusKm/dist, 1)), earth: math.Pi / 2}
	if r > frame.EquatorialRadiusKm {
		a.earth = math.Asin(frame.EquatorialRadiusKm / r)
	}
	if r == 0 {
		return a // the centre has no outward direction: dark
	}
	// angle between the Earth's centre (-sat) and the Sun, by atan2, which is
	// exact for small and for straight angles alike
	a.separation = math.Atan2(sat.Cross(to).Norm(), -sat.Dot(to))
	return a
}

// overlap is the area common to two discs of radii a and b whose centres are c
// apart, for |a-b| < c < a+b: two circle segments on a common chord. Written so
// that it stays exact where the discs hardly touch.
func overlap(a, b, c float64) float64 {
	x := (float64((c-b)*(c+b)) + float64(a*a)) / (2 * c) // chord's distance from centre a
	y := math.Sqrt(max(float64((a-x)*(a+x)), 0))         // half the chord
	return segment(a, x, y) + segment(b, c-x, y)
}

// segment is the area a chord cuts off a disc of radius r; x is the chord's
// distance from the centre, negative beyond it, and y half its length.
func segment(r, x, y float64) float64 {
	half := math.Atan2(y, x)
	return float64(float64(r*r) * (half - math.Sin(2*half)/2))
}
