package header

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

func child(parent *Node, time, nonce uint32) *wire.Header {
	return &wire.Header{Version: 4, PrevBlock: parent.Hash, Time: time, Bits: 0x1f00ffff, Nonce: nonce, PrevStake: wire.NullOutPoint}
}

func add(t rapid.TB, tr *Tree, h *wire.Header) *Node {
	t.Helper()
	n, err := tr.Add(h)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// memory is a Loader that holds the best chain as it was stored.
type memory struct {
	nodes  map[int32][]byte
	height map[chainhash.Hash]int32
	fail   error
	loads  int
}

func newMemory() *memory {
	return &memory{nodes: map[int32][]byte{}, height: map[chainhash.Hash]int32{}}
}

func (m *memory) store(n *Node) {
	if old, err := Decode(m.nodes[n.Height]); err == nil {
		delete(m.height, old.Hash)
	}
	m.nodes[n.Height] = n.Append(nil)
	m.height[n.Hash] = n.Height
}

func (m *memory) LoadNode(height int32) ([]byte, error) {
	m.loads++
	if m.fail != nil {
		return nil, m.fail
	}
	b, ok := m.nodes[height]
	if !ok {
		return nil, errors.New("not stored")
	}
	return b, nil
}

func (m *memory) LoadHeight(hash chainhash.Hash) (int32, bool, error) {
	h, ok := m.height[hash]
	return h, ok, m.fail
}

func TestGenesis(t *testing.T) {
	net := params.Main()
	tr := New(&net.Genesis.Header, Options{})
	n := tr.Tip()
	if n.Hash != net.GenesisHash || n.Height != 0 || n.Modifier != [32]byte{} || n.MedianTimePast() != 1504695029 {
		t.Fatalf("genesis node %+v", n)
	}
	if p, err := n.Parent(); p != nil || err != nil {
		t.Fatalf("genesis has the parent %v, %v", p, err)
	}
	if n.Work.Uint64() != 0x10001 {
		t.Fatalf("work %v", &n.Work)
	}
	if _, err := tr.Add(&wire.Header{}); !errors.Is(err, ErrUnknownParent) {
		t.Fatalf("header without a parent: %v", err)
	}
}

// TestModifier works two modifiers out from their definition.
func TestModifier(t *testing.T) {
	tr := New(&params.Main().Genesis.Header, Options{})
	work := add(t, tr, child(tr.Tip(), 1, 1))
	want := chainhash.DoubleHashH(append(work.Hash[:], make([]byte, 32)...))
	if work.Modifier != want {
		t.Errorf("after work: %x, want %x", work.Modifier, want)
	}
	h := child(work, 2, 0)
	h.PrevStake = btcwire.OutPoint{Hash: chainhash.Hash{7}, Index: 3}
	stake := add(t, tr, h)
	want = chainhash.DoubleHashH(append(append([]byte(nil), h.PrevStake.Hash[:]...), work.Modifier[:]...))
	if stake.Modifier != want {
		t.Errorf("after stake: %x, want %x", stake.Modifier, want)
	}
}

func TestBetter(t *testing.T) {
	tr := New(&params.Main().Genesis.Header, Options{})
	a := add(t, tr, child(tr.Tip(), 1, 1))
	b := add(t, tr, child(tr.Tip(), 1, 2))
	hard := child(tr.Tip(), 1, 3)
	hard.Bits = 0x1e00ffff
	c := add(t, tr, hard)
	a.Sequence, b.Sequence, c.Sequence = 1, 2, 3
	if !a.Better(b) || b.Better(a) || a.Better(a) {
		t.Error("of equal work the first should win")
	}
	if !c.Better(a) || a.Better(c) {
		t.Error("more work should win")
	}
}

// model is the headers of a tree as a plain map, which forgets nothing.
type model struct {
	parent map[chainhash.Hash]chainhash.Hash
	header map[chainhash.Hash]*wire.Header
	height map[chainhash.Hash]int32
}

func (m *model) chain(hash chainhash.Hash) []chainhash.Hash {
	c := make([]chainhash.Hash, m.height[hash]+1)
	for i := range slices.Backward(c) {
		c[i] = hash
		hash = m.parent[hash]
	}
	return c
}

func (m *model) median(c []chainhash.Hash) int64 {
	var times []uint32
	for _, h := range c[max(0, len(c)-11):] {
		times = append(times, m.header[h].Time)
	}
	slices.Sort(times)
	return int64(times[len(times)/2])
}

// TestTreeModel grows, switches and releases a tree at random and asks it everything that
// the plain model knows too.
func TestTreeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keep := rapid.Int32Range(3, 12).Draw(t, "keep")
		mem := newMemory()
		opt := Options{Keep: keep, MaxFork: rapid.Int32Range(1, 20).Draw(t, "max fork"), Loader: mem}
		genesis := params.Regtest().Genesis.Header
		tr := New(&genesis, opt)
		g := tr.Tip()
		m := &model{map[chainhash.Hash]chainhash.Hash{}, map[chainhash.Hash]*wire.Header{g.Hash: &genesis}, map[chainhash.Hash]int32{g.Hash: 0}}
		live := []*Node{g} // nodes that should still be there
		mem.store(g)

		grow := func(t *rapid.T) {
			parent := live[rapid.IntRange(max(0, len(live)-8), len(live)-1).Draw(t, "parent")]
			if rapid.Bool().Draw(t, "on tip") {
				parent = tr.Tip()
			}
			h := child(parent, parent.Header.Time+rapid.Uint32Range(0, 40).Draw(t, "time")-10, uint32(len(m.header)))
			if rapid.Bool().Draw(t, "stake") {
				h.PrevStake = btcwire.OutPoint{Hash: chainhash.Hash{1}, Index: rapid.Uint32Range(0, 5).Draw(t, "coin")}
				h.Sig = make([]byte, 65)
			}
			n := add(t, tr, h)
			if again := add(t, tr, h); again != n {
				t.Fatal("a header was added twice")
			}
			m.parent[n.Hash], m.header[n.Hash], m.height[n.Hash] = parent.Hash, h, n.Height
			live = append(live, n)
		}
		t.Repeat(map[string]func(*rapid.T){
			"grow":  grow,
			"grow2": grow,
			"tip": func(t *rapid.T) {
				n := live[len(live)-1]
				fork, err := tr.Fork(n)
				if err != nil {
					t.Fatal(err)
				}
				if err := tr.SetTip(n); err != nil {
					t.Fatal(err)
				}
				for x := n; x.Height > fork.Height; x = must(x.Parent()) {
					mem.store(x)
				}
				if !tr.OnMain(n) || tr.Tip() != n {
					t.Fatal("tip was not set")
				}
			},
			"release": func(t *rapid.T) {
				was := tr.Base()
				durable := rapid.Int32Range(0, tr.Tip().Height).Draw(t, "durable")
				gone := tr.Release(durable)
				live = slices.DeleteFunc(live, func(n *Node) bool { return slices.Contains(gone, n) })
				tip := tr.Tip().Height
				if base := tr.Base(); base > was && (base > max(tip-keep, 0) || base > durable+1) {
					t.Fatalf("base %d, tip %d, durable %d", base, tip, durable)
				}
				for _, n := range gone {
					if tr.OnMain(n) {
						t.Fatalf("%d of the best chain was dropped", n.Height)
					}
				}
			},
			"reopen": func(t *rapid.T) {
				tip := tr.Tip()
				old := tr
				var err error
				if tr, err = Open(tip.Height, opt); err != nil {
					t.Fatal(err)
				}
				var branches []*Node
				for _, n := range live {
					if !old.OnMain(n) {
						branches = append(branches, n)
					}
				}
				slices.SortFunc(branches, func(a, b *Node) int { return int(a.Height - b.Height) })
				for _, n := range branches {
					if _, err := tr.Restore(n.Append(nil)); err != nil {
						t.Fatal(err)
					}
				}
				for i, n := range live {
					if live[i] = must(tr.Find(n.Hash)); live[i] == nil {
						t.Fatalf("%d was lost", n.Height)
					}
				}
			},
			"": func(t *rapid.T) {
				n := live[rapid.IntRange(0, len(live)-1).Draw(t, "node")]
				c := m.chain(n.Hash)
				if got := must(tr.Find(n.Hash)); got == nil || got.Hash != n.Hash {
					t.Fatalf("%d cannot be found", n.Height)
				}
				if n.Height != int32(len(c)-1) || n.MedianTimePast() != m.median(c) {
					t.Fatalf("height %d, median %d; want %d, %d", n.Height, n.MedianTimePast(), len(c)-1, m.median(c))
				}
				h := rapid.Int32Range(-1, n.Height+1).Draw(t, "height")
				a := must(n.Ancestor(h))
				if h < 0 || h > n.Height {
					if a != nil {
						t.Fatalf("ancestor at %d of %d", h, n.Height)
					}
				} else if a.Hash != c[h] || a.Height != h {
					t.Fatalf("ancestor at %d of %d is %v", h, n.Height, a.Hash)
				}
				if p := must(n.Parent()); n.Height > 0 && p.Hash != c[n.Height-1] {
					t.Fatal("wrong parent")
				}
				for _, stake := range []bool{false, true} {
					want := int32(0)
					for i := range c {
						if i > 0 && m.header[c[i]].IsProofOfStake() == stake {
							want = int32(i)
						}
					}
					if got := must(n.Last(stake)); got.Height != want || got.Hash != c[want] {
						t.Fatalf("last of kind %v at %d, want %d", stake, got.Height, want)
					}
				}
				op := btcwire.OutPoint{Hash: chainhash.Hash{1}, Index: 2}
				depth := rapid.Int32Range(0, 30).Draw(t, "depth")
				want, used := int32(0), false
				for i := n.Height; i > n.Height-depth && i >= 0 && !used; i-- {
					want, used = i, m.header[c[i]].PrevStake == op
				}
				got, gotUsed, err := n.StakeUsed(op, depth)
				if err != nil || gotUsed != used || used && got != want {
					t.Fatalf("stake used %d, %v, %v; want %d, %v", got, gotUsed, err, want, used)
				}
				main := m.chain(tr.Tip().Hash)
				f := must(tr.Fork(n))
				i := 0
				for i < len(c) && i < len(main) && c[i] == main[i] {
					i++
				}
				if f.Height != int32(i-1) || f.Hash != main[i-1] {
					t.Fatalf("fork at %d, want %d", f.Height, i-1)
				}
				at := rapid.Int32Range(0, int32(len(main)-1)).Draw(t, "at")
				if got := must(tr.At(at)); got.Hash != main[at] {
					t.Fatalf("wrong header at %d", at)
				}
			},
		})
	})
}

