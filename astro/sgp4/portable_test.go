package sgp4

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// goTool runs the go command for another processor and returns its output.
func goTool(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestGoldenBits holds propagations to the same bit patterns on every
// processor that can be run here. testdata/golden prints them; to renew the
// file after a change of the theory: go run ./testdata/golden > testdata/golden.txt.
func TestGoldenBits(t *testing.T) {
	want, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, emulator string
		env            []string
	}{
		{"native", "", nil},
		{"arm", "qemu-arm", []string{"GOOS=linux", "GOARCH=arm", "GOARM=7"}},
		{"arm64", "qemu-aarch64", []string{"GOOS=linux", "GOARCH=arm64"}},
		{"riscv64", "qemu-riscv64", []string{"GOOS=linux", "GOARCH=riscv64"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			program := filepath.Join(t.TempDir(), "golden")
			cmd := exec.Command(program)
			if c.emulator != "" {
				path, err := exec.LookPath(c.emulator)
				if err != nil {
					t.Skipf("SKIPPED: %s is not installed (Debian: qemu-user); %s is not checked", c.emulator, c.name)
				}
				if testing.Short() {
					t.Skip("SKIPPED: -short")
				}
				cmd = exec.Command(path, program)
			}
			goTool(t, c.env, "build", "-o", program, "./testdata/golden")
			got, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
			if len(g) != len(w) {
				t.Fatalf("%d lines, want %d", len(g), len(w))
			}
			for i := range w {
				if g[i] != w[i] {
					t.Errorf("line %d:\ngot  %s\nwant %s", i+1, g[i], w[i])
				}
			}
		})
	}
}

// TestNoFusedMultiplyAdd reads the machine code for processors on which the
// compiler may fuse a multiplication and an addition: where it does, an
// explicit float64(a*b) is missing, and results differ between processors.
func TestNoFusedMultiplyAdd(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short")
	}
	fused := regexp.MustCompile(`\(([^()]*\.go:\d+)\)\s+(FN?M(?:ADD|SUB)[SD]?|WFMADB|WFMSDB)\s`)
	for _, arch := range []string{"arm64", "riscv64"} {
		out := goTool(t, []string{"GOOS=linux", "GOARCH=" + arch}, "build", "-gcflags=-S",
			"spacechain/astro", "spacechain/astro/timescale", "spacechain/astro/elements", "spacechain/astro/sgp4")
		if !strings.Contains(out, "sgp4.(*Propagator).near") {
			t.Fatalf("%s: no machine code in the output of the compiler", arch)
		}
		for _, m := range fused.FindAllStringSubmatch(out, -1) {
			t.Errorf("%s: %s at %s", arch, m[2], m[1])
		}
	}
}
