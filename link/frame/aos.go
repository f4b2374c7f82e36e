package frame

import (
	"encoding/binary"
	"fmt"

	"spacechain/link/coding/rs"
)

const aosHeader = 6

// IdleVC is the virtual channel of frames that hold only idle data, in AOS and in USLP
// (CCSDS 732.0-B-4 §4.1.2.3, 732.1-B-2 §4.1.2.2.3).
const IdleVC = 63

// AOSChannel is the managed parameters of an AOS physical channel (CCSDS 732.0-B-4 §5).
type AOSChannel struct {
	// Length is that of every frame, in octets: up to 2048.
	Length int
	// Spacecraft is the identifier to accept unless AnySpacecraft is set. Eight bits, or
	// ten where the channel follows issue 5 of the standard, whose two upper bits stand
	// where earlier issues have spare zeros.
	Spacecraft    uint16
	AnySpacecraft bool
	// HeaderControl says that the primary header ends in its own error control.
	HeaderControl bool
	// InsertZone is the length of the insert zone, 0 where there is none.
	InsertZone int
	// FECF says that frames end in a CRC-16.
	FECF bool
	// VCs lists the virtual channels; nil stands for all with zero parameters. IdleVC
	// needs no mention: it has no security, and an OCF only if it is listed with one.
	VCs map[uint8]Virtual
}

// AOSFrame is an AOS transfer frame. The slices of a decoded frame lie in its octets.
type AOSFrame struct {
	Spacecraft      uint16 // 8 bits, 10 from issue 5
	VC              uint8  // 6 bits
	Count           uint32 // of the frames of the virtual channel, 24 bits
	Replay          bool   // recorded rather than live data
	CycleUse        bool   // Cycle extends Count
	Cycle           uint8  // 4 bits
	InsertZone      []byte
	SecurityHeader  []byte
	Data            []byte
	SecurityTrailer []byte
	OCF             [4]byte // meaningful when HasOCF
	HasOCF          bool
	FECF            uint16 // as received
}

// Idle says whether the frame holds only idle data (an OID frame).
func (f *AOSFrame) Idle() bool { return f.VC == IdleVC }

// Type is [AOS].
func (c *AOSChannel) Type() Type { return AOS }

// Validate says what is wrong with the parameters, if anything.
func (c *AOSChannel) Validate() error {
	if c.Length < aosHeader+1 || c.Length > 2048 || c.InsertZone < 0 {
		return fmt.Errorf("aos channel of %d octets a frame: %w", c.Length, ErrLength)
	}
	if c.Spacecraft > 0x3ff {
		return fmt.Errorf("aos spacecraft %#x: %w", c.Spacecraft, ErrField)
	}
	for vc := range c.VCs {
		if vc > IdleVC {
			return fmt.Errorf("aos virtual channel %d: %w", vc, ErrVirtual)
		}
	}
	return nil
}

func (c *AOSChannel) virtual(vc uint8) (Virtual, bool) {
	v, ok := virtual(c.VCs, vc)
	if vc == IdleVC {
		v.Security = Security{}
		return v, true
	}
	return v, ok
}

func (c *AOSChannel) header() int {
	n := aosHeader + c.InsertZone
	if c.HeaderControl {
		n += 2
	}
	return n
}

// Layout implements [Channel]. Where the header has its own error control the frame's
// header must be right; [AOSChannel.Correct] repairs it.
func (c *AOSChannel) Layout(b []byte) (Layout, error) {
	l := Layout{Type: AOS}
	if len(b) < aosHeader+1 {
		return l, fmt.Errorf("aos frame of %d octets: %w", len(b), ErrShort)
	}
	if len(b) != c.Length {
		return l, fmt.Errorf("aos frame of %d octets on a channel of %d: %w", len(b), c.Length, ErrLength)
	}
	id := binary.BigEndian.Uint16(b)
	if id>>14 != 1 {
		return l, fmt.Errorf("aos frame of version %d: %w", id>>14, ErrVersion)
	}
	l.Spacecraft, l.VC = uint16(b[5]>>4&3)<<8|id>>6&0xff, uint8(id&0x3f)
	if !c.AnySpacecraft && l.Spacecraft != c.Spacecraft {
		return l, fmt.Errorf("aos frame of spacecraft %#x: %w", l.Spacecraft, ErrSpacecraft)
	}
	v, ok := c.virtual(l.VC)
	if !ok {
		return l, fmt.Errorf("aos frame of virtual channel %d: %w", l.VC, ErrVirtual)
	}
	end := len(b)
	if c.FECF {
		end -= 2
	}
	if v.OCF {
		end -= 4
	}
	if err := l.around(c.header(), end, v.Security); err != nil {
		return l, fmt.Errorf("aos frame: %w", err)
	}
	return l, nil
}

