package header

import (
	"errors"
	"fmt"
	"sync"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/wire"
)

// Loader reads the headers of the best chain that left memory. The Tree calls it with
// its lock held: a Loader must not call the Tree.
type Loader interface {
	// LoadNode gives the stored form (Node.Append) of the best chain's header at height,
	// which was below the window when Release last ran.
	LoadNode(height int32) ([]byte, error)
	// LoadHeight gives the height of the best chain's header with this hash, and whether
	// there is one.
	LoadHeight(hash chainhash.Hash) (height int32, ok bool, err error)
}

// ErrUnknownParent is what Add fails with for a header that builds on none of the tree.
var ErrUnknownParent = errors.New("parent header is not known")

// Options say how much of a Tree stays in memory. The zero value keeps everything.
type Options struct {
	// Keep is how many headers of the best chain stay in memory. Twice the span of the
	// rolling checkpoint is enough for every rule to run from memory, also while a
	// branch of the full span is connected. 0 keeps all.
	Keep int32
	// MaxFork is how far below the tip, at most, branches are kept that could still grow:
	// Qtum Core refuses a header at or below the rolling checkpoint, but lets a branch
	// that was known before go on from above it. 0 is 8*Keep.
	MaxFork int32
	// Loader reads what left memory. Without one nothing leaves.
	Loader Loader
}

// Tree is the headers that a node knows. See the package comment.
type Tree struct {
	mu   sync.RWMutex
	opt  Options
	byID map[chainhash.Hash]*Node
	// main is the best chain from height base on.
	main []*Node
	base int32
	// stakes are the nodes in memory by what they staked.
	stakes map[btcwire.OutPoint][]*Node
	old    oldNodes
}

// New gives a Tree that holds the genesis header alone.
func New(genesis *wire.Header, opt Options) *Tree {
	t := newTree(opt)
	n := &Node{Header: *genesis, Hash: genesis.Hash(), MedianTime: genesis.Time, tree: t}
	n.Work = Work(genesis.Bits)
	t.insert(n)
	t.main = []*Node{n}
	return t
}

// Open gives a Tree whose best chain ends at height tip, with its window read through
// opt.Loader. Branches are put back by Restore.
func Open(tip int32, opt Options) (*Tree, error) {
	t := newTree(opt)
	if opt.Keep > 0 && tip > opt.Keep {
		t.base = tip - opt.Keep
	}
	var err error
	if t.main, err = t.window(t.base, tip); err != nil {
		return nil, err
	}
	for _, n := range t.main {
		t.insert(n)
	}
	return t, nil
}

func newTree(opt Options) *Tree {
	if opt.MaxFork == 0 {
		opt.MaxFork = 8 * opt.Keep
	}
	return &Tree{opt: opt, byID: map[chainhash.Hash]*Node{}, stakes: map[btcwire.OutPoint][]*Node{}}
}

func (t *Tree) insert(n *Node) {
	t.byID[n.Hash] = n
	if n.parent != nil {
		n.parent.children++
	}
	if n.IsProofOfStake() {
		t.stakes[n.Header.PrevStake] = append(t.stakes[n.Header.PrevStake], n)
	}
}

// Add puts a header into the tree, whose parent must be there, and gives its node; a
// header that is there already gives the node that it has. No rule is checked.
func (t *Tree) Add(h *wire.Header) (*Node, error) {
	hash := h.Hash()
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := t.find(hash)
	if n != nil || err != nil {
		return n, err
	}
	parent, err := t.parent(h)
	if err != nil {
		return nil, fmt.Errorf("add header %v: %w", hash, err)
	}
	if n, err = t.child(parent, h, hash); err != nil {
		return nil, err
	}
	t.insert(n)
	return n, nil
}

// Restore puts back a header of a branch that Append wrote. Its parent must be there:
// lower headers first. A header that is there already is left as it is.
func (t *Tree) Restore(stored []byte) (*Node, error) {
	n, err := Decode(stored)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if there, err := t.find(n.Hash); there != nil || err != nil {
		return there, err
	}
	parent, err := t.parent(&n.Header)
	if err != nil {
		return nil, fmt.Errorf("restore header %v: %w", n.Hash, err)
	}
	if n.Height != parent.Height+1 {
		return nil, fmt.Errorf("restore header %v: stored height %d on parent at %d", n.Hash, n.Height, parent.Height)
	}
	n.tree, n.parent = t, parent
	t.insert(n)
	return n, nil
}

