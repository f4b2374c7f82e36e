package bundle

import "fmt"

// Scanner finds where a bundle ends in a stream of bytes that come in pieces, such
// as a TCP connection or a file. It keeps nothing of the bundle, and stops where a
// length is announced that is above the limit. What it lets through still has to be
// decoded. The zero value begins a bundle of the default limit.
type Scanner struct {
	Limits Limits

	taken int
	skip  int    // bytes of a string to come
	head  []byte // a head that came in part
	open  []int  // items to come in each open array, -1 until its break
	buf   [9]byte
}

// maxNesting is how deep arrays of a bundle lie in each other: bundle, block,
// endpoint id, its parts.
const maxNesting = 8

// Scan takes bytes up to the end of the bundle. It gives how many bytes of p belong
// to it, and whether that was the last of it; then the scanner begins anew.
func (s *Scanner) Scan(p []byte) (n int, done bool, err error) {
	limit := s.Limits.withDefaults().MaxSize
	for n < len(p) {
		if s.skip > 0 {
			k := min(s.skip, len(p)-n)
			s.skip, s.taken, n = s.skip-k, s.taken+k, n+k
		} else {
			s.head = append(s.buf[:len(s.head)], p[n])
			s.taken, n = s.taken+1, n+1
			if err := s.item(limit); err != nil {
				return n, false, err
			}
		}
		if s.skip == 0 && len(s.head) == 0 && s.close() {
			*s = Scanner{Limits: s.Limits}
			return n, true, nil
		}
		if s.taken > limit {
			return n, false, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
		}
	}
	return n, false, nil
}

// item acts on a head when all of it is there.
func (s *Scanner) item(limit int) error {
	first := s.head[0]
	if len(s.open) == 0 {
		if first != 0x9f {
			return fmt.Errorf("%w: a bundle does not begin with %02x", ErrMalformed, first)
		}
		s.open, s.head = append(s.open, -1), s.head[:0]
		return nil
	}
	top := &s.open[len(s.open)-1]
	if first == 0xff && *top < 0 {
		*top, s.head = 0, s.head[:0]
		return nil
	}
	info := first & 0x1f
	value, size := uint64(info), 1
	if info >= 24 {
		if info > 27 {
			return fmt.Errorf("%w: %02x in a bundle", ErrMalformed, first)
		}
		size = 1 + 1<<(info-24)
		if len(s.head) < size {
			return nil
		}
		value = 0
		for _, b := range s.head[1:] {
			value = value<<8 | uint64(b)
		}
	}
	s.head = s.head[:0]
	if *top > 0 {
		*top--
	}
	switch first >> 5 {
	case 2, 3: // strings
		if value > uint64(max(0, limit-s.taken)) {
			return fmt.Errorf("%w: a string of %d bytes, at most %d are taken", ErrTooLarge, value, limit)
		}
		s.skip = int(value)
	case 4: // arrays
		if len(s.open) == maxNesting || value > uint64(limit) {
			return fmt.Errorf("%w: arrays nested too deep or too long", ErrMalformed)
		}
		s.open = append(s.open, int(value))
	case 5, 6:
		return fmt.Errorf("%w: a map or a tag", ErrMalformed)
	}
	return nil
}

// close leaves the arrays of which nothing is to come, and tells whether the bundle
// was the last.
func (s *Scanner) close() bool {
	for len(s.open) > 0 && s.open[len(s.open)-1] == 0 {
		s.open = s.open[:len(s.open)-1]
	}
	return len(s.open) == 0 && s.taken > 0
}
