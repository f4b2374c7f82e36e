package radio

import (
	"math"
	"time"

	"spacechain/link/coding"
	"spacechain/link/coding/bch"
	"spacechain/link/coding/cltu"
	"spacechain/link/modem"
)

// Lengths of what PLOP-2 sends around CLTUs (CCSDS 231.0-B-4 §8), channel bits.
const (
	acquisitionBits = 192 // 128 at least
	plopIdleBits    = 8   // the least between two CLTUs
)

// mostTC is the longest telecommand frame, octets: what the CLTUs are sized for.
const mostTC = 256

// tcCoding is how telecommand frames are coded: BCH(63,56) correcting one error a codeblock.
var tcCoding = cltu.Coding{Mode: bch.Correct}

// cltuLine sends CLTUs with an acquisition sequence before the first and an idle sequence behind
// each, the alternating bits of PLOP-2.
type cltuLine struct {
	one    byte // the last bit of the alternating ones
	octets []byte
}

func (l *cltuLine) alternate(dst []byte, n int) []byte {
	for range n {
		l.one ^= 1
		dst = append(dst, l.one)
	}
	return dst
}

func (l *cltuLine) lead(dst []byte) []byte {
	l.one = 1 // begins with 0 (§8.2.1)
	return l.alternate(dst, acquisitionBits)
}

func (l *cltuLine) idle(dst []byte) []byte { return l.alternate(dst, plopIdleBits) }

func (l *cltuLine) tail(dst []byte) []byte { return l.alternate(dst, 2*plopIdleBits) }

func (l *cltuLine) frame(dst, frame []byte) ([]byte, error) {
	octets, err := tcCoding.Encode(l.octets[:0], frame)
	if err != nil {
		return dst, err
	}
	l.octets = octets
	l.one = 1
	return l.idle(coding.Unpack(dst, octets)), nil
}

// cltuBits is how many channel bits a frame of so many octets takes up.
func cltuBits(octets int) int {
	blocks := (octets + bch.InfoOctets - 1) / bch.InfoOctets
	return 8*len(cltu.StartBCH) + 8*bch.BlockOctets*blocks + 8*len(cltu.TailBCH) + plopIdleBits
}

// cltuUnits is in how many parts a CLTU can be lost: its codeblocks, and what is around them.
func cltuUnits(octets int) float64 {
	return float64((octets+bch.InfoOctets-1)/bch.InfoOctets) + 1
}

// fmCarrier is frequency modulation of the carrier by the tones.
type fmCarrier struct {
	audio  *modem.AFSKModulator
	fm     *modem.FMModulator
	sounds []float32
}

func newFMCarrier(tones modem.AFSK, mode modem.FM, rate float64) (modulator, error) {
	a, err := modem.NewAFSKModulator(tones, rate, 1)
	if err != nil {
		return nil, err
	}
	f, err := modem.NewFMModulator(mode, rate)
	if err != nil {
		return nil, err
	}
	return &fmCarrier{audio: a, fm: f}, nil
}

func (c *fmCarrier) modulate(dst []complex64, bits []byte) []complex64 {
	c.sounds = c.audio.Modulate(c.sounds[:0], bits)
	return c.fm.ModulateIQ(dst, c.sounds)
}

func (c *fmCarrier) flush(dst []complex64) []complex64 { return dst }

// fmReceiver finds CLTUs in what the tones on a frequency modulated carrier say.
type fmReceiver struct {
	fm    *modem.FMDiscriminator
	demod *modem.AFSKDemodulator
	units *cltu.Receiver
	rate  float64
	baud  float64
	band  float64

	samples int64
	open    [256]bool // by hundredths of a second: whether there was a carrier
	passing bool
	audio   []float32
	soft    []int8
	found   []cltu.Unit
}

// squelchCNR is the ratio of carrier to noise power in the signal's band below which there is no
// carrier to speak of: ten decibels lower than what telecommands need.
const squelchCNR = 0.8

func newFMReceiver(tones modem.AFSK, mode modem.FM, rate float64) (detector, error) {
	f, err := modem.NewFMDiscriminator(mode, rate)
	if err != nil {
		return nil, err
	}
	d, err := modem.NewAFSKDemodulator(tones, rate, modem.AFSKOptions{Steady: true})
	if err != nil {
		return nil, err
	}
	return &fmReceiver{fm: f, demod: d, units: cltu.NewReceiver(tcCoding), rate: rate, baud: tones.Baud, band: mode.Bandwidth()}, nil
}

