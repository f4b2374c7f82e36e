package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// spacePacket makes a packet with n octets of data that begin with its number.
func spacePacket(number uint32, n int) []byte {
	b := append([]byte{0x08, 0x42, 0xc0, 0, byte((n - 1) >> 8), byte(n - 1)}, make([]byte, n)...)
	for i := range b[6:] {
		b[6+i] = byte(i) ^ byte(number)
	}
	binary.BigEndian.PutUint32(b[6:], number)
	return b
}

// encapsulated makes an encapsulation packet with n octets of data and a header of 2, 4
// or 8.
func encapsulated(number uint32, n, lengthCode int) []byte {
	header := []int{1, 2, 4, 8}[lengthCode]
	b := make([]byte, header+n)
	b[0] = 0xe0 | 2<<2 | byte(lengthCode)
	total := len(b)
	for i := range header / 2 {
		b[header-1-i] = byte(total >> (8 * i))
	}
	binary.BigEndian.PutUint32(b[header:], number)
	return b
}

func drawPackets(t *rapid.T) [][]byte {
	var packets [][]byte
	for i := range rapid.IntRange(0, 40).Draw(t, "packets") {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			packets = append(packets, encapsulated(uint32(i), rapid.IntRange(4, 200).Draw(t, "length"), rapid.IntRange(1, 3).Draw(t, "header")))
		default:
			packets = append(packets, spacePacket(uint32(i), rapid.IntRange(4, 400).Draw(t, "length")))
		}
	}
	return packets
}

// TestPacketsAcrossZones: what is written comes out again, whatever the zones' length; and
// when zones are lost what comes out is whole packets in order, and all but those that
// were touched.
func TestPacketsAcrossZones(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		packets := drawPackets(t)
		size := rapid.IntRange(1, 300).Draw(t, "zone")
		lossy := rapid.Bool().Draw(t, "lossy")
		var w PacketWriter
		r := PacketReader{MaxPacket: 500}
		var got [][]byte
		next, touched := 0, 0
		zone := make([]byte, size)
		pass := func() {
			before := w.Pending()
			first := w.Zone(zone)
			if before == 0 && first != OnlyIdle {
				t.Fatalf("nothing waits and the pointer is %d", first)
			}
			if lossy && rapid.IntRange(0, 9).Draw(t, "lost") == 0 {
				r.Lost()
				touched += 2 + size/5
				return
			}
			r.Zone(zone, first, func(p []byte) { got = append(got, bytes.Clone(p)) })
		}
		for next < len(packets) || w.Pending() > 0 {
			for next < len(packets) && rapid.Bool().Draw(t, "write") {
				if err := w.Write(packets[next]); err != nil {
					t.Fatal(err)
				}
				next++
			}
			pass()
		}
		at := 0
		for _, p := range got {
			i := slices.IndexFunc(packets[at:], func(q []byte) bool { return bytes.Equal(p, q) })
			if i < 0 {
				t.Fatalf("packet %x was not sent, or not after those before", p[:min(len(p), 12)])
			}
			at += i + 1
		}
		if len(got) != len(packets) && !lossy {
			t.Fatalf("%d of %d packets came, %+v", len(got), len(packets), r.Stats)
		}
		if r.Stats.Malformed > 0 || uint64(len(got)) != r.Stats.Packets {
			t.Fatalf("%+v", r.Stats)
		}
		if len(got)+touched < len(packets) {
			t.Fatalf("%d of %d packets came though few zones were lost", len(got), len(packets))
		}
	})
}

