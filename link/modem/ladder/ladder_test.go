package ladder

import (
	"math"
	"slices"
	"testing"
)

func TestAudio(t *testing.T) {
	for _, l := range All() {
		a, err := l.Audio(20, 1)
		if err != nil {
			t.Fatal(err)
		}
		b, err := l.Audio(20, 1)
		if err != nil || !slices.Equal(a, b) {
			t.Errorf("%s: one seed, two ladders (%v)", l.Name, err)
		}
		if c, err := l.Audio(20, 2); err != nil || slices.Equal(a, c) {
			t.Errorf("%s: two seeds, one ladder (%v)", l.Name, err)
		}
		// The noise grows: power of uniform noise on top of that of the signal.
		power := func(x []float32) (sum float64) {
			for _, v := range x {
				sum += float64(v) * float64(v)
			}
			return sum / float64(len(x))
		}
		n := len(a) / 20
		grown := power(a[19*n:]) - power(a[:n])
		if want := l.Noise * l.Noise / 3; math.Abs(grown/want-1) > 0.1 {
			t.Errorf("%s: noise power grows by %.4f, want %.4f", l.Name, grown, want)
		}
		for _, n := range []int{0, -1, 10000} {
			if _, err := l.Audio(n, 1); err == nil {
				t.Errorf("%s: a ladder of %d frames", l.Name, n)
			}
		}
		if _, err := l.Signal([]byte{0, 1}, 1); err == nil {
			t.Errorf("%s: audio at 1 Hz", l.Name)
		}
	}
}

func TestCount(t *testing.T) {
	frame := func(s string) []byte { return []byte("head,The quick brown fox jumps over the lazy dog!  " + s) }
	heard, others := Count([][]byte{frame("0001 of 0100"), frame("0100 of 0100"), frame("0001 of 0100"), frame("0101 of 0100"), frame("0000 of 0100"), frame("0007 of 0100x"), nil})
	if heard != 2 || others != 5 {
		t.Errorf("%d heard, %d others", heard, others)
	}
}
