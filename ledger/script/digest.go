package script

import (
	"crypto/sha1"
	"crypto/sha256"

	//lint:ignore SA1019 addresses and opcodes are made of it
	"golang.org/x/crypto/ripemd160"
)

// Hash160 is ripemd160 of sha256.
func Hash160(b []byte) (hash [20]byte) {
	first := sha256.Sum256(b)
	h := ripemd160.New()
	h.Write(first[:])
	h.Sum(hash[:0])
	return hash
}

// digest does one of the opcodes that hash a value.
func digest(op byte, v []byte) []byte {
	switch op {
	case opRipemd160:
		h := ripemd160.New()
		h.Write(v)
		return h.Sum(nil)
	case opSHA1:
		h := sha1.Sum(v)
		return h[:]
	case opSHA256:
		h := sha256.Sum256(v)
		return h[:]
	case opHash160:
		h := Hash160(v)
		return h[:]
	}
	first := sha256.Sum256(v)
	second := sha256.Sum256(first[:])
	return second[:]
}
