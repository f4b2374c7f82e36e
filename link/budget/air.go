package budget

import (
	"fmt"

	"spacechain/link/channel"
	"spacechain/link/propagation"
)

// air is the atmosphere over the link's station, ready for any elevation.
type air struct {
	link Link
	gas  *propagation.GasTable // nil: the usual air from sea level up, whose table link/channel remembers
}

func newAir(l Link) (air, error) {
	a := air{link: l}
	if l.Path.Medium != channel.Atmosphere {
		return a, nil
	}
	var err error
	vapour := l.Weather.VapourGM3
	if vapour == 0 {
		vapour = propagation.SurfaceVapourGM3
	}
	if l.Path.StationHeightKm > 0 || vapour != propagation.SurfaceVapourGM3 {
		a.gas, err = propagation.NewGasTable(l.FrequencyHz, l.Path.StationHeightKm, vapour)
	}
	return a, err
}

// lowestDeg is the elevation down to which clouds and scintillation have methods;
// lower paths are given the loss there.
const lowestDeg = 5

// Rain and clouds take less than a few hundredths of a decibel below 1 GHz, where
// their methods begin; the same holds of the troposphere's scintillation below 4 GHz.
const (
	rainFromHz   = 1e9
	tremorFromHz = 4e9
)

// losses are what the air takes at an elevation, exceeded for a percentage of the
// year; 0 is a clear sky.
func (a air) losses(elevationDeg, percent float64) (propagation.Losses, error) {
	var out propagation.Losses
	l, w := a.link, a.link.Weather
	if l.Path.Medium != channel.Atmosphere {
		return out, nil
	}
	if a.gas != nil {
		out.GasDB = a.gas.LossDB(elevationDeg)
	} else {
		out.GasDB = channel.GasLossDB(l.FrequencyHz, elevationDeg)
	}
	if percent == 0 {
		return out, nil
	}
	var err error
	if w.RateMMH != 0 && l.FrequencyHz >= rainFromHz && percent <= propagation.MostRainPercent {
		out.RainDB, err = propagation.RainLossDB(propagation.RainPath{
			FrequencyHz: l.FrequencyHz, ElevationDeg: elevationDeg,
			TiltDeg:     propagation.CircularTiltDeg, // of a linear polarisation too: which way it lies is not known
			LatitudeDeg: w.LatitudeDeg, StationHeightKm: l.Path.StationHeightKm,
			RainHeightKm: a.rainHeightKm(), RateMMH: w.RateMMH,
		}, percent)
		if err != nil {
			return out, err
		}
	}
	if w.CloudKGM2 != 0 && l.FrequencyHz >= rainFromHz {
		out.CloudDB, err = propagation.CloudLossDB(l.FrequencyHz, max(elevationDeg, lowestDeg), w.CloudKGM2)
		if err != nil {
			return out, err
		}
	}
	if w.WetNUnits != 0 && l.FrequencyHz >= tremorFromHz {
		p := propagation.ScintillationPath{
			FrequencyHz: l.FrequencyHz, ElevationDeg: max(elevationDeg, lowestDeg), WetNUnits: w.WetNUnits,
		}
		if d, ok := l.groundAntenna().(Dish); ok {
			p.DiameterM, p.Efficiency = d.DiameterM, d.Efficiency
		}
		out.ScintillationDB, err = propagation.ScintillationDB(p, percent)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// rainHeightKm is the given height or the zonal mean.
func (a air) rainHeightKm() float64 {
	if h := a.link.Weather.RainHeightKm; h != 0 {
		return h
	}
	return propagation.RainHeightKm(a.link.Weather.LatitudeDeg)
}

// groundAntenna is the antenna on the ground: that of the receiver if it views the
// sky.
func (l Link) groundAntenna() Antenna {
	if l.Receiver.View == Sky {
		return l.Receiver.Antenna
	}
	return l.Transmitter.Antenna
}

// ionosphereDB is the allowance for scintillation high up.
func (l Link) ionosphereDB() (float64, error) {
	if l.Path.Medium != channel.Atmosphere || l.Ionosphere.S4 == 0 {
		return 0, nil
	}
	return propagation.IonosphericFadeDB(l.FrequencyHz, l.Ionosphere.S4, ionosphereReferenceHz)
}

// faradayDeg is by how much the ionosphere turns a linear polarisation.
func (l Link) faradayDeg() (float64, error) {
	if l.Path.Medium != channel.Atmosphere || l.Ionosphere.ElectronsM2 == 0 {
		return 0, nil
	}
	turn, err := propagation.FaradayRotationDeg(l.FrequencyHz, l.Ionosphere.ElectronsM2, l.Ionosphere.FieldUT)
	if err != nil {
		return 0, fmt.Errorf("polarisation: %w", err)
	}
	return turn, nil
}
