package world

import (
	"math"
	"time"

	"spacechain/world/topology"
)

// frames carries units as the transfer frames that they touch: when those are on the air,
// and which of them are lost.
//
// The sender's transfer frames follow each other without a gap, idle ones where nothing
// waits. A unit goes into the frame that waits to be sent, behind what is in it already,
// and on into those that follow. A frame that has begun takes no more.
type frames struct {
	h    *hop
	side int
	wave *topology.Wave
	from time.Time // when frame 0 begins, where the ends do not take turns

	next int64 // the frame that takes the next octet
	used int   // octets of it that are taken

	rate   float64 // of loss, for which doom was drawn
	doom   int64   // the next frame that is lost
	spoilt bool    // so is the frame that is in part taken

	free time.Time // of a cable: when it has sent what it was given
}

func newFrames(h *hop, side int) *frames {
	return &frames{h: h, side: side, wave: h.ends[side].wave, from: h.since.Add(h.lead()), doom: -1}
}

// tune implements carrier.
func (f *frames) tune(now time.Time) {
	if end := f.end(f.next); f.used > 0 && end.After(now) {
		now = end
	}
	*f = frames{h: f.h, side: f.side, wave: f.h.ends[f.side].wave, from: now, doom: -1, free: f.free}
	if f.h.turns != nil { // frames count from the window's start there
		f.next = f.first(now)
	}
}

// depth implements carrier.
func (f *frames) depth() string { return "frames" }

// begin is when a frame begins.
func (f *frames) begin(n int64) time.Time {
	if t := f.h.turns; t != nil {
		return t.begin(f.side, n, f.wave.FrameTime)
	}
	return f.from.Add(time.Duration(n) * f.wave.FrameTime)
}

// end is when its last bit leaves.
func (f *frames) end(n int64) time.Time { return f.begin(n).Add(f.wave.FrameTime) }

// first gives the first frame that has not begun.
func (f *frames) first(now time.Time) int64 {
	if t := f.h.turns; t != nil {
		return t.first(f.side, now, f.wave.FrameTime)
	}
	since := now.Sub(f.from)
	if since <= 0 {
		return 0
	}
	return int64((since + f.wave.FrameTime - 1) / f.wave.FrameTime)
}

// carry implements carrier.
func (f *frames) carry(now time.Time, unit []byte) {
	e := &f.h.ends[f.side]
	if f.wave.Zone == 0 { // a frame of its own, behind the one before
		airtime := f.wave.Airtime(len(unit))
		if f.free.Before(now) {
			f.free = now
		}
		f.free = f.free.Add(airtime)
		e.tally.frames++
		e.tally.airtime += airtime
		f.h.land(f.side, f.free, unit)
		return
	}
	from, to, begun := f.place(now, f.wave.Octets(len(unit)))
	if !f.lost(from, to, begun) {
		f.h.land(f.side, f.end(to), unit)
	}
}

// place puts so many octets into the coming frames. It gives the first and the last that
// they touch, and whether the first had something in it before.
func (f *frames) place(now time.Time, octets int) (from, to int64, begun bool) {
	if n := f.first(now); f.next < n {
		f.next, f.used = n, 0
	}
	from, begun = f.next, f.used > 0
	last := f.used + octets - 1
	to = from + int64(last/f.wave.Zone)
	f.next, f.used = to, last%f.wave.Zone+1
	if f.used == f.wave.Zone {
		f.next, f.used = to+1, 0
	}
	fresh := to - from
	if !begun {
		fresh++
	}
	e := &f.h.ends[f.side]
	e.tally.frames += uint64(fresh)
	e.tally.airtime += time.Duration(fresh) * f.wave.FrameTime
	return from, to, begun
}

// lost says whether noise takes a frame among those that a unit touches. Units that share
// a frame share its fate.
func (f *frames) lost(from, to int64, begun bool) bool {
	e := &f.h.ends[f.side]
	open := from // the first frame whose fate is open
	if begun {
		open++
	}
	if f.rate != e.budget.FrameErrorRate || f.doom < open {
		f.rate = e.budget.FrameErrorRate
		f.doom = open + f.gap()
	}
	lost := begun && f.spoilt
	f.spoilt = lost && to == from
	for ; f.doom <= to; f.doom += 1 + f.gap() {
		e.tally.lost++
		lost, f.spoilt = true, f.doom == to
	}
	return lost
}

// gap draws how many frames come through before one is lost.
func (f *frames) gap() int64 {
	const never = math.MaxInt64 / 4
	switch {
	case f.rate <= 0:
		return never
	case f.rate >= 1:
		return 0
	}
	gap := math.Floor(math.Log1p(-f.h.rng.Float64()) / math.Log1p(-f.rate))
	if gap >= never {
		return never
	}
	return int64(gap)
}
