package sdls

import (
	"crypto/cipher"
	"crypto/subtle"
)

// cmac is AES-CMAC (NIST SP 800-38B, RFC 4493).
type cmac struct {
	block  cipher.Block
	k1, k2 [16]byte
}

func newCMAC(b cipher.Block) *cmac {
	m := &cmac{block: b}
	b.Encrypt(m.k1[:], m.k1[:])
	double(&m.k1)
	m.k2 = m.k1
	double(&m.k2)
	return m
}

// double multiplies by x in GF(2^128) without a branch on the key's bits.
func double(k *[16]byte) {
	var carry byte
	for i := len(k) - 1; i >= 0; i-- {
		next := k[i] >> 7
		k[i] = k[i]<<1 | carry
		carry = next
	}
	k[15] ^= 0x87 & -carry
}

// sum appends the 16 octets of the code of msg to dst.
func (m *cmac) sum(dst, msg []byte) []byte {
	var x [16]byte
	for len(msg) > 16 {
		subtle.XORBytes(x[:], x[:], msg[:16])
		m.block.Encrypt(x[:], x[:])
		msg = msg[16:]
	}
	k := m.k1
	var last [16]byte
	if n := copy(last[:], msg); n < 16 {
		last[n] = 0x80
		k = m.k2
	}
	subtle.XORBytes(x[:], x[:], last[:])
	subtle.XORBytes(x[:], x[:], k[:])
	m.block.Encrypt(x[:], x[:])
	return append(dst, x[:]...)
}
