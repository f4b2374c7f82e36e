package modem_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"spacechain/link/channel"
	"spacechain/link/modem"
)

// Bursts of a few hundred bits on different frequencies, with nothing between them, are all heard
// from their first bits on.
func TestPSKBursts(t *testing.T) {
	const rate = 48000
	p := modem.PSK{Baud: 9600, Search: 8000}
	rng := rand.New(rand.NewPCG(8, 9))
	d, err := p.NewDemodulator(rate)
	if err != nil {
		t.Fatal(err)
	}
	var soft []int8
	var sent [][]byte
	c, err := channel.NewSamples(channel.SampleOptions{Rate: rate, CN0DBHz: channel.EbN0ToCN0(11, 9600)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		q := p
		q.Centre = 7000 * (2*rng.Float64() - 1)
		m, err := q.NewModulator(rate)
		if err != nil {
			t.Fatal(err)
		}
		bits := randomBits(rng, 400)
		sent = append(sent, bits)
		// 40 bits to settle on, then what counts.
		y := c.Process(nil, m.FlushIQ(m.ModulateIQ(nil, append(randomBits(rng, 40), bits...))))
		soft = d.ProcessIQ(soft, c.Silence(y, 2000+rng.IntN(9000)))
	}
	soft = d.Flush(soft)
	heard := 0
	for _, bits := range sent {
		marker, err := modem.NewMarker(bits[:48], modem.BPSK, 0.9, false)
		if err != nil {
			t.Fatal(err)
		}
		cutter, err := modem.NewCutter(marker, len(bits)-48)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range cutter.Process(nil, soft) {
			if slices.Equal(hard(f.Soft), bits[48:]) {
				heard++
				break
			}
		}
	}
	if heard < 39 {
		t.Errorf("heard %d of %d bursts", heard, len(sent))
	}
}

// A fade leaves the count of the bits whole: erasures stand where the signal was away.
func TestPSKFade(t *testing.T) {
	p := modem.PSK{Baud: 9600}
	bits := randomBits(rand.New(rand.NewPCG(4, 9)), 12000)
	opt := channel.SampleOptions{
		CN0DBHz: channel.EbN0ToCN0(12, 9600), Doppler: channel.Ramp{OffsetAtStartHz: 300, RateHzPerS: 100}, ClockPPM: 80,
		GainDB: func(s float64) float64 {
			if s > 0.8 && s < 1.1 {
				return -60
			}
			return 0
		},
	}
	got, _, _ := link(t, p, 48000, opt, 2, bits, 5000)
	if len(got) != len(bits) {
		t.Fatalf("%d bits received, want %d", len(got), len(bits))
	}
	wrong := 0
	for i := range 4000 { // the last, long after the fade
		if got[len(got)-1-i] != bits[len(bits)-1-i] {
			wrong++
		}
	}
	if wrong > 0 && wrong < 4000 {
		t.Errorf("%d of the last 4000 bits are wrong: the count slipped", wrong)
	}
}

// Noise alone gives next to no bits.
func TestPSKNoise(t *testing.T) {
	for _, p := range []modem.PSK{{Baud: 9600, Search: 4000}, {Baud: 2400, Scheme: modem.QPSK}, {Baud: 2400, Scheme: modem.OQPSK}} {
		c, err := channel.NewSamples(channel.SampleOptions{Rate: 48000, CN0DBHz: 1}, 5)
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.NewDemodulator(48000)
		if err != nil {
			t.Fatal(err)
		}
		const seconds = 10
		d.ProcessIQ(nil, c.Silence(nil, seconds*48000))
		if s := d.State(); s.Starts > 2 {
			t.Errorf("%+v: %d signals found in %d s of noise", p, s.Starts, seconds)
		}
	}
}

// nasty are samples that no receiver should choke on.
func nasty(rng *rand.Rand, n int) []complex64 {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	values := []float32{0, 1, -1, inf, -inf, nan, math.MaxFloat32, -math.MaxFloat32, 1e-45, 1e8, -1e8, 1e-30}
	x := make([]complex64, n)
	for i := range x {
		x[i] = complex(values[rng.IntN(len(values))], values[rng.IntN(len(values))])
	}
	return x
}

// Whatever came before, a signal is heard again soon after.
func TestPSKRecovers(t *testing.T) {
	for _, p := range []modem.PSK{
		{Baud: 9600}, {Baud: 4800, Line: modem.NRZS, Manchester: true},
		{Baud: 9600, Scheme: modem.QPSK, Window: 512}, {Baud: 9600, Scheme: modem.OQPSK, Window: 512},
	} {
		const rate = 48000
		rng := rand.New(rand.NewPCG(3, 3))
		d, err := p.NewDemodulator(rate)
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.NewModulator(rate)
		if err != nil {
			t.Fatal(err)
		}
		bits := randomBits(rng, 3000)
		for round := range 3 {
			d.ProcessIQ(nil, nasty(rng, 30000))
			x := m.FlushIQ(m.ModulateIQ(nil, append(randomBits(rng, 6000), bits...)))
			for i := range x {
				x[i] *= 0.01
			}
			x = append(x, make([]complex64, 20000)...)
			soft := d.ProcessIQ(nil, x)
			marker, err := modem.NewMarker(bits[:64], p.Scheme, 0.9, false)
			if err != nil {
				t.Fatal(err)
			}
			found := marker.Process(nil, soft)
			if len(found) != 1 {
				t.Errorf("%+v: round %d: found %+v after bad samples; %+v", p, round, found, d.State())
			}
		}
	}
}

// FuzzPSKDemodulator feeds arbitrary samples to all schemes.
func FuzzPSKDemodulator(f *testing.F) {
	f.Add([]byte{0, 0, 0x80, 0x7f, 0, 0, 0xc0, 0x7f}, uint8(0), uint16(1))
	f.Add([]byte{1, 2, 3, 4, 0xff, 0xff, 0x7f, 0x7f}, uint8(3), uint16(700))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8, repeat uint16) {
		p := modem.PSK{Baud: 9600, Window: 64, Scheme: modem.PSKScheme(kind % 3), Search: 3000}
		if p.Scheme == modem.BPSK {
			p.Manchester = kind&4 != 0
			p.Line = modem.LineCode(kind / 8 % 3)
			p.Rectangular = kind&64 != 0
		}
		d, err := p.NewDemodulator(48000)
		if err != nil {
			t.Fatal(err)
		}
		var x []float32
		for i := 0; i+4 <= len(data); i += 4 {
			x = append(x, math.Float32frombits(uint32(data[i])|uint32(data[i+1])<<8|uint32(data[i+2])<<16|uint32(data[i+3])<<24))
		}
		var soft []int8
		samples := 0
		for range repeat%1000 + 1 {
			soft = d.Process(soft, x)
			if samples += len(x); samples > 20000 {
				break
			}
		}
		soft = d.Flush(soft)
		if most := samples + 4*48000; len(soft) > most {
			t.Fatalf("%d soft bits of %d samples", len(soft), samples)
		}
		if s := d.State(); math.IsNaN(s.Frequency + s.Doppler + s.ClockPPM + s.Level + s.Quality) {
			t.Fatalf("state %+v", s)
		}
	})
}
