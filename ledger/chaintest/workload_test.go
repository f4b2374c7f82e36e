package chaintest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"spacechain/ledger/aal"
	"spacechain/ledger/dgp"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/view"
	"spacechain/ledger/wire"
)

// TestWorkloads makes random contract chains, on one fork and across all of them. The
// node must accept what the builder makes, and where there is a Qtum Core it must accept
// every block too: then gas, refunds, generated transactions and both roots are the same.
// SPACECHAIN_WORKLOADS asks for more seeds than the few of the default run.
func TestWorkloads(t *testing.T) {
	seeds := 1
	if long() {
		seeds = 8
	}
	if n, err := strconv.Atoi(os.Getenv("SPACECHAIN_WORKLOADS")); err == nil {
		seeds = n
	}
	const base = 560 // the height at which the workload begins, or a little below
	for _, era := range []struct {
		name    string
		options []string
	}{
		{"cancun", nil},
		{"shanghai", []string{"-cancunheight=100000"}},
		{"london", []string{"-cancunheight=100000", "-shanghaiheight=100000"}},
		{"istanbul", []string{"-cancunheight=100000", "-shanghaiheight=100000", "-londonheight=100000"}},
		{"petersburg", []string{"-cancunheight=100000", "-shanghaiheight=100000", "-londonheight=100000", "-muirglacierheight=100000"}},
		{"homestead", []string{"-cancunheight=100000", "-shanghaiheight=100000", "-londonheight=100000", "-muirglacierheight=100000",
			"-constantinopleheight=100000", "-btcecrecoverheight=100000", "-offlinestakingheight=100000"}},
		{"all forks", []string{"-btcecrecoverheight=575", "-constantinopleheight=585", "-offlinestakingheight=590", "-muirglacierheight=595",
			"-londonheight=605", "-shanghaiheight=615", "-cancunheight=625"}},
		{"forks in odd order", []string{"-muirglacierheight=0", "-constantinopleheight=600", "-offlinestakingheight=610",
			"-cancunheight=580", "-londonheight=620", "-shanghaiheight=590", "-btcecrecoverheight=630"}},
		{"all forks at once", []string{"-btcecrecoverheight=600", "-constantinopleheight=600", "-offlinestakingheight=603", "-muirglacierheight=600",
			"-londonheight=600", "-shanghaiheight=600", "-cancunheight=600"}},
	} {
		for seed := range seeds {
			t.Run(fmt.Sprintf("%s/%d", era.name, seed), func(t *testing.T) {
				options := append([]string{"-reduceblocktimeheight=1000000000"}, era.options...)
				c := New(t, uint64(seed), Regtest(t, options...))
				var q *Qtumd
				if hasOracle() {
					q = StartQtumd(t, options...)
					c.OnBlock = func(b *wire.Block) { confirm(t, c, q, b) }
				}
				c.MinePoW(base - 20)
				w := NewWorkload(c, uint64(seed))
				w.Fund()
				c.Mine()
				for range 90 {
					w.Queue(6)
					d := c.draftOf(w.one(4))
					if q == nil {
						c.Accept(d.Seal())
						continue
					}
					// What executions say of themselves is no rule of blocks, but what wallets see.
					(&oddities{Chain: c, oracle: q, loose: true}).mine(d)
				}
				if q != nil {
					compareCoins(t, c, q)
				}
			})
		}
	}
}

// draftOf is a block of what waits, made by stake or by work.
func (c *Chain) draftOf(stake bool) *Draft {
	c.T.Helper()
	if stake {
		return c.StakeDraft(c.Miner)
	}
	return c.Draft()
}

// confirm gives Qtum Core a block that our node accepted.
func confirm(t *testing.T, c *Chain, q *Qtumd, b *wire.Block) {
	t.Helper()
	if reason := q.Submit(int64(b.Header.Time)+c.Late, b); reason != "" {
		t.Fatalf("Qtum Core refuses block %v at height %d: %s\n%s", b.Hash(), c.Height(), reason, q.Log(3000))
	}
}

// compareCoins holds the set of unspent outputs against Qtum Core's.
func compareCoins(t *testing.T, c *Chain, q *Qtumd) {
	t.Helper()
	var info struct {
		Hash string `json:"hash_serialized_3"`
	}
	q.Ask(&info, "gettxoutsetinfo", "hash_serialized_3")
	if got := c.coinsHash(); got != info.Hash {
		t.Errorf("unspent outputs hash to %s, Qtum Core's to %s", got, info.Hash)
	}
}

// TestGovernedWorkloads runs workloads under gas schedules that governance might have set.
func TestGovernedWorkloads(t *testing.T) {
	seeds := 1
	if n, err := strconv.Atoi(os.Getenv("SPACECHAIN_WORKLOADS")); err == nil {
		seeds = n
	}
	for _, options := range [][]string{nil, {"-cancunheight=100000", "-shanghaiheight=100000", "-londonheight=100000"}} {
		for seed := range seeds {
			t.Run(fmt.Sprint(options, seed), func(t *testing.T) {
				o := newOddities(t, append([]string{"-dgpevm"}, options...)...)
				o.loose = true
				r := rand.New(rand.NewPCG(uint64(seed), 9))
				words := make([]uint32, aal.Words)
				for i, w := range aal.BaseSchedule(o.Params, o.Height()).Word {
					words[i] = max(1, w/100, uint32(float64(w)*math.Exp(3*r.Float64()-2.2)))
				}
				words = append(words, 7)
				o.govern(params.GasScheduleAddress, Init(answering(words...)))
				if in := o.schedule(); !slices.Equal(in.Word[:], words[:aal.Words]) {
					t.Fatalf("the schedule is %v, not %v", in.Word, words)
				}
				w := NewWorkload(o.Chain, uint64(seed))
				w.Fund()
				o.mine(o.Draft())
				for range 60 {
					w.Queue(6)
					o.mine(o.draftOf(w.one(4)))
				}
				if o.oracle != nil {
					compareCoins(t, o.Chain, o.oracle)
				}
			})
		}
	}
}

// schedule is the gas schedule of the next block.
func (c *Chain) schedule() (s aal.Schedule) {
	c.T.Helper()
	err := c.Node.View(func(tip *header.Node, state view.Reader) error {
		m := aal.New(state)
		m.Env = aal.Env{Params: c.Params, Height: tip.Height + 1, Time: tip.Header.Time, Bits: tip.Header.Bits}
		limits, err := dgp.Read(m)
		s = limits.Schedule
		return err
	})
	if err != nil {
		c.T.Fatal(err)
	}
	return s
}
