package conv

// settleEvery is how many steps may pass between two calls of settle: the metrics of
// all states lie within 6*254 of each other, a step adds 254 at most, and
// 12*254 + 96*254 is below 0x8000.
const settleEvery = 96

// unlikely is the metric of states that a known start rules out: more than the spread
// that six steps can make, so that they never win.
const unlikely = 6*254 + 1

// Decoder is a Viterbi decoder for a stream of soft symbols. It decides a bit when the
// survivors have run together, [Decoder.Delay] bits later. Make it with [NewDecoder].
type Decoder struct {
	code  Code
	depth int // bits between a step and the oldest decision that is still open
	chunk int // bits decided at once

	m       metrics
	kind    int      // of the next step
	settle  int      // steps until settle
	history []uint64 // decisions of the steps not yet decided
	first   int      // kind of the step of history[0]
	pattern string
	phase   int  // place in the puncturing pattern
	held    int8 // first symbol of a pair whose second is yet to come
}

// DefaultDepth gives the traceback depth that costs nothing measurable for a rate:
// survivors run together later where symbols are left out.
func DefaultDepth(r Rate) int {
	switch r {
	case Rate1of2:
		return 96
	case Rate2of3:
		return 128
	case Rate3of4:
		return 160
	default:
		return 256
	}
}

// NewDecoder makes a decoder of a stream whose start is unknown. A depth of 0 means
// [DefaultDepth].
func NewDecoder(code Code, depth int) *Decoder {
	if depth <= 0 {
		depth = DefaultDepth(code.Rate)
	}
	d := &Decoder{code: code, depth: depth, chunk: max(128, depth), pattern: code.Rate.pattern()}
	d.history = make([]uint64, 0, depth+d.chunk)
	d.Reset(false)
	return d
}

// Reset forgets the stream. The next symbol is the first of the puncturing pattern;
// fromZero says that the encoder starts from state zero.
func (d *Decoder) Reset(fromZero bool) {
	d.m = metrics{}
	if fromZero {
		d.m.startAtZero()
	}
	d.history = d.history[:0]
	d.kind, d.first, d.phase, d.settle = 0, 0, 0, settleEvery
}

// startAtZero makes every state but zero unlikely.
func (m *metrics) startAtZero() {
	for i := range m {
		m[i] = unlikely * ones
	}
	m[0] &^= 0xffff
}

// Delay is the largest number of bits that the decoder holds back.
func (d *Decoder) Delay() int { return d.depth + d.chunk }

// Decode takes soft symbols and appends the hard bits decided by now to dst. Symbols
// may come in any portions.
func (d *Decoder) Decode(dst []byte, soft []int8) []byte {
	if d.code.Rate == Rate1of2 {
		return d.decodePairs(dst, soft)
	}
	for {
		for d.pattern[d.phase] == '0' { // a symbol that was left out says nothing
			dst = d.symbol(dst, 0)
		}
		if len(soft) == 0 {
			return dst
		}
		dst = d.symbol(dst, soft[0])
		soft = soft[1:]
	}
}

// decodePairs is Decode without puncturing.
func (d *Decoder) decodePairs(dst []byte, soft []int8) []byte {
	if d.phase&1 == 1 && len(soft) > 0 {
		dst = d.symbol(dst, soft[0])
		soft = soft[1:]
	}
	for len(soft) >= 2 {
		dst = d.pair(dst, soft[0], soft[1])
		soft = soft[2:]
	}
	if len(soft) == 1 {
		dst = d.symbol(dst, soft[0])
	}
	return dst
}

// symbol takes the symbol of the next place of the puncturing pattern.
func (d *Decoder) symbol(dst []byte, s int8) []byte {
	first := d.phase&1 == 0
	if d.phase++; d.phase == len(d.pattern) {
		d.phase = 0
	}
	if first {
		d.held = s
		return dst
	}
	return d.pair(dst, d.held, s)
}

// pair takes the two symbols of a bit.
func (d *Decoder) pair(dst []byte, s1, s2 int8) []byte {
	s1, s2 = max(s1, -127), max(s2, -127)
	if d.code.InvertG2 {
		s2 = -s2
	}
	var cost [4]uint64
	costs(&cost, d.kind, s1, s2)
	d.history = append(d.history, d.m.step(d.kind, &cost))
	if d.kind++; d.kind == 6 {
		d.kind = 0
	}
	if d.settle--; d.settle == 0 {
		d.m.settle()
		d.settle = settleEvery
	}
	if len(d.history) == d.depth+d.chunk {
		_, place := d.m.lowest()
		dst = d.decide(dst, place, d.chunk)
	}
	return dst
}

// decide appends the bits of the oldest n steps of the survivor that ends at place.
func (d *Decoder) decide(dst []byte, place, n int) []byte {
	kind := (d.first + len(d.history)) % 6
	at := len(dst)
	for range n {
		dst = append(dst, 0)
	}
	out := dst[at:]
	for i := len(d.history) - 1; i >= 0; i-- {
		if kind--; kind < 0 {
			kind = 5
		}
		bit := 5 - kind
		if i < n {
			out[i] = byte(place >> bit & 1)
		}
		place = place&^(1<<bit) | decided(d.history[i], place)<<bit
	}
	d.history = d.history[:copy(d.history, d.history[n:])]
	d.first = (d.first + n) % 6
	return dst
}

// Flush appends all bits still held back to dst. With tail it knows that the encoder
// ended in state zero and leaves the six bits of the tail out.
func (d *Decoder) Flush(dst []byte, tail bool) []byte {
	n := len(d.history)
	place := 0
	if !tail {
		_, place = d.m.lowest()
	}
	dst = d.decide(dst, place, n)
	if tail {
		dst = dst[:len(dst)-min(K-1, n)]
	}
	return dst
}

// DecodeBlock decodes a block that starts from state zero and ends with a tail of six
// zero bits (not among the bits that it appends to dst).
func (c Code) DecodeBlock(dst []byte, soft []int8) []byte {
	d := NewDecoder(c, len(soft)+1)
	d.Reset(true)
	return d.Flush(d.Decode(dst, soft), true)
}

// DecodeTailBiting decodes a block of [Code.EncodeTailBiting]: it goes around the
// block until the survivor ends in the state where it began, three times at most, and
// reports whether it did.
func (c Code) DecodeTailBiting(dst []byte, soft []int8) ([]byte, bool) {
	per := c.Rate.kept()
	if len(soft) == 0 || len(soft)%per != 0 {
		return dst, false
	}
	n := len(soft) / per * len(c.Rate.pattern()) / 2
	if n < K-1 {
		return dst, false
	}
	d := NewDecoder(c, 4*n+1)
	bits := d.Decode(nil, soft)
	at, ok := len(dst), false
	for range 3 {
		bits = d.Decode(bits[:0], soft)
		all := d.peek()
		bits = append(bits[:0], all[len(all)-n:]...)
		before := all[len(all)-n-(K-1) : len(all)-n]
		if ok = string(before) == string(bits[n-(K-1):]); ok {
			break
		}
		d.history = d.history[:copy(d.history, d.history[len(d.history)-n:])]
		d.first = (d.kind + 6 - n%6) % 6
	}
	return append(dst[:at], bits...), ok
}

// peek gives the bits of all steps held, of the likeliest survivor, and keeps them.
func (d *Decoder) peek() []byte {
	held, first := append([]uint64(nil), d.history...), d.first
	_, place := d.m.lowest()
	out := d.decide(nil, place, len(d.history))
	d.history, d.first = append(d.history[:0], held...), first
	return out
}
