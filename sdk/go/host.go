package spc

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unsafe"
)

// Owner is the peer name of the identity that deployed this app.
const Owner = "owner"

// ABIVersion is the version of the interface that the satellite offers; this
// package is written for version 1.
func ABIVersion() int { return int(abiVersion()) }

// Now is the satellite's time at the resolution that apps get, UTC.
func Now() time.Time { return time.Unix(0, now()).UTC() }

// GasLeft is the gas that this activation may still use.
func GasLeft() uint64 { return uint64(gasLeft()) }

// Reading is one sample of a sensor.
type Reading struct {
	Time   time.Time // when the sample was taken, UTC
	Values []float64 // in the sensor's documented units and frame
	Data   []byte    // bulk data, such as a camera frame; nil for the others
}

// Sensor reads a sensor that the manifest asks for and the grant allows.
func Sensor(name string) (Reading, error) {
	values := make([]float64, 16)
	var at int64
	var count, size uint32
	call := func() int32 {
		return sensorRead(str(name), length(name), unsafe.Pointer(&at), unsafe.Pointer(&values[0]), uint32(len(values)),
			unsafe.Pointer(&count), unsafe.Pointer(&size))
	}
	errno := call()
	if Errno(errno) == TooBig {
		values = make([]float64, count)
		errno = call()
	}
	if errno != 0 {
		return Reading{}, failed(errno, "read sensor", name)
	}
	r := Reading{Time: time.Unix(0, at).UTC(), Values: values[:count]}
	if size > 0 {
		r.Data = make([]byte, size)
		errno = sensorData(ptr(r.Data), size, unsafe.Pointer(&size))
	}
	return r, failed(errno, "read data of sensor", name)
}

// Get gives the value of a key; an error that wraps NoEnt where there is none.
func Get(key string) ([]byte, error) {
	return grow(256, "get", key, func(p unsafe.Pointer, n uint32, size unsafe.Pointer) int32 {
		return kvGet(str(key), length(key), p, n, size)
	})
}

// Put sets a key. It survives a power cut once the activation has ended well.
func Put(key string, value []byte) error {
	return failed(kvPut(str(key), length(key), ptr(value), uint32(len(value))), "put", key)
}

// Delete removes a key; one that does not exist is no error.
func Delete(key string) error {
	errno := kvDelete(str(key), length(key))
	if Errno(errno) == NoEnt {
		return nil
	}
	return failed(errno, "delete", key)
}

// Keys lists the keys that begin with prefix, in byte order.
func Keys(prefix string) ([]string, error) {
	b, err := grow(1024, "list keys", prefix, func(p unsafe.Pointer, n uint32, size unsafe.Pointer) int32 {
		return kvKeys(str(prefix), length(prefix), p, n, size)
	})
	if err != nil || len(b) == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00"), nil
}

// GetJSON decodes the value of a key into v, and says whether there is one.
func GetJSON(key string, v any) (bool, error) {
	b, err := Get(key)
	if errors.Is(err, NoEnt) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("get %s: %w", key, err)
	}
	return true, nil
}

// PutJSON sets a key to v as JSON.
func PutJSON(key string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	return Put(key, b)
}

// Send queues a bundle message to Owner or to a peer that the manifest names.
func Send(peer string, data []byte) error {
	return failed(send(str(peer), length(peer), ptr(data), uint32(len(data))), "send to", peer)
}

// Message is one that waited for this activation.
type Message struct {
	From string // endpoint of the sender, such as "ipn:90002.64"
	Data []byte
}

// Receive takes the next waiting message; an error that wraps NoEnt where none waits.
func Receive() (Message, error) {
	peer, data := make([]byte, 256), make([]byte, 4096)
	for {
		var peerLen, dataLen uint32
		errno := receive(ptr(peer), uint32(len(peer)), unsafe.Pointer(&peerLen),
			ptr(data), uint32(len(data)), unsafe.Pointer(&dataLen))
		if Errno(errno) == TooBig {
			peer, data = make([]byte, peerLen), make([]byte, dataLen)
			continue
		}
		if errno != 0 {
			return Message{}, failed(errno, "receive", "")
		}
		return Message{From: string(peer[:peerLen]), Data: data[:dataLen]}, nil
	}
}

// Level ranks a log line.
type Level int32

// The levels of log lines.
const (
	LevelDebug Level = iota
	LevelInfo
	LevelWarn
	LevelError
)

// Logf records a line for the owner, who reads it with "spacechain app logs".
func Logf(level Level, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	logLine(int32(level), str(text), length(text))
}

// Seal encrypts with the tenant's own key (authenticated).
func Seal(plain []byte) ([]byte, error) {
	return grow(len(plain)+64, "seal", "", func(p unsafe.Pointer, n uint32, size unsafe.Pointer) int32 {
		return seal(ptr(plain), uint32(len(plain)), p, n, size)
	})
}

// Open decrypts what Seal made; an error that wraps BadAuth for anything else.
func Open(sealed []byte) ([]byte, error) {
	return grow(len(sealed), "open", "", func(p unsafe.Pointer, n uint32, size unsafe.Pointer) int32 {
		return open(ptr(sealed), uint32(len(sealed)), p, n, size)
	})
}

// WakeAt asks for one more activation at t, with label as the event's name.
func WakeAt(t time.Time, label string) error {
	return failed(wakeAt(t.UnixNano(), str(label), length(label)), "wake at", t.UTC().Format(time.RFC3339))
}

// WakeInRegion asks for one more activation when the satellite's ground point
// enters the circle of radiusKm around a place.
func WakeInRegion(latDeg, lonDeg, radiusKm float64, label string) error {
	return failed(wakeInRegion(latDeg, lonDeg, radiusKm, str(label), length(label)), "wake in region", label)
}

// Subscribe switches on a trigger that spacechain.yaml declares optional.
func Subscribe(trigger string) error {
	return failed(subscribe(str(trigger), length(trigger)), "subscribe to", trigger)
}

// SetResult sets the bytes that travel home; the last call wins.
func SetResult(data []byte) error {
	return failed(resultSet(ptr(data), uint32(len(data))), "set result", "")
}

// grow calls a function with a variable-length result, a second time with the
// size that it asked for.
func grow(guess int, op, what string, call func(p unsafe.Pointer, n uint32, size unsafe.Pointer) int32) ([]byte, error) {
	buf := make([]byte, max(guess, 1))
	var size uint32
	errno := call(ptr(buf), uint32(len(buf)), unsafe.Pointer(&size))
	if Errno(errno) == TooBig && int(size) > len(buf) {
		buf = make([]byte, size)
		errno = call(ptr(buf), uint32(len(buf)), unsafe.Pointer(&size))
	}
	if errno != 0 {
		return nil, failed(errno, op, what)
	}
	return buf[:size], nil
}

func eventText(call func(p unsafe.Pointer, n uint32, size unsafe.Pointer) int32) string {
	return string(eventBytes(call))
}

func eventBytes(call func(p unsafe.Pointer, n uint32, size unsafe.Pointer) int32) []byte {
	b, _ := grow(256, "event", "", call)
	return b
}

func str(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }
func length(s string) uint32      { return uint32(len(s)) }
func ptr(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }
