package pus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"spacechain/link/coding/crc"
	"spacechain/link/packet"
)

// Errors of packets that are none of this profile.
var (
	// ErrPacket is at the root of all of them.
	ErrPacket = errors.New("bad PUS packet")
	// ErrChecksum says that the CRC is wrong.
	ErrChecksum = fmt.Errorf("%w: wrong checksum", ErrPacket)
)

// Ack says which verification reports of success are wanted; failures are always
// reported (ECSS-E-ST-70-41C §7.4.4.1).
type Ack uint8

// Acknowledgement flags.
const (
	AckAcceptance Ack = 1
	AckStart      Ack = 2
	AckProgress   Ack = 4
	AckCompletion Ack = 8
	AckAll        Ack = 15
)

// Message names a message type: service and subtype.
type Message struct{ Service, Subtype uint8 }

// String writes it as the standard does, without TC or TM: [17,1].
func (m Message) String() string { return fmt.Sprintf("[%d,%d]", m.Service, m.Subtype) }

// TC is a telecommand packet.
type TC struct {
	APID   uint16
	Count  uint16
	Ack    Ack
	Source uint16
	Message
	Data []byte
}

// TM is a telemetry packet.
type TM struct {
	APID  uint16
	Count uint16
	// Status is the time reference status, 4 bits.
	Status uint8
	Message
	// Counter counts the messages of this type, Destination is who asked for it.
	Counter, Destination uint16
	Time                 time.Time // zero if the profile has none
	Data                 []byte
}

