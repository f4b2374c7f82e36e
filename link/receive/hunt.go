package receive

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"spacechain/link/coding"
	"spacechain/link/coding/cadu"
	"spacechain/link/coding/crc"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
)

// Sizes in octets of what may follow a marker.
const (
	minWord   = 40          // the shortest Reed-Solomon word that is looked for, with its check symbols
	maxUnit   = 8 * 255     // interleaving depth 8
	minFrame  = 7           // the shortest transfer frame with a check field
	markerLen = 32          // bits
	unitBits  = 8 * maxUnit // bits behind a marker that a hunt may need
)

// coding of a unit: what a mission chooses once.
type unitCoding struct {
	rnd   *randomizer.Sequence // nil for none
	code  *rs.Code             // nil for none
	depth int
	size  int // octets behind the marker
}

var (
	sequences = []*randomizer.Sequence{randomizer.TM255, nil, randomizer.TM131071}
	codes16   = []*rs.Code{rs.CCSDS(16, rs.Dual), rs.CCSDS(16, rs.Conventional)}
	codes8    = []*rs.Code{rs.CCSDS(8, rs.Dual), rs.CCSDS(8, rs.Conventional)}
	depths    = []int{1, 2, 3, 4, 5, 8}
)

// A search costs some milliseconds, so a sender of nothing but markers must not get one for each:
// it takes searchCost bits of a credit that a bit received adds one to, up to maxCredit.
const (
	searchCost = 1000
	maxCredit  = 40 * searchCost
)

// maxKnown is how many codings a hunt remembers: missions send one or two.
const maxKnown = 3

// hunt looks for transfer frames behind attached sync markers in hard bits, knowing nothing of how
// they are coded but whether it is with Reed-Solomon: the length, the basis, the interleaving and
// the randomizer it finds out by trying, and then remembers.
//
// Trying much must not make frames out of noise. In 24 hours of noise at 9600 bit/s with up to four
// wrong bits there are 3e4 markers; with all lengths, bases and randomizers each is followed by
// 1500 trials of the code that corrects 16 errors, of which one in 16! = 2e13 passes, so 2e-6 false
// frames come out. Of the code that corrects 8, one trial in 4e4 passes; so with at most 6 octets
// corrected, which one in 3e12 needs. A frame without such a code must have a check field of
// 16 bits and a second marker right behind it or where its own length says: 1e-3 false frames.
type hunt struct {
	rs        bool
	tight     int
	nrzm      bool // a 1 is a change
	given     int  // length of frames that the user knows, 0 for unknown
	last      byte
	register  uint32
	taken     int64
	buf       []byte // hard bits
	base      int64  // place of buf[0]
	marks     []mark
	settled   int64 // frames up to here are given out
	known     []unitCoding
	plain     [][]byte // octets behind a mark, by sequence
	scratch   []byte
	searching int // bits to wait for before all is tried
	credit    int // bits that searches may still be spent on
}

// mark is a place behind a marker.
type mark struct {
	at       int64
	inverted bool
}

func newHunt(c ccsdsFraming, nrzm bool, given int) *hunt {
	return &hunt{rs: c.rs, tight: c.tight, nrzm: nrzm, given: given, plain: make([][]byte, len(sequences)), searching: unitBits + markerLen, credit: maxCredit}
}

// process takes bits and appends the frames that they complete to dst. end says that no more come.
func (h *hunt) process(dst []Frame, in []byte, end bool) []Frame {
	asm := binary.BigEndian.Uint32(cadu.Marker)
	for _, b := range in {
		if h.nrzm {
			b, h.last = b^h.last, b
		}
		h.buf = append(h.buf, b)
		h.register = h.register<<1 | uint32(b)
		if h.taken++; h.taken < markerLen {
			continue
		}
		if wrong := bits.OnesCount32(h.register ^ asm); wrong <= h.tight || wrong >= markerLen-h.tight {
			h.marks = append(h.marks, mark{h.taken, wrong > markerLen/2})
		}
	}
	h.credit = min(h.credit+len(in), maxCredit)
	for len(h.marks) > 0 {
		m := h.marks[0]
		if m.at < h.settled {
			h.marks = h.marks[1:]
			continue
		}
		f, wait := h.try(m, end)
		if wait {
			break
		}
		h.marks = h.marks[1:]
		if f != nil {
			dst = append(dst, *f)
		}
	}
	keep := h.taken
	if len(h.marks) > 0 {
		keep = h.marks[0].at
	}
	if drop := int(keep - h.base); drop > 1<<15 || len(h.marks) == 0 && drop > 1<<12 {
		h.buf = h.buf[:copy(h.buf, h.buf[drop:])]
		h.base = keep
		h.marks = slices.Clone(h.marks)
	}
	return dst
}

