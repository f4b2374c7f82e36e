package pos

import (
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/check"
	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

func TestHashProof(t *testing.T) {
	hard := func(w *world, s *stake) {
		// Nobody meets this target, and the retarget asks for it.
		for range 2 {
			h := w.header(btcwire.OutPoint{Hash: chainhash.Hash{0xee}, Index: uint32(w.tree.Tip().Height)})
			h.Bits = 0x03000001
			n, _ := w.tree.Add(&h)
			_ = w.tree.SetTip(n)
		}
		s.header = w.header(s.header.PrevStake)
		s.header.Bits = 0x03000001
	}
	for _, c := range []struct {
		name   string
		fee    int // -1: the owner stakes alone
		breaks func(w *world, s *stake)
		want   string
		result check.Result
	}{
		{"alone", -1, nil, "", 0},
		{"delegated", 10, nil, "", 0},
		{"delegated for nothing", 0, nil, "", 0},
		{"delegated for all", 100, nil, "", 0},
		{"time between the steps", -1, func(w *world, s *stake) { s.header.Time++ }, "timestamp-invalid", check.InvalidHeader},
		{"other target", -1, func(w *world, s *stake) { s.header.Bits-- }, "bad-diffbits", check.InvalidHeader},
		{"no such coin", -1, func(w *world, s *stake) { s.tx.TxIn[0].PreviousOutPoint.Index++ }, "stake-prevout-not-exist", check.InvalidHeader},
		{"coin of 19 blocks ago", -1, func(w *world, s *stake) { w.coins[w.ownerCoin].Height = 32 }, "stake-prevout-not-mature", check.InvalidHeader},
		{"coin of 20 blocks ago", -1, func(w *world, s *stake) { w.coins[w.ownerCoin].Height = 31 }, "", 0},
		{"genesis coin on its own network", -1, func(w *world, s *stake) {
			w.net.CoinMaturityRBT, w.net.GenesisSpendable = 60, true
			w.coins[w.ownerCoin].Height = 0
		}, "", 0},
		{"genesis coin elsewhere", -1, func(w *world, s *stake) {
			w.net.CoinMaturityRBT = 60
			w.coins[w.ownerCoin].Height = 0
		}, "stake-prevout-not-mature", check.InvalidHeader},
		{"coin from above", -1, func(w *world, s *stake) {
			w.net.CoinMaturityRBT = -100
			w.coins[w.ownerCoin].Height = 51
		}, "stake-prevout-not-loaded", check.InvalidHeader},
		{"no contract", -1, func(w *world, s *stake) { w.deployed = false }, "stake-delegation-contract-not-exist", check.HeaderReject},
		{"contract that cannot be read", -1, func(w *world, s *stake) { w.readable = false }, "stake-get-delegation-failed", check.HeaderReject},
		{"no contract before its time", -1, func(w *world, s *stake) {
			w.deployed, w.readable, s.der = false, false, true
			w.net.OfflineStakeHeight = 1000
		}, "", 0},
		{"no contract on a network without", -1, func(w *world, s *stake) {
			w.deployed, w.readable = false, false
			w.net.DelegationsAddress = [20]byte{}
		}, "", 0},
		{"alone in spite of a delegation", -1, func(w *world, s *stake) { w.delegate(10) }, "stake-delegation-not-used", check.InvalidHeader},
		{"alone in spite of half a delegation", -1, func(w *world, s *stake) {
			w.records[hashOf(w.owner)] = Delegation{BlockHeight: 1}
		}, "stake-delegation-not-used", check.InvalidHeader},
		{"another's coin without a delegation", 10, func(w *world, s *stake) {
			clear(w.records)
			s.proof = nil
		}, "stake-prevout-diff-block-prevout", check.InvalidHeader},
		{"delegation that the contract does not know", 10, func(w *world, s *stake) { clear(w.records) }, "stake-delegation-not-verified", check.InvalidHeader},
		{"delegation of another in the contract", 10, func(w *world, s *stake) {
			d := w.records[hashOf(w.owner)]
			d.Staker[0]++
			w.records[hashOf(w.owner)] = d
		}, "stake-delegation-not-verified", check.InvalidHeader},
		{"fee above 100", 10, func(w *world, s *stake) {
			d := w.records[hashOf(w.owner)]
			d.Fee = 101
			w.records[hashOf(w.owner)] = d
		}, "stake-delegation-not-verified", check.InvalidHeader},
		{"proof for another staker", 10, func(w *world, s *stake) {
			hash := delegationHash(hashOf(secret(9)))
			s.proof = ecdsa.SignCompact(w.owner, hash[:], true)
		}, "stake-verify-delegation-failed", check.InvalidHeader},
		{"staker's coin of less than 100", 10, func(w *world, s *stake) { w.coins[w.stakerCoin].Value = 100*params.Coin - 1 }, "stake-delegation-not-min-utxo", check.InvalidHeader},
		{"staker takes a satoshi more", 10, func(w *world, s *stake) {
			s.tx.TxOut[1].Value++
			s.tx.TxOut[2].Value--
		}, "stake-delegation-not-match", check.InvalidHeader},
		{"staker takes 99 parts in 10000 less", 10, func(w *world, s *stake) {
			// 9.01 % rounded up is the 10 % that were agreed on.
			s.tx.TxOut[1].Value -= params.Coin / 10000 * 99
			s.tx.TxOut[2].Value += params.Coin / 10000 * 99
		}, "", 0},
		{"no output for the owner", 10, func(w *world, s *stake) { s.tx.TxOut = s.tx.TxOut[:2] }, "stake-delegation-not-match", check.InvalidHeader},
		{"no reward", 100, func(w *world, s *stake) { s.tx.TxOut[1].Value -= params.Coin }, "stake-delegation-not-match", check.InvalidHeader},
		{"record from the future", 10, func(w *world, s *stake) {
			d := w.records[hashOf(w.owner)]
			d.BlockHeight = 52
			w.records[hashOf(w.owner)] = d
		}, "stake-delegation-not-match", check.InvalidHeader},
		{"record of this block", 10, func(w *world, s *stake) {
			d := w.records[hashOf(w.owner)]
			d.BlockHeight = 51
			w.records[hashOf(w.owner)] = d
		}, "", 0},
		{"another proof than the contract's", 10, func(w *world, s *stake) {
			hash := delegationHash(hashOf(w.staker))
			s.proof = ecdsa.SignCompact(w.owner, hash[:], true)
			s.proof[0] -= 4 // says that the key is uncompressed
			d := w.records[hashOf(w.owner)]
			d.Proof = s.proof
			w.records[hashOf(w.owner)] = d
		}, "stake-delegation-not-verified", check.InvalidHeader},
		{"another good proof than the contract's", 10, func(w *world, s *stake) {
			s.proof = append([]byte(nil), s.proof...)
			s.proof[0] += 8
		}, "stake-delegation-not-match", check.InvalidHeader},
		{"owner's coin staked 19 blocks ago", 10, func(w *world, s *stake) { restake(w, s, 18) }, "stake-prevout-not-mature", check.InvalidHeader},
		{"owner's coin staked 20 blocks ago", 10, func(w *world, s *stake) { restake(w, s, 19) }, "", 0},
		{"input not signed", -1, func(w *world, s *stake) { s.tx.TxIn[0].SignatureScript = []byte{0x51} }, "stake-verify-signature-failed", check.InvalidHeader},
		{"input signed by another", -1, func(w *world, s *stake) { s.input = w.staker }, "stake-verify-signature-failed", check.InvalidHeader},
		{"a hard target", -1, hard, "stake-check-kernel-failed", check.HeaderSync},
		{"kernel before the coin's block", -1, func(w *world, s *stake) {
			n, _ := w.tree.At(10)
			s.header.Time = n.Header.Time - 16
			s.header.Bits = 0x207fffff
		}, "stake-check-kernel-failed", check.HeaderSync},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 50)
			s := w.own()
			if c.fee >= 0 {
				s = w.delegated(uint8(c.fee))
			}
			if c.breaks != nil {
				c.breaks(w, s)
			}
			b := w.finish(t, s)
			hash, err := HashProof(w.net, w.tree.Tip(), b, w, w)
			if check.Reason(err) != c.want || (err == nil) != (c.want == "") {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if e := check.Of(err); e != nil {
				if e.Result != c.result {
					t.Errorf("%v has the result %d, want %d", e, e.Result, c.result)
				}
				return
			}
			from, _ := w.tree.At(w.coins[w.ownerCoin].Height)
			k := NewKernel(w.tree.Tip(), from, w.ownerCoin, w.coins[w.ownerCoin])
			if hash != k.Hash(b.Header.Time) {
				t.Errorf("proof hash %v", hash)
			}
			if !check.Signature(b) {
				t.Error("the test's block is not signed right")
			}
			w.headerProof(t, b, true)
		})
	}
}

// restake lets the owner's coin stake a block and puts others on top.
func restake(w *world, s *stake, others int) {
	w.net.CoinMaturityRBT = 20
	h := w.header(w.ownerCoin)
	n, _ := w.tree.Add(&h)
	_ = w.tree.SetTip(n)
	for range others {
		h := w.header(wire.NullOutPoint)
		n, _ := w.tree.Add(&h)
		_ = w.tree.SetTip(n)
	}
	s.header = w.header(w.ownerCoin)
}

func (w *world) headerProof(t *testing.T, b *wire.Block, want bool) {
	t.Helper()
	if ok, err := HeaderProof(w.net, w.tree.Tip(), &b.Header, w); ok != want || err != nil {
		t.Errorf("header proof %v, %v", ok, err)
	}
}

func TestWorkProof(t *testing.T) {
	w := newWorld(t, 3)
	h := w.header(wire.NullOutPoint)
	b := &wire.Block{Header: h}
	if hash, err := HashProof(w.net, w.tree.Tip(), b, w, w); err != nil || hash != h.Hash() {
		t.Errorf("proof of work: %v, %v", hash, err)
	}
	w.net.LastPoWBlock = 3
	if _, err := HashProof(w.net, w.tree.Tip(), b, w, w); check.Reason(err) != "reject-pow" {
		t.Errorf("above the last: %v", err)
	}
}

