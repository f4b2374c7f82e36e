package receive

import (
	"bytes"

	"spacechain/link/ax100"
	"spacechain/link/modem"
	"spacechain/link/modem/tnc"
)

// sameFrame is within how many seconds two demodulators may find one frame.
const sameFrame = 0.2

// gomspace receives a mode of GomSpace's radios with one demodulator or several, each with a
// deframer of its own; a frame counts once.
type gomspace struct {
	modem, framing string
	branches       []gomspaceBranch
	rate           float64
	samples        int64
	last           []Frame // given out lately
	soft           []int8
	found          []ax100.Frame
}

type gomspaceBranch struct {
	demod    modem.AudioDemodulator
	deframer *ax100.Deframer
}

func newGomspace(name string, mode ax100.Mode, rate float64, demods ...modem.AudioDemodulator) *gomspace {
	g := &gomspace{modem: name, framing: mode.String(), rate: rate}
	for _, d := range demods {
		g.branches = append(g.branches, gomspaceBranch{d, ax100.NewDeframer(mode)})
	}
	return g
}

func ax100FSK(name string, baud float64, mode ax100.Mode) func(float64, tnc.Effort) (Receiver, error) {
	return func(rate float64, _ tnc.Effort) (Receiver, error) {
		d, err := modem.NewFSKDemodulator(modem.FSK{Baud: baud, BT: 0.5}, rate, modem.FSKOptions{})
		if err != nil {
			return nil, err
		}
		return newGomspace(name, mode, rate, d), nil
	}
}

// u482c runs a demodulator for crystal clocks, and where effort allows one that bears what
// other clocks do.
func u482c(rate float64, effort tnc.Effort) (Receiver, error) {
	demods := make([]modem.AudioDemodulator, 0, 2)
	for _, opt := range []modem.AFSKOptions{{Steady: true}, {}} {
		d, err := modem.NewAFSKDemodulator(modem.AFSK4800, rate, opt)
		if err != nil {
			return nil, err
		}
		if demods = append(demods, d); effort == tnc.Quick {
			break
		}
	}
	return newGomspace("afsk4800", ax100.U482C, rate, demods...), nil
}

// Process implements Receiver.
func (g *gomspace) Process(dst []Frame, src []float32) []Frame {
	g.samples += int64(len(src))
	for _, b := range g.branches {
		g.soft = b.demod.Process(g.soft[:0], src)
		dst = g.take(dst, b)
	}
	return dst
}

// Flush implements Receiver.
func (g *gomspace) Flush(dst []Frame) []Frame {
	for _, b := range g.branches {
		g.soft = b.demod.Flush(g.soft[:0])
		dst = g.take(dst, b)
	}
	return dst
}

func (g *gomspace) take(dst []Frame, b gomspaceBranch) []Frame {
	now := float64(g.samples) / g.rate
	g.found = b.deframer.Process(g.found[:0], g.soft)
	for _, f := range g.found {
		fr := Frame{Modem: g.modem, Framing: g.framing, Time: now, Data: f.Data, Corrected: f.Corrected}
		if !g.known(fr) {
			g.last = append(g.last, fr)
			dst = append(dst, fr)
		}
	}
	return dst
}

// known tells whether another branch gave this frame already, and forgets what is old.
func (g *gomspace) known(fr Frame) bool {
	if len(g.branches) == 1 {
		g.last = g.last[:0]
		return false
	}
	kept := g.last[:0]
	same := false
	for _, old := range g.last {
		if fr.Time-old.Time <= sameFrame {
			kept = append(kept, old)
			same = same || bytes.Equal(old.Data, fr.Data)
		}
	}
	g.last = kept
	return same
}