func TestPacketLength(t *testing.T) {
	for _, x := range []struct {
		hex  string
		want int
		err  error
	}{
		{"", 0, nil}, {"0842c00000", 0, nil}, {"0842c0000000", 7, nil}, {"07ffc000ffff", 65542, nil},
		{"e0", 1, nil}, {"e9", 0, nil}, {"e905", 5, nil}, {"e901", 0, ErrLength}, {"ea001000", 0x1000, nil}, {"eb00000000010000", 65536, nil},
		{"20", 0, ErrVersion}, {"c0ffff", 0, ErrVersion},
	} {
		n, err := PacketLength(unhex(t, x.hex))
		if n != x.want || !errors.Is(err, x.err) {
			t.Errorf("%s: %d, %v", x.hex, n, err)
		}
	}
	for _, n := range []int{7, 8, 1000, 65542} {
		p, err := IdlePacket(nil, n)
		if err != nil || len(p) != n || !IsIdlePacket(p) {
			t.Fatalf("idle packet of %d: %d octets, %v", n, len(p), err)
		}
		if m, err := PacketLength(p); m != n || err != nil {
			t.Errorf("idle packet of %d says %d, %v", n, m, err)
		}
	}
	if _, err := IdlePacket(nil, 6); err == nil {
		t.Error("an idle packet of 6 octets")
	}
	if IsIdlePacket(spacePacket(1, 10)) || !IsIdlePacket([]byte{0xe0}) {
		t.Error("idle packets are mistaken")
	}
}

// TestReaderHoldsNoMoreThanItMay: a hostile packet of 4 GiB is refused when its header has
// come, and a pointer beyond the zone is no harm.
func TestReaderHoldsNoMoreThanItMay(t *testing.T) {
	r := PacketReader{MaxPacket: 1000}
	huge := append(unhex(t, "eb000000ffffffff"), make([]byte, 500)...)
	for range 100 {
		r.Zone(huge, 0, func([]byte) { t.Fatal("delivered") })
		r.Zone(huge, NoPacketStart, func([]byte) { t.Fatal("delivered") })
		r.Zone(huge, 2000, func([]byte) { t.Fatal("delivered") })
	}
	if cap(r.part) > 2000 || r.Stats.Malformed == 0 {
		t.Errorf("%d octets held, %+v", cap(r.part), r.Stats)
	}
}

func TestSegments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SliceOfN(rapid.Byte(), 1, 2000).Draw(t, "unit")
		limit := rapid.IntRange(1, 300).Draw(t, "max")
		r := Reassembler{Max: 2000}
		var got []byte
		var whole int
		lose := rapid.IntRange(-1, 20).Draw(t, "lose")
		n := 0
		err := Segmenter{limit}.Segment(unit, func(f Sequence, part []byte) {
			if rule := RuleOf(f); len(part) > limit {
				t.Fatal("a part too long")
			} else if back, ok := rule.Flags(); !ok || back != f {
				t.Fatalf("flags %d, rule %d, flags %d", f, rule, back)
			}
			if n == lose {
				r.Lost()
			} else if u := r.Add(f, part); u != nil {
				got, whole = bytes.Clone(u), whole+1
			}
			n++
		})
		if err != nil {
			t.Fatal(err)
		}
		if lost := lose >= 0 && lose < n; !lost && !bytes.Equal(got, unit) || lost && whole > 0 {
			t.Fatalf("%d parts, part %d lost, %d came", n, lose, whole)
		}
	})
	r := Reassembler{Max: 10}
	if r.Add(First, make([]byte, 8)) != nil || r.Add(Continuing, make([]byte, 3)) != nil || r.Add(Last, nil) != nil || r.Dropped != 2 {
		t.Errorf("dropped %d", r.Dropped)
	}
}

func TestCounter(t *testing.T) {
	for _, x := range []struct {
		bits    int
		counts  []uint64
		missing uint64
		repeats uint64
	}{
		{8, []uint64{0, 1, 2, 3}, 0, 0}, {8, []uint64{254, 255, 0, 1}, 0, 0}, {8, []uint64{250, 4}, 9, 0}, {8, []uint64{7, 7, 8}, 0, 1},
		{24, []uint64{0xffffff, 0, 2}, 1, 0}, {28, []uint64{0xffffff, 0x1000000}, 0, 0}, {0, []uint64{0, 0, 0}, 0, 0}, {56, []uint64{1<<56 - 1, 0}, 0, 0},
	} {
		c := Counter{Bits: x.bits}
		for _, n := range x.counts {
			c.Next(n)
		}
		if c.Missing != x.missing || c.Repeats != x.repeats || c.Frames != uint64(len(x.counts)) {
			t.Errorf("%d bits, %v: %+v", x.bits, x.counts, c)
		}
	}
}