// TestBounded grows a long chain with forks and looks at how much stays.
func TestBounded(t *testing.T) {
	const keep = 100
	mem := newMemory()
	tr := New(&params.Main().Genesis.Header, Options{Keep: keep, Loader: mem})
	mem.store(tr.Tip())
	most := 0
	for i := uint32(1); i <= 20_000; i++ {
		tip := tr.Tip()
		if i%7 == 0 {
			add(t, tr, child(tip, i, 1))
		}
		h := child(tip, i, 0)
		h.PrevStake = btcwire.OutPoint{Index: i}
		h.Sig = make([]byte, 65)
		n := add(t, tr, h)
		if err := tr.SetTip(n); err != nil {
			t.Fatal(err)
		}
		mem.store(n)
		if i%50 == 0 {
			tr.Release(int32(i))
		}
		most = max(most, tr.Len())
	}
	if most > 2*keep {
		t.Errorf("%d headers in memory, kept are %d", most, keep)
	}
	if len(tr.stakes) > 2*keep {
		t.Errorf("%d stakes in memory", len(tr.stakes))
	}
	tip := tr.Tip()
	for _, h := range []int32{1, 77, 10_000, 19_899} {
		if a := must(tip.Ancestor(h)); a.Header.PrevStake.Index != uint32(h) {
			t.Errorf("ancestor at %d is %d", h, a.Header.PrevStake.Index)
		}
	}
	// One that looks for the last proof of work does not read the chain.
	before := mem.loads
	if n := must(tip.Last(false)); n.Height != 0 {
		t.Errorf("last work at %d", n.Height)
	}
	if n := mem.loads - before; n > 1 {
		t.Errorf("%d headers read", n)
	}
	mem.fail = errors.New("disk on fire")
	if _, err := tip.Ancestor(500); !errors.Is(err, mem.fail) {
		t.Errorf("ancestor of a store that fails: %v", err)
	}
	if _, err := tr.Find(chainhash.Hash{9}); !errors.Is(err, mem.fail) {
		t.Errorf("find in a store that fails: %v", err)
	}
}

