package receive

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"spacechain/link/coding"
	"spacechain/link/coding/cadu"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/randomizer"
)

// Wrong bits of a marker of 64. AR4JA 1/2 works where one channel bit in eight is wrong.
const (
	ldpcLoose = 16 // where another marker follows as far behind as a codeword is long
	ldpcBoth  = 26 // of these two together
	ldpcTight = 8  // where nothing tells but that the code is known
	ldpcAlone = 6  // where nothing tells at all
	ldpcDue   = 24 // where the frame before it ended
)

const (
	ldpcMarker = 64 // bits
	ldpcMisses = 4  // frames lost in a row before the place of the next is given up
	// ldpcCredit is how many bits of codewords may be tried at once: all codes with all sequences,
	// twice. A bit received allows for one more.
	ldpcCredit = 2 * 3 * (1280 + 1536 + 2048) * (1 + 4 + 16)
)

// ar4ja are the codes of CCSDS 131.0-B-5 §7.4, the shortest words first. No two are of a length, so
// that the distance of two markers says which it is.
var ar4ja = func() (all []*ldpc.Code) {
	for _, rate := range []ldpc.Rate{ldpc.Rate1of2, ldpc.Rate2of3, ldpc.Rate4of5} {
		for _, k := range []int{1024, 4096, 16384} {
			c, err := ldpc.AR4JA(rate, k)
			if err != nil {
				panic("receive: " + err.Error()) // a constant of the program
			}
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b *ldpc.Code) int { return a.Bits() - b.Bits() })
	return all
}()

// ldpcCoding is how codewords are made: what a mission chooses once.
type ldpcCoding struct {
	code *ldpc.Code
	rnd  *randomizer.Sequence // nil for none
}

// ldpcMark is a place behind a marker.
type ldpcMark struct {
	at       int64
	wrong    int
	inverted bool
	due      bool
	next     int  // of ar4ja, to be held against the markers that follow
	tried    bool // with the coding known
}

// ldpcHunt looks for transfer frames in AR4JA codewords. The code is told by the distance to the next
// marker, the randomizer by trying. Random bits show two such markers, or one that is good enough on its
// own, ten times in a day at 20 kbit/s, and belief propagation then makes no codeword of what is
// behind. A codeword that stands alone, with no other marker behind, is found if its marker is that good.
type ldpcHunt struct {
	name     string
	soft     []int8
	base     int64 // place of soft[0]
	taken    int64
	register uint64
	marks    []ldpcMark
	settled  int64 // frames up to here are given out
	known    ldpcCoding
	expected int64 // place behind the next marker, 0 for unknown
	period   int64
	inverted bool // the last frame
	misses   int
	credit   int
	decoders map[*ldpc.Code]*ldpc.Decoder
	turned   []int8
	bits     []byte
	octets   []byte
}

func openLDPC(name string, _ Modem, _ Options) deframer {
	return &ldpcHunt{name: name, credit: ldpcCredit, decoders: map[*ldpc.Code]*ldpc.Decoder{}}
}

func (h *ldpcHunt) flush(dst []Frame) []Frame { return h.look(dst, true) }

func (h *ldpcHunt) process(dst []Frame, soft []int8) []Frame {
	from := len(dst)
	start := h.taken + int64(len(soft))
	for len(soft) > 0 {
		n := min(len(soft), 1024)
		h.take(soft[:n])
		soft = soft[n:]
		first := len(dst)
		dst = h.look(dst, false)
		for i := range dst[first:] {
			dst[first+i].Time += float64(h.taken)
		}
	}
	for i := range dst[from:] {
		dst[from+i].Time -= float64(start)
	}
	return dst
}

// take looks for markers.
func (h *ldpcHunt) take(soft []int8) {
	marker := binary.BigEndian.Uint64(cadu.MarkerLDPC)
	for _, s := range soft {
		s = max(s, -127)
		h.soft = append(h.soft, s)
		h.register <<= 1
		if s > 0 {
			h.register |= 1
		}
		if h.taken++; h.taken < ldpcMarker {
			continue
		}
		wrong := bits.OnesCount64(h.register ^ marker)
		m := ldpcMark{at: h.taken, wrong: wrong}
		if wrong > ldpcMarker/2 {
			m.wrong, m.inverted = ldpcMarker-wrong, true
		}
		m.due = h.taken == h.expected && m.wrong <= ldpcDue && m.inverted == h.inverted
		if m.due || m.wrong <= ldpcLoose {
			h.marks = append(h.marks, m)
		}
		if h.taken == h.expected {
			// Until the next frame comes out this one counts as lost.
			h.expected += h.period
			if h.misses++; h.misses > ldpcMisses {
				h.expected = 0
			}
		}
	}
	h.credit = min(h.credit+len(soft), ldpcCredit)
}

