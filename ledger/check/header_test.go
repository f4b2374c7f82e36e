package check

import (
	"errors"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

func TestHeader(t *testing.T) {
	type world struct {
		net  *params.Network
		tree *header.Tree
		d    *draft
		ctx  HeaderContext
	}
	stake := func(w *world) {
		w.d = stakeDraft(w.tree.Tip())
		w.ctx.Now = int64(w.d.header.Time)
	}
	for _, c := range []struct {
		name   string
		breaks func(*world)
		want   string
		result Result
	}{
		{"work", func(*world) {}, "", 0},
		{"stake", stake, "", 0},
		{"signature field under work", func(w *world) { w.d.header.Sig = []byte{1} }, "bad-signature-encoding", InvalidHeader},
		{"stake with a signature of 64 bytes", func(w *world) {
			stake(w)
			w.d.keepSig, w.d.header.Sig = true, make([]byte, 64)
		}, "bad-signature-encoding", InvalidHeader},
		{"unknown parent", func(w *world) { w.d.header.PrevBlock[0]++ }, "prev-blk-not-found", MissingPrev},
		{"unknown parent, older than the checkpoint", func(w *world) {
			w.d.header.PrevBlock[0]++
			w.d.header.Time = w.net.Genesis.Header.Time - 1
		}, "older-than-checkpoint", HeaderSync},
		{"invalid parent", func(w *world) { w.tree.Tip().Status |= header.FailedParent }, "bad-prevblk", InvalidPrev},
		{"invalid grandparent", func(w *world) {
			n, _ := w.tree.Tip().Parent()
			n.Status |= header.Failed
		}, "bad-prevblk", InvalidPrev},
		{"wrong target", func(w *world) { w.d.header.Bits, w.d.keepWork = 0x1d00ffff, true }, "bad-diffbits", InvalidHeader},
		{"below a checkpoint", func(w *world) { w.ctx.Checkpointed = 2010 }, "bad-fork-prior-to-checkpoint", Checkpoint},
		{"other than a checkpoint", func(w *world) { w.net.Checkpoints[2006] = chainhash.Hash{1} }, "bad-fork-hardened-checkpoint", Checkpoint},
		{"at the rolling checkpoint", func(w *world) {
			n, _ := w.tree.At(4)
			w.d = workDraft(n)
			w.d.header.Bits = 0x207fffff
		}, "bad-fork-prior-to-synch-checkpoint", HeaderSync},
		{"above the rolling checkpoint", func(w *world) {
			n, _ := w.tree.At(5)
			w.d = workDraft(n)
		}, "", 0},
		{"stake at the median time", func(w *world) {
			stake(w)
			w.d.header.Time = uint32(w.tree.Tip().MedianTimePast())
		}, "time-too-old", InvalidHeader},
		{"work at the median time", func(w *world) { w.d.header.Time = uint32(w.tree.Tip().MedianTimePast()) }, "", 0},
		{"work far ahead", func(w *world) { w.d.header.Time += 1e6 }, "", 0},
		{"stake 3 s ahead", func(w *world) { stake(w); w.ctx.Now -= 3 }, "", 0},
		{"stake 4 s ahead", func(w *world) { stake(w); w.ctx.Now -= 4 }, "time-too-new", TimeFuture},
		{"version 3", func(w *world) { w.d.header.Version = 3 }, "bad-version(0x00000003)", InvalidHeader},
		{"version -1", func(w *world) { w.d.header.Version = -1 }, "bad-version(0xffffffff)", InvalidHeader},
		{"work above the last", func(w *world) { w.net.LastPoWBlock = 2005 }, "reject-pow", InvalidHeader},
		{"stake before any coin matured", func(w *world) { stake(w); w.net.CoinMaturityRBT = 2007 }, "reject-pos", InvalidHeader},
		{"the same where genesis may stake", func(w *world) {
			stake(w)
			w.net.CoinMaturityRBT, w.net.GenesisSpendable = 2007, true
		}, "", 0},
		{"stake between the steps of time", func(w *world) { stake(w); w.d.header.Time++; w.ctx.Now++ }, "timestamp-invalid", InvalidHeader},
		{"no work", func(w *world) {
			w.d.keepWork = true
			for Work(w.net, w.d.finish().Hash(), w.d.header.Bits) {
				w.d.header.Nonce++
			}
		}, "high-hash", InvalidHeader},
		{"proof of stake fails", func(w *world) {
			stake(w)
			w.ctx.Stake = func(*header.Node, *wire.Header) (bool, error) { return false, nil }
		}, "bad-cb-header", InvalidHeader},
		{"proof of stake holds", func(w *world) {
			stake(w)
			w.ctx.Stake = func(parent *header.Node, h *wire.Header) (bool, error) {
				return parent == w.tree.Tip() && h.IsProofOfStake(), nil
			}
		}, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			net := params.Regtest()
			w := &world{net: net, tree: chain(net, 2005)}
			for n := w.tree.Tip(); n.Height > 2000; n, _ = n.Parent() {
				if n.Height < 2003 {
					n.Status |= header.Connected
				}
			}
			w.d = workDraft(w.tree.Tip())
			w.ctx = HeaderContext{Tip: w.tree.Tip(), Now: int64(w.d.header.Time), Checkpointed: 0}
			c.breaks(w)
			b := w.d.finish()
			known, parent, err := Header(net, w.tree, &b.Header, w.ctx)
			if Reason(err) != c.want || (err == nil) != (c.want == "") {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if err != nil && Of(err).Result != c.result {
				t.Errorf("%v has the result %d, want %d", err, Of(err).Result, c.result)
			}
			if err == nil && (known != nil || parent.Hash != b.Header.PrevBlock) {
				t.Errorf("known %v, parent %v", known, parent)
			}
		})
	}
}

func TestHeaderKnown(t *testing.T) {
	net := params.Regtest()
	tr := chain(net, 3)
	n := tr.Tip()
	ctx := HeaderContext{Tip: n, Checkpointed: -1}
	known, _, err := Header(net, tr, &n.Header, ctx)
	if known != n || err != nil {
		t.Errorf("known header: %v, %v", known, err)
	}
	n.Status |= header.Failed
	if _, _, err = Header(net, tr, &n.Header, ctx); Reason(err) != "duplicate" || Of(err).Result != CachedInvalid {
		t.Errorf("known and invalid: %v", err)
	}
	b := stakeDraft(n).finish()
	n.Status = header.Connected
	broken := errors.New("no coins today")
	ctx.Now = int64(b.Header.Time)
	ctx.Stake = func(*header.Node, *wire.Header) (bool, error) { return false, broken }
	net.GenesisSpendable = true
	if _, _, err = Header(net, tr, &b.Header, ctx); !errors.Is(err, broken) || Of(err) != nil {
		t.Errorf("store that fails: %v", err)
	}
}

func TestSync(t *testing.T) {
	main := params.Main() // spans 500, from 845000 on 2000
	for _, c := range []struct{ tip, want int32 }{
		{0, 0}, {500, 0}, {501, 1}, {844_999, 844_499}, {845_000, 843_000}, {5_000_000, 4_998_000},
	} {
		if got := SyncHeight(main, c.tip); got != c.want {
			t.Errorf("rolling checkpoint under %d at %d, want %d", c.tip, got, c.want)
		}
		if Sync(main, c.want, c.tip) != (c.want == 0) || !Sync(main, c.want+1, c.tip) {
			t.Errorf("around %d under %d", c.want, c.tip)
		}
	}
}

func TestFutureDrift(t *testing.T) {
	main := params.Main()
	if a, b := FutureDrift(main, 1000, 844_999), FutureDrift(main, 1000, 845_000); a != 1015 || b != 1003 {
		t.Errorf("drift to %d and %d", a, b)
	}
}

func TestLastCheckpoint(t *testing.T) {
	net := params.Regtest()
	tr := chain(net, 10)
	if last, err := LastCheckpoint(net, tr); last != 0 || err != nil {
		t.Errorf("last checkpoint %d, %v", last, err)
	}
	n, _ := tr.At(7)
	net.Checkpoints[7], net.Checkpoints[9] = n.Hash, chainhash.Hash{1}
	if last, err := LastCheckpoint(net, tr); last != 7 || err != nil {
		t.Errorf("last checkpoint %d, %v", last, err)
	}
}

func TestDuplicateStake(t *testing.T) {
	tr := chain(params.Regtest(), 3)
	first := stakeDraft(tr.Tip()).finish().Header
	if err := DuplicateStake(tr, &first, true, false); err != nil {
		t.Errorf("the first: %v", err)
	}
	if _, err := tr.Add(&first); err != nil {
		t.Fatal(err)
	}
	second := first
	second.Nonce++
	other := first
	other.PrevStake = btcwire.OutPoint{Index: 5}
	for _, c := range []struct {
		name        string
		h           *wire.Header
		last, again bool
		want        Result
	}{
		{"the same again", &first, true, false, Unstated},
		{"another coin", &other, true, false, Unstated},
		{"the same stake", &second, true, false, HeaderReject},
		{"the same stake, built on", &second, false, false, Unstated},
		{"the same stake, twice", &second, true, true, InvalidHeader},
	} {
		err := DuplicateStake(tr, c.h, c.last, c.again)
		if c.want == Unstated {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		} else if e := Of(err); e == nil || e.Reason != "dupe-stake" || e.Result != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestEnoughWork(t *testing.T) {
	main := params.Main()
	w := main.MinimumChainWork
	if !EnoughWork(main, &w) {
		t.Error("the least work is enough")
	}
	w.SubUint64(&w, 1)
	if EnoughWork(main, &w) {
		t.Error("less is not")
	}
}
