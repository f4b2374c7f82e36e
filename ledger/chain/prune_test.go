package chain

import (
	"context"
	"errors"
	"testing"

	"spacechain/internal/kv"
	"spacechain/ledger/check"
	"spacechain/ledger/wire"
)

// Pruning removes old blocks and nothing that the chain needs: it goes on, takes back what
// it may have to, and says of what it lacks that it was pruned.
func TestPrune(t *testing.T) {
	net := mineNet(t)
	net.FinalitySpan, net.FinalitySpanRBT = 20, 20
	twins(t, func(t *testing.T, store kv.Store) {
		c := open(t, store, net, Options{FlushBytes: 4000, PruneBytes: 10_000})
		blocks, at := mineMany(net, genesisLink(net), 0, 200)
		accept(t, c, blocks[:150]...)
		below, kept := c.Pruned()
		if below < 50 || below > 150-20 || kept > 15_000 || kept < 20*200 {
			t.Fatalf("pruned below %d, %d bytes kept", below, kept)
		}
		for height, want := range map[int32]error{below - 1: ErrPruned, 1: ErrPruned, below: nil, 0: nil, 150: nil} {
			n, err := c.Tree().At(height)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.BlockOf(n); !errors.Is(err, want) {
				t.Errorf("block at height %d: %v, want %v", height, err, want)
			}
		}
		if have, err := c.HaveBlock(blocks[0].Hash()); err != nil || !have {
			t.Error("a pruned block counts as never seen", err)
		}
		// Everything below the finality window goes when asked for, and not more.
		if _, err := c.Prune(0); err != nil {
			t.Fatal(err)
		}
		if below, _ := c.Pruned(); below != 130 {
			t.Errorf("pruned below %d, want 130", below)
		}
		if removed, err := c.Prune(0); err != nil || removed != 0 {
			t.Errorf("pruned again: %d bytes, %v", removed, err)
		}
		if n := count(t, store, prefixBlock); n != 21 {
			t.Errorf("%d blocks stored, want 21", n)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = open(t, store, net, Options{FlushBytes: 4000})
		accept(t, c, blocks[150:]...)
		wantTip(t, c, at)
		// What was pruned is final and not taken again.
		if err := c.Accept(testNow, blocks[129]); err == nil || check.Reason(err) != "" {
			t.Errorf("a pruned block came again: %v", err)
		}
		// A reorganisation of the whole window.
		fork := link{blocks[199-19].Hash(), 181, blocks[199-19].Header.Time, 0}
		branch, end := mineMany(net, fork, 9, 20)
		accept(t, c, branch...)
		wantTip(t, c, end)
		v, err := c.Verify(context.Background(), VerifyOptions{Level: VerifyConnect})
		if err != nil || !v.Pruned || v.Blocks != 201-130+1 || v.Reconnected != v.Blocks {
			t.Fatalf("%+v %v", v, err)
		}
		if _, err := c.Tx(blocks[10].Txs[0].ID()); !errors.Is(err, ErrPruned) {
			t.Errorf("a transaction of a pruned block: %v", err)
		}
		if _, err := c.Tx(wire.NullOutPoint.Hash); !errors.Is(err, ErrNoTx) {
			t.Errorf("a transaction that is none: %v", err)
		}
		if err := c.Invalidate(testNow, blocks[50].Hash()); !errors.Is(err, ErrPruned) {
			t.Errorf("a pruned block was invalidated: %v", err)
		}
	})
}

// count is how many keys with a prefix the store has.
func count(t *testing.T, store kv.Store, prefix byte) (n int) {
	t.Helper()
	if err := store.Scan([]byte{prefix}, func(_, _ []byte) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// Branches that can never win leave the store, blocks and all.
func TestOldBranchesLeave(t *testing.T) {
	net := mineNet(t)
	net.FinalitySpan, net.FinalitySpanRBT = 10, 10
	twins(t, func(t *testing.T, store kv.Store) {
		c := open(t, store, net, Options{})
		trunk, at := mineMany(net, genesisLink(net), 0, 5)
		accept(t, c, trunk...)
		branch, _ := mineMany(net, at, 7, 3)
		more, at := mineMany(net, at, 0, 300)
		accept(t, c, more[:4]...)
		accept(t, c, branch...)
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		if n := count(t, store, prefixBranch); n != 3 {
			t.Fatalf("%d headers of branches stored, want 3", n)
		}
		for i, b := range more[4:] {
			accept(t, c, b)
			if i%10 == 0 {
				if err := c.Flush(); err != nil {
					t.Fatal(err)
				}
			}
		}
		wantTip(t, c, at)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if n := count(t, store, prefixBranch); n != 0 {
			t.Errorf("%d headers of branches are left", n)
		}
		if n := count(t, store, prefixBlock); n != 305 {
			t.Errorf("%d blocks stored, want 305", n)
		}
		c = open(t, store, net, Options{})
		wantTip(t, c, at)
		if n := c.Tree().Len(); n > 100 {
			t.Errorf("%d headers in memory", n)
		}
		var bytes int64
		for _, prefix := range []byte{prefixBlock, prefixUndo} {
			if err := store.Scan([]byte{prefix}, func(_, v []byte) error { bytes += int64(len(v)); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if _, kept := c.Pruned(); kept != bytes {
			t.Errorf("%d bytes of blocks by the book, %d stored", kept, bytes)
		}
	})
}
