package meter_test

import (
	"context"
	"os"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// scripts are what the JavaScript engine computes in BenchmarkQuickJS.
var scripts = map[string]string{
	"fib":    `(function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) })(20)`,
	"floats": `(() => { let s = 0; for (let i = 1; i < 20000; i++) s += Math.sqrt(i) / i; return s })()`,
	"sort":   `(() => { const a = []; let x = 1; for (let i = 0; i < 3000; i++) { x = x * 1103515245 + 12345 & 0x7fffffff; a.push(x) } a.sort((p, q) => p - q); return a[0] })()`,
	"json":   `(() => { const a = []; for (let i = 0; i < 300; i++) a.push({ i, name: 'n' + i, v: [i, i * 2] }); return JSON.parse(JSON.stringify(a)).length })()`,
}

// BenchmarkQuickJS is the metering overhead on a whole program: the JavaScript engine.
func BenchmarkQuickJS(b *testing.B) {
	bin, err := os.ReadFile("../sandbox/assets/quickjs.wasm")
	if err != nil {
		b.Skip("no quickjs.wasm: run \"make runtime\"")
	}
	metered := instrument(b, bin)
	ctx := context.Background()
	for _, engine := range []string{"compiler", "interpreter"} {
		for _, form := range []string{"plain", "metered"} {
			code := bin
			if form == "metered" {
				code = metered
			}
			m := newMachine(b, engine == "interpreter")
			m.slice = 20000
			wasi_snapshot_preview1.MustInstantiate(ctx, m.runtime)
			env := m.runtime.NewHostModuleBuilder("env")
			i32 := api.ValueTypeI32
			stub := api.GoFunc(func(_ context.Context, s []uint64) { s[0] = 0 })
			env.NewFunctionBuilder().WithGoFunction(stub, []api.ValueType{i32, i32}, []api.ValueType{i32}).Export("host_get_timezone_offset")
			env.NewFunctionBuilder().WithGoFunction(stub, nil, []api.ValueType{i32}).Export("host_interrupt")
			env.NewFunctionBuilder().WithGoFunction(stub, []api.ValueType{i32, i32, i32}, nil).Export("host_promise_rejection")
			env.NewFunctionBuilder().WithGoFunction(stub, []api.ValueType{i32, i32}, []api.ValueType{i32}).Export("host_module_normalize")
			env.NewFunctionBuilder().WithGoFunction(stub, []api.ValueType{i32, i32}, []api.ValueType{i32}).Export("host_module_load")
			env.NewFunctionBuilder().WithGoFunction(stub, []api.ValueType{i32, i32, i32, i32, i32}, []api.ValueType{i32}).Export("host_call")
			if _, err := env.Instantiate(ctx); err != nil {
				b.Fatal(err)
			}
			mod, err := m.runtime.InstantiateWithConfig(ctx, code, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
			if err != nil {
				b.Fatal(err)
			}
			call := func(name string, args ...uint64) uint64 {
				res, err := mod.ExportedFunction(name).Call(ctx, args...)
				if err != nil {
					b.Fatal(name, err)
				}
				if len(res) == 0 {
					return 0
				}
				return res[0]
			}
			text := func(s string) uint64 {
				p := call("wasm_malloc", uint64(len(s)+1))
				mod.Memory().Write(uint32(p), append([]byte(s), 0))
				return p
			}
			call("qjs_init")
			file := text("bench.js")
			for name, source := range scripts {
				b.Run(name+"/"+engine+"/"+form, func(b *testing.B) {
					p := text(source)
					for b.Loop() {
						v := call("qjs_eval", p, uint64(len(source)), file, 0)
						if call("qjs_is_exception", v) != 0 {
							b.Fatal("the script throws")
						}
						call("qjs_free_value", v)
					}
				})
			}
		}
	}
}