func TestHeaderProof(t *testing.T) {
	for _, c := range []struct {
		name   string
		fee    int
		breaks func(w *world, s *stake)
		after  func(w *world, b *wire.Block)
		want   bool
	}{
		{"alone", -1, nil, nil, true},
		{"delegated", 10, nil, nil, true},
		{"no coin", -1, nil, func(w *world, b *wire.Block) { delete(w.coins, w.ownerCoin) }, false},
		{"young coin", -1, nil, func(w *world, b *wire.Block) { w.coins[w.ownerCoin].Height = 32 }, false},
		{"coin that pays to a script", -1, nil, func(w *world, b *wire.Block) { w.coins[w.ownerCoin].Script = []byte{0x51} }, false},
		{"coin that pays to the key", -1, func(w *world, s *stake) { w.coins[w.ownerCoin].Script = script.P2PK(public(w.owner)) }, nil, true},
		{"signed by another", -1, func(w *world, s *stake) { s.block = w.staker }, nil, false},
		{"header changed", -1, nil, func(w *world, b *wire.Block) { b.Header.Nonce++ }, false},
		{"no signature", -1, nil, func(w *world, b *wire.Block) { b.Header.Sig = nil }, false},
		{"signed in DER", -1, func(w *world, s *stake) { s.der = true }, nil, false},
		{"signed in DER before offline staking", -1, func(w *world, s *stake) {
			s.der = true
			w.net.OfflineStakeHeight = 52
		}, nil, true},
		{"signed in DER by another", -1, func(w *world, s *stake) {
			s.der, s.block = true, w.staker
			w.net.OfflineStakeHeight = 52
		}, nil, false},
		{"unsigned while headers need not be", -1, func(w *world, s *stake) { w.net.EnableHeaderSignatureHeight = 51 },
			func(w *world, b *wire.Block) { b.Header.Sig = nil }, true},
		{"proof of delegation to another", 10, func(w *world, s *stake) { s.block = secret(9) }, nil, false},
		{"time before the coin", -1, func(w *world, s *stake) { s.header.Time = 16 }, nil, false},
	} {
		w := newWorld(t, 50)
		s := w.own()
		if c.fee >= 0 {
			s = w.delegated(uint8(c.fee))
		}
		if c.breaks != nil {
			c.breaks(w, s)
		}
		b := w.finish(t, s)
		if c.after != nil {
			c.after(w, b)
		}
		if ok, err := HeaderProof(w.net, w.tree.Tip(), &b.Header, w); ok != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.name, ok, err)
		}
	}
}

