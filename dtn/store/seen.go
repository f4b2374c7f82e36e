package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"spacechain/dtn/bundle"
	"spacechain/internal/cbor"
)

// digest stands for a bundle id.
type digest [16]byte

func digestOf(id bundle.ID) digest {
	var buf [96]byte
	b := bundle.AppendEID(buf[:0], id.Source)
	b = cbor.AppendUint(cbor.AppendUint(b, id.Timestamp.Time), id.Timestamp.Seq)
	if id.Fragment {
		b = cbor.AppendUint(cbor.AppendUint(b, id.Offset), id.Length)
	}
	sum := sha256.Sum256(b)
	return digest(sum[:16])
}

// Digest stands for the bytes of a transfer: the first half of their SHA-256.
type Digest = [16]byte

// maxDone is how many completed transfers are remembered. Slots are one byte.
const maxDone = 256

// HasSeen reports whether the bundle with an id was consumed here.
func (s *Store) HasSeen(id bundle.ID) bool {
	if len(s.seen) == 0 {
		return false
	}
	_, ok := s.seen[digestOf(id)]
	return ok
}

func (s *Store) addSeen(d digest, until int64) {
	if s.seen == nil {
		s.seen = make(map[digest]int64)
	}
	s.seen[d] = until
	if len(s.seen) > s.opt.MaxSeen {
		s.forgetSeen()
	}
}

// forgetSeen drops the quarter of what was seen that ends first, from memory now
// and from disk with the next batch.
func (s *Store) forgetSeen() {
	type ending struct {
		until int64
		d     digest
	}
	all := make([]ending, 0, len(s.seen))
	for d, until := range s.seen {
		all = append(all, ending{until, d})
	}
	slices.SortFunc(all, func(a, b ending) int {
		if a.until != b.until {
			if a.until < b.until {
				return -1
			}
			return 1
		}
		return slices.Compare(a.d[:], b.d[:])
	})
	for _, e := range all[:len(all)/4+1] {
		delete(s.seen, e.d)
		s.parts.dropped = append(s.parts.dropped, append([]byte{keySeen}, e.d[:]...))
	}
}

func (s *Store) loadSeen() error {
	return s.kv.Scan([]byte{keySeen}, func(key, value []byte) error {
		if len(key) != 1+len(digest{}) || len(value) != 8 {
			return fmt.Errorf("consumed bundle %x: %w", key, ErrCorrupt)
		}
		if s.seen == nil {
			s.seen = make(map[digest]int64)
		}
		s.seen[digest(key[1:])] = int64(binary.BigEndian.Uint64(value))
		return nil
	})
}

// WasCompleted reports whether a transfer is among the last ones taken whole.
func (s *Store) WasCompleted(d Digest) bool { return slices.Contains(s.done, d) }

func (s *Store) addDone(slot int, d Digest) {
	if slot == len(s.done) {
		s.done = append(s.done, d)
	} else {
		s.done[slot] = d
	}
	s.slot = (slot + 1) % maxDone
}

func (s *Store) loadDone() error {
	return s.kv.Scan([]byte{keyDone}, func(key, value []byte) error {
		if len(key) != 2 || len(value) != len(Digest{}) || int(key[1]) != len(s.done) {
			return fmt.Errorf("completed transfer %x: %w", key, ErrCorrupt)
		}
		s.done = append(s.done, Digest(value))
		s.slot = len(s.done) % maxDone
		return nil
	})
}