// TestDeepFork: a branch that lives keeps the window open down to where it left.
func TestDeepFork(t *testing.T) {
	mem := newMemory()
	tr := New(&params.Main().Genesis.Header, Options{Keep: 10, MaxFork: 30, Loader: mem})
	mem.store(tr.Tip())
	var branch *Node
	for i := uint32(1); i <= 60; i++ {
		tip := tr.Tip()
		n := add(t, tr, child(tip, i, 0))
		mem.store(n)
		if err := tr.SetTip(n); err != nil {
			t.Fatal(err)
		}
		switch {
		case i == 20:
			branch = add(t, tr, child(tip, i, 1))
		case i > 20 && i <= 40:
			branch = add(t, tr, child(branch, i, 1))
		}
		tr.Release(int32(i))
		if i == 35 && tr.Base() != 19 {
			t.Errorf("at 35 the window begins at %d, want 19 where the branch left", tr.Base())
		}
	}
	if n, _ := tr.Find(branch.Hash); n != nil || tr.OnMain(branch) {
		t.Error("a branch that ended long ago is still there")
	}
	if tr.Base() != 50 {
		t.Errorf("the window begins at %d, want 50", tr.Base())
	}
	if err := tr.SetTip(branch); err == nil {
		t.Error("the tip was set to a branch from below the window")
	}
}

