package sandbox

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// rss gives a line of /proc/self/status in bytes.
func rss(field string) int {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if v, ok := strings.CutPrefix(s.Text(), field+":"); ok {
			kb, _ := strconv.Atoi(strings.Fields(v)[0])
			return kb << 10
		}
	}
	return 0
}

// upHost counts the activations that have started.
type upHost struct {
	*memHost
	up *atomic.Int32
}

func (h upHost) Log(int, string) { h.up.Add(1) }

// TestFootprint installs 200 modules, 100 of them JavaScript, and keeps 32 activations
// alive, 16 of them JavaScript, in a process of its own, and reads its memory. With
// SPACECHAIN_FOOTPRINT=interpreter it measures the interpreter, which takes longer.
func TestFootprint(t *testing.T) {
	needJS(t)
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	if os.Getenv("SPACECHAIN_FOOTPRINT") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFootprint$", "-test.v")
		cmd.Env = append(os.Environ(), "SPACECHAIN_FOOTPRINT=compiler")
		out, err := cmd.CombinedOutput()
		for _, line := range strings.Split(string(out), "\n") {
			if strings.Contains(line, "MiB") {
				t.Log(strings.TrimSpace(line))
			}
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	debug.SetGCPercent(50) // as the payload process does
	mib := func(b int) string { return fmt.Sprintf("%.1f MiB", float64(b)/(1<<20)) }
	base := rss("VmRSS")
	e := newEngine(t, Options{Interpreter: os.Getenv("SPACECHAIN_FOOTPRINT") == "interpreter"})
	debug.FreeOSMemory()
	withRuntime := rss("VmRSS")
	var modules []Module
	statements := 400 // a script of 17 KB
	if e.opt.Interpreter {
		statements = 20 // compiling takes a quarter of a second there
	}
	for i := range 100 {
		modules = append(modules, app(fmt.Sprintf("const n = %d; %s; console.log('up'); for (;;) {}", i,
			strings.Repeat("if (n < 0) { spc.kv.put('key', 'value') };", statements))))
		modules = append(modules, wasmModule(callProgramLoop(i)))
	}
	for _, m := range modules {
		if err := e.Prepare(context.Background(), m); err != nil {
			t.Fatal(err)
		}
	}
	debug.FreeOSMemory()
	installed := rss("VmRSS")
	var up atomic.Int32
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, m := range modules[:32] {
		act := activation(m, upHost{newHost(), &up})
		act.Gas = 1 << 60
		wg.Go(func() { e.Run(ctx, act) })
	}
	for up.Load() < 32 {
		runtime.Gosched()
	}
	live := rss("VmRSS")
	cancel()
	wg.Wait()
	debug.FreeOSMemory()
	after := rss("VmRSS")
	t.Logf("process %s; with the runtime %s; 200 installed %s (%.0f KiB each); 32 live %s; idle again %s; peak %s",
		mib(base), mib(withRuntime), mib(installed), float64(installed-withRuntime)/200/1024, mib(live), mib(after), mib(rss("VmHWM")))
	if live > 256<<20 {
		t.Errorf("%d bytes with 32 live", live)
	}
	if each := (installed - withRuntime) / 200; each > 300<<10 {
		t.Errorf("%d bytes for each idle module", each)
	}
}

// callProgramLoop is a module of some 40 KiB with a MiB of memory that logs and then loops.
func callProgramLoop(i int) []byte {
	m := callProgram([]string{"up"}, []hostCall{{"spc.log", words(1, 0, 2), 0}})
	m.Memory = []uint32{16}
	m.Funcs[0].Locals = "i32"
	m.Funcs[0].Body += " i32.const " + strconv.Itoa(i) + " drop loop " + strings.Repeat("local.get 0 i32.const 3 i32.add local.set 0 ", 100) + " br 0 end "
	for k := range 40 {
		f := m.Funcs[0]
		f.Export, f.Body = "", strings.Repeat("local.get 0 i32.const "+strconv.Itoa(k)+" i32.mul local.set 0 ", 120)
		m.Funcs = append(m.Funcs, f)
	}
	return m.Bytes()
}
