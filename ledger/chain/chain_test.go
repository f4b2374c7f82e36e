package chain

import (
	"errors"
	"strings"
	"testing"

	"spacechain/internal/kv"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

func TestForkChoice(t *testing.T) {
	net := mineNet(t)
	twins(t, func(t *testing.T, store kv.Store) {
		c := open(t, store, net, Options{})
		trunk, at := mineMany(net, genesisLink(net), 0, 3)
		a, endA := mineMany(net, at, 1, 2)
		b, endB := mineMany(net, at, 2, 4)
		accept(t, c, trunk...)
		accept(t, c, a...)
		wantTip(t, c, endA)
		// Of two chains of the same work the one that came first stays.
		accept(t, c, b[:2]...)
		wantTip(t, c, endA)
		accept(t, c, b[2])
		if c.Tip().Height != 6 {
			t.Fatalf("height %d after the longer branch", c.Tip().Height)
		}
		accept(t, c, b[3])
		wantTip(t, c, endB)
		// Again the same: nothing happens.
		accept(t, c, b[3])
		accept(t, c, a[1])
		wantTip(t, c, endB)
		// All of it is there after a restart.
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = open(t, store, net, Options{})
		wantTip(t, c, endB)
		a3, endA3 := mineMany(net, endA, 1, 3)
		accept(t, c, a3...)
		wantTip(t, c, endA3)
		for i, block := range append(append(trunk, a...), a3...) {
			n, err := c.Tree().At(int32(i + 1))
			if err != nil || n.Hash != block.Hash() {
				t.Fatalf("at height %d: %v %v", i+1, n, err)
			}
			got, err := c.BlockOf(n)
			if err != nil || got.Hash() != block.Hash() {
				t.Fatalf("block at height %d: %v", i+1, err)
			}
		}
	})
}

// Blocks whose headers came first may come in any order; each is connected when all below
// it are there.
func TestBlocksOutOfOrder(t *testing.T) {
	net := mineNet(t)
	twins(t, func(t *testing.T, store kv.Store) {
		c := open(t, store, net, Options{})
		blocks, end := mineMany(net, genesisLink(net), 0, 6)
		wantReason(t, c.Accept(testNow, blocks[1]), "prev-blk-not-found")
		headers := make([]wire.Header, len(blocks))
		for i, b := range blocks {
			headers[i] = b.Header
		}
		last, err := c.AcceptHeaders(Arrival{Now: testNow}, headers)
		if err != nil || last.Hash != end.hash || c.Tip().Height != 0 {
			t.Fatal(last, err)
		}
		accept(t, c, blocks[5], blocks[3], blocks[1])
		if c.Tip().Height != 0 {
			t.Fatalf("height %d", c.Tip().Height)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = open(t, store, net, Options{})
		accept(t, c, blocks[0])
		if c.Tip().Height != 2 {
			t.Fatalf("height %d, want 2", c.Tip().Height)
		}
		accept(t, c, blocks[4], blocks[2])
		wantTip(t, c, end)
		info, err := c.Info(true)
		if err != nil || info.Headers != 6 || info.Sets.TxOuts != 6 {
			t.Fatalf("%+v %v", info, err)
		}
	})
}

// A branch that breaks a rule in its midst is left for the best that holds, and what is
// wrong is remembered.
func TestInvalidBranchFallsBack(t *testing.T) {
	net := mineNet(t)
	twins(t, func(t *testing.T, store kv.Store) {
		c := open(t, store, net, Options{})
		trunk, at := mineMany(net, genesisLink(net), 0, 3)
		a, endA := mineMany(net, at, 1, 2)
		accept(t, c, trunk...)
		accept(t, c, a...)
		before, err := c.Info(true)
		if err != nil {
			t.Fatal(err)
		}
		good, at := mine(net, at, 2, nil)
		bad, badAt := mine(net, at, 2, tooMuch)
		above, aboveAt := mineMany(net, badAt, 2, 2)
		accept(t, c, good, bad) // no more work than the tip's: it is not tried yet
		wantTip(t, c, endA)
		wantReason(t, c.Accept(testNow, above[0]), "bad-prevblk")
		wantTip(t, c, endA)
		after, err := c.Info(true)
		if err != nil || *after.Sets != *before.Sets || after.StateRoot != before.StateRoot {
			t.Fatalf("the state changed: %+v, was %+v, %v", after.Sets, before.Sets, err)
		}
		check := func() {
			t.Helper()
			if s := status(t, c, badAt); s&header.Failed == 0 {
				t.Fatalf("the bad block has status %b", s)
			}
			wantReason(t, c.Accept(testNow, bad), "duplicate")
			wantReason(t, c.Accept(testNow, above[1]), "bad-prevblk")
		}
		check()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = open(t, store, net, Options{})
		wantTip(t, c, endA)
		check()
		// A good branch from the same trunk still wins.
		b, endB := mineMany(net, at, 3, 3)
		accept(t, c, b...)
		wantTip(t, c, endB)
		_ = aboveAt
	})
}

func TestInvalidateAndReconsider(t *testing.T) {
	net := mineNet(t)
	twins(t, func(t *testing.T, store kv.Store) {
		c := open(t, store, net, Options{})
		trunk, at := mineMany(net, genesisLink(net), 0, 3)
		a, endA := mineMany(net, at, 1, 5)
		b, endB := mineMany(net, at, 2, 3)
		accept(t, c, trunk...)
		accept(t, c, a...)
		accept(t, c, b...)
		wantTip(t, c, endA)
		if err := c.Invalidate(testNow, a[1].Hash()); err != nil {
			t.Fatal(err)
		}
		wantTip(t, c, endB)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = open(t, store, net, Options{})
		wantTip(t, c, endB)
		wantReason(t, c.Accept(testNow, a[3]), "duplicate")
		if err := c.Reconsider(testNow, a[4].Hash()); err != nil {
			t.Fatal(err)
		}
		wantTip(t, c, endA)
		if err := c.Invalidate(testNow, net.GenesisHash); err == nil {
			t.Fatal("the genesis block was invalidated")
		}
		if err := c.Invalidate(testNow, wire.NullOutPoint.Hash); !errors.Is(err, ErrNoBlock) {
			t.Fatal(err)
		}
	})
}

func TestRejections(t *testing.T) {
	net := mineNet(t)
	c := open(t, kv.NewMemory(), net, Options{})
	trunk, at := mineMany(net, genesisLink(net), 0, 3)
	accept(t, c, trunk...)
	before, err := c.Info(true)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		edit   func(*wire.Block)
		reason string
	}{
		"bits":       {func(b *wire.Block) { b.Header.Bits-- }, "bad-diffbits"},
		"old":        {func(b *wire.Block) { b.Header.Version = 3 }, "bad-version(0x00000003)"},
		"signature":  {func(b *wire.Block) { b.Header.Sig = []byte{1} }, "bad-blk-signature"},
		"no parent":  {func(b *wire.Block) { b.Header.PrevBlock[0]++ }, "prev-blk-not-found"},
		"value":      {tooMuch, "block-reward-invalid"},
		"state root": {func(b *wire.Block) { b.Header.StateRoot[0]++ }, "incorrect-transactions-or-hashes-block"},
		"height": {func(b *wire.Block) {
			msg := b.Txs[0].Msg().Copy()
			msg.TxIn[0].SignatureScript = []byte{2, 9, 9}
			b.Txs[0] = wire.NewTx(msg)
		}, "bad-cb-height"},
	} {
		b, _ := mine(net, at, 9, test.edit)
		if err := c.Accept(testNow, b); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			wantReason(t, err, test.reason)
		}
		wantTip(t, c, at)
	}
	b, _ := mine(net, at, 9, nil)
	b.Header.Nonce++
	for work := 0; work < 100; work++ {
		if err := c.Accept(testNow, b); err != nil {
			wantReason(t, err, "high-hash")
			break
		}
	}
	after, err := c.Info(true)
	if err != nil || *after.Sets != *before.Sets {
		t.Fatalf("the state changed: %+v, was %+v, %v", after.Sets, before.Sets, err)
	}
}

