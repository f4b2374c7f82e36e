package csp

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawPacket(t *rapid.T, v Version, most int) Packet {
	flags := Flags(rapid.Uint8Range(0, uint8(v.MaxFlags())).Draw(t, "flags")) &^ FlagXTEA
	return Packet{Header: Header{
		Priority:        rapid.Uint8Range(0, 3).Draw(t, "priority"),
		Source:          rapid.Uint16Range(0, v.MaxAddress()).Draw(t, "source"),
		Destination:     rapid.Uint16Range(0, v.MaxAddress()).Draw(t, "destination"),
		SourcePort:      rapid.Uint8Range(0, MaxPort).Draw(t, "source port"),
		DestinationPort: rapid.Uint8Range(0, MaxPort).Draw(t, "destination port"),
		Flags:           flags,
	}, Data: rapid.SliceOfN(rapid.Byte(), 0, most).Draw(t, "data")}
}

func drawVersion(t *rapid.T) Version {
	return rapid.SampledFrom([]Version{V1, V2}).Draw(t, "version")
}

func same(a, b Packet) bool { return a.Header == b.Header && bytes.Equal(a.Data, b.Data) }

func TestPacketsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawVersion(t)
		p := drawPacket(t, v, 300)
		g := Guard{Version: v, Key: NewKey([]byte("k")), HMAC: Coverage(rapid.IntRange(0, 1).Draw(t, "coverage"))}
		sealed, err := g.Seal(p)
		if err != nil {
			t.Fatal(err)
		}
		octets, err := sealed.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		q, err := Parse(v, octets)
		if err != nil {
			t.Fatal(err)
		}
		open, err := g.Open(q)
		if err != nil || !same(open, p) {
			t.Fatalf("%+v came back as %+v, %v", p, open, err)
		}
		if n := len(octets); p.Flags&(FlagCRC32|FlagHMAC) != 0 && len(sealed.Data) > 0 {
			octets[n-1-rapid.IntRange(0, len(sealed.Data)-1).Draw(t, "place")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			q, _ := Parse(v, octets)
			if _, err := g.Open(q); err == nil {
				t.Fatal("changed packet opens")
			}
		}
	})
}

func TestHeadersOutOfRange(t *testing.T) {
	for _, c := range []struct {
		v Version
		h Header
	}{
		{V1, Header{Priority: 4}}, {V1, Header{Source: 32}}, {V1, Header{Destination: 32}},
		{V2, Header{Source: 1 << 14}}, {V2, Header{Flags: 0x40}}, {V1, Header{SourcePort: 64}},
		{V2, Header{DestinationPort: 64}}, {3, Header{}},
	} {
		if b, err := c.h.Append(nil, c.v); err == nil {
			t.Errorf("%+v of version %d becomes %x", c.h, c.v, b)
		}
	}
	if _, err := Parse(V1, make([]byte, 3)); err == nil {
		t.Error("three octets are a packet")
	}
	if _, err := Parse(V2, make([]byte, 5)); err == nil {
		t.Error("five octets are a packet of version 2")
	}
}

func TestGuardRefuses(t *testing.T) {
	g := Guard{Version: V1, Key: NewKey([]byte("a")), Require: FlagHMAC}
	if _, err := g.Open(Packet{Data: []byte("plain")}); err == nil {
		t.Error("packet without the required tag opens")
	}
	if _, err := g.Seal(Packet{Header: Header{Flags: FlagXTEA}}); !errors.Is(err, ErrXTEA) {
		t.Error("XTEA is sealed:", err)
	}
	sealed, err := g.Seal(Packet{Header: Header{Flags: FlagHMAC}, Data: []byte("data")})
	if err != nil {
		t.Fatal(err)
	}
	g.Key = NewKey([]byte("b"))
	if _, err := g.Open(sealed); !errors.Is(err, ErrHMAC) {
		t.Error("packet of another key opens:", err)
	}
	for _, f := range []Flags{FlagHMAC, FlagHMAC | FlagCRC32} {
		if _, err := g.Open(Packet{Header: Header{Flags: f}, Data: []byte{1, 2, 3}}); err == nil {
			t.Errorf("three octets with flags %#x open", f)
		}
	}
}

