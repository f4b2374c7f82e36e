package chain

import (
	"testing"

	"spacechain/internal/kv"
	"spacechain/ledger/params"
)

// A chain is opened again without its options being named.
func TestStoredNetwork(t *testing.T) {
	store := kv.NewMemory()
	if _, ok, err := StoredNetwork(store); ok || err != nil {
		t.Fatalf("an empty store: %v %v", ok, err)
	}
	for _, name := range params.Names() {
		net, _ := params.ByName(name)
		if net.OnDemand {
			for _, option := range []string{"-londonheight=2056", "-lastmposheight=999999", "-posnoretargeting=0", "-dgpstorage"} {
				if err := net.Override(option); err != nil {
					t.Fatal(err)
				}
			}
		}
		store := kv.NewMemory()
		c, err := Open(store, net, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		got, ok, err := StoredNetwork(store)
		if err != nil || !ok {
			t.Fatalf("%s: %v %v", name, ok, err)
		}
		if err := SameRules(net, got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got.Genesis == nil || got.Port != net.Port || len(got.Checkpoints) != len(net.Checkpoints) || got.MinimumChainWork != net.MinimumChainWork {
			t.Errorf("%s: what is no rule is lost", name)
		}
		if c, err = Open(store, got, Options{}); err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
}