// No chain that leaves the best one at or below the rolling checkpoint is looked at.
func TestRollingCheckpoint(t *testing.T) {
	net := mineNet(t)
	net.FinalitySpan, net.FinalitySpanRBT = 10, 10
	c := open(t, kv.NewMemory(), net, Options{})
	trunk, at := mineMany(net, genesisLink(net), 0, 5)
	accept(t, c, trunk...)
	more, _ := mineMany(net, at, 0, 10)
	accept(t, c, more...)
	late, _ := mine(net, link{trunk[4].Hash(), 5, more[9].Header.Time, 0}, 7, nil) // at height 6
	accept(t, c, late)
	late, _ = mine(net, link{trunk[3].Hash(), 4, more[9].Header.Time, 0}, 7, nil) // at height 5
	wantReason(t, c.Accept(testNow, late), "bad-fork-prior-to-synch-checkpoint")
	late, _ = mine(net, link{trunk[3].Hash(), 4, trunk[3].Header.Time - 64, 0}, 7, nil)
	wantReason(t, c.Accept(testNow, late), "older-than-checkpoint")
}

func TestStoresOfOtherRules(t *testing.T) {
	twins(t, func(t *testing.T, store kv.Store) {
		net := mineNet(t)
		c := open(t, store, net, Options{})
		blocks, at := mineMany(net, genesisLink(net), 0, 3)
		accept(t, c, blocks...)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := c.Accept(testNow, blocks[0]); !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
		if _, err := Open(store, params.Main(), Options{}); err == nil || !strings.Contains(err.Error(), "holds network regtest") {
			t.Fatal(err)
		}
		if _, err := Open(store, params.Regtest(), Options{}); err == nil || !strings.Contains(err.Error(), "OfflineStakeHeight 1000000, not 1") {
			t.Fatal(err)
		}
		if err := net.Override("-offlinestakingheight=2000000"); err != nil {
			t.Fatal(err)
		}
		c = open(t, store, net, Options{}) // both lie above the tip
		wantTip(t, c, at)
	})
}

func TestDisconnectAndActivate(t *testing.T) {
	net := mineNet(t)
	twins(t, func(t *testing.T, store kv.Store) {
		c := open(t, store, net, Options{FlushBytes: 1})
		blocks, at := mineMany(net, genesisLink(net), 0, 4)
		accept(t, c, blocks...)
		for range blocks {
			if err := c.Disconnect(); err != nil {
				t.Fatal(err)
			}
		}
		wantTip(t, c, genesisLink(net))
		if err := c.Disconnect(); err == nil {
			t.Fatal("the genesis block was disconnected")
		}
		info, err := c.Info(true)
		if err != nil || info.Sets.TxOuts != 0 {
			t.Fatalf("%+v %v", info.Sets, err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = open(t, store, net, Options{})
		wantTip(t, c, genesisLink(net))
		if err := c.Activate(testNow); err != nil {
			t.Fatal(err)
		}
		wantTip(t, c, at)
	})
}
