package modem

import (
	"math"
	"math/rand/v2"
	"testing"

	"spacechain/link/modem/dsp"
)

// Where the bits of a signal end in the nominal ones that the clock counts is chance. Near the
// threshold it must not matter: as long as the clock took noise to have a phase of its own,
// signals of the opposite one lost bits by the dozen.
func TestBitsEndAnywhere(t *testing.T) {
	const rate, n = 48000, 16000
	direct := func() func(x []complex64) []int8 {
		d, err := NewFSKDemodulator(GMSK9600, rate, FSKOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return func(x []complex64) []int8 { return d.Flush(d.ProcessIQ(nil, x)) }
	}
	for _, k := range []struct {
		name   string
		baud   float64
		ebN0DB float64
		most   int // wrong bits of n
		// play gives the soft bits of levels in noise of so much a sample, late by some samples.
		play func(bits []byte, rng *rand.Rand, sigma, late float64) []int8
	}{
		{"AFSK 1200", 1200, 5.5, n / 50, playAFSK(Bell202, rate)},
		{"AFSK 4800", 4800, 5.5, n / 50, playAFSK(AFSK4800, rate)},
		{"GMSK 9600 over FM", 9600, 7, n / 20, playGMSK(rate, 0, func() func(x []complex64) []int8 {
			fm, err := NewFMDiscriminator(FM{Deviation: 2400, Top: 4800, Search: 11.5e3}, rate)
			if err != nil {
				t.Fatal(err)
			}
			d, err := NewFSKDemodulator(GMSK9600, rate, FSKOptions{Cutoff: 0.6, Steady: true})
			if err != nil {
				t.Fatal(err)
			}
			return func(x []complex64) []int8 { return d.Flush(d.Process(nil, fm.Process(nil, x))) }
		})},
		{"GMSK 9600 from I/Q", 9600, 10, n / 100, playGMSK(rate, 0, direct)},
		{"GMSK 9600 a quarter of the bit rate off", 9600, 10, n / 50, playGMSK(rate, 2400, direct)},
	} {
		perBit := rate / k.baud
		for tenth := range 10 {
			rng := rand.New(rand.NewPCG(3, 3))
			bits := make([]byte, n)
			for i := range bits {
				bits[i] = byte(rng.IntN(2))
			}
			late := float64(tenth) / 10 * perBit
			soft := k.play(bits, rng, math.Sqrt(perBit/2/math.Pow(10, k.ebN0DB/10)), late)
			wrong, slips, at := 0, 0, 0
			for from := 1000; from+1000 < n; from += 500 {
				least, shift := math.MaxInt, 0
				for s := -20; s <= 20; s++ {
					w := 0
					for i := from; i < from+500; i++ {
						if i+s >= len(soft) || (soft[i+s] > 0) != (bits[i] == 1) {
							w++
						}
					}
					if w < least {
						least, shift = w, s
					}
				}
				wrong += least
				if from > 1000 && shift != at {
					slips++
				}
				at = shift
			}
			t.Logf("%s, %.1f samples late: %d wrong, %d slips", k.name, late, wrong, slips)
			if wrong > k.most || slips > 4 {
				t.Errorf("%s at %g dB, bits end %.1f samples late: %d of %d wrong, %d slips; want at most %d and 4", k.name, k.ebN0DB, late, wrong, n, slips, k.most)
			}
		}
	}
}

// playAFSK is for audio of a mode at a rate.
func playAFSK(mode AFSK, rate float64) func(bits []byte, rng *rand.Rand, sigma, late float64) []int8 {
	return func(bits []byte, rng *rand.Rand, sigma, late float64) []int8 {
		m, err := NewAFSKModulator(mode, rate, 1)
		if err != nil {
			panic(err)
		}
		d, err := NewAFSKDemodulator(mode, rate, AFSKOptions{})
		if err != nil {
			panic(err)
		}
		x := m.Modulate(make([]float32, int(late)), bits)
		sigma /= math.Sqrt2 // half the power in audio of amplitude one
		for i := range x {
			x[i] += float32(sigma * rng.NormFloat64())
		}
		return d.Flush(d.Process(nil, x))
	}
}

// playGMSK is for complex samples of GMSK at a rate, the carrier off by some hertz, and what a new
// receiver makes of them. It makes samples at ten times the rate, to begin between those of the rate.
func playGMSK(rate, off float64, open func() func(x []complex64) []int8) func(bits []byte, rng *rand.Rand, sigma, late float64) []int8 {
	return func(bits []byte, rng *rand.Rand, sigma, late float64) []int8 {
		m, err := NewFSKModulator(GMSK9600, 10*rate, 1)
		if err != nil {
			panic(err)
		}
		carrier := dsp.NewNCO(off, rate)
		var x []complex64
		for y := m.ModulateIQ(make([]complex64, int(10*late)), bits); len(y) >= 10; y = y[10:] {
			x = append(x, mul(y[0], carrier.Next())+complex(float32(sigma*rng.NormFloat64()), float32(sigma*rng.NormFloat64())))
		}
		return open()(x)
	}
}
