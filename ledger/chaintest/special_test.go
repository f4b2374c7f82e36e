package chaintest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/chain"
	"spacechain/ledger/check"
	"spacechain/ledger/params"
	"spacechain/ledger/wire"
)

// longTime lets coins mature after 500 blocks and stakes fall on whole 16 seconds.
const longTime = "-reduceblocktimeheight=1000000000"

// newPair starts an empty chain on regtest, with Qtum Core beside it if there is one.
func newPair(t *testing.T, late int64, options ...string) *stage {
	t.Helper()
	var oracle *Qtumd
	if hasOracle() {
		oracle = StartQtumdAt(t, genesisTime+late, append(options, "-par=2")...)
	}
	return newStage(t, Regtest(t, options...), oracle, late)
}

// refuses fails unless the node, and Qtum Core, refuse b for the reason.
func (s *stage) refuses(b *wire.Block, reason string) {
	s.T.Helper()
	s.refusesAt(int64(b.Header.Time)+s.Late, b, reason)
}

func (s *stage) refusesAt(now int64, b *wire.Block, reason string) {
	s.T.Helper()
	before := s.Fingerprint()
	if got := s.SubmitAt(now, b); got != reason {
		s.T.Errorf("refused for %q, not %q: %v", got, reason, s.refusal())
	}
	if after := s.Fingerprint(); after != before {
		s.T.Errorf("the state changed:\nbefore %s\nafter  %s", before, after)
	}
	if s.oracle == nil {
		return
	}
	got := s.oracle.Submit(now, b)
	if !same(b, got, reason) {
		s.T.Errorf("Qtum Core says %q, not %q", got, reason)
	}
}

// bare is a proof-of-stake block of nothing but a stake of coin, which no rule was asked
// about.
func (s *stage) bare(coin Coin) *Draft {
	s.T.Helper()
	d := s.draft()
	s.kernel(d, []Coin{coin})
	d.Signer, d.Stakes = coin.Key, []Coin{coin}
	d.Header.StateRoot, d.Header.UTXORoot = s.tip().Header.StateRoot, s.tip().Header.UTXORoot
	stake := btcwire.NewMsgTx(2)
	stake.AddTxIn(btcwire.NewTxIn(&coin.OutPoint, nil, nil))
	stake.TxOut = []*btcwire.TxOut{btcwire.NewTxOut(0, nil), btcwire.NewTxOut(coin.Value, coin.Key.Script(PubKey))}
	d.Txs = []*btcwire.MsgTx{coinbase(d.Height, false, btcwire.NewTxOut(0, nil)), stake}
	return d
}

// TestStakeTooEarly stakes before any coin could have matured.
func TestStakeTooEarly(t *testing.T) {
	s := newPair(t, 0, longTime)
	s.MinePoW(20)
	d := s.bare(s.Immature(s.Miner)[0])
	s.refuses(d.Seal(), "reject-pos")
	s.MinePoW(478)
	d = s.bare(s.Immature(s.Miner)[0])
	s.refuses(d.Seal(), "reject-pos")
	s.Mine()
	// Now a block may be staked, but not with a coin of block 1.
	d = s.bare(s.Immature(s.Miner)[0])
	s.refuses(d.Seal(), "bad-cb-header")
	s.Mine()
	s.Stake()
}

// TestWorkTooLate works after the last block that may be made so.
func TestWorkTooLate(t *testing.T) {
	s := newPair(t, 0, longTime, "-difficultychangeheight=10")
	s.MinePoW(5000)
	s.refuses(s.Draft().Seal(), "reject-pow")
	s.Stake()
	s.refuses(s.Draft().Seal(), "reject-pow")
}

// TestKernelNotMet stakes a coin at a time at which it does not win.
func TestKernelNotMet(t *testing.T) {
	for _, sync := range []struct {
		late   int64
		reason string
	}{{0, "bad-cb-header"}, {365 * 86400, "stake-check-kernel-failed"}} {
		s := newPair(t, sync.late, longTime)
		s.MinePoW(510)
		coin := s.stakeable(s.Miner)[0]
		d := s.StakeDraftOf(coin)
		good := d.Header.Time
		for s.wins(d, coin) {
			d.Header.Time += 16
		}
		bad := d.Copy()
		s.refuses(bad.Seal(), sync.reason)
		d.Header.Time = good
		s.Accept(d.Seal())
	}
}

