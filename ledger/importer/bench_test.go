package importer

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"spacechain/internal/kv"
	"spacechain/internal/vectors"
	"spacechain/ledger/blockfile"
	"spacechain/ledger/chain"
)

// maxRSS is what an import of any vector may take in memory at its peak, in bytes, with
// Go's runtime.
const maxRSS = 128 << 20

// childEnv tells the test program to import the file that it names, in the folder dirEnv,
// and print what that took: memory can be measured for a whole process only.
const (
	childEnv = "SPACECHAIN_TEST_IMPORT"
	dirEnv   = "SPACECHAIN_TEST_IMPORT_DIR"
)

// measured is what an import took.
type measured struct {
	Blocks, Transactions int64
	Seconds              float64
	PeakRSS              int64 // bytes
	DiskBytes            int64
	Agrees               bool
	Error                string
}

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		json.NewEncoder(os.Stdout).Encode(importHere(path, os.Getenv(dirEnv)))
		return
	}
	os.Exit(m.Run())
}

// importHere imports a vector into a new store on the disk.
func importHere(path, dir string) (got measured) {
	fail := func(err error) measured { got.Error = err.Error(); return got }
	begin := time.Now()
	f, err := blockfile.Open(path)
	if err != nil {
		return fail(err)
	}
	net, _, err := NetworkOf(f)
	if err != nil {
		return fail(err)
	}
	f.Close()
	store, err := kv.OpenPebbleSized(filepath.Join(dir, "store"), nil, chain.StoreSizes)
	if err != nil {
		return fail(err)
	}
	c, err := chain.Open(store, net, chain.Options{})
	if err != nil {
		return fail(err)
	}
	r, err := Import(context.Background(), c, []string{path}, Options{})
	if err != nil {
		return fail(err)
	}
	if err := c.Close(); err != nil {
		return fail(err)
	}
	if err := store.Close(); err != nil {
		return fail(err)
	}
	got.Seconds = time.Since(begin).Seconds()
	got.Blocks, got.Transactions, got.Agrees = r.Blocks, r.Transactions, r.Agrees()
	got.PeakRSS = peakRSS()
	filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			got.DiskBytes += info.Size()
		}
		return nil
	})
	return got
}

var highWater = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

// peakRSS is the most memory that this process has had, 0 where the system does not tell.
func peakRSS() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	m := highWater.FindSubmatch(status)
	if m == nil {
		return 0
	}
	kb, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return kb << 10
}

// importInChild imports a vector in a process of its own.
func importInChild(t testing.TB, path string) (got measured) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+path, dirEnv+"="+t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got.Error != "" || !got.Agrees {
		t.Fatalf("import of %s: %+v", path, got)
	}
	return got
}

// Every vector is imported on an on-board computer's memory.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: the peak of memory is read from /proc, which only Linux has")
	}
	if raceEnabled {
		t.Skip("SKIPPED: the race detector multiplies memory")
	}
	for _, path := range chosen(t) {
		got := importInChild(t, path)
		t.Logf("%s: %.0f blocks/s, peak %.1f MiB, %.1f MiB on disk", nameOf(path),
			float64(got.Blocks)/got.Seconds, float64(got.PeakRSS)/(1<<20), float64(got.DiskBytes)/(1<<20))
		if got.PeakRSS > maxRSS {
			t.Errorf("%s: the peak is %d bytes, at most %d are allowed", nameOf(path), got.PeakRSS, maxRSS)
		}
	}
}

// raced are the chains of the benchmarks: those chosen, and one of token transfers.
func raced(b *testing.B) []string {
	paths := chosen(b)
	if os.Getenv("SPACECHAIN_LONG") == "" {
		paths = append(paths, vectors.Path(b, "qtum/fuzz_p401.json.gz"))
	}
	return paths
}

// BenchmarkImport imports each vector into a store on the disk, in a process of its own.
func BenchmarkImport(b *testing.B) {
	for _, path := range raced(b) {
		b.Run(nameOf(path), func(b *testing.B) {
			var sum measured
			for b.Loop() {
				got := importInChild(b, path)
				sum.Blocks += got.Blocks
				sum.Transactions += got.Transactions
				sum.Seconds += got.Seconds
				sum.PeakRSS = max(sum.PeakRSS, got.PeakRSS)
			}
			b.ReportMetric(float64(sum.Blocks)/sum.Seconds, "blocks/s")
			b.ReportMetric(float64(sum.Transactions)/sum.Seconds, "tx/s")
			b.ReportMetric(float64(sum.PeakRSS)/(1<<20), "MiB-peak")
		})
	}
}
