package chain

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"spacechain/internal/faultfs"
	"spacechain/internal/kv"
)

// Power is cut at every write of an import, which prunes too. After each cut the chain
// opens at one of its blocks, not below what was flushed for certain, with just the state
// that belongs there, and goes on to the tip.
func TestPowerCutAtEveryWrite(t *testing.T) {
	v := readVector(t, vectorPath(t, "fuzz_d201"), all)
	before := len(v.blocks) - 8
	if long() {
		before = 2130
	}
	opt := Options{FlushBytes: 60 << 10, PruneBytes: 100 << 10, Workers: 1}
	v.net.FinalitySpan, v.net.FinalitySpanRBT = 20, 20

	// What every height's state is, and the store at the first of them.
	model := open(t, kv.NewMemory(), v.net, Options{})
	states := map[int32][32]byte{}
	base := vfs.NewCrashableMem()
	store := pebble(t, base)
	c := open(t, store, v.net, opt)
	for i, b := range v.blocks {
		if err := model.Load(int64(b.Header.Time), b); err != nil {
			t.Fatal(err)
		}
		if i < before {
			if err := c.Load(int64(b.Header.Time), b); err != nil {
				t.Fatal(err)
			}
		}
		if i+1 >= before {
			states[int32(i+1)] = digest(t, model)
		}
	}
	closeBoth(t, c, store)

	run := func(fs *faultfs.FS) (flushed int32) {
		store := pebble(t, fs)
		c := open(t, store, v.net, opt)
		defer closeBoth(t, c, store)
		for i, b := range v.blocks[before:] {
			if err := c.Load(int64(b.Header.Time), b); err != nil {
				t.Fatal(err)
			}
			if i%5 == 3 {
				if err := c.Flush(); err != nil {
					t.Fatal(err)
				}
				if !fs.HasCut() {
					flushed = c.Tip().Height
				}
			}
		}
		return flushed
	}
	clone := func() *faultfs.FS { return faultfs.On(base.CrashClone(vfs.CrashCloneCfg{})) }
	whole := clone()
	if run(whole) == 0 {
		t.Fatal("nothing was flushed")
	}
	places := whole.Writes()
	step := max(1, places/25)
	if long() {
		step = 1
	}
	cuts := 0
	for cut := 0; cut < places; cut += step {
		fs := clone()
		fs.CutAt(cut, uint64(cut))
		flushed := run(fs)
		if !fs.HasCut() {
			continue // background work of this run needed fewer writes
		}
		cuts++
		store := pebble(t, fs.AfterCut())
		c := open(t, store, v.net, opt)
		at := c.Tip().Height
		if at < flushed || at < int32(before) {
			t.Fatalf("cut at %d: height %d, height %d was flushed", cut, at, flushed)
		}
		if got := v.blocks[at-1].Hash(); c.Tip().Hash != got {
			t.Fatalf("cut at %d: the tip is %v, at its height stands %v", cut, c.Tip().Hash, got)
		}
		if digest(t, c) != states[at] {
			t.Fatalf("cut at %d: the state is not that of height %d", cut, at)
		}
		if cut%(16*step) == 0 {
			if _, err := c.Verify(context.Background(), VerifyOptions{Level: VerifyConnect, Blocks: 15}); err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
		}
		for _, b := range v.blocks[at:] {
			if err := c.Load(int64(b.Header.Time), b); err != nil {
				t.Fatalf("cut at %d, then at height %d: %v", cut, c.Tip().Height, err)
			}
		}
		if end := int32(len(v.blocks)); c.Tip().Height != end || digest(t, c) != states[end] {
			t.Fatalf("cut at %d: the end is another", cut)
		}
		closeBoth(t, c, store)
	}
	t.Logf("%d cuts at %d places", cuts, places)
	if cuts < places/step/2 {
		t.Fatalf("only %d cuts at %d places", cuts, places)
	}
}

func pebble(t testing.TB, fs vfs.FS) kv.Store {
	t.Helper()
	store, err := kv.OpenPebbleSized("chain", fs, kv.Sizes{MemTable: 128 << 10, Filters: true})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func closeBoth(t testing.TB, c *Chain, store kv.Store) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}
