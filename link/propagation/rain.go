package propagation

import "math"

// gaussians are the terms of the sums (2) and (3) of P.838-3, and its line.
type gaussians struct {
	terms  [][3]float64 // a, b, c
	m, off float64
}

func (g gaussians) at(logF float64) float64 {
	y := g.m*logF + g.off
	for _, t := range g.terms {
		x := (logF - t[1]) / t[2]
		y += t[0] * math.Exp(-x*x)
	}
	return y
}

// Tables 1 to 4 of ITU-R P.838-3.
var (
	rainKH = gaussians{[][3]float64{{-5.33980, -0.10008, 1.13098}, {-0.35351, 1.26970, 0.45400},
		{-0.23789, 0.86036, 0.15354}, {-0.94158, 0.64552, 0.16817}}, -0.18961, 0.71147}
	rainKV = gaussians{[][3]float64{{-3.80595, 0.56934, 0.81061}, {-3.44965, -0.22911, 0.51059},
		{-0.39902, 0.73042, 0.11899}, {0.50167, 1.07319, 0.27195}}, -0.16398, 0.63297}
	rainAlphaH = gaussians{[][3]float64{{-0.14318, 1.82442, -0.55187}, {0.29591, 0.77564, 0.19822},
		{0.32177, 0.63773, 0.13164}, {-5.37610, -0.96230, 1.47828}, {16.1721, -3.29980, 3.43990}}, 0.67849, -1.95537}
	rainAlphaV = gaussians{[][3]float64{{-0.07771, 2.33840, -0.76284}, {0.56727, 0.95545, 0.54039},
		{-0.20238, 1.14520, 0.26809}, {-48.2991, 0.791669, 0.116226}, {48.5833, 0.791459, 0.116479}}, -0.053739, 0.83433}
)

// CircularTiltDeg is the tilt of the polarisation that stands for circular
// polarisation in the rain models.
const CircularTiltDeg = 45

// RainCoefficients gives k and alpha of ITU-R P.838-3 for a path and a
// polarisation that is tilted against the horizontal (0 horizontal, 90 vertical,
// [CircularTiltDeg]), from 1 to 1,000 GHz.
func RainCoefficients(frequencyHz, elevationDeg, tiltDeg float64) (k, alpha float64, err error) {
	const model = "rain (ITU-R P.838-3)"
	if err := within(model, "frequency", frequencyHz/ghz, 1, 1000, "GHz"); err != nil {
		return 0, 0, err
	}
	if err := horizon(model, elevationDeg); err != nil {
		return 0, 0, err
	}
	if err := within(model, "tilt of the polarisation", tiltDeg, -90, 90, "degrees"); err != nil {
		return 0, 0, err
	}
	logF := math.Log10(frequencyHz / ghz)
	kh, kv := math.Pow(10, rainKH.at(logF)), math.Pow(10, rainKV.at(logF))
	ah, av := rainAlphaH.at(logF), rainAlphaV.at(logF)
	c := math.Cos(radians(elevationDeg))
	turn := c * c * math.Cos(radians(2*tiltDeg))
	k = (kh + kv + (kh-kv)*turn) / 2
	alpha = (kh*ah + kv*av + (kh*ah-kv*av)*turn) / (2 * k)
	return k, alpha, nil
}

// RainSpecificAttenuation gives the loss in rain of so many mm/h, dB/km
// (P.838-3 (1)).
func RainSpecificAttenuation(frequencyHz, elevationDeg, tiltDeg, rateMMH float64) (float64, error) {
	k, alpha, err := RainCoefficients(frequencyHz, elevationDeg, tiltDeg)
	if err != nil {
		return 0, err
	}
	if err := within("rain (ITU-R P.838-3)", "rate", rateMMH, 0, 1000, "mm/h"); err != nil {
		return 0, err
	}
	return k * math.Pow(rateMMH, alpha), nil
}

// RainHeightKm gives the mean height up to which rain falls at a latitude, km
// above sea level: the zonal means of ITU-R P.839-2, for those who have no map of
// P.839-4 at hand. Against the map it errs by up to about a kilometre.
func RainHeightKm(latitudeDeg float64) float64 {
	switch l := latitudeDeg; {
	case l > 23:
		return max(0, 5-0.075*(l-23))
	case l >= -21:
		return 5
	case l > -71:
		return max(0, 5+0.1*(l+21))
	default:
		return 0
	}
}

