// Package conv holds the convolutional code of constraint length 7 with connection
// vectors 171 and 133 (octal): rate 1/2 as in CCSDS 131.0-B-5 §3.3, its punctured
// rates of §3.4, an encoder and a soft Viterbi decoder for streams and blocks.
//
// # How the decoder works
//
// Path metrics are 16-bit numbers, four to a 64-bit word, so that one word operation
// serves four states. The trellis is kept in place: a butterfly writes the metrics of
// states 2j and 2j+1 where those of j and j+32 stood, so that after a step place p
// holds the state that is p rotated, and nothing is ever shuffled but two of six steps
// that swap neighbours within a word. Soft bits enter with all their eight bits; there
// is no loss by quantisation to speak of.
package conv

import "fmt"

// K is the constraint length; states are the last K-1 bits.
const K = 7

// Connection vectors, the newest bit in the most significant place.
const (
	G1 = 0o171
	G2 = 0o133
)

// Code is a variant of the code: which symbols the encoder sends.
type Code struct {
	// InvertG2 complements the second symbol, as CCSDS does at rate 1/2 so that the
	// symbols change even when the data do not (CCSDS 131.0-B-5 §3.3.1).
	InvertG2 bool
	// Rate is which symbols are left out.
	Rate Rate
}

// CCSDS is the code of CCSDS 131.0-B-5 §3.3: rate 1/2 with the second symbol inverted.
var CCSDS = Code{InvertG2: true}

// Punctured gives the code of CCSDS 131.0-B-5 §3.4 of a rate: no symbol is inverted.
func Punctured(r Rate) Code { return Code{Rate: r} }

// Rate is the ratio of bits to symbols.
type Rate int

// The rates.
const (
	Rate1of2 Rate = iota
	Rate2of3
	Rate3of4
	Rate5of6
	Rate7of8
)

// String gives the rate as a fraction.
func (r Rate) String() string {
	if !r.valid() {
		return fmt.Sprintf("rate %d", int(r))
	}
	return [...]string{"1/2", "2/3", "3/4", "5/6", "7/8"}[r]
}

func (r Rate) valid() bool { return r >= Rate1of2 && r <= Rate7of8 }

// Value gives the rate as a number.
func (r Rate) Value() float64 {
	p := r.pattern()
	return float64(len(p)/2) / float64(r.kept())
}

// patterns say which symbols of C1(1) C2(1) C1(2) C2(2) ... are sent (CCSDS
// 131.0-B-5 table 3-1).
var patterns = [...]string{
	Rate1of2: "11",
	Rate2of3: "1101",
	Rate3of4: "110110",
	Rate5of6: "1101100110",
	Rate7of8: "11010101100110",
}

func (r Rate) pattern() string {
	if !r.valid() {
		r = Rate1of2
	}
	return patterns[r]
}

// kept is how many symbols of a period of the pattern are sent.
func (r Rate) kept() int {
	n := 0
	for _, c := range r.pattern() {
		n += int(c - '0')
	}
	return n
}

// Period gives the bits and the symbols of one period of the puncturing pattern.
func (r Rate) Period() (bits, symbols int) { return len(r.pattern()) / 2, r.kept() }

// Symbols gives how many symbols an encoder at the start of its pattern sends for
// bits.
func (c Code) Symbols(bits int) int {
	p := c.Rate.pattern()
	per := len(p) / 2
	n := bits / per * c.Rate.kept()
	for _, x := range p[:2*(bits%per)] {
		n += int(x - '0')
	}
	return n
}
