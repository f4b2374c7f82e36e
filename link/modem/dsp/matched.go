package dsp

import "math"

// matchedPhases is into how many steps a MatchedBank divides a sample.
const matchedPhases = 32

// MatchedBank is a matched filter and symbol timing recovery in one: a bank of filters, each the
// pulse shifted by a fraction of a sample, and a bank of their derivatives. The product of the
// two outputs tells whether the symbol's peak is still to come.
type MatchedBank struct {
	pulse, slope []float32 // matchedPhases rows of width
	width        int
	nominal      float64
	loop         Loop
	line         []complex64
	at           place
	power        float32
}

// NewMatchedBank returns a bank for a pulse sampled matchedPhases=32 times as densely as the
// stream (RootRaisedCosine(beta, 32*sps, span), for one), sps samples a symbol, a loop bandwidth
// in cycles a symbol and a clock off by at most ppm.
func NewMatchedBank(pulse []float32, sps, bandwidth, ppm float64) *MatchedBank {
	width := (len(pulse)+matchedPhases-1)/matchedPhases + 1
	b := &MatchedBank{width: width, nominal: sps, loop: NewLoop(bandwidth, 1), at: place{whole: width}}
	b.loop.Limit = float32(ppm * 1e-6)
	b.pulse = make([]float32, matchedPhases*width)
	b.slope = make([]float32, matchedPhases*width)
	at := func(i int) float64 {
		if i < 0 || i >= len(pulse) {
			return 0
		}
		return float64(pulse[i])
	}
	var energy float64
	for _, v := range pulse {
		energy += float64(v) * float64(v)
	}
	unit := math.Sqrt(matchedPhases / energy)
	for p := range matchedPhases {
		for i := range width {
			// The filter of phase p has its peak p/matchedPhases samples later.
			k := i*matchedPhases - p
			b.pulse[p*width+i] = float32(at(k) * unit)
			b.slope[p*width+i] = float32((at(k-1) - at(k+1)) / 2 * matchedPhases * unit * sps)
		}
	}
	b.line = make([]complex64, 0, chunk+2*width+int(2*sps))
	return b
}

// MatchedPhases is how many times as densely as the stream NewMatchedBank wants its pulse.
const MatchedPhases = matchedPhases

// Samples is the present length of a symbol, in samples.
func (b *MatchedBank) Samples() float64 { return b.nominal * (1 + float64(b.loop.Rate)) }

// Process appends the symbols found in src to dst.
func (b *MatchedBank) Process(dst, src []complex64) []complex64 {
	for len(src) > 0 {
		n := min(len(src), cap(b.line)-len(b.line))
		b.line = append(b.line, src[:n]...)
		src = src[n:]
		for b.at.whole < len(b.line) {
			dst = append(dst, b.next())
		}
		if drop := min(b.at.whole-b.width-int(b.nominal), len(b.line)); drop > 0 {
			b.line = b.line[:copy(b.line, b.line[drop:])]
			b.at.whole -= drop
		}
	}
	return dst
}

// next takes the symbol whose filter ends at b.at.
func (b *MatchedBank) next() complex64 {
	i := b.at.whole
	p := int(b.at.part * matchedPhases)
	x := b.line[i-b.width+1 : i+1]
	row := b.pulse[p*b.width : (p+1)*b.width]
	v := DotComplex(row, x)
	d := DotComplex(b.slope[p*b.width:(p+1)*b.width], x)
	b.power += 0.02 * (norm(v) - b.power)
	e := (real(v)*real(d) + imag(v)*imag(d)) / (b.power + 1e-12)
	b.at.advance(b.nominal * (1 + float64(b.loop.Next(min(max(e, -1), 1)/4))))
	return v
}
