package script

import (
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/wire"
)

// SigOps counts the signatures that a script may check. Inaccurately, a multiple
// signature counts as 20 (script/script.cpp: GetSigOpCount).
func SigOps(script []byte, accurate bool) int {
	n := 0
	last := byte(opInvalid)
	for {
		op, _, rest, ok := next(script)
		if !ok {
			return n
		}
		switch op {
		case opCheckSig, opCheckSigVerify:
			n++
		case opCheckMultiSig, opCheckMultiSigVerify:
			if accurate && last >= op1 && last <= op16 {
				n += int(last) - op1 + 1
			} else {
				n += maxMultiSigKeys
			}
		}
		last, script = op, rest
	}
}

// lastPush gives what a script pushes last; ok is false where it does not only push.
func lastPush(scriptSig []byte) (data []byte, ok bool) {
	for len(scriptSig) > 0 {
		var op byte
		if op, data, scriptSig, ok = next(scriptSig); !ok || op > op16 {
			return nil, false
		}
	}
	return data, true
}

// LegacySigOps counts what stands in a transaction's own scripts
// (consensus/tx_verify.cpp: GetLegacySigOpCount).
func LegacySigOps(tx *wire.Tx) int {
	n := 0
	for _, in := range tx.Msg().TxIn {
		n += SigOps(in.SignatureScript, false)
	}
	for _, out := range tx.Msg().TxOut {
		n += SigOps(out.PkScript, false)
	}
	return n
}

// P2SHSigOps counts what stands in the script that an input spends by its hash
// (script/script.cpp: GetSigOpCount with a scriptSig).
func P2SHSigOps(scriptSig, pkScript []byte) int {
	if !IsPayToScriptHash(pkScript) {
		return 0
	}
	redeem, ok := lastPush(scriptSig)
	if !ok {
		return 0
	}
	return SigOps(redeem, true)
}

// WitnessSigOps counts what an input checks by its witness (script/interpreter.cpp:
// CountWitnessSigOps).
func WitnessSigOps(scriptSig, pkScript []byte, witness [][]byte, flags Flags) int {
	if flags&VerifyWitness == 0 {
		return 0
	}
	version, program, ok := WitnessProgram(pkScript)
	if !ok && IsPayToScriptHash(pkScript) {
		if redeem, pushes := lastPush(scriptSig); pushes {
			version, program, ok = WitnessProgram(redeem)
		}
	}
	switch {
	case !ok || version != 0:
		return 0
	case len(program) == 20:
		return 1
	case len(program) == 32 && len(witness) > 0:
		return SigOps(witness[len(witness)-1], true)
	}
	return 0
}

// SigOpCost is a transaction's share of the signature checks that a block may have
// (consensus/tx_verify.cpp: GetTransactionSigOpCost). spent are the outputs that its
// inputs spend, in their order; a coinbase needs none.
func SigOpCost(tx *wire.Tx, spent []btcwire.TxOut, flags Flags) int {
	n := LegacySigOps(tx) * wire.WitnessScale
	if tx.IsCoinBase() {
		return n
	}
	for i, in := range tx.Msg().TxIn {
		if flags&VerifyP2SH != 0 {
			n += P2SHSigOps(in.SignatureScript, spent[i].PkScript) * wire.WitnessScale
		}
		n += WitnessSigOps(in.SignatureScript, spent[i].PkScript, in.Witness, flags)
	}
	return n
}
