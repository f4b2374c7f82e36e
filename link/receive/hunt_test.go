package receive

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"spacechain/link/coding"
	"spacechain/link/coding/cadu"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/crc"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
)

// swap exchanges the symbols of each pair.
func swap(symbols []byte) []byte {
	for i := 0; i+1 < len(symbols); i += 2 {
		symbols[i], symbols[i+1] = symbols[i+1], symbols[i]
	}
	return symbols
}

// change codes a 1 as a change, NRZ-M.
func change(bits []byte) []byte {
	last := byte(0)
	for i, b := range bits {
		last ^= b
		bits[i] = last
	}
	return bits
}

// What a mission may choose the receiver finds out: codes, bases, depths, lengths, randomizers, line
// codes, the order and the sign of the symbols, which is the first of a pair.
func TestHuntFindsTheCoding(t *testing.T) {
	block := func(e int, basis rs.Basis, depth, size int) *rs.Block {
		return &rs.Block{Code: rs.CCSDS(e, basis), Depth: depth, Fill: 255 - 2*e - size/depth}
	}
	for _, c := range []struct {
		framing string
		rs      *rs.Block
		rnd     *randomizer.Sequence
		size    int
		nrzm    bool
		swapped bool
		plainG2 bool
	}{
		{"ccsds-rs", block(16, rs.Dual, 1, 223), randomizer.TM255, 223, false, false, false},
		{"ccsds-rs", block(16, rs.Conventional, 1, 223), nil, 223, false, false, false},
		{"ccsds-rs", block(16, rs.Dual, 5, 1115), randomizer.TM255, 1115, true, false, false},
		{"ccsds-rs", block(16, rs.Conventional, 8, 1784), randomizer.TM131071, 1784, false, false, false},
		{"ccsds-rs", block(16, rs.Dual, 1, 57), randomizer.TM255, 57, true, false, false},
		{"ccsds-rs", block(16, rs.Dual, 4, 400), randomizer.TM255, 400, false, false, false},
		{"ccsds-rs", block(8, rs.Dual, 1, 239), randomizer.TM255, 239, false, false, false},
		{"ccsds-rs", block(8, rs.Conventional, 3, 717), randomizer.TM131071, 717, false, false, false},
		{"ccsds-rs", block(8, rs.Dual, 2, 200), nil, 200, true, false, false},
		{"ccsds-concatenated", block(16, rs.Dual, 1, 223), randomizer.TM255, 223, false, false, false},
		{"ccsds-concatenated", block(16, rs.Dual, 1, 223), randomizer.TM255, 223, false, true, false},
		{"ccsds-concatenated", block(16, rs.Dual, 2, 446), nil, 446, false, false, true},
		{"ccsds-concatenated", block(16, rs.Conventional, 1, 114), randomizer.TM255, 114, true, true, true},
		{"ccsds-uncoded", nil, randomizer.TM255, 100, false, false, false},
		{"ccsds-uncoded", nil, nil, 1115, true, false, false},
		{"ccsds-convolutional", nil, randomizer.TM131071, 64, false, false, false},
		{"ccsds-convolutional", nil, randomizer.TM255, 64, true, true, true},
	} {
		for _, inverted := range []bool{false, true} {
			rng := rand.New(rand.NewPCG(5, uint64(c.size)))
			var sent [][]byte
			var bits []byte
			e, err := cadu.NewEncoder(cadu.Config{RS: c.rs, FrameSize: c.size, Randomizer: c.rnd})
			if err != nil {
				t.Fatal(err)
			}
			for range 4 {
				f := make([]byte, c.size)
				for i := range f {
					f[i] = byte(rng.Uint32())
				}
				f[0] &= 0x7f // the version of a TM or AOS frame
				if c.rs == nil {
					binary.BigEndian.PutUint16(f[c.size-2:], crc.CCITT(f[:c.size-2]))
				}
				sent = append(sent, f)
				if bits, err = e.Encode(bits, f); err != nil {
					t.Fatal(err)
				}
			}
			bits = append(bits, coding.Unpack(nil, cadu.Marker)...)
			for range 200 {
				bits = append(bits, byte(rng.IntN(2)))
			}
			if c.nrzm {
				bits = change(bits)
			}
			if ccsdsFramings[c.framing].inner {
				enc := conv.Encoder{Code: conv.Code{InvertG2: !c.plainG2}}
				if bits = enc.Encode(nil, bits); c.swapped {
					bits = swap(bits)
				}
			}
			wrong := 400 // bits for one wrong bit
			if c.rs != nil && c.rs.Code.Parity() == 16 {
				wrong = 1200
			}
			soft := make([]int8, 0, len(bits)+1001)
			for range 1001 {
				soft = append(soft, int8(rng.IntN(200)-100))
			}
			for _, b := range bits {
				v := int8(80)
				if (b == 0) != inverted {
					v = -80
				}
				if rng.IntN(wrong) == 0 && (c.rs != nil || ccsdsFramings[c.framing].inner) {
					v = -v
				}
				soft = append(soft, v)
			}
			d := framings[c.framing].open(c.framing, Modem{}, Options{})
			var got []Frame
			for len(soft) > 0 {
				n := min(len(soft), 1+rng.IntN(3000))
				got = d.process(got, soft[:n])
				soft = soft[n:]
			}
			got = d.flush(got)
			name := fmt.Sprintf("%s of %d octets, %v, NRZ-M %v, swapped %v, inverted %v", c.framing, c.size, c.rnd, c.nrzm, c.swapped, inverted)
			if len(got) != len(sent) {
				t.Errorf("%s: %d frames of %d", name, len(got), len(sent))
				continue
			}
			for i, f := range got {
				if !bytes.Equal(f.Data, sent[i]) || f.Framing != c.framing {
					t.Errorf("%s: frame %d is %x, want %x", name, i, f.Data, sent[i])
				}
			}
		}
	}
}

