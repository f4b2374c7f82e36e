package ber

import "math"

func linear(db float64) float64 { return math.Pow(10, db/10) }

// BPSK is the bit error rate of coherent BPSK, and of Gray-coded QPSK and OQPSK, at an Eb/N0 in
// dB (Proakis, Digital Communications, 5-2-5).
func BPSK(ebN0DB float64) float64 { return math.Erfc(math.Sqrt(linear(ebN0DB))) / 2 }

// DBPSK is that of differentially detected BPSK (Proakis, 5-2-69).
func DBPSK(ebN0DB float64) float64 { return math.Exp(-linear(ebN0DB)) / 2 }

// DEBPSK is that of differentially encoded, coherently detected BPSK: a bit is wrong where one of
// two symbols is.
func DEBPSK(ebN0DB float64) float64 {
	p := BPSK(ebN0DB)
	return 2 * p * (1 - p)
}

// FSK is that of two orthogonal tones told apart by their power (Proakis, 5-4-47).
func FSK(ebN0DB float64) float64 { return math.Exp(-linear(ebN0DB)/2) / 2 }

// MSK is that of coherently detected minimum-shift keying with differential encoding undone: the
// floor for AFSK and GMSK of modulation index one half.
func MSK(ebN0DB float64) float64 { return BPSK(ebN0DB) }

// convSpectrum holds the numbers of wrong bits on all error paths of weights 10, 12, 14 ... of the
// K=7 rate 1/2 code (Odenwalder 1970; also in CCSDS 130.1-G-3).
var convSpectrum = []float64{36, 211, 1404, 11633, 77433, 502690, 3322763, 21292910}

// Convolutional is the union bound for the K=7 rate 1/2 code, BPSK and unquantised soft
// decisions; tight below an error rate of about 1e-4.
func Convolutional(ebN0DB float64) float64 {
	var sum float64
	for i, n := range convSpectrum {
		sum += n * math.Erfc(math.Sqrt(float64(10+2*i)/2*linear(ebN0DB))) / 2
	}
	return min(sum, 0.5)
}

// ReedSolomon is the bit error rate after decoding a code of n symbols of eight bits that corrects
// t, over BPSK; words beyond correction stand as received.
func ReedSolomon(n, t int) func(ebN0DB float64) float64 {
	return func(ebN0DB float64) float64 {
		bit := BPSK(ebN0DB + 10*math.Log10(float64(n-2*t)/float64(n)))
		symbol := -math.Expm1(8 * math.Log1p(-bit))
		if symbol <= 0 {
			return 0
		}
		var sum float64
		for j := t + 1; j <= n; j++ {
			sum += float64(j) / float64(n) * math.Exp(logChoose(n, j)+float64(j)*math.Log(symbol)+float64(n-j)*math.Log1p(-symbol))
		}
		return sum * bit / symbol
	}
}

func logChoose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return a - b - c
}
