// Package tnc receives AX.25 as a terminal node controller does: audio or I/Q samples in, frames
// out. It runs one demodulator or several different ones side by side on the same samples, each
// with a deframer of its own, and reconciles what they find: a frame counts once however many
// find it, and one that took no inverting of bits overrules others that overlap it.
//
// # False frames
//
// A frame check sequence of 16 bits lets one random frame in 65536 pass, so what else a frame must
// show bounds how many come out of noise. Measured on noise of several colours (noise_test.go),
// the three or four demodulators of Thorough together find up to 3e5 spans a day that could be
// frames by their length, and make up to 4e7 trials:
//
//   - without inverted bits a frame must end its addresses as AX.25 does, which random octets do in
//     6.2e-5 of cases, so 3e5 / 65536 × 6.2e-5 = 3e-4 false frames a day come out; or its bits must
//     be as clear as noise never is (ax25.Clarity, ten standard deviations away);
//   - with inverted bits a frame must be ax25.Plausible, so 4e7 / 65536 × 2.1e-11 = 1e-8 come out.
//
// One false frame takes eight years of noise. Voices, hum and carriers that drift have clear bits
// now and then, in up to 6,000 spans a day for AFSK and 14,000 for G3RUH, and then the check sequence
// alone judges: up to one false frame in five days of nothing but these.
//
// A frame that is really sent but has more errors than trials can repair is another matter: 64
// trials for each of its ends make one in a thousand of these come out wrong for each demodulator;
// that a frame without inverted bits overrules and that several demodulators rarely agree on a wrong
// one lowers it.
package tnc

import (
	"bytes"
	"math"

	"spacechain/link/ax25"
	"spacechain/link/modem"
)

// Effort chooses how many demodulators work side by side.
type Effort int

const (
	Quick    Effort = iota // one, the best for all signals
	Thorough               // several that complement each other
)

// Frame is a received frame.
type Frame struct {
	ax25.Received
	// Time is when its closing flag ended, in seconds of samples, to some bits.
	Time float64
	// Votes is how many demodulators found it.
	Votes int
}

// demodulator is what the receiver wants of modem's.
type demodulator interface {
	modem.AudioDemodulator
	Time() float64
}

// branch is one demodulator with its deframer.
type branch struct {
	demod    demodulator
	deframer *ax25.Deframer
	bits     int64
	soft     []int8
	found    []ax25.Received
}

// Receiver finds frames in samples.
type Receiver struct {
	branches []*branch
	front    *modem.ToneCorrelator // that all demodulators of AFSK share, nil for FSK
	pairs    []modem.TonePair
	baud     float64
	rate     float64
	hold     float64 // seconds after which all branches have seen what one has
	held     []candidate
	done     []Frame // given out lately
}

// candidate is a frame that waits for what the other branches find.
type candidate struct {
	Frame
	from uint64 // branches
}

// NewAFSK returns a receiver of AFSK audio at a sample rate in hertz.
func NewAFSK(mode modem.AFSK, rate float64, effort Effort, opt ax25.Options) (*Receiver, error) {
	opts := []modem.AFSKOptions{{HDLC: true}}
	if effort == Thorough {
		opts = append(opts,
			modem.AFSKOptions{HDLC: true, Memory: 0.9, Window: 256, Steady: true},
			modem.AFSKOptions{HDLC: true, Memory: 0.5, Window: 64, Tilt: 6},
			modem.AFSKOptions{HDLC: true, Memory: 0.02, Window: 96, Tilt: -6},
		)
	}
	front, err := modem.NewToneCorrelator(mode, rate)
	if err != nil {
		return nil, err
	}
	r := &Receiver{baud: mode.Baud, rate: rate, front: front}
	for _, o := range opts {
		o.HDLC = opt.Line.NRZI && !opt.Line.Scrambled
		d, err := modem.NewAFSKDemodulator(mode, rate, o)
		if err != nil {
			return nil, err
		}
		r.add(d, opt)
	}
	return r, nil
}

// NewFSK returns a receiver of FSK, from audio or I/Q samples, at a sample rate in hertz.
func NewFSK(mode modem.FSK, rate float64, effort Effort, opt ax25.Options) (*Receiver, error) {
	opts := []modem.FSKOptions{{}}
	if effort == Thorough {
		opts = append(opts,
			modem.FSKOptions{Window: 256, Steady: true, Cutoff: 1.2},
			modem.FSKOptions{Window: 64, Cutoff: 0.6},
		)
	}
	r := &Receiver{baud: mode.Baud, rate: rate}
	for _, o := range opts {
		d, err := modem.NewFSKDemodulator(mode, rate, o)
		if err != nil {
			return nil, err
		}
		r.add(d, opt)
	}
	return r, nil
}

func (r *Receiver) add(d demodulator, opt ax25.Options) {
	r.branches = append(r.branches, &branch{demod: d, deframer: ax25.NewDeframer(opt)})
	// Branches differ by half a window and one block of decisions.
	r.hold = 320 / r.baud
}

// block is how many samples go through all branches at once.
const block = 2048

