package cla

import (
	"encoding/binary"
	"slices"
	"time"

	"spacechain/dtn/store"
)

// outgoing is a transfer that the peer has not said done to.
type outgoing struct {
	id      uint64
	handle  uint64
	class   uint8
	data    []byte
	digest  store.Digest
	todo    spans // bytes that are neither out nor acknowledged
	out     int   // frames out with a part of it
	offered bool  // a frame with the offer was acknowledged
	probe   bool  // nothing more is sent until it was
	ask     bool  // the peer is to be asked what it has
	askAt   time.Time
	asks    int
}

// segment is a part of a transfer in a frame.
type segment struct {
	transfer uint64
	from, to int
	offer    bool
	ask      bool
}

// sent is a frame that is out: neither acknowledged nor lost.
type sent struct {
	number uint64
	left   time.Time // when its last bit leaves, at the link's rate
	parts  []segment
}

// sender is the half of an endpoint that sends data. Its zero value is empty.
type sender struct {
	pace    pace
	number  uint64 // of the last frame
	polled  uint64 // of the last frame that asked for an acknowledgement
	nextID  uint64
	queue   []*outgoing // by class, then in the order of Send
	out     []sent      // by number
	free    time.Time   // when the link has sent what it was given
	silence int         // timeouts since the peer was heard
	nextSil time.Time   // before this a timeout is part of the last one
	tried   []store.Digest
}

const (
	maxQueue    = 16 // transfers under way, beside more urgent ones
	maxTried    = 32 // broken transfers remembered
	overtaken   = 6  // a frame is lost when one so much later was acknowledged
	maxAsks     = 8
	probeTrips  = 8 // transfers that take as many round trips wait for an answer first
	offerSize   = 1 + 3*5 + 10 + 16 + 3
	minSegment  = 32
	fewSilence  = 2 // silences after which few frames at a time are sent
	fewFrames   = 4
	oneSilence  = 6 // silences after which only one is
	backoffFrom = 3 // silences after which the time between them doubles
)

// Wants tells whether the endpoint would start a transfer of a class (0 is the most
// urgent) now.
func (e *Endpoint) Wants(class uint8) bool {
	if !e.up {
		return false
	}
	n, bytes := 0, 0
	for _, t := range e.send.queue {
		if t.class <= class {
			n++
			bytes += t.todo.len()
		}
	}
	return n < maxQueue && bytes < e.send.pace.window*e.link.MTU
}

// Send starts the transfer of a bundle. The handle comes back in an Outcome or from
// Down. The slice is kept until then.
func (e *Endpoint) Send(handle uint64, class uint8, data []byte) {
	s := &e.send
	s.nextID++
	t := &outgoing{id: s.nextID, handle: handle, class: class, data: data, digest: DigestOf(data),
		todo: spans{{From: 0, To: len(data)}}}
	// A transfer that was tried before, or that is long, begins with one frame: the
	// answer may be that the peer has much of it.
	t.probe = slices.Contains(s.tried, t.digest) ||
		time.Duration(float64(len(data))*8e9/e.link.RateBps) > probeTrips*s.pace.trip
	i := len(s.queue)
	for i > 0 && s.queue[i-1].class > class {
		i--
	}
	s.queue = slices.Insert(s.queue, i, t)
}

// Cancel ends a transfer of which the outcome does not matter any more. The peer may
// have it all the same.
func (e *Endpoint) Cancel(handle uint64) {
	e.send.queue = slices.DeleteFunc(e.send.queue, func(t *outgoing) bool { return t.handle == handle })
	e.send.rest()
}

// Sending is the number of transfers under way.
func (e *Endpoint) Sending() int { return len(e.send.queue) }

func (s *sender) linkUp(now time.Time) { s.free, s.silence = now, 0 }

func (s *sender) linkDown() []uint64 {
	byID := slices.Clone(s.queue)
	slices.SortFunc(byID, func(a, b *outgoing) int {
		if a.id < b.id {
			return -1
		}
		return 1
	})
	var handles []uint64
	for _, t := range byID {
		handles = append(handles, t.handle)
		if t.todo.len() < len(t.data) && !slices.Contains(s.tried, t.digest) {
			s.tried = append(s.tried[max(0, len(s.tried)+1-maxTried):], t.digest)
		}
	}
	s.queue, s.out = nil, nil
	return handles
}

