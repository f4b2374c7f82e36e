package chain

import (
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/pos"
	"spacechain/ledger/wire"
)

// headerStake tells whether a proof-of-stake header proves itself by the coins that are at
// hand (validation.cpp: CheckHeaderPoS).
func (c *Chain) headerStake(parent *header.Node, h *wire.Header) (bool, error) {
	return pos.HeaderProof(c.net, parent, h, branchCoins{c, parent})
}

// branchCoins are the coins that a block on a branch that ends in parent may stake, as far
// as they can be known before the branch is connected: those unspent at the tip, and those
// spent since the branch left the active chain.
type branchCoins struct {
	c      *Chain
	parent *header.Node
}

// Coin implements pos.CoinSource.
func (b branchCoins) Coin(op btcwire.OutPoint) (*coins.Coin, error) {
	coin, err := coins.NewSet(b.c.over).Coin(op)
	if coin != nil || err != nil {
		return coin, err
	}
	return pos.SpentCoin(b.c.net, b.c.tree, b.parent, op, b.c.spentIn)
}

// spentIn gives the coin that the block of n spent at op, nil if it did not.
func (c *Chain) spentIn(n *header.Node, op btcwire.OutPoint) (*coins.Coin, error) {
	b, err := c.block(n)
	if err != nil {
		return nil, err
	}
	for i, tx := range b.Txs[1:] {
		for j, in := range tx.Msg().TxIn {
			if in.PreviousOutPoint != op {
				continue
			}
			u, err := c.undo(n)
			if err != nil {
				return nil, err
			}
			if i >= len(u.Spent) || j >= len(u.Spent[i]) {
				return nil, nil
			}
			return &u.Spent[i][j], nil
		}
	}
	return nil, nil
}