func TestSpentCoin(t *testing.T) {
	w := newWorld(t, 10)
	fork := w.tree.Tip()
	spentAt := map[int32]*coins.Coin{14: {Value: 7}}
	asked := 0
	spentIn := func(n *header.Node, op btcwire.OutPoint) (*coins.Coin, error) {
		if !w.tree.OnMain(n) || n.Height <= fork.Height {
			t.Errorf("asked about %d", n.Height)
		}
		asked++
		if op == w.ownerCoin {
			return spentAt[n.Height], nil
		}
		return nil, nil
	}
	branch := fork
	for i := range uint32(3) { // beside the chain that goes on
		h := wire.Header{PrevBlock: branch.Hash, Nonce: 99, Time: i, Bits: 0x207fffff, PrevStake: wire.NullOutPoint}
		if i == 1 {
			h.PrevStake = w.stakerCoin
		}
		var err error
		if branch, err = w.tree.Add(&h); err != nil {
			t.Fatal(err)
		}
	}
	for range 6 {
		w.add(t, w.header(wire.NullOutPoint))
	}
	c, err := SpentCoin(w.net, w.tree, branch, w.ownerCoin, spentIn)
	if c != spentAt[14] || err != nil {
		t.Errorf("coin spent at 14: %v, %v", c, err)
	}
	if asked != 3 {
		t.Errorf("asked about %d blocks, want 16, 15 and 14", asked)
	}
	if c, err := SpentCoin(w.net, w.tree, branch, btcwire.OutPoint{Index: 77}, spentIn); c != nil || err != nil {
		t.Errorf("coin that never was: %v, %v", c, err)
	}
	asked = 0
	if c, err := SpentCoin(w.net, w.tree, branch, w.stakerCoin, spentIn); c != nil || err != nil || asked != 0 {
		t.Errorf("coin that staked on the branch: %v, %v, asked %d", c, err, asked)
	}
	if c, err := SpentCoin(w.net, w.tree, w.tree.Tip(), w.ownerCoin, spentIn); c != nil || err != nil || asked != 0 {
		t.Errorf("without a branch: %v, %v, asked %d", c, err, asked)
	}
	w.net.CoinMaturityRBT = 5
	if c, err := SpentCoin(w.net, w.tree, branch, w.ownerCoin, spentIn); c != nil || err != nil || asked != 0 {
		t.Errorf("branch from too far down: %v, %v, asked %d", c, err, asked)
	}
}

