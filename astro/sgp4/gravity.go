package sgp4

import (
	"fmt"
	"math"
)

// Gravity names a set of gravity constants. TLE and OMM are made with WGS-72,
// which is the default (and the zero value).
type Gravity uint8

// The three sets of the theory (Vallado, AIAA 2006-6753, table 1).
const (
	WGS72    Gravity = iota // what element sets are fitted with
	WGS72Old                // WGS-72 with the low-precision constants of Spacetrack Report 3
	WGS84                   // for comparison only
)

// String returns the name that ParseGravity reads.
func (g Gravity) String() string {
	switch g {
	case WGS72:
		return "wgs72"
	case WGS72Old:
		return "wgs72old"
	case WGS84:
		return "wgs84"
	}
	return fmt.Sprintf("gravity(%d)", uint8(g))
}

// ParseGravity reads "wgs72", "wgs72old" or "wgs84".
func ParseGravity(s string) (Gravity, error) {
	for g := WGS72; g <= WGS84; g++ {
		if g.String() == s {
			return g, nil
		}
	}
	return 0, fmt.Errorf("read gravity model: %q is none of wgs72, wgs72old, wgs84", s)
}

// constants are the figures of one gravity set.
type constants struct {
	radiusKm   float64 // equatorial radius of the Earth
	xke        float64 // sqrt(mu) in Earth radii^1.5 per minute
	j2, j3, j4 float64 // unnormalised zonal harmonics
}

// constants returns the figures of g, and false for an unknown set.
func (g Gravity) constants() (constants, bool) {
	switch g {
	case WGS72:
		const r, mu = 6378.135, 398600.8
		return constants{r, 60 / math.Sqrt(r*r*r/mu), 0.001082616, -0.00000253881, -0.00000165597}, true
	case WGS72Old:
		return constants{6378.135, 0.0743669161, 0.001082616, -0.00000253881, -0.00000165597}, true
	case WGS84:
		const r, mu = 6378.137, 398600.5
		return constants{r, 60 / math.Sqrt(r*r*r/mu), 0.00108262998905, -0.00000253215306, -0.00000161098761}, true
	}
	return constants{}, false
}
