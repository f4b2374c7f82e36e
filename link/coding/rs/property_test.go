package rs_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/coding/rs"
)

// codes are all that the project uses: CCSDS in both bases, FX.25, IL2P, and one of an
// odd number of check symbols.
func codes(t testing.TB) []*rs.Code {
	t.Helper()
	all := []*rs.Code{
		rs.CCSDS(16, rs.Dual), rs.CCSDS(16, rs.Conventional), rs.CCSDS(8, rs.Dual), rs.CCSDS(8, rs.Conventional),
	}
	for _, p := range []rs.Params{
		{Poly: 0x11d, FirstRoot: 0, Prim: 1, Parity: 2},
		{Poly: 0x11d, FirstRoot: 0, Prim: 1, Parity: 8},
		{Poly: 0x11d, FirstRoot: 1, Prim: 1, Parity: 16},
		{Poly: 0x11d, FirstRoot: 1, Prim: 1, Parity: 64},
		{Poly: 0x187, FirstRoot: 3, Prim: 7, Parity: 19, Basis: rs.Dual},
	} {
		c, err := rs.New(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

// scatter draws n distinct numbers below limit.
func scatter(r *rand.Rand, n, limit int) []int { return r.Perm(limit)[:n] }

func TestErrorsAndErasuresWithinReach(t *testing.T) {
	all := codes(t)
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(all).Draw(t, "code")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		size := rapid.IntRange(0, c.DataSize()).Draw(t, "size")
		sent := make([]byte, size+c.Parity())
		for i := range sent[:size] {
			sent[i] = byte(r.Uint32())
		}
		c.Encode(sent[:size], sent[size:])
		erased := rapid.IntRange(0, min(c.Parity(), len(sent))).Draw(t, "erased")
		wrong := rapid.IntRange(0, min((c.Parity()-erased)/2, len(sent)-erased)).Draw(t, "wrong")
		at := scatter(r, erased+wrong, len(sent))
		got := bytes.Clone(sent)
		changed := 0
		for i, k := range at {
			e := byte(r.IntN(256)) // an erased symbol may be right
			if i >= erased {
				e = byte(1 + r.IntN(255))
			}
			if got[k] ^= e; e != 0 {
				changed++
			}
		}
		n, err := c.Decode(got, at[:erased])
		if err != nil || n != changed || !bytes.Equal(got, sent) {
			t.Fatalf("%+v, %d symbols, %d erased, %d wrong: %d, %v", c.Params(), len(sent), erased, wrong, n, err)
		}
	})
}

// Beyond its reach a word is refused unchanged or taken for another codeword within
// reach of what was received; it never becomes anything else.
func TestBeyondReach(t *testing.T) {
	all := codes(t)
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(all).Draw(t, "code")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		size := rapid.IntRange(1, c.DataSize()).Draw(t, "size")
		sent := make([]byte, size+c.Parity())
		for i := range sent[:size] {
			sent[i] = byte(r.Uint32())
		}
		c.Encode(sent[:size], sent[size:])
		erased := rapid.IntRange(0, min(c.Parity(), len(sent))).Draw(t, "erased")
		most := len(sent) - erased
		wrong := min((c.Parity()-erased)/2+1+r.IntN(8), most)
		at := scatter(r, erased+wrong, len(sent))
		got := bytes.Clone(sent)
		for _, k := range at {
			got[k] ^= byte(1 + r.IntN(255))
		}
		received := bytes.Clone(got)
		n, err := c.Decode(got, at[:erased])
		if err != nil {
			if !errors.Is(err, rs.ErrUncorrectable) || !bytes.Equal(got, received) {
				t.Fatalf("%v; changed: %v", err, !bytes.Equal(got, received))
			}
			return
		}
		check := make([]byte, c.Parity())
		c.Encode(got[:size], check)
		if !bytes.Equal(check, got[size:]) {
			t.Fatalf("%+v: the result is no codeword", c.Params())
		}
		differs := 0
		for i := range got {
			if got[i] != received[i] {
				differs++
			}
		}
		if differs != n || n > erased+(c.Parity()-erased)/2 {
			t.Fatalf("%d symbols differ, %d reported", differs, n)
		}
	})
}

