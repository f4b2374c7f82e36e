package identity

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func seed(b byte) [SeedSize]byte { return sha256.Sum256([]byte{b}) }

// A seed must stand for the same identity for ever.
func TestSeedGivesTheSameIdentityForEver(t *testing.T) {
	k := FromSeed(seed(1))
	if got, want := k.Public().ID().String(), "spc1fgqoldphznvbj5hunbj6gogzfrxt4yhs5vfm6vvr"; got != want {
		t.Errorf("identity of seed 1 is %s, want %s", got, want)
	}
}

func TestSignaturesVerifyAndForgeriesDoNot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, other := FromSeed(seed(1)), FromSeed(seed(2))
		msg := rapid.SliceOf(rapid.Byte()).Draw(t, "msg")
		digest := sha256.Sum256(msg)
		for name, c := range map[string]struct {
			sig    []byte
			verify func(p Public, sig []byte) bool
		}{
			"ed25519":   {k.SignEd25519(msg), func(p Public, s []byte) bool { return p.VerifyEd25519(msg, s) }},
			"ml-dsa-65": {k.SignMLDSA65(msg), func(p Public, s []byte) bool { return p.VerifyMLDSA65(msg, s) }},
			"secp256k1": {k.SignSecp256k1(digest), func(p Public, s []byte) bool { return p.VerifySecp256k1(digest, s) }},
		} {
			if !c.verify(k.Public(), c.sig) {
				t.Fatalf("%s: a good signature does not verify", name)
			}
			if c.verify(other.Public(), c.sig) {
				t.Fatalf("%s: verifies under another key", name)
			}
			bad := bytes.Clone(c.sig)
			bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			if c.verify(k.Public(), bad) {
				t.Fatalf("%s: an altered signature verifies", name)
			}
			if c.verify(k.Public(), c.sig[:len(c.sig)-1]) || c.verify(k.Public(), nil) {
				t.Fatalf("%s: a cut signature verifies", name)
			}
		}
	})
}

func TestPublicRoundTripAndLimits(t *testing.T) {
	p := FromSeed(seed(3)).Public()
	got, err := DecodePublic(p.Encode())
	if err != nil || got.ID() != p.ID() {
		t.Fatal(got.ID(), err)
	}
	enc := p.Encode()
	for _, bad := range [][]byte{nil, enc[:100], append(bytes.Clone(enc), 0), {0x83, 0x41, 0, 0x40, 0x40}, {0x80}} {
		if _, err := DecodePublic(bad); !errors.Is(err, ErrPublic) {
			t.Errorf("%d bytes: got %v", len(bad), err)
		}
	}
}

func TestParseIDCatchesTypos(t *testing.T) {
	id := FromSeed(seed(4)).Public().ID()
	text := id.String()
	if got, err := ParseID(text); err != nil || got != id {
		t.Fatal(got, err)
	}
	for i := range text {
		other := byte('a')
		if text[i] == other {
			other = 'b'
		}
		if _, err := ParseID(text[:i] + string(other) + text[i+1:]); err == nil {
			t.Errorf("typo at %d of %s is accepted", i, text)
		}
	}
}

func TestKeystore(t *testing.T) {
	s := Keystore{Dir: filepath.Join(t.TempDir(), "keys")}
	if _, err := s.Load("default"); !errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), "key new") {
		t.Fatalf("missing key: %v", err)
	}
	k, created, err := s.LoadOrCreate("default")
	if err != nil || !created {
		t.Fatal(created, err)
	}
	again, created, err := s.LoadOrCreate("default")
	if err != nil || created || again.Seed() != k.Seed() {
		t.Fatal("a stored key comes back changed", created, err)
	}
	if _, err := s.Create("default"); !errors.Is(err, ErrKeyExists) {
		t.Fatalf("overwriting a key: %v", err)
	}
	path := filepath.Join(s.Dir, "default.key")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	if names, err := s.List(); err != nil || len(names) != 1 || names[0] != "default" {
		t.Fatal(names, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load("default"); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Fatalf("a key that others can read: %v", err)
	}
	for _, name := range []string{"", "../x", "a/b", ".hidden", strings.Repeat("a", 65)} {
		if _, err := s.Create(name); err == nil {
			t.Errorf("name %q is accepted", name)
		}
	}
}

func TestDeriveSeparatesPurposes(t *testing.T) {
	k := FromSeed(seed(1))
	if k.Derive("a") == k.Derive("b") || k.Derive("a") == FromSeed(seed(2)).Derive("a") {
		t.Fatal("derived secrets coincide")
	}
}

func FuzzDecodePublic(f *testing.F) {
	f.Add(FromSeed(seed(1)).Public().Encode())
	f.Add([]byte{0x83})
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := DecodePublic(b); err == nil && !bytes.Equal(p.Encode(), b) {
			t.Fatal("decodes to something that encodes differently")
		}
	})
}
