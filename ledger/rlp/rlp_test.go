package rlp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
)

type vector struct {
	In  any
	Out string
}

// item builds what a vector's "in" stands for: strings, numbers (with # before those
// that JSON cannot hold) and lists.
func item(t *testing.T, in any) Item {
	switch v := in.(type) {
	case string:
		if n, ok := strings.CutPrefix(v, "#"); ok {
			x, ok := new(big.Int).SetString(n, 10)
			if !ok {
				t.Fatalf("number %q", v)
			}
			return Item{Bytes: x.Bytes()}
		}
		return Item{Bytes: []byte(v)}
	case json.Number:
		x, ok := new(big.Int).SetString(v.String(), 10)
		if !ok {
			t.Fatalf("number %q", v)
		}
		return Item{Bytes: x.Bytes()}
	case []any:
		it := Item{Kind: List}
		for _, sub := range v {
			it.Items = append(it.Items, item(t, sub))
		}
		return it
	}
	t.Fatalf("vector holds a %T", in)
	return Item{}
}

// Ethereum's RLPTests: what is valid encodes to and decodes from the same bytes, what
// is not is refused.
func TestVectors(t *testing.T) {
	count := map[string]int{}
	vectors.Tar(t, "ethereum/trie-rlp-tests.tar.gz", func(name string, r io.Reader) {
		if !strings.Contains(name, "RLPTests/") {
			return
		}
		d := json.NewDecoder(r)
		d.UseNumber()
		var file map[string]vector
		if err := d.Decode(&file); err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		for key, v := range file {
			count[path.Base(name)]++
			enc, err := hex.DecodeString(strings.TrimPrefix(v.Out, "0x"))
			if err != nil {
				t.Errorf("%s %s: %v", name, key, err)
				continue
			}
			got, err := Decode(enc)
			switch v.In {
			case "INVALID":
				if err == nil {
					t.Errorf("%s: accepted %x", key, enc)
				}
				continue
			case "VALID":
			default:
				want := item(t, v.In)
				if out := want.Append(nil); !bytes.Equal(out, enc) {
					t.Errorf("%s: encoded %x, want %x", key, out, enc)
				}
			}
			if err != nil {
				t.Errorf("%s: %v", key, err)
			} else if out := got.Append(nil); !bytes.Equal(out, enc) {
				t.Errorf("%s: %x comes back as %x", key, enc, out)
			}
		}
	})
	for name, want := range map[string]int{"rlptest.json": 28, "invalidRLPTest.json": 26, "example.json": 1} {
		if count[name] != want {
			t.Errorf("%s: %d vectors, want %d", name, count[name], want)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	for _, c := range []struct {
		in   string
		want error
	}{
		{"", ErrTruncated},
		{"81", ErrTruncated},
		{"8100", ErrNotCanonical},
		{"817f", ErrNotCanonical},
		{"8180", nil},
		{"b8", ErrTruncated},
		{"b800", ErrNotCanonical},
		{"b837" + strings.Repeat("00", 55), ErrNotCanonical},
		{"b838" + strings.Repeat("00", 56), nil},
		{"b838" + strings.Repeat("00", 55), ErrTruncated},
		{"b90038" + strings.Repeat("00", 56), ErrNotCanonical},
		{"bfffffffffffffffff", ErrTruncated},
		{"ffffffffffffffffff", ErrTruncated},
		{"f801c0", ErrNotCanonical},
		{"c1", ErrTruncated},
		{"c0", nil},
	} {
		b, err := hex.DecodeString(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := Split(b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.in, err, c.want)
		}
	}
}

func TestUints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64().Draw(t, "v") >> rapid.IntRange(0, 63).Draw(t, "shift")
		b := AppendUint(nil, v)
		if len(b) != UintSize(v) {
			t.Fatalf("%d takes %d bytes, not %d", v, len(b), UintSize(v))
		}
		got, rest, err := SplitUint(append(b, 7))
		if err != nil || got != v || len(rest) != 1 {
			t.Fatalf("%d comes back as %d, %x, %v", v, got, rest, err)
		}
		if want := AppendString(nil, new(big.Int).SetUint64(v).Bytes()); !bytes.Equal(b, want) {
			t.Fatalf("%d is %x, want %x", v, b, want)
		}
	})
	for _, in := range []string{"00", "8200ff", "89010000000000000000", "c0"} {
		b, _ := hex.DecodeString(in)
		if v, _, err := SplitUint(b); err == nil {
			t.Errorf("%s is the integer %d", in, v)
		}
	}
}

func TestSizesAndCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var items []byte
		n := rapid.IntRange(0, 20).Draw(t, "n")
		for range n {
			s := rapid.SliceOfN(rapid.Byte(), 0, 70).Draw(t, "s")
			before := len(items)
			items = AppendString(items, s)
			if len(items)-before != StringSize(s) {
				t.Fatalf("%x takes %d bytes, not %d", s, len(items)-before, StringSize(s))
			}
		}
		list := append(AppendListHeader(nil, len(items)), items...)
		if len(list) != ListSize(len(items)) {
			t.Fatalf("list of %d bytes, not %d", len(list), ListSize(len(items)))
		}
		got, rest, err := SplitList(list)
		if err != nil || !bytes.Equal(got, items) || len(rest) != 0 {
			t.Fatalf("items %x, rest %x, %v", got, rest, err)
		}
		if c, err := Count(got); c != n || err != nil {
			t.Fatalf("%d items, %v; want %d", c, err, n)
		}
		if _, _, err := SplitString(list); err == nil {
			t.Fatal("a list was taken for a string")
		}
	})
}

// Lists in lists are followed as deep as MaxDepth and no deeper.
func TestDepth(t *testing.T) {
	nest := func(depth int) []byte {
		b := []byte{0xc0}
		for range depth - 1 {
			b = append(AppendListHeader(nil, len(b)), b...)
		}
		return b
	}
	if _, err := Decode(nest(MaxDepth)); err != nil {
		t.Fatalf("%d deep: %v", MaxDepth, err)
	}
	if _, err := Decode(nest(MaxDepth + 2)); err == nil {
		t.Fatalf("%d deep was accepted", MaxDepth+2)
	}
	if _, err := Decode([]byte{0xc0, 0xc0}); err == nil {
		t.Fatal("two items were accepted as one")
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"80", "c0", "83646f67", "c7c0c1c0c3c0c1c0", "b8", "f801c0", "bf0f000000000000021111", "c88363617483646f67"} {
		b, _ := hex.DecodeString(s)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		it, err := Decode(b)
		if err != nil {
			return
		}
		if out := it.Append(nil); !bytes.Equal(out, b) {
			t.Fatalf("%x comes back as %x", b, out)
		}
	})
}

func BenchmarkSplitAccount(b *testing.B) {
	enc, _ := hex.DecodeString("f8440101a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421a004bccc5d94f4d1f99aab44369a910179931772f2a5c001c3229f57831c102769")
	b.ReportAllocs()
	for b.Loop() {
		items, _, err := SplitList(enc)
		if err != nil {
			b.Fatal(err)
		}
		if n, err := Count(items); n != 4 || err != nil {
			b.Fatal(n, err)
		}
	}
}
