package pos

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/check"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// shared is a world in which rewards are shared from height 40 on, under a subsidy of
// one coin, and whose blocks were staked by the keys with the numbers of their heights.
func shared(t *testing.T) *world {
	w := newWorld(t, 8)
	w.net.FirstMPoSBlock, w.net.LastMPoSBlock, w.net.LastBigReward = 40, 100, 0
	for w.tree.Tip().Height < 50 {
		h := w.header(btcwire.OutPoint{Hash: chainhash.Hash{3}, Index: uint32(w.tree.Tip().Height)})
		n := w.add(t, h)
		n.Staker = hashOf(secret(byte(n.Height)))
	}
	return w
}

func TestSharedOutputs(t *testing.T) {
	w := shared(t)
	// The tip is 50 and coins mature after 20: those paid staked 30 to 22.
	unknown, _ := w.tree.At(29)
	unknown.Staker = [20]byte{}
	delegated, _ := w.tree.At(28)
	delegated.Header.Sig = make([]byte, 130)
	delegated.Delegate, delegated.DelegateFee = hashOf(secret(200)), 30
	forAll, _ := w.tree.At(27)
	forAll.Header.Sig = make([]byte, 130)
	forAll.Delegate, forAll.DelegateFee = hashOf(secret(201)), 100
	lost, _ := w.tree.At(26)
	lost.Header.Sig = make([]byte, 130)
	work, _ := w.tree.At(25)
	work.Header.PrevStake = wire.NullOutPoint

	got, err := SharedOutputs(w.net, w.tree.Tip(), 1001)
	if err != nil {
		t.Fatal(err)
	}
	pay := func(value int64, key byte) btcwire.TxOut {
		return btcwire.TxOut{Value: value, PkScript: script.P2PKH(hashOf(secret(key)))}
	}
	burn := func(value int64) btcwire.TxOut { return btcwire.TxOut{Value: value, PkScript: []byte{0x6a}} }
	want := []btcwire.TxOut{
		pay(1001, 30),
		burn(1001),
		pay(300, 28), pay(701, 200), // 30 % of 1001, and the rest
		pay(1001, 27),
		pay(0, 26), burn(1001),
		burn(1001),
		pay(1001, 24), pay(1001, 23), pay(1001, 22),
	}
	if !slices.EqualFunc(got, want, func(a, b btcwire.TxOut) bool {
		return a.Value == b.Value && slices.Equal(a.PkScript, b.PkScript)
	}) {
		t.Errorf("got %v, want %v", got, want)
	}

	w.net.OnDemand = false
	if _, err := SharedOutputs(w.net, w.tree.Tip(), 1001); check.Of(err) == nil || check.Reason(err) != "" {
		t.Errorf("a block of work among the stakers: %v", err)
	}
	low, _ := w.tree.At(25) // pays those of 5 to -3
	w.net.OnDemand = true
	if _, err := SharedOutputs(w.net, low, 1001); check.Of(err) == nil {
		t.Errorf("stakers below genesis: %v", err)
	}
}

