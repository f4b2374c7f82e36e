// Package ber measures bit error rates of modems and codes over white Gaussian noise and sets
// them beside theory. A [Curve] is one way to send bits; [Curve.Measure] counts errors at points
// of Eb/N0 (per information bit, in decibels) until enough have been seen. The same seed gives
// the same counts.
package ber

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Curve is one way to send bits over noise.
type Curve struct {
	Name  string
	About string
	// Theory is the bit error rate to be expected at an Eb/N0 in dB; nil where none is known in
	// closed form.
	Theory func(ebN0DB float64) float64

	// trial sends a batch of bits and counts the wrong ones among those received. Chance comes
	// from rng alone.
	trial func(rng *rand.Rand, ebN0DB float64) (bits, wrong int64, err error)
}

// Point is one point of a curve.
type Point struct {
	EbN0DB   float64 `json:"ebn0_db"`
	Measured float64 `json:"measured"`
	// Theory is 0 where there is none.
	Theory float64 `json:"theory,omitempty"`
	Bits   int64   `json:"bits"`
	Errors int64   `json:"errors"`
}

// LossDB is by how many decibels the point lies behind a theory: how much less Eb/N0 would give
// the rate measured. It is NaN without errors.
func (p Point) LossDB(theory func(ebN0DB float64) float64) float64 {
	if p.Errors == 0 || theory == nil {
		return math.NaN()
	}
	low, high := p.EbN0DB-30, p.EbN0DB+30
	for range 60 {
		middle := (low + high) / 2
		if theory(middle) > p.Measured {
			low = middle
		} else {
			high = middle
		}
	}
	return p.EbN0DB - (low+high)/2
}

// Options say how long to measure. The zero value measures each point until 100 errors or ten
// million bits.
type Options struct {
	Seed      uint64
	MinErrors int64 // default 100
	MaxBits   int64 // default 1e7
}

// Measure counts errors at each Eb/N0 in dB. It stops early when ctx ends, with the points so far
// and its error.
func (c Curve) Measure(ctx context.Context, ebN0DB []float64, opt Options) ([]Point, error) {
	if opt.MinErrors <= 0 {
		opt.MinErrors = 100
	}
	if opt.MaxBits <= 0 {
		opt.MaxBits = 1e7
	}
	if c.trial == nil {
		return nil, errors.New("ber: measuring an empty curve")
	}
	var points []Point
	for _, eb := range ebN0DB {
		if math.IsNaN(eb) || math.Abs(eb) > 100 {
			return points, fmt.Errorf("ber: measuring %s at an Eb/N0 of %g dB", c.Name, eb)
		}
		p := Point{EbN0DB: eb}
		rng := rand.New(rand.NewPCG(opt.Seed, math.Float64bits(eb)))
		for p.Errors < opt.MinErrors && p.Bits < opt.MaxBits {
			if err := ctx.Err(); err != nil {
				return points, err
			}
			bits, wrong, err := c.trial(rng, eb)
			if err != nil {
				return points, fmt.Errorf("ber: measuring %s at %g dB: %w", c.Name, eb, err)
			}
			p.Bits += bits
			p.Errors += wrong
		}
		p.Measured = float64(p.Errors) / float64(p.Bits)
		if c.Theory != nil {
			p.Theory = c.Theory(eb)
		}
		points = append(points, p)
	}
	return points, nil
}

// Curves lists all curves.
func Curves() []Curve {
	return append(append(pskCurves(), fskCurves()...), codedCurves()...)
}

// Find returns the curve of a name.
func Find(name string) (Curve, error) {
	for _, c := range Curves() {
		if c.Name == name {
			return c, nil
		}
	}
	return Curve{}, fmt.Errorf("ber: no curve %q", name)
}

// randomBits appends n bits to dst.
func randomBits(rng *rand.Rand, dst []byte, n int) []byte {
	var word uint64
	for i := range n {
		if i%64 == 0 {
			word = rng.Uint64()
		}
		dst = append(dst, byte(word&1))
		word >>= 1
	}
	return dst
}

// compare counts where the signs of soft differ from bits.
func compare(bits []byte, soft []int8) (wrong int64) {
	for i, b := range bits {
		if (soft[i] > 0) != (b == 1) {
			wrong++
		}
	}
	return wrong
}
