package ldpc_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"spacechain/link/coding/internal/noise"
	"spacechain/link/coding/ldpc"
)

// amplitude of BPSK in units of soft bits.
const amplitude = 24

// trial counts codewords over white noise until so many failed or were sent.
type trial struct {
	words, failed, undetected, iterations int
}

func (t trial) rate() float64 { return float64(t.failed) / float64(t.words) }

// run sends codewords of random data and counts those that did not come back as sent
// and known to be good.
func run(t testing.TB, c *ldpc.Code, d *ldpc.Decoder, ebN0DB float64, words, failures int, seed uint64) trial {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 3))
	channel := noise.New(amplitude, ebN0DB+10*math.Log10(c.Rate()))
	var res trial
	data := make([]byte, c.DataBits())
	var soft []int8
	var word, out []byte
	for res.words < words && res.failed < failures {
		if res.words%16 == 0 { // a new codeword now and then; the noise is always new
			for i := range data {
				data[i] = byte(r.Uint32() & 1)
			}
			var err error
			if word, err = c.Encode(word[:0], data); err != nil {
				t.Fatal(err)
			}
		}
		soft = channel.Soft(soft[:0], r, word)
		got, result, err := d.Decode(out[:0], soft)
		if err != nil {
			t.Fatal(err)
		}
		out = got
		res.words++
		res.iterations += result.Iterations
		if !bytes.Equal(got, data) {
			res.failed++
			if result.OK {
				res.undetected++
			}
		} else if !result.OK {
			res.failed++
		}
	}
	return res
}

// llr gives what a soft bit of magnitude 1 says at an Eb/N0.
func llr(c *ldpc.Code, ebN0DB float64) float64 {
	return 4 * c.Rate() * math.Pow(10, ebN0DB/10) / amplitude
}
