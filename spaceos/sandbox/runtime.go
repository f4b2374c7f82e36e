package sandbox

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"

	"spacechain/spaceos/meter"
)

// assets holds the engine's WebAssembly when it was there at build time.
//
//go:embed assets
var assets embed.FS

//go:embed prelude.js
var prelude string

// preludeSection is the custom section of a runtime module that holds the
// JavaScript evaluated at its installation.
const preludeSection = "spacechain.prelude"

// RuntimeJS gives the first-party runtime "js@1" as one module: QuickJS with the
// prelude in a custom section, ready to be signed as a package and installed with
// InstallRuntime. It is false when the build did not have the engine's
// WebAssembly; "make runtime" fetches it.
func RuntimeJS() ([]byte, bool) {
	wasm, err := assets.ReadFile("assets/quickjs.wasm")
	if err != nil {
		return nil, false
	}
	return meter.WithCustom(wasm, preludeSection, []byte(prelude)), true
}

// ErrNoRuntime is the cause when an app names a runtime that is not installed.
var ErrNoRuntime = errors.New("runtime is not installed")

// jsRuntime is an installed JavaScript engine: its compiled module and the state
// that every activation starts from.
type jsRuntime struct {
	engine *Engine
	name   string
	digest [sha256.Size]byte // of the module as it was installed
	code   wazero.CompiledModule
	names  []string // export names of the mutable globals
	image  *image
	start  uint32 // JSValue* of the prelude's functions, in the image
	tick   uint32
	fail   uint32

	mu     sync.Mutex
	idle   []*jsInstance
	closed bool // replaced or shut down: no instance is kept any more
}

// image is the state of an initialised instance.
type image struct {
	memory  []byte
	spans   []span   // parts of memory that are not zero
	globals []uint64 // values of the mutable globals
}

// span is a range of memory.
type span struct{ from, to int }

// imageGrain is the unit in which an image knows zero memory from the rest.
const imageGrain = 4096

// spareHeap is the free memory that the image gives the engine's allocator, so
// that most activations need not grow the memory.
const spareHeap = 384 << 10

// initEpoch is the clock during initialisation: the same everywhere, so that the
// image is the same everywhere.
var initEpoch = time.Unix(946684800, 0).UTC() // 2000-01-01T00:00:00Z

