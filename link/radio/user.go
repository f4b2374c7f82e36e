package radio

import (
	"fmt"
	"math"
	"time"

	"spacechain/link/ax100"
	"spacechain/link/modem"
)

// Lengths of what stands around the frames of a user link, channel bits.
const (
	userPreamble = 32 // between frames
	userLeadBits = 480
	userTailBits = 32
)

// ax100Line sends frames as GomSpace's AX100 does in its mode ASM+Golay.
type ax100Line struct {
	framer ax100.Framer
	one    byte
	noise  noise
}

func (l *ax100Line) alternate(dst []byte, n int) []byte {
	for range n {
		l.one ^= 1
		dst = append(dst, l.one)
	}
	return dst
}

func (l *ax100Line) lead(dst []byte) []byte { return l.alternate(dst, userLeadBits) }

// idle looks random: from alternating bits alone a receiver unlearns what neighbouring bits do to
// each other.
func (l *ax100Line) idle(dst []byte) []byte { return l.noise.append(dst, 8) }

func (l *ax100Line) tail(dst []byte) []byte { return l.alternate(dst, userTailBits) }

func (l *ax100Line) frame(dst, frame []byte) ([]byte, error) { return l.framer.Append(dst, frame) }

// userBits is how many channel bits a frame takes up: preamble, marker, length, the octets and
// their Reed-Solomon checks.
func userBits(octets int) int { return userPreamble + 32 + 24 + 8*(octets+32) }

// userLosses: the marker, the length and bursts of errors are lost in proportion to the length;
// more than the code corrects, sixteen octets whatever the length, grows far faster.
var userLosses = []cause{
	{func(octets int) float64 { return float64(octets+32) / 132 }, []lossPoint{{6, 0.067}, {6.5, 0.027}, {7, 0.014}, {7.5, 0.0055}, {8, 0.0022}, {8.5, 0.0012}, {9, 0.0006}, {11, 0.0001}}},
	{func(octets int) float64 { return math.Pow(float64(octets+32)/132, 6) }, []lossPoint{{6, 2.73}, {6.5, 0.81}, {7, 0.078}, {7.5, 0.006}, {8, 0.0006}}},
}

// gmskCarrier is Gaussian minimum-shift keying.
type gmskCarrier struct{ m *modem.FSKModulator }

// gmskFlush is how many bits a modulator's samples lag by.
const gmskFlush = 3

func (c gmskCarrier) modulate(dst []complex64, bits []byte) []complex64 {
	return c.m.ModulateIQ(dst, bits)
}

func (c gmskCarrier) flush(dst []complex64) []complex64 {
	return c.m.ModulateIQ(dst, make([]byte, gmskFlush))
}

// gmskReceiver finds the frames of an AX100 in a frequency modulated carrier.
type gmskReceiver struct {
	fm       *modem.FMDiscriminator
	demod    *modem.FSKDemodulator
	deframer *ax100.Deframer
	mode     modem.FM
	baud     float64
	audio    []float32
	soft     []int8
	found    []ax100.Frame
}

func newGMSKReceiver(mode modem.FSK, fm modem.FM, rate float64) (detector, error) {
	f, err := modem.NewFMDiscriminator(fm, rate)
	if err != nil {
		return nil, err
	}
	d, err := modem.NewFSKDemodulator(mode, rate, modem.FSKOptions{Cutoff: 0.6, Steady: true})
	if err != nil {
		return nil, err
	}
	return &gmskReceiver{fm: f, demod: d, deframer: ax100.NewDeframer(ax100.ASMGolay), mode: fm, baud: mode.Baud}, nil
}

func (r *gmskReceiver) detect(dst []Frame, in []complex64) []Frame {
	r.audio = r.fm.Process(r.audio[:0], in)
	r.soft = r.demod.Process(r.soft[:0], r.audio)
	return r.take(dst)
}

func (r *gmskReceiver) take(dst []Frame) []Frame {
	r.found = r.deframer.Process(r.found[:0], r.soft)
	for _, f := range r.found {
		dst = append(dst, Frame{Data: f.Data, Corrected: f.Corrected})
	}
	return dst
}

func (r *gmskReceiver) flush(dst []Frame) []Frame {
	r.soft = r.demod.Flush(r.soft[:0])
	return r.take(dst)
}

func (r *gmskReceiver) state() (bool, float64, float64) {
	cnr := r.fm.CNR()
	return cnr > squelchCNR, r.fm.OffsetHz(), 10 * math.Log10(max(cnr, 1e-3)*r.mode.Bandwidth()/r.baud)
}

// User is a link between a satellite and people's and machines' terminals: GMSK at 9600 baud on
// 437 MHz, framed with RS(255,223) as GomSpace's AX100 does (ASM and Golay-coded length), frames
// of up to 223 octets.
func User() Waveform {
	const rate = 48000
	mode := modem.GMSK9600
	fm := modem.FM{Deviation: mode.Baud / 4, Top: 4800, Search: 11.5e3}
	w := Waveform{
		Name: "user", Modem: "GMSK 9600, BT 0.5", Coding: "RS(255,223), Golay(24,12)", Framing: "AX100",
		CarrierHz: 437e6, SymbolRate: mode.Baud, SampleRate: rate,
		plan: &plan{
			bitsPerSymbol: 1, least: 1, most: ax100.MaxData, bits: userBits,
			leadBits: userLeadBits, tailBits: userTailBits, delay: 2 * rate / 9600, flush: (gmskFlush - 2) * rate / 9600,
			hold:    80 * time.Millisecond,
			newLine: func() line { return &ax100Line{framer: ax100.Framer{Preamble: userPreamble}} },
			newModulator: func() (modulator, error) {
				m, err := modem.NewFSKModulator(mode, rate, 1)
				return gmskCarrier{m}, err
			},
			newDetector: func() (detector, error) { return newGMSKReceiver(mode, fm, rate) },
			piece:       48,
			losses:      losses{causes: userLosses},
		},
	}
	return w.finish()
}

// InterSatellite is a link between satellites in the Ka band at 23.28 GHz: OQPSK with root-raised
// cosine pulses at a symbol rate, LDPC AR4JA 1/2, USLP.
func InterSatellite(symbolRate float64) Waveform {
	w := payload(modem.PSK{
		Scheme: modem.OQPSK, Baud: symbolRate, ClockPPM: 100, Window: 4096,
		Search: min(6e5, symbolRate), DopplerRate: 4000, // 7.7 km/s, 50 m/s²
	}, LDPC)
	w.Name, w.CarrierHz = "isl", 23.28e9
	w.Modem = fmt.Sprintf("OQPSK %g Msym/s, RRC 0.35", symbolRate/1e6)
	return w
}
