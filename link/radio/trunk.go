package radio

import (
	"errors"
	"fmt"

	"spacechain/link/frame"
	"spacechain/link/packet"
)

// Trunk is one end of a payload link above its frames: units of several services go as packets on
// virtual channels of AOS (M_PDU) or USLP, with idle frames where nothing waits. One value sends
// and receives; the two directions know nothing of each other.
type Trunk struct {
	sender   *frame.Sender
	receiver *frame.Receiver
	work     []byte
	stats    TrunkStats
}

// TrunkStats counts what a trunk did.
type TrunkStats struct {
	UnitsSent, UnitsReceived uint64
	FramesSent, IdleSent     uint64
	Frames                   uint64 // received and read
	IdleFrames               uint64 // of them those without a unit
	Lost                     uint64 // frames that the counts of their virtual channels miss
	Repeated                 uint64 // frames with the count of the one before
	Refused                  uint64 // frames that contradict the link's parameters
	UnitsLost                uint64 // units of which a part was missing
	Malformed                uint64 // packets and units that contradict their headers
}

// MaxUnit is the longest unit of a trunk, octets.
const MaxUnit = 1 << 18

// mostWaiting bounds the octets that wait on a trunk's virtual channel.
const mostWaiting = 1 << 20

// vcOf is the virtual channel of a service.
func vcOf(s Service) uint8 { return uint8(s) }

var protocolOf = map[Service]packet.Protocol{
	Mesh: packet.ProtocolMission, Bundles: packet.ProtocolBundle, Files: packet.ProtocolCFDP,
}

// NewTrunk returns one end of a trunk over a waveform that carries AOS or USLP, for a spacecraft
// of an identifier (8 bits for AOS).
func NewTrunk(w Waveform, spacecraft uint16) (*Trunk, error) {
	var c frame.Channel
	switch w.Framing {
	case "AOS":
		// Other virtual channels are refused: a hostile sender could have packets begun on all.
		c = &frame.AOSChannel{Length: w.FrameSize, Spacecraft: spacecraft, VCs: map[uint8]frame.Virtual{
			vcOf(Mesh): {}, vcOf(Bundles): {}, vcOf(Files): {},
		}}
	case "USLP":
		c = &frame.USLPChannel{Length: w.FrameSize, Spacecraft: spacecraft, VCs: map[uint8]frame.Virtual{
			vcOf(Mesh): {CountOctets: 3}, vcOf(Bundles): {CountOctets: 3}, vcOf(Files): {CountOctets: 3}, frame.IdleVC: {CountOctets: 3},
		}}
	default:
		return nil, fmt.Errorf("new trunk over %s: it carries %q, want AOS or USLP", w.Name, w.Framing)
	}
	s, err := frame.NewSender(c)
	if err != nil {
		return nil, fmt.Errorf("new trunk over %s: %w", w.Name, err)
	}
	s.MaxPending = mostWaiting
	for _, v := range []Service{Mesh, Bundles, Files} {
		if err := s.Open(vcOf(v), 0); err != nil {
			return nil, fmt.Errorf("new trunk over %s: %w", w.Name, err)
		}
	}
	r, err := frame.NewReceiver(c)
	if err != nil {
		return nil, fmt.Errorf("new trunk over %s: %w", w.Name, err)
	}
	r.MaxPacket = MaxUnit + 8
	return &Trunk{sender: s, receiver: r}, nil
}

// Send queues a unit of a service. One that is empty or longer than [MaxUnit] is an error, and one
// for which the queue has no room.
func (t *Trunk) Send(s Service, unit []byte) error {
	p, ok := protocolOf[s]
	if !ok {
		return fmt.Errorf("send a unit of %v: there is no such service", s)
	}
	if len(unit) < 1 || len(unit) > MaxUnit {
		return fmt.Errorf("send a unit of %d octets of %v, want 1 to %d: %w", len(unit), s, MaxUnit, ErrLength)
	}
	b, err := packet.Encapsulation{Protocol: p, Data: unit}.Append(t.work[:0])
	if err != nil {
		return fmt.Errorf("send a unit of %v: %w", s, err)
	}
	t.work = b
	if err := t.sender.Write(vcOf(s), b); err != nil {
		if errors.Is(err, frame.ErrFull) {
			err = ErrFull
		}
		return fmt.Errorf("send a unit of %d octets of %v: %w", len(unit), s, err)
	}
	t.stats.UnitsSent++
	return nil
}

// Pending is how many octets of packets wait for frames.
func (t *Trunk) Pending() int { return t.sender.Pending() }

// Next appends the next transfer frame to dst: an idle one if nothing waits.
func (t *Trunk) Next(dst []byte) ([]byte, error) {
	idle := t.Pending() == 0
	dst, err := t.sender.Next(dst)
	if err != nil {
		return dst, err
	}
	if t.stats.FramesSent++; idle {
		t.stats.IdleSent++
	}
	return dst, nil
}

// Frame takes a transfer frame received and calls emit with each unit that it completes, valid
// until emit returns. The error says why a frame was refused.
func (t *Trunk) Frame(b []byte, emit func(s Service, unit []byte)) error {
	rec, err := t.receiver.Frame(b, func(u frame.Unit) {
		s := Service(u.VC)
		p, ok := protocolOf[s]
		e, rest, err := packet.DecodeEncapsulation(u.Data)
		if !ok || err != nil || len(rest) > 0 || e.Protocol != p || len(e.Data) == 0 {
			t.stats.Malformed++
			return
		}
		t.stats.UnitsReceived++
		emit(s, e.Data)
	})
	t.stats.Lost += rec.Missing
	if err != nil {
		return err
	}
	if t.stats.Frames++; rec.Idle {
		t.stats.IdleFrames++
	}
	if rec.Repeat {
		t.stats.Repeated++
	}
	return nil
}

// Stats tells what happened so far.
func (t *Trunk) Stats() TrunkStats {
	s := t.stats
	s.Refused = t.receiver.Refused
	for _, v := range []Service{Mesh, Bundles, Files} {
		p := t.receiver.Packets(vcOf(v), 0)
		s.UnitsLost += p.Incomplete
		s.Malformed += p.Malformed
	}
	return s
}
