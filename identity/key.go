// Package identity gives the keys that publishers, owners and nodes are known by.
//
// One 32-byte seed is one identity. Three key pairs are derived from it: Ed25519
// (RFC 8032) for everyday signatures, ML-DSA-65 (FIPS 204) beside it where a
// signature must still hold against a quantum computer, and secp256k1 for what a
// contract on the ledger checks. All signatures are deterministic, so that a
// simulated history repeats byte for byte.
package identity

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync"

	"filippo.io/mldsa"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
)

// SeedSize is the length of the secret that an identity grows from, in bytes.
const SeedSize = 32

// Key is an identity's secret side. It is safe for concurrent use.
type Key struct {
	seed    [SeedSize]byte
	ed      ed25519.PrivateKey
	secp    *btcec.PrivateKey
	mldsa   func() *mldsa.PrivateKey // derived when first used: it costs far more than the others
	public  func() Public
	secpPub [33]byte
}

// Generate makes a new identity from the machine's secure random source.
func Generate() (*Key, error) {
	var seed [SeedSize]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return FromSeed(seed), nil
}

// FromSeed gives the identity that a seed stands for, always the same one.
func FromSeed(seed [SeedSize]byte) *Key {
	k := &Key{seed: seed}
	edSeed := k.Derive("ed25519")
	k.ed = ed25519.NewKeyFromSeed(edSeed[:])
	k.secp = secpKey(k)
	copy(k.secpPub[:], k.secp.PubKey().SerializeCompressed())
	k.mldsa = sync.OnceValue(func() *mldsa.PrivateKey {
		s := k.Derive("ml-dsa-65")
		sk, err := mldsa.NewPrivateKey(mldsa.MLDSA65(), s[:])
		if err != nil { // a seed of the right length always gives a key
			panic("identity: ML-DSA-65: " + err.Error())
		}
		return sk
	})
	k.public = sync.OnceValue(func() Public {
		p := Public{MLDSA65: k.mldsa().PublicKey().Bytes(), Secp256k1: k.secpPub}
		copy(p.Ed25519[:], k.ed.Public().(ed25519.PublicKey))
		return p
	})
	return k
}

// secpKey takes the first derived secret that is a valid scalar; that the first
// is not has a chance of 2^-128.
func secpKey(k *Key) *btcec.PrivateKey {
	for i := 0; ; i++ {
		s := k.Derive(fmt.Sprintf("secp256k1/%d", i))
		var scalar btcec.ModNScalar
		if overflow := scalar.SetBytes(&s); overflow == 0 && !scalar.IsZero() {
			return btcec.PrivKeyFromScalar(&scalar)
		}
	}
}

// Derive gives a 32-byte secret of this identity for one purpose (HKDF-SHA256,
// RFC 5869). Different labels give unrelated secrets.
func (k *Key) Derive(label string) [32]byte {
	b, err := hkdf.Key(sha256.New, k.seed[:], nil, "spacechain/v1/"+label, 32)
	if err != nil { // only for output lengths beyond 255 hashes
		panic("identity: derive: " + err.Error())
	}
	return [32]byte(b)
}

// Seed gives the secret itself, for export.
func (k *Key) Seed() [SeedSize]byte { return k.seed }

// Public gives the identity's public side.
func (k *Key) Public() Public { return k.public() }

// SignEd25519 signs a message; the signature has 64 bytes.
func (k *Key) SignEd25519(msg []byte) []byte { return ed25519.Sign(k.ed, msg) }

// Ed25519 is the public key that SignEd25519's signatures verify under. Unlike
// Public it does not derive the ML-DSA key.
func (k *Key) Ed25519() (pub [32]byte) {
	copy(pub[:], k.ed.Public().(ed25519.PublicKey))
	return pub
}

// Secp256k1 is the compressed public key that SignSecp256k1's signatures verify under.
func (k *Key) Secp256k1() [33]byte { return k.secpPub }

// SignMLDSA65 signs a message with ML-DSA-65, deterministically; the signature
// has 3,309 bytes.
func (k *Key) SignMLDSA65(msg []byte) []byte {
	sig, err := k.mldsa().SignDeterministic(msg, &mldsa.Options{})
	if err != nil { // only for options that it does not know
		panic("identity: ML-DSA-65: " + err.Error())
	}
	return sig
}

// SignSecp256k1 signs a 32-byte digest (ECDSA, RFC 6979, low s). The signature is
// r, s and the recovery id 0 or 1: 65 bytes in the order that the EVM's ecrecover
// takes, whose v is the recovery id plus 27.
func (k *Key) SignSecp256k1(digest [32]byte) []byte {
	compact := ecdsa.SignCompact(k.secp, digest[:], true) // 27+4+id, r, s
	return append(compact[1:65:65], compact[0]-31)
}