// TestKnownToBeWrong gives the node the same wrong block again, and one that builds on it.
func TestKnownToBeWrong(t *testing.T) {
	s := newPair(t, 0, longTime)
	s.MinePoW(10)
	d := s.Draft()
	bad := d.Copy()
	bad.Header.StateRoot[0]++
	b := bad.Seal()
	s.refuses(b, incorrect)
	if got := s.Submit(b); got != "duplicate" {
		t.Errorf("refused for %q", got)
	}
	child := d.Copy()
	child.Header.PrevBlock = b.Hash()
	child.Header.Time += 128
	child.Txs[0] = coinbase(d.Height+1, false, btcwire.NewTxOut(1, []byte{0x51}))
	s.refuses(child.Seal(), "bad-prevblk")
	s.Accept(d.Seal())
}

// TestSameCoinbase makes coins again that are there (BIP30), where the coinbase need not tell
// the height yet.
func TestSameCoinbase(t *testing.T) {
	s := newPair(t, 0, longTime, "-testactivationheight=bip34@100000")
	s.MinePoW(5)
	first := s.Draft()
	first.Coinbase().TxIn[0].SignatureScript = []byte{0x51, 0x51}
	b := s.Accept(first.Seal())
	good := s.Draft()
	second := good.Copy()
	second.Txs[0] = b.Txs[0].Msg().Copy()
	s.refuses(second.Seal(), "bad-txns-BIP30")
	s.Accept(good.Seal())
}

// TestSignatureBeforeOfflineStaking stakes where the header's signature must be DER.
func TestSignatureBeforeOfflineStaking(t *testing.T) {
	s := newPair(t, 0, longTime, "-offlinestakingheight=100000")
	s.MinePoW(510)
	s.Stake()
	d := s.StakeDraft(s.Miner)
	compact := d.Copy()
	compact.DER = false
	s.refuses(compact.Seal(), "bad-cb-header")
	s.Accept(d.Seal())
}

// TestSenderBeforeQIP5 names another sender before that was possible.
func TestSenderBeforeQIP5(t *testing.T) {
	s := newPair(t, 0, longTime, "-opsenderheight=530")
	s.MinePoW(510)
	counter := s.Deploy(Counter)
	s.Mine()
	a := Action{To: &counter, Data: []byte{0}, Sender: s.Key("bob")}
	for s.Height() < 528 {
		d := s.Draft()
		bad := d.Copy()
		bad.Txs = append(bad.Txs, s.Execution(s.coin(s.Miner, 1e9, PubKeyHash), a))
		s.refuses(bad.Seal(), "bad-txns-invalid-sender")
		s.Accept(d.Seal())
	}
	s.Mine()
	s.Run(s.Miner, a)
	s.Mine()
}

// TestFees delegates for every kind of fee, with rewards shared among stakers or not.
func TestFees(t *testing.T) {
	for _, shared := range []bool{false, true} {
		t.Run(fmt.Sprintf("shared %v", shared), func(t *testing.T) {
			options := []string{longTime}
			if shared {
				options = append(options, "-lastmposheight=1000000")
			}
			s := newPair(t, 0, options...)
			if s.oracle == nil {
				s.Params.FirstMPoSBlock = 1100
			}
			first := s.Params.FirstMPoSBlock
			if !shared {
				first = 1100
			}
			fees := []uint8{0, 1, 33, 50, 99, 100}
			s.MinePoW(510)
			for _, fee := range fees {
				owner, staker := s.Key(fmt.Sprintf("owner %d", fee)), s.Key(fmt.Sprintf("staker %d", fee))
				for range 2 {
					s.Pay(s.Miner, To(owner, PubKeyHash, 700e8), To(owner, PubKey, 700e8), To(owner, PubKeyHash, 700e8),
						To(staker, PubKey, 150e8), To(staker, PubKeyHash, 250e8), To(staker, PubKeyHash, 350e8))
				}
			}
			s.Mine()
			for s.Height() < first-480 {
				s.Mine()
			}
			s.MinePoW(500)
			for _, fee := range fees {
				s.Delegate(s.Key(fmt.Sprintf("owner %d", fee)), s.Key(fmt.Sprintf("staker %d", fee)), fee)
			}
			s.Mine()
			counter := s.Deploy(Counter)
			s.Mine()
			for _, fee := range fees {
				owner := s.Key(fmt.Sprintf("owner %d", fee))
				s.Call(counter, 0, nil) // so that there is a gas refund too
				d := s.DelegatedDraft(owner)
				if n := len(d.Reward().TxOut); shared && n < 12 || !shared && n != 4 && fee != 100 {
					t.Errorf("fee %d: %d outputs", fee, n)
				}
				s.Accept(d.Seal())
				s.Stake()
			}
			if !shared {
				return
			}
			// Where the reward of delegated blocks is shared in turn.
			s.MinePoW(490)
			for range 25 {
				s.Call(counter, 0, nil)
				s.Stake()
			}
		})
	}
}

