package chaintest

import (
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/connect"
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
// and sets the roots of the header. Every transaction must fit.
func (c *Chain) assemble(d *Draft) (done assembled) {
	c.T.Helper()
	first := 1
	if d.PoS() {
		first = 2
	}
	var a *connect.Assembly
	err := c.Node.View(func(tip *header.Node, state view.Reader) (err error) {
		txs := d.Block().Txs
		a, err = connect.Assemble(connect.Draft{
			Params: c.Params, Prev: tip, State: state, Header: d.Header,
			First: txs[:first], Candidates: txs[first:],
		})
		return err
	})
	if err != nil {
		c.T.Fatalf("assemble the block at height %d: %v", d.Height, err)
	}
	for _, s := range a.Skipped {
		c.T.Fatalf("assemble the block at height %d: transaction %v: %v", d.Height, s.Tx.ID(), s.Err)
	}
	d.Txs = append(d.Txs[:first:first], messages(a.Txs[first:])...)
	d.Header.StateRoot, d.Header.UTXORoot = a.StateRoot, a.UTXORoot
	done.reward = c.Params.Subsidy(d.Height) + a.Fees - a.GasRefunds
	for _, out := range a.Refunds {
		done.refunds = append(done.refunds, btcwire.NewTxOut(out.Value, out.PkScript))
	}
	return done
}

// messages are txs in a form that can be changed.
func messages(txs []*wire.Tx) []*btcwire.MsgTx {
	var out []*btcwire.MsgTx
	for _, tx := range txs {
		out = append(out, tx.Msg().Copy())
	}
	return out
}