// parent finds what a new header builds on. If that lies below the window, the window
// is opened down to it, so that a branch never hangs on what is not in memory.
func (t *Tree) parent(h *wire.Header) (*Node, error) {
	n, err := t.find(h.PrevBlock)
	if err != nil {
		return nil, err
	}
	if n == nil {
		return nil, fmt.Errorf("parent %v: %w", h.PrevBlock, ErrUnknownParent)
	}
	if n.Height >= t.base {
		return n, nil
	}
	if err := t.open(n.Height); err != nil {
		return nil, err
	}
	if t.main[0].Hash != n.Hash {
		return nil, fmt.Errorf("stored header at height %d is %v, not %v", n.Height, t.main[0].Hash, n.Hash)
	}
	return t.main[0], nil
}

// Reach has the best chain's headers from height on in memory, until Release lets them go:
// SetTip can go down no further than that.
func (t *Tree) Reach(height int32) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if height = max(height, 0); height >= t.base {
		return nil
	}
	return t.open(height)
}

// open reads the best chain's headers from height up to the window into memory.
func (t *Tree) open(height int32) error {
	low, err := t.window(height, t.base-1)
	if err != nil {
		return err
	}
	if low[len(low)-1].Hash != t.main[0].Header.PrevBlock {
		return fmt.Errorf("stored headers from height %d on do not lead to %v", height, t.main[0].Hash)
	}
	t.main[0].parent = low[len(low)-1]
	t.main[0].parent.children++
	for _, x := range low {
		t.insert(x)
	}
	t.main = append(low, t.main...)
	t.base = height
	return nil
}

// window reads the best chain from one height to another.
func (t *Tree) window(from, to int32) ([]*Node, error) {
	var w []*Node
	for h := from; h <= to; h++ {
		n, err := t.read(h)
		if err != nil {
			return nil, err
		}
		if len(w) > 0 {
			last := w[len(w)-1]
			if n.Header.PrevBlock != last.Hash {
				return nil, fmt.Errorf("stored header %v at height %d does not build on %v", n.Hash, h, last.Hash)
			}
			n.parent = last
		}
		w = append(w, n)
	}
	return w, nil
}

// Find gives the node of the header with this hash, nil if it is not known. Of headers
// below the window only those of the best chain are known.
func (t *Tree) Find(hash chainhash.Hash) (*Node, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.find(hash)
}

func (t *Tree) find(hash chainhash.Hash) (*Node, error) {
	if n := t.byID[hash]; n != nil {
		return n, nil
	}
	if t.opt.Loader == nil || t.base == 0 {
		return nil, nil
	}
	height, ok, err := t.opt.Loader.LoadHeight(hash)
	if err != nil || !ok || height >= t.base {
		return nil, err
	}
	n, err := t.load(height)
	if err != nil {
		return nil, err
	}
	if n.Hash != hash {
		return nil, fmt.Errorf("stored header at height %d is %v, not %v", height, n.Hash, hash)
	}
	return n, nil
}

// Tip is the end of the best chain.
func (t *Tree) Tip() *Node {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.tip()
}

func (t *Tree) tip() *Node { return t.main[len(t.main)-1] }

// At gives the best chain's header at height, nil where the chain does not reach.
func (t *Tree) At(height int32) (*Node, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if height < 0 || height > t.tip().Height {
		return nil, nil
	}
	return t.at(height)
}

func (t *Tree) at(height int32) (*Node, error) {
	if height >= t.base {
		return t.main[height-t.base], nil
	}
	return t.load(height)
}

// OnMain tells whether n is on the best chain.
func (t *Tree) OnMain(n *Node) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.onMain(n)
}

func (t *Tree) onMain(n *Node) bool {
	if n.Height < t.base {
		return !n.dropped
	}
	// A header that was read again from the store is another Node.
	i := int(n.Height - t.base)
	return i < len(t.main) && (t.main[i] == n || t.main[i].Hash == n.Hash)
}

// SetTip makes the chain that ends in n the best chain.
func (t *Tree) SetTip(n *Node) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var branch []*Node
	x := n
	for !t.onMain(x) {
		branch = append(branch, x)
		var err error
		if x, err = t.parentOf(x); err != nil {
			return err
		}
	}
	if n.dropped || x.Height < t.base {
		return fmt.Errorf("set tip %v: it left the best chain at height %d, below the window at %d", n.Hash, x.Height, t.base)
	}
	t.main = t.main[:x.Height-t.base+1]
	for i := len(branch) - 1; i >= 0; i-- {
		t.main = append(t.main, branch[i])
	}
	return nil
}

// Fork gives the last header of the best chain that n builds on, n itself if it is on it
// (chain.cpp: CChain::FindFork).
func (t *Tree) Fork(n *Node) (*Node, error) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.fork(n)
}

func (t *Tree) fork(n *Node) (*Node, error) {
	for !t.onMain(n) {
		var err error
		if n, err = t.parentOf(n); err != nil {
			return nil, err
		}
	}
	return n, nil
}
