package frame

import (
	"encoding/binary"
	"fmt"
)

const tcHeader = 5

// TCChannel is the managed parameters of a TC physical channel (CCSDS 232.0-B-4 §5).
type TCChannel struct {
	// MaxLength bounds frames, in octets, up to 1024; zero means 1024.
	MaxLength int
	// Spacecraft is the identifier to accept, 10 bits, unless AnySpacecraft is set.
	Spacecraft    uint16
	AnySpacecraft bool
	// FECF says that frames end in a CRC-16.
	FECF bool
	// VCs lists the virtual channels; nil stands for all 64 with zero parameters.
	VCs map[uint8]Virtual
}

// Sequence is the sequence flags of a segment header (CCSDS 232.0-B-4 §4.1.3.2.2.2).
type Sequence uint8

// The parts of a unit that a frame can hold.
const (
	Continuing  Sequence = 0
	First       Sequence = 1
	Last        Sequence = 2
	Unsegmented Sequence = 3
)

// TCFrame is a TC transfer frame. The slices of a decoded frame lie in its octets.
type TCFrame struct {
	Bypass          bool   // Type-B: expedited, accepted without the sequence check
	Control         bool   // Type-C: the data field is a control command for FARM-1
	Spacecraft      uint16 // 10 bits
	VC              uint8  // 6 bits
	Sequence        uint8  // N(S)
	HasSegment      bool   // a segment header is there: Segment and MAP mean something
	Segment         Sequence
	MAP             uint8 // 6 bits
	SecurityHeader  []byte
	Data            []byte
	SecurityTrailer []byte
	FECF            uint16 // as received
}

// Type is [TC].
func (c *TCChannel) Type() Type { return TC }

func (c *TCChannel) max() int {
	if c.MaxLength == 0 {
		return 1024
	}
	return c.MaxLength
}

// Validate says what is wrong with the parameters, if anything.
func (c *TCChannel) Validate() error {
	if n := c.max(); n < tcHeader+1 || n > 1024 {
		return fmt.Errorf("tc channel of %d octets a frame: %w", n, ErrLength)
	}
	if c.Spacecraft > 0x3ff {
		return fmt.Errorf("tc spacecraft %#x: %w", c.Spacecraft, ErrField)
	}
	for vc := range c.VCs {
		if vc > 63 {
			return fmt.Errorf("tc virtual channel %d: %w", vc, ErrVirtual)
		}
	}
	return nil
}

// Trim cuts a frame out of octets that begin with it and end in fill, as the code blocks
// of a CLTU do (CCSDS 232.0-B-4 §4.3.7, frame delimiting and fill removal).
func (c *TCChannel) Trim(b []byte) ([]byte, error) {
	if len(b) < tcHeader {
		return nil, fmt.Errorf("delimit tc frame in %d octets: %w", len(b), ErrShort)
	}
	n := int(binary.BigEndian.Uint16(b[2:])&0x3ff) + 1
	if n > len(b) || n > c.max() {
		return nil, fmt.Errorf("delimit tc frame of %d octets in %d: %w", n, len(b), ErrLength)
	}
	return b[:n:n], nil
}

// Layout implements [Channel].
func (c *TCChannel) Layout(b []byte) (Layout, error) {
	l := Layout{Type: TC}
	if len(b) < tcHeader+1 {
		return l, fmt.Errorf("tc frame of %d octets: %w", len(b), ErrShort)
	}
	id := binary.BigEndian.Uint16(b)
	if id>>14 != 0 {
		return l, fmt.Errorf("tc frame of version %d: %w", id>>14, ErrVersion)
	}
	if n := int(binary.BigEndian.Uint16(b[2:])&0x3ff) + 1; n != len(b) || n > c.max() {
		return l, fmt.Errorf("tc frame of %d octets that says %d: %w", len(b), n, ErrLength)
	}
	bypass, control := id&0x2000 != 0, id&0x1000 != 0
	if id&0x0c00 != 0 || control && !bypass {
		return l, fmt.Errorf("tc frame with bypass %t, control %t, spare %d: %w", bypass, control, id>>10&3, ErrField)
	}
	l.Spacecraft, l.VC = id&0x3ff, b[2]>>2
	if !c.AnySpacecraft && l.Spacecraft != c.Spacecraft {
		return l, fmt.Errorf("tc frame of spacecraft %#x: %w", l.Spacecraft, ErrSpacecraft)
	}
	v, ok := virtual(c.VCs, l.VC)
	if !ok {
		return l, fmt.Errorf("tc frame of virtual channel %d: %w", l.VC, ErrVirtual)
	}
	header, end := tcHeader, len(b)
	if c.FECF {
		end -= 2
	}
	if control {
		// Control commands have neither segment nor security header (§4.1.3.1.3).
		v.Segments, v.Security = false, Security{}
	}
	if v.Segments {
		l.MAP = b[header] & 0x3f
		header++
	}
	if err := l.around(header, end, v.Security); err != nil {
		return l, fmt.Errorf("tc frame: %w", err)
	}
	return l, nil
}

