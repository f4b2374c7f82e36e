package check

import (
	"bytes"
	"encoding/binary"

	"spacechain/ledger/script"
	"spacechain/ledger/wire"
)

const (
	opReturn    = 0x6a
	opPushData1 = 0x4c
	opPushData2 = 0x4d
	opPushData4 = 0x4e
)

// StakerKey gives the key that signs a proof-of-stake block: that of the coinstake's
// second output, which pays to it or, unspendable, only names it behind OP_RETURN
// (validation.cpp: GetBlockPublicKey). The block has a coinstake where it should.
func StakerKey(b *wire.Block) (key []byte, ok bool) {
	if !b.IsProofOfStake() || len(b.Header.Sig) == 0 || len(b.Txs) < 2 || len(b.Txs[1].Msg().TxOut) < 2 {
		return nil, false
	}
	s := b.Txs[1].Msg().TxOut[1].PkScript
	if key, ok := script.PubKeyOf(s); ok {
		return key, true
	}
	return namedKey(s)
}

// namedKey gives the key that is pushed right behind an OP_RETURN, if the rest of the
// script is pushes too (script/solver.cpp: NULL_DATA). Keys of the hybrid form do not count.
func namedKey(s []byte) (key []byte, ok bool) {
	if len(s) == 0 || s[0] != opReturn || !script.IsPushOnly(s[1:]) {
		return nil, false
	}
	key = firstPush(s[1:])
	switch {
	case len(key) == 33 && (key[0] == 2 || key[0] == 3):
	case len(key) == 65 && key[0] == 4:
	default:
		return nil, false
	}
	return key, true
}

// firstPush gives what the first opcode of s pushes, if that is as long as a key can be.
// The push is known to be whole.
func firstPush(s []byte) []byte {
	size := 0
	switch {
	case len(s) == 0:
		return nil
	case s[0] < opPushData1:
		size, s = int(s[0]), s[1:]
	case s[0] == opPushData1:
		size, s = int(s[1]), s[2:]
	case s[0] == opPushData2:
		size, s = int(binary.LittleEndian.Uint16(s[1:])), s[3:]
	case s[0] == opPushData4:
		size, s = int(binary.LittleEndian.Uint32(s[1:])), s[5:]
	}
	return s[:size]
}

// Signature tells whether a block is signed as it must be: not at all for proof of work,
// by the staker's key for proof of stake, in either form (validation.cpp:
// CheckBlockSignature).
func Signature(b *wire.Block) bool {
	sig := b.Header.BlockSig()
	if !b.IsProofOfStake() {
		return len(sig) == 0
	}
	key, ok := StakerKey(b)
	if !ok {
		return false
	}
	hash := b.Header.HashWithoutSig()
	if len(sig) == wire.CompactSigSize {
		if signer, ok := RecoverCompact(hash, sig); ok && bytes.Equal(signer, key) {
			return true
		}
	}
	return VerifyDER(hash, sig, key)
}
