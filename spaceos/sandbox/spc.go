package sandbox

import (
	"encoding/binary"
	"math"
	"strings"
	"time"
)

// The import module "spc", version 1: docs/spc-abi.md.

// abiVersion is what abi_version answers.
const abiVersion = 1

// args reads a host function's arguments one after the other. A pointer outside
// the memory makes bad true.
type args struct {
	r     *run
	stack []uint64
	next  int
	bad   bool
}

func (a *args) u32() uint32 { a.next++; return uint32(a.stack[a.next-1]) }
func (a *args) i64() int64  { a.next++; return int64(a.stack[a.next-1]) }

func (a *args) f64() float64 { a.next++; return math.Float64frombits(a.stack[a.next-1]) }

// view gives the bytes of a pointer and a length in place.
func (a *args) view() []byte {
	ptr, n := a.u32(), a.u32()
	b, ok := a.r.mem.Read(ptr, n)
	a.bad = a.bad || !ok
	return b
}

// data gives a copy of them, which the host may keep. Too long ones are not copied:
// the call refuses them by their length.
func (a *args) data() []byte {
	b := a.view()
	if len(b) > maxPayload {
		return b
	}
	return append([]byte(nil), b...)
}

// name gives a short string.
func (a *args) name() string {
	b := a.view()
	if len(b) > maxName {
		a.bad = true
		return ""
	}
	return string(b)
}

// outBuf is where a variable-length result goes.
type outBuf struct{ buf, cap, len uint32 }

func (a *args) out() outBuf {
	o := outBuf{a.u32(), a.u32(), a.u32()}
	_, ok := a.r.mem.Read(o.len, 4)
	_, fits := a.r.mem.Read(o.buf, o.cap)
	a.bad = a.bad || !ok || !fits || o.len == 0
	return o
}

// fits writes the full length of a result and says whether the result fits.
func (a *args) fits(o outBuf, n int) bool {
	a.r.mem.WriteUint32Le(o.len, uint32(n))
	return uint64(n) <= uint64(o.cap)
}

// put writes a variable-length result.
func (a *args) put(o outBuf, b []byte) Errno {
	if !a.fits(o, len(b)) {
		return ETooBig
	}
	a.r.charge(uint64(len(b)) * priceByte)
	a.r.mem.Write(o.buf, b)
	return OK
}

// errnoFunc makes a host function of one that reads its arguments and gives an errno.
func errnoFunc(name, params string, call func(r *run, a *args) Errno) hostFunc {
	return hostFunc{name, params + " > i32", func(r *run, stack []uint64) {
		r.charge(priceCall)
		a := args{r: r, stack: stack}
		stack[0] = uint64(uint32(call(r, &a)))
	}}
}

// eventFunc makes the host function of one part of the trigger.
func eventFunc(name string, part func(*Trigger) string) hostFunc {
	return errnoFunc(name, "i32 i32 i32", func(r *run, a *args) Errno {
		o := a.out()
		if a.bad {
			return EInval
		}
		return a.put(o, []byte(part(&r.act.Trigger)))
	})
}

