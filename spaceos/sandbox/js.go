package sandbox

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"github.com/tetratelabs/wazero/api"
)

// maxJSStack bounds the JavaScript engine's own stack in bytes; beyond it a script
// gets a RangeError that it can catch. It lies below what the meter allows.
const maxJSStack = 128 << 10

// jsExports is what the bridge calls of the engine.
var jsExports = []string{"_initialize", "qjs_init", "qjs_set_max_stack_size", "qjs_new_object", "qjs_get_global",
	"qjs_set_prop_string", "qjs_get_prop_string", "qjs_new_host_function", "qjs_free_value", "qjs_eval", "qjs_compile",
	"qjs_eval_bytecode", "qjs_is_exception", "qjs_get_exception", "qjs_call", "qjs_get_undefined", "qjs_get_bool",
	"qjs_get_string_len", "qjs_free_cstring", "qjs_get_float64", "qjs_new_string", "qjs_new_number",
	"qjs_new_uint8_array", "qjs_is_string", "qjs_is_number", "qjs_is_undefined", "qjs_get_typed_array_buffer", "qjs_get_array_buffer", "qjs_is_job_pending",
	"qjs_execute_pending_job", "qjs_run_gc", "wasm_malloc", "wasm_free"}

// jsInstance is one instance of the engine. One activation uses it at a time.
type jsInstance struct {
	mod     api.Module
	mem     api.Memory
	memory  *linearMemory
	gas     api.MutableGlobal
	stack   api.MutableGlobal
	globals []api.MutableGlobal
	funcs   map[string]*jsFunc
}

// jsFunc is an export as the bridge calls it.
type jsFunc struct {
	api.Function
	busy bool // a call of it has not returned
}

// newInstance takes over the instance that the run has made.
func (rt *jsRuntime) newInstance(r *run) *jsInstance {
	inst := &jsInstance{mod: r.mod, mem: r.mem, memory: r.memory, gas: r.gas, stack: r.stack, funcs: map[string]*jsFunc{}}
	for _, name := range jsExports {
		inst.funcs[name] = &jsFunc{Function: r.mod.ExportedFunction(name)}
	}
	for _, name := range rt.names {
		inst.globals = append(inst.globals, r.mod.ExportedGlobal(name).(api.MutableGlobal))
	}
	return inst
}

func (inst *jsInstance) close() { inst.mod.Close(context.Background()) }

// bind makes the run use the instance and gives what calls it.
func (inst *jsInstance) bind(r *run) *jsRun {
	r.mod, r.mem, r.memory, r.gas, r.stack = inst.mod, inst.mem, inst.memory, inst.gas, inst.stack
	r.js = &jsRun{inst: inst, r: r, ctx: &runContext{r.ctx, r}}
	return r.js
}

// jsRun is the engine's side of one activation. Values of JavaScript are pointers
// into the engine's memory, which the engine gives out and the image's restore takes back.
type jsRun struct {
	inst    *jsInstance
	r       *run
	ctx     *runContext
	done    bool
	failure string // what the script failed with
	failed  bool
}

// jsError is a failure of the engine itself or of a script outside its handler.
type jsError struct{ msg string }

// Error gives the message.
func (e jsError) Error() string { return e.msg }

// guard runs f and gives the error that a call into the engine ended with.
func (js *jsRun) guard(f func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			panic(p) // a mistake of ours
		case error:
			err = p
		default:
			panic(p)
		}
	}()
	f()
	return nil
}

// call calls an export and gives its result, if it has one. It panics with the
// error that ended the call; guard catches it.
func (js *jsRun) call(name string, params ...uint64) uint32 {
	var buf [8]uint64
	stack := buf[:max(1, copy(buf[:], params))]
	js.enter(name, stack)
	return uint32(stack[0])
}

// enter makes a call. A call of an export from within itself would run on the same
// native stack as the outer one, and destroy it. The bridge converts no value by
// running the script's code, so that it does not come to that; if it did, the run ends.
func (js *jsRun) enter(name string, stack []uint64) {
	f := js.inst.funcs[name]
	if f.busy {
		panic(jsError{"the engine's " + name + " was called from within itself"})
	}
	f.busy = true
	err := f.CallWithStack(js.ctx, stack)
	f.busy = false
	if err != nil {
		panic(err)
	}
}

// write puts bytes into memory of the engine's allocator, followed by a NUL.
func (js *jsRun) write(b []byte) uint32 {
	js.r.charge(uint64(len(b)) * priceByte)
	ptr := js.call("wasm_malloc", uint64(len(b))+1)
	if ptr == 0 {
		panic(jsError{"out of memory"})
	}
	js.inst.mem.Write(ptr, b)
	js.inst.mem.WriteByte(ptr+uint32(len(b)), 0)
	return ptr
}

func (js *jsRun) free(ptr uint32) { js.call("wasm_free", uint64(ptr)) }

