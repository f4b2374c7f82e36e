package chaintest

import (
	"os"
	"slices"
	"testing"

	"spacechain/ledger/check"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// TestMutations makes each kind of corrupted block and holds the node to four things: it
// refuses the block, for the reason that Qtum Core has, its state is as before, and the
// block that was not corrupted is accepted afterwards. Where there is a Qtum Core to ask,
// it must do just the same.
func TestMutations(t *testing.T) {
	const year = 365 * 86400
	for _, play := range []struct {
		name    string
		net     string
		options []string
		late    int64
		raise   func(s *stage) *stage
		draft   func(s *stage) *Draft
		rows    []mutation
	}{
		{"made by work", "regtest", []string{longTime}, 0, (*stage).raise, byWork, slices.Concat(onEveryBlock, onWork)},
		{"made by stake", "spacechain", nil, 0, (*stage).raise, byStake, slices.Concat(onEveryBlock, onStake, onOwnStake)},
		{"made by stake", "regtest", nil, 0, (*stage).raise, byStake, slices.Concat(onEveryBlock, onStake, onOwnStake)},
		{"made by stake, catching up", "regtest", nil, year, (*stage).raise, byStake, slices.Concat(onStake, onOwnStake)},
		{"delegated", "spacechain", nil, 0, raiseDelegated, byDelegate, onDelegated},
		{"delegated", "regtest", nil, 0, raiseDelegated, byDelegate, onDelegated},
		{"delegated, catching up", "regtest", nil, year, raiseDelegated, byDelegate, onDelegated},
		{"shared", "regtest", []string{longTime, "-lastmposheight=1000000"}, 0, (*stage).shared, byStake, onShared},
	} {
		t.Run(play.net+" "+play.name, func(t *testing.T) {
			if play.name == "made by stake" && play.net == "regtest" && !hasOracle() && !long() {
				t.Skip("the same blocks are spoiled on spacechain")
			}
			net, _ := params.ByName(play.net)
			var oracle *Qtumd
			if play.net == "regtest" {
				net = Regtest(t, play.options...)
				if hasOracle() {
					oracle = StartQtumdAt(t, genesisTime+play.late, append(play.options, "-par=2")...)
				} else {
					net.FirstMPoSBlock = 1010
				}
			}
			s := play.raise(newStage(t, net, oracle, play.late))
			for _, m := range play.rows {
				if play.late == 0 || m.early != "" && m.early != accepted {
					t.Run(m.name, func(t *testing.T) { m.test(t, s, play.draft) })
					if len(s.pending) > 0 {
						t.Fatal("the chain cannot go on")
					}
				}
			}
		})
	}
}

// long tells whether the long tests are asked for.
func long() bool { return os.Getenv("SPACECHAIN_LONG") != "" }

func raiseDelegated(s *stage) *stage { return s.raise().delegate() }

func byWork(s *stage) *Draft { s.act(); return s.Draft() }

func byStake(s *stage) *Draft { s.act(); return s.reserve(s.StakeDraft(s.Miner)) }

func byDelegate(s *stage) *Draft { return s.reserve(s.DelegatedDraft(s.owner)) }

// reserve keeps mutations from spending what the coinstake spends.
func (s *stage) reserve(d *Draft) *Draft {
	s.wallet.spend(d.Reward())
	return d
}

// test makes a block and spoils it.
func (m mutation) test(t *testing.T, s *stage, draft func(s *stage) *Draft) {
	old := s.T
	s.T = t
	defer func() { s.T = old }()

	good := draft(s)
	original := good.Seal()
	now := int64(original.Header.Time) + s.Late
	before := s.Fingerprint()

	bad := good.Copy()
	if m.edit != nil {
		m.edit(s, bad)
	}
	b := bad.Seal()
	if m.raw != nil {
		m.raw(s, b)
	}
	reason := m.reason
	if s.Late != 0 {
		reason = m.early
	}
	if got := s.SubmitAt(now, b); got != reason {
		t.Errorf("refused for %q, not %q: %v", got, reason, s.refused)
	} else if m.detail != "" && m.reason == reason {
		if why := detail(s.refused.Err); why != m.detail {
			t.Errorf("behind %q stands %q, not %q", got, why, m.detail)
		}
	}
	if after := s.Fingerprint(); after != before {
		t.Errorf("the state changed:\nbefore %s\nafter  %s", before, after)
	}
	if s.oracle != nil {
		m.ask(t, s, now, b, reason)
	}
	s.Accept(original)
}

// detail is the reason of a refusal that is behind another.
func detail(err error) string {
	if err == nil {
		return ""
	}
	return check.Reason(err)
}

// ask gives the corrupted block to Qtum Core.
func (m mutation) ask(t *testing.T, s *stage, now int64, b *wire.Block, reason string) {
	t.Helper()
	best := s.oracle.Best()
	got := s.oracle.Submit(now, b)
	if !same(b, got, reason) {
		t.Errorf("Qtum Core says %q, not %q", got, reason)
	}
	if s.oracle.Best() != best {
		t.Errorf("Qtum Core's tip changed")
	}
}

// same tells whether Qtum Core's submitblock says in got what the node says in reason. It
// does not look at a block that does not begin with a coinbase, and where Qtum Core drops
// a block without a reason it takes it for accepted.
func same(b *wire.Block, got, reason string) bool {
	if len(b.Txs) == 0 || !b.Txs[0].IsCoinBase() {
		return got == "submitblock: Block does not start with a coinbase"
	}
	return got == reason || reason == "inconclusive" && got == ""
}
