package frame

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"

	"spacechain/internal/vectors"
	"spacechain/link/coding/cltu"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// spacePy opens the frames, CLTUs and packets of SpacePyLibrary.
func spacePy(t testing.TB) map[string]string {
	t.Helper()
	var v struct{ Vectors map[string]string }
	if err := json.Unmarshal(vectors.Open(t, "ccsds/spacepylibrary.json"), &v); err != nil {
		t.Fatal(err)
	}
	return v.Vectors
}

type yamcsVectors struct {
	AOS struct {
		Hex, SCID string
		VCID      uint8
		Count     uint32 `json:"vc_frame_count"`
		First     uint16 `json:"first_packet_offset"`
		Length    int    `json:"frame_length"`
	} `json:"aos_frame"`
	USLP struct {
		SCID     string
		VCID     uint8
		Fixed    uslpVector `json:"fixed_length_frame"`
		Variable uslpVector `json:"variable_length_frame"`
	}
	Header struct {
		Decode []struct {
			GVCID, Signaling, FHEC string
			OK                     bool
		}
	} `json:"aos_frame_header_error_control"`
}

type uslpVector struct {
	Hex  string
	Rule Rule `json:"tfdz_rule"`
	TFDZ string
}

func yamcs(t testing.TB) *yamcsVectors {
	t.Helper()
	var v yamcsVectors
	if err := json.Unmarshal(vectors.Open(t, "ccsds/yamcs-tests.json"), &v); err != nil {
		t.Fatal(err)
	}
	return &v
}

func TestTMFrameVector(t *testing.T) {
	b := unhex(t, spacePy(t)["TM_FRAME_01"])
	c := &TMChannel{Length: 1115, Spacecraft: 758, FECF: true}
	f, err := c.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if f.Spacecraft != 758 || f.VC != 0 || !f.HasOCF || f.MasterCount != 0 || f.VirtualCount != 0 || f.FirstHeader != 0 ||
		f.SegmentLength != 3 || f.Synchronized || f.Secondary != nil || len(f.Data) != 1115-6-4-2 {
		t.Errorf("%+v", f)
	}
	again, err := c.Append(nil, &f)
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("encoded anew: %v, same %t", err, bytes.Equal(again, b))
	}
	// It holds one telemetry packet, and fill.
	var got [][]byte
	r := PacketReader{}
	r.Zone(f.Data, f.FirstHeader, func(p []byte) { got = append(got, bytes.Clone(p)) })
	if len(got) == 0 || !bytes.HasPrefix(got[0], unhex(t, "0cd2c000001a10031916925e92")) || len(got[0]) != 33 {
		t.Errorf("packets %x", got)
	}
}

func TestTCFrameVectors(t *testing.T) {
	v := spacePy(t)
	c := &TCChannel{Spacecraft: 758, FECF: true, VCs: map[uint8]Virtual{0: {Segments: true}}}
	var re Reassembler
	var packet []byte
	for i, name := range []string{"01", "02"} {
		b := unhex(t, v["TC_FRAME_"+name])
		f, err := c.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		segment := unhex(t, v["TC_SEGMENT_"+name])
		want := First
		if i == 1 {
			want = Last
		}
		if !f.Bypass || f.Control || f.Sequence != 0 || f.VC != 0 || f.MAP != 2 || f.Segment != want || !bytes.Equal(f.Data, segment[1:]) {
			t.Errorf("frame %s: %+v", name, f)
		}
		again, err := c.Append(nil, &f)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("encoded anew: %v, %x", err, again)
		}
		if u := re.Add(f.Segment, f.Data); u != nil {
			packet = bytes.Clone(u)
		}
	}
	if !bytes.Equal(packet, unhex(t, v["TC_PACKET_01"])) {
		t.Errorf("packet %x", packet)
	}
	// And the other way: the packet in segments of the same length.
	var parts int
	err := Segmenter{Max: 248}.Segment(packet, func(flags Sequence, part []byte) {
		parts++
		want := unhex(t, v["TC_SEGMENT_0"+string(rune('0'+parts))])
		if got := append([]byte{byte(flags)<<6 | 2}, part...); !bytes.Equal(got, want) {
			t.Errorf("segment %d: %x, want %x", parts, got, want)
		}
	})
	if err != nil || parts != 2 {
		t.Errorf("%d parts, %v", parts, err)
	}
}

