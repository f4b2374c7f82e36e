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

// BandPass designs a windowed-sinc filter that passes from low to high (cycles a sample), with
// unit gain in the middle of the band.
func BandPass(low, high float64, window []float64) []float32 {
	h := make([]float64, len(window))
	mid := (low + high) / 2
	var gain float64
	for i, w := range window {
		t := float64(i) - float64(len(h)-1)/2
		h[i] = (high - low) * sinc((high-low)*t) * w * 2 * math.Cos(2*math.Pi*mid*t)
		gain += h[i] * math.Cos(2*math.Pi*mid*t)
	}
	return scaled(h, 1/gain)
}

// HighPass designs a windowed-sinc high-pass filter with unit gain at half the sample rate. The
// number of coefficients must be odd.
func HighPass(cutoff float64, window []float64) []float32 {
	low := LowPass(cutoff, window)
	for i := range low {
		low[i] = -low[i]
	}
	low[len(low)/2]++
	return low
}

// Hilbert designs the odd-length filter that turns every positive frequency by -90 degrees; with
// the input delayed by len(window)/2 as the real part it gives the analytic signal.
func Hilbert(window []float64) []float32 {
	h := make([]float64, len(window))
	for i, w := range window {
		if k := i - len(h)/2; k%2 != 0 {
			h[i] = 2 / (math.Pi * float64(k)) * w
		}
	}
	return scaled(h, 1)
}

// RootRaisedCosine designs the square root of a raised cosine with roll-off beta (0 to 1) at sps
// samples a symbol (need not be whole) over span symbols, with unit energy: through a transmit
// and a receive filter of this kind a symbol keeps its amplitude.
func RootRaisedCosine(beta, sps float64, span int) []float32 {
	n := int(math.Ceil(float64(span)*sps)) | 1
	h := make([]float64, n)
	var energy float64
	for i := range h {
		h[i] = rootRaisedCosine((float64(i)-float64(n-1)/2)/sps, beta)
		energy += h[i] * h[i]
	}
	return scaled(h, 1/math.Sqrt(energy))
}

// rootRaisedCosine is the impulse response at t symbols, not normalised.
func rootRaisedCosine(t, beta float64) float64 {
	switch {
	case math.Abs(t) < 1e-9:
		return 1 - beta + 4*beta/math.Pi
	case beta > 0 && math.Abs(math.Abs(4*beta*t)-1) < 1e-6:
		s, c := math.Sincos(math.Pi / (4 * beta))
		return beta / math.Sqrt2 * ((1+2/math.Pi)*s + (1-2/math.Pi)*c)
	}
	x := 4 * beta * t
	return (math.Sin(math.Pi*t*(1-beta)) + x*math.Cos(math.Pi*t*(1+beta))) / (math.Pi * t * (1 - x*x))
}

// Gaussian designs the pulse that a GMSK modulator shapes its frequency with: the Gaussian of
// bandwidth-time product bt convolved with one symbol of sps samples, over span symbols, with
// coefficients that sum to one.
func Gaussian(bt, sps float64, span int) []float32 {
	n := int(math.Ceil(float64(span)*sps)) | 1
	h := make([]float64, n)
	k := 2 * math.Pi * bt / math.Sqrt(2*math.Ln2)
	var sum float64
	for i := range h {
		t := (float64(i) - float64(n-1)/2) / sps
		h[i] = math.Erf(k*(t+0.5)) - math.Erf(k*(t-0.5))
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
