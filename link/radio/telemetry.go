package radio

import (
	"time"

	"spacechain/link/coding/cadu"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
	"spacechain/link/modem"
)

// coded is a waveform of channel access data units over phase-shift keying. lead and tail are
// channel bits.
func coded(w Waveform, c cadu.Config, p modem.PSK, lead, tail int, hold time.Duration, points []lossPoint) Waveform {
	bits := caduBits(c)
	delay, more := p.Spread(w.SampleRate)
	w.plan = &plan{
		bitsPerSymbol: float64(p.Scheme.BitsPerSymbol()),
		least:         w.FrameSize, most: w.FrameSize,
		bits:     func(int) int { return bits },
		leadBits: lead, tailBits: tail, delay: delay, flush: more - delay, hold: hold,
		newLine: func() line {
			l, err := newCADULine(c, lead, tail)
			if err != nil {
				panic("radio: " + err.Error()) // a constant of the program
			}
			return l
		},
		newModulator: func() (modulator, error) {
			m, err := p.NewModulator(w.SampleRate)
			return pskCarrier{m}, err
		},
		newDetector: func() (detector, error) { return newCADUReceiver(c, p, w.SampleRate) },
		piece:       64,
		losses:      losses{causes: []cause{{one, points}}},
	}
	return w.finish()
}

// TTCDown is the telemetry downlink: BPSK at 9600 symbols a second on 437 MHz, RS(255,223) within
// the convolutional code of rate 1/2, randomized (CCSDS 131.0-B-5), TM transfer frames of 223
// octets.
func TTCDown() Waveform {
	block := &rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: 1}
	return coded(Waveform{
		Name: "ttc-down", Modem: "BPSK 9600, RRC 0.35", Coding: "RS(255,223) within convolutional 1/2", Framing: "TM",
		CarrierHz: 437e6, SymbolRate: 9600, SampleRate: 48000, FrameSize: block.FrameSize(),
	}, cadu.Config{RS: block, Randomizer: randomizer.TM255, Inner: &conv.CCSDS},
		modem.PSK{Baud: 9600, Search: 12e3, DopplerRate: 200, ClockPPM: 100, Window: 512},
		1536, 256, 100*time.Millisecond, []lossPoint{{-2.2, 3.31}, {-1.6, 0.441}, {-1, 0.0100}, {-0.8, 0.0015}})
}
