package propagation

import "math"

// CloudCoefficient gives the attenuation by clouds for each kg/m² of liquid water
// above the station, straight up, dB/(kg/m²), from 1 to 200 GHz (ITU-R P.840-9
// (12)).
func CloudCoefficient(frequencyHz float64) (float64, error) {
	f := frequencyHz / ghz
	if err := within("clouds (ITU-R P.840-9)", "frequency", f, 1, 200, "GHz"); err != nil {
		return 0, err
	}
	gauss := func(a, centre, spread float64) float64 { return a * math.Exp(-(f-centre)*(f-centre)/spread) }
	return droplets(f, 273.75) * (gauss(0.1522, -23.9589, 3.2991e3) + gauss(11.51, 219.2096, 2.7595e6) - 10.4912), nil
}

// droplets is the mass absorption of small drops at a frequency in GHz and a
// temperature in K: Rayleigh's approximation with Debye's double relaxation of
// water (P.840-9 (2) to (11)), (dB/km)/(g/m³).
func droplets(f, temperatureK float64) float64 {
	theta := 300/temperatureK - 1
	e0 := 77.66 + 103.3*theta
	e1 := 0.0671 * e0
	const e2 = 3.52
	principal := 20.20 - 146*theta + 316*theta*theta
	secondary := 39.8 * principal
	p, s := f/principal, f/secondary
	imaginary := p*(e0-e1)/(1+p*p) + s*(e1-e2)/(1+s*s)
	real := (e0-e1)/(1+p*p) + (e1-e2)/(1+s*s) + e2
	eta := (2 + real) / imaginary
	return 0.819 * f / (imaginary * (1 + eta*eta))
}

// CloudLossDB gives the loss in clouds that hold so much liquid water above each
// square metre, kg/m² (P.840-9 (13)). The water exceeded for a percentage of the
// year is on the Recommendation's maps; 0.5 is exceeded about 1 % of the time in
// temperate places. The method holds from 5 degrees of elevation; lower
// elevations are refused.
func CloudLossDB(frequencyHz, elevationDeg, liquidKGM2 float64) (float64, error) {
	const model = "clouds (ITU-R P.840-9)"
	k, err := CloudCoefficient(frequencyHz)
	if err != nil {
		return 0, err
	}
	if err := within(model, "elevation", elevationDeg, 5, 90, "degrees"); err != nil {
		return 0, err
	}
	if err := within(model, "liquid water", liquidKGM2, 0, 20, "kg/m²"); err != nil {
		return 0, err
	}
	return k * liquidKGM2 / math.Sin(radians(elevationDeg)), nil
}
