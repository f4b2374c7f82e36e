package receive

import (
	"spacechain/link/modem"
	"spacechain/link/modem/tnc"
)

// deframer finds frames in soft bits. Of the frames it fills in Framing, Data and Corrected, and as
// Time how many bits there were up to the frame's end, counted back from the last one given.
type deframer interface {
	process(dst []Frame, soft []int8) []Frame
	// flush appends what is whole at the end of the bits.
	flush(dst []Frame) []Frame
}

// bitReceiver is one modem with all framings that are looked for on it. Several demodulators may
// work side by side, each with deframers of its own; a frame counts once.
type bitReceiver struct {
	modem    Modem
	rate     float64
	samples  int64
	branches []bitBranch
	recent   recent
	soft     []int8
	found    []Frame
}

type bitBranch struct {
	demod     demodulator
	deframers []deframer
}

func newBitReceiver(m Modem, opt Options) (*bitReceiver, error) {
	demods, err := m.demodulators(opt.Rate, opt.Effort == tnc.Thorough)
	if err != nil {
		return nil, err
	}
	r := &bitReceiver{modem: m, rate: opt.Rate, recent: recent{window: 0.2}}
	for _, d := range demods {
		r.branches = append(r.branches, bitBranch{demod: d})
	}
	return r, nil
}

// add lets it look for one more framing.
func (r *bitReceiver) add(name string, f framing, opt Options) {
	for i := range r.branches {
		b := &r.branches[i]
		b.deframers = append(b.deframers, openTurns(name, f, r.modem, opt))
	}
}

// Process implements Receiver.
func (r *bitReceiver) Process(dst []Frame, src []float32) []Frame {
	r.samples += int64(len(src))
	for i, b := range r.branches {
		r.soft = b.demod.Process(r.soft[:0], src)
		dst = r.deframe(dst, i)
	}
	return dst
}

// ProcessIQ is Process for complex baseband; not for AFSK.
func (r *bitReceiver) ProcessIQ(dst []Frame, src []complex64) []Frame {
	r.samples += int64(len(src))
	for i, b := range r.branches {
		if d, ok := b.demod.(modem.IQDemodulator); ok {
			r.soft = d.ProcessIQ(r.soft[:0], src)
			dst = r.deframe(dst, i)
		}
	}
	return dst
}

// Flush implements Receiver.
func (r *bitReceiver) Flush(dst []Frame) []Frame {
	for i, b := range r.branches {
		r.soft = b.demod.Flush(r.soft[:0])
		dst = r.deframe(dst, i)
		for _, f := range b.deframers {
			r.found = f.flush(r.found[:0])
			dst = r.give(dst, i)
		}
	}
	return dst
}

func (r *bitReceiver) deframe(dst []Frame, branch int) []Frame {
	for _, f := range r.branches[branch].deframers {
		r.found = f.process(r.found[:0], r.soft)
		dst = r.give(dst, branch)
	}
	return dst
}

// give hands out what was found, once.
func (r *bitReceiver) give(dst []Frame, branch int) []Frame {
	for _, f := range r.found {
		f.Modem, f.Time = r.modem.Name, float64(r.samples)/r.rate+f.Time/r.modem.Baud()
		if len(r.branches) > 1 && r.recent.known(branch, f) {
			continue
		}
		dst = append(dst, f)
	}
	return dst
}
