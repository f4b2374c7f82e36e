package modem_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/channel"
	"spacechain/link/modem"
)

func randomBits(rng *rand.Rand, n int) []byte {
	bits := make([]byte, n)
	for i := range bits {
		bits[i] = byte(rng.IntN(2))
	}
	return bits
}

func hard(soft []int8) []byte {
	bits := make([]byte, len(soft))
	for i, s := range soft {
		if s > 0 {
			bits[i] = 1
		}
	}
	return bits
}

// What the modulator sends has a mean power of one and holds the bits, at any rate, in any form.
func TestPSKModulator(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := modem.PSK{
			Scheme:      rapid.SampledFrom([]modem.PSKScheme{modem.BPSK, modem.QPSK, modem.OQPSK}).Draw(t, "scheme"),
			Baud:        rapid.SampledFrom([]float64{400, 1200, 2400, 9600, 256e3}).Draw(t, "baud"),
			RollOff:     rapid.SampledFrom([]float64{0.2, 0.35, 0.5, 1}).Draw(t, "roll-off"),
			Rectangular: rapid.Bool().Draw(t, "rectangular"),
		}
		if p.Scheme == modem.BPSK {
			p.Manchester = rapid.Bool().Draw(t, "manchester")
			p.Line = rapid.SampledFrom([]modem.LineCode{modem.NRZL, modem.NRZM, modem.NRZS}).Draw(t, "line")
			p.Independent = rapid.Bool().Draw(t, "independent")
		}
		sps := rapid.Float64Range(4, 21).Draw(t, "samples a symbol")
		if rapid.Bool().Draw(t, "whole") {
			sps = math.Round(sps)
		}
		if p.Manchester {
			sps *= 2
		}
		rate := p.Baud * sps
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		bits := randomBits(rng, 600)
		m, err := p.NewModulator(rate)
		if err != nil {
			t.Fatal(err)
		}
		var x []complex64
		for rest := bits; len(rest) > 0; { // in pieces
			n := min(len(rest), 1+rng.IntN(50))
			x = m.ModulateIQ(x, rest[:n])
			rest = rest[n:]
		}
		x = m.FlushIQ(x)
		var power float64
		for _, v := range x {
			power += float64(real(v)*real(v) + imag(v)*imag(v))
		}
		power /= float64(len(bits)/p.Scheme.BitsPerSymbol()) * sps
		bound := 0.13
		if p.Rectangular {
			bound = 0.2 // each edge is rounded over a sample, of as few as four
		}
		if math.Abs(power-1) > bound {
			t.Fatalf("mean power %g", power)
		}
		r, err := p.NewIdeal(rate)
		if err != nil {
			t.Fatal(err)
		}
		if got := hard(r.Demodulate(nil, x)); !slices.Equal(got, bits) {
			t.Fatalf("%d bits back, of %d", len(got), len(bits))
		}
	})
}

func TestPSKRefuses(t *testing.T) {
	nan := math.NaN()
	for _, k := range []struct {
		p    modem.PSK
		rate float64
	}{
		{modem.PSK{}, 48000},
		{modem.PSK{Baud: nan}, 48000},
		{modem.PSK{Baud: 9600}, nan},
		{modem.PSK{Baud: 9600}, math.Inf(1)},
		{modem.PSK{Baud: 9600}, 15000},
		{modem.PSK{Baud: 9600, Manchester: true}, 30000},
		{modem.PSK{Baud: 9600, Scheme: modem.QPSK, Manchester: true}, 96000},
		{modem.PSK{Baud: 9600, Scheme: modem.OQPSK, Line: modem.NRZM}, 96000},
		{modem.PSK{Baud: 9600, Scheme: 3}, 96000},
		{modem.PSK{Baud: 9600, Line: -1}, 96000},
		{modem.PSK{Baud: 9600, RollOff: 1.5}, 96000},
		{modem.PSK{Baud: 9600, Search: nan}, 96000},
		{modem.PSK{Baud: 9600, Search: 1e9}, 96000},
		{modem.PSK{Baud: 9600, Centre: math.Inf(-1)}, 96000},
		{modem.PSK{Baud: 9600, DopplerRate: -1}, 96000},
		{modem.PSK{Baud: 9600, ClockPPM: 1e6}, 96000},
		{modem.PSK{Baud: 9600, Window: 3}, 96000},
		{modem.PSK{Baud: 9600, LoopBandwidth: 2}, 96000},
		{modem.PSK{Baud: 1, Search: 20000}, 48000},
	} {
		if _, err := k.p.NewDemodulator(k.rate); err == nil {
			t.Errorf("%+v at %g samples a second was taken", k.p, k.rate)
		}
	}
}

