package script

import (
	"sync"

	"github.com/btcsuite/btcd/txscript/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
)

// txscript verifies ordinary scripts. It never holds where Core does not, as long as it is
// asked under rules that both know alike and no opcode of Qtum's can be met; what it
// refuses is put to our own evaluator, which knows Qtum's limits and Core's names. Found by
// holding the two against each other (library_test.go), these are the differences:
//
//   - a pushed value may have 520 bytes and a script 10000, where Qtum has 128000 and 129000;
//   - 0xc1 to 0xc4 are invalid opcodes;
//   - a script with a malformed push is refused before it runs, also where one of Qtum's
//     opcodes would end it before;
//   - OP_CHECKLOCKTIMEVERIFY and OP_CHECKSEQUENCEVERIFY are discouraged NOPs where their
//     flags are not set;
//   - witness versions above 0 are told apart under fewer flags;
//   - without DERSIG, what is no signature at all is a failed one without NULLFAIL, and
//     signatures are read less loosely than Core does;
//   - under CONST_SCRIPTCODE, an empty signature is not looked for in the script.

// libraryFlags are txscript's names for ours.
var libraryFlags = [...]struct {
	ours   Flags
	theirs txscript.ScriptFlags
}{
	{VerifyP2SH, txscript.ScriptBip16},
	{VerifyStrictEnc, txscript.ScriptVerifyStrictEncoding},
	{VerifyDERSig, txscript.ScriptVerifyDERSignatures},
	{VerifyLowS, txscript.ScriptVerifyLowS},
	{VerifyNullDummy, txscript.ScriptStrictMultiSig},
	{VerifySigPushOnly, txscript.ScriptVerifySigPushOnly},
	{VerifyMinimalData, txscript.ScriptVerifyMinimalData},
	{VerifyDiscourageUpgradableNops, txscript.ScriptDiscourageUpgradableNops},
	{VerifyCleanStack, txscript.ScriptVerifyCleanStack},
	{VerifyCheckLockTimeVerify, txscript.ScriptVerifyCheckLockTimeVerify},
	{VerifyCheckSequenceVerify, txscript.ScriptVerifyCheckSequenceVerify},
	{VerifyWitness, txscript.ScriptVerifyWitness},
	{VerifyDiscourageUpgradableWitnessProgram, txscript.ScriptVerifyDiscourageUpgradeableWitnessProgram},
	{VerifyMinimalIf, txscript.ScriptVerifyMinimalIf},
	{VerifyNullFail, txscript.ScriptVerifyNullFail},
	{VerifyWitnessPubKeyType, txscript.ScriptVerifyWitnessPubKeyType},
	{VerifyTaproot, txscript.ScriptVerifyTaproot},
	{VerifyDiscourageUpgradableTaprootVersion, txscript.ScriptVerifyDiscourageUpgradeableTaprootVersion},
	{VerifyDiscourageOpSuccess, txscript.ScriptVerifyDiscourageOpSuccess},
	{VerifyDiscourageUpgradablePubKeyType, txscript.ScriptVerifyDiscourageUpgradeablePubkeyType},
}

// library holds what txscript keeps per transaction.
type library struct {
	once   sync.Once
	prev   map[btcwire.OutPoint]*btcwire.TxOut
	hashes *txscript.TxSigHashes
}

// FetchPrevOutput implements txscript.PrevOutputFetcher.
func (l *library) FetchPrevOutput(o btcwire.OutPoint) *btcwire.TxOut { return l.prev[o] }

func (l *library) prepare(tx *btcwire.MsgTx, spent []btcwire.TxOut) {
	l.once.Do(func() {
		l.prev = make(map[btcwire.OutPoint]*btcwire.TxOut, len(spent))
		for i := range spent {
			l.prev[tx.TxIn[i].PreviousOutPoint] = &spent[i]
		}
		l.hashes = txscript.NewTxSigHashes(tx, l)
	})
}

// isOrdinary tells whether txscript may be trusted to hold an input under flags.
func isOrdinary(scriptSig, pkScript []byte, witness [][]byte, flags Flags) bool {
	switch {
	case flags&VerifyDERSig == 0, flags&VerifyConstScriptCode != 0:
		return false // the two differ
	case flags&VerifyTaproot != 0 && flags&VerifyWitness == 0, flags&VerifyWitness != 0 && flags&VerifyP2SH == 0:
		return false // txscript refuses such flags
	}
	if meetsContractOpcode(scriptSig) || meetsContractOpcode(pkScript) {
		return false
	}
	if IsPayToScriptHash(pkScript) {
		redeem, ok := lastPush(scriptSig)
		if !ok || meetsContractOpcode(redeem) {
			return false
		}
		if version, _, ok := WitnessProgram(redeem); ok && version > 0 {
			return false
		}
	}
	if version, program, ok := WitnessProgram(pkScript); ok && version > 0 {
		if version != 1 || len(program) != 32 || flags&VerifyTaproot == 0 {
			return false
		}
	}
	// The last item of a witness is the script of version 0; a tapscript ends well at one
	// of these opcodes for both.
	return len(witness) == 0 || !meetsContractOpcode(witness[len(witness)-1])
}

// meetsContractOpcode tells whether one of Qtum's opcodes stands where it can be run, or
// behind what cannot be read.
func meetsContractOpcode(script []byte) bool {
	for len(script) > 0 {
		op, _, rest, ok := next(script)
		if !ok || op >= OpCreate && op <= OpSender {
			return true
		}
		script = rest
	}
	return false
}

// libraryHolds tells whether txscript holds input in.
func (c *Checker) libraryHolds(in int, flags Flags) bool {
	tx, spent := c.hashes.tx, c.hashes.spent
	var theirs txscript.ScriptFlags
	for _, f := range libraryFlags {
		if flags&f.ours != 0 {
			theirs |= f.theirs
		}
	}
	if len(tx.TxIn[in].Witness) > 0 {
		c.library.prepare(tx, spent)
	}
	vm, err := txscript.NewEngine(spent[in].PkScript, tx, in, theirs, nil, c.library.hashes,
		spent[in].Value, &c.library)
	return err == nil && vm.Execute() == nil
}
