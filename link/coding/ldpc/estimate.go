package ldpc

import "math"

// EstimateLLR estimates the log-likelihood ratio of a soft bit of magnitude 1 for
// BPSK in white noise: the most likely amplitude and variance of the soft bits, found
// by expectation maximisation. Erasures are left out. Soft bits of a single magnitude
// are hard decisions, of which nothing is known: they count as a ratio of 4 (2 in 100
// wrong).
func EstimateLLR(soft []int8) float64 {
	var count [129]int32 // of soft bits by magnitude
	for _, s := range soft {
		count[magnitude(s)]++
	}
	count[0] = 0
	var n, kinds, m1, m2, m4 int64
	for m, c := range count {
		if c == 0 {
			continue
		}
		kinds++
		c, x := int64(c), int64(m)
		n += c
		m1 += c * x
		m2 += c * x * x
		m4 += c * x * x * x * x
	}
	if n == 0 {
		return 1
	}
	mean := float64(m1) / float64(n)
	if kinds == 1 {
		return 4 / mean
	}
	power := float64(m2) / float64(n)
	scale := fromMoments(mean, power, float64(m4)/float64(n))
	// The moments of a hundred bits are a poor guess to begin with, those of thousands
	// a good one already: a few rounds do for both.
	for range 6 {
		var sum float64
		for m, c := range count {
			if c > 0 {
				x := float64(c) * float64(m)
				sum += float64(x * halfTanh(scale*float64(m)))
			}
		}
		a := sum / float64(n)
		v := power - float64(a*a)
		if v <= 0 {
			return 12 / mean
		}
		scale = min(2*a/v, 12/mean)
	}
	return max(0.25/mean, scale)
}

// fromMoments is the ratio for x = +-a + noise from E x^2 = a^2 + v and
// E x^4 = a^4 + 6 a^2 v + 3 v^2, so that 3 (E x^2)^2 - E x^4 = 2 a^4.
func fromMoments(mean, s2, s4 float64) float64 {
	a4 := (3*float64(s2*s2) - s4) / 2
	if a4 <= 0 { // noise all over: trust little
		return 0.5 / mean
	}
	a2 := math.Sqrt(a4)
	v := s2 - a2
	if v <= 0 {
		return 4 / mean
	}
	return max(0.25/mean, min(12/mean, 2*math.Sqrt(a2)/v))
}

// halfTanh is tanh(x/2) for x >= 0, the expected sign of a bit of ratio x, to two
// digits.
func halfTanh(x float64) float64 {
	i := int(x*tanhSteps + 0.5)
	if i >= len(tanhTable) {
		return 1
	}
	return tanhTable[i]
}

const tanhSteps = 32 // of the table, per ratio of 1

var tanhTable = func() (t [10 * tanhSteps]float64) {
	for i := range t {
		t[i] = math.Tanh(float64(i) / (2 * tanhSteps))
	}
	return t
}()

func magnitude(s int8) int { return max(int(s), -int(s)) }
