package cadu_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"spacechain/link/coding"
	"spacechain/link/coding/cadu"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/internal/bench"
	"spacechain/link/coding/ldpc"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
)

type channel struct {
	name   string
	config cadu.Config
	esN0DB float64 // where all frames come through
}

func channels(t testing.TB) []channel {
	t.Helper()
	half, err := ldpc.AR4JA(ldpc.Rate1of2, 1024)
	if err != nil {
		t.Fatal(err)
	}
	seven := conv.Punctured(conv.Rate7of8)
	two := conv.Punctured(conv.Rate2of3)
	return []channel{
		{"uncoded", cadu.Config{FrameSize: 100, Randomizer: randomizer.TM255}, 11},
		{"convolutional", cadu.Config{FrameSize: 100, Randomizer: randomizer.TM131071, Inner: &conv.CCSDS}, 4},
		{"Reed-Solomon", cadu.Config{RS: &rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: 1, Fill: 100}, Randomizer: randomizer.TM255}, 7},
		{"Reed-Solomon, depth 4, not randomized", cadu.Config{RS: &rs.Block{Code: rs.CCSDS(8, rs.Dual), Depth: 4, Fill: 180}}, 8},
		{"concatenated", cadu.Config{RS: &rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: 2, Fill: 50}, Randomizer: randomizer.TM255, Inner: &conv.CCSDS}, 0.5},
		{"concatenated 2/3", cadu.Config{RS: &rs.Block{Code: rs.CCSDS(16, rs.Conventional), Depth: 1}, Randomizer: randomizer.TM255, Inner: &two}, 3},
		{"concatenated 7/8", cadu.Config{RS: &rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: 1}, Randomizer: randomizer.TM131071, Inner: &seven}, 5.5},
		{"LDPC", cadu.Config{LDPC: half, Randomizer: randomizer.TM255}, 0},
	}
}

func noisy(r *rand.Rand, symbols []byte, esN0DB float64, inverted bool) []int8 {
	sigma := math.Sqrt(0.5 / math.Pow(10, esN0DB/10))
	soft := make([]int8, len(symbols))
	for i, s := range symbols {
		if inverted {
			s ^= 1
		}
		soft[i] = int8(math.Round(max(-127, min(127, 28*(float64(2*int(s)-1)+sigma*r.NormFloat64())))))
	}
	return soft
}

func randomFrames(r *rand.Rand, n, size int) [][]byte {
	frames := make([][]byte, n)
	for i := range frames {
		frames[i] = make([]byte, size)
		for j := range frames[i] {
			frames[i][j] = byte(r.Uint32())
		}
	}
	return frames
}

func TestStreams(t *testing.T) {
	for _, ch := range channels(t) {
		for _, inverted := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/inverted=%v", ch.name, inverted), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, 2))
				e, err := cadu.NewEncoder(ch.config)
				if err != nil {
					t.Fatal(err)
				}
				frames := randomFrames(r, 6, e.FrameSize())
				// A Viterbi decoder that hears noise first needs a few bits to settle.
				symbols := e.Flush(nil)
				for _, f := range frames {
					if symbols, err = e.Encode(symbols, f); err != nil {
						t.Fatal(err)
					}
				}
				symbols = e.Flush(symbols)
				soft := append(make([]int8, 501), noisy(r, symbols, ch.esN0DB, inverted)...)
				for i := range soft[:501] {
					soft[i] = int8(r.IntN(255) - 127)
				}
				rx, err := cadu.NewReceiver(ch.config)
				if err != nil {
					t.Fatal(err)
				}
				var got []cadu.Frame
				for len(soft) > 0 {
					n := min(len(soft), 1+r.IntN(3000))
					got = rx.Receive(got, soft[:n])
					soft = soft[n:]
				}
				got = rx.Flush(got)
				if len(got) != len(frames) {
					t.Fatalf("%d frames of %d", len(got), len(frames))
				}
				for i, f := range got {
					if !bytes.Equal(f.Data, frames[i]) || f.Inverted != inverted {
						t.Errorf("frame %d differs, inverted %v", i, f.Inverted)
					}
				}
			})
		}
	}
}

