// Package crc holds the checksums of the space link protocols: the frame error
// control fields of CCSDS, the FCS of AX.25, the CRC-32C of CSP and BPv7, the
// CRC-32 of Proximity-1 and the ISO checksum of the packet utilization standard.
//
// Every function takes octets as they stand in the frame and returns the check value
// as the number that is written behind them, most significant octet first unless the
// protocol says otherwise (AX.25 writes its FCS least significant octet first).
package crc

import "hash/crc32"

// reg16 is a CRC register of 16 bits with the most significant bit first, as tables of
// what n octets of zeros after an octet do to it.
type reg16 [8][256]uint16

func newReg16(poly uint16) *reg16 {
	var t reg16
	for i := range 256 {
		c := uint16(i) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ poly
			} else {
				c <<= 1
			}
		}
		t[0][i] = c
	}
	for n := 1; n < 8; n++ {
		for i := range 256 {
			c := t[n-1][i]
			t[n][i] = c<<8 ^ t[0][c>>8]
		}
	}
	return &t
}

// update runs data through the register eight octets at a time, so that the look-ups
// of one step do not wait for each other.
func (t *reg16) update(c uint16, data []byte) uint16 {
	for len(data) >= 8 {
		d := data[:8]
		c = t[7][d[0]^byte(c>>8)] ^ t[6][d[1]^byte(c)] ^ t[5][d[2]] ^ t[4][d[3]] ^
			t[3][d[4]] ^ t[2][d[5]] ^ t[1][d[6]] ^ t[0][d[7]]
		data = data[8:]
	}
	for _, d := range data {
		c = c<<8 ^ t[0][byte(c>>8)^d]
	}
	return c
}

var ccitt = newReg16(0x1021)

// CCITT is the frame error control field of TM, TC, AOS and USLP frames and of PUS
// packets: x^16 + x^12 + x^5 + 1, register preset to ones (CCSDS 132.0-B-3 §4.1.6).
func CCITT(data []byte) uint16 { return ccitt.update(0xffff, data) }

// CCITTUpdate continues a [CCITT] over more data; the first value is 0xffff.
func CCITTUpdate(crc uint16, data []byte) uint16 { return ccitt.update(crc, data) }

// reflected16 is the table of a 16-bit CRC with the least significant bit first.
type reflected16 [256]uint16

func newReflected16(poly uint16) *reflected16 {
	var t reflected16
	for i := range 256 {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ poly
			} else {
				c >>= 1
			}
		}
		t[i] = c
	}
	return &t
}

var (
	x25Table = newReflected16(0x8408)
	arcTable = newReflected16(0xa001)
)

// X25 is the frame check sequence of HDLC and AX.25 (ISO 13239 §4.2.5, CRC-16/X-25).
// The FCS is sent least significant octet first.
func X25(data []byte) uint16 { return ^X25Update(0xffff, data) }

// X25Update runs data through the register of [X25]; the first value is 0xffff, the
// last is complemented.
func X25Update(crc uint16, data []byte) uint16 {
	for _, d := range data {
		crc = crc>>8 ^ x25Table[byte(crc)^d]
	}
	return crc
}

// ARC is CRC-16/ARC: x^16 + x^15 + x^2 + 1, reflected, preset to zero.
func ARC(data []byte) uint16 {
	var crc uint16
	for _, d := range data {
		crc = crc>>8 ^ arcTable[byte(crc)^d]
	}
	return crc
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Castagnoli is CRC-32C (RFC 3720 §12.1), as CSP and BPv7 use it.
func Castagnoli(data []byte) uint32 { return crc32.Checksum(data, castagnoli) }

var proximity = func() *[256]uint32 {
	var t [256]uint32
	for i := range 256 {
		c := uint32(i) << 24
		for range 8 {
			if c&0x80000000 != 0 {
				c = c<<1 ^ 0x00a00805
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return &t
}()

// Proximity1 is the CRC-32 attached to Proximity-1 frames and allowed for USLP:
// x^32 + x^23 + x^21 + x^11 + x^2 + 1, preset to zero (CCSDS 211.2-B-3 §3.2.2).
func Proximity1(data []byte) uint32 {
	var c uint32
	for _, d := range data {
		c = c<<8 ^ proximity[byte(c>>24)^d]
	}
	return c
}

// ISO is the 16-bit checksum that PUS allows instead of a CRC (ISO 8473, ECSS-E-ST-70-41C
// annex B.2): two sums modulo 255, of which 0 is written as 255. A block followed by
// its checksum passes [ISOValid].
func ISO(data []byte) uint16 {
	c0, c1 := isoSums(data)
	ck1 := (2*255 - c0 - c1) % 255
	if ck1 == 0 {
		ck1 = 255
	}
	if c1 == 0 {
		c1 = 255
	}
	return uint16(ck1)<<8 | uint16(c1)
}

// ISOValid reports whether the last two octets of data are the [ISO] checksum of the
// others.
func ISOValid(data []byte) bool {
	if len(data) < 2 {
		return false
	}
	n := len(data) - 2
	if data[n] == 0 || data[n+1] == 0 {
		return false // 0 means "no checksum" and is never sent
	}
	c0, c1 := isoSums(data)
	return c0 == 0 && c1 == 0
}

// isoSums runs both sums from the preset of ones, which is 0 modulo 255.
func isoSums(data []byte) (c0, c1 uint32) {
	for len(data) > 0 {
		n := min(len(data), 4096) // 4096 terms stay below 2^32
		for _, d := range data[:n] {
			c0 += uint32(d)
			c1 += c0
		}
		c0 %= 255
		c1 %= 255
		data = data[n:]
	}
	return c0, c1
}