// An uncoded frame on its own is found where its length is known, a USLP one by what it says.
func TestLonelyFrames(t *testing.T) {
	tm := binary.BigEndian.AppendUint16(bytes.Repeat([]byte{3, 5, 8}, 20), crc.CCITT(bytes.Repeat([]byte{3, 5, 8}, 20)))
	uslp := append([]byte{0xc0, 0, 0, 0, 0, 61, 0}, bytes.Repeat([]byte{9}, 53)...)
	uslp = binary.BigEndian.AppendUint16(uslp, crc.CCITT(uslp))
	for _, c := range []struct {
		frame []byte
		given int
		want  int
	}{{tm, 0, 0}, {tm, len(tm), 1}, {uslp, 0, 1}} {
		e, err := cadu.NewEncoder(cadu.Config{FrameSize: len(c.frame), Randomizer: randomizer.TM255})
		if err != nil {
			t.Fatal(err)
		}
		bits, err := e.Encode(nil, c.frame)
		if err != nil {
			t.Fatal(err)
		}
		d := framings["ccsds-uncoded"].open("ccsds-uncoded", Modem{}, Options{FrameSize: c.given})
		got := d.flush(d.process(nil, coding.Soften(nil, bits, 50)))
		if len(got) != c.want || c.want == 1 && !bytes.Equal(got[0].Data, c.frame) {
			t.Errorf("length %d given: %d frames, want %d", c.given, len(got), c.want)
		}
	}
}

// Idle carriers, steady patterns and nothing but markers give no frame, and no work without end.
func TestDullSignalsGiveNoFrame(t *testing.T) {
	marker := coding.Unpack(nil, cadu.Marker)
	for name, bit := range map[string]func(i int) byte{
		"zeros":       func(int) byte { return 0 },
		"ones":        func(int) byte { return 1 },
		"alternating": func(i int) byte { return byte(i) & 1 },
		"octets":      func(i int) byte { return 0x35 >> (i & 7) & 1 },
		"markers":     func(i int) byte { return marker[i%32] },
		"marked zeros": func(i int) byte {
			if i%3000 < 32 {
				return marker[i%3000]
			}
			return 0
		},
		"marked ones": func(i int) byte {
			if i%2072 < 32 {
				return marker[i%2072]
			}
			return 1
		},
	} {
		soft := make([]int8, 200_000)
		for i := range soft {
			if soft[i] = -90; bit(i) == 1 {
				soft[i] = 90
			}
		}
		for framing := range ccsdsFramings {
			d := framings[framing].open(framing, Modem{}, Options{})
			if got := d.flush(d.process(nil, soft)); len(got) > 0 {
				t.Errorf("%s: %s gives %d frames, the first of %d octets: %.40x", framing, name, len(got), len(got[0].Data), got[0].Data)
			}
		}
	}
}
