package main

import (
	"fmt"
	"io"
	"time"

	"spacechain/cloud/api"
	"spacechain/world"
)

// printRadios prints by which modems, codes and frames each hop of the way went, and what
// the satellite's telemetry said.
func printRadios(out io.Writer, a *world.TourAnswer) {
	fmt.Fprintln(out)
	w := appTable(out)
	fmt.Fprintln(w, "HOP\tMODEM\tCODING\tFRAMES\tRATE\tEB/N0\tMARGIN\tAIRTIME")
	for _, hops := range [][]world.HopReport{a.Out, a.Home} {
		for _, h := range hops {
			ratio, margin := "", ""
			if h.Carrier > 0 {
				ratio, margin = fmt.Sprintf("%.1f dB", h.EbN0), fmt.Sprintf("%.1f dB", h.Margin)
			}
			frames := fmt.Sprintf("%d %s, %d lost", h.Frames, h.Framing, h.Lost)
			if h.Depth != "frames" {
				frames += ", as " + h.Depth
			}
			fmt.Fprintf(w, "%s > %s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", h.From, h.To, h.Modem, h.Coding, frames,
				rateText(h.RateBps), ratio, margin, airtimeText(h.Airtime))
		}
	}
	w.Flush()
	fmt.Fprintln(out, "docs/link.md explains the terms.")
	if a.TTC == nil {
		fmt.Fprintf(out, "\nNo station has called %s over its telemetry and command radio yet.\n", a.Name)
		return
	}
	d := a.TTC.Telemetry
	fmt.Fprintf(out, "\nTT&C: %s called %s at %s.\n", a.TTC.Station, a.Name, d.Received.Format("15:04:05"))
	fmt.Fprintf(out, "  telecommand up   %s\n  telemetry down   %s\n", waveText(d.Up), waveText(d.Down))
	if d.Beacon != nil {
		fmt.Fprintf(out, "  beacon           %s; last heard at %s\n", waveText(d.BeaconWave), d.Beacon.Received.Format("15:04:05"))
	}
	fmt.Fprintf(out, "  state            mode %s, battery %.0f %%, %d telecommand frames taken, %d refused\n",
		d.Mode, 100*d.Battery, d.Counters.FramesAccepted, d.Counters.FramesRefused)
	if o := d.Orbit; o != nil {
		fmt.Fprintf(out, "  orbit measured   %.3f, %.3f, %.3f km ECEF at %s, %.1f m from where it was\n",
			o.PosECEFKm[0], o.PosECEFKm[1], o.PosECEFKm[2], o.Time.Format("15:04:05"), a.TTC.OrbitOffM)
	}
}

// waveText says in a line what a direction goes by.
func waveText(w api.Wave) string {
	text := w.Modem
	if w.CarrierHz > 0 {
		text = fmt.Sprintf("%.5g MHz %s", w.CarrierHz/1e6, text)
	}
	if w.Coding != "none" {
		text += "; " + w.Coding
	}
	return text + "; " + w.Framing
}

// airtimeText gives a time on the air to a hundredth of a millisecond, or three figures.
func airtimeText(d time.Duration) string {
	if d < 10*time.Millisecond {
		return d.Round(10 * time.Microsecond).String()
	}
	return short(d)
}

// rateText gives a rate to three figures.
func rateText(bps float64) string {
	switch {
	case bps >= 1e6:
		return fmt.Sprintf("%.3g Mbit/s", bps/1e6)
	case bps >= 1e3:
		return fmt.Sprintf("%.3g kbit/s", bps/1e3)
	}
	return fmt.Sprintf("%.3g bit/s", bps)
}
