package connect

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"pgregory.net/rapid"

	"spacechain/ledger/coins"
	"spacechain/ledger/params"
	"spacechain/ledger/view"
)

func someUndo(t *rapid.T) *Undo {
	u := &Undo{}
	for range rapid.IntRange(0, 4).Draw(t, "txs") {
		var tx coins.TxUndo
		for range rapid.IntRange(0, 3).Draw(t, "inputs") {
			tx = append(tx, coins.Coin{
				Value:     rapid.Int64Range(0, params.MaxMoney).Draw(t, "value"),
				Script:    append([]byte{0x51}, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "script")...),
				Height:    rapid.Int32Range(0, 1<<20).Draw(t, "height"),
				CoinStake: rapid.Bool().Draw(t, "coinstake"),
			})
		}
		u.Spent = append(u.Spent, tx)
	}
	keys := rapid.SliceOfNDistinct(rapid.SliceOfN(rapid.SampledFrom([]byte("ASU")), 1, 5), 0, 6,
		func(b []byte) string { return string(b) }).Draw(t, "keys")
	slices.SortFunc(keys, bytes.Compare)
	for _, k := range keys {
		c := view.Change{Key: k}
		if rapid.Bool().Draw(t, "had a value") {
			c.Value = append([]byte{}, rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "old value")...)
		}
		u.Flat = append(u.Flat, c)
	}
	return u
}

func TestUndoComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u, block := someUndo(t), chainhash.Hash{byte(rapid.IntRange(0, 255).Draw(t, "block"))}
		b := u.Append([]byte{1, 2}, block)[2:]
		got, err := DecodeUndo(b, block)
		if err != nil || !reflect.DeepEqual(got, u) {
			t.Fatalf("%+v came back as %+v, %v", u, got, err)
		}
		if _, err := DecodeUndo(b, chainhash.Hash{1, 1}); err == nil {
			t.Fatal("decoded as the undo of another block")
		}
		i := rapid.IntRange(0, len(b)-1).Draw(t, "broken byte")
		b[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := DecodeUndo(b, block); err == nil {
			t.Fatalf("decoded with byte %d broken", i)
		}
		if _, err := DecodeUndo(b[:i], block); err == nil {
			t.Fatalf("decoded %d of %d bytes", i, len(b))
		}
	})
}

// A body, whatever its sum, decodes to what is encoded to the same body or not at all.
func FuzzDecodeUndo(f *testing.F) {
	f.Add([]byte{1, 0, 0})
	u := &Undo{Spent: []coins.TxUndo{{{Value: 5, Script: []byte{0x51}}}}, Flat: []view.Change{{Key: []byte("Aa")}, {Key: []byte("Ab"), Value: []byte{1}}}}
	b := u.Append(nil, chainhash.Hash{})
	f.Add(b[:len(b)-undoSumSize])
	f.Add([]byte{1, 0, 0x80, 0})
	f.Add([]byte{1, 0, 1, 0, 1, 'A', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) == 0 {
			return
		}
		u, err := decodeUndoBody(body)
		if err != nil {
			return
		}
		again := u.Append(nil, chainhash.Hash{})
		if again = again[:len(again)-undoSumSize]; !bytes.Equal(again, body) {
			t.Fatalf("%x decodes to %+v, which is %x", body, u, again)
		}
	})
}
