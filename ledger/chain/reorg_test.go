package chain

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"spacechain/internal/kv"
	"spacechain/internal/vectors"
	"spacechain/ledger/blockfile"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// vector is a chain that Qtum Core made.
type vector struct {
	name   string
	net    *params.Network
	blocks []*wire.Block
}

func long() bool { return os.Getenv("SPACECHAIN_LONG") != "" }

// vectorPaths are the vectors with these names, or all in a long run.
func vectorPaths(t testing.TB, names ...string) (paths []string) {
	t.Helper()
	if long() {
		paths, err := filepath.Glob(filepath.Join(vectors.Path(t, "qtum"), "*.json.gz"))
		if err != nil || len(paths) == 0 {
			t.Fatal("no vectors", err)
		}
		return paths
	}
	for _, name := range names {
		paths = append(paths, vectorPath(t, name))
	}
	return paths
}

// readVector reads at most n blocks of a vector.
func readVector(t testing.TB, path string, n int) *vector {
	t.Helper()
	f, err := blockfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v := &vector{name: strings.TrimSuffix(filepath.Base(path), ".json.gz"), net: params.Regtest()}
	for _, arg := range f.Args() {
		if err := v.net.Override(arg); err != nil {
			t.Fatal(err)
		}
	}
	for len(v.blocks) < n {
		raw, err := f.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := wire.DecodeBlock(raw.Raw)
		if err != nil {
			t.Fatal(err)
		}
		v.blocks = append(v.blocks, b)
	}
	return v
}

const all = 1 << 30

// digest is a hash over the whole state: every coin, account, slot, contract's output and
// node of both tries. Code is left out, which stays when a block is taken back.
func digest(t testing.TB, c *Chain) (sum [32]byte) {
	t.Helper()
	h := sha256.New()
	for _, prefix := range []byte("cASUasu") {
		err := c.over.Scan([]byte{prefix}, func(k, v []byte) error {
			var lengths [8]byte
			binary.BigEndian.PutUint32(lengths[:], uint32(len(k)))
			binary.BigEndian.PutUint32(lengths[4:], uint32(len(v)))
			h.Write(lengths[:])
			h.Write(k)
			h.Write(v)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return [32]byte(h.Sum(sum[:0]))
}

// Any walk up and down a chain, to the genesis block and back, gives at every height the
// state that was there first.
func TestConnectAndDisconnect(t *testing.T) {
	for _, path := range vectorPaths(t, "fuzz_d201", "fuzz_f301", "qtum_pos", "qtum_opcall") {
		v := readVector(t, path, all)
		t.Run(v.name, func(t *testing.T) {
			store, err := kv.OpenPebbleSized("chain", vfs.NewMem(), StoreSizes)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			c := open(t, store, v.net, Options{FlushBytes: 512 << 10})
			states := map[int32][32]byte{0: digest(t, c)}
			rnd := rapid.Int32Range(0, int32(len(v.blocks)))
			first := make([]int32, 4)
			for i := range first {
				first[i] = rnd.Example(len(v.name) + i)
			}
			end := int32(len(v.blocks))
			for i, b := range v.blocks {
				if err := c.Load(int64(b.Header.Time), b); err != nil {
					t.Fatal(err)
				}
				for _, h := range first {
					if h == int32(i+1) {
						states[h] = digest(t, c)
					}
				}
			}
			states[end] = digest(t, c)
			walk := append(first, 0, end)
			for _, to := range walk {
				for c.Tip().Height > to {
					if err := c.Disconnect(); err != nil {
						t.Fatal(err)
					}
				}
				for c.Tip().Height < to {
					stepUp(t, c, v.blocks)
				}
				tip := c.Tip()
				if tip.Height > 0 && tip.Hash != v.blocks[to-1].Hash() {
					t.Fatalf("at height %d stands %v", to, tip.Hash)
				}
				if got := digest(t, c); got != states[to] {
					t.Fatalf("at height %d the state is another than at first", to)
				}
			}
		})
	}
}

// stepUp connects one block that is known.
func stepUp(t testing.TB, c *Chain, blocks []*wire.Block) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	b := blocks[c.tree.Tip().Height]
	n, err := c.known(b.Hash())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.connectTip(int64(b.Header.Time), n, b, false); err != nil {
		t.Fatal(err)
	}
	if err := c.flushIfLarge(); err != nil {
		t.Fatal(err)
	}
}

// Random trees of blocks, some of them bad, in random order: the tip is always an end with
// the most work of all whose blocks are there and good, a restart changes nothing, and the
// twins agree.
func TestRandomTrees(t *testing.T) {
	net := mineNet(t)
	net.FinalitySpan, net.FinalitySpanRBT = 1000, 1000
	rapid.Check(t, func(t *rapid.T) {
		type made struct {
			block  *wire.Block
			at     link
			parent int // -1: genesis
			good   bool
		}
		var tree []made
		for i := range rapid.IntRange(1, 25).Draw(t, "blocks") {
			parent := rapid.IntRange(-1, i-1).Draw(t, "parent")
			if i > 0 && rapid.Bool().Draw(t, "grow") {
				parent = i - 1
			}
			on, good := genesisLink(net), true
			if parent >= 0 {
				on, good = tree[parent].at, tree[parent].good
			}
			var edit func(*wire.Block)
			if rapid.IntRange(0, 7).Draw(t, "bad") == 0 {
				edit, good = tooMuch, false
			}
			b, at := mine(net, on, byte(i), edit)
			tree = append(tree, made{b, at, parent, good})
		}
		order := rapid.Permutation(indices(len(tree))).Draw(t, "order")
		disk, err := kv.OpenPebble("chain", vfs.NewMem())
		if err != nil {
			t.Fatal(err)
		}
		defer disk.Close()
		flush := rapid.SampledFrom([]int{1, 4000, 1 << 20}).Draw(t, "flush")
		restart := rapid.IntRange(0, len(tree)).Draw(t, "restart")
		var tips [2]link
		for s, store := range []kv.Store{kv.NewMemory(), disk} {
			c, err := Open(store, net, Options{FlushBytes: flush})
			if err != nil {
				t.Fatal(err)
			}
			there := map[int]bool{-1: true}
			for step := range 2 * len(tree) { // the second time round nothing is missing
				i := order[step%len(tree)]
				if step == restart {
					if err := c.Close(); err != nil {
						t.Fatal(err)
					}
					if c, err = Open(store, net, Options{FlushBytes: flush}); err != nil {
						t.Fatal(err)
					}
				}
				c.Accept(testNow, tree[i].block)
				there[i] = there[i] || there[tree[i].parent]
				best := int32(0)
				for j, m := range tree {
					if m.good && there[j] {
						best = max(best, m.at.height)
					}
				}
				if tip := c.Tip(); tip.Height != best {
					t.Fatalf("after block %d the tip is at height %d, want %d", i, tip.Height, best)
				}
			}
			for _, m := range tree {
				if c.Tip().Hash == m.at.hash {
					if tips[s] = m.at; !m.good {
						t.Fatal("the tip is bad")
					}
				}
			}
			info, err := c.Info(true)
			if err != nil || info.Sets.TxOuts != int64(c.Tip().Height) {
				t.Fatalf("%+v %v", info, err)
			}
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if tips[0] != tips[1] {
			t.Fatalf("tips %v and %v", tips[0], tips[1])
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func vectorPath(t testing.TB, name string) string {
	t.Helper()
	return vectors.Path(t, "qtum/"+name+".json.gz")
}
