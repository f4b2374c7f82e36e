package bch_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
	"spacechain/link/coding/bch"
)

func block(info [bch.InfoOctets]byte) (b [bch.BlockOctets]byte) {
	copy(b[:], info[:])
	b[7] = bch.Parity(info)
	return b
}

func TestPublishedBlocks(t *testing.T) {
	var y struct {
		Blocks []struct{ Info, Parity string } `json:"bch_63_56_codeblocks"`
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/yamcs-tests.json"), &y); err != nil {
		t.Fatal(err)
	}
	var s struct{ Vectors map[string]string }
	if err := json.Unmarshal(vectors.Open(t, "ccsds/spacepylibrary.json"), &s); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, b := range y.Blocks {
		all = append(all, b.Info+b.Parity)
	}
	all = append(all, s.Vectors["BCH_BLOCK_01"], s.Vectors["BCH_BLOCK_02"])
	if len(all) != 6 {
		t.Fatalf("%d blocks in the vectors", len(all))
	}
	for _, want := range all {
		raw, err := hex.DecodeString(want)
		if err != nil {
			t.Fatal(err)
		}
		got := block([7]byte(raw))
		if hex.EncodeToString(got[:]) != want {
			t.Errorf("encoded %x, want %s", got, want)
		}
	}
}

// A block from the standard's own telecommand example, so that the test stands without
// the vectors.
func TestKnownBlock(t *testing.T) {
	if got := bch.Parity([7]byte{0x22, 0xf6, 0x00, 0xff, 0x00, 0x42, 0x1a}); got != 0x12 {
		t.Fatalf("parity %02x, want 12", got)
	}
}

func TestErrorsByWeight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var info [7]byte
		copy(info[:], rapid.SliceOfN(rapid.Byte(), 7, 7).Draw(t, "info"))
		sent := block(info)
		at := rapid.SliceOfNDistinct(rapid.IntRange(0, 62), 0, 3, rapid.ID[int]).Draw(t, "at")
		for _, mode := range []bch.Mode{bch.Detect, bch.Correct} {
			got := sent
			for _, i := range at {
				got[i/8] ^= 0x80 >> (i & 7)
			}
			n, err := bch.Decode(&got, mode)
			switch {
			case len(at) == 0:
				if n != 0 || err != nil {
					t.Fatalf("%v: clean block: %d, %v", mode, n, err)
				}
			case mode == bch.Correct && len(at) == 1:
				if n != 1 || err != nil || got != sent {
					t.Fatalf("one error at %v: %d, %v, %x for %x", at, n, err, got, sent)
				}
			case mode == bch.Correct && len(at) == 3: // may be taken for one error elsewhere
			default:
				if !errors.Is(err, bch.ErrBlock) {
					t.Fatalf("%v passed %d errors at %v", mode, len(at), at)
				}
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0x22, 0xf6, 0x00, 0xff, 0x00, 0x42, 0x1a, 0x12}, true)
	f.Add([]byte{0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0xc5, 0x79}, true)
	f.Fuzz(func(t *testing.T, data []byte, correct bool) {
		if len(data) < 8 {
			return
		}
		mode := bch.Detect
		if correct {
			mode = bch.Correct
		}
		b := [8]byte(data)
		if _, err := bch.Decode(&b, mode); err == nil && bch.Parity([7]byte(b[:])) != b[7]&0xfe {
			t.Fatalf("%x passed as %x", data[:8], b)
		}
	})
}
