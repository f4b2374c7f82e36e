package main

import (
	"fmt"
	"strconv"
	"strings"

	"spacechain/link/budget"
	"spacechain/link/channel"
)

// link is the named link with what the flags change.
func (f *budgetFlags) link(changed func(string) bool, name string) (budget.Link, error) {
	var l budget.Link
	var err error
	if name == "" {
		l, err = f.custom(changed)
	} else {
		if changed("direction") {
			return l, fmt.Errorf("--direction: %s has its own", name)
		}
		l, err = budget.Preset(name)
	}
	if err != nil {
		return l, err
	}
	if changed("frequency") {
		l = l.Retune(f.frequency * 1e6)
	}
	number := func(flag string, value float64, into *float64) {
		if changed(flag) {
			*into = value
		}
	}
	number("power", f.power, &l.Transmitter.PowerW)
	number("tx-line", f.txLine, &l.Transmitter.LineLossDB)
	number("rx-line", f.rxLine, &l.Receiver.LineLossDB)
	number("tx-error", f.txError, &l.Transmitter.Pointing.ErrorDeg)
	number("rx-error", f.rxError, &l.Receiver.Pointing.ErrorDeg)
	number("noise-figure", f.noiseFigure, &l.Receiver.NoiseFigureDB)
	number("antenna-temperature", f.antennaK, &l.Receiver.AntennaK)
	number("ground-share", f.groundShare, &l.Receiver.GroundShare)
	number("other-losses", f.other, &l.OtherLossesDB)
	number("s4", f.s4, &l.Ionosphere.S4)
	if changed("tx-antenna") {
		if l.Transmitter.Antenna, err = budget.ParseAntenna(f.txAntenna, l.FrequencyHz); err != nil {
			return l, fmt.Errorf("--tx-antenna: %w", err)
		}
	}
	if changed("rx-antenna") {
		if l.Receiver.Antenna, err = budget.ParseAntenna(f.rxAntenna, l.FrequencyHz); err != nil {
			return l, fmt.Errorf("--rx-antenna: %w", err)
		}
	}
	for _, change := range []func(func(string) bool, *budget.Link) error{f.place, f.weather, f.signal, f.hold} {
		if err := change(changed, &l); err != nil {
			return l, err
		}
	}
	return l, nil
}

// custom is a link that is none of ours.
func (f *budgetFlags) custom(changed func(string) bool) (budget.Link, error) {
	if !changed("frequency") || !changed("rate") {
		return budget.Link{}, fmt.Errorf("name a LINK (%s), or give --frequency and --rate", strings.Join(budget.Presets(), ", "))
	}
	round := budget.Polarisation{Sense: budget.RightHand}
	l := budget.Link{
		Name: "custom", FrequencyHz: f.frequency * 1e6,
		Transmitter: budget.Transmitter{PowerW: f.power, Antenna: budget.Isotropic{Polarisation: round}},
		Path:        budget.Overhead(f.altitude, f.elevation),
		Receiver:    budget.Receiver{Antenna: budget.Isotropic{Polarisation: round}, NoiseFigureDB: f.noiseFigure},
	}
	switch f.direction {
	case "down":
	case "up":
		l.Receiver.View = budget.Earth
	case "across":
		if !changed("range") {
			return l, fmt.Errorf("--direction across: give the --range between the satellites")
		}
		l.Receiver.View, l.Path = budget.Space, budget.Across(f.distance)
	default:
		return l, fmt.Errorf("--direction %s: down, up or across", f.direction)
	}
	return l, nil
}

// place puts the satellite where the flags say.
func (f *budgetFlags) place(changed func(string) bool, l *budget.Link) error {
	if l.Path.Medium == channel.Vacuum {
		for _, flag := range []string{"elevation", "altitude", "station-height"} {
			if changed(flag) {
				return fmt.Errorf("--%s: %s is between satellites, give --range", flag, l.Name)
			}
		}
	} else {
		if changed("elevation") || changed("altitude") {
			l.Path = budget.Overhead(f.altitude, f.elevation)
		}
		if changed("station-height") {
			l.Path.StationHeightKm = f.height
		}
	}
	if changed("range") {
		l.Path.RangeKm = f.distance
	}
	return nil
}