// try looks at what follows a mark. It reports whether it wants more bits first.
func (h *hunt) try(m mark, end bool) (*Frame, bool) {
	there := int(h.taken - m.at)
	if !end && there < h.searching {
		// What is known already need not wait for all.
		if len(h.known) == 0 || there < 8*h.known[0].size {
			return nil, true
		}
		h.read(m, h.known[0].size)
		if f := h.decode(m, h.known[0], true); f != nil {
			return f, false
		}
		return nil, true
	}
	octets := min(there/8, maxUnit)
	h.read(m, octets)
	for _, c := range slices.Clone(h.known) {
		if c.size <= octets {
			if f := h.decode(m, c, true); f != nil {
				h.learn(c)
				return f, false
			}
		}
	}
	if h.credit < searchCost {
		return nil, false
	}
	h.credit -= searchCost
	try := func(c unitCoding) *Frame {
		if c.size > octets {
			return nil
		}
		f := h.decode(m, c, false)
		if f == nil {
			return nil
		}
		// Octets of the 255-bit sequence are a word of the CCSDS code themselves, so whole words are
		// right with it and without it. What begins as a TM or AOS frame does is to be believed.
		if c.rnd == randomizer.TM255 && c.code != nil && c.size == 255*c.depth && !versioned(f.Data) {
			without := c
			without.rnd = nil
			if g := h.decode(m, without, false); g != nil && versioned(g.Data) {
				f, c = g, without
			}
		}
		h.learn(c)
		return f
	}
	search := h.searchChecked
	if h.rs {
		search = h.searchRS
	}
	return search(m, octets, try), false
}

// searchRS tries all codings with Reed-Solomon that are in use: any length of one word, whole
// interleaved words, and shortened ones where the next marker tells the length. Short words come
// first: a word with some octets behind it is one of the code too, with the octets for errors.
// So does the stronger code: its words are words of the weaker one.
func (h *hunt) searchRS(m mark, octets int, try func(unitCoding) *Frame) *Frame {
	for _, rnd := range sequences {
		for _, code := range codes16 {
			for size := minWord; size <= min(octets, 255); size++ {
				if f := try(unitCoding{rnd, code, 1, size}); f != nil {
					return f
				}
			}
			for _, depth := range depths[1:] {
				if f := try(unitCoding{rnd, code, depth, 255 * depth}); f != nil {
					return f
				}
			}
		}
		for _, code := range codes8 {
			for _, depth := range depths {
				if f := try(unitCoding{rnd, code, depth, 255 * depth}); f != nil {
					return f
				}
			}
		}
	}
	for _, size := range h.distances(m, minWord) {
		for _, depth := range depths {
			if size%depth != 0 || size/depth < minWord || size/depth >= 255 {
				continue
			}
			for _, rnd := range sequences {
				for _, code := range slices.Concat(codes16, codes8) {
					if f := try(unitCoding{rnd, code, depth, size}); f != nil {
						return f
					}
				}
			}
		}
	}
	return nil
}

// searchChecked tries frames of the lengths that the next markers, the frame itself or the user
// tell.
func (h *hunt) searchChecked(m mark, octets int, try func(unitCoding) *Frame) *Frame {
	sizes := h.distances(m, minFrame)
	if h.given > 0 {
		sizes = append([]int{h.given}, sizes...)
	}
	for i, rnd := range sequences {
		all := sizes
		// A USLP frame tells its length (CCSDS 732.1-B-2 §4.1.2.7): version 12, then in octets 4
		// and 5 one less than there are; the sign of a truncated header must be clear.
		if p := h.plain[i]; len(p) > minFrame && p[0]>>4 == 12 && p[3]&1 == 0 {
			all = append(slices.Clone(sizes), min(int(binary.BigEndian.Uint16(p[4:]))+1, maxUnit))
		}
		for _, size := range all {
			if size < minFrame {
				continue
			}
			if f := try(unitCoding{rnd: rnd, size: size}); f != nil {
				return f
			}
		}
	}
	return nil
}

