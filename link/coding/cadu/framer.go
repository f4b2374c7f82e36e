package cadu

import (
	"math/bits"

	"spacechain/link/coding"
	"spacechain/link/coding/ldpc"
)

// Frame is a transfer frame received.
type Frame struct {
	Data       []byte
	Corrected  int // octets that the Reed-Solomon code corrected
	Iterations int // of the LDPC decoder
	SyncWrong  int // wrong bits of the marker
	Inverted   bool
}

// framer finds markers in a stream of soft bits and decodes what follows them. A frame
// is looked at when all of it is there: the marker is sought at the far end of a
// window as long as a unit.
type framer struct {
	c       Config
	decoder *ldpc.Decoder
	marker  uint64
	size    int // bits of the marker
	loose   int // wrong bits of a marker where one is expected and no code tells
	tight   int // wrong bits elsewhere
	overlap int // wrong bits in what overlaps a unit received, see take
	checked bool

	window   []int8 // twice a unit, one copy behind the other
	at       int
	register uint64 // bits at the window's start, the last in bit 0
	taken    int64
	expected int64 // where the next unit ends if the last one was right; 0 when not in step
	inverted bool  // the last unit was
	missed   int   // units in a row that were expected and did not come
	run      int   // units received where they were expected, and the one before them
	turned   []int8
}

// allowedMisses is how many units in a row may be lost before the framer searches
// again everywhere with the tight limit alone.
const allowedMisses = 4

func newFramer(c Config) *framer {
	f := &framer{c: c, size: 8 * len(c.Sync), checked: c.RS != nil || c.LDPC != nil}
	for _, o := range c.Sync {
		f.marker = f.marker<<8 | uint64(o)
	}
	// Three of 32 let a false unit of the kind described in take pass once in 10,000
	// acquisitions.
	f.tight, f.overlap, f.loose = f.size/10, f.size/32, f.size/4
	if c.LDPC != nil { // symbols come as the channel left them, and the code tells
		f.tight, f.overlap = f.size*3/16, f.size*3/16
		f.decoder = ldpc.NewDecoder(c.LDPC, ldpc.Options{})
	}
	f.window = make([]int8, 2*(f.size+c.blockBits()))
	return f
}

// reset forgets the stream.
func (f *framer) reset() {
	clear(f.window)
	f.at, f.register, f.taken, f.expected, f.missed = 0, 0, 0, 0, 0
}

// sure reports whether what was received cannot have been chance: a code said so, or
// two units came one behind the other.
func (f *framer) sure() bool { return f.checked || f.run >= 2 }

// inStep reports whether the last unit expected came, or not too many were lost.
func (f *framer) inStep() bool { return f.expected != 0 }

// take takes a soft bit and gives the frame that it completes.
func (f *framer) take(s int8) (Frame, bool) {
	n := len(f.window) / 2
	s = max(s, -127)
	f.window[f.at], f.window[f.at+n] = s, s
	if f.at++; f.at == n {
		f.at = 0
	}
	f.taken++
	f.register = f.register << 1
	if f.window[f.at+f.size-1] > 0 {
		f.register |= 1
	}
	if f.taken < int64(n) {
		return Frame{}, false
	}
	mask := ^uint64(0) >> (64 - f.size)
	wrong := bits.OnesCount64((f.register ^ f.marker) & mask)
	due := f.taken == f.expected
	inverted := wrong > f.size/2
	if due && f.checked && wrong > f.size/4 && wrong < f.size*3/4 {
		inverted = f.inverted // the marker fell victim to a burst of errors
	}
	if inverted {
		wrong = f.size - wrong
	}
	limit := f.tight
	if !due && !f.checked && f.expected != 0 {
		return Frame{}, false // a marker within data, which nothing would give away
	}
	switch {
	case due && f.checked:
		limit = f.size // the code may judge
	case due:
		limit = f.loose
	case f.expected != 0 && f.taken < f.expected && f.missed == 0:
		// Reed-Solomon words are cyclic, all ones is one of them and the randomizer's
		// sequence, too: a unit taken fourteen octets early or late and upside down
		// decodes. Only a marker without fault speaks for a slip of the clock.
		limit = f.overlap
	}
	if wrong <= limit {
		if frame, ok := f.decode(f.window[f.at : f.at+n][f.size:], inverted); ok {
			frame.SyncWrong, f.inverted = wrong, inverted
			f.expected, f.missed = f.taken+int64(n), 0
			if !due {
				f.run = 0
			}
			f.run++
			return frame, true
		}
	}
	if due {
		f.expected += int64(n)
		f.run = 0
		if f.missed++; f.missed > allowedMisses {
			f.expected = 0
		}
	}
	return Frame{}, false
}

// decode undoes everything within the convolutional code.
func (f *framer) decode(soft []int8, inverted bool) (Frame, bool) {
	frame := Frame{Inverted: inverted}
	f.turned = append(f.turned[:0], soft...)
	soft = f.turned
	if inverted {
		for i, s := range soft {
			soft[i] = -s
		}
	}
	if f.c.Randomizer != nil {
		f.c.Randomizer.ApplySoft(soft)
	}
	switch {
	case f.c.LDPC != nil:
		bits, res, err := f.decoder.Decode(nil, soft)
		if err != nil || !res.OK {
			return Frame{}, false
		}
		frame.Data, frame.Iterations = coding.Pack(nil, bits), res.Iterations
	case f.c.RS != nil:
		block := coding.PackSoft(nil, soft)
		rep, err := f.c.RS.Decode(block, nil)
		if err != nil {
			return Frame{}, false
		}
		frame.Data, frame.Corrected = block[:f.c.FrameSize], rep.Total()
	default:
		frame.Data = coding.PackSoft(nil, soft)
	}
	return frame, true
}
