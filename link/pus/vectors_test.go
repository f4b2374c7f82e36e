package pus

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
	"spacechain/link/packet"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPacketVectors(t *testing.T) {
	var file struct {
		TC []struct {
			Service, Subtype uint8
			APID             uint16
			Count            uint16 `json:"seq_count"`
			Source           uint16 `json:"source_id"`
			Ack              uint8  `json:"ack_flags"`
			Data             string `json:"app_data"`
			Packet           string
		} `json:"pus_c_tc"`
		TM []struct {
			Service, Subtype uint8
			APID             uint16
			Count            uint16 `json:"seq_count"`
			Destination      uint16 `json:"destination_id"`
			Counter          uint16 `json:"message_counter"`
			Timestamp        string
			Data             string `json:"source_data"`
			Packet           string
		} `json:"pus_c_tm"`
	}
	if err := json.Unmarshal(vectors.Open(t, "spacepackets-pus/pus-spacepackets-py.json"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.TC) != 4 || len(file.TM) != 6 {
		t.Fatalf("%d TC, %d TM", len(file.TC), len(file.TM))
	}
	p := NewProfile(Profile{})
	for _, v := range file.TC {
		want := TC{APID: v.APID, Count: v.Count, Ack: Ack(v.Ack), Source: v.Source, Message: Message{v.Service, v.Subtype}, Data: unhex(t, v.Data)}
		b, err := p.AppendTC(nil, want)
		if err != nil || hex.EncodeToString(b) != v.Packet {
			t.Errorf("%s: %x, %v, want %s", want.Message, b, err, v.Packet)
		}
		got, err := p.DecodeTC(unhex(t, v.Packet))
		if err != nil || got.Message != want.Message || got.APID != want.APID || got.Count != want.Count ||
			got.Source != want.Source || got.Ack != want.Ack || !bytes.Equal(got.Data, want.Data) {
			t.Errorf("%s: %+v, %v", v.Packet, got, err)
		}
	}
	for _, v := range file.TM {
		p := NewProfile(Profile{NoTime: true})
		want := TM{APID: v.APID, Count: v.Count, Message: Message{v.Service, v.Subtype}, Counter: v.Counter, Destination: v.Destination, Data: unhex(t, v.Data)}
		if v.Timestamp != "" {
			p = NewProfile(Profile{Time: packet.CDS{}, Preamble: true})
			var err error
			if want.Time, _, err = packet.DecodeTime(unhex(t, v.Timestamp), time.Time{}, false); err != nil {
				t.Fatal(err)
			}
		}
		b, err := p.AppendTM(nil, want)
		if err != nil || hex.EncodeToString(b) != v.Packet {
			t.Errorf("%s: %x, %v, want %s", want.Message, b, err, v.Packet)
		}
		got, err := p.DecodeTM(unhex(t, v.Packet))
		if err != nil || got.Message != want.Message || got.APID != want.APID || got.Count != want.Count || got.Counter != want.Counter ||
			got.Destination != want.Destination || !got.Time.Equal(want.Time) || !bytes.Equal(got.Data, want.Data) {
			t.Errorf("%s: %+v, %v", v.Packet, got, err)
		}
		if got.Message == (Message{1, 7}) {
			parsed, err := p.Parse(got)
			ver, ok := parsed.(*Verification)
			if err != nil || !ok || ver.Stage != StageCompletion || ver.Request.String() != "2:52" {
				t.Errorf("%+v, %v", parsed, err)
			}
		}
	}
}

func TestPUSAVectors(t *testing.T) {
	var file struct {
		Vectors map[string]json.RawMessage
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/spacepylibrary.json"), &file); err != nil {
		t.Fatal(err)
	}
	// SpacePyLibrary's telemetry has a spare octet and a CUC of 4 and 4 octets behind the
	// first three of the header, where the packet is long enough for them.
	profiles := map[string]*Profile{
		"TM_PACKET_01": NewProfile(Profile{Edition: EditionA, NoCRC: true, DestinationA: 1, Time: packet.CUC{Coarse: 4, Fine: 4}}),
		"TM_PACKET_02": NewProfile(Profile{Edition: EditionA, DestinationA: 1, Time: packet.CUC{Coarse: 4, Fine: 4}}),
		"TC_PACKET_01": NewProfile(Profile{Edition: EditionA}),
	}
	profiles["TM_PACKET_03"], profiles["TM_PACKET_04"] = profiles["TM_PACKET_02"], profiles["TM_PACKET_02"]
	want := map[string]Message{
		"TM_PACKET_01": {1, 1}, "TM_PACKET_02": {3, 25}, "TM_PACKET_03": {3, 25}, "TM_PACKET_04": {8, 2}, "TC_PACKET_01": {25, 6},
	}
	for name, p := range profiles {
		var s string
		if err := json.Unmarshal(file.Vectors[name], &s); err != nil {
			t.Fatal(err)
		}
		b := unhex(t, s)
		var m Message
		var again []byte
		var err error
		if strings.HasPrefix(name, "TM") {
			var v TM
			if v, err = p.DecodeTM(b); err == nil {
				m = v.Message
				again, err = p.AppendTM(nil, v)
			}
		} else {
			var v TC
			if v, err = p.DecodeTC(b); err == nil {
				m = v.Message
				again, err = p.AppendTC(nil, v)
			}
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// The time's last fractions are finer than a nanosecond: compare without them.
		if name == "TC_PACKET_01" && !bytes.Equal(again, b) || len(again) != len(b) {
			t.Errorf("%s: %x", name, again)
		}
		if m != want[name] && name != "TC_PACKET_01" {
			t.Errorf("%s is %s, want %s", name, m, want[name])
		}
	}
}

func TestPacketRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := NewProfile(Profile{
			Edition: Edition(rapid.IntRange(0, 1).Draw(t, "edition")), NoCRC: rapid.Bool().Draw(t, "no crc"),
			TCSpare: rapid.IntRange(0, 2).Draw(t, "spare"), SourceA: 2, CounterA: 2, DestinationA: 2, Preamble: rapid.Bool().Draw(t, "preamble"),
			Time: packet.CUC{Coarse: 4, Fine: 4},
		})
		data := rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "data")
		c := TC{uint16(rapid.IntRange(0, packet.MaxAPID).Draw(t, "apid")), uint16(rapid.IntRange(0, packet.CountMask).Draw(t, "count")),
			Ack(rapid.IntRange(0, 15).Draw(t, "ack")), rapid.Uint16().Draw(t, "source"), Message{rapid.Byte().Draw(t, "service"), rapid.Byte().Draw(t, "subtype")}, data}
		b, err := p.AppendTC(nil, c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.DecodeTC(b)
		if err != nil || RequestOf(got) != RequestOf(c) || got.Ack != c.Ack || got.Source != c.Source || got.Message != c.Message || !bytes.Equal(got.Data, data) {
			t.Fatalf("%+v became %+v, %v", c, got, err)
		}
		m := TM{APID: c.APID, Count: c.Count, Message: c.Message, Counter: c.Source, Destination: c.Source + 1, Data: data,
			Time: time.Date(2026, 1, 1, 0, 0, rapid.IntRange(0, 1e6).Draw(t, "s"), rapid.IntRange(0, 1e9-1).Draw(t, "ns"), time.UTC)}
		if b, err = p.AppendTM(nil, m); err != nil {
			t.Fatal(err)
		}
		tm, err := p.DecodeTM(b)
		if err != nil || !tm.Time.Equal(m.Time) || tm.Counter != m.Counter || tm.Destination != m.Destination || !bytes.Equal(tm.Data, data) {
			t.Fatalf("%+v became %+v, %v", m, tm, err)
		}
		if _, err := p.DecodeTC(b); !errors.Is(err, ErrPacket) {
			t.Fatal("telemetry was taken for a telecommand")
		}
		if !p.NoCRC {
			b[rapid.IntRange(6, len(b)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			if _, err := p.DecodeTM(b); !errors.Is(err, ErrChecksum) {
				t.Fatal(err)
			}
		}
	})
}
