package budget

import (
	"errors"
	"fmt"

	"spacechain/link/channel"
)

// Link is one direction of a hop between two antennas: all that a budget needs.
type Link struct {
	Name        string
	FrequencyHz float64
	Transmitter Transmitter
	Path        Path
	Weather     Weather
	Ionosphere  Ionosphere
	Receiver    Receiver
	Signal      Signal
	// TiltDeg is the angle between the major axes of both antennas' polarisations,
	// with TiltKnown; else the mean over all tilts counts. It only matters where neither
	// is circular.
	TiltDeg   float64
	TiltKnown bool
	// OtherLossesDB is what nobody else accounts for.
	OtherLossesDB float64
}

// Retune gives the same link on another frequency: dishes keep their size.
func (l Link) Retune(frequencyHz float64) Link {
	retune := func(a Antenna) Antenna {
		if d, ok := a.(Dish); ok {
			d.FrequencyHz = frequencyHz
			return d
		}
		return a
	}
	l.FrequencyHz = frequencyHz
	l.Transmitter.Antenna, l.Receiver.Antenna = retune(l.Transmitter.Antenna), retune(l.Receiver.Antenna)
	return l
}

// Transmitter is the sending end.
type Transmitter struct {
	PowerW     float64
	LineLossDB float64 // from the amplifier to the antenna: cables, filters, connectors
	Antenna    Antenna
	Pointing   Pointing
}

// Receiver is the hearing end.
type Receiver struct {
	Antenna       Antenna
	Pointing      Pointing
	LineLossDB    float64 // from the antenna to the first amplifier
	NoiseFigureDB float64 // of all that follows
	View          View
	GroundShare   float64 // of what an antenna that views the Sky takes in: 0.03 a big dish, 0.25 a Yagi
	AntennaK      float64 // noise temperature of the antenna where it is known; 0 works it out
}

// Weather is what happens in the air. The zero value is a clear sky: gases alone.
type Weather struct {
	// UnavailablePercent is the share of an average year, in %, for which the losses
	// may be exceeded: 0.1 asks for the fade that 99.9 % of the time stays under. 0 is a
	// clear sky. 0.001 to 50.
	UnavailablePercent float64
	RateMMH            float64 // rain exceeded for 0.01 % of the year (P.837): 30 in central Europe, 95 in the tropics
	RainHeightKm       float64 // above sea level (P.839); 0 takes propagation.RainHeightKm of the latitude
	LatitudeDeg        float64 // of the station
	CloudKGM2          float64 // liquid water in clouds exceeded for as long (P.840)
	VapourGM3          float64 // water vapour at sea level, g/m³, in fair weather too; 0 takes the global mean, 7.5
	WetNUnits          float64 // median wet refractivity for scintillation (P.453); 0 leaves scintillation out
}

// Ionosphere is what VHF and UHF meet higher up. The zero value is a calm night.
type Ionosphere struct {
	S4          float64 // scintillation index at 400 MHz, 0 to 1
	ElectronsM2 float64 // electron content along the path, el/m², for Faraday rotation
	FieldUT     float64 // the Earth's field along the path, µT
}

// ionosphereReferenceHz is what S4 refers to.
const ionosphereReferenceHz = 400e6

// check says in a few words what cannot be.
func (l Link) check() error {
	if l.Transmitter.Antenna == nil || l.Receiver.Antenna == nil {
		return errors.New("both ends need an antenna")
	}
	if l.Transmitter.Pointing.Aim == Tumbling && l.Receiver.Pointing.Aim == Tumbling {
		return errors.New("both ends tumble: let one be held, or give it an isotropic antenna of the gain to rely on")
	}
	ends := []struct {
		name     string
		antenna  Antenna
		pointing Pointing
		line     float64
	}{
		{"transmitter", l.Transmitter.Antenna, l.Transmitter.Pointing, l.Transmitter.LineLossDB},
		{"receiver", l.Receiver.Antenna, l.Receiver.Pointing, l.Receiver.LineLossDB},
	}
	for _, e := range ends {
		if err := firstError(e.antenna.Check(), e.pointing.check(), bounds("line loss", e.line, 0, 60, "dB")); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		if e.pointing.Aim == Nadir && l.Path.AltitudeKm == 0 {
			return fmt.Errorf("%s: an antenna that looks to the nadir needs the satellite's altitude", e.name)
		}
		if l.Path.Medium == channel.Vacuum && (e.pointing.Aim == Nadir || e.pointing.Aim == Zenith) {
			return fmt.Errorf("%s: between satellites there is no %s to look at", e.name, e.pointing.Aim)
		}
	}
	if l.Path.Medium == channel.Fibre {
		return errors.New("a fibre has no link budget")
	}
	return firstError(
		bounds("frequency", l.FrequencyHz/1e6, 30, 1e6, "MHz"),
		bounds("transmit power", l.Transmitter.PowerW, 1e-9, 1e9, "W"),
		bounds("noise figure", l.Receiver.NoiseFigureDB, 0, 60, "dB"),
		bounds("antenna temperature", l.Receiver.AntennaK, 0, 1e9, "K"),
		bounds("share of the ground", l.Receiver.GroundShare, 0, 1, ""),
		bounds("tilt of the polarisation", l.TiltDeg, -180, 180, "degrees"),
		bounds("other losses", l.OtherLossesDB, 0, 200, "dB"),
		bounds("unavailable share of the year", l.Weather.UnavailablePercent, 0, 50, "%"),
		l.Path.check(), l.Signal.check())
}
