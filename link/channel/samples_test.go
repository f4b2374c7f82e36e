package channel

import (
	"math"
	"math/cmplx"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func mustSamples(t testing.TB, opt SampleOptions, seed uint64) *Samples {
	t.Helper()
	s, err := NewSamples(opt, seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tone is a carrier at 0 Hz.
func tone(n int) []complex64 {
	x := make([]complex64, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

func power(x []complex64) (p float64) {
	for _, v := range x {
		p += float64(real(v))*float64(real(v)) + float64(imag(v))*float64(imag(v))
	}
	return p / float64(len(x))
}

// frequency is the mean of x over the samples, by its phase from one to the next.
func frequency(x []complex64, rate float64) float64 {
	var sum complex128
	for i := 1; i < len(x); i++ {
		sum += complex128(x[i]) * cmplx.Conj(complex128(x[i-1]))
	}
	return cmplx.Phase(sum) / (2 * math.Pi) * rate
}

// Noise has the density asked for, in either part, and no memory: Eb/N0 of 6 dB at 9600 bit/s
// and 48,000 samples/s is a signal-to-noise ratio of 6 - 10 log10(5) = -0.99 dB.
func TestSamplesNoise(t *testing.T) {
	s := mustSamples(t, SampleOptions{Rate: 48000, CN0DBHz: EbN0ToCN0(6, 9600)}, 1)
	x := s.Silence(nil, 400000)
	if db := -10 * math.Log10(power(x)); math.Abs(db-(6-10*math.Log10(5))) > 0.03 {
		t.Errorf("a signal of power 1 stands %.3f dB over the noise", db)
	}
	var re, im, next complex128
	for i := 1; i < len(x); i++ {
		re += complex(float64(real(x[i])*real(x[i])), 0)
		im += complex(float64(imag(x[i])*imag(x[i])), 0)
		next += complex128(x[i]) * cmplx.Conj(complex128(x[i-1]))
	}
	if r := real(re) / real(im); math.Abs(r-1) > 0.01 {
		t.Errorf("the parts' powers are as %g to 1", r)
	}
	if r := cmplx.Abs(next) / (real(re) + real(im)); r > 0.01 {
		t.Errorf("neighbours correlate by %g", r)
	}
	half := mustSamples(t, SampleOptions{Rate: 48000, CN0DBHz: EbN0ToCN0(6, 9600), Power: 0.5}, 1)
	if r := power(x) / power(half.Silence(nil, 400000)); math.Abs(r-2) > 1e-3 {
		t.Errorf("half the signal's power leaves noise of 1/%g", r)
	}
}

// The offset follows the profile: constant, ramp, points, a flyby at UHF and S-band.
func TestSamplesDoppler(t *testing.T) {
	points, err := NewPoints([]ProfilePoint{{0, 1000}, {0.5, 800}, {1, -300}, {2, -900}})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []struct {
		name string
		rate float64
		p    Profile
	}{
		{"ramp", 48000, Ramp{OffsetAtStartHz: -11000, RateHzPerS: 160}},
		{"function", 48000, ProfileFunc(func(s float64) float64 { return 500 * math.Sin(s) })},
		{"points", 48000, points},
		{"flyby UHF", 48000, Flyby{CarrierHz: 437e6, SpeedKmS: 7.5, NearestKm: 500, NearestAtS: 1}},
		{"flyby S", 256000, Flyby{CarrierHz: 2.2e9, SpeedKmS: 7.5, NearestKm: 500, NearestAtS: 1}},
	} {
		s := mustSamples(t, SampleOptions{Rate: k.rate, Doppler: k.p}, 1)
		x := s.Process(nil, tone(int(2*k.rate)))
		n := int(k.rate / 50)
		for at := 0; at+n < len(x); at += 7 * n {
			middle := (float64(at) + float64(n)/2) / k.rate
			if got, want := frequency(x[at:at+n], k.rate), k.p.OffsetHz(middle); math.Abs(got-want) > 0.3 {
				t.Errorf("%s at %.2f s: %g Hz, want %g", k.name, middle, got, want)
			}
		}
		if p := power(x); math.Abs(p-1) > 1e-4 {
			t.Errorf("%s: power %g", k.name, p)
		}
	}
}

// The figures of the issue: a low satellite overhead makes 11 kHz and 160 Hz/s at UHF and 55 kHz
// and 825 Hz/s at 2.2 GHz, at most.
func TestFlyby(t *testing.T) {
	for _, k := range []struct{ carrier, offset, rate float64 }{{437e6, 11e3, 160}, {2.2e9, 55e3, 825}, {145e6, 3.6e3, 60}} {
		f := Flyby{CarrierHz: k.carrier, SpeedKmS: 7.4, NearestKm: 500, NearestAtS: 400}
		if got := f.OffsetHz(0); got < 0.9*k.offset || got > 1.05*k.offset {
			t.Errorf("%g Hz: offset %g", k.carrier, got)
		}
		if got := f.OffsetHz(0) + f.OffsetHz(800); math.Abs(got) > 1e-6 {
			t.Errorf("%g Hz: not symmetric by %g", k.carrier, got)
		}
		if got := f.OffsetHz(399.5) - f.OffsetHz(400.5); got < 0.8*k.rate || got > 1.1*k.rate {
			t.Errorf("%g Hz: %g Hz/s", k.carrier, got)
		}
	}
}

func TestPointsPassThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in []ProfilePoint
		at := rapid.Float64Range(-10, 10).Draw(t, "start")
		for range rapid.IntRange(1, 8).Draw(t, "points") {
			in = append(in, ProfilePoint{at, rapid.Float64Range(-1e5, 1e5).Draw(t, "offset")})
			at += rapid.Float64Range(0.01, 5).Draw(t, "step")
		}
		p, err := NewPoints(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range in {
			for _, d := range []float64{-1e-7, 0, 1e-7} {
				if got := p.OffsetHz(q.Seconds + d); math.Abs(got-q.OffsetHz) > 10 {
					t.Fatalf("%g Hz at %g s, want %g", got, q.Seconds+d, q.OffsetHz)
				}
			}
		}
	})
	for _, bad := range [][]ProfilePoint{nil, {{0, math.NaN()}}, {{math.Inf(1), 0}}, {{1, 0}, {1, 0}}, {{1, 0}, {0, 0}}} {
		if _, err := NewPoints(bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

// A clock 50 ppm fast shortens a second by 50 microseconds, and a tone is as much higher; with a
// carrier given Doppler does the same.
func TestSamplesClock(t *testing.T) {
	const rate, hz = 48000.0, 3000.0
	x := make([]complex64, 20*48000)
	for i := range x {
		s, c := math.Sincos(2 * math.Pi * hz / rate * float64(i))
		x[i] = complex(float32(c), float32(s))
	}
	for _, k := range []struct {
		opt  SampleOptions
		ppm  float64
		from float64 // what Doppler itself adds, Hz
	}{
		{SampleOptions{Rate: rate, ClockPPM: 50}, 50, 0},
		{SampleOptions{Rate: rate, ClockPPM: -50}, -50, 0},
		{SampleOptions{Rate: rate, Doppler: Ramp{OffsetAtStartHz: 11000}, CarrierHz: 437e6}, 11000 / 437.0, 11000},
		{SampleOptions{Rate: rate, ClockPPM: 10, Doppler: Ramp{OffsetAtStartHz: -11000}, CarrierHz: 437e6}, 10 - 11000/437.0, -11000},
	} {
		y := mustSamples(t, k.opt, 1).Process(nil, x)
		if got := 1e6 * (float64(len(x))/float64(len(y)) - 1); math.Abs(got-k.ppm) > 50 { // of 20 s, a few samples stay within
			t.Errorf("%+v: %g ppm by length", k.opt, got)
		}
		if got := 1e6 * ((frequency(y[1000:], rate)-k.from)/hz - 1); math.Abs(got-k.ppm) > 1 {
			t.Errorf("%+v: %g ppm by frequency, want %g", k.opt, got, k.ppm)
		}
	}
}

// Fading has a mean power of one, the scintillation index of its kind, and is slow.
func TestSamplesFading(t *testing.T) {
	for _, k := range []struct {
		f  Fading
		s4 float64
	}{
		{Fading{ScatterDB: -20, RateHz: 2}, 0.14},
		{Fading{ScatterDB: -7, RateHz: 2}, 0.55},
		{Fading{ScatterDB: 100, RateHz: 2}, 1},
	} {
		if got := k.f.ScintillationIndex(); math.Abs(got-k.s4) > 0.01 {
			t.Errorf("%+v: S4 of %g by formula, want %g", k.f, got, k.s4)
		}
		var mean, square float64
		n := 0
		for seed := range uint64(40) {
			x := mustSamples(t, SampleOptions{Rate: 200, Fading: k.f}, seed).Process(nil, tone(12000))
			for i, v := range x {
				p := float64(real(v)*real(v) + imag(v)*imag(v))
				mean += p
				square += p * p
				n++
				if i > 0 && cmplx.Abs(complex128(v-x[i-1])) > 0.25 {
					t.Fatalf("%+v: jumps from %v to %v", k.f, x[i-1], v)
				}
			}
		}
		mean /= float64(n)
		s4 := math.Sqrt(square/float64(n)/mean/mean - 1)
		if math.Abs(mean-1) > 0.06 || math.Abs(s4-k.s4) > 0.06 {
			t.Errorf("%+v: mean power %.3f, S4 %.3f, want 1 and %.3f", k.f, mean, s4, k.s4)
		}
	}
}

func TestSamplesGainAndDelay(t *testing.T) {
	s := mustSamples(t, SampleOptions{Rate: 1000, DelaySeconds: 0.25, GainDB: func(t float64) float64 {
		switch {
		case t > 3:
			return math.Inf(-1)
		case t > 2:
			return math.NaN()
		case t > 1:
			return -20
		}
		return 0
	}}, 1)
	x := s.Process(nil, tone(4000))
	if len(x) != 4250 || s.Time() != 4.25 {
		t.Fatalf("%d samples, %g s", len(x), s.Time())
	}
	for _, k := range []struct {
		at   int
		want float64
	}{{0, 0}, {249, 0}, {300, 1}, {900, 1}, {1200, 0.01}, {1900, 0.01}, {2300, 0}, {3500, 0}} {
		if got := power(x[k.at : k.at+1]); math.Abs(got-k.want) > 1e-5 {
			t.Errorf("power %g at sample %d, want %g", got, k.at, k.want)
		}
	}
}

// The same seed and samples give the same, however they are cut; another seed another noise.
func TestSamplesRepeat(t *testing.T) {
	opt := SampleOptions{
		Rate: 9600, CN0DBHz: 40, Doppler: Ramp{OffsetAtStartHz: 500, RateHzPerS: -30}, CarrierHz: 437e6, ClockPPM: 50,
		Fading: Fading{ScatterDB: -6, RateHz: 3}, DelaySeconds: 0.01,
	}
	whole := mustSamples(t, opt, 7).Process(nil, tone(5000))
	rapid.Check(t, func(t *rapid.T) {
		s, err := NewSamples(opt, 7)
		if err != nil {
			t.Fatal(err)
		}
		var got []complex64
		for rest := tone(5000); len(rest) > 0; {
			n := min(len(rest), rapid.IntRange(1, 700).Draw(t, "piece"))
			got = s.Process(got, rest[:n])
			rest = rest[n:]
		}
		if !slices.Equal(got, whole) {
			t.Fatalf("%d samples differ from %d in one piece", len(got), len(whole))
		}
	})
	other := mustSamples(t, opt, 8).Process(nil, tone(5000))
	if slices.Equal(other, whole) {
		t.Error("another seed gives the same noise")
	}
}

func TestSamplesRefuses(t *testing.T) {
	nan := math.NaN()
	for _, opt := range []SampleOptions{
		{}, {Rate: nan}, {Rate: -1}, {Rate: 1, CN0DBHz: nan}, {Rate: 1, Power: -1}, {Rate: 1, ClockPPM: 1e6},
		{Rate: 1, CarrierHz: -1}, {Rate: 1, DelaySeconds: -1}, {Rate: 1, Fading: Fading{RateHz: nan}}, {Rate: 1, Fading: Fading{RateHz: 2}},
		{Rate: 1, Fading: Fading{RateHz: 0.5, ScatterDB: nan}},
	} {
		if _, err := NewSamples(opt, 1); err == nil {
			t.Errorf("%+v was taken", opt)
		}
	}
}

func BenchmarkSamples(b *testing.B) {
	const rate = 1024e3
	for _, k := range []struct {
		name string
		opt  SampleOptions
	}{
		{"noise", SampleOptions{Rate: rate, CN0DBHz: 60}},
		{"all", SampleOptions{Rate: rate, CN0DBHz: 60, ClockPPM: 20, CarrierHz: 2.2e9, Fading: Fading{ScatterDB: -10, RateHz: 2},
			Doppler: Flyby{CarrierHz: 2.2e9, SpeedKmS: 7.5, NearestKm: 500, NearestAtS: 100}}},
	} {
		b.Run(k.name, func(b *testing.B) {
			s := mustSamples(b, k.opt, 1)
			x := tone(1 << 16)
			var y []complex64
			for b.Loop() {
				y = s.Process(y[:0], x)
			}
			perSecond := float64(len(x)) * float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(perSecond, "samples/s")
			b.ReportMetric(perSecond/rate, "x-real-time")
		})
	}
}
