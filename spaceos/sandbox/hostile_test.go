package sandbox

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/spaceos/meter/asm"
)

// onBoth runs a module on both engines, each with a host of its own, and checks
// that end, detail, gas, memory, result and log are the same.
func onBoth(t *testing.T, m Module, change func(*Activation)) (Outcome, *memHost) {
	t.Helper()
	var first Outcome
	var host *memHost
	for _, interpreter := range []bool{false, true} {
		h := newHost()
		act := activation(m, h)
		if change != nil {
			change(&act)
		}
		o := engine(t, interpreter).Run(context.Background(), act)
		if host == nil {
			first, host = o, h
			continue
		}
		if o != first {
			t.Errorf("compiler: %+v\ninterpreter: %+v", first, o)
		}
		if string(h.result) != string(host.result) || !slices.Equal(h.lines, host.lines) {
			t.Errorf("compiler: %q %q\ninterpreter: %q %q", host.result, host.lines, h.result, h.lines)
		}
	}
	return first, host
}

// chain is n functions, each with a body that may name the next by %[1]d, and one at
// the end with the last body.
func chain(n int, body, last string) []asm.Func {
	var fs []asm.Func
	for i := range n {
		fs = append(fs, asm.Func{Type: ">", Body: fmt.Sprintf(body, i+1)})
	}
	fs[0].Export = "_start"
	return append(fs, asm.Func{Type: ">", Body: last})
}

