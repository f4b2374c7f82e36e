package csp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// CANFrame is a data frame of a CAN bus with an extended identifier.
type CANFrame struct {
	ID   uint32 // 29 bits
	Data []byte // up to 8 octets
}

const canData = 8

// MaxCFP1 is how many octets of data a packet of version 1 may have to go over CAN: its count of
// remaining frames has eight bits.
const MaxCFP1 = 255*canData + 2

// Fields of an identifier of version 1, from the most significant: source 5, destination 5,
// more 1, remaining 8, packet 10.
const (
	cfp1Source      = 24
	cfp1Destination = 19
	cfp1More        = 18
	cfp1Remain      = 10
	cfp1Stream      = 0x1ff803ff &^ (1 << cfp1More) // source, destination and packet
)

// Fields of an identifier of version 2: priority 2, destination 14, sender 6, packet 2, frame 3,
// begin 1, end 1.
const (
	cfp2Destination = 13
	cfp2Sender      = 7
	cfp2Packet      = 5
	cfp2Frame       = 2
	cfp2Begin       = 1 << 1
	cfp2End         = 1 << 0
	cfp2Stream      = 0x1fffffe0 // all but frame, begin and end
)

// Fragmenter splits packets into CAN frames by the CAN fragmentation protocol.
type Fragmenter struct {
	Version Version
	// Node is who sends; version 2 puts its lower six bits into the identifiers.
	Node uint16

	count uint32
}

// Split gives the frames of a packet in order. Via is the next hop, where the routing table knows
// one; version 2 has no field for it.
func (f *Fragmenter) Split(p Packet, via uint16) ([]CANFrame, error) {
	header, err := p.Header.Append(nil, f.Version)
	if err != nil {
		return nil, err
	}
	if f.Version == V2 {
		return f.split2(p, header), nil
	}
	if len(p.Data) > MaxCFP1 {
		return nil, fmt.Errorf("csp: %d octets are too many for a packet over CAN, version 1 carries %d", len(p.Data), MaxCFP1)
	}
	if via > V1.MaxAddress() {
		return nil, fmt.Errorf("csp: next hop %d is above %d", via, V1.MaxAddress())
	}
	id := uint32(p.Source)<<cfp1Source | uint32(via)<<cfp1Destination | f.count&0x3ff
	f.count++
	rest := p.Data[min(2, len(p.Data)):]
	begin := binary.BigEndian.AppendUint16(header, uint16(len(p.Data)))
	begin = append(begin, p.Data[:len(p.Data)-len(rest)]...)
	frames := []CANFrame{{ID: id | following(rest)<<cfp1Remain, Data: begin}}
	for len(rest) > 0 {
		part := rest[:min(canData, len(rest))]
		rest = rest[len(part):]
		frames = append(frames, CANFrame{ID: id | 1<<cfp1More | following(rest)<<cfp1Remain, Data: part})
	}
	return frames, nil
}

// following is how many frames the rest of the data takes.
func following(rest []byte) uint32 { return uint32((len(rest) + canData - 1) / canData) }

func (f *Fragmenter) split2(p Packet, header []byte) []CANFrame {
	// The header's first two octets are in the identifier, the other four in the first frame.
	id := uint32(binary.BigEndian.Uint16(header))<<cfp2Destination |
		uint32(f.Node&0x3f)<<cfp2Sender | f.count&3<<cfp2Packet
	f.count++
	octets := append(header[2:], p.Data...)
	var frames []CANFrame
	for i := uint32(0); i == 0 || len(octets) > 0; i++ {
		part := octets[:min(canData, len(octets))]
		octets = octets[len(part):]
		frame := CANFrame{ID: id | i&7<<cfp2Frame, Data: part}
		if i == 0 {
			frame.ID |= cfp2Begin
		}
		if len(octets) == 0 {
			frame.ID |= cfp2End
		}
		frames = append(frames, frame)
	}
	return frames
}

// Why a frame or the packet it belongs to is dropped.
var (
	ErrNoBegin   = errors.New("csp: CAN frame belongs to no packet under way")
	ErrFrameLost = errors.New("csp: CAN frame is not the one that was due")
	ErrBadFrame  = errors.New("csp: CAN frame breaks the fragmentation protocol")
)

// Reassembler puts packets together from the frames of many senders.
type Reassembler struct {
	Version Version
	// Max is how many octets of data a packet may have; 0 stands for MaxCFP1.
	Max int
	// Streams is how many packets may be under way at once; 0 stands for 32. For one more the one
	// that has been silent longest gives way.
	Streams int
	// Timeout is after what silence a packet under way is given up; 0 stands for a second.
	Timeout time.Duration
	// Abandoned counts packets given up.
	Abandoned int

	open map[uint32]*stream
	seq  uint64
}

type stream struct {
	packet Packet
	total  int    // octets announced, version 1
	due    uint32 // remaining frames of the next frame in version 1, its number in version 2
	last   time.Duration
	order  uint64 // of the last frame, to tell streams of the same instant apart
}

