package modem

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"spacechain/link/modem/dsp"
)

// randomBits are n bits with no run longer than six.
func randomBits(rng *rand.Rand, n int) []byte {
	out := make([]byte, n)
	run := 0
	for i := range out {
		out[i] = byte(rng.IntN(2))
		if i > 0 && out[i] == out[i-1] {
			if run++; run == 6 {
				out[i] ^= 1
				run = 0
			}
		} else {
			run = 0
		}
	}
	return out
}

// wrong counts the bits that differ at the best shift, leaving out skip at the start.
func wrong(sent []byte, soft []int8, skip int) int {
	best := len(sent)
	for shift := -40; shift <= 40; shift++ {
		n := 0
		for i := skip; i < len(sent); i++ {
			if k := i + shift; k < 0 || k >= len(soft) || (soft[k] > 0) != (sent[i] == 1) {
				if n++; n >= best {
					break
				}
			}
		}
		best = min(best, n)
	}
	return best
}

// pad is what comes before and after bits so that all loops are settled.
func pad(bits []byte) []byte {
	lead := make([]byte, 400)
	for i := range lead {
		lead[i] = byte(i / 3 & 1)
	}
	return append(append(append([]byte(nil), lead...), bits...), lead[:100]...)
}

func TestAFSKAtAnyRate(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, mode := range []AFSK{Bell202, AFSK4800, {Mark: 2200, Space: 1200, Baud: 1200}, {Mark: 1300, Space: 1700, Baud: 600}} {
		bits := pad(randomBits(rng, 1000))
		for _, rate := range []float64{8000, 11025, 22050, 44100, 48000, 96000, 192000, 250000} {
			m, err := NewAFSKModulator(mode, rate, 0.3)
			if err != nil {
				if mode == AFSK4800 && rate < 14400 {
					continue // does not fit
				}
				t.Fatal(err)
			}
			d, err := NewAFSKDemodulator(mode, rate, AFSKOptions{})
			if err != nil {
				t.Fatal(err)
			}
			soft := d.Flush(d.Process(nil, m.Modulate(nil, bits)))
			if n := wrong(bits[:1400], soft, 400); n != 0 {
				t.Errorf("%+v at %g Hz: %d of 1000 bits wrong", mode, rate, n)
			}
			if d.SNR() > 100 {
				t.Errorf("SNR of %g dB", d.SNR())
			}
		}
	}
}

// Senders as they are: fast and slow, off tune, tilted by 6 dB an octave and more, weak, with hum
// and offset.
func TestAFSKFromImperfectSenders(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	bits := pad(randomBits(rng, 2000))
	for _, c := range []struct {
		name string
		mode AFSK
		tilt float64 // gain of the higher frequency, decibels an octave
		gain float64
		dc   float64
	}{
		{"nominal", Bell202, 0, 1, 0},
		{"slow", AFSK{1200, 2200, 1176}, 0, 1, 0},
		{"fast", AFSK{1200, 2200, 1224}, 0, 1, 0},
		{"as AO-27", AFSK{1200, 2105, 1223}, 0, 1, 0},
		{"tones high", AFSK{1240, 2260, 1200}, 0, 1, 0},
		{"tones low", AFSK{1160, 2140, 1200}, 0, 1, 0},
		{"pre-emphasis", Bell202, 6, 1, 0},
		{"de-emphasis", Bell202, -6, 1, 0},
		{"steep", Bell202, -8, 1, 0},
		{"faint", Bell202, 0, 1e-4, 0},
		{"loud with offset", Bell202, 0, 3, 1},
	} {
		m, err := NewAFSKModulator(c.mode, 48000, 0.3)
		if err != nil {
			t.Fatal(err)
		}
		x := m.Modulate(nil, bits)
		if c.tilt != 0 {
			x = tilted(x, c.tilt)
		}
		for i := range x {
			x[i] = x[i]*float32(c.gain) + float32(c.dc)
		}
		d, err := NewAFSKDemodulator(Bell202, 48000, AFSKOptions{})
		if err != nil {
			t.Fatal(err)
		}
		soft := d.Flush(d.Process(nil, x))
		if n := wrong(bits[:2400], soft, 400); n != 0 {
			t.Errorf("%s: %d of 2000 bits wrong", c.name, n)
		}
	}
}

// tilted filters x by so many decibels an octave around 1700 Hz at 48 kHz, in the frequency
// domain.
func tilted(x []float32, db float64) []float32 {
	f := dsp.NewFFT(len(x))
	b := make([]complex64, f.Len())
	for i, v := range x {
		b[i] = complex(v, 0)
	}
	f.Forward(b)
	for k := range b {
		hz := math.Abs(float64((k+len(b)/2)%len(b)-len(b)/2)) * 48000 / float64(len(b))
		g := float32(math.Pow(10, db*math.Log2(max(hz, 100)/1700)/20))
		b[k] *= complex(g, 0)
	}
	f.Inverse(b)
	out := make([]float32, len(x))
	for i := range out {
		out[i] = real(b[i])
	}
	return out
}

