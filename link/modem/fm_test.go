package modem_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"spacechain/link/modem"
)

var voice = modem.FM{Deviation: 3000, Top: 2400, Search: 4000}

// A tone comes out of a discriminator as it went into a modulator, wherever the carrier is.
func TestFM(t *testing.T) {
	const rate, tone = 48000.0, 1700.0
	for _, offset := range []float64{0, 3600, -4000} {
		m, err := modem.NewFMModulator(voice, rate)
		if err != nil {
			t.Fatal(err)
		}
		d, err := modem.NewFMDiscriminator(voice, rate)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		audio := make([]float32, 48000)
		for i := range audio {
			audio[i] = float32(0.8 * math.Sin(2*math.Pi*tone*float64(i)/rate))
		}
		x := m.ModulateIQ(nil, audio)
		for i, v := range x {
			if a := math.Hypot(float64(real(v)), float64(imag(v))); math.Abs(a-1) > 1e-5 {
				t.Fatalf("sample %d has an amplitude of %g", i, a)
			}
			s, c := math.Sincos(2 * math.Pi * offset * float64(i) / rate)
			v *= complex(float32(c), float32(s))
			x[i] = v + complex(float32(0.1*rng.NormFloat64()), float32(0.1*rng.NormFloat64()))
		}
		out := d.Process(nil, x)
		if len(out) != len(x) {
			t.Fatalf("%d samples of audio for %d", len(out), len(x))
		}
		// The tone's share, and what is left over, in the second half.
		var re, im, power float64
		half := out[24000:]
		for i, v := range half {
			s, c := math.Sincos(2 * math.Pi * tone * float64(i) / rate)
			re += float64(v) * c
			im += float64(v) * s
			power += float64(v) * float64(v)
		}
		n := float64(len(half))
		amplitude := 2 * math.Hypot(re, im) / n
		if math.Abs(amplitude-0.8) > 0.05 || power/n-amplitude*amplitude/2 > 0.02 {
			t.Errorf("%g Hz off: amplitude %.3f, %.4f of power beside it", offset, amplitude, power/n-amplitude*amplitude/2)
		}
		if math.Abs(d.OffsetHz()-offset) > 150 {
			t.Errorf("%g Hz off are seen as %.0f", offset, d.OffsetHz())
		}
		// Noise of 0.02 over 48 kHz is 4.6 dB less in the signal's band.
		if cnr := d.CNR(); cnr < 50 {
			t.Errorf("a clean carrier has a ratio of %g", cnr)
		}
	}
}

// Noise, silence and things that are no numbers are no carrier, and leave nothing behind.
func TestFMWithoutCarrier(t *testing.T) {
	d, err := modem.NewFMDiscriminator(voice, 48000)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	x := make([]complex64, 48000)
	for i := range x {
		x[i] = complex(float32(rng.NormFloat64()), float32(rng.NormFloat64()))
	}
	x[100] = complex(float32(math.NaN()), float32(math.Inf(1)))
	for i, v := range d.Process(nil, x) {
		if !(v >= -1.2 && v <= 1.2) {
			t.Fatalf("audio of %g at %d", v, i)
		}
	}
	if cnr := d.CNR(); cnr > 1.5 {
		t.Errorf("noise has a carrier, ratio %g", cnr)
	}
	if at := d.OffsetHz(); math.Abs(at) > 2000 {
		t.Errorf("noise drew the filter to %.0f Hz", at)
	}
	for _, bad := range []modem.FM{{}, {Deviation: 3000}, {Deviation: 3000, Top: 3000, Search: 50000}, {Deviation: math.NaN(), Top: 1}} {
		if _, err := modem.NewFMDiscriminator(bad, 48000); err == nil {
			t.Errorf("a discriminator of %+v", bad)
		}
		if _, err := modem.NewFMModulator(bad, 48000); err == nil {
			t.Errorf("a modulator of %+v", bad)
		}
	}
}