func (r *fmReceiver) detect(dst []Frame, in []complex64) []Frame {
	r.samples += int64(len(in))
	r.audio = r.fm.Process(r.audio[:0], in)
	r.open[r.slot(float64(r.samples)/r.rate)] = r.fm.CNR() > squelchCNR
	r.soft = r.demod.Process(r.soft[:0], r.audio)
	r.pass()
	return r.take(dst)
}

func (r *fmReceiver) slot(seconds float64) int { return int(seconds*100) & (len(r.open) - 1) }

// pass gives the bits demodulated to the code, where there was a carrier: noise holds CLTUs, too.
func (r *fmReceiver) pass() {
	r.found = r.found[:0]
	if len(r.soft) == 0 {
		return
	}
	// The squelch goes by a mean, and so opens and shuts a little late.
	now := r.open[r.slot(max(0, r.demod.Time()))]
	if now {
		r.found = r.units.Receive(r.found, r.soft)
	} else if r.passing {
		r.found = r.units.Flush(r.found)
	}
	r.passing = now
}

func (r *fmReceiver) take(dst []Frame) []Frame {
	for _, u := range r.found {
		dst = append(dst, Frame{Data: u.Data, Corrected: u.Report.Corrected})
	}
	return dst
}

func (r *fmReceiver) flush(dst []Frame) []Frame {
	r.soft = r.demod.Flush(r.soft[:0])
	r.pass()
	if r.passing {
		r.found = r.units.Flush(r.found)
		r.passing = false
	}
	return r.take(dst)
}

func (r *fmReceiver) state() (bool, float64, float64) {
	cnr := r.fm.CNR()
	return cnr > squelchCNR, r.fm.OffsetHz(), 10 * math.Log10(max(cnr, 1e-3)*r.band/r.baud)
}

// telecommand is a waveform of telecommands over tones on frequency modulation.
func telecommand(name, modemName string, tones modem.AFSK, mode modem.FM, points []lossPoint) Waveform {
	const rate = 48000
	w := Waveform{
		Name: name, Modem: modemName, Coding: "CLTU, BCH(63,56)", Framing: "TC",
		CarrierHz: 145.9e6, SymbolRate: tones.Baud, SampleRate: rate,
		plan: &plan{
			bitsPerSymbol: 1, least: 1, most: mostTC, bits: cltuBits,
			leadBits: acquisitionBits, tailBits: 2 * plopIdleBits,
			hold:         time.Duration(400 / tones.Baud * 1e9),
			newLine:      func() line { return &cltuLine{} },
			newModulator: func() (modulator, error) { return newFMCarrier(tones, mode, rate) },
			newDetector:  func() (detector, error) { return newFMReceiver(tones, mode, rate) },
			piece:        48, losses: losses{causes: []cause{{cltuUnits, points}}},
		},
	}
	return w.finish()
}

// TTCUp is the telecommand uplink: VHF FM at 145.9 MHz carrying AFSK-1200, CLTUs with BCH(63,56)
// that corrects one error in each codeblock, an acquisition sequence and idle sequences by PLOP-2
// (CCSDS 231.0-B-4). Frames are TC transfer frames of up to 256 octets; what a receiver gives out
// are the octets of a CLTU with its fill, which frame.TCChannel.Trim cuts.
func TTCUp() Waveform {
	return telecommand("ttc-up", "FM, AFSK 1200 (Bell 202)", modem.Bell202,
		modem.FM{Deviation: 3000, Top: 2400, Search: 4000}, []lossPoint{{12, 0.110}, {13, 0.0242}, {14, 0.00395}, {15, 0.0007}})
}

// TTCUp4800 is [TTCUp] at four times the rate, for strong signals: AFSK-4800.
func TTCUp4800() Waveform {
	return telecommand("ttc-up-4800", "FM, AFSK 4800", modem.AFSK4800,
		modem.FM{Deviation: 3600, Top: 5400, Search: 4000}, []lossPoint{{11, 0.236}, {12, 0.080}, {13, 0.0162}, {14, 0.0038}})
}
