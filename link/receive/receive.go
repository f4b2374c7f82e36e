// Package receive joins modems and framings into receivers by name: audio samples in, frames
// out. It is what listens to a recording or a sound card without being told more than which
// kinds of signal to expect, if even that.
//
// A receiver streams, does no input or output and knows no clock: times count seconds of
// samples. It is not safe for concurrent use.
package receive

import (
	"fmt"
	"slices"
	"strings"

	"spacechain/link/ax100"
	"spacechain/link/ax25"
	"spacechain/link/coding/ao40"
	"spacechain/link/modem"
	"spacechain/link/modem/tnc"
)

// Frame is a frame received.
type Frame struct {
	Modem, Framing string
	// Time is when it had come in whole, seconds of samples, to some bits.
	Time float64
	// Data is what is inside the framing: of AX.25 from the addresses on, without flags and
	// check sequence.
	Data []byte
	// Corrected counts what was repaired: bits of AX.25, octets of a Reed-Solomon code.
	Corrected int
}

// Receiver finds frames in audio samples.
type Receiver interface {
	// Process takes the next samples and appends the frames that are settled to dst.
	Process(dst []Frame, src []float32) []Frame
	// Flush appends what is still under way at the end.
	Flush(dst []Frame) []Frame
}

// Combination is a modem with a framing that is in use with it.
type Combination struct {
	Modem, Framing string
	// About says who sends so.
	About string

	open func(rate float64, effort tnc.Effort) (Receiver, error)
}

// String names the combination.
func (c Combination) String() string { return c.Modem + "/" + c.Framing }

// Open makes a receiver of samples at a rate in hertz. Where several demodulators may be run
// side by side, effort says whether they are.
func (c Combination) Open(rate float64, effort tnc.Effort) (Receiver, error) {
	r, err := c.open(rate, effort)
	if err != nil {
		return nil, fmt.Errorf("receive %v: %w", c, err)
	}
	return r, nil
}

// plain and scrambled are the line codes of AX.25: NRZI, and G3RUH's scrambler before it.
var (
	plain     = ax25.Line{NRZI: true}
	scrambled = ax25.Line{NRZI: true, Scrambled: true}
)

// The places where PSK is heard in audio: 1200 baud through an SSB receiver, 9600 in the
// middle of a band of 24 kHz.
var (
	psk1200 = modem.PSK{Baud: 1200, Centre: 1500, Search: 800}
	psk9600 = modem.PSK{Baud: 9600, Centre: 12000, Search: 4000}
)

// combinations stand in the order in which they are tried.
var combinations = []Combination{
	{"afsk1200", "ax25", "packet radio (Bell 202)", afsk("afsk1200", modem.Bell202)},
	{"g3ruh9600", "ax25", "9600 baud packet radio", fsk("g3ruh9600", modem.G3RUH9600, scrambled)},
	{"gmsk4800", "ax25", "GMSK with G3RUH's scrambler at half the rate", fsk("gmsk4800", modem.GMSK4800, scrambled)},
	{"fsk9600", "ax25", "9600 baud without a scrambler", fsk("fsk9600", modem.GMSK9600, plain)},
	{"bpsk1200", "ax25", "BPSK through SSB", psk("bpsk1200", psk1200, plain)},
	{"bpsk1200", "ax25-g3ruh", "BPSK through SSB, scrambled", psk("bpsk1200", psk1200, scrambled)},
	{"bpsk9600", "ax25", "BPSK of 9600 baud", psk("bpsk9600", psk9600, plain)},
	{"bpsk9600", "ax25-g3ruh", "BPSK of 9600 baud, scrambled", psk("bpsk9600", psk9600, scrambled)},
	{"dbpsk1200", "ao40", "FUNcube telemetry", openAO40},
	{"afsk4800", "u482c", "GomSpace U482C, with CSP inside", u482c},
	{"fsk1200", "ax100", "GomSpace AX100, ASM+Golay", ax100FSK("fsk1200", 1200, ax100.ASMGolay)},
	{"fsk4800", "ax100", "GomSpace AX100, ASM+Golay", ax100FSK("fsk4800", 4800, ax100.ASMGolay)},
	{"fsk9600", "ax100", "GomSpace AX100, ASM+Golay", ax100FSK("fsk9600", 9600, ax100.ASMGolay)},
	{"fsk4800", "ax100-rs", "GomSpace AX100, Reed-Solomon", ax100FSK("fsk4800", 4800, ax100.ReedSolomon)},
	{"fsk9600", "ax100-rs", "GomSpace AX100, Reed-Solomon", ax100FSK("fsk9600", 9600, ax100.ReedSolomon)},
	{"fsk19200", "ax100-rs", "GomSpace AX100, Reed-Solomon", ax100FSK("fsk19200", 19200, ax100.ReedSolomon)},
}