// TestRemovedDelegation stakes with a proof that the contract has forgotten.
func TestRemovedDelegation(t *testing.T) {
	s := newStage(t, params.SpaceChain(), nil, 0).raise().delegate()
	d := s.DelegatedDraft(s.owner)
	proof := d.Proof
	s.Accept(d.Seal())
	s.Undelegate(s.owner)
	s.Stake()
	s.delegations[s.owner.Hash] = Delegation{Owner: s.owner, Staker: s.Key("carol"), Fee: s.fee, Proof: proof}
	s.refuses(s.DelegatedDraft(s.owner).Seal(), "bad-delegate-output")
	// The owner may stake again.
	s.Accept(s.StakeDraft(s.owner).Seal())
}

// TestRetargets makes blocks at all kinds of intervals, with targets that follow them.
func TestRetargets(t *testing.T) {
	for _, options := range [][]string{
		{longTime, "-difficultychangeheight=560"},
		{"-difficultychangeheight=530", "-reduceblocktimeheight=2200"},
		{longTime, "-posnoretargeting=0", "-pownoretargeting=0", "-powallowmindifficultyblocks=0"},
	} {
		t.Run(strings.Join(options, " "), func(t *testing.T) {
			s := newPair(t, 0, options...)
			s.MinePoW(510)
			bits := map[uint32]bool{}
			stake := func(n int) {
				for range n {
					s.Spacing = []int64{1, 16, 50, 128, 200, 1000, 5000}[s.rand.IntN(7)]
					if s.rand.IntN(10) == 0 {
						s.Mine()
						continue
					}
					// With the limits of regtest a target may wrap to one that nothing meets.
					if _, ok := s.search(s.draft(), s.stakeable(s.Miner), 3000); !ok {
						break
					}
					s.Stake()
					bits[s.tip().Header.Bits] = true
				}
			}
			stake(100)
			if s.Params.ReduceBlockTimeHeight < 1e6 {
				s.Spacing = 0
				s.MinePoW(int(s.Params.ReduceBlockTimeHeight - 30 - s.Height()))
				stake(90)
			}
			if len(bits) < 10 {
				t.Errorf("only %d targets", len(bits))
			}
		})
	}
}

