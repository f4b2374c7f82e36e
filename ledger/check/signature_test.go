package check

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/chainhash/v2"
	btcwire "github.com/btcsuite/btcd/wire/v2"
	"pgregory.net/rapid"

	"spacechain/ledger/wire"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// der frames two numbers.
func der(r, s []byte) []byte {
	b := append([]byte{0x30, byte(4 + len(r) + len(s)), 2, byte(len(r))}, r...)
	return append(append(b, 2, byte(len(s))), s...)
}

// order is the order of the group, half what is just above half of it.
var (
	order = unhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
	half  = unhex("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1")
)

func TestCanonicalSignature(t *testing.T) {
	one := []byte{1}
	lowHalf := bytes.Clone(half)
	lowHalf[31]--
	for _, c := range []struct {
		name  string
		stake bool
		sig   []byte
		want  bool
	}{
		{"work", false, nil, true},
		{"work with a byte", false, []byte{0}, false},
		{"stake without", true, nil, false},
		{"compact", true, make([]byte, 65), true},
		{"compact and delegation", true, make([]byte, 130), true},
		{"64 bytes and 65", true, make([]byte, 129), false},
		{"66 bytes and delegation", true, make([]byte, 131), false},
		{"least DER", true, der(one, []byte{1, 1}), true},
		{"DER of 8 bytes, as if a hash type were still to come", true, der(one, one), false},
		{"DER with S of half", true, der(one, lowHalf), true},
		{"DER with S above half", true, der(one, half), false},
		{"S of the order counts as zero", true, der(one, append([]byte{0}, order...)), true},
		{"high S beside an R of the order", true, der(append([]byte{0}, order...), half), true},
		{"zero R", true, der([]byte{0}, []byte{1, 1}), true},
		{"empty R", true, der(nil, []byte{1, 2, 3}), false},
		{"negative R", true, der([]byte{0x80}, one), false},
		{"padded R", true, der([]byte{0, 1}, one), false},
		{"needed pad", true, der([]byte{0, 0x80}, one), true},
		{"empty S", true, der([]byte{1, 2, 3}, nil), false},
		{"negative S", true, der(one, []byte{0x80}), false},
		{"padded S", true, der(one, []byte{0, 1}), false},
		{"byte behind", true, append(der(one, one), 0), false},
		{"wrong outer tag", true, append([]byte{0x31}, der(one, one)[1:]...), false},
		{"wrong tag of R", true, unhex("30 06 03 01 01 02 01 01 "), false},
		{"wrong tag of S", true, unhex("30 06 02 01 01 03 01 01"), false},
		{"too short", true, unhex("30 05 02 01 01 02 00"), false},
		{"73 bytes", true, der(append([]byte{0x01}, make([]byte, 33)...), append([]byte{1}, make([]byte, 32)...)), true},
		{"74 bytes", true, der(append([]byte{0x01}, make([]byte, 34)...), append([]byte{1}, make([]byte, 32)...)), false},
	} {
		h := &wire.Header{PrevStake: wire.NullOutPoint, Sig: c.sig}
		if c.stake {
			h.PrevStake = btcwire.OutPoint{Index: 1}
		}
		if got := CanonicalSignature(h); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestLaxDER(t *testing.T) {
	var hash chainhash.Hash
	copy(hash[:], "what is signed, 32 bytes of it..")
	priv := secret(5)
	key := priv.PubKey().SerializeCompressed()
	good := ecdsa.Sign(priv, hash[:]).Serialize()
	r, s := good[4:4+good[3]], good[6+good[3]:]
	var sv btcec.ModNScalar
	sv.SetByteSlice(s)
	sv.Negate()
	high := sv.Bytes()
	pad := func(b []byte) []byte { return append(make([]byte, 10), b...) }
	long := append([]byte{0x30, 0x82, 0xff, 0xff, 2, 0x81, byte(len(r))}, r...)
	long = append(append(long, 2, 0x83, 0, 0, byte(len(s))), s...)
	hybrid := priv.PubKey().SerializeUncompressed()
	hybrid[0] = 6 + hybrid[64]&1
	for _, c := range []struct {
		name string
		sig  []byte
		key  []byte
		want bool
	}{
		{"strict", good, key, true},
		{"uncompressed key", good, priv.PubKey().SerializeUncompressed(), true},
		{"hybrid key", good, hybrid, true},
		{"hybrid key of the wrong parity", good, append([]byte{hybrid[0] ^ 1}, hybrid[1:]...), false},
		{"high S", der(r, high[:]), key, true},
		{"bytes behind", append(bytes.Clone(good), 1, 2, 3), key, true},
		{"padded numbers", der(pad(r), pad(s)), key, true},
		{"long lengths, wrong outer one", long, key, true},
		{"S negated as a negative number is another", der(r, append([]byte{0xff}, s...)), key, false},
		{"empty", nil, key, false},
		{"outer tag alone", []byte{0x30}, key, false},
		{"R cut off", good[:8], key, false},
		{"S cut off", good[:len(good)-1], key, false},
		{"length of lengths beyond the end", []byte{0x30, 0x85, 1, 2}, key, false},
		{"length of four bytes", append([]byte{0x30, 0, 2, 0x84, 1, 0, 0, 0}, good...), key, false},
		{"R of the order", der(append([]byte{0}, order...), s), key, false},
		{"S of zero", der(r, []byte{0}), key, false},
		{"key off the curve", good, append([]byte{2}, bytes.Repeat([]byte{0xff}, 32)...), false},
		{"no key", good, nil, false},
	} {
		if got := VerifyDER(hash, c.sig, c.key); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	found := 0
	for recovery := byte(0); recovery < 4; recovery++ {
		if k, ok := RecoverDER(hash, long, recovery, true); ok && bytes.Equal(k, key) {
			found++
			k, ok = RecoverDER(hash, long, recovery, false)
			if !ok || !bytes.Equal(k, priv.PubKey().SerializeUncompressed()) {
				t.Errorf("uncompressed: %x", k)
			}
		}
	}
	if found != 1 {
		t.Errorf("the key came out of %d of 4 guesses", found)
	}
	if _, ok := RecoverDER(hash, der(r, []byte{0}), 0, true); ok {
		t.Error("a key came out of a signature of zero")
	}
	if _, ok := RecoverDER(hash, []byte{1}, 0, true); ok {
		t.Error("a key came out of no signature")
	}
}

// TestRecoverCompact: of the first byte only the distance to 27 counts, and of that three bits.
func TestRecoverCompact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		priv, _ := btcec.PrivKeyFromBytes(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "secret"))
		hash := chainhash.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		compressed := rapid.Bool().Draw(t, "compressed")
		sig := ecdsa.SignCompact(priv, hash[:], compressed)
		want := priv.PubKey().SerializeUncompressed()
		if compressed {
			want = priv.PubKey().SerializeCompressed()
		}
		sig[0] += 8 * rapid.Byte().Draw(t, "turns")
		got, ok := RecoverCompact(hash, sig)
		if !ok || !bytes.Equal(got, want) {
			t.Fatalf("got %x, want %x", got, want)
		}
		if _, ok := RecoverCompact(hash, sig[:64]); ok {
			t.Fatal("64 bytes gave a key")
		}
	})
	if _, ok := RecoverCompact(chainhash.Hash{1}, make([]byte, 65)); ok {
		t.Error("zeros gave a key")
	}
	over := append([]byte{27}, order...)
	if _, ok := RecoverCompact(chainhash.Hash{1}, append(over, half...)); ok {
		t.Error("an R of the order gave a key")
	}
}

