package script

import (
	"sync"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/wire"
)

// TestCheckerInParallel verifies all inputs of a transaction at once, with and without
// txscript: some spend by legacy rules, some by segwit's, most by taproot's.
func TestCheckerInParallel(t *testing.T) {
	v := bip341Vectors(t).KeyPathSpending[0]
	tx, err := wire.DecodeTx(mustHex(t, v.Auxiliary.FullySignedTx))
	if err != nil {
		t.Fatal(err)
	}
	var spent []btcwire.TxOut
	for _, u := range v.Given.UtxosSpent {
		spent = append(spent, btcwire.TxOut{Value: u.AmountSats, PkScript: mustHex(t, u.ScriptPubKey)})
	}
	c := NewChecker(tx.Msg(), spent)
	var wait sync.WaitGroup
	for range 3 {
		for i := range spent {
			wait.Go(func() {
				if err := c.Input(i, blockFlags); err != nil {
					t.Errorf("input %d: %s", i, name(err))
				}
				if err := c.own(i, blockFlags); err != nil {
					t.Errorf("input %d by our own: %s", i, name(err))
				}
			})
		}
	}
	wait.Wait()
}

func TestCheckerAsksForWhatIsThere(t *testing.T) {
	tx, spent := spending(nil, []byte{op1}, nil, 0)
	c := NewChecker(tx, spent)
	if err := c.Input(1, blockFlags); err == nil {
		t.Error("there is no second input")
	}
	if err := c.Sender(1); err == nil {
		t.Error("there is no second output")
	}
	if err := c.Sender(0); err != ErrUnknown {
		t.Errorf("an output without sender: %v", err)
	}
	if err := NewChecker(tx, nil).Input(0, blockFlags); err == nil {
		t.Error("what the input spends is not known")
	}
}