// Combinations lists all combinations, in the order in which they are worth trying.
func Combinations() []Combination { return slices.Clone(combinations) }

// Find gives the combinations of a modem and a framing; an empty name stands for all. None at
// all is an error that names those there are.
func Find(modem, framing string) ([]Combination, error) {
	var out []Combination
	for _, c := range combinations {
		if (modem == "" || c.Modem == modem) && (framing == "" || c.Framing == framing) {
			out = append(out, c)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	names := make([]string, len(combinations))
	for i, c := range combinations {
		names[i] = c.String()
	}
	return nil, fmt.Errorf("no receiver of modem %q with framing %q; there are %s", modem, framing, strings.Join(names, ", "))
}

// packet is a receiver of AX.25 over AFSK or FSK.
type packet struct {
	modem string
	r     *tnc.Receiver
	found []tnc.Frame
}

func afsk(name string, mode modem.AFSK) func(float64, tnc.Effort) (Receiver, error) {
	return func(rate float64, effort tnc.Effort) (Receiver, error) {
		r, err := tnc.NewAFSK(mode, rate, effort, ax25.Options{Line: plain})
		return &packet{modem: name, r: r}, err
	}
}

func fsk(name string, mode modem.FSK, line ax25.Line) func(float64, tnc.Effort) (Receiver, error) {
	return func(rate float64, effort tnc.Effort) (Receiver, error) {
		r, err := tnc.NewFSK(mode, rate, effort, ax25.Options{Line: line})
		return &packet{modem: name, r: r}, err
	}
}

func (p *packet) take(dst []Frame) []Frame {
	for _, f := range p.found {
		dst = append(dst, Frame{Modem: p.modem, Framing: "ax25", Time: f.Time, Data: f.Data, Corrected: f.Flipped})
	}
	return dst
}

func (p *packet) Process(dst []Frame, src []float32) []Frame {
	p.found = p.r.Process(p.found[:0], src)
	return p.take(dst)
}

func (p *packet) Flush(dst []Frame) []Frame {
	p.found = p.r.Flush(p.found[:0])
	return p.take(dst)
}

// soft is a receiver that takes frames out of the soft bits of a PSK demodulator.
type soft struct {
	demod   modem.AudioDemodulator
	deframe func(dst []Frame, soft []int8) []Frame
	rate    float64
	samples int64
	bits    []int8
}

func psk(name string, p modem.PSK, line ax25.Line) func(float64, tnc.Effort) (Receiver, error) {
	framing := "ax25"
	if line.Scrambled {
		framing = "ax25-g3ruh"
	}
	return func(rate float64, _ tnc.Effort) (Receiver, error) {
		d, err := p.NewDemodulator(rate)
		if err != nil {
			return nil, err
		}
		hdlc := ax25.NewDeframer(ax25.Options{Line: line})
		var found []ax25.Received
		return &soft{demod: d, rate: rate, deframe: func(dst []Frame, soft []int8) []Frame {
			found = hdlc.Process(found[:0], soft)
			for _, f := range found {
				dst = append(dst, Frame{Modem: name, Framing: framing, Data: f.Data, Corrected: f.Flipped})
			}
			return dst
		}}, nil
	}
}

func openAO40(rate float64, _ tnc.Effort) (Receiver, error) {
	p := psk1200
	p.Line = modem.NRZS
	d, err := p.NewDemodulator(rate)
	if err != nil {
		return nil, err
	}
	r := ao40.NewReceiver(ao40.Long)
	var found []ao40.Frame
	return &soft{demod: d, rate: rate, deframe: func(dst []Frame, soft []int8) []Frame {
		found = r.Receive(found[:0], soft)
		for _, f := range found {
			dst = append(dst, Frame{Modem: "dbpsk1200", Framing: "ao40", Data: f.Data, Corrected: f.Corrected})
		}
		return dst
	}}, nil
}

func (s *soft) take(dst []Frame) []Frame {
	from := len(dst)
	dst = s.deframe(dst, s.bits)
	for i := range dst[from:] {
		dst[from+i].Time = float64(s.samples) / s.rate
	}
	return dst
}

func (s *soft) Process(dst []Frame, src []float32) []Frame {
	s.bits = s.demod.Process(s.bits[:0], src)
	s.samples += int64(len(src))
	return s.take(dst)
}

func (s *soft) Flush(dst []Frame) []Frame {
	s.bits = s.demod.Flush(s.bits[:0])
	return s.take(dst)
}
