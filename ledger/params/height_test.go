package params

import "testing"

func TestByHeight(t *testing.T) {
	main := Main()
	for _, c := range []struct {
		height, maturity, span    int32
		mask                      uint32
		spacing, timespan, downBy int64
	}{
		{1, 500, 500, 15, 128, 960, 1},
		{466_599, 500, 500, 15, 128, 960, 1},
		{466_600, 500, 500, 15, 128, 4000, 1},
		{844_999, 500, 500, 15, 128, 4000, 1},
		{845_000, 2000, 2000, 3, 32, 1000, 4},
	} {
		if main.Maturity(c.height) != c.maturity || main.CheckpointSpan(c.height) != c.span || main.StakeMask(c.height) != c.mask ||
			main.Spacing(c.height) != c.spacing || main.TargetTimespan(c.height) != c.timespan ||
			main.TimestampDownscale(c.height) != c.downBy || main.BlockTimeFactor(c.height) != c.downBy {
			t.Errorf("height %d: maturity %d, span %d, mask %d, spacing %d, timespan %d, downscale %d and %d", c.height,
				main.Maturity(c.height), main.CheckpointSpan(c.height), main.StakeMask(c.height), main.Spacing(c.height),
				main.TargetTimespan(c.height), main.TimestampDownscale(c.height), main.BlockTimeFactor(c.height))
		}
	}
	if main.MaxCheckpointSpan() != 2000 || SpaceChain().MaxCheckpointSpan() != 64 {
		t.Errorf("spans of %d and %d", main.MaxCheckpointSpan(), SpaceChain().MaxCheckpointSpan())
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		n      *Network
		height int32
		stake  bool
		want   string
	}{
		{Main(), 1, false, "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
		{Main(), 1, true, "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
		{Test(), 1, true, "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
		{Main(), 466_600, true, "0x1fffffffffffffffffffffffffffffffffffffffffffffffffff"},
		{Main(), 845_000, true, "0x3fffffffffffffffffffffffffffffffffffffffffffffffffff"},
		{Regtest(), 1, true, "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
		{Regtest(), 1, false, "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
		{SpaceChain(), 1, true, "0xffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
	} {
		if got := c.n.Limit(c.height, c.stake).Hex(); got != c.want {
			t.Errorf("%s %d, by stake %t: %s, want %s", c.n.Name, c.height, c.stake, got, c.want)
		}
	}
	n := Main()
	n.Limit(1, true).Clear()
	if n.Limit(1, true).IsZero() {
		t.Error("a limit that was given can be changed")
	}
	if got := SpaceChain().Genesis.Header.Bits; got != 0x1d00ffff {
		t.Errorf("genesis has bits %x, the limit is 1d00ffff", got)
	}
}

func TestSubsidy(t *testing.T) {
	for _, c := range []struct {
		n      *Network
		height int32
		want   int64
	}{
		{Main(), 1, 20_000 * Coin},
		{Main(), 5000, 20_000 * Coin},
		{Main(), 5001, 4 * Coin},
		{Main(), 844_999, 4 * Coin},
		{Main(), 845_000, Coin},
		// With 839,999 blocks before the reduction worth four each, the first halving is at
		// 5000 + 839,999 + 3,942,000 − 4·839,999 + 1.
		{Main(), 1_427_003, Coin},
		{Main(), 1_427_004, Coin / 2},
		{Main(), 1_427_004 + 3_942_000, Coin / 4},
		{Main(), 1_427_003 + 6*3_942_000, Coin >> 6},
		{Main(), 1_427_004 + 6*3_942_000, 0},
		{Regtest(), 5000, 20_000 * Coin},
		{Regtest(), 5001, Coin},
		{SpaceChain(), 1, Coin},
		{SpaceChain(), 3_941_999, Coin},
		{SpaceChain(), 3_942_000, Coin / 2},
		{SpaceChain(), 7*3_942_000 - 1, Coin >> 6},
		{SpaceChain(), 7 * 3_942_000, 0},
		{SpaceChain(), Never, 0},
	} {
		if got := c.n.Subsidy(c.height); got != c.want {
			t.Errorf("%s %d: %d, want %d", c.n.Name, c.height, got, c.want)
		}
	}
}

// TestEmission adds up all that is ever made.
func TestEmission(t *testing.T) {
	const halving = 3_942_000
	n := SpaceChain()
	total := n.MoneySupplyBase
	for epoch := range int32(7) {
		first, last := max(1, epoch*halving), (epoch+1)*halving-1
		if n.Subsidy(first) != n.Subsidy(last) {
			t.Fatalf("the subsidy changes between %d and %d", first, last)
		}
		total += int64(last-first+1) * n.Subsidy(first)
	}
	if total > MaxMoney || total < MaxMoney-Coin {
		t.Errorf("%d is made in all, at most %d can be", total, MaxMoney)
	}
	if !MoneyRange(MaxMoney) || MoneyRange(MaxMoney+1) || MoneyRange(-1) || MaxMoney != 10_782_240_625_000_000 {
		t.Errorf("at most %d", MaxMoney)
	}
	for _, c := range []struct {
		n      *Network
		height int32
		limit  int64
		capped bool
	}{
		{Main(), 5000, 0, false},
		{Main(), 5001, 100_000_004 * Coin, true},
		{Regtest(), 6000, 0, false},
		{n, 1, 100_000_001 * Coin, true},
		{n, 0, 0, false},
	} {
		if limit, capped := c.n.MoneySupplyCap(c.height); limit != c.limit || capped != c.capped {
			t.Errorf("%s %d: %d, %t", c.n.Name, c.height, limit, capped)
		}
	}
}

func TestForksAndChainIDs(t *testing.T) {
	for _, c := range []struct {
		n      *Network
		height int32
		fork   string
		id     uint64 // in the block after height
	}{
		{Main(), 0, "spuriousdragon", 81},
		{Main(), 466_600, "petersburg", 81},
		{Main(), 845_000, "istanbul", 81},
		{Main(), 2_080_512, "london", 81},
		{Main(), 3_385_122, "shanghai", 81},
		{Main(), 4_590_000, "cancun", 81},
		{Test(), 3_298_891, "london", 81},
		{Test(), 3_298_892, "shanghai", 8889},
		{Regtest(), 0, "cancun", 8890},
		{SpaceChain(), 0, "cancun", 0x535043},
	} {
		if got := c.n.ForkAt(c.height); got.Name != c.fork || c.n.EVMChainID(c.height) != c.id {
			t.Errorf("%s %d: %s, chain %d", c.n.Name, c.height, got.Name, c.n.EVMChainID(c.height))
		}
	}
	for _, f := range Forks[1:] {
		if find(f.Option) < 0 {
			t.Errorf("%s: no option %q", f.Name, f.Option)
		}
	}
	if n := override(t, "-cancunheight=10", "-shanghaiheight=20"); n.ForkAt(9).Name != "london" || n.ForkAt(10).Name != "cancun" {
		t.Errorf("%s, %s", n.ForkAt(9).Name, n.ForkAt(10).Name)
	}
}

func TestMPoS(t *testing.T) {
	for _, c := range []struct {
		n    *Network
		prev int32
		want bool
	}{
		{Main(), 5509, false}, {Main(), 5510, true}, {Main(), 679_998, true}, {Main(), 679_999, false},
		{Regtest(), 6000, false}, {override(t, "-lastmposheight=7000"), 6000, true}, {SpaceChain(), 0, false},
	} {
		if got := c.n.MPoS(c.prev); got != c.want {
			t.Errorf("%s after %d: %t", c.n.Name, c.prev, got)
		}
	}
}

// TestEveryForkFromGenesis holds what spacechain promises.
func TestEveryForkFromGenesis(t *testing.T) {
	n := SpaceChain()
	for name, height := range map[string]int32{
		"BIP34": n.BIP34Height, "BIP65": n.BIP65Height, "BIP66": n.BIP66Height, "CSV": n.CSVHeight,
		"SegWit": n.SegwitHeight, "Taproot": n.TaprootHeight, "QIP5": n.QIP5Height, "QIP6": n.QIP6Height,
		"QIP7": n.QIP7Height, "QIP9": n.QIP9Height, "offline staking": n.OfflineStakeHeight,
		"block time": n.ReduceBlockTimeHeight, "Muir Glacier": n.MuirGlacierHeight, "London": n.LondonHeight,
		"Shanghai": n.ShanghaiHeight, "Cancun": n.CancunHeight, "UTXO cache": n.FixUTXOCacheHeight,
		"header signatures": n.EnableHeaderSignatureHeight, "last proof of work": n.LastPoWBlock,
	} {
		if height != 0 {
			t.Errorf("%s: %d", name, height)
		}
	}
	if n.Spacing(0) != 32 || n.Maturity(0) != 64 || n.CheckpointSpan(0) != 64 || n.StakeMask(0) != 3 || n.Limit(0, true).IsZero() {
		t.Errorf("spacing %d, maturity %d, span %d, mask %d", n.Spacing(0), n.Maturity(0), n.CheckpointSpan(0), n.StakeMask(0))
	}
	if n.NoPoSRetargeting || n.AllowMinDifficulty || n.OnDemand {
		t.Error("it is no test network")
	}
}

// TestFreshCopies changes a network and asks for it again.
func TestFreshCopies(t *testing.T) {
	a := Main()
	a.LondonHeight = 7
	a.Checkpoints[0] = a.BIP34Hash
	delete(a.Checkpoints, 5000)
	a.Genesis.Header.Nonce++
	if diff := same(Main(), Main()); diff != "" || Main().LondonHeight == 7 || len(Main().Checkpoints) != 16 ||
		Main().Genesis.Hash() != Main().GenesisHash {
		t.Errorf("a change shows in the next copy: %s", diff)
	}
}
