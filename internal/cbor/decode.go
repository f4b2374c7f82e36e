package cbor

import (
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"
)

// MaxDepth is how deep Skip follows nested items before it gives up.
const MaxDepth = 16

// Error is a decoding error: where in the input, and what was wrong there.
type Error struct {
	Offset int // bytes from the start of the decoder's input
	Msg    string
}

func (e *Error) Error() string { return fmt.Sprintf("cbor: at byte %d: %s", e.Offset, e.Msg) }

// Decoder reads data items one after the other from a byte slice. Its zero value
// reads nothing; make one with NewDecoder. A method that fails leaves the
// decoder where it was.
type Decoder struct {
	b   []byte
	off int
}

// NewDecoder reads from b, which must not change while the results are in use.
func NewDecoder(b []byte) *Decoder { return &Decoder{b: b} }

// Offset is the number of bytes read so far.
func (d *Decoder) Offset() int { return d.off }

// Remaining is the number of bytes not yet read.
func (d *Decoder) Remaining() int { return len(d.b) - d.off }

// Done returns an error if bytes are left over.
func (d *Decoder) Done() error {
	if d.off != len(d.b) {
		return d.errf("%d bytes after the end", d.Remaining())
	}
	return nil
}

func (d *Decoder) errf(format string, args ...any) error {
	return &Error{Offset: d.off, Msg: fmt.Sprintf(format, args...)}
}

// Peek gives the major type of the next item, or MajorBreak, without reading it.
func (d *Decoder) Peek() (Major, error) {
	if d.off >= len(d.b) {
		return 0, d.errf("unexpected end")
	}
	if d.b[d.off] == breakByte {
		return MajorBreak, nil
	}
	return Major(d.b[d.off] >> 5), nil
}

// head decodes the head at the offset: its major type, its argument, and its size.
func (d *Decoder) head() (m Major, v uint64, size int, err error) {
	if d.off >= len(d.b) {
		return 0, 0, 0, d.errf("unexpected end")
	}
	first := d.b[d.off]
	m = Major(first >> 5)
	info := first & 0x1f
	rest := d.b[d.off+1:]
	if info < oneByteFollow {
		return m, uint64(info), 1, nil
	}
	if info > 27 {
		return 0, 0, 0, d.errf("head 0x%02x is reserved or of indefinite length", first)
	}
	n := 1 << (info - oneByteFollow)
	if len(rest) < n {
		return 0, 0, 0, d.errf("unexpected end in a head of %d bytes", n+1)
	}
	var least uint64
	switch n {
	case 1:
		v, least = uint64(rest[0]), oneByteFollow
	case 2:
		v, least = uint64(binary.BigEndian.Uint16(rest)), math.MaxUint8+1
	case 4:
		v, least = uint64(binary.BigEndian.Uint32(rest)), math.MaxUint16+1
	case 8:
		v, least = binary.BigEndian.Uint64(rest), math.MaxUint32+1
	}
	if m != MajorSimple && v < least {
		return 0, 0, 0, d.errf("argument %d is not in its shortest form", v)
	}
	return m, v, n + 1, nil
}

func (d *Decoder) expect(want Major, what string) (uint64, error) {
	m, v, size, err := d.head()
	if err != nil {
		return 0, err
	}
	if m != want {
		return 0, d.errf("expected %s, found major type %d", what, m)
	}
	d.off += size
	return v, nil
}

// Uint reads an unsigned integer.
func (d *Decoder) Uint() (uint64, error) { return d.expect(MajorUint, "an unsigned integer") }

// Int reads an integer that fits an int64.
func (d *Decoder) Int() (int64, error) {
	m, v, size, err := d.head()
	if err != nil {
		return 0, err
	}
	if m != MajorUint && m != MajorNegInt {
		return 0, d.errf("expected an integer, found major type %d", m)
	}
	if v > math.MaxInt64 {
		return 0, d.errf("integer out of range")
	}
	d.off += size
	if m == MajorNegInt {
		return -1 - int64(v), nil
	}
	return int64(v), nil
}

func (d *Decoder) span(want Major, what string) ([]byte, error) {
	start := d.off
	n, err := d.expect(want, what)
	if err != nil {
		return nil, err
	}
	if n > uint64(d.Remaining()) {
		d.off = start
		return nil, d.errf("%s of %d bytes, %d are left", what, n, len(d.b)-start)
	}
	s := d.b[d.off : d.off+int(n) : d.off+int(n)]
	d.off += int(n)
	return s, nil
}

