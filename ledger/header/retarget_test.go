package header

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"
	"github.com/holiman/uint256"
	"pgregory.net/rapid"

	"spacechain/ledger/params"
)

// TestRetarget has each regime of main net's targets with the numbers worked out by hand
// (factors) and by exact integer arithmetic elsewhere (results).
//
// Before QIP9 the timespan of 960 s holds 7 blocks of 128 s, so a target is multiplied by
// (6*128 + 2*actual)/(8*128): 1 for 128 s, 3/4 for 0 s, 25/32 for 16 s, and for anything
// from 1280 s on 3328/1024 = 3.25.
//
// From QIP9 on it is multiplied by e^(p/q). 4000 s hold 31 blocks: q = 32*128/16 = 256 and
// p = 2*(actual-128)/16, so e^(-1/16) for 0 s and e^(304/256) from 2560 s on. With the
// reduced block time 1000 s hold 31 blocks of 32 s: q = 32*32/4 = 256, p = 2*(actual-32)/4.
func TestRetarget(t *testing.T) {
	net := params.Main()
	const old = 0x1a0377ae
	for _, c := range []struct {
		height int32
		old    uint32
		actual int64
		want   uint32
		factor float64
	}{
		{6000, old, 128, old, 1},
		{6000, old, 0, 0x1a0299c2, 0.75},
		{6000, old, -5, old, 1}, // as if on time
		{6000, old, 16, 0x1a02b57f, 0.78125},
		{6000, old, 160, 0x1a03af28, 1.0625},
		{6000, old, 1280, 0x1a0b44f5, 3.25},
		{6000, old, 5000, 0x1a0b44f5, 3.25},
		{466_599, old, 5000, 0x1a0b44f5, 3.25},
		{466_600, old, 128, old, 1},
		{466_600, old, 0, 0x1a0341e5, math.Exp(-1. / 16)},
		{466_600, old, -1, old, 1},
		{466_600, old, 16, 0x1a034870, math.Exp(-14. / 256)},
		{466_600, old, 144, 0x1a037ea4, math.Exp(2. / 256)},
		{466_600, old, 2560, 0x1a0b5e96, math.Exp(304. / 256)},
		{844_999, old, 9999, 0x1a0b5e96, math.Exp(304. / 256)},
		{845_000, old, 32, old, 1},
		{845_000, old, 0, 0x1a0341e5, math.Exp(-1. / 16)},
		{845_000, old, 4, 0x1a034870, math.Exp(-14. / 256)},
		{845_000, old, 36, 0x1a037ea4, math.Exp(2. / 256)},
		{845_000, old, 37, 0x1a037ea4, math.Exp(2. / 256)}, // 10/4 is 2
		{845_000, old, 31, old, 1},                         // -2/4 is 0, towards zero
		{845_000, old, 640, 0x1a0b5e96, math.Exp(304. / 256)},
		// The limits: 2^224-1, 2^205-1 and 2^206-1.
		{6000, 0x1c7fffff, 1280, 0x1d00ffff, 0},
		{466_600, 0x1a1ffffe, 2560, 0x1a1fffff, 0},
		{845_000, 0x1a1fffff, 640, 0x1a3fffff, 0},
		// A target of 1 cannot fall below it: nothing is the limit.
		{6000, 0x01010000, 0, 0x1d00ffff, 0},
	} {
		got := retarget(net, c.height, c.old, c.actual, true)
		if got != c.want {
			t.Errorf("at %d, %08x after %d s: %08x, want %08x", c.height, c.old, c.actual, got, c.want)
		}
		if c.factor == 0 {
			continue
		}
		before, _, _ := Target(c.old)
		after, _, _ := Target(got)
		if f := after.Float64() / before.Float64(); math.Abs(f-c.factor) > 1e-5 {
			t.Errorf("at %d, %08x after %d s: factor %v, want %v", c.height, c.old, c.actual, f, c.factor)
		}
	}
	if got := retarget(net, 100, 0x1f00ffff, 9999, false); got != 0x1f00ffff {
		t.Errorf("proof of work moved to %08x", got)
	}
}

