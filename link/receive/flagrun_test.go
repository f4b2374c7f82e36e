package receive

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/modem"
	"spacechain/link/modem/tnc"
)

// Satellites that send nothing but flags before a frame are heard, however many flags, with a carrier
// off its place, each frame once: by FSK without a scrambler, where flags are high seven bits of eight.
func TestLongRunsOfFlags(t *testing.T) {
	const rate = 48000
	m, err := ParseModem("fsk9600")
	if err != nil {
		t.Fatal(err)
	}
	mode, _ := m.FSK()
	of := []Combination{{m.Name, "ax25", ""}}
	for _, flags := range []int{20, 60, 150, 400} {
		rng := rand.New(rand.NewPCG(1, uint64(flags)))
		const sent = 8
		var x []float32
		var z []complex64
		for i := range sent {
			f, err := ax25.UI(ax25.Address{Call: "CQ"}, ax25.Address{Call: "N0CALL"}, fmt.Appendf(nil, "frame %d with some telemetry in it", i)).Encode()
			if err != nil {
				t.Fatal(err)
			}
			fr := ax25.NewFramer(ax25.Line{NRZI: true})
			bits := append(fr.Flags(fr.Frame(fr.Flags(nil, flags), f), 4), 0, 0, 0, 0)
			mod, err := modem.NewFSKModulator(mode, rate, 0.5)
			if err != nil {
				t.Fatal(err)
			}
			x = append(mod.Modulate(x, bits), make([]float32, rate/4)...)
			if mod, err = modem.NewFSKModulator(mode, rate, 0.5); err != nil {
				t.Fatal(err)
			}
			z = append(mod.ModulateIQ(z, bits), make([]complex64, rate/4)...)
		}
		// Eb/N0 of 16 dB.
		sigma := 0.5 * math.Sqrt(rate/mode.Baud/2/math.Pow(10, 1.6))
		for i := range x {
			x[i] += float32(0.7 * sigma * rng.NormFloat64())
			sin, cos := math.Sincos(2 * math.Pi * 300 * float64(i) / rate)
			z[i] = z[i]*complex(float32(cos), float32(sin)) + complex(float32(sigma*rng.NormFloat64()), float32(sigma*rng.NormFloat64()))
		}
		heard := map[string]int{}
		for _, f := range decode(t, rate, tnc.Quick, x, of...) {
			heard[string(f.Data)]++
		}
		iq, refused := OpenIQ(of, Options{Rate: rate, Effort: tnc.Quick}, Tuning{})
		if len(refused) > 0 {
			t.Fatal(refused)
		}
		for _, f := range iq.Flush(iq.Process(nil, z)) {
			heard[string(f.Data)] += 100
			if f.Time < 0 || f.Time > float64(len(z))/rate+0.1 {
				t.Errorf("%d flags: a frame at %.2f s", flags, f.Time)
			}
		}
		whole := 0
		for f, n := range heard {
			if n == 101 {
				whole++
			}
			if n%100 > 1 || n > 101 {
				t.Errorf("%d flags: %q came %d times", flags, f, n)
			}
		}
		if whole < sent {
			t.Errorf("%d flags: %d frames of %d heard as audio and I/Q alike", flags, whole, sent)
		}
	}
}
