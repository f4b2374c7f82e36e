package frame

import (
	"encoding/binary"
	"fmt"

	"spacechain/link/coding/crc"
)

// The first header pointers of TM frames and of AOS M_PDUs that point at nothing
// (CCSDS 132.0-B-3 §4.1.2.7.3, 732.0-B-4 §4.1.4.2.2).
const (
	// NoPacketStart says that no packet begins in the frame.
	NoPacketStart = 0x7ff
	// OnlyIdle says that the frame holds only idle data.
	OnlyIdle = 0x7fe
)

const tmHeader = 6

// TMChannel is the managed parameters of a TM physical channel (CCSDS 132.0-B-3 §5).
type TMChannel struct {
	// Length is that of every frame, in octets: 8 to 2048.
	Length int
	// Spacecraft is the identifier to accept, 10 bits, unless AnySpacecraft is set.
	Spacecraft    uint16
	AnySpacecraft bool
	// FECF says that frames end in a CRC-16. Without Reed-Solomon or LDPC it is required.
	FECF bool
	// VCs lists the virtual channels; nil stands for all eight with zero parameters.
	VCs map[uint8]Virtual
}

// TMFrame is a TM transfer frame. The slices of a decoded frame lie in its octets.
type TMFrame struct {
	Spacecraft      uint16 // 10 bits
	VC              uint8  // 3 bits
	MasterCount     uint8  // of all frames of the master channel
	VirtualCount    uint8  // of the frames of the virtual channel
	Secondary       []byte // secondary header data, 1 to 63 octets, or nil
	Synchronized    bool   // the data field holds access units, not packets
	PacketOrder     bool   // private use, only when Synchronized
	SegmentLength   uint8  // 2 bits, private use when Synchronized, else 3
	FirstHeader     uint16 // 11 bits
	SecurityHeader  []byte
	Data            []byte
	SecurityTrailer []byte
	OCF             [4]byte // meaningful when HasOCF
	HasOCF          bool
	FECF            uint16 // as received
}

// Idle says whether the frame holds only idle data (an OID frame).
func (f *TMFrame) Idle() bool { return !f.Synchronized && f.FirstHeader == OnlyIdle }

// Type is [TM].
func (c *TMChannel) Type() Type { return TM }

// Validate says what is wrong with the parameters, if anything.
func (c *TMChannel) Validate() error {
	if c.Length < tmHeader+2 || c.Length > 2048 {
		return fmt.Errorf("tm channel of %d octets a frame: %w", c.Length, ErrLength)
	}
	if c.Spacecraft > 0x3ff {
		return fmt.Errorf("tm spacecraft %#x: %w", c.Spacecraft, ErrField)
	}
	for vc, v := range c.VCs {
		if vc > 7 {
			return fmt.Errorf("tm virtual channel %d: %w", vc, ErrVirtual)
		}
		if v.Service == Bitstream {
			return fmt.Errorf("tm virtual channel %d with a bit stream: %w", vc, ErrField)
		}
	}
	return nil
}

// Layout implements [Channel].
func (c *TMChannel) Layout(b []byte) (Layout, error) {
	l := Layout{Type: TM}
	if len(b) < tmHeader+1 {
		return l, fmt.Errorf("tm frame of %d octets: %w", len(b), ErrShort)
	}
	if len(b) != c.Length {
		return l, fmt.Errorf("tm frame of %d octets on a channel of %d: %w", len(b), c.Length, ErrLength)
	}
	id := binary.BigEndian.Uint16(b)
	if id>>14 != 0 {
		return l, fmt.Errorf("tm frame of version %d: %w", id>>14, ErrVersion)
	}
	l.Spacecraft, l.VC = id>>4&0x3ff, uint8(id>>1&7)
	if !c.AnySpacecraft && l.Spacecraft != c.Spacecraft {
		return l, fmt.Errorf("tm frame of spacecraft %#x: %w", l.Spacecraft, ErrSpacecraft)
	}
	v, ok := virtual(c.VCs, l.VC)
	if !ok {
		return l, fmt.Errorf("tm frame of virtual channel %d: %w", l.VC, ErrVirtual)
	}
	header := tmHeader
	if b[4]&0x80 != 0 {
		if b[6]>>6 != 0 {
			return l, fmt.Errorf("tm secondary header of version %d: %w", b[6]>>6, ErrVersion)
		}
		if b[6]&0x3f == 0 {
			return l, fmt.Errorf("tm secondary header without data: %w", ErrField)
		}
		header += int(b[6]&0x3f) + 1
	}
	end := len(b)
	if c.FECF {
		end -= 2
	}
	if id&1 != 0 {
		end -= 4
	}
	if err := l.around(header, end, v.Security); err != nil {
		return l, fmt.Errorf("tm frame: %w", err)
	}
	return l, nil
}

// Check implements [Channel].
func (c *TMChannel) Check(b []byte) error { return check16(TM, c.FECF, b) }

// Seal implements [Channel].
func (c *TMChannel) Seal(b []byte) { seal16(c.FECF, b) }

