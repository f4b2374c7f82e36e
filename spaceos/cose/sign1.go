package cose

import "spacechain/internal/cbor"

// Sign1 is a COSE_Sign1 message: one payload, one signature.
type Sign1 struct {
	Protected   Header
	Unprotected []byte // encoded map as it came; nil for the empty map
	// Payload is nil when it is detached, that is, carried elsewhere.
	Payload   []byte
	Signature []byte
}

// TBS gives the bytes that are signed: the Sig_structure of RFC 9052 §4.4 with the
// context "Signature1". external is data that both sides know and that is signed
// though not sent; nil for none. payload stands for a detached payload and is
// ignored otherwise.
func (s *Sign1) TBS(external, payload []byte) []byte {
	if s.Payload != nil {
		payload = s.Payload
	}
	b := make([]byte, 0, 64+len(external)+len(payload)+len(s.Protected.KeyID))
	b = cbor.AppendText(cbor.AppendArray(b, 4), "Signature1")
	b = cbor.AppendBytes(b, s.Protected.Encode())
	b = cbor.AppendBytes(b, external)
	return cbor.AppendBytes(b, payload)
}

// Encode gives the tagged message.
func (s *Sign1) Encode() []byte {
	b := make([]byte, 0, 64+len(s.Payload)+len(s.Signature)+len(s.Protected.KeyID))
	b = cbor.AppendArray(cbor.AppendTag(b, tagSign1), 4)
	b = cbor.AppendBytes(b, s.Protected.Encode())
	b = appendRawMap(b, s.Unprotected)
	b = appendPayload(b, s.Payload)
	return cbor.AppendBytes(b, s.Signature)
}

// DecodeSign1 reads a tagged COSE_Sign1 message. The parts of the result are parts of b.
func DecodeSign1(b []byte) (*Sign1, error) {
	d := cbor.NewDecoder(b)
	s, err := readSign1(d, b)
	if err == nil {
		err = d.Done()
	}
	if err != nil {
		return nil, form("COSE_Sign1", err)
	}
	return s, nil
}

func readSign1(d *cbor.Decoder, in []byte) (*Sign1, error) {
	var s Sign1
	err := head(d, tagSign1, 4)
	if err != nil {
		return nil, err
	}
	if s.Protected, s.Unprotected, err = headers(d, in); err != nil {
		return nil, err
	}
	if s.Payload, err = payload(d); err != nil {
		return nil, err
	}
	if s.Signature, err = d.Bytes(); err != nil {
		return nil, err
	}
	return &s, nil
}
