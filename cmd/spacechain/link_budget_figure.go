package main

import (
	"fmt"

	"spacechain/internal/plot"
	"spacechain/link/budget"
	"spacechain/link/channel"
)

// drawMargins draws the margins of links over elevation; in bad weather each with its clear sky
// beside it.
func drawMargins(path string, links []budget.Link) error {
	fig := plot.Figure{Title: marginTitle(links), XLabel: "elevation / degrees", YLabel: "margin / dB", XMax: 90}
	var elevations []float64
	for e := 0.0; e <= 90; e++ {
		elevations = append(elevations, e)
	}
	for i, l := range links {
		if l.Path.Medium == channel.Vacuum {
			return usagef("--plot: %s is between satellites, where there are no elevations", l.Name)
		}
		draw := func(l budget.Link, name string, style plot.Style) error {
			points, err := l.OverElevation(elevations)
			if err != nil {
				return err
			}
			s := plot.Series{Name: name, Style: style, Colour: i + 1, X: elevations}
			for _, p := range points {
				s.Y = append(s.Y, p.MarginDB)
			}
			fig.Series = append(fig.Series, s)
			return nil
		}
		if l.Weather.UnavailablePercent == 0 {
			if err := draw(l, l.Name, plot.Line); err != nil {
				return err
			}
			continue
		}
		if err := draw(l, fmt.Sprintf("%s, %g %%", l.Name, 100-l.Weather.UnavailablePercent), plot.Line); err != nil {
			return err
		}
		l.Weather = budget.Weather{VapourGM3: l.Weather.VapourGM3}
		if err := draw(l, l.Name+", clear sky", plot.Dashes); err != nil {
			return err
		}
	}
	// Below this line a link does not close.
	fig.Series = append(fig.Series, plot.Series{Name: "0 dB", Style: plot.Dashes, Colour: 7, X: []float64{0, 90}, Y: []float64{0, 0}})
	return fig.Save(path)
}

// marginTitle says what the margins hold for: the satellite's altitude and the sky, where all
// links share them.
func marginTitle(links []budget.Link) string {
	title := "Link margins"
	if len(links) == 1 {
		title = "Link margin: " + links[0].Name
	}
	first := links[0]
	altitude, clear := first.Path.AltitudeKm, first.Weather.UnavailablePercent == 0
	for _, l := range links {
		if l.Path.AltitudeKm != first.Path.AltitudeKm {
			altitude = 0
		}
		clear = clear && l.Weather.UnavailablePercent == 0
	}
	if altitude > 0 {
		title += fmt.Sprintf(", %g km up", altitude)
	}
	if clear {
		title += ", clear sky"
	}
	return title
}

// deepestDBi is where the drawing of gains ends: no link lives on less.
const deepestDBi = -20

// drawTumbling draws in how many attitudes the satellite's antenna exceeds a gain: towards the
// peer as it is, towards one sense of circular polarisation, and without polarisation.
func drawTumbling(path string, links []budget.Link) error {
	fig := plot.Figure{Title: "Gain of a satellite that tumbles", XLabel: "gain / dBi", YLabel: "exceeded in % of attitudes", YMax: 100}
	for i, l := range links {
		antenna, pointing, peer := l.Transmitter.Antenna, l.Transmitter.Pointing, l.Receiver.Antenna
		if l.Receiver.View == budget.Earth {
			antenna, pointing, peer = l.Receiver.Antenna, l.Receiver.Pointing, l.Transmitter.Antenna
		}
		towards := peer.Ray(0).Polarisation
		one := budget.Polarisation{Sense: budget.RightHand}
		for k, c := range []struct {
			name  string
			peer  *budget.Polarisation
			style plot.Style
		}{
			{"towards " + towards.Sense.String(), &towards, plot.Line},
			{"towards RHCP alone", &one, plot.Dashes},
			{"gain alone", nil, plot.Dashes},
		} {
			if c.peer == &one && towards.Sense == budget.RightHand {
				continue // the same curve
			}
			d, err := budget.Tumble(antenna, pointing.Spin, c.peer)
			if err != nil {
				return usageError{err}
			}
			s := plot.Series{Name: l.Name + ", " + c.name, Style: c.style, Colour: 3*i + k + 1}
			const steps = 100
			for j := range steps + 1 {
				share := float64(j) / steps
				if gain := d.ExceededDBi(share); gain >= deepestDBi {
					s.X = append(s.X, gain)
					s.Y = append(s.Y, 100*share)
				}
			}
			fig.Series = append(fig.Series, s)
		}
	}
	return fig.Save(path)
}
