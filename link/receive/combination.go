package receive

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"spacechain/link/modem/tnc"
)

// Combination is a modem with a framing.
type Combination struct {
	Modem, Framing string
	// About says who sends so.
	About string
}

// String names the combination.
func (c Combination) String() string { return c.Modem + "/" + c.Framing }

// Open makes a receiver of samples at a rate in hertz. Where several demodulators may be run
// side by side, effort says whether they are.
func (c Combination) Open(rate float64, effort tnc.Effort) (Receiver, error) {
	bank, refused := Open([]Combination{c}, Options{Rate: rate, Effort: effort})
	if len(refused) > 0 {
		return nil, refused[0]
	}
	return bank, nil
}

const (
	gomspaceGolay = "GomSpace AX100, ASM+Golay"
	gomspaceRS    = "GomSpace AX100, Reed-Solomon"
	concatenated  = "CCSDS: convolutional and Reed-Solomon"
	reedSolomon   = "CCSDS: Reed-Solomon"
	smog          = "the SMOG satellites, as AO-40"
)

// combinations are the customary ones, in the order in which they are tried.
var combinations = []Combination{
	{"afsk1200", "ax25", "packet radio (Bell 202)"},
	{"afsk1200", "fx25", "packet radio with error correction"},
	{"afsk1200", "il2p-crc", "packet radio with error correction"},
	{"afsk1200", "ccsds-tc", "telecommands: CLTU with BCH"},
	{"g3ruh9600", "ax25", "9600 baud packet radio"},
	{"g3ruh9600", "fx25", "9600 baud with error correction"},
	{"g3ruh9600", "il2p-crc", "9600 baud with error correction"},
	{"gmsk4800", "ax25", "GMSK with G3RUH's scrambler at half the rate"},
	{"fsk9600", "ax25", "9600 baud without a scrambler"},
	{"bpsk1200", "ax25", "BPSK through SSB"},
	{"bpsk1200", "ax25-g3ruh", "BPSK through SSB, scrambled"},
	{"bpsk9600", "ax25", "BPSK of 9600 baud"},
	{"bpsk9600", "ax25-g3ruh", "BPSK of 9600 baud, scrambled"},
	{"dbpsk1200", "ao40", "FUNcube telemetry"},
	{"afsk4800", "u482c", "GomSpace U482C, with CSP inside"},
	{"afsk4800", "ccsds-tc", "telecommands: CLTU with BCH"},
	{"fsk1200", "ax100", gomspaceGolay},
	{"fsk4800", "ax100", gomspaceGolay},
	{"fsk9600", "ax100", gomspaceGolay},
	{"fsk4800", "ax100-rs", gomspaceRS},
	{"fsk9600", "ax100-rs", gomspaceRS},
	{"fsk19200", "ax100-rs", gomspaceRS},
	{"fsk1250", "ao40", smog},
	{"fsk2500", "ao40", smog},
	{"fsk5000", "ao40", smog},
	{"fsk12500", "ao40", smog},
	{"fsk1250", "ao40-short", smog},
	{"fsk2500", "ao40-short", smog},
	{"fsk5000", "ao40-short", smog},
	{"fsk12500", "ao40-short", smog},
	{"fsk9600", "ccsds-rs", reedSolomon},
	{"fsk9600", "ccsds-concatenated", concatenated},
	{"fsk20000", "ccsds-concatenated", concatenated},
	{"bpsk1200", "ccsds-concatenated", concatenated},
	{"bpsk9600", "ccsds-uncoded", "CCSDS: frames with a checksum only"},
	{"bpsk9600", "ccsds-convolutional", "CCSDS: convolutional code, checksum"},
	{"bpsk9600", "ccsds-rs", reedSolomon},
	{"bpsk9600", "ccsds-concatenated", concatenated},
}

// Combinations lists the customary combinations, in the order in which they are worth trying.
func Combinations() []Combination { return slices.Clone(combinations) }

// Framings lists the names of all framings.
func Framings() []string { return slices.Sorted(maps.Keys(framings)) }

// Family is a name that stands for several framings: "ccsds" for all of them.
const ccsdsFamily = "ccsds"

// Find gives the combinations of a modem and a framing. An empty name stands for all that are
// customary; where both are named any pair does, with "ccsds" for all framings of that kind. None
// at all is an error that names those there are.
func Find(modem, framing string) ([]Combination, error) {
	var out []Combination
	if modem != "" && framing != "" {
		if _, err := ParseModem(modem); err != nil {
			return nil, err
		}
		for _, name := range Framings() {
			if name == framing || framing == ccsdsFamily && strings.HasPrefix(name, ccsdsFamily+"-") {
				out = append(out, Combination{modem, name, "asked for"})
			}
		}
		if len(out) == 0 {
			return nil, noFraming(framing)
		}
		return out, nil
	}
	for _, c := range combinations {
		if (modem == "" || c.Modem == modem) &&
			(framing == "" || c.Framing == framing || framing == ccsdsFamily && strings.HasPrefix(c.Framing, ccsdsFamily+"-")) {
			out = append(out, c)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	if modem != "" {
		if _, err := ParseModem(modem); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("what goes over modem %q is not known: name a framing of %s", modem, strings.Join(Framings(), ", "))
	}
	if _, ok := framings[framing]; ok {
		return nil, fmt.Errorf("what modem framing %q goes over is not known: name a modem of %s", framing, kinds)
	}
	return nil, noFraming(framing)
}

// noFraming is the error for a framing that there is not.
func noFraming(name string) error {
	return fmt.Errorf("no framing %q; there are %s, and %s for all that begin so", name, strings.Join(Framings(), ", "), ccsdsFamily)
}
