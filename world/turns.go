package world

import (
	"time"

	"spacechain/world/topology"
)

// turns share a hop whose ends cannot send and hear at once: even slots are A's, odd ones
// B's. Each begins with the sender's lead and ends with its tail and the time that the last
// bit takes to arrive and the radios to turn round. Both sides know the slots: they count
// from the start of the window.
type turns struct {
	origin time.Time
	slot   time.Duration
	lead   [2]time.Duration
	room   [2]time.Duration // for frames in each slot
}

// What a slot has at least: so many times as long for frames as for all else, and so many
// frames.
const (
	slotWorth  = 4
	slotFrames = 2
)

func newTurns(origin time.Time, ends [2]*topology.End, waves [2]*topology.Wave, light time.Duration) *turns {
	t := &turns{origin: origin}
	guard := light + max(ends[0].Turnaround, ends[1].Turnaround)
	var around [2]time.Duration
	for side, w := range waves {
		t.lead[side] = w.Lead()
		around[side] = w.Lead() + w.Tail() + guard
		t.slot = max(t.slot, around[side]+max(slotWorth*around[side], slotFrames*w.FrameTime))
	}
	for side := range ends {
		t.room[side] = t.slot - around[side]
	}
	return t
}

// begin is when a side's frame begins, counted from its first slot.
func (t *turns) begin(side int, n int64, frame time.Duration) time.Time {
	each := t.each(side, frame)
	slot := 2*(n/each) + int64(side)
	return t.origin.Add(time.Duration(slot)*t.slot + t.lead[side] + time.Duration(n%each)*frame)
}

// first gives a side's first frame that has not begun.
func (t *turns) first(side int, now time.Time, frame time.Duration) int64 {
	each := t.each(side, frame)
	since := max(now.Sub(t.origin)-time.Duration(side)*t.slot, 0)
	round, within := int64(since/(2*t.slot)), since%(2*t.slot)
	begun := int64(0)
	if within > t.lead[side] {
		begun = min(int64((within-t.lead[side]+frame-1)/frame), each)
	}
	return round*each + begun
}

// each is how many frames fit a slot: one at least, which may then disturb the other side.
func (t *turns) each(side int, frame time.Duration) int64 {
	return max(int64(t.room[side]/frame), 1)
}
