package sdls

import (
	"encoding/binary"
	"fmt"

	"spacechain/link/frame"
)

// Report is the frame security report, which the receiving end may return in an
// operational control field of type 2 (355.1-B-1 §4.2.2).
type Report struct {
	// Alarm says that a frame was refused since the alarm was last reset.
	Alarm bool
	// BadSN, BadMAC and BadSA say why the last frame was refused, if it was.
	BadSN, BadMAC, BadSA bool
	// SPI is the association of the last frame.
	SPI uint16
	// SN is the last octet of its sequence number or initialization vector.
	SN uint8
}

// Encode writes the report.
func (r Report) Encode() [4]byte {
	v := uint32(0xc0)<<24 | uint32(r.SPI)<<8 | uint32(r.SN)
	for i, flag := range [...]bool{r.Alarm, r.BadSN, r.BadMAC, r.BadSA} {
		if flag {
			v |= 1 << (27 - i)
		}
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	return b
}

// DecodeReport reads an operational control field that holds a report: one of type 2,
// version 4.
func DecodeReport(b [4]byte) (Report, error) {
	v := binary.BigEndian.Uint32(b[:])
	if v>>28 != 0xc {
		return Report{}, fmt.Errorf("security report of type and version %#x: %w", v>>28, frame.ErrVersion)
	}
	return Report{
		Alarm: v&(1<<27) != 0, BadSN: v&(1<<26) != 0, BadMAC: v&(1<<25) != 0, BadSA: v&(1<<24) != 0,
		SPI: uint16(v >> 8), SN: uint8(v),
	}, nil
}