var spcFuncs = []hostFunc{
	{"abi_version", "> i32", func(_ *run, s []uint64) { s[0] = abiVersion }},
	{"now", "> i64", func(r *run, s []uint64) { r.charge(priceCall); s[0] = uint64(r.now().UnixNano()) }},
	{"gas_left", "> i64", func(r *run, s []uint64) { r.charge(priceCall); s[0] = r.limit - min(r.limit, r.used()) }},
	{"event_time", "> i64", func(r *run, s []uint64) {
		r.charge(priceCall)
		s[0] = uint64(r.act.Trigger.Time.UnixNano())
	}},
	eventFunc("event_kind", func(t *Trigger) string { return string(t.Kind) }),
	eventFunc("event_name", func(t *Trigger) string { return t.Name }),
	eventFunc("event_from", func(t *Trigger) string { return t.From }),
	eventFunc("event_data", func(t *Trigger) string { return string(t.Data) }),
	errnoFunc("sensor_read", "i32 i32 i32 i32 i32 i32 i32", sensorRead),
	errnoFunc("sensor_data", "i32 i32 i32", func(r *run, a *args) Errno {
		o := a.out()
		switch {
		case a.bad:
			return EInval
		case r.reading == nil || !r.reading.taken || r.reading.reading.Data == nil:
			return ENoEnt
		}
		return a.put(o, r.reading.reading.Data)
	}),
	errnoFunc("kv_get", "i32 i32 i32 i32 i32", func(r *run, a *args) Errno {
		key, o := a.name(), a.out()
		if a.bad {
			return EInval
		}
		value, errno := r.get(key)
		if errno != OK {
			return errno
		}
		return a.put(o, value)
	}),
	errnoFunc("kv_put", "i32 i32 i32 i32", func(r *run, a *args) Errno {
		key, value := a.name(), a.data()
		if a.bad {
			return EInval
		}
		return r.put(key, value)
	}),
	errnoFunc("kv_delete", "i32 i32", func(r *run, a *args) Errno {
		key := a.name()
		if a.bad {
			return EInval
		}
		return r.delete(key)
	}),
	errnoFunc("kv_keys", "i32 i32 i32 i32 i32", func(r *run, a *args) Errno {
		prefix, o := a.name(), a.out()
		if a.bad {
			return EInval
		}
		keys, errno := r.keys(prefix)
		if errno != OK {
			return errno
		}
		var b strings.Builder
		for _, k := range keys {
			b.WriteString(k)
			b.WriteByte(0)
		}
		return a.put(o, []byte(b.String()))
	}),
	errnoFunc("send", "i32 i32 i32 i32", func(r *run, a *args) Errno {
		peer, data := a.name(), a.data()
		if a.bad {
			return EInval
		}
		return r.send(peer, data)
	}),
	errnoFunc("receive", "i32 i32 i32 i32 i32 i32", func(r *run, a *args) Errno {
		peer, data := a.out(), a.out()
		if a.bad {
			return EInval
		}
		m, errno := r.receive()
		if errno != OK {
			return errno
		}
		p, d := a.fits(peer, len(m.Peer)), a.fits(data, len(m.Payload))
		if !p || !d {
			return ETooBig
		}
		a.put(peer, []byte(m.Peer))
		a.put(data, m.Payload)
		r.taken()
		return OK
	}),
	errnoFunc("log", "i32 i32 i32", func(r *run, a *args) Errno {
		level, text := int(int32(a.u32())), a.view()
		if a.bad {
			return EInval
		}
		return r.log(level, string(text[:min(len(text), maxPayload)]))
	}),
	errnoFunc("seal", "i32 i32 i32 i32 i32", func(r *run, a *args) Errno { return transform(a, r.seal) }),
	errnoFunc("open", "i32 i32 i32 i32 i32", func(r *run, a *args) Errno { return transform(a, r.open) }),
	errnoFunc("wake_at", "i64 i32 i32", func(r *run, a *args) Errno {
		at, label := a.i64(), a.name()
		if a.bad {
			return EInval
		}
		return r.wakeAt(time.Unix(0, at).UTC(), label)
	}),
	errnoFunc("wake_in_region", "f64 f64 f64 i32 i32", func(r *run, a *args) Errno {
		lat, lon, radius, label := a.f64(), a.f64(), a.f64(), a.name()
		if a.bad {
			return EInval
		}
		return r.wakeInRegion(lat, lon, radius, label)
	}),
	errnoFunc("subscribe", "i32 i32", func(r *run, a *args) Errno {
		trigger := a.name()
		if a.bad {
			return EInval
		}
		return r.subscribe(trigger)
	}),
	errnoFunc("result_set", "i32 i32", func(r *run, a *args) Errno {
		data := a.data()
		if a.bad {
			return EInval
		}
		return r.setResult(data)
	}),
}

// sensorRead is spc.sensor_read.
func sensorRead(r *run, a *args) Errno {
	name := a.name()
	timeOut, values, valuesCap, countOut, dataLen := a.u32(), a.u32(), a.u32(), a.u32(), a.u32()
	room := func(ptr uint32, n uint64) bool { return uint64(ptr)+n <= uint64(r.mem.Size()) }
	if a.bad || countOut == 0 || !room(timeOut, 8) || !room(values, 8*uint64(valuesCap)) || !room(countOut, 4) || !room(dataLen, 4) {
		return EInval
	}
	h, errno := r.sensor(name)
	if errno != OK {
		return errno
	}
	r.mem.WriteUint32Le(countOut, uint32(len(h.reading.Values)))
	if uint64(len(h.reading.Values)) > uint64(valuesCap) {
		return ETooBig
	}
	r.charge(8 * uint64(len(h.reading.Values)) * priceByte)
	for i, v := range h.reading.Values {
		r.mem.WriteFloat64Le(values+8*uint32(i), v)
	}
	if timeOut != 0 {
		b := binary.LittleEndian.AppendUint64(nil, uint64(h.reading.Time.UnixNano()))
		r.mem.Write(timeOut, b)
	}
	if dataLen != 0 {
		r.mem.WriteUint32Le(dataLen, uint32(len(h.reading.Data)))
	}
	h.taken = true
	return OK
}

// transform is the shape of seal and open.
func transform(a *args, f func([]byte) ([]byte, Errno)) Errno {
	in, o := a.data(), a.out()
	if a.bad {
		return EInval
	}
	out, errno := f(in)
	if errno != OK {
		return errno
	}
	return a.put(o, out)
}
