package chain

import (
	"sync"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/internal/kv"
	"spacechain/ledger/header"
	"spacechain/ledger/state"
	"spacechain/ledger/wire"
)

// Headers come first, by the thousand, and their blocks later.
func TestHeadersFirst(t *testing.T) {
	net := mineNet(t)
	c := open(t, kv.NewMemory(), net, Options{})
	blocks, end := mineMany(net, genesisLink(net), 0, 3000)
	var hs []wire.Header
	for _, b := range blocks {
		hs = append(hs, b.Header)
	}
	for _, part := range [][]wire.Header{hs[:2000], hs[1000:]} {
		if _, err := c.AcceptHeaders(Arrival{Now: testNow}, part); err != nil {
			t.Fatal(err)
		}
	}
	info, err := c.Info(false)
	if err != nil || info.Headers != 3000 || info.Height != 0 {
		t.Fatalf("%+v %v", info, err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	accept(t, c, blocks...)
	wantTip(t, c, end)
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, c.store, prefixBranch); n != 0 {
		t.Errorf("%d headers count as branches", n)
	}
	// A header that breaks a rule ends its message; those before it stay.
	good, at := mine(net, end, 1, nil)
	bad, _ := mine(net, at, 1, func(b *wire.Block) { b.Header.Bits-- })
	last, err := c.AcceptHeaders(Arrival{Now: testNow}, []wire.Header{good.Header, bad.Header})
	wantReason(t, err, "bad-diffbits")
	if last == nil || last.Hash != at.hash {
		t.Errorf("the last good header is %v", last)
	}
}

// Blocks that nobody asked for are kept only where they may soon be of use.
func TestUnrequestedBlocks(t *testing.T) {
	net := mineNet(t)
	c := open(t, kv.NewMemory(), net, Options{})
	trunk, at := mineMany(net, genesisLink(net), 0, 3)
	accept(t, c, trunk...)
	side, _ := mine(net, genesisLink(net), 1, nil)
	unrequested := Arrival{Now: testNow, Unrequested: true}
	if err := c.AcceptAs(unrequested, side); err != nil {
		t.Fatal(err)
	}
	if have, err := c.HaveBlock(side.Hash()); have || err != nil {
		t.Error("a block of less work was stored", err)
	}
	next, at := mine(net, at, 0, nil)
	if err := c.AcceptAs(unrequested, next); err != nil {
		t.Fatal(err)
	}
	wantTip(t, c, at)
	ahead, _ := mineMany(net, at, 0, maxAhead+1)
	for _, b := range ahead {
		if _, err := c.AcceptHeader(unrequested, &b.Header); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range map[int]bool{maxAhead - 1: true, maxAhead: false} {
		if err := c.AcceptAs(unrequested, ahead[i]); err != nil {
			t.Fatal(err)
		}
		if have, err := c.HaveBlock(ahead[i].Hash()); have != want || err != nil {
			t.Errorf("the block %d above the tip: stored %v, want %v; %v", i+1, have, want, err)
		}
	}
}

func TestHardenedCheckpoints(t *testing.T) {
	net := mineNet(t)
	trunk, at := mineMany(net, genesisLink(net), 0, 8)
	net.Checkpoints = map[int32]chainhash.Hash{5: trunk[4].Hash()}
	other, _ := mineMany(net, link{trunk[2].Hash(), 3, trunk[2].Header.Time, 0}, 1, 2)
	for _, off := range []bool{false, true} {
		c := open(t, kv.NewMemory(), net, Options{NoCheckpoints: off})
		accept(t, c, trunk[:3]...)
		accept(t, c, other[0]) // at height 4
		if off {
			accept(t, c, other[1])
			continue
		}
		wantReason(t, c.Accept(testNow, other[1]), "bad-fork-hardened-checkpoint")
		accept(t, c, trunk[3:]...)
		wantTip(t, c, at)
		late, _ := mine(net, link{trunk[1].Hash(), 2, trunk[1].Header.Time, 0}, 2, nil)
		wantReason(t, c.Accept(testNow, late), "bad-fork-prior-to-checkpoint")
	}
}

// Once the node is up to date, the header of a proof-of-stake block must prove itself by
// the staked coin, and a coin stakes once at a time.
func TestStakeHeaders(t *testing.T) {
	v := readVector(t, vectorPath(t, "qtum_pos"), all)
	end := len(v.blocks) - 1
	last := v.blocks[end]
	if !last.IsProofOfStake() {
		t.Fatal("the last block is no proof-of-stake block")
	}
	now := int64(last.Header.Time)
	c := open(t, kv.NewMemory(), v.net, Options{})
	for _, b := range v.blocks[:end] {
		if err := c.Load(now, b); err != nil {
			t.Fatal(err)
		}
	}
	if c.Downloading(now) {
		t.Fatal("the node still downloads with a tip of now")
	}
	forged := last.Header
	forged.PrevStake.Index ^= 1
	_, err := c.AcceptHeader(Arrival{Now: now}, &forged)
	wantReason(t, err, "bad-cb-header")
	forged = last.Header
	forged.Sig = append([]byte{}, forged.Sig...)
	forged.Sig[40] ^= 1
	_, err = c.AcceptHeader(Arrival{Now: now}, &forged)
	wantReason(t, err, "bad-cb-header")
	if n, err := c.AcceptHeader(Arrival{Now: now}, &forged); err == nil || n != nil {
		t.Fatal("a forged header joined the tree")
	}
	_, err = c.AcceptHeader(Arrival{Now: now - 100}, &last.Header)
	wantReason(t, err, "time-too-new")
	n, err := c.AcceptHeader(Arrival{Now: now}, &last.Header)
	if err != nil || n.Hash != last.Hash() {
		t.Fatal(n, err)
	}
	twin := last.Header
	twin.MerkleRoot[0]++
	_, err = c.AcceptHeaders(Arrival{Now: now}, []wire.Header{twin})
	wantReason(t, err, "dupe-stake")
	// While the chain is read from files nothing of that is looked at.
	if _, err := c.AcceptHeader(Arrival{Now: now, Loading: true}, &twin); err != nil {
		t.Fatal(err)
	}
	if err := c.Accept(now, last); err != nil || c.Tip() != n {
		t.Fatal(c.Tip().Height, err)
	}
	if n.Status&(header.Connected|header.HaveUndo|header.HaveBlock) != header.Connected|header.HaveUndo|header.HaveBlock {
		t.Errorf("status %b", n.Status)
	}
	// Its stake is spent now; a branch beside it may still stake it, and it is found in the
	// block that spent it.
	parent, err := n.Parent()
	if err != nil {
		t.Fatal(err)
	}
	coin, err := branchCoins{c, parent}.Coin(last.Header.PrevStake)
	if err != nil || coin == nil || coin.Value == 0 {
		t.Fatalf("the coin that the tip staked: %+v %v", coin, err)
	}
	if coin, err := (branchCoins{c, n}).Coin(last.Header.PrevStake); err != nil || coin != nil {
		t.Fatalf("the coin is there for what builds on the tip: %+v %v", coin, err)
	}
	if ok, err := c.headerStake(parent, &last.Header); err != nil || !ok {
		t.Fatal("the tip's header does not prove itself beside the tip", err)
	}
}

// Queries run while blocks come in.
func TestQueriesWhileConnecting(t *testing.T) {
	v := readVector(t, vectorPath(t, "fuzz_d201"), all)
	twins(t, func(t *testing.T, store kv.Store) {
		c := open(t, store, v.net, Options{FlushBytes: 100 << 10})
		const before = 2050
		for _, b := range v.blocks[:before] {
			if err := c.Load(int64(b.Header.Time), b); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan struct{})
		var asking sync.WaitGroup
		ask := func(fn func() error) {
			asking.Go(func() {
				for n := 0; ; n++ {
					select {
					case <-done:
						if n > 0 {
							return
						}
					default:
					}
					if err := fn(); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		ask(func() error {
			i, err := c.Info(true)
			if err == nil && i.Transactions < before {
				t.Errorf("%+v", i)
			}
			return err
		})
		ask(func() error { _, err := c.Block("2000"); return err })
		ask(func() error { _, err := c.Account(state.Address{19: 0x80}); return err })
		ask(func() error { _, err := c.Tx(v.blocks[2020].Txs[0].ID()); return err })
		ask(func() error {
			tip := c.Tip()
			a, err := tip.Ancestor(5)
			if err == nil && a.Height != 5 {
				t.Error(a)
			}
			return err
		})
		for _, b := range v.blocks[before:] {
			if err := c.Load(int64(b.Header.Time), b); err != nil {
				t.Fatal(err)
			}
		}
		close(done)
		asking.Wait()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