// Receive takes the frame that came at an instant, which counts from any fixed one, and returns the
// packet that it completes, if it does. An error tells why the frame, and with it the packet under
// way, is dropped; the next packet is none the worse for it.
func (r *Reassembler) Receive(now time.Duration, f CANFrame) (Packet, bool, error) {
	if err := r.Version.check(); err != nil {
		return Packet{}, false, err
	}
	if len(f.Data) > canData || f.ID >= 1<<29 {
		return Packet{}, false, fmt.Errorf("%w: identifier %#x with %d octets", ErrBadFrame, f.ID, len(f.Data))
	}
	r.expire(now)
	key, begins := f.ID&cfp1Stream, f.ID>>cfp1More&1 == 0
	if r.Version == V2 {
		key, begins = f.ID&cfp2Stream, f.ID&cfp2Begin != 0
	}
	if begins {
		if err := r.begin(now, key, f); err != nil {
			return Packet{}, false, err
		}
	}
	s := r.open[key]
	if s == nil {
		return Packet{}, false, ErrNoBegin
	}
	s.last, s.order = now, r.seq
	r.seq++
	done, err := r.extend(s, f, begins)
	if done || err != nil {
		delete(r.open, key)
	}
	if err != nil {
		r.Abandoned++
	}
	if !done || err != nil {
		return Packet{}, false, err
	}
	return s.packet, true, nil
}

// begin opens a stream for the packet that a frame begins; one already there gives way to it.
func (r *Reassembler) begin(now time.Duration, key uint32, f CANFrame) error {
	if r.open[key] != nil {
		delete(r.open, key)
		r.Abandoned++
	}
	s := &stream{last: now}
	var header []byte
	if r.Version == V2 {
		if len(f.Data) < 4 || f.ID>>cfp2Frame&7 != 0 {
			return fmt.Errorf("%w: beginning of %d octets", ErrBadFrame, len(f.Data))
		}
		header = append(binary.BigEndian.AppendUint16(nil, uint16(f.ID>>cfp2Destination)), f.Data[:4]...)
	} else {
		if len(f.Data) < 6 {
			return fmt.Errorf("%w: beginning of %d octets", ErrBadFrame, len(f.Data))
		}
		header = f.Data[:4]
		s.total = int(binary.BigEndian.Uint16(f.Data[4:]))
		s.due = f.ID >> cfp1Remain & 0xff
		if s.total > r.max() {
			return fmt.Errorf("%w: packet of %d octets, %d are the most", ErrBadFrame, s.total, r.max())
		}
	}
	p, err := Parse(r.Version, header)
	if err != nil {
		return err
	}
	s.packet.Header = p.Header
	if r.open == nil {
		r.open = make(map[uint32]*stream)
	}
	limit := r.Streams
	if limit <= 0 {
		limit = 32
	}
	for len(r.open) >= limit {
		r.drop(r.oldest())
	}
	r.open[key] = s
	return nil
}

// extend adds a frame's data to its packet and reports whether that completes it.
func (r *Reassembler) extend(s *stream, f CANFrame, begins bool) (done bool, err error) {
	data := f.Data
	if r.Version == V2 {
		if begins {
			data = data[4:]
		}
		if f.ID>>cfp2Frame&7 != s.due {
			return false, ErrFrameLost
		}
		s.due = (s.due + 1) & 7
		if len(s.packet.Data)+len(data) > r.max() {
			return false, fmt.Errorf("%w: more than %d octets", ErrBadFrame, r.max())
		}
		s.packet.Data = append(s.packet.Data, data...)
		return f.ID&cfp2End != 0, nil
	}
	if begins {
		data = data[6:]
	}
	remain := f.ID >> cfp1Remain & 0xff
	if remain != s.due {
		return false, ErrFrameLost
	}
	s.due-- // wraps past the last, which matches nothing
	if len(s.packet.Data)+len(data) > s.total {
		return false, fmt.Errorf("%w: more than the %d octets announced", ErrBadFrame, s.total)
	}
	s.packet.Data = append(s.packet.Data, data...)
	if done = len(s.packet.Data) == s.total; !done && remain == 0 {
		return false, fmt.Errorf("%w: %d octets of %d after the last frame", ErrBadFrame, len(s.packet.Data), s.total)
	}
	return done, nil
}

func (r *Reassembler) max() int {
	if r.Max > 0 {
		return r.Max
	}
	return MaxCFP1
}

func (r *Reassembler) expire(now time.Duration) {
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = time.Second
	}
	for key, s := range r.open {
		if now-s.last > timeout {
			r.drop(key)
		}
	}
}

func (r *Reassembler) drop(key uint32) {
	delete(r.open, key)
	r.Abandoned++
}

func (r *Reassembler) oldest() (oldest uint32) {
	first := true
	for key, s := range r.open {
		if first || s.order < r.open[oldest].order {
			oldest, first = key, false
		}
	}
	return oldest
}
