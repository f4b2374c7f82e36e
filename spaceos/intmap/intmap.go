// Package intmap writes and reads CBOR maps with small unsigned keys, the form in
// which manifests, commands and receipts travel (RFC 8949 §4.2.1: keys in rising
// order, each once).
//
// A field at its zero value is left out, so that a value has one encoding. Readers
// make sure of that by encoding what they read and comparing: see Same.
package intmap

import (
	"bytes"
	"fmt"
	"time"

	"spacechain/internal/cbor"
)

// Map collects the pairs of one map. Keys must be added in rising order; adding
// them otherwise is a programming error and panics. The zero value is ready.
type Map struct {
	pairs int
	last  uint64
	body  []byte
}

// key begins a pair; exactly one item must follow it.
func (m *Map) key(k uint64) {
	if m.pairs > 0 && k <= m.last {
		panic(fmt.Sprintf("intmap: key %d after key %d", k, m.last))
	}
	m.pairs++
	m.last = k
	m.body = cbor.AppendUint(m.body, k)
}

// Uint adds an unsigned integer unless it is 0.
func (m *Map) Uint(k, v uint64) {
	if v != 0 {
		m.key(k)
		m.body = cbor.AppendUint(m.body, v)
	}
}

// Int adds an integer unless it is 0.
func (m *Map) Int(k uint64, v int64) {
	if v != 0 {
		m.key(k)
		m.body = cbor.AppendInt(m.body, v)
	}
}

// Bytes adds a byte string unless it is empty.
func (m *Map) Bytes(k uint64, v []byte) {
	if len(v) != 0 {
		m.key(k)
		m.body = cbor.AppendBytes(m.body, v)
	}
}

// Text adds a text string unless it is empty.
func (m *Map) Text(k uint64, v string) {
	if v != "" {
		m.key(k)
		m.body = cbor.AppendText(m.body, v)
	}
}

// Bool adds true; false is left out.
func (m *Map) Bool(k uint64, v bool) {
	if v {
		m.key(k)
		m.body = cbor.AppendBool(m.body, v)
	}
}

// Raw adds one encoded item unless it is empty.
func (m *Map) Raw(k uint64, item []byte) {
	if len(item) != 0 {
		m.key(k)
		m.body = append(m.body, item...)
	}
}

// Append appends the whole map to dst.
func (m *Map) Append(dst []byte) []byte {
	return append(cbor.AppendMap(dst, m.pairs), m.body...)
}

// Each reads a map and calls value for every key in turn, with the decoder at the
// key's value. Keys that do not rise are an error. The callback must read exactly
// one item, and refuses keys that it does not know with Unknown.
func Each(d *cbor.Decoder, value func(key uint64) error) error {
	n, err := d.Map()
	if err != nil {
		return err
	}
	var last uint64
	for i := range n {
		at := d.Offset()
		k, err := d.Uint()
		if err != nil {
			return err
		}
		if i > 0 && k <= last {
			return &cbor.Error{Offset: at, Msg: fmt.Sprintf("map key %d does not rise above %d", k, last)}
		}
		last = k
		if err := value(k); err != nil {
			return err
		}
	}
	return nil
}

// Unknown is the error for a key that the format does not have.
func Unknown(d *cbor.Decoder, key uint64) error {
	return &cbor.Error{Offset: d.Offset(), Msg: fmt.Sprintf("unknown map key %d", key)}
}

// Fixed reads a byte string of exactly len(dst) bytes into dst.
func Fixed(d *cbor.Decoder, dst []byte) error {
	at := d.Offset()
	b, err := d.Bytes()
	if err != nil {
		return err
	}
	if len(b) != len(dst) {
		return &cbor.Error{Offset: at, Msg: fmt.Sprintf("byte string of %d bytes, want %d", len(b), len(dst))}
	}
	copy(dst, b)
	return nil
}

// Same reports an error unless the bytes that were read are the ones that the
// encoder writes for the value: then the value has one encoding only.
func Same(read, encoded []byte) error {
	if bytes.Equal(read, encoded) {
		return nil
	}
	at := 0
	for at < len(read) && at < len(encoded) && read[at] == encoded[at] {
		at++
	}
	return &cbor.Error{Offset: at, Msg: "not the deterministic encoding of what it says"}
}

// Time adds a time in Unix milliseconds unless it is the zero time. The Unix epoch
// itself is not told from the zero time.
func (m *Map) Time(k uint64, t time.Time) {
	if !t.IsZero() {
		m.Int(k, t.UnixMilli())
	}
}

// Time reads Unix milliseconds as a UTC time. Only the years 1970 to 9999 are valid.
func Time(d *cbor.Decoder) (time.Time, error) {
	at := d.Offset()
	ms, err := d.Int()
	if err != nil {
		return time.Time{}, err
	}
	if ms <= 0 || ms > maxUnixMilli {
		return time.Time{}, &cbor.Error{Offset: at, Msg: fmt.Sprintf("%d is not a time in Unix milliseconds", ms)}
	}
	return time.UnixMilli(ms).UTC(), nil
}

const maxUnixMilli = 253402300799999 // 9999-12-31T23:59:59.999Z
