// Package view is how the ledger's pure functions see stored state: a Reader is the
// state that a block builds on, an Overlay is that state with changes on top of it, and
// a list of changes is what connecting a block gives back. Nothing here does I/O of its
// own, so one validation runs on a disk, in memory and in a fuzz target.
package view

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Reader is an ordered map of byte strings that does not change while it is read.
// internal/kv's Store is one.
type Reader interface {
	// Get gives the value of key, and whether there is one. The slice must not be changed.
	Get(key []byte) (value []byte, ok bool, err error)
	// Scan calls fn for every key that begins with prefix, in bytewise order, until
	// fn returns an error, which Scan then returns. The slices are valid only during
	// the call.
	Scan(prefix []byte, fn func(key, value []byte) error) error
}

// Change is a new value of a key; a nil Value removes it.
type Change struct {
	Key, Value []byte
}

// Empty is the Reader that holds nothing.
type Empty struct{}

// Get finds nothing.
func (Empty) Get([]byte) ([]byte, bool, error) { return nil, false, nil }

// Scan visits nothing.
func (Empty) Scan([]byte, func(key, value []byte) error) error { return nil }

// Overlay is a Reader with changes on top of it. Several goroutines may read it at a time,
// while nothing changes it.
type Overlay struct {
	parent  Reader
	changes map[string][]byte // nil removes
	size    int

	// order is the changed keys in bytewise order, if no key came since it was made, and
	// scanned tells of a Scan since then. The first Scan picks its keys out of all and the
	// second sorts them, so that many scans of what does not change meanwhile, such as the
	// dirty buffer under a block that destroys thousands of contracts, cost little each.
	order   []string
	scanned bool
	mu      sync.Mutex // guards both, as a Scan makes them
}

// NewOverlay gives an Overlay without changes over parent.
func NewOverlay(parent Reader) *Overlay {
	return &Overlay{parent: parent, changes: map[string][]byte{}}
}

// Put sets the value of key. The Overlay keeps value; it must not be changed afterwards.
func (o *Overlay) Put(key, value []byte) {
	if value == nil {
		value = []byte{}
	}
	o.set(key, value)
}

// Delete removes key.
func (o *Overlay) Delete(key []byte) { o.set(key, nil) }

// Apply makes all of changes, in order.
func (o *Overlay) Apply(changes []Change) {
	for _, c := range changes {
		o.set(c.Key, c.Value)
	}
}

func (o *Overlay) set(key, value []byte) {
	old, had := o.changes[string(key)]
	if had {
		o.size -= len(old)
	} else {
		o.size += len(key)
		o.order, o.scanned = nil, false
	}
	o.size += len(value)
	o.changes[string(key)] = value
}

// Get implements Reader.
func (o *Overlay) Get(key []byte) ([]byte, bool, error) {
	if v, ok := o.changes[string(key)]; ok {
		return v, v != nil, nil
	}
	return o.parent.Get(key)
}

// Scan implements Reader: the parent's keys and the changes, merged.
func (o *Overlay) Scan(prefix []byte, fn func(key, value []byte) error) error {
	own := o.own(string(prefix))
	visit := func(k string) error {
		if v := o.changes[k]; v != nil {
			return fn([]byte(k), v)
		}
		return nil
	}
	err := o.parent.Scan(prefix, func(key, value []byte) error {
		for len(own) > 0 && own[0] < string(key) {
			if err := visit(own[0]); err != nil {
				return err
			}
			own = own[1:]
		}
		if len(own) > 0 && own[0] == string(key) {
			err := visit(own[0])
			own = own[1:]
			return err
		}
		return fn(key, value)
	})
	if err != nil {
		return err
	}
	for _, k := range own {
		if err := visit(k); err != nil {
			return err
		}
	}
	return nil
}

// own gives the changed keys that begin with prefix, in bytewise order.
func (o *Overlay) own(prefix string) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var own []string
	if o.order == nil && !o.scanned {
		o.scanned = true
		for k := range o.changes {
			if strings.HasPrefix(k, prefix) {
				own = append(own, k)
			}
		}
		slices.Sort(own)
		return own
	}
	if o.order == nil {
		o.order = slices.Sorted(maps.Keys(o.changes))
	}
	from, _ := slices.BinarySearch(o.order, prefix)
	n, _ := slices.BinarySearchFunc(o.order[from:], prefix, func(k, prefix string) int {
		if strings.HasPrefix(k, prefix) {
			return -1
		}
		return 1
	})
	return o.order[from : from+n]
}

// Len is the number of changed keys; Size is what they and their values take, in bytes.
func (o *Overlay) Len() int { return len(o.changes) }

// Size is the number of bytes in the changed keys and their values.
func (o *Overlay) Size() int { return o.size }

// Changes gives what was changed, by key in bytewise order.
func (o *Overlay) Changes() []Change {
	out := make([]Change, 0, len(o.changes))
	for k, v := range o.changes {
		out = append(out, Change{Key: []byte(k), Value: v})
	}
	slices.SortFunc(out, func(a, b Change) int { return bytes.Compare(a.Key, b.Key) })
	return out
}

// Reset forgets all changes.
func (o *Overlay) Reset() {
	clear(o.changes)
	o.size, o.order, o.scanned = 0, nil, false
}
