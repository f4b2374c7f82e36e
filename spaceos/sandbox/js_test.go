package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestScriptObject goes through the object spc and the globals.
func TestScriptObject(t *testing.T) {
	needJS(t)
	o, h := onBoth(t, app(`
		const out = {}
		const tryIt = (f) => { try { return f() } catch (e) { return (e instanceof SpcError) + ' ' + e.name + ' ' + e.code + ' ' + e.errno + ' ' + e.message } }
		out.event = [event.kind, event.name, event.time.toISOString(), event.from, Array.from(event.data)]
		out.sensor = spc.sensor('magnetometer')
		out.camera = Array.from(spc.sensor('camera').data)
		out.perm = tryIt(() => spc.sensor('thruster'))
		out.rate = tryIt(() => spc.sensor('slow'))
		spc.kv.put('s', 'grüße 🛰'); spc.kv.put('b', new Uint8Array([0, 255, 7]).subarray(1)); spc.kv.put('buf', new ArrayBuffer(2)); spc.kv.putJSON('j', { a: [1, null] })
		out.kv = [spc.kv.getText('s'), Array.from(spc.kv.get('b')), spc.kv.get('buf').length, spc.kv.getJSON('j'), spc.kv.get('none'), spc.kv.getText('none'), spc.kv.getJSON('none') === undefined]
		out.keys = [spc.kv.keys(), spc.kv.keys('b'), spc.kv.keys('zz')]
		out.deleted = [spc.kv.delete('s'), spc.kv.delete('s')]
		out.quota = tryIt(() => spc.kv.put('big', 'x'.repeat(5000)))
		out.badKey = [tryIt(() => spc.kv.put('', 'x')), tryIt(() => spc.kv.put('a\0b', 'x')), tryIt(() => spc.kv.put('k'.repeat(300), 'x'))]
		out.badData = tryIt(() => spc.kv.put('x', 5))
		spc.send('owner', 'hello'); spc.send('owner', new Uint8Array([1, 2]))
		out.sendPerm = tryIt(() => spc.send('ipn:7.7', 'x'))
		out.receive = [spc.receive(), spc.receive(), spc.receive()].map((m) => m && [m.from, spc.utf8.decode(m.data)])
		out.sealed = spc.utf8.decode(spc.open(spc.seal('secret')))
		out.forged = tryIt(() => spc.open('nonsense'))
		spc.wakeAt(new Date(Date.UTC(2027, 0, 1)), 'newyear'); spc.wakeAt(Date.UTC(2027, 0, 2)); spc.wakeInRegion(48.1, 11.6, 250, 'munich')
		out.badWake = [tryIt(() => spc.wakeAt(NaN)), tryIt(() => spc.wakeInRegion(100, 0, 5))]
		spc.subscribe('eclipse')
		spc.setResult('later overwritten')
		spc.files.write('f.bin', new Uint8Array([9, 8])); spc.files.write('/g', 'text')
		out.files = [spc.files.list(), Array.from(spc.files.read('f.bin')), spc.files.read('none'), spc.files.remove('g'), spc.files.remove('g')]
		out.escape = [tryIt(() => spc.files.read('../x')), tryIt(() => spc.files.write('a/b', ''))]
		out.utf8 = [Array.from(spc.utf8.encode('é')), spc.utf8.decode(new Uint8Array([0xc3, 0xa9, 0xff]))]
		out.text = [new TextDecoder().decode(new TextEncoder().encode('ü')), btoa('x'), typeof structuredClone]
		spc.log.debug('d', 1); spc.log.info({ a: 1 }); spc.log.warn(new TypeError('bad')); spc.log.error(null, undefined, [1]); console.log('two\nlines'); console.error('e')
		const before = performance.now()
		await new Promise((r) => setTimeout(r, 1500))
		out.slept = Math.round(performance.now() - before)
		out.order = []
		setTimeout(() => out.order.push('b'), 20); setTimeout(() => out.order.push('a'), 10); const c = setTimeout(() => out.order.push('never'), 5); clearTimeout(c)
		queueMicrotask(() => out.order.push('micro'))
		await new Promise((r) => setTimeout(r, 30))
		out.gas = spc.gasLeft() > 1000 && spc.gasLeft() < 50000000
		out.now = spc.now() instanceof Date && spc.now() >= event.time
		out.zone = new Date(0).getTimezoneOffset()
		out.globals = [typeof require, typeof process, typeof fetch, typeof __spc_host, spc === globalThis.spc, spc.version]
		return out
	`), func(a *Activation) {
		a.Host.(*memHost).inbox = []Message{{"ipn:1.1", []byte("one")}, {"ipn:2.2", []byte("two")}}
	})
	if o.End != Returned {
		t.Fatalf("%+v", o)
	}
	var got map[string]any
	if err := json.Unmarshal(h.result, &got); err != nil {
		t.Fatalf("%v: %s", err, h.result)
	}
	for key, want := range map[string]string{
		"event":    `["message","call","2026-03-04T05:06:07.890Z","ipn:3000001.2",[104,101,108,108,111]]`,
		"sensor":   `{"time":"2026-03-04T05:06:07.890Z","values":[1.5,-2.5,3.25]}`,
		"camera":   `[1,2,3,4,5,6,7,8]`,
		"perm":     `"true SpcError PERM 1 sensor \"thruster\": not permitted"`,
		"rate":     `"true SpcError RATE 5 sensor \"slow\": rate limit"`,
		"kv":       `["grüße 🛰",[255,7],2,{"a":[1,null]},null,null,true]`,
		"keys":     `[["b","buf","j","s"],["b","buf"],[]]`,
		"deleted":  `[true,false]`,
		"quota":    `"true SpcError QUOTA 4 kv.put \"big\": quota used up"`,
		"badData":  `"true SpcError INVAL 3 kv.put \"x\": data must be a string, Uint8Array or ArrayBuffer: invalid argument"`,
		"sendPerm": `"true SpcError PERM 1 send to \"ipn:7.7\": not permitted"`,
		"receive":  `[["ipn:1.1","one"],["ipn:2.2","two"],null]`,
		"sealed":   `"secret"`,
		"forged":   `"true SpcError BADAUTH 8 open: authentication failed"`,
		"files":    `[["f.bin","g"],[9,8],null,true,false]`,
		"escape":   `["true SpcError PERM 1 files.read \"../x\": not permitted","true SpcError PERM 1 files.write \"a/b\": not permitted"]`,
		"utf8":     `[[195,169],"é�"]`,
		"text":     `["ü","eA==","undefined"]`,
		"order":    `["micro","a","b"]`,
		"gas":      `true`,
		"now":      `true`,
		"zone":     `0`,
		"globals":  `["undefined","undefined","undefined","undefined",true,1]`,
	} {
		b, _ := json.Marshal(got[key])
		var w any
		if err := json.Unmarshal([]byte(want), &w); err != nil {
			t.Fatal(key, err)
		}
		wb, _ := json.Marshal(w)
		if string(b) != string(wb) {
			t.Errorf("%s: %s, want %s", key, b, wb)
		}
	}
	if slept := got["slept"].(float64); slept < 1500 || slept > 1502 {
		t.Errorf("slept %v ms", slept)
	}
	wantLines := []string{"0 d 1", `1 {"a":1}`, "2 TypeError: bad", "3 null undefined [1]", "1 two", "1 lines", "3 e"}
	for i, w := range wantLines {
		if i >= len(h.lines) || !strings.HasPrefix(h.lines[i], w) {
			t.Errorf("log %q, want %q", h.lines, wantLines)
			break
		}
	}
	if fmt.Sprint(h.wakes) != "[2027-01-01T00:00:00Z newyear 2027-01-02T00:00:00Z  48.1 11.6 250munich]" {
		t.Errorf("wakes %q", h.wakes)
	}
}

