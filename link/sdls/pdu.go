package sdls

import (
	"encoding/binary"
	"fmt"
)

// Tag names a procedure of the extended procedures (CCSDS 355.1-B-1 §5.3, table 5-1):
// reply flag, user flag, service group, procedure.
type Tag uint8

// Reply is the bit that tells a reply from a command.
const Reply Tag = 0x80

// The commands: key management, association management, monitoring and control.
const (
	OTAR           Tag = 0x01
	KeyActivation  Tag = 0x02
	KeyDeactivate  Tag = 0x03
	KeyVerify      Tag = 0x04
	KeyDestruction Tag = 0x06
	KeyInventory   Tag = 0x07

	SAReadARSN  Tag = 0x10
	SACreate    Tag = 0x11
	SADelete    Tag = 0x14
	SASetWindow Tag = 0x15
	SARekey     Tag = 0x16
	SAExpire    Tag = 0x19
	SASetARSN   Tag = 0x1a
	SAStart     Tag = 0x1b
	SAStop      Tag = 0x1e
	SAStatus    Tag = 0x1f

	Ping       Tag = 0x31
	ResetAlarm Tag = 0x37
)

// PDU is a procedure data unit. Data lies in the octets it was decoded from.
type PDU struct {
	Tag  Tag
	Data []byte
}

// maxPDU is what the length field, which counts bits, can tell.
const maxPDU = 0xffff / 8

// DecodePDU reads a data unit, which must fill b but for what the layer that carries it
// adds: rest is what follows.
func DecodePDU(b []byte) (p PDU, rest []byte, err error) {
	if len(b) < 3 {
		return PDU{}, nil, fmt.Errorf("data unit of %d octets: %w", len(b), ErrPDU)
	}
	bits := int(binary.BigEndian.Uint16(b[1:]))
	if bits%8 != 0 || bits/8 > len(b)-3 {
		return PDU{}, nil, fmt.Errorf("data unit %#02x of %d bits in %d octets: %w", b[0], bits, len(b)-3, ErrPDU)
	}
	n := 3 + bits/8
	return PDU{Tag(b[0]), b[3:n:n]}, b[n:], nil
}

// Append writes the data unit after dst.
func (p PDU) Append(dst []byte) ([]byte, error) {
	if len(p.Data) > maxPDU {
		return dst, fmt.Errorf("data unit %#02x of %d octets: %w", uint8(p.Tag), len(p.Data), ErrPDU)
	}
	dst = append(dst, byte(p.Tag))
	dst = binary.BigEndian.AppendUint16(dst, uint16(8*len(p.Data)))
	return append(dst, p.Data...), nil
}
