package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxSize is the largest CompactSize that any length may have, in bytes or elements:
// Qtum Core's serialize.h MAX_SIZE.
const MaxSize = 0x02000000

// errTruncated is what every decoder says of an input that ends early.
var errTruncated = errors.New("input ends early")

// reader takes values from the front of b. After its first error it takes only zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
		r.b = nil
	}
}

// next takes n bytes. They alias the input and cannot be appended to.
func (r *reader) next(n int) []byte {
	if n > len(r.b) {
		r.fail(errTruncated)
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail(errTruncated)
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) uint32() uint32 {
	if len(r.b) < 4 {
		r.fail(errTruncated)
		return 0
	}
	v := binary.LittleEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

func (r *reader) uint64() uint64 {
	if len(r.b) < 8 {
		r.fail(errTruncated)
		return 0
	}
	v := binary.LittleEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

func (r *reader) hash(dst *[32]byte) {
	if len(r.b) < 32 {
		r.fail(errTruncated)
		return
	}
	copy(dst[:], r.b)
	r.b = r.b[32:]
}

// size takes a CompactSize: the shortest form only, at most MaxSize.
func (r *reader) size() int {
	n, width, err := compactSize(r.b)
	if err != nil {
		r.fail(err)
		return 0
	}
	r.b = r.b[width:]
	return n
}

// count takes the number of elements of a list whose elements are at least width bytes
// each, and refuses one that the rest of the input cannot hold.
func (r *reader) count(width int) int {
	n := r.size()
	if n > len(r.b)/width {
		r.fail(errTruncated)
		return 0
	}
	return n
}

// bytes takes a CompactSize and as many bytes, which alias the input.
func (r *reader) bytes() []byte { return r.next(r.size()) }

// compactSize reads the CompactSize at the front of b and tells its width in bytes.
func compactSize(b []byte) (n, width int, err error) {
	if len(b) == 0 {
		return 0, 0, errTruncated
	}
	var v, least uint64
	switch b[0] {
	default:
		return int(b[0]), 1, nil
	case 0xfd:
		if width, least = 3, 0xfd; len(b) >= width {
			v = uint64(binary.LittleEndian.Uint16(b[1:]))
		}
	case 0xfe:
		if width, least = 5, 0x10000; len(b) >= width {
			v = uint64(binary.LittleEndian.Uint32(b[1:]))
		}
	case 0xff:
		if width, least = 9, 0x100000000; len(b) >= width {
			v = binary.LittleEndian.Uint64(b[1:])
		}
	}
	switch {
	case len(b) < width:
		return 0, 0, errTruncated
	case v < least:
		return 0, 0, fmt.Errorf("size %d is not in its shortest form", v)
	case v > MaxSize:
		return 0, 0, fmt.Errorf("size %d is above %d", v, MaxSize)
	}
	return int(v), width, nil
}

// ReadCompactSize gives the CompactSize at the front of b and what follows it. Only the
// shortest form of a value up to MaxSize is one (serialize.h: ReadCompactSize).
func ReadCompactSize(b []byte) (n int, rest []byte, err error) {
	n, width, err := compactSize(b)
	if err != nil {
		return 0, nil, fmt.Errorf("reading a compact size: %w", err)
	}
	return n, b[width:], nil
}

// AppendCompactSize appends n as a CompactSize.
func AppendCompactSize(dst []byte, n uint64) []byte {
	switch {
	case n < 0xfd:
		return append(dst, byte(n))
	case n <= 0xffff:
		return binary.LittleEndian.AppendUint16(append(dst, 0xfd), uint16(n))
	case n <= 0xffffffff:
		return binary.LittleEndian.AppendUint32(append(dst, 0xfe), uint32(n))
	}
	return binary.LittleEndian.AppendUint64(append(dst, 0xff), n)
}

// CompactSizeLen is the number of bytes that n takes as a CompactSize.
func CompactSizeLen(n uint64) int {
	switch {
	case n < 0xfd:
		return 1
	case n <= 0xffff:
		return 3
	case n <= 0xffffffff:
		return 5
	}
	return 9
}

func appendBytes(dst, b []byte) []byte {
	return append(AppendCompactSize(dst, uint64(len(b))), b...)
}
