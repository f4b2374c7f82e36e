package modem

import (
	"math/rand/v2"
	"testing"
)

// What the table of sums gives is the sum of the pulses, ends of bursts included.
func TestPulseSums(t *testing.T) {
	for _, p := range []PSK{
		{Scheme: QPSK, Baud: 12000}, {Scheme: OQPSK, Baud: 12000, RollOff: 0.25}, {Baud: 9600, Line: NRZS}, {Baud: 12000, Manchester: true, Rectangular: true},
	} {
		fast, err := p.NewModulator(48000)
		if err != nil {
			t.Fatal(err)
		}
		slow, err := p.NewModulator(48000)
		if err != nil {
			t.Fatal(err)
		}
		if fast.sums == nil {
			t.Fatalf("%+v has no table", p)
		}
		slow.sums, slow.codes = nil, [2][]uint8{}
		rng := rand.New(rand.NewPCG(1, 2))
		bits := make([]byte, 3000)
		for i := range bits {
			bits[i] = byte(rng.IntN(2))
		}
		x := fast.FlushIQ(fast.ModulateIQ(nil, bits))
		y := slow.FlushIQ(slow.ModulateIQ(nil, bits))
		x = fast.FlushIQ(fast.ModulateIQ(x, bits[:100]))
		y = slow.FlushIQ(slow.ModulateIQ(y, bits[:100]))
		if len(x) != len(y) {
			t.Fatalf("%d samples, want %d", len(x), len(y))
		}
		for i, v := range x {
			if d := v - y[i]; norm(d) > 1e-10 {
				t.Fatalf("%+v: sample %d is %v, want %v", p, i, v, y[i])
			}
		}
	}
}
