package pass

import (
	"context"
	"testing"
	"time"
)

// benchmark flies whole passes and says how many seconds of a pass a second of processor
// time is worth. All goroutines count, the garbage collector's too.
func benchmark(b *testing.B, c Config) {
	c.Sandbox = box(b)
	var flown, cpu time.Duration
	var frames uint64
	for range b.N {
		before := cpuTime(b)
		r, err := Fly(context.Background(), c)
		if err != nil {
			b.Fatal(err)
		}
		cpu += cpuTime(b) - before
		flown += r.Set.Sub(r.Rise)
		for _, l := range r.Links {
			frames += l.Sent
		}
	}
	b.ReportMetric(flown.Seconds()/cpu.Seconds(), "x-realtime/cpu")
	b.ReportMetric(float64(frames)/float64(b.N), "frames/pass")
	b.ReportMetric(cpu.Seconds()*1e3/float64(b.N), "cpu-ms/pass")
}

func BenchmarkPass(b *testing.B) {
	b.Run("frames", func(b *testing.B) { benchmark(b, Config{}) })
	// With orbit and budgets worked out beforehand.
	course, err := Plan(Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("frames-planned", func(b *testing.B) { benchmark(b, Config{Course: course}) })
	b.Run("samples", func(b *testing.B) { benchmark(b, Config{Depth: Samples}) })
	// Both carriers of the payload on from rise to set, every receiver listening.
	b.Run("samples-all-the-time", func(b *testing.B) { benchmark(b, Config{Depth: Samples, Listen: true}) })
}
