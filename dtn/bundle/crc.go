package bundle

import (
	"encoding/binary"
	"hash/crc32"
)

// CRCType is the kind of checksum a block carries (RFC 9171 §4.2.1).
type CRCType uint8

// The three kinds.
const (
	CRCNone CRCType = 0
	CRC16   CRCType = 1 // CRC-16/X-25
	CRC32C  CRCType = 2 // Castagnoli
)

// size is the number of checksum bytes.
func (c CRCType) size() int { return [...]int{0, 2, 4}[c] }

// fieldSize is the number of bytes of the block's CRC item, with its CBOR head.
func (c CRCType) fieldSize() int {
	if c == CRCNone {
		return 0
	}
	return 1 + c.size()
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var x25 = func() (table [256]uint16) {
	for i := range table {
		crc := uint16(i)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0x8408 // x^16+x^12+x^5+1, reflected
			} else {
				crc >>= 1
			}
		}
		table[i] = crc
	}
	return table
}()

// crcX25 continues a CRC-16/X-25 register, which begins as 0xffff and is inverted
// at the end.
func crcX25(crc uint16, b []byte) uint16 {
	for _, v := range b {
		crc = crc>>8 ^ x25[byte(crc)^v]
	}
	return crc
}

var zeros [4]byte

// appendCRC appends the CRC item of the block that begins at start and has all but
// that item. The checksum covers the whole block with its CRC bytes zero.
func appendCRC(dst []byte, start int, c CRCType) []byte {
	if c == CRCNone {
		return dst
	}
	dst = append(dst, 0x40|byte(c.size()))
	if c == CRC16 {
		crc := crcX25(crcX25(0xffff, dst[start:]), zeros[:2])
		return binary.BigEndian.AppendUint16(dst, ^crc)
	}
	crc := crc32.Update(crc32.Checksum(dst[start:], castagnoli), castagnoli, zeros[:4])
	return binary.BigEndian.AppendUint32(dst, crc)
}

// checkCRC tells whether block, which ends in its CRC bytes, has the right ones.
func checkCRC(block []byte, c CRCType) bool {
	if c == CRCNone {
		return true
	}
	n := len(block) - c.size()
	if c == CRC16 {
		crc := crcX25(crcX25(0xffff, block[:n]), zeros[:2])
		return binary.BigEndian.Uint16(block[n:]) == ^crc
	}
	crc := crc32.Update(crc32.Checksum(block[:n], castagnoli), castagnoli, zeros[:4])
	return binary.BigEndian.Uint32(block[n:]) == crc
}
