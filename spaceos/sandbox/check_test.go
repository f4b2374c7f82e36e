package sandbox

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"spacechain/spaceos/meter"
	"spacechain/spaceos/meter/asm"
)

// TestCheck refuses what may not be installed, with the kind and the names that the
// gate shows.
func TestCheck(t *testing.T) {
	page := []uint32{1}
	ok := asm.Func{Type: ">", Export: "_start"}
	imports := func(pairs ...string) asm.Module {
		m := asm.Module{Memory: page, Funcs: []asm.Func{ok}}
		for i := 0; i < len(pairs); i += 3 {
			m.Imports = append(m.Imports, asm.Import{Module: pairs[i], Name: pairs[i+1], Type: pairs[i+2]})
		}
		return m
	}
	raw := func(body ...byte) asm.Module {
		return asm.Module{Memory: page, Funcs: []asm.Func{{Type: ">", Export: "_start", Raw: body}}}
	}
	for _, c := range []struct {
		name   string
		module asm.Module
		kind   CheckKind
		reason meter.Reason
		text   string
	}{
		{"good", start("nop"), "", "", ""},
		{"actuator", imports("spc", "actuator_thruster", "i32 > i32", "spc", "log", "i32 i32 i32 > i32", "spc", "actuator_wheel", ">"),
			KindImport, "", "spc.actuator_thruster, spc.actuator_wheel"},
		{"unknown module", imports("env", "host_call", "i32 i32 i32 i32 i32 > i32"), KindImport, "", "env.host_call"},
		{"wrong type", imports("spc", "log", "i32 > i32"), KindImport, "", "has type (i32) -> i32, the guest ABI has (i32 i32 i32) -> i32"},
		{"socket", imports(wasiModule, "sock_open", "i32 > i32"), KindImport, "", "sock_open"},
		{"the meter's refill", imports(meter.RefillModule, meter.RefillName, "i32 i32 > i32"), KindModule, meter.Forbidden, "meter's own"},
		{"the meter's global", asm.Module{Memory: page, Funcs: []asm.Func{ok, {Type: ">", Export: meter.GasExport}}}, KindModule, meter.Forbidden, "meter's own"},
		{"global beyond the module's", asm.Module{Memory: page, Globals: []string{"mut i32 1"}, Funcs: []asm.Func{{Type: ">", Export: "_start",
			Body: "i32.const 1000000 global.set 1"}}}, KindModule, meter.Invalid, "global 1 of 1"},
		{"function beyond the module's", asm.Module{Memory: page, Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "call 1"}}}, KindModule, meter.Invalid, "function 1 of 1"},
		{"type of the refill", asm.Module{Memory: page, Table: page, Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "i32.const 0 call_indirect 5 0"}}}, KindModule, meter.Invalid, "type 5"},
		{"no _start", asm.Module{Memory: page, Funcs: []asm.Func{{Type: ">", Export: "main"}}}, KindExport, "", "_start"},
		{"_start with parameters", asm.Module{Memory: page, Funcs: []asm.Func{{Type: "i32 >", Export: "_start", Body: ""}}}, KindExport, "", "_start"},
		{"no memory", asm.Module{Funcs: []asm.Func{ok}}, KindExport, "", "memory"},
		{"too much memory", asm.Module{Memory: []uint32{1025}, Funcs: []asm.Func{ok}}, KindModule, "", "1025 pages"},
		{"start section", asm.Module{Memory: page, Funcs: []asm.Func{ok}, Sections: []asm.Section{{ID: 8, Payload: []byte{0}}}}, KindModule, meter.Forbidden, "start section"},
		{"SIMD", raw(0xfd, 0x0c), KindModule, meter.Feature, "SIMD"},
		{"SIMD local", asm.Module{Memory: page, Funcs: []asm.Func{{Type: ">", Export: "_start", Locals: "v128"}}}, KindModule, meter.Feature, "SIMD"},
		{"atomics", raw(0xfe, 0x03, 0x00), KindModule, meter.Feature, "threads"},
		{"tail call", raw(0x12, 0x00), KindModule, meter.Feature, "tail call"},
		{"exceptions", raw(0x08, 0x00), KindModule, meter.Feature, "exceptions"},
		{"garbage collection", raw(0xfb, 0x00, 0x00), KindModule, meter.Feature, "garbage"},
		{"unknown opcode", raw(0xff), KindModule, meter.Malformed, "opcode 0xff"},
		{"shared memory", asm.Module{Funcs: []asm.Func{ok}, Sections: []asm.Section{{ID: 5, Payload: []byte{1, 3, 1, 2}}}}, KindModule, meter.Feature, "threads"},
		{"64-bit memory", asm.Module{Funcs: []asm.Func{ok}, Sections: []asm.Section{{ID: 5, Payload: []byte{1, 4, 1}}}}, KindModule, meter.Feature, "64-bit"},
		{"two memories", asm.Module{Funcs: []asm.Func{ok}, Sections: []asm.Section{{ID: 5, Payload: []byte{2, 0, 1, 0, 1}}}}, KindModule, meter.Limit, "2 memories"},
		{"imported memory", asm.Module{Funcs: []asm.Func{ok}, Sections: []asm.Section{{ID: 2, Payload: []byte("\x01\x03env\x06memory\x02\x00\x01")}}}, KindModule, meter.Forbidden, "only functions"},
		{"50,000 locals", asm.Module{Memory: page, Funcs: []asm.Func{{Type: ">", Export: "_start", Locals: "50000*i32"}}}, KindModule, meter.Limit, "50000 locals"},
		{"4 Gi locals", asm.Module{Memory: page, Funcs: []asm.Func{{Type: ">", Export: "_start", Locals: "4294967295*i64"}}}, KindModule, meter.Limit, "locals"},
		{"huge br_table", start("block i32.const 0 br_table [" + strings.Repeat("0 ", 20000) + "] end"), KindModule, meter.Limit, "br_table"},
		{"huge table", asm.Module{Memory: page, Table: []uint32{1 << 30}, Funcs: []asm.Func{ok}}, KindModule, meter.Limit, "elements"},
		{"deep nesting", start(strings.Repeat("block ", 3000) + strings.Repeat("end ", 3000)), KindModule, meter.Limit, "nested"},
		{"too large a function", start(strings.Repeat("i32.const 1 drop ", 100000)), KindModule, meter.Limit, "the limit is 262144"},
		{"too many instructions", start(strings.Repeat("nop ", 100000)), KindModule, meter.Limit, "instructions"},
		{"giant data", asm.Module{Memory: page, Funcs: []asm.Func{ok}, Data: []string{strings.Repeat("x", 17<<20)}}, KindModule, meter.Limit, "bytes"},
		{"type error", start("i64.const 1 i32.eqz drop"), KindModule, meter.Invalid, "operand is i64, i32 is wanted"},
		{"stack underflow", start("i32.add drop"), KindModule, meter.Invalid, "stack is empty"},
		{"bad branch", start("br 7"), KindModule, meter.Invalid, "depth 7"},
		{"constant global", asm.Module{Memory: page, Globals: []string{"i32 1"}, Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "i32.const 1 global.set 0"}}}, KindModule, meter.Invalid, "constant global"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := engine(t, true).Check(wasmModule(c.module.Bytes()))
			if c.kind == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *CheckError
			if !errors.As(err, &e) || e.Kind != c.kind || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("%v, want %s with %q", err, c.kind, c.text)
			}
			var cause *meter.Error
			if c.reason != "" && (!errors.As(err, &cause) || cause.Reason != c.reason) {
				t.Errorf("%v: reason is not %s", err, c.reason)
			}
			// Run refuses the same, with the same words.
			o := engine(t, true).Run(context.Background(), activation(wasmModule(c.module.Bytes()), newHost()))
			if o.End != Refused || o.Detail != err.Error() {
				t.Errorf("Run: %+v", o)
			}
		})
	}
}

