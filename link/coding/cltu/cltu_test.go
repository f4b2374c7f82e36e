package cltu_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
	"spacechain/link/coding"
	"spacechain/link/coding/bch"
	"spacechain/link/coding/cltu"
	"spacechain/link/coding/ldpc"
)

func TestSpacePyLibraryUnits(t *testing.T) {
	var v struct{ Vectors map[string]string }
	if err := json.Unmarshal(vectors.Open(t, "ccsds/spacepylibrary.json"), &v); err != nil {
		t.Fatal(err)
	}
	c := cltu.Coding{Tail: cltu.TailOld}
	for _, n := range []string{"01", "02"} {
		frame, err := hex.DecodeString(v.Vectors["TC_FRAME_"+n])
		if err != nil || len(frame) == 0 {
			t.Fatalf("frame %s: %v", n, err)
		}
		got, err := c.Encode(nil, frame)
		if err != nil || hex.EncodeToString(got) != v.Vectors["CLTU_"+n] {
			t.Errorf("CLTU %s: %x, %v", n, got, err)
		}
		data, rep := c.Decode(nil, got[2:])
		if !bytes.HasPrefix(data, frame) || rep.Blocks != (len(frame)+6)/7 {
			t.Errorf("CLTU %s: decoded %x, %+v", n, data, rep)
		}
	}
}

func codings() []cltu.Coding {
	return []cltu.Coding{
		{}, {Mode: bch.Correct}, {Mode: bch.Correct, Randomize: true}, {Tail: cltu.TailOld},
		{LDPC: ldpc.TC128, Randomize: true, Tail: cltu.TailLDPC}, {LDPC: ldpc.TC512, Randomize: true},
	}
}

// Units one after the other with idle bits between, in both polarities, in any
// portions.
func TestStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(codings()).Draw(t, "coding")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		inverted := rapid.Bool().Draw(t, "inverted")
		var frames [][]byte
		var bits []byte
		idle := func(n int) {
			for i := range n {
				bits = append(bits, byte(i&1))
			}
		}
		for range rapid.IntRange(1, 4).Draw(t, "units") {
			f := make([]byte, 1+r.IntN(200))
			for i := range f {
				f[i] = byte(r.Uint32())
			}
			frames = append(frames, f)
			unit, err := c.Encode(nil, f)
			if err != nil {
				t.Fatal(err)
			}
			idle(16 + r.IntN(100))
			bits = coding.Unpack(bits, unit)
		}
		idle(1000) // a long codeword after the last one, which is no codeword
		if inverted {
			for i := range bits {
				bits[i] ^= 1
			}
		}
		soft := coding.Soften(nil, bits, 60)
		rx := cltu.NewReceiver(c)
		var got []cltu.Unit
		for len(soft) > 0 {
			n := min(len(soft), 1+r.IntN(400))
			got = rx.Receive(got, soft[:n])
			soft = soft[n:]
		}
		if len(got) != len(frames) {
			t.Fatalf("%d units of %d", len(got), len(frames))
		}
		for i, u := range got {
			if !bytes.HasPrefix(u.Data, frames[i]) || u.Inverted != inverted {
				t.Fatalf("unit %d: %x for %x, inverted %v", i, u.Data, frames[i], u.Inverted)
			}
		}
	})
}

func TestSingleErrorsAreCorrected(t *testing.T) {
	c := cltu.Coding{Mode: bch.Correct}
	frame := []byte("a telecommand of some length")
	unit, err := c.Encode(nil, frame)
	if err != nil {
		t.Fatal(err)
	}
	bits := coding.Unpack(nil, unit)
	for i := 0; i < len(bits)-64; i += 64 {
		bits[i+5] ^= 1 // one a codeblock, the first in the start sequence
	}
	got := cltu.NewReceiver(c).Receive(nil, coding.Soften(nil, bits, 90))
	if len(got) != 1 || !bytes.HasPrefix(got[0].Data, frame) || got[0].Corrected == 0 {
		t.Fatalf("received %+v", got)
	}
}

func TestLDPCThroughNoise(t *testing.T) {
	c := cltu.Coding{LDPC: ldpc.TC512, Randomize: true}
	r := rand.New(rand.NewPCG(8, 9))
	received := 0
	for range 20 {
		frame := make([]byte, 96)
		for i := range frame {
			frame[i] = byte(r.Uint32())
		}
		unit, err := c.Encode(nil, frame)
		if err != nil {
			t.Fatal(err)
		}
		var soft []int8
		for _, b := range coding.Unpack(nil, unit) {
			x := 24 * (float64(2*int(b)-1) + r.NormFloat64()*math.Sqrt(0.5/math.Pow(10, 0.05))) // Eb/N0 3.5 dB
			soft = append(soft, int8(max(-127, min(127, x))))
		}
		rx := cltu.NewReceiver(c)
		for _, u := range rx.Flush(rx.Receive(nil, soft)) {
			if bytes.HasPrefix(u.Data, frame) {
				received++
			}
		}
	}
	if received < 19 {
		t.Fatalf("%d of 20 units received at 3.5 dB", received)
	}
}

// Every codeword is randomized for itself, the check bits with it, so that a receiver
// may begin with any (CCSDS 231.0-B-4 figure 2-2; Yamcs sends so, too).
func TestLDPCCodewordsAreRandomizedAfterCoding(t *testing.T) {
	frame := []byte{0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7}
	unit, err := cltu.Coding{LDPC: ldpc.TC128, Randomize: true, Tail: cltu.TailLDPC}.Encode(nil, frame)
	if err != nil {
		t.Fatal(err)
	}
	word := []byte{0, 1, 2, 3, 4, 5, 6, 7, 0x34, 0x99, 0x98, 0x87, 0x94, 0xe1, 0x62, 0x56} // of ldpc-labrador.json
	sequence := []byte{0xff, 0x39, 0x9e, 0x5a, 0x68, 0xe9, 0x06, 0xf5, 0x6c, 0x89, 0x2f, 0xa1, 0x31, 0x5e, 0x08, 0xc0}
	for i := range word {
		word[i] ^= sequence[i]
	}
	want := append(append(append(append([]byte(nil), cltu.StartLDPC...), word...), word...), cltu.TailLDPC...)
	if !bytes.Equal(unit, want) {
		t.Fatalf("sent     %x,\nshould be %x", unit, want)
	}
}

func TestNothingToSend(t *testing.T) {
	if _, err := (cltu.Coding{}).Encode(nil, nil); err == nil {
		t.Fatal("an empty unit was made")
	}
}

func FuzzReceive(f *testing.F) {
	unit, err := (cltu.Coding{}).Encode(nil, []byte("frame"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(unit, uint8(0))
	f.Add(append([]byte{0x55, 0x14, 0x6f}, unit...), uint8(1))
	f.Add(cltu.StartLDPC, uint8(4))
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		all := codings()
		c := all[int(which)%len(all)]
		total := 0
		rx := cltu.NewReceiver(c)
		for _, u := range rx.Flush(rx.Receive(nil, coding.Soften(nil, coding.Unpack(nil, data), 33))) {
			if u.Blocks == 0 || len(u.Data) == 0 {
				t.Fatal("an empty unit")
			}
			total += len(u.Data)
		}
		if total > len(data) {
			t.Fatalf("%d octets of %d", total, len(data))
		}
		out, rep := c.Decode(nil, data)
		if len(out) != 7*rep.Blocks {
			t.Fatalf("%d octets of %d blocks", len(out), rep.Blocks)
		}
	})
}