// The chance of taking a word with too many errors for another one is about 1/t!;
// with sixteen nothing may pass.
func TestTooManyErrorsAreFound(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	c := rs.CCSDS(16, rs.Dual)
	for range 500 {
		w := make([]byte, 255)
		for i := range w[:223] {
			w[i] = byte(r.Uint32())
		}
		c.Encode(w[:223], w[223:])
		for _, k := range scatter(r, 17+r.IntN(100), 255) {
			w[k] ^= byte(1 + r.IntN(255))
		}
		if _, err := c.Decode(w, nil); !errors.Is(err, rs.ErrUncorrectable) {
			t.Fatalf("a word with too many errors passed: %v", err)
		}
	}
}

func TestBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom([]int{8, 16}).Draw(t, "e")
		b := rs.Block{
			Code:  rs.CCSDS(e, rapid.SampledFrom([]rs.Basis{rs.Dual, rs.Conventional}).Draw(t, "basis")),
			Depth: rapid.IntRange(1, 8).Draw(t, "depth"),
			Fill:  rapid.IntRange(0, 200).Draw(t, "fill"),
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
		frame := make([]byte, b.FrameSize())
		for i := range frame {
			frame[i] = byte(r.Uint32())
		}
		sent, err := b.Encode(nil, frame)
		if err != nil || len(sent) != b.Size() || !bytes.Equal(sent[:len(frame)], frame) {
			t.Fatalf("encoding: %v", err)
		}
		// A burst as long as all words together correct, with its place unknown, then
		// one of twice the length with its place known.
		for _, known := range []bool{false, true} {
			got := bytes.Clone(sent)
			n := e * b.Depth
			if known {
				n *= 2
			}
			at := r.IntN(len(got) - n + 1)
			var erasures []int
			for i := range n {
				got[at+i] ^= byte(1 + r.IntN(255))
				if known {
					erasures = append(erasures, at+i)
				}
			}
			rep, err := b.Decode(got, erasures)
			if err != nil || rep.Total() != n || !bytes.Equal(got, sent) {
				t.Fatalf("burst of %d at %d, known %v: %+v, %v", n, at, known, rep, err)
			}
		}
		got := bytes.Clone(sent)
		for i := range e + 1 { // one word too many errors, the others none
			got[i*b.Depth] ^= 0x55
		}
		if rep, err := b.Decode(got, nil); !errors.Is(err, rs.ErrUncorrectable) || rep.Failed != 1 {
			t.Fatalf("%d errors in a word: %+v, %v", e+1, rep, err)
		}
	})
}

func TestRefusals(t *testing.T) {
	for _, p := range []rs.Params{
		{Poly: 0x187, Prim: 11, Parity: 1}, {Poly: 0x187, Prim: 11, Parity: 65}, {Poly: 0x87, Prim: 1, Parity: 8},
		{Poly: 0x11b, Prim: 1, Parity: 8}, {Poly: 0x187, Prim: 3, Parity: 8}, {Poly: 0x187, Prim: 0, Parity: 8},
		{Poly: 0x11d, Prim: 1, Parity: 8, Basis: rs.Dual},
	} {
		if _, err := rs.New(p); err == nil {
			t.Errorf("%+v was accepted", p)
		}
	}
	c := rs.CCSDS(16, rs.Dual)
	w := make([]byte, 255)
	w[0] = 1
	for _, bad := range []struct {
		word     []byte
		erasures []int
	}{{w[:31], nil}, {make([]byte, 256), nil}, {w, make([]int, 33)}, {w, []int{255}}, {w, []int{-1}}, {w, []int{7, 7}}} {
		if _, err := c.Decode(bad.word, bad.erasures); !errors.Is(err, rs.ErrUncorrectable) {
			t.Errorf("%d symbols, erasures %v: %v", len(bad.word), bad.erasures, err)
		}
	}
	for _, b := range []rs.Block{{}, {Code: c}, {Code: c, Depth: 9}, {Code: c, Depth: 1, Fill: 223}, {Code: c, Depth: 1, Fill: -1}} {
		if _, err := b.Encode(nil, nil); err == nil {
			t.Errorf("%+v encoded", b)
		}
		if _, err := b.Decode(nil, nil); err == nil {
			t.Errorf("%+v decoded", b)
		}
	}
	if _, err := (rs.Block{Code: c, Depth: 2}).Encode(nil, w); err == nil {
		t.Error("a frame of the wrong length was encoded")
	}
}