// TestCheckImportsList holds that the error names every import that does not exist.
func TestCheckImportsList(t *testing.T) {
	m := asm.Module{Memory: []uint32{1}, Funcs: []asm.Func{{Type: ">", Export: "_start"}},
		Imports: []asm.Import{{Module: "spc", Name: "actuator_fire", Type: ">"}, {Module: "spc", Name: "now", Type: "> i64"}, {Module: "x", Name: "y", Type: ">"}}}
	_, err := engine(t, true).Check(wasmModule(m.Bytes()))
	var e *CheckError
	if !errors.As(err, &e) || !slices.Equal(e.Imports, []string{"spc.actuator_fire", "x.y"}) {
		t.Fatalf("%v", err)
	}
}

// TestTruncatedAndAltered holds that no cut of a module is accepted and none panics.
func TestTruncatedAndAltered(t *testing.T) {
	b := callProgram([]string{"data"}, []hostCall{{"spc.log", words(1, 0, 4), 0}, {"wasi.sched_yield", "", 0}}).Bytes()
	e := engine(t, true)
	for n := range b {
		if _, err := e.Check(wasmModule(b[:n])); err == nil {
			t.Errorf("the first %d of %d bytes are accepted", n, len(b))
		}
	}
	if _, err := e.Check(wasmModule(append(slices.Clone(b), 0))); err == nil {
		t.Error("a byte behind the module is accepted")
	}
}