func TestAOSFrameVector(t *testing.T) {
	v := yamcs(t).AOS
	b := unhex(t, v.Hex)
	scid := uint16(unhex(t, v.SCID)[0])
	c := &AOSChannel{Length: v.Length, Spacecraft: scid, FECF: true}
	f, err := c.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if f.Spacecraft != scid || f.VC != v.VCID || f.Count != v.Count || f.HasOCF || f.Replay || f.CycleUse {
		t.Errorf("%+v", f)
	}
	zone, first, err := SplitMPDU(f.Data)
	// Yamcs counts the offset from the beginning of the frame.
	if err != nil || first != v.First-8 || len(zone) != 128-6-2-2 {
		t.Errorf("first header at %d of %d octets, %v", first, len(zone), err)
	}
	again, err := c.Append(nil, &f)
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("encoded anew: %v, %x", err, again)
	}
}

func TestAOSHeaderControlVectors(t *testing.T) {
	c := &AOSChannel{Length: 20, HeaderControl: true, AnySpacecraft: true}
	for _, x := range yamcs(t).Header.Decode {
		b := make([]byte, 20)
		copy(b, unhex(t, x.GVCID))
		copy(b[5:], unhex(t, x.Signaling))
		copy(b[6:], unhex(t, x.FHEC))
		n, err := c.Correct(b)
		if (err == nil) != x.OK {
			t.Errorf("%+v: %v", x, err)
			continue
		}
		if err == nil && (n == 0 || !bytes.Equal(b[:2], []byte{0x12, 0x34}) || b[5] != 0x56 || !bytes.Equal(b[6:8], []byte{0x94, 0xdc})) {
			t.Errorf("%+v corrected to %x by %d symbols", x, b[:8], n)
		}
	}
}

func TestUSLPFrameVectors(t *testing.T) {
	v := yamcs(t).USLP
	scid := uint16(unhex(t, v.SCID)[0])
	for name, x := range map[string]uslpVector{"fixed": v.Fixed, "variable": v.Variable} {
		b := unhex(t, x.Hex)
		c := &USLPChannel{Spacecraft: scid, FECF: 2}
		if name == "fixed" {
			c.Length = len(b)
		}
		f, err := c.Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if f.Spacecraft != scid || f.VC != v.VCID || f.MAP != 0 || !f.Destination || !f.Bypass || f.Command || f.CountOctets != 1 || f.Count != 1 || f.HasOCF {
			t.Errorf("%s: %+v", name, f)
		}
		d, err := SplitTFDF(f.Data)
		if err != nil || d.Rule != x.Rule || d.Protocol != UserPackets || !bytes.Equal(d.Zone, unhex(t, x.TFDZ)) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		again, err := c.Append(nil, &f)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s encoded anew: %v, %x", name, err, again)
		}
		data, err := d.Append(nil)
		if err != nil || !bytes.Equal(data, f.Data) {
			t.Errorf("%s data field anew: %v, %x", name, err, data)
		}
	}
}

// TestCLTUVectors takes frames out of CLTUs and puts them into them.
func TestCLTUVectors(t *testing.T) {
	v := spacePy(t)
	c := &TCChannel{Spacecraft: 758, FECF: true, VCs: map[uint8]Virtual{0: {Segments: true}}}
	coding := cltu.Coding{Tail: cltu.TailOld}
	for _, name := range []string{"01", "02"} {
		unit := unhex(t, v["CLTU_"+name])
		octets, report := coding.Decode(nil, unit[len(coding.Start()):])
		b, err := c.Trim(octets)
		if err != nil || report.Corrected != 0 {
			t.Fatalf("%v, %+v", err, report)
		}
		if !bytes.Equal(b, unhex(t, v["TC_FRAME_"+name])) {
			t.Errorf("frame %x", b)
		}
		if _, err := c.Decode(b); err != nil {
			t.Error(err)
		}
		again, err := coding.Encode(nil, b)
		if err != nil || !bytes.Equal(again, unit) {
			t.Errorf("cltu %x, %v", again, err)
		}
	}
}
