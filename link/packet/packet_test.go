package packet

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
	"spacechain/link/coding/crc"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestHeaderVectors(t *testing.T) {
	var file struct {
		Headers []struct {
			Type    uint8  `json:"type"`
			APID    uint16 `json:"apid"`
			Count   uint16 `json:"seq_count"`
			DataLen int    `json:"data_len"`
			Sec     int    `json:"sec_hdr"`
			Flags   uint8  `json:"seq_flags"`
			Header  string `json:"header"`
		} `json:"space_packet_headers"`
	}
	if err := json.Unmarshal(vectors.Open(t, "spacepackets-pus/pus-spacepackets-py.json"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Headers) != 5 {
		t.Fatalf("%d headers", len(file.Headers))
	}
	for _, v := range file.Headers {
		h := Header{Type: Type(v.Type), Secondary: v.Sec == 1, APID: v.APID, Flags: SeqFlags(v.Flags), Count: v.Count}
		if got := hex.EncodeToString(AppendHeader(nil, h, v.DataLen+1)); got != v.Header {
			t.Errorf("%+v: got %s, want %s", h, got, v.Header)
		}
		want := unhex(t, v.Header)
		p, rest, err := Decode(append(want, make([]byte, v.DataLen+1)...))
		if h.Idle() && h.Secondary {
			if err == nil {
				t.Errorf("%s: an idle packet with a secondary header was accepted", v.Header)
			}
			continue
		}
		if err != nil || len(rest) != 0 || p.Header != h || len(p.Data) != v.DataLen+1 {
			t.Errorf("%s: %+v, %d left, %v", v.Header, p.Header, len(rest), err)
		}
	}
}

func TestSpacePyLibraryPackets(t *testing.T) {
	var file struct {
		Vectors map[string]json.RawMessage `json:"vectors"`
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/spacepylibrary.json"), &file); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for name, raw := range file.Vectors {
		if !strings.HasPrefix(name, "TM_PACKET_0") && !strings.HasPrefix(name, "TC_PACKET_0") {
			continue
		}
		var s string
		if json.Unmarshal(raw, &s) != nil {
			continue
		}
		seen++
		b := unhex(t, s)
		p, err := DecodeWhole(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := p.Append(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s: %x, %v", name, again, err)
		}
		// Four of the five end in a PUS checksum; the first is zeros.
		if sum := crc.CCITT(b); (sum == 0) != (name != "TM_PACKET_01") {
			t.Errorf("%s: checksum over the packet is %04x", name, sum)
		}
	}
	if seen != 5 {
		t.Fatalf("%d packets", seen)
	}
}

func genPacket(t *rapid.T) Packet {
	p := Packet{
		Header: Header{
			Type:      Type(rapid.IntRange(0, 1).Draw(t, "type")),
			Secondary: rapid.Bool().Draw(t, "secondary"),
			APID:      uint16(rapid.IntRange(0, MaxAPID).Draw(t, "apid")),
			Flags:     SeqFlags(rapid.IntRange(0, 3).Draw(t, "flags")),
			Count:     uint16(rapid.IntRange(0, CountMask).Draw(t, "count")),
		},
		Data: rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "data"),
	}
	return p
}

func TestSpacePacketRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := genPacket(t)
		tail := rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "tail")
		b, err := p.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := Decode(append(b, tail...))
		if err != nil || got.Header != p.Header || !bytes.Equal(got.Data, p.Data) || !bytes.Equal(rest, tail) {
			t.Fatalf("%+v became %+v, %v", p, got, err)
		}
		if HeaderOf(p.ID(), p.Sequence()) != p.Header {
			t.Fatal("identification and sequence control do not give the header back")
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if _, _, err := Decode(b[:cut]); !errors.Is(err, ErrShort) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
	})
}

func TestPacketRefusals(t *testing.T) {
	for _, p := range []Packet{
		{Header: Header{APID: 2048}, Data: []byte{1}},
		{Header: Header{Count: 1 << 14}, Data: []byte{1}},
		{Header: Header{Flags: 4}, Data: []byte{1}},
		{Header: Header{Type: 2}, Data: []byte{1}},
		{Header: Header{}},
		{Data: make([]byte, 65537)},
		{Header: Header{APID: IdleAPID, Secondary: true}, Data: []byte{1}},
	} {
		if _, err := p.Append(nil); err == nil {
			t.Errorf("%+v was encoded", p.Header)
		}
	}
	if _, _, err := Decode(unhex(t, "2000c000000000")); !errors.Is(err, ErrVersion) {
		t.Error(err)
	}
	if _, err := DecodeWhole(unhex(t, "0001c00000000000")); !errors.Is(err, ErrTrailing) {
		t.Error(err)
	}
	for _, n := range []int{0, 6, MaxLen + 1} {
		if _, err := AppendIdle(nil, n, 0); err == nil {
			t.Errorf("idle packet of %d octets", n)
		}
	}
	if b, err := AppendIdle(nil, 13, 0x55); err != nil || !IsIdle(b) || len(b) != 13 {
		t.Error(b, err)
	}
}

