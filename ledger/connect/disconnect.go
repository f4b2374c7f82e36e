package connect

import (
	"bytes"
	"fmt"
	"slices"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/aal"
	"spacechain/ledger/coins"
	"spacechain/ledger/script"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// UndoInput is a block to be taken back.
type UndoInput struct {
	Block *wire.Block
	// Parent is the header of the block below; its roots are those that the state must
	// come back to.
	Parent *wire.Header
	Height int32 // of Block
	// Undo is what Result.Undo of the block was.
	Undo []byte
	// State is the state after the block.
	State view.Reader
}

// Disconnect gives the changes that make of the state after a block the state before it
// (validation.cpp: Chainstate::DisconnectBlock), by key in bytewise order. Code that came
// with the block stays: other accounts may have the same.
//
// Whatever does not fit is an error: outputs that are not the coins that the block made,
// undo data of another block, roots that are not the parent's. Qtum Core goes on with an
// unclean state where only coins do not fit.
func Disconnect(in UndoInput) ([]view.Change, error) {
	hash := in.Block.Hash()
	undo, err := DecodeUndo(in.Undo, hash)
	if err != nil {
		return nil, err
	}
	fail := func(err error) error { return fmt.Errorf("disconnect block %v: %w", hash, err) }
	if len(undo.Spent) != len(in.Block.Txs)-1 {
		return nil, fail(fmt.Errorf("undo of %d transactions, the block has %d", len(undo.Spent), len(in.Block.Txs)))
	}
	set := coins.NewSet(in.State)
	for i := len(in.Block.Txs) - 1; i >= 0; i-- {
		tx := in.Block.Txs[i]
		if err := unmake(set, tx, in.Height); err != nil {
			return nil, fail(err)
		}
		if i > 0 {
			if err := unspend(set, tx, undo.Spent[i-1]); err != nil {
				return nil, fail(err)
			}
		}
	}
	stateRoot, utxoRoot, changes, err := aal.RevertState(in.State, undo.Flat)
	if err != nil {
		return nil, fail(err)
	}
	if stateRoot != in.Parent.StateRoot || utxoRoot != in.Parent.UTXORoot {
		return nil, fail(fmt.Errorf("roots come back to %x and %x, the parent's are %x and %x",
			stateRoot, utxoRoot, in.Parent.StateRoot, in.Parent.UTXORoot))
	}
	return mergeChanges(set.Changes(), changes), nil
}

// unmake takes the coins that tx made out of the set.
func unmake(set *coins.Set, tx *wire.Tx, height int32) error {
	op := btcwire.OutPoint{Hash: tx.ID()}
	for i, out := range tx.Msg().TxOut {
		if script.IsUnspendable(out.PkScript) {
			continue
		}
		op.Index = uint32(i)
		c, ok, err := set.Spend(op)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("coin %v is not there", op)
		}
		if c.Value != out.Value || !bytes.Equal(c.Script, out.PkScript) || c.Height != height ||
			c.CoinBase != tx.IsCoinBase() || c.CoinStake != tx.IsCoinStake() {
			return fmt.Errorf("coin %v is not the one that the block made", op)
		}
	}
	return nil
}

// unspend puts back the coins that tx spent.
func unspend(set *coins.Set, tx *wire.Tx, spent coins.TxUndo) error {
	ins := tx.Msg().TxIn
	if len(spent) != len(ins) {
		return fmt.Errorf("undo of %v has %d coins, it has %d inputs", tx.ID(), len(spent), len(ins))
	}
	for i, in := range ins {
		have, err := set.Have(in.PreviousOutPoint)
		if err != nil {
			return err
		}
		if have {
			return fmt.Errorf("coin %v is there again already", in.PreviousOutPoint)
		}
		set.Put(in.PreviousOutPoint, spent[i])
	}
	return nil
}

// mergeChanges merges two lists without a common key, each in order.
func mergeChanges(a, b []view.Change) []view.Change {
	if len(a) == 0 {
		return b
	}
	all := append(a[:len(a):len(a)], b...)
	slices.SortFunc(all, func(x, y view.Change) int { return bytes.Compare(x.Key, y.Key) })
	return all
}
