package packet

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func genUnit(t *rapid.T) []byte {
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		e := Encapsulation{
			Protocol: Protocol(rapid.IntRange(1, 7).Draw(t, "protocol")),
			User:     uint8(rapid.IntRange(0, 3).Draw(t, "user")),
			Data:     rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "data"),
		}
		b, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	case 1:
		return FillEncapsulation(nil, 1)
	}
	b, err := genPacket(t).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// However the stream is cut, the same packets come out.
func TestExtractStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want [][]byte
		for range rapid.IntRange(0, 12).Draw(t, "packets") {
			u := genUnit(t)
			stream = append(stream, u...)
			if !IsIdle(u) {
				want = append(want, u)
			}
		}
		var x Extractor
		var got [][]byte
		for len(stream) > 0 {
			n := rapid.IntRange(1, min(len(stream), 200)).Draw(t, "cut")
			if err := x.Push(stream[:n], func(p []byte) { got = append(got, bytes.Clone(p)) }); err != nil {
				t.Fatal(err)
			}
			stream = stream[n:]
		}
		if len(got) != len(want) || x.Pending() != 0 || x.Packets != uint64(len(want)) {
			t.Fatalf("%d packets of %d, %d pending", len(got), len(want), x.Pending())
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("packet %d is %x, want %x", i, got[i], want[i])
			}
		}
	})
}

// Over frames of which some are lost, what comes out are packets that were sent, in
// order, and every one that touches no lost frame.
func TestExtractFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const zone = 64
		var stream []byte
		var starts []int
		var packets [][]byte
		for range rapid.IntRange(1, 20).Draw(t, "packets") {
			u := genUnit(t)
			starts = append(starts, len(stream))
			packets = append(packets, u)
			stream = append(stream, u...)
		}
		pad := (zone - len(stream)%zone) % zone
		for range pad {
			starts = append(starts, len(stream))
			packets = append(packets, []byte{0xe0})
			stream = append(stream, 0xe0)
		}
		frames := len(stream) / zone
		lost := make([]bool, frames)
		for i := range lost {
			lost[i] = rapid.IntRange(0, 4).Draw(t, "lost") == 0
		}
		var x Extractor
		var got [][]byte
		gap := false
		for i := range frames {
			if lost[i] {
				gap = true
				continue
			}
			first := NoFirstHeader
			for _, s := range starts {
				if s >= i*zone && s < (i+1)*zone {
					first = s - i*zone
					break
				}
			}
			x.Frame(stream[i*zone:(i+1)*zone], first, gap, func(p []byte) { got = append(got, bytes.Clone(p)) })
			gap = false
		}
		var want [][]byte
		for i, s := range starts {
			whole := !IsIdle(packets[i])
			for f := s / zone; f <= (s+len(packets[i])-1)/zone; f++ {
				whole = whole && !lost[f]
			}
			if whole {
				want = append(want, packets[i])
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d packets, want %d", len(got), len(want))
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("packet %d is %x, want %x", i, got[i], want[i])
			}
		}
	})
}

func TestExtractorRefusesAndSkips(t *testing.T) {
	var x Extractor
	if err := x.Push([]byte{0x40, 1, 2}, func([]byte) { t.Error("a packet") }); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	if err := x.Push([]byte{0xe0}, nil); !errors.Is(err, ErrLost) {
		t.Error("went on without a boundary")
	}
	x.Reset()
	if err := x.Push([]byte{0xe0}, nil); err != nil || x.Idle != 1 {
		t.Error(err, x.Idle)
	}

	x = Extractor{Max: 20}
	long, _ := Packet{Header: Header{APID: 1, Flags: Unsegmented}, Data: make([]byte, 100)}.Append(nil)
	short, _ := Packet{Header: Header{APID: 2, Flags: Unsegmented}, Data: []byte{9}}.Append(nil)
	stream := append(append(bytes.Clone(long), short...), long...)
	stream = append(stream, short...)
	seen := 0
	for i := range stream {
		if err := x.Push(stream[i:i+1], func(p []byte) { seen++ }); err != nil {
			t.Fatal(err)
		}
		if x.Pending() > 20 {
			t.Fatalf("%d octets held", x.Pending())
		}
	}
	if seen != 2 || x.Oversized != 2 {
		t.Errorf("%d packets, %d oversized", seen, x.Oversized)
	}
}

func FuzzExtractor(f *testing.F) {
	f.Add([]byte{0, 1, 0xc0, 0, 0, 0, 9, 0xe0, 0xf1, 4, 1, 2}, 3)
	f.Fuzz(func(t *testing.T, b []byte, at int) {
		var x, y Extractor
		x.Max, y.Max = 512, 512
		count := 0
		_ = x.Push(b, func(p []byte) {
			if n, err := Length(p); err != nil || n != uint64(len(p)) {
				t.Fatal(p, err)
			}
			count++
		})
		for i := range b {
			if y.Push(b[i:i+1], func([]byte) { count-- }) != nil {
				break
			}
		}
		if count != 0 {
			t.Fatal("the cut of the stream changes the packets")
		}
		x.Frame(b, at, at&1 == 0, func([]byte) {})
		if x.Pending() > 512+8 {
			t.Fatal(x.Pending())
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	var stream []byte
	for range 100 {
		stream, _ = Packet{Header: Header{APID: 3, Flags: Unsegmented}, Data: make([]byte, 250)}.Append(stream)
	}
	b.SetBytes(int64(len(stream)))
	var x Extractor
	for b.Loop() {
		for i := 0; i < len(stream); i += 200 {
			_ = x.Push(stream[i:min(i+200, len(stream))], func([]byte) {})
		}
	}
}
