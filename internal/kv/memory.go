package kv

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

// ErrClosed is returned by a store that has been closed.
var ErrClosed = errors.New("kv: the store is closed")

// memory keeps a map and, for Scan, its keys in order; the order is rebuilt only
// when a scan follows a change of the key set.
type memory struct {
	mu     sync.RWMutex
	values map[string][]byte
	keys   []string
	stale  bool
	closed bool
}

// NewMemory gives an empty store that lives as long as the process.
func NewMemory() Store { return &memory{values: map[string][]byte{}} }

func (m *memory) Get(key []byte) ([]byte, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.closed {
		return nil, false, ErrClosed
	}
	v, ok := m.values[string(key)]
	return bytes.Clone(v), ok, nil
}

func (m *memory) Apply(b *Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	for _, o := range b.ops {
		_, had := m.values[string(o.key)]
		switch o.kind {
		case opPut:
			m.values[string(o.key)] = append([]byte{}, o.value...)
			m.stale = m.stale || !had
		case opDelete:
			delete(m.values, string(o.key))
			m.stale = m.stale || had
		case opDeleteRange:
			maps.DeleteFunc(m.values, func(k string, _ []byte) bool {
				inside := k >= string(o.key) && k < string(o.value)
				m.stale = m.stale || inside
				return inside
			})
		}
	}
	return nil
}

func (m *memory) Scan(prefix []byte, fn func(key, value []byte) error) error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return ErrClosed
	}
	if m.stale {
		m.keys = m.keys[:0:0]
		for k := range m.values {
			m.keys = append(m.keys, k)
		}
		slices.Sort(m.keys)
		m.stale = false
	}
	keys := m.keys
	m.mu.Unlock()

	start, _ := slices.BinarySearch(keys, string(prefix))
	for _, k := range keys[start:] {
		if !strings.HasPrefix(k, string(prefix)) {
			return nil
		}
		v, ok, err := m.Get([]byte(k))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := fn([]byte(k), v); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}
