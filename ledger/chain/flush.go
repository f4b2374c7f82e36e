package chain

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/internal/kv"
	"spacechain/ledger/header"
)

// entryCost is what a changed key takes in memory beside its bytes and its value's.
const entryCost = 96

// Flush makes all changes durable.
func (c *Chain) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.usable(); err != nil {
		return err
	}
	return c.flush()
}

// flushIfLarge bounds what changes take in memory.
func (c *Chain) flushIfLarge() error {
	if c.over.Size()+c.over.Len()*entryCost < c.opt.FlushBytes {
		return nil
	}
	if err := c.flush(); err != nil {
		return err
	}
	return c.pruneIfLarge()
}

// flush writes everything that changed in one batch. The state in it is always that of the
// tip in it. After an error nothing more is written: memory and store may differ.
func (c *Chain) flush() error {
	if c.broken != nil {
		return c.broken
	}
	if len(c.dirty) == 0 && c.over.Len() == 0 {
		return nil
	}
	for n := range c.dirty {
		c.putNode(n)
	}
	clear(c.dirty)
	tip := c.tree.Tip()
	c.rec.Hash, c.rec.Height = tip.Hash, tip.Height
	c.over.Put(keyTip, c.rec.append(nil))

	var batch kv.Batch
	changes := c.over.Changes()
	batch.Grow(len(changes))
	for _, ch := range changes {
		if ch.Value == nil {
			batch.DeleteOwned(ch.Key)
		} else {
			batch.PutOwned(ch.Key, ch.Value)
		}
	}
	if err := c.store.Apply(&batch); err != nil {
		c.broken = fmt.Errorf("flush the chain at height %d: %w", tip.Height, err)
		return c.broken
	}
	c.over.Reset()
	c.release(tip.Height)
	return nil
}

// putNode writes a header to where it now belongs.
func (c *Chain) putNode(n *header.Node) {
	stored := n.Append(nil)
	if !c.tree.OnMain(n) {
		c.over.Put(hashKey(prefixBranch, n.Hash), stored)
		c.branches[n.Hash] = struct{}{}
		return
	}
	c.over.Put(heightKey(prefixMain, n.Height), stored)
	c.over.Put(hashKey(prefixHeight, n.Hash), binary.BigEndian.AppendUint32(nil, uint32(n.Height)))
	if _, was := c.branches[n.Hash]; was {
		c.over.Delete(hashKey(prefixBranch, n.Hash))
		delete(c.branches, n.Hash)
	}
}

// release lets headers go that no rule asks for any more, and the blocks of branches among
// them.
func (c *Chain) release(durable int32) {
	for _, n := range c.tree.Release(durable) {
		c.forget(n)
		c.over.Delete(hashKey(prefixBranch, n.Hash))
		for _, prefix := range []byte{prefixBlock, prefixUndo} {
			key := blockKey(prefix, n.Height, n.Hash)
			if v, ok, err := c.store.Get(key); err == nil && ok {
				c.rec.Bytes -= int64(len(v))
				c.over.Delete(key)
			}
		}
	}
}

// loader gives the tree the best chain's headers that left memory.
type loader struct{ store kv.Store }

var errNoHeader = errors.New("it is not stored")

// LoadNode implements header.Loader.
func (l loader) LoadNode(height int32) ([]byte, error) {
	b, ok, err := l.store.Get(heightKey(prefixMain, height))
	if err == nil && !ok {
		err = errNoHeader
	}
	return b, err
}

// LoadHeight implements header.Loader.
func (l loader) LoadHeight(hash chainhash.Hash) (int32, bool, error) {
	b, ok, err := l.store.Get(hashKey(prefixHeight, hash))
	if err != nil || !ok {
		return 0, false, err
	}
	if len(b) != 4 {
		return 0, false, fmt.Errorf("height of header %v: %d bytes", hash, len(b))
	}
	return int32(binary.BigEndian.Uint32(b)), true, nil
}
