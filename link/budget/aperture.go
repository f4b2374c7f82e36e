package budget

import (
	"fmt"
	"math"

	"spacechain/link/channel"
)

// Helix is an axial-mode helix over a ground plane (Kraus, Antennas, 2nd edition,
// 7-4 to 7-9): peak 10.8 + 10 log10(C² N S) dBi after the measurements of King and
// Wong (1980), which lie about 1 dB under Kraus' formula; the shape is the array
// factor of the turns times a cosine; axial ratio (2N+1)/2N.
type Helix struct {
	Turns           float64
	CircumferenceWl float64 // of a turn, in wavelengths, about 1
	SpacingWl       float64 // between turns, in wavelengths, about 0.23
	Sense           Sense   // RightHand if it is Linear
}

// Ray implements [Antenna].
func (a Helix) Ray(offAxisDeg float64) Ray {
	peak := 10.8 + decibels(a.CircumferenceWl*a.CircumferenceWl*a.Turns*a.SpacingWl)
	p := Polarisation{Sense: a.Sense, AxialRatioDB: 20 * math.Log10((2*a.Turns+1)/(2*a.Turns))}
	if p.Sense == Linear {
		p.Sense = RightHand
	}
	const backDB = 20
	cos := math.Cos(radians(offAxisDeg))
	// Increased directivity after Hansen and Woodyard: half a turn of delay over all turns.
	psi := 2 * math.Pi * (a.SpacingWl*(1-cos) + 1/(2*a.Turns))
	field := math.Sin(math.Pi/(2*a.Turns)) * math.Sin(a.Turns*psi/2) / math.Sin(psi/2) * max(cos, 0)
	return Ray{GainDBi: peak + max(-backDB, decibels(field*field+1e-9)), Polarisation: p}
}

// Check implements [Antenna].
func (a Helix) Check() error {
	return firstError(bounds("turns of a helix", a.Turns, 3, 50, ""),
		bounds("circumference of a helix", a.CircumferenceWl, 0.75, 1.35, "wavelengths"),
		bounds("spacing of a helix", a.SpacingWl, 0.15, 0.3, "wavelengths"))
}

// String implements [Antenna].
func (a Helix) String() string {
	return fmt.Sprintf("helix of %g turns, %.1f dBi", a.Turns, a.Ray(0).GainDBi)
}

// Yagi is a Yagi-Uda array, or two crossed ones fed for circular polarisation, of
// which the peak is known: a Gaussian main lobe of the width that belongs to the
// peak (gain times the square of the width is about 29,000 square degrees). The lobe holds
// four fifths of the power; side and back lobes share the rest, -7 dBi all around.
type Yagi struct {
	PeakDBi      float64
	Polarisation Polarisation
}

// BeamwidthDeg is the full width of the main lobe at half power.
func (a Yagi) BeamwidthDeg() float64 { return math.Sqrt(29000 / ratio(a.PeakDBi)) }

// Ray implements [Antenna].
func (a Yagi) Ray(offAxisDeg float64) Ray {
	x := offAxisDeg / a.BeamwidthDeg()
	const asideDBi = -7
	return Ray{GainDBi: max(a.PeakDBi-12*x*x, asideDBi), Polarisation: a.Polarisation}
}

// Check implements [Antenna].
func (a Yagi) Check() error { return bounds("gain of a Yagi", a.PeakDBi, 5, 25, "dBi") }

// String implements [Antenna].
func (a Yagi) String() string {
	if a.Polarisation.Sense == Linear {
		return fmt.Sprintf("Yagi, %.1f dBi", a.PeakDBi)
	}
	return fmt.Sprintf("crossed Yagis, %.1f dBi", a.PeakDBi)
}

// Envelope is what bounds a dish's side lobes.
type Envelope int

// The envelopes.
const (
	S465 Envelope = iota // ITU-R S.465-6: the reference pattern for interference
	S580                 // ITU-R S.580-6: 3 dB tighter near the axis, for dishes of 50 wavelengths and more
)

// Dish is a parabolic reflector: gain by aperture and efficiency, a parabolic main
// lobe (in dB; ITU Radio Regulations, appendix 8: 2.5e-3 (D phi / lambda)²) down to the
// envelope of its side lobes.
type Dish struct {
	DiameterM    float64
	Efficiency   float64 // of the aperture, 0.5 to 0.75
	FrequencyHz  float64
	SideLobes    Envelope
	Polarisation Polarisation
}

// wavelengths is the diameter in wavelengths.
func (a Dish) wavelengths() float64 {
	return a.DiameterM * a.FrequencyHz / (channel.SpeedOfLightKmS * 1e3)
}

// PeakDBi is the gain on the axis: efficiency times (pi D / lambda)².
func (a Dish) PeakDBi() float64 {
	x := math.Pi * a.wavelengths()
	return decibels(a.Efficiency * x * x)
}

// BeamwidthDeg is the full width of the main lobe at half power, 69 lambda / D.
func (a Dish) BeamwidthDeg() float64 { return 2 * math.Sqrt(3/2.5e-3) / a.wavelengths() }

// Ray implements [Antenna].
func (a Dish) Ray(offAxisDeg float64) Ray {
	peak, d := a.PeakDBi(), a.wavelengths()
	x := d * offAxisDeg
	gain := max(peak-2.5e-3*x*x, a.sideLobeDBi(offAxisDeg))
	return Ray{GainDBi: min(gain, peak), Polarisation: a.Polarisation}
}

// sideLobeDBi is the envelope. It counts from where the recommendation begins; nearer
// the axis the main lobe alone is meant, and the envelope stays at its first value.
func (a Dish) sideLobeDBi(offAxisDeg float64) float64 {
	d := a.wavelengths()
	phi := max(1, 100/d)
	if d < 50 {
		phi = max(2, 114*math.Pow(d, -1.09))
	}
	phi = max(phi, offAxisDeg)
	switch {
	case phi >= 48:
		return -10
	case a.SideLobes == S580 && d >= 50 && phi <= 20:
		return 29 - 25*math.Log10(phi)
	case a.SideLobes == S580 && d >= 50 && phi <= 26.3:
		return -3.5
	default:
		return 32 - 25*math.Log10(phi)
	}
}

// Check implements [Antenna].
func (a Dish) Check() error {
	if err := firstError(bounds("diameter of a dish", a.DiameterM, 0.01, 1000, "m"),
		bounds("efficiency of a dish", a.Efficiency, 0.05, 1, ""),
		bounds("frequency of a dish", a.FrequencyHz/1e6, 100, 1e6, "MHz")); err != nil {
		return err
	}
	if d := a.wavelengths(); d < 3 {
		return fmt.Errorf("a dish of %g m is %.1f wavelengths wide at %g MHz: give at least 3, or another antenna", a.DiameterM, d, a.FrequencyHz/1e6)
	}
	return nil
}

// String implements [Antenna].
func (a Dish) String() string { return fmt.Sprintf("dish of %g m, %.1f dBi", a.DiameterM, a.PeakDBi()) }