// distances are the octets up to each of the next markers the same way up, if they are whole.
func (h *hunt) distances(m mark, least int) []int {
	var out []int
	for _, next := range h.marks[1:] {
		between := int(next.at-m.at) - markerLen
		if between > unitBits {
			break
		}
		if next.inverted == m.inverted && between%8 == 0 && between >= 8*least {
			out = append(out, between/8)
		}
	}
	return out
}

// read fills plain with the octets behind a mark, the sequences taken off.
func (h *hunt) read(m mark, octets int) {
	from := h.buf[m.at-h.base:][:8*octets]
	for i, rnd := range sequences {
		p := coding.Pack(h.plain[i][:0], from)
		if m.inverted {
			for j := range p {
				p[j] ^= 0xff
			}
		}
		if rnd != nil {
			rnd.Apply(p)
		}
		h.plain[i] = p
	}
}

// decode gives the frame behind a mark if a coding fits. One that is known to be in use may need
// more correction than one that is tried.
func (h *hunt) decode(m mark, c unitCoding, known bool) *Frame {
	p := h.plain[slices.Index(sequences, c.rnd)][:c.size]
	f := &Frame{}
	if c.code == nil {
		n := len(p) - 2
		if crc.CCITT(p[:n]) != binary.BigEndian.Uint16(p[n:]) || dull(p, c.rnd, 0, 1) {
			return nil
		}
		f.Data = slices.Clone(p)
	} else {
		word := c.size / c.depth
		parity := c.code.Parity()
		allowed := parity / 2
		if !known && parity == 16 {
			allowed = 6
		}
		h.scratch = append(h.scratch[:0], p...)
		one := make([]byte, 0, 255)
		telling := false
		for i := range c.depth {
			one = one[:0]
			for j := i; j < c.size; j += c.depth {
				one = append(one, h.scratch[j])
			}
			n, err := c.code.Decode(one[:word], nil)
			if err != nil || n > allowed {
				return nil
			}
			telling = telling || !dull(one, c.rnd, i, c.depth)
			f.Corrected += n
			for k, j := 0, i; j < c.size; k, j = k+1, j+c.depth {
				h.scratch[j] = one[k]
			}
		}
		if !telling {
			return nil
		}
		f.Data = slices.Clone(h.scratch[:c.size-c.depth*parity])
	}
	h.settled = m.at + int64(8*c.size)
	f.Time = float64(h.settled - h.taken)
	return f
}

// versioned tells whether a frame begins with the version of TM (CCSDS 132.0-B-3 §4.1.2.2.2) or AOS
// (732.0-B-4 §4.1.2.2.2), or with that of USLP and its own length (732.1-B-2 §4.1.2).
func versioned(frame []byte) bool {
	return frame[0]>>6 < 2 || frame[0]>>4 == 12 && int(binary.BigEndian.Uint16(frame[4:]))+1 == len(frame)
}

// dull tells whether a word says nothing: it is one octet again and again, or would have gone over
// the air so, as an idle carrier does. Such a thing can be a word of a code without being sent as
// one: zeros are a word of every code and any length, from which a mostly empty frame differs in
// few octets, and the 255-bit randomizer's own sequence, being sums of powers of alpha, is one of
// the CCSDS code. The word is every step-th octet of a unit from the first on.
func dull(word []byte, rnd *randomizer.Sequence, first, step int) bool {
	cover := covers[rnd]
	same, still := true, true
	for k, o := range word {
		same = same && o == word[0]
		still = still && o^cover[first+k*step] == word[0]^cover[first]
	}
	return same || still
}

// covers are the octets that each sequence adds to a unit.
var covers = func() map[*randomizer.Sequence][]byte {
	all := map[*randomizer.Sequence][]byte{}
	for _, rnd := range sequences {
		cover := make([]byte, 1<<16)
		if rnd != nil {
			rnd.Apply(cover)
		}
		all[rnd] = cover
	}
	return all
}()

// learn puts a coding to the front of those known.
func (h *hunt) learn(c unitCoding) {
	if i := slices.Index(h.known, c); i >= 0 {
		h.known = slices.Delete(h.known, i, i+1)
	}
	h.known = slices.Insert(h.known, 0, c)
	h.known = h.known[:min(len(h.known), maxKnown)]
}
