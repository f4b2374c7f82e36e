// Package budget works out link budgets line by line, as a radio engineer writes
// them down: transmitter, line, antenna by pattern and pointing, path, air, rain,
// polarisation, the receiver's figure of merit, and what is left above what modem
// and code need.
//
//	l, _ := budget.Preset("payload-down")
//	l.Path = budget.Overhead(780, 10)             // altitude in km, elevation in degrees
//	l.Weather = budget.Weather{UnavailablePercent: 0.1, RateMMH: 30, LatitudeDeg: 48, RainHeightKm: 3}
//	b, err := l.Budget()
//	fmt.Print(b.Table())
//
// A [Link] is a plain value that describes one direction; [Link.Budget] gives the
// [Budget] with its lines, [Link.Along] one figure for each moment of a pass, and
// [Tumble] the distribution of an antenna's gain over the attitudes of a satellite
// that nobody holds.
//
// # Conventions
//
//	EIRP  = transmit power - line + antenna gain towards the other end      [dBW]
//	C/N0  = EIRP - free space - air - polarisation + G/T + 228.599          [dBHz]
//	G/T   = antenna gain - 10 log10(system noise temperature)               [dB/K]
//	Eb/N0 = C/N0 - 10 log10(information bit rate)                           [dB]
//	margin = Eb/N0 - required Eb/N0 - implementation loss                   [dB]
//
// The system noise temperature is at the antenna's terminals: antenna, plus the
// line's own noise, plus the receiver's before the line's loss. Angles off the
// axis of an antenna are in degrees, gains in dBi, ranges and heights in km.
//
// Models of the air come from link/propagation, each with its ITU-R
// Recommendation; the simulated radio of link/channel uses the same, and
// [Budget.Radios] hands a whole budget to it. Free space is
// [channel.FreeSpaceLossDB], thresholds of modulations and codes are
// [channel.Modulation] and [channel.Code] or the measured curves of link/radio.
//
// # What the figures are worth
//
// Tests hold the models against ITU's validation examples to seven digits or more,
// and whole budgets against published ones to a tenth of a decibel, which is how
// far those are rounded. What is not modelled: interference, multipath near the
// horizon (P.618 §2.4.2), the shape of a satellite's body around its antenna, and
// noise that people make (VHF in towns).
package budget

import (
	"fmt"
	"math"
)

// bounds says that a quantity is no number or makes no sense.
func bounds(what string, x, low, high float64, unit string) error {
	if !(x >= low && x <= high) { // a NaN fails too
		return fmt.Errorf("%s %g %s: give %g to %g %s", what, x, unit, low, high, unit)
	}
	return nil
}

// firstError gives the first of several checks that failed.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }

func degrees(radians float64) float64 { return radians * 180 / math.Pi }

func decibels(ratio float64) float64 { return 10 * math.Log10(ratio) }

func ratio(decibels float64) float64 { return math.Pow(10, decibels/10) }
