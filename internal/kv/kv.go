// Package kv is the small key-value store on which nodes keep what must survive
// a power cut: bundles, tenants, receipts. One interface has two twins, one in
// memory and one on Pebble, and the same tests run on both.
package kv

import (
	"bytes"
	"slices"
)

// Store is an ordered map of byte strings. Its methods are safe for concurrent
// use. Slices that it returns belong to the caller; slices given to it are copied.
type Store interface {
	// Get gives the value of key, and whether there is one.
	Get(key []byte) (value []byte, ok bool, err error)
	// Apply makes all of a batch's changes or none. On return they are durable, if the
	// batch is not Lazy.
	Apply(b *Batch) error
	// Scan calls fn for every key that begins with prefix, in bytewise order, until
	// fn returns an error, which Scan then returns. The slices are valid only during
	// the call, and fn must not change the store.
	Scan(prefix []byte, fn func(key, value []byte) error) error
	// Close releases the store. What Apply acknowledged is kept.
	Close() error
}

// Batch is a list of changes that Store.Apply makes as one. The zero value is empty.
type Batch struct {
	ops []op
	// Lazy lets the changes become durable later, with the next batch that is not lazy
	// at the latest, and never after one that was applied later. It is for changes whose
	// loss costs work and nothing else.
	Lazy bool
}

type op struct {
	kind       opKind
	key, value []byte // of a range: its first key and the key after its last
}

type opKind uint8

const (
	opPut opKind = iota
	opDelete
	opDeleteRange
)

// Put sets the value of key.
func (b *Batch) Put(key, value []byte) {
	b.ops = append(b.ops, op{key: bytes.Clone(key), value: append([]byte{}, value...)})
}

// PutOwned is Put without copying: the batch keeps both slices until it has been applied,
// and neither may be changed before.
func (b *Batch) PutOwned(key, value []byte) {
	b.ops = append(b.ops, op{key: key, value: value})
}

// Delete removes key, if it is there.
func (b *Batch) Delete(key []byte) {
	b.ops = append(b.ops, op{kind: opDelete, key: bytes.Clone(key)})
}

// DeleteOwned is Delete without copying; see PutOwned.
func (b *Batch) DeleteOwned(key []byte) {
	b.ops = append(b.ops, op{kind: opDelete, key: key})
}

// DeleteRange removes all keys from first up to, and without, end, whatever their number,
// at the price of one change.
func (b *Batch) DeleteRange(first, end []byte) {
	b.ops = append(b.ops, op{kind: opDeleteRange, key: bytes.Clone(first), value: bytes.Clone(end)})
}

// Grow makes room for n more changes.
func (b *Batch) Grow(n int) { b.ops = slices.Grow(b.ops, n) }

// Len is the number of changes in the batch.
func (b *Batch) Len() int { return len(b.ops) }

// Prefix gives the part of s whose keys begin with prefix, as a store of its own.
// Closing it does not close s.
func Prefix(s Store, prefix string) Store { return prefixed{s, []byte(prefix)} }

type prefixed struct {
	s      Store
	prefix []byte
}

func (p prefixed) key(k []byte) []byte {
	return append(append(make([]byte, 0, len(p.prefix)+len(k)), p.prefix...), k...)
}

func (p prefixed) Get(key []byte) ([]byte, bool, error) { return p.s.Get(p.key(key)) }

func (p prefixed) Apply(b *Batch) error {
	out := Batch{ops: make([]op, len(b.ops)), Lazy: b.Lazy}
	for i, o := range b.ops {
		out.ops[i] = op{kind: o.kind, key: p.key(o.key), value: o.value}
		if o.kind == opDeleteRange {
			out.ops[i].value = p.key(o.value)
		}
	}
	return p.s.Apply(&out)
}

func (p prefixed) Scan(prefix []byte, fn func(key, value []byte) error) error {
	return p.s.Scan(p.key(prefix), func(k, v []byte) error { return fn(k[len(p.prefix):], v) })
}

func (p prefixed) Close() error { return nil }
