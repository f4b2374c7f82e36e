package ax25

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

var example = UI(Address{Call: "CQ"}, Address{Call: "DK0XYZ", SSID: 11}, []byte("the quick brown fox, \x00\xff\xff\xff\x7e~"))

// The check value of CRC-16/X-25, and the frame of AX.25's own example format.
func TestFCS(t *testing.T) {
	if got := FCS([]byte("123456789")); got != 0x906e {
		t.Errorf("FCS of 123456789 = %#04x, want 0x906e", got)
	}
}

func soften(levels []byte) []int8 {
	out := make([]int8, len(levels))
	for i, l := range levels {
		out[i] = int8(l)*120 - 60
	}
	return out
}

func TestDeframerFindsFrames(t *testing.T) {
	for _, line := range []Line{{}, LineAFSK, {Scrambled: true}, LineG3RUH} {
		data, err := example.Encode()
		if err != nil {
			t.Fatal(err)
		}
		f := NewFramer(line)
		levels := f.Flags(nil, 20)
		for range 3 {
			levels = f.Flags(f.Frame(levels, data), 1)
		}
		levels = f.Flags(levels, 4)
		d := NewDeframer(Options{Line: line})
		got := d.Process(nil, soften(levels))
		if len(got) != 3 {
			t.Fatalf("%+v: %d frames, want 3", line, len(got))
		}
		for _, r := range got {
			if !bytes.Equal(r.Data, data) || r.Flipped != 0 {
				t.Errorf("%+v: frame %x with %d bits inverted, want %x", line, r.Data, r.Flipped, data)
			}
		}
		if len(got) == 3 && got[0].Start != 160 {
			t.Errorf("%+v: first frame starts at bit %d, want 160", line, got[0].Start)
		}
	}
}

// Any one or two uncertain line bits anywhere, flags included, are put right.
func TestTrialsRepair(t *testing.T) {
	data, err := example.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []Line{LineAFSK, LineG3RUH} {
		f := NewFramer(line)
		levels := f.Flags(nil, 12)
		start := len(levels)
		levels = f.Frame(levels, data)
		end := len(levels) + 8
		levels = f.Flags(levels, 8)
		rng := rand.New(rand.NewPCG(1, 2))
		missed := 0
		for i := start; i < end; i++ {
			soft := soften(levels)
			soft[i] /= -10
			if j := start + rng.IntN(end-start); i%2 == 0 && j != i {
				soft[j] /= -7
			}
			got := NewDeframer(Options{Line: line}).Process(nil, soft)
			if len(got) != 1 || !bytes.Equal(got[0].Data, data) {
				missed++
			}
		}
		if missed > (end-start)/50 {
			t.Errorf("%+v: %d of %d corrupted frames not repaired", line, missed, end-start)
		}
	}
}

func TestAddresses(t *testing.T) {
	for s, want := range map[string]Address{
		"DK0XYZ":     {Call: "DK0XYZ"},
		"dk0xyz-15":  {Call: "DK0XYZ", SSID: 15},
		"WIDE1-1*":   {Call: "WIDE1", SSID: 1, Flag: true},
		"":           {},
		"TOOLONG":    {},
		"A-16":       {},
		"A B":        {},
		"A--1":       {},
		"Ä":          {},
		"N0CALL-1-1": {},
	} {
		got, err := ParseAddress(s)
		if got != want || (err == nil) != (want.Call != "") {
			t.Errorf("ParseAddress(%q) = %+v, %v; want %+v", s, got, err, want)
		}
	}
}

