package packet

import (
	"encoding/binary"
	"fmt"
)

// Protocol is an encapsulation protocol identifier: what an Encapsulation Packet holds
// (SANA registry "Encapsulation Protocol Identifier").
type Protocol uint8

// Protocols. Idle packets have no data; Extended uses the extension field.
const (
	ProtocolIdle     Protocol = 0
	ProtocolLTP      Protocol = 1 // Licklider Transmission Protocol
	ProtocolIPE      Protocol = 2 // internet protocol extension, CCSDS 702.1
	ProtocolCFDP     Protocol = 3
	ProtocolBundle   Protocol = 4 // Bundle Protocol
	ProtocolExtended Protocol = 6
	ProtocolMission  Protocol = 7 // privately defined
)

// Encapsulation is an Encapsulation Packet (CCSDS 133.1-B-3 §4.1). Its header has the
// shortest form that holds the fields: 1 octet for the idle packet without data, then
// 2, 4 or 8.
type Encapsulation struct {
	Protocol Protocol
	// User and Extension, four bits each, need a header of 4 octets; Reserved, the
	// CCSDS-defined field, needs 8.
	User, Extension uint8
	Reserved        uint16
	Data            []byte
}

// Lengths of length, the last two bits of the first octet.
const (
	lol0 = iota
	lol1
	lol2
	lol4
)

func (e Encapsulation) form() (lol, header int) {
	n := uint64(len(e.Data))
	switch {
	case e.Reserved != 0 || n+4 > 0xffff:
		return lol4, 8
	case e.User != 0 || e.Extension != 0 || e.Protocol == ProtocolExtended || n+2 > 0xff:
		return lol2, 4
	case e.Protocol == ProtocolIdle && n == 0:
		return lol0, 1
	}
	return lol1, 2
}

// Len is the length of the packet in octets.
func (e Encapsulation) Len() int {
	_, h := e.form()
	return h + len(e.Data)
}

// Append writes the packet behind dst.
func (e Encapsulation) Append(dst []byte) ([]byte, error) {
	if e.Protocol > 7 || e.User > 15 || e.Extension > 15 {
		return dst, fmt.Errorf("encapsulation header fields %d, %d, %d do not fit", e.Protocol, e.User, e.Extension)
	}
	lol, h := e.form()
	n := uint64(h + len(e.Data))
	if n > 0xffffffff {
		return dst, fmt.Errorf("%d octets exceed an encapsulation packet", len(e.Data))
	}
	dst = append(dst, VersionEncapsulation<<5|byte(e.Protocol)<<2|byte(lol))
	switch lol {
	case lol1:
		dst = append(dst, byte(n))
	case lol2:
		dst = append(dst, e.User<<4|e.Extension)
		dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	case lol4:
		dst = append(dst, e.User<<4|e.Extension)
		dst = binary.BigEndian.AppendUint16(dst, e.Reserved)
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	}
	return append(dst, e.Data...), nil
}

// DecodeEncapsulation reads the Encapsulation Packet at the start of b and returns what
// follows it. Headers longer than needed are accepted, as other senders choose their
// own form. The data aliases b.
func DecodeEncapsulation(b []byte) (e Encapsulation, rest []byte, err error) {
	h, n, err := encapsulationLen(b)
	if err != nil {
		return e, b, err
	}
	e.Protocol = Protocol(b[0] >> 2 & 7)
	if h >= 4 {
		e.User, e.Extension = b[1]>>4, b[1]&15
	}
	if h == 8 {
		e.Reserved = binary.BigEndian.Uint16(b[2:])
	}
	if uint64(len(b)) < n {
		return e, b, ErrShort
	}
	e.Data = b[h:n:n]
	return e, b[n:], nil
}

// encapsulationLen reads the lengths of header and packet.
func encapsulationLen(b []byte) (header int, total uint64, err error) {
	if len(b) == 0 {
		return 0, 0, ErrShort
	}
	if b[0]>>5 != VersionEncapsulation {
		return 0, 0, fmt.Errorf("%w %d where an encapsulation packet was expected", ErrVersion, b[0]>>5)
	}
	header = 1 << (b[0] & 3)
	if len(b) < header {
		return header, 0, ErrShort
	}
	switch header {
	case 1:
		if b[0]>>2&7 != byte(ProtocolIdle) {
			return header, 0, fmt.Errorf("encapsulation packet of protocol %d without a length", b[0]>>2&7)
		}
		total = 1
	case 2:
		total = uint64(b[1])
	case 4:
		total = uint64(binary.BigEndian.Uint16(b[2:]))
	case 8:
		total = uint64(binary.BigEndian.Uint32(b[4:]))
	}
	if header < 4 && b[0]>>2&7 == byte(ProtocolExtended) {
		return header, 0, fmt.Errorf("encapsulation packet of an extended protocol in a header of %d octets", header)
	}
	if total < uint64(header) {
		return header, 0, fmt.Errorf("encapsulation packet of %d octets with a header of %d", total, header)
	}
	return header, total, nil
}

// FillEncapsulation writes n octets of idle encapsulation packets: one octet each, so
// that any gap in a frame can be filled.
func FillEncapsulation(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, VersionEncapsulation<<5)
	}
	return dst
}
