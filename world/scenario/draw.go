package scenario

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// ends is a node (with 0) or the two ends of a link.
type ends [2]uint64

// drawn is the events that begin on one day.
type drawn struct {
	events []Event // by time
	of     map[ends][]Event
}

// dayOf gives the day of the world that a moment is in; 0 is the first.
func (f *Faults) dayOf(at time.Time) int64 {
	return int64(math.Floor(float64(at.Sub(f.start)) / float64(day)))
}

// drawnDay gives the events of a day, from memory or drawn now.
func (f *Faults) drawnDay(d int64) *drawn {
	if got := f.days[d]; got != nil {
		return got
	}
	got := &drawn{of: map[ends][]Event{}}
	for i := range f.faults {
		got.events = append(got.events, f.draw(&f.faults[i], d)...)
	}
	slices.SortFunc(got.events, byTime)
	for _, e := range got.events {
		got.of[ends{e.Node, e.Peer}] = append(got.of[ends{e.Node, e.Peer}], e)
	}
	if len(f.days) > 64 { // days are cheap to draw again; a long run keeps the last ones
		clear(f.days)
	}
	f.days[d] = got
	return got
}

// around gives the events of a node or link that can be under way in [from, to],
// in order of beginning: random ones last a day at most, explicit ones any time.
func (f *Faults) around(who ends, from, to time.Time) []Event {
	var events []Event
	first := max(0, f.dayOf(from)-1)
	for i := range f.faults {
		c := &f.faults[i]
		if rules[c.Kind].timed && c.PerDay == 0 && int64(c.At/day) < first {
			for _, e := range f.explicit(c) {
				if (ends{e.Node, e.Peer}) == who {
					events = append(events, e)
				}
			}
		}
	}
	for d := first; d <= f.dayOf(to); d++ {
		events = append(events, f.drawnDay(d).of[who]...)
	}
	return events
}

// draw gives the events of one fault on one day.
func (f *Faults) draw(c *compiled, d int64) []Event {
	if !rules[c.Kind].timed {
		return nil
	}
	if c.PerDay == 0 {
		if int64(c.At/day) != d {
			return nil
		}
		return f.explicit(c)
	}
	var events []Event
	switch {
	case c.Target.Scope == Any && c.Target.Class == Link:
		rng := f.generator(c.index, d, 0, 0)
		for _, e := range f.strikes(c, d, rng) {
			l := c.links[rng.IntN(len(c.links))]
			e.Node, e.Peer = l[0], l[1]
			events = append(events, e)
		}
	case c.Target.Scope == Any:
		rng := f.generator(c.index, d, 0, 0)
		for _, e := range f.strikes(c, d, rng) {
			e.Node = c.actors[rng.IntN(len(c.actors))].Node
			events = append(events, e)
		}
	case c.Target.Scope == Named && c.Target.Class == Link:
		events = f.strikes(c, d, f.generator(c.index, d, c.pair[0], c.pair[1]))
		for i := range events {
			events[i].Node, events[i].Peer = c.pair[0], c.pair[1]
		}
	case c.Target.Class != Link:
		for _, a := range c.actors {
			for _, e := range f.strikes(c, d, f.generator(c.index, d, a.Node, 0)) {
				e.Node = a.Node
				events = append(events, e)
			}
		}
	}
	return events
}

// explicit gives the events of a fault that has a time, except those of each link.
func (f *Faults) explicit(c *compiled) []Event {
	e := Event{Time: f.start.Add(c.At), Kind: c.Kind, Line: c.Line}
	if c.Target.Class == Link {
		if c.Target.Scope != Named {
			return nil
		}
		e.Node, e.Peer = c.pair[0], c.pair[1]
		e.Duration = length(c.For, f.generator(c.index, 0, e.Node, e.Peer))
		return []Event{e}
	}
	var events []Event
	for _, a := range c.actors {
		e.Node = a.Node
		e.Duration = length(c.For, f.generator(c.index, 0, a.Node, 0))
		events = append(events, e)
	}
	return events
}

// eachLink gives the events of an "each link" fault on one link, around [from, to].
func (f *Faults) eachLink(c *compiled, pair [2]uint64, from, to time.Time) []Event {
	if c.Kind != LinkOutage || c.Target.Scope != Each {
		return nil
	}
	if c.PerDay == 0 {
		e := Event{Time: f.start.Add(c.At), Kind: c.Kind, Line: c.Line, Node: pair[0], Peer: pair[1]}
		e.Duration = length(c.For, f.generator(c.index, 0, pair[0], pair[1]))
		return []Event{e}
	}
	var events []Event
	for d := max(0, f.dayOf(from)-1); d <= f.dayOf(to); d++ {
		events = append(events, f.strikes(c, d, f.generator(c.index, d, pair[0], pair[1]))...)
	}
	return events
}

// strikes draws the times (a Poisson process, to the millisecond) and lengths of
// a random fault on one day.
func (f *Faults) strikes(c *compiled, d int64, rng *rand.Rand) []Event {
	var events []Event
	midnight := f.start.Add(time.Duration(d) * day)
	for at := 0.0; ; {
		at += -math.Log1p(-rng.Float64()) / c.PerDay
		if at >= 1 {
			return events
		}
		since := time.Duration(at * float64(day)).Truncate(time.Millisecond)
		events = append(events, Event{Time: midnight.Add(since), Kind: c.Kind, Line: c.Line, Duration: length(c.For, rng)})
	}
}

// length draws from a span, to the millisecond.
func length(s Span, rng *rand.Rand) time.Duration {
	if s.Max <= s.Min {
		return s.Min
	}
	return s.Min + time.Duration(rng.Int64N(int64(s.Max-s.Min)+1)).Truncate(time.Millisecond)
}

// generator gives the source of chance of one fault, day and target.
func (f *Faults) generator(fault uint64, d int64, a, b uint64) *rand.Rand {
	key := []byte("spacechain scenario 1\x00")
	for _, n := range []uint64{f.seed, fault, uint64(d), a, b} {
		key = binary.BigEndian.AppendUint64(key, n)
	}
	sum := sha256.Sum256(key)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
}
