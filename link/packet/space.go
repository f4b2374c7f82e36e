package packet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sizes of a Space Packet in octets (CCSDS 133.0-B-2 §4.1).
const (
	// HeaderLen is the length of the primary header.
	HeaderLen = 6
	// MinLen and MaxLen are the bounds of a whole packet: the data field has at least
	// one octet and at most 65536.
	MinLen = HeaderLen + 1
	MaxLen = HeaderLen + 65536
)

// IdleAPID marks a packet whose only purpose is to fill (CCSDS 133.0-B-2 §4.1.3.3.4).
const IdleAPID = 0x7ff

// MaxAPID is the highest application process identifier that is not the idle one.
const MaxAPID = IdleAPID - 1

// CountMask bounds a packet sequence count: it runs modulo 16384.
const CountMask = 0x3fff

// Versions, the first three bits of a packet.
const (
	VersionSpace         = 0
	VersionEncapsulation = 7
)

// Errors that callers branch on.
var (
	// ErrShort says that more octets are needed.
	ErrShort = errors.New("packet is cut short")
	// ErrVersion says that the octets do not begin with the version expected.
	ErrVersion = errors.New("unknown packet version")
	// ErrTrailing says that octets follow the one packet that was expected.
	ErrTrailing = errors.New("octets behind the packet")
)

// Type says which way a packet goes.
type Type uint8

// Packet types (CCSDS 133.0-B-2 §4.1.3.3.2).
const (
	Telemetry   Type = 0
	Telecommand Type = 1
)

// String names the type as operators do.
func (t Type) String() string {
	if t == Telecommand {
		return "TC"
	}
	return "TM"
}

// SeqFlags place a packet in a group of segments.
type SeqFlags uint8

// Sequence flags (CCSDS 133.0-B-2 §4.1.3.4.2.2).
const (
	Continuation SeqFlags = 0
	First        SeqFlags = 1
	Last         SeqFlags = 2
	Unsegmented  SeqFlags = 3
)

// String names the flags.
func (f SeqFlags) String() string {
	return [...]string{"continuation", "first", "last", "unsegmented"}[f&3]
}

// Header is the primary header of a Space Packet without its length
// (CCSDS 133.0-B-2 §4.1.3).
type Header struct {
	Type      Type
	Secondary bool // a secondary header begins the data field
	APID      uint16
	Flags     SeqFlags
	Count     uint16 // sequence count, or for telecommands a name, modulo 16384
}

// Idle reports whether the packet only fills.
func (h Header) Idle() bool { return h.APID == IdleAPID }

// ID is the packet identification field, the second to the sixteenth bit: type,
// secondary header flag and APID.
func (h Header) ID() uint16 {
	id := uint16(h.Type)<<12 | h.APID
	if h.Secondary {
		id |= 1 << 11
	}
	return id
}

// Sequence is the packet sequence control field.
func (h Header) Sequence() uint16 { return uint16(h.Flags)<<14 | h.Count }

// HeaderOf puts a header together from its packet identification and packet sequence
// control fields, whose other bits are ignored.
func HeaderOf(id, sequence uint16) Header {
	return Header{
		Type:      Type(id >> 12 & 1),
		Secondary: id>>11&1 == 1,
		APID:      id & 0x7ff,
		Flags:     SeqFlags(sequence >> 14),
		Count:     sequence & CountMask,
	}
}

// Packet is a Space Packet. Data is the whole packet data field, secondary header
// included: 1 to 65536 octets.
type Packet struct {
	Header
	Data []byte
}

// Len is the length of the packet in octets.
func (p Packet) Len() int { return HeaderLen + len(p.Data) }

