package meter_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"spacechain/spaceos/meter"
	"spacechain/spaceos/meter/asm"
)

// machine is one wazero runtime with a refill.
type machine struct {
	runtime wazero.Runtime
	granted int64
	slice   int64 // gas that the refill grants
}

func newMachine(tb testing.TB, interpreter bool) *machine {
	ctx := context.Background()
	cfg := wazero.NewRuntimeConfigCompiler()
	if interpreter {
		cfg = wazero.NewRuntimeConfigInterpreter()
	}
	m := &machine{runtime: wazero.NewRuntimeWithConfig(ctx, cfg), slice: 1000}
	tb.Cleanup(func() { m.runtime.Close(ctx) })
	_, err := m.runtime.NewHostModuleBuilder(meter.RefillModule).NewFunctionBuilder().
		WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
			used := m.granted - int64(int32(stack[0]))
			m.granted = used + m.slice
			stack[0] = uint64(m.slice)
		}), []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}, []api.ValueType{api.ValueTypeI32}).
		Export(meter.RefillName).Instantiate(ctx)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// result is what a run leaves: value or trap, memory, the global, and the gas.
type result struct {
	text string
	gas  int64
}

func (m *machine) run(tb testing.TB, bin []byte, arg uint64) result {
	ctx := context.Background()
	m.granted = 0
	mod, err := m.runtime.InstantiateWithConfig(ctx, bin, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		tb.Fatal(err)
	}
	defer mod.Close(ctx)
	got, err := mod.ExportedFunction("run").Call(ctx, arg)
	r := result{text: fmt.Sprint(got)}
	if err != nil {
		r.text, _, _ = strings.Cut(err.Error(), "\n")
	}
	mem := mod.Memory()
	b, _ := mem.Read(0, mem.Size())
	sum := uint64(0)
	for i, c := range b {
		sum = sum*31 + uint64(c)*uint64(i+1)
	}
	r.text += fmt.Sprintf(" memory %d:%x", len(b), sum)
	if g := mod.ExportedGlobal(meter.GasExport); g != nil {
		r.gas = m.granted - int64(int32(g.Get()))
		if s := int32(mod.ExportedGlobal(meter.StackExport).Get()); err == nil && s != meter.DefaultStack {
			tb.Errorf("stack counter %d after the return", s)
		}
	}
	return r
}

// check runs a module plain and metered on both engines and compares.
func check(tb testing.TB, machines []*machine, m asm.Module, arg uint64) {
	tb.Helper()
	bin := m.Bytes()
	metered := instrument(tb, bin)
	want := machines[0].run(tb, bin, arg)
	var gas int64 = -1
	for i, machine := range machines {
		got := machine.run(tb, metered, arg)
		if got.text != want.text {
			tb.Errorf("metered on engine %d: %s\nplain: %s", i, got.text, want.text)
		}
		if gas < 0 {
			gas = got.gas
		}
		if got.gas != gas {
			tb.Errorf("gas %d on engine %d, %d on the first", got.gas, i, gas)
		}
	}
}

// TestRandomModules compares metered with plain execution of random modules.
func TestRandomModules(t *testing.T) {
	machines := []*machine{newMachine(t, false), newMachine(t, true)}
	n := 300
	if testing.Short() {
		n = 30
	}
	traps := 0
	for seed := range n {
		rng := rand.New(rand.NewPCG(uint64(seed), 7))
		m := asm.Random(rng)
		check(t, machines, m, uint64(rng.IntN(1000)))
		if t.Failed() {
			for i, f := range m.Funcs {
				t.Logf("function %d %s: %s", i, f.Type, f.Body)
			}
			t.Fatalf("seed %d", seed)
		}
		if strings.Contains(machines[0].run(t, m.Bytes(), 1).text, "wasm error") {
			traps++
		}
	}
	t.Logf("%d modules, %d of them trap", n, traps)
	if traps == n {
		t.Error("every module traps: the test tests nothing")
	}
}

func FuzzInstrument(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint32(seed))
	}
	machines := []*machine{newMachine(f, false), newMachine(f, true)}
	f.Fuzz(func(t *testing.T, seed uint64, arg uint32) {
		check(t, machines, asm.Random(rand.New(rand.NewPCG(seed, 11))), uint64(arg))
	})
}

// FuzzDecode feeds bytes. What Decode accepts must be a module that wazero takes,
// in its original and its metered form.
func FuzzDecode(f *testing.F) {
	for _, k := range kernels {
		f.Add(k.Bytes())
	}
	for seed := range uint64(10) {
		f.Add(asm.Random(rand.New(rand.NewPCG(seed, 3))).Bytes())
	}
	ctx := context.Background()
	plain := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	f.Cleanup(func() { plain.Close(ctx) })
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := meter.Decode(b, meter.Limits{})
		if err != nil {
			var e *meter.Error
			if !errors.As(err, &e) {
				t.Fatalf("error of type %T", err)
			}
			return
		}
		if c, err := plain.CompileModule(ctx, b); err != nil {
			t.Fatalf("Decode accepts what wazero refuses: %v", err)
		} else {
			c.Close(ctx)
		}
		out, err := m.Instrument(meter.Options{})
		if err != nil {
			t.Fatalf("Instrument: %v", err)
		}
		c, err := plain.CompileModule(ctx, out)
		if err != nil {
			t.Fatalf("wazero refuses the metered form: %v", err)
		}
		c.Close(ctx)
	})
}
