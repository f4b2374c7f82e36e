package blockfile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"spacechain/internal/vectors"
)

var magic = [4]byte{0xfd, 0xdd, 0xc6, 0xe1}

// body is a block of n bytes, as far as this package cares.
func body(n int, fill byte) []byte { return bytes.Repeat([]byte{fill}, n) }

func frame(b []byte) []byte {
	out := append([]byte{}, magic[:]...)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(b)))
	return append(out, b...)
}

func readAll(t *testing.T, f *File) (blocks [][]byte, offsets []int64) {
	t.Helper()
	for {
		b, err := f.Next()
		if err == io.EOF {
			return blocks, offsets
		}
		if err != nil {
			t.Fatal(err)
		}
		blocks, offsets = append(blocks, bytes.Clone(b.Raw)), append(offsets, b.Offset)
	}
}

func TestFramesAmongGarbage(t *testing.T) {
	a, b, c := body(80, 1), body(300, 2), body(90_000, 3)
	impossible := append(append([]byte{}, magic[:]...), 79, 0, 0, 0)
	huge := append(append([]byte{}, magic[:]...), 0xff, 0xff, 0xff, 0xff)
	for name, test := range map[string]struct {
		content [][]byte
		want    [][]byte
		skipped int64
	}{
		"nothing":                   {nil, nil, 0},
		"one":                       {[][]byte{frame(a)}, [][]byte{a}, 0},
		"adjoining":                 {[][]byte{frame(a), frame(b), frame(c)}, [][]byte{a, b, c}, 0},
		"gap of zeros":              {[][]byte{frame(a), make([]byte, 70_001), frame(b)}, [][]byte{a, b}, 70_001},
		"part of a magic":           {[][]byte{magic[:3], frame(a), magic[:2]}, [][]byte{a}, 5},
		"magic in a magic":          {[][]byte{magic[:1], magic[:1], frame(b)}, [][]byte{b}, 2},
		"length too small":          {[][]byte{impossible, frame(a)}, [][]byte{a}, 8},
		"length too large":          {[][]byte{huge, frame(a)}, [][]byte{a}, 8},
		"frame cut off":             {[][]byte{frame(a), frame(b)[:200]}, [][]byte{a}, 200},
		"length cut off":            {[][]byte{frame(a), magic[:], {1, 2}}, [][]byte{a}, 0},
		"magic after a bad length":  {[][]byte{magic[:], frame(a)}, [][]byte{a}, 4},
		"frame behind cut off head": {[][]byte{frame(a)[:40], frame(c)}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			content := bytes.Join(test.content, nil)
			f, err := New(name, bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			f.Magic = magic
			if f.Kind() != Framed {
				t.Fatalf("kind %v", f.Kind())
			}
			got, offsets := readAll(t, f)
			if name == "frame behind cut off head" {
				// The first frame swallows the beginning of the second, as it does in Qtum Core.
				if len(got) != 1 || len(got[0]) != 80 {
					t.Fatalf("got %d blocks", len(got))
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Fatal(diff)
			}
			if name != "length cut off" && f.Skipped() != test.skipped {
				t.Errorf("skipped %d bytes, want %d", f.Skipped(), test.skipped)
			}
			for i, at := range offsets {
				again, err := f.ReadAt(at, len(got[i]))
				if err != nil || !bytes.Equal(again, got[i]) {
					t.Errorf("block %d at %d: %v", i, at, err)
				}
			}
		})
	}
}

// Files that are masked with the key beside them read as if they were not.
func TestMaskedFiles(t *testing.T) {
	dir := t.TempDir()
	a, b := body(101, 1), body(90_000, 3)
	content := append(append(frame(a), make([]byte, 13)...), frame(b)...)
	key := []byte{1, 2, 3, 0x80, 5, 6, 7, 0xff}
	for i := range content {
		content[i] ^= key[i%len(key)]
	}
	write := func(name string, b []byte) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := write("blk00007.dat", content)
	write("xor.dat", key)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	f.Magic = magic
	if head, ok := f.Head(); !ok || head != magic {
		t.Errorf("the file begins with %x", head)
	}
	got, offsets := readAll(t, f)
	if diff := cmp.Diff([][]byte{a, b}, got); diff != "" {
		t.Fatal(diff)
	}
	if again, err := f.ReadAt(offsets[1], len(b)); err != nil || !bytes.Equal(again, b) {
		t.Error("not the same again", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	other, err := Open(write("bootstrap.dat", frame(a)))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.Magic = magic
	if got, _ := readAll(t, other); len(got) != 1 {
		t.Error("a file that is never masked was unmasked")
	}
	write("xor.dat", key[:3])
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "has 3 bytes") {
		t.Error(err)
	}
}

// A caller that could not decode a frame, or needed less than all of it, finds what is in it.
func TestRejectAndAdvance(t *testing.T) {
	inner := frame(body(100, 7))
	outer := frame(append(body(20, 9), inner...))
	for name, turn := range map[string]func(f *File) error{
		"reject":  (*File).Reject,
		"advance": func(f *File) error { return f.Advance(20) },
	} {
		f, err := New(name, bytes.NewReader(append(outer, frame(body(90, 8))...)))
		if err != nil {
			t.Fatal(err)
		}
		f.Magic = magic
		var sizes []int
		for {
			b, err := f.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if sizes = append(sizes, len(b.Raw)); len(sizes) == 1 {
				if err := turn(f); err != nil {
					t.Fatal(err)
				}
			}
		}
		if diff := cmp.Diff([]int{128, 100, 90}, sizes); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestBlocksLargerThanTheLimit(t *testing.T) {
	f, err := New("limit", bytes.NewReader(append(frame(body(501, 1)), frame(body(500, 2))...)))
	if err != nil {
		t.Fatal(err)
	}
	f.Magic, f.MaxBlock = magic, 500
	if got, _ := readAll(t, f); len(got) != 1 || len(got[0]) != 500 {
		t.Fatalf("got %d blocks", len(got))
	}

	v, err := New("limit", strings.NewReader(`{"network":"regtest","args":[],"blocks":["`+strings.Repeat("ab", 501)+`"]}`))
	if err != nil {
		t.Fatal(err)
	}
	v.MaxBlock = 500
	if _, err := v.Next(); err == nil || !strings.Contains(err.Error(), "more than 500 bytes") {
		t.Fatal(err)
	}
}

const small = `{"source": "here", "network": "regtest", "args": ["-londonheight=7"], "height": 2,
 "tip": {"hash": "ab", "height": 2, "chainwork": "06"},
 "utxo": {"txouts": 3, "hash_serialized_3": "cd", "total_amount": 43160000.10000000},
 "contracts": {"80": {"address": "80", "balance": 12, "code": "60", "storage": {"h": {"k": "v"}}}},
 "blocks": ["0102", "AbCdEf"], "later": {"a": [1, "]}", true, {"b": "\"}"}]}}`

func TestVector(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	io.WriteString(z, small)
	z.Close()
	// The same fields in an order that puts the blocks first.
	first := strings.Replace(small, `{"source"`, `{"blocks": ["0102", "abcdef"], "source"`, 1)
	first = strings.Replace(first, `"blocks": ["0102", "AbCdEf"], `, "", 1)
	for name, content := range map[string]string{"plain": "\n" + small, "gzip": zipped.String(), "blocks first": first} {
		f, err := New(name, strings.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if f.Kind() != Vector || f.Network() != "regtest" || !cmp.Equal(f.Args(), []string{"-londonheight=7"}) {
			t.Fatalf("%s: %v %q %q", name, f.Kind(), f.Network(), f.Args())
		}
		blocks, numbers := readAll(t, f)
		if diff := cmp.Diff([][]byte{{1, 2}, {0xab, 0xcd, 0xef}}, blocks); diff != "" || !cmp.Equal(numbers, []int64{0, 1}) {
			t.Fatalf("%s: %s %v", name, diff, numbers)
		}
		var contracts []Contract
		e, err := f.Expected(func(c Contract) error { contracts = append(contracts, c); return nil })
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := &Expected{Source: "here", Height: 2, Tip: Tip{Hash: "ab", Height: 2, ChainWork: "06"},
			UTXO: UTXO{TxOuts: 3, HashSerialized: "cd", TotalAmount: "43160000.10000000"}}
		if diff := cmp.Diff(want, e); diff != "" {
			t.Fatalf("%s: %s", name, diff)
		}
		if len(contracts) != 1 || contracts[0].Balance != "12" || contracts[0].Storage["h"]["k"] != "v" {
			t.Fatalf("%s: %+v", name, contracts)
		}
		if again, _ := readAll(t, f); len(again) != 2 {
			t.Fatalf("%s: %d blocks after the expectations", name, len(again))
		}
		if _, err := f.ReadAt(0, 2); err == nil || f.CanReadAt() {
			t.Fatalf("%s: blocks of a vector read at an offset", name)
		}
	}
}

func TestBadVectorsSayWhere(t *testing.T) {
	for content, want := range map[string]string{
		`{"a": 1}`:                                         "no chain",
		`{"network": "regtest"`:                            "ends early",
		`{"network": 1, "blocks": []}`:                     "cannot unmarshal",
		`{"network": "r", "blocks": {}}`:                   "'{' where '[' was expected",
		`{"network": "r", "args": [], "blocks": ["0"]}`:    "block 0: \"0\\\"\" is no pair",
		`{"network": "r", "args": [], "blocks": ["00" 1]}`: "at byte 45",
		`{"network": "r", "args": [], "blocks": ["00", "`:  "block 1: the text ends early",
		strings.Repeat(`{"a":`, 100):                       "nested deeper",
		"\x1f\x8b\x08":                                     "EOF",
	} {
		f, err := New("bad", strings.NewReader(content))
		for err == nil {
			_, err = f.Next()
		}
		if err == io.EOF || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "bad") {
			t.Errorf("%s: %v, want %q", content, err, want)
		}
	}
}

func TestEveryVectorHasItsBlocks(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(vectors.Path(t, "qtum"), "*.json.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no vectors", err)
	}
	if testing.Short() || os.Getenv("SPACECHAIN_LONG") == "" {
		paths = paths[:4]
	}
	for _, path := range paths {
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		n, prev := int32(0), ""
		for {
			b, err := f.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			n++
			if this := hex.EncodeToString(b.Raw[4:36]); this == prev {
				t.Fatalf("%s: block %d twice", path, n)
			} else {
				prev = this
			}
		}
		contracts := 0
		e, err := f.Expected(func(c Contract) error {
			if len(c.Address) != 40 {
				return errors.New("address " + c.Address)
			}
			contracts++
			return nil
		})
		if err != nil || f.Network() != "regtest" || e.Height != n || e.Tip.Height != n || contracts < 6 ||
			e.UTXO.TxOuts == 0 || e.UTXO.BestBlock != e.Tip.Hash {
			t.Errorf("%s: %d blocks, %d contracts, %+v, %v", path, n, contracts, e, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Whatever a file holds, reading ends, and gives nothing larger than allowed.
func FuzzRead(f *testing.F) {
	f.Add([]byte(small))
	f.Add(append(frame(body(80, 1)), frame(body(99, 2))...))
	f.Add(append(append(magic[:], 79, 0, 0, 0), frame(body(80, 1))...))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := New("fuzz", bytes.NewReader(content))
		if err != nil {
			return
		}
		file.Magic, file.MaxBlock = magic, 1000
		total := 0
		r := rand.New(rand.NewPCG(1, uint64(len(content))))
		for {
			b, err := file.Next()
			if err != nil {
				break
			}
			if len(b.Raw) > file.MaxBlock {
				t.Fatalf("a block of %d bytes", len(b.Raw))
			}
			if total++; total > len(content) {
				t.Fatal("reading does not end")
			}
			if file.CanReadAt() {
				if again, err := file.ReadAt(b.Offset, len(b.Raw)); err != nil || !bytes.Equal(again, b.Raw) {
					t.Fatal("not the same again", err)
				}
				switch r.IntN(3) {
				case 0:
					err = file.Reject()
				case 1:
					err = file.Advance(len(b.Raw) / 2)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if file.Kind() == Vector {
			file.Expected(func(c Contract) error { return nil })
		}
	})
}

func BenchmarkVector(b *testing.B) {
	path := vectors.Path(b, "qtum/fuzz_p401.json.gz")
	for b.Loop() {
		f, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		total := 0
		for {
			block, err := f.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			total += len(block.Raw)
		}
		b.SetBytes(int64(total))
		f.Close()
	}
}
