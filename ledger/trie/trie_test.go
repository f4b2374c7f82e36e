package trie

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
	"spacechain/ledger/view"
)

var prefix = []byte("t")

// update makes changes to the trie in o and holds everything stored against a build
// from nothing: same root, same nodes, no others.
func update(t interface{ Fatalf(string, ...any) }, o *view.Overlay, model map[string]string, changes []Change) [32]byte {
	root, err := Root(o, prefix)
	if err != nil {
		t.Fatalf("root: %v", err)
	}
	next, nodes, err := Update(o, prefix, root, changes)
	if err != nil {
		t.Fatalf("update: %v", err)
	}
	if !slices.IsSortedFunc(nodes, func(a, b view.Change) int { return bytes.Compare(a.Key, b.Key) }) {
		t.Fatalf("changes of nodes are not in order")
	}
	o.Apply(nodes)
	for _, c := range changes {
		if len(c.Value) == 0 {
			delete(model, string(c.Key))
		} else {
			model[string(c.Key)] = string(c.Value)
		}
	}
	want := map[string]string{}
	built := Build(entries(model), func(path, node []byte) { want[string(prefix)+string(path)] = string(node) })
	if next != built {
		t.Fatalf("root %x after %d changes, built from nothing %x", next, len(changes), built)
	}
	got := map[string]string{}
	if err := o.Scan(nil, func(k, v []byte) error { got[string(k)] = string(v); return nil }); err != nil {
		t.Fatalf("scan: %v", err)
	}
	if !maps.Equal(got, want) {
		t.Fatalf("stored nodes %x, of a trie built from nothing %x", got, want)
	}
	if again, err := Root(o, prefix); err != nil || again != next {
		t.Fatalf("stored root %x, %v; want %x", again, err, next)
	}
	return next
}

func entries(model map[string]string) []Change {
	var out []Change
	for k, v := range model {
		out = append(out, Change{Key: []byte(k), Value: []byte(v)})
	}
	return out
}

// drawKey gives keys that often share long prefixes, of equal length if fixed.
func drawKey(t *rapid.T, fixed bool) []byte {
	n := 3
	if !fixed {
		n = rapid.IntRange(0, 4).Draw(t, "length")
	}
	return rapid.SliceOfN(rapid.SampledFrom([]byte{0x00, 0x01, 0x10, 0x11, 0x12, 0xff}), n, n).Draw(t, "key")
}

// Random batches of insertions, changes and deletions leave the root and exactly the
// stored nodes of a trie that is built from nothing.
func TestUpdateAgreesWithBuild(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fixed := rapid.Bool().Draw(t, "fixed")
		o, model := view.NewOverlay(view.Empty{}), map[string]string{}
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			var changes []Change
			for range rapid.IntRange(0, 12).Draw(t, "changes") {
				c := Change{Key: drawKey(t, fixed)}
				if rapid.IntRange(0, 2).Draw(t, "delete") > 0 {
					c.Value = bytes.Repeat([]byte{byte(rapid.IntRange(1, 3).Draw(t, "value"))}, rapid.SampledFrom([]int{1, 2, 28, 40}).Draw(t, "size"))
				}
				changes = append(changes, c)
			}
			update(t, o, model, changes)
		}
		for k := range model {
			var first Change
			first.Key = []byte(k)
			update(t, o, model, []Change{first})
		}
		if o.Len() > 0 && len(model) > 0 {
			t.Fatalf("%d entries left", len(model))
		}
	})
}

