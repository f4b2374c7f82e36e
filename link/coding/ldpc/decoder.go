package ldpc

import (
	"fmt"
	"math"
)

// Options tune a decoder. The zero value is right for most.
type Options struct {
	// MaxIterations is how often decoding goes through all parity checks before it
	// gives up; 0 means 100.
	MaxIterations int
	// LLRPerUnit is the log-likelihood ratio (natural logarithm) of a soft bit of
	// magnitude 1: 2 a / sigma^2 for BPSK of amplitude a in units of the soft bits and
	// noise of variance sigma^2. 0 means to estimate it from the soft bits of every
	// codeword.
	LLRPerUnit float64
}

// Result is what decoding a codeword came to.
type Result struct {
	OK         bool // all parity checks hold
	Iterations int  // passes through the parity checks, 0 where the word came clean
}

// Decoder decodes by belief propagation, going through the parity checks in layers so
// that each uses what those before it learned. It is not safe for concurrent use.
type Decoder struct {
	c    *Code
	o    Options
	work decoderWork
}

// decoderWork is one of the two implementations.
type decoderWork interface {
	// load takes soft bits with the LLR, in steps of 1/unit, of each value -128..127
	// (offset 128).
	load(soft []int8, llr *[256]int16)
	// satisfied reports whether all parity checks hold.
	satisfied() bool
	// iterate goes through all layers once.
	iterate()
	// bits appends the decisions on the first n bits of the codeword.
	bits(dst []byte, n int) []byte
}

// unit is how many steps a log-likelihood ratio of 1 has.
const unit = 16

// channelLimit bounds the log-likelihood ratio of a received bit.
const channelLimit = 30 * unit

// NewDecoder makes a decoder for a code.
func NewDecoder(c *Code, o Options) *Decoder {
	if o.MaxIterations <= 0 {
		o.MaxIterations = 100
	}
	d := &Decoder{c: c, o: o}
	if c.parallel() {
		d.work = newParallel(c)
	} else {
		d.work = newSerial(c)
	}
	return d
}

// NewReferenceDecoder makes a decoder that evaluates the sum-product rule check by
// check with the exact correction from a table: slower than [NewDecoder], the measure
// of what that one's approximations cost.
func NewReferenceDecoder(c *Code, o Options) *Decoder {
	d := NewDecoder(c, o)
	d.work = newSerial(c)
	return d
}

// Decode takes the soft bits of a codeword as sent ([Code.Bits] of them) and appends
// the decided data bits to dst, good or not: see the Result.
func (d *Decoder) Decode(dst []byte, soft []int8) ([]byte, Result, error) {
	if len(soft) != d.c.Bits() {
		return dst, Result{}, fmt.Errorf("ldpc: %d soft bits to decode with %s, want %d", len(soft), d.c.name, d.c.Bits())
	}
	scale := d.o.LLRPerUnit
	if scale <= 0 {
		scale = EstimateLLR(soft)
	}
	var llr [256]int16
	for i := range llr {
		x := math.Round(float64(max(i-128, -127)) * scale * unit)
		llr[i] = int16(max(-channelLimit, min(channelLimit, x)))
	}
	d.work.load(soft, &llr)
	var r Result
	for {
		if r.OK = d.work.satisfied(); r.OK || r.Iterations == d.o.MaxIterations {
			return d.work.bits(dst, d.c.k), r, nil
		}
		d.work.iterate()
		r.Iterations++
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
