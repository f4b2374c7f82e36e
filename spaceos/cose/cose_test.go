package cose

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The key of the COSE working group's EdDSA examples, which is RFC 8032's test 1.
const (
	exampleSecret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
	exampleText   = "This is the content."

	example1TBS  = "846A5369676E61747572653145A2012703004054546869732069732074686520636F6E74656E742E"
	example1Cose = "D28445A201270300A10442313154546869732069732074686520636F6E74656E742E58407142FD2FF96D56DB85BEE905A76BA1D0B7321A95C8C4D3607C5781932B7AFB8711497DFA751BF40B58B3BCC32300B1487F3DB34085EEF013BF08F4A44D6FEF0D"

	exampleNTBS  = "85695369676E617475726543A1030043A101274054546869732069732074686520636F6E74656E742E"
	exampleNCose = "D8628443A10300A054546869732069732074686520636F6E74656E742E818343A10127A104423131584077F3EACD11852C4BF9CB1D72FABE6B26FBA1D76092B2B5B7EC83B83557652264E69690DBC1172DDC0BF88411C0D25A507FDB247A20C40D5E245FABD3FC9EC106"
)

// COSE working group example EdDSA-sig-01: COSE_Sign1 with Ed25519.
func TestSign1WorkingGroupExample(t *testing.T) {
	key := ed25519.NewKeyFromSeed(unhex(t, exampleSecret))
	s := Sign1{
		Protected:   Header{Alg: EdDSA, ContentFormat: -1},
		Unprotected: unhex(t, "a104423131"),
		Payload:     []byte(exampleText),
	}
	tbs := s.TBS(nil, nil)
	if !bytes.Equal(tbs, unhex(t, example1TBS)) {
		t.Fatalf("to be signed: %x", tbs)
	}
	s.Signature = ed25519.Sign(key, tbs)
	if got := s.Encode(); !bytes.Equal(got, unhex(t, example1Cose)) {
		t.Fatalf("message: %x", got)
	}
	back, err := DecodeSign1(s.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(key.Public().(ed25519.PublicKey), back.TBS(nil, nil), back.Signature) {
		t.Fatal("the example's signature does not verify")
	}
	if back.Protected.Alg != EdDSA || back.Protected.ContentFormat != -1 {
		t.Fatalf("header read back as %+v", back.Protected)
	}
	back.Payload[0] ^= 1
	if ed25519.Verify(key.Public().(ed25519.PublicKey), back.TBS(nil, nil), back.Signature) {
		t.Fatal("an altered payload verifies")
	}
}

// COSE working group example EdDSA-01: COSE_Sign with one Ed25519 signer.
func TestSignWorkingGroupExample(t *testing.T) {
	key := ed25519.NewKeyFromSeed(unhex(t, exampleSecret))
	s := Sign{Protected: Header{ContentFormat: -1}, Payload: []byte(exampleText)}
	signer := Header{Alg: EdDSA}
	tbs := s.TBS(signer, nil, nil)
	if !bytes.Equal(tbs, unhex(t, exampleNTBS)) {
		t.Fatalf("to be signed: %x", tbs)
	}
	s.Signatures = []Signature{{signer, unhex(t, "a104423131"), ed25519.Sign(key, tbs)}}
	if got := s.Encode(); !bytes.Equal(got, unhex(t, exampleNCose)) {
		t.Fatalf("message: %x", got)
	}
	back, err := DecodeSign(s.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if len(back.Signatures) != 1 || !bytes.Equal(back.Signatures[0].Signature, s.Signatures[0].Signature) {
		t.Fatalf("read back %+v", back)
	}
}

// COSE working group example sign-pass-02: external data is signed too, and an
// empty protected header is an empty string.
func TestSignExternalData(t *testing.T) {
	s := Sign{Payload: []byte(exampleText)}
	got := s.TBS(Header{Alg: -7}, unhex(t, "11aa22bb33cc44dd55006699"), nil)
	want := unhex(t, "85695369676E61747572654043A101264C11AA22BB33CC44DD5500669954546869732069732074686520636F6E74656E742E")
	if !bytes.Equal(got, want) {
		t.Fatalf("to be signed: %x", got)
	}
}

func TestDetachedPayloadSignsTheSame(t *testing.T) {
	attached := Sign1{Protected: Header{Alg: EdDSA}, Payload: []byte("p")}
	detached := Sign1{Protected: Header{Alg: EdDSA}}
	if !bytes.Equal(attached.TBS(nil, nil), detached.TBS(nil, []byte("p"))) {
		t.Fatal("detaching the payload changes what is signed")
	}
	back, err := DecodeSign1(detached.Encode())
	if err != nil || back.Payload != nil {
		t.Fatal(back, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":                   "",
		"no tag":                    "8443a10127a0404100",
		"the other tag":             exampleNCose,
		"three items":               "d28343a10127a040",
		"header labels fall":        "d28447a2030001270000a04040",
		"unknown protected header":  "d28443a10501a04040",
		"empty map for no header":   "d28441a0a04040",
		"algorithm zero":            "d28443a10100a04040",
		"unprotected is no map":     "d28443a10127804040",
		"payload is text":           "d28443a10127a06040",
		"trailing bytes":            example1Cose + "00",
		"duplicate label":           "d28445a201270127a04040",
		"protected header trailing": "d28444a1012700a04040",
	} {
		if _, err := DecodeSign1(unhex(t, in)); !errors.Is(err, ErrForm) {
			t.Errorf("%s: got %v, want a form error", name, err)
		}
	}
	if _, err := DecodeSign(unhex(t, "d86284"+"40a04040")); !errors.Is(err, ErrForm) {
		t.Error("signatures that are no array:", err)
	}
	if _, err := DecodeSign(unhex(t, "d86284"+"40a04080")); !errors.Is(err, ErrForm) {
		t.Error("no signature at all:", err)
	}
}

func TestRoundTrip(t *testing.T) {
	header := rapid.Custom(func(t *rapid.T) Header {
		return Header{
			Alg:         Algorithm(rapid.Int64Range(-100, -1).Draw(t, "alg")),
			ContentType: rapid.SampledFrom([]string{"", "application/cbor"}).Draw(t, "type"),
			KeyID:       rapid.SliceOfN(rapid.Byte(), 1, 20).Draw(t, "kid"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		s := Sign{Protected: header.Draw(t, "body"), Payload: rapid.SliceOf(rapid.Byte()).Draw(t, "payload")}
		for range rapid.IntRange(1, 3).Draw(t, "signers") {
			s.Signatures = append(s.Signatures, Signature{Protected: header.Draw(t, "signer"),
				Signature: rapid.SliceOf(rapid.Byte()).Draw(t, "signature")})
		}
		b := s.Encode()
		back, err := DecodeSign(b)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back.Encode(), b) {
			t.Fatal("encoding changed")
		}
	})
}

func FuzzCOSE(f *testing.F) {
	f.Add(unhex(f, example1Cose))
	f.Add(unhex(f, exampleNCose))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := DecodeSign1(b); err == nil && !bytes.Equal(s.Encode(), b) {
			t.Fatalf("COSE_Sign1 %x encodes as %x", b, s.Encode())
		}
		if s, err := DecodeSign(b); err == nil && !bytes.Equal(s.Encode(), b) {
			t.Fatalf("COSE_Sign %x encodes as %x", b, s.Encode())
		}
	})
}
