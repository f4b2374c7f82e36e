package frame

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// channelAndFrame draws a channel of any kind and a frame for it: encode makes the octets,
// decode reads them and says whether all fields came back.
func channelAndFrame(t *rapid.T) (c Channel, octets []byte, decode func([]byte) (bool, error)) {
	octet := func(name string, limit int) uint8 { return uint8(rapid.IntRange(0, limit).Draw(t, name)) }
	some := func(name string, n int) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, name) }
	security := Security{Header: int(octet("security header", 20)), Trailer: int(octet("trailer", 16))}
	ocf := [4]byte(some("ocf", 4))
	hasOCF, fecf := rapid.Bool().Draw(t, "has ocf"), rapid.Bool().Draw(t, "fecf")
	if !hasOCF {
		ocf = [4]byte{}
	}
	if rapid.Bool().Draw(t, "in the clear") {
		security = Security{}
	}
	encoded := func(b []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	same := func(pairs ...[]byte) bool {
		for i := 0; i < len(pairs); i += 2 {
			if !bytes.Equal(pairs[i], pairs[i+1]) {
				return false
			}
		}
		return true
	}
	header, trailer := some("header octets", security.Header), some("trailer octets", security.Trailer)
	switch octet("kind", 3) {
	case 0:
		vc := octet("vc", 7)
		c := &TMChannel{Length: rapid.IntRange(130, 2048).Draw(t, "length"), Spacecraft: uint16(rapid.IntRange(0, 1023).Draw(t, "scid")),
			FECF: fecf, VCs: map[uint8]Virtual{vc: {Security: security}}}
		f := TMFrame{Spacecraft: c.Spacecraft, VC: vc, MasterCount: octet("mc", 255), VirtualCount: octet("vcc", 255),
			Secondary: some("secondary", int(octet("secondary length", 63))), SegmentLength: 3, HasOCF: hasOCF, OCF: ocf, SecurityHeader: header, SecurityTrailer: trailer}
		n := c.DataLength(vc, len(f.Secondary), hasOCF)
		f.Data = some("data", n)
		f.FirstHeader = uint16(rapid.OneOf(rapid.IntRange(0, n-1), rapid.IntRange(OnlyIdle, NoPacketStart)).Draw(t, "first"))
		if f.Synchronized = rapid.Bool().Draw(t, "synchronized"); f.Synchronized {
			f.PacketOrder, f.SegmentLength = rapid.Bool().Draw(t, "order"), octet("segment", 3)
		}
		return c, encoded(c.Append(nil, &f)), func(b []byte) (bool, error) {
			g, err := c.Decode(b)
			ok := same(f.Secondary, g.Secondary, f.Data, g.Data, header, g.SecurityHeader, trailer, g.SecurityTrailer)
			return ok && g.VC == f.VC && g.MasterCount == f.MasterCount && g.VirtualCount == f.VirtualCount && g.Synchronized == f.Synchronized &&
				g.PacketOrder == f.PacketOrder && g.SegmentLength == f.SegmentLength && g.FirstHeader == f.FirstHeader && g.OCF == f.OCF && g.HasOCF == f.HasOCF, err
		}
	case 1:
		vc := octet("vc", 63)
		c := &TCChannel{Spacecraft: uint16(rapid.IntRange(0, 1023).Draw(t, "scid")), FECF: fecf,
			VCs: map[uint8]Virtual{vc: {Security: security, Segments: rapid.Bool().Draw(t, "segments")}}}
		f := TCFrame{Spacecraft: c.Spacecraft, VC: vc, Bypass: rapid.Bool().Draw(t, "bypass"), SecurityHeader: header, SecurityTrailer: trailer}
		if f.HasSegment = c.VCs[vc].Segments; f.HasSegment {
			f.Segment, f.MAP = Sequence(octet("segment", 3)), octet("map", 63)
		}
		if !f.Bypass {
			f.Sequence = octet("sequence", 255)
		} else if f.Control = rapid.Bool().Draw(t, "control"); f.Control {
			f.HasSegment, f.Segment, f.MAP, header, trailer = false, 0, 0, nil, nil
			f.SecurityHeader, f.SecurityTrailer = nil, nil
		}
		f.Data = some("data", rapid.IntRange(1, c.DataLength(vc)).Draw(t, "length"))
		return c, encoded(c.Append(nil, &f)), func(b []byte) (bool, error) {
			g, err := c.Decode(b)
			ok := same(f.Data, g.Data, header, g.SecurityHeader, trailer, g.SecurityTrailer)
			return ok && g.VC == f.VC && g.Bypass == f.Bypass && g.Control == f.Control && g.Sequence == f.Sequence &&
				g.HasSegment == f.HasSegment && g.Segment == f.Segment && g.MAP == f.MAP, err
		}
	case 2:
		vc := octet("vc", 62)
		c := &AOSChannel{Length: rapid.IntRange(130, 2048).Draw(t, "length"), Spacecraft: uint16(rapid.IntRange(0, 1023).Draw(t, "scid")),
			HeaderControl: rapid.Bool().Draw(t, "header control"), InsertZone: int(octet("insert", 40)), FECF: fecf,
			VCs: map[uint8]Virtual{vc: {Security: security, OCF: hasOCF}}}
		f := AOSFrame{Spacecraft: c.Spacecraft, VC: vc, Count: uint32(rapid.IntRange(0, 0xffffff).Draw(t, "count")), Replay: rapid.Bool().Draw(t, "replay"),
			InsertZone: some("insert zone", c.InsertZone), HasOCF: hasOCF, OCF: ocf, SecurityHeader: header, SecurityTrailer: trailer}
		if f.CycleUse = rapid.Bool().Draw(t, "cycles"); f.CycleUse {
			f.Cycle = octet("cycle", 15)
		}
		f.Data = some("data", c.DataLength(vc))
		return c, encoded(c.Append(nil, &f)), func(b []byte) (bool, error) {
			g, err := c.Decode(b)
			ok := same(f.Data, g.Data, f.InsertZone, g.InsertZone, header, g.SecurityHeader, trailer, g.SecurityTrailer)
			return ok && g.Spacecraft == f.Spacecraft && g.VC == f.VC && g.Count == f.Count && g.Replay == f.Replay && g.CycleUse == f.CycleUse && g.Cycle == f.Cycle && g.OCF == f.OCF, err
		}
	}
	vc := octet("vc", 62)
	c4 := &USLPChannel{Spacecraft: rapid.Uint16().Draw(t, "scid"), FECF: 2 * int(octet("fecf", 2)), VCs: map[uint8]Virtual{vc: {Security: security, Truncated: 9}}}
	f := USLPFrame{Spacecraft: c4.Spacecraft, Destination: rapid.Bool().Draw(t, "destination"), VC: vc, MAP: octet("map", 15),
		Bypass: rapid.Bool().Draw(t, "bypass"), Command: rapid.Bool().Draw(t, "command"), CountOctets: int(octet("count octets", 7)),
		HasOCF: hasOCF, OCF: ocf, SecurityHeader: header, SecurityTrailer: trailer}
	f.Count = rapid.Uint64Range(0, 1<<(8*f.CountOctets)-1).Draw(t, "count")
	n := rapid.IntRange(1, 300).Draw(t, "data length")
	switch octet("shape", 2) {
	case 0:
		c4.InsertZone = int(octet("insert", 40))
		c4.Length = 7 + f.CountOctets + c4.InsertZone + security.Header + n + security.Trailer + c4.FECF
		if hasOCF {
			c4.Length += 4
		}
		f.InsertZone = some("insert zone", c4.InsertZone)
	case 1:
		f = USLPFrame{Spacecraft: f.Spacecraft, Destination: f.Destination, VC: vc, MAP: f.MAP, Truncated: true}
		n, header, trailer = 5, nil, nil
	}
	f.Data = some("data", n)
	return c4, encoded(c4.Append(nil, &f)), func(b []byte) (bool, error) {
		g, err := c4.Decode(b)
		ok := same(f.Data, g.Data, f.InsertZone, g.InsertZone, header, g.SecurityHeader, trailer, g.SecurityTrailer)
		return ok && g.Destination == f.Destination && g.VC == f.VC && g.MAP == f.MAP && g.Bypass == f.Bypass && g.Command == f.Command && g.Truncated == f.Truncated &&
			g.CountOctets == f.CountOctets && g.Count == f.Count && g.OCF == f.OCF && g.HasOCF == f.HasOCF, err
	}
}

