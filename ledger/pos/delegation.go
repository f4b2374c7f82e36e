package pos

import (
	"encoding/hex"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/check"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// Delegation is what the delegation contract holds under the hash of a coin owner's key
// (qtum/posutils.h: Delegation).
type Delegation struct {
	// Staker is the hash160 of the key that may stake the owner's coins.
	Staker [20]byte
	// Fee is the staker's part of the reward in percent.
	Fee uint8
	// BlockHeight is where the contract says that it was called.
	BlockHeight uint32
	// Proof is the owner's compact signature on Staker.
	Proof []byte
}

// IsNull tells whether there is no delegation.
func (d *Delegation) IsNull() bool {
	return d.Staker == [20]byte{} && d.Fee == 0 && d.BlockHeight == 0 && len(d.Proof) == 0
}

// DelegationSource is the delegation contract in the state that a block builds on, with
// the contract put there already if the block is the one that deploys it.
type DelegationSource interface {
	// Deployed tells whether the contract stands in the state.
	Deployed() (bool, error)
	// Delegation gives the record of a coin owner, a null one if there is none; ok is
	// false where the contract is not there or gives no answer that can be read.
	Delegation(owner [20]byte) (d Delegation, ok bool, err error)
}

// delegationHash is what a proof of delegation to staker signs: the staker's key hash as
// 40 hexadecimal digits, under the prefix of signed messages (util/signstr.h). Unlike
// hashes of blocks and transactions it is written in the order of its bytes.
func delegationHash(staker [20]byte) chainhash.Hash {
	const magic = "Qtum Signed Message:\n"
	b := append([]byte{byte(len(magic))}, magic...)
	b = append(b, 2*20)
	b = hex.AppendEncode(b, staker[:])
	return chainhash.DoubleHashH(b)
}

// Owner gives the hash160 of the key that signed a proof of delegation to staker; ok is
// false if no key can have signed it (util/signstr.h: GetKeyIdMessage).
func Owner(staker [20]byte, proof []byte) (owner [20]byte, ok bool) {
	key, ok := check.RecoverCompact(delegationHash(staker), proof)
	if !ok {
		return owner, false
	}
	return script.Hash160(key), true
}

// Allows tells whether proof is a delegation to staker by the owner of the key with the
// hash owner (util/signstr.h: VerifyMessage).
func Allows(owner, staker [20]byte, proof []byte) bool {
	signer, ok := Owner(staker, proof)
	return ok && signer == owner
}

// verified tells whether the contract's record under owner holds together
// (qtum/qtumdelegation.cpp: VerifyDelegation).
func (d *Delegation) verified(owner [20]byte) bool {
	return owner != [20]byte{} && !d.IsNull() && d.Fee <= 100 && Allows(owner, d.Staker, d.Proof)
}

// hasDelegateOutput tells whether a coinstake pays the owner at this fee
// (pos.cpp: IsDelegateOutputExist).
func hasDelegateOutput(fee uint8) bool { return fee < 100 }

// feeOf gives the staker's part of a delegated coinstake's reward in percent, rounded up,
// from its outputs: the staker's is the second, from which the value of the staker's own
// coin is taken off, and the owner's is the third where there is one. ok is false where
// there is no reward to share. It may lie outside of 0 to 100.
func feeOf(tx *wire.Tx, coin int64, delegate bool) (percent int64, ok bool) {
	outs := tx.Msg().TxOut
	least := 2
	if delegate {
		least = 3
	}
	if len(outs) < least || coin <= 0 {
		return 0, false
	}
	staker := outs[1].Value - coin
	reward := staker
	if delegate {
		reward += outs[2].Value
	}
	if reward <= 0 {
		return 0, false
	}
	return (staker*100 + reward - 1) / reward, true
}

// DelegateOutput tells whether the coinstake of a block with a proof of delegation pays
// the owner of the coin, and refuses one whose terms are not those of the contract. A
// block without one passes. It is asked of the state below the block, before the block
// may deploy the contract (validation.cpp: CheckDelegationOutput, GetBlockDelegation).
func DelegateOutput(b *wire.Block, cs CoinSource, ds DelegationSource) (exists bool, err error) {
	if !b.IsProofOfStake() || !b.Header.HasProofOfDelegation() {
		return false, nil
	}
	fee, ok, err := blockDelegation(b, cs, ds)
	if err != nil {
		return false, err
	}
	if !ok {
		return false, check.Invalid(check.Consensus, "bad-delegate-output", "ConnectBlock : delegation output check failed")
	}
	return hasDelegateOutput(fee), nil
}

func blockDelegation(b *wire.Block, cs CoinSource, ds DelegationSource) (fee uint8, ok bool, err error) {
	key, ok := check.StakerKey(b)
	if !ok {
		return 0, false, nil
	}
	owner, ok := Owner(script.Hash160(key), b.Header.ProofOfDelegation())
	if !ok {
		return 0, false, nil
	}
	d, ok, err := ds.Delegation(owner)
	if err != nil || !ok || !d.verified(owner) {
		return 0, false, err
	}
	stake := b.Txs[1]
	if len(stake.Msg().TxIn) < 1 {
		return 0, false, nil
	}
	c, err := cs.Coin(stake.Msg().TxIn[0].PreviousOutPoint)
	if err != nil || c == nil {
		return 0, false, err
	}
	percent, ok := feeOf(stake, c.Value, hasDelegateOutput(d.Fee))
	// The percentage is compared as one byte.
	return d.Fee, ok && uint8(percent) == d.Fee, nil
}
