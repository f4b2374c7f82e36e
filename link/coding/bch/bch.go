// Package bch holds the modified BCH(63,56) code of telecommands (CCSDS 231.0-B-4 §3):
// seven octets of information, seven complemented parity bits and a filler bit of 0
// make a codeblock of eight octets.
package bch

import "errors"

// Sizes of a codeblock in octets.
const (
	InfoOctets  = 7
	BlockOctets = 8
)

// Mode is what a decoder does about errors (CCSDS 231.0-B-4 §3.5).
type Mode int

// The modes: up to three wrong bits found, or one corrected and two found.
const (
	Detect  Mode = iota // triple error detection
	Correct             // single error correction
)

// String names the mode.
func (m Mode) String() string {
	if m == Correct {
		return "SEC"
	}
	return "TED"
}

// ErrBlock is a codeblock with more errors than the mode lets pass. In a CLTU it is
// how the tail sequence ends the command.
var ErrBlock = errors.New("bch: codeblock has uncorrectable errors")

// generator is x^7 + x^6 + x^2 + 1 without its first term.
const generator = 0x45

// table gives the register after an octet, the seven bits in the upper part.
var table = func() *[256]byte {
	var t [256]byte
	for i := range 256 {
		r := byte(i)
		for range 8 {
			if r&0x80 != 0 {
				r = r<<1 ^ generator<<1
			} else {
				r <<= 1
			}
		}
		t[i] = r
	}
	return &t
}()

// remainder runs seven octets through the register; the seven bits stand in the upper
// part of the result.
func remainder(info []byte) byte {
	var r byte
	for _, o := range info[:InfoOctets] {
		r = table[r^o]
	}
	return r
}

// where gives for a syndrome of seven bits the bit of the codeword (0 first) whose
// error makes it, or -1.
var where = func() *[128]int8 {
	var t [128]int8
	for i := range t {
		t[i] = -1
	}
	for i := range 63 {
		var b [BlockOctets]byte
		b[i/8] = 0x80 >> (i & 7)
		t[(remainder(b[:])^b[7])>>1] = int8(i)
	}
	return &t
}()

// Parity gives the eighth octet for seven octets of information: the complemented
// parity and the filler bit 0.
func Parity(info [InfoOctets]byte) byte { return ^remainder(info[:]) & 0xfe }

// Decode checks a codeblock of eight octets in place and reports how many bits it
// corrected (none or, with [Correct], one). The filler bit is not looked at.
func Decode(block *[BlockOctets]byte, mode Mode) (corrected int, err error) {
	s := (remainder(block[:InfoOctets]) ^ ^block[7]) >> 1
	if s == 0 {
		return 0, nil
	}
	at := where[s]
	if mode != Correct || at < 0 {
		return 0, ErrBlock
	}
	block[at/8] ^= 0x80 >> (at & 7)
	return 1, nil
}
