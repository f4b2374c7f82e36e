package world

import (
	"fmt"
	"strings"
	"time"

	"spacechain/spaceos/manifest"
	"spacechain/spaceos/meter/asm"
)

const wasi = "wasi_snapshot_preview1"

// module gives a hostile app of one function over two pages of memory.
func module(name, body string, ends, say string, imports ...asm.Import) misdeed {
	return assembled(name, asm.Module{Memory: []uint32{2}, Imports: imports,
		Funcs: []asm.Func{{Type: ">", Locals: "i32 i32", Export: "_start", Body: body}}}, ends, say)
}

func assembled(name string, m asm.Module, ends, say string) misdeed {
	app := "wasm." + strings.ReplaceAll(strings.ToLower(name), " ", "-")
	return misdeed{name: "wasm " + name, module: m.Bytes(), ends: strings.Split(ends, "|"), say: say,
		manifest: manifestOf(app, manifest.RuntimeWasm)}
}

// exits calls one host function, again and again until it fails, and ends with the
// errno as its exit code.
func exits(name, function, params, args string, errno int, data ...string) misdeed {
	from := "spc"
	if f, ok := strings.CutPrefix(function, "wasi "); ok {
		from, function = wasi, f
	}
	m := asm.Module{Memory: []uint32{2}, Data: data,
		Imports: []asm.Import{{Module: from, Name: function, Type: params + " > i32"}, {Module: wasi, Name: "proc_exit", Type: "i32 >"}},
		Funcs: []asm.Func{{Type: ">", Locals: "i32 i32", Export: "_start",
			Body: "loop " + args + " call 0 local.tee 0 i32.eqz br_if 0 end local.get 0 call 1"}}}
	return assembled(name, m, "failed", fmt.Sprintf("exit code %d", errno))
}