// At Eb/N0 of 6 dB noncoherent detection of single tones, exp(-Eb/2N0)/2 wrong, makes an error in
// 15 bits; detection of sequences must be far better, and sure where it is right.
func TestAFSKNearThreshold(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	bits := pad(randomBits(rng, 12000))
	for _, c := range []struct{ ebn0, most float64 }{{6, 0.02}, {8, 0.003}, {10, 0.0003}} {
		const rate, amplitude = 48000, 0.5
		m, err := NewAFSKModulator(Bell202, rate, amplitude)
		if err != nil {
			t.Fatal(err)
		}
		x := m.Modulate(nil, bits)
		// Eb = A²/2 × rate/baud, N0/2 = σ².
		sigma := math.Sqrt(amplitude * amplitude / 2 * rate / 1200 / math.Pow(10, c.ebn0/10) / 2)
		for i := range x {
			x[i] += float32(sigma * rng.NormFloat64())
		}
		d, err := NewAFSKDemodulator(Bell202, rate, AFSKOptions{HDLC: true})
		if err != nil {
			t.Fatal(err)
		}
		soft := d.Process(nil, x)
		snr := d.SNR()
		ber := float64(wrong(bits[:12000], d.Flush(soft), 400)) / 11600
		t.Logf("Eb/N0 %g dB: bit error rate %.2g, estimated Eb/N0 %.1f dB", c.ebn0, ber, snr)
		if ber > c.most {
			t.Errorf("Eb/N0 %g dB: bit error rate %.2g, want at most %g", c.ebn0, ber, c.most)
		}
		if math.Abs(snr-c.ebn0) > 2.5 {
			t.Errorf("Eb/N0 %g dB estimated at %.1f", c.ebn0, snr)
		}
	}
}

func TestAFSKRefuses(t *testing.T) {
	for _, c := range []struct {
		mode AFSK
		rate float64
	}{{Bell202, 5000}, {Bell202, math.NaN()}, {Bell202, math.Inf(1)}, {Bell202, 1e9}, {AFSK{1200, 1200, 1200}, 48000}, {AFSK{0, 1200, 1200}, 48000}, {AFSK{1200, 2200, 0}, 48000}} {
		if _, err := NewAFSKDemodulator(c.mode, c.rate, AFSKOptions{}); err == nil {
			t.Errorf("demodulator of %+v at %g Hz", c.mode, c.rate)
		}
		if _, err := NewAFSKModulator(c.mode, c.rate, 1); err == nil {
			t.Errorf("modulator of %+v at %g Hz", c.mode, c.rate)
		}
	}
}

// The soft bits do not depend on how the samples come, and in the long run nothing is allocated.
func TestDemodulatorsStream(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	x := make([]float32, 60000)
	for i := range x {
		x[i] = float32(rng.NormFloat64()) * 0.2
	}
	for name, maker := range map[string]func() (AudioDemodulator, error){
		"afsk": func() (AudioDemodulator, error) { return NewAFSKDemodulator(Bell202, 48000, AFSKOptions{}) },
		"fsk":  func() (AudioDemodulator, error) { return NewFSKDemodulator(G3RUH9600, 48000, FSKOptions{}) },
		"fsk with resampling": func() (AudioDemodulator, error) {
			return NewFSKDemodulator(GMSK4800, 48000, FSKOptions{Steady: true})
		},
	} {
		a, err := maker()
		if err != nil {
			t.Fatal(err)
		}
		b, err := maker()
		if err != nil {
			t.Fatal(err)
		}
		whole := a.Flush(a.Process(nil, x))
		var parts []int8
		for rest := x; len(rest) > 0; {
			n := min(len(rest), rng.IntN(3000))
			parts = b.Process(parts, rest[:n])
			rest = rest[n:]
		}
		parts = b.Flush(parts)
		if fmt.Sprint(whole) != fmt.Sprint(parts) {
			t.Errorf("%s: %d soft bits at once differ from %d in parts", name, len(whole), len(parts))
		}
		var soft []int8
		for range 60 {
			soft = b.Process(soft[:0], x[:5000])
		}
		if n := testing.AllocsPerRun(20, func() { soft = b.Process(soft[:0], x[:5000]) }); n > 0.2 {
			t.Errorf("%s: %g allocations a block", name, n)
		}
	}
}

// Samples that are no numbers do no lasting harm.
func TestDemodulatorsRecover(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	bits := pad(randomBits(rng, 500))
	bad := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 3e38, -3e38, 1e-40}
	m, err := NewAFSKModulator(Bell202, 48000, 0.3)
	if err != nil {
		t.Fatal(err)
	}
	d, err := NewAFSKDemodulator(Bell202, 48000, AFSKOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n := wrong(bits[:900], d.Flush(d.Process(d.Process(nil, bad)[:0], m.Modulate(nil, bits))), 400); n != 0 {
		t.Errorf("AFSK: %d of 500 bits wrong", n)
	}
	fm, err := NewFSKModulator(G3RUH9600, 48000, 0.3)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := NewFSKDemodulator(G3RUH9600, 48000, FSKOptions{})
	if err != nil {
		t.Fatal(err)
	}
	fd.ProcessIQ(nil, []complex64{complex(bad[0], 1), complex(1, bad[1])})
	if n := wrong(bits[:900], fd.Flush(fd.Process(fd.Process(nil, bad)[:0], fm.Modulate(nil, bits))), 400); n != 0 {
		t.Errorf("FSK: %d of 500 bits wrong", n)
	}
}
