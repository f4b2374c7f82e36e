package radio

import (
	"math"
	"sort"
)

// losses is how often frames are lost over C/N0, for one waveform: what was measured, in few
// numbers. A frame counts as so many units (a frame of fixed length is one) that are lost
// independently, at a rate whose logarithm is drawn straight between the points.
type losses struct {
	units  func(octets int) float64
	points []lossPoint // by ascending ratio
	symbol float64     // rate of symbols, dBHz
}

// lossPoint is the expected number of losses a unit, -ln(1-p), at a ratio of a symbol's energy to
// the noise density.
type lossPoint struct {
	esN0DB float64
	rate   float64
}

// logRate is the natural logarithm of the rate at a ratio of C/N0 in dBHz; beyond the points it goes on
// as between the last two.
func (l losses) logRate(cn0DBHz float64) float64 {
	n := len(l.points)
	es := cn0DBHz - l.symbol
	i := sort.Search(n, func(i int) bool { return l.points[i].esN0DB >= es })
	i = min(max(i, 1), n-1)
	a, b := l.points[i-1], l.points[i]
	share := (es - a.esN0DB) / (b.esN0DB - a.esN0DB)
	la, lb := math.Log(a.rate), math.Log(b.rate)
	return la + float64(share*(lb-la))
}

// FrameErrorRate is how likely a frame of so many octets is lost at a ratio of carrier power to
// noise density, dBHz: measured with this very chain, receiver in step.
func (w Waveform) FrameErrorRate(cn0DBHz float64, frameLen int) float64 {
	switch {
	case w.plan == nil || math.IsNaN(cn0DBHz) || math.IsInf(cn0DBHz, -1):
		return 1
	case math.IsInf(cn0DBHz, 1):
		return 0
	}
	l := w.plan.losses
	expected := math.Exp(min(l.logRate(cn0DBHz)+math.Log(l.units(frameLen)), 50))
	return -math.Expm1(-expected)
}

// RequiredCN0DBHz is the ratio of carrier power to noise density, dBHz, at which frames of so many
// octets are lost with probability fer (more than 0, less than 1).
func (w Waveform) RequiredCN0DBHz(fer float64, frameLen int) float64 {
	if w.plan == nil || !(fer > 0 && fer < 1) {
		return math.NaN()
	}
	low, high := -50.0, 200.0
	for range 60 {
		mid := (low + high) / 2
		if w.FrameErrorRate(mid, frameLen) > fer {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}
