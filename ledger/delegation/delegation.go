// Package delegation is offline staking as far as the state goes: the owner of coins lets a
// staker make blocks with them, by a proof of delegation, which the owner signs, in a
// contract that every state holds (Qtum Core 27.1 qtum/qtumdelegation.cpp,
// util/signstr.h).
package delegation

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/aal"
	"spacechain/ledger/script"
)

// ProofSize is the length of a proof of delegation in bytes: a compact signature.
const ProofSize = 65

// MaxFee is the largest fee in percent that the contract's record may name.
const MaxFee = 100

// Delegation is what the contract has on record for an owner of coins.
type Delegation struct {
	Staker [20]byte // HASH160 of the staker's key
	Fee    uint8    // percent of the reward that the staker keeps
	Height uint32   // of the block that recorded it
	Proof  []byte   // the owner's signature over Message of the staker
}

// IsNull tells whether nothing is on record.
func (d *Delegation) IsNull() bool {
	return d.Staker == [20]byte{} && d.Fee == 0 && d.Height == 0 && len(d.Proof) == 0
}

// Equal tells whether two records say the same.
func (d *Delegation) Equal(o *Delegation) bool {
	return d.Staker == o.Staker && d.Fee == o.Fee && d.Height == o.Height && bytes.Equal(d.Proof, o.Proof)
}

// Exists tells whether the contract is in the state of m.
func Exists(m *aal.Machine) bool { return m.Exists(m.Env.Params.DelegationsAddress) }

// selectDelegations is the selector of delegations(address).
var selectDelegations = []byte{0xbf, 0xfe, 0x34, 0x86}

// Get asks the contract, by a view call in the block of m, what is on record for an owner.
// ok is false if there is no contract or it does not answer in the form that it should;
// err is about reading the state. (QtumDelegation::GetDelegation)
func Get(m *aal.Machine, owner [20]byte) (d Delegation, ok bool, err error) {
	if !Exists(m) {
		return d, false, m.Err()
	}
	data := append(bytes.Clone(selectDelegations), make([]byte, 12)...)
	res, err := m.View(aal.View{To: m.Env.Params.DelegationsAddress, Data: append(data, owner[:]...)})
	if err != nil {
		return d, false, err
	}
	d, ok = decodeRecord(res.Output)
	return d, ok, nil
}

// decodeRecord reads the contract's answer: staker, fee and height, each a word, and the
// proof.
func decodeRecord(b []byte) (d Delegation, ok bool) {
	if len(b) < 3*32 {
		return d, false
	}
	copy(d.Staker[:], b[12:32])
	d.Fee = uint8(saturated(b[32:64]))
	d.Height = uint32(saturated(b[64:96]))
	d.Proof = dynamic(b, 96)
	return d, true
}

// dynamic reads bytes whose offset within b is the word at position at. Of offset and
// length, 16 bits count, and what does not lie wholly between that word and the end of b is
// zero (util/contractabi.cpp: deserialiseString).
func dynamic(b []byte, at uint32) []byte {
	b = b[at:]
	cut := func(at uint32, n int) []byte {
		if uint64(at)+uint64(n) > uint64(len(b)) {
			return make([]byte, n)
		}
		return b[at : int(at)+n]
	}
	offset := uint32(binary.BigEndian.Uint16(cut(0, 32)[30:])) - at
	length := int(binary.BigEndian.Uint16(cut(offset, 32)[30:]))
	return bytes.Clone(cut(offset+32, length))
}

// saturated is a number of 32 bytes as the largest int64 that is not above it.
func saturated(word []byte) int64 {
	v := new(big.Int).SetBytes(word)
	if !v.IsInt64() {
		return math.MaxInt64
	}
	return v.Int64()
}

// Verify tells whether a record is one that the owner of coins made
// (QtumDelegation::VerifyDelegation).
func Verify(owner [20]byte, d *Delegation) bool {
	if owner == [20]byte{} || d.IsNull() || d.Fee > MaxFee {
		return false
	}
	return VerifyProof(owner, d.Staker, d.Proof)
}

// VerifyProof tells whether proof is the owner's signature that lets staker stake
// (util/signstr.h: VerifyMessage).
func VerifyProof(owner, staker [20]byte, proof []byte) bool {
	if len(proof) != ProofSize {
		return false
	}
	// Of the first byte, three bits count.
	sig := bytes.Clone(proof)
	sig[0] = 27 + (sig[0]-27)&7
	hash := Message(staker)
	key, compressed, err := ecdsa.RecoverCompact(sig, hash[:])
	if err != nil {
		return false
	}
	form := key.SerializeUncompressed()
	if compressed {
		form = key.SerializeCompressed()
	}
	return script.Hash160(form) == owner
}

// magic is what every signed message begins with.
const magic = "Qtum Signed Message:\n"

// Message is the hash that a proof of delegation signs: that of the message which is the
// staker's HASH160 in hex, in natural byte order.
func Message(staker [20]byte) chainhash.Hash {
	b := append([]byte{byte(len(magic))}, magic...)
	b = append(b, 2*byte(len(staker)))
	b = hex.AppendEncode(b, staker[:])
	return chainhash.DoubleHashH(b)
}
