package radio

import (
	"fmt"
	"time"

	"spacechain/link/coding/cadu"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
	"spacechain/link/modem"
)

// PayloadCoding is how a payload link is coded, and with it which frames it carries.
type PayloadCoding int

// The codings of payload links.
const (
	RSConv PayloadCoding = iota // RS(255,223), interleaved four deep, within convolutional 1/2; AOS
	LDPC                        // AR4JA 1/2, k = 4096; USLP
)

// String says what the code is.
func (c PayloadCoding) String() string {
	if c == LDPC {
		return "LDPC AR4JA 1/2 k=4096"
	}
	return "RS(255,223) I=4 within convolutional 1/2"
}

// config gives the code, the octets of a frame and the frames' protocol.
func (c PayloadCoding) config() (cadu.Config, int, string) {
	if c == LDPC {
		code, err := ldpc.AR4JA(ldpc.Rate1of2, 4096)
		if err != nil {
			panic("radio: " + err.Error()) // a constant of the program
		}
		return cadu.Config{LDPC: code, Randomizer: randomizer.TM255}, 512, "USLP"
	}
	block := &rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: 4}
	return cadu.Config{RS: block, Randomizer: randomizer.TM255, Inner: &conv.CCSDS}, block.FrameSize(), "AOS"
}

// Payload is a payload link in S band: QPSK with root-raised-cosine pulses at a symbol rate, four
// samples a symbol; 256e3 is the reference.
func Payload(symbolRate float64, coding PayloadCoding) Waveform {
	w := payload(modem.PSK{
		Scheme: modem.QPSK, Baud: symbolRate, ClockPPM: 100, Window: 4096,
		Search: min(56e3, symbolRate), DopplerRate: 900,
	}, coding)
	w.Name, w.CarrierHz = "payload-rs", 2245e6
	if coding == LDPC {
		w.Name = "payload-ldpc"
	}
	w.Modem = fmt.Sprintf("QPSK %g ksym/s, RRC 0.35", symbolRate/1e3)
	return w
}

// payload is a waveform of p with a code, at four samples a symbol.
func payload(p modem.PSK, coding PayloadCoding) Waveform {
	c, size, framing := coding.config()
	points := []lossPoint{{1, 5.3}, {1.2, 1.76}, {1.4, 0.454}, {1.6, 0.0305}}
	if coding == LDPC {
		points = []lossPoint{{0.6, 3.0}, {0.8, 0.68}, {1, 0.081}, {1.2, 0.0013}}
	}
	return coded(Waveform{
		Coding: coding.String(), Framing: framing,
		SymbolRate: p.Baud, SampleRate: 4 * p.Baud, FrameSize: size,
	}, c, p, 16384, 512, time.Duration(6000/p.Baud*1e9), points)
}
