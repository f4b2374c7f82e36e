// Package cose reads and writes the signed messages of CBOR Object Signing and
// Encryption (RFC 9052): COSE_Sign with any number of signers (§4.1) and
// COSE_Sign1 with one (§4.2), as packages and owners' commands need them.
//
// It is strict: tags are required, maps must be deterministic, protected headers
// hold what a signature covers, and unprotected headers are kept as they came but
// never looked into. Signatures are made and checked by the caller, over the bytes
// that TBS gives; the package knows no keys.
package cose

import (
	"errors"
	"fmt"

	"spacechain/internal/cbor"
)

// Algorithm is a number of the IANA COSE Algorithms registry.
type Algorithm int64

// The algorithms of the project.
const (
	EdDSA   Algorithm = -8  // RFC 9053 §2.2; the key decides the curve: Ed25519 here
	MLDSA65 Algorithm = -49 // draft-ietf-cose-dilithium
)

// String gives the registry's name.
func (a Algorithm) String() string {
	switch a {
	case EdDSA:
		return "EdDSA"
	case MLDSA65:
		return "ML-DSA-65"
	}
	return fmt.Sprintf("algorithm %d", int64(a))
}

// The CBOR tags of RFC 9052 §2.
const (
	tagSign  = 98
	tagSign1 = 18
)

// Labels of header parameters (RFC 9052 §3.1).
const (
	labelAlg         = 1
	labelContentType = 3
	labelKeyID       = 4
)

// maxSigners bounds the signatures of one COSE_Sign.
const maxSigners = 16

// ErrForm is what every decoding error wraps.
var ErrForm = errors.New("cose")

// Header is a protected header. Zero fields are left out.
type Header struct {
	Alg         Algorithm
	ContentType string // a media type
	// ContentFormat is the number of a CoAP content format, the other form of a
	// content type. -1 stands for the format 0, which is a number too.
	ContentFormat int64
	KeyID         []byte
}

// Encode gives the bytes that are signed: an empty string for an empty header, a
// map otherwise (RFC 9052 §3).
func (h Header) Encode() []byte {
	n := 0
	var body []byte
	if h.Alg != 0 {
		body = cbor.AppendInt(cbor.AppendUint(body, labelAlg), int64(h.Alg))
		n++
	}
	if h.ContentType != "" {
		body = cbor.AppendText(cbor.AppendUint(body, labelContentType), h.ContentType)
		n++
	} else if h.ContentFormat != 0 {
		body = cbor.AppendUint(cbor.AppendUint(body, labelContentType), uint64(max(h.ContentFormat, 0)))
		n++
	}
	if len(h.KeyID) > 0 {
		body = cbor.AppendBytes(cbor.AppendUint(body, labelKeyID), h.KeyID)
		n++
	}
	if n == 0 {
		return nil
	}
	return append(cbor.AppendMap(nil, n), body...)
}

// decodeHeader reads a protected header. Parameters that it does not know are an
// error: what is signed is understood.
func decodeHeader(b []byte) (Header, error) {
	var h Header
	if len(b) == 0 {
		return h, nil
	}
	d := cbor.NewDecoder(b)
	n, err := d.Map()
	if err != nil {
		return h, err
	}
	if n == 0 {
		return h, errors.New("an empty protected header is an empty byte string")
	}
	var last int64
	for range n {
		label, err := d.Int()
		if err != nil {
			return h, err
		}
		if label <= last {
			return h, fmt.Errorf("header label %d does not rise above %d", label, last)
		}
		last = label
		switch label {
		case labelAlg:
			var a int64
			a, err = d.Int()
			h.Alg = Algorithm(a)
			if err == nil && a == 0 {
				err = errors.New("algorithm 0 is reserved")
			}
		case labelContentType:
			if m, _ := d.Peek(); m == cbor.MajorText {
				h.ContentType, err = d.Text()
				if err == nil && h.ContentType == "" {
					err = errors.New("empty content type")
				}
				break
			}
			var f uint64
			f, err = d.Uint()
			if err == nil && f > 65535 {
				err = errors.New("content format out of range")
			}
			if h.ContentFormat = int64(f); f == 0 {
				h.ContentFormat = -1
			}
		case labelKeyID:
			h.KeyID, err = d.Bytes()
			if err == nil && len(h.KeyID) == 0 {
				err = errors.New("empty key id")
			}
		default:
			err = fmt.Errorf("protected header %d is not known", label)
		}
		if err != nil {
			return h, err
		}
	}
	return h, d.Done()
}

// emptyMap is the encoding of an unprotected header without parameters.
var emptyMap = cbor.AppendMap(nil, 0)

// rawMap reads a whole map and gives its bytes, nil for the empty one.
func rawMap(d *cbor.Decoder, in []byte) ([]byte, error) {
	if m, err := d.Peek(); err != nil {
		return nil, err
	} else if m != cbor.MajorMap {
		return nil, &cbor.Error{Offset: d.Offset(), Msg: "expected a map of unprotected headers"}
	}
	start := d.Offset()
	if err := d.Skip(); err != nil {
		return nil, err
	}
	raw := in[start:d.Offset()]
	if len(raw) == len(emptyMap) {
		return nil, nil
	}
	return raw, nil
}

func appendRawMap(dst, raw []byte) []byte {
	if len(raw) == 0 {
		raw = emptyMap
	}
	return append(dst, raw...)
}

func form(what string, err error) error { return fmt.Errorf("%w: %s: %w", ErrForm, what, err) }
