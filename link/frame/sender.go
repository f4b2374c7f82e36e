package frame

import (
	"fmt"
	"slices"
)

// Sender builds the frames of one master channel of TM, AOS or fixed-length USLP: packets
// go in by virtual channel, frames come out by priority, idle frames when nothing waits.
type Sender struct {
	// OCF goes into every frame that can carry one (TM, USLP; AOS by virtual channel).
	OCF *[4]byte
	// Protect, if set, secures each finished frame of a virtual channel that has room for
	// security, in place; package sdls has it.
	Protect func(frame []byte) error
	// MaxPending bounds the octets that wait per virtual channel; zero means 1 MiB.
	MaxPending int
	// Idle is the virtual channel of TM frames with only idle data; AOS and USLP have
	// [IdleVC].
	Idle uint8

	channel Channel
	vcs     []*sendingVC // by priority, highest first
	idle    sendingVC    // for idle frames, unless their channel is open
	tick    uint64
	master  uint8
	data    []byte
}

type sendingVC struct {
	id       uint8
	priority int
	writer   PacketWriter
	count    uint64
	served   uint64 // when it was last served
}

// NewSender makes a sender for a [*TMChannel], [*AOSChannel] or [*USLPChannel].
func NewSender(c Channel) (*Sender, error) {
	var err error
	switch c := c.(type) {
	case *TMChannel:
		err = c.Validate()
	case *AOSChannel:
		err = c.Validate()
	case *USLPChannel:
		if err = c.Validate(); err == nil && c.Length == 0 {
			err = fmt.Errorf("sender of uslp frames of variable length: %w", ErrLength)
		}
	default:
		err = fmt.Errorf("sender of %v frames: %w", c.Type(), ErrField)
	}
	if err != nil {
		return nil, err
	}
	return &Sender{channel: c}, nil
}

// Open adds a virtual channel. Of those that have something to send, one of the highest
// priority goes first; equals take turns (CCSDS 132.0-B-3 §4.2.5 leaves the scheme open).
func (s *Sender) Open(vc uint8, priority int) error {
	if s.find(vc) != nil || vc > IdleVC {
		return fmt.Errorf("open virtual channel %d: %w", vc, ErrVirtual)
	}
	s.vcs = append(s.vcs, &sendingVC{id: vc, priority: priority})
	slices.SortStableFunc(s.vcs, func(a, b *sendingVC) int { return b.priority - a.priority })
	return nil
}

func (s *Sender) find(vc uint8) *sendingVC {
	for _, v := range s.vcs {
		if v.id == vc {
			return v
		}
	}
	return nil
}

// Write queues a packet on a virtual channel.
func (s *Sender) Write(vc uint8, packet []byte) error {
	v := s.find(vc)
	if v == nil {
		return fmt.Errorf("send on virtual channel %d: %w", vc, ErrVirtual)
	}
	limit := s.MaxPending
	if limit == 0 {
		limit = 1 << 20
	}
	if v.writer.Pending()+len(packet) > limit {
		return fmt.Errorf("send %d octets on virtual channel %d: %w", len(packet), vc, ErrFull)
	}
	return v.writer.Write(packet)
}

// Pending is how many octets wait on all virtual channels.
func (s *Sender) Pending() int {
	n := 0
	for _, v := range s.vcs {
		n += v.writer.Pending()
	}
	return n
}

// next picks the virtual channel to serve, or nil when none has anything.
func (s *Sender) next() *sendingVC {
	var best *sendingVC
	for _, v := range s.vcs {
		if v.writer.Pending() == 0 {
			continue
		}
		if best == nil {
			best = v
		} else if v.priority == best.priority && v.served < best.served {
			best = v
		}
	}
	return best
}

// Next appends the next frame to dst: an idle frame when nothing waits.
func (s *Sender) Next(dst []byte) ([]byte, error) {
	v := s.next()
	if v == nil {
		id := s.Idle
		if s.channel.Type() != TM {
			id = IdleVC
		}
		if v = s.find(id); v == nil {
			v = &s.idle
			v.id = id
		}
	}
	s.tick++
	v.served = s.tick
	at := len(dst)
	dst, err := s.build(dst, v)
	if err != nil {
		return dst[:at], err
	}
	v.count++
	s.master++
	if s.Protect != nil && s.secured(v.id) {
		if err := s.Protect(dst[at:]); err != nil {
			return dst[:at], err
		}
	}
	return dst, nil
}

func (s *Sender) secured(vc uint8) bool {
	var p Virtual
	switch c := s.channel.(type) {
	case *TMChannel:
		p, _ = virtual(c.VCs, vc)
	case *AOSChannel:
		p, _ = c.virtual(vc)
	case *USLPChannel:
		p, _ = c.virtual(vc)
	}
	return p.Security != Security{}
}

func (s *Sender) room(n int) []byte {
	if cap(s.data) < n {
		s.data = make([]byte, n)
	}
	return s.data[:n]
}

func (s *Sender) build(dst []byte, v *sendingVC) ([]byte, error) {
	var ocf [4]byte
	if s.OCF != nil {
		ocf = *s.OCF
	}
	switch c := s.channel.(type) {
	case *TMChannel:
		n := c.DataLength(v.id, 0, s.OCF != nil)
		if n < 1 {
			return dst, fmt.Errorf("tm frame with %d octets of data: %w", n, ErrLength)
		}
		zone := s.room(n)
		first := v.writer.Zone(zone)
		return c.Append(dst, &TMFrame{
			Spacecraft: c.Spacecraft, VC: v.id, MasterCount: s.master, VirtualCount: uint8(v.count),
			SegmentLength: 3, FirstHeader: first, Data: zone, HasOCF: s.OCF != nil, OCF: ocf,
		})
	case *AOSChannel:
		p, _ := c.virtual(v.id)
		n := c.DataLength(v.id)
		if n < 3 {
			return dst, fmt.Errorf("aos frame with %d octets of data: %w", n, ErrLength)
		}
		data := s.room(n)
		if v.id == IdleVC {
			Fill(data)
		} else {
			first := v.writer.Zone(data[2:])
			data[0], data[1] = byte(first>>8), byte(first)
		}
		return c.Append(dst, &AOSFrame{
			Spacecraft: c.Spacecraft, VC: v.id, Count: uint32(v.count & 0xffffff),
			CycleUse: true, Cycle: uint8(v.count >> 24 & 15),
			Data: data, HasOCF: p.OCF, OCF: ocf,
		})
	case *USLPChannel:
		p, _ := c.virtual(v.id)
		n := c.DataLength(v.id, p.CountOctets, s.OCF != nil)
		if n < 4 {
			return dst, fmt.Errorf("uslp frame with %d octets of data: %w", n, ErrLength)
		}
		data := s.room(n)
		if v.id == IdleVC {
			data[0], data[1], data[2] = byte(Spanning)<<5|byte(IdleData), 0xff, 0xff
			Fill(data[3:])
		} else {
			first, begins := v.writer.fill(data[3:])
			if !begins {
				first = NoPointer
			}
			data[0], data[1], data[2] = byte(Spanning)<<5|byte(UserPackets), byte(first>>8), byte(first)
		}
		return c.Append(dst, &USLPFrame{
			Spacecraft: c.Spacecraft, VC: v.id, CountOctets: p.CountOctets,
			Count: v.count & (1<<(8*p.CountOctets) - 1),
			Data:  data, HasOCF: s.OCF != nil, OCF: ocf,
		})
	}
	return dst, fmt.Errorf("build %v frame: %w", s.channel.Type(), ErrField)
}
