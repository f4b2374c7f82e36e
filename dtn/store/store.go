package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/internal/kv"
)

var (
	// ErrFull says that there is no room for a bundle within the quota.
	ErrFull = errors.New("bundle store is full")
	// ErrMissing says that the store does not hold what was asked for.
	ErrMissing = errors.New("not in the bundle store")
	// ErrCorrupt says that a record's checksum or form is wrong.
	ErrCorrupt = errors.New("bundle store record is damaged")
)

// Options bound a store. The zero value means the defaults.
type Options struct {
	MaxBytes   int64 // of bundles and parts of bundles; 64 MiB by default
	MaxBundles int   // 16,384 by default
	MaxSeen    int   // consumed bundles remembered; 4,096 by default
}

func (o Options) withDefaults() Options {
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	if o.MaxBundles == 0 {
		o.MaxBundles = 16384
	}
	if o.MaxSeen == 0 {
		o.MaxSeen = 4096
	}
	return o
}

// Entry is what a store knows of a bundle without reading it.
type Entry struct {
	Seq         uint64 // given by Put, in ascending order
	ID          bundle.ID
	Destination bundle.EID
	Flags       bundle.Flags
	Total       uint64 // of a fragment: the length of the whole payload
	Size        int    // encoded bytes
	Received    time.Time
	Expiry      time.Time // to the millisecond
	Previous    uint64    // the node that it came from, 0 if it was made here
	HopsLeft    uint8     // how many more nodes may forward it; 255 for no limit

	sum uint32 // CRC-32C of the encoded bundle
}

// First bytes of keys. The rest of a key is big-endian, so that order is kept.
const (
	keyEntry = 'b' // seq: the entry
	keyData  = 'd' // seq: the encoded bundle
	keySeen  = 't' // digest of an id: when to forget it
	keyDone  = 'c' // slot: digest of a completed transfer
	keyPart  = 'p' // digest, offset: bytes of a transfer that broke off
	keyState = 's' // name: small state of the node
)

// Store keeps bundles in a key-value store that it has to itself.
type Store struct {
	kv  kv.Store
	opt Options

	entries map[uint64]*Entry
	order   []uint64 // the seqs of entries, ascending
	ids     map[bundle.ID]uint64
	bytes   int64
	next    uint64
	expiry  expiryHeap

	seen  map[digest]int64 // when to forget it, in Unix milliseconds
	done  []Digest
	slot  int // of done to write next
	parts parts

	pending []uint64 // removed here, not yet on disk
}

// Open reads what a key-value store holds. Payloads are not read.
func Open(s kv.Store, o Options) (*Store, error) {
	st := &Store{kv: s, opt: o.withDefaults(), next: 1}
	for _, load := range []func() error{st.loadEntries, st.loadSeen, st.loadDone, st.loadParts} {
		if err := load(); err != nil {
			return nil, fmt.Errorf("open bundle store: %w", err)
		}
	}
	return st, nil
}

func (s *Store) loadEntries() error {
	return s.kv.Scan([]byte{keyEntry}, func(key, value []byte) error {
		e, err := decodeEntry(key, value)
		if err != nil {
			return err
		}
		s.add(e)
		return nil
	})
}

func (s *Store) add(e *Entry) {
	if s.entries == nil {
		s.entries, s.ids = make(map[uint64]*Entry), make(map[bundle.ID]uint64)
	}
	s.entries[e.Seq] = e
	s.order = append(s.order, e.Seq)
	s.ids[e.ID] = e.Seq
	s.bytes += int64(e.Size)
	s.next = max(s.next, e.Seq+1)
	s.expiry.push(expiring{e.Expiry.UnixMilli(), e.Seq})
}

func (s *Store) drop(seq uint64) {
	e := s.entries[seq]
	if e == nil {
		return
	}
	delete(s.entries, seq)
	if s.ids[e.ID] == seq {
		delete(s.ids, e.ID)
	}
	if i, ok := slices.BinarySearch(s.order, seq); ok {
		s.order = slices.Delete(s.order, i, i+1)
	}
	s.bytes -= int64(e.Size)
	if len(s.entries) == 0 { // give the memory back
		s.entries, s.ids, s.order, s.expiry = nil, nil, nil, nil
	}
}

// Len is the number of bundles.
func (s *Store) Len() int { return len(s.order) }

// Bytes is the number of bytes that bundles and parts of bundles take.
func (s *Store) Bytes() int64 { return s.bytes + s.parts.bytes }

// Entries gives all entries by ascending Seq, the order in which they came.
func (s *Store) Entries() []*Entry {
	out := make([]*Entry, len(s.order))
	for i, seq := range s.order {
		out[i] = s.entries[seq]
	}
	return out
}

// Entry gives one entry. It is shared and must not be changed.
func (s *Store) Entry(seq uint64) (*Entry, bool) {
	e, ok := s.entries[seq]
	return e, ok
}

// Find gives the entry of the bundle with an id.
func (s *Store) Find(id bundle.ID) (*Entry, bool) {
	seq, ok := s.ids[id]
	if !ok {
		return nil, false
	}
	return s.entries[seq], true
}

// Get reads the bytes of a bundle and checks them.
func (s *Store) Get(seq uint64) ([]byte, error) {
	e := s.entries[seq]
	if e == nil {
		return nil, fmt.Errorf("read bundle %d: %w", seq, ErrMissing)
	}
	data, ok, err := s.kv.Get(seqKey(keyData, seq))
	if err != nil || !ok {
		return nil, fmt.Errorf("read bundle %d: %w", seq, errors.Join(err, ErrMissing))
	}
	if crc32.Checksum(data, castagnoli) != e.sum {
		return nil, fmt.Errorf("read bundle %d: %w: wrong checksum", seq, ErrCorrupt)
	}
	return data, nil
}

// Room reports whether a bundle of size bytes would be taken.
func (s *Store) Room(size int) bool {
	return len(s.order) < s.opt.MaxBundles && s.bytes+int64(size) <= s.opt.MaxBytes
}

// NextExpiry is the earliest expiry of a bundle, and whether there is one.
func (s *Store) NextExpiry() (time.Time, bool) {
	for len(s.expiry) > 0 && s.entries[s.expiry[0].seq] == nil {
		s.expiry.pop()
	}
	if len(s.expiry) == 0 {
		return time.Time{}, false
	}
	return time.UnixMilli(s.expiry[0].at).UTC(), true
}

// Expired gives an entry whose expiry has come, nil if there is none.
func (s *Store) Expired(now time.Time) *Entry {
	if at, ok := s.NextExpiry(); ok && !at.After(now) {
		return s.entries[s.expiry[0].seq]
	}
	return nil
}

// Remove takes a bundle out at once; on disk it goes with the next batch or Flush.
// After a power cut before that it is there again, which costs a repeated transfer
// that the neighbour only acknowledges.
func (s *Store) Remove(seq uint64) {
	if s.entries[seq] != nil {
		s.drop(seq)
		s.pending = append(s.pending, seq)
	}
}

// Pending is the number of removals that are still to be written.
func (s *Store) Pending() int { return len(s.pending) }

// Flush writes removals that are still to be written. It does not wait until they are
// durable, which they are with the next batch at the latest.
func (s *Store) Flush() error {
	if len(s.pending) == 0 && len(s.parts.dropped) == 0 {
		return nil
	}
	b := s.Begin()
	b.kv.Lazy = true
	return b.Commit()
}

func seqKey(kind byte, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, 9), kind), seq)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)
