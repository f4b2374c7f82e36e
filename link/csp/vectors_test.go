package csp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/coding/crc"
)

type vector struct {
	Prio, DPort, SPort uint8
	Dst, Src           uint16
	Flags              Flags
	Data, Frame        string
	HMACPayload        string `json:"frame_hmac_payload"`
	HMACHeader         string `json:"frame_hmac_with_header"`
	CRCHeader          string `json:"crc32_over_header_and_data"`
	CRC                string `json:"frame_crc32"`
	KISS               string
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// frame gives a packet's octets.
func frame(t testing.TB, v Version, p Packet) string {
	t.Helper()
	b, err := p.Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b)
}

func TestLibcspFrames(t *testing.T) {
	var file struct {
		CRC32C []struct{ Data, CRC string }
		V1, V2 []vector
	}
	if err := json.Unmarshal(vectors.Open(t, "csp/csp-frames-libcsp.json"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.CRC32C) != 5 || len(file.V1) != 15 || len(file.V2) != 15 {
		t.Fatalf("%d, %d and %d vectors", len(file.CRC32C), len(file.V1), len(file.V2))
	}
	for _, c := range file.CRC32C {
		sum := crc.Castagnoli(unhex(t, c.Data))
		if got := hex.EncodeToString([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}); got != c.CRC {
			t.Errorf("CRC-32C of %s is %s, not %s", c.Data, got, c.CRC)
		}
	}
	for v, list := range map[Version][]vector{V1: file.V1, V2: file.V2} {
		for _, c := range list {
			checkVector(t, v, c)
		}
	}
}

func checkVector(t *testing.T, v Version, c vector) {
	p := Packet{Header: Header{
		Priority: c.Prio, Source: c.Src, Destination: c.Dst, SourcePort: c.SPort, DestinationPort: c.DPort, Flags: c.Flags,
	}, Data: unhex(t, c.Data)}
	if got := frame(t, v, p); got != c.Frame {
		t.Fatalf("version %d: frame %s, not %s", v, got, c.Frame)
	}
	back, err := Parse(v, unhex(t, c.Frame))
	if err != nil || back.Header != p.Header || !bytes.Equal(back.Data, p.Data) {
		t.Errorf("version %d: %s read as %+v, %v", v, c.Frame, back, err)
	}
	key := NewKey([]byte("spacechain-test-key"))
	for cover, want := range map[Coverage]string{OverData: c.HMACPayload, OverHeaderAndAll: c.HMACHeader} {
		signed, err := key.Sign(v, p, cover)
		if err != nil {
			t.Fatal(err)
		}
		if got := frame(t, v, signed); got != want {
			t.Errorf("version %d, coverage %d: signed %s, not %s", v, cover, got, want)
		}
		if open, err := key.Verify(v, signed, cover); err != nil || !bytes.Equal(open.Data, p.Data) {
			t.Errorf("version %d, coverage %d: verified %x, %v", v, cover, open.Data, err)
		}
		if _, err := key.Verify(v, signed, 1-cover); err == nil {
			t.Errorf("version %d: tag of coverage %d passes for the other", v, cover)
		}
	}
	for cover, want := range map[Coverage]string{OverData: c.CRC, OverHeaderAndAll: c.Frame + c.CRCHeader} {
		sum, err := AppendCRC(v, p, cover)
		if err != nil {
			t.Fatal(err)
		}
		if got := frame(t, v, sum); got != want {
			t.Errorf("version %d, coverage %d: with CRC %s, not %s", v, cover, got, want)
		}
		if open, found, err := CheckCRC(v, sum); err != nil || found != cover || !bytes.Equal(open.Data, p.Data) {
			t.Errorf("version %d, coverage %d: checked %x, %d, %v", v, cover, open.Data, found, err)
		}
	}
	line, err := AppendKISS(nil, v, p)
	if got := hex.EncodeToString(line); err != nil || got != c.KISS {
		t.Errorf("version %d: KISS %s, not %s, %v", v, got, c.KISS, err)
	}
	d := KISSDecoder{Version: v}
	count := 0
	for _, b := range unhex(t, c.KISS) {
		if q, ok := d.Next(b); ok {
			count++
			if q.Header != p.Header || !bytes.Equal(q.Data, p.Data) {
				t.Errorf("version %d: KISS gives %+v", v, q)
			}
		}
	}
	if count != 1 || d.Refused != 0 || d.Dropped() != 0 {
		t.Errorf("version %d: %d packets, %d refused, %d dropped", v, count, d.Refused, d.Dropped())
	}
}

// Numbers of the vectors that stand without the file.
func TestDefiningFrames(t *testing.T) {
	h := Header{Priority: Normal, Source: 2, Destination: 1, SourcePort: 48, DestinationPort: 10}
	p := Packet{Header: h, Data: []byte("123456789")}
	for v, want := range map[Version]string{V1: "8412b000313233343536373839e3069283", V2: "80010008ac00313233343536373839e3069283"} {
		p, err := AppendCRC(v, p, OverData)
		if err != nil {
			t.Fatal(err)
		}
		if got := frame(t, v, p); got != want {
			t.Errorf("version %d: %s, not %s", v, got, want)
		}
	}
	signed, err := NewKey([]byte("spacechain-test-key")).Sign(V1, p, OverData)
	if err != nil {
		t.Fatal(err)
	}
	if got := frame(t, V1, signed); got != "8412b00031323334353637383947069a9b" {
		t.Errorf("signed %s", got)
	}
}
