package script

import (
	"bytes"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chainhash/v2"
)

// isUsualPubKey tells whether key is compressed or uncompressed, and no hybrid.
func isUsualPubKey(key []byte) bool {
	return len(key) > 0 && key[0] != 6 && key[0] != 7 && isPubKey(key)
}

// isDER tells whether sig, with the hash type at its end if hashType is set, is encoded
// strictly (BIP66; script/interpreter.cpp: IsValidSignatureEncoding).
func isDER(sig []byte, hashType bool) bool {
	tail := 0
	if hashType {
		tail = 1
	}
	if len(sig) < 9 || len(sig) > 73 || sig[0] != 0x30 || int(sig[1]) != len(sig)-2-tail {
		return false
	}
	lenR := int(sig[3])
	if 5+lenR >= len(sig) {
		return false
	}
	lenS := int(sig[5+lenR])
	if lenR+lenS+6+tail != len(sig) {
		return false
	}
	integer := func(tag byte, v []byte) bool {
		return tag == 2 && len(v) > 0 && v[0]&0x80 == 0 && (len(v) == 1 || v[0] != 0 || v[1]&0x80 != 0)
	}
	return integer(sig[2], sig[4:4+lenR]) && integer(sig[4+lenR], sig[6+lenR:6+lenR+lenS])
}

// IsLowDER tells whether sig, without a hash type, is strictly encoded and has the lower
// of the two S that would do (script/interpreter.cpp: IsLowDERSignature).
func IsLowDER(sig []byte) bool {
	if !isDER(sig, false) {
		return false
	}
	_, s, ok := ParseDERLax(sig)
	return ok && !s.IsOverHalfOrder()
}

// checkSigEncoding is script/interpreter.cpp: CheckSignatureEncoding.
func checkSigEncoding(sig []byte, flags Flags) Error {
	if len(sig) == 0 {
		return ErrOK
	}
	body, hashType := sig[:len(sig)-1], sig[len(sig)-1]&^SigHashAnyOneCanPay
	if flags&(VerifyDERSig|VerifyLowS|VerifyStrictEnc) != 0 && !isDER(sig, true) {
		return ErrSigDER
	}
	if flags&VerifyLowS != 0 {
		if _, s, ok := ParseDERLax(body); !ok || s.IsOverHalfOrder() {
			return ErrSigHighS
		}
	}
	if flags&VerifyStrictEnc != 0 && (hashType < SigHashAll || hashType > SigHashSingle) {
		return ErrSigHashType
	}
	return ErrOK
}

// checkPubKeyEncoding is script/interpreter.cpp: CheckPubKeyEncoding.
func checkPubKeyEncoding(key []byte, flags Flags, version sigVersion) Error {
	if flags&VerifyStrictEnc != 0 && !isUsualPubKey(key) {
		return ErrPubKeyType
	}
	if flags&VerifyWitnessPubKeyType != 0 && version == versionWitness &&
		!(len(key) == 33 && (key[0] == 2 || key[0] == 3)) {
		return ErrWitnessPubKeyType
	}
	return ErrOK
}

// ParseDERLax reads an ECDSA signature as loosely as Bitcoin did before BIP66: lengths may
// be padded or wrong, and a number that is too large makes both zero
// (pubkey.cpp: ecdsa_signature_parse_der_lax).
func ParseDERLax(sig []byte) (r, s *btcec.ModNScalar, ok bool) {
	r, s = new(btcec.ModNScalar), new(btcec.ModNScalar)
	if len(sig) < 2 || sig[0] != 0x30 {
		return r, s, false
	}
	length, rest := sig[1], sig[2:]
	if length&0x80 != 0 {
		// How long the length is, is looked at; what it says is not.
		skip := int(length & 0x7f)
		if skip > len(rest) {
			return r, s, false
		}
		rest = rest[skip:]
	}
	rBytes, rest, ok := laxInteger(rest)
	if !ok {
		return r, s, false
	}
	sBytes, _, ok := laxInteger(rest)
	if !ok {
		return r, s, false
	}
	if len(rBytes) > 32 || len(sBytes) > 32 || r.SetByteSlice(rBytes) || s.SetByteSlice(sBytes) {
		r.Zero()
		s.Zero()
	}
	return r, s, true
}

// laxInteger takes an integer, without the zeros that it begins with.
func laxInteger(b []byte) (v, rest []byte, ok bool) {
	if len(b) < 2 || b[0] != 2 {
		return nil, nil, false
	}
	size, b := int(b[1]), b[2:]
	if size&0x80 != 0 {
		width := size & 0x7f
		if width > len(b) {
			return nil, nil, false
		}
		digits := bytes.TrimLeft(b[:width], "\x00")
		b = b[width:]
		if len(digits) >= 4 {
			return nil, nil, false
		}
		size = 0
		for _, d := range digits {
			size = size<<8 | int(d)
		}
	}
	if size > len(b) {
		return nil, nil, false
	}
	return bytes.TrimLeft(b[:size], "\x00"), b[size:], true
}

// VerifyECDSA tells whether sig, in any loose DER and without a hash type, is key's
// signature of hash (pubkey.cpp: CPubKey::Verify).
func VerifyECDSA(key, sig []byte, hash *chainhash.Hash) bool {
	if !isPubKey(key) {
		return false
	}
	point, err := btcec.ParsePubKey(key)
	if err != nil {
		return false
	}
	r, s, ok := ParseDERLax(sig)
	return ok && ecdsa.NewSignature(r, s).Verify(hash[:], point)
}

// verifySchnorr tells whether sig of 64 bytes is key's signature of hash (BIP340).
func verifySchnorr(key, sig []byte, hash *chainhash.Hash) bool {
	point, err := schnorr.ParsePubKey(key)
	if err != nil {
		return false
	}
	signature, err := schnorr.ParseSignature(sig)
	return err == nil && signature.Verify(hash[:], point)
}

// findAndDelete removes every element of script that is the shortest push of sig, and
// tells how many there were (script/interpreter.cpp: FindAndDelete).
func findAndDelete(script, sig []byte) ([]byte, int) {
	push := AppendPush(nil, sig)
	if !bytes.Contains(script, push) {
		return script, 0
	}
	found := 0
	var kept []byte
	rest := script
	from := script // what is not yet kept begins here
	for {
		kept = append(kept, from[:len(from)-len(rest)]...)
		for bytes.HasPrefix(rest, push) {
			rest = rest[len(push):]
			found++
		}
		from = rest
		_, _, more, ok := next(rest)
		if !ok {
			break
		}
		rest = more
	}
	if found == 0 {
		return script, 0
	}
	return append(kept, from...), found
}
