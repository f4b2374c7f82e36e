package chain

import (
	"errors"
	"fmt"

	"spacechain/ledger/connect"
	"spacechain/ledger/header"
	"spacechain/ledger/wire"
)

// ErrPruned is what asking for a block gives that was kept once and is not any more.
var ErrPruned = errors.New("the block was pruned")

// ErrNoBlock is what asking for a block gives of which only the header is known, or not
// even that.
var ErrNoBlock = errors.New("the block is not known")

// hasBlock tells whether the block of a header can be read.
func (c *Chain) hasBlock(n *header.Node) bool {
	return n.Height == 0 || n.Status&header.HaveBlock != 0 && n.Height >= c.rec.Pruned
}

// raw gives a stored block or undo.
func (c *Chain) raw(prefix byte, n *header.Node, need header.Status) ([]byte, error) {
	if n.Status&need == 0 {
		return nil, ErrNoBlock
	}
	if n.Height < c.rec.Pruned {
		return nil, ErrPruned
	}
	b, ok, err := c.over.Get(blockKey(prefix, n.Height, n.Hash))
	if err == nil && !ok {
		err = errors.New("it is missing in the store")
	}
	return b, err
}

// block reads a block.
func (c *Chain) block(n *header.Node) (*wire.Block, error) {
	if n.Height == 0 {
		return c.net.Genesis, nil
	}
	b, err := c.raw(prefixBlock, n, header.HaveBlock)
	if err == nil {
		var block *wire.Block
		if block, err = wire.DecodeBlock(b); err == nil {
			return block, nil
		}
	}
	return nil, fmt.Errorf("read block %v at height %d: %w", n.Hash, n.Height, err)
}

// undo reads what takes a block back.
func (c *Chain) undo(n *header.Node) (*connect.Undo, error) {
	b, err := c.raw(prefixUndo, n, header.HaveUndo)
	if err == nil {
		var u *connect.Undo
		if u, err = connect.DecodeUndo(b, n.Hash); err == nil {
			return u, nil
		}
	}
	return nil, fmt.Errorf("read undo of block %v at height %d: %w", n.Hash, n.Height, err)
}

// putBlock stores a block.
func (c *Chain) putBlock(n *header.Node, b *wire.Block) {
	raw := b.Append(make([]byte, 0, b.TotalSize()))
	c.over.Put(blockKey(prefixBlock, n.Height, n.Hash), raw)
	c.rec.Bytes += int64(len(raw))
	n.Status |= header.HaveBlock
	n.Txs = uint32(len(b.Txs))
	c.dirty[n] = struct{}{}
}

// putUndo stores what takes a block back.
func (c *Chain) putUndo(n *header.Node, undo []byte) {
	if n.Status&header.HaveUndo == 0 {
		c.rec.Bytes += int64(len(undo))
	}
	c.over.Put(blockKey(prefixUndo, n.Height, n.Hash), undo)
	n.Status |= header.HaveUndo
	c.dirty[n] = struct{}{}
}
