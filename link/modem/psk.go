package modem

import (
	"fmt"
	"math"
)

// PSKScheme is how many bits a symbol of phase-shift keying carries, and how.
type PSKScheme int

// The schemes. A bit 1 is a positive amplitude. QPSK and OQPSK take bits in pairs, the first on
// the in-phase and the second on the quadrature arm (Gray coded); OQPSK sends the second half a
// symbol later.
const (
	BPSK PSKScheme = iota
	QPSK
	OQPSK
)

// String names the scheme.
func (s PSKScheme) String() string {
	switch s {
	case BPSK:
		return "BPSK"
	case QPSK:
		return "QPSK"
	case OQPSK:
		return "OQPSK"
	}
	return fmt.Sprintf("scheme %d", int(s))
}

// BitsPerSymbol is 1 or 2.
func (s PSKScheme) BitsPerSymbol() int {
	if s == BPSK {
		return 1
	}
	return 2
}

// LineCode is how bits of a BPSK signal become phases (CCSDS 401.0-B, 2.4.12, names them so).
type LineCode int

// The line codes. NRZM and NRZS are differential: they need no knowledge of the absolute phase,
// and are what DBPSK means.
const (
	NRZL LineCode = iota // 1 and 0 are opposite phases
	NRZM                 // 1 changes the phase, 0 keeps it
	NRZS                 // 0 changes the phase, 1 keeps it: the NRZI of AX.25, and the DBPSK of AMSAT's satellites
)

// String names the line code as the books do.
func (c LineCode) String() string {
	switch c {
	case NRZL:
		return "NRZ-L"
	case NRZM:
		return "NRZ-M"
	case NRZS:
		return "NRZ-S"
	}
	return fmt.Sprintf("line code %d", int(c))
}

// PSK describes a phase-shift keyed signal and where to look for it. Only Baud must be set.
type PSK struct {
	Scheme PSKScheme
	Baud   float64 // symbols a second, Hz; for Manchester that of bits, each two half-symbols
	Line   LineCode
	// Manchester sends each bit as two half-symbols of opposite phase, the first with the bit's
	// sign (bi-phase-L). BPSK only.
	Manchester bool
	// Independent judges differential bits by the phase between neighbouring symbols alone,
	// without trusting the recovered carrier's phase: about 0.7 dB behind at an error rate of
	// 1e-3, and safe on carriers whose phase wanders.
	Independent bool

	// Rectangular pulses instead of root-raised-cosine ones.
	Rectangular bool
	// RollOff of the root-raised-cosine pulses, 0 to 1; 0 stands for 0.35.
	RollOff float64

	Centre float64 // where the signal is expected, Hz: the intermediate frequency of audio, mostly 0 of complex samples
	Search float64 // how far it may be off either way, Hz; 0 stands for a quarter of the symbol rate
	// DopplerRate is the fastest change of frequency either way, Hz/s; 0 stands for 160, a low
	// satellite overhead at UHF.
	DopplerRate float64
	// ClockPPM is how far the sender's symbol rate may be off, parts in a million; 0 stands for
	// 5000: amateur satellites at 3000 ppm are common.
	ClockPPM float64

	// Window is over how many symbols the receiver looks for a signal: it bounds how short a
	// burst may be and how weak a signal. 0 stands for a quarter of a second, but for BPSK 128 to
	// 256 and for the others 512 to 2048.
	Window int
	// LoopBandwidth is the one-sided noise bandwidth of the carrier loop in cycles a symbol, for
	// BPSK at an Es/N0 of 6 dB, half of it or twice for weaker and stronger signals; 0 stands for
	// 20 Hz, but between 0.008 and 0.03 for BPSK and 0.003 and 0.01 for the others.
	LoopBandwidth float64
}

// withDefaults fills in what was left zero.
func (p PSK) withDefaults() PSK {
	def := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	def(&p.RollOff, 0.35)
	def(&p.Search, p.Baud/4)
	def(&p.DopplerRate, 160)
	def(&p.ClockPPM, 5000)
	if p.Scheme == BPSK {
		def(&p.LoopBandwidth, min(max(20/p.Baud, 0.008), 0.03))
	} else {
		def(&p.LoopBandwidth, min(max(20/p.Baud, 0.003), 0.01))
	}
	if p.Window == 0 {
		// Over a quarter of a second the frequency changes so much that the search takes long.
		quarter := int(min(p.Baud/4, 1e6))
		p.Window = min(max(quarter, 128), 256)
		if p.Scheme != BPSK {
			p.Window = min(max(quarter, 512), 2048)
		}
	}
	return p
}

// check says what is wrong with a description at a sample rate in hertz.
func (p PSK) check(rate float64) error {
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	switch {
	case p.Scheme < BPSK || p.Scheme > OQPSK:
		return fmt.Errorf("psk: no such %v", p.Scheme)
	case !finite(p.Baud) || p.Baud <= 0:
		return fmt.Errorf("psk: symbol rate of %g", p.Baud)
	case !finite(rate) || rate <= 0:
		return fmt.Errorf("psk: sample rate of %g", rate)
	case p.Scheme != BPSK && (p.Manchester || p.Line != NRZL):
		return fmt.Errorf("psk: %v takes neither Manchester nor a differential line code", p.Scheme)
	case p.Line < NRZL || p.Line > NRZS:
		return fmt.Errorf("psk: no such %v", p.Line)
	case !(p.RollOff >= 0.05 && p.RollOff <= 1):
		return fmt.Errorf("psk: roll-off of %g, want 0.05 to 1", p.RollOff)
	case !finite(p.Centre) || !(p.Search >= 0) || p.Search > rate:
		return fmt.Errorf("psk: search of %g Hz about %g Hz at %g samples a second", p.Search, p.Centre, rate)
	case !finite(p.DopplerRate) || p.DopplerRate < 0:
		return fmt.Errorf("psk: Doppler rate of %g Hz/s", p.DopplerRate)
	case !(p.ClockPPM >= 0 && p.ClockPPM <= 50000):
		return fmt.Errorf("psk: clock off by %g ppm, want 50000 at most", p.ClockPPM)
	case p.Window < 32 || p.Window > 1<<16:
		return fmt.Errorf("psk: window of %d symbols, want 32 to 65536", p.Window)
	case !(p.LoopBandwidth > 0 && p.LoopBandwidth <= 0.1):
		return fmt.Errorf("psk: loop bandwidth of %g cycles a symbol, want 0.1 at most", p.LoopBandwidth)
	case rate/p.chipRate() < 2:
		return fmt.Errorf("psk: %g samples a second are too few for %g symbols", rate, p.chipRate())
	case rate/p.chipRate() > 1<<16:
		return fmt.Errorf("psk: %g samples a second are too many for %g symbols", rate, p.chipRate())
	}
	return nil
}

// chipRate is the rate of what the pulses carry: symbols, or their halves with Manchester.
func (p PSK) chipRate() float64 {
	if p.Manchester {
		return 2 * p.Baud
	}
	return p.Baud
}

// halfBand is how far the spectrum reaches either side of the carrier, Hz.
func (p PSK) halfBand() float64 {
	if p.Rectangular {
		return p.chipRate()
	}
	return p.chipRate() * (1 + p.RollOff) / 2
}
