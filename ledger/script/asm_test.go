package script

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"

	"spacechain/ledger/wire"
)

// opcodeNames are the words for opcodes in Core's test data, from OP_NOP on.
var opcodeNames = map[string]byte{"RESERVED": 0x50}

func init() {
	for i, name := range strings.Fields(`NOP VER IF NOTIF VERIF VERNOTIF ELSE ENDIF VERIFY RETURN
		TOALTSTACK FROMALTSTACK 2DROP 2DUP 3DUP 2OVER 2ROT 2SWAP IFDUP DEPTH DROP DUP NIP OVER PICK
		ROLL ROT SWAP TUCK CAT SUBSTR LEFT RIGHT SIZE INVERT AND OR XOR EQUAL EQUALVERIFY RESERVED1
		RESERVED2 1ADD 1SUB 2MUL 2DIV NEGATE ABS NOT 0NOTEQUAL ADD SUB MUL DIV MOD LSHIFT RSHIFT
		BOOLAND BOOLOR NUMEQUAL NUMEQUALVERIFY NUMNOTEQUAL LESSTHAN GREATERTHAN LESSTHANOREQUAL
		GREATERTHANOREQUAL MIN MAX WITHIN RIPEMD160 SHA1 SHA256 HASH160 HASH256 CODESEPARATOR CHECKSIG
		CHECKSIGVERIFY CHECKMULTISIG CHECKMULTISIGVERIFY NOP1 CHECKLOCKTIMEVERIFY CHECKSEQUENCEVERIFY
		NOP4 NOP5 NOP6 NOP7 NOP8 NOP9 NOP10 CHECKSIGADD`) {
		opcodeNames[name] = opNop + byte(i)
	}
	opcodeNames["CREATE"], opcodeNames["CALL"] = OpCreate, OpCall
	opcodeNames["SPEND"], opcodeNames["SENDER"] = OpSpend, OpSender
}

// appendInt is script/script.h: CScript << int64.
func appendInt(dst []byte, v int64) []byte {
	switch {
	case v == 0:
		return append(dst, op0)
	case v == -1 || v >= 1 && v <= 16:
		return append(dst, byte(v+op1-1))
	}
	return AppendPush(dst, AppendNumber(nil, v))
}

// assemble reads a script as Core's test data writes it (core_read.cpp: ParseScript).
func assemble(t testing.TB, text string) []byte {
	t.Helper()
	script := []byte{}
	for _, w := range strings.Fields(text) {
		if v, err := strconv.ParseInt(w, 10, 64); err == nil {
			script = appendInt(script, v)
			continue
		}
		if raw, ok := strings.CutPrefix(w, "0x"); ok && raw != "" {
			if b, err := hex.DecodeString(raw); err == nil {
				script = append(script, b...)
				continue
			}
		}
		if len(w) >= 2 && w[0] == '\'' && w[len(w)-1] == '\'' {
			script = AppendPush(script, []byte(w[1:len(w)-1]))
			continue
		}
		op, ok := opcodeNames[strings.TrimPrefix(w, "OP_")]
		if !ok {
			t.Fatalf("no opcode %q", w)
		}
		script = append(script, op)
	}
	return script
}

var flagNames = map[string]Flags{
	"NONE": VerifyNone, "P2SH": VerifyP2SH, "STRICTENC": VerifyStrictEnc, "DERSIG": VerifyDERSig,
	"LOW_S": VerifyLowS, "SIGPUSHONLY": VerifySigPushOnly, "MINIMALDATA": VerifyMinimalData,
	"NULLDUMMY": VerifyNullDummy, "DISCOURAGE_UPGRADABLE_NOPS": VerifyDiscourageUpgradableNops,
	"CLEANSTACK": VerifyCleanStack, "MINIMALIF": VerifyMinimalIf, "NULLFAIL": VerifyNullFail,
	"CHECKLOCKTIMEVERIFY": VerifyCheckLockTimeVerify, "CHECKSEQUENCEVERIFY": VerifyCheckSequenceVerify,
	"WITNESS":                               VerifyWitness,
	"DISCOURAGE_UPGRADABLE_WITNESS_PROGRAM": VerifyDiscourageUpgradableWitnessProgram,
	"WITNESS_PUBKEYTYPE":                    VerifyWitnessPubKeyType, "CONST_SCRIPTCODE": VerifyConstScriptCode,
	"TAPROOT": VerifyTaproot, "DISCOURAGE_UPGRADABLE_PUBKEYTYPE": VerifyDiscourageUpgradablePubKeyType,
	"DISCOURAGE_OP_SUCCESS":                 VerifyDiscourageOpSuccess,
	"DISCOURAGE_UPGRADABLE_TAPROOT_VERSION": VerifyDiscourageUpgradableTaprootVersion,
}

const allFlags = VerifyDiscourageUpgradablePubKeyType<<1 - 1

func parseFlags(t testing.TB, text string) (flags Flags) {
	t.Helper()
	for _, w := range strings.Split(text, ",") {
		f, ok := flagNames[w]
		if !ok && w != "" {
			t.Fatalf("no flag %q", w)
		}
		flags |= f
	}
	return flags
}

// fill adds the flags without which others are not used.
func fill(f Flags) Flags {
	if f&VerifyCleanStack != 0 {
		f |= VerifyWitness
	}
	if f&VerifyWitness != 0 {
		f |= VerifyP2SH
	}
	return f
}

// trim removes the flags that are not used without others.
func trim(f Flags) Flags {
	if f&VerifyP2SH == 0 {
		f &^= VerifyWitness
	}
	if f&VerifyWitness == 0 {
		f &^= VerifyCleanStack
	}
	return f
}

// spending gives a transaction that spends one output of value that pays to pkScript, as
// script_tests.json is defined on, and the output.
func spending(scriptSig, pkScript []byte, witness [][]byte, value int64) (*btcwire.MsgTx, []btcwire.TxOut) {
	credit := &btcwire.MsgTx{
		Version: 1,
		TxIn: []*btcwire.TxIn{{PreviousOutPoint: wire.NullOutPoint,
			SignatureScript: []byte{op0, op0}, Sequence: sequenceFinal}},
		TxOut: []*btcwire.TxOut{{Value: value, PkScript: pkScript}},
	}
	tx := &btcwire.MsgTx{
		Version: 1,
		TxIn: []*btcwire.TxIn{{PreviousOutPoint: btcwire.OutPoint{Hash: wire.NewTx(credit).ID()},
			SignatureScript: scriptSig, Witness: witness, Sequence: sequenceFinal}},
		TxOut: []*btcwire.TxOut{{Value: value}},
	}
	return tx, []btcwire.TxOut{*credit.TxOut[0]}
}

// name gives the name of a verdict.
func name(err error) string {
	switch e := err.(type) {
	case nil:
		return "OK"
	case Error:
		return e.Name()
	}
	return fmt.Sprintf("%v", err)
}

func mustHex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustHash(t testing.TB, s string) chainhash.Hash {
	t.Helper()
	h, err := chainhash.NewHashFromStr(s)
	if err != nil {
		t.Fatal(err)
	}
	return *h
}