// FuzzSignature feeds the signature field of a header to all that reads it. What is
// strict DER must read the same laxly, and no reading may panic.
func FuzzSignature(f *testing.F) {
	hash := chainhash.Hash{1, 2, 3}
	priv := secret(9)
	good := ecdsa.Sign(priv, hash[:]).Serialize()
	f.Add(good)
	f.Add(ecdsa.SignCompact(priv, hash[:], true))
	f.Add(append(ecdsa.SignCompact(priv, hash[:], true), ecdsa.SignCompact(priv, hash[:], false)...))
	f.Add([]byte{0x30, 0x82, 0xff, 0xff, 2, 0x81, 1, 1, 2, 0x83, 0, 0, 1, 1})
	f.Add([]byte{})
	key := priv.PubKey().SerializeCompressed()
	f.Fuzz(func(t *testing.T, sig []byte) {
		h := &wire.Header{PrevStake: btcwire.OutPoint{Index: 1}, Sig: sig}
		canonical := CanonicalSignature(h)
		_, _, lax := laxDER(sig)
		if strictDER(sig) && !lax {
			t.Fatalf("%x is strict and cannot be read laxly", sig)
		}
		if canonical && len(h.BlockSig()) != 65 && !strictDER(sig) {
			t.Fatalf("%x is canonical and neither compact nor strict", sig)
		}
		if VerifyDER(hash, sig, key) {
			found := false
			for recovery := byte(0); recovery < 4; recovery++ {
				k, ok := RecoverDER(hash, sig, recovery, true)
				found = found || ok && bytes.Equal(k, key)
			}
			if !found {
				t.Fatalf("%x verifies, but its key does not come out of it", sig)
			}
		}
		if k, ok := RecoverCompact(hash, h.BlockSig()); ok && len(k) != 33 && len(k) != 65 {
			t.Fatalf("key of %d bytes", len(k))
		}
		b := staked().finish()
		b.Header.Sig = sig
		Signature(b)
	})
}
