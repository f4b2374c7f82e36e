package visibility

import (
	"errors"
	"fmt"
	"math"

	"spacechain/astro"
)

const degree = math.Pi / 180

// Site is where a station stands and how low it can look: a satellite is in
// view when it is above both the minimum elevation and the horizon mask.
type Site struct {
	Geodetic        astro.Geodetic
	MinElevationDeg float64 // -90 <= x < 90
	Mask            Mask
}

// ErrSite is returned for a site that is not on the Earth or cannot look
// anywhere.
var ErrSite = errors.New("site")

// Validate says what is wrong with the site; the error is an ErrSite or ErrMask.
func (s Site) Validate() error {
	g := s.Geodetic
	switch {
	case !(math.Abs(g.LatDeg) <= 90):
		return fmt.Errorf("%w: latitude %g is not in -90 to 90 degrees", ErrSite, g.LatDeg)
	case !(math.Abs(g.LonDeg) <= 360):
		return fmt.Errorf("%w: longitude %g is not in -180 to 180 degrees", ErrSite, g.LonDeg)
	case !(g.AltKm >= -12 && g.AltKm <= 100):
		return fmt.Errorf("%w: height %g km is not in -12 to 100", ErrSite, g.AltKm)
	case !(s.MinElevationDeg >= -90 && s.MinElevationDeg < 90):
		return fmt.Errorf("%w: minimum elevation %g is not in -90 <= x < 90 degrees", ErrSite, s.MinElevationDeg)
	}
	return s.Mask.Validate()
}
