package propagation

import "math"

// Temperatures of what an antenna on the ground sees.
const (
	cosmicK   = 2.7 // what is left of the beginning (P.372-16 §6)
	airK      = 275 // mean of the air that makes the loss (P.618-14 §3)
	galaxyK   = 25  // mean of the galaxy at its reference frequency, away from its disc
	galaxyHz  = 408e6
	galaxySlo = 2.75 // brightness falls as f to this power (P.372-16 §6)
)

// SkyTemperatureK gives how warm the sky looks at a frequency through an
// atmosphere with a loss: P.618-14 §3, T = 275 (1 - 10^(-A/10)) + Tspace
// 10^(-A/10), where space is the cosmic background and the galaxy. The galaxy is
// taken as 25 K at 408 MHz and as f^-2.75 (P.372-16 §6): a mean of the sky; towards
// its centre it is ten times that.
func SkyTemperatureK(frequencyHz, lossDB float64) (float64, error) {
	const model = "sky noise (ITU-R P.618-14, P.372-16)"
	if err := within(model, "frequency", frequencyHz/ghz, 0.03, 1000, "GHz"); err != nil {
		return 0, err
	}
	if err := within(model, "loss", lossDB, 0, 1000, "dB"); err != nil {
		return 0, err
	}
	through := math.Pow(10, -lossDB/10)
	space := cosmicK + galaxyK*math.Pow(frequencyHz/galaxyHz, -galaxySlo)
	return airK*(1-through) + space*through, nil
}
