package sandbox

import "github.com/tetratelabs/wazero/experimental"

// linearMemory is a guest's memory: it grows up to the activation's limit and
// says no beyond it, which the guest sees as a failed memory.grow.
type linearMemory struct {
	buf     []byte
	limit   uint64 // bytes
	refused bool   // a growth was refused
}

// copyChunk is what is copied without a chance for the scheduler to step in.
const copyChunk = 256 << 10

var _ experimental.LinearMemory = (*linearMemory)(nil)

// Reallocate implements experimental.LinearMemory.
func (m *linearMemory) Reallocate(size uint64) []byte {
	if size > m.limit {
		m.refused = true
		return nil
	}
	if size <= uint64(cap(m.buf)) {
		m.buf = m.buf[:size]
		return m.buf
	}
	grown := make([]byte, size, max(size, min(m.limit, 2*uint64(len(m.buf)))))
	for at := 0; at < len(m.buf); at += copyChunk {
		copy(grown[at:], m.buf[at:min(at+copyChunk, len(m.buf))])
	}
	m.buf = grown
	return m.buf
}

// Free implements experimental.LinearMemory.
func (m *linearMemory) Free() { m.buf = nil }

// allocator gives an instance its memory.
type allocator struct{ memory *linearMemory }

// Allocate implements experimental.MemoryAllocator.
func (a allocator) Allocate(_, _ uint64) experimental.LinearMemory { return a.memory }