// Process takes the next audio samples and appends the frames that are settled to dst.
func (r *Receiver) Process(dst []Frame, src []float32) []Frame {
	for len(src) > 0 {
		n := min(len(src), block)
		if r.front != nil {
			r.pairs = r.front.Process(r.pairs[:0], src[:n])
		}
		for i, b := range r.branches {
			if d, ok := b.demod.(*modem.AFSKDemodulator); ok {
				r.run(i, d.ProcessPairs(b.soft[:0], r.pairs))
			} else {
				r.run(i, b.demod.Process(b.soft[:0], src[:n]))
			}
		}
		src = src[n:]
		dst = r.settle(dst, r.horizon())
	}
	return dst
}

// ProcessIQ takes the next complex baseband samples; only receivers of FSK can.
func (r *Receiver) ProcessIQ(dst []Frame, src []complex64) []Frame {
	for len(src) > 0 {
		n := min(len(src), block)
		for i, b := range r.branches {
			if d, ok := b.demod.(modem.IQDemodulator); ok {
				r.run(i, d.ProcessIQ(b.soft[:0], src[:n]))
			}
		}
		src = src[n:]
		dst = r.settle(dst, r.horizon())
	}
	return dst
}

// flushBits is more than any demodulator looks ahead.
const flushBits = 700

// Flush appends what is still under way at the end of the stream. It feeds silence.
func (r *Receiver) Flush(dst []Frame) []Frame {
	dst = r.Process(dst, make([]float32, int(flushBits*r.rate/r.baud)))
	return r.settle(dst, math.Inf(1))
}

// Stats adds up what the deframers did.
func (r *Receiver) Stats() ax25.Stats {
	var sum ax25.Stats
	for _, b := range r.branches {
		s := b.deframer.Stats
		sum.Flags += s.Flags
		sum.Spans += s.Spans
		sum.Clear += s.Clear
		sum.Checks += s.Checks
		sum.Trials += s.Trials
		sum.Frames += s.Frames
	}
	return sum
}

// horizon is the time before which nothing new can come: the slowest branch is past it.
func (r *Receiver) horizon() float64 {
	h := math.Inf(1)
	for _, b := range r.branches {
		h = min(h, b.demod.Time())
	}
	return h - r.hold/8
}

// run takes the soft bits of one branch.
func (r *Receiver) run(i int, soft []int8) {
	b := r.branches[i]
	b.soft = soft
	b.bits += int64(len(soft))
	b.found = b.deframer.Process(b.found[:0], soft)
	for _, f := range b.found {
		r.offer(i, Frame{Received: f, Time: b.demod.Time() - float64(b.bits-f.End)/r.baud, Votes: 1})
	}
}

// offer puts a frame with what is held.
func (r *Receiver) offer(from int, f Frame) {
	for _, d := range r.done {
		if overlap(d, f, r.baud) {
			return
		}
	}
	for i := range r.held {
		h := &r.held[i]
		if overlap(h.Frame, f, r.baud) && bytes.Equal(h.Data, f.Data) {
			if h.from&(1<<from) == 0 {
				h.Votes++
				h.from |= 1 << from
			}
			if f.Flipped < h.Flipped {
				h.Received, h.Time = f.Received, f.Time
			}
			return
		}
	}
	r.held = append(r.held, candidate{Frame: f, from: 1 << from})
}

// overlap tells whether two frames share more than half of the shorter one's time.
func overlap(a, b Frame, baud float64) bool {
	la, lb := float64(a.End-a.Start)/baud, float64(b.End-b.Start)/baud
	shared := min(a.Time, b.Time) - max(a.Time-la, b.Time-lb)
	return shared > min(la, lb)/2
}

// better tells whether a is to be believed rather than b where both cannot be.
func better(a, b Frame) bool {
	switch {
	case (a.Flipped == 0) != (b.Flipped == 0):
		return a.Flipped == 0
	case a.Votes != b.Votes:
		return a.Votes > b.Votes
	}
	return a.Penalty < b.Penalty
}

// settle appends the frames that ended before the horizon, in the order of time.
func (r *Receiver) settle(dst []Frame, horizon float64) []Frame {
	for {
		next := -1
		for i, h := range r.held {
			if h.Time < horizon && (next < 0 || h.Time < r.held[next].Time) {
				next = i
			}
		}
		if next < 0 {
			break
		}
		f := r.held[next].Frame
		best := true
		for i, h := range r.held {
			if i != next && overlap(h.Frame, f, r.baud) && better(h.Frame, f) {
				best = false
			}
		}
		r.held = append(r.held[:next], r.held[next+1:]...)
		if !best {
			continue
		}
		// What overlaps a frame given out is dropped here and in offer.
		kept := r.held[:0]
		for _, h := range r.held {
			if !overlap(h.Frame, f, r.baud) {
				kept = append(kept, h)
			}
		}
		r.held = kept
		dst = append(dst, f)
		r.done = append(r.done, f)
	}
	// A frame takes a second or two at most; keep those that later ones could overlap.
	kept := r.done[:0]
	for _, d := range r.done {
		if d.Time > horizon-20000/r.baud {
			kept = append(kept, d)
		}
	}
	r.done = kept
	return dst
}
