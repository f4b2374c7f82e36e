package visibility

import (
	"math"

	"spacechain/astro"
	"spacechain/astro/frame"
)

// LineOfSight says whether two positions (km) see each other past the Earth: the
// straight line between them stays at least grazingKm above the WGS-84
// ellipsoid. Positions are in the same Earth-centred frame whose z axis is the
// Earth's, ECEF or TEME. A position that is itself lower sees nothing.
//
// A grazing height of 80 to 100 km keeps links out of the air, for which the
// surface is the ellipsoid with both axes longer by that height (within 0.1 m
// of the surface at that height).
func LineOfSight(aKm, bKm astro.Vec3, grazingKm float64) bool {
	s := newShell(grazingKm)
	p, _ := s.closest(s.stretch(aKm), s.stretch(bKm))
	return p.Dot(p) >= float64(s.radius*s.radius)
}

// GrazingHeightKm is the least height over the WGS-84 ellipsoid of the straight
// line between two positions (km), frames as in LineOfSight. It is negative
// where the line goes through the Earth.
func GrazingHeightKm(aKm, bKm astro.Vec3) float64 {
	s := newShell(0)
	_, f := s.closest(s.stretch(aKm), s.stretch(bKm))
	return frame.ToGeodetic(aKm.Add(bKm.Sub(aKm).Scale(f))).AltKm
}

// shell is the ellipsoid raised by a height. Stretching z turns it into a
// sphere, and lines that miss the one into lines that miss the other.
type shell struct {
	radius, squash float64
}

func newShell(heightKm float64) shell {
	return shell{
		radius: frame.EquatorialRadiusKm + heightKm,
		squash: (frame.EquatorialRadiusKm + heightKm) / (frame.PolarRadiusKm + heightKm),
	}
}

func (s shell) stretch(v astro.Vec3) astro.Vec3 {
	v[2] = float64(v[2] * s.squash)
	return v
}

// closest is the point of the segment from a to b that is closest to the
// centre, and where on the segment it lies (0 at a, 1 at b).
func (s shell) closest(a, b astro.Vec3) (p astro.Vec3, f float64) {
	d := b.Sub(a)
	if d2 := d.Dot(d); d2 > 0 {
		f = max(0, min(1, -a.Dot(d)/d2))
	}
	return a.Add(d.Scale(f)), f
}

// maxGrazingKm keeps the raised ellipsoid an ellipsoid.
const maxGrazingKm = 1e6

func validGrazing(km float64) bool { return km > -6000 && km <= maxGrazingKm && !math.IsNaN(km) }
