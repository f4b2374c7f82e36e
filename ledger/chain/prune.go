package chain

import (
	"fmt"

	"spacechain/internal/kv"
	"spacechain/ledger/check"
)

// Prune removes blocks and undos, the lowest first, until what is kept takes at most keep
// bytes, and gives how many bytes it removed. The blocks stay that could still be taken
// back: those within the rolling checkpoint's span below the tip.
func (c *Chain) Prune(keep int64) (removed int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return 0, err
	}
	if err := c.flush(); err != nil {
		return 0, err
	}
	return c.prune(keep)
}

// pruneIfLarge prunes by the chain's own option, not for every block but for some at once.
func (c *Chain) pruneIfLarge() error {
	keep := c.opt.PruneBytes
	if keep <= 0 || c.rec.Bytes <= keep+keep/16 {
		return nil
	}
	_, err := c.prune(keep)
	return err
}

// reachable tells whether the best chain's blocks from height on can all be taken back.
func (c *Chain) reachable(height int32) error {
	if height < c.rec.Pruned {
		return fmt.Errorf("blocks below height %d: %w", c.rec.Pruned, ErrPruned)
	}
	return nil
}

// prune removes what is flushed; nothing may be waiting to be.
func (c *Chain) prune(keep int64) (removed int64, err error) {
	tip := c.tree.Tip().Height
	limit := check.SyncHeight(c.net, tip)
	if limit <= c.rec.Pruned {
		return 0, nil
	}
	upTo := c.rec.Pruned
	excess := c.rec.Bytes - keep
	for upTo < limit && removed < excess {
		for _, prefix := range []byte{prefixBlock, prefixUndo} {
			err := c.store.Scan(heightKey(prefix, upTo), func(_, v []byte) error {
				removed += int64(len(v))
				return nil
			})
			if err != nil {
				return 0, fmt.Errorf("prune blocks below height %d: %w", limit, err)
			}
		}
		upTo++
	}
	if upTo == c.rec.Pruned {
		return 0, nil
	}
	next := c.rec
	next.Pruned = upTo
	next.Bytes -= removed
	var batch kv.Batch
	for _, prefix := range []byte{prefixBlock, prefixUndo} {
		batch.DeleteRange(heightKey(prefix, 0), heightKey(prefix, upTo))
	}
	batch.Put(keyTip, next.append(nil))
	if err := c.store.Apply(&batch); err != nil {
		c.broken = fmt.Errorf("prune blocks below height %d: %w", upTo, err)
		return 0, c.broken
	}
	c.rec = next
	return removed, nil
}

// Pruned is the height below which no blocks are kept, and how many bytes those take that
// are.
func (c *Chain) Pruned() (below int32, bytes int64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.rec.Pruned, c.rec.Bytes
}
