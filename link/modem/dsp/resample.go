package dsp

import "math"

// resamplePhases is into how many steps the bank of a resampler divides a sample; between two
// steps it interpolates linearly, which leaves errors below -80 dB.
const resamplePhases = 128

// bank is a windowed-sinc filter cut into phases, one filter of width coefficients for each.
type bank struct {
	taps  []float32 // (resamplePhases+1) rows of width
	width int
	step  float64 // input samples for one output sample
	at    place   // of the next output, in input samples after the oldest in the line
}

// newBank designs for a ratio of output to input rate, with half lobes of the sinc on each side.
func newBank(ratio float64, lobes int) bank {
	cutoff := 0.5 * min(1, ratio) * 0.94
	width := int(math.Ceil(float64(2*lobes)/min(1, ratio))) &^ 1
	b := bank{width: width, step: 1 / ratio, at: place{whole: width / 2}}
	b.taps = make([]float32, (resamplePhases+1)*width)
	for p := range resamplePhases + 1 {
		row := b.taps[p*width : (p+1)*width]
		var sum float64
		for i := range row {
			t := float64(i-width/2+1) - float64(p)/resamplePhases
			r := t / float64(width/2)
			v := 2 * cutoff * sinc(2*cutoff*t) * besselI0(7*math.Sqrt(max(0, 1-r*r))) / besselI0(7)
			row[i] = float32(v)
			sum += v
		}
		for i := range row {
			row[i] /= float32(sum)
		}
	}
	return b
}

// rows returns the filters on both sides of the next output, the share of the second, and where
// they start in the line.
func (b *bank) rows() (lower, upper []float32, share float32, start int) {
	p := b.at.part * resamplePhases
	i := int(p)
	lower = b.taps[i*b.width : (i+1)*b.width]
	upper = b.taps[min(i+1, resamplePhases)*b.width:][:b.width]
	return lower, upper, float32(p - float64(i)), b.at.whole - b.width/2 + 1
}

// Resampler turns a stream of real samples of one rate into one of another; any ratio goes. Its
// first output lies on the first sample: the filter's delay is taken out, and the last samples of
// a stream come out when as many zeros follow.
type Resampler struct {
	bank
	line []float32
}

// NewResampler returns a resampler from one rate to another, in hertz.
func NewResampler(from, to float64) *Resampler {
	b := newBank(to/from, 12)
	return &Resampler{bank: b, line: make([]float32, b.width/2, b.width+chunk)}
}

// Process appends the resampled src to dst.
func (r *Resampler) Process(dst, src []float32) []float32 {
	for len(src) > 0 {
		n := min(len(src), cap(r.line)-len(r.line))
		r.line = append(r.line, src[:n]...)
		src = src[n:]
		for {
			lower, upper, share, start := r.rows()
			if start+r.width > len(r.line) {
				break
			}
			x := r.line[start : start+r.width]
			a := Dot(lower, x)
			dst = append(dst, a+share*(Dot(upper, x)-a))
			r.at.advance(r.step)
		}
		if drop := min(r.at.whole-r.width/2, len(r.line)); drop > 0 {
			r.line = r.line[:copy(r.line, r.line[drop:])]
			r.at.whole -= drop
		}
	}
	return dst
}

// resampleFine is into how many parts a [ComplexResampler] divides a step of the bank: the filter
// between two steps is worked out anew only when the next sample falls into another part, which
// with nearly equal rates is seldom. What it is off by then lies about 70 dB down.
const resampleFine = 16

// ComplexResampler turns a stream of complex samples of one rate into one of another.
type ComplexResampler struct {
	bank
	line []complex64
	row  []float32 // the filter in use
	part int       // that it is for
}

// NewComplexResampler returns a resampler from one rate to another, in hertz.
func NewComplexResampler(from, to float64) *ComplexResampler {
	b := newBank(to/from, 12)
	return &ComplexResampler{bank: b, line: make([]complex64, b.width/2, b.width+chunk), row: make([]float32, b.width), part: -1}
}

// SetRatio changes the rates from the next sample on, for a sender whose clock is off; the filter
// stays, so the ratio may differ by a few percent at most from the first.
func (r *ComplexResampler) SetRatio(from, to float64) { r.step = from / to }

// turn makes the filter for the next sample.
func (r *ComplexResampler) turn() {
	part := int(r.at.part*(resamplePhases*resampleFine) + 0.5)
	if part == r.part {
		return
	}
	r.part = part
	i := part / resampleFine
	share := float32(part%resampleFine) / resampleFine
	lower := r.taps[i*r.width : (i+1)*r.width]
	upper := r.taps[min(i+1, resamplePhases)*r.width:][:len(lower)]
	row := r.row[:len(lower)]
	for k, v := range lower {
		row[k] = v + share*(upper[k]-v)
	}
}

// Process appends the resampled src to dst.
func (r *ComplexResampler) Process(dst, src []complex64) []complex64 {
	for len(src) > 0 {
		n := min(len(src), cap(r.line)-len(r.line))
		r.line = append(r.line, src[:n]...)
		src = src[n:]
		for {
			start := r.at.whole - r.width/2 + 1
			if start+r.width > len(r.line) {
				break
			}
			r.turn()
			dst = append(dst, DotComplex(r.row, r.line[start:start+r.width]))
			r.at.advance(r.step)
		}
		if drop := min(r.at.whole-r.width/2, len(r.line)); drop > 0 {
			r.line = r.line[:copy(r.line, r.line[drop:])]
			r.at.whole -= drop
		}
	}
	return dst
}