func TestCANFrames(t *testing.T) {
	p := Packet{Header: Header{Priority: Normal, Source: 2, Destination: 1, SourcePort: 48, DestinationPort: 10}, Data: []byte("0123456789A")}
	for v, want := range map[Version][]CANFrame{
		V1: {
			{ID: 2<<24 | 1<<19 | 2<<10, Data: []byte("\x84\x12\xb0\x00\x00\x0b01")},
			{ID: 2<<24 | 1<<19 | 1<<18 | 1<<10, Data: []byte("23456789")},
			{ID: 2<<24 | 1<<19 | 1<<18, Data: []byte("A")},
		},
		V2: {
			{ID: 2<<27 | 1<<13 | 2<<7 | 1<<1, Data: []byte("\x00\x08\xac\x000123")},
			{ID: 2<<27 | 1<<13 | 2<<7 | 1<<2 | 1, Data: []byte("456789A")},
		},
	} {
		f := Fragmenter{Version: v, Node: 2}
		got, err := f.Split(p, 1)
		if err != nil || len(got) != len(want) {
			t.Fatalf("version %d: %d frames, %v", v, len(got), err)
		}
		for i := range want {
			if got[i].ID != want[i].ID || !bytes.Equal(got[i].Data, want[i].Data) {
				t.Errorf("version %d: frame %d is %#x %q, not %#x %q", v, i, got[i].ID, got[i].Data, want[i].ID, want[i].Data)
			}
		}
	}
	f := Fragmenter{Version: V1}
	if _, err := f.Split(Packet{Data: make([]byte, MaxCFP1+1)}, 0); err == nil {
		t.Error("too long a packet is split")
	}
}

// Packets of several senders, interleaved frame by frame, all come out whole.
func TestCANInterleaved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawVersion(t)
		senders := rapid.IntRange(1, 4).Draw(t, "senders")
		queues := make([][]CANFrame, senders)
		want := make([][]Packet, senders)
		for i := range queues {
			f := Fragmenter{Version: v, Node: uint16(i)}
			for range rapid.IntRange(1, 3).Draw(t, "packets") {
				p := drawPacket(t, v, 120)
				p.Source, p.Destination = uint16(i), 9
				frames, err := f.Split(p, 9)
				if err != nil {
					t.Fatal(err)
				}
				queues[i] = append(queues[i], frames...)
				want[i] = append(want[i], p)
			}
		}
		r := Reassembler{Version: v}
		for {
			var ready []int
			for i, q := range queues {
				if len(q) > 0 {
					ready = append(ready, i)
				}
			}
			if len(ready) == 0 {
				break
			}
			i := rapid.SampledFrom(ready).Draw(t, "sender")
			p, ok, err := r.Receive(0, queues[i][0])
			queues[i] = queues[i][1:]
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				if !same(p, want[i][0]) {
					t.Fatalf("%+v came as %+v", want[i][0], p)
				}
				want[i] = want[i][1:]
			}
		}
		for i, w := range want {
			if len(w) > 0 {
				t.Fatalf("%d packets of sender %d are missing", len(w), i)
			}
		}
		if r.Abandoned != 0 || len(r.open) != 0 {
			t.Fatalf("%d abandoned, %d open", r.Abandoned, len(r.open))
		}
	})
}

// A lost frame costs its packet and no other; nothing that comes out is wrong but by the count of
// version 2 coming around, which has three bits.
func TestCANLoss(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, v := range []Version{V1, V2} {
		f := Fragmenter{Version: v, Node: 3}
		r := Reassembler{Version: v}
		whole := 0
		for n := range 400 {
			p := Packet{Header: Header{Source: 3, Destination: 5}, Data: bytes.Repeat([]byte{byte(n)}, 40)}
			frames, err := f.Split(p, 5)
			if err != nil {
				t.Fatal(err)
			}
			lost := -1
			if n%2 == 0 {
				lost = rng.IntN(len(frames))
			}
			came := false
			for i, c := range frames {
				if i == lost {
					continue
				}
				if q, ok, _ := r.Receive(time.Duration(n)*time.Millisecond, c); ok {
					came = true
					if !same(q, p) {
						t.Fatalf("version %d: %+v came as %+v", v, p, q)
					}
				}
			}
			if came {
				whole++
			}
			if came != (lost < 0) {
				t.Fatalf("version %d: packet %d, frame %d lost, came %v", v, n, lost, came)
			}
		}
		if whole != 200 {
			t.Errorf("version %d: %d of 200 packets came", v, whole)
		}
	}
}

