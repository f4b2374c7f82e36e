package elements

import (
	"fmt"
	"math"
	"time"
)

// Kind is how a Walker constellation spreads its planes.
type Kind uint8

const (
	// Star spreads the ascending nodes over half a turn: for polar orbits,
	// which rise on one half of the sky and set on the other (Iridium).
	Star Kind = iota
	// Delta spreads them over the full turn: for inclined orbits (GPS, Starlink).
	Delta
)

// String returns "star" or "delta".
func (k Kind) String() string {
	switch k {
	case Star:
		return "star"
	case Delta:
		return "delta"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// ParseKind reads "star" or "delta".
func ParseKind(s string) (Kind, error) {
	switch s {
	case "star":
		return Star, nil
	case "delta":
		return Delta, nil
	}
	return 0, fmt.Errorf("read constellation kind: %q is neither star nor delta", s)
}

// Walker describes a constellation of circular orbits of one height and
// inclination, evenly spread over planes (Walker 1970). In the usual notation
// it is i: t/p/f with t = Total, p = Planes and f = Phasing.
type Walker struct {
	Kind           Kind
	Total          int     // satellites altogether, a multiple of Planes
	Planes         int     // orbit planes
	Phasing        int     // 0..Planes-1; neighbours in adjacent planes differ by Phasing*360/Total degrees
	AltKm          float64 // mean semi-major axis less the Earth's radius 6378.135 km
	InclinationDeg float64
	Epoch          time.Time // UTC
	FirstNoradID   int       // number of the first satellite; the others follow, plane by plane
	Name           string    // names are "Name 1-01": plane and place in it
}

// MaxWalker is the largest constellation that a Walker describes.
const MaxWalker = 100_000

// DefaultWalker is the constellation that SpaceChain flies when no elements
// are given: 66 satellites in 6 polar planes at 780 km, numbers 90001 to
// 90066. Adjacent planes are staggered by half a slot, which closes the gaps
// between their coverage circles.
func DefaultWalker(epoch time.Time) Walker {
	return Walker{
		Kind: Star, Total: 66, Planes: 6, Phasing: 3,
		AltKm: 780, InclinationDeg: 86.4,
		Epoch: epoch.UTC(), FirstNoradID: 90001, Name: "SPACECHAIN",
	}
}

// Validate reports the first value that makes no constellation.
func (w Walker) Validate() error {
	switch {
	case w.Kind > Delta:
		return fmt.Errorf("walker constellation: unknown %v; give star or delta", w.Kind)
	case w.Total < 1 || w.Total > MaxWalker:
		return fmt.Errorf("walker constellation: %d satellites, not within 1..%d", w.Total, MaxWalker)
	case w.Planes < 1 || w.Total%w.Planes != 0:
		return fmt.Errorf("walker constellation: %d satellites cannot be spread over %d planes evenly", w.Total, w.Planes)
	case w.Phasing < 0 || w.Phasing >= w.Planes:
		return fmt.Errorf("walker constellation: phasing %d is not within 0..%d", w.Phasing, w.Planes-1)
	case !(w.AltKm >= 100 && w.AltKm <= 100_000):
		return fmt.Errorf("walker constellation: altitude %g km is not within 100..100000", w.AltKm)
	case !(w.InclinationDeg >= 0 && w.InclinationDeg <= 180):
		return fmt.Errorf("walker constellation: inclination %g degrees is not within 0..180", w.InclinationDeg)
	case w.FirstNoradID < 1 || w.FirstNoradID+w.Total-1 > 999_999_999:
		return fmt.Errorf("walker constellation: numbers from %d do not stay within 1..999999999", w.FirstNoradID)
	case w.Epoch.Year() < 1957 || w.Epoch.Year() > 9999:
		return fmt.Errorf("walker constellation: epoch year %d is not within 1957..9999", w.Epoch.Year())
	}
	if _, err := cleanName(w.Name); err != nil {
		return fmt.Errorf("walker constellation: %w", err)
	}
	return nil
}

// Sets returns the element sets, plane by plane, and nil for what Validate
// refuses. They are free of drag and read back from a TLE to its precision.
func (w Walker) Sets() []Set {
	if w.Validate() != nil {
		return nil
	}
	turn := 360.0
	if w.Kind == Star {
		turn = 180
	}
	perPlane := w.Total / w.Planes
	motion := w.kozaiMotion()
	sets := make([]Set, 0, w.Total)
	for plane := range w.Planes {
		for slot := range perPlane {
			anomaly := 360 * float64(slot*w.Planes+plane*w.Phasing) / float64(w.Total)
			s := Set{
				NoradID:          w.FirstNoradID + len(sets),
				Classification:   'U',
				Epoch:            w.Epoch.UTC(),
				MeanMotionRevDay: motion,
				InclinationDeg:   w.InclinationDeg,
				RAANDeg:          turn * float64(plane) / float64(w.Planes),
				MeanAnomalyDeg:   math.Mod(anomaly, 360),
				ElementNumber:    1,
			}
			if w.Name != "" {
				s.Name = fmt.Sprintf("%s %d-%02d", w.Name, plane+1, slot+1)
			}
			sets = append(sets, s)
		}
	}
	return sets
}

// kozaiMotion returns the mean motion in rev/day that an element set must
// name so that SGP4 recovers the semi-major axis: Kepler's, with the
// J2 correction by which Kozai's differs from Brouwer's (AIAA 2006-6753,
// appendix B), in WGS-72. It is rounded to the 1e-8 rev/day of a TLE (3 mm of
// axis), so that every notation and every CPU gives the same orbit.
func (w Walker) kozaiMotion() float64 {
	const (
		mu     = 398600.8 // km^3/s^2
		radius = 6378.135 // km
		j2     = 0.001082616
	)
	a := 1 + w.AltKm/radius
	n := math.Sqrt(mu/(radius*radius*radius*a*a*a)) * 86400 / (2 * math.Pi)
	c := math.Cos(w.InclinationDeg * math.Pi / 180)
	n *= 1 + float64(0.75*j2*(float64(3*c*c)-1))/(a*a)
	return math.Round(n*1e8) / 1e8
}