// Check implements [Channel].
func (c *TCChannel) Check(b []byte) error { return check16(TC, c.FECF, b) }

// Seal implements [Channel].
func (c *TCChannel) Seal(b []byte) { seal16(c.FECF, b) }

// Decode reads a TC frame (CCSDS 232.0-B-4 §4.1). The frame has been cut to its length;
// see [TCChannel.Trim].
func (c *TCChannel) Decode(b []byte) (TCFrame, error) {
	var f TCFrame
	l, err := c.Layout(b)
	if err != nil {
		return f, err
	}
	if err := c.Check(b); err != nil {
		return f, err
	}
	f = TCFrame{
		Bypass: b[0]&0x20 != 0, Control: b[0]&0x10 != 0,
		Spacecraft: l.Spacecraft, VC: l.VC, Sequence: b[4],
		SecurityHeader: b[l.Security:l.Data:l.Data],
		Data:           b[l.Data:l.Trailer:l.Trailer], SecurityTrailer: b[l.Trailer:l.End:l.End],
	}
	if l.Security > tcHeader {
		f.HasSegment, f.Segment, f.MAP = true, Sequence(b[tcHeader]>>6), l.MAP
	}
	if c.FECF {
		f.FECF = binary.BigEndian.Uint16(b[len(b)-2:])
	}
	// A Type-B frame is not counted; its sequence number is zero (§4.1.2.7.2).
	if f.Bypass && f.Sequence != 0 {
		return TCFrame{}, fmt.Errorf("tc frame of type B numbered %d: %w", f.Sequence, ErrField)
	}
	return f, nil
}

// DataLength is how many octets of data a Type-D frame of the virtual channel can hold.
func (c *TCChannel) DataLength(vc uint8) int {
	v, _ := virtual(c.VCs, vc)
	n := c.max() - tcHeader - v.Security.Header - v.Security.Trailer
	if v.Segments {
		n--
	}
	if c.FECF {
		n -= 2
	}
	return n
}

// Append writes the frame after dst. Whether there is a segment header follows from the
// virtual channel; security header and trailer may be nil, which leaves their octets zero
// for package sdls to fill in.
func (c *TCChannel) Append(dst []byte, f *TCFrame) ([]byte, error) {
	v, ok := virtual(c.VCs, f.VC)
	if !ok || f.VC > 63 {
		return dst, fmt.Errorf("encode tc frame of virtual channel %d: %w", f.VC, ErrVirtual)
	}
	if f.Control {
		v.Segments, v.Security = false, Security{}
	}
	if f.Spacecraft > 0x3ff || f.MAP > 63 || f.Segment > 3 || f.Control && !f.Bypass ||
		f.Bypass && f.Sequence != 0 || f.HasSegment != v.Segments {
		return dst, fmt.Errorf("encode tc frame: %w", ErrField)
	}
	n := tcHeader + v.Security.Header + len(f.Data) + v.Security.Trailer
	if v.Segments {
		n++
	}
	if c.FECF {
		n += 2
	}
	if len(f.Data) == 0 || n > c.max() {
		return dst, fmt.Errorf("encode tc frame of %d octets with %d of data: %w", n, len(f.Data), ErrLength)
	}
	dst, b := grow(dst, n)
	id := f.Spacecraft
	if f.Bypass {
		id |= 0x2000
	}
	if f.Control {
		id |= 0x1000
	}
	binary.BigEndian.PutUint16(b, id)
	binary.BigEndian.PutUint16(b[2:], uint16(f.VC)<<10|uint16(n-1))
	b[4] = f.Sequence
	at := tcHeader
	if v.Segments {
		b[at] = byte(f.Segment)<<6 | f.MAP
		at++
	}
	if _, err := putField(b, at, f.SecurityHeader, f.Data, f.SecurityTrailer, v.Security); err != nil {
		return dst[:len(dst)-n], fmt.Errorf("encode tc frame: %w", err)
	}
	c.Seal(b)
	return dst, nil
}

// Command is a control command of a Type-BC frame (CCSDS 232.0-B-4 §4.1.3.3).
type Command struct {
	// SetVR distinguishes 'Set V(R)' from 'Unlock'.
	SetVR bool
	// VR is the number that 'Set V(R)' sets.
	VR uint8
}

// Append writes the command as the data field of a Type-BC frame.
func (c Command) Append(dst []byte) []byte {
	if c.SetVR {
		return append(dst, 0x82, 0, c.VR)
	}
	return append(dst, 0)
}

// DecodeCommand reads the data field of a Type-BC frame.
func DecodeCommand(b []byte) (Command, error) {
	switch {
	case len(b) == 1 && b[0] == 0:
		return Command{}, nil
	case len(b) == 3 && b[0] == 0x82 && b[1] == 0:
		return Command{SetVR: true, VR: b[2]}, nil
	}
	return Command{}, fmt.Errorf("control command of %d octets: %w", len(b), ErrField)
}
