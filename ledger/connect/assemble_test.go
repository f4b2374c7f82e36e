package connect_test

import (
	"strings"
	"testing"

	"spacechain/ledger/aal"
	"spacechain/ledger/check"
	"spacechain/ledger/connect"
	"spacechain/ledger/wire"
)

// draft is a block as its maker has it before anything ran.
func draft(c *chain, b *wire.Block) connect.Draft {
	n := 1
	if b.IsProofOfStake() {
		n = 2
	}
	d := connect.Draft{
		Params: c.net, Prev: c.tree.Tip(), State: c.state, First: b.Txs[:n],
		Header: wire.Header{Time: b.Header.Time, Bits: b.Header.Bits, PrevStake: b.Header.PrevStake},
	}
	for _, tx := range b.Txs[n:] {
		if !aal.IsSpend(tx) {
			d.Candidates = append(d.Candidates, tx)
		}
	}
	return d
}

func sameBlock(t *testing.T, a *connect.Assembly, b *wire.Block) {
	t.Helper()
	if len(a.Txs) != len(b.Txs) || a.StateRoot != b.Header.StateRoot || a.UTXORoot != b.Header.UTXORoot {
		t.Fatalf("assembled %d transactions with roots %x %x, the block has %d with %x %x; skipped %v", len(a.Txs),
			a.StateRoot, a.UTXORoot, len(b.Txs), b.Header.StateRoot, b.Header.UTXORoot, a.Skipped)
	}
	for i := range a.Txs {
		if a.Txs[i].ID() != b.Txs[i].ID() {
			t.Fatalf("transaction %d is %v, in the block %v", i, a.Txs[i].ID(), b.Txs[i].ID())
		}
	}
}

// Blocks that Qtum Core made are assembled again from what was not generated in them.
func TestAssembleGivesTheBlock(t *testing.T) {
	for _, name := range []string{"qtum_condensing_txs", "fuzz_f301", "qtum_pos", "qtum_opcall", "qtum_delegation_contract"} {
		t.Run(name, func(t *testing.T) {
			v := openVector(t, name)
			c := newChain(t, v.net)
			generated, staked := 0, 0
			for b := v.next(t); b != nil; b = v.next(t) {
				if len(b.Txs) > 1 {
					d := draft(c, b)
					a, err := connect.Assemble(d)
					if err != nil {
						t.Fatal(err)
					}
					sameBlock(t, a, b)
					generated += len(a.Txs) - len(d.Candidates) - len(d.First)
					staked += len(d.First) - 1
					r, err := c.try(b)
					if err != nil {
						t.Fatal(err)
					}
					if a.Fees != r.Fees || a.GasRefunds != r.GasRefunds || a.GasUsed != r.GasUsed || a.SigOps != r.SigOps || len(a.Skipped) != 0 {
						t.Fatalf("height %d: assembled %+v, connected %+v", c.tree.Tip().Height+1, a, r)
					}
				}
				if _, err := c.add(b); err != nil {
					t.Fatal(err)
				}
			}
			if generated == 0 && staked == 0 {
				t.Error("nothing was generated and nothing staked")
			}
		})
	}
}

// What cannot stand in a block is left out, and leaves no trace.
func TestAssembleSkips(t *testing.T) {
	v := openVector(t, "fuzz_d201")
	c := newChain(t, v.net)
	seen := map[string]int{}
	for b := v.next(t); b != nil; b = v.next(t) {
		d := draft(c, b)
		if len(d.Candidates) > 0 {
			var all []*wire.Tx
			for _, tx := range d.Candidates {
				all = append(all, withBadScript(tx), withMoreOut(tx), tx, tx, withBadScript(tx))
			}
			all = append(all, b.Txs[0])
			d.Candidates = all
			a, err := connect.Assemble(d)
			if err != nil {
				t.Fatal(err)
			}
			sameBlock(t, a, b)
			for _, s := range a.Skipped {
				reason, _, _ := strings.Cut(check.Reason(s.Err), " ")
				seen[reason]++
			}
		}
		if _, err := c.add(b); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"mandatory-script-verify-flag-failed", "bad-txns-in-belowout", "bad-txns-inputs-missingorspent", "bad-opspend-tx",
	} {
		if seen[want] == 0 {
			t.Errorf("nothing was skipped for %s, but for %v", want, seen)
		}
	}
}

// withBadScript is tx with the last byte of its first input's script, part of a key, changed.
func withBadScript(tx *wire.Tx) *wire.Tx {
	msg := tx.Msg().Copy()
	sig := msg.TxIn[0].SignatureScript
	sig[len(sig)-1] ^= 1
	return wire.NewTx(msg)
}

// withMoreOut is tx with an output of more than it takes in.
func withMoreOut(tx *wire.Tx) *wire.Tx {
	msg := tx.Msg().Copy()
	msg.TxOut[0].Value += 1e15
	return wire.NewTx(msg)
}
