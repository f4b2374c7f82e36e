package header

import (
	"fmt"
	"sync"

	btcwire "github.com/btcsuite/btcd/wire/v2"
)

// cacheSize is how many nodes below the window are kept at hand; what reads them reads
// single ones, or some neighbours several times over.
const cacheSize = 256

// oldNodes are nodes below the window that were read lately, by height.
type oldNodes struct {
	mu    sync.Mutex
	slots [cacheSize]*Node
}

// load gives the best chain's node at a height below the window.
func (t *Tree) load(height int32) (*Node, error) {
	slot := &t.old.slots[height%cacheSize]
	t.old.mu.Lock()
	n := *slot
	t.old.mu.Unlock()
	if n != nil && n.Height == height {
		return n, nil
	}
	n, err := t.read(height)
	if err != nil {
		return nil, err
	}
	t.old.mu.Lock()
	*slot = n
	t.old.mu.Unlock()
	return n, nil
}

// read gives a new node out of the store.
func (t *Tree) read(height int32) (*Node, error) {
	if t.opt.Loader == nil {
		return nil, fmt.Errorf("header at height %d: no store to read it from", height)
	}
	b, err := t.opt.Loader.LoadNode(height)
	if err != nil {
		return nil, fmt.Errorf("load header at height %d: %w", height, err)
	}
	n, err := Decode(b)
	if err != nil {
		return nil, fmt.Errorf("load header at height %d: %w", height, err)
	}
	if n.Height != height {
		return nil, fmt.Errorf("load header at height %d: stored there is one of height %d", height, n.Height)
	}
	n.tree = t
	return n, nil
}

// parentOf gives the parent of n, nil for the genesis block. A node without a pointer to
// it was the lowest in memory, or was read from the store, so its parent lay on the best
// chain. Since then the window may have opened and the best chain changed.
func (t *Tree) parentOf(n *Node) (*Node, error) {
	if n.parent != nil || n.Height == 0 {
		return n.parent, nil
	}
	if h := n.Height - 1; h <= t.tip().Height {
		p, err := t.at(h)
		if err != nil || p.Hash == n.Header.PrevBlock {
			return p, err
		}
	}
	if p := t.byID[n.Header.PrevBlock]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("parent of header %v at height %d: %w", n.Hash, n.Height, ErrUnknownParent)
}

func (t *Tree) ancestor(n *Node, height int32) (*Node, error) {
	for n.Height > height {
		if t.onMain(n) {
			return t.at(height)
		}
		var err error
		if n, err = t.parentOf(n); err != nil {
			return nil, err
		}
	}
	return n, nil
}

func (t *Tree) stakeUsed(n *Node, op btcwire.OutPoint, depth int32) (int32, bool, error) {
	lowest := max(n.Height-depth+1, 0)
	// What is in memory is found by what it staked; there are at most a few.
	best := int32(-1)
	for _, c := range t.stakes[op] {
		if c.Height < lowest || c.Height > n.Height || c.Height <= best {
			continue
		}
		a, err := t.ancestor(n, c.Height)
		if err != nil {
			return 0, false, err
		}
		if a.Hash == c.Hash {
			best = c.Height
		}
	}
	if best >= 0 {
		return best, true, nil
	}
	for h := min(t.base-1, n.Height); h >= lowest; h-- {
		a, err := t.load(h)
		if err != nil {
			return 0, false, err
		}
		if a.Header.PrevStake == op {
			return h, true, nil
		}
	}
	return 0, false, nil
}

// StakeSeen tells whether a header in memory, of any branch, staked op at time: what a
// second one that does so is refused for (validation.cpp: setStakeSeen). A header below
// the window cannot have the time of one that could still be accepted, because times
// increase along a chain.
func (t *Tree) StakeSeen(op btcwire.OutPoint, time uint32) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, n := range t.stakes[op] {
		if n.Header.Time == time {
			return true
		}
	}
	return false
}

// Leaves gives the nodes in memory that nothing builds on.
func (t *Tree) Leaves() []*Node {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.leaves()
}

func (t *Tree) leaves() []*Node {
	var l []*Node
	for _, n := range t.byID {
		if n.children == 0 {
			l = append(l, n)
		}
	}
	return l
}

// Len is how many nodes are in memory.
func (t *Tree) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.byID)
}

// Base is the lowest height that is in memory.
func (t *Tree) Base() int32 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.base
}

// Release lets go of what lies below the window: headers of the best chain up to height
// durable, which the Loader must be able to give from now on, and branches that ended
// below the window or left the best chain too far down. It gives the branches' nodes,
// whose stored forms are of no more use.
func (t *Tree) Release(durable int32) (dropped []*Node) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tip := t.tip().Height
	if t.opt.Loader == nil || t.opt.Keep <= 0 || tip <= t.opt.Keep {
		return nil
	}
	window := tip - t.opt.Keep
	lowest := min(max(window-t.opt.MaxFork, 0), durable+1)
	base := min(window, durable+1)
	// A branch lives while its end could be built on. Down to where it left the best
	// chain, that chain stays in memory with it.
	for _, leaf := range t.leaves() {
		if t.onMain(leaf) {
			continue
		}
		fork, err := t.fork(leaf)
		if err == nil && leaf.Height >= window && fork.Height >= lowest {
			base = min(base, fork.Height)
			continue
		}
		for n := leaf; n != nil && n.children == 0 && !t.onMain(n); n = n.parent {
			n.dropped = true
			t.remove(n)
			dropped = append(dropped, n)
		}
	}
	if base <= t.base {
		return dropped
	}
	for _, n := range t.main[:base-t.base] {
		t.remove(n)
	}
	t.main = append([]*Node(nil), t.main[base-t.base:]...)
	t.main[0].parent = nil
	t.base = base
	return dropped
}

func (t *Tree) remove(n *Node) {
	delete(t.byID, n.Hash)
	if n.parent != nil {
		n.parent.children--
	}
	if !n.IsProofOfStake() {
		return
	}
	op := n.Header.PrevStake
	s := t.stakes[op]
	for i := range s {
		if s[i] == n {
			s[i] = s[len(s)-1]
			s = s[:len(s)-1]
			break
		}
	}
	if len(s) == 0 {
		delete(t.stakes, op)
	} else {
		t.stakes[op] = s
	}
}
