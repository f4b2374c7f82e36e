// Package bench measures the codes in processor time, so that a figure taken on a busy
// machine can be compared, and runs the libfec peer for the ratio.
package bench

import (
	"syscall"
	"testing"
	"time"
)

// Meter counts the processor time of the process from its making.
type Meter struct{ start time.Duration }

// Start begins to count.
func Start() Meter { return Meter{spent()} }

func spent() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Report reports bits by wall time ("Mbit/s") and by processor time ("cpu-Mbit/s").
func (m Meter) Report(b *testing.B, bits float64) {
	b.ReportMetric(bits/1e6/b.Elapsed().Seconds(), "Mbit/s")
	if cpu := spent() - m.start; cpu > 0 {
		b.ReportMetric(bits/1e6/cpu.Seconds(), "cpu-Mbit/s")
	}
}

// Ratio is Report with libfec's figure and ours divided by it, in processor time.
func (m Meter) Ratio(b *testing.B, bits, libfec float64) {
	cpu := spent() - m.start
	m.Report(b, bits)
	b.ReportMetric(libfec, "libfec-Mbit/s")
	if cpu > 0 && libfec > 0 {
		b.ReportMetric(bits/1e6/cpu.Seconds()/libfec, "x-libfec")
	}
}
