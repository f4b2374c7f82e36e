package budget

import (
	"fmt"
	"strings"

	"spacechain/link/radio"
)

// Polarisations as they are built: crossed Yagis reach 1.5 dB of axial ratio, a patch 3 dB. A
// satellite that tumbles shows both senses in turn, so stations switch.
var (
	eitherYagi = Polarisation{EitherHand, 1.5}
	rightPatch = Polarisation{RightHand, 3}
	rightDish  = Polarisation{RightHand, 1}
)

// Radios of our own links. They are the antennas and amplifiers behind the EIRP and G/T of
// link/channel's radios of the same names; a test holds them together.
const (
	defaultAltitudeKm   = 780
	defaultElevationDeg = 10
	acrossKm            = 4310 // to the neighbour in a plane of eleven at 780 km
)

// stationYagi is the hearing side of a station's VHF and UHF antennas: a Yagi sees warm ground
// around its beam; 2 dB of line lie before the receiver, for there is no amplifier at the mast.
func stationYagi(peakDBi float64) Receiver {
	return Receiver{Antenna: Yagi{peakDBi, eitherYagi}, Pointing: Pointing{ErrorDeg: 5}, LineLossDB: 2, NoiseFigureDB: 2, GroundShare: 0.25}
}

// turnstileReceiver is a small satellite's: it sees the Earth, and tumbles.
func turnstileReceiver() Receiver {
	return Receiver{Antenna: Turnstile{RightHand}, Pointing: Pointing{Aim: Tumbling}, LineLossDB: 0.5, NoiseFigureDB: 2, View: Earth}
}

func stationDish(hz float64) Dish {
	return Dish{DiameterM: 3.7, Efficiency: 0.6, FrequencyHz: hz, Polarisation: rightDish}
}

// presets are our own links without their signals.
var presets = []struct {
	name string
	link func(w radio.Waveform) Link
}{
	{"ttc-up", func(w radio.Waveform) Link {
		return Link{Transmitter: Transmitter{PowerW: 50, LineLossDB: 2, Antenna: Yagi{12, eitherYagi}, Pointing: Pointing{ErrorDeg: 5}}, Receiver: turnstileReceiver()}
	}},
	{"ttc-down", func(w radio.Waveform) Link {
		return Link{Transmitter: Transmitter{PowerW: 1, LineLossDB: 0.5, Antenna: Turnstile{RightHand}, Pointing: Pointing{Aim: Tumbling}}, Receiver: stationYagi(15)}
	}},
	{"beacon", func(w radio.Waveform) Link {
		return Link{Transmitter: Transmitter{PowerW: 0.25, LineLossDB: 0.5, Antenna: Turnstile{RightHand}, Pointing: Pointing{Aim: Tumbling}}, Receiver: stationYagi(15)}
	}},
	{"payload-up", func(w radio.Waveform) Link {
		return Link{
			Transmitter:   Transmitter{PowerW: 10, LineLossDB: 1, Antenna: stationDish(w.CarrierHz), Pointing: Pointing{ErrorDeg: 0.2}},
			Receiver:      Receiver{Antenna: Patch{6.5, 20, rightPatch}, Pointing: Pointing{Aim: Nadir}, LineLossDB: 1, NoiseFigureDB: 2, View: Earth},
			OtherLossesDB: 1, // edges of the satellite's body in its pattern
		}
	}},
	{"payload-down", func(w radio.Waveform) Link {
		return Link{
			Transmitter:   Transmitter{PowerW: 2.5, LineLossDB: 1, Antenna: Patch{6.5, 20, rightPatch}, Pointing: Pointing{Aim: Nadir}},
			Receiver:      Receiver{Antenna: stationDish(w.CarrierHz), Pointing: Pointing{ErrorDeg: 0.2}, LineLossDB: 0.5, NoiseFigureDB: 1.2, GroundShare: 0.1},
			OtherLossesDB: 1,
		}
	}},
	// A terminal's fixed antenna stands amid people, walls and warm ground: it reaches a satellite
	// well above the horizon.
	{"user-up", func(w radio.Waveform) Link {
		return Link{
			Transmitter:   Transmitter{PowerW: 5, LineLossDB: 0.5, Antenna: Quadrifilar{}, Pointing: Pointing{Aim: Zenith}},
			Receiver:      Receiver{Antenna: Turnstile{RightHand}, Pointing: Pointing{Aim: Nadir}, LineLossDB: 0.5, NoiseFigureDB: 2, View: Earth},
			OtherLossesDB: 1,
		}
	}},
	{"user-down", func(w radio.Waveform) Link {
		return Link{
			Transmitter:   Transmitter{PowerW: 1, LineLossDB: 0.5, Antenna: Turnstile{RightHand}, Pointing: Pointing{Aim: Nadir}},
			Receiver:      Receiver{Antenna: Quadrifilar{}, Pointing: Pointing{Aim: Zenith}, LineLossDB: 1, NoiseFigureDB: 3, GroundShare: 0.5},
			OtherLossesDB: 1,
		}
	}},
	{"isl", func(w radio.Waveform) Link {
		dish := Dish{DiameterM: 0.22, Efficiency: 0.6, FrequencyHz: w.CarrierHz, Polarisation: rightDish}
		return Link{
			Transmitter: Transmitter{PowerW: 5, LineLossDB: 1, Antenna: dish, Pointing: Pointing{ErrorDeg: 0.3}},
			Receiver:    Receiver{Antenna: dish, Pointing: Pointing{ErrorDeg: 0.3}, LineLossDB: 0.7, NoiseFigureDB: 2, View: Space},
			Path:        Across(acrossKm),

			OtherLossesDB: 1.5, // steering, at both ends
		}
	}},
}

// Presets names our own links: TT&C on VHF and UHF, the beacon, S band for the payload, UHF for
// users' terminals, Ka band between satellites.
func Presets() []string {
	names := make([]string, len(presets))
	for i, p := range presets {
		names[i] = p.name
	}
	return names
}

// Preset gives one of our own links, with the waveform that link/radio sends on it and one frame
// in a thousand lost. The satellite stands at 780 km and 10 degrees, in a clear sky.
func Preset(name string) (Link, error) {
	for _, p := range presets {
		if p.name != name {
			continue
		}
		w, err := presetWave(name)
		if err != nil {
			return Link{}, err
		}
		l := p.link(w)
		l.Name, l.FrequencyHz = name, w.CarrierHz
		if l.Path == (Path{}) {
			l.Path = Overhead(defaultAltitudeKm, defaultElevationDeg)
		}
		if l.FrequencyHz < 1e9 {
			// Middle latitudes on a calm day: a fade of 1.6 dB at VHF, 0.2 dB at UHF.
			l.Ionosphere = Ionosphere{S4: 0.03, ElectronsM2: 1e17, FieldUT: 50}
		}
		frame := w.FrameSize
		if frame == 0 {
			frame = 100 // telecommands and beacons, which have any length
		}
		l.Signal, err = Measured(w, 1e-3, frame)
		return l, err
	}
	return Link{}, fmt.Errorf("no link %q: there are %s", name, strings.Join(Presets(), ", "))
}

// presetWave is the waveform of a preset: that of the same name, and one for both ways
// between satellites and users.
func presetWave(name string) (radio.Waveform, error) {
	if name == "user-up" || name == "user-down" {
		return radio.User(), nil
	}
	return radio.Find(name)
}
