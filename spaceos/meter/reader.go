package meter

import (
	"fmt"
	"unicode/utf8"
)

// Reason classes why a module is refused, for callers that branch on it.
type Reason string

// The reasons of an Error.
const (
	Malformed Reason = "malformed" // not the binary format
	Invalid   Reason = "invalid"   // breaks a validation rule of WebAssembly
	Feature   Reason = "feature"   // needs a feature that the sandbox refuses (SIMD, threads, ...)
	Limit     Reason = "limit"     // larger than the sandbox takes
	Forbidden Reason = "forbidden" // start section, imported memory, reserved name
)

// Error says why a module is refused and where.
type Error struct {
	Reason Reason
	Func   int // index of the function in whose code it stands, or -1
	Offset int // bytes from the start of the module
	Msg    string
}

// Error gives one line.
func (e *Error) Error() string {
	if e.Func >= 0 {
		return fmt.Sprintf("%s module: function %d at byte %d: %s", e.Reason, e.Func, e.Offset, e.Msg)
	}
	return fmt.Sprintf("%s module: at byte %d: %s", e.Reason, e.Offset, e.Msg)
}

// reader walks through the binary format. Errors are panics of *Error inside the
// package and are caught at its exported functions.
type reader struct {
	b   []byte
	pos int
	fn  int // function index for errors, -1 outside code
}

func (r *reader) fail(reason Reason, format string, args ...any) {
	panic(&Error{Reason: reason, Func: r.fn, Offset: r.pos, Msg: fmt.Sprintf(format, args...)})
}

// caught turns the package's own panics into the error result.
func caught(err *error) {
	if p := recover(); p != nil {
		e, ok := p.(*Error)
		if !ok {
			panic(p)
		}
		*err = e
	}
}

func (r *reader) len() int { return len(r.b) - r.pos }

func (r *reader) byte() byte {
	if r.pos >= len(r.b) {
		r.fail(Malformed, "unexpected end")
	}
	b := r.b[r.pos]
	r.pos++
	return b
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > r.len() {
		r.fail(Malformed, "length %d exceeds the %d bytes left", n, r.len())
	}
	b := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// u32 reads an unsigned LEB128 of at most 32 bits.
func (r *reader) u32() uint32 {
	if r.pos < len(r.b) && r.b[r.pos] < 0x80 {
		r.pos++
		return uint32(r.b[r.pos-1])
	}
	var v uint64
	for shift := 0; ; shift += 7 {
		b := r.byte()
		if shift == 28 && b > 0x0f {
			r.fail(Malformed, "integer is longer than 32 bits")
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return uint32(v)
		}
	}
}

// signed reads a signed LEB128 of at most bits bits.
func (r *reader) signed(bits int) int64 {
	var v int64
	for shift := 0; ; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if left := bits - shift; left < 7 {
			// The unused high bits of the last byte must repeat the sign.
			rest := int8(b<<1) >> 1 >> (left - 1)
			if b >= 0x80 || (rest != 0 && rest != -1) {
				r.fail(Malformed, "integer is longer than %d bits", bits)
			}
		}
		if b < 0x80 {
			if shift+7 < 64 && b&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

// count reads a vector length whose elements take at least one byte each.
func (r *reader) count(what string, max int) int {
	n := r.u32()
	if uint64(n) > uint64(r.len()) {
		r.fail(Malformed, "%d %s in %d bytes", n, what, r.len())
	}
	if int(n) > max {
		r.fail(Limit, "%d %s, the limit is %d", n, what, max)
	}
	return int(n)
}

func (r *reader) name() string {
	b := r.bytes(int(r.u32()))
	if !utf8.Valid(b) {
		r.fail(Malformed, "name is not UTF-8")
	}
	return string(b)
}

func (r *reader) valType() ValType {
	b := r.byte()
	switch t := ValType(b); t {
	case I32, I64, F32, F64, FuncRef, ExternRef:
		return t
	case 0x7b:
		r.pos--
		r.fail(Feature, "vector type: SIMD is refused")
	}
	r.pos--
	r.fail(Malformed, "unknown value type 0x%02x", b)
	return 0
}

func (r *reader) refType() ValType {
	t := r.valType()
	if !t.isRef() {
		r.fail(Malformed, "%s where a reference type must stand", t)
	}
	return t
}

func (r *reader) valTypes(max int) []ValType {
	n := r.count("types", max)
	ts := make([]ValType, n)
	for i := range ts {
		ts[i] = r.valType()
	}
	return ts
}

func appendU32(b []byte, v uint32) []byte { return appendU64(b, uint64(v)) }

func appendU64(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendS64(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && c&0x40 == 0) || (v == -1 && c&0x40 != 0) {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func appendName(b []byte, s string) []byte {
	b = appendU32(b, uint32(len(s)))
	return append(b, s...)
}

func appendOp(b []byte, op Op) []byte {
	if op < 0x100 {
		return append(b, byte(op))
	}
	return appendU32(append(b, byte(op>>8)), uint32(op&0xff))
}
