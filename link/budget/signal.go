package budget

import (
	"fmt"
	"math"

	"spacechain/link/channel"
	"spacechain/link/radio"
)

// Signal is what is sent, and how much of it must arrive.
type Signal struct {
	Name                 string  // modem and code
	RateBps              float64 // information bits a second
	RequiredEbN0DB       float64
	Basis                string // what the requirement rests on
	ImplementationLossDB float64
}

// Theory is the signal of a modulation and a code at a bit error rate, from the
// curves of link/channel. Real modems need an implementation loss of one or two
// decibels on top.
func Theory(m channel.Modulation, c channel.Code, rateBps, bitErrorRate float64) (Signal, error) {
	if err := firstError(bounds("bit rate", rateBps, 1e-3, 1e12, "bit/s"),
		bounds("bit error rate", bitErrorRate, 1e-12, 0.1, "")); err != nil {
		return Signal{}, err
	}
	return Signal{
		Name: fmt.Sprintf("%s, %s", m, c), RateBps: rateBps,
		RequiredEbN0DB: c.RequiredEbN0DB(m, bitErrorRate),
		Basis:          fmt.Sprintf("theory, bit error rate %g", bitErrorRate),
	}, nil
}

// Measured is the signal of one of our own waveforms: what its modem and code were
// measured to need for a rate of lost frames, its implementation loss included.
func Measured(w radio.Waveform, frameErrorRate float64, frameOctets int) (Signal, error) {
	if err := firstError(bounds("frame error rate", frameErrorRate, 1e-6, 0.5, ""),
		bounds("frame length", float64(frameOctets), 1, 1<<16, "octets")); err != nil {
		return Signal{}, err
	}
	need := w.RequiredCN0DBHz(frameErrorRate, frameOctets)
	if math.IsNaN(need) || !(w.InfoRateBps > 0) {
		return Signal{}, fmt.Errorf("waveform %q has no measured curve", w.Name)
	}
	return Signal{
		Name: fmt.Sprintf("%s; %s; %s", w.Modem, w.Coding, w.Framing), RateBps: w.InfoRateBps,
		RequiredEbN0DB: need - decibels(w.InfoRateBps),
		Basis:          fmt.Sprintf("measured, frame error rate %g at %d octets", frameErrorRate, frameOctets),
	}, nil
}

func (s Signal) check() error {
	return firstError(bounds("bit rate", s.RateBps, 1e-3, 1e12, "bit/s"),
		bounds("required Eb/N0", s.RequiredEbN0DB, -30, 60, "dB"),
		bounds("implementation loss", s.ImplementationLossDB, 0, 30, "dB"))
}