// TestHostileModules runs what strangers might send: each ends as it should, the
// same on both engines, and within the gas.
func TestHostileModules(t *testing.T) {
	page := []uint32{1}
	one := func(locals, body string) asm.Module {
		return asm.Module{Memory: page, Funcs: []asm.Func{{Type: ">", Locals: locals, Export: "_start", Body: body}}}
	}
	spam := func(name, typ, args string) asm.Module {
		return asm.Module{Memory: page, Imports: []asm.Import{{Module: "spc", Name: name, Type: typ}},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "loop " + args + " call 0 drop br 0 end"}}}
	}
	wasi := func(name, typ, args string) asm.Module {
		m := spam(name, typ, args)
		m.Imports[0].Module = wasiModule
		return m
	}
	for _, c := range []struct {
		name   string
		module asm.Module
		end    End
		detail string
	}{
		{"loop without end", one("", "loop br 0 end"), OutOfGas, "used up"},
		{"loop of nothing but blocks", one("", "loop block block br 2 end end end"), OutOfGas, ""},
		{"nested loops", one("", "loop loop loop loop br 3 end end end end"), OutOfGas, ""},
		{"loop by br_table", one("", "loop block i32.const 1 br_table [0 1 1] end end"), OutOfGas, ""},
		{"straight line then loop", one("i32", strings.Repeat("local.get 0 i32.const 1 i32.add local.set 0 ", 9000)+"loop br 0 end"), OutOfGas, ""},
		{"recursion", asm.Module{Memory: page, Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "call 0"}}}, StackLimit, "nested deeper"},
		{"mutual recursion", asm.Module{Memory: page, Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "call 1"}, {Type: ">", Body: "call 0"}}}, StackLimit, ""},
		{"recursion through the table", asm.Module{Memory: page, Types: []string{">"}, Table: []uint32{1}, Elems: []uint32{0},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "i32.const 0 call_indirect 0 0"}}}, StackLimit, ""},
		{"recursion with 4,000 values across the call", one("i32", strings.Repeat("local.get 0 i32.const 1 i32.add local.tee 0 ", 4000)+
			"call 0 "+strings.Repeat("i32.add ", 3999)+"drop"), StackLimit, ""},
		{"recursion with 4,000 locals", one("4000*i64", "call 0 local.get 3999 drop"), StackLimit, ""},
		{"recursion with 200 parameters", asm.Module{Memory: page, Funcs: []asm.Func{
			{Type: ">", Export: "_start", Body: strings.Repeat("i64.const 1 ", 200) + "call 1"},
			{Type: strings.Repeat("i64 ", 200) + ">", Body: func() string {
				b := ""
				for i := range 200 {
					b += fmt.Sprintf("local.get %d ", i)
				}
				return b + "call 1"
			}()}}}, StackLimit, ""},
		{"calls doubled forty times", asm.Module{Memory: page, Funcs: chain(40, "call %[1]d call %[1]d", "nop")}, OutOfGas, ""},
		{"recursion through a chain of small functions", asm.Module{Memory: page, Funcs: chain(60, "call %[1]d", "call 0")}, StackLimit, ""},
		{"recursion with work on the way back", asm.Module{Memory: page, Funcs: []asm.Func{{Type: "i32 > i32", Body: "local.get 0 if local.get 0 i32.const 1 i32.sub call 0 drop end " +
			strings.Repeat("local.get 0 i32.const 7 i32.div_u local.set 0 ", 600) + "local.get 0"},
			{Type: ">", Export: "_start", Body: "i32.const 1000 call 0 drop"}}}, OutOfGas, ""},
		{"memory.grow for ever", one("", "loop i32.const 1 memory.grow drop br 0 end"), OutOfGas, ""},
		{"memory.grow of 4 GiB", one("", "i32.const 65535 memory.grow i32.const -1 i32.eq if unreachable end"), OutOfMemory, "more than the limit"},
		{"memory.grow and touch", one("i32", `loop i32.const 16 memory.grow local.tee 0 i32.const -1 i32.eq if unreachable end
			local.get 0 i32.const 65536 i32.mul i32.const 7 i32.store br 0 end`), OutOfMemory, ""},
		{"memory.fill for ever", one("", "loop i32.const 0 i32.const 1 i32.const 65536 memory.fill br 0 end"), OutOfGas, ""},
		{"memory.copy for ever", one("", "loop i32.const 1 i32.const 0 i32.const 65535 memory.copy br 0 end"), OutOfGas, ""},
		{"memory.fill of 4 GiB", one("", "i32.const 0 i32.const 1 i32.const -1 memory.fill"), Trapped, "out of bounds"},
		{"memory.copy from beyond", one("", "i32.const 0 i32.const -4 i32.const 1000000 memory.copy"), Trapped, "out of bounds"},
		{"load out of bounds", one("", "i32.const 65533 i32.load drop"), Trapped, "out of bounds"},
		{"load with a huge offset", one("", "i32.const -1 i64.load offset=4294967295 drop"), Trapped, "out of bounds"},
		{"store out of bounds", one("", "i32.const -1 i32.const 1 i32.store8"), Trapped, "out of bounds"},
		{"division by zero", one("", "i32.const 1 i32.const 0 i32.div_s drop"), Trapped, "divide by zero"},
		{"division overflow", one("", "i32.const -2147483648 i32.const -1 i32.div_s drop"), Trapped, "overflow"},
		{"conversion of NaN", one("", "f64.const nan i32.trunc_f64_s drop"), Trapped, "invalid conversion"},
		{"unreachable", one("", "unreachable"), Trapped, "unreachable in function 0"},
		{"null call", asm.Module{Memory: page, Types: []string{">"}, Table: []uint32{4},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "i32.const 2 call_indirect 0 0"}}}, Trapped, "invalid table access"},
		{"call of the wrong type", asm.Module{Memory: page, Types: []string{"i32 >"}, Table: []uint32{1}, Elems: []uint32{0},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "i32.const 7 i32.const 0 call_indirect 0 0"}}}, Trapped, "type mismatch"},
		{"call beyond the table", asm.Module{Memory: page, Types: []string{">"}, Table: []uint32{1}, Elems: []uint32{0},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "i32.const -1 call_indirect 0 0"}}}, Trapped, "table access"},
		{"table.grow for ever", asm.Module{Memory: page, Table: []uint32{1},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "loop ref.null funcref i32.const 1000 table.grow 0 drop br 0 end"}}}, OutOfGas, ""},
		{"table.grow of 4 Gi", asm.Module{Memory: page, Table: []uint32{1},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "ref.null funcref i32.const -2 table.grow 0 i32.const -1 i32.ne if unreachable end"}}}, Returned, ""},
		{"table.fill for ever", asm.Module{Memory: page, Table: []uint32{60000},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "loop i32.const 0 ref.null funcref i32.const 60000 table.fill 0 br 0 end"}}}, OutOfGas, ""},
		{"memory.init for ever", asm.Module{Memory: page, Passive: []string{strings.Repeat("x", 60000)},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "loop i32.const 0 i32.const 0 i32.const 60000 memory.init 0 br 0 end"}}}, OutOfGas, ""},
		{"br_table of 16,000 targets", one("", "block loop i32.const 99999 br_table ["+strings.Repeat("1 ", 16000)+"0] end end"), OutOfGas, ""},
		{"log for ever", spam("log", "i32 i32 i32 > i32", "i32.const 1 i32.const 0 i32.const 60000"), OutOfGas, ""},
		{"send for ever", spam("send", "i32 i32 i32 i32 > i32", "i32.const 0 i32.const 5 i32.const 0 i32.const 1000"), OutOfGas, ""},
		{"kv_put for ever", spam("kv_put", "i32 i32 i32 i32 > i32", "i32.const 0 i32.const 4 i32.const 0 i32.const 1000"), OutOfGas, ""},
		{"sensors for ever", spam("sensor_read", "i32 i32 i32 i32 i32 i32 i32 > i32", strings.Repeat("i32.const 64 ", 7)), OutOfGas, ""},
		{"bad pointers for ever", spam("kv_get", "i32 i32 i32 i32 i32 > i32", strings.Repeat("i32.const -1 ", 5)), OutOfGas, ""},
		{"huge lengths for ever", spam("seal", "i32 i32 i32 i32 i32 > i32", "i32.const 0 i32.const -1 i32.const 0 i32.const -1 i32.const 8"), OutOfGas, ""},
		{"gas_left for ever", asm.Module{Memory: page, Imports: []asm.Import{{Module: "spc", Name: "gas_left", Type: "> i64"}},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "loop call 0 drop br 0 end"}}}, OutOfGas, ""},
		{"random for ever", wasi("random_get", "i32 i32 > i32", "i32.const 0 i32.const 65536"), OutOfGas, ""},
		{"sleep for ever", wasi("poll_oneoff", "i32 i32 i32 i32 > i32", "i32.const 0 i32.const 1024 i32.const 1 i32.const 2048"), OutOfGas, ""},
		{"stdout for ever", wasi("fd_write", "i32 i32 i32 i32 > i32", "i32.const 1 i32.const 0 i32.const 8 i32.const 1000"), OutOfGas, ""},
		{"iovecs without end", wasi("fd_write", "i32 i32 i32 i32 > i32", "i32.const 1 i32.const 0 i32.const -1 i32.const 1000"), OutOfGas, ""},
		{"yield for ever", wasi("sched_yield", "> i32", ""), OutOfGas, ""},
		{"close every descriptor", wasi("fd_close", "i32 > i32", "i32.const 3"), OutOfGas, ""},
		{"exit with a code", asm.Module{Memory: page, Imports: []asm.Import{{Module: wasiModule, Name: "proc_exit", Type: "i32 >"}},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "i32.const 3 call 0"}}}, Failed, "exit code 3"},
		{"exit with success", asm.Module{Memory: page, Imports: []asm.Import{{Module: wasiModule, Name: "proc_exit", Type: "i32 >"}},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "i32.const 0 call 0 unreachable"}}}, Returned, ""},
		{"memory beyond the limit at the start", asm.Module{Memory: []uint32{200}, Funcs: []asm.Func{{Type: ">", Export: "_start"}}}, Refused, "memory starts at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, _ := onBoth(t, wasmModule(c.module.Bytes()), func(a *Activation) { a.Gas = 3_000_000 })
			if o.End != c.end || !strings.Contains(o.Detail, c.detail) {
				t.Fatalf("%+v, want %s with %q", o, c.end, c.detail)
			}
			if o.GasUsed > 3_000_000 {
				t.Errorf("gas %d beyond the limit", o.GasUsed)
			}
			if c.end == OutOfGas && o.GasUsed != 3_000_000 {
				t.Errorf("out of gas at %d", o.GasUsed)
			}
		})
	}
}

