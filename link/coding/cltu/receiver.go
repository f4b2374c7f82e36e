package cltu

import (
	"encoding/binary"
	"math/bits"

	"spacechain/link/coding"
	"spacechain/link/coding/bch"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/randomizer"
)

// Unit is a CLTU received: the octets of its codeblocks, that is the frames and the
// fill behind the last one.
type Unit struct {
	Data []byte
	Report
	Inverted bool // the bits came upside down and were turned
}

// maxUnit bounds the octets of a unit: 2^10 codeblocks of a frame of 1024 octets are
// sent together at most in practice.
const maxUnit = 1 << 16

// Receiver finds CLTUs in a stream of soft bits: the codeblock synchronization of
// CCSDS 231.0-B-4 §7. A unit under way does not hide a start sequence that follows, as it would
// where noise had opened it; no bits are part of two units that come out. It is not safe for
// concurrent use.
type Receiver struct {
	c       Coding
	start   []byte // hard bits
	pattern uint64 // the same, the last in the lowest
	allowed int    // wrong bits of a start sequence that are let pass
	decoder *ldpc.Decoder
	block   int    // soft bits of a codeblock
	tail    uint64 // its first 64 bits, with BCH
	old     bool   // it is the old one

	taken    int64
	register uint64 // the last hard bits
	window   []int8 // the last soft bits, as many as a codeblock has at least
	active   []*attempt
	ended    []*attempt // wait for those that overlap them
	bits     []byte
	turned   []int8 // a codeblock turned or derandomized
}

// NewReceiver makes a receiver. With error correction one wrong bit of the start
// sequence of 16 bits is let pass, with LDPC eleven of 64 (§7.2.2 leaves it open), with
// detection none.
func NewReceiver(c Coding) *Receiver {
	r := &Receiver{c: c, start: coding.Unpack(nil, c.Start()), block: 8 * bch.BlockOctets}
	for _, b := range r.start {
		r.pattern = r.pattern<<1 | uint64(b)
	}
	switch {
	case c.LDPC != nil:
		r.allowed = 11
		r.block = c.LDPC.Bits()
		r.decoder = ldpc.NewDecoder(c.LDPC, ldpc.Options{})
	case c.Mode == bch.Correct:
		r.allowed = 1
	}
	if t := c.tail(); c.LDPC == nil && len(t) >= 8 {
		r.tail, r.old = binary.BigEndian.Uint64(t), t[0] == fill
	}
	return r
}

// Receive takes soft bits and appends the units that they complete to dst.
func (r *Receiver) Receive(dst []Unit, soft []int8) []Unit {
	n := len(r.start)
	mask := ^uint64(0) >> (64 - n)
	for _, s := range soft {
		if len(r.window) >= 8*r.block {
			r.window = r.window[:copy(r.window, r.window[len(r.window)-r.block:])]
		}
		r.window = append(r.window, max(s, -127))
		r.register <<= 1
		if s > 0 {
			r.register |= 1
		}
		r.taken++
		if len(r.active) > 0 && r.advance() {
			dst = r.settle(dst)
		}
		if r.taken < int64(n) {
			continue
		}
		switch wrong := bits.OnesCount64((r.register ^ r.pattern) & mask); {
		case wrong <= r.allowed:
			r.open(wrong == 0, false)
		case wrong >= n-r.allowed:
			r.open(wrong == n, true)
		}
	}
	return dst
}

// Flush ends the stream, as at the loss of the signal, and appends the unit under way
// to dst: after LDPC codewords there may be no tail sequence that ends it.
func (r *Receiver) Flush(dst []Unit) []Unit {
	for _, a := range r.active {
		r.finish(a)
	}
	r.active = r.active[:0]
	r.taken, r.register, r.window = 0, 0, r.window[:0]
	return r.settle(dst)
}

// advance lets each attempt take its codeblock if it is whole, and reports whether one ended.
func (r *Receiver) advance() bool {
	some := false
	going := r.active[:0]
	for _, a := range r.active {
		if a.next == r.taken && !r.accept(a) {
			r.finish(a)
			some = true
			continue
		}
		going = append(going, a)
	}
	r.active = going
	return some
}

// accept decodes the codeblock that ends here as one of an attempt. It reports whether the unit
// goes on.
func (r *Receiver) accept(a *attempt) bool {
	soft := r.window[len(r.window)-r.block:]
	if r.decoder != nil {
		return r.acceptWord(a, soft)
	}
	hard := r.register
	if a.unit.Inverted {
		hard = ^hard
	}
	var block [bch.BlockOctets]byte
	for i := range block {
		block[i] = byte(hard >> (56 - 8*i))
	}
	n, err := bch.Decode(&block, r.c.Mode)
	// A wrong bit in a tail may make a codeblock of it that can be corrected.
	if r.tail != 0 && (err != nil && r.isTail(hard, tailWrong) || n > 0 && r.isTail(hard, tailWrongBlock)) {
		a.end, a.sure, a.bits = r.taken, true, a.bits+rightTail
		return false
	}
	if err != nil {
		return false
	}
	a.unit.Data = append(a.unit.Data, block[:bch.InfoOctets]...)
	if n == 0 {
		a.bits += cleanBlock
	}
	return r.extend(a, n)
}

// acceptWord decodes an LDPC codeword.
func (r *Receiver) acceptWord(a *attempt, soft []int8) bool {
	if a.unit.Inverted || r.c.Randomize {
		r.turned = append(r.turned[:0], soft...)
		soft = r.turned
	}
	if a.unit.Inverted {
		for i, s := range soft {
			soft[i] = -s
		}
	}
	if r.c.Randomize {
		randomizer.TC.ApplySoft(soft)
	}
	bits, res, err := r.decoder.Decode(r.bits[:0], soft)
	if r.bits = bits; err != nil || !res.OK {
		return false
	}
	a.unit.Data = coding.Pack(a.unit.Data, bits)
	a.bits += cleanWord
	a.sure = true // noise hardly ever is a codeword
	return r.extend(a, 0)
}

// extend counts a codeblock, and reports whether there may be more.
func (r *Receiver) extend(a *attempt, corrected int) bool {
	a.unit.Blocks++
	a.unit.Corrected += corrected
	a.fixed = append(a.fixed, uint8(corrected))
	a.end = r.taken
	a.next = r.taken + int64(r.block)
	return len(a.unit.Data) < maxUnit
}