// TestScaleExp holds the series against e^x and against steps done by hand: for 1000 and
// p/q = -1/2 the terms are 500, 125, 20, 2, 0: 1000-500+125-20+2 = 607.
func TestScaleExp(t *testing.T) {
	a := uint256.NewInt(1000)
	scaleExp(a, -1, 2)
	if a.Uint64() != 607 {
		t.Errorf("1000*e^(-1/2): %v, want 607", a)
	}
	// 500, 125, 20, 2 all added.
	a = uint256.NewInt(1000)
	scaleExp(a, 1, 2)
	if a.Uint64() != 1647 {
		t.Errorf("1000*e^(1/2): %v, want 1647", a)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.Int64Range(-16, 304).Draw(t, "p")
		shift := rapid.UintRange(60, 200).Draw(t, "shift")
		a := uint256.NewInt(rapid.Uint64Range(1<<60, 1<<61).Draw(t, "a"))
		a.Lsh(a, shift-60)
		before := a.Float64()
		scaleExp(a, p, 256)
		if f, want := a.Float64()/before, math.Exp(float64(p)/256); math.Abs(f/want-1) > 1e-9 {
			t.Fatalf("factor %v, want %v", f, want)
		}
	})
}

// TestRetargetBounded: whatever the times, a target keeps within the limit and moves by at
// most the factors of its regime, and more time never makes it harder.
func TestRetargetBounded(t *testing.T) {
	net := params.Main()
	rapid.Check(t, func(t *rapid.T) {
		height := rapid.SampledFrom([]int32{6000, 466_599, 466_600, 844_999, 845_000, 5_000_000}).Draw(t, "height")
		old := rapid.Uint32Range(0x18010000, 0x1a1fffff).Draw(t, "old")
		if old&0x800000 != 0 || old&0x7fffff < 0x8000 {
			return
		}
		actual := rapid.Int64Range(-1000, 100_000).Draw(t, "actual")
		before, _, _ := Target(old)
		after, _, _ := Target(retarget(net, height, old, actual, true))
		limit, _, _ := Target(Compact(net.PoSLimit(height)))
		if after.Gt(&limit) || after.IsZero() {
			t.Fatalf("%x outside of the limit", &after)
		}
		f := after.Float64() / before.Float64()
		if f > 3.2789 || f < 0.7499 && !after.Eq(&limit) {
			t.Fatalf("factor %v", f)
		}
		if actual >= 0 {
			more, _, _ := Target(retarget(net, height, old, actual+rapid.Int64Range(0, 1000).Draw(t, "more"), true))
			if more.Lt(&after) {
				t.Fatalf("more time made %x into %x", &after, &more)
			}
		}
	})
}

func TestNextBits(t *testing.T) {
	main, regtest := params.Main(), params.Regtest()
	regtest.AllowMinDifficulty = true
	quick := *main // retargets from the first blocks on
	quick.QIP9Height, quick.ReduceBlockTimeHeight = 3, 1000

	type block struct {
		stake bool
		time  uint32
		bits  uint32
	}
	work := func(time, bits uint32) block { return block{false, time, bits} }
	stake := func(time, bits uint32) block { return block{true, time, bits} }
	const workLimit, stakeLimit, regLimit = 0x1f00ffff, 0x1d00ffff, 0x207fffff
	for i, c := range []struct {
		net    *params.Network
		chain  []block
		time   uint32
		stake  bool
		want   uint32
		reason string
	}{
		{main, nil, 100, false, workLimit, "first block"},
		{main, nil, 100, true, stakeLimit, "first block"},
		{main, []block{work(10, 0x1e123456)}, 100, false, workLimit, "one of its kind"},
		{main, []block{work(10, 0x1e123456), work(20, 0x1e111111)}, 100, false, 0x1e111111, "proof of work keeps its target"},
		{main, []block{work(10, 0x1e123456), stake(128, 0x1a0377ae), work(140, 0x1e111111)}, 256, true, stakeLimit, "one of its kind among others"},
		{main, []block{stake(128, 0x1b0377ae), work(140, 0x1e111111), stake(256, 0x1a0377ae), work(260, 0x1e111111)},
			400, true, 0x1a0377ae, "on time, its own kind alone counts"},
		{main, []block{stake(256, 0x1a0377ae), stake(256, 0x1a0377ae)}, 400, true, 0x1a0299c2, "no time between"},
		{main, []block{stake(256, 0x1a0377ae), stake(128, 0x1a0377ae)}, 400, true, 0x1a0377ae, "time running backwards"},
		// The last stake is at 1, its retarget under the rules of 2, while the block would be at 4.
		{&quick, []block{stake(16, 0x1a0377ae), stake(16, 0x1a0377ae), work(20, 1), work(21, 1)}, 400, true, 0x1a0341e5, "rules above the last of its kind, new"},
		{&quick, []block{stake(16, 0x1a0377ae), work(20, 1), work(21, 1)}, 400, true, 0x1a1fffff, "limit by the height of the block"},
		{regtest, []block{work(10, regLimit), work(20, 0x1f111111)}, 30, false, 0x1f111111, "test nets keep the last target"},
		{regtest, []block{work(10, regLimit), work(20, 0x1f111111)}, 84, false, 0x1f111111, "64 s are not late"},
		{regtest, []block{work(10, regLimit), work(20, 0x1f111111)}, 85, false, regLimit, "a late block is easy"},
		{regtest, []block{work(10, 0x1f111111), work(20, regLimit), stake(30, regLimit)}, 40, false, 0x1f111111, "easy ones are skipped, of either kind"},
		{regtest, []block{work(10, 0x1f111111), work(20, 0x1f222222), stake(30, 0x1f333333), stake(31, 0x1f444444)}, 40, false, 0x1f444444, "of the other kind, too"},
		{regtest, []block{work(10, regLimit), work(20, regLimit)}, 40, false, regLimit, "down to genesis"},
	} {
		tr := New(&c.net.Genesis.Header, Options{})
		tip := tr.Tip()
		for j, b := range c.chain {
			h := child(tip, b.time, uint32(j))
			h.Bits = b.bits
			if b.stake {
				h.PrevStake.Index = 1
			}
			tip = add(t, tr, h)
		}
		got, err := NextBits(c.net, tip, c.time, c.stake)
		if err != nil || got != c.want {
			t.Errorf("case %d, %s: %08x, %v; want %08x", i, c.reason, got, err, c.want)
		}
	}
}

