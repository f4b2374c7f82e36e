package precompile

import (
	"crypto/sha256"

	//lint:ignore SA1019 a consensus rule names this hash
	"golang.org/x/crypto/ripemd160"
)

var sha256Contract = Contract{Name: "sha256", Gas: linear(60, 12),
	Run: func(dst, input []byte) ([]byte, error) {
		h := sha256.Sum256(input)
		return append(dst, h[:]...), nil
	}}

// ripemd160Contract gives the 20-byte hash right-aligned in 32 bytes.
var ripemd160Contract = Contract{Name: "ripemd160", Gas: linear(600, 120),
	Run: func(dst, input []byte) ([]byte, error) {
		h := ripemd160.New()
		h.Write(input)
		dst = append(dst, make([]byte, 12)...)
		return h.Sum(dst), nil
	}}

var identity = Contract{Name: "identity", Gas: linear(15, 3),
	Run: func(dst, input []byte) ([]byte, error) { return append(dst, input...), nil }}