func (js *jsRun) newString(b []byte) uint32 {
	p := js.write(b)
	v := js.call("qjs_new_string", uint64(p), uint64(len(b)))
	js.free(p)
	return v
}

func (js *jsRun) newBytes(b []byte) uint32 {
	p := js.write(b)
	v := js.call("qjs_new_uint8_array", uint64(p), uint64(len(b)))
	js.free(p)
	return v
}

func (js *jsRun) newNumber(f float64) uint32 {
	return js.call("qjs_new_number", api.EncodeF64(f))
}

// number reads a number; what is none is not converted, which could run code.
func (js *jsRun) number(v uint32) float64 {
	if js.call("qjs_is_number", uint64(v)) == 0 {
		return math.NaN()
	}
	stack := [1]uint64{uint64(v)}
	js.enter("qjs_get_float64", stack[:])
	return api.DecodeF64(stack[0])
}

// u32 reads a word of the engine's memory.
func (js *jsRun) u32(ptr uint32) uint32 {
	v, _ := js.inst.mem.ReadUint32Le(ptr)
	return v
}

// text copies a string value. Of an error that the engine made it gives the text;
// a script's own values are to be known as strings before.
func (js *jsRun) text(v uint32) []byte {
	n := js.call("wasm_malloc", 4)
	if n == 0 {
		panic(jsError{"out of memory"})
	}
	c := js.call("qjs_get_string_len", uint64(v), uint64(n))
	size := js.u32(n)
	js.free(n)
	if c == 0 {
		return nil
	}
	js.r.charge(uint64(size) * priceByte)
	b, _ := js.r.bytes(c, size)
	js.call("qjs_free_cstring", uint64(c))
	return b
}

// data copies a string as UTF-8 or a Uint8Array.
func (js *jsRun) data(v uint32) []byte {
	if js.call("qjs_is_string", uint64(v)) != 0 {
		return js.text(v)
	}
	out := js.call("wasm_malloc", 16)
	if out == 0 {
		panic(jsError{"out of memory"})
	}
	defer js.free(out)
	buffer := js.call("qjs_get_typed_array_buffer", uint64(v), uint64(out), uint64(out+4), uint64(out+8))
	if js.call("qjs_is_exception", uint64(buffer)) != 0 {
		js.call("qjs_free_value", uint64(js.call("qjs_get_exception")))
		return nil
	}
	at, n := js.u32(out), js.u32(out+4)
	p := js.call("qjs_get_array_buffer", uint64(buffer), uint64(out+12))
	js.call("qjs_free_value", uint64(buffer))
	js.r.charge(uint64(n) * priceByte)
	b, _ := js.r.bytes(p+at, n)
	return b
}

func (js *jsRun) prop(object uint32, name string) uint32 {
	p := js.write([]byte(name))
	defer js.free(p)
	return js.call("qjs_get_prop_string", uint64(object), uint64(p))
}

func (js *jsRun) setProp(object uint32, name string, v uint32) {
	p := js.write([]byte(name))
	defer js.free(p)
	js.call("qjs_set_prop_string", uint64(object), uint64(p), uint64(v))
}

func (js *jsRun) hostFunction(name string) uint32 {
	p := js.write([]byte(name))
	defer js.free(p)
	return js.call("qjs_new_host_function", uint64(p), uint64(len(name)), 0)
}

// eval evaluates a script of the runtime itself.
func (js *jsRun) eval(source, file string) uint32 {
	s, f := js.write([]byte(source)), js.write([]byte(file))
	v := js.call("qjs_eval", uint64(s), uint64(len(source)), uint64(f), 0)
	js.free(s)
	js.free(f)
	if js.call("qjs_is_exception", uint64(v)) != 0 {
		panic(jsError{string(js.text(js.call("qjs_get_exception")))})
	}
	return v
}

// invoke calls a function without this and with at most one argument.
func (js *jsRun) invoke(function uint32, arg ...uint32) uint32 {
	argv := uint32(0)
	if len(arg) > 0 {
		if argv = js.call("wasm_malloc", 4); argv == 0 {
			panic(jsError{"out of memory"})
		}
		js.inst.mem.WriteUint32Le(argv, arg[0])
	}
	v := js.call("qjs_call", uint64(function), uint64(js.call("qjs_get_undefined")), uint64(len(arg)), uint64(argv))
	if argv != 0 {
		js.free(argv)
	}
	return v
}

// drain runs the job queue until it is empty.
func (js *jsRun) drain() {
	for js.call("qjs_is_job_pending") != 0 {
		if int32(js.call("qjs_execute_pending_job")) < 0 {
			js.call("qjs_free_value", uint64(js.call("qjs_get_exception")))
		}
	}
}

// script is a JavaScript bundle as bytecode of its runtime.
type script struct {
	runtime  *jsRuntime
	bytecode []byte
}