// InstallRuntime installs a runtime module under the name that apps use for it,
// such as "js@1": it is checked and metered like any module, may import the
// bridge's functions besides, is initialised once, and its state is kept as the
// one from which every activation starts. A second installation under the name
// replaces the first for later activations; scripts are compiled anew. The same
// module again changes nothing and costs its digest.
func (e *Engine) InstallRuntime(name string, wasm []byte) error {
	digest := sha256.Sum256(wasm)
	e.mu.Lock()
	same := e.runtimes[name] != nil && e.runtimes[name].digest == digest
	e.mu.Unlock()
	if same {
		return nil
	}
	rt, err := e.newRuntime(name, wasm)
	if err != nil {
		return fmt.Errorf("install runtime %s: %w", name, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		rt.close()
		return ErrClosed
	}
	if old := e.runtimes[name]; old != nil {
		for _, p := range e.programs.byDigest {
			if p.script != nil && p.script.runtime == old {
				e.programs.remove(p)
			}
		}
		old.close()
	}
	rt.digest = digest
	e.runtimes[name] = rt
	return nil
}

func (e *Engine) newRuntime(name string, wasm []byte) (*jsRuntime, error) {
	mod, err := meter.Decode(wasm, e.opt.Limits)
	if err != nil {
		return nil, err
	}
	allowed := map[string]map[string]hostFunc{wasiModule: guestImports[wasiModule], jsModule: byName(jsFuncs)}
	for _, i := range mod.Imports {
		f, ok := allowed[i.Module][i.Name]
		if !ok {
			return nil, fmt.Errorf("imports %s.%s, which no runtime may", i.Module, i.Name)
		}
		if t := f.funcType(); t.String() != mod.Types[i.Type].String() {
			return nil, fmt.Errorf("import %s.%s has type %s, not %s", i.Module, i.Name, mod.Types[i.Type], t)
		}
	}
	for _, want := range jsExports {
		if x, ok := mod.Export(want); !ok || x.Kind != meter.KindFunc {
			return nil, fmt.Errorf("does not export the function %s", want)
		}
	}
	if x, ok := mod.Export("memory"); !ok || x.Kind != meter.KindMemory {
		return nil, errors.New("does not export its memory")
	}
	if !mod.Restorable() {
		return nil, errors.New("changes tables or drops segments, which a memory image does not hold")
	}
	source, ok := meter.Custom(wasm, preludeSection)
	if !ok {
		return nil, fmt.Errorf("has no custom section %s", preludeSection)
	}
	metered, err := mod.Instrument(meter.Options{Limits: e.opt.Limits, ExportGlobals: true})
	if err != nil {
		return nil, err
	}
	code, err := e.runtime.CompileModule(context.Background(), metered)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	rt := &jsRuntime{engine: e, name: name, code: code}
	for i, g := range mod.Globals {
		if g.Mutable {
			rt.names = append(rt.names, meter.GlobalExport+strconv.Itoa(i))
		}
	}
	if err := rt.initialise(string(source)); err != nil {
		code.Close(context.Background())
		return nil, fmt.Errorf("initialise: %w", err)
	}
	return rt, nil
}

// initialise makes the image.
func (rt *jsRuntime) initialise(source string) error {
	r := &run{engine: rt.engine, act: &Activation{Now: initEpoch}, ctx: context.Background(), random: newRandom([32]byte{})}
	if err := rt.engine.instantiate(r, rt.code, rt.engine.opt.MaxMemory, nil); err != nil {
		return err
	}
	inst := rt.newInstance(r)
	defer inst.close()
	r.js = &jsRun{inst: inst}
	js := inst.bind(r)
	return js.guard(func() {
		js.call("_initialize")
		if js.call("qjs_init") != 0 {
			panic(jsError{"qjs_init failed"})
		}
		js.call("qjs_set_max_stack_size", maxJSStack)
		host := js.call("qjs_new_object")
		for _, f := range bridge {
			js.setProp(host, f.name, js.hostFunction(f.name))
		}
		js.setProp(js.call("qjs_get_global"), "__spc_host", host)
		js.call("qjs_free_value", uint64(host))
		functions := js.eval(source, "spc:prelude")
		rt.start = js.prop(functions, "start")
		rt.tick = js.prop(functions, "tick")
		rt.fail = js.prop(functions, "fail")
		js.drain()
		js.call("qjs_run_gc")
		js.call("wasm_free", uint64(js.call("wasm_malloc", spareHeap)))
		rt.image = takeImage(inst)
	})
}

// takeImage copies an instance's state.
func takeImage(inst *jsInstance) *image {
	mem, _ := inst.mem.Read(0, inst.mem.Size())
	im := &image{memory: append([]byte(nil), mem...)}
	zero := make([]byte, imageGrain)
	for at := 0; at < len(im.memory); at += imageGrain {
		if string(im.memory[at:at+imageGrain]) == string(zero) {
			continue
		}
		if n := len(im.spans); n > 0 && im.spans[n-1].to == at {
			im.spans[n-1].to = at + imageGrain
		} else {
			im.spans = append(im.spans, span{at, at + imageGrain})
		}
	}
	for _, g := range inst.globals {
		im.globals = append(im.globals, g.Get())
	}
	return im
}

// restore makes the instance's state that of the image. The memory must not have grown.
func (im *image) restore(inst *jsInstance) {
	mem, _ := inst.mem.Read(0, inst.mem.Size())
	at := 0
	for _, s := range im.spans {
		clear(mem[at:s.from])
		copy(mem[s.from:s.to], im.memory[s.from:s.to])
		at = s.to
	}
	clear(mem[at:])
	for i, g := range inst.globals {
		g.Set(im.globals[i])
	}
	inst.stack.Set(meter.DefaultStack)
}

// acquire gives an instance in the image's state.
func (rt *jsRuntime) acquire(r *run) (*jsInstance, error) {
	rt.mu.Lock()
	var inst *jsInstance
	if n := len(rt.idle); n > 0 {
		inst, rt.idle = rt.idle[n-1], rt.idle[:n-1]
	}
	rt.mu.Unlock()
	if inst == nil {
		size := uint64(len(rt.image.memory))
		if err := rt.engine.instantiate(r, rt.code, size, make([]byte, 0, size)); err != nil {
			return nil, err
		}
		inst = rt.newInstance(r)
		if have := uint64(inst.mem.Size()); have < size {
			if _, ok := inst.mem.Grow(uint32((size - have) >> 16)); !ok {
				inst.close()
				return nil, fmt.Errorf("grow the runtime's memory to %d KiB", size>>10)
			}
		}
	}
	rt.image.restore(inst)
	return inst, nil
}

// recycle keeps an instance for the next activation, or closes it.
func (rt *jsRuntime) recycle(inst *jsInstance) {
	rt.mu.Lock()
	keep := !rt.closed && len(rt.idle) < rt.engine.opt.IdleJS && int(inst.mem.Size()) == len(rt.image.memory)
	if keep {
		rt.idle = append(rt.idle, inst)
	}
	rt.mu.Unlock()
	if !keep {
		inst.close()
	}
}

func (rt *jsRuntime) close() {
	rt.mu.Lock()
	idle := rt.idle
	rt.idle, rt.closed = nil, true
	rt.mu.Unlock()
	for _, inst := range idle {
		inst.close()
	}
	rt.code.Close(context.Background())
}
