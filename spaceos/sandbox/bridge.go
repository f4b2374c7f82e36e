package sandbox

import (
	"encoding/binary"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// bridgeFunc is one function that the prelude calls: it reads its arguments and
// gives a value of JavaScript. A number that is not 0 is an errno where the
// prelude expects one (prelude.js, check and find).
type bridgeFunc struct {
	name string
	call func(js *jsRun, a jsArgs) uint32
}

// jsArgs is the arguments of a call from JavaScript.
type jsArgs struct {
	js   *jsRun
	n    uint32
	argv uint32
}

// value gives the i-th argument, or 0.
func (a jsArgs) value(i uint32) uint32 {
	if i >= a.n {
		return 0
	}
	return a.js.u32(a.argv + 4*i)
}

func (a jsArgs) text(i uint32) string {
	v := a.value(i)
	if v == 0 || a.js.call("qjs_is_string", uint64(v)) == 0 {
		return "" // an object would be asked for its text, which runs the script
	}
	return string(a.js.text(v))
}

func (a jsArgs) data(i uint32) []byte {
	v := a.value(i)
	if v == 0 {
		return nil
	}
	return a.js.data(v)
}

func (a jsArgs) number(i uint32) float64 {
	v := a.value(i)
	if v == 0 {
		return math.NaN()
	}
	return a.js.number(v)
}

// index gives a number from 0 up to but not including n, or -1.
func (a jsArgs) index(i uint32, n int) int {
	if f := a.number(i); f >= 0 && f < float64(n) {
		return int(f)
	}
	return -1
}

// errno gives an errno as a value.
func (js *jsRun) errno(e Errno) uint32 { return js.newNumber(float64(e)) }

// bytesOr gives bytes, or the errno if there is one.
func (js *jsRun) bytesOr(b []byte, e Errno) uint32 {
	if e != OK {
		return js.errno(e)
	}
	return js.newBytes(b)
}

// validText says whether bytes are UTF-8 without NUL.
func validText(b []byte) bool { return utf8.Valid(b) && !strings.Contains(string(b), "\x00") }

// fileErrno translates for JavaScript what file names WASI refuses.
func fileErrno(name string) (string, Errno) {
	clean, errno := fileName(name)
	switch {
	case errno == wasiNotcapable:
		return "", EPerm
	case errno != wasiOK || clean == "":
		return "", EInval
	}
	return clean, OK
}

// bridge is in the order in which the functions are made, which is part of the image.
var bridge = []bridgeFunc{
	{"log", func(js *jsRun, a jsArgs) uint32 {
		return js.errno(js.r.log(a.index(0, 4), a.text(1)))
	}},
	{"encode", func(js *jsRun, a jsArgs) uint32 { return js.newBytes(a.data(0)) }},
	{"decode", func(js *jsRun, a jsArgs) uint32 {
		return js.newString([]byte(strings.ToValidUTF8(string(a.data(0)), "\uFFFD")))
	}},
	{"get", func(js *jsRun, a jsArgs) uint32 { return js.bytesOr(js.r.get(a.text(0))) }},
	{"put", func(js *jsRun, a jsArgs) uint32 { return js.errno(js.r.put(a.text(0), a.data(1))) }},
	{"delete", func(js *jsRun, a jsArgs) uint32 { return js.errno(js.r.delete(a.text(0))) }},
	{"keys", func(js *jsRun, a jsArgs) uint32 {
		keys, errno := js.r.keys(a.text(0))
		if errno != OK {
			return js.errno(errno)
		}
		return js.newString([]byte(strings.Join(keys, "\x00")))
	}},
	{"sensor", func(js *jsRun, a jsArgs) uint32 {
		h, errno := js.r.sensor(a.text(0))
		if errno != OK {
			return js.errno(errno)
		}
		h.taken = true
		b := binary.LittleEndian.AppendUint64(nil, math.Float64bits(millis(h.reading.Time)))
		for _, v := range h.reading.Values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		return js.newBytes(b)
	}},
	{"sensorData", func(js *jsRun, _ jsArgs) uint32 {
		if h := js.r.reading; h != nil && h.reading.Data != nil {
			return js.newBytes(h.reading.Data)
		}
		return js.errno(ENoEnt)
	}},
	{"send", func(js *jsRun, a jsArgs) uint32 { return js.errno(js.r.send(a.text(0), a.data(1))) }},
	{"receiveFrom", func(js *jsRun, _ jsArgs) uint32 {
		m, errno := js.r.receive()
		if errno != OK {
			return js.errno(errno)
		}
		return js.newString([]byte(m.Peer))
	}},
	{"receiveData", func(js *jsRun, _ jsArgs) uint32 {
		if len(js.r.messages) == 0 {
			return js.errno(ENoEnt)
		}
		v := js.newBytes(js.r.messages[0].Payload)
		js.r.taken()
		return v
	}},
	{"seal", func(js *jsRun, a jsArgs) uint32 { return js.bytesOr(js.r.seal(a.data(0))) }},
	{"open", func(js *jsRun, a jsArgs) uint32 { return js.bytesOr(js.r.open(a.data(0))) }},
	{"wakeAt", func(js *jsRun, a jsArgs) uint32 {
		ms := a.number(0)
		if !(math.Abs(ms) <= 8.64e15) {
			return js.errno(EInval)
		}
		return js.errno(js.r.wakeAt(time.UnixMilli(int64(ms)).UTC(), a.text(1)))
	}},
	{"wakeInRegion", func(js *jsRun, a jsArgs) uint32 {
		return js.errno(js.r.wakeInRegion(a.number(0), a.number(1), a.number(2), a.text(3)))
	}},
	{"subscribe", func(js *jsRun, a jsArgs) uint32 { return js.errno(js.r.subscribe(a.text(0))) }},
	{"setResult", func(js *jsRun, a jsArgs) uint32 { return js.errno(js.r.setResult(a.data(0))) }},
	{"gasLeft", func(js *jsRun, _ jsArgs) uint32 {
		return js.newNumber(float64(js.r.limit - min(js.r.limit, js.r.used())))
	}},
	{"random", func(js *jsRun, _ jsArgs) uint32 { return js.newNumber(js.r.random.float64()) }},
	{"elapsed", func(js *jsRun, _ jsArgs) uint32 {
		return js.newNumber(float64(js.r.now().Sub(js.r.act.Now)) / 1e6)
	}},
	{"sleepUntil", func(js *jsRun, a jsArgs) uint32 { // milliseconds since the activation's start
		if left := a.number(0)*1e6 - float64(js.r.now().Sub(js.r.act.Now)); left > 0 {
			js.r.sleep(time.Duration(min(left, float64(maxSleep))))
		}
		return js.errno(OK)
	}},
	{"event", func(js *jsRun, a jsArgs) uint32 {
		t := &js.r.act.Trigger
		parts := [...]string{string(t.Kind), t.Name, t.From}
		i := a.index(0, len(parts))
		if i < 0 {
			return js.errno(EInval)
		}
		return js.newString([]byte(parts[i]))
	}},
	{"eventTime", func(js *jsRun, _ jsArgs) uint32 { return js.newNumber(millis(js.r.act.Trigger.Time)) }},
	{"eventData", func(js *jsRun, _ jsArgs) uint32 { return js.newBytes(js.r.act.Trigger.Data) }},
	{"done", func(js *jsRun, a jsArgs) uint32 {
		js.done = true
		v := a.value(0)
		if v == 0 || js.call("qjs_is_undefined", uint64(v)) != 0 {
			return js.errno(OK)
		}
		return js.errno(js.r.setResult(js.data(v)))
	}},
	{"failed", func(js *jsRun, a jsArgs) uint32 {
		if !js.failed {
			text := strings.ToValidUTF8(a.text(0), "\uFFFD")
			js.failed, js.failure = true, strings.ReplaceAll(text[:min(len(text), 1000)], "\n", " ")
		}
		return js.errno(OK)
	}},
	{"readFile", func(js *jsRun, a jsArgs) uint32 {
		name, errno := fileErrno(a.text(0))
		if errno != OK {
			return js.errno(errno)
		}
		js.r.charge(priceQuery)
		return js.bytesOr(js.r.host.ReadFile(name))
	}},
	{"writeFile", func(js *jsRun, a jsArgs) uint32 {
		name, errno := fileErrno(a.text(0))
		if errno != OK {
			return js.errno(errno)
		}
		data := a.data(1)
		if errno := js.r.payload(len(data), priceWrite); errno != OK {
			return js.errno(errno)
		}
		return js.errno(js.r.host.WriteFile(name, data))
	}},
	{"removeFile", func(js *jsRun, a jsArgs) uint32 {
		name, errno := fileErrno(a.text(0))
		if errno != OK {
			return js.errno(errno)
		}
		js.r.charge(priceWrite)
		return js.errno(js.r.host.RemoveFile(name))
	}},
	{"listFiles", func(js *jsRun, _ jsArgs) uint32 {
		js.r.charge(priceQuery)
		return js.newString([]byte(strings.Join(js.r.host.ListFiles(), "\x00")))
	}},
}

func millis(t time.Time) float64 { return float64(t.UnixMicro()) / 1e3 }

var bridgeByName = func() map[string]func(*jsRun, jsArgs) uint32 {
	m := map[string]func(*jsRun, jsArgs) uint32{}
	for _, f := range bridge {
		m[f.name] = f.call
	}
	return m
}()

// jsFuncs is what the engine imports from "env".
var jsFuncs = []hostFunc{
	{"host_call", "i32 i32 i32 i32 i32 > i32", func(r *run, s []uint64) {
		r.charge(priceCall)
		name, _ := r.mem.Read(uint32(s[0]), uint32(s[1]))
		f := bridgeByName[string(name)]
		if f == nil || r.host == nil {
			r.end(Failed, "the runtime calls the host function %q", name)
		}
		s[0] = uint64(f(r.js, jsArgs{r.js, uint32(s[3]), uint32(s[4])}))
	}},
	{"host_get_timezone_offset", "i32 i32 > i32", func(_ *run, s []uint64) { s[0] = 0 }},
	{"host_interrupt", "> i32", func(_ *run, s []uint64) { s[0] = 0 }},
	{"host_promise_rejection", "i32 i32 i32 >", func(*run, []uint64) {}},
	{"host_module_normalize", "i32 i32 > i32", func(_ *run, s []uint64) { s[0] = 0 }},
	{"host_module_load", "i32 i32 > i32", func(_ *run, s []uint64) { s[0] = 0 }},
}
