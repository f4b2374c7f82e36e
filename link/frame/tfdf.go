package frame

import (
	"encoding/binary"
	"fmt"
)

// Rule says how the data zone of a USLP frame was built (CCSDS 732.1-B-2 §4.1.4.2.2.2).
type Rule uint8

// The TFDZ construction rules. The first three have a pointer and go with frames of fixed
// length, the others do without and go with frames of variable length.
const (
	// Spanning packets fill the zone and go on in the next; the pointer is to the first
	// that begins here.
	Spanning Rule = 0
	// StartAccess begins a MAPA_SDU or VCA_SDU; the pointer is to the last octet of it
	// that stands here.
	StartAccess Rule = 1
	// ContinueAccess goes on with one; the pointer is to its last octet.
	ContinueAccess Rule = 2
	// OctetStream carries octets without bounds between units.
	OctetStream Rule = 3
	// StartSegment, ContinueSegment and LastSegment are the parts of one unit.
	StartSegment    Rule = 4
	ContinueSegment Rule = 5
	LastSegment     Rule = 6
	// NoSegmentation is one or more whole units.
	NoSegmentation Rule = 7
)

// Protocol is the identifier of what a USLP data zone holds (§4.1.4.2.2.3, SANA registry
// of USLP protocol identifiers).
type Protocol uint8

// The protocols that this project knows of.
const (
	UserPackets   Protocol = 0  // space or encapsulation packets
	COP1Commands  Protocol = 1  // control commands of COP-1
	COPPCommands  Protocol = 2  // control commands of COP-P
	SDLSCommands  Protocol = 3  // SDLS extended procedures
	UserOctets    Protocol = 4  // user defined octet stream
	MissionData   Protocol = 5  // mission specific units: MAPA_SDU, VCA_SDU
	PseudoPacket1 Protocol = 6  // Proximity-1 pseudo packet 1
	SPDUs         Protocol = 7  // Proximity-1 supervisory units
	PseudoPacket2 Protocol = 8  // Proximity-1 pseudo packet 2
	IdleData      Protocol = 31 // only idle data
)

// NoPointer is the pointer of a rule that has one when nothing begins, or ends, in the
// zone.
const NoPointer = 0xffff

// TFDF is the transfer frame data field of a USLP frame.
type TFDF struct {
	Rule     Rule
	Protocol Protocol
	// Pointer is the first header pointer or last valid octet pointer of rules below
	// OctetStream, [NoPointer] where it points at nothing.
	Pointer uint16
	Zone    []byte
}

// HasPointer says whether the rule comes with a pointer.
func (r Rule) HasPointer() bool { return r < OctetStream }

// SplitTFDF reads the data field of a USLP frame.
func SplitTFDF(data []byte) (TFDF, error) {
	if len(data) < 1 {
		return TFDF{}, fmt.Errorf("tfdf of no octets: %w", ErrShort)
	}
	d := TFDF{Rule: Rule(data[0] >> 5), Protocol: Protocol(data[0] & 31), Zone: data[1:]}
	if d.Rule.HasPointer() {
		if len(data) < 3 {
			return TFDF{}, fmt.Errorf("tfdf of %d octets: %w", len(data), ErrShort)
		}
		d.Pointer, d.Zone = binary.BigEndian.Uint16(data[1:]), data[3:]
	}
	if err := d.check(); err != nil {
		return TFDF{}, err
	}
	return d, nil
}

func (d *TFDF) check() error {
	if d.Rule > 7 || d.Protocol > 31 || d.Rule.HasPointer() && d.Pointer != NoPointer && int(d.Pointer) >= len(d.Zone) {
		return fmt.Errorf("tfdf of rule %d, protocol %d with pointer %d into %d octets: %w", d.Rule, d.Protocol, d.Pointer, len(d.Zone), ErrField)
	}
	return nil
}

// Append writes the data field after dst.
func (d *TFDF) Append(dst []byte) ([]byte, error) {
	if err := d.check(); err != nil {
		return dst, err
	}
	dst = append(dst, byte(d.Rule)<<5|byte(d.Protocol))
	if d.Rule.HasPointer() {
		dst = binary.BigEndian.AppendUint16(dst, d.Pointer)
	}
	return append(dst, d.Zone...), nil
}
