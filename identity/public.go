package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"

	"filippo.io/mldsa"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"

	"spacechain/internal/cbor"
)

// Sizes of keys and signatures in bytes.
const (
	MLDSA65KeySize         = 1952
	MLDSA65SignatureSize   = 3309
	Secp256k1SignatureSize = 65
)

// Public is an identity's public side: what others verify by.
type Public struct {
	Ed25519   [32]byte
	MLDSA65   []byte   // MLDSA65KeySize bytes
	Secp256k1 [33]byte // compressed point
}

// ID is the short name of an identity: the first 20 bytes of the SHA-256 of its
// encoded public keys.
type ID [20]byte

// idPrefix begins the text form of every ID.
const idPrefix = "spc1"

// checkSize is how many bytes of checksum the text form carries.
const checkSize = 5

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// ID gives the identity's short name.
func (p Public) ID() ID {
	sum := sha256.Sum256(p.Encode())
	return ID(sum[:20])
}

// String gives the text form: "spc1" and 40 letters and digits, of which the last
// eight are a checksum.
func (id ID) String() string {
	return idPrefix + idEncoding.EncodeToString(append(id[:], checksum(id)...))
}

func checksum(id ID) []byte {
	sum := sha256.Sum256(append([]byte(idPrefix), id[:]...))
	return sum[:checkSize]
}

// ParseID reads the text form of an ID. A mistyped one is an error.
func ParseID(s string) (ID, error) {
	rest, ok := strings.CutPrefix(s, idPrefix)
	b, err := idEncoding.DecodeString(rest)
	if !ok || err != nil || len(b) != len(ID{})+checkSize {
		return ID{}, fmt.Errorf("identity %q: want %s and 40 letters and digits", s, idPrefix)
	}
	id := ID(b[:20])
	if !bytes.Equal(checksum(id), b[20:]) {
		return ID{}, fmt.Errorf("identity %q: the checksum is wrong; was it mistyped?", s)
	}
	return id, nil
}

// MarshalText gives String's form, so that an ID stands as text in JSON and YAML.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(b []byte) error {
	parsed, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// Encode gives the deterministic CBOR form: an array of the three keys.
func (p Public) Encode() []byte {
	b := cbor.AppendArray(nil, 3)
	b = cbor.AppendBytes(b, p.Ed25519[:])
	b = cbor.AppendBytes(b, p.MLDSA65)
	return cbor.AppendBytes(b, p.Secp256k1[:])
}

// ErrPublic is what DecodePublic's errors wrap.
var ErrPublic = errors.New("public identity")

// DecodePublic reads what Encode wrote, and nothing else.
func DecodePublic(b []byte) (Public, error) {
	d := cbor.NewDecoder(b)
	n, err := d.Array()
	if err == nil && n != 3 {
		err = fmt.Errorf("%d keys, want 3", n)
	}
	var keys [3][]byte
	for i, size := range []int{ed25519.PublicKeySize, MLDSA65KeySize, 33} {
		if err != nil {
			break
		}
		if keys[i], err = d.Bytes(); err == nil && len(keys[i]) != size {
			err = fmt.Errorf("key %d has %d bytes, want %d", i, len(keys[i]), size)
		}
	}
	if err == nil {
		err = d.Done()
	}
	if err != nil {
		return Public{}, fmt.Errorf("%w: %w", ErrPublic, err)
	}
	p := Public{Ed25519: [32]byte(keys[0]), MLDSA65: bytes.Clone(keys[1]), Secp256k1: [33]byte(keys[2])}
	return p, nil
}

// VerifyEd25519 reports whether sig is this identity's Ed25519 signature of msg.
func (p Public) VerifyEd25519(msg, sig []byte) bool { return VerifyEd25519(p.Ed25519, msg, sig) }

// VerifyEd25519 reports whether sig is the signature of msg by the key pub.
func VerifyEd25519(pub [32]byte, msg, sig []byte) bool {
	return len(sig) == ed25519.SignatureSize && ed25519.Verify(pub[:], msg, sig)
}

// VerifyMLDSA65 reports whether sig is this identity's ML-DSA-65 signature of msg.
func (p Public) VerifyMLDSA65(msg, sig []byte) bool {
	if len(sig) != MLDSA65SignatureSize {
		return false
	}
	pk, err := mldsa.NewPublicKey(mldsa.MLDSA65(), p.MLDSA65)
	return err == nil && mldsa.Verify(pk, msg, sig, &mldsa.Options{}) == nil
}

// VerifySecp256k1 reports whether sig, as SignSecp256k1 gives it, is this
// identity's signature of digest.
func (p Public) VerifySecp256k1(digest [32]byte, sig []byte) bool {
	return VerifySecp256k1(p.Secp256k1, digest, sig)
}

// VerifySecp256k1 reports whether sig recovers to the compressed public key pub.
func VerifySecp256k1(pub [33]byte, digest [32]byte, sig []byte) bool {
	if len(sig) != Secp256k1SignatureSize || sig[64] > 1 {
		return false
	}
	compact := append([]byte{sig[64] + 31}, sig[:64]...)
	got, _, err := ecdsa.RecoverCompact(compact, digest[:])
	return err == nil && subtle.ConstantTimeCompare(got.SerializeCompressed(), pub[:]) == 1
}
