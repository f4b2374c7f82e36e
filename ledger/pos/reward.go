package pos

import (
	"bytes"
	"fmt"

	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/check"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// Reward is what connecting a block found out that decides who may be paid what.
type Reward struct {
	// Fees is the sum of all fees, and GasRefunds the part of it that contract
	// transactions get back.
	Fees, GasRefunds int64
	// Stake is what the coinstake pays out above what it spends.
	Stake int64
	// Refunds are the outputs that give back GasRefunds, in order of execution.
	Refunds []btcwire.TxOut
	// Coin is the value of the coin that the coinstake's first input spends.
	Coin int64
	// DelegateOutput is what DelegateOutput gave.
	DelegateOutput bool
}

// CheckReward refuses a block that pays too much or leaves out someone who is due
// (validation.cpp: CheckReward). Qtum Core states one reason for all; the precise one is
// in the error's Err.
func CheckReward(net *params.Network, parent *header.Node, b *wire.Block, r *Reward) error {
	err := rewardRules(net, parent, b, r)
	if e := check.Of(err); e != nil {
		return &check.Error{
			Result: check.Consensus, Reason: "block-reward-invalid",
			Debug: "ConnectBlock(): Reward check failed", Err: e,
		}
	}
	return err
}

func rewardRules(net *params.Network, parent *header.Node, b *wire.Block, r *Reward) error {
	payer := b.Txs[0]
	if b.IsProofOfStake() {
		payer = b.Txs[1]
	}
	due := newPayments(payer)
	for i := range r.Refunds {
		if !due.take(r.Refunds[i].Value, r.Refunds[i].PkScript) {
			return check.Invalid(check.Consensus, "bad-gas-refund-missing", "CheckReward(): Gas refund missing")
		}
	}
	reward := r.Fees + net.Subsidy(parent.Height+1)
	if !b.IsProofOfStake() {
		if paid := valueOut(payer); paid > reward {
			return check.Invalid(check.Consensus, "bad-cb-amount",
				fmt.Sprintf("ConnectBlock(): coinbase pays too much (actual=%d vs limit=%d)", paid, reward))
		}
		return nil
	}
	if r.Stake > reward {
		return check.Invalid(check.Consensus, "bad-cs-amount",
			fmt.Sprintf("CheckReward(): coinstake pays too much (actual=%d vs limit=%d)", r.Stake, reward))
	}
	recipients := int64(1)
	if net.MPoS(parent.Height) {
		recipients = int64(net.MPoSRecipients)
	}
	if recipients < 1 {
		return check.Unreasoned("CheckReward(): invalid reward recipients")
	}
	if reward < r.GasRefunds {
		return check.Invalid(check.Consensus, "bad-cs-gas-greater-than-reward", "CheckReward(): Block Reward is less than total gas refunds")
	}
	piece := (reward - r.GasRefunds) / recipients
	if b.Header.HasProofOfDelegation() {
		outs := payer.Msg().TxOut
		mined := outs[1].Value - r.Coin
		if r.DelegateOutput {
			mined += outs[2].Value
		}
		if mined != reward-r.GasRefunds-piece*(recipients-1) {
			return check.Invalid(check.Consensus, "bad-cs-delegate-reward",
				"CheckReward(): The block reward is not split correctly between the staker and the delegate")
		}
	}
	if recipients == 1 {
		return nil
	}
	shares, err := SharedOutputs(net, parent, piece)
	if err != nil {
		return err
	}
	for _, s := range shares {
		if !due.take(s.Value, s.PkScript) {
			return check.Invalid(check.Consensus, "bad-cs-mpos-missing", "CheckReward(): An MPoS participant was not properly paid")
		}
	}
	return nil
}

func valueOut(tx *wire.Tx) (sum int64) {
	for _, out := range tx.Msg().TxOut {
		sum += out.Value
	}
	return sum
}

// payments are the outputs of a transaction, each of which pays one due.
type payments struct{ outs []*btcwire.TxOut }

func newPayments(tx *wire.Tx) payments {
	return payments{append([]*btcwire.TxOut(nil), tx.Msg().TxOut...)}
}

// take uses up an output of this value and script, and tells whether there was one.
func (p *payments) take(value int64, script []byte) bool {
	for i, out := range p.outs {
		if out.Value == value && bytes.Equal(out.PkScript, script) {
			p.outs = append(p.outs[:i], p.outs[i+1:]...)
			return true
		}
	}
	return false
}

// SharedOutputs are the outputs by which a proof-of-stake block on parent pays the stakers
// of earlier blocks their equal pieces of its reward, while it must: see params.MPoS. They
// are those of the blocks one maturity below and the eight before (pos.cpp:
// GetMPoSOutputs). A block whose staker is not known, and on networks for tests one that
// was not staked, has its piece burnt.
func SharedOutputs(net *params.Network, parent *header.Node, piece int64) ([]btcwire.TxOut, error) {
	var outs []btcwire.TxOut
	first := parent.Height - net.Maturity(parent.Height+1)
	for i := int32(0); i < net.MPoSRecipients-1; i++ {
		n, err := parent.Ancestor(first - i)
		if err != nil {
			return nil, err
		}
		if n == nil || !n.IsProofOfStake() && !net.OnDemand {
			return nil, check.Unreasoned("CheckReward(): cannot create the list of MPoS outputs")
		}
		switch {
		case !n.IsProofOfStake():
			outs = append(outs, btcwire.TxOut{Value: piece, PkScript: recipient([20]byte{})})
		case !n.Header.HasProofOfDelegation():
			outs = append(outs, btcwire.TxOut{Value: piece, PkScript: recipient(n.Staker)})
		default:
			staker := piece * int64(n.DelegateFee) / 100
			outs = append(outs, btcwire.TxOut{Value: staker, PkScript: recipient(n.Staker)})
			if hasDelegateOutput(n.DelegateFee) {
				outs = append(outs, btcwire.TxOut{Value: piece - staker, PkScript: recipient(n.Delegate)})
			}
		}
	}
	return outs, nil
}

// recipient is the script that pays a staker, one that burns where none is known.
func recipient(staker [20]byte) []byte {
	if staker == [20]byte{} {
		return []byte{0x6a} // OP_RETURN
	}
	return script.P2PKH(staker)
}

// StakerRecord gives what a connected block leaves for SharedOutputs: the hash of the
// staker's key and, with a proof of delegation, that of the coin owner's and the fee.
//
// The fee is always 0. Qtum Core works it out at the end of ConnectBlock from the coin that
// the coinstake spends, finds it spent, and keeps the zero that it began with; so while
// rewards are shared the whole piece of a delegated block goes to the owner of the coin
// (validation.cpp: ConnectBlock, WriteDelegateIndex; GetBlockDelegation).
func StakerRecord(b *wire.Block) (staker, owner [20]byte, fee uint8) {
	if !b.IsProofOfStake() {
		return staker, owner, 0
	}
	if key, ok := check.StakerKey(b); ok {
		staker = script.Hash160(key)
	}
	if b.Header.HasProofOfDelegation() {
		owner, _ = Owner(staker, b.Header.ProofOfDelegation())
	}
	return staker, owner, 0
}
