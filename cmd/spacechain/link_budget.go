package main

import (
	"encoding/json"
	"io"
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
Their rates are those of reference. In the universe a link takes the fastest waveform
that closes, so that rates and margins there differ.
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
		ValidArgsFunction: completeSeveral(budget.Presets()),
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
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
	completeFlag(cmd, "direction", "down", "up", "across")
	completeFlag(cmd, "modulation", "bpsk", "qpsk", "gmsk", "fsk")
	completeFlag(cmd, "code", "none", "conv", "concatenated", "ldpc")
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
		text := b.Table()
		if i > 0 {
			text = "\n" + text
		}
		if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
			return err
		}
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