// TestHostileScripts does the same for JavaScript.
func TestHostileScripts(t *testing.T) {
	needJS(t)
	for _, c := range []struct {
		name   string
		module Module
		end    End
		detail string
	}{
		{"loop without end", app(`while (true) {}`), OutOfGas, ""},
		{"loop at the top", jsModuleOf(`for (;;) {}`), OutOfGas, ""},
		{"catastrophic expression", app(`/^(a+)+$/.test('a'.repeat(40) + 'b')`), OutOfGas, ""},
		{"string without end", app(`let s = 'x'; for (;;) s += s`), Failed, "string too long"},
		{"strings kept", app(`const a = []; for (let i = 0; ; i++) a.push('a'.repeat(65536) + i)`), OutOfMemory, "out of memory"},
		{"repeat", app(`'a'.repeat(2 ** 30 - 30)`), OutOfMemory, "out of memory"},
		{"array without end", app(`const a = []; for (;;) a.push({ a })`), OutOfMemory, ""},
		{"typed array", app(`new Uint8Array(2 ** 31 - 1)`), OutOfMemory, ""},
		{"recursion", app(`const f = (n) => f(n + 1) + 1; f(0)`), Failed, "Maximum call stack"},
		{"caught recursion", app(`let n = 0; const f = () => { n++; f() }; for (let i = 0; i < 3; i++) try { f() } catch {} return { deep: n > 900 }`), Returned, ""},
		{"recursion in a parser", app(`JSON.parse('['.repeat(100000))`), StackLimit, ""},
		{"recursion by toString", app(`const o = { toString() { return '' + this } }; '' + o`), StackLimit, ""},
		{"recursion by proxy", app(`const p = new Proxy({}, { get(t, k, r) { return r[k] } }); p.x`), StackLimit, ""},
		{"throw a string", app(`throw 'just text'`), Failed, "thrown: just text"},
		{"throw undefined", app(`throw undefined`), Failed, "thrown: undefined"},
		{"throw an object", app(`throw { a: 1 }`), Failed, `thrown: {"a":1}`},
		{"throw what cannot be shown", app(`throw { toJSON() { throw 1 }, toString() { throw 2 } }`), Failed, "cannot be described"},
		{"throw null", app(`throw null`), Failed, "thrown: null"},
		{"throw an error", app(`null.x`), Failed, "TypeError: cannot read property 'x' of null (at activate (app.js:2:"},
		{"throw at the top", jsModuleOf(`throw new RangeError('no')`), Failed, "RangeError: no (at <eval> (app.js:1:"},
		{"throw synchronously", jsModuleOf(`var __spc_app = () => { throw new Error('sync') }`), Failed, "Error: sync"},
		{"promise that never settles", app(`await new Promise(() => {})`), Failed, "never settled"},
		{"promise that rejects", app(`return Promise.reject(new Error('rejected'))`), Failed, "Error: rejected"},
		{"jobs without end", app(`const again = () => Promise.resolve().then(again); await again()`), OutOfGas, ""},
		{"timers without end", app(`const again = () => setTimeout(again, 1); again(); await new Promise(() => {})`), OutOfGas, ""},
		{"throw in a timer", app(`setTimeout(() => { throw new Error('late') }, 5); await new Promise(() => {})`), Failed, "Error: late"},
		{"no handler", jsModuleOf(`1 + 1`), Failed, "does not set __spc_app"},
		{"wrong handler", jsModuleOf(`var __spc_app = { default: 7 }`), Failed, "neither a function"},
		{"syntax error", jsModuleOf(`let let = 1`), Refused, "SyntaxError"},
		{"not a script", jsModuleOf("\xff\xfe"), Refused, "not UTF-8"},
		{"runtime that is not there", Module{Digest: [32]byte{9}, Runtime: "js@9", Code: []byte("1")}, Refused, `runtime "js@9" is not installed`},
		{"actuator", app(`spc.thruster.fire()`), Failed, "TypeError"},
		{"import", app(`await import('fs')`), Failed, "Error"},
		{"prototype games", app(`Object.prototype.toString = Array.prototype.push = Function.prototype.call = () => { throw 'mine' }
			Uint8Array.prototype.constructor = null; Promise.prototype.then = null; JSON.stringify = () => { throw 1 }; return 'x'`), Failed, ""},
		{"unmetered by eval", app(`eval('for(;;){}')`), OutOfGas, ""},
		{"log without end", app(`for (;;) console.log('x'.repeat(5000))`), OutOfGas, ""},
		{"text that calls back", app(`const S = String; let n = 0
			String = (v) => ({ toString() { if (n++ < 50) spc.kv.get({}); return 'k' } }); try { spc.kv.get({}) } finally { String = S }`), Failed, "invalid argument"},
		{"number that calls back", app(`const N = Number; let n = 0
			Number = (v) => ({ valueOf() { if (n++ < 50) spc.wakeInRegion(1, 2, 3); return 1 } }); spc.wakeInRegion(1, 2, 3)`), Failed, "wakeInRegion"},
		{"cyclic result", app(`const a = {}; a.a = a; return a`), Failed, "circular"},
		{"sort that lies", app(`const a = Array.from({ length: 3e4 }, Math.random); a.sort(() => 1); a.sort(() => -1); for (;;) a.sort(() => Math.random() - 0.5)`), OutOfGas, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, _ := onBoth(t, c.module, func(a *Activation) {
				a.Gas, a.MemoryBytes = 20_000_000, 2<<20
				if c.end == OutOfMemory {
					a.Gas = 100_000_000
				}
			})
			if o.End != c.end || !strings.Contains(o.Detail, c.detail) {
				t.Fatalf("%+v, want %s with %q", o, c.end, c.detail)
			}
			if o.PeakMemory > 2<<20 {
				t.Errorf("%d bytes of memory", o.PeakMemory)
			}
		})
	}
}

