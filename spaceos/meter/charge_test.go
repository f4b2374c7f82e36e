package meter

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// naive writes a module that calls the refill with each instruction's gas before
// the instruction: what metering means, without any of its cleverness.
func naive(t *testing.T, m *Module) []byte {
	t.Helper()
	w := &writer{m: m, opt: Options{Limits: Limits{}.EnsureDefaults()}, shift: uint32(len(m.Imports))}
	w.types = append(w.types, m.Types...)
	w.leaf = make([]bool, len(m.Funcs))
	count := w.typeFor(FuncType{[]ValType{I32, I32}, []ValType{I32}})
	b := &w.body
	b.w = w
	b.tableAt = map[int][2]int{}
	codes := appendU32(nil, uint32(len(m.codes)))
	for i, c := range m.codes {
		b.read(i)
		b.out = b.out[:0]
		b.localRuns(c.locals)
		for _, in := range b.ins {
			if cost := in.op.info().cost; cost > 0 {
				b.i32(int(cost))
				b.i32(0)
				b.idx(OpCall, w.shift)
				b.op(OpDrop)
			}
			raw := b.scan.b[in.start:in.end]
			if in.op == OpCall || in.op == OpRefFunc {
				b.idx(in.op, w.funcIndex(in.a))
			} else {
				b.out = append(b.out, raw...)
			}
		}
		codes = appendU32(codes, uint32(len(b.out)))
		codes = append(codes, b.out...)
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = section(out, secType, w.typeSection())
	out = section(out, secImport, w.importSection(count))
	out = section(out, secFunction, w.functionSection(nil))
	out = section(out, secTable, w.tableSection())
	out = section(out, secMemory, appendRange([]byte{1}, *m.Memory))
	out = section(out, secGlobal, func() []byte {
		w.gasGlobal, w.stackGlobal = uint32(len(m.Globals)), uint32(len(m.Globals))+1
		return w.globalSection()
	}())
	out = section(out, secExport, w.exportSection())
	out = section(out, secElement, w.elementSection())
	out = section(out, secDataCount, appendU32(nil, *m.dataCount))
	out = section(out, secCode, codes)
	return section(out, secData, w.dataSection())
}

// gasOf runs a module's _start and gives the gas that count gathers.
func gasOf(t *testing.T, bin []byte, refill func(gas *int64, counter int32) int32) (gas int64, trapped bool) {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	_, err := r.NewHostModuleBuilder(RefillModule).NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, s []uint64) {
		s[0] = uint64(uint32(refill(&gas, int32(uint32(s[0])))))
	}), []api.ValueType{api.ValueTypeI32, api.ValueTypeI32}, []api.ValueType{api.ValueTypeI32}).Export(RefillName).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := r.InstantiateWithConfig(ctx, bin, wazero.NewModuleConfig().WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	_, err = mod.ExportedFunction("_start").Call(ctx)
	return gas - int64(int32(mod.ExportedGlobal(GasExport).Get())), err != nil
}

// TestChargeIsEnough holds, on random modules that return, that the metered form
// counts at least the gas of every instruction executed, and not much more.
func TestChargeIsEnough(t *testing.T) {
	var sum, exact int64
	n := 0
	for seed := range uint64(150) {
		bin := randomForTest(rand.New(rand.NewPCG(seed, 5)))
		m, err := Decode(bin, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		metered, err := m.Instrument(Options{})
		if err != nil {
			t.Fatal(err)
		}
		want, trapped := gasOf(t, naive(t, m), func(gas *int64, cost int32) int32 { *gas += int64(cost); return 0 })
		if trapped {
			continue
		}
		got, _ := gasOf(t, metered, func(gas *int64, counter int32) int32 { *gas += 1000 - int64(counter); return 1000 })
		if got < want {
			t.Errorf("seed %d: %d gas charged, the instructions cost %d", seed, got, want)
		}
		sum, exact, n = sum+got, exact+want, n+1
	}
	over := 100 * (float64(sum)/float64(exact) - 1)
	t.Logf("%d modules: %.1f %% more gas than the instructions cost", n, over)
	if n < 50 || over > 60 {
		t.Errorf("%d modules, %.1f %% over", n, over)
	}
}

// TestGasOfSmallFunctions holds counts that one can check by hand.
func TestGasOfSmallFunctions(t *testing.T) {
	points := func(body string) []point {
		t.Helper()
		m, err := Decode(codeForTest(body), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		w := &writer{m: m, opt: Options{Limits: Limits{}.EnsureDefaults()}}
		w.findLeaves()
		w.body.w, w.body.tableAt = w, map[int][2]int{}
		w.body.read(0)
		var out []point
		for _, p := range w.body.an.run(w.body.ins, w.body.cost, w.body.targets) {
			if p.amount > 0 {
				out = append(out, p)
			}
		}
		return out
	}
	for _, c := range []struct {
		body string
		want []int // amounts of the points in order
	}{
		{"i32.const 1 drop", []int{2}},
		{"i32.const 8 i32.load drop", []int{4}},
		{"i32.const 7 i32.const 3 i32.div_u drop", []int{15}},
		{"loop i32.const 1 drop i32.const 0 br_if 0 end i32.const 5 drop", []int{2, 4}}, // behind the loop is charged before it
		{"i32.const 1 if i32.const 2 drop else i32.const 3 drop end", []int{6}},         // small arms are charged before
		{"block i32.const 1 br_if 0 " + strings.Repeat("i32.const 1 drop ", 20) + "end i32.const 2 drop", []int{4, 40}},
		{"block block block i32.const 0 br_table [0 1 2] end i32.const 1 drop br 1 end i32.const 2 drop end", []int{5, 3, 2}},
	} {
		got := points(c.body)
		amounts := make([]int, len(got))
		for i, p := range got {
			amounts[i] = p.amount
		}
		if len(amounts) != len(c.want) {
			t.Errorf("%s: %v, want %v", c.body, amounts, c.want)
			continue
		}
		for i := range amounts {
			if amounts[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.body, amounts, c.want)
				break
			}
		}
	}
}
