package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"spacechain/internal/plot"
	"spacechain/link/budget"
	"spacechain/link/channel"
)

// budgetFlags are the flags of "link budget".
type budgetFlags struct {
	direction                                string
	frequency, power                         float64
	txAntenna, rxAntenna                     string
	txLine, rxLine, txError, rxError         float64
	noiseFigure, antennaK, groundShare       float64
	elevation, altitude, distance, height    float64
	rate, ber, implementation, other         float64
	modulation, code                         string
	availability, rain, rainHeight, latitude float64
	clouds, wet, vapour, s4                  float64
	tumbling                                 bool
	attitudes                                float64
	spin                                     string
	plot, plotTumbling                       string
	json                                     bool
}

func newLinkBudgetCommand() *cobra.Command {
	var f budgetFlags
	cmd := &cobra.Command{
		Use:   "budget [LINK...]",
		Short: "Work out link budgets line by line",
		Long: `Work out the budget of one of our own links, or of several: ` + strings.Join(budget.Presets(), ", ") + `.
Flags change what they name, for all of them. Without LINK the budget begins with
1 W between isotropic antennas and needs --frequency and --rate.

Air and rain are ITU-R P.676-13 (annex 1, line by line), P.838-3, P.618-14 and
P.840-9; the sky is clear unless --availability or --rain is given. What our own
links need was measured with their modems; with --modulation, --code or --ber it is
theory, and 1.5 dB for the implementation.

Antennas are written as ` + budget.AntennaHelp + `.

A satellite that tumbles counts with the gain that it exceeds in 90 % of its
attitudes (--attitudes), polarisation included.`,
		Example: `  spacechain link budget payload-down --elevation 5 --availability 99.9 --rain 40
  spacechain link budget ttc-down --tumbling --attitudes 99 --json
  spacechain link budget --frequency 8200 --power 2 --tx-antenna patch:6 --rx-antenna dish:5 --rate 10e6 --modulation qpsk --code conv
  spacechain link budget ttc-up ttc-down beacon payload-up payload-down --plot margins.svg
  spacechain link budget ttc-down --plot-tumbling gain.png`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.direction, "direction", "down", "without LINK: down, up, or across between satellites")
	fl.Float64Var(&f.frequency, "frequency", 0, "carrier, MHz")
	fl.Float64Var(&f.power, "power", 1, "transmit power, W")
	fl.StringVar(&f.txAntenna, "tx-antenna", "isotropic", "antenna that sends")
	fl.StringVar(&f.rxAntenna, "rx-antenna", "isotropic", "antenna that receives")
	fl.Float64Var(&f.txLine, "tx-line", 0, "loss from transmitter to antenna, dB")
	fl.Float64Var(&f.rxLine, "rx-line", 0, "loss from antenna to receiver, dB")
	fl.Float64Var(&f.txError, "tx-error", 0, "pointing error of the antenna that sends, degrees")
	fl.Float64Var(&f.rxError, "rx-error", 0, "pointing error of the antenna that receives, degrees")
	fl.Float64Var(&f.noiseFigure, "noise-figure", 2, "noise figure of the receiver, dB")
	fl.Float64Var(&f.antennaK, "antenna-temperature", 0, "noise of the antenna, K (default: worked out from sky or Earth)")
	fl.Float64Var(&f.groundShare, "ground-share", 0, "share of warm ground in what an antenna on the ground takes in, 0 to 1")
	fl.Float64Var(&f.elevation, "elevation", 10, "elevation of the satellite, degrees")
	fl.Float64Var(&f.altitude, "altitude", 780, "altitude of the satellite, km")
	fl.Float64Var(&f.distance, "range", 0, "distance, km (default: from altitude and elevation)")
	fl.Float64Var(&f.height, "station-height", 0, "height of the station above the sea, km")
	fl.Float64Var(&f.rate, "rate", 0, "information bit rate, bit/s")
	fl.StringVar(&f.modulation, "modulation", "bpsk", "modulation: bpsk, qpsk, gmsk or fsk")
	fl.StringVar(&f.code, "code", "none", "code: none, conv (K=7, 1/2), concatenated (with RS 255,223) or ldpc (1/2)")
	fl.Float64Var(&f.ber, "ber", 1e-6, "bit error rate that is wanted")
	fl.Float64Var(&f.implementation, "implementation", 1.5, "implementation loss, dB")
	fl.Float64Var(&f.other, "other-losses", 0, "other losses, dB")
	fl.Float64Var(&f.availability, "availability", 99.9, "share of an average year that rain, clouds and scintillation must leave, %")
	fl.Float64Var(&f.rain, "rain", 30, "rain rate exceeded for 0.01 % of the year (P.837), mm/h")
	fl.Float64Var(&f.rainHeight, "rain-height", 0, "rain height (P.839), km (default: mean of the latitude)")
	fl.Float64Var(&f.latitude, "latitude", 48, "latitude of the station, degrees")
	fl.Float64Var(&f.clouds, "clouds", 0.5, "liquid water in clouds (P.840), kg/m²")
	fl.Float64Var(&f.wet, "nwet", 50, "wet refractivity (P.453) for scintillation, N units")
	fl.Float64Var(&f.vapour, "vapour", 7.5, "water vapour at sea level, g/m³")
	fl.Float64Var(&f.s4, "s4", 0, "scintillation index of the ionosphere at 400 MHz, 0 to 1")
	fl.BoolVar(&f.tumbling, "tumbling", false, "the satellite tumbles (--tumbling=false: it is held towards the Earth)")
	fl.Float64Var(&f.attitudes, "attitudes", 90, "share of attitudes in which the gain of a tumbling satellite counts, %")
	fl.StringVar(&f.spin, "spin", "", `spin of a tumbling satellite: angles of its axis to the antenna's and to the peer, such as 90,45 or 90,any`)
	fl.StringVar(&f.plot, "plot", "", "draw the margins over elevation, .svg or .png")
	fl.StringVar(&f.plotTumbling, "plot-tumbling", "", "draw the satellite's gain over attitudes, .svg or .png")
	fl.BoolVar(&f.json, "json", false, "print one JSON document")
	return cmd
}

