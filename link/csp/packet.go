package csp

import "fmt"

// Version is a version of the protocol. Both ends must agree on it, packets do not say.
type Version int

// The versions.
const (
	V1 Version = 1 // header of 32 bits, addresses of 5
	V2 Version = 2 // header of 48 bits, addresses of 14
)

// HeaderSize is how many octets the header has.
func (v Version) HeaderSize() int {
	if v == V2 {
		return 6
	}
	return 4
}

// MaxAddress is the largest address; it is that of a broadcast.
func (v Version) MaxAddress() uint16 {
	if v == V2 {
		return 1<<14 - 1
	}
	return 1<<5 - 1
}

// MaxFlags are all flags that a header has room for.
func (v Version) MaxFlags() Flags {
	if v == V2 {
		return 1<<6 - 1
	}
	return 1<<8 - 1
}

func (v Version) check() error {
	if v != V1 && v != V2 {
		return fmt.Errorf("csp: no version %d", int(v))
	}
	return nil
}

// Flags of a header.
type Flags uint8

// The flags.
const (
	FlagCRC32 Flags = 0x01 // a CRC-32C ends the data
	FlagRDP   Flags = 0x02 // an RDP header ends the data
	FlagXTEA  Flags = 0x04 // encrypted, in old versions
	FlagHMAC  Flags = 0x08 // an HMAC ends the data
	FlagFrag  Flags = 0x10 // an SFP header ends the data
)

// Priorities, the most urgent first.
const (
	Critical uint8 = iota
	High
	Normal
	Low
)

// MaxPort is the largest port. Those up to MaxServicePort are the services', those up to 47 may be
// listened on, the others are where replies go.
const (
	MaxPort        = 63
	MaxServicePort = 7
)

// Header is where a packet comes from and goes to.
type Header struct {
	Priority        uint8 // 0 to 3
	Source          uint16
	Destination     uint16
	SourcePort      uint8 // 0 to MaxPort
	DestinationPort uint8 // 0 to MaxPort
	Flags           Flags
}

// Reply is the header of an answer: addresses and ports change places.
func (h Header) Reply() Header {
	h.Source, h.Destination = h.Destination, h.Source
	h.SourcePort, h.DestinationPort = h.DestinationPort, h.SourcePort
	return h
}

func (h Header) check(v Version) error {
	if err := v.check(); err != nil {
		return err
	}
	switch {
	case h.Priority > Low:
		return fmt.Errorf("csp: priority %d of a header is above %d", h.Priority, Low)
	case h.Source > v.MaxAddress() || h.Destination > v.MaxAddress():
		return fmt.Errorf("csp: address %d or %d of a header of version %d is above %d", h.Source, h.Destination, int(v), v.MaxAddress())
	case h.SourcePort > MaxPort || h.DestinationPort > MaxPort:
		return fmt.Errorf("csp: port %d or %d of a header is above %d", h.SourcePort, h.DestinationPort, MaxPort)
	case h.Flags > v.MaxFlags():
		return fmt.Errorf("csp: flags %#x do not fit a header of version %d", h.Flags, int(v))
	}
	return nil
}

// word gives the header's bits; the header has been checked.
func (h Header) word(v Version) uint64 {
	src, dst := uint64(h.Source), uint64(h.Destination)
	ports := uint64(h.DestinationPort)<<6 | uint64(h.SourcePort)
	if v == V2 {
		return uint64(h.Priority)<<46 | dst<<32 | src<<18 | ports<<6 | uint64(h.Flags)
	}
	return uint64(h.Priority)<<30 | src<<25 | dst<<20 | ports<<8 | uint64(h.Flags)
}

func headerOf(v Version, w uint64) Header {
	if v == V2 {
		return Header{
			Priority: uint8(w >> 46 & 3), Destination: uint16(w >> 32 & 0x3fff), Source: uint16(w >> 18 & 0x3fff),
			DestinationPort: uint8(w >> 12 & 63), SourcePort: uint8(w >> 6 & 63), Flags: Flags(w & 63),
		}
	}
	return Header{
		Priority: uint8(w >> 30 & 3), Source: uint16(w >> 25 & 31), Destination: uint16(w >> 20 & 31),
		DestinationPort: uint8(w >> 14 & 63), SourcePort: uint8(w >> 8 & 63), Flags: Flags(w),
	}
}

// Append adds the header's octets, most significant first, to dst.
func (h Header) Append(dst []byte, v Version) ([]byte, error) {
	if err := h.check(v); err != nil {
		return dst, err
	}
	w := h.word(v)
	for i := v.HeaderSize() - 1; i >= 0; i-- {
		dst = append(dst, byte(w>>(8*i)))
	}
	return dst, nil
}

// Packet is a header with what it carries.
type Packet struct {
	Header
	Data []byte
}

// Append adds the packet's octets to dst.
func (p Packet) Append(dst []byte, v Version) ([]byte, error) {
	dst, err := p.Header.Append(dst, v)
	if err != nil {
		return dst, err
	}
	return append(dst, p.Data...), nil
}

// Parse reads a packet. Its data are part of frame.
func Parse(v Version, frame []byte) (Packet, error) {
	if err := v.check(); err != nil {
		return Packet{}, err
	}
	n := v.HeaderSize()
	if len(frame) < n {
		return Packet{}, fmt.Errorf("csp: packet of %d octets is shorter than the header of version %d", len(frame), int(v))
	}
	var w uint64
	for _, b := range frame[:n] {
		w = w<<8 | uint64(b)
	}
	return Packet{Header: headerOf(v, w), Data: frame[n:]}, nil
}