// TestFramesComeBack: every field of every kind of frame survives, the layout holds, and
// no octet less or more is taken for a frame.
func TestFramesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, b, decode := channelAndFrame(t)
		if v, ok := c.(interface{ Validate() error }); !ok || v.Validate() != nil {
			t.Fatal(v.Validate())
		}
		kept := bytes.Clone(b)
		if ok, err := decode(b); err != nil || !ok {
			t.Fatalf("%v frame of %d octets: %v", c.Type(), len(b), err)
		}
		if !bytes.Equal(b, kept) {
			t.Fatal("decoding changed the frame")
		}
		l, err := c.Layout(b)
		if err != nil || l.Security > l.Data || l.Data >= l.Trailer || l.Trailer > l.End || l.End > len(b) || l.Type != c.Type() {
			t.Fatalf("%+v, %v", l, err)
		}
		c.Seal(b)
		if !bytes.Equal(b, kept) {
			t.Fatal("sealing anew changed the frame")
		}
		if _, err := decode(b[:len(b)-1]); err == nil {
			t.Fatal("a frame without its last octet passed")
		}
		if _, err := decode(append(bytes.Clone(b), 0)); err == nil {
			t.Fatal("a frame with an octet too many passed")
		}
		// Append leaves alone what was there before.
		if n := testing.AllocsPerRun(3, func() {
			if ok, err := decode(b); !ok || err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Fatalf("decoding allocates %v times", n)
		}
	})
}

// TestErrorsAreSeen: with an error control field no single wrong bit, nor a burst of 16,
// passes.
func TestErrorsAreSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, b, decode := channelAndFrame(t)
		switch c := c.(type) {
		case *TMChannel:
			c.FECF = true
		case *TCChannel:
			c.FECF = true
		case *AOSChannel:
			c.FECF = true
		case *USLPChannel:
			if b[3]&1 != 0 || c.FECF == 0 {
				t.Skip("without error control")
			}
		}
		c.Seal(b) // where there was no field, it takes the place of the last octets
		at := rapid.IntRange(0, 8*len(b)-16).Draw(t, "bit")
		burst := rapid.IntRange(0, 0x7fff).Draw(t, "burst")<<1 | 1
		for i := range 16 {
			if burst>>i&1 != 0 {
				b[(at+i)/8] ^= 0x80 >> ((at + i) % 8)
			}
		}
		if _, err := decode(b); err == nil {
			t.Fatalf("burst %#x at bit %d passed", burst, at)
		}
	})
}

func TestStrictness(t *testing.T) {
	tm := &TMChannel{Length: 20, Spacecraft: 5, FECF: false, VCs: map[uint8]Virtual{1: {}}}
	base, err := tm.Append(nil, &TMFrame{Spacecraft: 5, VC: 1, SegmentLength: 3, Data: make([]byte, 14)})
	if err != nil {
		t.Fatal(err)
	}
	tc := &TCChannel{Spacecraft: 5, VCs: map[uint8]Virtual{1: {}}}
	tcBase, err := tc.Append(nil, &TCFrame{Spacecraft: 5, VC: 1, Sequence: 9, Data: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	aos := &AOSChannel{Length: 20, Spacecraft: 5, VCs: map[uint8]Virtual{1: {}}}
	aosBase, err := aos.Append(nil, &AOSFrame{Spacecraft: 5, VC: 1, Data: make([]byte, 14)})
	if err != nil {
		t.Fatal(err)
	}
	uslp := &USLPChannel{Spacecraft: 5, VCs: map[uint8]Virtual{1: {Truncated: 6}}}
	uslpBase, err := uslp.Append(nil, &USLPFrame{Spacecraft: 5, VC: 1, Data: make([]byte, 14)})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name   string
		b      []byte
		change func([]byte)
		decode func([]byte) error
		want   error
	}{
		{"tm version", base, func(b []byte) { b[0] |= 0x40 }, tm.decodeError, ErrVersion},
		{"tm spacecraft", base, func(b []byte) { b[1] ^= 0x10 }, tm.decodeError, ErrSpacecraft},
		{"tm virtual channel", base, func(b []byte) { b[1] ^= 0x04 }, tm.decodeError, ErrVirtual},
		{"tm packet order", base, func(b []byte) { b[4] |= 0x20 }, tm.decodeError, ErrField},
		{"tm segment length", base, func(b []byte) { b[4] &^= 0x08 }, tm.decodeError, ErrField},
		{"tm pointer", base, func(b []byte) { b[5] = 14 }, tm.decodeError, ErrField},
		{"tm secondary header version", base, func(b []byte) { b[4] |= 0x80; b[6] = 0x41 }, tm.decodeError, ErrVersion},
		{"tm secondary header empty", base, func(b []byte) { b[4] |= 0x80 }, tm.decodeError, ErrField},
		{"tm secondary header too long", base, func(b []byte) { b[4] |= 0x80; b[6] = 13 }, tm.decodeError, ErrShort},
		{"tc version", tcBase, func(b []byte) { b[0] |= 0x80 }, tc.decodeError, ErrVersion},
		{"tc spare", tcBase, func(b []byte) { b[0] |= 0x04 }, tc.decodeError, ErrField},
		{"tc control without bypass", tcBase, func(b []byte) { b[0] |= 0x10 }, tc.decodeError, ErrField},
		{"tc bypass with a number", tcBase, func(b []byte) { b[0] |= 0x20 }, tc.decodeError, ErrField},
		{"tc length", tcBase, func(b []byte) { b[3]++ }, tc.decodeError, ErrLength},
		{"tc spacecraft", tcBase, func(b []byte) { b[1]++ }, tc.decodeError, ErrSpacecraft},
		{"tc virtual channel", tcBase, func(b []byte) { b[2] ^= 8 }, tc.decodeError, ErrVirtual},
		{"aos version", aosBase, func(b []byte) { b[0] ^= 0x40 }, aos.decodeError, ErrVersion},
		{"aos spacecraft, upper bits", aosBase, func(b []byte) { b[5] |= 0x10 }, aos.decodeError, ErrSpacecraft},
		{"aos virtual channel", aosBase, func(b []byte) { b[1] ^= 2 }, aos.decodeError, ErrVirtual},
		{"aos unused cycle", aosBase, func(b []byte) { b[5] = 1 }, aos.decodeError, ErrField},
		{"uslp version", uslpBase, func(b []byte) { b[0] = 0xd0 }, uslp.decodeError, ErrVersion},
		{"uslp length", uslpBase, func(b []byte) { b[5]-- }, uslp.decodeError, ErrLength},
		{"uslp spare", uslpBase, func(b []byte) { b[6] |= 0x10 }, uslp.decodeError, ErrField},
		{"uslp truncated, of another length", uslpBase, func(b []byte) { b[3] |= 1 }, uslp.decodeError, ErrLength},
		{"uslp count too long", uslpBase, func(b []byte) { b[6] = 7 + 8 }, func(b []byte) error {
			return uslp.decodeError(append(b[:4:4], 0, 14, 15, 1, 2, 3, 4, 5, 6, 7, 8))
		}, ErrShort},
	} {
		b := bytes.Clone(x.b)
		if err := x.decode(b); err != nil && x.name != "uslp count too long" {
			t.Fatalf("%s: before the change: %v", x.name, err)
		}
		x.change(b)
		if err := x.decode(b); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", x.name, err, x.want)
		}
	}
	for _, c := range []interface{ Validate() error }{
		&TMChannel{Length: 7}, &TMChannel{Length: 2049}, &TMChannel{Length: 100, Spacecraft: 1024}, &TMChannel{Length: 100, VCs: map[uint8]Virtual{8: {}}},
		&TMChannel{Length: 100, VCs: map[uint8]Virtual{1: {Service: Bitstream}}},
		&TCChannel{MaxLength: 1025}, &TCChannel{Spacecraft: 1024}, &TCChannel{VCs: map[uint8]Virtual{64: {}}},
		&AOSChannel{Length: 6}, &AOSChannel{Length: 100, Spacecraft: 1024}, &AOSChannel{Length: 100, InsertZone: -1}, &AOSChannel{Length: 100, VCs: map[uint8]Virtual{64: {}}},
		&USLPChannel{Length: 65537}, &USLPChannel{FECF: 3}, &USLPChannel{InsertZone: 1}, &USLPChannel{VCs: map[uint8]Virtual{1: {CountOctets: 8}}},
	} {
		if c.Validate() == nil {
			t.Errorf("%+v is valid", c)
		}
	}
}

func (c *TMChannel) decodeError(b []byte) error   { _, err := c.Decode(b); return err }
func (c *TCChannel) decodeError(b []byte) error   { _, err := c.Decode(b); return err }
func (c *AOSChannel) decodeError(b []byte) error  { _, err := c.Decode(b); return err }
func (c *USLPChannel) decodeError(b []byte) error { _, err := c.Decode(b); return err }

func TestCLCW(t *testing.T) {
	// COP-1, virtual channel 3, no bit lock, retransmit, FARM-B 2, V(R) 77.
	w := CLCW{COP: 1, VC: 3, NoBitLock: true, Retransmit: true, FARMB: 2, ReportValue: 77}
	if got := w.Encode(); got != [4]byte{0x01, 0x0c, 0x4c, 0x4d} {
		t.Errorf("%x", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		b := [4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "octets"))
		w, err := DecodeCLCW(b)
		if (err == nil) != (b[0]&0xe0 == 0 && b[2]&1 == 0) {
			t.Fatalf("%x: %v", b, err)
		}
		if err == nil && w.Encode() != b {
			t.Fatalf("%x came back as %x", b, w.Encode())
		}
	})
}

func TestCommands(t *testing.T) {
	for _, c := range []Command{{}, {SetVR: true, VR: 0}, {SetVR: true, VR: 255}} {
		if got, err := DecodeCommand(c.Append(nil)); err != nil || got != c {
			t.Errorf("%+v: %+v, %v", c, got, err)
		}
	}
	for _, b := range [][]byte{nil, {1}, {0, 0}, {0x82, 0}, {0x82, 1, 2}, {0x82, 0, 1, 2}} {
		if _, err := DecodeCommand(b); !errors.Is(err, ErrField) {
			t.Errorf("%x: %v", b, err)
		}
	}
}

func TestBitstream(t *testing.T) {
	zone := make([]byte, 2045)
	for _, bits := range []int{0, 1, 7, 8, 9, 8*len(zone) - 1, 8 * len(zone)} {
		b, err := AppendBPDU(nil, zone, bits)
		if err != nil {
			t.Fatal(err)
		}
		got, n, err := SplitBPDU(b)
		if err != nil || n != bits || len(got) != len(zone) {
			t.Errorf("%d bits: %d in %d octets, %v", bits, n, len(got), err)
		}
	}
	if _, err := AppendBPDU(nil, zone, 8*len(zone)+1); err == nil {
		t.Error("more bits than the zone has")
	}
	if _, _, err := SplitBPDU([]byte{0x80, 0, 1}); !errors.Is(err, ErrField) {
		t.Error(err)
	}
	if _, _, err := SplitBPDU([]byte{0, 8, 1}); !errors.Is(err, ErrField) {
		t.Error(err)
	}
}
