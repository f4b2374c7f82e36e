// Package propagation holds the models of the International Telecommunication
// Union for what lies between a ground station and space: what air, rain and
// clouds take from a signal, how much they make it tremble, and how warm the sky
// looks to an antenna.
//
// Each function is one model, says its Recommendation, and refuses what the
// Recommendation does not cover, with an error that names the bounds:
//
//   - [Gas] and [GasTable]: ITU-R P.676-13 annex 1, line by line through the
//     922 layers of the mean annual global atmosphere of P.835-6, with the ray
//     bent by refraction. Annex 2, the quick estimate, is not used: its table of
//     oxygen heights begins at 1 GHz and ends at 5 degrees of elevation, where
//     passes begin;
//   - [RainSpecificAttenuation]: P.838-3; [RainLossDB]: P.618-14 §2.2.1.1 with
//     the rain height of P.839-4 as an argument or [RainHeightKm];
//   - [CloudLossDB]: P.840-9 §3.2; [ScintillationDB]: P.618-14 §2.4.1;
//     [Combine]: P.618-14 §2.5;
//   - [FaradayRotationDeg], [IonosphericFadeDB]: P.531-14;
//   - [SkyTemperatureK]: P.618-14 §3 and P.372-16.
//
// The digital maps that several Recommendations bring (rain rate, rain height,
// cloud water, refractivity) are not built in: their values are arguments, and
// what stands for them where nobody knows better is said at each.
//
// Arguments are frequencies in Hz, elevations in degrees above the horizontal
// (apparent), heights and distances in km above mean sea level. All results that
// are losses are in dB and never negative. The package is pure: no state, no
// clock, no chance.
//
// Tests hold every model against the validation examples that ITU-R Study Group
// 3 publishes for implementers (document CG-3M3J-13-ValEx, release 8.3.0 of
// December 2024).
package propagation

import (
	"fmt"
	"math"
)

// within says clearly that a quantity is no number or beyond the bounds of a model.
func within(model, what string, x, low, high float64, unit string) error {
	if !(x >= low && x <= high) { // a NaN fails too
		return fmt.Errorf("%s: %s %g %s: it holds from %g to %g %s", model, what, x, unit, low, high, unit)
	}
	return nil
}

// horizon checks an elevation.
func horizon(model string, elevationDeg float64) error {
	return within(model, "elevation", elevationDeg, 0, 90, "degrees")
}

const ghz = 1e9

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }
