package frame

import (
	"encoding/binary"
	"fmt"
)

// CLCW is the communications link control word that FARM-1 returns in the operational
// control field (CCSDS 232.0-B-4 §4.2).
type CLCW struct {
	Status      uint8 // 3 bits, for the mission
	COP         uint8 // 2 bits: 1 is COP-1
	VC          uint8 // 6 bits: the TC virtual channel it is about
	Spare       uint8 // 2 bits
	NoRF        bool  // the physical channel is not available
	NoBitLock   bool  // no bit lock was had
	Lockout     bool
	Wait        bool
	Retransmit  bool
	FARMB       uint8 // 2 bits: counts Type-B frames
	ReportValue uint8 // N(R), the next expected sequence number
}

// Encode writes the word.
func (c CLCW) Encode() [4]byte {
	v := uint32(c.Status&7)<<26 | uint32(c.COP&3)<<24 | uint32(c.VC&63)<<18 | uint32(c.Spare&3)<<16 |
		uint32(c.FARMB&3)<<9 | uint32(c.ReportValue)
	for i, flag := range [...]bool{c.NoRF, c.NoBitLock, c.Lockout, c.Wait, c.Retransmit} {
		if flag {
			v |= 1 << (15 - i)
		}
	}
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	return b
}

// DecodeCLCW reads an operational control field that holds a CLCW: one of type 1, version
// zero. Whether the values make sense is for FOP-1 to say.
func DecodeCLCW(b [4]byte) (CLCW, error) {
	v := binary.BigEndian.Uint32(b[:])
	if v>>31 != 0 {
		return CLCW{}, fmt.Errorf("operational control field of type 2 is no clcw: %w", ErrField)
	}
	if v>>29 != 0 {
		return CLCW{}, fmt.Errorf("clcw of version %d: %w", v>>29&3, ErrVersion)
	}
	if v&0x100 != 0 {
		return CLCW{}, fmt.Errorf("clcw with its spare bit set: %w", ErrField)
	}
	return CLCW{
		Status: uint8(v >> 26 & 7), COP: uint8(v >> 24 & 3), VC: uint8(v >> 18 & 63), Spare: uint8(v >> 16 & 3),
		NoRF: v&0x8000 != 0, NoBitLock: v&0x4000 != 0, Lockout: v&0x2000 != 0, Wait: v&0x1000 != 0,
		Retransmit: v&0x800 != 0, FARMB: uint8(v >> 9 & 3), ReportValue: uint8(v),
	}, nil
}
