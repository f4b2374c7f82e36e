package modem

import (
	"math"
	"math/rand/v2"
	"testing"

	"spacechain/link/modem/dsp"
)

func TestFSKAtAnyRate(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	for _, mode := range []FSK{G3RUH9600, GMSK9600, GMSK4800, {Baud: 1200}, {Baud: 19200, BT: 0.3}} {
		bits := pad(randomBits(rng, 1500))
		for _, rate := range []float64{22050, 44100, 48000, 96000, 192000, 250000} {
			m, err := NewFSKModulator(mode, rate, 0.3)
			if err != nil {
				if rate < 2*mode.Baud {
					continue
				}
				t.Fatal(err)
			}
			d, err := NewFSKDemodulator(mode, rate, FSKOptions{})
			if err != nil {
				t.Fatal(err)
			}
			soft := d.Flush(d.Process(nil, m.Modulate(nil, bits)))
			if n := wrong(bits[:1900], soft, 400); n != 0 {
				t.Errorf("%+v at %g Hz: %d of 1500 bits wrong", mode, rate, n)
			}
		}
	}
}

// I/Q samples off the carrier, by Doppler and more.
func TestFSKFromIQ(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	for _, mode := range []FSK{G3RUH9600, GMSK9600, GMSK4800} {
		for _, off := range []float64{-1500, -300, 0, 800, 1500} {
			for _, rate := range []float64{48000, 57600, 200000} {
				bits := pad(randomBits(rng, 1500))
				m, err := NewFSKModulator(mode, rate, 1)
				if err != nil {
					t.Fatal(err)
				}
				x := dsp.NewNCO(off*mode.Baud/9600, rate).Mix(nil, m.ModulateIQ(nil, bits))
				d, err := NewFSKDemodulator(mode, rate, FSKOptions{})
				if err != nil {
					t.Fatal(err)
				}
				soft := d.Flush(d.ProcessIQ(nil, x))
				if n := wrong(bits[:1900], soft, 400); n != 0 {
					t.Errorf("%+v off by %g Hz at %g Hz: %d of 1500 bits wrong", mode, off, rate, n)
				}
			}
		}
	}
}

// The audio of receivers as they are: clocks off, offsets, filters that cut into the signal or
// take out its lowest frequencies.
func TestFSKFromImperfectReceivers(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 1))
	bits := pad(randomBits(rng, 3000))
	for _, c := range []struct {
		name string
		baud float64
		low  float64 // cutoff of a low-pass, Hz
		high float64 // of a first-order high-pass
		gain float64
		dc   float64
	}{
		{"nominal", 9600, 0, 0, 1, 0},
		{"100 ppm", 9601, 0, 0, 1, 0},
		{"fast", 9650, 0, 0, 1, 0},
		{"slow", 9480, 0, 0, 1, 0},
		{"upside down", 9600, 0, 0, -1, 0},
		{"offset", 9600, 0, 0, 1, 0.1},
		{"narrow", 9600, 4300, 0, 1, 0},
		{"no lowest frequencies", 9600, 0, 30, 1, 0},
		{"faint", 9600, 0, 0, 1e-4, 0},
	} {
		mode := G3RUH9600
		mode.Baud = c.baud
		m, err := NewFSKModulator(mode, 48000, 0.3)
		if err != nil {
			t.Fatal(err)
		}
		x := m.Modulate(nil, bits)
		if c.low > 0 {
			x = dsp.NewFIR(dsp.LowPass(c.low/48000, dsp.Hamming(41))).Process(nil, x)
		}
		if c.high > 0 {
			rate, mean := float32(min(1, 2*math.Pi*c.high/48000)), float32(0)
			for i, v := range x {
				x[i] = v - mean
				mean += rate * x[i]
			}
		}
		for i := range x {
			x[i] = x[i]*float32(c.gain) + float32(c.dc)
		}
		d, err := NewFSKDemodulator(G3RUH9600, 48000, FSKOptions{})
		if err != nil {
			t.Fatal(err)
		}
		soft := d.Flush(d.Process(nil, x))
		sent := append([]byte(nil), bits...)
		if c.gain < 0 {
			for i := range sent {
				sent[i] ^= 1
			}
		}
		if n := wrong(sent[:3400], soft, 400); n != 0 {
			t.Errorf("%s: %d of 3000 bits wrong", c.name, n)
		}
	}
}

// In white noise a detector of antipodal pulses cannot do better than erfc(√(Eb/N0))/2; with the
// shape unknown and the timing to be found, sequences come within 1.2 dB of it.
func TestFSKNearThreshold(t *testing.T) {
	rng := rand.New(rand.NewPCG(14, 1))
	const rate = 48000
	bits := pad(randomBits(rng, 20000))
	m, err := NewFSKModulator(FSK{Baud: 9600, BT: 0.5}, rate, 1)
	if err != nil {
		t.Fatal(err)
	}
	x := m.Modulate(nil, bits)
	var energy float64 // of one pulse, in samples
	for _, h := range m.pulse {
		energy += float64(h) * float64(h) / pulseSteps * rate / 9600
	}
	for _, ebn0 := range []float64{6, 8} {
		sigma := math.Sqrt(energy / math.Pow(10, ebn0/10) / 2)
		y := make([]float32, len(x))
		for i := range y {
			y[i] = x[i] + float32(sigma*rng.NormFloat64())
		}
		d, err := NewFSKDemodulator(FSK{Baud: 9600, BT: 0.5}, rate, FSKOptions{})
		if err != nil {
			t.Fatal(err)
		}
		soft := d.Process(nil, y)
		snr := d.SNR()
		ber := float64(wrong(bits[:20000], d.Flush(soft), 400)) / 19600
		bound := math.Erfc(math.Sqrt(math.Pow(10, (ebn0-1.2)/10))) / 2
		t.Logf("Eb/N0 %g dB: bit error rate %.2g, bound %.2g, estimated Eb/N0 %.1f dB", ebn0, ber, bound, snr)
		if ber > bound {
			t.Errorf("Eb/N0 %g dB: bit error rate %.2g, want at most %.2g", ebn0, ber, bound)
		}
		if math.Abs(snr-ebn0) > 2.5 {
			t.Errorf("Eb/N0 %g dB estimated at %.1f", ebn0, snr)
		}
	}
}

// A burst with a long preamble of alternating bits, which look the same through many channels,
// after the noise of an open squelch: what follows is right from its first bit.
func TestFSKAfterAlternatingPreamble(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(15, seed))
		m, err := NewFSKModulator(G3RUH9600, 48000, 0.1)
		if err != nil {
			t.Fatal(err)
		}
		preamble := make([]byte, 300)
		for i := range preamble {
			preamble[i] = byte(i & 1)
		}
		bits := append(preamble, randomBits(rng, 600)...)
		var x []float32
		for range 20000 {
			x = append(x, float32(0.2*rng.NormFloat64()))
		}
		for _, v := range m.Modulate(nil, append(bits, 0, 1, 1, 0)) {
			x = append(x, v+float32(0.01*rng.NormFloat64()))
		}
		d, err := NewFSKDemodulator(G3RUH9600, 48000, FSKOptions{})
		if err != nil {
			t.Fatal(err)
		}
		soft := d.Flush(d.Process(nil, x))
		n := len(bits)
		for lead := 20000/5 - 300; lead < 20000/5+300; lead += 60 { // the clock wanders in noise
			n = min(n, wrong(bits, soft[lead:], 280))
		}
		if n != 0 {
			t.Errorf("seed %d: %d of 620 bits wrong", seed, n)
		}
	}
}