// What Prove gives verifies, to the value that is there or to none, and to nothing else.
func TestProofs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, model := view.NewOverlay(view.Empty{}), map[string]string{}
		var changes []Change
		for i := range rapid.IntRange(0, 20).Draw(t, "entries") {
			changes = append(changes, Change{Key: drawKey(t, true), Value: []byte(fmt.Sprint("value", i, strings.Repeat("x", i%40)))})
		}
		root := update(t, o, model, changes)
		key := drawKey(t, true)
		proof, err := Prove(o, prefix, key)
		if err != nil {
			t.Fatalf("prove: %v", err)
		}
		value, err := VerifyProof(root, key, proof)
		if err != nil || string(value) != model[string(key)] {
			t.Fatalf("%x proved to be %q, %v; is %q", key, value, err, model[string(key)])
		}
		if len(proof) == 0 {
			return
		}
		if _, err := VerifyProof(root, key, proof[1:]); err == nil && len(proof) > 0 && root != EmptyRoot {
			t.Fatalf("a proof without its first node verifies")
		}
		if _, err := VerifyProof(root, key, append(slices.Clone(proof), proof[0])); err == nil {
			t.Fatalf("a proof with a node too many verifies")
		}
		if _, err := VerifyProof(root, key, proof[:len(proof)-1]); err == nil {
			t.Fatalf("a proof without its last node verifies")
		}
		i := rapid.IntRange(0, len(proof)-1).Draw(t, "node")
		bad := slices.Clone(proof)
		bad[i] = bytes.Clone(bad[i])
		bad[i][rapid.IntRange(0, len(bad[i])-1).Draw(t, "byte")] ^= 1
		if v, err := VerifyProof(root, key, bad); err == nil {
			t.Fatalf("an altered proof gives %q", v)
		}
	})
}

