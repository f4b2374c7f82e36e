package tnc

import (
	"testing"
)

// benchmark reports how many times real time one core does on a ladder. On a busy machine it
// understates.
func benchmark(b *testing.B, k kind, e Effort, frames int) {
	x := k.ladder(b, frames, 1)
	b.ResetTimer()
	for range b.N {
		r := k.receiver(b, 44100, e)
		r.Flush(r.Process(nil, x))
	}
	b.ReportMetric(float64(len(x))/44100*float64(b.N)/b.Elapsed().Seconds(), "×realtime")
}

func BenchmarkAFSKQuick(b *testing.B)     { benchmark(b, ladderAFSK, Quick, 40) }
func BenchmarkAFSKThorough(b *testing.B)  { benchmark(b, ladderAFSK, Thorough, 40) }
func BenchmarkG3RUHQuick(b *testing.B)    { benchmark(b, ladderG3RUH, Quick, 100) }
func BenchmarkG3RUHThorough(b *testing.B) { benchmark(b, ladderG3RUH, Thorough, 100) }
