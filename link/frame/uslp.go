package frame

import (
	"encoding/binary"
	"fmt"

	"spacechain/link/coding/crc"
)

const (
	uslpShort  = 4 // a truncated header
	uslpHeader = 7 // a header before its frame count
)

// USLPChannel is the managed parameters of a USLP physical channel (CCSDS 732.1-B-2 §5).
type USLPChannel struct {
	// Length is that of every frame, in octets, where frames have a fixed length; zero
	// where it varies up to MaxLength.
	Length int
	// MaxLength bounds frames of variable length, up to 65536, which zero stands for.
	MaxLength int
	// Spacecraft is the identifier to accept unless AnySpacecraft is set.
	Spacecraft    uint16
	AnySpacecraft bool
	// InsertZone is the length of the insert zone, 0 where there is none; only frames of
	// fixed length can have one.
	InsertZone int
	// FECF is the length of the frame error control field: 0, 2 (CRC-16) or 4 (CRC-32).
	FECF int
	// VCs lists the virtual channels; nil stands for all with zero parameters.
	VCs map[uint8]Virtual
}

// USLPFrame is a USLP transfer frame. The slices of a decoded frame lie in its octets.
type USLPFrame struct {
	Spacecraft      uint16 // 16 bits
	Destination     bool   // Spacecraft is where the frame goes, not whence it comes
	VC              uint8  // 6 bits
	MAP             uint8  // 4 bits
	Truncated       bool   // the short header: what follows down to Count is absent
	Bypass          bool   // expedited rather than sequence-controlled
	Command         bool   // the data field holds protocol control commands
	CountOctets     int    // length of Count: 0 to 7
	Count           uint64 // of the frames of the virtual channel, of one quality of service
	InsertZone      []byte
	SecurityHeader  []byte
	Data            []byte // the transfer frame data field with its header; see SplitTFDF
	SecurityTrailer []byte
	OCF             [4]byte // meaningful when HasOCF
	HasOCF          bool
	FECF            uint32 // as received
}

// Idle says whether the frame holds only idle data (an OID frame).
func (f *USLPFrame) Idle() bool { return f.VC == IdleVC }

// Type is [USLP].
func (c *USLPChannel) Type() Type { return USLP }

func (c *USLPChannel) max() int {
	switch {
	case c.Length > 0:
		return c.Length
	case c.MaxLength > 0:
		return c.MaxLength
	}
	return 65536
}

// Validate says what is wrong with the parameters, if anything.
func (c *USLPChannel) Validate() error {
	if n := c.max(); n < uslpHeader+1 || n > 65536 || c.InsertZone < 0 {
		return fmt.Errorf("uslp channel of %d octets a frame: %w", n, ErrLength)
	}
	if c.FECF != 0 && c.FECF != 2 && c.FECF != 4 {
		return fmt.Errorf("uslp channel with %d octets of error control: %w", c.FECF, ErrLength)
	}
	if c.InsertZone > 0 && c.Length == 0 {
		return fmt.Errorf("uslp insert zone in frames of variable length: %w", ErrField)
	}
	for vc, v := range c.VCs {
		if vc > IdleVC {
			return fmt.Errorf("uslp virtual channel %d: %w", vc, ErrVirtual)
		}
		if v.CountOctets < 0 || v.CountOctets > 7 || v.Truncated < 0 {
			return fmt.Errorf("uslp virtual channel %d with a count of %d octets: %w", vc, v.CountOctets, ErrLength)
		}
	}
	return nil
}

func (c *USLPChannel) virtual(vc uint8) (Virtual, bool) {
	v, ok := virtual(c.VCs, vc)
	if vc == IdleVC {
		v.Security = Security{}
		return v, true
	}
	return v, ok
}

