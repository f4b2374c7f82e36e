package modem_test

import (
	"testing"

	"spacechain/link/modem"
)

// What Spread says is what a modulator does.
func TestSpread(t *testing.T) {
	for _, p := range []modem.PSK{
		{Baud: 1200}, {Baud: 9600}, {Scheme: modem.QPSK, Baud: 12000}, {Scheme: modem.OQPSK, Baud: 12000, RollOff: 0.2},
	} {
		const rate = 48000
		m, err := p.NewModulator(rate)
		if err != nil {
			t.Fatal(err)
		}
		bits := make([]byte, 20)
		x := m.FlushIQ(m.ModulateIQ(nil, bits))
		delay, more := p.Spread(rate)
		symbols := len(bits) / p.Scheme.BitsPerSymbol()
		if want := symbols*int(rate/p.Baud) + more; len(x) != want || delay != int(m.Delay()) {
			t.Errorf("%+v: %d samples late by %g, want %d by %d", p, len(x), m.Delay(), want, delay)
		}
	}
}
