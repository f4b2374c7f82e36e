// Package pcap writes what went over a link as a capture file that Wireshark and tshark
// read: the classic libpcap format (draft-ietf-opsawg-pcap) with link type 252, in which
// each record names the dissector that is to read it. So one capture holds AX.25 frames,
// space packets, CFDP PDUs and bundles side by side.
package pcap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"spacechain/link/frame"
)

// Protocol names what a record holds, by the name of Wireshark's dissector.
type Protocol string

// What Wireshark dissects of a link. Frames without a dissector are Data.
const (
	AX25        Protocol = "ax25" // from the address on, without flags and FCS
	SpacePacket Protocol = "ccsds"
	CFDP        Protocol = "cfdp"
	Bundle      Protocol = "bpv7"
	Data        Protocol = "data"
)

const (
	magicNanoseconds = 0xa1b23c4d
	// upperPDU is LINKTYPE_WIRESHARK_UPPER_PDU: a record begins with tags that say what
	// the rest is.
	upperPDU      = 252
	tagEnd        = 0
	tagDissector  = 12
	tagDirection  = 24
	maxRecordLen  = 1 << 18 // what Wireshark takes at most
	fileHeaderLen = 24
)

// Direction tells which way a record went.
type Direction uint32

// Directions as the tag has them.
const (
	Unknown Direction = iota
	Sent
	Received
)

// ErrTooLong is a record that no reader would take.
var ErrTooLong = errors.New("record is longer than 262144 octets")

// Writer writes a capture. It is not safe for concurrent use.
type Writer struct {
	w      io.Writer
	buf    []byte
	unpack Unpacker
}

// NewWriter writes the header of a capture to w.
func NewWriter(w io.Writer) (*Writer, error) {
	h := make([]byte, 0, fileHeaderLen)
	h = binary.LittleEndian.AppendUint32(h, magicNanoseconds)
	h = binary.LittleEndian.AppendUint16(h, 2) // version 2.4
	h = binary.LittleEndian.AppendUint16(h, 4)
	h = binary.LittleEndian.AppendUint64(h, 0) // times are UTC
	h = binary.LittleEndian.AppendUint32(h, maxRecordLen)
	h = binary.LittleEndian.AppendUint32(h, upperPDU)
	if _, err := w.Write(h); err != nil {
		return nil, fmt.Errorf("write the header of a capture: %w", err)
	}
	return &Writer{w: w}, nil
}

// Write adds a record: at what time, of which protocol, which way, and its octets. The time
// has to lie between 1970 and 2106.
func (w *Writer) Write(at time.Time, proto Protocol, dir Direction, data []byte) error {
	name := []byte(proto)
	for len(name)%4 != 0 {
		name = append(name, 0)
	}
	length := 4 + len(name) + 4 + len(data)
	if dir != Unknown {
		length += 8
	}
	if length > maxRecordLen {
		return fmt.Errorf("capture %d octets of %s: %w", len(data), proto, ErrTooLong)
	}
	seconds := at.Unix()
	if seconds < 0 || seconds > 0xffffffff {
		return fmt.Errorf("capture a record of %v: the format knows 1970 to 2106", at)
	}
	b := w.buf[:0]
	b = binary.LittleEndian.AppendUint32(b, uint32(seconds))
	b = binary.LittleEndian.AppendUint32(b, uint32(at.Nanosecond()))
	b = binary.LittleEndian.AppendUint32(b, uint32(length))
	b = binary.LittleEndian.AppendUint32(b, uint32(length))
	b = binary.BigEndian.AppendUint16(b, tagDissector)
	b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
	b = append(b, name...)
	if dir != Unknown {
		b = binary.BigEndian.AppendUint16(b, tagDirection)
		b = binary.BigEndian.AppendUint16(b, 4)
		b = binary.BigEndian.AppendUint32(b, uint32(dir))
	}
	b = binary.BigEndian.AppendUint32(b, tagEnd)
	b = append(b, data...)
	w.buf = b
	if _, err := w.w.Write(b); err != nil {
		return fmt.Errorf("write a record of a capture: %w", err)
	}
	return nil
}

// Expect gives the managed parameters of the transfer frames that [Writer.WriteAs] is to take
// apart; without it they are told by their looks.
func (w *Writer) Expect(c frame.Channel) error { return w.unpack.Expect(c) }

// WriteAs adds what octets of a kind hold: of transfer frames the packets in them, of anything else
// the octets themselves.
func (w *Writer) WriteAs(at time.Time, proto Protocol, dir Direction, data []byte) error {
	if proto != Frames {
		return w.Write(at, proto, dir, data)
	}
	for _, r := range w.unpack.Frame(data) {
		if err := w.Write(at, r.Protocol, dir, r.Data); err != nil {
			return err
		}
	}
	return nil
}
