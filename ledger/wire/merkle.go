package wire

import (
	"crypto/sha256"

	"github.com/btcsuite/btcd/chainhash/v2"
)

// MerkleRoot is the root over the identifiers of txs, and whether a list of other
// transactions has the same root because equal pairs stand in the tree (CVE-2012-2459).
func MerkleRoot(txs []*Tx) (root chainhash.Hash, mutated bool) {
	leaves := make([]chainhash.Hash, len(txs))
	for i, t := range txs {
		leaves[i] = t.ID()
	}
	return HashRoot(leaves)
}

// WitnessMerkleRoot is the root that the witness commitment of a block commits to. The
// coinbase's leaf is zero; so is, in a proof-of-stake block, the coinstake's
// (consensus/merkle.cpp: BlockWitnessMerkleRoot).
func WitnessMerkleRoot(b *Block) (root chainhash.Hash, mutated bool) {
	zeros := 1
	if b.IsProofOfStake() {
		zeros = 2
	}
	leaves := make([]chainhash.Hash, len(b.Txs))
	for i := zeros; i < len(b.Txs); i++ {
		leaves[i] = b.Txs[i].WitnessID()
	}
	return HashRoot(leaves)
}

// HashRoot is the root over leaves, which it overwrites, and whether equal neighbours
// were paired in the tree. No leaves have the zero root (consensus/merkle.cpp:
// ComputeMerkleRoot).
func HashRoot(leaves []chainhash.Hash) (root chainhash.Hash, mutated bool) {
	if len(leaves) == 0 {
		return chainhash.Hash{}, false
	}
	var pair [2 * chainhash.HashSize]byte
	for len(leaves) > 1 {
		half := (len(leaves) + 1) / 2
		for i := range half {
			left, right := leaves[2*i], leaves[2*i]
			if 2*i+1 < len(leaves) {
				right = leaves[2*i+1]
				mutated = mutated || left == right
			}
			copy(pair[:], left[:])
			copy(pair[chainhash.HashSize:], right[:])
			first := sha256.Sum256(pair[:])
			leaves[i] = sha256.Sum256(first[:])
		}
		leaves = leaves[:half]
	}
	return leaves[0], mutated
}
