package tnc

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// processorTime is what this process has used of processors so far.
func processorTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchmark reports how many times real time one core does on a ladder: by the clock on the wall,
// which on a busy machine understates, and by the processor's time, which is held to what is asked
// for (issue 4: AFSK 300 times with one demodulator, 100 times in the configuration that earns the
// ladder's figure).
func benchmark(b *testing.B, k kind, e Effort, frames int, least float64) {
	x := k.ladder(b, frames, 1)
	runtime.GC()
	before := processorTime(b)
	b.ResetTimer()
	for range b.N {
		r := k.receiver(b, 44100, e)
		r.Flush(r.Process(nil, x))
	}
	b.StopTimer()
	seconds := float64(len(x)) / 44100 * float64(b.N)
	b.ReportMetric(seconds/b.Elapsed().Seconds(), "×realtime")
	used := (processorTime(b) - before).Seconds()
	speed := seconds / max(used, 1e-9)
	b.ReportMetric(speed, "×realtime/cpu")
	if used > 0.05 && speed < least {
		b.Errorf("%.0f times real time, want %.0f", speed, least)
	}
}

func BenchmarkAFSKQuick(b *testing.B)     { benchmark(b, ladderAFSK, Quick, 40, 300) }
func BenchmarkAFSKThorough(b *testing.B)  { benchmark(b, ladderAFSK, Thorough, 40, 100) }
func BenchmarkG3RUHQuick(b *testing.B)    { benchmark(b, ladderG3RUH, Quick, 100, 0) }
func BenchmarkG3RUHThorough(b *testing.B) { benchmark(b, ladderG3RUH, Thorough, 100, 0) }
