package dsp

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"
)

// response is the gain of a filter at a frequency in cycles a sample.
func response(taps []float32, f float64) float64 {
	var sum complex128
	for i, h := range taps {
		sum += complex(float64(h), 0) * cmplx.Rect(1, -2*math.Pi*f*float64(i))
	}
	return cmplx.Abs(sum)
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.6g, want %.6g within %g", what, got, want, tolerance)
	}
}

func TestFilterResponses(t *testing.T) {
	low := LowPass(0.1, Kaiser(101, 7))
	near(t, "low-pass at 0", response(low, 0), 1, 1e-6)
	near(t, "low-pass at its cutoff", response(low, 0.1), 0.5, 0.01)
	near(t, "low-pass far above", response(low, 0.2), 0, 1e-3)
}

// Two root-raised-cosine filters in a row make a pulse without interference between symbols.
func TestRootRaisedCosineIsNyquist(t *testing.T) {
	for _, beta := range []float64{0.2, 0.25, 0.35, 0.5, 1} {
		const sps, n = 8, 8*32 + 1
		at := func(i int) float64 { return RootRaisedCosineAt(float64(i-n/2)/sps, beta) }
		for k := range 6 {
			var sum float64
			for i := range n - k*sps {
				sum += at(i) * at(i+k*sps) / sps
			}
			want := 0.0
			if k == 0 {
				want = 1
			}
			near(t, "autocorrelation", sum, want, 2e-3)
		}
	}
}

// Streams give the same however they are cut.
func TestBlocksDoNotMatter(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	in := make([]complex64, 9000)
	re := make([]float32, len(in))
	for i := range in {
		re[i] = float32(rng.NormFloat64())
		in[i] = complex(re[i], float32(rng.NormFloat64()))
	}
	taps := LowPass(0.2, Blackman(41))
	makers := map[string]func() func(dst, src []complex64) []complex64{
		"fir":       func() func(dst, src []complex64) []complex64 { return NewComplexFIR(taps).Process },
		"decimator": func() func(dst, src []complex64) []complex64 { return NewDecimator(taps, 7).Process },
		"resampler": func() func(dst, src []complex64) []complex64 { return NewComplexResampler(48000, 11111).Process },
		"up":        func() func(dst, src []complex64) []complex64 { return NewComplexResampler(8000, 44100).Process },
	}
	for name, maker := range makers {
		whole := maker()(nil, in)
		var parts []complex64
		f := maker()
		for rest := in; len(rest) > 0; {
			n := min(len(rest), rng.IntN(700))
			parts = f(parts, rest[:n])
			rest = rest[n:]
		}
		if len(whole) != len(parts) || len(whole) == 0 {
			t.Fatalf("%s: %d samples at once, %d in parts", name, len(whole), len(parts))
		}
		for i := range whole {
			if whole[i] != parts[i] {
				t.Fatalf("%s: sample %d is %v at once, %v in parts", name, i, whole[i], parts[i])
			}
		}
		block, buf := in[:512], make([]complex64, 0, 8192)
		if n := testing.AllocsPerRun(20, func() { f(buf, block) }); n != 0 {
			t.Errorf("%s: %v allocations a block", name, n)
		}
	}
	whole := NewFIR(taps).Process(nil, re)
	f := NewFIR(taps)
	parts := f.Process(f.Process(nil, re[:5000]), re[5000:])
	for i := range whole {
		if whole[i] != parts[i] {
			t.Fatalf("sample %d is %v at once, %v in parts", i, whole[i], parts[i])
		}
	}
}

func TestResamplerKeepsATone(t *testing.T) {
	for _, to := range []float64{9600, 44100, 48000, 96000, 11025} {
		in := make([]float32, 20000)
		for i := range in {
			in[i] = float32(math.Cos(2 * math.Pi * 1700 * float64(i) / 48000))
		}
		out := NewResampler(48000, to).Process(nil, in)
		near(t, "length", float64(len(out)), float64(len(in))*to/48000, 100)
		for i := 200; i < len(out)-200; i++ {
			want := math.Cos(2 * math.Pi * 1700 * float64(i) / to)
			if math.Abs(float64(out[i])-want) > 2e-3 {
				t.Fatalf("48000 to %g: sample %d is %g, want %g", to, i, out[i], want)
			}
		}
	}
}

func TestOscillator(t *testing.T) {
	n := NewNCO(-1234.5, 48000)
	for i := range 48000 {
		want := cmplx.Rect(1, -2*math.Pi*1234.5*float64(i)/48000)
		if got := complex128(n.Next()); cmplx.Abs(got-want) > 1e-4 {
			t.Fatalf("sample %d is %v, want %v", i, got, want)
		}
	}
}

func TestFFT(t *testing.T) {
	f := NewFFT(64)
	x := make([]complex64, f.Len())
	for i := range x {
		x[i] = complex64(cmplx.Rect(1, 2*math.Pi*5*float64(i)/64))
	}
	y := append([]complex64(nil), x...)
	f.Forward(y)
	for k, v := range y {
		want := 0.0
		if k == 5 {
			want = 64
		}
		near(t, "bin", cmplx.Abs(complex128(v)), want, 1e-4)
	}
	f.Inverse(y)
	for i := range y {
		near(t, "back", cmplx.Abs(complex128(y[i]-x[i])), 0, 1e-5)
	}
}

// A loop learns a steady rate, no further than its limit, and keeps up with it.
func TestLoopFollows(t *testing.T) {
	for _, c := range []struct{ limit, learnt float64 }{{0, 0.02}, {0.03, 0.02}, {0.01, 0.01}} {
		l := NewLoop(0.01, math.Sqrt2/2)
		l.Limit = float32(c.limit)
		var at, far float64
		for i := range 5000 {
			far = 0.02*float64(i) - at
			at += float64(l.Next(float32(far)))
		}
		near(t, "rate", float64(l.Rate), c.learnt, 1e-4)
		if c.limit != 0.01 {
			near(t, "distance", far, 0, 1e-3)
		}
	}
}

func TestSNREstimate(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 9))
	for _, db := range []float64{0, 5, 10, 15} {
		sigma := math.Sqrt(math.Pow(10, -db/10) / 2)
		circular, flat := NewSNR(20000, true), NewSNR(20000, false)
		for range 40000 {
			s := float64(rng.IntN(2)*2 - 1)
			circular.Add(complex(float32(s+sigma*rng.NormFloat64()), float32(sigma*rng.NormFloat64())))
			flat.Add(complex(float32(s+sigma*rng.NormFloat64()), 0))
		}
		near(t, "complex", circular.DB(), db, 0.5)
		near(t, "real", flat.DB(), db, 0.6)
	}
}

func TestDotComplexPair(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for n := range 12 {
		a, c, b := make([]float32, n), make([]float32, n), make([]complex64, n)
		for i := range n {
			a[i], c[i] = float32(rng.NormFloat64()), float32(rng.NormFloat64())
			b[i] = complex(float32(rng.NormFloat64()), float32(rng.NormFloat64()))
		}
		var want, other complex128
		for i, v := range b {
			want += complex128(v) * complex(float64(a[i]), 0)
			other += complex128(v) * complex(float64(c[i]), 0)
		}
		x, y := DotComplexPair(a, c, b)
		z := DotComplex(a, b)
		for k, d := range []complex128{complex128(x) - want, complex128(y) - other, complex128(z) - want} {
			if math.Hypot(real(d), imag(d)) > 1e-5 {
				t.Errorf("%d products: sum %d is off by %v", n, k, d)
			}
		}
	}
}
