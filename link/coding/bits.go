package coding

import "sort"

// Unpack appends the bits of octets to dst, most significant bit of each first.
func Unpack(dst, octets []byte) []byte {
	for _, o := range octets {
		dst = append(dst, o>>7, o>>6&1, o>>5&1, o>>4&1, o>>3&1, o>>2&1, o>>1&1, o&1)
	}
	return dst
}

// UnpackLSB appends the bits of octets to dst, least significant bit of each first,
// as HDLC sends them (ISO 13239 §4.2.7).
func UnpackLSB(dst, octets []byte) []byte {
	for _, o := range octets {
		dst = append(dst, o&1, o>>1&1, o>>2&1, o>>3&1, o>>4&1, o>>5&1, o>>6&1, o>>7)
	}
	return dst
}

// Pack appends the octets of hard bits to dst, the first bit in the most significant
// place. A last octet that bits do not fill is completed with zeros.
func Pack(dst, bits []byte) []byte {
	for len(bits) >= 8 {
		b := bits[:8]
		dst = append(dst, b[0]<<7|b[1]&1<<6|b[2]&1<<5|b[3]&1<<4|b[4]&1<<3|b[5]&1<<2|b[6]&1<<1|b[7]&1)
		bits = bits[8:]
	}
	if len(bits) > 0 {
		var o byte
		for i, b := range bits {
			o |= b & 1 << (7 - i)
		}
		dst = append(dst, o)
	}
	return dst
}

// PackLSB appends the octets of hard bits to dst, the first bit in the least
// significant place; see [Pack].
func PackLSB(dst, bits []byte) []byte {
	var o byte
	for i, b := range bits {
		o |= b & 1 << (i & 7)
		if i&7 == 7 {
			dst = append(dst, o)
			o = 0
		}
	}
	if len(bits)&7 != 0 {
		dst = append(dst, o)
	}
	return dst
}

// Harden appends the hard bits that soft bits speak for to dst; an erasure reads 0.
func Harden(dst []byte, soft []int8) []byte {
	for _, s := range soft {
		b := byte(0)
		if s > 0 {
			b = 1
		}
		dst = append(dst, b)
	}
	return dst
}

// Soften appends soft bits of one magnitude (1..127) for hard bits to dst.
func Soften(dst []int8, bits []byte, magnitude int8) []int8 {
	for _, b := range bits {
		if b&1 == 1 {
			dst = append(dst, magnitude)
		} else {
			dst = append(dst, -magnitude)
		}
	}
	return dst
}

// PackSoft appends the octets that soft bits speak for to dst, the first bit in the
// most significant place; see [Pack].
func PackSoft(dst []byte, soft []int8) []byte {
	for i := 0; i < len(soft); i += 8 {
		var o byte
		for j, s := range soft[i:min(i+8, len(soft))] {
			if s > 0 {
				o |= 0x80 >> j
			}
		}
		dst = append(dst, o)
	}
	return dst
}

// Weakest gives the numbers of n octets of soft bits, the one with the weakest bit first, equals in
// order: which to call erasures.
func Weakest(soft []int8, n int) []int {
	order, weight := make([]int, n), make([]int, n)
	for i := range n {
		order[i], weight[i] = i, 128
		for _, s := range soft[8*i : 8*i+8] {
			weight[i] = min(weight[i], max(int(s), -int(s)))
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return weight[order[a]] < weight[order[b]] })
	return order
}
