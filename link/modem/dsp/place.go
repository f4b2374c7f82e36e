package dsp

import "math"

// place is a point between samples. The part below one is kept apart so that rounding does not
// depend on how the stream was cut into blocks.
type place struct {
	whole int
	part  float64 // 0 to 1
}

// advance moves on by a number of samples.
func (p *place) advance(by float64) {
	p.part += by
	n := math.Floor(p.part)
	p.part -= n
	p.whole += int(n)
}
