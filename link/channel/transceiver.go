package channel

import "time"

// Mode is what a transceiver does at a moment.
type Mode int

// The modes of a transceiver.
const (
	Idle    Mode = iota // free; a half-duplex radio listens
	Sending             // its transmitter is on
	Hearing             // a frame is coming in
	Turning             // between the two, on a half-duplex radio
)

// String names the mode.
func (m Mode) String() string {
	return [...]string{"idle", "sending", "hearing", "turning"}[m]
}

// Transceiver is one radio of one hop over time: what it sends, what it hears,
// and on a half-duplex radio that never both. It is a plain state machine; the
// caller tells it what happens when, in order of time. The zero value with a
// Radio is ready. It is not safe for concurrent use.
type Transceiver struct {
	Radio Radio

	sends   []span // queued, under way and recent, ascending, not overlapping
	hearing span   // the latest frame coming in
}

type span struct{ start, end time.Time }

// Send takes the transmitter for airtime, as soon as it can from now on: after
// what is queued already, and on a half-duplex radio after the frame it is
// hearing and the turnaround. It gives the times of the first and last bit.
func (t *Transceiver) Send(now time.Time, airtime time.Duration) (start, end time.Time) {
	return t.take(t.free(now), airtime)
}

// SendInTurn is [Transceiver.Send] on a hop that is shared by turns: the whole frame
// lies in one of the side's own slots, after what is queued already.
func (t *Transceiver) SendInTurn(now time.Time, airtime time.Duration, turns Turns, side int) (start, end time.Time) {
	return t.take(turns.Next(t.free(now), side, airtime), airtime)
}

// free gives the earliest time from now on at which nothing is in the way of sending.
func (t *Transceiver) free(now time.Time) time.Time {
	t.forget(now)
	start := now
	if n := len(t.sends); n > 0 && t.sends[n-1].end.After(start) {
		start = t.sends[n-1].end
	}
	if free := t.hearing.end.Add(t.Radio.Turnaround); t.Radio.HalfDuplex && !t.hearing.end.IsZero() && free.After(start) {
		start = free
	}
	return start
}

func (t *Transceiver) take(start time.Time, airtime time.Duration) (time.Time, time.Time) {
	t.sends = append(t.sends, span{start, start.Add(airtime)})
	return start, start.Add(airtime)
}

// Hear says whether a frame whose first bit comes in at start and whose last at
// end is received. A half-duplex radio misses it if it sends, or has sent or
// will send within its turnaround, at any time between; what it does not miss
// keeps its transmitter off until end. Call it at start.
func (t *Transceiver) Hear(start, end time.Time) bool {
	t.forget(start)
	if t.Radio.HalfDuplex {
		for _, s := range t.sends {
			if s.start.Before(end.Add(t.Radio.Turnaround)) && s.end.Add(t.Radio.Turnaround).After(start) {
				return false
			}
		}
	}
	if end.After(t.hearing.end) {
		t.hearing = span{start, end}
	}
	return true
}

// Mode says what the radio does at now, which must not lie before the latest call.
func (t *Transceiver) Mode(now time.Time) Mode {
	within := func(s span) bool { return !now.Before(s.start) && now.Before(s.end) }
	for _, s := range t.sends {
		if within(s) {
			return Sending
		}
	}
	if within(t.hearing) {
		return Hearing
	}
	if t.Radio.HalfDuplex {
		turn := func(s span) bool {
			return !s.end.IsZero() && !now.Before(s.end) && now.Before(s.end.Add(t.Radio.Turnaround))
		}
		for _, s := range t.sends {
			if turn(s) {
				return Turning
			}
		}
		if turn(t.hearing) {
			return Turning
		}
	}
	return Idle
}

// QueuedUntil gives when the last send that was asked for ends; zero if none is known.
func (t *Transceiver) QueuedUntil() time.Time {
	if n := len(t.sends); n > 0 {
		return t.sends[n-1].end
	}
	return time.Time{}
}

// Reset drops what is queued and heard, as when the link or the node goes down.
func (t *Transceiver) Reset() { t.sends, t.hearing = nil, span{} }

// forget drops sends that ended too long ago to matter.
func (t *Transceiver) forget(now time.Time) {
	n := 0
	for n < len(t.sends) && t.sends[n].end.Add(t.Radio.Turnaround).Before(now) {
		n++
	}
	t.sends = t.sends[n:]
}
