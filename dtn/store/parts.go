package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"spacechain/internal/kv"
)

// Span is a run of bytes of a transfer.
type Span struct{ From, To int }

// parts is what the store knows of transfers that broke off.
type parts struct {
	open    []part // the oldest first
	bytes   int64
	dropped [][]byte // keys to delete with the next batch
}

type part struct {
	digest Digest
	total  int
	pieces []Span
}

// maxParts is how many broken transfers are kept, and partShare which share of the
// quota they may take; the oldest goes first.
const (
	maxParts  = 32
	partShare = 4
)

// partKey is kind, digest, offset.
func partKey(d Digest, offset int) []byte {
	return binary.BigEndian.AppendUint64(append([]byte{keyPart}, d[:]...), uint64(offset))
}

// SavePart keeps a piece of a transfer of total bytes.
func (s *Store) SavePart(d Digest, total, offset int, data []byte) error {
	i := s.findPart(d)
	if i < 0 {
		if len(s.parts.open) == maxParts {
			s.DropParts(s.parts.open[0].digest)
		}
		s.parts.open = append(s.parts.open, part{digest: d, total: total})
		i = len(s.parts.open) - 1
	}
	for s.parts.bytes+int64(len(data)) > s.opt.MaxBytes/partShare && s.parts.open[0].digest != d {
		s.DropParts(s.parts.open[0].digest)
		i--
	}
	if s.parts.bytes+int64(len(data)) > s.opt.MaxBytes/partShare {
		return fmt.Errorf("keep part of a transfer: %w", ErrFull)
	}
	value := binary.BigEndian.AppendUint64(nil, uint64(total))
	value = append(value, data...)
	value = binary.BigEndian.AppendUint32(value, crc32.Checksum(value, castagnoli))
	var b kv.Batch
	for _, key := range s.parts.dropped { // one of them may come back with this write
		b.Delete(key)
	}
	b.Put(partKey(d, offset), value)
	if err := s.kv.Apply(&b); err != nil {
		return fmt.Errorf("keep part of a transfer: %w", err)
	}
	s.parts.dropped = nil
	p := &s.parts.open[i]
	p.pieces = append(p.pieces, Span{offset, offset + len(data)})
	s.parts.bytes += int64(len(data))
	return nil
}

func (s *Store) findPart(d Digest) int {
	return slices.IndexFunc(s.parts.open, func(p part) bool { return p.digest == d })
}

// Parts tells which bytes of a transfer are kept, in no order, and how long it is.
func (s *Store) Parts(d Digest) (total int, pieces []Span, ok bool) {
	i := s.findPart(d)
	if i < 0 {
		return 0, nil, false
	}
	return s.parts.open[i].total, slices.Clone(s.parts.open[i].pieces), true
}

// ReadParts copies what is kept of a transfer to its place in data.
func (s *Store) ReadParts(d Digest, data []byte) error {
	i := s.findPart(d)
	if i < 0 {
		return nil
	}
	for _, span := range s.parts.open[i].pieces {
		value, ok, err := s.kv.Get(partKey(d, span.From))
		if err == nil && !ok {
			err = ErrMissing
		}
		if err == nil {
			_, value, err = decodePart(value)
		}
		if err == nil && (span.To > len(data) || len(value) != span.To-span.From) {
			err = ErrCorrupt
		}
		if err != nil {
			return fmt.Errorf("read part of a transfer: %w", err)
		}
		copy(data[span.From:], value)
	}
	return nil
}

func decodePart(value []byte) (total int, data []byte, err error) {
	n := len(value) - 4
	if n < 8 || crc32.Checksum(value[:n], castagnoli) != binary.BigEndian.Uint32(value[n:]) {
		return 0, nil, ErrCorrupt
	}
	return int(binary.BigEndian.Uint64(value)), value[8:n], nil
}

// DropParts forgets what is kept of a transfer, at once here and with the next
// batch on disk.
func (s *Store) DropParts(d Digest) {
	i := s.findPart(d)
	if i < 0 {
		return
	}
	for _, span := range s.parts.open[i].pieces {
		s.parts.dropped = append(s.parts.dropped, partKey(d, span.From))
		s.parts.bytes -= int64(span.To - span.From)
	}
	s.parts.open = slices.Delete(s.parts.open, i, i+1)
}

func (s *Store) loadParts() error {
	return s.kv.Scan([]byte{keyPart}, func(key, value []byte) error {
		if len(key) != 1+16+8 {
			return fmt.Errorf("part of a transfer %x: %w", key, ErrCorrupt)
		}
		total, data, err := decodePart(value)
		if err != nil {
			return fmt.Errorf("part of a transfer %x: %w", key, err)
		}
		d, offset := Digest(key[1:17]), int(binary.BigEndian.Uint64(key[17:]))
		if n := len(s.parts.open); n == 0 || s.parts.open[n-1].digest != d {
			s.parts.open = append(s.parts.open, part{digest: d, total: total})
		}
		p := &s.parts.open[len(s.parts.open)-1]
		p.pieces = append(p.pieces, Span{offset, offset + len(data)})
		s.parts.bytes += int64(len(data))
		return nil
	})
}
