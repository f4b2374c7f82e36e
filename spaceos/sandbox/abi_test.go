package sandbox

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"spacechain/spaceos/meter/asm"
)

// hostCall is one host call of a test program.
type hostCall struct {
	fn   string // "spc.kv_get", "wasi.fd_read"
	args string // instructions that put the arguments
	want uint32 // errno
}

const resultsAt = 60000 // errnos of the calls, 4 bytes each

// callProgram makes a module that makes the calls one after the other, keeps their
// errnos from resultsAt on, and sets its whole memory as the result.
func callProgram(data []string, calls []hostCall) asm.Module {
	m := asm.Module{Memory: []uint32{1}, Data: data}
	index := map[string]int{}
	use := func(fn string) int {
		if i, ok := index[fn]; ok {
			return i
		}
		module, name, _ := strings.Cut(fn, ".")
		if module == "wasi" {
			module = wasiModule
		}
		index[fn] = len(m.Imports)
		m.Imports = append(m.Imports, asm.Import{Module: module, Name: name, Type: guestImports[module][name].typ})
		return index[fn]
	}
	var body strings.Builder
	for i, c := range calls {
		fmt.Fprintf(&body, "i32.const %d %s call %d i32.store ", resultsAt+4*i, c.args, use(c.fn))
	}
	fmt.Fprintf(&body, "i32.const 0 i32.const 65536 call %d drop", use("spc.result_set"))
	m.Funcs = []asm.Func{{Type: ">", Export: "_start", Body: body.String()}}
	return m
}

// runCalls runs the calls on both engines and gives the memory that they left.
func runCalls(t *testing.T, h func(*memHost), data []string, calls []hostCall) ([]byte, *memHost) {
	t.Helper()
	o, host := onBoth(t, wasmModule(callProgram(data, calls).Bytes()), func(a *Activation) {
		if h != nil {
			h(a.Host.(*memHost))
		}
	})
	if o.End != Returned {
		t.Fatalf("%+v", o)
	}
	for i, c := range calls {
		if got := binary.LittleEndian.Uint32(host.result[resultsAt+4*i:]); got != c.want {
			t.Errorf("call %d, %s %s: errno %d, want %d", i, c.fn, c.args, got, c.want)
		}
	}
	return host.result, host
}

// words writes constants.
func words(v ...int) string {
	s := ""
	for _, x := range v {
		s += fmt.Sprintf("i32.const %d ", x)
	}
	return s
}

func u32at(b []byte, at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }

