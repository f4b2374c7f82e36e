package frame

import "fmt"

// Type names a space data link protocol.
type Type uint8

// The four protocols.
const (
	TM Type = iota + 1
	TC
	AOS
	USLP
)

// String returns the protocol's usual short name.
func (t Type) String() string {
	switch t {
	case TM:
		return "TM"
	case TC:
		return "TC"
	case AOS:
		return "AOS"
	case USLP:
		return "USLP"
	}
	return fmt.Sprintf("frame type %d", uint8(t))
}

// Security is the room, in octets, that the security header and trailer of CCSDS
// 355.0-B take in every frame of a virtual channel. The zero value is a channel without
// the protocol.
type Security struct {
	Header, Trailer int
}

// Service says what fills the data field of a virtual channel.
type Service uint8

const (
	// Packets is the virtual channel packet service: space or encapsulation packets that
	// follow each other across frames.
	Packets Service = iota
	// Access is the virtual channel access service: units of a private format.
	Access
	// Bitstream is the bit stream service of AOS (CCSDS 732.0-B-4 §3.4).
	Bitstream
)

// Virtual is the managed parameters of one virtual channel; fields that a protocol does
// not know are left zero.
type Virtual struct {
	// Service is what its data field holds (TM, AOS).
	Service Service
	// Security is the room for security header and trailer.
	Security Security
	// OCF says that its frames carry an operational control field. Only AOS needs to be
	// told: TM and USLP say it in each frame.
	OCF bool
	// Segments says that its Type-D frames carry a segment header (TC).
	Segments bool
	// CountOctets is the length of its frame count, 0 to 7 octets (USLP).
	CountOctets int
	// Truncated is the length of its truncated frames, 0 where there are none (USLP).
	Truncated int
}

// virtual looks up the parameters of a virtual channel: those listed, or the zero ones
// where nothing is listed at all.
func virtual(vcs map[uint8]Virtual, vc uint8) (Virtual, bool) {
	if vcs == nil {
		return Virtual{}, true
	}
	v, ok := vcs[vc]
	return v, ok
}

// Layout says where the fields of an encoded frame lie, as octet offsets. What is before
// Security is headers, secondary header and insert zone; Security to Data is the security
// header; Data to Trailer is the transfer frame data field; Trailer to End is the security
// trailer; then come OCF and FECF.
type Layout struct {
	Type                         Type
	Spacecraft                   uint16
	VC, MAP                      uint8
	Security, Data, Trailer, End int
}

// Channel is what all four physical channels can do with an encoded frame.
type Channel interface {
	// Type is the channel's protocol.
	Type() Type
	// Layout checks the headers of an encoded frame, but not its FECF.
	Layout(frame []byte) (Layout, error)
	// Check verifies the FECF, where the channel has one.
	Check(frame []byte) error
	// Seal writes the FECF anew after a frame was changed in place.
	Seal(frame []byte)
}

// around places security header, data and trailer between the end of the headers and the
// end of the data field. A data field has at least one octet.
func (l *Layout) around(header, end int, s Security) error {
	l.Security, l.Data = header, header+s.Header
	l.Trailer, l.End = end-s.Trailer, end
	if s.Header < 0 || s.Trailer < 0 || l.Trailer <= l.Data {
		return fmt.Errorf("%d octets between the headers and the trailer: %w", end-header, ErrShort)
	}
	return nil
}

// grow extends dst by n octets, which hold anything, and returns it with the new part.
func grow(dst []byte, n int) (all, part []byte) {
	at := len(dst)
	if cap(dst)-at < n {
		bigger := make([]byte, at, 2*at+n)
		copy(bigger, dst)
		dst = bigger
	}
	dst = dst[:at+n]
	return dst, dst[at:]
}
