package modem

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A carrier that has been there for a while is not taken to be elsewhere because some hundred bits
// hold many more ones than zeros; one that jumps is found again as fast as a new one.
func TestFMDiscriminatorHoldsCentre(t *testing.T) {
	const rate, deviation = 48000, 2400.0
	rng := rand.New(rand.NewPCG(1, 2))
	for _, jump := range []float64{-16000, -4000, 3000, 16000} {
		d, err := NewFMDiscriminator(FM{Deviation: deviation, Top: 4800, Search: 11.5e3}, rate)
		if err != nil {
			t.Fatal(err)
		}
		phase := 0.0
		send := func(bits int, offset, ones float64) {
			for range bits {
				f := offset - deviation
				if rng.Float64() < ones {
					f += 2 * deviation
				}
				var x []complex64
				for range rate / 9600 {
					phase += 2 * math.Pi * f / rate
					s, c := math.Sincos(phase)
					x = append(x, complex64(complex(c+0.1*rng.NormFloat64(), s+0.1*rng.NormFloat64())))
				}
				d.Process(nil, x)
			}
		}
		at := -jump / 2
		send(2400, at, 0.5)
		if off := d.OffsetHz() - at; math.Abs(off) > 200 {
			t.Errorf("carrier at %.0f Hz: %.0f Hz off after a quarter of a second", at, off)
		}
		send(190, at, 0.7)
		if off := d.OffsetHz() - at; math.Abs(off) > 450 {
			t.Errorf("carrier at %.0f Hz: %.0f Hz off after 70 %% ones", at, off)
		}
		send(480, at+jump, 0.5)
		if off := d.OffsetHz() - at - jump; math.Abs(off) > 1200 {
			t.Errorf("carrier from %.0f to %.0f Hz: %.0f Hz off at the end of a preamble", at, at+jump, off)
		}
	}
}
