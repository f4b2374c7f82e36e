package bundle

import (
	"encoding/hex"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestScannerFindsTheEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var ends []int
		for range rapid.IntRange(1, 3).Draw(t, "bundles") {
			stream = append(stream, drawBundle(t).Encode()...)
			ends = append(ends, len(stream))
		}
		var s Scanner
		at := 0
		for at < len(stream) {
			piece := stream[at:min(len(stream), at+rapid.IntRange(1, 60).Draw(t, "piece"))]
			n, done, err := s.Scan(piece)
			if err != nil {
				t.Fatal(err)
			}
			at += n
			if done {
				if at != ends[0] {
					t.Fatalf("end found at %d, is at %d", at, ends[0])
				}
				ends = ends[1:]
			} else if n != len(piece) {
				t.Fatalf("took %d of %d bytes", n, len(piece))
			}
		}
		if len(ends) != 0 {
			t.Fatalf("%d ends not found", len(ends))
		}
	})
}

func TestScannerOnPublicBundles(t *testing.T) {
	for _, v := range loadVectors(t) {
		raw, _ := hex.DecodeString(v.Hex)
		if _, err := Decode(raw); err != nil {
			continue
		}
		var s Scanner
		if n, done, err := s.Scan(append(raw, 0x9f)); n != len(raw) || !done || err != nil {
			t.Errorf("%s: %d of %d bytes, %v, %v", v.Name, n, len(raw), done, err)
		}
	}
}

func TestScannerStopsAtLimits(t *testing.T) {
	p := Primary{Destination: IPN(2, 1), Source: IPN(1, 1), LifetimeMs: 1000}
	raw := New(p, make([]byte, 1000)).Encode()
	s := Scanner{Limits: Limits{MaxSize: 500}}
	n, _, err := s.Scan(raw)
	if !errors.Is(err, ErrTooLarge) || n > 60 {
		t.Errorf("announced 1000 bytes: %v after %d bytes", err, n)
	}
	for _, bad := range []string{"00", "9f5f", "9fa0", "9fc0", "9f9f", "9f8181818181818181818181", "9f1c"} {
		raw, _ := hex.DecodeString(bad)
		s := Scanner{}
		if _, _, err := s.Scan(raw); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func FuzzScanner(f *testing.F) {
	for _, raw := range seedBundles(f) {
		f.Add(raw, 3)
	}
	f.Fuzz(func(t *testing.T, raw []byte, cut int) {
		_, err := Decode(raw)
		cut = min(max(cut, 0), len(raw))
		var s Scanner
		n, done, err1 := s.Scan(raw[:cut])
		if n > cut {
			t.Fatal("took more than there is")
		}
		if err1 == nil && !done {
			var m int
			m, done, err1 = s.Scan(raw[cut:])
			n += m
		}
		if err == nil && (n != len(raw) || !done || err1 != nil) {
			t.Fatalf("a bundle of %d bytes: end at %d, %v, %v", len(raw), n, done, err1)
		}
	})
}
