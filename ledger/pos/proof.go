package pos

import (
	"bytes"
	"fmt"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/check"
	"spacechain/ledger/coins"
	"spacechain/ledger/header"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// minStakerCoin is the least value of the coin that a staker puts up for another's, in
// satoshi (validation.h: DEFAULT_STAKING_MIN_UTXO_VALUE).
const minStakerCoin = 100 * params.Coin

// HashProof holds the header of a block against the rules of its kind that Qtum Core
// looks at once more when the block is connected, and its stake against coins and
// delegations; it gives the proof hash (validation.cpp: UpdateHashProof). The coins are
// those of the parent's state, as is the delegation contract, which is put there before
// if the block is to deploy it.
func HashProof(net *params.Network, parent *header.Node, b *wire.Block, cs CoinSource, ds DelegationSource) (chainhash.Hash, error) {
	h, height := &b.Header, parent.Height+1
	if !h.IsProofOfStake() && height > net.LastPoWBlock {
		return chainhash.Hash{}, check.Invalid(check.InvalidHeader, "reject-pow",
			fmt.Sprintf("UpdateHashProof() : reject proof-of-work at height %d", height))
	}
	if h.IsProofOfStake() && h.Time&net.StakeMask(height) != 0 {
		return chainhash.Hash{}, check.Invalid(check.InvalidHeader, "timestamp-invalid",
			fmt.Sprintf("UpdateHashProof() : coinstake timestamp violation nTimeBlock=%d", h.Time))
	}
	bits, err := header.NextBits(net, parent, h.Time, h.IsProofOfStake())
	if err != nil {
		return chainhash.Hash{}, err
	}
	if h.Bits != bits {
		kind := "proof-of-work"
		if h.IsProofOfStake() {
			kind = "proof-of-stake"
		}
		return chainhash.Hash{}, check.Invalid(check.InvalidHeader, "bad-diffbits", "UpdateHashProof() : incorrect "+kind)
	}
	if !h.IsProofOfStake() {
		return h.Hash(), nil
	}
	return Check(net, parent, h, b.Txs[1], cs, ds)
}

// Check holds a coinstake and the header that goes with it against the stake rules and
// gives the kernel's hash (pos.cpp: CheckProofOfStake).
func Check(net *params.Network, parent *header.Node, h *wire.Header, tx *wire.Tx, cs CoinSource, ds DelegationSource) (chainhash.Hash, error) {
	var none chainhash.Hash
	if !tx.IsCoinStake() {
		return none, check.Unreasoned(fmt.Sprintf("CheckProofOfStake() : called on non-coinstake %v", tx.ID()))
	}
	in := tx.Msg().TxIn[0]
	own, from, err := stakeCoin(net, parent, in.PreviousOutPoint, cs)
	if err != nil {
		return none, err
	}
	// With a proof of delegation the header stakes another's coin than the coinstake spends.
	staked := own
	if in.PreviousOutPoint != h.PrevStake {
		if staked, from, err = stakeCoin(net, parent, h.PrevStake, cs); err != nil {
			return none, err
		}
	}
	delegated := false
	if parent.Height+1 >= net.OfflineStakeHeight && net.DelegationsAddress != [20]byte{} {
		if delegated, err = delegation(net, parent.Height+1, h, tx, own, staked, ds); err != nil {
			return none, err
		}
	}
	if !delegated && in.PreviousOutPoint != h.PrevStake {
		return none, invalid("stake-prevout-diff-block-prevout",
			"Stake prevout %v is different then block prevout %v", in.PreviousOutPoint.Hash, h.PrevStake.Hash)
	}
	if !signed(tx, own) {
		return none, invalid("stake-verify-signature-failed", "VerifySignature failed on coinstake %v", tx.ID())
	}
	kernel := NewKernel(parent, from, h.PrevStake, staked)
	hash, ok := kernel.Meets(net, parent.Height+1, h.Bits, h.Time)
	if !ok {
		return none, check.Invalid(check.HeaderSync, "stake-check-kernel-failed", fmt.Sprintf(
			"CheckProofOfStake() : INFO: check kernel failed on coinstake %v, hashProof=%v", tx.ID(), hash))
	}
	return hash, nil
}

func invalid(reason, format string, args ...any) error {
	return check.Invalid(check.InvalidHeader, reason, "CheckProofOfStake() : "+fmt.Sprintf(format, args...))
}

// stakeCoin gives a coin that may stake on parent, and the block that holds it
// (pos.cpp: GetStakeCoin). Any coin must have matured, not only those of coinbase and
// coinstake. Genesis coins of a network on which they may be spent are mature at once.
func stakeCoin(net *params.Network, parent *header.Node, op btcwire.OutPoint, cs CoinSource) (*coins.Coin, *header.Node, error) {
	c, err := cs.Coin(op)
	if err != nil {
		return nil, nil, err
	}
	if c == nil {
		return nil, nil, invalid("stake-prevout-not-exist", "Stake prevout does not exist %v", op.Hash)
	}
	height := parent.Height + 1
	maturity := net.Maturity(height)
	if !mature(net, c, height) {
		return nil, nil, notMature(maturity, height-c.Height)
	}
	from, err := parent.Ancestor(c.Height)
	if err != nil {
		return nil, nil, err
	}
	if from == nil {
		return nil, nil, invalid("stake-prevout-not-loaded", "Block at height %d for prevout can not be loaded", c.Height)
	}
	// A delegated coin is not spent by staking it: it rests as if it had been.
	used, found, err := parent.StakeUsed(op, maturity)
	if err != nil {
		return nil, nil, err
	}
	if found && height-used < maturity {
		return nil, nil, notMature(maturity, height-used)
	}
	return c, from, nil
}

func mature(net *params.Network, c *coins.Coin, height int32) bool {
	return height-c.Height >= net.Maturity(height) || net.GenesisSpendable && c.Height == 0
}

func notMature(maturity, age int32) error {
	return invalid("stake-prevout-not-mature",
		"Stake prevout is not mature, expecting %d and only matured to %d", maturity, age)
}

// delegation looks at who may stake the coin staked, and tells whether it is another than
// its owner. own is the coin that the coinstake spends.
func delegation(net *params.Network, height int32, h *wire.Header, tx *wire.Tx, own, staked *coins.Coin, ds DelegationSource) (bool, error) {
	deployed, err := ds.Deployed()
	if err != nil {
		return false, err
	}
	if !deployed {
		return false, check.Invalid(check.HeaderReject, "stake-delegation-contract-not-exist", fmt.Sprintf(
			"CheckProofOfStake() : The delegation contract doesn't exist, block height %d", net.OfflineStakeHeight))
	}
	owner, _ := script.KeyHash(staked.Script)
	d, ok, err := ds.Delegation(owner)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, check.Invalid(check.HeaderReject, "stake-get-delegation-failed",
			"CheckProofOfStake() : Failed to get delegation from the delegation contract")
	}
	proof := h.ProofOfDelegation()
	if proof == nil {
		if !d.IsNull() {
			return false, invalid("stake-delegation-not-used",
				"Delegation for block at height %d is present but not used to create the block", height)
		}
		return false, nil
	}
	if !d.verified(owner) {
		return false, invalid("stake-delegation-not-verified", "Delegation for block at height %d cannot be verified", height)
	}
	staker, _ := script.KeyHash(tx.Msg().TxOut[1].PkScript)
	if !Allows(owner, staker, proof) {
		return false, invalid("stake-verify-delegation-failed", "VerifyDelegation failed on coinstake %v", tx.ID())
	}
	if own.Value < minStakerCoin {
		return false, invalid("stake-delegation-not-min-utxo",
			"Stake for block at height %d do not have the minimum amount required for super staker", height)
	}
	fee, ok := feeOf(tx, own.Value, hasDelegateOutput(d.Fee))
	if !ok || d.Staker != staker || int64(d.Fee) != int64(int32(fee)) || int32(d.BlockHeight) > height || !bytes.Equal(d.Proof, proof) {
		return false, invalid("stake-delegation-not-match",
			"Delegation for block at height %d is not the same with the delegation received from the delegation contract", height)
	}
	return true, nil
}

// signed tells whether the first input of a coinstake is allowed to spend coin, by the
// oldest rules and without a witness.
func signed(tx *wire.Tx, coin *coins.Coin) bool {
	spent := make([]btcwire.TxOut, len(tx.Msg().TxIn))
	spent[0] = coin.TxOut()
	return script.Verify(tx.Msg(), 0, spent, script.VerifyNone) == nil
}
