package chaintest

import (
	"slices"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/aal"
	"spacechain/ledger/coins"
	"spacechain/ledger/dgp"
	"spacechain/ledger/header"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// assembled is what a block's transactions leave to who makes the block.
type assembled struct {
	reward  int64 // fees and subsidy less the gas refunds, in satoshi
	refunds []*btcwire.TxOut
}

// assemble runs the contracts of d, puts the transactions that they make behind theirs,
// and sets the roots of the header.
func (c *Chain) assemble(d *Draft) (done assembled) {
	c.T.Helper()
	err := c.Node.View(func(tip *header.Node, state view.Reader) error {
		m := aal.New(state)
		m.Env = aal.Env{
			Params: c.Params, Height: d.Height, Time: d.Header.Time, Bits: tip.Header.Bits, Author: tip.Staker,
			BlockHash: func(height int32) [32]byte {
				n, err := tip.Ancestor(height)
				if err != nil || n == nil {
					return [32]byte{}
				}
				return n.Hash
			},
		}
		limits, err := dgp.Read(m)
		if err != nil {
			return err
		}
		m.Env.Bits, m.Env.Author = d.Header.Bits, aal.Author(d.Block())
		m.Env.GasLimit, m.Env.Schedule = limits.BlockGasLimit, limits.Schedule
		if d.PoS() && d.Height == c.Params.OfflineStakeHeight {
			m.DeployDelegations(c.Params)
		}
		done.reward = c.Params.Subsidy(d.Height)
		var (
			set = coins.NewSet(state)
			all []*btcwire.MsgTx
		)
		for i, msg := range d.Txs {
			all = append(all, msg)
			if i == 0 || d.PoS() && i == 1 {
				continue
			}
			tx := wire.NewTx(msg.Copy())
			spent, err := set.Inputs(nil, tx)
			if err != nil {
				return err
			}
			fee, err := coins.CheckTxInputs(tx, spent, d.Height, c.Params.Maturity(d.Height))
			if err != nil {
				return err
			}
			done.reward += fee
			paid := slices.Clone(spent[0].Script) // the set forgets it when it is spent
			if _, err := set.SpendTx(tx); err != nil {
				return err
			}
			set.AddTx(tx, d.Height)
			if !aal.IsContract(tx) {
				continue
			}
			execs, err := aal.Extract(tx, paid, c.Params, d.Height)
			if err != nil {
				return err
			}
			result, err := m.Execute(execs)
			if err != nil {
				return err
			}
			done.refunds = append(done.refunds, result.Refunds...)
			done.reward -= result.RefundSum
			all = append(all, result.Generated...)
		}
		if d.Height == c.Params.OfflineStakeHeight {
			m.DeployDelegations(c.Params)
		}
		d.Txs = all
		d.Header.StateRoot, d.Header.UTXORoot, err = m.Roots()
		return err
	})
	if err != nil {
		c.T.Fatalf("assemble the block at height %d: %v", d.Height, err)
	}
	return done
}
