// Package golay holds the extended binary Golay code (24,12): it corrects three wrong
// bits of 24 and detects four. GomSpace's AX100 radios guard their length field with
// it.
package golay

import "math/bits"

// rows are the rows of the symmetric matrix B of the generator [B I]: eleven
// rotations of the quadratic residues modulo 11 with a border of ones (MacWilliams
// and Sloane, The Theory of Error-Correcting Codes, ch. 2 §6).
var rows = func() (r [12]uint16) {
	q := uint16(0b10001110110)
	for i := range 11 {
		r[i] = q<<1 | 1
		q = (q<<1 | q>>10) & 0x7ff
	}
	r[11] = 0xffe
	return r
}()

// Encode gives the word of 12 data bits: the parity in its upper 12 bits, the data in
// the lower 12. Bits above the twelfth are ignored.
func Encode(data uint16) uint32 { return uint32(parity(data))<<12 | uint32(data&0xfff) }

func parity(data uint16) uint16 {
	var p uint16
	for i, r := range rows {
		p |= uint16(bits.OnesCount16(r&data)&1) << (11 - i)
	}
	return p
}

// patterns gives for every syndrome the error word of weight three or less that makes
// it, or uncorrectable.
var patterns = func() *[4096]uint32 {
	var t [4096]uint32
	for i := range t {
		t[i] = uncorrectable
	}
	t[0] = 0
	for i := range 24 {
		for j := i; j < 24; j++ {
			for k := j; k < 24; k++ {
				// i, j and k may coincide: weights one, two and three together.
				e := uint32(1)<<i | 1<<j | 1<<k
				t[syndrome(e)] = e
			}
		}
	}
	return &t
}()

const uncorrectable = 1 << 31

func syndrome(word uint32) uint16 { return uint16(word>>12)&0xfff ^ parity(uint16(word&0xfff)) }

// Decode gives the data of a received word and how many of its 24 bits were wrong. It
// reports false where four or more are.
func Decode(word uint32) (data uint16, errors int, ok bool) {
	word &= 0xffffff
	e := patterns[syndrome(word)]
	if e == uncorrectable {
		return 0, 0, false
	}
	return uint16((word ^ e) & 0xfff), bits.OnesCount32(e), true
}
