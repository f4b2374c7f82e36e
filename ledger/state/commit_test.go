package state

import (
	"encoding/hex"
	"testing"

	"github.com/holiman/uint256"

	"spacechain/ledger/view"
)

func hexHash(t testing.TB, s string) (h Hash) {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 32 {
		t.Fatalf("hash %q: %v", s, err)
	}
	copy(h[:], b)
	return h
}

// The five governance contracts of Qtum's genesis give the hashStateRoot of its header.
func TestGenesisRoot(t *testing.T) {
	s := New(view.Empty{})
	for i := byte(0x80); i <= 0x84; i++ {
		a := Address{19: i}
		s.CreateAccount(a)
		acc := s.account(a)
		acc.codeHash = hexHash(t, "0736d7cda6e194bc3e848ed7e5ed4953f103c222c00703252496e35279eaad8c")
		s.SetStorage(a, uint256.NewInt(3), uint256.NewInt(30))
		s.SetStorage(a, uint256.NewInt(5), uint256.NewInt(21600))
	}
	s.EndTx(true)
	c, err := s.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if want := hexHash(t, "e965ffd002cd6ad0e2dc402b8044de833e06b23127ea8c3d80aec91410771495"); c.Root != want {
		t.Fatalf("genesis state root %v, want %v", c.Root, want)
	}
	over := view.NewOverlay(view.Empty{})
	over.Apply(c.Changes)
	rec, ok, err := StoredAccount(over, Address{19: 0x80})
	if err != nil || !ok || rec.StorageRoot != hexHash(t, "af2dafc3f0e8f58156873ddb48ee335b27bf5c336d5e36508c875655cc5e1426") {
		t.Fatalf("stored account %+v %v %v", rec, ok, err)
	}
	root, changes, err := Revert(over, c.Undo)
	if err != nil || root != EmptyRoot {
		t.Fatalf("taking the genesis back gives root %v, %v", root, err)
	}
	over.Apply(changes)
	if err := over.Scan(nil, func(key, value []byte) error {
		t.Errorf("left behind: %x", key)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
