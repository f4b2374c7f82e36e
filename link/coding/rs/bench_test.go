package rs_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"spacechain/link/coding/rs"
)

// benchmarkDecode decodes words with so many errors; MB/s counts the 223 data octets.
func benchmarkDecode(b *testing.B, errors int) {
	c := rs.CCSDS(16, rs.Dual)
	r := rand.New(rand.NewPCG(1, 2))
	const words = 64
	var sent, got [words][255]byte
	for i := range sent {
		for j := range sent[i][:223] {
			sent[i][j] = byte(r.Uint32())
		}
		c.Encode(sent[i][:223], sent[i][223:])
		got[i] = sent[i]
		for _, k := range r.Perm(255)[:errors] {
			got[i][k] ^= byte(1 + r.IntN(255))
		}
	}
	b.SetBytes(223)
	n := 0
	var w [255]byte
	for b.Loop() {
		w = got[n%words]
		if changed, err := c.Decode(w[:], nil); err != nil || changed != errors {
			b.Fatalf("%d changed, %v", changed, err)
		}
		n++
	}
	b.ReportMetric(float64(n)*223*8/1e6/b.Elapsed().Seconds(), "Mbit/s")
	last := (n - 1) % words
	if !bytes.Equal(w[:], sent[last][:]) {
		b.Fatal("the word is not what was sent")
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, errors := range []int{0, 1, 8, 16} {
		b.Run(fmt.Sprintf("errors=%d", errors), func(b *testing.B) { benchmarkDecode(b, errors) })
	}
}

func BenchmarkEncode(b *testing.B) {
	c := rs.CCSDS(16, rs.Dual)
	var w [255]byte
	b.SetBytes(223)
	for b.Loop() {
		c.Encode(w[:223], w[223:])
	}
	b.ReportMetric(float64(b.N)*223*8/1e6/b.Elapsed().Seconds(), "Mbit/s")
}