func TestInputKey(t *testing.T) {
	key, hash := script.P2PK(public(secret(1))), script.P2PKH(hashOf(secret(1)))
	other := script.P2PK(public(secret(3)))
	for _, c := range []struct {
		name      string
		coin, out []byte
		delegated bool
		pays      bool
		height    int32
		want      bool
	}{
		{"key to key", key, key, false, false, 51, true},
		{"hash to key", hash, key, false, false, 51, true},
		{"hash to hash", hash, hash, false, false, 51, true},
		{"key to hash", key, hash, false, false, 51, false},
		{"key to another", key, other, false, false, 51, false},
		{"hash to another", hash, other, false, false, 51, false},
		{"script to the same", []byte{0x51}, []byte{0x51}, false, false, 51, true},
		{"script to key", []byte{0x51}, key, false, false, 51, false},
		{"hash to another, before the rule", hash, other, false, false, 50, true},
		{"owner's output is another's", hash, other, true, true, 51, false},
		{"owner's output is the owner's", hash, hash, true, true, 51, true},
		{"owner has no output", hash, nil, true, false, 51, true},
	} {
		w := newWorld(t, 50)
		w.net.EnableHeaderSignatureHeight = 50
		s := w.own()
		if c.delegated {
			s = w.delegated(10)
			s.tx.TxOut[2].PkScript = c.out
		} else {
			s.tx.TxOut[1].PkScript = c.out
		}
		w.coins[w.ownerCoin].Script = c.coin
		err := InputKey(w.net, c.height, w.finish(t, s), w, c.pays)
		if (err == nil) != c.want || err != nil && check.Reason(err) != "bad-blk-coinstake-input-output-mismatch" {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	w := newWorld(t, 50)
	s := w.own()
	b := w.finish(t, s)
	delete(w.coins, w.ownerCoin)
	if err := InputKey(w.net, 51, b, w, false); err == nil {
		t.Error("a coin that is not there was taken")
	}
	s = w.delegated(10)
	s.tx.TxOut = s.tx.TxOut[:2]
	w.coins[w.ownerCoin] = &coins.Coin{Script: []byte{1}}
	if err := InputKey(w.net, 51, w.finish(t, s), w, true); err == nil {
		t.Error("an owner's output that is not there was taken")
	}
}

func TestDelegateOutput(t *testing.T) {
	for _, c := range []struct {
		name   string
		fee    int
		breaks func(w *world, s *stake)
		exists bool
		bad    bool
	}{
		{"alone", -1, nil, false, false},
		{"10 %", 10, nil, true, false},
		{"all", 100, nil, false, false},
		{"not in the contract", 10, func(w *world, s *stake) { clear(w.records) }, false, true},
		{"contract not there", 10, func(w *world, s *stake) { w.readable = false }, false, true},
		{"other fee in the contract", 10, func(w *world, s *stake) {
			d := w.records[hashOf(w.owner)]
			d.Fee = 11
			w.records[hashOf(w.owner)] = d
		}, false, true},
		{"key that cannot be read", 10, func(w *world, s *stake) { s.tx.TxOut[1].PkScript = script.P2PKH(hashOf(w.staker)) }, false, true},
		{"no owner's output", 10, func(w *world, s *stake) { s.tx.TxOut = s.tx.TxOut[:2] }, false, true},
		{"no coin", 10, func(w *world, s *stake) {
			s.tx.TxIn[0].SignatureScript = []byte{}
			delete(w.coins, w.stakerCoin)
		}, false, true},
		{"a fee of 266 % looks like 10 %", 10, func(w *world, s *stake) {
			s.tx.TxOut[1].Value = w.coins[w.stakerCoin].Value + 266
			s.tx.TxOut[2].Value = -166
		}, true, false},
	} {
		w := newWorld(t, 50)
		s := w.own()
		if c.fee >= 0 {
			s = w.delegated(uint8(c.fee))
		}
		if c.breaks != nil {
			c.breaks(w, s)
		}
		exists, err := DelegateOutput(w.finish(t, s), w, w)
		if exists != c.exists || (err != nil) != c.bad || c.bad && check.Reason(err) != "bad-delegate-output" {
			t.Errorf("%s: %v, %v", c.name, exists, err)
		}
	}
}

// TestDelegationHash has the text that is signed written out.
func TestDelegationHash(t *testing.T) {
	staker := [20]byte{0: 0xab, 19: 0x01}
	want := chainhash.DoubleHashH([]byte("\x15Qtum Signed Message:\n\x28ab00000000000000000000000000000000000001"))
	if got := delegationHash(staker); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, ok := Owner(staker, make([]byte, 65)); ok {
		t.Error("zeros name an owner")
	}
}
