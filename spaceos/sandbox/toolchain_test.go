package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// goProgram uses what Go programs use of WASI: files, clock, randomness, output, sleep.
const goProgram = `package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"sort"
	"time"
)

type tree struct{ l, r *tree }

func grow(n int) *tree {
	if n == 0 {
		return &tree{}
	}
	return &tree{grow(n - 1), grow(n - 1)}
}

func (t *tree) count() int {
	if t.l == nil {
		return 1
	}
	return 1 + t.l.count() + t.r.count()
}

func main() {
	in, _ := io.ReadAll(os.Stdin)
	start := time.Now()
	time.Sleep(1500 * time.Millisecond)
	slept := time.Since(start).Round(100 * time.Millisecond)
	var b [8]byte
	rand.Read(b[:])
	if err := os.WriteFile("/out.txt", []byte("written by Go"), 0o644); err != nil {
		fmt.Println("write:", err)
	}
	data, err := os.ReadFile("old.txt")
	_, outside := os.ReadFile("../../etc/passwd")
	entries, _ := os.ReadDir("/")
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	sort.Strings(names)
	ch := make(chan int)
	go func() { ch <- grow(10).count() }()
	fmt.Println(string(in), os.Args, slept, string(data), err, outside != nil, names, <-ch, b != [8]byte{})
	defer func() { recover(); fmt.Fprintln(os.Stderr, "going down"); os.Exit(3) }()
	var m map[string]int
	m["x"] = 1
}
`

// TestGoProgram builds a program with GOOS=wasip1 and runs it on both engines.
func TestGoProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": goProgram, "go.mod": "module program\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", "app.wasm", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("no Go toolchain for wasip1: %v\n%s", err, out)
	}
	code, err := os.ReadFile(filepath.Join(dir, "app.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	o, h := onBoth(t, wasmModule(code), func(a *Activation) {
		a.Gas, a.MemoryBytes = 200_000_000, 32<<20
		a.Host.(*memHost).files["old.txt"] = []byte("old")
	})
	t.Logf("%d bytes: %+v %q", len(code), o, h.lines)
	if o.End != Failed || o.Detail != "exit code 3: going down" {
		t.Errorf("%+v", o)
	}
	if want := "1 hello [app] 1.5s old <nil> true [old.txt out.txt] 2047 true"; len(h.lines) == 0 || h.lines[0] != want {
		t.Errorf("log %q, want %q", h.lines, want)
	}
	if got := string(h.files["out.txt"]); got != "written by Go" {
		t.Errorf("file %q", got)
	}
	for _, l := range h.lines {
		if strings.Contains(l, "/root") || strings.Contains(l, dir) {
			t.Errorf("a host path shows: %q", l)
		}
	}
}