// TestKill holds the promise that a run ends soon after its context is done.
func TestKill(t *testing.T) {
	both(t, func(t *testing.T, e *Engine) {
		ctx, cancel := context.WithCancelCause(context.Background())
		act := activation(wasmModule(start("loop br 0 end").Bytes()), newHost())
		act.Gas = 1 << 60
		done := make(chan Outcome)
		go func() { done <- e.Run(ctx, act) }()
		time.Sleep(20 * time.Millisecond)
		at := time.Now()
		cancel(fmt.Errorf("the owner stopped it"))
		o := <-done
		took := time.Since(at)
		if o.End != Killed || o.Detail != "the owner stopped it" {
			t.Fatalf("%+v", o)
		}
		t.Logf("ended %v after the context, at %d gas", took, o.GasUsed)
		if took > 100*time.Millisecond {
			t.Errorf("ended after %v", took)
		}
	})
}

// TestCollectorIsNotStalled runs the collector while every processor executes a
// loop without calls: compiled code is not preempted by Go, only the meter lets go.
func TestCollectorIsNotStalled(t *testing.T) {
	e := engine(t, false)
	ctx, cancel := context.WithCancel(context.Background())
	act := activation(wasmModule(start("loop br 0 end").Bytes()), newHost())
	act.Gas = 1 << 60
	done := make(chan Outcome)
	for range runtime.GOMAXPROCS(0) {
		go func() { done <- e.Run(ctx, act) }()
	}
	time.Sleep(10 * time.Millisecond)
	worst := time.Duration(0)
	for range 5 {
		at := time.Now()
		runtime.GC()
		worst = max(worst, time.Since(at))
	}
	cancel()
	for range runtime.GOMAXPROCS(0) {
		<-done
	}
	t.Logf("longest collection: %v", worst)
	if worst > time.Second {
		t.Errorf("a collection took %v", worst)
	}
}
