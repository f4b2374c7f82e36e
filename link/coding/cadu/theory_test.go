package cadu_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"spacechain/link/coding"
	"spacechain/link/coding/conv"
	"spacechain/link/coding/internal/noise"
	"spacechain/link/coding/randomizer"
	"spacechain/link/coding/rs"
)

// concatenated counts octets wrong behind the Viterbi decoder and Reed-Solomon words
// that failed, of (255,223) words interleaved to a depth, within the code of rate 1/2.
func concatenated(t *testing.T, depth int, ebN0DB float64, words int, seed uint64) (octets, wrong, failed int) {
	t.Helper()
	block := rs.Block{Code: rs.CCSDS(16, rs.Dual), Depth: depth}
	r := rand.New(rand.NewPCG(seed, 4))
	air := noise.New(32, ebN0DB+10*math.Log10(0.5*223/255))
	e := conv.Encoder{Code: conv.CCSDS}
	d := conv.NewDecoder(conv.CCSDS, 0)
	d.Reset(true)
	frame := make([]byte, block.FrameSize())
	var sent [][]byte // blocks that the Viterbi decoder has not given yet
	var bits, symbols, received []byte
	var soft []int8
	for n := 0; n < words; {
		for i := range frame {
			frame[i] = byte(r.Uint32())
		}
		b, err := block.Encode(nil, frame)
		if err != nil {
			t.Fatal(err)
		}
		randomizer.TM255.Apply(b)
		sent = append(sent, b)
		bits = coding.Unpack(bits[:0], b)
		symbols = e.Encode(symbols[:0], bits)
		soft = air.Soft(soft[:0], r, symbols)
		received = d.Decode(received, soft)
		for len(received) >= 8*block.Size() {
			got := coding.Pack(nil, received[:8*block.Size()])
			received = append(received[:0], received[8*block.Size():]...)
			for i, o := range sent[0] {
				if octets++; got[i] != o {
					wrong++
				}
			}
			randomizer.TM255.Apply(got)
			rep, _ := block.Decode(got, nil)
			failed += rep.Failed
			sent = sent[1:]
			n += depth
		}
	}
	return octets, wrong, failed
}

// idealWordErrorRate is the closed form for octets wrong independently of each other,
// as interleaving without end would make them.
func idealWordErrorRate(p float64) float64 {
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	sum := 0.0
	for i := 17; i <= 255; i++ {
		sum += math.Exp(lg(255) - lg(i) - lg(255-i) + float64(i)*math.Log(p) + float64(255-i)*math.Log1p(-p))
	}
	return sum
}

// Interleaved eight deep, words fail as often as the closed form says of octets wrong
// independently, within 0.05 dB either way; five deep, 0.1 dB sooner at most. Some 130
// and 100 words fail.
func TestConcatenationAgainstClosedForm(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	ideal := func(ebN0DB float64) float64 {
		octets, wrong, _ := concatenated(t, 8, ebN0DB, 4000, 7)
		return idealWordErrorRate(float64(wrong) / float64(octets))
	}
	for _, c := range []struct {
		depth         int
		ebN0DB        float64
		words         int
		ahead, behind float64 // dB
	}{{8, 2.1, 8000, 0.05, 0.05}, {5, 2.2, 30_000, 0.05, 0.1}} {
		octets, wrong, failed := concatenated(t, c.depth, c.ebN0DB, c.words, 3)
		n := float64(octets) / 255
		rate := float64(failed) / n
		low, high := ideal(c.ebN0DB+c.ahead), ideal(c.ebN0DB-c.behind)
		t.Logf("depth %d at %.2f dB: %.4f of octets wrong, %d of %.0f words failed: %.2e; closed form %.2e, %.2f dB on %.2e, %.2f dB back %.2e",
			c.depth, c.ebN0DB, float64(wrong)/float64(octets), failed, n, rate,
			idealWordErrorRate(float64(wrong)/float64(octets)), c.ahead, low, c.behind, high)
		if failed < 80 || rate < low || rate > high {
			t.Errorf("depth %d at %.2f dB: %d words failed, %.2e, want %.2e to %.2e", c.depth, c.ebN0DB, failed, rate, low, high)
		}
	}
}