// A symbol lost in the middle throws the pattern of the inner code out of step and
// every frame out of place: the receiver finds both again.
func TestSlip(t *testing.T) {
	for _, ch := range channels(t) {
		r := rand.New(rand.NewPCG(3, 4))
		e, err := cadu.NewEncoder(ch.config)
		if err != nil {
			t.Fatal(err)
		}
		frames := randomFrames(r, 24, e.FrameSize())
		var symbols []byte
		for i, f := range frames {
			if symbols, err = e.Encode(symbols, f); err != nil {
				t.Fatal(err)
			}
			if i == 7 {
				symbols = symbols[:len(symbols)-101]
			}
		}
		rx, err := cadu.NewReceiver(ch.config)
		if err != nil {
			t.Fatal(err)
		}
		got := rx.Flush(rx.Receive(nil, noisy(r, e.Flush(symbols), ch.esN0DB+1, false)))
		last := got[len(got)-1]
		if !bytes.Equal(last.Data, frames[23]) || len(got) < 16 {
			t.Errorf("%s: %d frames of 24 around a slip", ch.name, len(got))
		}
	}
}

// The sync marker stands before the randomized block and is not randomized.
func TestUnitOnTheAir(t *testing.T) {
	e, err := cadu.NewEncoder(cadu.Config{FrameSize: 5, Randomizer: randomizer.TM255})
	if err != nil {
		t.Fatal(err)
	}
	bits, err := e.Encode(nil, make([]byte, 5))
	if err != nil {
		t.Fatal(err)
	}
	want := []byte{0x1a, 0xcf, 0xfc, 0x1d, 0xff, 0x48, 0x0e, 0xc0, 0x9a}
	if got := coding.Pack(nil, bits); !bytes.Equal(got, want) {
		t.Errorf("% x, want % x", got, want)
	}
}

func TestRefusals(t *testing.T) {
	half, err := ldpc.AR4JA(ldpc.Rate1of2, 1024)
	if err != nil {
		t.Fatal(err)
	}
	block := &rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: 1}
	for _, c := range []cadu.Config{
		{}, {FrameSize: 1 << 17}, {RS: block, FrameSize: 5}, {RS: &rs.Block{}}, {RS: block, LDPC: half},
		{LDPC: half, Inner: &conv.CCSDS}, {FrameSize: 5, Sync: make([]byte, 9)}, {FrameSize: 5, Sync: []byte{}},
	} {
		if _, err := cadu.NewEncoder(c); err == nil {
			t.Errorf("encoder of %+v", c)
		}
		if _, err := cadu.NewReceiver(c); err == nil {
			t.Errorf("receiver of %+v", c)
		}
	}
	e, err := cadu.NewEncoder(cadu.Config{FrameSize: 5})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Encode(nil, make([]byte, 6)); err == nil {
		t.Error("a frame of the wrong length was encoded")
	}
}

func TestNoiseGivesNoFrame(t *testing.T) {
	for _, ch := range channels(t) {
		if ch.config.RS == nil && ch.config.LDPC == nil {
			continue // nothing to tell a frame from noise by
		}
		rx, err := cadu.NewReceiver(ch.config)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(5, 6))
		soft := make([]int8, 60_000)
		for i := range soft {
			soft[i] = int8(r.IntN(255) - 127)
		}
		if got := rx.Flush(rx.Receive(nil, soft)); len(got) > 0 {
			t.Errorf("%s: %d frames in noise", ch.name, len(got))
		}
	}
}