// look gives the frames behind marks as far as there are bits. end says that no more come.
func (h *ldpcHunt) look(dst []Frame, end bool) []Frame {
	for i := 0; i < len(h.marks); i++ {
		if h.marks[i].at < h.settled {
			continue
		}
		if f := h.try(&h.marks[i], i, end); f != nil {
			dst = append(dst, *f)
		}
	}
	longest := int64(ar4ja[len(ar4ja)-1].Bits() + ldpcMarker)
	h.marks = slices.DeleteFunc(h.marks, func(m ldpcMark) bool {
		return end || m.at < h.settled || h.taken-m.at >= longest
	})
	keep := h.taken
	for _, m := range h.marks {
		keep = min(keep, m.at)
	}
	if drop := int(keep - h.base); drop > 1<<12 {
		h.soft = h.soft[:copy(h.soft, h.soft[drop:])]
		h.base = keep
	}
	return dst
}

// try looks at what follows a mark, the i-th.
func (h *ldpcHunt) try(m *ldpcMark, i int, end bool) *Frame {
	there := h.taken - m.at
	if h.known.code != nil && !m.tried && (m.due || m.wrong <= ldpcTight) && there >= int64(h.known.code.Bits()) {
		m.tried = true
		if f := h.decode(m, h.known); f != nil {
			return f
		}
	}
	for ; m.next < len(ar4ja); m.next++ {
		code := ar4ja[m.next]
		far := int64(code.Bits() + ldpcMarker)
		if there < far {
			break
		}
		if slices.ContainsFunc(h.marks[i+1:], func(o ldpcMark) bool {
			return o.at == m.at+far && o.inverted == m.inverted && o.wrong+m.wrong <= ldpcBoth
		}) {
			if f := h.decodeAny(m, code); f != nil {
				return f
			}
		}
	}
	if m.wrong > ldpcAlone || !end && m.next < len(ar4ja) {
		return nil
	}
	for _, code := range ar4ja {
		if there >= int64(code.Bits()) {
			if f := h.decodeAny(m, code); f != nil {
				return f
			}
		}
	}
	return nil
}

// decodeAny tries a code with all sequences.
func (h *ldpcHunt) decodeAny(m *ldpcMark, code *ldpc.Code) *Frame {
	for _, rnd := range sequences {
		if f := h.decode(m, ldpcCoding{code, rnd}); f != nil {
			return f
		}
	}
	return nil
}

// decode gives the frame behind a mark if a coding fits.
func (h *ldpcHunt) decode(m *ldpcMark, c ldpcCoding) *Frame {
	n := c.code.Bits()
	if h.credit < n {
		return nil
	}
	h.credit -= n
	d := h.decoders[c.code]
	if d == nil {
		d = ldpc.NewDecoder(c.code, ldpc.Options{MaxIterations: 60})
		h.decoders[c.code] = d
	}
	h.turned = append(h.turned[:0], h.soft[m.at-h.base:][:n]...)
	if m.inverted {
		for i, s := range h.turned {
			h.turned[i] = -s
		}
	}
	if c.rnd != nil {
		c.rnd.ApplySoft(h.turned)
	}
	word, res, err := d.Decode(h.bits[:0], h.turned)
	if h.bits = word; err != nil || !res.OK {
		return nil
	}
	h.octets = coding.Pack(h.octets[:0], word)
	if dull(h.octets, c.rnd, 0, 1) {
		return nil
	}
	f := &Frame{Framing: h.name, Data: slices.Clone(h.octets)}
	for i, b := range word { // the code is systematic
		if (h.turned[i] > 0) != (b == 1) {
			f.Corrected++
		}
	}
	h.credit += n
	h.known, h.settled = c, m.at+int64(n)
	h.period = int64(n + ldpcMarker)
	h.inverted, h.misses = m.inverted, 0
	for h.expected = m.at + h.period; h.expected <= h.taken; h.expected += h.period {
		h.misses++
	}
	for i, o := range h.marks {
		if o.at == m.at+h.period && o.inverted == m.inverted {
			h.marks[i].due = true
		}
	}
	f.Time = float64(h.settled - h.taken)
	return f
}