// TestEviction holds that the engine keeps no more compiled code than it may, and
// compiles again what it dropped.
func TestEviction(t *testing.T) {
	e, err := NewEngine(Options{Interpreter: true, CodeBytes: 50_000})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for round := range 2 {
		for i := range 100 {
			m := start("i32.const " + string(rune('0'+i%10)) + " drop" + strings.Repeat(" nop", i)).Bytes()
			if o, _ := runModule(e, wasmModule(m)); o.End != Returned {
				t.Fatalf("round %d, module %d: %+v", round, i, o)
			}
		}
		if e.programs.bytes > 50_000 || len(e.programs.byDigest) == 0 || len(e.programs.byDigest) == 100 {
			t.Errorf("%d modules in %d bytes", len(e.programs.byDigest), e.programs.bytes)
		}
	}
	e.Forget(sha256.Sum256(start("i32.const 9 drop" + strings.Repeat(" nop", 99)).Bytes()))
}

// TestLargeModulesDisplaceEachOther holds that a small module stays ready while large
// ones come and go, which would have it compiled again each time.
func TestLargeModulesDisplaceEachOther(t *testing.T) {
	ps := newPrograms(100)
	add := func(n byte, bytes int) *program {
		p := &program{digest: [32]byte{n}, bytes: bytes}
		ps.add(p)
		return p
	}
	add(1, 5)
	for i := range byte(20) {
		add(10+i, 60)
	}
	if ps.byDigest[[32]byte{1}] == nil || ps.bytes != 65 {
		t.Fatalf("%d bytes: the small one had to go", ps.bytes)
	}
	busy := add(2, 30)
	busy.refs = 1
	add(3, 80)
	left := ""
	for n := range byte(40) {
		if ps.byDigest[[32]byte{n}] != nil {
			left += fmt.Sprint(n, " ")
		}
	}
	if left != "2 3 " || ps.bytes != 110 {
		t.Errorf("left are %s of %d bytes", left, ps.bytes)
	}
	busy.refs = 0
	add(4, 5)
	add(5, 5)
	if ps.byDigest[[32]byte{3}] != nil || ps.byDigest[[32]byte{2}] == nil || ps.bytes != 40 {
		t.Errorf("%d bytes: the small went before the large", ps.bytes)
	}
}

// TestClosedEngine holds what a closed engine answers.
func TestClosedEngine(t *testing.T) {
	e, err := NewEngine(Options{Interpreter: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if o, _ := runModule(e, wasmModule(start("nop").Bytes())); o.End != Refused || o.Detail != ErrClosed.Error() {
		t.Errorf("%+v", o)
	}
	if err := e.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

// TestCacheDir holds that compiled code is found again by the next engine.
func TestCacheDir(t *testing.T) {
	dir := t.TempDir()
	m := wasmModule(start("i32.const 5 local.set 0").Bytes())
	var want Outcome
	for i := range 2 {
		e, err := NewEngine(Options{CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		o, _ := runModule(e, m)
		if i == 0 {
			want = o
		}
		if o != want || o.End != Returned {
			t.Errorf("%+v, want %+v", o, want)
		}
		e.Close()
	}
	if _, err := NewEngine(Options{CacheDir: "/dev/null/x"}); err == nil {
		t.Error("a cache in a place that cannot be is accepted")
	}
}
