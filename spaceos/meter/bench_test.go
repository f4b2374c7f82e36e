package meter_test

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"spacechain/spaceos/meter"
	"spacechain/spaceos/meter/asm"
)

// kernels are the compute loops whose metering overhead is measured. Each
// exports run(n i32) -> i64.
var kernels = map[string]asm.Module{
	"sum": {Funcs: []asm.Func{{Type: "i32 > i64", Locals: "i64", Export: "run", Body: `
		loop local.get 1 local.get 0 i64.extend_i32_u i64.add local.set 1
		local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 1`}}},
	"xorshift": {Funcs: []asm.Func{{Type: "i32 > i64", Locals: "i64", Export: "run", Body: `
		i64.const 88172645463325252 local.set 1
		loop
		local.get 1 local.get 1 i64.const 13 i64.shl i64.xor local.set 1
		local.get 1 local.get 1 i64.const 7 i64.shr_u i64.xor local.set 1
		local.get 1 local.get 1 i64.const 17 i64.shl i64.xor local.set 1
		local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 1`}}},
	"fib": {Funcs: []asm.Func{
		{Type: "i32 > i32", Body: `local.get 0 i32.const 2 i32.lt_s if local.get 0 return end
			local.get 0 i32.const 1 i32.sub call 0 local.get 0 i32.const 2 i32.sub call 0 i32.add`},
		{Type: "i32 > i64", Export: "run", Body: `local.get 0 call 0 i64.extend_i32_u`}}},
	// Read-modify-write over 256 KiB, n words.
	"memory": {Memory: []uint32{4}, Funcs: []asm.Func{{Type: "i32 > i64", Locals: "i32 i64", Export: "run", Body: `
		loop
		local.get 1 local.get 1 i64.load local.get 0 i64.extend_i32_u i64.add local.tee 2 i64.store
		local.get 1 i32.const 8 i32.add i32.const 0x3fff8 i32.and local.set 1
		local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 2`}}},
	// Sieve of Eratosthenes over n bytes (n < 256 Ki): nested loops with a branch.
	"sieve": {Memory: []uint32{4}, Funcs: []asm.Func{{Type: "i32 > i64", Locals: "i32 i32 i64", Export: "run", Body: `
		i32.const 2 local.set 1
		block loop
		local.get 1 local.get 0 i32.ge_u br_if 1
		local.get 1 i32.load8_u i32.eqz if
			local.get 3 i64.const 1 i64.add local.set 3
			local.get 1 local.get 1 i32.mul local.set 2
			block loop local.get 2 local.get 0 i32.ge_u br_if 1
			local.get 2 i32.const 1 i32.store8 local.get 2 local.get 1 i32.add local.set 2 br 0 end end
		end
		local.get 1 i32.const 1 i32.add local.set 1 br 0 end end
		i32.const 0 i32.const 0 local.get 0 memory.fill
		local.get 3`}}},
	// Collatz steps of 1..n: an inner loop with both arms of a branch.
	"collatz": {Funcs: []asm.Func{{Type: "i32 > i64", Locals: "i64 i64", Export: "run", Body: `
		loop local.get 0 i64.extend_i32_u local.set 1
		block loop local.get 1 i64.const 1 i64.eq br_if 1
		local.get 2 i64.const 1 i64.add local.set 2
		local.get 1 i64.const 1 i64.and i64.eqz if local.get 1 i64.const 1 i64.shr_u local.set 1
		else local.get 1 i64.const 3 i64.mul i64.const 1 i64.add local.set 1 end br 0 end end
		local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end local.get 2`}}},
	// 64x64 matrix product, n times.
	"matmul": {Memory: []uint32{4}, Funcs: []asm.Func{{Type: "i32 > i64", Locals: "i32 i32 i32 f64", Export: "run", Body: `
		loop i32.const 0 local.set 1
		loop i32.const 0 local.set 2
		loop i32.const 0 local.set 3 f64.const 0 local.set 4
		loop local.get 4
			local.get 1 i32.const 6 i32.shl local.get 3 i32.add i32.const 3 i32.shl f64.load
			local.get 3 i32.const 6 i32.shl local.get 2 i32.add i32.const 3 i32.shl f64.load offset=32768
			f64.mul f64.add local.set 4
			local.get 3 i32.const 1 i32.add local.tee 3 i32.const 64 i32.lt_u br_if 0 end
		local.get 1 i32.const 6 i32.shl local.get 2 i32.add i32.const 3 i32.shl local.get 4 f64.store offset=65536
		local.get 2 i32.const 1 i32.add local.tee 2 i32.const 64 i32.lt_u br_if 0 end
		local.get 1 i32.const 1 i32.add local.tee 1 i32.const 64 i32.lt_u br_if 0 end
		local.get 0 i32.const 1 i32.sub local.tee 0 br_if 0 end i64.const 0`}}},
}

var kernelSize = map[string]uint64{"sum": 1e7, "xorshift": 1e7, "fib": 30, "memory": 1e7, "sieve": 200000, "collatz": 100000, "matmul": 40}

// start instantiates a module with a refill that grants slices for ever.
func start(tb testing.TB, bin []byte, interpreter bool) api.Module {
	ctx := context.Background()
	cfg := wazero.NewRuntimeConfigCompiler()
	if interpreter {
		cfg = wazero.NewRuntimeConfigInterpreter()
	}
	r := wazero.NewRuntimeWithConfig(ctx, cfg)
	tb.Cleanup(func() { r.Close(ctx) })
	_, err := r.NewHostModuleBuilder(meter.RefillModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) {
			stack[0] = 20000
		}), []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}, []api.ValueType{api.ValueTypeI32}).
		Export(meter.RefillName).Instantiate(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	mod, err := r.Instantiate(ctx, bin)
	if err != nil {
		tb.Fatal(err)
	}
	return mod
}

func instrument(tb testing.TB, bin []byte) []byte {
	m, err := meter.Decode(bin, meter.Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	out, err := m.Instrument(meter.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func BenchmarkOverhead(b *testing.B) {
	for name, k := range kernels {
		for _, engine := range []string{"compiler", "interpreter"} {
			size := kernelSize[name]
			if engine == "interpreter" {
				switch name {
				case "fib":
					size -= 7
				default:
					size = max(size/40, 1)
				}
			}
			for _, form := range []string{"plain", "metered"} {
				b.Run(name+"/"+engine+"/"+form, func(b *testing.B) {
					bin := k.Bytes()
					if form == "metered" {
						bin = instrument(b, bin)
					}
					run := start(b, bin, engine == "interpreter").ExportedFunction("run")
					for b.Loop() {
						if _, err := run.Call(context.Background(), size); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
