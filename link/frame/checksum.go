package frame

import "encoding/binary"

// crc16Table steps the CRC of CCSDS 132.0-B-3 §4.1.6 (x^16 + x^12 + x^5 + 1) over one
// octet; its rows 1 to 7 step it over an octet that lies that many octets further back.
var crc16Table = func() (t [8][256]uint16) {
	for i := range t[0] {
		c := uint16(i) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x1021
			} else {
				c <<= 1
			}
		}
		t[0][i] = c
	}
	for row := 1; row < len(t); row++ {
		for i := range t[row] {
			c := t[row-1][i]
			t[row][i] = c<<8 ^ t[0][c>>8]
		}
	}
	return t
}()

// CRC16 is the frame error control field of TM, TC, AOS and USLP frames: the CRC with
// polynomial 0x1021 and all-ones preset (CCSDS 132.0-B-3 §4.1.6.2). Over a frame with its
// field it is zero.
func CRC16(b []byte) uint16 {
	c := uint16(0xffff)
	for len(b) >= 8 {
		c ^= binary.BigEndian.Uint16(b)
		c = crc16Table[7][c>>8] ^ crc16Table[6][c&0xff] ^
			crc16Table[5][b[2]] ^ crc16Table[4][b[3]] ^
			crc16Table[3][b[4]] ^ crc16Table[2][b[5]] ^
			crc16Table[1][b[6]] ^ crc16Table[0][b[7]]
		b = b[8:]
	}
	for _, x := range b {
		c = c<<8 ^ crc16Table[0][byte(c>>8)^x]
	}
	return c
}

// crc32Table is that of x^32 + x^23 + x^21 + x^11 + x^2 + 1.
var crc32Table = func() (t [256]uint32) {
	for i := range t {
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
	return t
}()

// CRC32 is the four-octet frame error control field of USLP (CCSDS 732.1-B-2 annex B),
// which Proximity-1 uses too (211.2-B-3 §3.5): polynomial 0x00a00805, preset zero.
func CRC32(b []byte) uint32 {
	var c uint32
	for _, x := range b {
		c = c<<8 ^ crc32Table[byte(c>>24)^x]
	}
	return c
}
