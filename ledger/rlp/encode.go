// Package rlp encodes and decodes Ethereum's Recursive Length Prefix form, strictly:
// what it accepts is exactly what it would have written (yellow paper, appendix B).
//
// Encoding appends to a byte slice: a list is AppendListHeader with the size of its
// items, then the items. Decoding splits the first item off a byte slice without
// copying; nothing recurses, except Decode, which bounds its depth.
package rlp

import "math/bits"

// AppendString adds the byte string s.
func AppendString(dst, s []byte) []byte {
	if len(s) == 1 && s[0] < 0x80 {
		return append(dst, s[0])
	}
	return append(appendHeader(dst, 0x80, len(s)), s...)
}

// AppendUint adds an integer: its big-endian bytes without leading zeros.
func AppendUint(dst []byte, v uint64) []byte {
	if v == 0 {
		return append(dst, 0x80)
	}
	if v < 0x80 {
		return append(dst, byte(v))
	}
	n := uintLen(v)
	return appendBigEndian(append(dst, 0x80+byte(n)), v, n)
}

// AppendListHeader adds the header of a list whose items take size bytes.
func AppendListHeader(dst []byte, size int) []byte { return appendHeader(dst, 0xc0, size) }

// StringSize is the number of bytes that AppendString adds.
func StringSize(s []byte) int {
	if len(s) == 1 && s[0] < 0x80 {
		return 1
	}
	return headerSize(len(s)) + len(s)
}

// UintSize is the number of bytes that AppendUint adds.
func UintSize(v uint64) int {
	if v < 0x80 {
		return 1
	}
	return 1 + uintLen(v)
}

// ListSize is the number of bytes of a list, header included, whose items take size
// bytes.
func ListSize(size int) int { return headerSize(size) + size }

func appendHeader(dst []byte, base byte, size int) []byte {
	if size < 56 {
		return append(dst, base+byte(size))
	}
	n := uintLen(uint64(size))
	return appendBigEndian(append(dst, base+55+byte(n)), uint64(size), n)
}

func headerSize(size int) int {
	if size < 56 {
		return 1
	}
	return 1 + uintLen(uint64(size))
}

func appendBigEndian(dst []byte, v uint64, n int) []byte {
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

func uintLen(v uint64) int { return (bits.Len64(v) + 7) / 8 }
