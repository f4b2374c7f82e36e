package receipt

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/btcsuite/btcd/btcec/v2"
	"pgregory.net/rapid"

	"spacechain/identity"
	"spacechain/spaceos/sandbox"
)

var satellite = identity.FromSeed([32]byte{1})

func example() Receipt {
	at := time.Date(2026, 11, 22, 12, 0, 0, 5e6, time.UTC)
	return Receipt{Satellite: 90001, Lease: LeaseID{7}, Tenant: 64, Activation: 3, Owner: Digest{1}, Package: Digest{2}, Module: Digest{3},
		Input: Digest{4}, Result: Digest{5}, Report: Digest{6}, Trigger: sandbox.TriggerSchedule, TriggerName: "sample", End: sandbox.Returned,
		Gas: 12345, GasLimit: 1e6, PeakMemory: 65536, BytesStored: 100, BytesSent: 50, Messages: 1,
		Started: at, Ended: at.Add(time.Second), Duration: 12 * time.Microsecond}
}

// The digest as a contract computes it: eleven words through SHA-256.
func TestDigestIsElevenWords(t *testing.T) {
	r := example()
	var words bytes.Buffer
	words.WriteString("SpaceChain usage receipt v1")
	words.Write(make([]byte, 5))
	word := func(v int64) { words.Write(big.NewInt(v).FillBytes(make([]byte, 32))) }
	word(90001)
	words.Write(append([]byte{7}, make([]byte, 31)...))
	for _, v := range []int64{64, 3, 12345, 100, 50, 12, r.Ended.UnixMilli()} {
		word(v)
	}
	body := sha256.Sum256(r.Encode())
	words.Write(body[:])
	if words.Len() != 11*32 {
		t.Fatal(words.Len())
	}
	if want := sha256.Sum256(words.Bytes()); r.Digest() != want {
		t.Fatalf("got %x, want %x", r.Digest(), want)
	}
	const fixed = "5d453ff9f03e60028d61bd3e911358e492d224798747373bbafc7a35e609303f"
	if got := r.Digest(); hex.EncodeToString(got[:]) != fixed {
		t.Errorf("the digest of the example changed: %x", got)
	}
}

func TestSignVerify(t *testing.T) {
	s := Sign(example(), satellite)
	if err := s.Verify(satellite.Public()); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(identity.FromSeed([32]byte{2}).Public()); !errors.Is(err, ErrSignature) {
		t.Error("another satellite's key:", err)
	}
	for name, spoil := range map[string]func(*Signed){
		"gas":            func(s *Signed) { s.Receipt.Gas++ },
		"lease":          func(s *Signed) { s.Receipt.Lease[31] = 1 },
		"package":        func(s *Signed) { s.Receipt.Package[0]++ },
		"end":            func(s *Signed) { s.Receipt.End = sandbox.Trapped },
		"Ed25519":        func(s *Signed) { s.Ed25519[0] ^= 1 },
		"secp256k1":      func(s *Signed) { s.Secp256k1[0] ^= 1 },
		"recovery id":    func(s *Signed) { s.Secp256k1[64] ^= 1 },
		"recovery as 27": func(s *Signed) { s.Secp256k1[64] += 27 },
		"upper s": func(s *Signed) { // the other signature that ecrecover takes
			n := btcec.S256().N
			high := new(big.Int).Sub(n, new(big.Int).SetBytes(s.Secp256k1[32:64]))
			high.FillBytes(s.Secp256k1[32:64])
			s.Secp256k1[64] ^= 1
		},
	} {
		c := s
		spoil(&c)
		if err := c.Verify(satellite.Public()); !errors.Is(err, ErrSignature) {
			t.Errorf("%s spoilt: %v", name, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := example()
		r.Gas = rapid.Uint64().Draw(t, "gas")
		r.Activation = rapid.Uint64().Draw(t, "activation")
		r.BytesSent = rapid.Uint64().Draw(t, "sent")
		r.TriggerName = rapid.String().Draw(t, "name")
		r.Duration = time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "us")) * time.Microsecond
		if rapid.Bool().Draw(t, "free") {
			r.Lease = LeaseID{}
		}
		s := Signed{Receipt: r, Ed25519: [64]byte{1}, Secp256k1: [65]byte{2}}
		b := s.Encode()
		back, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if back != s {
			t.Fatalf("read back %+v, want %+v", back, s)
		}
	})
}

func TestDecodeRefuses(t *testing.T) {
	s := Sign(example(), satellite)
	b := s.Encode()
	for n := range b {
		if _, err := Decode(b[:n]); err == nil {
			t.Fatalf("the first %d bytes decode", n)
		}
	}
	if _, err := Decode(append(bytes.Clone(b), 0)); err == nil {
		t.Error("a byte too many")
	}
	pub := satellite.Public()
	for at := range b {
		c := bytes.Clone(b)
		c[at] ^= 0x10
		if back, err := Decode(c); err == nil && back.Verify(pub) == nil {
			t.Fatalf("byte %d altered, and it verifies", at)
		}
	}
}

func TestLeaseText(t *testing.T) {
	l := LeaseID{0xab, 31: 0xcd}
	back, err := ParseLeaseID(l.String())
	if err != nil || back != l {
		t.Error(back, err)
	}
	if _, err := ParseLeaseID("abc"); err == nil {
		t.Error("a short lease id")
	}
}

func TestInputDigestTellsInputsApart(t *testing.T) {
	at := time.Unix(1e9, 0)
	seen := map[Digest]int{}
	for i, tr := range []sandbox.Trigger{
		{Kind: sandbox.TriggerSchedule, Name: "a", Time: at}, {Kind: sandbox.TriggerSchedule, Name: "b", Time: at},
		{Kind: sandbox.TriggerMessage, Name: "a", Time: at}, {Kind: sandbox.TriggerMessage, Name: "a", Time: at, From: "x"},
		{Kind: sandbox.TriggerMessage, Name: "a", Time: at, Data: []byte("x")}, {Kind: sandbox.TriggerMessage, Name: "a", Time: at.Add(time.Second)},
	} {
		d := InputDigest(tr)
		if j, ok := seen[d]; ok {
			t.Errorf("inputs %d and %d have one digest", i, j)
		}
		seen[d] = i
	}
}

func FuzzReceipt(f *testing.F) {
	s := Sign(example(), satellite)
	f.Add(s.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Decode(b)
		if err == nil && !bytes.Equal(s.Encode(), b) {
			t.Fatalf("%x encodes as %x", b, s.Encode())
		}
	})
}

func BenchmarkSign(b *testing.B) {
	r := example()
	for b.Loop() {
		Sign(r, satellite)
	}
}
