package ax100

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/coding"
	"spacechain/link/modem"
)

// modes are all ways to frame.
var modes = []Framer{
	{Mode: ASMGolay}, {Mode: ReedSolomon}, {Mode: U482C},
	{Mode: U482C, Flags: FlagReedSolomon},
	{Mode: U482C, Flags: FlagReedSolomon | FlagRandomized | FlagConvolutional},
}

func (f Framer) most() int {
	switch {
	case f.Mode == ReedSolomon:
		return 222
	case f.flags()&FlagConvolutional != 0:
		return 94
	}
	return 223
}

// A frame of a U482C of AU03 (the recording of QB50): the length field of a convolutionally coded
// word of 55 octets is 112 with all flags, and the Golay code gives it the parity 56c.
func TestFrameOctets(t *testing.T) {
	f := Framer{Mode: U482C, Flags: FlagReedSolomon | FlagRandomized | FlagConvolutional, Preamble: 8}
	data, err := hex.DecodeString("c2aa23007c6b38fc4f4e3033415566d02109000b010001")
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Append(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	got := hex.EncodeToString(coding.Pack(nil, b))
	if want := "aac3aa665556c7700e650ea83fd9b357e52fc3c3ced41bcbe8e44684e01092c540ef1cd83f32c3999c540ec59c"; got[:len(want)] != want {
		t.Errorf("frame %s…, not %s…", got[:len(want)], want)
	}
	if want := 8 * (1 + 4 + 3 + 112); len(b) != want {
		t.Errorf("%d bits, not %d", len(b), want)
	}
}

// Frames come back through noise of symbols, either way up, however the stream is cut.
func TestFramesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := modes[rapid.IntRange(0, len(modes)-1).Draw(t, "mode")]
		var stream []byte
		var want [][]byte
		for range rapid.IntRange(1, 3).Draw(t, "frames") {
			data := rapid.SliceOfN(rapid.Byte(), 1, f.most()).Draw(t, "data")
			data[0] |= 1 // what is not randomized cannot be told from a rest if it is all zeros
			var err error
			if stream, err = f.Append(stream, data); err != nil {
				t.Fatal(err)
			}
			want = append(want, data)
		}
		soft := coding.Soften(nil, stream, 100)
		if rapid.Bool().Draw(t, "inverted") {
			for i := range soft {
				soft[i] = -soft[i]
			}
		}
		d := NewDeframer(f.Mode)
		var got []Frame
		for len(soft) > 0 {
			n := min(len(soft), rapid.IntRange(1, 2000).Draw(t, "portion"))
			got = d.Process(got, soft[:n])
			soft = soft[n:]
		}
		if len(got) != len(want) {
			t.Fatalf("%d frames, not %d", len(got), len(want))
		}
		for i := range want {
			if !bytes.Equal(got[i].Data, want[i]) || got[i].Corrected != 0 {
				t.Fatalf("frame %d came as %x, %d corrected", i, got[i].Data, got[i].Corrected)
			}
		}
	})
}

// Frames with errors: up to sixteen octets of a word, three bits of the length field, four of the
// marker.
func TestErrorsAreCorrected(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for _, f := range modes {
		if f.flags()&FlagConvolutional != 0 {
			continue
		}
		for range 20 {
			data := make([]byte, 100)
			for i := range data {
				data[i] = byte(rng.Uint32())
			}
			bits, err := f.Append(nil, data)
			if err != nil {
				t.Fatal(err)
			}
			body := len(bits) - 8*132
			want := 16
			if f.Mode == ReedSolomon {
				want = 5 // each error is three after descrambling, in up to three octets
			} else {
				for _, i := range rng.Perm(32)[:4] {
					bits[256+i] ^= 1
				}
				for _, i := range rng.Perm(24)[:3] {
					bits[288+i] ^= 1
				}
			}
			for _, i := range rng.Perm(130)[:want] {
				bits[body+8*i+rng.IntN(8)] ^= 1
			}
			got := NewDeframer(f.Mode).Process(nil, coding.Soften(nil, bits, 80))
			if len(got) != 1 || !bytes.Equal(got[0].Data, data) || got[0].Corrected < want {
				t.Fatalf("%v: %d frames", f.Mode, len(got))
			}
		}
	}
}

func TestLengths(t *testing.T) {
	for _, f := range modes {
		most := f.most()
		for n, ok := range map[int]bool{0: false, 1: true, most: true, most + 1: false} {
			if _, err := f.Append(nil, make([]byte, n)); (err == nil) != ok {
				t.Errorf("%v, flags %#x: %d octets: %v", f.Mode, f.Flags, n, err)
			}
		}
	}
}

