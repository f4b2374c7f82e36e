package script

// Uint64 decodes a number of a contract's output: little-endian, at most 8 bytes, the top
// bit clear, not necessarily short (script/script.h: CScriptNum::vch_to_uint64).
func Uint64(b []byte) (v uint64, ok bool) {
	if len(b) > 8 {
		return 0, false
	}
	for i, c := range b {
		v |= uint64(c) << (8 * i)
	}
	return v, len(b) == 0 || b[len(b)-1]&0x80 == 0
}

// number decodes an operand of at most size bytes (script/script.h: CScriptNum).
func number(b []byte, minimal bool, size int) (v int64, ok bool) {
	if len(b) > size {
		return 0, false
	}
	if len(b) == 0 {
		return 0, true
	}
	top := b[len(b)-1]
	if minimal && top&0x7f == 0 && (len(b) == 1 || b[len(b)-2]&0x80 == 0) {
		return 0, false
	}
	for i, c := range b {
		v |= int64(c) << (8 * i)
	}
	if top&0x80 != 0 {
		return -(v &^ (0x80 << (8 * (len(b) - 1)))), true
	}
	return v, true
}

// AppendNumber appends the shortest encoding of v as an operand.
func AppendNumber(dst []byte, v int64) []byte {
	if v == 0 {
		return dst
	}
	negative := v < 0
	magnitude := uint64(v)
	if negative {
		magnitude = -magnitude
	}
	for magnitude > 0xff {
		dst = append(dst, byte(magnitude))
		magnitude >>= 8
	}
	top := byte(magnitude)
	sign := byte(0)
	if negative {
		sign = 0x80
	}
	if top&0x80 != 0 {
		return append(dst, top, sign)
	}
	return append(dst, top|sign)
}

// clampInt is script/script.h: CScriptNum::getint.
func clampInt(v int64) int { return int(max(min(v, 1<<31-1), -1<<31)) }

// truth is what a value means as a condition: false is zero of any length, also negative.
func truth(b []byte) bool {
	for i, c := range b {
		if c != 0 {
			return i != len(b)-1 || c != 0x80
		}
	}
	return false
}
