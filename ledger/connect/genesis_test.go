package connect_test

import (
	"testing"

	"spacechain/ledger/coins"
	"spacechain/ledger/connect"
	"spacechain/ledger/params"
	"spacechain/ledger/state"
	"spacechain/ledger/view"
)

// Every network begins with the roots that its genesis header names; only SpaceChain's
// begins with coins.
func TestGenesis(t *testing.T) {
	for _, name := range params.Names() {
		net, _ := params.ByName(name)
		r, err := connect.Block(connect.Input{Params: net, Block: net.Genesis, State: view.Empty{}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		o := view.NewOverlay(view.Empty{})
		o.Apply(r.Changes)
		st, err := coins.SetStats(o)
		if err != nil {
			t.Fatal(err)
		}
		outs := int64(0)
		if net.GenesisSpendable {
			outs = int64(len(net.Genesis.Txs[0].Msg().TxOut))
		}
		if st.Coins != outs || st.Amount != r.Record.MoneySupply || (outs > 0) != (st.Amount > 0) {
			t.Errorf("%s: %d coins of %d satoshi, want %d of %d", name, st.Coins, st.Amount, outs, r.Record.MoneySupply)
		}
		if r.Record.ProofHash != net.GenesisHash || r.Record.Txs != 1 {
			t.Errorf("%s: record %+v", name, r.Record)
		}
		for _, g := range net.GenesisContracts {
			if _, ok, err := state.StoredAccount(o, g.Address); !ok || err != nil {
				t.Errorf("%s: no contract at %x, %v", name, g.Address, err)
			}
		}
		if _, err := connect.DecodeUndo(r.Undo, net.GenesisHash); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	main, test := params.Main(), params.Test()
	if _, err := connect.Block(connect.Input{Params: main, Block: test.Genesis, State: view.Empty{}}); err == nil {
		t.Error("the genesis of another network was connected")
	}
	main.GenesisContracts = main.GenesisContracts[1:]
	if _, err := connect.Genesis(main); err == nil {
		t.Error("a genesis of other roots was connected")
	}
}
