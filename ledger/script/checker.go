package script

import (
	"fmt"

	btcwire "github.com/btcsuite/btcd/wire/v2"
)

const (
	sequenceFinal    = 0xffffffff
	sequenceDisabled = 1 << 31
	sequenceIsTime   = 1 << 22
	sequenceMask     = 0xffff
)

// Checker verifies the scripts of one transaction. It holds what they share, so one is
// made per transaction, and its methods may be called from several goroutines at once.
type Checker struct {
	hashes  txHashes
	library library
}

// NewChecker gives the Checker of tx. spent are the outputs that its inputs spend, in
// their order. Neither may be changed while the Checker is used.
func NewChecker(tx *btcwire.MsgTx, spent []btcwire.TxOut) *Checker {
	return &Checker{hashes: txHashes{tx: tx, spent: spent}}
}

// Input verifies input in. The error is an Error: how Core names it.
func (c *Checker) Input(in int, flags Flags) error {
	tx := c.hashes.tx
	if in >= len(tx.TxIn) || in >= len(c.hashes.spent) {
		return fmt.Errorf("verifying input %d of %d, of which %d are known: no such input", in, len(tx.TxIn), len(c.hashes.spent))
	}
	txIn, pkScript := tx.TxIn[in], c.hashes.spent[in].PkScript
	if isOrdinary(txIn.SignatureScript, pkScript, txIn.Witness, flags) && c.libraryHolds(in, flags) {
		return nil
	}
	return c.own(in, flags)
}

// own verifies an input without txscript.
func (c *Checker) own(in int, flags Flags) error {
	txIn := c.hashes.tx.TxIn[in]
	v := verifier{flags: flags, checker: &inputChecker{&c.hashes, in}}
	if err := v.verify(txIn.SignatureScript, c.hashes.spent[in].PkScript, txIn.Witness); err != ErrOK {
		return err
	}
	return nil
}

// Sender verifies the signature of the sender of output out, which must hold OpSender
// once, under no rules but the oldest (validation.cpp: CScriptCheck of an output).
func (c *Checker) Sender(out int) error {
	tx := c.hashes.tx
	if out >= len(tx.TxOut) {
		return fmt.Errorf("verifying the sender of output %d of %d: no such output", out, len(tx.TxOut))
	}
	pubKeyScript, sigScript, ok := SenderOf(tx.TxOut[out].PkScript)
	if !ok || len(tx.TxIn) == 0 {
		return ErrUnknown
	}
	v := verifier{flags: VerifyNone, checker: &senderChecker{&c.hashes, out}}
	if err := v.verify(sigScript, pubKeyScript, nil); err != ErrOK {
		return err
	}
	return nil
}

// Verify verifies one input on its own; a Checker does several for less.
func Verify(tx *btcwire.MsgTx, in int, spent []btcwire.TxOut, flags Flags) error {
	return NewChecker(tx, spent).Input(in, flags)
}

// inputChecker answers for an input (script/interpreter.cpp:
// GenericTransactionSignatureChecker).
type inputChecker struct {
	hashes *txHashes
	in     int
}

func (c *inputChecker) ecdsa(sig, key, scriptCode []byte, version sigVersion) bool {
	if !isPubKey(key) || len(sig) == 0 {
		return false
	}
	hashType := uint32(sig[len(sig)-1])
	sig = sig[:len(sig)-1]
	if version == versionWitness {
		hash := c.hashes.witness(c.in, scriptCode, c.hashes.spent[c.in].Value, hashType)
		return VerifyECDSA(key, sig, &hash)
	}
	hash := LegacySigHash(c.hashes.tx, c.in, scriptCode, hashType)
	return VerifyECDSA(key, sig, &hash)
}

func (c *inputChecker) schnorr(sig, key []byte, e *evaluator) Error {
	if len(sig) != 64 && len(sig) != 65 {
		return ErrSchnorrSigSize
	}
	hashType := byte(SigHashDefault)
	if len(sig) == 65 {
		if hashType = sig[64]; hashType == SigHashDefault {
			return ErrSchnorrSigHashType
		}
	}
	hash, ok := c.hashes.tapSigHash(c.in, hashType, &e.tap)
	if !ok {
		return ErrSchnorrSigHashType
	}
	if !verifySchnorr(key, sig[:64], &hash) {
		return ErrSchnorrSig
	}
	return ErrOK
}

func (c *inputChecker) lockTime(n int64) bool {
	locked := int64(c.hashes.tx.LockTime)
	return (locked < lockTimeIsTime) == (n < lockTimeIsTime) && n <= locked &&
		c.hashes.tx.TxIn[c.in].Sequence != sequenceFinal
}

func (c *inputChecker) sequence(n int64) bool {
	sequence := int64(c.hashes.tx.TxIn[c.in].Sequence)
	if uint32(c.hashes.tx.Version) < 2 || sequence&sequenceDisabled != 0 {
		return false
	}
	sequence &= sequenceIsTime | sequenceMask
	n &= sequenceIsTime | sequenceMask
	return (sequence < sequenceIsTime) == (n < sequenceIsTime) && n <= sequence
}

// senderChecker answers for the sender of an output (script/interpreter.cpp:
// GenericTransactionSignatureOutputChecker).
type senderChecker struct {
	hashes *txHashes
	out    int
}

func (c *senderChecker) ecdsa(sig, key, scriptCode []byte, _ sigVersion) bool {
	if !isPubKey(key) || len(sig) == 0 {
		return false
	}
	hash := c.hashes.ofSender(c.out, scriptCode, uint32(sig[len(sig)-1]))
	return VerifyECDSA(key, sig[:len(sig)-1], &hash)
}

func (c *senderChecker) schnorr(_, _ []byte, _ *evaluator) Error { return ErrSchnorrSig }
func (c *senderChecker) lockTime(int64) bool                     { return false }
func (c *senderChecker) sequence(int64) bool                     { return false }
