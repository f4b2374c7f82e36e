package pcap

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"spacechain/internal/cbor"
	"spacechain/link/ax25"
	"spacechain/link/cfdp"
	"spacechain/link/coding/crc"
	"spacechain/link/frame"
	"spacechain/link/packet"
)

// Frames marks TM, AOS and USLP transfer frames, which Wireshark has no dissector for: what is recorded
// of them is the packets within; see [Unpacker].
const Frames Protocol = "frames"

// Protocols are the names that a kind of record may be asked for by.
var Protocols = []Protocol{AX25, SpacePacket, CFDP, Bundle, Frames, Data}

// Of names the dissector for what a framing of a radio hop carries. Wireshark knows none for CSP;
// that is Data.
func Of(framing string, data []byte) Protocol {
	switch framing {
	case "ax25", "ax25-g3ruh", "fx25", "il2p", "il2p-crc":
		if _, err := ax25.Decode(data); err == nil {
			return AX25
		}
		return Data
	case "":
		return Guess(data)
	}
	if strings.HasPrefix(framing, "ccsds") {
		return Frames
	}
	return Data
}

// Guess tells what octets are by their looks: only what has the length that its own header says,
// or the form of call signs, is taken for something.
func Guess(data []byte) Protocol {
	if ax25.Plausible(data) {
		return AX25
	}
	for _, p := range []Protocol{Bundle, CFDP, SpacePacket} {
		if n, err := length(p, data); err == nil && n == len(data) {
			return p
		}
	}
	return Data
}

// length is that of the first record of a kind.
func length(p Protocol, b []byte) (int, error) {
	switch p {
	case SpacePacket:
		if len(b) == 0 || b[0]>>5 != packet.VersionSpace {
			return 0, packet.ErrVersion
		}
		n, err := packet.Length(b)
		return int(n), err
	case CFDP:
		_, n, err := cfdp.DecodeHeader(b)
		return n, err
	case Bundle:
		return bundleLength(b)
	}
	return 0, fmt.Errorf("%s does not tell its length", p)
}

// bundleLength is that of an array of blocks (RFC 9171 §4.1).
func bundleLength(b []byte) (int, error) {
	d := cbor.NewDecoder(b)
	n, indefinite, err := d.ArrayStart()
	if err != nil {
		return 0, fmt.Errorf("bundle: %w", err)
	}
	if !indefinite || n > 0 {
		return 0, fmt.Errorf("bundle: its array is not of indefinite length")
	}
	for {
		ended, err := d.Break()
		if err != nil {
			return 0, fmt.Errorf("bundle: %w", err)
		}
		if ended {
			return d.Offset(), nil
		}
		if err := d.Skip(); err != nil {
			return 0, fmt.Errorf("bundle: %w", err)
		}
	}
}

// Cut takes records that stand one after the other apart: by the lengths that space packets, CFDP
// PDUs and bundles have in themselves, by size the others; size 0 takes all as one.
func Cut(p Protocol, data []byte, size int) ([][]byte, error) {
	var out [][]byte
	for at := 0; at < len(data); {
		n, err := size, error(nil)
		if p == SpacePacket || p == CFDP || p == Bundle {
			n, err = length(p, data[at:])
		} else if size <= 0 {
			n = len(data)
		}
		if err == nil && (n <= 0 || n > len(data)-at) {
			err = fmt.Errorf("%d octets long where %d are left", n, len(data)-at)
		}
		if err != nil {
			return out, fmt.Errorf("%s record %d at octet %d: %w", p, len(out)+1, at, err)
		}
		out = append(out, data[at:at+n])
		at += n
	}
	return out, nil
}

// Record is one of a capture.
type Record struct {
	Protocol Protocol
	Data     []byte
}

// Unpacker takes the packets out of TM, AOS and USLP transfer frames: space packets, and of encapsulation
// packets the bundles and CFDP PDUs. Frames that hold none are given out as Data. The zero value
// is ready.
type Unpacker struct {
	receivers map[string]*frame.Receiver
	expected  *frame.Receiver
}

// Expect gives the managed parameters of the frames, such as the room that security takes in them,
// in place of what can be told by their looks. Frames that do not fit them are given out as Data.
// Security is neither verified nor taken off: only frames that are in the clear have packets to find.
func (u *Unpacker) Expect(c frame.Channel) error {
	r, err := frame.NewReceiver(c)
	if err != nil {
		return fmt.Errorf("expect frames: %w", err)
	}
	r.Open = func([]byte) error { return nil } // a capture has no keys
	u.expected = r
	return nil
}

// maxChannels bounds kinds of frames: by version, length and check field.
const maxChannels = 64

// Frame gives the records of the next frame.
func (u *Unpacker) Frame(b []byte) []Record {
	whole := []Record{{Data, b}}
	if u.expected != nil {
		return unpack(u.expected, b, whole)
	}
	if len(b) < 8 || b[0]>>6 > 1 && b[0]>>4 != uslpVersion {
		return whole
	}
	checked := crc.CCITT(b[:len(b)-2]) == binary.BigEndian.Uint16(b[len(b)-2:])
	key := fmt.Sprint(b[0]>>6, len(b), checked)
	r := u.receivers[key]
	if r == nil {
		var c frame.Channel
		switch b[0] >> 6 {
		case 0:
			c = &frame.TMChannel{Length: len(b), AnySpacecraft: true, FECF: checked}
		case 1:
			c = &frame.AOSChannel{Length: len(b), AnySpacecraft: true, FECF: checked}
		default:
			uslp := &frame.USLPChannel{Length: len(b), AnySpacecraft: true}
			if checked {
				uslp.FECF = 2
			}
			c = uslp
		}
		var err error
		if r, err = frame.NewReceiver(c); err != nil || len(u.receivers) >= maxChannels {
			return whole
		}
		if u.receivers == nil {
			u.receivers = map[string]*frame.Receiver{}
		}
		u.receivers[key] = r
	}
	return unpack(r, b, whole)
}

// uslpVersion is the number that USLP frames begin with (CCSDS 732.1-B-2 §4.1.2.2).
const uslpVersion = 0xc

// unpack gives what is in a frame, or the whole frame where it cannot be read.
func unpack(r *frame.Receiver, b []byte, whole []Record) []Record {
	var out []Record
	if _, err := r.Frame(b, func(unit frame.Unit) { out = append(out, inside(slices.Clone(unit.Data))) }); err != nil {
		return whole
	}
	return out
}

// inside tells what a packet is or holds.
func inside(pkt []byte) Record {
	if len(pkt) > 0 && pkt[0]>>5 == packet.VersionSpace {
		return Record{SpacePacket, pkt}
	}
	if e, _, err := packet.DecodeEncapsulation(pkt); err == nil {
		switch e.Protocol {
		case packet.ProtocolCFDP:
			return Record{CFDP, e.Data}
		case packet.ProtocolBundle:
			return Record{Bundle, e.Data}
		}
	}
	return Record{Data, pkt}
}