func TestCheckReward(t *testing.T) {
	refund := btcwire.TxOut{Value: 700, PkScript: []byte{0x51}}
	for _, c := range []struct {
		name   string
		make   func(w *world) (*stake, *Reward)
		breaks func(s *stake, r *Reward)
		want   string
	}{
		{"alone", alone, nil, ""},
		{"paid a satoshi too much", alone, func(s *stake, r *Reward) { r.Stake++ }, "bad-cs-amount"},
		{"paid nothing", alone, func(s *stake, r *Reward) { r.Stake = 0 }, ""},
		{"refund missing", alone, func(s *stake, r *Reward) { r.Refunds = []btcwire.TxOut{refund} }, "bad-gas-refund-missing"},
		{"refund there", alone, func(s *stake, r *Reward) {
			r.Refunds = []btcwire.TxOut{refund}
			s.tx.TxOut = append(s.tx.TxOut, &refund)
		}, ""},
		{"refund of another value", alone, func(s *stake, r *Reward) {
			r.Refunds = []btcwire.TxOut{refund}
			s.tx.TxOut = append(s.tx.TxOut, out(701, 0x51))
		}, "bad-gas-refund-missing"},
		{"two refunds by one output", alone, func(s *stake, r *Reward) {
			r.Refunds = []btcwire.TxOut{refund, refund}
			s.tx.TxOut = append(s.tx.TxOut, &refund)
		}, "bad-gas-refund-missing"},
		{"two refunds", alone, func(s *stake, r *Reward) {
			r.Refunds = []btcwire.TxOut{refund, refund}
			s.tx.TxOut = append(s.tx.TxOut, &refund, &refund)
		}, ""},
		{"more gas than reward", alone, func(s *stake, r *Reward) { r.GasRefunds = params.Coin + testFees + 1 }, "bad-cs-gas-greater-than-reward"},
		{"all of it gas", alone, func(s *stake, r *Reward) { r.GasRefunds = params.Coin + testFees }, ""},

		{"delegated", split, nil, ""},
		{"delegated, a satoshi too little", split, func(s *stake, r *Reward) { s.tx.TxOut[2].Value-- }, "bad-cs-delegate-reward"},
		{"delegated, gas given back", split, func(s *stake, r *Reward) { r.GasRefunds = 100 }, "bad-cs-delegate-reward"},
		{"delegated, gas given back and less for both", split, func(s *stake, r *Reward) {
			r.GasRefunds = 100
			s.tx.TxOut[2].Value -= 100
		}, ""},
		{"delegated, all for the staker", split, func(s *stake, r *Reward) {
			s.tx.TxOut[1].Value += s.tx.TxOut[2].Value
			r.DelegateOutput = false
		}, ""},

		{"shared", sharing, nil, ""},
		{"shared, one output for each only", sharing, func(s *stake, r *Reward) {
			r.Refunds = []btcwire.TxOut{*s.tx.TxOut[2]}
		}, "bad-cs-mpos-missing"},
		{"shared, one missing", sharing, func(s *stake, r *Reward) { s.tx.TxOut = slices.Delete(s.tx.TxOut, 5, 6) }, "bad-cs-mpos-missing"},
		{"shared, one paid less", sharing, func(s *stake, r *Reward) { s.tx.TxOut[5].Value-- }, "bad-cs-mpos-missing"},
		{"shared, in another order", sharing, func(s *stake, r *Reward) { slices.Reverse(s.tx.TxOut[2:]) }, ""},
		{"shared, pieces from before the refunds", sharing, func(s *stake, r *Reward) { r.GasRefunds = 10 }, "bad-cs-mpos-missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 50)
			w.net.LastBigReward = 0
			if strings.HasPrefix(c.name, "shared") {
				w = shared(t)
			}
			s, r := c.make(w)
			if c.breaks != nil {
				c.breaks(s, r)
			}
			err := CheckReward(w.net, w.tree.Tip(), w.finish(t, s), r)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e := check.Of(err)
			if e == nil || e.Reason != "block-reward-invalid" || check.Reason(errors.Unwrap(err)) != c.want {
				t.Fatalf("%v for %v, want %q", err, errors.Unwrap(err), c.want)
			}
		})
	}
}

const testFees = 5000

func alone(w *world) (*stake, *Reward) {
	return w.own(), &Reward{Fees: testFees, Stake: params.Coin + testFees, Coin: w.coins[w.ownerCoin].Value}
}

func split(w *world) (*stake, *Reward) {
	s := w.delegated(10)
	s.tx.TxOut[2].Value += testFees
	return s, &Reward{Fees: testFees, Stake: params.Coin + testFees, Coin: w.coins[w.stakerCoin].Value, DelegateOutput: true}
}

func sharing(w *world) (*stake, *Reward) {
	s, r := alone(w)
	// 100005000 shared by ten.
	for height := byte(30); height >= 22; height-- {
		s.tx.TxOut = append(s.tx.TxOut, out(10_000_500, script.P2PKH(hashOf(secret(height)))...))
	}
	return s, r
}

func TestCoinbaseReward(t *testing.T) {
	w := newWorld(t, 50) // below height 5000 a block makes 20000 coins
	b := &wire.Block{Header: w.header(wire.NullOutPoint), Txs: []*wire.Tx{nil}}
	pay := func(value int64) {
		b.Txs[0] = wire.NewTx(&btcwire.MsgTx{
			TxIn:  []*btcwire.TxIn{{PreviousOutPoint: wire.NullOutPoint}},
			TxOut: []*btcwire.TxOut{out(value-1000, 0x51), out(1000, 0x52)},
		})
	}
	pay(20_000*params.Coin + testFees)
	r := &Reward{Fees: testFees, Refunds: []btcwire.TxOut{{Value: 1000, PkScript: []byte{0x52}}}}
	if err := CheckReward(w.net, w.tree.Tip(), b, r); err != nil {
		t.Error(err)
	}
	pay(20_000*params.Coin + testFees + 1)
	if err := CheckReward(w.net, w.tree.Tip(), b, r); check.Reason(errors.Unwrap(err)) != "bad-cb-amount" {
		t.Errorf("a satoshi too much: %v", err)
	}
}

func TestStakerRecord(t *testing.T) {
	w := newWorld(t, 50)
	if staker, owner, fee := StakerRecord(w.finish(t, w.own())); staker != hashOf(w.owner) || owner != [20]byte{} || fee != 0 {
		t.Errorf("alone: %x, %x, %d", staker, owner, fee)
	}
	staker, owner, fee := StakerRecord(w.finish(t, w.delegated(10)))
	if staker != hashOf(w.staker) || owner != hashOf(w.owner) || fee != 0 {
		t.Errorf("delegated: %x, %x, %d", staker, owner, fee)
	}
	if staker, _, _ := StakerRecord(&wire.Block{Header: w.header(wire.NullOutPoint)}); staker != [20]byte{} {
		t.Errorf("work: %x", staker)
	}
}
