package cbor

import (
	"encoding/binary"
	"math"
)

// Major is the major type in a data item's first byte (RFC 8949 §3.1).
type Major byte

// The eight major types, and Break, the end of an item of indefinite length.
const (
	MajorUint   Major = 0
	MajorNegInt Major = 1
	MajorBytes  Major = 2
	MajorText   Major = 3
	MajorArray  Major = 4
	MajorMap    Major = 5
	MajorTag    Major = 6
	MajorSimple Major = 7
	MajorBreak  Major = 8 // not on the wire as such: 0xff
)

const (
	simpleFalse   = 0xf4
	simpleTrue    = 0xf5
	simpleNull    = 0xf6
	float64Head   = 0xfb
	indefArray    = 0x9f
	breakByte     = 0xff
	oneByteFollow = 24
)

func appendHead(dst []byte, m Major, v uint64) []byte {
	t := byte(m) << 5
	switch {
	case v < oneByteFollow:
		return append(dst, t|byte(v))
	case v <= math.MaxUint8:
		return append(dst, t|24, byte(v))
	case v <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, t|25), uint16(v))
	case v <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, t|26), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, t|27), v)
}

// AppendUint appends an unsigned integer.
func AppendUint(dst []byte, v uint64) []byte { return appendHead(dst, MajorUint, v) }

// AppendInt appends a signed integer.
func AppendInt(dst []byte, v int64) []byte {
	if v < 0 {
		return appendHead(dst, MajorNegInt, uint64(-(v + 1)))
	}
	return appendHead(dst, MajorUint, uint64(v))
}

// AppendBytes appends a byte string.
func AppendBytes(dst, b []byte) []byte {
	return append(appendHead(dst, MajorBytes, uint64(len(b))), b...)
}

// AppendText appends a text string, which the caller knows to be UTF-8.
func AppendText(dst []byte, s string) []byte {
	return append(appendHead(dst, MajorText, uint64(len(s))), s...)
}

// AppendArray appends the head of an array of n items; the items follow.
func AppendArray(dst []byte, n int) []byte { return appendHead(dst, MajorArray, uint64(n)) }

// AppendMap appends the head of a map of n pairs; keys and values follow in turn,
// in the bytewise order of the encoded keys (RFC 8949 §4.2.1).
func AppendMap(dst []byte, n int) []byte { return appendHead(dst, MajorMap, uint64(n)) }

// AppendTag appends a tag for the item that follows.
func AppendTag(dst []byte, tag uint64) []byte { return appendHead(dst, MajorTag, tag) }

// AppendBool appends true or false.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, simpleTrue)
	}
	return append(dst, simpleFalse)
}

// AppendNull appends null.
func AppendNull(dst []byte) []byte { return append(dst, simpleNull) }

// AppendFloat64 appends a double-precision number. It never shortens it: the
// project's formats fix the width, so that a number has one encoding.
func AppendFloat64(dst []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, float64Head), math.Float64bits(v))
}

// AppendIndefiniteArray begins an array whose end AppendBreak marks, as a bundle
// is one (RFC 9171 §4.1).
func AppendIndefiniteArray(dst []byte) []byte { return append(dst, indefArray) }

// AppendBreak ends an array of indefinite length.
func AppendBreak(dst []byte) []byte { return append(dst, breakByte) }
