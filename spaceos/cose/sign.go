package cose

import (
	"fmt"

	"spacechain/internal/cbor"
)

// Sign is a COSE_Sign message: one payload, signatures by any number of signers.
type Sign struct {
	Protected   Header
	Unprotected []byte // encoded map as it came; nil for the empty map
	// Payload is nil when it is detached, that is, carried elsewhere.
	Payload    []byte
	Signatures []Signature
}

// Signature is one signer's part of a COSE_Sign message.
type Signature struct {
	Protected   Header
	Unprotected []byte // encoded map as it came; nil for the empty map
	Signature   []byte
}

// TBS gives the bytes that the signer with header signer signs: the Sig_structure
// of RFC 9052 §4.4 with the context "Signature". external is data that both sides
// know and that is signed though not sent; nil for none. payload stands for a
// detached payload and is ignored otherwise.
func (s *Sign) TBS(signer Header, external, payload []byte) []byte {
	if s.Payload != nil {
		payload = s.Payload
	}
	b := cbor.AppendText(cbor.AppendArray(nil, 5), "Signature")
	b = cbor.AppendBytes(b, s.Protected.Encode())
	b = cbor.AppendBytes(b, signer.Encode())
	b = cbor.AppendBytes(b, external)
	return cbor.AppendBytes(b, payload)
}

// Encode gives the tagged message.
func (s *Sign) Encode() []byte {
	b := cbor.AppendArray(cbor.AppendTag(nil, tagSign), 4)
	b = cbor.AppendBytes(b, s.Protected.Encode())
	b = appendRawMap(b, s.Unprotected)
	b = appendPayload(b, s.Payload)
	b = cbor.AppendArray(b, len(s.Signatures))
	for _, g := range s.Signatures {
		b = cbor.AppendBytes(cbor.AppendArray(b, 3), g.Protected.Encode())
		b = appendRawMap(b, g.Unprotected)
		b = cbor.AppendBytes(b, g.Signature)
	}
	return b
}

func appendPayload(b, payload []byte) []byte {
	if payload == nil {
		return cbor.AppendNull(b)
	}
	return cbor.AppendBytes(b, payload)
}

// DecodeSign reads a tagged COSE_Sign message. The parts of the result are parts of b.
func DecodeSign(b []byte) (*Sign, error) {
	d := cbor.NewDecoder(b)
	s, err := readSign(d, b)
	if err == nil {
		err = d.Done()
	}
	if err != nil {
		return nil, form("COSE_Sign", err)
	}
	return s, nil
}

func readSign(d *cbor.Decoder, in []byte) (*Sign, error) {
	var s Sign
	err := head(d, tagSign, 4)
	if err != nil {
		return nil, err
	}
	if s.Protected, s.Unprotected, err = headers(d, in); err != nil {
		return nil, err
	}
	if s.Payload, err = payload(d); err != nil {
		return nil, err
	}
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	if n == 0 || n > maxSigners {
		return nil, fmt.Errorf("%d signatures, want 1 to %d", n, maxSigners)
	}
	s.Signatures = make([]Signature, n)
	for i := range s.Signatures {
		g := &s.Signatures[i]
		if err := items(d, 3); err != nil {
			return nil, err
		}
		if g.Protected, g.Unprotected, err = headers(d, in); err != nil {
			return nil, err
		}
		if g.Signature, err = d.Bytes(); err != nil {
			return nil, err
		}
	}
	return &s, nil
}

func head(d *cbor.Decoder, tag uint64, n int) error {
	if t, err := d.Tag(); err != nil {
		return err
	} else if t != tag {
		return fmt.Errorf("tag %d, want %d", t, tag)
	}
	return items(d, n)
}

func items(d *cbor.Decoder, n int) error {
	if got, err := d.Array(); err != nil {
		return err
	} else if got != n {
		return fmt.Errorf("array of %d items, want %d", got, n)
	}
	return nil
}

func headers(d *cbor.Decoder, in []byte) (h Header, unprotected []byte, err error) {
	b, err := d.Bytes()
	if err != nil {
		return h, nil, err
	}
	if h, err = decodeHeader(b); err != nil {
		return h, nil, err
	}
	unprotected, err = rawMap(d, in)
	return h, unprotected, err
}

func payload(d *cbor.Decoder) ([]byte, error) {
	if d.IsNull() {
		return nil, d.Null()
	}
	b, err := d.Bytes()
	if err == nil && b == nil {
		b = []byte{}
	}
	return b, err
}