// RainPath is what the long-term rain model knows of a place and a path.
type RainPath struct {
	FrequencyHz     float64 // 1 to 55 GHz
	ElevationDeg    float64
	TiltDeg         float64 // of the polarisation, see [RainCoefficients]
	LatitudeDeg     float64
	StationHeightKm float64
	RainHeightKm    float64 // above sea level, of P.839-4 or [RainHeightKm]
	RateMMH         float64 // rain rate exceeded for 0.01 % of an average year (P.837)
}

// RainLossDB gives the loss by rain that is exceeded for a percentage of an
// average year from 0.001 to 5 (P.618-14 §2.2.1.1). Where the station stands above
// the rain, or it never rains, the loss is 0.
func RainLossDB(p RainPath, percent float64) (float64, error) {
	const model = "rain (ITU-R P.618-14 §2.2.1.1)"
	if err := within(model, "frequency", p.FrequencyHz/ghz, 1, 55, "GHz"); err != nil {
		return 0, err
	}
	if err := within(model, "percentage of the year", percent, LeastRainPercent, MostRainPercent, "%"); err != nil {
		return 0, err
	}
	if err := within(model, "latitude", p.LatitudeDeg, -90, 90, "degrees"); err != nil {
		return 0, err
	}
	if err := within(model, "height of the station", p.StationHeightKm, -1, 20, "km"); err != nil {
		return 0, err
	}
	if err := within(model, "rain height", p.RainHeightKm, 0, 20, "km"); err != nil {
		return 0, err
	}
	specific, err := RainSpecificAttenuation(p.FrequencyHz, p.ElevationDeg, p.TiltDeg, p.RateMMH)
	if err != nil {
		return 0, err
	}
	depth := p.RainHeightKm - p.StationHeightKm
	if depth <= 0 || p.RateMMH == 0 {
		return 0, nil
	}
	f := p.FrequencyHz / ghz
	sin, cos := math.Sincos(radians(p.ElevationDeg))

	slant := depth / sin // step 2
	if p.ElevationDeg < 5 {
		const effectiveEarthKm = 8500
		slant = 2 * depth / (math.Sqrt(sin*sin+2*depth/effectiveEarthKm) + sin)
	}
	ground := slant * cos                                                                    // step 3
	horizontal := 1 / (1 + 0.78*math.Sqrt(ground*specific/f) - 0.38*(1-math.Exp(-2*ground))) // step 6
	rainy := depth / sin                                                                     // step 7
	if zeta := math.Atan2(depth, ground*horizontal) * 180 / math.Pi; zeta > p.ElevationDeg {
		rainy = ground * horizontal / cos
	}
	latitude := math.Abs(p.LatitudeDeg)
	chi := max(0, 36-latitude)
	vertical := 1 / (1 + math.Sqrt(sin)*(31*(1-math.Exp(-p.ElevationDeg/(1+chi)))*math.Sqrt(rainy*specific)/(f*f)-0.45))
	rare := specific * rainy * vertical // steps 8 and 9: exceeded for 0.01 %
	if rare <= 0 {
		return 0, nil
	}
	var beta float64 // step 10
	if percent < 1 && latitude < 36 {
		beta = -0.005 * (latitude - 36)
		if p.ElevationDeg < 25 {
			beta += 1.8 - 4.25*sin
		}
	}
	exponent := 0.655 + 0.033*math.Log(percent) - 0.045*math.Log(rare) - beta*(1-percent)*sin
	return rare * math.Pow(percent/0.01, -exponent), nil
}

// Percentages of the year for which [RainLossDB] holds.
const (
	LeastRainPercent = 0.001
	MostRainPercent  = 5
)

// RainPercent gives the percentage of an average year for which rain takes more
// than a loss: [RainLossDB] the other way round. The model ends at
// [LeastRainPercent] and [MostRainPercent]; less and more are given as these.
func RainPercent(p RainPath, lossDB float64) (float64, error) {
	if err := within("rain (ITU-R P.618-14 §2.2.1.1)", "loss", lossDB, 0, 1000, "dB"); err != nil {
		return 0, err
	}
	low, high := math.Log(LeastRainPercent), math.Log(MostRainPercent)
	for range 50 {
		middle := (low + high) / 2
		loss, err := RainLossDB(p, math.Exp(middle))
		if err != nil {
			return 0, err
		}
		if loss > lossDB {
			low = middle
		} else {
			high = middle
		}
	}
	return math.Exp(high), nil
}
