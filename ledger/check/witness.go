package check

import (
	"crypto/sha256"

	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/wire"
)

// commitmentPrefix is how the script of a witness commitment begins: OP_RETURN, a push of
// 36 bytes, and the four that mark it. The committed hash follows (BIP141).
const commitmentPrefix = "\x6a\x24\xaa\x21\xa9\xed"

// commitmentSize is the least size of such a script.
const commitmentSize = len(commitmentPrefix) + chainhash.HashSize

// CommitmentIndex is the place of the witness commitment among the outputs of a block's
// coinbase, the last if there are several; -1 where there is none
// (consensus/validation.h: GetWitnessCommitmentIndex).
func CommitmentIndex(b *wire.Block) int {
	index := -1
	if len(b.Txs) == 0 {
		return index
	}
	for i, out := range b.Txs[0].Msg().TxOut {
		if s := out.PkScript; len(s) >= commitmentSize && string(s[:len(commitmentPrefix)]) == commitmentPrefix {
			index = i
		}
	}
	return index
}

// CommitmentScript is the script of a witness commitment to root under the reserved value
// that stands as the witness of the coinbase's input.
func CommitmentScript(root chainhash.Hash, reserved [32]byte) []byte {
	c := commitment(root, reserved[:])
	return append([]byte(commitmentPrefix), c[:]...)
}

func commitment(root chainhash.Hash, reserved []byte) [32]byte {
	h := sha256.New()
	h.Write(root[:])
	h.Write(reserved)
	return sha256.Sum256(h.Sum(nil))
}

// Witness holds the witnesses of a block against the commitment in its coinbase; without
// one, or before segwit (active false), no transaction may have a witness
// (validation.cpp: CheckWitnessMalleation).
func Witness(b *wire.Block, active bool) error {
	if i := CommitmentIndex(b); active && i >= 0 {
		base := b.Txs[0].Msg()
		if len(base.TxIn) == 0 || len(base.TxIn[0].Witness) != 1 || len(base.TxIn[0].Witness[0]) != 32 {
			return Invalid(Mutated, "bad-witness-nonce-size", "CheckWitnessMalleation : invalid witness reserved value size")
		}
		root, _ := wire.WitnessMerkleRoot(b)
		c := commitment(root, base.TxIn[0].Witness[0])
		if string(base.TxOut[i].PkScript[len(commitmentPrefix):commitmentSize]) != string(c[:]) {
			return Invalid(Mutated, "bad-witness-merkle-match", "CheckWitnessMalleation : witness merkle commitment mismatch")
		}
		return nil
	}
	for _, tx := range b.Txs {
		if tx.HasWitness() {
			return Invalid(Mutated, "unexpected-witness", "CheckWitnessMalleation : unexpected witness data found")
		}
	}
	return nil
}
