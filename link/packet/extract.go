package packet

import (
	"encoding/binary"
	"errors"
)

// First header pointers of a frame with a meaning of their own (CCSDS 132.0-B-3
// §4.1.2.7.6, CCSDS 732.0-B-4 §4.1.4.2.3).
const (
	// NoFirstHeader says that no packet begins in this frame.
	NoFirstHeader = 0x7ff
	// OnlyIdle says that the frame holds idle data and no packets.
	OnlyIdle = 0x7fe
)

// Extractor cuts packets out of a stream of octets, Space Packets and Encapsulation
// Packets alike. The zero value is ready.
//
// Frames lose packets: a frame that is missing, or octets that are no header, cost the
// packets that they touch, and the next first header pointer finds the way again.
// Idle packets are dropped here.
type Extractor struct {
	// Max bounds one packet in octets; 0 means MaxLen. Longer ones are passed over
	// without being held.
	Max int

	partial []byte
	skip    uint64 // octets of an oversized packet that are still to come
	lost    bool   // the next header's place is unknown

	// Packets, Idle, Oversized and Broken count what was found: packets given out,
	// idle ones dropped, packets beyond Max, packets lost to gaps and bad headers.
	Packets, Idle, Oversized, Broken uint64
}

// ErrLost says that the octets make no packet and nothing tells where the next begins.
var ErrLost = errors.New("packet boundaries are lost")

// Push takes the next octets of a stream that starts on a packet boundary, such as a
// file or a MAP channel, and calls fn with every whole packet; fn must copy what it
// keeps. After ErrLost only Reset or Frame goes on.
func (x *Extractor) Push(b []byte, fn func(pkt []byte)) error {
	if x.lost {
		return ErrLost
	}
	if x.skip > 0 {
		n := min(x.skip, uint64(len(b)))
		x.skip -= n
		b = b[n:]
	}
	for len(b) > 0 || len(x.partial) > 0 {
		src := b
		if len(x.partial) > 0 {
			// Take what completes the header, then what completes the packet.
			need := x.missing(x.partial)
			take := int(min(need, uint64(len(b))))
			x.partial = append(x.partial, b[:take]...)
			b = b[take:]
			if uint64(take) < need {
				return nil
			}
			src = x.partial
		}
		total, err := Length(src)
		switch {
		case errors.Is(err, ErrShort):
			if len(x.partial) == 0 {
				x.partial = append(x.partial, b...)
				return nil
			}
			if len(b) == 0 {
				return nil
			}
			continue
		case err != nil:
			x.partial, x.lost = x.partial[:0], true
			x.Broken++
			return ErrLost
		case total > uint64(x.max()):
			x.Oversized++
			x.skip = total - uint64(len(src))
			if len(x.partial) == 0 {
				n := min(total, uint64(len(b)))
				x.skip = total - n
				b = b[n:]
			} else {
				n := min(x.skip, uint64(len(b)))
				x.skip -= n
				b = b[n:]
				x.partial = x.partial[:0]
			}
			continue
		case uint64(len(src)) < total:
			if len(x.partial) == 0 {
				x.partial = append(x.partial, b...)
				return nil
			}
			if len(b) == 0 {
				return nil
			}
			continue
		}
		x.give(src[:total], fn)
		if len(x.partial) > 0 {
			x.partial = x.partial[:0]
		} else {
			b = b[total:]
		}
	}
	return nil
}

// Frame takes the packet zone of the next frame of one virtual channel: its first
// header pointer, and whether frames were lost before it.
func (x *Extractor) Frame(zone []byte, firstHeader int, gap bool, fn func(pkt []byte)) {
	if gap {
		x.forget()
	}
	switch {
	case firstHeader == OnlyIdle:
		return
	case firstHeader == NoFirstHeader:
		if len(x.partial) == 0 && x.skip == 0 {
			x.forget() // nothing is under way that could fill the zone
			return
		}
		_ = x.Push(zone, fn) // a bad header is counted, and found again by the next pointer
		return
	case firstHeader < 0 || firstHeader >= len(zone):
		x.forget()
		return
	}
	if !x.lost {
		_ = x.Push(zone[:firstHeader], fn)
		if len(x.partial) > 0 || x.skip > 0 {
			x.forget() // the pointer contradicts the packet's length
		}
	}
	x.lost, x.skip, x.partial = false, 0, x.partial[:0]
	_ = x.Push(zone[firstHeader:], fn)
}

// Reset forgets a packet under way: the next octet begins a packet.
func (x *Extractor) Reset() {
	x.forget()
	x.lost = false
}

// Pending is how many octets of an unfinished packet are held.
func (x *Extractor) Pending() int { return len(x.partial) }

func (x *Extractor) forget() {
	if len(x.partial) > 0 || x.skip > 0 {
		x.Broken++
	}
	x.partial, x.skip, x.lost = x.partial[:0], 0, true
}

func (x *Extractor) give(pkt []byte, fn func([]byte)) {
	if IsIdle(pkt) {
		x.Idle++
		return
	}
	x.Packets++
	fn(pkt)
}

func (x *Extractor) max() int {
	if x.Max > 0 {
		return x.Max
	}
	return MaxLen
}

// missing is how many octets b lacks to be a whole header, or a whole packet; at
// least one.
func (x *Extractor) missing(b []byte) uint64 {
	total, err := Length(b)
	switch {
	case err == nil && total > uint64(x.max()):
		return 1
	case err == nil && total > uint64(len(b)):
		return total - uint64(len(b))
	case errors.Is(err, ErrShort):
		header := HeaderLen
		if b[0]>>5 == VersionEncapsulation {
			header = 1 << (b[0] & 3)
		}
		return uint64(header - len(b))
	}
	return 0
}

// Length tells from the start of a packet how long the whole is. ErrShort says that
// more of the header is needed, ErrVersion that no packet begins here.
func Length(b []byte) (uint64, error) {
	if len(b) == 0 {
		return 0, ErrShort
	}
	switch b[0] >> 5 {
	case VersionSpace:
		if len(b) < HeaderLen {
			return 0, ErrShort
		}
		return HeaderLen + uint64(binary.BigEndian.Uint16(b[4:])) + 1, nil
	case VersionEncapsulation:
		_, n, err := encapsulationLen(b)
		return n, err
	}
	return 0, ErrVersion
}

// IsIdle reports whether a whole packet of either kind only fills.
func IsIdle(pkt []byte) bool {
	if len(pkt) == 0 {
		return false
	}
	switch pkt[0] >> 5 {
	case VersionSpace:
		return len(pkt) >= 2 && binary.BigEndian.Uint16(pkt)&0x7ff == IdleAPID
	case VersionEncapsulation:
		return pkt[0]>>2&7 == byte(ProtocolIdle)
	}
	return false
}
