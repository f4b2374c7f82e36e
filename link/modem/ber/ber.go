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
	// Law names the theory in a few words, for legends.
	Law string
	// Words says that each trial is one word or block of a code, so that [Point.WordErrorRate]
	// means something.
	Words bool
	// Published are word error rates that others have measured, and where they say so.
	Published []Published

	// leastTrials is how many a point takes however many errors there are: where one that fails
	// as a whole would stand for all.
	leastTrials int64

	// trial sends a batch of bits and counts the wrong ones among those received. Chance comes
	// from rng alone.
	trial func(rng *rand.Rand, ebN0DB float64) (bits, wrong int64, err error)
}

// Published is a word error rate that somebody else has measured.
type Published struct {
	EbN0DB, WordErrorRate float64
	Source                string
}

// Point is one point of a curve.
type Point struct {
	EbN0DB   float64 `json:"ebn0_db"`
	Measured float64 `json:"measured"`
	// Theory is 0 where there is none.
	Theory float64 `json:"theory,omitempty"`
	Bits   int64   `json:"bits"`
	Errors int64   `json:"errors"`
	// Trials is how often something was sent, and Failed how often it came with errors: words of
	// a code where [Curve.Words] says so.
	Trials int64 `json:"trials"`
	Failed int64 `json:"failed"`
	// Deviation is the standard deviation of Measured: from how trials differ where there are ten
	// or more, because errors come in bursts, and that of independent errors otherwise.
	Deviation float64 `json:"deviation"`
}

// WordErrorRate is the share of trials that came with errors.
func (p Point) WordErrorRate() float64 {
	if p.Trials == 0 {
		return 0
	}
	return float64(p.Failed) / float64(p.Trials)
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
	// CountWords makes MinErrors count the trials with errors, which are words of a code where
	// [Curve.Words] says so, and not the wrong bits.
	CountWords bool
	// Tell, unless nil, is called after every trial with what the point under way has so far.
	Tell func(Point)
}

// Measure counts errors at each Eb/N0 in dB. It stops early when ctx ends, with the points so far,
// the last of them with fewer errors than asked for, and its error.
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
		p, err := c.measure(ctx, eb, opt)
		if p.Bits > 0 {
			points = append(points, p)
		}
		if err != nil {
			return points, err
		}
	}
	return points, nil
}

// measure counts errors at one Eb/N0.
func (c Curve) measure(ctx context.Context, eb float64, opt Options) (Point, error) {
	p := Point{EbN0DB: eb}
	rng := rand.New(rand.NewPCG(opt.Seed, math.Float64bits(eb)))
	var squares float64
	var err error
	enough := func() bool {
		if opt.CountWords {
			return p.Failed >= opt.MinErrors
		}
		return p.Errors >= opt.MinErrors
	}
	for (!enough() || p.Trials < c.leastTrials) && p.Bits < opt.MaxBits {
		if err = ctx.Err(); err != nil {
			break
		}
		var bits, wrong int64
		if bits, wrong, err = c.trial(rng, eb); err != nil {
			err = fmt.Errorf("ber: measuring %s at %g dB: %w", c.Name, eb, err)
			break
		}
		p.Trials++
		p.Bits += bits
		p.Errors += wrong
		squares += float64(wrong) * float64(wrong)
		if wrong > 0 {
			p.Failed++
		}
		if opt.Tell != nil {
			opt.Tell(p)
		}
	}
	if p.Bits == 0 {
		return p, err
	}
	p.Measured = float64(p.Errors) / float64(p.Bits)
	// Independent errors vary with the root of their number; bursts vary more.
	variance := float64(p.Errors)
	if n := float64(p.Trials); n >= 10 {
		mean := float64(p.Errors) / n
		variance = max(variance, n/(n-1)*(squares-n*mean*mean))
	}
	p.Deviation = math.Sqrt(variance) / float64(p.Bits)
	if c.Theory != nil {
		p.Theory = c.Theory(eb)
	}
	return p, err
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