// TestSpcCalls goes through every function of the import module.
func TestSpcCalls(t *testing.T) {
	data := []string{"magnetometercameraslowthrusterkeyvalueowneripn:9.1sealed:x"}
	const mag, cam, slow, thr, key, val, owner, other, sealed = 0, 12, 18, 22, 30, 33, 38, 43, 50
	mem, h := runCalls(t, func(h *memHost) {
		h.inbox = []Message{{"ipn:1.1", []byte("first")}, {"ipn:2.2", []byte("second message")}}
	}, data, []hostCall{
		{"spc.sensor_read", words(mag, 12, 1000, 1008, 2, 1100, 1104), uint32(ETooBig)},
		{"spc.sensor_read", words(mag, 12, 1000, 1008, 8, 1100, 1104), 0},
		{"spc.sensor_data", words(1200, 10, 1210), uint32(ENoEnt)},
		{"spc.sensor_read", words(cam, 6, 0, 1300, 8, 1400, 1404), 0},
		{"spc.sensor_data", words(1500, 4, 1600), uint32(ETooBig)},
		{"spc.sensor_data", words(1500, 8, 1600), 0},
		{"spc.sensor_read", words(slow, 4, 0, 1300, 8, 1400, 1404), uint32(ERate)},
		{"spc.sensor_read", words(thr, 8, 0, 1300, 8, 1400, 1404), uint32(EPerm)},
		{"spc.sensor_read", words(mag, 12, 0, 65530, 8, 1400, 1404), uint32(EInval)},
		{"spc.kv_get", words(key, 3, 2000, 100, 2100), uint32(ENoEnt)},
		{"spc.kv_put", words(key, 3, val, 5), 0},
		{"spc.kv_get", words(key, 3, 2000, 4, 2100), uint32(ETooBig)},
		{"spc.kv_get", words(key, 3, 2000, 100, 2100), 0},
		{"spc.kv_put", words(mag, 3, 5000, 5000), uint32(EQuota)},
		{"spc.kv_put", words(mag, 0, val, 5), uint32(EInval)},
		{"spc.kv_put", words(mag, 300, val, 5), uint32(EInval)},
		{"spc.kv_put", words(-1, 3, val, 5), uint32(EInval)},
		{"spc.kv_get", words(key, 3, 2000, -1, 2100), uint32(EInval)},
		{"spc.kv_get", words(key, 3, 2000, 10, 0), uint32(EInval)},
		{"spc.kv_put", words(mag, 3, val, 5), 0},
		{"spc.kv_keys", words(0, 0, 2200, 100, 2300), 0},
		{"spc.kv_keys", words(mag, 1, 2400, 100, 2500), 0},
		{"spc.kv_delete", words(key, 3), 0},
		{"spc.kv_delete", words(key, 3), uint32(ENoEnt)},
		{"spc.send", words(owner, 5, val, 5), 0},
		{"spc.send", words(other, 7, val, 5), uint32(EPerm)},
		{"spc.receive", words(2600, 20, 2700, 2800, 3, 2900), uint32(ETooBig)},
		{"spc.receive", words(2600, 20, 2700, 2800, 30, 2900), 0},
		{"spc.receive", words(3000, 20, 3100, 3200, 30, 3300), 0},
		{"spc.receive", words(3000, 20, 3100, 3200, 30, 3300), uint32(ENoEnt)},
		{"spc.log", words(2, val, 5), 0},
		{"spc.log", words(7, val, 5), uint32(EInval)},
		{"spc.seal", words(val, 5, 3400, 100, 3500), 0},
		{"spc.open", words(sealed, 8, 3600, 100, 3700), 0},
		{"spc.open", words(val, 5, 3600, 100, 3700), uint32(EBadAuth)},
		{"spc.wake_at", "i64.const 1800000000000000000 " + words(key, 3), 0},
		{"spc.wake_in_region", "f64.const 48.5 f64.const 11.25 f64.const 300 " + words(key, 3), 0},
		{"spc.wake_in_region", "f64.const 91 f64.const 0 f64.const 300 " + words(key, 3), uint32(EInval)},
		{"spc.wake_in_region", "f64.const nan f64.const 0 f64.const 300 " + words(key, 3), uint32(EInval)},
		{"spc.subscribe", words(key, 3), 0},
		{"spc.event_kind", words(3800, 20, 3820), 0},
		{"spc.event_name", words(3830, 20, 3850), 0},
		{"spc.event_from", words(3860, 20, 3880), 0},
		{"spc.event_data", words(3890, 20, 3910), 0},
		{"spc.event_data", words(3890, 2, 3910), uint32(ETooBig)},
		{"spc.result_set", words(-5, 100), uint32(EInval)},
	})
	text := func(at, length int) string { return string(mem[at : at+int(u32at(mem, length))]) }
	for _, c := range []struct{ what, got, want string }{
		{"sensor time", fmt.Sprint(int64(binary.LittleEndian.Uint64(mem[1000:]))), fmt.Sprint(testTime.UnixNano())},
		{"sensor value", fmt.Sprint(math.Float64frombits(binary.LittleEndian.Uint64(mem[1008+8:]))), "-2.5"},
		{"sensor count", fmt.Sprint(u32at(mem, 1100), u32at(mem, 1104)), "3 0"},
		{"camera length", fmt.Sprint(u32at(mem, 1404), u32at(mem, 1600)), "8 8"},
		{"camera data", fmt.Sprint(mem[1500:1508]), "[1 2 3 4 5 6 7 8]"},
		{"value", text(2000, 2100), "value"},
		{"keys", text(2200, 2300), "key\x00mag\x00"},
		{"keys of a prefix", text(2400, 2500), "mag\x00"},
		{"first message", text(2600, 2700) + " " + text(2800, 2900), "ipn:1.1 first"},
		{"second message", text(3000, 3100) + " " + text(3200, 3300), "ipn:2.2 second message"},
		{"sealed", text(3400, 3500), "sealed:value"},
		{"opened", text(3600, 3700), "x"},
		{"event kind", text(3800, 3820), "message"},
		{"event name", text(3830, 3850), "call"},
		{"event from", text(3860, 3880), "ipn:3000001.2"},
		{"event data", text(3890, 3910), "hello"},
		{"sent", fmt.Sprint(h.sent), fmt.Sprint([]Message{{"owner", []byte("value")}})},
		{"log", fmt.Sprint(h.lines), "[2 value]"},
		{"wakes", fmt.Sprint(h.wakes), "[2027-01-15T08:00:00Z key 48.5 11.25 300key]"},
		{"subscriptions", fmt.Sprint(h.subs), "[key]"},
		{"samples", fmt.Sprint(h.samples), "4"}, // the reading that did not fit was kept
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
}

// TestWasiFiles goes through the file functions, and the ways out that do not exist.
func TestWasiFiles(t *testing.T) {
	data := []string{"a.txt../etc/passwdsub/x/b.txt..contents", "\x08\x00\x00\x00\x00\x00\x00\x00"}
	const a, up, sub, b, dots, contents = 0, 5, 18, 23, 29, 31
	const rw = "i64.const 66 i64.const 66 " // rights to read and to write
	open := func(path, n, oflags int, rights string, out int) string {
		return words(3, 0, path, n, oflags) + rights + words(0, out)
	}
	// iovec at 100: contents; iovec at 108: buffer at 2000 of 20 bytes
	setup := hostCall{"wasi.args_get", fmt.Sprintf("i32.const 100 i32.const %d i32.store i32.const 104 i32.const 8 i32.store "+
		"i32.const 108 i32.const 2000 i32.store i32.const 112 i32.const 20 i32.store %s", contents, words(300, 304)), 0}
	mem, h := runCalls(t, func(h *memHost) { h.files["old"] = []byte("old data") }, data, []hostCall{
		setup,
		{"wasi.path_open", open(a, 5, 0, rw, 400), uint32(wasiNoent)},
		{"wasi.path_open", open(a, 5, oflagCreate, rw, 400), 0},
		{"wasi.fd_write", words(4, 100, 1, 404), 0},
		{"wasi.fd_seek", "i32.const 4 i64.const 0 " + words(0, 408), 0},
		{"wasi.fd_read", words(4, 108, 1, 416), 0},
		{"wasi.fd_pwrite", words(4, 100, 1) + "i64.const 4 i32.const 404", 0},
		{"wasi.fd_filestat_get", words(4, 500), 0},
		{"wasi.fd_tell", words(4, 420), 0},
		{"wasi.fd_close", words(4), 0},
		{"wasi.fd_close", words(4), uint32(wasiBadf)},
		{"wasi.fd_write", words(4, 100, 1, 404), uint32(wasiBadf)},
		{"wasi.path_open", open(a, 5, oflagCreate|oflagExcl, rw, 400), uint32(wasiExist)},
		{"wasi.path_open", open(up, 13, 0, rw, 400), uint32(wasiNotcapable)},
		{"wasi.path_open", open(sub, 5, oflagCreate, rw, 400), uint32(wasiNotcapable)},
		{"wasi.path_open", open(dots, 2, 0, "i64.const 2 i64.const 2 ", 400), uint32(wasiNotcapable)},
		{"wasi.path_open", open(b, 6, oflagCreate, rw, 400), 0}, // "/b.txt"
		{"wasi.fd_write", words(4, 100, 1, 404), 0},
		{"wasi.fd_filestat_set_size", "i32.const 4 i64.const 3", 0},
		{"wasi.fd_filestat_set_size", "i32.const 4 i64.const 99999999999", uint32(wasiFbig)},
		{"wasi.fd_allocate", "i32.const 4 i64.const 0 i64.const 6", 0},
		{"wasi.fd_sync", words(4), 0},
		{"wasi.path_open", open(a, 5, 0, "i64.const 2 i64.const 2 ", 424), 0},
		{"wasi.fd_write", words(5, 100, 1, 404), uint32(wasiBadf)}, // opened for reading
		{"wasi.fd_renumber", words(5, 4), 0},
		{"wasi.fd_readdir", words(3, 3000, 200) + "i64.const 0 i32.const 428", 0},
		{"wasi.path_filestat_get", words(3, 0, a, 5, 600), 0},
		{"wasi.path_rename", words(3, b, 6, 3, sub+4, 1), 0}, // to "x"
		{"wasi.path_unlink_file", words(3, a, 5), 0},
		{"wasi.path_unlink_file", words(3, a, 5), uint32(wasiNoent)},
		{"wasi.path_create_directory", words(3, a, 5), uint32(wasiPerm)},
		{"wasi.path_symlink", words(up, 13, 3, a, 5), uint32(wasiNotsup)},
		{"wasi.fd_prestat_get", words(3, 700), 0},
		{"wasi.fd_prestat_get", words(4, 700), uint32(wasiBadf)},
		{"wasi.fd_prestat_get", words(0, 700), uint32(wasiBadf)},
		{"wasi.path_open", words(0, 0, a, 5, 0) + rw + words(0, 400), uint32(wasiBadf)},
		{"wasi.fd_read", words(0, 108, 1, 800), 0}, // stdin: the event's data
		{"wasi.fd_read", words(99, 108, 1, 804), uint32(wasiBadf)},
		{"wasi.fd_read", words(3, 108, 1, 804), uint32(wasiBadf)},
		{"wasi.fd_write", words(1, 100, 1, -1), uint32(wasiFault)},
		{"wasi.fd_write", words(2, 100, 1, 808), 0},
		{"wasi.fd_fdstat_get", words(1, 900), 0},
		{"wasi.sock_send", words(0, 0, 0, 0, 0), uint32(wasiNotsup)},
		{"wasi.environ_sizes_get", words(950, 954), 0},
		{"wasi.clock_time_get", "i32.const 0 i64.const 0 i32.const 960", 0},
		{"wasi.clock_time_get", "i32.const 9 i64.const 0 i32.const 960", uint32(wasiInval)},
		{"wasi.random_get", words(1000, 16), 0},
		{"wasi.random_get", words(65530, 16), uint32(wasiFault)},
	})
	if got := string(h.files["x"]); got != "con\x00\x00\x00" {
		t.Errorf("renamed file: %q", got)
	}
	if _, ok := h.files["a.txt"]; ok || len(h.files) != 2 {
		t.Errorf("files: %q", h.files)
	}
	if size := binary.LittleEndian.Uint64(mem[500+32:]); size != 12 {
		t.Errorf("size %d, want 12", size)
	}
	if n := u32at(mem, 800); n != 5 || string(mem[2000:2005]) != "hello" {
		t.Errorf("stdin: %d %q", n, mem[2000:2005])
	}
	if now := int64(binary.LittleEndian.Uint64(mem[960:])); now < testTime.UnixNano() || now > testTime.UnixNano()+1e7 || now%1e6 != 0 {
		t.Errorf("clock %d, activation at %d", now, testTime.UnixNano())
	}
	if names := u32at(mem, 428); names != 3*24+3+5+5 {
		t.Errorf("directory of %d bytes: %q", names, mem[3000:3100])
	}
	if fmt.Sprint(h.lines) != "[1 contents 3 contents]" {
		t.Errorf("log %q", h.lines)
	}
}

// TestFileNames holds that no name leaves the tenant's directory.
func TestFileNames(t *testing.T) {
	for name, want := range map[string]wasiErrno{"a": wasiOK, "./a": wasiOK, "/a": wasiOK, "a/../b": wasiOK, "..": wasiNotcapable,
		"../a": wasiNotcapable, "a/../../b": wasiNotcapable, "/../a": wasiNotcapable, "a/b": wasiNotcapable, "": wasiInval,
		"a\x00b": wasiInval, ".": wasiOK, "/": wasiOK, "./..": wasiNotcapable, strings.Repeat("n", 300): wasiInval} {
		if got, errno := fileName(name); errno != want || strings.ContainsAny(got, "/") || got == ".." {
			t.Errorf("%q: %q, errno %d, want %d", name, got, errno, want)
		}
	}
}

// TestDescriptorLimit opens files without end.
func TestDescriptorLimit(t *testing.T) {
	var calls []hostCall
	for i := range 40 {
		want := uint32(0)
		if i >= maxOpen {
			want = uint32(wasiMfile)
		}
		calls = append(calls, hostCall{"wasi.path_open", words(3, 0, 0, 1, oflagCreate) + "i64.const 66 i64.const 66 " + words(0, 400), want})
	}
	runCalls(t, nil, []string{"f"}, calls)
}