func TestPortionsDoNotMatter(t *testing.T) {
	all := channels(t)
	rapid.Check(t, func(t *rapid.T) {
		ch := rapid.SampledFrom(all).Draw(t, "channel")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
		e, err := cadu.NewEncoder(ch.config)
		if err != nil {
			t.Fatal(err)
		}
		var symbols []byte
		for _, f := range randomFrames(r, 2, e.FrameSize()) {
			if symbols, err = e.Encode(symbols, f); err != nil {
				t.Fatal(err)
			}
		}
		soft := noisy(r, e.Flush(symbols), ch.esN0DB+2, false)
		rx, err := cadu.NewReceiver(ch.config)
		if err != nil {
			t.Fatal(err)
		}
		var got []cadu.Frame
		for len(soft) > 0 {
			n := min(len(soft), rapid.IntRange(1, 4000).Draw(t, "portion"))
			got = rx.Receive(got, soft[:n])
			soft = soft[n:]
		}
		if got = rx.Flush(got); len(got) != 2 {
			t.Fatalf("%s: %d frames of 2", ch.name, len(got))
		}
	})
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte{0x1a, 0xcf, 0xfc, 0x1d, 1, 2, 3}, uint8(0))
	f.Add(bytes.Repeat([]byte{0x80, 7}, 300), uint8(4))
	all := channels(f)
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		ch := all[int(which)%len(all)]
		rx, err := cadu.NewReceiver(ch.config)
		if err != nil {
			t.Fatal(err)
		}
		soft := coding.Soften(nil, coding.Unpack(nil, data), 44)
		for i, b := range data {
			soft = append(soft, int8(b)^int8(i))
		}
		for _, fr := range rx.Flush(rx.Receive(nil, soft)) {
			if len(fr.Data) != rx.FrameSize() {
				t.Fatalf("frame of %d octets", len(fr.Data))
			}
		}
	})
}

// The concatenated code of depth 5 falls off between 2 and 2.7 dB of Eb/N0 (CCSDS
// 130.1-G-3 §6): above everything comes, well below nothing.
func TestConcatenationWaterfall(t *testing.T) {
	c := cadu.Config{
		RS:         &rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: 5},
		Randomizer: randomizer.TM255, Inner: &conv.CCSDS,
	}
	for ebN0DB, want := range map[float64]int{1.5: 0, 2.7: 8} {
		r := rand.New(rand.NewPCG(10, 11))
		e, err := cadu.NewEncoder(c)
		if err != nil {
			t.Fatal(err)
		}
		symbols := e.Flush(nil)
		for _, f := range randomFrames(r, 8, e.FrameSize()) {
			if symbols, err = e.Encode(symbols, f); err != nil {
				t.Fatal(err)
			}
		}
		rx, err := cadu.NewReceiver(c)
		if err != nil {
			t.Fatal(err)
		}
		esN0DB := ebN0DB + 10*math.Log10(0.5*223/255)
		if got := rx.Flush(rx.Receive(nil, noisy(r, e.Flush(symbols), esN0DB, false))); len(got) != want {
			t.Errorf("%d frames of 8 at %.1f dB, want %d", len(got), ebN0DB, want)
		}
	}
}

func BenchmarkConcatenated(b *testing.B) {
	c := cadu.Config{
		RS:         &rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: 5},
		Randomizer: randomizer.TM255, Inner: &conv.CCSDS,
	}
	r := rand.New(rand.NewPCG(1, 2))
	e, err := cadu.NewEncoder(c)
	if err != nil {
		b.Fatal(err)
	}
	var symbols []byte
	for _, f := range randomFrames(r, 20, e.FrameSize()) {
		if symbols, err = e.Encode(symbols, f); err != nil {
			b.Fatal(err)
		}
	}
	soft := noisy(r, symbols, 0, false)
	rx, err := cadu.NewReceiver(c)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	m := bench.Start()
	for b.Loop() {
		n += len(rx.Receive(nil, soft))
	}
	m.Report(b, float64(8*n*e.FrameSize()))
}
