package budget

import (
	"fmt"

	"spacechain/link/propagation"
)

// View is what an antenna mostly looks at, which makes its noise.
type View int

// The views.
const (
	Sky   View = iota // from the ground: air, galaxy, and some warm ground
	Earth             // from a satellite down
	Space             // from a satellite past the Earth
)

// String names the view.
func (v View) String() string {
	switch v {
	case Sky:
		return "sky"
	case Earth:
		return "Earth"
	case Space:
		return "space"
	}
	return fmt.Sprintf("unknown view %d", int(v))
}

// StandardK is the temperature that noise figures refer to, and that lines and
// ground are taken to have.
const StandardK = 290

// antennaK is the noise temperature of an antenna through air with a loss.
func (r Receiver) antennaK(frequencyHz, airLossDB float64) (float64, error) {
	if r.AntennaK > 0 {
		return r.AntennaK, nil
	}
	sky, err := propagation.SkyTemperatureK(frequencyHz, airLossDB)
	if err != nil {
		return 0, err
	}
	switch r.View {
	case Sky:
		return (1-r.GroundShare)*sky + r.GroundShare*StandardK, nil
	case Earth:
		return StandardK, nil
	default:
		return propagation.SkyTemperatureK(frequencyHz, 0)
	}
}

// SystemK gives the noise temperature at the antenna's terminals of a receiver
// behind a line: antenna + T0 (L - 1) + T0 (F - 1) L.
func SystemK(antennaK, lineLossDB, noiseFigureDB float64) float64 {
	line := ratio(lineLossDB)
	return antennaK + StandardK*(line-1) + StandardK*(ratio(noiseFigureDB)-1)*line
}
