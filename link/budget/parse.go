package budget

import (
	"fmt"
	"strconv"
	"strings"
)

// AntennaHelp says how [ParseAntenna] wants an antenna written.
const AntennaHelp = `isotropic, dipole, turnstile, quadrifilar, GAIN (dBi all around), patch:GAIN,
2patch:GAIN (one on each side), yagi:GAIN, helix:TURNS or dish:METRES[:EFFICIENCY], with
@rhcp, @lhcp, @both or @linear for another polarisation than its usual one`

// ParseAntenna reads an antenna as people write it on a command line: see
// [AntennaHelp]. A dish and a helix need the frequency.
func ParseAntenna(text string, frequencyHz float64) (Antenna, error) {
	fail := func(why string) (Antenna, error) {
		return nil, fmt.Errorf("antenna %q: %s; write %s", text, why, AntennaHelp)
	}
	body, sense, given := strings.Cut(strings.ToLower(strings.TrimSpace(text)), "@")
	kind, rest, _ := strings.Cut(body, ":")
	var numbers []float64
	if rest != "" {
		for _, s := range strings.Split(rest, ":") {
			x, err := strconv.ParseFloat(s, 64)
			if err != nil || len(numbers) == 2 {
				return fail("what follows the colon is not a number")
			}
			numbers = append(numbers, x)
		}
	}
	p := Polarisation{Sense: RightHand, AxialRatioDB: 1}
	switch sense {
	case "", "rhcp":
	case "lhcp":
		p.Sense = LeftHand
	case "both":
		p.Sense = EitherHand
	case "linear":
		p = Polarisation{}
	default:
		return fail("there is no polarisation " + strconv.Quote(sense))
	}
	if given && sense == "" {
		return fail("no polarisation after the @")
	}
	wants := map[string][2]int{"isotropic": {0, 0}, "dipole": {0, 0}, "turnstile": {0, 0}, "quadrifilar": {0, 0},
		"patch": {1, 1}, "2patch": {1, 1}, "yagi": {1, 1}, "helix": {1, 1}, "dish": {1, 2}}
	want, known := wants[kind]
	if known && (len(numbers) < want[0] || len(numbers) > want[1]) {
		return fail("too few or too many numbers")
	}
	var a Antenna
	switch kind {
	case "isotropic":
		a = Isotropic{Polarisation: p}
	case "dipole":
		a = Dipole{}
	case "turnstile":
		a = Turnstile{Sense: p.Sense}
	case "quadrifilar":
		a = Quadrifilar{Sense: p.Sense}
	case "patch":
		a = Patch{PeakDBi: numbers[0], FrontToBackDB: 20, Polarisation: p}
	case "2patch":
		a = Opposite{Patch{PeakDBi: numbers[0], FrontToBackDB: 20, Polarisation: p}}
	case "yagi":
		a = Yagi{PeakDBi: numbers[0], Polarisation: p}
	case "helix":
		a = Helix{Turns: numbers[0], CircumferenceWl: 1, SpacingWl: 0.23, Sense: p.Sense}
	case "dish":
		d := Dish{DiameterM: numbers[0], Efficiency: 0.6, FrequencyHz: frequencyHz, Polarisation: p}
		if len(numbers) == 2 {
			d.Efficiency = numbers[1]
		}
		a = d
	default:
		gain, err := strconv.ParseFloat(body, 64)
		if err != nil {
			return fail("there is no such antenna")
		}
		a = Isotropic{GainDBi: gain, Polarisation: p}
	}
	if given {
		switch {
		case kind == "dipole" && sense != "linear":
			return fail("a dipole is linear")
		case (kind == "turnstile" || kind == "quadrifilar" || kind == "helix") && (sense == "linear" || sense == "both"):
			return fail("its sense is rhcp or lhcp")
		}
	}
	if err := a.Check(); err != nil {
		return fail(err.Error())
	}
	return a, nil
}
