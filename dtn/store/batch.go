package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/internal/kv"
)

// Batch is a set of changes that are made together. It sees the store as it was
// when the batch began.
type Batch struct {
	s     *Store
	kv    kv.Batch
	after []func()
	puts  uint64
	adds  int // puts less removals
	bytes int64
	err   error
}

// Begin starts a batch. Only one may be open at a time.
func (s *Store) Begin() *Batch { return &Batch{s: s} }

// Put adds a bundle and gives its Seq. e.Seq and e.Size are filled in here.
func (b *Batch) Put(e Entry, data []byte) (uint64, error) {
	s := b.s
	if len(s.order)+b.adds >= s.opt.MaxBundles || s.bytes+b.bytes+int64(len(data)) > s.opt.MaxBytes {
		b.err = fmt.Errorf("store bundle %v of %d bytes: %w: %d bundles, %d of %d bytes",
			e.ID, len(data), ErrFull, len(s.order), s.bytes, s.opt.MaxBytes)
		return 0, b.err
	}
	e.Seq, e.Size, e.sum = s.next+b.puts, len(data), crc32.Checksum(data, castagnoli)
	b.puts++
	b.adds++
	b.bytes += int64(len(data))
	b.kv.Put(seqKey(keyEntry, e.Seq), appendEntry(make([]byte, 0, 96), &e))
	b.kv.Put(seqKey(keyData, e.Seq), data)
	entry := &e
	b.after = append(b.after, func() { s.add(entry) })
	return e.Seq, nil
}

// Remove takes out a bundle.
func (b *Batch) Remove(seq uint64) {
	if e := b.s.entries[seq]; e != nil {
		b.remove(seq)
		b.adds--
		b.bytes -= int64(e.Size)
		b.after = append(b.after, func() { b.s.drop(seq) })
	}
}

func (b *Batch) remove(seq uint64) {
	b.kv.Delete(seqKey(keyEntry, seq))
	b.kv.Delete(seqKey(keyData, seq))
}

// Seen remembers until a time that the bundle with an id was consumed here.
func (b *Batch) Seen(id bundle.ID, until time.Time) {
	d := digestOf(id)
	ms := until.UnixMilli()
	b.kv.Put(append([]byte{keySeen}, d[:]...), binary.BigEndian.AppendUint64(nil, uint64(ms)))
	b.after = append(b.after, func() { b.s.addSeen(d, ms) })
}

// Completed remembers, among the last ones, that a transfer was taken whole, and
// drops its parts.
func (b *Batch) Completed(d Digest) {
	s := b.s
	slot := s.slot
	b.kv.Put([]byte{keyDone, byte(slot)}, d[:])
	b.after = append(b.after, func() { s.addDone(slot, d) })
	s.DropParts(d)
}

// Set writes small state of the node under a name.
func (b *Batch) Set(name string, value []byte) { b.kv.Put(append([]byte{keyState}, name...), value) }

// State reads what Set wrote.
func (s *Store) State(name string) ([]byte, bool, error) {
	return s.kv.Get(append([]byte{keyState}, name...))
}

// Commit makes the changes durable. After an error nothing has changed. Removals
// that the store still had to write go with it.
func (b *Batch) Commit() error {
	if b.err != nil {
		return b.err
	}
	s := b.s
	for _, seq := range s.pending {
		b.remove(seq)
	}
	for _, key := range s.parts.dropped {
		b.kv.Delete(key)
	}
	if b.kv.Len() == 0 {
		return nil
	}
	if err := s.kv.Apply(&b.kv); err != nil {
		return fmt.Errorf("write to the bundle store: %w", err)
	}
	s.pending, s.parts.dropped = s.pending[:0], nil
	if cap(s.pending) > 64 {
		s.pending = nil
	}
	for _, f := range b.after {
		f()
	}
	return nil
}
