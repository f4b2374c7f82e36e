package dsp

import "math"

// Blackman fills a window of n coefficients that falls by 58 dB.
func Blackman(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		x := 2 * math.Pi * (float64(i) + 0.5) / float64(n)
		w[i] = 0.42 - 0.5*math.Cos(x) + 0.08*math.Cos(2*x)
	}
	return w
}

// Hamming is the window of n coefficients with the narrowest transition at 43 dB.
func Hamming(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 0.54 - 0.46*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(n))
	}
	return w
}

// Kaiser is the window of n coefficients with shape beta; 0 is a rectangle, 5 about 50 dB,
// 8.6 about 90 dB.
func Kaiser(n int, beta float64) []float64 {
	w := make([]float64, n)
	for i := range w {
		r := (2*float64(i)+1)/float64(n) - 1
		w[i] = besselI0(beta*math.Sqrt(max(0, 1-r*r))) / besselI0(beta)
	}
	return w
}

// besselI0 is the modified Bessel function of the first kind of order zero, by its series.
func besselI0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; k < 200 && term > 1e-14*sum; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

// sinc is sin(πx)/(πx).
func sinc(x float64) float64 {
	if math.Abs(x) < 1e-9 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// LowPass designs a windowed-sinc low-pass filter with unit gain at zero frequency. cutoff is
// where it has fallen to one half, in cycles a sample (hertz over the sample rate, below 0.5);
// the window gives the number of coefficients.
func LowPass(cutoff float64, window []float64) []float32 {
	h := make([]float64, len(window))
	var sum float64
	for i, w := range window {
		h[i] = 2 * cutoff * sinc(2*cutoff*(float64(i)-float64(len(h)-1)/2)) * w
		sum += h[i]
	}
	return scaled(h, 1/sum)
}

func scaled(h []float64, by float64) []float32 {
	out := make([]float32, len(h))
	for i, v := range h {
		out[i] = float32(v * by)
	}
	return out
}
