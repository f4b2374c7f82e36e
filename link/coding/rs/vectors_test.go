package rs_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/coding/rs"
)

type word struct {
	Pad                    int
	Data, Parity, Received string
	Errors                 int
}

func TestLibfecWords(t *testing.T) {
	var v struct {
		Dual          []word `json:"rs255_223_dual_basis"`
		Conventional  []word `json:"rs255_223_conventional"`
		Uncorrectable []word `json:"uncorrectable_dual_basis"`
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/fec-libfec.json"), &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Dual) != 12 || len(v.Conventional) != 6 || len(v.Uncorrectable) != 6 {
		t.Fatalf("%d, %d, %d words in the vectors", len(v.Dual), len(v.Conventional), len(v.Uncorrectable))
	}
	check := func(c *rs.Code, w word) {
		t.Helper()
		data, parity := unhex(t, w.Data), unhex(t, w.Parity)
		if len(data) != 223-w.Pad {
			t.Fatalf("%d data symbols with a pad of %d", len(data), w.Pad)
		}
		got := make([]byte, 32)
		c.Encode(data, got)
		if !bytes.Equal(got, parity) {
			t.Errorf("pad %d: check symbols %x, want %x", w.Pad, got, parity)
			return
		}
		if w.Received == "" {
			return
		}
		r := unhex(t, w.Received)
		n, err := c.Decode(r, nil)
		if err != nil || n != w.Errors || !bytes.Equal(r, append(data, parity...)) {
			t.Errorf("pad %d: %d errors: corrected %d, %v", w.Pad, w.Errors, n, err)
		}
	}
	for _, w := range v.Dual {
		check(rs.CCSDS(16, rs.Dual), w)
	}
	for _, w := range v.Conventional {
		check(rs.CCSDS(16, rs.Conventional), w)
	}
	for _, w := range v.Uncorrectable {
		r := unhex(t, w.Received)
		before := bytes.Clone(r)
		if _, err := rs.CCSDS(16, rs.Dual).Decode(r, nil); !errors.Is(err, rs.ErrUncorrectable) {
			t.Errorf("%d errors: %v", w.Errors, err)
		}
		if !bytes.Equal(r, before) {
			t.Errorf("%d errors: the word was changed", w.Errors)
		}
	}
}

// A word of the vectors, so that the test stands without them: data 00 01 .. de.
func TestKnownWord(t *testing.T) {
	data := make([]byte, 223)
	for i := range data {
		data[i] = byte(i)
	}
	for basis, want := range map[rs.Basis]string{
		rs.Dual:         "4ffb92dd557ec67f27fb8982cf58f8fd028ad117fcef6b2793d0418826578651",
		rs.Conventional: "2fbd4fb4748494b9acd554627212eeb3ebed41191de1d36320ea49290b25abcf",
	} {
		got := make([]byte, 32)
		rs.CCSDS(16, basis).Encode(data, got)
		if hex.EncodeToString(got) != want {
			t.Errorf("%v: %x, want %s", basis, got, want)
		}
	}
}

func TestAOSHeaderVectors(t *testing.T) {
	type header struct {
		GVCID, Signaling, FHEC string
		OK                     bool
	}
	var v struct {
		AOS struct {
			Encode, Decode []header
			To             header `json:"corrects_to"`
		} `json:"aos_frame_header_error_control"`
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/yamcs-tests.json"), &v); err != nil {
		t.Fatal(err)
	}
	num := func(s string) uint16 {
		n, err := strconv.ParseUint(s, 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		return uint16(n)
	}
	if len(v.AOS.Encode) == 0 || len(v.AOS.Decode) == 0 {
		t.Fatal("vectors are missing from the file")
	}
	for _, h := range v.AOS.Encode {
		if got := rs.HeaderCheck(num(h.GVCID), byte(num(h.Signaling))); got != num(h.FHEC) {
			t.Errorf("%s %s: %04x, want %s", h.GVCID, h.Signaling, got, h.FHEC)
		}
	}
	for _, h := range v.AOS.Decode {
		g, s, n, ok := rs.CorrectHeader(num(h.GVCID), byte(num(h.Signaling)), num(h.FHEC))
		if ok != h.OK || ok && (g != num(v.AOS.To.GVCID) || s != byte(num(v.AOS.To.Signaling)) || n == 0) {
			t.Errorf("%s %s %s: %04x %02x, %d, %v", h.GVCID, h.Signaling, h.FHEC, g, s, n, ok)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
