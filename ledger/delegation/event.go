package delegation

import (
	"golang.org/x/crypto/sha3"

	"spacechain/ledger/state"
)

// Event is a change of what is on record, as the contract logs it.
type Event struct {
	Removed    bool     // else Delegation is on record from now on
	Owner      [20]byte // who delegates
	Delegation Delegation
}

// Topics of the contract's events.
var (
	topicAdd    = topic("AddDelegation(address,address,uint8,uint256,bytes)")
	topicRemove = topic("RemoveDelegation(address,address)")
)

func topic(signature string) (h state.Hash) {
	d := sha3.NewLegacyKeccak256()
	d.Write([]byte(signature))
	d.Sum(h[:0])
	return h
}

// DecodeEvent reads a log entry of the contract; ok is false if it is no event of it
// (QtumDelegationPriv::GetDelegationEvent).
func DecodeEvent(log *state.Log, contract state.Address) (e Event, ok bool) {
	if log.Address != contract || len(log.Topics) < 3 {
		return e, false
	}
	copy(e.Delegation.Staker[:], log.Topics[1][12:])
	copy(e.Owner[:], log.Topics[2][12:])
	switch log.Topics[0] {
	case topicRemove:
		e.Removed = true
		return e, true
	case topicAdd:
		if len(log.Data) < 64 {
			return e, false
		}
		e.Delegation.Fee = uint8(saturated(log.Data[:32]))
		e.Delegation.Height = uint32(saturated(log.Data[32:64]))
		e.Delegation.Proof = dynamic(log.Data, 64)
		return e, true
	}
	return e, false
}
