package script

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/address/v2/base58"

	"spacechain/internal/vectors"
	"spacechain/ledger/params"
)

type keyIO struct {
	text, content string
	about         struct {
		Chain        string
		IsPrivkey    bool
		IsCompressed bool
		TryCaseFlip  bool
	}
}

func keyIOVectors(t *testing.T) (out []keyIO) {
	var rows [][]json.RawMessage
	if err := json.Unmarshal(vectors.Open(t, "bitcoin/key_io_valid.json"), &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		var k keyIO
		if json.Unmarshal(row[0], &k.text) != nil || json.Unmarshal(row[1], &k.content) != nil ||
			json.Unmarshal(row[2], &k.about) != nil {
			t.Fatalf("%s", row)
		}
		out = append(out, k)
	}
	return out
}

// network gives the network of a vector. Signet's prefixes are test's.
func network(t testing.TB, name string) *params.Network {
	if name == "signet" {
		name = "test"
	}
	n, ok := params.ByName(name)
	if !ok {
		t.Fatalf("no network %s", name)
	}
	return n
}

func TestCoreKeyIOValid(t *testing.T) {
	vectors := keyIOVectors(t)
	for _, k := range vectors {
		n := network(t, k.about.Chain)
		if k.about.IsPrivkey {
			key, compressed, err := DecodeWIF(n, k.text)
			if err != nil || hex.EncodeToString(key[:]) != k.content || compressed != k.about.IsCompressed {
				t.Errorf("%s: %x, compressed %t, %v", k.text, key, compressed, err)
			}
			if got := EncodeWIF(n, key, compressed); got != k.text {
				t.Errorf("%s comes back as %s", k.text, got)
			}
			if _, err := DecodeAddress(n, k.text); err == nil {
				t.Errorf("%s is taken for an address", k.text)
			}
			continue
		}
		script, err := DecodeAddress(n, k.text)
		if err != nil || hex.EncodeToString(script) != k.content {
			t.Errorf("%s: %x, %v", k.text, script, err)
			continue
		}
		if got, ok := EncodeAddress(n, script); !ok || got != k.text {
			t.Errorf("%s comes back as %s", k.text, got)
		}
		if _, _, err := DecodeWIF(n, k.text); err == nil {
			t.Errorf("%s is taken for a private key", k.text)
		}
		flipped := strings.ToUpper(k.text)
		if script, err := DecodeAddress(n, flipped); (err == nil) != k.about.TryCaseFlip ||
			err == nil && hex.EncodeToString(script) != k.content {
			t.Errorf("%s: %x, %v", flipped, script, err)
		}
		if _, err := DecodeAddress(params.SpaceChain(), k.text); err == nil {
			t.Errorf("%s is taken for an address of spacechain", k.text)
		}
	}
	if len(vectors) < 60 {
		t.Errorf("%d vectors", len(vectors))
	}
}

func TestCoreKeyIOInvalid(t *testing.T) {
	var rows [][]string
	if err := json.Unmarshal(vectors.Open(t, "bitcoin/key_io_invalid.json"), &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, name := range params.Names() {
			n := network(t, name)
			if script, err := DecodeAddress(n, row[0]); err == nil {
				t.Errorf("%s: %s pays to %x", name, row[0], script)
			}
			if _, _, err := DecodeWIF(n, row[0]); err == nil {
				t.Errorf("%s: %s is taken for a private key", name, row[0])
			}
		}
	}
	if len(rows) < 60 {
		t.Errorf("%d vectors", len(rows))
	}
}

func TestCoreBase58(t *testing.T) {
	var rows [][]string
	if err := json.Unmarshal(vectors.Open(t, "bitcoin/base58_encode_decode.json"), &rows); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		b := mustHex(t, row[0])
		if got := base58.Encode(b); got != row[1] {
			t.Errorf("%s: %s, want %s", row[0], got, row[1])
		}
		if got := base58.Decode(row[1]); hex.EncodeToString(got) != row[0] {
			t.Errorf("%s: %x, want %s", row[1], got, row[0])
		}
	}
	if len(rows) < 10 {
		t.Errorf("%d vectors", len(rows))
	}
}

// TestSpaceChainAddresses pins how our own network writes the development key.
func TestSpaceChainAddresses(t *testing.T) {
	n := params.SpaceChain()
	key := params.DevelopmentKey()
	outs := n.Genesis.Txs[0].Msg().TxOut
	if got, want := EncodeWIF(n, key, true), "VJU7k1EbAUjEyZELHFKcdGLQXcPurE1HRskXYpJbRTmBXEowLcQG"; got != want {
		t.Errorf("private key %s, want %s", got, want)
	}
	address, ok := EncodeAddress(n, outs[0].PkScript)
	if want := "SPjFhMvLDmZpVYv983VfYbgkexTdZzowRn"; !ok || address != want {
		t.Errorf("address %s, want %s", address, want)
	}
	if _, ok := EncodeAddress(n, outs[1].PkScript); ok {
		t.Error("a bare key has no address")
	}
	toHash, ok := KeyHash(outs[0].PkScript)
	toKey, ok2 := KeyHash(outs[1].PkScript)
	if !ok || !ok2 || toHash != toKey {
		t.Errorf("the outputs pay to %x and %x", toHash, toKey)
	}
	for script, want := range map[string]string{
		"a914" + strings.Repeat("00", 20) + "87":     "C",
		"76a914" + strings.Repeat("ff", 20) + "88ac": "S",
		"0014" + strings.Repeat("00", 20):            "spc1q",
		"5120" + strings.Repeat("00", 32):            "spc1p",
	} {
		if got, ok := EncodeAddress(n, mustHex(t, script)); !ok || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s…", script, got, want)
		}
	}
}