// restart begins all transfers anew: the peer remembers nothing.
func (s *sender) restart() {
	s.out = nil
	for _, t := range s.queue {
		t.restart()
		t.out = 0
	}
}

func (t *outgoing) restart() {
	t.todo = append(t.todo[:0], store.Span{From: 0, To: len(t.data)})
	t.offered, t.ask, t.askAt = false, false, time.Time{}
}

func (s *sender) find(id uint64) *outgoing {
	for _, t := range s.queue {
		if t.id == id {
			return t
		}
	}
	return nil
}

// wants tells whether a transfer has something for a frame.
func (t *outgoing) wants() bool {
	if t.ask {
		return true
	}
	return len(t.todo) > 0 && (!t.probe || t.offered || t.out == 0)
}

// ready tells whether there is data for a frame and room in the window.
func (s *sender) ready(e *Endpoint) bool {
	window := s.pace.window
	switch {
	case s.silence >= oneSilence:
		window = 1
	case s.silence >= fewSilence:
		window = min(window, fewFrames)
	}
	if len(s.out) >= window {
		return false
	}
	return slices.ContainsFunc(s.queue, (*outgoing).wants)
}

// wantsAnswer tells whether the last frame shall ask for an acknowledgement: when
// nothing is left to send for now, and, where the peer can talk meanwhile, in the
// middle of a window.
func (s *sender) wantsAnswer(e *Endpoint) bool {
	since := int(s.number - s.polled)
	if s.ready(e) {
		return !e.link.HalfDuplex && since >= s.pace.window/2
	}
	return since >= s.pace.window/4 || !slices.ContainsFunc(s.queue, (*outgoing).wants)
}

// fill appends chunks of data to a frame up to a limit and notes that it is out.
func (s *sender) fill(e *Endpoint, now time.Time, frame []byte, limit int) []byte {
	rec := sent{number: s.number}
	for _, t := range s.queue {
		if t.ask && len(frame)+11 <= limit {
			frame = binary.AppendUvarint(append(frame, chunkAsk), t.id)
			rec.parts = append(rec.parts, segment{transfer: t.id, ask: true})
			t.ask = false
			t.out++
			continue
		}
		for t.wants() && limit-len(frame)-offerSize >= min(minSegment, t.todo[0].To-t.todo[0].From) {
			from := t.todo[0].From
			to := min(t.todo[0].To, from+limit-len(frame)-offerSize)
			frame = t.append(frame, from, to)
			rec.parts = append(rec.parts, segment{transfer: t.id, from: from, to: to, offer: !t.offered})
			t.todo = t.todo.remove(from, to)
			t.out++
		}
	}
	if s.free.Before(now) {
		s.free = now
	}
	s.free = s.free.Add(time.Duration(float64(len(frame)+crcSize) * 8e9 / e.link.RateBps))
	rec.left = s.free
	s.out = append(s.out, rec)
	return frame
}

func (t *outgoing) append(frame []byte, from, to int) []byte {
	if t.offered {
		frame = binary.AppendUvarint(append(frame, chunkData), t.id)
	} else {
		frame = binary.AppendUvarint(append(frame, chunkOffer), t.id)
		frame = binary.AppendUvarint(frame, uint64(len(t.data)))
		frame = append(frame, t.digest[:]...)
	}
	frame = binary.AppendUvarint(frame, uint64(from))
	frame = binary.AppendUvarint(frame, uint64(to-from))
	return append(frame, t.data[from:to]...)
}

// answer takes a chunk that the peer sent about frames or transfers of this epoch.
func (s *sender) answer(e *Endpoint, now time.Time, c *chunk) {
	if c.kind == chunkAck {
		s.acked(now, c.ranges)
		return
	}
	t := s.find(c.transfer)
	if t == nil {
		return
	}
	switch c.kind {
	case chunkDone:
		s.end(e, t, Outcome{Handle: t.handle, Done: true})
	case chunkRefuse:
		s.end(e, t, Outcome{Handle: t.handle, Reason: c.reason})
	case chunkUnknown:
		// What is out may still be taken with its offers; what is not offered is.
		t.restart()
		s.removeOut(t)
	case chunkHave:
		t.todo = append(t.todo[:0], store.Span{From: 0, To: len(t.data)})
		for _, r := range c.spans {
			t.todo = t.todo.remove(r.From, r.To)
		}
		s.removeOut(t)
		t.askAt = time.Time{}
		t.settle(now, s)
	}
}

