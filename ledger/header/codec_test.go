package header

import (
	"bytes"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/holiman/uint256"
	"pgregory.net/rapid"

	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

func drawNode(t *rapid.T) *Node {
	bytes20 := func(name string) (b [20]byte) {
		copy(b[:], rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, name))
		return b
	}
	n := &Node{
		Header: wire.Header{
			Version: rapid.Int32().Draw(t, "version"), Time: rapid.Uint32().Draw(t, "time"),
			Bits: rapid.Uint32().Draw(t, "bits"), PrevStake: wire.NullOutPoint,
		},
		Height:     rapid.Int32Range(0, 1<<31-1).Draw(t, "height"),
		MedianTime: rapid.Uint32().Draw(t, "median"),
		Status:     Status(rapid.Byte().Draw(t, "status")),
		Record: Record{
			Staker: bytes20("staker"), Delegate: bytes20("delegate"), DelegateFee: rapid.Byte().Draw(t, "fee"),
			MoneySupply: rapid.Int64().Draw(t, "supply"), Txs: rapid.Uint32().Draw(t, "txs"),
		},
	}
	if rapid.Bool().Draw(t, "stake") {
		n.Header.PrevStake = btcwire.OutPoint{Index: 1}
		n.Header.Sig = rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "sig")
	}
	n.Hash = n.Header.Hash()
	n.Work.SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "work"))
	n.lastWork = rapid.Int32Range(0, n.Height).Draw(t, "last work")
	n.lastStake = rapid.Int32Range(0, n.Height).Draw(t, "last stake")
	switch rapid.IntRange(0, 2).Draw(t, "proof") {
	case 1:
		n.ProofHash = n.Hash
	case 2:
		n.ProofHash = [32]byte{1, 2, 3}
	}
	return n
}

func TestNodeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNode(t)
		b := n.Append([]byte("x"))[1:]
		got, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(n, got, cmp.AllowUnexported(Node{}), cmp.Comparer(func(a, b uint256.Int) bool { return a.Eq(&b) }),
			cmp.Comparer(func(a, b *Tree) bool { return a == b })); d != "" {
			t.Fatalf("stored and read back:\n%s", d)
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if _, err := Decode(b[:cut]); err == nil {
			t.Fatalf("%d of %d bytes decoded", cut, len(b))
		}
	})
}

func TestNodeVersion(t *testing.T) {
	n := New(&params.Main().Genesis.Header, Options{}).Tip()
	b := n.Append(nil)
	if len(b) > 240 {
		t.Errorf("a bare header takes %d bytes", len(b))
	}
	b[0] = 2
	if _, err := Decode(b); err == nil {
		t.Error("a form of version 2 was read")
	}
}

func FuzzNode(f *testing.F) {
	tr := New(&params.Main().Genesis.Header, Options{})
	f.Add(tr.Tip().Append(nil))
	h := child(tr.Tip(), 16, 0)
	h.PrevStake, h.Sig = btcwire.OutPoint{Index: 3}, make([]byte, 130)
	n, err := tr.Add(h)
	if err != nil {
		f.Fatal(err)
	}
	n.Record = Record{ProofHash: [32]byte{5}, Staker: [20]byte{1}, Delegate: [20]byte{2}, MoneySupply: 1e16, Txs: 300}
	n.Status = HaveBlock | Connected
	f.Add(n.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := Decode(b)
		if err != nil {
			return
		}
		if again := n.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("read %x, stored %x", b, again)
		}
	})
}
