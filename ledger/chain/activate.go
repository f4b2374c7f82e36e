package chain

import (
	"fmt"

	"spacechain/ledger/check"
	"spacechain/ledger/header"
	"spacechain/ledger/wire"
)

// Activate connects what could be connected and is not, such as after a start.
func (c *Chain) Activate(now int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return err
	}
	return c.activate(now, nil, nil)
}

// activate makes the best chain that holds the active one
// (validation.cpp: ActivateBestChain). b is the block of n at hand, or nil. It returns why n
// is invalid, if it is, and the store's errors; what is wrong with other blocks is only
// noted with them.
func (c *Chain) activate(now int64, n *header.Node, b *wire.Block) error {
	var found error // what was wrong with n
	// Ends that fail now without being invalid for good; see check.Unstated.
	not := map[*header.Node]struct{}{}
	for {
		best, err := c.mostWork(not)
		if err != nil {
			return c.fatal(err)
		}
		if best == c.tree.Tip() {
			break
		}
		failed, why, err := c.towards(now, best, n, b)
		if err != nil {
			return err
		}
		if failed == nil {
			continue
		}
		if failed == n {
			found = why
		}
		if e := check.Of(why); !e.Final() {
			not[best] = struct{}{}
		}
	}
	if err := c.flushIfLarge(); err != nil {
		return err
	}
	if n == nil {
		return nil
	}
	return verdict(n, found)
}

// fatal notes that memory is no longer what it should be.
func (c *Chain) fatal(err error) error {
	if c.broken == nil {
		c.broken = err
	}
	return err
}

// towards makes the chain that ends in best the active one, as far as its blocks hold. It
// gives the block that does not, if one does not, and why.
func (c *Chain) towards(now int64, best, n *header.Node, b *wire.Block) (failed *header.Node, why, err error) {
	fork, err := c.tree.Fork(best)
	if err != nil {
		return nil, nil, c.fatal(err)
	}
	if c.tree.Tip() != fork {
		c.candidates[c.tree.Tip()] = struct{}{} // to come back to
	}
	for c.tree.Tip() != fork {
		if err := c.disconnectTip(); err != nil {
			return nil, nil, c.fatal(err)
		}
		if err := c.flushIfLarge(); err != nil {
			return nil, nil, err
		}
	}
	path, err := pathTo(best, fork)
	if err != nil {
		return nil, nil, c.fatal(err)
	}
	for i := len(path) - 1; i >= 0; i-- {
		x := path[i]
		block := b
		if x != n || b == nil {
			if block, err = c.block(x); err != nil {
				return nil, nil, c.fatal(err)
			}
		}
		err := c.connectTip(now, x, block, x == n && b != nil)
		if e := check.Of(err); e != nil {
			return x, err, c.invalid(x, e)
		}
		if err != nil {
			return nil, nil, c.fatal(fmt.Errorf("connect block %v at height %d: %w", x.Hash, x.Height, err))
		}
		c.withdraw()
		if err := c.flushIfLarge(); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, nil
}

// pathTo gives the headers from best down to, and without, fork.
func pathTo(best, fork *header.Node) (path []*header.Node, err error) {
	for x := best; x != fork; {
		path = append(path, x)
		if x, err = x.Parent(); err != nil {
			return nil, err
		}
	}
	return path, nil
}

// invalid notes that a block broke a rule when it was connected
// (validation.cpp: InvalidBlockFound).
func (c *Chain) invalid(n *header.Node, e *check.Error) error {
	if e.Result == check.Mutated {
		// Only blocks that were whole are stored, so the store gave another than it took.
		return c.fatal(fmt.Errorf("connect block %v at height %d: it changed in the store: %w", n.Hash, n.Height, e))
	}
	if !e.Final() {
		return nil
	}
	return c.fail(n)
}

// fail marks a block as invalid, and all that builds on it. Qtum Core marks some of the
// latter only when it is asked for next.
func (c *Chain) fail(n *header.Node) error {
	n.Status |= header.Failed
	c.dirty[n] = struct{}{}
	delete(c.candidates, n)
	return c.failDescendants(n)
}

func (c *Chain) failDescendants(n *header.Node) error {
	for _, leaf := range c.tree.Leaves() {
		if leaf.Height <= n.Height {
			continue
		}
		a, err := leaf.Ancestor(n.Height)
		if err != nil {
			return c.fatal(err)
		}
		if a != n {
			continue
		}
		path, err := pathTo(leaf, n)
		if err != nil {
			return c.fatal(err)
		}
		for _, x := range path {
			if x.Status&header.FailedParent == 0 {
				x.Status |= header.FailedParent
				c.dirty[x] = struct{}{}
			}
			delete(c.candidates, x)
		}
	}
	return nil
}

// connectTip makes n, which builds on the tip, the tip. checked tells that checkBlock
// accepted b, n's block.
func (c *Chain) connectTip(now int64, n *header.Node, b *wire.Block, checked bool) error {
	res, err := c.connectBlock(now, b, checked)
	if err != nil {
		return err
	}
	c.over.Apply(res.Changes)
	c.putUndo(n, res.Undo)
	n.Record = res.Record
	c.rec.MaxWeight = res.MaxWeight
	n.Status |= header.Connected
	if c.opt.TxIndex {
		c.indexTxs(n, b)
	}
	delete(c.linked, n)
	c.dirty[n] = struct{}{}
	return c.tree.SetTip(n)
}

// disconnectTip takes the tip's block back (validation.cpp: DisconnectTip).
func (c *Chain) disconnectTip() error {
	n := c.tree.Tip()
	if n.Height <= c.tree.Base() {
		// Some further ones at once, in case this goes on.
		if err := c.tree.Reach(n.Height - 1 - c.net.MaxCheckpointSpan()); err != nil {
			return err
		}
	}
	parent, err := n.Parent()
	if err != nil {
		return err
	}
	b, err := c.block(n)
	if err != nil {
		return err
	}
	changes, err := c.disconnectBlock(c.over, parent, n, b)
	if err != nil {
		return err
	}
	c.over.Apply(changes)
	if c.opt.TxIndex {
		c.unindexTxs(b)
	}
	c.over.Delete(heightKey(prefixMain, n.Height))
	c.over.Delete(hashKey(prefixHeight, n.Hash))
	c.linked[n] = struct{}{}
	c.dirty[n] = struct{}{}
	return c.tree.SetTip(parent)
}

// Disconnect takes the tip's block back without marking it: the next activation connects
// it again. It is for tests and tools.
func (c *Chain) Disconnect() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return err
	}
	if c.tree.Tip().Height == 0 {
		return fmt.Errorf("disconnect: the genesis block is the tip")
	}
	n := c.tree.Tip()
	if err := c.disconnectTip(); err != nil {
		return c.fatal(err)
	}
	c.offer(n)
	return c.flushIfLarge()
}
