package budget

import "fmt"

// Aim is how an antenna is held.
type Aim int

// The ways to hold an antenna.
const (
	Tracking Aim = iota // at the other end, but for an error
	Nadir               // at the centre of the Earth, from a satellite
	Zenith              // straight up, from the ground
	Tumbling            // not at all: the gain is that exceeded in a share of the attitudes
)

// String names the aim.
func (a Aim) String() string {
	switch a {
	case Tracking:
		return "tracking"
	case Nadir:
		return "nadir"
	case Zenith:
		return "zenith"
	case Tumbling:
		return "tumbling"
	}
	return fmt.Sprintf("unknown aim %d", int(a))
}

// Pointing is how an antenna is held, with how well.
type Pointing struct {
	Aim      Aim
	ErrorDeg float64 // off the direction that the aim means
	Share    float64 // of the attitudes in which a Tumbling antenna must do, 0 to 1; 0 means 0.9
	Spin     *Spin   // of a Tumbling antenna; nil: all attitudes alike
}

const usualShare = 0.9

// share is Share with its default.
func (p Pointing) share() float64 {
	if p.Share == 0 {
		return usualShare
	}
	return p.Share
}

// offAxisDeg is how far off the axis the other end is, on a path.
func (p Pointing) offAxisDeg(path Path) float64 {
	off := p.ErrorDeg
	switch p.Aim {
	case Nadir:
		off += NadirAngleDeg(path.AltitudeKm, path.ElevationDeg)
	case Zenith:
		off += 90 - path.ElevationDeg
	}
	return min(off, 180)
}

func (p Pointing) check() error {
	switch p.Aim {
	case Tracking, Nadir, Zenith:
		return bounds("pointing error", p.ErrorDeg, 0, 180, "degrees")
	case Tumbling:
		return bounds("share of the attitudes", p.Share, 0, 1, "")
	}
	return fmt.Errorf("pointing: %v", p.Aim)
}

// describe says how the antenna is held, for a line of the budget.
func (p Pointing) describe(offAxisDeg float64) string {
	if p.Aim == Tumbling {
		return fmt.Sprintf("tumbling, exceeded in %g %% of attitudes", 100*p.share())
	}
	return fmt.Sprintf("%s, %.1f degrees off axis", p.Aim, offAxisDeg)
}