// weather is bad if one of its flags is given.
func (f *budgetFlags) weather(changed func(string) bool, l *budget.Link) error {
	if changed("vapour") {
		l.Weather.VapourGM3 = f.vapour
	}
	bad := false
	for _, flag := range []string{"availability", "rain", "rain-height", "latitude", "clouds", "nwet"} {
		if changed(flag) {
			if l.Path.Medium == channel.Vacuum {
				return fmt.Errorf("--%s: there is no weather between satellites", flag)
			}
			bad = true
		}
	}
	if !bad {
		return nil
	}
	if !(f.availability >= 50 && f.availability < 100) {
		return fmt.Errorf("--availability %g: give 50 to 99.999 %%", f.availability)
	}
	percent, err := strconv.ParseFloat(strconv.FormatFloat(100-f.availability, 'g', 6, 64), 64) // 0.1, not 0.09999999
	if err != nil {
		return err
	}
	l.Weather = budget.Weather{
		UnavailablePercent: percent, RateMMH: f.rain, RainHeightKm: f.rainHeight, LatitudeDeg: f.latitude,
		CloudKGM2: f.clouds, WetNUnits: f.wet, VapourGM3: l.Weather.VapourGM3,
	}
	return nil
}

// Names of modulations and codes on the command line.
var (
	modulations = map[string]channel.Modulation{"bpsk": channel.BPSK, "qpsk": channel.QPSK, "gmsk": channel.GMSK, "fsk": channel.FSK}
	codes       = map[string]channel.Code{"none": channel.Uncoded, "conv": channel.Convolutional, "concatenated": channel.Concatenated, "ldpc": channel.LDPC}
)

// signal changes rate, modulation and code. A new rate alone leaves the modem as it is.
func (f *budgetFlags) signal(changed func(string) bool, l *budget.Link) error {
	theory := l.Signal.Basis == ""
	for _, flag := range []string{"modulation", "code", "ber"} {
		theory = theory || changed(flag)
	}
	rate := l.Signal.RateBps
	if changed("rate") {
		rate = f.rate
	}
	if theory {
		m, ok := modulations[f.modulation]
		if !ok {
			return fmt.Errorf("--modulation %s: bpsk, qpsk, gmsk or fsk", f.modulation)
		}
		c, ok := codes[f.code]
		if !ok {
			return fmt.Errorf("--code %s: none, conv, concatenated or ldpc", f.code)
		}
		s, err := budget.Theory(m, c, rate, f.ber)
		if err != nil {
			return err
		}
		s.ImplementationLossDB = f.implementation
		l.Signal = s
		return nil
	}
	l.Signal.RateBps = rate
	if changed("implementation") {
		l.Signal.ImplementationLossDB = f.implementation
	}
	return nil
}

// hold lets the satellite tumble, or holds it.
func (f *budgetFlags) hold(changed func(string) bool, l *budget.Link) error {
	satellite := &l.Transmitter.Pointing
	if l.Receiver.View == budget.Earth {
		satellite = &l.Receiver.Pointing
	}
	if changed("tumbling") {
		switch {
		case f.tumbling:
			satellite.Aim = budget.Tumbling
		case l.Path.Medium == channel.Vacuum:
			satellite.Aim = budget.Tracking
		default:
			satellite.Aim = budget.Nadir
		}
	}
	if satellite.Aim != budget.Tumbling {
		if changed("attitudes") || changed("spin") {
			return fmt.Errorf("--attitudes, --spin: %s does not tumble; add --tumbling", l.Name)
		}
		return nil
	}
	if changed("attitudes") {
		if !(f.attitudes > 0 && f.attitudes <= 100) {
			return fmt.Errorf("--attitudes %g: give a percentage", f.attitudes)
		}
		satellite.Share = f.attitudes / 100
	}
	if changed("spin") {
		spin, err := parseSpin(f.spin)
		if err != nil {
			return err
		}
		satellite.Spin = spin
	}
	return nil
}

// parseSpin reads "ANTENNA,PEER" in degrees, where PEER may be "any".
func parseSpin(text string) (*budget.Spin, error) {
	antenna, peer, ok := strings.Cut(text, ",")
	var s budget.Spin
	var err error
	if s.AntennaDeg, err = strconv.ParseFloat(strings.TrimSpace(antenna), 64); err == nil && ok {
		if peer = strings.TrimSpace(peer); peer == "any" {
			s.AnyPeer = true
			return &s, nil
		}
		if s.PeerDeg, err = strconv.ParseFloat(peer, 64); err == nil {
			return &s, nil
		}
	}
	return nil, fmt.Errorf("--spin %q: give two angles in degrees, such as 90,45 or 90,any", text)
}