func TestCounter(t *testing.T) {
	var c Counter
	c.Set(Telemetry, 5, CountMask)
	if a, b := c.Next(Telemetry, 5), c.Next(Telemetry, 5); a != CountMask || b != 0 {
		t.Errorf("counts %d, %d", a, b)
	}
	if c.Next(Telecommand, 5) != 0 || c.Peek(Telemetry, 5) != 1 {
		t.Error("counts are shared")
	}
}

func TestEncapsulationForms(t *testing.T) {
	for _, c := range []struct {
		name string
		e    Encapsulation
		want string
	}{
		{"idle", Encapsulation{}, "e0"},
		{"bundle", Encapsulation{Protocol: ProtocolBundle, Data: []byte{0x9f, 0xff}}, "f1049fff"},
		{"cfdp", Encapsulation{Protocol: ProtocolCFDP, Data: []byte{1}}, "ed0301"},
		{"extended", Encapsulation{Protocol: ProtocolExtended, Extension: 2, Data: []byte{7}}, "fa02000507"},
		{"user", Encapsulation{Protocol: ProtocolIPE, User: 9, Data: []byte{7}}, "ea90000507"},
		{"long", Encapsulation{Protocol: ProtocolLTP, Reserved: 0xabcd, Data: []byte{7}}, "e700abcd0000000907"},
	} {
		b, err := c.e.Append(nil)
		if err != nil || hex.EncodeToString(b) != c.want || c.e.Len() != len(b) {
			t.Errorf("%s: %x, %v, want %s", c.name, b, err, c.want)
		}
		got, rest, err := DecodeEncapsulation(append(b, 1, 2))
		if err != nil || len(rest) != 2 || got.Protocol != c.e.Protocol || got.User != c.e.User ||
			got.Extension != c.e.Extension || got.Reserved != c.e.Reserved || !bytes.Equal(got.Data, c.e.Data) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	for _, bad := range []string{"f0", "f101", "f2000003", "f300000000000007", "00", "f90830"} {
		if e, _, err := DecodeEncapsulation(unhex(t, bad)); err == nil {
			t.Errorf("%s: %+v", bad, e)
		}
	}
	for _, n := range []int{253, 254, 65531, 65532} {
		e := Encapsulation{Protocol: ProtocolBundle, Data: make([]byte, n)}
		b, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, rest, err := DecodeEncapsulation(b)
		if err != nil || len(rest) != 0 || len(got.Data) != n {
			t.Errorf("%d octets: %d, %v", n, len(got.Data), err)
		}
	}
}

func TestSegmentAndReassemble(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.Byte(), 1, 500).Draw(t, "data")
		maxData := rapid.IntRange(1, 100).Draw(t, "max")
		var c Counter
		c.Set(Telemetry, 7, uint16(rapid.IntRange(0, CountMask).Draw(t, "start")))
		ps, err := Segment(Header{APID: 7}, data, maxData, &c)
		if err != nil {
			t.Fatal(err)
		}
		lost := rapid.IntRange(-3, len(ps)-1).Draw(t, "lost")
		var r Reassembler
		var got []byte
		done := false
		for i, p := range ps {
			if i == lost {
				continue
			}
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				if d, ok := r.Add(p); ok {
					got, done = d, true
				}
			}
		}
		if lost < 0 && (!done || !bytes.Equal(got, data)) {
			t.Fatalf("%d octets came back as %d, %v", len(data), len(got), done)
		}
		if lost >= 0 && done {
			t.Fatal("a group with a hole was given out")
		}
	})
}

func TestReassemblerIsBounded(t *testing.T) {
	r := Reassembler{MaxSize: 100, MaxGroups: 2}
	for apid := range uint16(10) {
		r.Add(Packet{Header: Header{APID: apid, Flags: First}, Data: make([]byte, 60)})
	}
	if len(r.groups) != 2 || r.Dropped != 8 {
		t.Errorf("%d groups, %d dropped", len(r.groups), r.Dropped)
	}
	if _, ok := r.Add(Packet{Header: Header{APID: 9, Flags: Last, Count: 1}, Data: make([]byte, 60)}); ok {
		t.Error("a group beyond its bound was given out")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(unhex(f, "0001c000000000"))
	f.Add(unhex(f, "f1049fff"))
	f.Add(unhex(f, "e700abcd0000000907"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, _, err := Decode(b); err == nil {
			again, err := p.Append(nil)
			if err != nil || !bytes.Equal(again, b[:len(again)]) {
				t.Fatalf("%x, %v", again, err)
			}
		}
		if e, rest, err := DecodeEncapsulation(b); err == nil {
			again, err := e.Append(nil)
			if err != nil || len(again) > len(b)-len(rest) {
				t.Fatalf("%x, %v", again, err)
			}
		}
	})
}
