package radio

import (
	"math"
	"sort"
)

// losses is how often frames are lost over C/N0, for one waveform: what TestMeasureLosses measured
// with this very chain, in few numbers. Each point stands for some hundred frames in bursts with
// the Doppler of a pass and a clock 20 ppm off, each burst elsewhere between samples, where a tenth
// to nine tenths were lost, and up to two thousand where it was less.
type losses struct {
	symbol float64 // rate of symbols, dBHz
	causes []cause
}

// cause is a way to lose a frame. A frame counts as so many units, which are lost independently,
// at a rate whose logarithm is drawn straight between the points and goes on so beyond.
type cause struct {
	units  func(octets int) float64
	points []lossPoint // by ascending ratio
}

// lossPoint is the expected number of losses a unit, -ln(1-p), at a ratio of a symbol's energy to
// the noise density.
type lossPoint struct {
	esN0DB float64
	rate   float64
}

// expected is the number of losses to expect of a frame.
func (c cause) expected(esN0DB float64, octets int) float64 {
	n := len(c.points)
	i := sort.Search(n, func(i int) bool { return c.points[i].esN0DB >= esN0DB })
	i = min(max(i, 1), n-1)
	a, b := c.points[i-1], c.points[i]
	share := (esN0DB - a.esN0DB) / (b.esN0DB - a.esN0DB)
	la, lb := math.Log(a.rate), math.Log(b.rate)
	return math.Exp(min(la+float64(share*(lb-la)), 50)) * c.units(octets)
}

// one is the count of units of a frame of fixed length.
func one(int) float64 { return 1 }

// FrameErrorRate is how likely a frame of so many octets is lost at a ratio of carrier power to
// noise density, dBHz: measured with this very chain, receiver in step.
func (w Waveform) FrameErrorRate(cn0DBHz float64, frameLen int) float64 {
	switch {
	case w.plan == nil || math.IsNaN(cn0DBHz) || math.IsInf(cn0DBHz, -1):
		return 1
	case math.IsInf(cn0DBHz, 1):
		return 0
	}
	var expected float64
	for _, c := range w.plan.losses.causes {
		expected += c.expected(cn0DBHz-w.plan.losses.symbol, frameLen)
	}
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