func TestCANBounds(t *testing.T) {
	r := Reassembler{Version: V1, Streams: 2}
	begin := func(source uint32) CANFrame {
		return CANFrame{ID: source<<24 | 1<<10, Data: []byte{0, 0, 0, 0, 0, 10, 1, 2}}
	}
	for s := range uint32(5) {
		if _, ok, err := r.Receive(time.Duration(s), begin(s)); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if len(r.open) != 2 || r.Abandoned != 3 {
		t.Errorf("%d open, %d abandoned", len(r.open), r.Abandoned)
	}
	end := CANFrame{ID: 4<<24 | 1<<18, Data: make([]byte, 8)}
	if _, _, err := r.Receive(time.Hour, end); !errors.Is(err, ErrNoBegin) {
		t.Error("packet outlives its timeout:", err)
	}
	for _, f := range []CANFrame{
		{ID: 1 << 29}, {Data: make([]byte, 9)}, {Data: make([]byte, 5)},
		{Data: []byte{0, 0, 0, 0, 0xff, 0xff}}, // longer than may be
		{Data: []byte{0, 0, 0, 0, 0, 1, 2, 3}}, // more than announced
		{Data: []byte{0, 0, 0, 0, 0, 9, 2, 3}}, // less than announced
	} {
		if _, ok, err := r.Receive(time.Hour, f); ok || !errors.Is(err, ErrBadFrame) {
			t.Errorf("%#x %x: %v, %v", f.ID, f.Data, ok, err)
		}
	}
}

func TestServices(t *testing.T) {
	n := Node{
		Ident: Ident{Hostname: "sat", Model: "a model with a name that is too long", Revision: "1.2", Date: "Jan  1 2026", Time: "12:00:00"},
		Tasks: "idle", MemFree: 1 << 20, BuffersFree: 9, Uptime: 3600,
	}
	ask := func(port uint8, data []byte) (Packet, bool, Action, error) {
		return Serve(n, Packet{Header: Header{Priority: Normal, Source: 10, Destination: 1, SourcePort: 50, DestinationPort: port, Flags: FlagCRC32}, Data: data})
	}
	p, ok, _, err := ask(PortPing, PingRequest(20))
	if err != nil || !ok || !bytes.Equal(p.Data, PingRequest(20)) {
		t.Errorf("ping gives %+v, %v", p, err)
	}
	if want := (Header{Priority: Normal, Source: 1, Destination: 10, SourcePort: PortPing, DestinationPort: 50, Flags: FlagCRC32}); p.Header != want {
		t.Errorf("reply goes to %+v", p.Header)
	}
	p, _, _, err = ask(PortCMP, IdentRequest())
	if err != nil || len(p.Data) != 93 {
		t.Fatalf("ident of %d octets, %v", len(p.Data), err)
	}
	want := n.Ident
	want.Model = want.Model[:identModel-1]
	if id, err := ParseIdent(p.Data); err != nil || id != want {
		t.Errorf("ident %+v, %v", id, err)
	}
	if p, _, _, err := ask(PortTasks, nil); err != nil || string(p.Data) != "idle" {
		t.Errorf("tasks %q, %v", p.Data, err)
	}
	for port, want := range map[uint8]uint32{PortMemFree: 1 << 20, PortBuffers: 9, PortUptime: 3600} {
		p, _, _, err := ask(port, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseCount(p.Data); err != nil || got != want {
			t.Errorf("port %d gives %d, %v", port, got, err)
		}
	}
	for _, a := range []Action{Reboot, Shutdown} {
		if _, ok, do, err := ask(PortReboot, RebootRequest(a)); ok || do != a || err != nil {
			t.Errorf("%v request: %v, %v, %v", a, ok, do, err)
		}
	}
	for _, bad := range []struct {
		port uint8
		data []byte
	}{{PortReboot, nil}, {PortReboot, make([]byte, 4)}, {PortCMP, nil}, {PortCMP, []byte{cmpReply, cmpIdent}}, {PortCMP, []byte{0, 5}}, {7, nil}, {63, nil}} {
		if _, ok, do, err := ask(bad.port, bad.data); ok || do != NoAction || err == nil {
			t.Errorf("port %d with %x is served", bad.port, bad.data)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(false, []byte("\x84\x12\xb0\x01123456789\xe3\x06\x92\x83"))
	f.Add(true, []byte("\x80\x01\x00\x08\xac\x01123456789\xe3\x06\x92\x83"))
	f.Add(true, []byte{})
	f.Fuzz(func(t *testing.T, second bool, octets []byte) {
		v := V1
		if second {
			v = V2
		}
		p, err := Parse(v, octets)
		if err != nil {
			return
		}
		if again, err := p.Append(nil, v); err != nil || !bytes.Equal(again, octets) {
			t.Fatalf("%x became %x, %v", octets, again, err)
		}
		if open, err := (Guard{Version: v}).Open(p); err == nil {
			Serve(Node{}, open)
		}
		ParseIdent(p.Data)
		d := KISSDecoder{Version: v}
		for _, b := range octets {
			d.Next(b)
		}
	})
}

func FuzzReassembler(f *testing.F) {
	f.Add(false, []byte("\x02\x08\x08\x00\x08\x84\x12\xb0\x00\x00\x0b01"))
	f.Add(true, []byte("\x10\x00\x21\x02\x08\x00\x08\xac\x000123\x10\x00\x21\x05\x07456789A"))
	f.Fuzz(func(t *testing.T, second bool, octets []byte) {
		r := Reassembler{Version: V1}
		if second {
			r.Version = V2
		}
		for at := time.Duration(0); len(octets) >= 5; at += 10 * time.Millisecond {
			id := uint32(octets[0])<<24 | uint32(octets[1])<<16 | uint32(octets[2])<<8 | uint32(octets[3])
			n := min(int(octets[4]&15), len(octets)-5)
			p, ok, err := r.Receive(at, CANFrame{ID: id & 0x1fffffff, Data: octets[5 : 5+n]})
			if ok && (err != nil || len(p.Data) > MaxCFP1) {
				t.Fatalf("%d octets, %v", len(p.Data), err)
			}
			octets = octets[5+n:]
		}
		if len(r.open) > 32 {
			t.Fatalf("%d packets under way", len(r.open))
		}
	})
}
