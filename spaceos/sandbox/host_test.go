package sandbox

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"spacechain/spaceos/meter/asm"
)

// memHost is a Host in memory, with every grant.
type memHost struct {
	kv      map[string][]byte
	files   map[string][]byte
	inbox   []Message
	sent    []Message
	lines   []string
	wakes   []string
	subs    []string
	result  []byte
	samples int
}

func newHost() *memHost { return &memHost{kv: map[string][]byte{}, files: map[string][]byte{}} }

func (h *memHost) Sensor(name string) (Reading, Errno) {
	h.samples++
	switch name {
	case "magnetometer":
		return Reading{Time: testTime, Values: []float64{1.5, -2.5, 3.25}}, OK
	case "camera":
		return Reading{Time: testTime, Values: []float64{4, 2}, Data: []byte{1, 2, 3, 4, 5, 6, 7, 8}}, OK
	case "slow":
		return Reading{}, ERate
	}
	return Reading{}, EPerm
}

func (h *memHost) Get(key string) ([]byte, Errno) {
	if v, ok := h.kv[key]; ok {
		return v, OK
	}
	return nil, ENoEnt
}

func (h *memHost) Put(key string, value []byte) Errno {
	if len(value) > 4000 {
		return EQuota
	}
	h.kv[key] = value
	return OK
}

func (h *memHost) Delete(key string) Errno {
	if _, ok := h.kv[key]; !ok {
		return ENoEnt
	}
	delete(h.kv, key)
	return OK
}

func (h *memHost) Keys(prefix string) []string {
	var keys []string
	for k := range h.kv {
		if strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	return keys
}

func (h *memHost) Send(peer string, payload []byte) Errno {
	if peer != "owner" {
		return EPerm
	}
	h.sent = append(h.sent, Message{peer, payload})
	return OK
}

func (h *memHost) Receive() (Message, Errno) {
	if len(h.inbox) == 0 {
		return Message{}, ENoEnt
	}
	m := h.inbox[0]
	h.inbox = h.inbox[1:]
	return m, OK
}

func (h *memHost) Log(level int, text string) {
	if len(h.lines) < 1000 {
		h.lines = append(h.lines, fmt.Sprintf("%d %s", level, text))
	}
}

func (h *memHost) Seal(plain []byte) ([]byte, Errno) { return append([]byte("sealed:"), plain...), OK }

func (h *memHost) OpenSealed(sealed []byte) ([]byte, Errno) {
	if plain, ok := strings.CutPrefix(string(sealed), "sealed:"); ok {
		return []byte(plain), OK
	}
	return nil, EBadAuth
}

func (h *memHost) WakeAt(t time.Time, label string) Errno {
	h.wakes = append(h.wakes, t.Format(time.RFC3339)+" "+label)
	return OK
}

func (h *memHost) WakeInRegion(lat, lon, radius float64, label string) Errno {
	h.wakes = append(h.wakes, fmt.Sprint(lat, lon, radius, label))
	return OK
}

func (h *memHost) Subscribe(trigger string) Errno { h.subs = append(h.subs, trigger); return OK }
func (h *memHost) SetResult(result []byte) Errno  { h.result = result; return OK }

func (h *memHost) ReadFile(name string) ([]byte, Errno) {
	if v, ok := h.files[name]; ok {
		return v, OK
	}
	return nil, ENoEnt
}

func (h *memHost) WriteFile(name string, data []byte) Errno {
	if len(data) > 100000 {
		return EQuota
	}
	h.files[name] = data
	return OK
}

func (h *memHost) RemoveFile(name string) Errno {
	if _, ok := h.files[name]; !ok {
		return ENoEnt
	}
	delete(h.files, name)
	return OK
}

func (h *memHost) ListFiles() []string {
	var names []string
	for n := range h.files {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

var testTime = time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)

// engines shares one engine of each kind among the tests: compiling QuickJS is the
// expensive part.
var engines struct {
	sync.Mutex
	made map[bool]*Engine
}

// engine gives the shared engine of a kind, with the JavaScript runtime where the build has it.
func engine(tb testing.TB, interpreter bool) *Engine {
	tb.Helper()
	engines.Lock()
	defer engines.Unlock()
	if e := engines.made[interpreter]; e != nil {
		return e
	}
	e := newEngine(tb, Options{Interpreter: interpreter})
	if engines.made == nil {
		engines.made = map[bool]*Engine{}
	}
	engines.made[interpreter] = e
	return e
}

func newEngine(tb testing.TB, opt Options) *Engine {
	tb.Helper()
	e, err := NewEngine(opt)
	if err != nil {
		tb.Fatal(err)
	}
	if wasm, ok := RuntimeJS(); ok {
		if err := e.InstallRuntime("js@1", wasm); err != nil {
			tb.Fatal(err)
		}
	}
	return e
}

// needJS skips a test where the build has no JavaScript engine.
func needJS(tb testing.TB) {
	tb.Helper()
	if _, ok := RuntimeJS(); !ok {
		tb.Skip("no spaceos/sandbox/assets/quickjs.wasm: run \"make runtime\"")
	}
}

// both runs a test on both engines.
func both(t *testing.T, test func(t *testing.T, e *Engine)) {
	for _, name := range []string{"compiler", "interpreter"} {
		t.Run(name, func(t *testing.T) { test(t, engine(t, name == "interpreter")) })
	}
}

func wasmModule(code []byte) Module { return Module{Digest: sha256.Sum256(code), Code: code} }

func jsModuleOf(source string) Module {
	return Module{Digest: sha256.Sum256([]byte(source)), Runtime: "js@1", Code: []byte(source)}
}

// app wraps a handler's body as a bundle.
func app(body string) Module {
	return jsModuleOf("var __spc_app = { default: { async activate(event, spc) {\n" + body + "\n} } }")
}

// activation gives the usual activation of a module.
func activation(m Module, h Host) Activation {
	return Activation{
		Module:      m,
		Trigger:     Trigger{Kind: TriggerMessage, Name: "call", Time: testTime, From: "ipn:3000001.2", Data: []byte("hello")},
		Gas:         50_000_000,
		MemoryBytes: 8 << 20,
		Now:         testTime,
		Resolution:  time.Millisecond,
		RandSeed:    [32]byte{1, 2, 3},
		Host:        h,
	}
}

// runModule runs a module once with a fresh host.
func runModule(e *Engine, m Module) (Outcome, *memHost) {
	h := newHost()
	return e.Run(context.Background(), activation(m, h)), h
}

// start assembles a module whose _start is the body, with a page of memory.
func start(body string) asm.Module {
	return asm.Module{Memory: []uint32{1}, Funcs: []asm.Func{{Type: ">", Locals: "i32 i32 i64 f64", Export: "_start", Body: body}}}
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
