package channel

import "time"

// Turns shares a half-duplex hop by the clock: even slots belong to one side,
// odd slots to the other (time division duplex). Each slot ends in a guard in
// which nobody starts to send, long enough for the last bit to arrive and the
// radios to turn round. Slots count from Origin, which both sides know (the
// start of the contact).
type Turns struct {
	Origin time.Time
	Slot   time.Duration // length of one side's turn with its guard
	Guard  time.Duration
}

// NewTurns sizes turns for a hop: the guard is the light time and the slower
// radio's turnaround, the slot the guard and the airtime of as many of the
// largest frames (a minute at most each) as make it at least ten guards long.
func NewTurns(origin time.Time, a, b Radio, rateBps float64, lightTime time.Duration) Turns {
	guard := lightTime + max(a.Turnaround, b.Turnaround)
	frame := min(Airtime(max(a.MTUBytes, b.MTUBytes, 1), rateBps), time.Minute)
	frames := (10*guard-1)/frame + 1
	return Turns{Origin: origin, Slot: guard + frames*frame, Guard: guard}
}

// Next gives the earliest time from now on at which a side (0 or 1) may start to
// send for airtime. A frame longer than a whole slot may start with any slot of
// its side, and will disturb the other's.
func (t Turns) Next(now time.Time, side int, airtime time.Duration) time.Time {
	since := now.Sub(t.Origin)
	if since < 0 {
		since = 0
	}
	slot := int64(since / t.Slot)
	if slot%2 != int64(side&1) {
		slot++
	} else if at := max(since, time.Duration(slot)*t.Slot); at+airtime <= time.Duration(slot+1)*t.Slot-t.Guard {
		return t.Origin.Add(at)
	} else if at != time.Duration(slot)*t.Slot {
		slot += 2
	}
	return t.Origin.Add(time.Duration(slot) * t.Slot)
}