// TestMinDifficultyInterval: the walk back over easy blocks ends at a multiple of the
// interval, which is 1000/32 = 31 on regtest.
func TestMinDifficultyInterval(t *testing.T) {
	net := params.Regtest()
	tr := New(&net.Genesis.Header, Options{})
	tip := tr.Tip()
	for i := uint32(1); i <= 40; i++ {
		h := child(tip, i, i)
		h.Bits = 0x207fffff
		if i == 20 || i == 31 {
			h.Bits = 0x1f000000 + i
		}
		tip = add(t, tr, h)
	}
	for height, want := range map[int32]uint32{40: 0x1f000000 + 31, 30: 0x1f000000 + 20, 19: 0x207fffff} {
		n, _ := tr.Find(tip.Hash)
		n, _ = n.Ancestor(height)
		if got, err := NextBits(net, n, uint32(height)+1, false); got != want || err != nil {
			t.Errorf("after %d: %08x, %v; want %08x", height, got, err, want)
		}
	}
	h := child(tip, 41, 0)
	h.Bits = 0x207fffff
	for i := int32(32); i < 62; i++ {
		tip = add(t, tr, h)
		h = child(tip, uint32(i)+41, 0)
		h.Bits = 0x207fffff
	}
	if got := fmt.Sprintf("%d %08x", tip.Height, must(NextBits(net, tip, tip.Header.Time+1, true))); got != "70 207fffff" {
		t.Errorf("two intervals on: %s", got)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestQtumTargets works out again the targets of chains that Qtum Core accepted, whose
// times were drawn at random: across both changes of the rules, and with the limits of
// main net and of regtest.
func TestQtumTargets(t *testing.T) {
	text, err := os.ReadFile("testdata/retarget.txt")
	if err != nil {
		t.Fatal(err)
	}
	var (
		net     *params.Network
		tr      *Tree
		targets = map[uint32]bool{}
		blocks  int
	)
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch f[0] {
		case "#":
			continue
		case "chain":
			net = params.Regtest()
			for _, o := range f[1:] {
				if err := net.Override(o); err != nil {
					t.Fatal(err)
				}
			}
			tr = New(&net.Genesis.Header, Options{})
			continue
		}
		var count int
		var after, bits uint32
		var kind string
		if _, err := fmt.Sscanf(line, "%d %s +%d %x", &count, &kind, &after, &bits); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for range count {
			tip := tr.Tip()
			h := child(tip, tip.Header.Time+after, 0)
			h.Bits = bits
			if kind == "stake" {
				h.PrevStake = btcwire.OutPoint{Index: uint32(tip.Height)}
			}
			if got := must(NextBits(net, tip, h.Time, kind == "stake")); got != bits {
				t.Fatalf("%s at %d: %08x, want %08x", kind, tip.Height+1, got, bits)
			}
			if err := tr.SetTip(add(t, tr, h)); err != nil {
				t.Fatal(err)
			}
			targets[bits] = true
			blocks++
		}
	}
	if blocks != 6780 || len(targets) < 100 {
		t.Errorf("%d blocks with %d targets", blocks, len(targets))
	}
}
