package bench

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// source is a program of our own around Debian's libfec.
//
//go:embed testdata/libfec.c
var source string

// Libfec gives the megabits per second of processor time that libfec decodes: it
// compiles the benchmark in testdata against Debian's libfec-dev and runs it with the
// given arguments as a process of its own. Without library or compiler the test is
// skipped and says what is missing. A benchmark compiled elsewhere can be named in
// SPACECHAIN_LIBFEC.
func Libfec(tb testing.TB, args ...string) float64 {
	tb.Helper()
	return run(tb, compile(tb), args)
}

func run(tb testing.TB, path string, args []string) float64 {
	tb.Helper()
	out, err := exec.Command(path, args...).Output()
	if err != nil {
		tb.Fatalf("%s %v: %v", path, args, err)
	}
	figure, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		tb.Fatalf("%s %v: %v", path, args, err)
	}
	return figure
}

// compile gives the path of the benchmark.
func compile(tb testing.TB) string {
	tb.Helper()
	if path := os.Getenv("SPACECHAIN_LIBFEC"); path != "" {
		return path
	}
	for _, cc := range []string{"cc", "clang", "gcc"} {
		if _, err := exec.LookPath(cc); err != nil {
			continue
		}
		path := filepath.Join(tb.TempDir(), "libfec-bench")
		c := exec.Command(cc, "-O2", "-x", "c", "-", "-o", path, "-lfec")
		c.Stdin = strings.NewReader(source)
		if out, err := c.CombinedOutput(); err != nil {
			first, _, _ := strings.Cut(string(out), "\n")
			tb.Skipf("%s does not compile a program with libfec, so that nothing is compared with it; install libfec-dev: %v: %s", cc, err, first)
		}
		return path
	}
	tb.Skip("no C compiler, so that nothing is compared with libfec: install clang or gcc, and libfec-dev")
	return ""
}
