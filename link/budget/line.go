package budget

import (
	"fmt"
	"strings"

	"spacechain/link/channel"
)

// Line is one line of a budget as people read it.
type Line struct {
	Section string  `json:"section"`
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Note    string  `json:"note,omitempty"`
}

// Lines gives the budget line by line. Gains and losses carry their sign, so that
// each section adds up; the margin is Eb/N0 less what is required, and the
// implementation's loss.
func (b Budget) Lines() []Line {
	l := b.Link
	var out []Line
	section := ""
	add := func(name string, value float64, unit, note string) {
		out = append(out, Line{section, name, value + 0, unit, note}) // + 0: no negative zero
	}
	section = "transmitter"
	add("carrier", l.FrequencyHz/1e6, "MHz", "")
	add("power", decibels(l.Transmitter.PowerW), "dBW", fmt.Sprintf("%g W", l.Transmitter.PowerW))
	add("line", -l.Transmitter.LineLossDB, "dB", "")
	add("antenna gain", b.TransmitGainDBi, "dBi", gainNote(l.Transmitter.Antenna, l.Transmitter.Pointing, b.TransmitOffAxisDeg))
	add("EIRP", b.EIRPdBW, "dBW", "")

	section = "path"
	if l.Path.Medium == channel.Atmosphere {
		add("elevation", l.Path.ElevationDeg, "deg", "")
	}
	add("range", l.Path.RangeKm, "km", fmt.Sprintf("light takes %.3f ms", b.LightTime.Seconds()*1e3))
	add("free space", -b.FreeSpaceDB, "dB", "P.525")
	if l.Path.Medium == channel.Atmosphere {
		add("gases", -b.Air.GasDB, "dB", "P.676-13, annex 1")
		if p := l.Weather.UnavailablePercent; p > 0 {
			from := func(lowestHz float64, note string) string {
				if l.FrequencyHz < lowestHz {
					return fmt.Sprintf("none below %g GHz", lowestHz/1e9)
				}
				return note
			}
			exceeded := fmt.Sprintf("exceeded %g %% of the year", p)
			add("rain", -b.Air.RainDB, "dB", from(rainFromHz, fmt.Sprintf("P.618-14, %g mm/h; %s", l.Weather.RateMMH, exceeded)))
			add("clouds", -b.Air.CloudDB, "dB", from(rainFromHz, fmt.Sprintf("P.840-9, %g kg/m²", l.Weather.CloudKGM2)))
			add("scintillation", -b.Air.ScintillationDB, "dB", from(tremorFromHz, "P.618-14; "+exceeded))
			add("air together", -b.AirDB, "dB", "P.618-14 §2.5")
		}
		if l.Ionosphere != (Ionosphere{}) {
			add("ionosphere", -b.IonosphereDB, "dB", fmt.Sprintf("P.531, S4 %g at 400 MHz", l.Ionosphere.S4))
		}
	}
	add("polarisation", -b.PolarisationDB, "dB", b.polarisationNote())
	if l.OtherLossesDB != 0 {
		add("other losses", -l.OtherLossesDB, "dB", "")
	}
	add("isotropic level", b.IsotropicDBW, "dBW", "")

	section = "receiver"
	add("antenna gain", b.ReceiveGainDBi, "dBi", gainNote(l.Receiver.Antenna, l.Receiver.Pointing, b.ReceiveOffAxisDeg))
	add("received level", b.ReceivedDBW, "dBW", "at the antenna")
	seen := l.Receiver.View.String()
	if l.Receiver.AntennaK > 0 {
		seen = "given"
	}
	add("antenna noise", b.AntennaK, "K", seen)
	add("system noise", b.SystemK, "K", fmt.Sprintf("line %g dB, noise figure %g dB", l.Receiver.LineLossDB, l.Receiver.NoiseFigureDB))
	add("G/T", b.GTdBK, "dB/K", "")

	section = "signal"
	add("C/N0", b.CN0DBHz, "dBHz", "")
	add("bit rate", decibels(l.Signal.RateBps), "dB(bit/s)", fmt.Sprintf("%.6g bit/s", l.Signal.RateBps))
	add("Eb/N0", b.EbN0DB, "dB", l.Signal.Name)
	add("required Eb/N0", l.Signal.RequiredEbN0DB, "dB", l.Signal.Basis)
	add("implementation", -l.Signal.ImplementationLossDB, "dB", "")
	note := "closes"
	switch {
	case b.tumbles() && b.Outage > 0:
		note = fmt.Sprintf("none in %.2g %% of attitudes", 100*b.Outage)
	case b.tumbles():
		note = "closes in all attitudes"
	case !b.Closes():
		note = "does not close"
	}
	add("margin", b.MarginDB, "dB", note)
	if b.Link.Weather.UnavailablePercent > 0 && l.Path.Medium == channel.Atmosphere {
		add("availability", b.AvailablePercent, "%", "of an average year with margin at this elevation")
	}
	return out
}

// tumbles says whether an end of the link does.
func (b Budget) tumbles() bool {
	a, _, _ := b.Link.tumbling()
	return a != nil
}

func gainNote(a Antenna, p Pointing, offAxisDeg float64) string {
	return a.String() + "; " + p.describe(offAxisDeg)
}

func (b Budget) polarisationNote() string {
	l := b.Link
	if b.tumbles() {
		return "within the gain of the end that tumbles"
	}
	tx, rx := l.Transmitter.Antenna.Ray(b.TransmitOffAxisDeg), l.Receiver.Antenna.Ray(b.ReceiveOffAxisDeg)
	note := fmt.Sprintf("%s to %s", tx.Polarisation, rx.Polarisation)
	switch {
	case !l.TiltKnown:
		return note + "; mean over tilts"
	case b.FaradayDeg != 0:
		return note + fmt.Sprintf("; tilt %g degrees, and %.0f of Faraday rotation", l.TiltDeg, b.FaradayDeg)
	}
	return note + fmt.Sprintf("; tilt %g degrees", l.TiltDeg)
}

// Table gives the lines as a table for people.
func (b Budget) Table() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n", b.Link.Name)
	section := ""
	for _, l := range b.Lines() {
		if l.Section != section {
			section = l.Section
			fmt.Fprintf(&s, "%s\n", section)
		}
		row := fmt.Sprintf("  %-18s %10.2f %-10s %s", l.Name, l.Value, l.Unit, l.Note)
		fmt.Fprintln(&s, strings.TrimRight(row, " "))
	}
	return s.String()
}
