package coins

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"spacechain/ledger/script"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

func outPoint() *rapid.Generator[btcwire.OutPoint] {
	return rapid.Custom(func(t *rapid.T) btcwire.OutPoint {
		return btcwire.OutPoint{
			Hash:  chainhash.Hash{rapid.ByteRange(0, 3).Draw(t, "tx")},
			Index: rapid.SampledFrom([]uint32{0, 1, 255, 256, 1 << 31}).Draw(t, "index"),
		}
	})
}

// A set behaves as a map does, and its changes make of the parent's coins its own.
func TestSetAgreesWithAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parent := view.NewOverlay(view.Empty{})
		model := map[btcwire.OutPoint]Coin{}
		for range rapid.IntRange(0, 8).Draw(t, "coins") {
			op, c := outPoint().Draw(t, "op"), anyCoin().Draw(t, "coin")
			parent.Put(Key(op), c.Append(nil))
			model[op] = c
		}
		s := NewSet(parent)
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			op := outPoint().Draw(t, "op")
			want, there := model[op]
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				got, err := s.Coin(op)
				if err != nil || (got != nil) != there || there && !equal(*got, want) {
					t.Fatalf("coin %v: %+v %v, want %+v %v", op, got, err, want, there)
				}
			case 1:
				if have, err := s.Have(op); err != nil || have != there {
					t.Fatalf("have %v: %v %v, want %v", op, have, err, there)
				}
			case 2:
				got, ok, err := s.Spend(op)
				if err != nil || ok != there || there && !equal(got, want) {
					t.Fatalf("spend %v: %+v %v %v, want %+v %v", op, got, ok, err, want, there)
				}
				delete(model, op)
			case 3:
				if there {
					continue
				}
				c := anyCoin().Draw(t, "coin")
				s.Put(op, c)
				model[op] = c
			}
		}
		top := view.NewOverlay(parent)
		top.Apply(s.Changes())
		n := 0
		err := top.Scan([]byte{Prefix}, func(k, v []byte) error {
			op, err := ParseKey(k)
			if err != nil {
				return err
			}
			c, _, err := Decode(v)
			if err != nil || !equal(c, model[op]) {
				return fmt.Errorf("coin %v is %+v (%v), want %+v", op, c, err, model[op])
			}
			n++
			return nil
		})
		if err != nil || n != len(model) {
			t.Fatalf("after the changes there are %d coins, want %d: %v", n, len(model), err)
		}
		if again := NewSet(top); len(again.Changes()) != 0 {
			t.Fatal("a set that was only made has changes")
		}
	})
}

func TestSetNamesABrokenStore(t *testing.T) {
	op := btcwire.OutPoint{Index: 1}
	for name, r := range map[string]view.Reader{
		"garbage":  broken{v: []byte{0xff}},
		"trailing": broken{v: append((&Coin{}).Append(nil), 0)},
		"error":    broken{err: errors.New("disk")},
	} {
		if _, err := NewSet(r).Coin(op); err == nil {
			t.Errorf("%s: a coin was read", name)
		}
		if _, _, err := NewSet(r).Spend(op); err == nil {
			t.Errorf("%s: a coin was spent", name)
		}
	}
}

type broken struct {
	v   []byte
	err error
}

func (b broken) Get([]byte) ([]byte, bool, error)                 { return b.v, b.err == nil, b.err }
func (b broken) Scan([]byte, func(key, value []byte) error) error { return b.err }

// The hash is made here from its definition.
func TestSetStats(t *testing.T) {
	o := view.NewOverlay(view.Empty{})
	a, b := chainhash.Hash{1}, chainhash.Hash{2}
	for _, c := range []struct {
		op   btcwire.OutPoint
		coin Coin
	}{
		{btcwire.OutPoint{Hash: b, Index: 0}, Coin{Value: 3, Script: []byte{0x51}, Height: 2, CoinStake: true}},
		{btcwire.OutPoint{Hash: a, Index: 256}, Coin{Value: 0, Height: 3}},
		{btcwire.OutPoint{Hash: a, Index: 1}, Coin{Value: 258, Script: make([]byte, 300), Height: 1, CoinBase: true}},
	} {
		o.Put(Key(c.op), c.coin.Append(nil))
	}
	o.Put([]byte("A"), []byte("not a coin"))
	st, err := SetStats(o)
	if err != nil {
		t.Fatal(err)
	}
	hexes := hex.EncodeToString(a[:]) + "01000000" + "05000000" + "0201000000000000" + "fd2c01" + hex.EncodeToString(make([]byte, 300)) +
		hex.EncodeToString(a[:]) + "00010000" + "0c000000" + "0000000000000000" + "00" +
		hex.EncodeToString(b[:]) + "00000000" + "0a000000" + "0300000000000000" + "0151"
	raw, _ := hex.DecodeString(hexes)
	one := sha256.Sum256(raw)
	want := Stats{Hash: sha256.Sum256(one[:]), Coins: 3, Transactions: 2, Amount: 261}
	if st != want {
		t.Fatalf("stats %+v, want %+v", st, want)
	}
	empty, err := SetHash(view.Empty{})
	if err != nil || empty.String() != "56944c5d3f98413ef45cf54545538103cc9f298e0575820ad3591376e2e0f65d" {
		t.Fatalf("hash of no coins is %v, %v", empty, err)
	}
	o.Put(Key(btcwire.OutPoint{}), []byte{1})
	if _, err := SetStats(o); err == nil {
		t.Fatal("a broken coin was hashed")
	}
}

func TestAddAndSpendTransactions(t *testing.T) {
	s := NewSet(view.Empty{})
	stake := tx(1, []btcwire.TxIn{{PreviousOutPoint: btcwire.OutPoint{Index: 5}}},
		btcwire.TxOut{}, btcwire.TxOut{Value: 7, PkScript: []byte{0x51}}, btcwire.TxOut{Value: 8, PkScript: []byte{0x6a}},
		btcwire.TxOut{Value: 9, PkScript: make([]byte, script.MaxScriptSize+1)}, btcwire.TxOut{Value: 10, PkScript: make([]byte, script.MaxScriptSize)})
	s.AddTx(stake, 4)
	if got := len(s.Changes()); got != 3 {
		t.Fatalf("%d coins made, want 3: the empty output, the spendable and the longest", got)
	}
	if have, err := s.HaveOutput(stake); !have || err != nil {
		t.Fatalf("have an output: %v %v", have, err)
	}
	spend := tx(2, []btcwire.TxIn{{PreviousOutPoint: btcwire.OutPoint{Hash: stake.ID(), Index: 4}}, {PreviousOutPoint: btcwire.OutPoint{Hash: stake.ID(), Index: 0}}})
	undo, err := s.SpendTx(spend)
	if err != nil || len(undo) != 2 || undo[0].Value != 10 || !undo[0].CoinStake || undo[1].Value != 0 || undo[1].Height != 4 {
		t.Fatalf("spent %+v, %v", undo, err)
	}
	if _, err := s.SpendTx(spend); err == nil {
		t.Fatal("spent twice")
	}
	if got := s.Changes(); len(got) != 1 {
		t.Fatalf("%d changes of a coin that stays, want 1", len(got))
	}
}

func tx(version int32, in []btcwire.TxIn, out ...btcwire.TxOut) *wire.Tx {
	msg := btcwire.NewMsgTx(version)
	for i := range in {
		msg.TxIn = append(msg.TxIn, &in[i])
	}
	for i := range out {
		msg.TxOut = append(msg.TxOut, &out[i])
	}
	return wire.NewTx(msg)
}
