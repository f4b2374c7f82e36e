package propagation

import "math"

const ionosphereModel = "ionosphere (ITU-R P.531-14)"

// FaradayRotationDeg gives by how much the ionosphere turns the plane of a linear
// polarisation: 2.36e-14 B N / f², f in GHz (P.531-14), degrees. The content
// of electrons along the path is in el/m² (10¹⁶ by night at solar minimum, 10¹⁸
// by day at maximum), the Earth's field along it in microtesla (about 50).
// Circular polarisation does not mind.
func FaradayRotationDeg(frequencyHz, electronsM2, fieldUT float64) (float64, error) {
	for _, err := range []error{
		within(ionosphereModel, "frequency", frequencyHz/ghz, 0.03, 1000, "GHz"),
		within(ionosphereModel, "electron content", electronsM2, 0, 1e20, "el/m²"),
		within(ionosphereModel, "field", fieldUT, 0, 100, "µT"),
	} {
		if err != nil {
			return 0, err
		}
	}
	f := frequencyHz / ghz
	return 2.36e-14 * fieldUT * 1e-6 * electronsM2 / (f * f) * 180 / math.Pi, nil
}

// IonosphericFadeDB gives the loss to allow for scintillation in the ionosphere:
// P.531-14 turns the index S4 into a peak-to-peak fluctuation of 27.5 S4^1.26
// and takes it over the square root of 2. The index is that of a reference
// frequency; it falls as f^-1.5 and saturates at 1. Away from the magnetic equator
// and the poles 0.1 at 400 MHz is a disturbed day; near the equator after sunset
// at solar maximum it is 1.
func IonosphericFadeDB(frequencyHz, index, referenceHz float64) (float64, error) {
	for _, err := range []error{
		within(ionosphereModel, "frequency", frequencyHz/ghz, 0.03, 1000, "GHz"),
		within(ionosphereModel, "reference frequency", referenceHz/ghz, 0.03, 1000, "GHz"),
		within(ionosphereModel, "scintillation index S4", index, 0, 1, ""),
	} {
		if err != nil {
			return 0, err
		}
	}
	s4 := min(1, index*math.Pow(referenceHz/frequencyHz, 1.5))
	return 27.5 * math.Pow(s4, 1.26) / math.Sqrt2, nil
}
