package spk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/spaceos/cose"
	"spacechain/spaceos/manifest"
)

func key(n byte) *identity.Key { return identity.FromSeed([32]byte{n}) }

func example() manifest.Manifest {
	return manifest.Manifest{App: "fieldwatch", Version: "1.2.0", Counter: 7, Runtime: manifest.RuntimeWasm,
		Limits: manifest.Limits{MemoryBytes: 1 << 20, StorageBytes: 4096, GasPerActivation: 1e6}}
}

func signed(t testing.TB) *Package {
	t.Helper()
	p, err := Sign(example(), []byte(strings.Repeat("\x00asm module ", 40)), key(1))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func uplink(t testing.TB, p *Package, o UplinkOptions) []byte {
	t.Helper()
	b, err := p.EncodeUplink(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func problem(err error) Problem {
	var v *VerifyError
	if errors.As(err, &v) {
		return v.Problem
	}
	return ""
}

func TestBothFormsOpenAndVerify(t *testing.T) {
	p := signed(t)
	if p.FileName() != "fieldwatch-1.2.0.spk" {
		t.Error(p.FileName())
	}
	for name, b := range map[string][]byte{"file": p.Encode(), "uplink": uplink(t, p, UplinkOptions{})} {
		q, err := Open(b, Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := q.Verify(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !bytes.Equal(q.Encode(), p.Encode()) || q.Digest() != p.Digest() {
			t.Errorf("%s: the file form changed on the way", name)
		}
	}
	again, err := Sign(example(), p.Module, key(1))
	if err != nil || !bytes.Equal(again.Encode(), p.Encode()) {
		t.Error("signing again gives other bytes")
	}
}

func TestUplinkWithoutKeys(t *testing.T) {
	p := signed(t)
	b, short := uplink(t, p, UplinkOptions{}), uplink(t, p, UplinkOptions{WithoutKeys: true})
	if saved := len(b) - len(short); saved < 2000 {
		t.Errorf("leaving the keys out saves %d bytes", saved)
	}
	q, err := Open(short, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := problem(q.Verify(nil)); got != KeyUnknown {
		t.Errorf("without keys: %q", got)
	}
	pub := key(1).Public()
	if err := q.Verify(&pub); err != nil {
		t.Error("with the keys known:", err)
	}
	other := key(2).Public()
	if got := problem(q.Verify(&other)); got != KeyMismatch {
		t.Errorf("with another's keys: %q", got)
	}
}

// alter gives a copy of the package with its signatures changed.
func alter(p *Package, change func(s []Signature) []Signature) *Package {
	q := *p
	q.Signatures = nil
	for _, s := range p.Signatures {
		q.Signatures = append(q.Signatures, Signature{s.Alg, bytes.Clone(s.KeyID), bytes.Clone(s.Signature)})
	}
	q.Signatures = change(q.Signatures)
	return &q
}

func TestEverySignatureProblemHasItsName(t *testing.T) {
	p := signed(t)
	other := key(2)
	otherID := other.Public().ID()
	foreign, err := Sign(example(), p.Module, other)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		p    *Package
		want Problem
	}{
		{"Ed25519 missing", alter(p, func(s []Signature) []Signature { return s[1:] }), Ed25519Missing},
		{"ML-DSA missing", alter(p, func(s []Signature) []Signature { return s[:1] }), MLDSA65Missing},
		{"Ed25519 altered", alter(p, func(s []Signature) []Signature { s[0].Signature[5] ^= 1; return s }), Ed25519Invalid},
		{"ML-DSA altered", alter(p, func(s []Signature) []Signature { s[1].Signature[3000] ^= 1; return s }), MLDSA65Invalid},
		{"signatures swapped", alter(p, func(s []Signature) []Signature {
			s[0].Signature, s[1].Signature = s[1].Signature, s[0].Signature
			return s
		}), Ed25519Invalid},
		{"Ed25519 of another key", alter(p, func(s []Signature) []Signature {
			s[0].Signature = other.SignEd25519(p.tbs(cose.EdDSA, s[0].KeyID))
			return s
		}), Ed25519Invalid},
		{"ML-DSA of another key", alter(p, func(s []Signature) []Signature {
			s[1].Signature = other.SignMLDSA65(p.tbs(cose.MLDSA65, s[1].KeyID))
			return s
		}), MLDSA65Invalid},
		{"another's key id", alter(p, func(s []Signature) []Signature {
			s[0].KeyID = otherID[:]
			s[0].Signature = other.SignEd25519(p.tbs(cose.EdDSA, s[0].KeyID))
			return s
		}), KeyMismatch},
		{"Ed25519 twice", alter(p, func(s []Signature) []Signature { return append(s, s[0]) }), SignatureUnknown},
		{"Ed25519 in place of ML-DSA", alter(p, func(s []Signature) []Signature { s[1] = s[0]; return s }), SignatureUnknown},
		{"ML-DSA signed as EdDSA", alter(p, func(s []Signature) []Signature { // covers another header
			s[0].Signature = key(1).SignEd25519(p.tbs(cose.MLDSA65, s[0].KeyID))
			return s
		}), Ed25519Invalid},
		{"unknown algorithm", alter(p, func(s []Signature) []Signature { return append(s, Signature{-7, s[0].KeyID, []byte{1}}) }), SignatureUnknown},
		{"signatures of another package", alter(p, func([]Signature) []Signature { return foreign.Signatures }), KeyMismatch},
	} {
		if got := problem(c.p.Verify(nil)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		q, err := Open(c.p.Encode(), Limits{})
		if err != nil {
			t.Errorf("%s: the form does not open: %v", c.name, err)
			continue
		}
		if got := problem(q.Verify(nil)); got != c.want {
			t.Errorf("%s, opened: got %q, want %q", c.name, got, c.want)
		}
	}
	q := *p
	pub := other.Public()
	q.Publisher = &pub
	if got := problem(q.Verify(nil)); got != KeyMismatch {
		t.Errorf("another's keys enclosed: %q", got)
	}
	q = *p
	q.Module = append(bytes.Clone(p.Module), 0)
	if got := problem(q.Verify(nil)); got != DigestMismatch {
		t.Errorf("longer module: %q", got)
	}
}

// An altered byte anywhere makes a package that does not open or does not verify.
func TestAlteredByteAnywhere(t *testing.T) {
	p := signed(t)
	known := key(1).Public()
	rng := rand.New(rand.NewPCG(1, 2))
	for name, b := range map[string][]byte{
		"file": p.Encode(), "uplink": uplink(t, p, UplinkOptions{}), "short": uplink(t, p, UplinkOptions{WithoutKeys: true}),
	} {
		step := max(len(b)/300, 1)
		for at := 0; at < len(b); at++ {
			if at > 120 && at < len(b)-120 && at%step != 0 { // all of the ends, a sample of the middle
				continue
			}
			c := bytes.Clone(b)
			c[at] ^= byte(1 << rng.IntN(8))
			q, err := Open(c, Limits{})
			if err != nil {
				continue
			}
			if q.Verify(&known) == nil && !bytes.Equal(q.Encode(), p.Encode()) {
				t.Fatalf("%s with byte %d altered verifies as another package", name, at)
			}
			if q.Verify(&known) == nil {
				t.Fatalf("%s with byte %d altered verifies", name, at)
			}
		}
	}
}

func TestTruncatedAndPaddedAreRefused(t *testing.T) {
	p := signed(t)
	for name, b := range map[string][]byte{"file": p.Encode(), "uplink": uplink(t, p, UplinkOptions{})} {
		for n := 0; n < len(b); n += 7 {
			if _, err := Open(b[:n], Limits{}); !errors.Is(err, ErrForm) && !errors.Is(err, ErrTooBig) {
				t.Fatalf("%s, first %d bytes: %v", name, n, err)
			}
		}
		if _, err := Open(append(bytes.Clone(b), 0), Limits{}); !errors.Is(err, ErrForm) {
			t.Errorf("%s with a byte too many: %v", name, err)
		}
	}
}

func TestLimitsAndBombs(t *testing.T) {
	p, err := Sign(example(), make([]byte, 1<<20), key(1)) // a million zeros pack into nothing
	if err != nil {
		t.Fatal(err)
	}
	b := uplink(t, p, UplinkOptions{})
	if len(b) > 7000 {
		t.Fatalf("zeros pack into %d bytes", len(b))
	}
	for name, in := range map[string][]byte{"file": p.Encode(), "uplink": b} {
		if _, err := Open(in, Limits{MaxModule: 1<<20 - 1}); !errors.Is(err, ErrTooBig) {
			t.Errorf("%s above the limit: %v", name, err)
		}
		if _, err := Open(in, Limits{MaxModule: 1 << 20}); err != nil {
			t.Errorf("%s at the limit: %v", name, err)
		}
	}
	// A frame that unpacks to more than it announces.
	frame, err := compress(make([]byte, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	lie := cbor.AppendUint(cbor.AppendArray(nil, 7), uplinkForm)
	lie = cbor.AppendBytes(cbor.AppendArray(lie, 0), nil)
	lie = cbor.AppendUint(cbor.AppendUint(lie, 100), 200)
	lie = cbor.AppendUint(cbor.AppendBytes(lie, frame), uint64(checksum(frame)))
	before := testing.AllocsPerRun(1, func() {
		if _, err := Open(lie, Limits{}); !errors.Is(err, ErrTooBig) {
			t.Errorf("a bomb: %v", err)
		}
	})
	if before > 2000 {
		t.Errorf("%v allocations for a bomb", before)
	}
	huge := cbor.AppendUint(cbor.AppendArray(nil, 7), uplinkForm)
	huge = cbor.AppendBytes(cbor.AppendArray(huge, 0), nil)
	huge = cbor.AppendUint(cbor.AppendUint(huge, 100), 1<<62)
	if _, err := Open(cbor.AppendBytes(huge, frame[:20]), Limits{}); !errors.Is(err, ErrTooBig) {
		t.Errorf("a module of 2^62 bytes: %v", err)
	}
}

func TestStrayHeadersAreRefused(t *testing.T) {
	p := signed(t)
	body := cose.Header{ContentType: ContentType}
	kid := p.Manifest.Publisher[:]
	base := func() cose.Sign {
		return cose.Sign{Protected: body, Payload: p.encoded, Signatures: []cose.Signature{
			{Protected: cose.Header{Alg: cose.EdDSA, KeyID: kid}, Signature: []byte{1}}}}
	}
	for name, change := range map[string]func(*cose.Sign){
		"other content":       func(s *cose.Sign) { s.Protected.ContentType = "text/plain" },
		"unprotected":         func(s *cose.Sign) { s.Unprotected = []byte{0xa1, 1, 1} },
		"signature header":    func(s *cose.Sign) { s.Signatures[0].Unprotected = []byte{0xa1, 1, 1} },
		"signature's content": func(s *cose.Sign) { s.Signatures[0].Protected.ContentType = "x/y" },
		"detached":            func(s *cose.Sign) { s.Payload = nil },
		"no manifest":         func(s *cose.Sign) { s.Payload = []byte{0xa0} },
	} {
		s := base()
		change(&s)
		if _, err := FromCose(s.Encode()); err == nil {
			t.Errorf("%s: opens", name)
		}
	}
}

func TestSignRefusesABadManifest(t *testing.T) {
	m := example()
	m.Limits.GasPerActivation = 0
	var e *manifest.Error
	if _, err := Sign(m, []byte{1}, key(1)); !errors.As(err, &e) || e.Field != "gas" {
		t.Error(err)
	}
	if _, err := Sign(example(), nil, key(1)); err == nil {
		t.Error("an empty module is signed")
	}
	p := signed(t)
	if p.Manifest.Module.Digest != sha256.Sum256(p.Module) {
		t.Error("the digest is not the module's")
	}
}

func FuzzPackage(f *testing.F) {
	p := signed(f)
	f.Add(p.Encode())
	f.Add(uplink(f, p, UplinkOptions{}))
	f.Add(uplink(f, p, UplinkOptions{WithoutKeys: true}))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := Open(b, Limits{MaxModule: 1 << 20})
		if err != nil {
			return
		}
		if len(b) > 0 && b[0] == 0x85 && !bytes.Equal(q.Encode(), b) {
			t.Fatal("a file form has two encodings")
		}
		if q.Verify(nil) == nil && q.Manifest.Publisher != key(1).Public().ID() {
			t.Fatal("a forged package verifies")
		}
	})
}

func BenchmarkOpenVerify(b *testing.B) {
	p := signed(b)
	in := uplink(b, p, UplinkOptions{})
	b.ReportMetric(float64(len(in)), "uplink-B")
	for b.Loop() {
		q, err := Open(in, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		if err := q.Verify(nil); err != nil {
			b.Fatal(err)
		}
	}
}