// modules are hostile apps that no compiler writes.
func modules() []misdeed {
	page := []uint32{1}
	path := func(name, at string) misdeed {
		return exits(name, "wasi path_open", "i32 i32 i32 i32 i32 i64 i64 i32 i32",
			fmt.Sprintf("i32.const 3 i32.const 0 i32.const 0 i32.const %d i32.const 1 i64.const -1 i64.const -1 i32.const 0 i32.const 4096", len(at)), 76, at)
	}
	table := func(name, body, say string) misdeed {
		return assembled(name, asm.Module{Memory: page, Types: []string{">", "i32 >"}, Table: []uint32{4}, Elems: []uint32{0},
			Funcs: []asm.Func{{Type: ">", Export: "_start", Body: body}}}, "trapped", say)
	}
	big := asm.Module{Memory: []uint32{200}, Funcs: []asm.Func{{Type: ">", Export: "_start"}}}
	deep := asm.Module{Memory: page, Funcs: []asm.Func{{Type: ">", Export: "_start", Body: "call 1"}, {Type: ">", Body: "call 0"}}}
	last := asm.Module{Memory: page, Data: []string{"last words\n", "\x00\x00\x00\x00\x0b\x00\x00\x00"},
		Imports: []asm.Import{{Module: wasi, Name: "fd_write", Type: "i32 i32 i32 i32 > i32"}, {Module: wasi, Name: "proc_exit", Type: "i32 >"}},
		Funcs:   []asm.Func{{Type: ">", Export: "_start", Body: "i32.const 2 i32.const 11 i32.const 1 i32.const 64 call 0 drop i32.const 3 call 1"}}}
	return []misdeed{
		module("loop", "loop br 0 end", "out-of-gas", "used up"),
		module("loop of blocks", "loop block block br 2 end end end", "out-of-gas", ""),
		module("fill", "loop i32.const 0 i32.const 1 i32.const 65536 memory.fill br 0 end", "out-of-gas", ""),
		assembled("recursion", deep, "stack-limit", "nested deeper"),
		module("allocate", `loop i32.const 8 memory.grow local.tee 0 i32.const -1 i32.eq if unreachable end
			local.get 0 i32.const 65536 i32.mul i32.const 7 i32.store br 0 end`, "out-of-memory", "limit of 4096 KiB"),
		module("allocate 4 GiB", "i32.const 60000 memory.grow i32.const -1 i32.eq if unreachable end", "out-of-memory", ""),
		assembled("memory beyond its quota", big, "refused", "memory starts at"),
		module("read out of bounds", "i32.const 131070 i32.load drop", "trapped", "out of bounds"),
		module("read at the end of all", "i32.const -1 i64.load offset=4294967295 drop", "trapped", "out of bounds"),
		module("write out of bounds", "i32.const -4 i32.const 1 i32.store", "trapped", "out of bounds"),
		module("copy out of bounds", "i32.const 0 i32.const 0 i32.const -1 memory.copy", "trapped", "out of bounds"),
		module("divide by zero", "i32.const 1 local.get 0 i32.div_u drop", "trapped", "divide by zero"),
		module("divide the least by minus 1", "i32.const -2147483648 i32.const -1 i32.div_s drop", "trapped", "overflow"),
		module("convert NaN", "f64.const nan i32.trunc_f64_s drop", "trapped", "conversion"),
		module("unreachable", "unreachable", "trapped", "unreachable"),
		table("call nothing", "i32.const 2 call_indirect 0 0", "table"),
		table("call beyond the table", "i32.const 99 call_indirect 0 0", "table"),
		table("call with the wrong type", "i32.const 7 i32.const 0 call_indirect 1 0", "type mismatch"),
		assembled("exit code", last, "failed", "exit code 3: last words"),
		module("signal", "i32.const 9 call 0 drop", "failed", "signal 9", asm.Import{Module: wasi, Name: "proc_raise", Type: "i32 > i32"}),
		path("dot-dot", "../secret"),
		path("absolute", "/etc/passwd"),
		path("dots inside", "a/../../../../etc/shadow"),
		exits("socket", "wasi sock_send", "i32 i32 i32 i32 i32", strings.Repeat("i32.const 4 ", 5), 58),
		exits("symlink", "wasi path_symlink", "i32 i32 i32 i32 i32", "i32.const 0 i32.const 4 i32.const 3 i32.const 0 i32.const 4", 58, "/etc"),
		exits("host pointer out of bounds", "kv_get", "i32 i32 i32 i32 i32", "i32.const -8 i32.const 8 i32.const 0 i32.const 8 i32.const 16", 3),
		exits("host write out of bounds", "seal", "i32 i32 i32 i32 i32", "i32.const 0 i32.const 8 i32.const 131000 i32.const 4096 i32.const 16", 3),
		exits("unknown sensor", "sensor_read", "i32 i32 i32 i32 i32 i32 i32",
			"i32.const 0 i32.const 8 i32.const 64 i32.const 128 i32.const 8 i32.const 72 i32.const 76", 1, "keyboard"),
		exits("stranger", "send", "i32 i32 i32 i32", "i32.const 0 i32.const 12 i32.const 0 i32.const 12", 1, "ipn:90031.65"),
		exits("flood of messages", "send", "i32 i32 i32 i32", "i32.const 0 i32.const 5 i32.const 0 i32.const 1000", 4, "owner"),
		exits("flood of keys", "kv_put", "i32 i32 i32 i32", "i32.const 0 i32.const 0 i32.load i32.const 1 i32.add i32.store i32.const 0 i32.const 4 i32.const 64 i32.const 900", 4, "Aaaa"),
		exits("flood of wakes", "wake_at", "i64 i32 i32", "i64.const 1798000000000000000 i32.const 0 i32.const 0", 4),
		exits("result too big", "result_set", "i32 i32", "i32.const 0 i32.const 131072", 7),
		exits("forged seal", "open", "i32 i32 i32 i32 i32", "i32.const 0 i32.const 64 i32.const 1024 i32.const 1024 i32.const 4", 8, strings.Repeat("x", 64)),
		module("flood of logs", "loop i32.const 1 i32.const 0 i32.const 4096 call 0 drop br 0 end", "out-of-gas", "",
			asm.Import{Module: "spc", Name: "log", Type: "i32 i32 i32 > i32"}),
		module("flood of random", "loop i32.const 0 i32.const 65536 call 0 drop br 0 end", "out-of-gas", "",
			asm.Import{Module: wasi, Name: "random_get", Type: "i32 i32 > i32"}),
	}
}

// spammer reads a sensor that it may read once an hour, every second.
func spammer() misdeed {
	m := exits("sensor spam", "sensor_read", "i32 i32 i32 i32 i32 i32 i32",
		"i32.const 0 i32.const 4 i32.const 64 i32.const 128 i32.const 8 i32.const 72 i32.const 76", 5, "gyro")
	m.ends = []string{"out-of-gas"} // the first time: one reading, asked for again and again
	m.say = "used up"
	sensors(time.Hour, "gyro")(&m.manifest)
	every(time.Second, 0)(&m.manifest)
	return m
}