// TestSenderAndReceiver: packets on several virtual channels cross a link that loses
// frames; every loss is counted, and packets come whole, in order and, but for those that
// lost a part, all.
func TestSenderAndReceiver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Channel
		ocf := &[4]byte{1, 0, 0, 7}
		fecf := rapid.Bool().Draw(t, "fecf")
		size := rapid.IntRange(40, 400).Draw(t, "length")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			c = &TMChannel{Length: size, Spacecraft: 9, FECF: fecf}
		case 1:
			c = &AOSChannel{Length: size, Spacecraft: 9, FECF: fecf, HeaderControl: true, InsertZone: 3,
				VCs: map[uint8]Virtual{1: {OCF: true}, 2: {OCF: true}, 3: {OCF: true}, IdleVC: {OCF: true}}}
		case 2:
			c = &USLPChannel{Length: size, Spacecraft: 9, FECF: 4,
				VCs: map[uint8]Virtual{1: {CountOctets: 1}, 2: {CountOctets: 2}, 3: {CountOctets: 7}, IdleVC: {CountOctets: 1}}}
		}
		s, err := NewSender(c)
		if err != nil {
			t.Fatal(err)
		}
		s.OCF, s.Idle = ocf, 7
		r, err := NewReceiver(c)
		if err != nil {
			t.Fatal(err)
		}
		sent, got := map[uint8][][]byte{}, map[uint8][][]byte{}
		for vc := uint8(1); vc <= 3; vc++ {
			if err := s.Open(vc, int(vc)/2); err != nil {
				t.Fatal(err)
			}
			for i := range rapid.IntRange(0, 20).Draw(t, "packets") {
				p := spacePacket(uint32(i), rapid.IntRange(4, 300).Draw(t, "length"))
				sent[vc] = append(sent[vc], p)
				if err := s.Write(vc, p); err != nil {
					t.Fatal(err)
				}
			}
		}
		lossy := rapid.Bool().Draw(t, "lossy")
		var lost, missing uint64
		idle, tail := 0, map[uint8]uint64{}
		for idle < 4 {
			b, err := s.Next(nil)
			if err != nil || len(b) != size {
				t.Fatalf("frame of %d octets, %v", len(b), err)
			}
			if s.Pending() == 0 {
				idle++
			}
			if lossy && rapid.IntRange(0, 7).Draw(t, "lost") == 0 {
				l, err := c.Layout(b)
				if err != nil {
					t.Fatal(err)
				}
				tail[l.VC]++
				lost++
				continue
			}
			rec, err := r.Frame(b, func(u Unit) { got[u.VC] = append(got[u.VC], bytes.Clone(u.Data)) })
			if err != nil {
				t.Fatal(err)
			}
			if !rec.HasOCF || rec.OCF != *ocf || rec.Repeat {
				t.Fatalf("%+v", rec)
			}
			missing += rec.Missing
			tail[rec.VC] = 0
		}
		// Losses before the first frame of a channel and after its last do not show.
		if !lossy && missing > 0 || missing > lost {
			t.Fatalf("%d lost, %d missed", lost, missing)
		}
		for vc := range sent {
			at := 0
			for _, p := range got[vc] {
				i := slices.IndexFunc(sent[vc][at:], func(q []byte) bool { return bytes.Equal(p, q) })
				if i < 0 {
					t.Fatalf("virtual channel %d: packet out of order or never sent", vc)
				}
				at += i + 1
			}
			if !lossy && len(got[vc]) != len(sent[vc]) {
				t.Fatalf("virtual channel %d: %d of %d packets, %+v", vc, len(got[vc]), len(sent[vc]), r.Packets(vc, 0))
			}
			if st := r.Packets(vc, 0); st.Malformed > 0 {
				t.Fatalf("virtual channel %d: %+v", vc, st)
			}
		}
	})
}

