package chain

import (
	"bytes"
	"slices"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/header"
)

// loadBranches puts back the headers off the best chain, and finds which of their blocks
// could be connected.
func (c *Chain) loadBranches() error {
	var stored [][]byte
	heights := map[*byte]int32{}
	err := c.store.Scan([]byte{prefixBranch}, func(_, v []byte) error {
		n, err := header.Decode(v)
		if err != nil {
			return err
		}
		v = bytes.Clone(v)
		stored = append(stored, v)
		heights[&v[0]] = n.Height
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(stored, func(a, b []byte) int { return int(heights[&a[0]] - heights[&b[0]]) })
	for _, b := range stored {
		n, err := c.tree.Restore(b)
		if err != nil {
			return err
		}
		c.branches[n.Hash] = struct{}{}
		if n.Status&header.HaveBlock == 0 || n.Height < c.rec.Pruned {
			continue
		}
		parent, err := n.Parent()
		if err != nil {
			return err
		}
		if c.isLinked(parent) {
			c.linked[n] = struct{}{}
			c.offer(n)
		} else {
			c.waiting[parent.Hash] = append(c.waiting[parent.Hash], n)
		}
	}
	return nil
}

// isLinked tells whether the blocks from n down to the best chain are all there
// (chain.h: HaveNumChainTxs).
func (c *Chain) isLinked(n *header.Node) bool {
	if _, ok := c.linked[n]; ok {
		return true
	}
	return c.tree.OnMain(n)
}

// received notes that the block of n is there, which makes n, and blocks that waited for
// it, into ends that the chain may reach (validation.cpp: ReceivedBlockTransactions).
func (c *Chain) received(n *header.Node) error {
	parent, err := n.Parent()
	if err != nil {
		return err
	}
	if !c.isLinked(parent) {
		c.waiting[parent.Hash] = append(c.waiting[parent.Hash], n)
		return nil
	}
	for queue := []*header.Node{n}; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		c.linked[n] = struct{}{}
		c.sequence++
		n.Sequence = c.sequence
		c.offer(n)
		queue = append(queue, c.waiting[n.Hash]...)
		delete(c.waiting, n.Hash)
	}
	return nil
}

// offer makes n a candidate, if it is not worse than the tip
// (validation.cpp: TryAddBlockIndexCandidate).
func (c *Chain) offer(n *header.Node) {
	if !n.Status.Invalid() && !c.tree.Tip().Better(n) {
		c.candidates[n] = struct{}{}
	}
}

// withdraw removes candidates that are worse than the tip
// (validation.cpp: PruneBlockIndexCandidates).
func (c *Chain) withdraw() {
	tip := c.tree.Tip()
	for n := range c.candidates {
		if tip.Better(n) {
			delete(c.candidates, n)
		}
	}
}

// mostWork gives the end of the best chain that is not known to be invalid and whose
// blocks are all there: the tip, if none is better (validation.cpp: FindMostWorkChain).
// It leaves out those in not.
func (c *Chain) mostWork(not map[*header.Node]struct{}) (*header.Node, error) {
	for {
		tip := c.tree.Tip()
		best := tip
		for n := range c.candidates {
			if _, left := not[n]; left {
				continue
			}
			// Between candidates that nothing tells apart, the hash decides, so that a run
			// can be repeated; the tip stays before them.
			if n.Better(best) || best != tip && !best.Better(n) && bytes.Compare(n.Hash[:], best.Hash[:]) < 0 {
				best = n
			}
		}
		usable, err := c.usablePath(best)
		if err != nil || usable {
			return best, err
		}
	}
}

// usablePath tells whether all blocks from the best chain up to n are there and not known
// to be invalid. If not, it removes the candidates that build on what is wrong.
func (c *Chain) usablePath(n *header.Node) (bool, error) {
	var path []*header.Node
	for x := n; !c.tree.OnMain(x); {
		path = append(path, x)
		failed, missing := x.Status.Invalid(), !c.hasBlock(x)
		if failed || missing {
			for _, above := range path {
				delete(c.candidates, above)
				if missing && !failed {
					c.unlink(above)
				} else if above != x && above.Status&header.FailedParent == 0 {
					above.Status |= header.FailedParent
					c.dirty[above] = struct{}{}
				}
			}
			return false, nil
		}
		var err error
		if x, err = x.Parent(); err != nil {
			return false, err
		}
	}
	return true, nil
}

// unlink has a block, whose own or an earlier one is missing, wait for its parent again.
func (c *Chain) unlink(n *header.Node) {
	delete(c.linked, n)
	if !c.hasBlock(n) {
		return
	}
	if w := c.waiting[n.Header.PrevBlock]; !slices.Contains(w, n) {
		c.waiting[n.Header.PrevBlock] = append(w, n)
	}
}

// forget removes a header that left memory from all lists.
func (c *Chain) forget(n *header.Node) {
	delete(c.dirty, n)
	delete(c.linked, n)
	delete(c.candidates, n)
	delete(c.branches, n.Hash)
	delete(c.waiting, n.Hash)
	c.dropWaiting(n.Header.PrevBlock, n)
}

func (c *Chain) dropWaiting(parent chainhash.Hash, n *header.Node) {
	w := slices.DeleteFunc(c.waiting[parent], func(x *header.Node) bool { return x == n })
	if len(w) == 0 {
		delete(c.waiting, parent)
	} else {
		c.waiting[parent] = w
	}
}
