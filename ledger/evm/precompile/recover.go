package precompile

import (
	"crypto/sha256"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"

	//lint:ignore SA1019 a consensus rule names this hash
	"golang.org/x/crypto/ripemd160"
	"golang.org/x/crypto/sha3"
)

// ecrecover takes hash, v, r, s (32 bytes each, zero padded) and gives the Ethereum
// address of the signer in 32 bytes, or nothing where there is none. It never fails.
var ecrecover = Contract{Name: "ecrecover", Gas: constant(3000),
	Run: func(dst, input []byte) ([]byte, error) {
		var in [128]byte
		padded(in[:], input, 0)
		v, ok := smallV(&in)
		if !ok || v != 27 && v != 28 {
			return dst, nil
		}
		key, _, err := recoverCompact(&in, v)
		if err != nil {
			return dst, nil
		}
		h := sha3.NewLegacyKeccak256()
		h.Write(key.SerializeUncompressed()[1:])
		var sum [32]byte
		h.Sum(sum[:0])
		clear(sum[:12])
		return append(dst, sum[:]...), nil
	}}

// btcRecover takes hash, v, r, s as ecrecover does, v being the first byte of a compact
// Bitcoin signature of which only the low three bits of v-27 count (pubkey.cpp:
// RecoverCompact), and gives the hash160 of the key in 32 bytes, or nothing
// (Qtum Core 27.1 qtumutils.cpp: btc_ecrecover). It never fails.
var btcRecover = Contract{Name: "btc_ecrecover", Gas: constant(3000),
	Run: func(dst, input []byte) ([]byte, error) {
		var in [128]byte
		padded(in[:], input, 0)
		v, ok := smallV(&in)
		if !ok {
			return dst, nil
		}
		key, compressed, err := recoverCompact(&in, 27+(v-27)&7)
		if err != nil {
			return dst, nil
		}
		var sum [32]byte
		if compressed {
			sum = sha256.Sum256(key.SerializeCompressed())
		} else {
			sum = sha256.Sum256(key.SerializeUncompressed())
		}
		h := ripemd160.New()
		h.Write(sum[:])
		dst = append(dst, make([]byte, 12)...)
		return h.Sum(dst), nil
	}}

// smallV gives the second word of in, and whether it fits a byte.
func smallV(in *[128]byte) (byte, bool) {
	for _, b := range in[32:63] {
		if b != 0 {
			return 0, false
		}
	}
	return in[63], true
}

// recoverCompact recovers the key from in's hash, r and s with a header byte of 27 to 34,
// and tells whether the header asks for its compressed form.
func recoverCompact(in *[128]byte, header byte) (key *btcec.PublicKey, compressed bool, err error) {
	var sig [65]byte
	sig[0] = header
	copy(sig[1:], in[64:])
	return ecdsa.RecoverCompact(sig[:], in[:32])
}
