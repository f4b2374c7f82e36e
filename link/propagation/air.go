package propagation

import "math"

// Air is the state of the air at one height.
type Air struct {
	PressureHPa  float64 // barometric: dry air and vapour together
	TemperatureK float64
	VapourGM3    float64 // density of water vapour, g/m³
}

// SurfaceVapourGM3 is the density of water vapour at sea level in the mean annual
// global reference atmosphere (ITU-R P.835-6 (7)), g/m³.
const SurfaceVapourGM3 = 7.5

// atmosphereTopKm is where the reference atmosphere ends.
const atmosphereTopKm = 100

// StandardAir gives the mean annual global reference atmosphere of ITU-R P.835-6
// annex 1 at a height of 0 to 100 km. The vapour at sea level is an argument,
// usually [SurfaceVapourGM3]; it falls by e every 2 km until two millionths of
// the pressure are left. Heights outside are taken as the nearest end.
func StandardAir(heightKm, surfaceVapourGM3 float64) Air {
	z := min(max(heightKm, 0), atmosphereTopKm)
	h := 6356.766 * z / (6356.766 + z) // geopotential, (1a)
	a := Air{VapourGM3: surfaceVapourGM3 * math.Exp(-z/2)}
	switch {
	case h <= 11:
		a.TemperatureK = 288.15 - 6.5*h
		a.PressureHPa = 1013.25 * math.Pow(288.15/a.TemperatureK, -34.1632/6.5)
	case h <= 20:
		a.TemperatureK = 216.65
		a.PressureHPa = 226.3226 * math.Exp(-34.1632*(h-11)/216.65)
	case h <= 32:
		a.TemperatureK = 216.65 + (h - 20)
		a.PressureHPa = 54.74980 * math.Pow(216.65/a.TemperatureK, 34.1632)
	case h <= 47:
		a.TemperatureK = 228.65 + 2.8*(h-32)
		a.PressureHPa = 8.680422 * math.Pow(228.65/a.TemperatureK, 34.1632/2.8)
	case h <= 51:
		a.TemperatureK = 270.65
		a.PressureHPa = 1.109106 * math.Exp(-34.1632*(h-47)/270.65)
	case h <= 71:
		a.TemperatureK = 270.65 - 2.8*(h-51)
		a.PressureHPa = 0.6694167 * math.Pow(270.65/a.TemperatureK, -34.1632/2.8)
	case z < 86:
		a.TemperatureK = 214.65 - 2*(h-71)
		a.PressureHPa = 0.03956649 * math.Pow(214.65/a.TemperatureK, -34.1632/2)
	default:
		a.TemperatureK = 186.8673
		if z > 91 {
			x := (z - 91) / 19.9429
			a.TemperatureK = 263.1905 - 76.3232*math.Sqrt(1-x*x)
		}
		a.PressureHPa = math.Exp(95.571899 + z*(-4.011801+z*(6.424731e-2+z*(-4.789660e-4+z*1.340543e-6))))
	}
	if least := 2e-6 * a.PressureHPa * 216.7 / a.TemperatureK; a.VapourGM3 < least {
		a.VapourGM3 = least
	}
	return a
}

// VapourHPa is the partial pressure of water vapour (P.676-13 (4)).
func (a Air) VapourHPa() float64 { return a.VapourGM3 * a.TemperatureK / 216.7 }

// DryHPa is the pressure of the dry air.
func (a Air) DryHPa() float64 { return a.PressureHPa - a.VapourHPa() }

// Refractivity is how much the refractive index exceeds 1, in millionths
// (ITU-R P.453-14 (2) to (4)).
func (a Air) Refractivity() float64 {
	e := a.VapourHPa()
	t := a.TemperatureK
	return 77.6*a.DryHPa()/t + 72*e/t + 3.75e5*e/(t*t)
}
