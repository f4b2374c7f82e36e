package cfdp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type vectorConfig struct {
	Source, Dest, Seq uint64
	EntityLen         int `json:"entity_len"`
	SeqLen            int `json:"seq_len"`
	Unacknowledged    int
	CRC               int
	LargeFile         int `json:"large_file"`
}

type vectorFields struct {
	Closure, Condition, Delivery, Acked, Status, Response, Checksum any
	ChecksumType                                                    uint8 `json:"checksum_type"`
	FileSize                                                        int64 `json:"file_size"`
	Src, Dst                                                        *string
	Message                                                         string `json:"tlv_msg_to_user"`
	Offset                                                          int64
	Data                                                            string
	Record                                                          uint8  `json:"record_continuation"`
	SegmentMeta                                                     string `json:"segment_metadata"`
	FaultLocation                                                   string `json:"fault_location"`
	FileStatus                                                      uint8  `json:"file_status"`
	Filestore                                                       string `json:"filestore_response"`
	Start, End, Progress                                            int64
	Segments                                                        [][2]int64
}

func number(v any) int {
	n, _ := v.(float64)
	return int(n)
}

// body builds what the fields of a vector describe.
func (f vectorFields) body(t *testing.T, kind string) (Body, bool) {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	var fault []byte
	if f.FaultLocation != "" {
		fault = unhex(t, f.FaultLocation)
	}
	switch kind {
	case "metadata", "metadata_crc32c_closure", "metadata_null_names", "metadata_msg_to_user":
		m := &Metadata{Closure: number(f.Closure) == 1, Checksum: ChecksumType(f.ChecksumType), Size: f.FileSize,
			SourceName: text(f.Src), DestName: text(f.Dst)}
		if f.Message != "" {
			m.Messages = [][]byte{unhex(t, f.Message)}
		}
		return m, false
	case "filedata", "filedata_offset", "filedata_segmeta":
		d := &FileData{Offset: f.Offset, Data: unhex(t, f.Data)}
		if f.SegmentMeta != "" {
			d.HasMeta, d.Record, d.Meta = true, RecordState(f.Record), unhex(t, f.SegmentMeta)
		}
		return d, false
	case "eof_no_error", "eof_cancel":
		sum, _ := f.Checksum.(string)
		return &EOF{Condition: Condition(number(f.Condition)), Checksum: uint32(readUint(unhex(t, sum))), Size: f.FileSize, Fault: fault}, false
	case "finished_ok", "finished_fault", "finished_fsresp":
		p := &Finished{Condition: Condition(number(f.Condition)), Incomplete: number(f.Delivery) == 1, Status: FileStatus(f.FileStatus), Fault: fault}
		if f.Filestore != "" {
			p.Responses = []FilestoreResponse{{Action: CreateFile, First: "test.txt"}}
		}
		return p, true
	case "ack_eof", "ack_finished":
		a := &ACK{Of: Directive(number(f.Acked)), Condition: Condition(number(f.Condition)), Status: TransactionStatus(number(f.Status))}
		return a, kind == "ack_eof"
	case "nak_empty", "nak_two":
		n := &NAK{Start: f.Start, End: f.End, Segments: []Segment{}}
		for _, s := range f.Segments {
			n.Segments = append(n.Segments, Segment{s[0], s[1]})
		}
		return n, true
	case "prompt_nak", "prompt_keepalive":
		return &Prompt{KeepAlive: number(f.Response) == 1}, false
	case "keepalive":
		return &KeepAlive{Progress: f.Progress}, true
	}
	t.Fatalf("kind %q", kind)
	return nil, false
}

