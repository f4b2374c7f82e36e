package pus

import (
	"errors"
	"fmt"
	"time"

	"spacechain/link/packet"
)

// ErrData is at the root of errors about the data of a message.
var ErrData = errors.New("bad message data")

// writer builds the data of a message; its first error stays.
type writer struct {
	p   *Profile
	b   []byte
	err error
}

func (w *writer) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf("%w: "+format, append([]any{ErrData}, args...)...)
	}
}

func (w *writer) uint(v uint64, n int) {
	if n < 8 && v>>(8*n) != 0 {
		if n == 0 {
			return // a field that the mission leaves out
		}
		w.fail("%d does not fit %d octets", v, n)
	}
	w.b = appendWidth(w.b, v, n)
}

func (w *writer) octet(v uint8)   { w.b = append(w.b, v) }
func (w *writer) octets(v []byte) { w.b = append(w.b, v...) }

func (w *writer) bool(v bool) {
	if v {
		w.octet(1)
	} else {
		w.octet(0)
	}
}

func (w *writer) time(t time.Time) {
	if t.IsZero() { // no time: the epoch itself
		w.b = append(w.b, make([]byte, w.p.Time.Len())...)
		return
	}
	var err error
	if w.b, err = w.p.Time.Append(w.b, t); err != nil {
		w.fail("%v", err)
	}
}

// relative writes a signed time as the two's complement of 4 octets of seconds and 2 of
// fractions (ECSS-E-ST-70-41C §7.3.11).
func (w *writer) relative(d time.Duration) {
	s, ns := int64(d/time.Second), int64(d%time.Second)
	if ns < 0 {
		s, ns = s-1, ns+1e9
	}
	v := s<<16 + (ns<<16+5e8)/1e9
	if s >= 1<<31 || s < -1<<31 {
		w.fail("time offset of %v", d)
	}
	w.b = appendWidth(w.b, uint64(v), 6)
}

// writeList writes the number of entries and the entries.
func writeList[T any](w *writer, list []T, each func(T)) {
	w.uint(uint64(len(list)), w.p.Widths.Count)
	for _, v := range list {
		each(v)
	}
}

// reader takes the data of a message apart; its first error stays, and from then on it
// gives zeros.
type reader struct {
	p   *Profile
	b   []byte
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: "+format, append([]any{ErrData}, args...)...)
	}
	r.b = nil
}

func (r *reader) octets(n int) []byte {
	if n < 0 || len(r.b) < n {
		r.fail("cut short")
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) uint(n int) uint64 { return number(r.octets(n)) }
func (r *reader) octet() uint8      { return uint8(r.uint(1)) }

func (r *reader) bool() bool {
	v := r.octet()
	if v > 1 {
		r.fail("%d is no truth value", v)
	}
	return v == 1
}

func (r *reader) time() time.Time {
	b := r.octets(r.p.Time.Len())
	if b == nil {
		return time.Time{}
	}
	zero := true
	for _, d := range b {
		zero = zero && d == 0
	}
	if zero {
		return time.Time{}
	}
	t, err := r.p.Time.Decode(b)
	if err != nil {
		r.fail("%v", err)
	}
	return t
}

func (r *reader) relative() time.Duration {
	v := int64(r.uint(6)<<16) >> 16
	return time.Duration(v>>16)*time.Second + time.Duration((v&0xffff*1e9+1<<15)>>16)
}

// end refuses octets that are left over.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d octets too many", len(r.b))
	}
	return r.err
}

// readList reads a number of entries and as many entries, which take at least an octet
// each.
func readList[T any](r *reader, each func() T) []T {
	n := r.uint(r.p.Widths.Count)
	if n > uint64(len(r.b)) {
		r.fail("%d entries in %d octets", n, len(r.b))
		return nil
	}
	list := make([]T, 0, min(n, 64))
	for i := uint64(0); i < n && r.err == nil; i++ {
		list = append(list, each())
	}
	return list
}

// request reads an embedded telecommand packet.
func (r *reader) request() []byte {
	n, err := packet.Length(r.b)
	if err != nil || n > uint64(len(r.b)) || r.b[0]>>5 != packet.VersionSpace {
		r.fail("no whole packet inside")
		return nil
	}
	return r.octets(int(n))
}
