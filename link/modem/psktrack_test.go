package modem

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A tracker beside its signal, whose symbols turn, must not look like one that follows it, however
// strong the signal; noise looks like nothing; a weak signal followed looks better than both.
func TestQuality(t *testing.T) {
	const n = 20000
	for _, c := range []struct {
		name     string
		scheme   PSKScheme
		turn     float64 // cycles a symbol
		signal   float64 // amplitude of an arm
		noise    float64 // standard deviation of an arm
		low, top float64
	}{
		{"QPSK followed", QPSK, 0, 1, 0, 0.99, 1.01},
		{"QPSK followed, 10 dB", QPSK, 0, 1, 0.316, 0.70, 0.80},
		{"QPSK followed, 1 dB", QPSK, 0, 1, 0.89, 0.13, 0.20},
		{"QPSK beside", QPSK, 0.144, 1, 0, -0.02, 0.02},
		{"QPSK beside, 10 dB", QPSK, 0.1001, 1, 0.316, -0.02, 0.02},
		{"noise", QPSK, 0, 0, 1, -0.02, 0.02},
		{"OQPSK beside", OQPSK, 0.144, 1, 0, -0.02, 0.02},
		{"BPSK followed", BPSK, 0, 1, 0, 0.99, 1.01},
		{"BPSK beside", BPSK, 0.144, 1, 0, 0.05, 0.20},
		{"noise", BPSK, 0, 0, 1, -0.02, 0.02},
	} {
		rng := rand.New(rand.NewPCG(1, 2))
		l := &loops{scheme: c.scheme}
		tr := tracker{amp: 1}
		var q quality
		for i := range n {
			v := complex(c.signal*float64(2*rng.IntN(2)-1), 0)
			if c.scheme != BPSK {
				v = complex(real(v), c.signal*float64(2*rng.IntN(2)-1))
			}
			s, r := math.Sincos(2 * math.Pi * c.turn * float64(i))
			v *= complex(r, s)
			v += complex(c.noise*rng.NormFloat64(), c.noise*rng.NormFloat64())
			l.weigh(&tr, &q, complex64(v))
		}
		if v := q.value(c.scheme); v < c.low || v > c.top {
			t.Errorf("%s: quality %.3f, want %.2f to %.2f", c.name, v, c.low, c.top)
		}
	}
}
