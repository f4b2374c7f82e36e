package elements

import (
	"fmt"
	"math"
	"time"
)

// Set is one set of SGP4 mean elements: TEME frame of date, UTC epoch.
type Set struct {
	Name           string    // common name, may be empty
	NoradID        int       // catalogue number, 1..999999999
	Classification byte      // 'U', 'C' or 'S'; 0 reads as 'U'
	IntlDesignator string    // international designator, "1998-067A", may be empty
	Epoch          time.Time // UTC

	MeanMotionRevDay float64 // Kozai mean motion, revolutions per day
	Eccentricity     float64 // 0 <= e < 1
	InclinationDeg   float64
	RAANDeg          float64 // right ascension of the ascending node
	ArgPerigeeDeg    float64
	MeanAnomalyDeg   float64
	BStar            float64 // drag term, 1/Earth radii
	NDot             float64 // half the first derivative of mean motion, rev/day^2 (unused by SGP4)
	NDDot            float64 // a sixth of the second derivative, rev/day^3 (unused by SGP4)

	ElementNumber int // element set number
	RevNumber     int // revolution number at epoch
	EphemerisType int // 0 or 2: SGP4; 4: SGP4-XP, which SGP4 cannot propagate
}

// Period returns the time of one revolution by the mean motion, and 0 when
// the mean motion is not positive.
func (s Set) Period() time.Duration {
	if !(s.MeanMotionRevDay > 0) {
		return 0
	}
	return time.Duration(math.Round(86400e9 / s.MeanMotionRevDay))
}

// String names the set the way messages do: "25544 ISS (ZARYA)".
func (s Set) String() string {
	if s.Name == "" {
		return fmt.Sprintf("%05d", s.NoradID)
	}
	return fmt.Sprintf("%05d %s", s.NoradID, s.Name)
}

// Validate reports the first value that no element set can have. What it
// passes can be written as OMM; SGP4 may still refuse it (package sgp4).
func (s Set) Validate() error {
	if s.NoradID < 0 || s.NoradID > 999_999_999 {
		return fmt.Errorf("elements %v: catalogue number out of 0..999999999", s)
	}
	for _, f := range []struct {
		name     string
		v        float64
		min, max float64
	}{
		{"mean motion", s.MeanMotionRevDay, 0, 1000},
		{"eccentricity", s.Eccentricity, 0, math.Nextafter(1, 0)},
		{"inclination", s.InclinationDeg, 0, 180},
		{"right ascension of the node", s.RAANDeg, -360, 360},
		{"argument of perigee", s.ArgPerigeeDeg, -360, 360},
		{"mean anomaly", s.MeanAnomalyDeg, -360, 360},
		{"B*", s.BStar, -1e9, 1e9},
		{"mean motion derivative", s.NDot, -1e9, 1e9},
		{"mean motion second derivative", s.NDDot, -1e9, 1e9},
	} {
		if !(f.v >= f.min && f.v <= f.max) {
			return fmt.Errorf("elements %v: %s %g out of %g..%g", s, f.name, f.v, f.min, f.max)
		}
	}
	if y := s.Epoch.Year(); y < 1957 || y > 9999 {
		return fmt.Errorf("elements %v: epoch year %d out of 1957..9999", s, y)
	}
	return nil
}