// TestConcurrent asks a tree from several goroutines while it grows and lets go.
func TestConcurrent(t *testing.T) {
	const keep, blocks = 20, 2000
	mem := &locked{memory: newMemory()}
	tr := New(&params.Main().Genesis.Header, Options{Keep: keep, Loader: mem})
	mem.store(tr.Tip())
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				n := tr.Tip()
				for _, h := range []int32{0, n.Height / 2, n.Height - 1} {
					if a, err := n.Ancestor(h); err != nil || h >= 0 && a.Height != h {
						t.Errorf("ancestor at %d of %d: %v, %v", h, n.Height, a, err)
						return
					}
				}
				if _, _, err := n.StakeUsed(btcwire.OutPoint{Index: 5}, 2*keep); err != nil {
					t.Error(err)
				}
				tr.StakeSeen(btcwire.OutPoint{Index: 5}, 5)
				if a, err := tr.At(n.Height); err != nil || a == nil {
					t.Errorf("at %d: %v, %v", n.Height, a, err)
				}
			}
		})
	}
	for i := range uint32(blocks) {
		h := child(tr.Tip(), i, 0)
		h.PrevStake = btcwire.OutPoint{Index: i % 50}
		n := add(t, tr, h)
		mem.store(n)
		if err := tr.SetTip(n); err != nil {
			t.Fatal(err)
		}
		if i%7 == 0 {
			tr.Release(n.Height)
		}
	}
	close(done)
	wg.Wait()
	if tr.Tip().Height != blocks {
		t.Errorf("tip at %d", tr.Tip().Height)
	}
}

// locked is a memory that may be written while it is read.
type locked struct {
	mu sync.RWMutex
	*memory
}

func (l *locked) store(n *Node) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.memory.store(n)
}

func (l *locked) LoadNode(height int32) ([]byte, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.nodes[height], nil
}

func (l *locked) LoadHeight(hash chainhash.Hash) (int32, bool, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.memory.LoadHeight(hash)
}
