package radio

import (
	"math"
	"time"

	"spacechain/link/ax25"
	"spacechain/link/modem"
)

// hdlcLine sends AX.25 frames with flags around them. So that a frame's time on the air depends
// on its length alone, whatever bits must be stuffed, flags fill up what they do not take.
type hdlcLine struct {
	framer *ax25.Framer
}

// Lengths of what stands around AX.25 frames.
const (
	hdlcLeadBits = 256
	hdlcTailBits = 48
	mostAX25     = 330 // octets: addresses with digipeaters, control and 256 of information
)

var hdlcCode = ax25.Line{NRZI: true}

// hdlcBits is how many channel bits a frame of so many octets takes up: with the check sequence
// and one bit stuffed for five, and the flag behind it.
func hdlcBits(octets int) int {
	bits := 8 * (octets + 2)
	return (bits+bits/5+7)/8*8 + 16
}

func (l *hdlcLine) lead(dst []byte) []byte {
	l.framer = ax25.NewFramer(hdlcCode)
	n := hdlcLeadBits - 32
	dst = new(noise).append(dst, n)
	return l.framer.Flags(dst, 4)
}

func (l *hdlcLine) idle(dst []byte) []byte { return l.framer.Flags(dst, 1) }

func (l *hdlcLine) tail(dst []byte) []byte { return l.framer.Flags(dst, hdlcTailBits/8) }

func (l *hdlcLine) frame(dst, frame []byte) ([]byte, error) {
	from := len(dst)
	dst = l.framer.Frame(dst, frame)
	dst = l.framer.Flags(dst, 1)
	// What is left over is the level going on, then flags.
	left := hdlcBits(len(frame)) - (len(dst) - from)
	for range left % 8 {
		dst = append(dst, dst[len(dst)-1])
	}
	return l.framer.Flags(dst, left/8), nil
}

// hdlcUnits is one for 80 octets and grows nearly as the square of the length: the deframer repairs
// the bits that are wrong alone, so that it takes two or more to lose a frame.
func hdlcUnits(octets int) float64 { return math.Pow(float64(octets+2)/82, 1.9) }

// hdlcReceiver finds AX.25 frames in phase-shift keying.
type hdlcReceiver struct {
	demod *modem.PSKDemodulator
	hdlc  *ax25.Deframer
	soft  []int8
	found []ax25.Received
}

func newHDLCReceiver(p modem.PSK, rate float64) (detector, error) {
	d, err := p.NewDemodulator(rate)
	if err != nil {
		return nil, err
	}
	return &hdlcReceiver{demod: d, hdlc: ax25.NewDeframer(ax25.Options{Line: hdlcCode, MaxOctets: mostAX25 + 2})}, nil
}

func (r *hdlcReceiver) detect(dst []Frame, in []complex64) []Frame {
	r.soft = r.demod.ProcessIQ(r.soft[:0], in)
	return r.take(dst)
}

func (r *hdlcReceiver) flush(dst []Frame) []Frame {
	r.soft = r.demod.Flush(r.soft[:0])
	return r.take(dst)
}

func (r *hdlcReceiver) take(dst []Frame) []Frame {
	r.found = r.hdlc.Process(r.found[:0], r.soft)
	for _, f := range r.found {
		dst = append(dst, Frame{Data: f.Data, Corrected: f.Flipped})
	}
	return dst
}

func (r *hdlcReceiver) state() (bool, float64, float64) { return pskState(r.demod) }

// Beacon is the satellite's beacon: BPSK at 1200 baud on 437 MHz, AX.25 UI frames in NRZI, as
// `spacechain link decode --modem bpsk1200 --framing ax25` reads it through an SSB receiver.
// Frames go from the addresses to the information, without the check sequence. Its frames take as
// long as the worst stuffing of bits may need.
func Beacon() Waveform {
	const rate = 48000
	p := modem.PSK{Baud: 1200, Search: 12e3, DopplerRate: 200, ClockPPM: 100}
	delay, more := p.Spread(rate)
	w := Waveform{
		Name: "beacon", Modem: "BPSK 1200, RRC 0.35", Coding: "none", Framing: "AX.25 UI",
		CarrierHz: 437e6, SymbolRate: 1200, SampleRate: rate,
		plan: &plan{
			bitsPerSymbol: 1, least: 15, most: mostAX25, bits: hdlcBits,
			leadBits: hdlcLeadBits, tailBits: hdlcTailBits, delay: delay, flush: more - delay,
			hold:    600 * time.Millisecond,
			newLine: func() line { return &hdlcLine{} },
			newModulator: func() (modulator, error) {
				m, err := p.NewModulator(rate)
				return pskCarrier{m}, err
			},
			newDetector: func() (detector, error) { return newHDLCReceiver(p, rate) },
			piece:       48, losses: losses{causes: []cause{{hdlcUnits, []lossPoint{{5, 1.79}, {6, 0.23}, {7, 0.030}, {8, 0.002}}}}},
		},
	}
	return w.finish()
}
