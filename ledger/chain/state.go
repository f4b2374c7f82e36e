package chain

import (
	"encoding/json"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/blockfile"
	"spacechain/ledger/check"
	"spacechain/ledger/connect"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// create makes the chain of the genesis block alone.
func (c *Chain) create() error {
	fields, err := rules(c.net)
	if err != nil {
		return err
	}
	m, err := json.Marshal(made{Version: madeVersion, Network: c.net.Name, Rules: fields, TxIndex: c.opt.TxIndex})
	if err != nil {
		return err
	}
	res, err := connect.Genesis(c.net)
	if err != nil {
		return err
	}
	c.over.Put(keyMade, m)
	c.over.Apply(res.Changes)
	c.tree = header.New(&c.net.Genesis.Header, c.treeOptions())
	n := c.tree.Tip()
	n.Record = res.Record
	n.ProofHash = c.net.GenesisHash
	n.Status = header.HaveBlock | header.Connected
	c.dirty[n] = struct{}{}
	if c.opt.TxIndex {
		c.indexTxs(n, c.net.Genesis)
	}
	if c.checkpointed, err = check.LastCheckpoint(c.net, c.tree); err != nil {
		return err
	}
	return c.flush()
}

// connectBlock works out what a block does to the state of the tip, which it builds on.
// checked tells that checkBlock accepted this very block.
func (c *Chain) connectBlock(now int64, b *wire.Block, checked bool) (*connect.Result, error) {
	return connect.Block(connect.Input{
		Params: c.net, Prev: c.tree.Tip(), Block: b, State: c.over,
		Now: now, Checked: checked, Workers: c.opt.Workers,
	})
}

// disconnectBlock works out what taking the block of n back does to the state after it.
func (c *Chain) disconnectBlock(over *view.Overlay, parent, n *header.Node, b *wire.Block) ([]view.Change, error) {
	undo, err := c.raw(prefixUndo, n, header.HaveUndo)
	if err != nil {
		return nil, fmt.Errorf("read undo of block %v at height %d: %w", n.Hash, n.Height, err)
	}
	return connect.Disconnect(connect.UndoInput{
		Block: b, Parent: &parent.Header, Height: n.Height, Undo: undo, State: over,
	})
}

// SameRules tells where the rules of two networks differ, if they do.
func SameRules(a, b *params.Network) error {
	if a.Name != b.Name {
		return fmt.Errorf("network %s is not %s", a.Name, b.Name)
	}
	x, err := rules(a)
	if err != nil {
		return err
	}
	y, err := rules(b)
	if err != nil {
		return err
	}
	return agrees(x, y, params.Never)
}

// HaveBlock tells whether the block with this hash is stored, or was and is pruned.
func (c *Chain) HaveBlock(hash chainhash.Hash) (bool, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return false, ErrClosed
	}
	n, err := c.tree.Find(hash)
	return n != nil && n.Status&header.HaveBlock != 0, err
}

// MaxBlock is the size of the largest block that a file may hold, in bytes: what governance
// allows now, and at least what it allowed at first.
func (c *Chain) MaxBlock() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return max(blockfile.DefaultMaxBlock, c.rec.MaxWeight)
}
