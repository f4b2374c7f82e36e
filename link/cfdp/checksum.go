package cfdp

import (
	"fmt"
	"hash/crc32"
)

// ChecksumType names a file checksum (SANA registry "CFDP Checksum Identifiers").
type ChecksumType uint8

// Checksum types.
const (
	ChecksumModular    ChecksumType = 0 // CCSDS 727.0-B-5 §4.2.2
	ChecksumProximity1 ChecksumType = 1 // CCSDS 211.2-B
	ChecksumCRC32C     ChecksumType = 2 // polynomial 0x1edc6f41, as in iSCSI
	ChecksumCRC32      ChecksumType = 3 // polynomial 0x04c11db7, as in Ethernet
	ChecksumNull       ChecksumType = 15
)

// String names the type.
func (c ChecksumType) String() string {
	switch c {
	case ChecksumModular:
		return "modular"
	case ChecksumProximity1:
		return "proximity-1"
	case ChecksumCRC32C:
		return "crc-32c"
	case ChecksumCRC32:
		return "crc-32"
	case ChecksumNull:
		return "null"
	}
	return fmt.Sprintf("checksum %d", uint8(c))
}

// Known reports whether the checksum can be computed here.
func (c ChecksumType) Known() bool { return c <= ChecksumCRC32 || c == ChecksumNull }

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	proximity1 = func() (t [256]uint32) {
		for i := range t {
			v := uint32(i) << 24
			for range 8 {
				if v>>31 == 1 {
					v = v<<1 ^ 0x00a00805
				} else {
					v <<= 1
				}
			}
			t[i] = v
		}
		return t
	}()
)

// Update continues a checksum, which begins as 0, over the data that lies in the file
// at offset. All types but the modular one want the data in order.
func (c ChecksumType) Update(sum uint32, offset int64, data []byte) uint32 {
	switch c {
	case ChecksumModular:
		return modular(sum, offset, data)
	case ChecksumProximity1:
		for _, d := range data {
			sum = sum<<8 ^ proximity1[byte(sum>>24)^d]
		}
	case ChecksumCRC32C:
		return crc32.Update(sum, castagnoli, data)
	case ChecksumCRC32:
		return crc32.Update(sum, crc32.IEEETable, data)
	}
	return sum
}

// modular adds the words of four octets that lie at multiples of four in the file,
// modulo 2^32.
func modular(sum uint32, offset int64, data []byte) uint32 {
	for len(data) > 0 && offset&3 != 0 {
		sum += uint32(data[0]) << (24 - 8*(offset&3))
		data, offset = data[1:], offset+1
	}
	for len(data) >= 4 {
		sum += uint32(data[0])<<24 | uint32(data[1])<<16 | uint32(data[2])<<8 | uint32(data[3])
		data = data[4:]
	}
	for i, d := range data {
		sum += uint32(d) << (24 - 8*i)
	}
	return sum
}
