package connect_test

import (
	"strings"
	"testing"

	"spacechain/ledger/aal"
	"spacechain/ledger/check"
	"spacechain/ledger/connect"
	"spacechain/ledger/header"
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

// A block is filled with what there is room for, and what comes of it is valid.
func TestAssembleFillsABlock(t *testing.T) {
	v := openVector(t, "fuzz_p401")
	c := newChain(t, v.net)
	var b *wire.Block
	for b = v.next(t); len(b.Txs) < 100; b = v.next(t) {
		if _, err := c.add(b); err != nil {
			t.Fatal(err)
		}
	}
	candidates := draft(c, b).Candidates
	for range 12 {
		candidates = append(candidates, draft(c, v.next(t)).Candidates...)
		finish(t, c, connect.Draft{First: b.Txs[:1], Header: b.Header}) // lock times are heights
	}
	d := connect.Draft{First: b.Txs[:1], Header: b.Header, Candidates: candidates}
	a, r := finish(t, c, d)
	full := map[string]int{}
	for _, s := range a.Skipped {
		full[s.Err.Error()]++
	}
	if len(a.Skipped) == 0 || len(a.Txs)-1+len(a.Skipped) != len(d.Candidates) {
		t.Fatalf("of %d candidates %d are in the block, %d are not: %v", len(d.Candidates), len(a.Txs)-1, len(a.Skipped), full)
	}
	if full["block-full, not enough of the block is left: gas"]+full["block-full, not enough of the block is left: weight"] == 0 {
		t.Errorf("nothing was left out for want of room: %v", full)
	}
	if r.Fees != a.Fees || r.GasUsed != a.GasUsed || r.GasUsed > a.Limits.BlockGasLimit {
		t.Errorf("connected with %+v, assembled with %+v", r, a)
	}
}

// finish makes the proof-of-work block of a draft, on the tip, and adds it.
func finish(t *testing.T, c *chain, d connect.Draft) (*connect.Assembly, *connect.Result) {
	t.Helper()
	d.Params, d.Prev, d.State = c.net, c.tree.Tip(), c.state
	coinbase := d.First[0].Msg().Copy()
	coinbase.TxIn[0].SignatureScript = append(check.HeightPush(d.Prev.Height+1), 0)
	d.First = []*wire.Tx{wire.NewTx(coinbase)}
	h := &d.Header
	h.PrevBlock, h.Time = d.Prev.Hash, d.Prev.Header.Time+64
	var err error
	if h.Bits, err = header.NextBits(c.net, d.Prev, h.Time, false); err != nil {
		t.Fatal(err)
	}
	a, err := connect.Assemble(d)
	if err != nil {
		t.Fatal(err)
	}
	h.StateRoot, h.UTXORoot = a.StateRoot, a.UTXORoot
	r, err := c.add(mined(t, c, *h, append([]*wire.Tx{rewarded(c, a)}, a.Txs[1:]...)))
	if err != nil {
		explain(t, err)
		t.Fatal(err)
	}
	return a, r
}

// rewarded is the first transaction of an assembly with all that it may and must pay.
func rewarded(c *chain, a *connect.Assembly) *wire.Tx {
	msg := a.Txs[0].Msg().Copy()
	outs := msg.TxOut[:1]
	outs[0].Value = c.net.Subsidy(c.tree.Tip().Height+1) + a.Fees - a.GasRefunds
	for i := range a.Refunds {
		outs = append(outs, &a.Refunds[i])
	}
	if at := check.CommitmentIndex(&wire.Block{Txs: a.Txs}); at >= 0 {
		outs = append(outs, a.Txs[0].Msg().Copy().TxOut[at])
	}
	msg.TxOut = outs
	return wire.NewTx(msg)
}

// A draft without its first transactions is no draft.
func TestAssembleWantsACoinbase(t *testing.T) {
	v := openVector(t, "qtum_pos")
	c := newChain(t, v.net)
	d := draft(c, v.next(t))
	first := d.First
	d.First = nil
	if _, err := connect.Assemble(d); err == nil {
		t.Error("assembled without a coinbase")
	}
	d.First = first
	d.Header.PrevStake.Index = 0
	if _, err := connect.Assemble(d); err == nil {
		t.Error("assembled a proof-of-stake block without a coinstake")
	}
}