// TestScriptResults holds what becomes of the handler's value.
func TestScriptResults(t *testing.T) {
	needJS(t)
	for body, want := range map[string]string{
		`return 'text'`:                          "text",
		`return new Uint8Array([65, 66])`:        "AB",
		`return new Uint8Array([65, 66]).buffer`: "AB",
		`return { a: 1 }`:                        `{"a":1}`,
		`return 7`:                               "7",
		`return null`:                            "null",
		`spc.setResult('kept')`:                  "kept",
		`spc.setResult('lost'); return 'won'`:    "won",
		`return Promise.resolve('async')`:        "async",
		``:                                       "",
	} {
		o, h := onBoth(t, app(body), nil)
		if o.End != Returned || string(h.result) != want {
			t.Errorf("%s: %+v %q, want %q", body, o, h.result, want)
		}
	}
	for source, want := range map[string]string{
		`var __spc_app = { default: (e, spc) => e.name }`:                                                    "call",
		`var __spc_app = (e) => e.kind`:                                                                      "message",
		`var __spc_app = { activate() { return this === __spc_app ? 'this' : 'lost' } }`:                     "this",
		`var __spc_app = (() => { let n = 1; Promise.resolve().then(() => n++); return () => String(n) })()`: "2",
	} {
		o, h := onBoth(t, jsModuleOf(source), nil)
		if o.End != Returned || string(h.result) != want {
			t.Errorf("%s: %+v %q, want %q", source, o, h.result, want)
		}
	}
}

