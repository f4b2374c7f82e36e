package durable

import (
	"fmt"
	"io"
	"io/fs"
	"math"
)

// load gives what is kept of a piece; not to be changed.
func (s *filestore) load(f *file, n int64) ([]byte, error) {
	kept, at := f.pieces[n], place{f.number, n}
	if kept == 0 {
		return nil, nil
	}
	if b, ok := s.dirty[at]; ok {
		return b[:kept], nil
	}
	if s.near == at && s.nearData != nil {
		return s.nearData[:kept], nil
	}
	b, ok, err := s.kv.Get(at.key())
	if err != nil {
		s.failed = err
		return nil, err
	}
	if !ok || len(b) < kept {
		s.failed = fmt.Errorf("%w: piece %d is %d octets, want %d", errCorrupt, n, len(b), kept)
		return nil, s.failed
	}
	s.near, s.nearData = at, b
	return b[:kept], nil
}

// ReadAt implements [cfdp.Filestore].
func (s *filestore) ReadAt(name string, p []byte, off int64) error {
	f := s.files[name]
	if f == nil {
		return absent(name)
	}
	if off < 0 || off > f.size || int64(len(p)) > f.size-off {
		return fmt.Errorf("%s: read at %d: %w", name, off, io.ErrUnexpectedEOF)
	}
	for len(p) > 0 {
		in := int(off % piece)
		n := min(len(p), piece-in)
		b, err := s.load(f, off/piece)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		clear(p[:n])
		if in < len(b) {
			copy(p[:n], b[in:])
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// WriteAt implements [cfdp.Filestore].
func (s *filestore) WriteAt(name string, p []byte, off int64) error {
	if off < 0 || off > math.MaxInt64-int64(len(p)) {
		return fmt.Errorf("%s: write at %d: %w", name, off, fs.ErrInvalid)
	}
	f, err := s.open(name)
	if err != nil {
		return err
	}
	s.names[name] = true
	f.size = max(f.size, off) // where nothing is written there
	for len(p) > 0 {
		in := int(off % piece)
		n := min(len(p), piece-in)
		if err := s.write(f, off/piece, in, p[:n]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		p, off = p[n:], off+int64(n)
		f.size = max(f.size, off)
	}
	return nil
}

// write puts data into one piece.
func (s *filestore) write(f *file, n int64, in int, data []byte) error {
	kept, at := f.pieces[n], place{f.number, n}
	length := max(kept, in+len(data))
	if err := s.room(int64(length - kept)); err != nil {
		return err
	}
	b, ok := s.dirty[at]
	if !ok {
		old, err := s.load(f, n)
		if err != nil {
			return err
		}
		b = append(make([]byte, 0, piece), old...)
		s.weight += piece
	}
	b = b[:min(kept, len(b))]
	for len(b) < length {
		b = append(b, 0)
	}
	copy(b[in:], data)
	s.dirty[at], f.pieces[n] = b, length
	s.used += int64(length - kept)
	delete(s.cut, at)
	s.forget(at)
	return nil
}

func (s *filestore) forget(at place) {
	if s.near == at {
		s.nearData = nil
	}
}

// Truncate implements [cfdp.Filestore].
func (s *filestore) Truncate(name string, size int64) error {
	if size < 0 {
		return fmt.Errorf("%s: %d octets: %w", name, size, fs.ErrInvalid)
	}
	f, err := s.open(name)
	if err != nil {
		return err
	}
	for n, kept := range f.pieces {
		keep := int(min(int64(kept), max(0, size-n*piece)))
		if keep == kept {
			continue
		}
		at := place{f.number, n}
		s.used -= int64(kept - keep)
		if keep == 0 {
			delete(f.pieces, n)
			s.clear(at)
			if f.stored {
				s.cut[at] = true
			}
			s.forget(at)
			continue
		}
		if _, err := s.load(f, n); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		f.pieces[n] = keep
		if err := s.write(f, n, 0, nil); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	f.size = size
	s.names[name] = true
	return nil
}
