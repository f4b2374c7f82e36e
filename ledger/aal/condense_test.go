package aal

import (
	"slices"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/holiman/uint256"

	"spacechain/ledger/script"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// coinOf is the coin of output vout of the transaction whose number is 32 times n.
func coinOf(n byte, vout uint32, value uint64) Coin {
	c := Coin{Vout: vout, Value: *uint256.NewInt(value), alive: true}
	for i := range c.TxID {
		c.TxID[i] = n
	}
	return c
}

func TestCondense(t *testing.T) {
	const (
		sender, a, b, c, key = 0x50, 0x10, 0x20, 0x30, 0x40 // key has no contract
	)
	own := coinOf(0xee, 7, 0) // the contract output
	type in struct {
		n    byte
		vout uint32
	}
	type out struct {
		to     byte
		script func([20]byte) []byte
		value  int64
	}
	contract, pays := script.NoExec, script.P2PKH
	for _, tt := range []struct {
		name      string
		value     int64 // of the output
		book      map[byte]Coin
		dead      []byte // killed before: not alive in the book
		unkept    []byte
		transfers []Transfer
		ins       []in
		outs      []out
		// after is the book afterwards: value and output number, or nil for none. The
		// transaction is the new one, or zero if there is none.
		after map[byte]*[2]uint64
	}{
		{
			name: "value to a contract without coin", value: 9,
			transfers: []Transfer{transfer(sender, a, 9)},
			ins:       []in{{0xee, 7}},
			outs:      []out{{a, contract, 9}},
			after:     map[byte]*[2]uint64{a: {9, 0}, sender: nil},
		}, {
			name: "inputs and outputs in the order of addresses", value: 9,
			book:      map[byte]Coin{b: coinOf(2, 1, 20), a: coinOf(1, 3, 10)},
			unkept:    []byte{key, sender},
			transfers: []Transfer{transfer(sender, b, 9), transfer(b, a, 4), transfer(b, key, 5)},
			ins:       []in{{1, 3}, {2, 1}, {0xee, 7}},
			outs:      []out{{a, contract, 14}, {b, contract, 20}, {key, pays, 5}},
			after:     map[byte]*[2]uint64{a: {14, 0}, b: {20, 1}, key: {5, 2}, sender: nil},
		}, {
			name: "what the sender gets back is not in the book", value: 9, unkept: []byte{sender},
			transfers: []Transfer{transfer(sender, a, 9), transfer(a, sender, 9)},
			ins:       []in{{0xee, 7}},
			outs:      []out{{sender, pays, 9}},
			after:     map[byte]*[2]uint64{a: nil, sender: nil},
		}, {
			name: "a contract that gave all away has no coin", value: 0,
			book: map[byte]Coin{a: coinOf(1, 0, 10)}, unkept: []byte{key},
			transfers: []Transfer{transfer(a, key, 10)},
			ins:       []in{{1, 0}},
			outs:      []out{{key, pays, 10}},
			after:     map[byte]*[2]uint64{a: nil, key: {10, 0}},
		}, {
			name:      "an earlier payment to a key stays with the key",
			book:      map[byte]Coin{a: coinOf(1, 0, 10), key: coinOf(9, 2, 77)},
			dead:      []byte{key},
			unkept:    []byte{key},
			transfers: []Transfer{transfer(a, key, 4)},
			ins:       []in{{1, 0}},
			outs:      []out{{a, contract, 6}, {key, pays, 4}},
			after:     map[byte]*[2]uint64{a: {6, 0}, key: {4, 1}},
		}, {
			name: "a contract that destroyed itself for its own benefit",
			book: map[byte]Coin{key: coinOf(1, 0, 10)}, dead: []byte{key},
			transfers: []Transfer{transfer(key, key, 10)},
			ins:       []in{{1, 0}},
			outs:      []out{{key, pays, 10}},
			after:     map[byte]*[2]uint64{key: {10, 0}},
		}, {
			// b sent 20 of its 10: one of the transfers was reverted. Addresses before b
			// are written down as if there were a transaction, those from b on are not.
			name:      "more sent than had",
			book:      map[byte]Coin{b: coinOf(2, 1, 10)},
			transfers: []Transfer{transfer(b, a, 10), transfer(b, c, 10)},
			after:     map[byte]*[2]uint64{a: {10, 0}, b: {10, 1}, c: nil},
		}, {
			name:      "a sender without coin",
			unkept:    []byte{key},
			transfers: []Transfer{transfer(a, b, 0x10), transfer(b, a, 0x10)},
			after:     map[byte]*[2]uint64{a: nil, b: nil},
		}, {
			// The first transfer that the sender takes part in is one to it, and the book
			// has a coin of it: the output is left where it is.
			name: "sender known by a coin before", value: 9,
			book:      map[byte]Coin{a: coinOf(1, 0, 10), sender: coinOf(5, 5, 3)},
			transfers: []Transfer{transfer(a, sender, 9), transfer(sender, a, 9)},
			ins:       []in{{1, 0}, {5, 5}},
			outs:      []out{{a, contract, 10}, {sender, pays, 3}},
			after:     map[byte]*[2]uint64{a: {10, 0}, sender: {3, 5}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := view.NewOverlay(view.Empty{})
			for n, coin := range tt.book {
				store.Put(CoinKey(addr(n)), coin.append(nil))
			}
			book := newCoinBook(store)
			for _, n := range tt.dead {
				book.kill(addr(n))
			}
			unkept := map[Address]struct{}{}
			for _, n := range tt.unkept {
				unkept[addr(n)] = struct{}{}
			}
			exec := &Execution{Sender: addr(sender), Value: tt.value, TxID: own.TxID, Vout: own.Vout}
			cond := condensing{exec: exec, book: book, unkept: unkept, alive: func(x Address) bool {
				return x == addr(a) || x == addr(b) || x == addr(c)
			}}
			tx, ok := cond.condense(tt.transfers)
			if !ok {
				t.Fatal("too many outputs")
			}
			var want *btcwire.MsgTx
			var id [32]byte
			if tt.ins != nil {
				want = &btcwire.MsgTx{Version: 2}
				for _, i := range tt.ins {
					want.TxIn = append(want.TxIn, &btcwire.TxIn{
						PreviousOutPoint: btcwire.OutPoint{Hash: coinOf(i.n, 0, 0).TxID, Index: i.vout},
						SignatureScript:  []byte{0xc3}, Sequence: 0xffffffff})
				}
				for _, o := range tt.outs {
					want.TxOut = append(want.TxOut, &btcwire.TxOut{Value: o.value, PkScript: o.script(addr(o.to))})
				}
				id = wire.NewTx(want).ID()
			}
			if diff := cmp.Diff(want, tx); diff != "" {
				t.Fatal(diff)
			}
			book.take()
			for n, coin := range tt.after {
				got := book.entry(addr(n))
				if !got.held {
					if coin != nil {
						t.Errorf("%#x: no coin, want %v", n, *coin)
					}
					continue
				}
				wantID := id
				if old, was := tt.book[n]; was && (tx == nil || n == sender) {
					wantID = old.TxID
				}
				if coin == nil || got.coin.Value.Uint64() != coin[0] || uint64(got.coin.Vout) != coin[1] ||
					got.coin.TxID != wantID {
					t.Errorf("%#x: coin %x %d of %v, want %v", n, got.coin.TxID, got.coin.Vout, &got.coin.Value, coin)
				}
			}
		})
	}
}

func TestCondenseOutputLimit(t *testing.T) {
	for _, n := range []int{maxOutputs, maxOutputs + 1} {
		var transfers []Transfer
		from := addr(0xff)
		for i := range n {
			transfers = append(transfers, Transfer{From: from, To: Address{0: byte(i >> 8), 1: byte(i)}, Value: *uint256.NewInt(1)})
		}
		store := view.NewOverlay(view.Empty{})
		coin := coinOf(1, 0, uint64(n))
		store.Put(CoinKey(from), coin.append(nil))
		book := newCoinBook(store)
		cond := condensing{exec: &Execution{Sender: addr(1)}, book: book, alive: func(Address) bool { return false }}
		tx, ok := cond.condense(transfers)
		if ok != (n <= maxOutputs) {
			t.Fatalf("%d outputs: %t", n, ok)
		}
		if ok && (len(tx.TxOut) != n || len(tx.TxIn) != 1) {
			t.Errorf("%d outputs: %d inputs, %d outputs", n, len(tx.TxIn), len(tx.TxOut))
		}
		if ok && !slices.IsSortedFunc(tx.TxOut, func(x, y *btcwire.TxOut) int { return slices.Compare(x.PkScript, y.PkScript) }) {
			t.Error("outputs are not in the order of addresses")
		}
	}
}

func TestCoinForm(t *testing.T) {
	// RLP by hand: list of 33+1+3+1 bytes; the transaction; output 5; value 0x0100; 1.
	want := "e6a0" + "0707070707070707070707070707070707070707070707070707070707070707" + "05" + "820100" + "01"
	coin := coinOf(7, 5, 0x100)
	if got := hexOf(coin.append(nil)); got != want {
		t.Fatalf("coin is %s, want %s", got, want)
	}
	back, err := DecodeCoin(coin.append(nil))
	if err != nil || back != coin {
		t.Fatalf("read back %+v, %v", back, err)
	}
}

func FuzzDecodeCoin(f *testing.F) {
	coin := coinOf(7, 5, 0x100)
	f.Add(coin.append(nil))
	f.Add([]byte{0xc0})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeCoin(b)
		if err != nil {
			return
		}
		again, err := DecodeCoin(c.append(nil))
		if err != nil || again != c {
			t.Errorf("%x: %+v became %+v, %v", b, c, again, err)
		}
	})
}

func TestCarryForm(t *testing.T) {
	dead := coinOf(1, 2, 300)
	dead.alive = false
	b := newCoinBook(view.Empty{})
	b.cache[addr(1)] = &dead
	live := coinOf(4, 5, 0)
	b.cache[addr(2)] = &live
	store := view.NewOverlay(view.Empty{})
	flat, leaves := b.changes()
	if len(leaves) != 0 || len(flat) != 1 {
		t.Fatalf("changes %v %v", flat, leaves)
	}
	store.Apply(flat)
	back := newCoinBook(store)
	if back.err != nil {
		t.Fatal(back.err)
	}
	if diff := cmp.Diff(b.cache, back.cache, cmp.AllowUnexported(Coin{})); diff != "" {
		t.Error(diff)
	}
	if flat, _ := back.changes(); len(flat) != 0 {
		t.Errorf("nothing happened, but %v changes", flat)
	}
	back.drop()
	if flat, _ := back.changes(); len(flat) != 1 || flat[0].Value != nil {
		t.Errorf("dropped: %v", flat)
	}
}
