package connect_test

import (
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/coins"
	"spacechain/ledger/connect"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// What does not fit the block is not taken back.
func TestDisconnectRefuses(t *testing.T) {
	v := openVector(t, "fuzz_d201")
	c := newChain(t, v.net)
	c.keep = true
	for {
		b := v.next(t)
		if _, err := c.add(b); err != nil {
			t.Fatal(err)
		}
		if p := partsOf(b); p.contract > 0 && p.spend > 0 && p.plain > 0 {
			break
		}
	}
	tip := c.tree.Tip()
	parent, err := tip.Parent()
	if err != nil {
		t.Fatal(err)
	}
	good := connect.UndoInput{
		Block: c.block[tip.Height], Parent: &parent.Header, Height: tip.Height, Undo: c.undo[tip.Height], State: c.state,
	}
	if _, err := connect.Disconnect(good); err != nil {
		t.Fatal(err)
	}
	undo := func(change func(u *connect.Undo)) []byte {
		u, err := connect.DecodeUndo(good.Undo, tip.Hash)
		if err != nil {
			t.Fatal(err)
		}
		change(u)
		return u.Append(nil, tip.Hash)
	}
	without := view.NewOverlay(c.state)
	made := false
	for _, ch := range must(connect.Disconnect(good)) {
		if ch.Key[0] == coins.Prefix && ch.Value == nil && !made {
			without.Delete(ch.Key)
			made = true
		}
	}
	for _, m := range []struct {
		name, want string
		change     func(in *connect.UndoInput)
	}{
		{"undo of another block", "check sum", func(in *connect.UndoInput) { in.Undo = c.undo[tip.Height-1] }},
		{"a transaction less", "transactions", func(in *connect.UndoInput) {
			in.Undo = undo(func(u *connect.Undo) { u.Spent = u.Spent[1:] })
		}},
		{"an input less", "inputs", func(in *connect.UndoInput) {
			in.Undo = undo(func(u *connect.Undo) { u.Spent[0] = u.Spent[0][1:] })
		}},
		{"another height", "not the one that the block made", func(in *connect.UndoInput) { in.Height++ }},
		{"a coin that is gone", "is not there", func(in *connect.UndoInput) { in.State = without }},
		{"other roots", "roots come back", func(in *connect.UndoInput) { in.Parent = &wire.Header{UTXORoot: [32]byte{1}} }},
		{"an account less", "state", func(in *connect.UndoInput) {
			in.Undo = undo(func(u *connect.Undo) { u.Flat = u.Flat[1:] })
		}},
	} {
		in := good
		m.change(&in)
		_, err := connect.Disconnect(in)
		if err == nil {
			t.Errorf("%s: taken back", m.name)
			continue
		}
		if !strings.Contains(err.Error(), m.want) && m.name != "an account less" {
			t.Errorf("%s: %v, want %q", m.name, err, m.want)
		}
	}
	if _, err := connect.DecodeUndo(good.Undo, chainhash.Hash{}); err == nil {
		t.Error("undo was read under another hash")
	}
}

func must(cs []view.Change, err error) []view.Change {
	if err != nil {
		panic(err)
	}
	return cs
}
