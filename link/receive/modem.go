package receive

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"spacechain/link/modem"
)

// keying is how a modem modulates.
type keying int

const (
	keyAFSK keying = iota
	keyFSK
	keyPSK
)

// Modem is a way to modulate with all its parameters, by a name such as g3ruh9600: a kind and
// bits a second; of QPSK and OQPSK symbols a second, each of two bits.
type Modem struct {
	Name string
	// Scrambled says that G3RUH's scrambler is part of what the name promises: AX.25 goes
	// through it.
	Scrambled bool

	kind keying
	afsk modem.AFSK
	fsk  modem.FSK
	psk  modem.PSK
}

// Kinds of modems that a name may begin with; bits a second follow.
const kinds = "afsk1200, afsk4800, and with any bits a second g3ruh, gmsk, fsk, bpsk, dbpsk, the last two also with -manchester behind, and with any symbols a second qpsk, oqpsk"

// maxBaud is what a sample rate of some megahertz may carry, symbols a second.
const maxBaud = 2_000_000

// ParseModem gives the modem of a name.
func ParseModem(name string) (Modem, error) {
	m := Modem{Name: name}
	switch name {
	case "afsk1200":
		m.afsk = modem.Bell202
		return m, nil
	case "afsk4800":
		m.afsk = modem.AFSK4800
		return m, nil
	}
	kind := ""
	for _, k := range []string{"g3ruh", "gmsk", "fsk", "bpsk", "dbpsk", "qpsk", "oqpsk"} {
		if strings.HasPrefix(name, k) {
			kind = k
		}
	}
	if kind == "" {
		return m, fmt.Errorf("no modem %q; there are %s", name, kinds)
	}
	rate, manchester := strings.CutSuffix(name[len(kind):], "-manchester")
	baud, err := strconv.ParseFloat(rate, 64)
	if err != nil || !(baud >= 50 && baud <= maxBaud) || strings.ContainsAny(rate, "eExXpP_+") {
		return m, fmt.Errorf("modem %q: %q is no rate of 50 to %d bits or symbols a second", name, rate, maxBaud)
	}
	switch kind {
	case "g3ruh":
		m.kind, m.Scrambled = keyFSK, true
		m.fsk = modem.FSK{Baud: baud, BT: 0.5, Deviation: float64(3000*baud) / 9600}
	case "gmsk":
		// What goes by this name on amateur satellites has the scrambler too.
		m.kind, m.Scrambled = keyFSK, true
		m.fsk = modem.FSK{Baud: baud, BT: 0.5}
	case "fsk":
		m.kind = keyFSK
		m.fsk = modem.FSK{Baud: baud, BT: 0.5}
	case "bpsk", "dbpsk", "qpsk", "oqpsk":
		m.kind = keyPSK
		m.psk = modem.PSK{Baud: baud, Manchester: manchester, RollOff: 0.35}
		// Slow PSK is heard through an SSB receiver, fast one in the middle of a band of 24 kHz,
		// or as many of them as it needs.
		m.psk.Search = 4000
		m.psk.Centre = 12000 * math.Ceil(m.Reach()/12000)
		if baud <= 2400 {
			m.psk.Centre, m.psk.Search = max(1500, 1.1*m.Reach()), 800
		}
		switch kind {
		case "dbpsk":
			m.psk.Line = modem.NRZS
		case "qpsk":
			m.psk.Scheme = modem.QPSK
		case "oqpsk":
			m.psk.Scheme = modem.OQPSK
		}
		if m.psk.Scheme != modem.BPSK && baud >= 50_000 {
			// Such rates are of S band and above, where Doppler is faster, and of crystal clocks.
			m.psk.Window, m.psk.DopplerRate, m.psk.ClockPPM = 4096, 900, 200
		}
	}
	if manchester && (m.kind != keyPSK || m.psk.Scheme != modem.BPSK) {
		return m, fmt.Errorf("modem %q: Manchester coding is of bpsk and dbpsk only", name)
	}
	return m, nil
}

// Baud is bits a second on the channel.
func (m Modem) Baud() float64 {
	switch m.kind {
	case keyAFSK:
		return m.afsk.Baud
	case keyFSK:
		return m.fsk.Baud
	}
	if m.psk.Scheme != modem.BPSK {
		return 2 * m.psk.Baud
	}
	return m.psk.Baud
}

// Reach is how far the spectrum of PSK reaches to either side of its carrier, in hertz.
func (m Modem) Reach() float64 {
	reach := 1.35 / 2 * m.psk.Baud
	if m.psk.Manchester {
		reach *= 2
	}
	return reach
}

// AFSK gives the tones of a modem that has them.
func (m Modem) AFSK() (modem.AFSK, bool) { return m.afsk, m.kind == keyAFSK }

// FSK gives the keying of a modem that shifts its carrier.
func (m Modem) FSK() (modem.FSK, bool) { return m.fsk, m.kind == keyFSK }

// PSK gives the keying of a modem that shifts its phase; its Centre is where audio has it.
func (m Modem) PSK() (modem.PSK, bool) { return m.psk, m.kind == keyPSK }

// demodulator is one for soft bits of whatever framing.
type demodulator interface {
	modem.AudioDemodulator
}

// demodulators gives one, or where effort is worth it and there are more ways, several.
func (m Modem) demodulators(rate float64, thorough bool) ([]demodulator, error) {
	switch m.kind {
	case keyAFSK:
		// One for crystal clocks, and one that bears what other clocks do; so with FSK.
		steady, err := modem.NewAFSKDemodulator(m.afsk, rate, modem.AFSKOptions{Steady: true})
		if err != nil || !thorough {
			return []demodulator{steady}, err
		}
		free, err := modem.NewAFSKDemodulator(m.afsk, rate, modem.AFSKOptions{})
		return []demodulator{steady, free}, err
	case keyFSK:
		free, err := modem.NewFSKDemodulator(m.fsk, rate, modem.FSKOptions{})
		if err != nil || !thorough {
			return []demodulator{free}, err
		}
		steady, err := modem.NewFSKDemodulator(m.fsk, rate, modem.FSKOptions{Steady: true})
		return []demodulator{free, steady}, err
	}
	d, err := m.psk.NewDemodulator(rate)
	return []demodulator{d}, err
}
