package conv_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/vectors"
	"spacechain/link/coding"
	"spacechain/link/coding/conv"
)

var allCodes = []conv.Code{
	{}, conv.CCSDS, conv.Punctured(conv.Rate2of3), conv.Punctured(conv.Rate3of4),
	conv.Punctured(conv.Rate5of6), conv.Punctured(conv.Rate7of8), {InvertG2: true, Rate: conv.Rate3of4},
}

// symbols turns a string of 0 and 1 into hard bits.
func symbols(s string) []byte {
	b := []byte(s)
	for i := range b {
		b[i] -= '0'
	}
	return b
}

func TestLibfecSymbols(t *testing.T) {
	var v map[string]json.RawMessage
	if err := json.Unmarshal(vectors.Open(t, "ccsds/fec-libfec.json"), &v); err != nil {
		t.Fatal(err)
	}
	type block struct {
		Data    string
		Plain   string `json:"symbols_g1_g2_noninverted"`
		CCSDS   string `json:"symbols_ccsds_g2_inverted"`
		Flipped int    `json:"flipped_symbols"`
	}
	count := 0
	for _, raw := range v {
		var blocks []block
		if json.Unmarshal(raw, &blocks) != nil || len(blocks) == 0 || blocks[0].Plain == "" {
			continue
		}
		for i, b := range blocks {
			octets, err := hex.DecodeString(b.Data)
			if err != nil {
				t.Fatal(err)
			}
			data := coding.Unpack(nil, octets)
			for code, want := range map[conv.Code]string{{}: b.Plain, conv.CCSDS: b.CCSDS} {
				e := conv.Encoder{Code: code}
				sent := e.Tail(e.Encode(nil, data))
				if !bytes.Equal(sent, symbols(want)) {
					t.Errorf("block %d, %+v: symbols differ", i, code)
					continue
				}
				// The file's rule: symbol (j*41 + i) mod n is flipped, j below Flipped.
				for j := range b.Flipped {
					sent[(j*41+i)%len(sent)] ^= 1
				}
				got := code.DecodeBlock(nil, coding.Soften(nil, sent, 100))
				if !bytes.Equal(coding.Pack(nil, got), octets) {
					t.Errorf("block %d, %+v: %d flipped symbols were not corrected", i, code, b.Flipped)
				}
			}
			count++
		}
	}
	if count != 6 {
		t.Fatalf("%d blocks in the vectors, want 6", count)
	}
}

// The response to a single one is the connection vectors, the second complemented
// (CCSDS 131.0-B-5 §3.3.1).
func TestImpulseResponse(t *testing.T) {
	e := conv.Encoder{Code: conv.CCSDS}
	got := e.Tail(e.Encode(nil, []byte{1}))
	for i := range conv.K {
		if c := got[2*i]; c != conv.G1>>(6-i)&1 {
			t.Errorf("C1(%d) is %d", i+1, c)
		}
		if c := got[2*i+1]; c != 1^conv.G2>>(6-i)&1 {
			t.Errorf("C2(%d) is %d", i+1, c)
		}
	}
}

func TestSymbolCounts(t *testing.T) {
	for _, c := range allCodes {
		e := conv.Encoder{Code: c}
		n := 0
		for i := range 50 {
			if got := c.Symbols(i); got != n {
				t.Errorf("rate %v: %d symbols for %d bits, want %d", c.Rate, got, i, n)
			}
			n += len(e.Encode(nil, []byte{byte(i & 1)}))
		}
		if r := 840.0 / float64(c.Symbols(840)); r != c.Rate.Value() {
			t.Errorf("rate %v is %v", c.Rate, r)
		}
	}
}

func TestCleanBlocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(allCodes).Draw(t, "code")
		data := rapid.SliceOfN(rapid.ByteRange(0, 1), 0, 700).Draw(t, "data")
		e := conv.Encoder{Code: c}
		sent := e.Tail(e.Encode(nil, data))
		magnitude := int8(rapid.IntRange(1, 127).Draw(t, "magnitude"))
		if got := c.DecodeBlock(nil, coding.Soften(nil, sent, magnitude)); !bytes.Equal(got, data) {
			t.Fatalf("%+v: %d bits came back as %d others", c, len(data), len(got))
		}
	})
}

