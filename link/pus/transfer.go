package pus

import (
	"slices"
	"time"
)

// Part is a piece of a large packet (service 13, ECSS-E-ST-70-41C §6.13, §8.13).
type Part struct {
	Transfer uint64
	Sequence uint64 // from 1
	Data     []byte
}

func (v Part) write(w *writer) {
	w.uint(v.Transfer, w.p.Widths.Transfer)
	w.uint(v.Sequence, w.p.Widths.Part)
	w.octets(v.Data)
}

func readPart(r *reader) Part {
	v := Part{Transfer: r.uint(r.p.Widths.Transfer), Sequence: r.uint(r.p.Widths.Part)}
	v.Data = r.octets(len(r.b))
	return v
}

// AbortReason says why an uplink was given up.
type AbortReason uint8

// Reasons for TM[13,16].
const (
	AbortTimeout  AbortReason = 1
	AbortSequence AbortReason = 2
	AbortSize     AbortReason = 3
)

// Abort is the report of an uplink that was given up.
type Abort struct {
	Transfer uint64
	Reason   AbortReason
}

// maxUplinks bounds the uplinks under way.
const maxUplinks = 4

type transfer struct {
	next    uint64 // name of the next downlink
	uplinks []uplink
}

type uplink struct {
	id, part uint64 // the last part that came
	data     []byte
	due      time.Time
}

// room is how many octets of a large packet go into one part.
func (s *Server) room() int {
	empty, err := s.p.AppendTM(nil, TM{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Data: []byte{}})
	if err != nil {
		return 16
	}
	return max(16, s.o.MaxTM-len(empty)-s.p.Widths.Transfer-s.p.Widths.Part)
}

// sendLarge sends a packet in parts: TM[13,1], TM[13,2], TM[13,3].
func (s *Server) sendLarge(now time.Time, dest uint16, pkt []byte) {
	id := s.transfer.next
	s.transfer.next = (id + 1) & mask(s.p.Widths.Transfer)
	room, n := s.room(), uint64(0)
	for len(pkt) > 0 {
		k := min(room, len(pkt))
		v := Part{id, n + 1, pkt[:k]}
		pkt = pkt[k:]
		sub := uint8(2)
		switch {
		case n == 0:
			sub = 1
		case len(pkt) == 0:
			sub = 3
		}
		n++
		s.emit(now, Message{13, sub}, dest, v.write)
	}
}

var transferRequests = map[Message]handler{
	{13, 9}:  func(s *Server, x *execution) error { return s.uplinkPart(x, true, false) },
	{13, 10}: func(s *Server, x *execution) error { return s.uplinkPart(x, false, false) },
	{13, 11}: func(s *Server, x *execution) error { return s.uplinkPart(x, false, true) },
}

func (s *Server) uplinkPart(x *execution, first, last bool) error {
	v := readPart(x.in)
	if err := x.in.end(); err != nil {
		return err
	}
	at := slices.IndexFunc(s.transfer.uplinks, func(u uplink) bool { return u.id == v.Transfer })
	if first {
		if at >= 0 {
			s.transfer.uplinks = slices.Delete(s.transfer.uplinks, at, at+1)
		}
		if v.Sequence != 1 {
			return Failure{Code: CodeRange}
		}
		if len(s.transfer.uplinks) >= maxUplinks {
			return Failure{Code: CodeFull}
		}
		s.transfer.uplinks = append(s.transfer.uplinks, uplink{id: v.Transfer})
		at = len(s.transfer.uplinks) - 1
	}
	if at < 0 {
		return Failure{Code: CodeUnknown}
	}
	u := &s.transfer.uplinks[at]
	if !first && v.Sequence == u.part {
		return nil // once more the part before
	}
	switch {
	case v.Sequence != u.part+1:
		s.abort(x.now, at, AbortSequence)
		return Failure{Code: CodeState}
	case len(u.data)+len(v.Data) > s.o.MaxTransfer:
		s.abort(x.now, at, AbortSize)
		return Failure{Code: CodeFull}
	}
	u.part, u.due = v.Sequence, x.now.Add(s.o.TransferTimeout)
	u.data = append(u.data, v.Data...)
	if !last {
		return nil
	}
	data := u.data
	s.transfer.uplinks = slices.Delete(s.transfer.uplinks, at, at+1)
	s.nested(x.now, data)
	return nil
}

func (s *Server) abort(now time.Time, at int, why AbortReason) {
	id := s.transfer.uplinks[at].id
	s.transfer.uplinks = slices.Delete(s.transfer.uplinks, at, at+1)
	s.emit(now, Message{13, 16}, 0, func(w *writer) {
		w.uint(id, w.p.Widths.Transfer)
		w.octet(uint8(why))
	})
}

func (s *Server) expire(now time.Time) {
	for i := 0; i < len(s.transfer.uplinks); {
		if s.transfer.uplinks[i].due.After(now) {
			i++
			continue
		}
		s.abort(now, i, AbortTimeout)
	}
}

func (s *Server) nextExpiry() (at time.Time, ok bool) {
	for _, u := range s.transfer.uplinks {
		if !ok || u.due.Before(at) {
			at, ok = u.due, true
		}
	}
	return at, ok
}

// Joiner puts downlinked parts together on the ground.
type Joiner struct {
	// Max bounds one packet: 65542 octets if 0.
	Max   int
	parts map[uint64]*uplink
}

// Add takes the data of a TM[13,1], [13,2] or [13,3] in order of arrival, and gives the
// packet when it is whole. A gap loses it.
func (j *Joiner) Add(p *Profile, m TM) (pkt []byte, err error) {
	r := &reader{p: p, b: m.Data}
	v := readPart(r)
	if r.end() != nil {
		return nil, r.err
	}
	if j.parts == nil {
		j.parts = map[uint64]*uplink{}
	}
	limit := j.Max
	if limit == 0 {
		limit = 65542
	}
	u := j.parts[v.Transfer]
	switch m.Subtype {
	case 1:
		if len(j.parts) >= 64 {
			clear(j.parts) // those who wait have lost a part
		}
		u = &uplink{id: v.Transfer}
		j.parts[v.Transfer] = u
	case 2, 3:
	default:
		return nil, nil
	}
	if u == nil || v.Sequence != u.part+1 || len(u.data)+len(v.Data) > limit {
		delete(j.parts, v.Transfer)
		r.fail("part %d of transfer %d does not follow", v.Sequence, v.Transfer)
		return nil, r.err
	}
	u.part, u.data = v.Sequence, append(u.data, v.Data...)
	if m.Subtype == 3 {
		delete(j.parts, v.Transfer)
		return u.data, nil
	}
	return nil, nil
}
