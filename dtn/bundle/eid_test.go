package bundle

import (
	"encoding/hex"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/cbor"
)

func TestEIDText(t *testing.T) {
	for _, c := range []struct {
		text string
		want EID
	}{
		{"dtn:none", None},
		{"dtn://gs1/mail", EID{name: "//gs1/mail"}},
		{"dtn://gs1/", EID{name: "//gs1/"}},
		{"ipn:0.0", IPN(0, 0)},
		{"ipn:90001.1", IPN(90001, 1)},
		{"ipn:977000.100.1", IPN3(977000, 100, 1)},
		{"ipn:!.7", IPN(math.MaxUint32, 7)},
		{"ipn:1.18446744073709551615", IPN(1, math.MaxUint64)},
	} {
		e, err := ParseEID(c.text)
		if err != nil || e != c.want {
			t.Errorf("%s: got %#v, %v", c.text, e, err)
		}
		if e.String() != c.text {
			t.Errorf("%s: written as %s", c.text, e)
		}
	}
	if e, err := ParseEID("ipn:0.90001.1"); err != nil || e != IPN(90001, 1) {
		t.Errorf("allocator 0 is the default: %v %v", e, err)
	}
	if e := IPN3(977000, 100, 1); e.Allocator() != 977000 || e.Node() != 977000<<32|100 || e.Service() != 1 {
		t.Errorf("parts of %v", e)
	}
	for _, bad := range []string{"", "ipn", "ipn:", "ipn:1", "ipn:1.2.3.4", "ipn:-1.2", "ipn:+1.2", "ipn:01.2", "ipn:1.",
		"ipn:4294967296.1", "ipn:1.4294967296.1", "ipn:!.1.2", "dtn:", "dtn:gs1", "dtn://", "dtn:///x", "dtn://gs1",
		"dtn://gs 1/x", "dtn://gs1/\u00e9", "http://x/"} {
		if e, err := ParseEID(bad); !errors.Is(err, ErrEID) {
			t.Errorf("%q: got %v, %v", bad, e, err)
		}
	}
}

// RFC 9758 §6.1: two and three elements are the same endpoint.
func TestEIDEncodings(t *testing.T) {
	for _, c := range []struct {
		hex  string
		want EID
	}{
		{"820100", None},
		{"82016a2f2f6773312f6d61696c", EID{name: "//gs1/mail"}},
		{"8202820000", IPN(0, 0)},
		{"8202821a00015f9101", IPN(90001, 1)},
		{"820283001a00015f9101", IPN(90001, 1)},
		{"820283" + "1a000ee868" + "1864" + "01", IPN3(977000, 100, 1)},
		{"820282" + "1b000ee86800000064" + "01", IPN3(977000, 100, 1)},
	} {
		raw, _ := hex.DecodeString(c.hex)
		d := cbor.NewDecoder(raw)
		e, err := DecodeEID(d)
		if err != nil || e != c.want || d.Done() != nil {
			t.Errorf("%s: got %v, %v", c.hex, e, err)
		}
		two, three := hex.EncodeToString(AppendEID(nil, e)), hex.EncodeToString(AppendEID3(nil, e))
		if c.hex != two && c.hex != three {
			t.Errorf("%s: encodes as %s and %s", c.hex, two, three)
		}
	}
	for _, bad := range []string{"820300", "820101", "8101", "82028101", "820284010203" + "04", "820283" + "1b0000000100000000" + "0101",
		"820283" + "01" + "1b0000000100000000" + "01", "82016161", "8202821801" + "01", "82029f0102ff", "8201f6"} {
		raw, _ := hex.DecodeString(bad)
		if e, err := DecodeEID(cbor.NewDecoder(raw)); err == nil {
			t.Errorf("%s: taken as %v", bad, e)
		}
	}
}

func TestEIDNull(t *testing.T) {
	for e, want := range map[EID]bool{None: true, IPN(0, 0): true, IPN(0, 1): true, IPN(1, 0): false,
		IPN3(1, 0, 0): false, {name: "//a/"}: false} {
		if e.IsNull() != want {
			t.Errorf("%v: IsNull is %v", e, !want)
		}
	}
}

func drawEID(t *rapid.T, label string) EID {
	if rapid.IntRange(0, 4).Draw(t, label+" scheme") == 0 {
		name := rapid.StringMatching(`[!-.0-~]{1,8}`).Draw(t, label+" node")
		return EID{name: "//" + name + "/" + rapid.StringMatching(`[!-~]{0,8}`).Draw(t, label+" demux")}
	}
	return IPN3(rapid.Uint32().Draw(t, label+" allocator"), rapid.Uint32().Draw(t, label+" node"),
		rapid.Uint64().Draw(t, label+" service"))
}

func TestEIDRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEID(t, "e")
		for _, raw := range [][]byte{AppendEID(nil, e), AppendEID3(nil, e)} {
			got, err := DecodeEID(cbor.NewDecoder(raw))
			if err != nil || got != e {
				t.Fatalf("%x: %v %v, want %v", raw, got, err, e)
			}
		}
		got, err := ParseEID(e.String())
		if err != nil || got != e {
			t.Fatalf("%s: %v %v", e, got, err)
		}
	})
}
