package bundle

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"spacechain/internal/cbor"
	"spacechain/internal/vectors"
)

type vector struct {
	Source, Function, Name, Hex, Kind, Check string
}

func loadVectors(t testing.TB) []vector {
	var all []vector
	if err := json.Unmarshal(vectors.Open(t, "bpv7/bundles.json"), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// Every bundle of the public suites is judged as the file's check says: CRCs that
// are marked bad, and what is malformed, must be refused. Two kinds of entries pass
// the file's CRC walk and still are no bundles: a primary block without a payload,
// and the fuzz seeds, which must be refused without crashing.
func TestPublicBundles(t *testing.T) {
	judged := 0
	for _, v := range loadVectors(t) {
		if v.Kind == "fragment" {
			continue
		}
		raw, err := hex.DecodeString(v.Hex)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Decode(raw)
		name := v.Source + " " + v.Name
		judged++
		switch {
		case v.Kind == "fuzz":
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("%s: got %v, want malformed", name, err)
			}
		case v.Name == "CandPrimary":
			if !errors.Is(err, ErrNoPayload) {
				t.Errorf("%s: got %v, want no payload", name, err)
			}
			p, err := decodePrimary(cbor.NewDecoder(raw[1:]), raw[1:])
			if err != nil || p.Destination != IPN(200, 1) {
				t.Errorf("%s: its primary block is right: %+v %v", name, p, err)
			}
		case strings.HasPrefix(v.Check, "ok ") && strings.Contains(v.Check, "BAD"):
			// One has its flags altered too, which is found out before its CRC is read.
			if !errors.Is(err, ErrCRC) && !(v.Name == "UnsupportedFlagPrimaryBlk" && errors.Is(err, ErrMalformed)) {
				t.Errorf("%s: got %v, want a wrong CRC", name, err)
			}
		case strings.HasPrefix(v.Check, "ok "):
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got := b.Encode(); !bytes.Equal(got, raw) {
				t.Errorf("%s: encodes as\n%x, want\n%x", name, got, raw)
			}
			if n := 1 + len(b.Blocks); n != 1+strings.Count(v.Check, ",") {
				t.Errorf("%s: %d blocks, check says %s", name, n, v.Check)
			}
			if b.Size() != len(raw) {
				t.Errorf("%s: Size %d, want %d", name, b.Size(), len(raw))
			}
		default:
			if err == nil {
				t.Errorf("%s: taken, check says %s", name, v.Check)
			}
		}
	}
	if judged < 15 {
		t.Errorf("judged %d bundles only", judged)
	}
}

// Single blocks of nasa/bplib's unit tests, judged by what the tests are named for.
func TestPublicBlocks(t *testing.T) {
	bad := map[string]bool{
		"Test_BPLib_CBOR_DecodeCanonical_BadBlockNum":   true,
		"Test_BPLib_CBOR_DecodeCanonical_BadCrcType":    true,
		"Test_BPLib_CBOR_DecodeCanonical_InvBlkNum":     true,
		"Test_BPLib_CBOR_DecodeCanonical_LimitTooSmall": true,
	}
	// Altered copies of other blocks keep the CRC of the original; the altered fields
	// are what those tests are after, and a strict decoder stops at the CRC.
	judged := 0
	for _, v := range loadVectors(t) {
		if v.Kind != "fragment" || v.Name == "PrimaryBlockData" {
			continue
		}
		raw, _ := hex.DecodeString(v.Hex)
		d := cbor.NewDecoder(raw)
		_, err := decodeBlock(d, raw)
		judged++
		if bad[v.Function] != (err != nil) && !(err != nil && errors.Is(err, ErrCRC)) {
			t.Errorf("%s %s: %v", v.Function, v.Name, err)
		}
	}
	if judged < 8 {
		t.Errorf("judged %d blocks only", judged)
	}
}

// The bundles of RFC 9173 appendix A pass through byte for byte, with their
// security blocks untouched.
func TestSecurityBlocksPassThrough(t *testing.T) {
	var file struct {
		Examples []struct {
			ID       string `json:"id"`
			Original string `json:"original_bundle"`
			Final    string `json:"final_bundle"`
			BIB, BCB *struct {
				Block  string
				Number uint64 `json:"block_number"`
			}
		}
	}
	if err := json.Unmarshal(vectors.Open(t, "bpsec/rfc9173-appendix-a.json"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Examples) != 4 {
		t.Fatalf("%d examples, want 4", len(file.Examples))
	}
	for _, x := range file.Examples {
		for _, h := range []string{x.Original, x.Final} {
			raw, _ := hex.DecodeString(h)
			b, err := Decode(raw)
			if err != nil {
				t.Errorf("%s: %v", x.ID, err)
				continue
			}
			if got := b.Encode(); !bytes.Equal(got, raw) {
				t.Errorf("%s: encodes as %x", x.ID, got)
			}
			if b.Primary.Source != IPN(2, 1) || b.Primary.Destination != IPN(1, 2) {
				t.Errorf("%s: from %v to %v", x.ID, b.Primary.Source, b.Primary.Destination)
			}
		}
		raw, _ := hex.DecodeString(x.Final)
		b, err := Decode(raw)
		if err != nil {
			continue
		}
		if x.BIB != nil {
			if c := b.Find(BlockIntegrity); c == nil || c.Number != x.BIB.Number {
				t.Errorf("%s: integrity block %+v", x.ID, c)
			} else if got := hex.EncodeToString(c.append(nil)); x.BIB.Block[:len(x.BIB.Block)-8] != got[:len(got)-8] && x.ID != "A.4" {
				t.Errorf("%s: block %s, want %s", x.ID, got, x.BIB.Block)
			}
		}
		if x.BCB != nil && b.Find(BlockConfidentiality) == nil {
			t.Errorf("%s: no confidentiality block", x.ID)
		}
		// A node that forwards it changes nothing but its own blocks.
		b.SetPreviousNode(IPN(9, 0))
		again, err := Decode(b.Encode())
		if err != nil {
			t.Fatalf("%s: with a previous-node block: %v", x.ID, err)
		}
		for _, kind := range []BlockType{BlockIntegrity, BlockConfidentiality, BlockPayload} {
			a, z := b.Find(kind), again.Find(kind)
			if (a == nil) != (z == nil) || (a != nil && !bytes.Equal(a.append(nil), z.append(nil))) {
				t.Errorf("%s: block of type %d changed", x.ID, kind)
			}
		}
	}
}

func TestCRCsByHand(t *testing.T) {
	// The check values of the two algorithms: "123456789".
	if got := ^crcX25(0xffff, []byte("123456789")); got != 0x906e {
		t.Errorf("CRC-16/X-25 is %04x, want 906e", got)
	}
	const primary = "8907040182028218c801820282186401820282186401821b000000afe9537a38001a0036ee80420000"
	raw, _ := hex.DecodeString(primary)
	raw = appendCRC(raw[:len(raw)-3], 0, CRC16)
	if got := hex.EncodeToString(raw[len(raw)-3:]); got != "420b19" {
		t.Errorf("CRC of nasa/bplib's primary block is %s, want 420b19", got)
	}
}
