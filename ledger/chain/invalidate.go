package chain

import (
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/header"
)

// Invalidate marks the block with this hash, which must be known, as invalid, and leaves
// every chain that builds on it (validation.cpp: InvalidateBlock).
func (c *Chain) Invalidate(now int64, hash chainhash.Hash) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return err
	}
	n, err := c.known(hash)
	if err != nil {
		return err
	}
	if n.Height == 0 {
		return fmt.Errorf("invalidate block %v: it is the genesis block", hash)
	}
	if c.tree.OnMain(n) {
		if err := c.reachable(n.Height); err != nil {
			return fmt.Errorf("invalidate block %v: %w", hash, err)
		}
	}
	for c.tree.OnMain(n) {
		if err := c.disconnectTip(); err != nil {
			return c.fatal(err)
		}
		if err := c.flushIfLarge(); err != nil {
			return err
		}
	}
	if err := c.fail(n); err != nil {
		return err
	}
	c.offerLinked()
	return c.activate(now, nil, nil)
}

// Reconsider takes back that the block with this hash, blocks below it and all that builds
// on them are invalid, and tries them again (validation.cpp: ResetBlockFailureFlags).
func (c *Chain) Reconsider(now int64, hash chainhash.Hash) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return err
	}
	n, err := c.known(hash)
	if err != nil {
		return err
	}
	lowest := n
	for x := n; x != nil && x.Status&header.Connected == 0 || x != nil && x.Status.Invalid(); {
		if x.Status.Invalid() {
			lowest = x
		}
		if x, err = x.Parent(); err != nil {
			return err
		}
	}
	for _, leaf := range c.tree.Leaves() {
		a, err := leaf.Ancestor(lowest.Height)
		if err != nil {
			return err
		}
		if a != lowest {
			continue
		}
		path, err := pathTo(leaf, lowest)
		if err != nil {
			return err
		}
		for _, x := range append(path, lowest) {
			if x.Status.Invalid() {
				x.Status &^= header.Failed | header.FailedParent
				c.dirty[x] = struct{}{}
			}
		}
	}
	c.offerLinked()
	return c.activate(now, nil, nil)
}

// offerLinked offers every end that could be the tip.
func (c *Chain) offerLinked() {
	for n := range c.linked {
		c.offer(n)
	}
}

// known gives the header with this hash.
func (c *Chain) known(hash chainhash.Hash) (*header.Node, error) {
	n, err := c.tree.Find(hash)
	if err == nil && n == nil {
		err = ErrNoBlock
	}
	if err != nil {
		return nil, fmt.Errorf("block %v: %w", hash, err)
	}
	return n, nil
}