// link sends bits after a lead and a marker and gives what comes out after the marker.
func link(t *testing.T, p modem.PSK, rate float64, opt channel.SampleOptions, seed uint64, bits []byte, piece int) (got []byte, d *modem.PSKDemodulator, state modem.PSKState) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 5))
	m, err := p.NewModulator(rate)
	if err != nil {
		t.Fatal(err)
	}
	opt.Rate = rate
	c, err := channel.NewSamples(opt, seed)
	if err != nil {
		t.Fatal(err)
	}
	d, err = p.NewDemodulator(rate)
	if err != nil {
		t.Fatal(err)
	}
	lead, mark := randomBits(rng, 4200), randomBits(rng, 64)
	x := m.FlushIQ(m.ModulateIQ(nil, slices.Concat(lead, mark, bits, randomBits(rng, 64))))
	x = c.Process(nil, x)
	soft := []int8{}
	for len(x) > 0 {
		n := min(len(x), piece)
		soft = d.ProcessIQ(soft, x[:n])
		x = x[n:]
	}
	state = d.State()
	soft = d.Flush(soft)
	marker, err := modem.NewMarker(mark, p.Scheme, 0.6, false)
	if err != nil {
		t.Fatal(err)
	}
	cutter, err := modem.NewCutter(marker, len(bits))
	if err != nil {
		t.Fatal(err)
	}
	best := modem.SoftFrame{}
	for _, f := range cutter.Process(nil, soft) {
		if f.Score > best.Score {
			best = f
		}
	}
	return hard(best.Soft), d, state
}

// A strong signal comes through without an error at the offsets, rates and clocks of a low
// satellite, and the demodulator knows them.
func TestPSKTracks(t *testing.T) {
	for _, k := range []struct {
		name string
		p    modem.PSK
		rate float64
	}{
		{"BPSK 1200", modem.PSK{Baud: 1200}, 48000},
		{"BPSK 1200 Manchester", modem.PSK{Baud: 1200, Manchester: true, Line: modem.NRZM}, 48000},
		{"BPSK 1200 rectangular", modem.PSK{Baud: 1200, Rectangular: true, Line: modem.NRZS, Independent: true}, 48000},
		{"BPSK 9600", modem.PSK{Baud: 9600}, 57600},
		{"BPSK 9600 at 44100", modem.PSK{Baud: 9600}, 44100},
		{"BPSK 9600 Manchester", modem.PSK{Baud: 9600, Manchester: true}, 96000},
		{"BPSK 9600 at 2.4 MHz", modem.PSK{Baud: 9600}, 2.4e6 / 4},
		{"QPSK 256k", modem.PSK{Scheme: modem.QPSK, Baud: 256e3, RollOff: 0.5}, 1024e3},
		{"OQPSK 256k", modem.PSK{Scheme: modem.OQPSK, Baud: 256e3}, 1024e3},
		{"QPSK 9600", modem.PSK{Scheme: modem.QPSK, Baud: 9600}, 38400},
	} {
		t.Run(k.name, func(t *testing.T) {
			k.p.Search, k.p.DopplerRate = 11e3, 160
			if k.p.Baud > 1e5 {
				k.p.Search, k.p.DopplerRate = 55e3, 825
			}
			count := 4000
			if k.p.Baud > 1e5 {
				count = 150000
			}
			bits := randomBits(rand.New(rand.NewPCG(9, 9)), count)
			ebN0 := channel.EbN0ToCN0(16, k.p.Baud*float64(k.p.Scheme.BitsPerSymbol()))
			ramp := channel.Ramp{OffsetAtStartHz: 0.9 * k.p.Search, RateHzPerS: -k.p.DopplerRate}
			got, _, state := link(t, k.p, k.rate, channel.SampleOptions{CN0DBHz: ebN0, Doppler: ramp, ClockPPM: 50}, 3, bits, 1000)
			if !slices.Equal(got, bits) {
				wrong := 0
				for i := range got {
					if got[i] != bits[i] {
						wrong++
					}
				}
				t.Errorf("%d bits received, %d wrong", len(got), wrong)
			}
			// The stream ends a window's length after what the state is about.
			seconds := float64(len(bits)+4200+128) / k.p.Baud / float64(k.p.Scheme.BitsPerSymbol())
			if want := ramp.OffsetHz(seconds); math.Abs(state.Frequency-want) > 60+0.004*k.p.Baud {
				t.Errorf("frequency %g Hz, want about %g", state.Frequency, want)
			}
			if want := 16 + 10*math.Log10(float64(k.p.Scheme.BitsPerSymbol())); math.Abs(state.EsN0DB-want) > 1.5 {
				t.Errorf("Es/N0 %.1f dB, want %.1f", state.EsN0DB, want)
			}
			if math.Abs(state.ClockPPM-50) > 150 || math.Abs(state.Level-1) > 0.1 || !state.Locked {
				t.Errorf("state %+v", state)
			}
		})
	}
}