// Decode reads a TM frame (CCSDS 132.0-B-3 §4.1).
func (c *TMChannel) Decode(b []byte) (TMFrame, error) {
	var f TMFrame
	l, err := c.Layout(b)
	if err != nil {
		return f, err
	}
	if err := c.Check(b); err != nil {
		return f, err
	}
	status := binary.BigEndian.Uint16(b[4:])
	f = TMFrame{
		Spacecraft: l.Spacecraft, VC: l.VC, MasterCount: b[2], VirtualCount: b[3],
		Synchronized: status&0x4000 != 0, PacketOrder: status&0x2000 != 0,
		SegmentLength: uint8(status >> 11 & 3), FirstHeader: status & 0x7ff,
		SecurityHeader: b[l.Security:l.Data:l.Data],
		Data:           b[l.Data:l.Trailer:l.Trailer], SecurityTrailer: b[l.Trailer:l.End:l.End],
	}
	if b[4]&0x80 != 0 {
		f.Secondary = b[tmHeader+1 : l.Security : l.Security]
	}
	if b[1]&1 != 0 {
		f.HasOCF, f.OCF = true, [4]byte(b[l.End:])
	}
	if c.FECF {
		f.FECF = binary.BigEndian.Uint16(b[len(b)-2:])
	}
	if err := f.check(len(f.Data)); err != nil {
		return TMFrame{}, fmt.Errorf("tm frame of virtual channel %d: %w", f.VC, err)
	}
	return f, nil
}

// check looks at the fields whose values depend on each other. When the data field holds
// packets the order flag is zero and the segment length id is '11' (§4.1.2.7.4, .5).
func (f *TMFrame) check(data int) error {
	if f.Synchronized {
		return nil
	}
	if f.PacketOrder || f.SegmentLength != 3 {
		return fmt.Errorf("packet order %t, segment length id %d: %w", f.PacketOrder, f.SegmentLength, ErrField)
	}
	if f.FirstHeader < OnlyIdle && int(f.FirstHeader) >= data {
		return fmt.Errorf("first header pointer %d in %d octets: %w", f.FirstHeader, data, ErrField)
	}
	return nil
}

// DataLength is how many octets the data field of a frame on the virtual channel has,
// given its secondary header data and whether it carries an OCF.
func (c *TMChannel) DataLength(vc uint8, secondary int, ocf bool) int {
	n := c.Length - tmHeader
	if secondary > 0 {
		n -= 1 + secondary
	}
	if ocf {
		n -= 4
	}
	if c.FECF {
		n -= 2
	}
	v, _ := virtual(c.VCs, vc)
	return n - v.Security.Header - v.Security.Trailer
}

// Append writes the frame after dst. Data must have just the length that
// [TMChannel.DataLength] tells; security header and trailer may be nil, which leaves their
// octets zero for package sdls to fill in.
func (c *TMChannel) Append(dst []byte, f *TMFrame) ([]byte, error) {
	v, ok := virtual(c.VCs, f.VC)
	if !ok || f.VC > 7 {
		return dst, fmt.Errorf("encode tm frame of virtual channel %d: %w", f.VC, ErrVirtual)
	}
	if f.Spacecraft > 0x3ff || f.SegmentLength > 3 || f.FirstHeader > 0x7ff || len(f.Secondary) > 63 {
		return dst, fmt.Errorf("encode tm frame: %w", ErrField)
	}
	if len(f.Data) == 0 || len(f.Data) != c.DataLength(f.VC, len(f.Secondary), f.HasOCF) {
		return dst, fmt.Errorf("encode tm frame with %d octets of data: %w", len(f.Data), ErrLength)
	}
	if err := f.check(len(f.Data)); err != nil {
		return dst, fmt.Errorf("encode tm frame: %w", err)
	}
	dst, b := grow(dst, c.Length)
	id := f.Spacecraft<<4 | uint16(f.VC)<<1
	if f.HasOCF {
		id |= 1
	}
	binary.BigEndian.PutUint16(b, id)
	b[2], b[3] = f.MasterCount, f.VirtualCount
	status := uint16(f.SegmentLength)<<11 | f.FirstHeader
	if len(f.Secondary) > 0 {
		status |= 0x8000
	}
	if f.Synchronized {
		status |= 0x4000
	}
	if f.PacketOrder {
		status |= 0x2000
	}
	binary.BigEndian.PutUint16(b[4:], status)
	at := tmHeader
	if len(f.Secondary) > 0 {
		b[at] = byte(len(f.Secondary))
		at += 1 + copy(b[at+1:], f.Secondary)
	}
	at, err := putField(b, at, f.SecurityHeader, f.Data, f.SecurityTrailer, v.Security)
	if err != nil {
		return dst[:len(dst)-c.Length], fmt.Errorf("encode tm frame: %w", err)
	}
	if f.HasOCF {
		copy(b[at:], f.OCF[:])
	}
	c.Seal(b)
	return dst, nil
}

// putField writes security header, data and security trailer at b[at:] and returns where
// they end. Nil headers and trailers become zeros.
func putField(b []byte, at int, header, data, trailer []byte, s Security) (int, error) {
	if header != nil && len(header) != s.Header || trailer != nil && len(trailer) != s.Trailer {
		return at, fmt.Errorf("security header of %d octets, trailer of %d: %w", len(header), len(trailer), ErrLength)
	}
	if copy(b[at:at+s.Header], header) == 0 {
		clear(b[at : at+s.Header])
	}
	at += s.Header
	at += copy(b[at:], data)
	if copy(b[at:at+s.Trailer], trailer) == 0 {
		clear(b[at : at+s.Trailer])
	}
	return at + s.Trailer, nil
}

func check16(t Type, present bool, b []byte) error {
	if present && crc.CCITT(b) != 0 {
		return fmt.Errorf("%v frame of %d octets: %w", t, len(b), ErrChecksum)
	}
	return nil
}

func seal16(present bool, b []byte) {
	if present {
		end := len(b) - 2
		binary.BigEndian.PutUint16(b[end:], crc.CCITT(b[:end]))
	}
}
