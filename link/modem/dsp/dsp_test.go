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
	band := BandPass(0.1, 0.2, Hamming(201))
	near(t, "band-pass in the middle", response(band, 0.15), 1, 1e-3)
	near(t, "band-pass at the edge", response(band, 0.1), 0.5, 0.02)
	near(t, "band-pass outside", response(band, 0.05), 0, 5e-3)
	high := HighPass(0.1, Blackman(101))
	near(t, "high-pass at half the rate", response(high, 0.5), 1, 1e-3)
	near(t, "high-pass at 0", response(high, 0), 0, 1e-3)
	near(t, "Hilbert in the middle", response(Hilbert(Blackman(61)), 0.25), 1, 2e-3)
	near(t, "Gaussian at 0", response(Gaussian(0.5, 5, 4), 0), 1, 1e-6)
}

// Two root-raised-cosine filters in a row make a pulse without interference between symbols.
func TestRootRaisedCosineIsNyquist(t *testing.T) {
	for _, beta := range []float64{0.2, 0.25, 0.35, 0.5, 1} {
		const sps = 8
		h := RootRaisedCosine(beta, sps, 32)
		for k := range 6 {
			var sum float64
			for i := range h {
				if j := i + k*sps; j < len(h) {
					sum += float64(h[i]) * float64(h[j])
				}
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
		"agc":       func() func(dst, src []complex64) []complex64 { return NewAGC(10, 100).Process },
		"dc":        func() func(dst, src []complex64) []complex64 { return NewDCBlocker(50).Process },
		"timing":    func() func(dst, src []complex64) []complex64 { return NewTiming(Gardner, 4.3, 0.01, 100).Process },
		"costas":    func() func(dst, src []complex64) []complex64 { return NewCostas(2, 0.01, 0.1).Process },
		"matched": func() func(dst, src []complex64) []complex64 {
			return NewMatchedBank(RootRaisedCosine(0.35, 4*MatchedPhases, 8), 4, 0.01, 100).Process
		},
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

// symbols makes BPSK at sps samples a symbol, shaped and matched, with an offset and noise.
func symbols(rng *rand.Rand, n int, sps, offset, sigma float64) ([]complex64, []int) {
	bits := make([]int, n)
	for i := range bits {
		bits[i] = rng.IntN(2)*2 - 1
	}
	out := make([]complex64, int(float64(n)*sps))
	for i := range out {
		at := float64(i)/sps - offset
		var v float64
		for k := int(at) - 8; k <= int(at)+8; k++ {
			if k >= 0 && k < n {
				t := at - float64(k)
				v += float64(bits[k]) * raisedCosine(t)
			}
		}
		out[i] = complex(float32(v+sigma*rng.NormFloat64()), float32(sigma*rng.NormFloat64()))
	}
	return out, bits
}

func raisedCosine(t float64) float64 {
	const beta = 0.5
	d := 1 - 4*beta*beta*t*t
	if math.Abs(d) < 1e-9 {
		return math.Pi / 4 * sinc(1/(2*beta))
	}
	return sinc(t) * math.Cos(math.Pi*beta*t) / d
}

func TestTimingLocks(t *testing.T) {
	for _, d := range []Detector{Gardner, EarlyLate, MuellerMuller} {
		for _, ppm := range []float64{-200, 0, 200} {
			rng := rand.New(rand.NewPCG(3, uint64(d)))
			in, bits := symbols(rng, 4000, 4.37*(1+ppm*1e-6), 0.4, 0.1)
			out := NewTiming(d, 4.37, 0.01, 500).Process(nil, in)
			wrong := len(bits)
			for shift := -4; shift <= 4; shift++ {
				errors := 0
				for i := 500; i < 3900; i++ {
					if (real(out[i]) > 0) != (bits[i+shift] > 0) {
						errors++
					}
				}
				wrong = min(wrong, errors)
			}
			if wrong != 0 {
				t.Errorf("detector %d, %g ppm: %d bits wrong", d, ppm, wrong)
			}
			var spread float64
			for _, v := range out[500:3900] {
				spread += (math.Abs(float64(real(v))) - 1) * (math.Abs(float64(real(v))) - 1)
			}
			near(t, "spread", math.Sqrt(spread/3400), 0.1, 0.05)
		}
	}
}

func TestMatchedBankLocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const sps, n = 4.2, 3000
	pulse := func(at float64) float64 { return rootRaisedCosine(at, 0.5) }
	bits := make([]int, n)
	for i := range bits {
		bits[i] = rng.IntN(2)*2 - 1
	}
	in := make([]complex64, int(n*sps))
	for i := range in {
		at := float64(i)/sps - 0.3
		for k := max(0, int(at)-6); k <= min(n-1, int(at)+6); k++ {
			in[i] += complex(float32(float64(bits[k])*pulse(at-float64(k))), 0)
		}
	}
	out := NewMatchedBank(RootRaisedCosine(0.5, sps*MatchedPhases, 12), sps, 0.01, 100).Process(nil, in)
	best := n
	for shift := -16; shift <= 16; shift++ {
		errors := 0
		for i := 500; i < 2900; i++ {
			if (real(out[i]) > 0) != (bits[i+shift] > 0) {
				errors++
			}
		}
		best = min(best, errors)
	}
	if best != 0 {
		t.Errorf("%d of 2400 bits wrong", best)
	}
}

func TestCostasFollowsACarrier(t *testing.T) {
	for _, order := range []int{1, 2, 4} {
		rng := rand.New(rand.NewPCG(7, uint64(order)))
		c := NewCostas(order, 0.005, 0.05)
		n := NewNCO(0.003, 1)
		var error float64
		for i := range 5000 {
			v := complex64(1)
			switch order {
			case 2:
				v = complex(float32(rng.IntN(2)*2-1), 0)
			case 4:
				v = complex(float32(rng.IntN(2)*2-1), float32(rng.IntN(2)*2-1)) * complex(math.Sqrt2/2, 0)
			}
			v = v*n.Next() + complex(float32(0.05*rng.NormFloat64()), float32(0.05*rng.NormFloat64()))
			out := c.Next(v)
			if i >= 2000 {
				switch order {
				case 4:
					error += math.Pow(math.Abs(float64(real(out)))-math.Abs(float64(imag(out))), 2)
				default:
					error += math.Pow(float64(imag(out)), 2)
				}
			}
		}
		near(t, "phase noise", math.Sqrt(error/3000), 0, 0.12)
		near(t, "frequency", c.Frequency(), 0.003, 2e-4)
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

func TestGainAndOffset(t *testing.T) {
	in := make([]float32, 20000)
	for i := range in {
		in[i] = 0.02*float32(math.Sin(float64(i))) + 0.5
	}
	out := NewAGC(500, 500).ProcessReal(nil, NewDCBlocker(500).ProcessReal(nil, in))
	var mean, power float64
	for _, v := range out[15000:] {
		mean += float64(v) / 5000
		power += float64(v) * float64(v) / 5000
	}
	near(t, "offset", mean, 0, 0.02)
	near(t, "power", power, 1, 0.1)
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