// The outcome does not hang on how the samples are cut into blocks.
func TestPSKStreams(t *testing.T) {
	p := modem.PSK{Baud: 1200, Search: 2000}
	bits := randomBits(rand.New(rand.NewPCG(1, 9)), 2000)
	opt := channel.SampleOptions{CN0DBHz: channel.EbN0ToCN0(8, 1200), Doppler: channel.Ramp{OffsetAtStartHz: 700}, ClockPPM: -300}
	var first []byte
	for _, piece := range []int{1 << 20, 4096, 977, 13} {
		got, _, _ := link(t, p, 24000, opt, 6, bits, piece)
		if first == nil {
			first = got
		}
		if len(got) == 0 || !slices.Equal(got, first) {
			t.Errorf("in blocks of %d: other bits", piece)
		}
	}
}

// Audio at an intermediate frequency goes the same way as complex samples.
func TestPSKAudio(t *testing.T) {
	for _, p := range []modem.PSK{
		{Baud: 1200, Centre: 1500, Search: 300},
		{Baud: 9600, Centre: 12000, Search: 2000},
		{Baud: 2400, Centre: 6000, Scheme: modem.QPSK},
		{Baud: 1200, Centre: 3000, Manchester: true, Line: modem.NRZS},
	} {
		rng := rand.New(rand.NewPCG(2, 9))
		bits := randomBits(rng, 3000)
		p.Line = max(p.Line, modem.NRZL)
		m, err := p.NewModulator(48000)
		if err != nil {
			t.Fatal(err)
		}
		x := m.Flush(m.Modulate(nil, append(append(randomBits(rng, 5000), bits...), randomBits(rng, 64)...)))
		for i := range x {
			x[i] = 0.3*x[i] + 0.02*float32(rng.NormFloat64())
		}
		d, err := p.NewDemodulator(48000)
		if err != nil {
			t.Fatal(err)
		}
		soft := d.Flush(d.Process(nil, x))
		marker, err := modem.NewMarker(bits[:64], p.Scheme, 0.9, false)
		if err != nil {
			t.Fatal(err)
		}
		cutter, err := modem.NewCutter(marker, len(bits)-64)
		if err != nil {
			t.Fatal(err)
		}
		frames := cutter.Process(nil, soft)
		if len(frames) != 1 || !slices.Equal(hard(frames[0].Soft), bits[64:]) {
			t.Errorf("%+v: %d frames", p, len(frames))
		}
	}
}

func ExamplePSK() {
	p := modem.PSK{Scheme: modem.QPSK, Baud: 256e3}
	m, _ := p.NewModulator(1024e3)
	d, _ := p.NewDemodulator(1024e3)
	rng := rand.New(rand.NewPCG(1, 1))
	marker := []byte{0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1} // 1acffc1d
	bits := append(randomBits(rng, 8000), marker...)
	bits = append(bits, 1, 1, 0, 1, 0, 0, 1, 0)
	soft := d.Flush(d.ProcessIQ(nil, m.FlushIQ(m.ModulateIQ(nil, bits))))
	finder, _ := modem.NewMarker(marker, p.Scheme, 0.9, false)
	frames, _ := modem.NewCutter(finder, 8)
	for _, f := range frames.Process(nil, soft) {
		fmt.Println(hard(f.Soft))
	}
	// Output: [1 1 0 1 0 0 1 0]
}