// Correct repairs up to two symbols of four bits in the protected part of the header, in
// place, and tells how many it changed. Without header error control it does nothing.
func (c *AOSChannel) Correct(b []byte) (int, error) {
	if !c.HeaderControl {
		return 0, nil
	}
	if len(b) < aosHeader+2 {
		return 0, fmt.Errorf("aos frame of %d octets: %w", len(b), ErrShort)
	}
	gvcid, signaling, n, ok := rs.CorrectHeader(binary.BigEndian.Uint16(b), b[5], binary.BigEndian.Uint16(b[6:]))
	if !ok {
		return 0, fmt.Errorf("aos header beyond repair: %w", ErrChecksum)
	}
	if n > 0 {
		binary.BigEndian.PutUint16(b, gvcid)
		b[5] = signaling
		binary.BigEndian.PutUint16(b[6:], rs.HeaderCheck(gvcid, signaling))
	}
	return n, nil
}

// Check implements [Channel].
func (c *AOSChannel) Check(b []byte) error {
	if c.HeaderControl && (len(b) < aosHeader+2 ||
		rs.HeaderCheck(binary.BigEndian.Uint16(b), b[5]) != binary.BigEndian.Uint16(b[6:])) {
		return fmt.Errorf("aos header: %w", ErrChecksum)
	}
	return check16(AOS, c.FECF, b)
}

// Seal implements [Channel].
func (c *AOSChannel) Seal(b []byte) { seal16(c.FECF, b) }

// Decode reads an AOS frame (CCSDS 732.0-B-4 §4.1). Its octets are not changed: where
// header errors are to be repaired, call [AOSChannel.Correct] first.
func (c *AOSChannel) Decode(b []byte) (AOSFrame, error) {
	var f AOSFrame
	l, err := c.Layout(b)
	if err != nil {
		return f, err
	}
	if err := c.Check(b); err != nil {
		return f, err
	}
	v, _ := c.virtual(l.VC)
	f = AOSFrame{
		Spacecraft: l.Spacecraft, VC: l.VC,
		Count:  uint32(b[2])<<16 | uint32(b[3])<<8 | uint32(b[4]),
		Replay: b[5]&0x80 != 0, CycleUse: b[5]&0x40 != 0, Cycle: b[5] & 15,
		InsertZone:     b[l.Security-c.InsertZone : l.Security : l.Security],
		SecurityHeader: b[l.Security:l.Data:l.Data],
		Data:           b[l.Data:l.Trailer:l.Trailer], SecurityTrailer: b[l.Trailer:l.End:l.End],
	}
	if v.OCF {
		f.HasOCF, f.OCF = true, [4]byte(b[l.End:])
	}
	if c.FECF {
		f.FECF = binary.BigEndian.Uint16(b[len(b)-2:])
	}
	if !f.CycleUse && f.Cycle != 0 {
		return AOSFrame{}, fmt.Errorf("aos frame with unused cycle %d: %w", f.Cycle, ErrField)
	}
	return f, nil
}

// DataLength is how many octets the data field of a frame of the virtual channel has.
func (c *AOSChannel) DataLength(vc uint8) int {
	v, _ := c.virtual(vc)
	n := c.Length - c.header() - v.Security.Header - v.Security.Trailer
	if v.OCF {
		n -= 4
	}
	if c.FECF {
		n -= 2
	}
	return n
}