// A word that says more than there is does not hide the frame behind its marker.
func TestFalseMarkers(t *testing.T) {
	for _, f := range modes {
		bits, err := f.Append(nil, []byte("hello"))
		if err != nil {
			t.Fatal(err)
		}
		var stream []byte
		// The longest possible frame is announced and cut short by another.
		long := f
		cut, err := long.Append(nil, make([]byte, f.most()))
		if err != nil {
			t.Fatal(err)
		}
		stream = append(append(stream, cut[:400]...), bits...)
		stream = append(stream, make([]byte, 6000)...)
		d := NewDeframer(f.Mode)
		var got []Frame
		for i, s := range coding.Soften(nil, stream, 100) {
			if got = d.Process(got, []int8{s}); len(got) > 0 && i < 400 {
				t.Fatal("frame before it was sent")
			}
		}
		found := 0
		for _, g := range got {
			if string(g.Data) == "hello" {
				found++
			}
		}
		// The scrambler of the cut frame is in another state: that mode loses no more than it.
		if found != 1 && f.Mode != ReedSolomon {
			t.Errorf("%v, flags %#x: found %d times", f.Mode, f.Flags, found)
		}
	}
}

// Through the modems and noise, as the recordings come.
func TestThroughModems(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for _, f := range modes {
		data := []byte("a packet of the CubeSat Space Protocol, or what a radio takes for one")
		bits, err := f.Append(make([]byte, 300), data)
		if err != nil {
			t.Fatal(err)
		}
		bits = append(bits, make([]byte, 300)...)
		var x []float32
		var d modem.AudioDemodulator
		if f.Mode == U482C {
			m, err := modem.NewAFSKModulator(modem.AFSK4800, 48000, 0.5)
			if err != nil {
				t.Fatal(err)
			}
			x = m.Modulate(nil, bits)
			d, err = modem.NewAFSKDemodulator(modem.AFSK4800, 48000, modem.AFSKOptions{Steady: true})
			if err != nil {
				t.Fatal(err)
			}
		} else {
			m, err := modem.NewFSKModulator(modem.GMSK9600, 48000, 0.5)
			if err != nil {
				t.Fatal(err)
			}
			x = m.Modulate(nil, bits)
			d, err = modem.NewFSKDemodulator(modem.GMSK9600, 48000, modem.FSKOptions{})
			if err != nil {
				t.Fatal(err)
			}
		}
		for i := range x {
			x[i] += float32(0.1 * rng.NormFloat64())
		}
		got := NewDeframer(f.Mode).Process(nil, d.Flush(d.Process(nil, x)))
		if len(got) != 1 || !bytes.Equal(got[0].Data, data) {
			t.Errorf("%v, flags %#x: %d frames", f.Mode, f.Flags, len(got))
		}
	}
}

// Nothing comes out of noise: ten minutes of each mode at 9600 bit/s, a day with SPACECHAIN_LONG.
func TestNoise(t *testing.T) {
	total := 600 * 9600
	if os.Getenv("SPACECHAIN_LONG") != "" {
		total = 24 * 3600 * 9600
	}
	rng := rand.New(rand.NewPCG(1, 1))
	soft := make([]int8, 4096)
	for _, m := range []Mode{ASMGolay, ReedSolomon, U482C} {
		d := NewDeframer(m)
		var got []Frame
		for n := 0; n < total; n += len(soft) {
			for i := 0; i < len(soft); i += 8 {
				for j, v := 0, rng.Uint64(); j < 8; j++ {
					soft[i+j] = int8(v >> (8 * j))
				}
			}
			if got = d.Process(got, soft); len(d.buf) > 20000 || len(d.found) > 100 {
				t.Fatalf("%v: %d bits held for %d frames under way", m, len(d.buf), len(d.found))
			}
		}
		if len(got) > 0 {
			t.Errorf("%v: %d frames out of noise, the first %x", m, len(got), got[0].Data)
		}
	}
}

func FuzzDeframer(f *testing.F) {
	for i, m := range modes {
		bits, err := m.Append(nil, []byte("seed"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(byte(i), coding.Pack(nil, bits))
	}
	f.Add(byte(0), bytes.Repeat([]byte{0x93, 0x0b, 0x51, 0xde}, 400))
	f.Fuzz(func(t *testing.T, mode byte, octets []byte) {
		m := Mode(mode % 3)
		d := NewDeframer(m)
		for _, g := range d.Process(nil, coding.Soften(nil, coding.Unpack(nil, octets), 90)) {
			if len(g.Data) == 0 || len(g.Data) > MaxData {
				t.Fatalf("%v: frame of %d octets", m, len(g.Data))
			}
		}
		if len(d.buf) > 8*len(octets) {
			t.Fatalf("%v: %d bits held of %d octets", m, len(d.buf), len(octets))
		}
	})
}