func TestBasesAreInverse(t *testing.T) {
	a := make([]byte, 256)
	for i := range a {
		a[i] = byte(i)
	}
	b := bytes.Clone(a)
	rs.ToDual(b)
	if b[1] != 0x7b || b[0x80] != 0x8d {
		t.Errorf("alpha^0 is %02x, alpha^7 %02x in the dual basis", b[1], b[0x80])
	}
	if rs.FromDual(b); !bytes.Equal(a, b) {
		t.Error("dual and back is not the identity")
	}
}

func TestAOSHeaderAllSingleAndSomeDoubleErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 7))
	for range 200 {
		g, s := uint16(r.Uint32()), byte(r.Uint32())
		word := uint64(g)<<24 | uint64(s)<<16 | uint64(rs.HeaderCheck(g, s))
		for k := range 10 {
			for m := range k + 1 {
				e := uint64(1+r.IntN(15))<<(4*k) | uint64(1+r.IntN(15))<<(4*m)
				want := 2
				if k == m {
					e, want = uint64(1+r.IntN(15))<<(4*k), 1
				}
				w := word ^ e
				g2, s2, n, ok := rs.CorrectHeader(uint16(w>>24), byte(w>>16), uint16(w))
				if !ok || g2 != g || s2 != s || n != want {
					t.Fatalf("%010x with %010x: %04x %02x, %d, %v", word, e, g2, s2, n, ok)
				}
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	w := make([]byte, 255)
	f.Add(w, uint8(0), []byte{})
	f.Add(append(bytes.Clone(w[:200]), 1, 2, 3), uint8(1), []byte{1, 2, 3})
	f.Add(bytes.Repeat([]byte{0xa5}, 255), uint8(3), bytes.Repeat([]byte{9}, 40))
	f.Add([]byte{1, 2}, uint8(4), []byte{0})
	all := codes(f)
	f.Fuzz(func(t *testing.T, word []byte, which uint8, erased []byte) {
		c := all[int(which)%len(all)]
		var erasures []int
		for _, e := range erased {
			erasures = append(erasures, int(e))
		}
		before := bytes.Clone(word)
		n, err := c.Decode(word, erasures)
		if err != nil {
			if !bytes.Equal(word, before) {
				t.Fatal("a refused word was changed")
			}
			return
		}
		check := make([]byte, c.Parity())
		at := len(word) - c.Parity()
		if c.Encode(word[:at], check); !bytes.Equal(check, word[at:]) || n > c.Parity() {
			t.Fatalf("the result is no codeword (%d changed)", n)
		}
	})
}

func FuzzAOSHeader(f *testing.F) {
	f.Add(uint16(0x1234), byte(0x56), uint16(0x94dc))
	f.Add(uint16(0x1230), byte(0), uint16(0x94dc))
	f.Fuzz(func(t *testing.T, g uint16, s byte, check uint16) {
		g2, s2, n, ok := rs.CorrectHeader(g, s, check)
		if !ok {
			return
		}
		diff := (uint64(g)<<24 | uint64(s)<<16 | uint64(check)) ^ (uint64(g2)<<24 | uint64(s2)<<16 | uint64(rs.HeaderCheck(g2, s2)))
		symbols := 0
		for ; diff != 0; diff >>= 4 {
			if diff&15 != 0 {
				symbols++
			}
		}
		if symbols != n || n > 2 {
			t.Fatalf("%d symbols differ, %d reported", symbols, n)
		}
	})
}