// Layout implements [Channel].
func (c *USLPChannel) Layout(b []byte) (Layout, error) {
	l := Layout{Type: USLP}
	if len(b) < uslpShort+1 {
		return l, fmt.Errorf("uslp frame of %d octets: %w", len(b), ErrShort)
	}
	id := binary.BigEndian.Uint32(b)
	if id>>28 != 12 {
		return l, fmt.Errorf("uslp frame of version %d: %w", id>>28, ErrVersion)
	}
	l.Spacecraft, l.VC, l.MAP = uint16(id>>12), uint8(id>>5&0x3f), uint8(id>>1&15)
	if !c.AnySpacecraft && l.Spacecraft != c.Spacecraft {
		return l, fmt.Errorf("uslp frame of spacecraft %#x: %w", l.Spacecraft, ErrSpacecraft)
	}
	v, ok := c.virtual(l.VC)
	if !ok {
		return l, fmt.Errorf("uslp frame of virtual channel %d: %w", l.VC, ErrVirtual)
	}
	if id&1 != 0 {
		// A truncated frame is its short header and its data field, nothing else, of a
		// length that the receiver knows (annex D).
		if v.Truncated == 0 || len(b) != v.Truncated {
			return l, fmt.Errorf("truncated uslp frame of %d octets, not %d: %w", len(b), v.Truncated, ErrLength)
		}
		return l, l.around(uslpShort, len(b), Security{})
	}
	if len(b) < uslpHeader {
		return l, fmt.Errorf("uslp frame of %d octets: %w", len(b), ErrShort)
	}
	n := int(binary.BigEndian.Uint16(b[4:])) + 1
	if n != len(b) || n > c.max() || c.Length > 0 && n != c.Length {
		return l, fmt.Errorf("uslp frame of %d octets that says %d: %w", len(b), n, ErrLength)
	}
	if b[6]&0x30 != 0 {
		return l, fmt.Errorf("uslp frame with spare bits %#x: %w", b[6]&0x30, ErrField)
	}
	header := uslpHeader + int(b[6]&7) + c.InsertZone
	end := len(b) - c.FECF
	if b[6]&8 != 0 {
		end -= 4
	}
	if err := l.around(header, end, v.Security); err != nil {
		return l, fmt.Errorf("uslp frame: %w", err)
	}
	return l, nil
}

// Check implements [Channel].
func (c *USLPChannel) Check(b []byte) error {
	if len(b) >= uslpShort && b[3]&1 != 0 {
		return nil // truncated frames have no error control
	}
	if c.FECF == 4 && crc.Proximity1(b) != 0 {
		return fmt.Errorf("uslp frame of %d octets: %w", len(b), ErrChecksum)
	}
	return check16(USLP, c.FECF == 2, b)
}

// Seal implements [Channel].
func (c *USLPChannel) Seal(b []byte) {
	if len(b) >= uslpShort && b[3]&1 != 0 {
		return
	}
	if c.FECF == 4 {
		end := len(b) - 4
		binary.BigEndian.PutUint32(b[end:], crc.Proximity1(b[:end]))
	}
	seal16(c.FECF == 2, b)
}

// Decode reads a USLP frame (CCSDS 732.1-B-2 §4.1).
func (c *USLPChannel) Decode(b []byte) (USLPFrame, error) {
	var f USLPFrame
	l, err := c.Layout(b)
	if err != nil {
		return f, err
	}
	if err := c.Check(b); err != nil {
		return f, err
	}
	f = USLPFrame{
		Spacecraft: l.Spacecraft, Destination: b[2]&8 != 0, VC: l.VC, MAP: l.MAP,
		Truncated:      b[3]&1 != 0,
		SecurityHeader: b[l.Security:l.Data:l.Data],
		Data:           b[l.Data:l.Trailer:l.Trailer], SecurityTrailer: b[l.Trailer:l.End:l.End],
	}
	if f.Truncated {
		return f, nil
	}
	f.Bypass, f.Command, f.CountOctets = b[6]&0x80 != 0, b[6]&0x40 != 0, int(b[6]&7)
	for _, x := range b[uslpHeader : uslpHeader+f.CountOctets] {
		f.Count = f.Count<<8 | uint64(x)
	}
	f.InsertZone = b[l.Security-c.InsertZone : l.Security : l.Security]
	if b[6]&8 != 0 {
		f.HasOCF, f.OCF = true, [4]byte(b[l.End:])
	}
	switch c.FECF {
	case 2:
		f.FECF = uint32(binary.BigEndian.Uint16(b[len(b)-2:]))
	case 4:
		f.FECF = binary.BigEndian.Uint32(b[len(b)-4:])
	}
	return f, nil
}