// removeOut takes what is out off a transfer's todo.
func (s *sender) removeOut(t *outgoing) {
	for i := range s.out {
		for _, p := range s.out[i].parts {
			if p.transfer == t.id && (p.offer || t.offered) {
				t.todo = t.todo.remove(p.from, p.to)
			}
		}
	}
}

func (s *sender) end(e *Endpoint, t *outgoing, o Outcome) {
	s.queue = slices.DeleteFunc(s.queue, func(q *outgoing) bool { return q == t })
	e.outcomes = append(e.outcomes, o)
	s.rest()
}

// rest forgets what is out when nothing is left to send: nothing of it is missed.
func (s *sender) rest() {
	if len(s.queue) == 0 {
		s.queue, s.out = nil, nil
	}
}

// acked takes an acknowledgement: frames in the ranges have arrived, frames that
// later ones overtook are lost.
func (s *sender) acked(now time.Time, ranges []numRange) {
	kept := s.out[:0]
	for _, f := range s.out {
		switch {
		case slices.ContainsFunc(ranges, func(r numRange) bool { return r.lo <= f.number && f.number <= r.hi }):
			for _, p := range f.parts {
				if t := s.find(p.transfer); t != nil {
					t.out--
					t.offered = t.offered || p.offer
					t.settle(now, s)
				}
			}
		case f.number+overtaken <= ranges[0].hi:
			s.lose(&f)
		default:
			kept = append(kept, f)
		}
	}
	clear(s.out[len(kept):])
	s.out = kept
}

// settle sets when to ask the peer, once all of a transfer was acknowledged and it
// still does not say done.
func (t *outgoing) settle(now time.Time, s *sender) {
	if len(t.todo) == 0 && t.out == 0 && !t.ask && t.askAt.IsZero() {
		t.askAt = now.Add(s.timeout(min(t.asks, 6)))
	}
}

// lose puts what was in a frame back to what is to be sent.
func (s *sender) lose(f *sent) {
	for _, p := range f.parts {
		t := s.find(p.transfer)
		if t == nil {
			continue
		}
		t.out--
		if p.ask {
			t.ask = true
		} else {
			t.todo = t.todo.add(p.from, p.to)
		}
	}
}

// timeout is how long after a frame left its acknowledgement is waited for.
func (s *sender) timeout(silence int) time.Duration {
	d := s.pace.timeout << min(max(silence-backoffFrom, 0), 10)
	return max(s.pace.timeout, min(d, maxBackoff))
}

func (s *sender) tick(e *Endpoint, now time.Time) {
	n := 0
	if len(s.out) > 0 && !s.out[0].left.Add(s.timeout(s.silence)).After(now) {
		for n < len(s.out) && !s.out[n].left.Add(s.pace.timeout).After(now) {
			s.lose(&s.out[n])
			n++
		}
	}
	if n > 0 {
		s.out = slices.Delete(s.out, 0, n)
		if !now.Before(s.nextSil) {
			s.silence++
			s.nextSil = now.Add(s.pace.timeout)
		}
	}
	for i := 0; i < len(s.queue); i++ {
		t := s.queue[i]
		if t.askAt.IsZero() || t.askAt.After(now) {
			continue
		}
		if t.asks++; t.asks > maxAsks {
			s.end(e, t, Outcome{Handle: t.handle, Reason: ReasonSilent})
			i = -1
			continue
		}
		t.ask, t.askAt = true, time.Time{}
	}
}

func (s *sender) wake() (time.Time, bool) {
	var at time.Time
	if len(s.out) > 0 {
		at = s.out[0].left.Add(s.timeout(s.silence))
	}
	for _, t := range s.queue {
		if !t.askAt.IsZero() && (at.IsZero() || t.askAt.Before(at)) {
			at = t.askAt
		}
	}
	return at, !at.IsZero()
}