// The first two addresses and control octets of AO-27's beacon as received.
func TestDecodeBeacon(t *testing.T) {
	b := []byte{0x9c, 0x68, 0xaa, 0xa6, 0x92, 0x40, 0x00, 0x82, 0x9e, 0x64, 0x6e, 0x40, 0xa8, 0x01, 0x03, 0xf0, 0x4e, 0xd0, 0x22, 0x18}
	f, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if f.Destination.Call != "N4USI" || f.Control != ControlUI || f.PID != PIDNoLayer3 || len(f.Info) != 4 {
		t.Errorf("decoded %+v", f)
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, f := range []*Frame{
		{},
		{Destination: Address{Call: "A"}, Source: Address{Call: "B", SSID: 16}},
		{Destination: Address{Call: "A"}, Source: Address{Call: "B"}, Digipeaters: make([]Address, 9)},
	} {
		if _, err := f.Encode(); err == nil {
			t.Errorf("%+v encoded", f)
		}
	}
}

func frames() *rapid.Generator[*Frame] {
	return rapid.Custom(func(t *rapid.T) *Frame {
		address := rapid.Custom(func(t *rapid.T) Address {
			return Address{
				Call: rapid.StringMatching(`[A-Z0-9]{1,6}`).Draw(t, "call"),
				SSID: rapid.Uint8Range(0, 15).Draw(t, "ssid"),
				Flag: rapid.Bool().Draw(t, "flag"),
			}
		})
		f := &Frame{Destination: address.Draw(t, "destination"), Source: address.Draw(t, "source")}
		f.Digipeaters = rapid.SliceOfN(address, 0, 8).Draw(t, "path")
		f.Control = rapid.SampledFrom([]byte{ControlUI, ControlUI | PollFinal, 0, 0x2f, 1}).Draw(t, "control")
		if f.HasPID() {
			f.PID = rapid.Byte().Draw(t, "pid")
		}
		f.Info = rapid.SliceOfN(rapid.Byte(), 0, 256).Draw(t, "info")
		return f
	})
}

func TestFramesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := frames().Draw(t, "frame")
		data, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if !Plausible(data) {
			t.Errorf("%x is not plausible", data)
		}
		back, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := back.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("%x came back as %x, %v", data, again, err)
		}
		line := Line{NRZI: rapid.Bool().Draw(t, "nrzi"), Scrambled: rapid.Bool().Draw(t, "scrambled")}
		fr := NewFramer(line)
		levels := fr.Flags(fr.Frame(fr.Flags(nil, 4), data), 2)
		got := NewDeframer(Options{Line: line}).Process(nil, soften(levels))
		if len(got) != 1 || !bytes.Equal(got[0].Data, data) {
			t.Errorf("%d frames, want %x", len(got), data)
		}
	})
}

func FuzzDecode(f *testing.F) {
	data, err := example.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0x40}, 80))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := Decode(b)
		if err != nil {
			return
		}
		if !frame.HasPID() && frame.PID != 0 {
			t.Errorf("protocol identifier without one in %x", b)
		}
		_ = frame.String()
		if Plausible(b) {
			if _, err := frame.Encode(); err != nil {
				t.Errorf("plausible %x does not encode: %v", b, err)
			}
		}
	})
}

func FuzzDeframer(f *testing.F) {
	data, err := example.Encode()
	if err != nil {
		f.Fatal(err)
	}
	fr := NewFramer(LineAFSK)
	soft := soften(fr.Flags(fr.Frame(fr.Flags(nil, 2), data), 1))
	raw := make([]byte, len(soft))
	for i, s := range soft {
		raw[i] = byte(s)
	}
	f.Add(raw, byte(1))
	f.Fuzz(func(t *testing.T, raw []byte, mode byte) {
		soft := make([]int8, len(raw))
		for i, b := range raw {
			soft[i] = int8(b)
		}
		d := NewDeframer(Options{Line: Line{NRZI: mode&1 != 0, Scrambled: mode&2 != 0}, MaxOctets: 300})
		for _, r := range d.Process(nil, soft) {
			if r.Start < 0 || r.End <= r.Start || r.End > int64(len(soft)) || len(r.Data) < minOctets-2 || len(r.Data) > 298 {
				t.Errorf("frame of %d octets from %d to %d in %d bits", len(r.Data), r.Start, r.End, len(soft))
			}
		}
	})
}
