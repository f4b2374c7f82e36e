package chaintest

import (
	"crypto/sha256"
	"fmt"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"

	//lint:ignore SA1019 addresses are made of it
	"golang.org/x/crypto/ripemd160"
)

// Key is a key pair that the builder signs with. Its public key is compressed.
type Key struct {
	Name    string
	Private *btcec.PrivateKey
	Public  []byte   // 33 bytes
	Hash    [20]byte // HASH160 of Public: the address, also in the EVM
}

// NewKey derives the key of a name from a seed; the same two always give the same key.
func NewKey(seed uint64, name string) *Key {
	secret := sha256.Sum256(fmt.Appendf(nil, "chaintest %d %s", seed, name))
	return keyOf(name, secret[:])
}

func keyOf(name string, secret []byte) *Key {
	private, public := btcec.PrivKeyFromBytes(secret)
	k := &Key{Name: name, Private: private, Public: public.SerializeCompressed()}
	k.Hash = Hash160(k.Public)
	return k
}

// SignCompact signs a hash in the 65-byte form from which the public key is recovered.
func (k *Key) SignCompact(hash []byte) []byte { return ecdsa.SignCompact(k.Private, hash, true) }

// SignDER signs a hash in DER, low S.
func (k *Key) SignDER(hash []byte) []byte { return ecdsa.Sign(k.Private, hash).Serialize() }

// Hash160 is RIPEMD-160 of SHA-256.
func Hash160(b []byte) (h [20]byte) {
	sum := sha256.Sum256(b)
	return ripemd(sum[:])
}

// doubleHash is SHA-256 twice.
func doubleHash(b []byte) [32]byte {
	first := sha256.Sum256(b)
	return sha256.Sum256(first[:])
}

func ripemd(b []byte) (h [20]byte) {
	r := ripemd160.New()
	r.Write(b)
	r.Sum(h[:0])
	return h
}