func TestPDUVectors(t *testing.T) {
	var file struct {
		Configs map[string]vectorConfig
		PDUs    []struct {
			Kind, Config, PDU string
			Fields            vectorFields
		}
	}
	if err := json.Unmarshal(vectors.Open(t, "cfdp/pdus-spacepackets-py.json"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.PDUs) != 95 {
		t.Fatalf("%d PDUs, want 95", len(file.PDUs))
	}
	for _, v := range file.PDUs {
		c := file.Configs[v.Config]
		body, back := v.Fields.body(t, v.Kind)
		want := PDU{Body: body, Header: Header{
			TowardSender: back, Unacknowledged: c.Unacknowledged == 1, CRC: c.CRC == 1, Large: c.LargeFile == 1,
			EntityLen: c.EntityLen, SeqLen: c.SeqLen, Source: c.Source, Seq: c.Seq, Dest: c.Dest,
		}}
		got, err := want.Append(nil)
		if err != nil || hex.EncodeToString(got) != v.PDU {
			t.Errorf("%s %s: %x, %v, want %s", v.Kind, v.Config, got, err, v.PDU)
		}
		p, err := Decode(unhex(t, v.PDU))
		if err != nil || !reflect.DeepEqual(p, want) {
			t.Errorf("%s %s: decoded to %+v %+v, %v", v.Kind, v.Config, p.Header, p.Body, err)
		}
	}
}

func TestYamcsVectors(t *testing.T) {
	var file struct {
		CFDP struct {
			EOF struct {
				Hex       string
				Condition Condition
			} `json:"eof_pdu"`
			Modular []struct {
				Data, Checksum string
				Offset         int64
			} `json:"modular_checksum"`
		}
		Proximity []struct{ Data, CRC string } `json:"proximity1_crc32"`
	}
	if err := json.Unmarshal(vectors.Open(t, "ccsds/yamcs-tests.json"), &file); err != nil {
		t.Fatal(err)
	}
	p, err := Decode(unhex(t, file.CFDP.EOF.Hex))
	if err == nil {
		t.Error("a version 0 PDU was taken for version 1")
	}
	// The constant is of CFDP version 0, whose EOF differs in the first three bits
	// alone; as version 1 it reads.
	b := unhex(t, file.CFDP.EOF.Hex)
	b[0] |= 1 << 5
	p, err = Decode(b)
	if eof, ok := p.Body.(*EOF); err != nil || !ok || eof.Condition != file.CFDP.EOF.Condition {
		t.Errorf("%+v, %v", p, err)
	}
	if len(file.CFDP.Modular) != 2 {
		t.Fatalf("%d checksums", len(file.CFDP.Modular))
	}
	for _, v := range file.CFDP.Modular {
		if got := ChecksumModular.Update(0, v.Offset, unhex(t, v.Data)); hex.EncodeToString(appendUint(nil, uint64(got), 4)) != v.Checksum {
			t.Errorf("modular checksum of %s at %d is %08x, want %s", v.Data, v.Offset, got, v.Checksum)
		}
	}
	for _, v := range file.Proximity {
		if got := ChecksumProximity1.Update(0, 0, unhex(t, v.Data)); hex.EncodeToString(appendUint(nil, uint64(got), 4)) != v.CRC {
			t.Errorf("proximity-1 checksum of %s is %08x, want %s", v.Data, got, v.CRC)
		}
	}
}

func TestChecksums(t *testing.T) {
	check := []byte("123456789")
	for _, c := range []struct {
		typ  ChecksumType
		want uint32
	}{
		{ChecksumCRC32, 0xcbf43926}, {ChecksumCRC32C, 0xe3069283}, {ChecksumNull, 0},
		{ChecksumModular, 0x31323334 + 0x35363738 + 0x39000000},
	} {
		if got := c.typ.Update(0, 0, check); got != c.want {
			t.Errorf("%s: %08x, want %08x", c.typ, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]ChecksumType{ChecksumModular, ChecksumProximity1, ChecksumCRC32, ChecksumCRC32C, ChecksumNull}).Draw(t, "type")
		data := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "data")
		want := typ.Update(0, 0, data)
		sum, at := uint32(0), 0
		for at < len(data) {
			n := rapid.IntRange(1, len(data)-at).Draw(t, "n")
			sum = typ.Update(sum, int64(at), data[at:at+n])
			at += n
		}
		if sum != want {
			t.Fatalf("%s in pieces is %08x, whole %08x", typ, sum, want)
		}
	})
}

func genHeader(t *rapid.T) Header {
	h := Header{
		TowardSender: rapid.Bool().Draw(t, "toward"), Unacknowledged: rapid.Bool().Draw(t, "unack"),
		CRC: rapid.Bool().Draw(t, "crc"), Large: rapid.Bool().Draw(t, "large"), Records: rapid.Bool().Draw(t, "records"),
		EntityLen: rapid.IntRange(1, 8).Draw(t, "entity"), SeqLen: rapid.IntRange(1, 8).Draw(t, "seq"),
	}
	mask := func(n int) uint64 { return 1<<(8*n) - 1 }
	h.Source = rapid.Uint64().Draw(t, "source") & mask(h.EntityLen)
	h.Dest = rapid.Uint64().Draw(t, "dest") & mask(h.EntityLen)
	h.Seq = rapid.Uint64().Draw(t, "number") & mask(h.SeqLen)
	return h
}

func genSize(t *rapid.T, h Header) int64 {
	if h.Large {
		return rapid.Int64Range(0, 1<<62).Draw(t, "size")
	}
	return rapid.Int64Range(0, 0xffffffff).Draw(t, "size")
}

func genBody(t *rapid.T, h Header) Body {
	octets := func(lo, hi int) []byte { return rapid.SliceOfN(rapid.Byte(), lo, hi).Draw(t, "octets") }
	text := func() string { return string(octets(0, 20)) }
	cond := Condition(rapid.IntRange(0, 15).Draw(t, "condition"))
	var fault []byte
	if rapid.Bool().Draw(t, "fault") {
		fault = octets(1, 8)
	}
	action := Action(rapid.IntRange(0, 8).Draw(t, "action"))
	second := ""
	if action.two() {
		second = text()
	}
	switch rapid.IntRange(0, 7).Draw(t, "body") {
	case 0:
		m := &Metadata{Closure: rapid.Bool().Draw(t, "closure"), Checksum: ChecksumType(rapid.IntRange(0, 15).Draw(t, "sum")), Size: genSize(t, h), SourceName: text(), DestName: text()}
		for range rapid.IntRange(0, 2).Draw(t, "requests") {
			m.Requests = append(m.Requests, FilestoreRequest{action, text(), second})
		}
		for range rapid.IntRange(0, 2).Draw(t, "messages") {
			m.Messages = append(m.Messages, octets(0, 30))
		}
		for range rapid.IntRange(0, 2).Draw(t, "overrides") {
			m.Overrides = append(m.Overrides, FaultOverride{cond, Handler(rapid.IntRange(0, 15).Draw(t, "handler"))})
		}
		if rapid.Bool().Draw(t, "label") {
			m.FlowLabel = octets(0, 9)
		}
		return m
	case 1:
		f := &FileData{Offset: genSize(t, h), Data: octets(0, 50)}
		if f.HasMeta = rapid.Bool().Draw(t, "meta"); f.HasMeta {
			f.Record, f.Meta = RecordState(rapid.IntRange(0, 3).Draw(t, "record")), octets(0, 63)
		}
		return f
	case 2:
		return &EOF{cond, rapid.Uint32().Draw(t, "checksum"), genSize(t, h), fault}
	case 3:
		f := &Finished{Condition: cond, Incomplete: rapid.Bool().Draw(t, "incomplete"), Status: FileStatus(rapid.IntRange(0, 3).Draw(t, "status")), Fault: fault}
		for range rapid.IntRange(0, 2).Draw(t, "responses") {
			f.Responses = append(f.Responses, FilestoreResponse{action, ResponseStatus(cond), text(), second, text()})
		}
		return f
	case 4:
		return &ACK{rapid.SampledFrom([]Directive{DirectiveEOF, DirectiveFinished}).Draw(t, "of"), cond, TransactionStatus(rapid.IntRange(0, 3).Draw(t, "status"))}
	case 5:
		n := &NAK{Start: genSize(t, h), End: genSize(t, h), Segments: []Segment{}}
		for range rapid.IntRange(0, 4).Draw(t, "segments") {
			n.Segments = append(n.Segments, Segment{genSize(t, h), genSize(t, h)})
		}
		return n
	case 6:
		return &Prompt{rapid.Bool().Draw(t, "keep alive")}
	}
	return &KeepAlive{genSize(t, h)}
}

func TestPDURoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := genHeader(t)
		want := PDU{h, genBody(t, h)}
		b, err := want.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(b)
		if err != nil {
			t.Fatalf("%x: %v", b, err)
		}
		again, err := got.Append(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x came back as %x, %v", b, again, err)
		}
		if head, n, err := DecodeHeader(b); err != nil || head != h || n != len(b) {
			t.Fatalf("header %+v of %d octets, %v", head, n, err)
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if _, err := Decode(b[:cut]); !errors.Is(err, ErrPDU) {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if h.CRC {
			bit := rapid.IntRange(0, 8*len(b)-1).Draw(t, "bit")
			b[bit/8] ^= 1 << (bit % 8)
			if p, err := Decode(b); err == nil && bit != 6 { // bit 6: the CRC flag itself
				_ = p
				if p.CRC {
					t.Fatalf("a flipped bit %d went unseen", bit)
				}
			}
		}
	})
}

func TestPDURefusals(t *testing.T) {
	for _, bad := range []string{
		"",
		"2000190001",                   // header cut
		"400002000103020900",           // version 2
		"200002000103020300",           // directive 3
		"28000300010302063001",         // ACK of directive 3
		"2800080001030208000000000000", // NAK cut
		"28000d00010302080000000000000020" + "00000000",   // half a segment request
		"20000d0001030207000000000001610162" + "0300",     // TLV type 3 in metadata
		"20000f0001030207000000000001610162" + "04021100", // override of two octets
		"210009000103020cffffffffffffffff",                // progress beyond 2^63
	} {
		if p, err := Decode(unhex(t, bad)); !errors.Is(err, ErrPDU) {
			t.Errorf("%s: %+v, %v", bad, p.Body, err)
		}
	}
	ok := Header{EntityLen: 1, SeqLen: 1}
	for _, p := range []PDU{
		{Header{EntityLen: 9, SeqLen: 1}, &Prompt{}},
		{Header{EntityLen: 1, SeqLen: 1, Source: 256}, &Prompt{}},
		{Header{EntityLen: 1, SeqLen: 1, Seq: 256}, &Prompt{}},
		{ok, nil},
		{ok, &KeepAlive{1 << 32}},
		{ok, &KeepAlive{-1}},
		{ok, &Metadata{SourceName: string(make([]byte, 256))}},
		{ok, &FileData{Data: make([]byte, 65536)}},
		{ok, &ACK{Of: DirectiveNAK}},
	} {
		if b, err := p.Append(nil); err == nil {
			t.Errorf("%+v was encoded as %x", p, b)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"2000160001030207030000000901610162020a636664700068656c6c6f", "30001208010302c2aabb0000000068656c6c6f20776f726c64",
		"20000e0001030204f0010203040000004d06020001", "28000f000103020542010b0008746573742e74787400",
		"28002100010302080000000000002000000000000000000000000100000002000000040000001800", "2200041112349abc5678098036aa",
	} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			return
		}
		again, err := p.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		q, err := Decode(again)
		if err != nil || !reflect.DeepEqual(p, q) {
			t.Fatalf("%+v became %+v, %v", p, q, err)
		}
	})
}
