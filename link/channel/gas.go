package channel

import (
	"sync"

	"spacechain/link/propagation"
)

// gasTables remembers the loss by gases over elevation for the frequencies of a
// universe, which are few: what is in it follows from the frequency alone, so that
// it changes no result, only how soon it is there.
var gasTables struct {
	sync.RWMutex
	at map[float64]*propagation.GasTable
}

// maxGasTables bounds the memory where somebody asks for ever new frequencies.
const maxGasTables = 256

// GasLossDB gives the attenuation by oxygen and water vapour on the way from sea
// level to space at an elevation, dB: ITU-R P.676-13 annex 1 in the mean annual
// global reference atmosphere, as link/budget has it. Elevations below the horizon
// count as 0; a frequency outside of that model (10 MHz to 1,000 GHz) loses
// nothing, for such a radio is no business of the atmosphere's.
func GasLossDB(frequencyHz, elevationDeg float64) float64 {
	gasTables.RLock()
	table, known := gasTables.at[frequencyHz]
	gasTables.RUnlock()
	if !known {
		var err error
		table, err = propagation.NewGasTable(frequencyHz, 0, propagation.SurfaceVapourGM3)
		if err != nil {
			return 0
		}
		gasTables.Lock()
		if gasTables.at == nil || len(gasTables.at) >= maxGasTables {
			gasTables.at = make(map[float64]*propagation.GasTable)
		}
		gasTables.at[frequencyHz] = table
		gasTables.Unlock()
	}
	return table.LossDB(elevationDeg)
}
