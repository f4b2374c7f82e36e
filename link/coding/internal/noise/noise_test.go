package noise_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"spacechain/link/coding/internal/noise"
)

// The soft bits drawn are distributed as those from normal deviates.
func TestDistribution(t *testing.T) {
	const amplitude, draws = 24, 400_000
	for _, esN0DB := range []float64{-3, 2, 8} {
		sigma := 1 / math.Sqrt(2*math.Pow(10, esN0DB/10))
		r := rand.New(rand.NewPCG(1, 9))
		c := noise.New(amplitude, esN0DB)
		bits := make([]byte, draws)
		for i := range bits {
			bits[i] = byte(i & 1)
		}
		var got, want [255]int
		for i, s := range c.Soft(nil, r, bits) {
			if i&1 == 0 {
				s = -s
			}
			got[int(s)+127]++
			x := amplitude * (1 + sigma*r.NormFloat64())
			want[int(math.Round(max(-127, min(127, x))))+127]++
		}
		for i := range got {
			if d := math.Abs(float64(got[i] - want[i])); d > 5*math.Sqrt(float64(got[i]+want[i]+1)) {
				t.Errorf("%v dB: soft bit %d drawn %d times of %d, want about %d", esN0DB, i-127, got[i], draws, want[i])
			}
		}
	}
}

func TestOddNumberOfBits(t *testing.T) {
	c := noise.New(30, 40)
	got := c.Soft([]int8{5}, rand.New(rand.NewPCG(1, 2)), []byte{1, 0, 1})
	if len(got) != 4 || got[0] != 5 || got[1] < 28 || got[2] > -28 || got[3] < 28 {
		t.Fatalf("%v", got)
	}
}

func BenchmarkSoft(b *testing.B) {
	c := noise.New(24, 1)
	r := rand.New(rand.NewPCG(1, 2))
	bits := make([]byte, 2048)
	var dst []int8
	b.SetBytes(2048)
	for b.Loop() {
		dst = c.Soft(dst[:0], r, bits)
	}
}
