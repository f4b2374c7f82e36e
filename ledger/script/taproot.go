package script

import (
	"bytes"
	"crypto/sha256"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/wire"
)

const (
	annexTag          = 0x50
	tapLeafMask       = 0xfe
	tapLeafScript     = 0xc0
	tapControlBase    = 33
	tapControlNode    = 32
	tapControlMaxPath = 128
	tapSigOpWeight    = 50 // of the budget, per signature that is there
	tapWeightOffset   = 50 // of the budget, beside the witness's size
)

// tapContext is what a taproot signature commits to beside the transaction
// (script/interpreter.h: ScriptExecutionData).
type tapContext struct {
	annex         *chainhash.Hash // single sha256; nil: no annex
	inScript      bool            // false: the key path
	leaf          chainhash.Hash
	codeSeparator uint32 // position of the last OP_CODESEPARATOR; all bits set: none
	weightLeft    int
}

var (
	tagSigHash = sha256.Sum256([]byte("TapSighash"))
	tagLeaf    = sha256.Sum256([]byte("TapLeaf"))
	tagBranch  = sha256.Sum256([]byte("TapBranch"))
	tagTweak   = sha256.Sum256([]byte("TapTweak"))
)

func taggedWriter(tag *[32]byte) *hashWriter {
	w := newHashWriter()
	w.bytes(tag[:])
	w.bytes(tag[:])
	return w
}

// tapSigHash is what a taproot signature signs (BIP341, BIP342); ok is false where the
// hash type is none or there is no output for it.
func (t *txHashes) tapSigHash(in int, hashType byte, c *tapContext) (sum chainhash.Hash, ok bool) {
	output := hashType & 3
	if hashType == SigHashDefault {
		output = SigHashAll
	}
	anyone := hashType&SigHashAnyOneCanPay != 0
	if hashType > 3 && (hashType < 0x81 || hashType > 0x83) {
		return sum, false
	}
	t.prepare()
	t.prepareTaproot()
	w := taggedWriter(&tagSigHash)
	w.bytes([]byte{0, hashType})
	w.uint32(uint32(t.tx.Version))
	w.uint32(t.tx.LockTime)
	if !anyone {
		w.bytes(t.prevouts[:])
		w.bytes(t.spentAmounts[:])
		w.bytes(t.spentScripts[:])
		w.bytes(t.sequences[:])
	}
	if output == SigHashAll {
		w.bytes(t.outputs[:])
	}
	var spendType byte
	if c.inScript {
		spendType = 2
	}
	if c.annex != nil {
		spendType++
	}
	w.bytes([]byte{spendType})
	if anyone {
		w.outPoint(&t.tx.TxIn[in].PreviousOutPoint)
		w.output(t.spent[in].Value, t.spent[in].PkScript)
		w.uint32(t.tx.TxIn[in].Sequence)
	} else {
		w.uint32(uint32(in))
	}
	if c.annex != nil {
		w.bytes(c.annex[:])
	}
	if output == SigHashSingle {
		if in >= len(t.tx.TxOut) {
			return sum, false
		}
		o := newHashWriter()
		o.output(t.tx.TxOut[in].Value, t.tx.TxOut[in].PkScript)
		single := o.once()
		w.bytes(single[:])
	}
	if c.inScript {
		w.bytes(c.leaf[:])
		w.bytes([]byte{0}) // version of the key
		w.uint32(c.codeSeparator)
	}
	return w.once(), true
}

// tapLeafHash is the hash of a script in a taproot output's tree.
func tapLeafHash(version byte, script []byte) chainhash.Hash {
	w := taggedWriter(&tagLeaf)
	w.bytes([]byte{version})
	w.script(script)
	return w.once()
}

// tapRoot is the root of the tree that has leaf at the path in control.
func tapRoot(control []byte, leaf chainhash.Hash) chainhash.Hash {
	for path := control[tapControlBase:]; len(path) > 0; path = path[tapControlNode:] {
		a, b := leaf[:], path[:tapControlNode]
		if bytes.Compare(a, b) > 0 {
			a, b = b, a
		}
		w := taggedWriter(&tagBranch)
		w.bytes(a)
		w.bytes(b)
		leaf = w.once()
	}
	return leaf
}

// isTapTweak tells whether program is the key in control, tweaked by root
// (pubkey.cpp: XOnlyPubKey::CheckTapTweak).
func isTapTweak(program, control []byte, root chainhash.Hash) bool {
	internal := control[1:tapControlBase]
	key, err := schnorr.ParsePubKey(internal)
	if err != nil {
		return false
	}
	w := taggedWriter(&tagTweak)
	w.bytes(internal)
	w.bytes(root[:])
	tweak := w.once()
	var t btcec.ModNScalar
	if t.SetByteSlice(tweak[:]) {
		return false
	}
	var p, tg, q btcec.JacobianPoint
	key.AsJacobian(&p) // ParsePubKey chose the even y
	btcec.ScalarBaseMultNonConst(&t, &tg)
	btcec.AddNonConst(&p, &tg, &q)
	if (q.X.IsZero() && q.Y.IsZero()) || q.Z.IsZero() {
		return false
	}
	q.ToAffine()
	var x [32]byte
	q.X.PutBytes(&x)
	return bytes.Equal(x[:], program) && q.Y.IsOdd() == (control[0]&1 == 1)
}

// taproot verifies a spend of a version 1 witness program of 32 bytes
// (script/interpreter.cpp: VerifyWitnessProgram).
func (v *verifier) taproot(program []byte, stack [][]byte) Error {
	if v.flags&VerifyTaproot == 0 {
		return ErrOK
	}
	if len(stack) == 0 {
		return ErrWitnessProgramWitnessEmpty
	}
	e := evaluator{flags: v.flags, checker: v.checker, version: versionTapscript}
	weight := witnessSize(stack)
	if last := stack[len(stack)-1]; len(stack) >= 2 && len(last) > 0 && last[0] == annexTag {
		w := newHashWriter()
		w.script(last)
		annex := w.once()
		e.tap.annex = &annex
		stack = stack[:len(stack)-1]
	}
	if len(stack) == 1 {
		return v.checker.schnorr(stack[0], program, &e)
	}
	control, script := stack[len(stack)-1], stack[len(stack)-2]
	stack = stack[:len(stack)-2]
	path := len(control) - tapControlBase
	if path < 0 || path > tapControlMaxPath*tapControlNode || path%tapControlNode != 0 {
		return ErrTaprootWrongControlSize
	}
	version := control[0] & tapLeafMask
	e.tap.leaf = tapLeafHash(version, script)
	if !isTapTweak(program, control, tapRoot(control, e.tap.leaf)) {
		return ErrWitnessProgramMismatch
	}
	if version == tapLeafScript {
		e.tap.inScript = true
		e.tap.weightLeft = weight + tapWeightOffset
		return e.witness(stack, script)
	}
	if v.flags&VerifyDiscourageUpgradableTaprootVersion != 0 {
		return ErrDiscourageUpgradableTaprootVersion
	}
	return ErrOK
}

// witnessSize is the number of bytes of a witness as it stands in a transaction.
func witnessSize(stack [][]byte) int {
	n := wire.CompactSizeLen(uint64(len(stack)))
	for _, item := range stack {
		n += wire.CompactSizeLen(uint64(len(item))) + len(item)
	}
	return n
}
