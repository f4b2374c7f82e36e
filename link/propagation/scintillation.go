package propagation

import "math"

// ScintillationPath is what the model of tropospheric scintillation needs.
type ScintillationPath struct {
	FrequencyHz  float64 // 4 to 55 GHz
	ElevationDeg float64 // 5 to 90
	DiameterM    float64 // of the antenna on the ground: a large one averages
	Efficiency   float64 // of that antenna, 0 to 1
	WetNUnits    float64 // median wet term of the surface refractivity (P.453-14), 20 to 130
}

// ScintillationDB gives the fade depth that the troposphere's scintillation
// exceeds for a percentage of the time from 0.01 to 50 (P.618-14 §2.4.1).
func ScintillationDB(p ScintillationPath, percent float64) (float64, error) {
	const model = "scintillation (ITU-R P.618-14 §2.4.1)"
	for _, err := range []error{
		within(model, "frequency", p.FrequencyHz/ghz, 4, 55, "GHz"),
		within(model, "elevation", p.ElevationDeg, 5, 90, "degrees"),
		within(model, "diameter", p.DiameterM, 0, 100, "m"),
		within(model, "efficiency", p.Efficiency, 0, 1, "(a fraction)"),
		within(model, "wet refractivity", p.WetNUnits, 0, 200, "N units"),
		within(model, "percentage of the time", percent, 0.001, 50, "%"),
	} {
		if err != nil {
			return 0, err
		}
	}
	f := p.FrequencyHz / ghz
	sin := math.Sin(radians(p.ElevationDeg))
	const turbulenceM = 1000
	length := 2 * turbulenceM / (math.Sqrt(sin*sin+2.35e-4) + sin)
	x := 1.22 * p.Efficiency * p.DiameterM * p.DiameterM * f / length
	if x >= 7 {
		return 0, nil // step 6: the antenna averages all of it
	}
	averaging := math.Sqrt(3.86*math.Pow(x*x+1, 11.0/12)*math.Sin(11.0/6*math.Atan2(1, x)) - 7.08*math.Pow(x, 5.0/6))
	deviation := (3.6e-3 + 1e-4*p.WetNUnits) * math.Pow(f, 7.0/12) * averaging / math.Pow(sin, 1.2)
	l := math.Log10(percent)
	return deviation * (-0.061*l*l*l + 0.072*l*l - 1.71*l + 3), nil
}

// Losses are what the atmosphere takes, by cause, dB.
type Losses struct {
	GasDB, RainDB, CloudDB, ScintillationDB float64
}

// Combine gives the loss by all causes together, exceeded for the percentage of
// the year for which each is (P.618-14 §2.5): rain and clouds come together,
// scintillation comes by itself.
func (l Losses) Combine() float64 {
	return l.GasDB + math.Hypot(l.RainDB+l.CloudDB, l.ScintillationDB)
}