// Compiling a script takes its own gas: what honest scripts of the length need, three times over.
const (
	compileGas     = 20_000_000
	compileGasByte = 1_500
)

const (
	scriptFile  = "app.js"
	stripSource = 1 << 4 // JS_STRIP_SOURCE of the engine's compile flags
)

// checkScript is Check for scripts.
func (e *Engine) checkScript(m Module) (Info, error) {
	info := Info{Bytes: len(m.Code)}
	if len(m.Code) > maxScript {
		return info, &CheckError{Kind: KindScript, Msg: fmt.Sprintf("script of %d bytes, the limit is %d", len(m.Code), maxScript)}
	}
	if !validText(m.Code) {
		return info, &CheckError{Kind: KindScript, Msg: "script is not UTF-8 text"}
	}
	_, err := e.runtimeOf(m)
	return info, err
}

// runtimeOf gives the runtime that a script names.
func (e *Engine) runtimeOf(m Module) (*jsRuntime, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if rt := e.runtimes[m.Runtime]; rt != nil {
		return rt, nil
	}
	hint := ""
	if _, ok := RuntimeJS(); !ok {
		hint = "; this build lacks the JavaScript engine: run \"make runtime\" and build again"
	}
	return nil, &CheckError{Kind: KindRuntime, err: ErrNoRuntime, Msg: fmt.Sprintf("runtime %q is not installed%s", m.Runtime, hint)}
}

// compileScript makes bytecode of a script, in an instance of its own and metered.
func (e *Engine) compileScript(ctx context.Context, m Module) (*program, error) {
	info, err := e.checkScript(m)
	if err != nil {
		return nil, err
	}
	rt, err := e.runtimeOf(m)
	if err != nil {
		return nil, err
	}
	r := &run{engine: e, act: &Activation{Now: initEpoch, Module: m}, ctx: ctx, random: newRandom([32]byte{}),
		limit: compileGas + compileGasByte*uint64(len(m.Code))}
	if err := e.slots.acquire(ctx, &r.turn); err != nil {
		return nil, err
	}
	defer e.slots.release(&r.turn)
	inst, err := rt.acquire(r)
	if err != nil {
		return nil, err
	}
	defer rt.recycle(inst)
	js := inst.bind(r)
	inst.memory.limit, inst.memory.refused = e.opt.MaxMemory, false
	r.metered = true
	r.settle(0, 0)
	var bytecode []byte
	err = js.guard(func() {
		source, file, size := js.write(m.Code), js.write([]byte(scriptFile)), js.call("wasm_malloc", 4)
		p := js.call("qjs_compile", uint64(source), uint64(len(m.Code)), uint64(file), 0, stripSource, uint64(size))
		if p == 0 {
			panic(jsError{string(js.text(js.call("qjs_get_exception")))})
		}
		bytecode, _ = r.bytes(p, js.u32(size))
	})
	if err != nil {
		return nil, &CheckError{Kind: KindScript, Msg: "script does not compile: " + r.finish(err).Detail}
	}
	return &program{info: info, script: &script{rt, bytecode}, bytes: len(bytecode) + 512}, nil
}

// run executes one activation of the script.
func (s *script) run(r *run, limit uint64) Outcome {
	if need := uint64(len(s.runtime.image.memory)); limit < need {
		return Outcome{End: Refused, Detail: fmt.Sprintf("the runtime's memory starts at %d KiB, the limit is %d KiB", need>>10, limit>>10)}
	}
	inst, err := s.runtime.acquire(r)
	if err != nil {
		return Outcome{End: Refused, Detail: err.Error()}
	}
	defer s.runtime.recycle(inst)
	js := inst.bind(r)
	inst.memory.limit, inst.memory.refused = limit, false
	r.metered = true
	r.settle(0, 0)
	err = js.guard(func() { js.activate(s) })
	if err == nil && js.failed {
		r.outcome.End, r.outcome.Detail = Failed, js.failure
	}
	return r.finish(err)
}

// activate evaluates the script, calls its handler, and runs jobs and timers until
// the handler's result is there.
func (js *jsRun) activate(s *script) {
	p := js.write(s.bytecode)
	v := js.call("qjs_eval_bytecode", uint64(p), uint64(len(s.bytecode)))
	js.free(p)
	if js.call("qjs_is_exception", uint64(v)) != 0 {
		js.invoke(s.runtime.fail, js.call("qjs_get_exception"))
		return
	}
	js.drain()
	js.invoke(s.runtime.start)
	js.drain()
	for !js.done && !js.failed {
		more := js.invoke(s.runtime.tick)
		if js.call("qjs_is_exception", uint64(more)) != 0 {
			js.invoke(s.runtime.fail, js.call("qjs_get_exception"))
			return
		}
		if js.call("qjs_get_bool", uint64(more)) == 0 {
			js.failed, js.failure = true, "the handler's promise never settled: nothing is left to run"
			return
		}
		js.drain()
	}
}