func TestSenderPriority(t *testing.T) {
	c := &TMChannel{Length: 50, Spacecraft: 1}
	s, err := NewSender(c)
	if err != nil {
		t.Fatal(err)
	}
	for vc, priority := range []int{0, 5, 5} {
		if err := s.Open(uint8(vc), priority); err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			if err := s.Write(uint8(vc), spacePacket(uint32(i), 38)); err != nil {
				t.Fatal(err)
			}
		}
	}
	var order []uint8
	for s.Pending() > 0 {
		b, err := s.Next(nil)
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, b[1]>>1&7)
	}
	if !slices.Equal(order, []uint8{1, 2, 1, 2, 1, 2, 1, 2, 0, 0, 0, 0}) {
		t.Errorf("order %v", order)
	}
	s.MaxPending = 100
	if err := s.Write(0, spacePacket(0, 100)); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if err := s.Write(5, spacePacket(0, 10)); !errors.Is(err, ErrVirtual) {
		t.Error(err)
	}
	if err := s.Write(0, []byte{0x08, 0x42, 0xc0, 0, 0, 9, 1}); !errors.Is(err, ErrLength) {
		t.Error(err)
	}
	if err := s.Open(1, 0); err == nil {
		t.Error("opened twice")
	}
	if _, err := NewSender(&TCChannel{}); err == nil {
		t.Error("a sender of tc frames")
	}
	if _, err := NewSender(&USLPChannel{}); err == nil {
		t.Error("a sender of variable length")
	}
}

// TestUSLPRules carries units by each construction rule.
func TestUSLPRules(t *testing.T) {
	c := &USLPChannel{Spacecraft: 9, FECF: 2, VCs: map[uint8]Virtual{1: {CountOctets: 1}}}
	r, err := NewReceiver(c)
	if err != nil {
		t.Fatal(err)
	}
	one, two := spacePacket(1, 20), spacePacket(2, 30)
	both := append(bytes.Clone(one), two...)
	count := uint64(0)
	send := func(skip uint64, d TFDF) []string {
		count += skip
		data, err := d.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Append(nil, &USLPFrame{Spacecraft: 9, VC: 1, MAP: 4, CountOctets: 1, Count: count & 255, Data: data})
		if err != nil {
			t.Fatal(err)
		}
		count++
		var got []string
		if _, err := r.Frame(b, func(u Unit) {
			if u.MAP != 4 || u.Protocol != d.Protocol {
				t.Errorf("%+v", u)
			}
			got = append(got, string(u.Data))
		}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	expect := func(name string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	expect("whole packets", send(0, TFDF{Rule: NoSegmentation, Zone: both}), string(one), string(two))
	expect("one unit", send(0, TFDF{Rule: NoSegmentation, Protocol: MissionData, Zone: []byte("unit")}), "unit")
	expect("octets", send(0, TFDF{Rule: OctetStream, Protocol: UserOctets, Zone: []byte("some")}), "some")
	expect("start", send(0, TFDF{Rule: StartSegment, Zone: two[:10]}))
	expect("middle", send(0, TFDF{Rule: ContinueSegment, Zone: two[10:20]}))
	expect("last", send(0, TFDF{Rule: LastSegment, Zone: two[20:]}), string(two))
	expect("access unit, begun", send(0, TFDF{Rule: StartAccess, Protocol: MissionData, Pointer: NoPointer, Zone: []byte("abcd")}))
	expect("access unit, ended", send(0, TFDF{Rule: ContinueAccess, Protocol: MissionData, Pointer: 1, Zone: []byte("efgh")}), "abcdef")
	expect("short access unit", send(0, TFDF{Rule: StartAccess, Protocol: MissionData, Pointer: 2, Zone: []byte("abcd")}), "abc")
	expect("start", send(0, TFDF{Rule: StartSegment, Zone: two[:10]}))
	expect("last after a loss", send(1, TFDF{Rule: LastSegment, Zone: two[20:]}))
	expect("idle", send(0, TFDF{Rule: NoSegmentation, Protocol: IdleData, Zone: both}))
	if k := r.Counter(1, false); k.Missing != 1 {
		t.Errorf("%+v", k)
	}
}
