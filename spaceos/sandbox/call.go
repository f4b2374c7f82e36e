package sandbox

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Host calls as both kinds of guests make them: the gas, the bounds that hold for
// every app, and the call of the Host. The wasm functions (spc.go) and the
// JavaScript bridge (bridge.go) only move arguments.

// heldReading is a sensor reading that the guest has not taken whole.
type heldReading struct {
	name    string
	reading Reading
	taken   bool // the values were delivered; the bulk data may still be asked for
}

// payload charges for bytes that the guest hands over and refuses too many.
func (r *run) payload(n int, price uint64) Errno {
	r.charge(price + uint64(n)*priceByte)
	if n > maxPayload {
		return ETooBig
	}
	return OK
}

// validName says whether a key, name or label is acceptable.
func validName(s string, allowEmpty bool) bool {
	return len(s) <= maxName && (allowEmpty || s != "") && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

// sensor reads a sensor, or takes the reading held for the name.
func (r *run) sensor(name string) (*heldReading, Errno) {
	r.charge(priceSensor)
	if h := r.reading; h != nil && !h.taken && h.name == name {
		return h, OK
	}
	if !validName(name, false) {
		return nil, EInval
	}
	reading, errno := r.host.Sensor(name)
	if errno != OK {
		return nil, errno
	}
	r.reading = &heldReading{name: name, reading: reading}
	return r.reading, OK
}

func (r *run) get(key string) ([]byte, Errno) {
	r.charge(priceQuery)
	if !validName(key, false) {
		return nil, EInval
	}
	return r.host.Get(key)
}

func (r *run) put(key string, value []byte) Errno {
	if errno := r.payload(len(value), priceWrite); errno != OK {
		return errno
	}
	if !validName(key, false) {
		return EInval
	}
	return r.host.Put(key, value)
}

func (r *run) delete(key string) Errno {
	r.charge(priceWrite)
	if !validName(key, false) {
		return EInval
	}
	return r.host.Delete(key)
}

func (r *run) keys(prefix string) ([]string, Errno) {
	r.charge(priceQuery)
	if !validName(prefix, true) {
		return nil, EInval
	}
	keys := slices.Clone(r.host.Keys(prefix))
	slices.Sort(keys)
	r.charge(uint64(len(keys)) * priceCall)
	return keys, OK
}

func (r *run) send(peer string, data []byte) Errno {
	if errno := r.payload(len(data), priceWrite); errno != OK {
		return errno
	}
	if !validName(peer, false) {
		return EInval
	}
	return r.host.Send(peer, data)
}

// receive gives the next message without taking it; taken removes it.
func (r *run) receive() (Message, Errno) {
	r.charge(priceQuery)
	if len(r.messages) == 0 {
		m, errno := r.host.Receive()
		if errno != OK {
			return Message{}, errno
		}
		r.messages = append(r.messages, m)
	}
	return r.messages[0], OK
}

func (r *run) taken() { r.messages = r.messages[1:] }

// log records a line for the owner, one of many if the text has several.
func (r *run) log(level int, text string) Errno {
	r.charge(priceCall + uint64(len(text))*priceByte)
	if level < 0 || level > 3 {
		return EInval
	}
	for line := range strings.Lines(text) {
		r.charge(priceCall)
		line = strings.ToValidUTF8(strings.TrimRight(line, "\r\n"), "\uFFFD")
		if len(line) > maxLine {
			line = strings.ToValidUTF8(line[:maxLine], "")
		}
		r.host.Log(level, line)
	}
	return OK
}

func (r *run) seal(plain []byte) ([]byte, Errno) {
	r.charge(priceCrypto + uint64(len(plain))*priceSeal)
	if len(plain) > maxPayload {
		return nil, ETooBig
	}
	return r.host.Seal(plain)
}

func (r *run) open(sealed []byte) ([]byte, Errno) {
	r.charge(priceCrypto + uint64(len(sealed))*priceSeal)
	if len(sealed) > maxPayload {
		return nil, ETooBig
	}
	return r.host.OpenSealed(sealed)
}

func (r *run) wakeAt(t time.Time, label string) Errno {
	r.charge(priceWrite)
	if !validName(label, true) {
		return EInval
	}
	return r.host.WakeAt(t, label)
}

func (r *run) wakeInRegion(lat, lon, radius float64, label string) Errno {
	r.charge(priceWrite)
	// Negated, so that NaN is refused too.
	if !(lat >= -90 && lat <= 90) || !(lon >= -180 && lon <= 360) || !(radius > 0 && radius <= 20038) || !validName(label, true) {
		return EInval
	}
	return r.host.WakeInRegion(lat, lon, radius, label)
}

func (r *run) subscribe(trigger string) Errno {
	r.charge(priceWrite)
	if !validName(trigger, false) {
		return EInval
	}
	return r.host.Subscribe(trigger)
}

func (r *run) setResult(data []byte) Errno {
	if errno := r.payload(len(data), priceQuery); errno != OK {
		return errno
	}
	return r.host.SetResult(data)
}
