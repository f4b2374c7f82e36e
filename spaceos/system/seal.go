package system

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"spacechain/spaceos/sandbox"
)

// sealer encrypts with the tenant's own key: AES-256-GCM. Nonces are made from the
// plaintext, the activation and a count with HMAC-SHA256, so that even an activation
// that a power cut made run twice cannot use one nonce for two texts.
type sealer struct {
	aead  cipher.AEAD
	nonce [32]byte // the key of the nonces
	count uint64
}

func (h *host) tenantSealer() *sealer {
	if h.sealer != nil {
		return h.sealer
	}
	secret := h.sys.key.Derive(fmt.Sprintf("tenant/%d/seal", h.tenant))
	block, err := aes.NewCipher(secret[:])
	if err != nil { // only for other key lengths
		panic("system: " + err.Error())
	}
	aead, err := cipher.NewGCM(block)
	if err != nil { // only for other block sizes
		panic("system: " + err.Error())
	}
	h.sealer = &sealer{aead: aead, nonce: h.sys.key.Derive(fmt.Sprintf("tenant/%d/nonce", h.tenant))}
	return h.sealer
}

// Seal encrypts and authenticates; the result is 28 bytes longer.
func (h *host) Seal(plain []byte) ([]byte, sandbox.Errno) {
	s := h.tenantSealer()
	mac := hmac.New(sha256.New, s.nonce[:])
	var head [16]byte
	binary.BigEndian.PutUint64(head[:], h.activation)
	binary.BigEndian.PutUint64(head[8:], s.count)
	s.count++
	mac.Write(head[:])
	mac.Write(plain)
	nonce := mac.Sum(nil)[:s.aead.NonceSize()]
	return s.aead.Seal(nonce, nonce, plain, nil), sandbox.OK
}

// OpenSealed gives what Seal was given.
func (h *host) OpenSealed(sealed []byte) ([]byte, sandbox.Errno) {
	s := h.tenantSealer()
	n := s.aead.NonceSize()
	if len(sealed) < n+s.aead.Overhead() {
		return nil, sandbox.EBadAuth
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], nil)
	if err != nil {
		return nil, sandbox.EBadAuth
	}
	return plain, sandbox.OK
}
