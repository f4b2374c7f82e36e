package golay_test

import (
	"math/bits"
	"testing"

	"spacechain/link/coding/golay"
)

func TestWeights(t *testing.T) {
	// The weight enumerator 1 + 759 z^8 + 2576 z^12 + 759 z^16 + z^24 belongs to this
	// code alone.
	var count [25]int
	for d := range uint16(4096) {
		count[bits.OnesCount32(golay.Encode(d))]++
	}
	for w, want := range map[int]int{0: 1, 8: 759, 12: 2576, 16: 759, 24: 1} {
		if count[w] != want {
			t.Errorf("%d words of weight %d, want %d", count[w], w, want)
		}
	}
}

// The parity check rows that decoders of the AX100's length field publish.
func TestParityRows(t *testing.T) {
	h := [12]uint32{0x8008ed, 0x4001db, 0x2003b5, 0x100769, 0x80ed1, 0x40da3, 0x20b47, 0x1068f, 0x8d1d, 0x4a3b, 0x2477, 0x1ffe}
	for d := range uint16(4096) {
		for i, row := range h {
			if bits.OnesCount32(golay.Encode(d)&row)&1 != 0 {
				t.Fatalf("word of %03x breaks parity row %d", d, i)
			}
		}
	}
}

func TestCorrectsThreeDetectsFour(t *testing.T) {
	for _, d := range []uint16{0, 0xfff, 0x0d5, 0xa5a} {
		word := golay.Encode(d)
		for i := range 24 {
			for j := i; j < 24; j++ {
				for k := j; k < 24; k++ {
					e := uint32(1<<i | 1<<j | 1<<k)
					got, n, ok := golay.Decode(word ^ e)
					if !ok || got != d || n != bits.OnesCount32(e) {
						t.Fatalf("%03x with error %06x: %03x, %d, %v", d, e, got, n, ok)
					}
					for l := k + 1; l < 24 && bits.OnesCount32(e) == 3; l++ {
						if _, _, ok := golay.Decode(word ^ e ^ 1<<l); ok {
							t.Fatalf("%03x with four errors passed", d)
						}
					}
				}
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint32(0xffffff))
	f.Add(golay.Encode(0x123) ^ 7)
	f.Fuzz(func(t *testing.T, word uint32) {
		d, n, ok := golay.Decode(word)
		if ok && bits.OnesCount32((golay.Encode(d)^word)&0xffffff) != n {
			t.Fatalf("%06x: %03x is not %d bits away", word, d, n)
		}
	})
}