// Bytes reads a byte string. The result is a part of the input.
func (d *Decoder) Bytes() ([]byte, error) { return d.span(MajorBytes, "a byte string") }

// Text reads a text string.
func (d *Decoder) Text() (string, error) {
	start := d.off
	s, err := d.span(MajorText, "a text string")
	if err != nil {
		return "", err
	}
	if !utf8.Valid(s) {
		d.off = start
		return "", d.errf("text is not UTF-8")
	}
	return string(s), nil
}

func (d *Decoder) count(want Major, what string, each int) (int, error) {
	start := d.off
	n, err := d.expect(want, what)
	if err != nil {
		return 0, err
	}
	if n > uint64(d.Remaining()/each) {
		d.off = start
		return 0, d.errf("%s of %d items in %d bytes", what, n, len(d.b)-start)
	}
	return int(n), nil
}

// Array reads the head of an array of definite length. The result is at most the
// number of bytes left, so the caller may allocate for it.
func (d *Decoder) Array() (int, error) { return d.count(MajorArray, "an array", 1) }

// ArrayStart reads the head of an array of either kind. Of an indefinite one the
// length is -1, and Break tells its end.
func (d *Decoder) ArrayStart() (n int, indefinite bool, err error) {
	if d.off < len(d.b) && d.b[d.off] == indefArray {
		d.off++
		return -1, true, nil
	}
	n, err = d.Array()
	return n, false, err
}

// Break reads the break that ends an array of indefinite length, and reports
// whether it was there; where another item begins, nothing is read.
func (d *Decoder) Break() (bool, error) {
	if d.off >= len(d.b) {
		return false, d.errf("unexpected end")
	}
	if d.b[d.off] != breakByte {
		return false, nil
	}
	d.off++
	return true, nil
}

// Map reads the head of a map of definite length and gives the number of pairs.
func (d *Decoder) Map() (int, error) { return d.count(MajorMap, "a map", 2) }

// Tag reads a tag; the tagged item follows.
func (d *Decoder) Tag() (uint64, error) { return d.expect(MajorTag, "a tag") }

// Bool reads true or false.
func (d *Decoder) Bool() (bool, error) {
	if d.off < len(d.b) && (d.b[d.off] == simpleFalse || d.b[d.off] == simpleTrue) {
		d.off++
		return d.b[d.off-1] == simpleTrue, nil
	}
	return false, d.errf("expected true or false")
}

// IsNull reports whether the next item is null, without reading it.
func (d *Decoder) IsNull() bool { return d.off < len(d.b) && d.b[d.off] == simpleNull }

// Null reads null.
func (d *Decoder) Null() error {
	if !d.IsNull() {
		return d.errf("expected null")
	}
	d.off++
	return nil
}

// Float64 reads a double-precision number in its full width.
func (d *Decoder) Float64() (float64, error) {
	if d.Remaining() < 9 || d.b[d.off] != float64Head {
		return 0, d.errf("expected a 64-bit floating-point number")
	}
	v := math.Float64frombits(binary.BigEndian.Uint64(d.b[d.off+1:]))
	d.off += 9
	return v, nil
}

// Skip reads one item of any type, with all that is nested in it.
func (d *Decoder) Skip() error {
	start := d.off
	if err := d.skip(0); err != nil {
		d.off = start
		return err
	}
	return nil
}

func (d *Decoder) skip(depth int) error {
	if depth > MaxDepth {
		return d.errf("nested deeper than %d", MaxDepth)
	}
	if d.off < len(d.b) && d.b[d.off] == indefArray {
		d.off++
		for {
			if end, err := d.Break(); end || err != nil {
				return err
			}
			if err := d.skip(depth + 1); err != nil {
				return err
			}
		}
	}
	m, v, size, err := d.head()
	if err != nil {
		return err
	}
	items := 0
	switch m {
	case MajorBytes:
		_, err = d.Bytes()
		return err
	case MajorText:
		_, err = d.Text()
		return err
	case MajorArray:
		items, err = d.Array()
	case MajorMap:
		items, err = d.Map()
		items *= 2
	case MajorTag:
		items = 1
		d.off += size
	case MajorSimple:
		if size == 2 && v < 32 { // RFC 8949 §3.3: the simple values 0..31 have no two-byte form
			return d.errf("simple value %d in two bytes", v)
		}
		d.off += size
	default:
		d.off += size
	}
	if err != nil {
		return err
	}
	for range items {
		if err := d.skip(depth + 1); err != nil {
			return err
		}
	}
	return nil
}
