package budget

import (
	"fmt"
	"math"
)

// Ray is an antenna in one direction.
type Ray struct {
	GainDBi      float64
	Polarisation Polarisation
}

// Antenna is a pattern of gain and polarisation around an axis. All here look the
// same from all sides of the axis. The values are plain and may be shared.
type Antenna interface {
	// Ray is the antenna at an angle off its axis, 0 to 180 degrees.
	Ray(offAxisDeg float64) Ray
	// Check says whether the antenna can be.
	Check() error
	// String says what it is.
	String() string
}

// floorDBi keeps nulls finite: bodies and cables fill them.
const floorDBi = -30

// Isotropic has the same gain everywhere; with another gain than 0 it stands for
// an antenna of which no more is known.
type Isotropic struct {
	GainDBi      float64
	Polarisation Polarisation
}

// Ray implements [Antenna].
func (a Isotropic) Ray(float64) Ray { return Ray(a) }

// Check implements [Antenna].
func (a Isotropic) Check() error { return bounds("antenna gain", a.GainDBi, -100, 100, "dBi") }

// String implements [Antenna].
func (a Isotropic) String() string {
	if a.GainDBi == 0 {
		return "isotropic"
	}
	return fmt.Sprintf("%.1f dBi all around", a.GainDBi)
}

// Dipole is a thin half-wave dipole: 2.15 dBi broadside, nothing along the wire,
// which is its axis. Linear.
type Dipole struct{}

// dipoleDirectivity is 4 over Cin(2 pi): 1.641, 2.15 dBi (Balanis, Antenna Theory, 4.6).
const dipoleDirectivity = 1.6409223769

// Ray implements [Antenna].
func (Dipole) Ray(offAxisDeg float64) Ray {
	sin, cos := math.Sincos(radians(offAxisDeg))
	field := 0.0
	if math.Abs(sin) > 1e-6 {
		field = math.Cos(math.Pi/2*cos) / sin
	}
	return Ray{GainDBi: max(floorDBi, decibels(dipoleDirectivity*field*field))}
}

// Check implements [Antenna].
func (Dipole) Check() error { return nil }

// String implements [Antenna].
func (Dipole) String() string { return "half-wave dipole" }

// Turnstile is two short dipoles crossed and fed a quarter turn apart: circular
// along the axis (1.76 dBi, of opposite senses on both sides), linear in the plane of the
// dipoles (-1.25 dBi), elliptical between. The usual antenna of a small satellite
// that cannot point.
type Turnstile struct {
	Sense Sense // towards the axis; RightHand if it is Linear
}

// Ray implements [Antenna].
func (a Turnstile) Ray(offAxisDeg float64) Ray {
	cos := math.Cos(radians(offAxisDeg))
	sense := RightHand
	if (a.Sense == LeftHand) != (cos < 0) {
		sense = LeftHand
	}
	p := Polarisation{Sense: sense}
	if c := math.Abs(cos); c > 1e-3 {
		p.AxialRatioDB = -20 * math.Log10(c)
	} else {
		p = Polarisation{}
	}
	return Ray{GainDBi: decibels(0.75 * (1 + cos*cos)), Polarisation: p}
}

// Check implements [Antenna].
func (Turnstile) Check() error { return nil }

// String implements [Antenna].
func (Turnstile) String() string { return "turnstile" }

// Patch is a patch on a plate: power as a power of the cosine in front, a constant
// behind. The power of the cosine follows from the peak, G = 2 (n + 1) for a
// lossless one.
type Patch struct {
	PeakDBi       float64
	FrontToBackDB float64
	Polarisation  Polarisation
}

// Ray implements [Antenna].
func (a Patch) Ray(offAxisDeg float64) Ray {
	n := ratio(a.PeakDBi)/2 - 1
	gain := a.PeakDBi - a.FrontToBackDB
	if c := math.Cos(radians(offAxisDeg)); c > 0 {
		gain = max(gain, a.PeakDBi+10*n*math.Log10(c))
	}
	return Ray{GainDBi: gain, Polarisation: a.Polarisation}
}

// Check implements [Antenna].
func (a Patch) Check() error {
	return firstError(bounds("gain of a patch", a.PeakDBi, 3.02, 15, "dBi"), // 3.01 dBi fills the half space
		bounds("front-to-back ratio", a.FrontToBackDB, 0, 60, "dB"))
}

// String implements [Antenna].
func (a Patch) String() string { return fmt.Sprintf("patch, %.1f dBi", a.PeakDBi) }

// Quadrifilar is a resonant quadrifilar helix of half a turn and half a wavelength,
// the antenna of terminals under the open sky: a cardioid, G = 3 ((1 + cos)/2)²,
// 4.77 dBi along the axis and 6 dB less at right angles to it, nearly circular over the
// whole half space (Kilgus, IEEE Trans. AP-23, 1975).
type Quadrifilar struct {
	Sense Sense // RightHand if it is Linear
}

// Ray implements [Antenna].
func (a Quadrifilar) Ray(offAxisDeg float64) Ray {
	half := (1 + math.Cos(radians(offAxisDeg))) / 2
	p := Polarisation{Sense: a.Sense, AxialRatioDB: 2}
	if p.Sense == Linear {
		p.Sense = RightHand
	}
	return Ray{GainDBi: max(floorDBi, decibels(3*half*half)), Polarisation: p}
}

// Check implements [Antenna].
func (Quadrifilar) Check() error { return nil }

// String implements [Antenna].
func (Quadrifilar) String() string { return "quadrifilar helix" }

// Opposite is two equal antennas on opposite sides of a satellite, of which the
// better one is switched on: it loses only around its waist.
type Opposite struct{ Antenna Antenna }

// Ray implements [Antenna].
func (a Opposite) Ray(offAxisDeg float64) Ray {
	front, back := a.Antenna.Ray(offAxisDeg), a.Antenna.Ray(180-offAxisDeg)
	if back.GainDBi > front.GainDBi {
		return back
	}
	return front
}

// Check implements [Antenna].
func (a Opposite) Check() error {
	if a.Antenna == nil {
		return fmt.Errorf("antennas on opposite sides: none given")
	}
	return a.Antenna.Check()
}

// String implements [Antenna].
func (a Opposite) String() string { return "two of: " + a.Antenna.String() }
