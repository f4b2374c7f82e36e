package ax100

import (
	"math/rand/v2"
	"testing"
)

// Noise that ends in silence or a bare carrier: a marker in its last bits makes no frame of the
// zeros, or of the randomizer's sequence, that follow.
func TestRestIsNoFrame(t *testing.T) {
	for _, m := range []Mode{ASMGolay, ReedSolomon, U482C} {
		for _, level := range []int8{0, 1, -1, 90, -90} {
			rng := rand.New(rand.NewPCG(1, 2))
			d := NewDeframer(m)
			for range 2000 {
				var soft []int8
				for range 400 {
					soft = append(soft, int8(max(-127, min(127, 40*rng.NormFloat64()))))
				}
				for range 2100 {
					soft = append(soft, level)
				}
				for _, f := range d.Process(nil, soft) {
					t.Errorf("%v, rest of %d: a frame of %x", m, level, f.Data)
				}
			}
		}
	}
}
