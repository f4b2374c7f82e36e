package dsp

import "math"

// SNR estimates the ratio of signal to noise power of symbols of constant amplitude from their
// second and fourth moments (M2M4, Pauluzzi and Beaulieu, IEEE Trans. Commun. 48, 2000), which
// needs neither phase nor decisions.
type SNR struct {
	complexNoise bool
	rate         float64
	m2, m4       float64
	count        float64
}

// NewSNR returns an estimate over about n symbols; complexNoise tells whether the noise lies in
// both parts of complex symbols or in real ones.
func NewSNR(n int, complexNoise bool) *SNR {
	return &SNR{complexNoise: complexNoise, rate: 1 / float64(max(1, n))}
}

// Add takes in one symbol.
func (s *SNR) Add(v complex64) {
	s.count++
	rate := max(s.rate, 1/s.count)
	p := float64(norm(v))
	s.m2 += rate * (p - s.m2)
	s.m4 += rate * (p*p - s.m4)
}

// DB is the estimate of Es/N0 in decibels: signal power over noise power for complex symbols,
// over twice the noise power for real ones. It is -Inf where no signal shows.
func (s *SNR) DB() float64 {
	var signal float64
	noiseShare := 1.0
	if s.complexNoise {
		// M2 = S+N, M4 = S²+4SN+2N².
		signal = math.Sqrt(max(0, 2*s.m2*s.m2-s.m4))
	} else {
		// M2 = S+N, M4 = S²+6SN+3N².
		signal = math.Sqrt(max(0, (3*s.m2*s.m2-s.m4)/2))
		noiseShare = 2
	}
	noise := (s.m2 - signal) * noiseShare
	switch {
	case signal <= 0:
		return math.Inf(-1)
	case noise <= 0:
		return math.Inf(1)
	}
	return 10 * math.Log10(signal/noise)
}

func norm(v complex64) float32 { return real(v)*real(v) + imag(v)*imag(v) }
