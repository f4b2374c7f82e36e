package budget

import (
	"fmt"
	"math"
)

// Sense is how the electric field turns, seen along the way the wave goes.
type Sense int

// The senses.
const (
	Linear     Sense = iota // it does not turn
	RightHand               // RHCP, or an ellipse that turns right
	LeftHand                // LHCP, or an ellipse that turns left
	EitherHand              // RHCP or LHCP, whichever is better: a station that switches, or hears both
)

// String names the sense.
func (s Sense) String() string {
	switch s {
	case Linear:
		return "linear"
	case RightHand:
		return "RHCP"
	case LeftHand:
		return "LHCP"
	case EitherHand:
		return "either sense"
	}
	return fmt.Sprintf("unknown sense %d", int(s))
}

// Polarisation is a polarisation ellipse without its tilt.
type Polarisation struct {
	Sense        Sense
	AxialRatioDB float64 // major over minor axis, 20 log10; 0 is a circle; without meaning for Linear
}

// String says it as data sheets do.
func (p Polarisation) String() string {
	if p.Sense == Linear {
		return "linear"
	}
	return fmt.Sprintf("%s, axial ratio %.1f dB", p.Sense, p.AxialRatioDB)
}

// latitude is the sine and cosine of twice the ellipticity: how far from the
// equator of linear polarisations it lies on Poincaré's sphere.
func (p Polarisation) latitude() (sin, cos float64) {
	if p.Sense == Linear {
		return 0, 1
	}
	r := math.Pow(10, max(0, p.AxialRatioDB)/20)
	sin, cos = 2*r/(r*r+1), (r*r-1)/(r*r+1)
	if p.Sense == LeftHand {
		sin = -sin
	}
	return sin, cos
}

// CrossPolarDB is the most that a mismatch of polarisations is taken to cost:
// scattering on masts and bodies lets more through between perfectly crossed antennas.
const CrossPolarDB = 40

// MismatchDB gives the loss between two polarisations whose major axes differ by
// a tilt: the power is (1 + cos of the angle between them on Poincaré's sphere) / 2
// (IEEE Std 145; Stutzman, Polarization in Electromagnetic Systems, 2.6). Circular
// to linear is 3.01 dB whatever the tilt; more than [CrossPolarDB] counts as that.
func MismatchDB(a, b Polarisation, tiltDeg float64) float64 {
	return mismatch(a, b, math.Cos(radians(2*tiltDeg)))
}

// MeanMismatchDB gives the loss of the mean power where the tilt may be any, as
// for a satellite that rolls or behind an ionosphere that turns planes.
func MeanMismatchDB(a, b Polarisation) float64 { return mismatch(a, b, 0) }

// WorstMismatchDB gives the loss at the worst tilt.
func WorstMismatchDB(a, b Polarisation) float64 { return mismatch(a, b, -1) }

func mismatch(a, b Polarisation, cosTilt float64) float64 {
	if a.Sense != EitherHand {
		a, b = b, a
	}
	if a.Sense == EitherHand {
		right, left := a, a
		right.Sense, left.Sense = RightHand, LeftHand
		return min(mismatch(right, b, cosTilt), mismatch(left, b, cosTilt))
	}
	sinA, cosA := a.latitude()
	sinB, cosB := b.latitude()
	power := (1 + sinA*sinB + cosA*cosB*cosTilt) / 2
	loss := -decibels(max(power, ratio(-CrossPolarDB)))
	return max(0, loss)
}