// Append writes the frame after dst. Data must have just the length that
// [AOSChannel.DataLength] tells, and InsertZone that of the channel, where nil stands for
// zeros; security header and trailer may be nil, which leaves their octets zero for
// package sdls to fill in.
func (c *AOSChannel) Append(dst []byte, f *AOSFrame) ([]byte, error) {
	v, ok := c.virtual(f.VC)
	if !ok || f.VC > IdleVC {
		return dst, fmt.Errorf("encode aos frame of virtual channel %d: %w", f.VC, ErrVirtual)
	}
	if f.Spacecraft > 0x3ff || f.Count > 0xffffff || f.Cycle > 15 || !f.CycleUse && f.Cycle != 0 || f.HasOCF != v.OCF {
		return dst, fmt.Errorf("encode aos frame: %w", ErrField)
	}
	if len(f.Data) == 0 || len(f.Data) != c.DataLength(f.VC) || f.InsertZone != nil && len(f.InsertZone) != c.InsertZone {
		return dst, fmt.Errorf("encode aos frame with %d octets of data, %d of insert zone: %w", len(f.Data), len(f.InsertZone), ErrLength)
	}
	dst, b := grow(dst, c.Length)
	id := 1<<14 | f.Spacecraft&0xff<<6 | uint16(f.VC)
	binary.BigEndian.PutUint16(b, id)
	b[2], b[3], b[4] = byte(f.Count>>16), byte(f.Count>>8), byte(f.Count)
	b[5] = byte(f.Spacecraft>>8)<<4 | f.Cycle
	if f.Replay {
		b[5] |= 0x80
	}
	if f.CycleUse {
		b[5] |= 0x40
	}
	at := aosHeader
	if c.HeaderControl {
		binary.BigEndian.PutUint16(b[at:], rs.HeaderCheck(id, b[5]))
		at += 2
	}
	if copy(b[at:at+c.InsertZone], f.InsertZone) == 0 {
		clear(b[at : at+c.InsertZone])
	}
	at, err := putField(b, at+c.InsertZone, f.SecurityHeader, f.Data, f.SecurityTrailer, v.Security)
	if err != nil {
		return dst[:len(dst)-c.Length], fmt.Errorf("encode aos frame: %w", err)
	}
	if f.HasOCF {
		copy(b[at:], f.OCF[:])
	}
	c.Seal(b)
	return dst, nil
}

// SplitMPDU reads the header of a multiplexing protocol data unit, the data field of an
// AOS packet channel (CCSDS 732.0-B-4 §4.1.4.2): the packet zone and the first header
// pointer into it, [NoPacketStart] or [OnlyIdle].
func SplitMPDU(data []byte) (zone []byte, first uint16, err error) {
	if len(data) < 3 {
		return nil, 0, fmt.Errorf("m_pdu of %d octets: %w", len(data), ErrShort)
	}
	h := binary.BigEndian.Uint16(data)
	zone, first = data[2:], h&0x7ff
	if h>>11 != 0 || first < OnlyIdle && int(first) >= len(zone) {
		return nil, 0, fmt.Errorf("m_pdu with header %#x before %d octets: %w", h, len(zone), ErrField)
	}
	return zone, first, nil
}

// AppendMPDU writes the header of an M_PDU and its packet zone after dst.
func AppendMPDU(dst, zone []byte, first uint16) []byte {
	return append(binary.BigEndian.AppendUint16(dst, first&0x7ff), zone...)
}

// The bit stream data pointers of a B_PDU that count nothing (CCSDS 732.0-B-4 §4.1.4.3).
const (
	// AllBits says that the whole zone is user data.
	AllBits = 0x3fff
	// NoBits says that the whole zone is idle data.
	NoBits = 0x3ffe
)

// SplitBPDU reads the header of a bit stream protocol data unit: the zone and how many of
// its bits are user data.
func SplitBPDU(data []byte) (zone []byte, bits int, err error) {
	if len(data) < 3 {
		return nil, 0, fmt.Errorf("b_pdu of %d octets: %w", len(data), ErrShort)
	}
	h := binary.BigEndian.Uint16(data)
	zone = data[2:]
	switch p := int(h & 0x3fff); {
	case h>>14 != 0 || p < NoBits && p >= 8*len(zone):
		return nil, 0, fmt.Errorf("b_pdu with header %#x before %d octets: %w", h, len(zone), ErrField)
	case p == AllBits:
		return zone, 8 * len(zone), nil
	case p == NoBits:
		return zone, 0, nil
	default:
		// The pointer names the last valid bit, counted from zero.
		return zone, p + 1, nil
	}
}

// AppendBPDU writes the header of a B_PDU and its zone, of which the first bits are user
// data, after dst.
func AppendBPDU(dst, zone []byte, bits int) ([]byte, error) {
	if bits < 0 || bits > 8*len(zone) {
		return dst, fmt.Errorf("b_pdu with %d bits in %d octets: %w", bits, len(zone), ErrLength)
	}
	p := uint16(bits - 1)
	switch {
	case bits == 0:
		p = NoBits
	case bits == 8*len(zone):
		p = AllBits
	case bits > NoBits:
		return dst, fmt.Errorf("b_pdu with %d bits: %w", bits, ErrLength)
	}
	return append(binary.BigEndian.AppendUint16(dst, p), zone...), nil
}