// TestNothingLeaks runs an activation that changes all it can reach, and then
// looks from another one in the same instance.
func TestNothingLeaks(t *testing.T) {
	needJS(t)
	for _, interpreter := range []bool{false, true} {
		e := newEngine(t, Options{Interpreter: interpreter, IdleJS: 1})
		rt := e.runtimes["js@1"]
		spoil := app(`
			globalThis.left = 'secret'; Object.prototype.left = 'secret'; Array.prototype.push = null; Math.random = () => 4
			spc.kv.get = null; delete globalThis.SpcError; Symbol.for('left'); RegExp('left').test('left'); setTimeout(() => {}, 5)
			Promise.resolve().then(() => { globalThis.late = 1 }); new WeakRef({}); const junk = []
			for (let i = 0; i < 200; i++) junk.push('secret'.repeat(i))
			globalThis.junk = junk; throw new Error('secret')`)
		look := app(`return [typeof left, ({}).left, [].push === null, Math.random() === 4, typeof spc.kv.get, typeof SpcError, typeof junk, typeof late]`)
		if o, _ := runModule(e, look); o.End != Returned {
			t.Fatalf("%+v", o)
		}
		first, h := runModule(e, look)
		clean := string(h.result)
		if want := `["undefined",null,false,false,"function","function","undefined","undefined"]`; clean != want {
			t.Fatalf("%s, want %s", clean, want)
		}
		for range 3 {
			if o, _ := runModule(e, spoil); o.End != Failed {
				t.Fatalf("%+v", o)
			}
			o, h := runModule(e, look)
			if string(h.result) != clean || o != first {
				t.Errorf("after the other: %s %+v\nbefore: %s %+v", h.result, o, clean, first)
			}
		}
		// The restored state is the image, byte for byte.
		r := &run{engine: e, act: &Activation{}, ctx: context.Background()}
		inst, err := rt.acquire(r)
		if err != nil {
			t.Fatal(err)
		}
		mem, _ := inst.mem.Read(0, inst.mem.Size())
		if string(mem) != string(rt.image.memory) {
			t.Error("memory differs from the image")
		}
		for i, g := range inst.globals {
			if g.Get() != rt.image.globals[i] {
				t.Errorf("global %d is %d, %d in the image", i, g.Get(), rt.image.globals[i])
			}
		}
		if len(inst.globals) == 0 {
			t.Error("no mutable global is part of the image")
		}
		rt.recycle(inst)
		e.Close()
	}
}

