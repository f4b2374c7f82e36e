package ldpc_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"spacechain/link/coding/internal/bench"
	"spacechain/link/coding/ldpc"
)

func benchmarkDecode(b *testing.B, c *ldpc.Code, ebN0DB float64) {
	r := rand.New(rand.NewPCG(1, 2))
	const words = 64
	soft := make([][]int8, words)
	data := make([]byte, c.DataBits())
	sigma := math.Sqrt(1 / (2 * c.Rate() * math.Pow(10, ebN0DB/10)))
	for i := range soft {
		for j := range data {
			data[j] = byte(r.Uint32() & 1)
		}
		word, err := c.Encode(nil, data)
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range word {
			x := amplitude * (float64(2*int(s)-1) + sigma*r.NormFloat64())
			soft[i] = append(soft[i], int8(math.Round(max(-127, min(127, x)))))
		}
	}
	d := ldpc.NewDecoder(c, ldpc.Options{})
	out := make([]byte, 0, c.DataBits())
	n, iterations := 0, 0
	m := bench.Start()
	for b.Loop() {
		_, res, err := d.Decode(out, soft[n%words])
		if err != nil {
			b.Fatal(err)
		}
		iterations += res.Iterations
		n++
	}
	m.Report(b, float64(n*c.DataBits()))
	b.ReportMetric(float64(iterations)/float64(n), "iterations")
}

// BenchmarkDecode measures at one decibel above the threshold of each rate.
func BenchmarkDecode(b *testing.B) {
	for _, r := range []ldpc.Rate{ldpc.Rate1of2, ldpc.Rate2of3, ldpc.Rate4of5} {
		for _, k := range []int{1024, 4096, 16384} {
			c, err := ldpc.AR4JA(r, k)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(c.String(), func(b *testing.B) { benchmarkDecode(b, c, ldpc.Threshold(r)+1) })
		}
	}
	for _, c := range []*ldpc.Code{ldpc.TC128, ldpc.TC512} {
		b.Run(c.String(), func(b *testing.B) { benchmarkDecode(b, c, 4) })
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, k := range []int{1024, 16384} {
		c, err := ldpc.AR4JA(ldpc.Rate1of2, k)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(c), func(b *testing.B) {
			data := make([]byte, k)
			for i := range data {
				data[i] = byte(i / 3 & 1)
			}
			word, err := c.Encode(nil, data)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			m := bench.Start()
			for b.Loop() {
				if word, err = c.Encode(word[:0], data); err != nil {
					b.Fatal(err)
				}
				n++
			}
			m.Report(b, float64(n*k))
		})
	}
}