// TestSpendOfGenerated lets a key call a contract with a coin that a contract pays it in
// the same block.
func TestSpendOfGenerated(t *testing.T) {
	s := newPair(t, 0, longTime)
	s.MinePoW(510)
	bob := s.Key("bob")
	counter, vault := s.Deploy(Counter), s.Deploy(Vault)
	s.Mine()
	s.Call(vault, 500e8, nil)
	s.Mine()
	for _, stakes := range []bool{false, true} {
		s.Call(vault, 0, Words(bob.Hash, int64(100e8)))
		draft := func() *Draft {
			if stakes {
				return s.StakeDraft(s.Miner)
			}
			return s.Draft()
		}
		d := draft()
		paid := d.Txs[d.find(s, isGenerated)]
		s.wallet.receive(paid, paid.TxHash(), s.Height()+1, false)
		s.Run(bob, Action{To: &counter, Data: []byte{0}}, Action{To: &vault, Data: []byte{0}, Value: 7})
		d = draft()
		n := 0
		for _, tx := range d.Txs {
			if isGenerated(tx) {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d generated transactions", n)
		}
		s.Accept(d.Seal())
	}
}

// TestDuplicateStake offers headers of several blocks made with one coin at one time.
func TestDuplicateStake(t *testing.T) {
	s := newStage(t, params.SpaceChain(), nil, 0).raise()
	d := s.StakeDraft(s.Miner)
	s.Accept(d.Seal())
	again := d.Copy()
	again.Header.Nonce = 1
	b := again.Seal()
	_, err := s.Node.AcceptHeaders(chain.Arrival{Now: int64(b.Header.Time)}, []wire.Header{b.Header})
	if got := check.Reason(err); got != "dupe-stake" {
		t.Errorf("refused for %q", got)
	}
	// As a block that came by itself it is a branch of equal work: known, not followed.
	before := s.Fingerprint()
	if got := s.Submit(b); got != "" {
		t.Errorf("refused for %q", got)
	}
	if after := s.Fingerprint(); after != before {
		t.Errorf("the state changed:\nbefore %s\nafter  %s", before, after)
	}
}

// allowed are changes to a block that no rule forbids, though a wallet would not make
// them. Who refuses one splits from the network as surely as who takes what is forbidden.
var allowed = []mutation{
	edits("nonce", "", func(c *stage, d *Draft) { d.Header.Nonce = 77; d.KeepSig = d.KeepSig && !d.PoS() }),
	edits("version of all bits", "", func(c *stage, d *Draft) { d.Header.Version = 0x7fffffff }),
	edits("less reward than allowed", "", func(c *stage, d *Draft) { d.Reward().TxOut[d.refunds()-1].Value -= 12345 }),
	edits("refunds in another order", "", func(c *stage, d *Draft) {
		out := d.Reward().TxOut[d.refunds():]
		if d.Commitment() >= 0 && !d.PoS() {
			out = out[:len(out)-1]
		}
		slices.Reverse(out)
	}),
	edits("a refund twice, paid by the maker", "", func(c *stage, d *Draft) {
		out := d.Reward().TxOut
		out[d.refunds()-1].Value -= out[d.refunds()].Value
		d.Reward().AddTxOut(out[d.refunds()])
	}),
	edits("reward split", "", func(c *stage, d *Draft) {
		tx := d.Reward()
		tx.TxOut[d.refunds()-1].Value -= 3e8
		tx.AddTxOut(btcwire.NewTxOut(1e8, c.Key("bob").Script(TaprootKey)))
		tx.AddTxOut(btcwire.NewTxOut(2e8, nil)) // value, but no script
		tx.AddTxOut(btcwire.NewTxOut(0, []byte{0x6a, 1, 2}))
	}),
	pays("signature of high S", "", func(c *stage, tx *btcwire.MsgTx) {
		in := tx.TxIn[0]
		n := in.SignatureScript[0]
		sig := append(highS(in.SignatureScript[1:n]), in.SignatureScript[n])
		in.SignatureScript = slices.Concat(ScriptPush(sig), in.SignatureScript[1+n:])
	}),
	pays("push not in the shortest form", "", func(c *stage, tx *btcwire.MsgTx) {
		in := tx.TxIn[0]
		n := in.SignatureScript[0]
		in.SignatureScript = slices.Concat([]byte{0x4d, n, 0}, in.SignatureScript[1:])
	}),
	pays("version 0", "", func(c *stage, tx *btcwire.MsgTx) { tx.Version = 0; c.resign(tx) }),
	pays("version negative", "", func(c *stage, tx *btcwire.MsgTx) { tx.Version = -1; c.resign(tx) }),
	pays("lock time that just passed", "", func(c *stage, tx *btcwire.MsgTx) {
		tx.LockTime, tx.TxIn[0].Sequence = uint32(c.Height()), 0
		c.resign(tx)
	}),
	pays("lock time far off, all inputs final", "", func(c *stage, tx *btcwire.MsgTx) {
		tx.LockTime = 400_000_000
		c.resign(tx)
	}),
	adds("relative lock that just ended", "", func(c *stage) *btcwire.MsgTx {
		coin := c.Coins(c.Key("store"), PubKeyHash)[0]
		tx := c.Payment(coin, To(c.Key("bob"), PubKeyHash, 1e5))
		tx.TxIn[0].Sequence = uint32(c.Height() + 1 - coin.Height)
		c.resign(tx)
		return tx
	}),
	adds("relative lock of a transaction of version 1", "", func(c *stage) *btcwire.MsgTx {
		tx := c.Payment(c.Coins(c.Key("store"), PubKeyHash)[0], To(c.Key("bob"), PubKeyHash, 1e5))
		tx.Version, tx.TxIn[0].Sequence = 1, 60_000
		c.resign(tx)
		return tx
	}),
	edits("commitment with more behind it", "", func(c *stage, d *Draft) {
		d.commit()
		d.KeepCommitment = true
		out := d.Coinbase().TxOut[d.Commitment()]
		out.PkScript = append(out.PkScript, 1, 2, 3)
	}),
	adds("two calls in one script are none", "", func(c *stage) *btcwire.MsgTx {
		coin := c.coin(c.Miner, 10e8, PubKeyHash)
		return c.Tx([]Coin{coin}, btcwire.NewTxOut(5, append(call(c).Script(nil), opCall)),
			btcwire.NewTxOut(coin.Value-1e8, c.Miner.Script(PubKeyHash)))
	}),
	adds("sender pays by P2PK, others by segwit", "", func(c *stage) *btcwire.MsgTx {
		store := c.Key("store")
		coins := []Coin{c.coin(store, 5e7, PubKey), c.coin(store, 1, WitnessKey), c.coin(store, 1, TaprootLeaf)}
		return c.Tx(coins, Action{To: &c.burner, Data: []byte{0}, GasLimit: 10_000}.out())
	}),
	runs("gas that does not cover the start", "", func(c *stage) Action { return Action{To: &c.burner, Data: []byte{0}, GasLimit: 10_000} }),
	runs("gas limit not in the shortest form", "", func(c *stage) Action {
		return Action{To: &c.burner, Data: []byte{0}, GasLimit: 10_000, Version: []byte{4, 0, 0, 0}}
	}),
}

// out is the action as an output.
func (a Action) out() *btcwire.TxOut { return btcwire.NewTxOut(a.Value, a.Script(nil)) }

// allowedToWork are such changes to blocks made by work.
var allowedToWork = []mutation{
	edits("time before the parent's", "", func(c *stage, d *Draft) { d.Header.Time -= 5000 }),
	edits("time 1970", "", func(c *stage, d *Draft) { d.Header.Time = 0 }),
	adds("coinstake in a block made by work, which makes money", "", func(c *stage) *btcwire.MsgTx {
		coin := c.coin(c.Miner, 1e9, PubKeyHash)
		return c.Tx([]Coin{coin}, btcwire.NewTxOut(0, nil), btcwire.NewTxOut(coin.Value+777e8, c.Miner.Script(PubKeyHash)))
	}),
	edits("coinbase that pays to anyone", "", func(c *stage, d *Draft) {
		d.Coinbase().AddTxOut(btcwire.NewTxOut(0, []byte{0x51}))
	}),
}

// allowedToStake are such changes to blocks made by stake.
var allowedToStake = []mutation{
	edits("coinstake with an input of someone else", "", func(c *stage, d *Draft) {
		coin := c.coin(c.Key("carol"), 1, PubKeyHash)
		d.Reward().AddTxIn(btcwire.NewTxIn(&coin.OutPoint, nil, nil))
		d.Reward().TxOut[1].Value += coin.Value
		d.Stakes = append(d.Stakes, coin)
	}),
	edits("coinstake of version 1 with a lock time", "", func(c *stage, d *Draft) {
		d.Reward().Version, d.Reward().LockTime = 1, 9
	}),
}

// TestAllowed holds the node to accept what no rule forbids.
func TestAllowed(t *testing.T) {
	for _, play := range []struct {
		name    string
		net     *params.Network
		options []string
		draft   func(s *stage) *Draft
		rows    []mutation
	}{
		{"work", nil, []string{longTime}, byWork, slices.Concat(allowed, allowedToWork)},
		{"stake on spacechain", params.SpaceChain(), nil, byStake, slices.Concat(allowed, allowedToStake)},
		{"stake on regtest", nil, nil, byStake, slices.Concat(allowed, allowedToStake)},
	} {
		t.Run(play.name, func(t *testing.T) {
			var s *stage
			if play.net != nil {
				s = newStage(t, play.net, nil, 0)
			} else {
				s = newPair(t, 0, play.options...)
			}
			s.raise()
			for _, m := range play.rows {
				t.Run(m.name, func(t *testing.T) {
					s.T = t
					d := play.draft(s)
					m.edit(s, d)
					s.Accept(d.Seal())
				})
				if len(s.pending) > 0 {
					t.Fatal("the chain cannot go on")
				}
			}
			s.T = t
			// A commitment that no witness needs.
			var d *Draft
			if play.name == "work" {
				d = s.Draft()
			} else {
				d = s.StakeDraft(s.Miner)
			}
			with := coinbase(d.Height, true)
			d.Coinbase().TxIn[0].Witness = with.TxIn[0].Witness
			d.Coinbase().AddTxOut(with.TxOut[0])
			s.Accept(d.Seal())
		})
	}
}