func appendWidth(dst []byte, v uint64, n int) []byte {
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

// finish closes a packet that began at start: length and checksum.
func (p *Profile) finish(dst []byte, start int) ([]byte, error) {
	n := len(dst) - start - packet.HeaderLen
	if !p.NoCRC {
		n += 2
	}
	if n > packet.MaxLen-packet.HeaderLen {
		return dst[:start], fmt.Errorf("%d octets of packet data are too many", n)
	}
	binary.BigEndian.PutUint16(dst[start+4:], uint16(n-1))
	if !p.NoCRC {
		dst = binary.BigEndian.AppendUint16(dst, crc.CCITT(dst[start:]))
	}
	return dst, nil
}

// AppendTC writes a telecommand behind dst.
func (p *Profile) AppendTC(dst []byte, c TC) ([]byte, error) {
	if c.APID > packet.MaxAPID || c.Count > packet.CountMask || c.Ack > 15 {
		return dst, fmt.Errorf("telecommand with APID %d, count %d, ack %d", c.APID, c.Count, c.Ack)
	}
	start := len(dst)
	dst = packet.AppendHeader(dst, packet.Header{
		Type: packet.Telecommand, Secondary: true, APID: c.APID, Flags: packet.Unsegmented, Count: c.Count,
	}, 1)
	if p.Edition == EditionA {
		dst = append(dst, 0x10|byte(c.Ack), c.Service, c.Subtype)
		dst = appendWidth(dst, uint64(c.Source), p.SourceA)
	} else {
		dst = append(dst, 0x20|byte(c.Ack), c.Service, c.Subtype, byte(c.Source>>8), byte(c.Source))
	}
	dst = append(dst, make([]byte, p.TCSpare)...)
	return p.finish(append(dst, c.Data...), start)
}

// AppendTM writes a telemetry packet behind dst.
func (p *Profile) AppendTM(dst []byte, m TM) ([]byte, error) {
	if m.APID > packet.MaxAPID || m.Count > packet.CountMask || m.Status > 15 {
		return dst, fmt.Errorf("telemetry with APID %d, count %d, time status %d", m.APID, m.Count, m.Status)
	}
	start := len(dst)
	dst = packet.AppendHeader(dst, packet.Header{Secondary: true, APID: m.APID, Flags: packet.Unsegmented, Count: m.Count}, 1)
	if p.Edition == EditionA {
		dst = append(dst, 0x10, m.Service, m.Subtype)
		dst = appendWidth(dst, uint64(m.Counter), p.CounterA)
		dst = appendWidth(dst, uint64(m.Destination), p.DestinationA)
	} else {
		dst = append(dst, 0x20|m.Status, m.Service, m.Subtype, byte(m.Counter>>8), byte(m.Counter), byte(m.Destination>>8), byte(m.Destination))
	}
	dst, err := p.appendStamp(dst, m.Time)
	if err != nil {
		return dst[:start], err
	}
	dst = append(dst, make([]byte, p.TMSpare)...)
	return p.finish(append(dst, m.Data...), start)
}

// open checks what all PUS packets share and returns the octets between primary header
// and checksum. With a wrong checksum it returns them too, beside the error.
func (p *Profile) open(b []byte, typ packet.Type) (h packet.Header, body []byte, err error) {
	sp, err := packet.DecodeWhole(b)
	if err != nil {
		return h, nil, fmt.Errorf("%w: %w", ErrPacket, err)
	}
	switch {
	case sp.Type != typ:
		return sp.Header, nil, fmt.Errorf("%w: %s where %s was expected", ErrPacket, sp.Type, typ)
	case !sp.Secondary:
		return sp.Header, nil, fmt.Errorf("%w: no secondary header", ErrPacket)
	}
	body = sp.Data
	if !p.NoCRC {
		if len(body) < 2 {
			return sp.Header, nil, fmt.Errorf("%w: no room for a checksum", ErrPacket)
		}
		body = body[:len(body)-2]
		if !p.NoVerify && crc.CCITT(b) != 0 {
			err = ErrChecksum
		}
	}
	return sp.Header, body, err
}

// secondary reads the version and the message type, and returns what follows.
func (p *Profile) secondary(body []byte, n int) (low uint8, m Message, rest []byte, err error) {
	if len(body) < n {
		return 0, m, nil, fmt.Errorf("%w: secondary header cut short", ErrPacket)
	}
	version := body[0] >> 4
	want := uint8(2)
	if p.Edition == EditionA {
		version, want = version&7, 1 // the first bit is spare
	}
	if version != want {
		return 0, m, nil, fmt.Errorf("%w: PUS version %d, not %d", ErrPacket, version, want)
	}
	return body[0] & 15, Message{body[1], body[2]}, body[3:], nil
}

func number(b []byte) (v uint64) {
	for _, d := range b {
		v = v<<8 | uint64(d)
	}
	return v
}

// DecodeTC reads b as exactly one telecommand. With ErrChecksum the command is returned
// too, so that its refusal can name it. Data aliases b.
func (p *Profile) DecodeTC(b []byte) (c TC, err error) {
	h, body, bad := p.open(b, packet.Telecommand)
	c.APID, c.Count = h.APID, h.Count
	if body == nil {
		return c, bad
	}
	src := 2
	if p.Edition == EditionA {
		src = p.SourceA
	}
	ack, m, rest, err := p.secondary(body, 3+src+p.TCSpare)
	if err != nil {
		return c, errors.Join(bad, err)
	}
	c.Ack, c.Message = Ack(ack), m
	c.Source = uint16(number(rest[:src]))
	c.Data = rest[src+p.TCSpare:]
	return c, bad
}

// DecodeTM reads b as exactly one telemetry packet. Data aliases b.
func (p *Profile) DecodeTM(b []byte) (m TM, err error) {
	h, body, err := p.open(b, packet.Telemetry)
	m.APID, m.Count = h.APID, h.Count
	if err != nil {
		return m, err
	}
	counter, dest := 2, 2
	if p.Edition == EditionA {
		counter, dest = p.CounterA, p.DestinationA
	}
	stamp := p.stampLen()
	status, msg, rest, err := p.secondary(body, 3+counter+dest+stamp+p.TMSpare)
	if err != nil {
		return m, err
	}
	if p.Edition == EditionC {
		m.Status = status
	}
	m.Message = msg
	m.Counter = uint16(number(rest[:counter]))
	m.Destination = uint16(number(rest[counter : counter+dest]))
	rest = rest[counter+dest:]
	if stamp > 0 {
		if m.Time, err = p.readStamp(rest[:stamp]); err != nil {
			return m, fmt.Errorf("%w: %w", ErrPacket, err)
		}
	}
	m.Data = rest[stamp+p.TMSpare:]
	return m, nil
}

func checksumOK(b []byte) bool { return crc.CCITT(b) == 0 }