// TestColdAndWarm holds that gas does not depend on what the engine has ready.
func TestColdAndWarm(t *testing.T) {
	needJS(t)
	m := app(handlers["sample"])
	var want Outcome
	for _, opt := range []Options{{}, {Interpreter: true, IdleJS: -1}, {Interpreter: true}, {Interpreter: true, CodeBytes: 1}} {
		e := newEngine(t, opt)
		for i := range 4 {
			o, _ := runModule(e, m)
			if want.End == "" {
				want = o
			}
			if o != want {
				t.Errorf("%+v, activation %d: %+v, want %+v", opt, i, o, want)
			}
			if i == 2 {
				e.Forget(m.Digest)
			}
		}
		e.Close()
	}
}

// TestImageIsTheSame holds that two engines make the same image, so that gas and
// memory are the same on every satellite.
func TestImageIsTheSame(t *testing.T) {
	needJS(t)
	a, b := engine(t, false).runtimes["js@1"].image, engine(t, true).runtimes["js@1"].image
	if string(a.memory) != string(b.memory) || fmt.Sprint(a.globals) != fmt.Sprint(b.globals) {
		t.Fatal("compiler and interpreter make different images")
	}
	used := 0
	for _, s := range a.spans {
		used += s.to - s.from
	}
	t.Logf("image of %d KiB, %d KiB of it not zero, %d spans, %d globals", len(a.memory)>>10, used>>10, len(a.spans), len(a.globals))
}

// TestRandomIsSeeded holds that randomness comes from the activation alone.
func TestRandomIsSeeded(t *testing.T) {
	needJS(t)
	m := app(`return [Math.random(), Math.random(), Date.now()]`)
	_, a := onBoth(t, m, nil)
	_, b := onBoth(t, m, nil)
	_, c := onBoth(t, m, func(a *Activation) { a.RandSeed[0]++ })
	if string(a.result) != string(b.result) || string(a.result) == string(c.result) {
		t.Errorf("%s %s %s", a.result, b.result, c.result)
	}
}

// TestClock holds the guest's clock to its resolution and to gas.
func TestClock(t *testing.T) {
	needJS(t)
	m := app(`const a = Date.now(); let n = 0; for (let i = 0; i < 1e4; i++) n += i; return [a, Date.now(), performance.now()]`)
	_, h := onBoth(t, m, func(a *Activation) { a.Resolution = 10 * time.Millisecond })
	var v []float64
	if err := json.Unmarshal(h.result, &v); err != nil {
		t.Fatal(err)
	}
	start := float64(testTime.UnixMilli())
	if v[0] != start || v[1] <= v[0] || int64(v[1])%10 != 0 || v[1] > v[0]+50 {
		t.Errorf("clock: %v, start %v", v, start)
	}
}

// TestRuntimeReplaced installs a runtime again under its name.
func TestRuntimeReplaced(t *testing.T) {
	needJS(t)
	e := newEngine(t, Options{Interpreter: true})
	defer e.Close()
	if o, _ := runModule(e, app(`return 1`)); o.End != Returned {
		t.Fatalf("%+v", o)
	}
	wasm, _ := RuntimeJS()
	if err := e.InstallRuntime("js@1", wasm); err != nil {
		t.Fatal(err)
	}
	if o, _ := runModule(e, app(`return 1`)); o.End != Returned {
		t.Fatalf("%+v", o)
	}
	if err := e.InstallRuntime("bad", []byte("no")); err == nil {
		t.Error("a runtime that is no module was installed")
	}
	if err := e.InstallRuntime("bad", start("nop").Bytes()); err == nil || !strings.Contains(err.Error(), "does not export") {
		t.Errorf("a runtime without an engine: %v", err)
	}
}
