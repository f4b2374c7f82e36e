package connect

import (
	"fmt"

	"spacechain/ledger/aal"
	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/view"
)

// Genesis gives the state that a network begins with: the contracts of its genesis block
// and, where they may be spent, its outputs as coins. Qtum's may not (validation.cpp:
// ConnectBlock leaves the genesis block out).
func Genesis(net *params.Network) (*Result, error) {
	out, err := aal.GenesisState(net)
	if err != nil {
		return nil, fmt.Errorf("genesis of %s: %w", net.Name, err)
	}
	h := &net.Genesis.Header
	if out.StateRoot != h.StateRoot || out.UTXORoot != h.UTXORoot {
		return nil, fmt.Errorf("genesis of %s: its contracts have roots %x and %x, its header says %x and %x",
			net.Name, out.StateRoot, out.UTXORoot, h.StateRoot, h.UTXORoot)
	}
	r := &Result{Record: header.Record{ProofHash: net.GenesisHash, Txs: uint32(len(net.Genesis.Txs))}}
	set := coins.NewSet(view.Empty{})
	if net.GenesisSpendable {
		for _, tx := range net.Genesis.Txs {
			set.AddTx(tx, 0)
			r.Record.MoneySupply += coins.ValueOut(tx)
		}
	}
	r.Changes = mergeChanges(set.Changes(), out.Changes)
	undo := Undo{Flat: out.Undo}
	r.Undo = undo.Append(nil, net.GenesisHash)
	return r, nil
}

func connectGenesis(in *Input) (*Result, error) {
	if hash := in.Block.Hash(); hash != in.Params.GenesisHash {
		return nil, fmt.Errorf("connect block %v without a parent: the genesis of %s is %v", hash, in.Params.Name, in.Params.GenesisHash)
	}
	return Genesis(in.Params)
}