// Validate reports what of the packet the format cannot say.
func (p Packet) Validate() error {
	switch {
	case p.Type > 1:
		return fmt.Errorf("packet type %d does not fit a bit", p.Type)
	case p.APID > IdleAPID:
		return fmt.Errorf("APID %d does not fit 11 bits", p.APID)
	case p.Flags > 3:
		return fmt.Errorf("sequence flags %d do not fit two bits", p.Flags)
	case p.Count > CountMask:
		return fmt.Errorf("sequence count %d does not fit 14 bits", p.Count)
	case len(p.Data) == 0:
		return errors.New("a space packet has at least one octet of data")
	case len(p.Data) > MaxLen-HeaderLen:
		return fmt.Errorf("%d octets of data exceed the 65536 of a space packet", len(p.Data))
	case p.Idle() && p.Secondary:
		return errors.New("an idle packet has no secondary header")
	}
	return nil
}

// Append writes the packet behind dst.
func (p Packet) Append(dst []byte) ([]byte, error) {
	if err := p.Validate(); err != nil {
		return dst, err
	}
	dst = AppendHeader(dst, p.Header, len(p.Data))
	return append(dst, p.Data...), nil
}

// AppendHeader writes the six octets of a primary header before a data field of dataLen
// octets, which must be 1 to 65536. It is for callers that build the data in place.
func AppendHeader(dst []byte, h Header, dataLen int) []byte {
	dst = binary.BigEndian.AppendUint16(dst, h.ID())
	dst = binary.BigEndian.AppendUint16(dst, h.Sequence())
	return binary.BigEndian.AppendUint16(dst, uint16(dataLen-1))
}

// Decode reads the Space Packet at the start of b and returns what follows it. The
// data of the packet aliases b.
func Decode(b []byte) (p Packet, rest []byte, err error) {
	if len(b) < HeaderLen {
		return p, b, ErrShort
	}
	if b[0]>>5 != VersionSpace {
		return p, b, fmt.Errorf("%w %d where a space packet was expected", ErrVersion, b[0]>>5)
	}
	p.Header = HeaderOf(binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:]))
	if p.Idle() && p.Secondary {
		return p, b, errors.New("idle packet with a secondary header")
	}
	end := HeaderLen + int(binary.BigEndian.Uint16(b[4:])) + 1
	if len(b) < end {
		return p, b, ErrShort
	}
	p.Data = b[HeaderLen:end:end]
	return p, b[end:], nil
}

// DecodeWhole reads b as exactly one Space Packet.
func DecodeWhole(b []byte) (Packet, error) {
	p, rest, err := Decode(b)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%w: %d", ErrTrailing, len(rest))
	}
	return p, err
}

// AppendIdle writes one idle telemetry packet of n octets in all, filled with the
// octet fill. n runs from MinLen to MaxLen.
func AppendIdle(dst []byte, n int, fill byte) ([]byte, error) {
	if n < MinLen || n > MaxLen {
		return dst, fmt.Errorf("an idle packet cannot have %d octets", n)
	}
	dst = AppendHeader(dst, Header{APID: IdleAPID, Flags: Unsegmented}, n-HeaderLen)
	for range n - HeaderLen {
		dst = append(dst, fill)
	}
	return dst, nil
}

// Counter gives each application process its own run of sequence counts, for
// telemetry and telecommands apart. The zero value starts at 0 everywhere.
type Counter struct{ next map[uint16]uint16 }

// Next gives the count of the next packet of h's type and APID and moves on.
func (c *Counter) Next(t Type, apid uint16) uint16 {
	if c.next == nil {
		c.next = make(map[uint16]uint16)
	}
	key := counterKey(t, apid)
	n := c.next[key]
	c.next[key] = (n + 1) & CountMask
	return n
}

// Set makes n the count that Next gives next, as after a restart.
func (c *Counter) Set(t Type, apid, n uint16) {
	if c.next == nil {
		c.next = make(map[uint16]uint16)
	}
	c.next[counterKey(t, apid)] = n & CountMask
}

// Peek is the count that Next would give.
func (c *Counter) Peek(t Type, apid uint16) uint16 { return c.next[counterKey(t, apid)] }

func counterKey(t Type, apid uint16) uint16 { return uint16(t&1)<<11 | apid&0x7ff }
