package cltu

import (
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
// CCSDS 231.0-B-4 §7. It is not safe for concurrent use.
type Receiver struct {
	c       Coding
	start   []byte // hard bits
	allowed int    // wrong bits of a start sequence that are let pass
	decoder *ldpc.Decoder
	block   int // soft bits of a codeblock

	window  []int8 // the last bits, as many as the start sequence has, or the codeblock so far
	inside  bool
	current Unit
	bits    []byte
	turned  []int8 // a codeblock turned or derandomized
}

// NewReceiver makes a receiver. With error correction one wrong bit of the start
// sequence of 16 bits is let pass, with LDPC eleven of 64 (§7.2.2 leaves it open), with
// detection none.
func NewReceiver(c Coding) *Receiver {
	r := &Receiver{c: c, start: coding.Unpack(nil, c.Start()), block: 8 * bch.BlockOctets}
	switch {
	case c.LDPC != nil:
		r.allowed = 11
		r.block = c.LDPC.Bits()
		r.decoder = ldpc.NewDecoder(c.LDPC, ldpc.Options{})
	case c.Mode == bch.Correct:
		r.allowed = 1
	}
	return r
}

// Receive takes soft bits and appends the units that they complete to dst.
func (r *Receiver) Receive(dst []Unit, soft []int8) []Unit {
	for _, s := range soft {
		r.window = append(r.window, max(s, -127))
		if !r.inside {
			r.search()
			continue
		}
		if len(r.window) < r.block {
			continue
		}
		if !r.accept() || len(r.current.Data) >= maxUnit {
			dst = r.finish(dst)
			// What was no codeblock may hold the next start sequence.
			rest := append([]int8(nil), r.window...)
			r.window = r.window[:0]
			dst = r.Receive(dst, rest[1:])
			continue
		}
		r.window = r.window[:0]
	}
	return dst
}

// Flush ends the stream, as at the loss of the signal, and appends the unit under way
// to dst: after LDPC codewords there may be no tail sequence that ends it.
func (r *Receiver) Flush(dst []Unit) []Unit {
	r.window = r.window[:0]
	return r.finish(dst)
}

// finish appends the current unit to dst if anything is in it.
func (r *Receiver) finish(dst []Unit) []Unit {
	if r.current.Blocks > 0 {
		if r.c.Randomize && r.decoder == nil {
			randomizer.TC.Apply(r.current.Data)
		}
		dst = append(dst, r.current)
	}
	r.inside, r.current = false, Unit{}
	return dst
}

// search looks for the start sequence at the end of the window.
func (r *Receiver) search() {
	n := len(r.start)
	if len(r.window) < n {
		return
	}
	if len(r.window) >= 4*n { // slide
		r.window = r.window[:copy(r.window, r.window[len(r.window)-n:])]
	}
	wrong := 0
	for i, s := range r.window[len(r.window)-n:] {
		if (s > 0) != (r.start[i] == 1) {
			wrong++
		}
	}
	switch {
	case wrong <= r.allowed:
		r.inside = true
	case wrong >= n-r.allowed:
		r.inside, r.current.Inverted = true, true
	default:
		return
	}
	r.window = r.window[:0]
}

// accept decodes the codeblock in the window.
func (r *Receiver) accept() bool {
	soft := r.window
	if r.current.Inverted {
		r.turned = r.turned[:0]
		for _, s := range soft {
			r.turned = append(r.turned, -s)
		}
		soft = r.turned
	}
	if r.decoder != nil {
		if r.c.Randomize {
			r.turned = append(r.turned[:0], soft...)
			soft = r.turned
			randomizer.TC.ApplySoft(soft)
		}
		bits, res, err := r.decoder.Decode(r.bits[:0], soft)
		if r.bits = bits; err != nil || !res.OK {
			return false
		}
		r.current.Data = coding.Pack(r.current.Data, bits)
		r.current.Blocks++
		return true
	}
	block := [bch.BlockOctets]byte(coding.PackSoft(nil, soft))
	n, err := bch.Decode(&block, r.c.Mode)
	if err != nil {
		return false
	}
	r.current.Data = append(r.current.Data, block[:bch.InfoOctets]...)
	r.current.Blocks++
	r.current.Corrected += n
	return true
}
