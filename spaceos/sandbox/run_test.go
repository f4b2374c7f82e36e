package sandbox

import (
	"strings"
	"testing"
)

func TestRunReturns(t *testing.T) {
	both(t, func(t *testing.T, e *Engine) {
		o, _ := runModule(e, wasmModule(start("i32.const 100000 local.set 0 loop local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end").Bytes()))
		if o.End != Returned || o.GasUsed == 0 {
			t.Fatalf("%+v", o)
		}
		t.Logf("%+v", o)
	})
}

func TestJSHello(t *testing.T) {
	needJS(t)
	both(t, func(t *testing.T, e *Engine) {
		o, h := runModule(e, app(`
			console.log('hi', event.kind, event.name, event.from, event.time.toISOString(), spc.utf8.decode(event.data), [1, {a: 2}])
			const s = spc.sensor('magnetometer')
			spc.kv.put('a', 'text'); spc.kv.putJSON('b', {x: [1, 2]})
			await null
			return { values: s.values, time: s.time, kv: spc.kv.getText('a'), b: spc.kv.getJSON('b'), none: spc.kv.get('zz'), keys: spc.kv.keys(), r: Math.random(), now: Date.now() }
		`))
		t.Logf("%+v %s %q", o, h.result, h.lines)
		if o.End != Returned || !strings.Contains(string(h.result), `"values":[1.5,-2.5,3.25]`) {
			t.Fatalf("%+v %s %q", o, h.result, h.lines)
		}
	})
}
