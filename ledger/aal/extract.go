package aal

import (
	"spacechain/ledger/check"
	"spacechain/ledger/params"
	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

// IsContract tells whether Extract, Check and Execute are a transaction's business: it has
// an output that creates or calls a contract, and none of its inputs is a spend by the
// layer itself.
func IsContract(tx *wire.Tx) bool {
	return hasOutput(tx, script.IsContract) && !IsSpend(tx)
}

// IsSpend tells whether an input spends a contract's coin by OP_SPEND. Only transactions
// that the layer generates may.
func IsSpend(tx *wire.Tx) bool {
	for _, in := range tx.Msg().TxIn {
		if script.HasOpSpend(in.SignatureScript) {
			return true
		}
	}
	return false
}

func hasOutput(tx *wire.Tx, is func(script []byte) bool) bool {
	for _, out := range tx.Msg().TxOut {
		if is(out.PkScript) {
			return true
		}
	}
	return false
}

// CheckOpSender is the rule towards OP_SENDER of every transaction in the block at height,
// contract or not: from QIP5 on, and only in contract outputs that fit a template
// (validation.cpp: CheckOpSender).
func CheckOpSender(tx *wire.Tx, p *params.Network, height int32) error {
	if !hasOutput(tx, script.HasOpSender) {
		return nil
	}
	valid := height >= p.QIP5Height
	for _, out := range tx.Msg().TxOut {
		if !valid {
			break
		}
		if script.HasOpSender(out.PkScript) {
			valid = script.IsContract(out.PkScript) && script.HasSenderData(out.PkScript)
		}
	}
	if !valid {
		return check.Invalid(check.Consensus, "bad-txns-invalid-sender", "")
	}
	return nil
}

// Limits on the signature within an output that names its sender (policy/policy.h).
const (
	senderSigItems    = 2
	maxSenderSigBytes = 80
)

// CheckSenderScript is the rule towards the senders of a contract transaction: paid is the
// script of the coin that its first input spends, which must be P2PKH or P2PK, and so must
// what an OP_SENDER names; its signature must be two pushed values. Whether it signs is
// another check. (validation.cpp: CheckSenderScript)
func CheckSenderScript(tx *wire.Tx, paid []byte) error {
	if !paysToKey(paid) {
		return badSenderScript()
	}
	if !hasOutput(tx, script.HasOpSender) {
		return nil
	}
	for _, out := range tx.Msg().TxOut {
		if !script.HasOpSender(out.PkScript) {
			continue
		}
		sender, sig, ok := script.SenderOf(out.PkScript)
		if !ok || !paysToKey(sender) {
			return badSenderScript()
		}
		stack, ok := script.SenderSigStack(sig)
		if !ok || len(stack) != senderSigItems {
			return badSenderScript()
		}
		for _, item := range stack {
			if len(item) > maxSenderSigBytes {
				return badSenderScript()
			}
		}
	}
	return nil
}

func paysToKey(s []byte) bool { return script.IsPayToPubKeyHash(s) || script.IsPayToPubKey(s) }

func badSenderScript() error {
	return check.Invalid(check.Consensus, "bad-txns-invalid-sender-script", "")
}

// Extract reads the contract outputs of a transaction of the block at height; paid is the
// script of the coin that its first input spends. (validation.cpp: QtumTxConverter)
func Extract(tx *wire.Tx, paid []byte, p *params.Network, height int32) ([]Execution, error) {
	outs := tx.Msg().TxOut
	contracts, ok := script.Contracts(outs, script.ContractFlags(p, height))
	if !ok {
		return nil, check.Invalid(check.Consensus, "bad-tx-bad-contract-format",
			"ConnectBlock(): Contract transaction of the wrong format")
	}
	refund := KeyAddress(paid)
	execs := make([]Execution, len(contracts))
	for i := range contracts {
		c := &contracts[i]
		sender := refund
		if named, _, ok := script.SenderOf(outs[c.Output].PkScript); ok {
			sender = KeyAddress(named)
		}
		execs[i] = Execution{
			Create:       c.Action != script.ActionCall,
			Data:         c.Data,
			Value:        outs[c.Output].Value,
			GasLimit:     c.GasLimit,
			GasPrice:     c.GasPrice,
			Version:      c.Version,
			Sender:       sender,
			RefundSender: refund,
			TxID:         tx.ID(),
			Vout:         uint32(c.Output),
		}
		if !execs[i].Create {
			execs[i].To = c.Address
		}
	}
	return execs, nil
}

// KeyAddress is the address of the key that a script pays to, by itself or by its hash;
// zero for other scripts. It names who sends a contract output, and, of coinstake output 1
// or coinbase output 0, who is the author of a block (validation.cpp: GetSenderAddress,
// EthAddrFromScript).
func KeyAddress(pays []byte) Address {
	hash, _ := script.KeyHash(pays)
	return hash
}

// Author is the Author of a block's Env.
func Author(b *wire.Block) Address {
	if b.Header.IsProofOfStake() {
		return KeyAddress(b.Txs[1].Msg().TxOut[1].PkScript)
	}
	return KeyAddress(b.Txs[0].Msg().TxOut[0].PkScript)
}