// Four wrong symbols anywhere within a constraint span are corrected: the free
// distance is 10. So are nine erased ones.
func TestFreeDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := rapid.SliceOfN(rapid.ByteRange(0, 1), 30, 200).Draw(t, "data")
		e := conv.Encoder{Code: conv.CCSDS}
		soft := coding.Soften(nil, e.Tail(e.Encode(nil, data)), 50)
		erase := rapid.Bool().Draw(t, "erase")
		n := 4
		if erase {
			n = 9
		}
		for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(soft)-1), n, n, rapid.ID[int]).Draw(t, "at") {
			if soft[i] = -soft[i]; erase {
				soft[i] = 0
			}
		}
		if got := conv.CCSDS.DecodeBlock(nil, soft); !bytes.Equal(got, data) {
			t.Fatal("not corrected")
		}
	})
}

func TestStreamInAnyPortions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(allCodes).Draw(t, "code")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		data := randomBits(r, rapid.IntRange(0, 3000).Draw(t, "bits"))
		e := conv.Encoder{Code: c}
		soft := channel(r, e.Encode(nil, data), 7)
		whole := conv.NewDecoder(c, 0)
		want := whole.Flush(whole.Decode(nil, soft), false)
		parts := conv.NewDecoder(c, 0)
		var got []byte
		for rest := soft; len(rest) > 0; {
			n := min(len(rest), rapid.IntRange(0, 700).Draw(t, "portion"))
			got = parts.Decode(got, rest[:n])
			rest = rest[n:]
		}
		if got = parts.Flush(got, false); !bytes.Equal(got, want) {
			t.Fatal("portions change the result")
		}
		if len(got) != len(data) {
			t.Fatalf("%+v: %d bits came back as %d", c, len(data), len(got))
		}
		// At 7 dB nothing is wrong but at the open ends.
		edge := min(len(data), 200)
		if !bytes.Equal(got[edge:max(edge, len(got)-40)], data[edge:max(edge, len(data)-40)]) {
			t.Fatalf("%+v: errors in a good stream", c)
		}
	})
}

func TestDecoderHoldsNoMoreThanItsDelay(t *testing.T) {
	d := conv.NewDecoder(conv.CCSDS, 50)
	soft := make([]int8, 2)
	in, out := 0, 0
	for range 5000 {
		out += len(d.Decode(nil, soft))
		if in++; in-out > d.Delay() {
			t.Fatalf("%d bits held back, promised %d", in-out, d.Delay())
		}
	}
}

func TestTailBiting(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	for _, c := range allCodes {
		per := map[conv.Rate]int{conv.Rate2of3: 2, conv.Rate3of4: 3, conv.Rate5of6: 5, conv.Rate7of8: 7}[c.Rate]
		if per == 0 {
			per = 1
		}
		for range 40 {
			data := randomBits(r, per*(12+r.IntN(30)))
			soft := channel(r, c.EncodeTailBiting(nil, data), 9)
			got, ok := c.DecodeTailBiting(nil, soft)
			if !ok || !bytes.Equal(got, data) {
				t.Fatalf("%+v, %d bits: ok %v", c, len(data), ok)
			}
		}
	}
	if _, ok := conv.CCSDS.DecodeTailBiting(nil, make([]int8, 7)); ok {
		t.Error("half a symbol pair was accepted")
	}
	if _, ok := conv.CCSDS.DecodeTailBiting(nil, nil); ok {
		t.Error("an empty block was accepted")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{1, 2, 255, 128, 127, 0}, uint8(0), uint8(3))
	f.Add(bytes.Repeat([]byte{0x80}, 900), uint8(5), uint8(200))
	f.Fuzz(func(t *testing.T, data []byte, which, cut uint8) {
		c := allCodes[int(which)%len(allCodes)]
		soft := make([]int8, len(data))
		for i, b := range data {
			soft[i] = int8(b)
		}
		d := conv.NewDecoder(c, 1+int(cut))
		n := min(int(cut), len(soft))
		out := d.Decode(d.Decode(nil, soft[:n]), soft[n:])
		out = d.Flush(out, false)
		for _, b := range out {
			if b > 1 {
				t.Fatalf("bit of %d", b)
			}
		}
		if want := c.Symbols(len(out)); want > len(soft)+1 || want+2 < len(soft) && len(out) > 0 {
			t.Fatalf("%d bits of %d symbols", len(out), len(soft))
		}
		c.DecodeTailBiting(nil, soft)
		if got := c.DecodeBlock(nil, soft); len(got) > len(out) {
			t.Fatalf("a block of %d bits", len(got))
		}
	})
}