// DataLength is how many octets the data field of a frame, its header included, has: just
// so many where frames have a fixed length, at most so many where it varies.
func (c *USLPChannel) DataLength(vc uint8, countOctets int, ocf bool) int {
	v, _ := c.virtual(vc)
	n := c.max() - uslpHeader - countOctets - c.InsertZone - v.Security.Header - v.Security.Trailer - c.FECF
	if ocf {
		n -= 4
	}
	return n
}

// Append writes the frame after dst. On a channel of fixed length Data has the length that
// [USLPChannel.DataLength] tells; security header and trailer may be nil, which leaves
// their octets zero for package sdls to fill in.
func (c *USLPChannel) Append(dst []byte, f *USLPFrame) ([]byte, error) {
	v, ok := c.virtual(f.VC)
	if !ok || f.VC > IdleVC {
		return dst, fmt.Errorf("encode uslp frame of virtual channel %d: %w", f.VC, ErrVirtual)
	}
	if f.MAP > 15 || f.CountOctets < 0 || f.CountOctets > 7 || f.Count>>(8*f.CountOctets) != 0 {
		return dst, fmt.Errorf("encode uslp frame: %w", ErrField)
	}
	id := 12<<28 | uint32(f.Spacecraft)<<12 | uint32(f.VC)<<5 | uint32(f.MAP)<<1
	if f.Destination {
		id |= 0x800
	}
	if f.Truncated {
		if len(f.Data) == 0 || uslpShort+len(f.Data) != v.Truncated {
			return dst, fmt.Errorf("encode truncated uslp frame with %d octets of data: %w", len(f.Data), ErrLength)
		}
		return append(binary.BigEndian.AppendUint32(dst, id|1), f.Data...), nil
	}
	limit := c.DataLength(f.VC, f.CountOctets, f.HasOCF)
	if len(f.Data) == 0 || len(f.Data) > limit || c.Length > 0 && len(f.Data) != limit ||
		f.InsertZone != nil && len(f.InsertZone) != c.InsertZone {
		return dst, fmt.Errorf("encode uslp frame with %d octets of data, %d of insert zone: %w", len(f.Data), len(f.InsertZone), ErrLength)
	}
	n := c.max() - limit + len(f.Data)
	dst, b := grow(dst, n)
	binary.BigEndian.PutUint32(b, id)
	binary.BigEndian.PutUint16(b[4:], uint16(n-1))
	b[6] = byte(f.CountOctets)
	if f.Bypass {
		b[6] |= 0x80
	}
	if f.Command {
		b[6] |= 0x40
	}
	if f.HasOCF {
		b[6] |= 8
	}
	at := uslpHeader
	for i := range f.CountOctets {
		b[at+i] = byte(f.Count >> (8 * (f.CountOctets - 1 - i)))
	}
	at += f.CountOctets
	if copy(b[at:at+c.InsertZone], f.InsertZone) == 0 {
		clear(b[at : at+c.InsertZone])
	}
	at, err := putField(b, at+c.InsertZone, f.SecurityHeader, f.Data, f.SecurityTrailer, v.Security)
	if err != nil {
		return dst[:len(dst)-n], fmt.Errorf("encode uslp frame: %w", err)
	}
	if f.HasOCF {
		copy(b[at:], f.OCF[:])
	}
	c.Seal(b)
	return dst, nil
}
