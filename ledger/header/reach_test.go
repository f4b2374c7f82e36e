package header

import (
	"testing"

	"spacechain/ledger/params"
)

// The tip goes down below the window once Reach has opened it.
func TestReach(t *testing.T) {
	mem := newMemory()
	tr := New(&params.Main().Genesis.Header, Options{Keep: 10, Loader: mem})
	mem.store(tr.Tip())
	for i := uint32(1); i <= 60; i++ {
		n := add(t, tr, child(tr.Tip(), i, 0))
		mem.store(n)
		if err := tr.SetTip(n); err != nil {
			t.Fatal(err)
		}
		tr.Release(int32(i))
	}
	end := tr.Tip()
	low := must(tr.At(20))
	if tr.Base() != 50 || tr.SetTip(low) == nil {
		t.Fatalf("the window begins at %d and the tip was set below it", tr.Base())
	}
	if err := tr.Reach(15); err != nil {
		t.Fatal(err)
	}
	if low = must(tr.At(20)); tr.Base() != 15 || tr.Len() != 46 {
		t.Fatalf("the window begins at %d with %d headers", tr.Base(), tr.Len())
	}
	if err := tr.SetTip(low); err != nil {
		t.Fatal(err)
	}
	if tr.OnMain(end) || tr.Tip() != low || must(end.Ancestor(20)) != low || must(end.Ancestor(3)).Height != 3 {
		t.Fatal("the chain above the new tip is no branch of it")
	}
	if err := tr.Reach(-5); err != nil || tr.Base() != 0 {
		t.Fatal(tr.Base(), err)
	}
	if err := tr.SetTip(end); err != nil {
		t.Fatal(err)
	}
	tr.Release(60)
	if tr.Base() != 50 || tr.Len() != 11 {
		t.Fatalf("the window begins at %d with %d headers", tr.Base(), tr.Len())
	}
}
