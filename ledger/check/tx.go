package check

import (
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// maxBaseSize is the most bytes that a transaction may have without its witness
// (consensus/consensus.h: MAX_TRANSACTION_BASE_SIZE).
const maxBaseSize = 1_000_000

// DefaultMaxWeight is the most weight of a block before governance says otherwise
// (consensus/consensus.cpp: dgpMaxBlockWeight).
const DefaultMaxWeight = 8_000_000

// Transaction holds a transaction against the rules that need no context. maxWeight is
// the limit that governance sets to the weight of a block (consensus/tx_check.cpp:
// CheckTransaction).
func Transaction(tx *wire.Tx, maxWeight int) error {
	msg := tx.Msg()
	reason := ""
	switch {
	case len(msg.TxIn) == 0:
		reason = "bad-txns-vin-empty"
	case len(msg.TxOut) == 0:
		reason = "bad-txns-vout-empty"
	case tx.BaseSize() > maxBaseSize || tx.BaseSize()*wire.WitnessScale > maxWeight:
		reason = "bad-txns-oversize"
	default:
		reason = outputs(tx)
	}
	if reason == "" {
		reason = inputs(tx)
	}
	if reason != "" {
		return Invalid(Consensus, reason, "")
	}
	return nil
}

func outputs(tx *wire.Tx) string {
	special := tx.IsCoinBase() || tx.IsCoinStake()
	var sum int64
	for _, out := range tx.Msg().TxOut {
		switch {
		case !special && wire.IsEmpty(out):
			return "bad-txns-vout-empty"
		case out.Value < 0:
			return "bad-txns-vout-negative"
		case out.Value > params.MaxMoney:
			return "bad-txns-vout-toolarge"
		}
		if sum += out.Value; !params.MoneyRange(sum) {
			return "bad-txns-txouttotal-toolarge"
		}
		s := out.PkScript
		if script.HasOpCall(s) || script.HasOpCreate(s) || script.HasOpSender(s) {
			if kind, _ := script.Solve(s, true, false); kind == script.NonStandard {
				return "bad-txns-contract-nonstandard"
			}
		}
	}
	return ""
}

func inputs(tx *wire.Tx) string {
	ins := tx.Msg().TxIn
	if duplicateInput(ins) {
		return "bad-txns-inputs-duplicate"
	}
	if tx.IsCoinBase() {
		if n := len(ins[0].SignatureScript); n < 2 || n > 100 {
			return "bad-cb-length"
		}
		return ""
	}
	for _, in := range ins {
		if in.PreviousOutPoint == wire.NullOutPoint {
			return "bad-txns-prevout-null"
		}
	}
	return ""
}

// duplicateInput tells whether two inputs spend the same output (CVE-2018-17144).
func duplicateInput(ins []*btcwire.TxIn) bool {
	if len(ins) <= 8 { // most have a few, and need no map
		for i, a := range ins {
			for _, b := range ins[:i] {
				if a.PreviousOutPoint == b.PreviousOutPoint {
					return true
				}
			}
		}
		return false
	}
	seen := make(map[btcwire.OutPoint]struct{}, len(ins))
	for _, in := range ins {
		if _, ok := seen[in.PreviousOutPoint]; ok {
			return true
		}
		seen[in.PreviousOutPoint] = struct{}{}
	}
	return false
}

// lockTimeThreshold parts lock times that are heights from those that are seconds.
const lockTimeThreshold = 500_000_000

// FinalTx tells whether the lock time of a transaction lets it stand in a block at height
// whose time, or the median time past below it, is time (consensus/tx_verify.cpp:
// IsFinalTx).
func FinalTx(tx *wire.Tx, height int32, time int64) bool {
	msg := tx.Msg()
	lock := int64(msg.LockTime)
	limit := time
	if lock < lockTimeThreshold {
		limit = int64(height)
	}
	if lock == 0 || lock < limit {
		return true
	}
	for _, in := range msg.TxIn {
		if in.Sequence != btcwire.MaxTxInSequenceNum {
			return false
		}
	}
	return true
}

// hasSpend tells whether an input of tx spends a contract's output.
func hasSpend(tx *wire.Tx) bool {
	for _, in := range tx.Msg().TxIn {
		if script.HasOpSpend(in.SignatureScript) {
			return true
		}
	}
	return false
}

// hasContract tells whether an output of tx calls or creates a contract.
func hasContract(tx *wire.Tx) bool {
	for _, out := range tx.Msg().TxOut {
		if script.HasOpCreate(out.PkScript) || script.HasOpCall(out.PkScript) {
			return true
		}
	}
	return false
}

// hasSender tells whether an output of tx names its sender.
func hasSender(tx *wire.Tx) bool {
	for _, out := range tx.Msg().TxOut {
		if script.HasOpSender(out.PkScript) {
			return true
		}
	}
	return false
}
