package chain

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/wire"
)

// ErrNoTx is what asking for a transaction gives that the best chain does not hold.
var ErrNoTx = errors.New("the transaction is not in the chain")

// errFound ends a scan early.
var errFound = errors.New("found")

// indexTxs notes where the transactions of a block are.
func (c *Chain) indexTxs(n *header.Node, b *wire.Block) {
	for i, tx := range b.Txs {
		place := binary.BigEndian.AppendUint32(make([]byte, 0, 8), uint32(n.Height))
		c.over.Put(hashKey(prefixTx, tx.ID()), binary.AppendUvarint(place, uint64(i)))
	}
}

func (c *Chain) unindexTxs(b *wire.Block) {
	for _, tx := range b.Txs {
		c.over.Delete(hashKey(prefixTx, tx.ID()))
	}
}

// Tx describes a transaction of the best chain. Without the index it is searched: first in
// the blocks of its unspent outputs, then in all blocks that are kept, from the tip down.
func (c *Chain) Tx(id chainhash.Hash) (*TxInfo, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return nil, ErrClosed
	}
	n, tx, err := c.findTx(id)
	if err != nil {
		return nil, fmt.Errorf("transaction %v: %w", id, err)
	}
	info := c.describeTx(tx)
	info.BlockHash = n.Hash.String()
	info.Height = n.Height
	info.Confirmations = c.tree.Tip().Height - n.Height + 1
	info.Time = n.Header.Time
	return info, nil
}

func (c *Chain) findTx(id chainhash.Hash) (*header.Node, *wire.Tx, error) {
	if height, ok, err := c.txHeight(id); err != nil {
		return nil, nil, err
	} else if ok {
		return c.txAt(height, id)
	} else if c.opt.TxIndex && c.net.Genesis.Txs[0].ID() != id {
		return nil, nil, ErrNoTx
	}
	for height := c.tree.Tip().Height; height >= 0; height-- {
		if height > 0 && height < c.rec.Pruned {
			return nil, nil, fmt.Errorf("%w from height %d on; blocks below were pruned", ErrNoTx, c.rec.Pruned)
		}
		n, tx, err := c.txAt(height, id)
		if !errors.Is(err, ErrNoTx) {
			return n, tx, err
		}
	}
	return nil, nil, ErrNoTx
}

// txHeight gives the height of a transaction's block where the index, or a coin, tells it.
func (c *Chain) txHeight(id chainhash.Hash) (height int32, ok bool, err error) {
	if c.opt.TxIndex {
		b, ok, err := c.over.Get(hashKey(prefixTx, id))
		if err != nil || !ok {
			return 0, false, err
		}
		if len(b) < 5 {
			return 0, false, fmt.Errorf("index of %d bytes", len(b))
		}
		return int32(binary.BigEndian.Uint32(b)), true, nil
	}
	err = c.over.Scan(hashKey(coins.Prefix, id), func(_, v []byte) error {
		coin, _, err := coins.Decode(v)
		if err != nil {
			return err
		}
		height, ok = coin.Height, true
		return errFound
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return height, ok, err
}

// txAt gives a transaction of the best chain's block at height.
func (c *Chain) txAt(height int32, id chainhash.Hash) (*header.Node, *wire.Tx, error) {
	n, err := c.tree.At(height)
	if err == nil && n == nil {
		err = ErrNoTx
	}
	if err != nil {
		return nil, nil, err
	}
	b, err := c.block(n)
	if err != nil {
		return nil, nil, err
	}
	for _, tx := range b.Txs {
		if tx.ID() == id {
			return n, tx, nil
		}
	}
	return nil, nil, ErrNoTx
}