// Ethereum's TrieTests, in the given order and in both plain and secure form.
func TestVectors(t *testing.T) {
	type test struct {
		In   any
		Root string
	}
	text := func(v any) []byte {
		s, _ := v.(string)
		if h, ok := strings.CutPrefix(s, "0x"); ok {
			b, err := hex.DecodeString(h)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		return []byte(s)
	}
	ran := 0
	vectors.Tar(t, "ethereum/trie-rlp-tests.tar.gz", func(name string, r io.Reader) {
		base := path.Base(name)
		if !strings.Contains(name, "TrieTests/") || base == "trietestnextprev.json" {
			return // the last is about a walk over keys, which flat keys do here
		}
		var file map[string]test
		if err := json.NewDecoder(r).Decode(&file); err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		secure := strings.Contains(strings.ToLower(base), "secure")
		for key, v := range file {
			ran++
			var changes []Change
			add := func(k, v any) {
				c := Change{Key: text(k), Value: text(v)}
				if secure {
					h := newCoder().keccak(c.Key)
					c.Key = h[:]
				}
				changes = append(changes, c)
			}
			switch in := v.In.(type) {
			case map[string]any:
				for k, v := range in {
					add(k, v)
				}
			case []any:
				for _, pair := range in {
					add(pair.([]any)[0], pair.([]any)[1])
				}
			}
			o, model := view.NewOverlay(view.Empty{}), map[string]string{}
			if root := update(t, o, model, changes); hex.EncodeToString(root[:]) != strings.TrimPrefix(v.Root, "0x") {
				t.Errorf("%s %s: root %x, want %s", base, key, root, v.Root)
			}
			o, model = view.NewOverlay(view.Empty{}), map[string]string{}
			var root [32]byte
			for _, c := range changes {
				root = update(t, o, model, []Change{c})
			}
			if hex.EncodeToString(root[:]) != strings.TrimPrefix(v.Root, "0x") {
				t.Errorf("%s %s: root %x change by change, want %s", base, key, root, v.Root)
			}
		}
	})
	if ran < 20 {
		t.Errorf("ran %d vectors", ran)
	}
}

// A trie with the words of Ethereum's wiki, whose root is well known.
func TestDogs(t *testing.T) {
	root := Build([]Change{
		{[]byte("do"), []byte("verb")}, {[]byte("dog"), []byte("puppy")},
		{[]byte("doge"), []byte("coin")}, {[]byte("horse"), []byte("stallion")},
	}, nil)
	if got := hex.EncodeToString(root[:]); got != "5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84" {
		t.Fatalf("root %s", got)
	}
	if Build(nil, nil) != EmptyRoot {
		t.Fatal("a trie of nothing has another root")
	}
}

// counting counts what is read.
type counting struct {
	view.Reader
	gets int
}

func (c *counting) Get(key []byte) ([]byte, bool, error) { c.gets++; return c.Reader.Get(key) }

// fill gives a stored trie of n hashed keys.
func fill(n int) (*view.Overlay, [32]byte) {
	o := view.NewOverlay(view.Empty{})
	var all []Change
	c := newCoder()
	for i := range n {
		h := c.keccak(fmt.Append(nil, i))
		all = append(all, Change{Key: h[:], Value: bytes.Repeat([]byte{byte(i) | 1}, 70)})
	}
	root := Build(all, func(path, node []byte) {
		o.Put(slices.Concat(prefix, path), bytes.Clone(node))
	})
	return o, root
}

func TestUpdateReadsOnlyWhatItTouches(t *testing.T) {
	o, root := fill(10_000)
	r := &counting{Reader: o}
	h := newCoder().keccak([]byte("17"))
	next, nodes, err := Update(r, prefix, root, []Change{{Key: h[:], Value: []byte("new")}})
	if err != nil || next == root {
		t.Fatalf("root %x, %v", next, err)
	}
	if r.gets > 6 || len(nodes) > 6 {
		t.Fatalf("one change read %d nodes and wrote %d", r.gets, len(nodes))
	}
	_, nodes, err = Update(o, prefix, root, []Change{{Key: []byte("none such"), Value: nil}})
	if err != nil || len(nodes) != 0 {
		t.Fatalf("removing what is not there changes %d nodes, %v", len(nodes), err)
	}
}

// Damage in the store is an error and no panic.
func TestDamage(t *testing.T) {
	o, root := fill(300)
	h := newCoder().keccak([]byte("17"))
	change := []Change{{Key: h[:]}}
	if _, _, err := Update(view.Empty{}, prefix, root, change); err == nil {
		t.Fatal("a missing root was not noticed")
	}
	proof, err := Prove(o, prefix, h[:])
	if err != nil || len(proof) < 3 {
		t.Fatalf("proof of %d nodes, %v", len(proof), err)
	}
	path := nibbles(h[:])
	for depth := 1; depth < len(proof); depth++ {
		over := view.NewOverlay(o)
		over.Delete(slices.Concat(prefix, path[:depth]))
		if _, _, err := Update(over, prefix, root, change); !errors.Is(err, ErrMissing) {
			t.Errorf("without the node at depth %d: %v", depth, err)
		}
		if _, err := Prove(over, prefix, h[:]); !errors.Is(err, ErrMissing) {
			t.Errorf("proof without the node at depth %d: %v", depth, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		over := view.NewOverlay(o)
		depth := rapid.IntRange(0, len(proof)-1).Draw(t, "depth")
		enc := bytes.Clone(proof[depth])
		enc[rapid.IntRange(0, len(enc)-1).Draw(t, "byte")] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		over.Put(slices.Concat(prefix, path[:depth]), enc)
		got, _, err := Update(over, prefix, root, change)
		if want, _, _ := Update(o, prefix, root, change); err == nil && depth == 0 {
			t.Fatalf("another root node went unnoticed and gives %x, not %x", got, want)
		}
	})
}

func FuzzVerifyProof(f *testing.F) {
	o, root := fill(50)
	for _, key := range []string{"17", "none"} {
		h := newCoder().keccak([]byte(key))
		proof, err := Prove(o, prefix, h[:])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(root[:], h[:], bytes.Join(proof, []byte("|||")))
	}
	f.Add(EmptyRoot[:], []byte("k"), []byte{0x80})
	f.Fuzz(func(t *testing.T, rootBytes, key, joined []byte) {
		proof := bytes.Split(joined, []byte("|||"))
		// A root that fits the first node lets the fuzzer past the first hash.
		root := newCoder().keccak(proof[0])
		first, err := VerifyProof(root, key, proof)
		again, err2 := VerifyProof(root, key, proof)
		if !bytes.Equal(first, again) || (err == nil) != (err2 == nil) {
			t.Fatalf("%x %v, then %x %v", first, err, again, err2)
		}
		if len(rootBytes) == 32 && [32]byte(rootBytes) != root {
			if v, err := VerifyProof([32]byte(rootBytes), key, proof); err == nil {
				t.Fatalf("a proof of another root gives %x", v)
			}
		}
	})
}

func BenchmarkUpdate(b *testing.B) {
	o, root := fill(20_000)
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprint(n, "of20000"), func(b *testing.B) {
			c := newCoder()
			var changes []Change
			for i := range n {
				h := c.keccak(fmt.Append(nil, i*7))
				changes = append(changes, Change{Key: h[:], Value: []byte("something else that is long enough")})
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := Update(o, prefix, root, changes); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), "changes/s")
		})
	}
}