// budgetJSON is a budget as --json prints it.
type budgetJSON struct {
	Name           string        `json:"name"`
	FrequencyHz    float64       `json:"frequency_hz"`
	RangeKm        float64       `json:"range_km"`
	ElevationDeg   *float64      `json:"elevation_deg,omitempty"`
	EIRPdBW        float64       `json:"eirp_dbw"`
	FreeSpaceDB    float64       `json:"free_space_db"`
	AirDB          float64       `json:"air_db"`
	IonosphereDB   float64       `json:"ionosphere_db"`
	PolarisationDB float64       `json:"polarisation_db"`
	ReceivedDBW    float64       `json:"received_dbw"`
	SystemK        float64       `json:"system_k"`
	GTdBK          float64       `json:"gt_dbk"`
	CN0DBHz        float64       `json:"cn0_dbhz"`
	EbN0DB         float64       `json:"ebn0_db"`
	RequiredEbN0DB float64       `json:"required_ebn0_db"` // with the implementation's loss
	MarginDB       float64       `json:"margin_db"`
	AvailablePct   *float64      `json:"available_percent,omitempty"` // of an average year with margin, where there is weather
	Outage         float64       `json:"outage"`                      // share of attitudes without margin
	LightTimeMS    float64       `json:"light_time_ms"`
	Lines          []budget.Line `json:"lines"`
}

func (f *budgetFlags) run(cmd *cobra.Command, names []string) error {
	for _, path := range []string{f.plot, f.plotTumbling} {
		if path != "" {
			if _, err := plot.FormatOf(path); err != nil {
				return usageError{err}
			}
		}
	}
	if len(names) == 0 {
		names = []string{""}
	}
	links := make([]budget.Link, len(names))
	budgets := make([]budget.Budget, len(names))
	for i, name := range names {
		l, err := f.link(cmd.Flags().Changed, name)
		if err != nil {
			return usageError{err}
		}
		links[i] = l
		if budgets[i], err = l.Budget(); err != nil {
			return usageError{err} // what the flags ask for cannot be
		}
	}
	if f.plot != "" {
		if err := drawMargins(f.plot, links); err != nil {
			return err
		}
	}
	if f.plotTumbling != "" {
		if err := drawTumbling(f.plotTumbling, links); err != nil {
			return err
		}
	}
	if f.json {
		return printBudgets(cmd, budgets)
	}
	for i, b := range budgets {
		if i > 0 {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		fmt.Fprint(cmd.OutOrStdout(), b.Table())
	}
	return nil
}

func printBudgets(cmd *cobra.Command, budgets []budget.Budget) error {
	var doc struct {
		Links []budgetJSON `json:"links"`
	}
	for _, b := range budgets {
		j := budgetJSON{
			Name: b.Link.Name, FrequencyHz: b.Link.FrequencyHz, RangeKm: b.Link.Path.RangeKm,
			EIRPdBW: b.EIRPdBW, FreeSpaceDB: b.FreeSpaceDB, AirDB: b.AirDB, IonosphereDB: b.IonosphereDB,
			PolarisationDB: b.PolarisationDB, ReceivedDBW: b.ReceivedDBW, SystemK: b.SystemK, GTdBK: b.GTdBK,
			CN0DBHz: b.CN0DBHz, EbN0DB: b.EbN0DB, RequiredEbN0DB: b.RequiredEbN0DB, MarginDB: b.MarginDB,
			Outage: b.Outage, LightTimeMS: b.LightTime.Seconds() * 1e3, Lines: b.Lines(),
		}
		if b.Link.Path.Medium == channel.Atmosphere {
			j.ElevationDeg = &b.Link.Path.ElevationDeg
		}
		if b.Link.Weather.UnavailablePercent > 0 {
			j.AvailablePct = &b.AvailablePercent
		}
		doc.Links = append(doc.Links, j)
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

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
