package check

import (
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/chainhash/v2"

	"spacechain/ledger/wire"
)

// CanonicalSignature tells whether the signature field of a header is in one of its
// allowed forms: empty for proof of work; for proof of stake a compact signature, with or
// without a proof of delegation behind it, or a strict DER signature with a low S
// (validation.cpp: CheckCanonicalBlockSignature).
func CanonicalSignature(h *wire.Header) bool {
	if !h.IsProofOfStake() {
		return len(h.Sig) == 0
	}
	if len(h.BlockSig()) == wire.CompactSigSize {
		return true
	}
	return strictDER(h.Sig) && lowS(h.Sig)
}

// strictDER tells whether sig is a signature by BIP66, without the byte for the hash type
// that is behind one in a script (script/interpreter.cpp: IsValidSignatureEncoding).
func strictDER(sig []byte) bool {
	// 0x30 [size] 0x02 [size of R] [R] 0x02 [size of S] [S]
	if len(sig) < 9 || len(sig) > 73 || sig[0] != 0x30 || int(sig[1]) != len(sig)-2 {
		return false
	}
	r, s, ok := derNumbers(sig)
	return ok && minimalPositive(r) && minimalPositive(s)
}

// derNumbers gives the two numbers of a signature whose outer frame is right.
func derNumbers(sig []byte) (r, s []byte, ok bool) {
	sizeR := int(sig[3])
	if 5+sizeR >= len(sig) {
		return nil, nil, false
	}
	sizeS := int(sig[5+sizeR])
	if sizeR+sizeS+6 != len(sig) || sig[2] != 0x02 || sig[4+sizeR] != 0x02 {
		return nil, nil, false
	}
	return sig[4 : 4+sizeR], sig[6+sizeR:], true
}

func minimalPositive(n []byte) bool {
	return len(n) > 0 && n[0]&0x80 == 0 && (len(n) == 1 || n[0] != 0 || n[1]&0x80 != 0)
}

// lowS tells whether the S of a signature is in the lower half. A number that does not fit
// the group counts as zero, as in libsecp256k1's lax parser (pubkey.cpp: CheckLowS).
func lowS(sig []byte) bool {
	_, s, ok := laxDER(sig)
	return ok && !s.IsOverHalfOrder()
}

// laxDER reads a DER signature with the liberties that old blocks took: negative or padded
// numbers, long forms of lengths, bytes behind the end. Numbers that do not fit the group
// make a signature of zeros, which never verifies, not an error
// (pubkey.cpp: ecdsa_signature_parse_der_lax).
func laxDER(sig []byte) (r, s btcec.ModNScalar, ok bool) {
	if len(sig) < 2 || sig[0] != 0x30 {
		return r, s, false
	}
	n := int(sig[1])
	b := sig[2:]
	if n&0x80 != 0 {
		// The length's own bytes are skipped: the frame's length is not looked at.
		if n -= 0x80; n > len(b) {
			return r, s, false
		}
		b = b[n:]
	}
	rb, b, ok := laxNumber(b)
	if !ok {
		return r, s, false
	}
	sb, _, ok := laxNumber(b)
	if !ok {
		return r, s, false
	}
	if !setScalar(&r, rb) || !setScalar(&s, sb) {
		r.Zero()
		s.Zero()
	}
	return r, s, true
}

func laxNumber(b []byte) (number, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != 0x02 {
		return nil, nil, false
	}
	n := int(b[1])
	b = b[2:]
	if n&0x80 != 0 {
		size := n - 0x80
		if size > len(b) {
			return nil, nil, false
		}
		for size > 0 && b[0] == 0 {
			b = b[1:]
			size--
		}
		if size >= 4 {
			return nil, nil, false
		}
		n = 0
		for ; size > 0; size-- {
			n = n<<8 | int(b[0])
			b = b[1:]
		}
	}
	if n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

// setScalar sets s to a big-endian number, false where that is not below the group's order.
func setScalar(s *btcec.ModNScalar, b []byte) bool {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) > 32 {
		return false
	}
	return !s.SetByteSlice(b)
}

// RecoverCompact gives the key that made a compact signature of hash, in the form,
// compressed or not, that the signature names; false where no key can have made it
// (pubkey.cpp: RecoverCompact). Of the first byte only the three low bits of its distance
// to 27 count.
func RecoverCompact(hash chainhash.Hash, sig []byte) (key []byte, ok bool) {
	if len(sig) != wire.CompactSigSize {
		return nil, false
	}
	var b [wire.CompactSigSize]byte
	copy(b[:], sig)
	b[0] = 27 + (b[0]-27)&7
	pub, compressed, err := ecdsa.RecoverCompact(b[:], hash[:])
	if err != nil {
		return nil, false
	}
	if compressed {
		return pub.SerializeCompressed(), true
	}
	return pub.SerializeUncompressed(), true
}

// RecoverDER gives the key that made a DER signature of hash, under the guess recovery,
// 0 to 3, at what the signature leaves open (pubkey.cpp: RecoverLaxDER).
func RecoverDER(hash chainhash.Hash, sig []byte, recovery byte, compressed bool) (key []byte, ok bool) {
	r, s, ok := laxDER(sig)
	if !ok {
		return nil, false
	}
	var b [wire.CompactSigSize]byte
	b[0] = 27 + recovery
	if compressed {
		b[0] += 4
	}
	r.PutBytesUnchecked(b[1:33])
	s.PutBytesUnchecked(b[33:])
	return RecoverCompact(hash, b[:])
}

// VerifyDER tells whether sig, read laxly and with any S, signs hash with key
// (pubkey.cpp: CPubKey::Verify).
func VerifyDER(hash chainhash.Hash, sig, key []byte) bool {
	pub, err := btcec.ParsePubKey(key)
	if err != nil {
		return false
	}
	r, s, ok := laxDER(sig)
	if !ok {
		return false
	}
	return ecdsa.NewSignature(&r, &s).Verify(hash[:], pub)
}
