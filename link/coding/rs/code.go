// Package rs holds Reed-Solomon codes over GF(256): those of CCSDS 131.0-B-5 §4 with
// both bases, interleaving and virtual fill, and any other by its [Params].
//
// # How it is fast
//
// A received word is divided by the generator polynomial two octets at a time, the
// remainder standing in 64-bit words; the tables already speak the basis of the
// channel, so that nothing is converted. A remainder of zero ends the work, which is
// why a clean word costs no more than encoding it. Otherwise the syndromes come from
// the remainder alone (32 octets instead of 255), and the search for roots evaluates
// the locator at eight positions with every word operation.
package rs

import (
	"errors"
	"fmt"
	"sync"
)

// Params name a code: octets c with c(alpha^(Prim*(FirstRoot+i))) = 0 for i below Parity.
type Params struct {
	Poly      int   // field polynomial with its x^8, such as 0x187
	FirstRoot int   // exponent of the first root
	Prim      int   // step between roots, as a power of alpha; coprime to 255
	Parity    int   // check symbols, 2..64: errors up to half of them are corrected
	Basis     Basis // how octets stand for symbols; Dual only over 0x187
}

// ErrUncorrectable is a word further from every codeword than the code corrects.
var ErrUncorrectable = errors.New("rs: uncorrectable word")

// maxParity bounds the remainder to eight 64-bit words.
const maxParity = 64

// Code encodes and decodes words of up to 255 octets. It is safe for concurrent use.
type Code struct {
	p     Params
	f     *field
	words int // 64-bit words that the remainder takes

	// shift4 and shift2 are what the register of 32 and of 16 check symbols becomes by
	// an octet fed in two steps ago (first) and one step ago (second).
	shift4 *[2][256][4]uint64
	shift2 *[2][256][2]uint64
	shift  [256][]uint64 // the same by one step, for codes of other sizes

	// partial gives the contribution of half an octet of the remainder to the first 32
	// syndromes: [2*position + (1 if upper half)][half octet].
	partial [][16][4]uint64
	tail    [][16][4]uint64 // the same for syndromes 32 and up

	search *search
	out    *[256]byte // from the conventional basis to the channel's
	in     *[256]byte // back
	invPrm int        // inverse of Prim modulo 255
}

// New makes a code.
func New(p Params) (*Code, error) {
	if p.Parity < 2 || p.Parity > maxParity {
		return nil, fmt.Errorf("rs: %d check symbols asked for, 2 to %d can be had", p.Parity, maxParity)
	}
	if p.Poly>>8 != 1 {
		return nil, fmt.Errorf("rs: field polynomial %#x is not of degree 8", p.Poly)
	}
	if p.Basis == Dual && p.Poly != 0x187 {
		return nil, fmt.Errorf("rs: the dual basis belongs to field 0x187, not to %#x", p.Poly)
	}
	c := &Code{p: p, f: newField(p.Poly), words: (p.Parity + 7) / 8}
	for i := 1; i < 255; i++ {
		if c.f.exp[i] == 1 {
			return nil, fmt.Errorf("rs: field polynomial %#x is not primitive", p.Poly)
		}
	}
	for i := 1; i < 255 && c.invPrm == 0; i++ {
		if i*p.Prim%255 == 1 {
			c.invPrm = i
		}
	}
	if p.Prim < 1 || c.invPrm == 0 {
		return nil, fmt.Errorf("rs: step %d between roots has a divisor in common with 255", p.Prim)
	}
	c.out, c.in = new([256]byte), new([256]byte)
	for i := range 256 {
		c.out[i], c.in[i] = byte(i), byte(i)
	}
	if p.Basis == Dual {
		c.out, c.in = toDual, fromDual
	}
	c.buildShift()
	c.buildPartial()
	c.search = newSearch(c.f, p.Prim, min(p.Parity, searchTerms))
	return c, nil
}

// ccsds caches the four codes of the book.
var ccsds [2][2]struct {
	once sync.Once
	code *Code
}

// CCSDS gives the code of CCSDS 131.0-B-5 §4 that corrects e = 16 or 8 errors:
// (255,223) or (255,239) over 0x187 with roots alpha^(11 j), j = 128-e .. 127+e.
// Another e panics: it is a constant of the program, not data.
func CCSDS(e int, basis Basis) *Code {
	if e != 16 && e != 8 {
		panic(fmt.Sprintf("rs: CCSDS has no code for %d errors", e))
	}
	slot := &ccsds[e/8-1][basis&1]
	slot.once.Do(func() {
		c, err := New(Params{Poly: 0x187, FirstRoot: 128 - e, Prim: 11, Parity: 2 * e, Basis: basis & 1})
		if err != nil {
			panic(err)
		}
		slot.code = c
	})
	return slot.code
}

// Params gives what the code was made of.
func (c *Code) Params() Params { return c.p }

// Parity is the number of check symbols of a word.
func (c *Code) Parity() int { return c.p.Parity }

// DataSize is the number of data symbols of a word that is not shortened.
func (c *Code) DataSize() int { return 255 - c.p.Parity }

// generator gives the coefficients of the generator polynomial, highest first,
// without the leading one.
func (c *Code) generator() []byte {
	g := make([]byte, c.p.Parity+1)
	g[0] = 1
	for i := range c.p.Parity {
		root := c.f.pow(c.p.Prim * (c.p.FirstRoot + i))
		for j := i + 1; j > 0; j-- {
			g[j] ^= c.f.mul(g[j-1], root)
		}
	}
	return g[1:]
}

// buildShift fills the tables of the division.
func (c *Code) buildShift() {
	g := c.generator()
	for v := range 256 {
		row := make([]uint64, c.words)
		for i, x := range g {
			row[i/8] |= uint64(c.out[c.f.mul(c.in[v], x)]) << (56 - 8*(i%8))
		}
		c.shift[v] = row
	}
	again := func(row []uint64) []uint64 { // one more step with a zero octet
		top := c.shift[row[0]>>56]
		next := make([]uint64, len(row))
		for i := range row {
			next[i] = row[i]<<8 ^ top[i]
			if i+1 < len(row) {
				next[i] ^= row[i+1] >> 56
			}
		}
		return next
	}
	switch c.p.Parity {
	case 32:
		c.shift4 = new([2][256][4]uint64)
		for v, row := range c.shift {
			c.shift4[0][v] = [4]uint64(again(row))
			c.shift4[1][v] = [4]uint64(row)
		}
	case 16:
		c.shift2 = new([2][256][2]uint64)
		for v, row := range c.shift {
			c.shift2[0][v] = [2]uint64(again(row))
			c.shift2[1][v] = [2]uint64(row)
		}
	}
}

// buildPartial fills the tables that turn a remainder into syndromes.
func (c *Code) buildPartial() {
	n := c.p.Parity
	c.partial = make([][16][4]uint64, 2*n)
	if n > 32 {
		c.tail = make([][16][4]uint64, 2*n)
	}
	for at := range n {
		for half := range 2 {
			for v := range 16 {
				symbol := c.in[v<<(4*half)]
				for i := range n {
					// The coefficient at place at belongs to x^(n-1-at).
					s := c.f.mul(symbol, c.f.pow(c.p.Prim*(c.p.FirstRoot+i)*(n-1-at)))
					if i < 32 {
						c.partial[2*at+half][v][i/8] |= uint64(s) << (8 * (i % 8))
					} else {
						c.tail[2*at+half][v][i/8-4] |= uint64(s) << (8 * (i % 8))
					}
				}
			}
		}
	}
}
