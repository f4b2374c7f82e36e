package modem_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/modem"
)

// turnStream is what a receiver that is a multiple of its ambiguity off makes of a stream of bits,
// with soft bits of random size.
func turnStream(rng *rand.Rand, scheme modem.PSKScheme, quarter int, mirror bool, bits []byte) []int8 {
	soft := make([]int8, len(bits)&^1)
	for i := range soft {
		soft[i] = int8(20 + rng.IntN(40))
		if bits[i] == 0 {
			soft[i] = -soft[i]
		}
	}
	for i := 0; i < len(soft); i += 2 {
		a, b := soft[i], soft[i+1]
		if mirror {
			b = -b
		}
		switch scheme {
		case modem.BPSK:
			if quarter%2 == 1 {
				a, b = -a, -b
			}
		case modem.OQPSK:
			// Told by the sign of either arm.
			if quarter&1 == 1 {
				a = -a
			}
			if quarter&2 == 2 {
				b = -b
			}
		default:
			for range quarter {
				a, b = b, -a
			}
		}
		soft[i], soft[i+1] = a, b
	}
	return soft
}

// Whatever the phase, the marker is found and the frame after it comes out as sent, wherever it
// starts in the stream.
func TestMarkerResolvesThePhase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		scheme := rapid.SampledFrom([]modem.PSKScheme{modem.BPSK, modem.QPSK, modem.OQPSK}).Draw(t, "scheme")
		quarter := rapid.IntRange(0, 3).Draw(t, "quarter")
		mirror := scheme == modem.QPSK && rapid.Bool().Draw(t, "mirror")
		random := func(n int) (bits []byte) {
			for range n {
				bits = append(bits, byte(rng.IntN(2)))
			}
			return bits
		}
		lead := random(rapid.IntRange(0, 400).Draw(t, "lead"))
		marker := random(64)
		frame := random(rapid.IntRange(1, 300).Draw(t, "frame"))
		soft := turnStream(rng, scheme, quarter, mirror, slices.Concat(lead, marker, frame, random(8)))
		m, err := modem.NewMarker(marker, scheme, 0.9, mirror)
		if err != nil {
			t.Fatal(err)
		}
		c, err := modem.NewCutter(m, len(frame))
		if err != nil {
			t.Fatal(err)
		}
		var got []modem.SoftFrame
		for len(soft) > 0 { // in pieces
			n := min(len(soft), 1+rng.IntN(90))
			got = c.Process(got, soft[:n])
			soft = soft[n:]
		}
		if len(got) != 1 {
			t.Fatalf("%d frames", len(got))
		}
		if got[0].End != int64(len(lead)+64) || got[0].Score < 0.999 {
			t.Fatalf("found %+v after %d bits", got[0].Match, len(lead))
		}
		for i, b := range frame {
			if (got[0].Soft[i] > 0) != (b == 1) {
				t.Fatalf("bit %d of the frame is wrong", i)
			}
		}
	})
}

// Seven of 64 bits wrong leave a score of 0.78 with bits of one size.
func TestMarkerScore(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	marker := make([]byte, 64)
	soft := make([]int8, 64)
	for i := range marker {
		marker[i] = byte(rng.IntN(2))
		soft[i] = int8(marker[i])*80 - 40
	}
	for i := range 7 {
		soft[9*i] = -soft[9*i]
	}
	for _, k := range []struct {
		threshold float64
		found     int
	}{{0.78, 1}, {0.79, 0}} {
		m, err := modem.NewMarker(marker, modem.BPSK, k.threshold, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Process(nil, soft); len(got) != k.found {
			t.Errorf("threshold %g: %+v", k.threshold, got)
		}
	}
	// Erasures count as nothing; with too many of them nothing is found.
	for i := range 16 {
		soft[4*i] = 0
	}
	for erased, found := range []int{1, 0} {
		m, err := modem.NewMarker(marker, modem.BPSK, 0.7, false)
		if err != nil {
			t.Fatal(err)
		}
		soft[1] *= int8(1 - erased)
		if got := m.Process(nil, soft); len(got) != found {
			t.Errorf("%d erasures: %+v", 16+erased, got)
		}
	}
	for _, bad := range []struct {
		bits      int
		threshold float64
	}{{7, 0.8}, {65, 0.8}, {32, 0}, {32, 1.1}} {
		if _, err := modem.NewMarker(make([]byte, bad.bits), modem.BPSK, bad.threshold, false); err == nil {
			t.Errorf("a marker of %d bits with threshold %g was taken", bad.bits, bad.threshold)
		}
	}
	if _, err := modem.NewCutter(nil, 0); err == nil {
		t.Error("frames of no bits were taken")
	}
}

// FuzzCutter feeds it anything: frames have the length asked for and lie where bits were.
func FuzzCutter(f *testing.F) {
	f.Add([]byte{0x1a, 0xcf, 0xfc, 0x1d, 1, 2, 3}, uint8(9), uint8(1))
	f.Add([]byte{0x80, 0x80, 0, 0x7f}, uint8(1), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, length, scheme uint8) {
		marker := []byte{0, 1, 1, 0, 1, 0, 0, 1, 1}
		m, err := modem.NewMarker(marker, modem.PSKScheme(scheme%3), 0.1, scheme > 100)
		if err != nil {
			t.Fatal(err)
		}
		c, err := modem.NewCutter(m, int(length)+1)
		if err != nil {
			t.Fatal(err)
		}
		soft := make([]int8, len(data))
		for i, b := range data {
			soft[i] = int8(b)
		}
		for _, fr := range c.Process(nil, soft) {
			if len(fr.Soft) != int(length)+1 || fr.End < 9 || fr.End+int64(len(fr.Soft)) > int64(len(soft)) {
				t.Fatalf("frame of %d bits at %d of %d", len(fr.Soft), fr.End, len(soft))
			}
		}
	})
}
