package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"spacechain/link/channel"
)

// day is the period that random faults are drawn for.
const day = 24 * time.Hour

// horizon is how far Next looks for a random fault.
const horizon = 3650

// Event is something that happens once: an outage or a reset.
type Event struct {
	Time     time.Time
	Kind     Kind          // LinkOutage, StationOutage or NodeReset
	Node     uint64        // the node, or the lower end of the link
	Peer     uint64        // the higher end of the link; 0 for the others
	Duration time.Duration // how long it lasts, or how long a reset node stays down
	Line     int           // of the scenario file
}

// End gives when the event is over.
func (e Event) End() time.Time { return e.Time.Add(e.Duration) }

// String renders the event as one line, such as
// "2026-05-30T02:00:00Z node reset 90012 for 30s".
func (e Event) String() string {
	who := fmt.Sprint(e.Node)
	if e.Peer != 0 {
		who = fmt.Sprintf("%d-%d", e.Node, e.Peer)
	}
	return fmt.Sprintf("%s %s %s for %v", e.Time.UTC().Format(time.RFC3339Nano), e.Kind, who, e.Duration)
}

// Interval is a stretch of time, Start included, End not.
type Interval struct{ Start, End time.Time }

// Faults is the schedule of one world. Its methods are pure: what they answer
// depends on their arguments only. They keep drawn days in memory, so a Faults is
// not safe for concurrent use.
type Faults struct {
	seed   uint64
	start  time.Time
	cast   Cast
	faults []compiled
	days   map[int64]*drawn
}

// compiled is a fault with its targets resolved.
type compiled struct {
	Fault
	index  uint64
	actors []Actor     // what any and each choose from, or the one that is named
	pair   [2]uint64   // the link that is named, lower end first
	links  [][2]uint64 // what "any link" chooses from
}

// Compile joins a scenario with a seed, the world's start and its cast. It is an
// [*Error] if the scenario names what the cast does not have.
func Compile(s *Scenario, seed uint64, start time.Time, cast Cast) (*Faults, error) {
	f := &Faults{seed: seed, start: start.UTC(), cast: cast, days: map[int64]*drawn{}}
	for i, fault := range s.Faults {
		c, err := resolve(fault, uint64(i), cast)
		if err != nil {
			return nil, err
		}
		f.faults = append(f.faults, c)
	}
	return f, nil
}

func resolve(fault Fault, index uint64, cast Cast) (compiled, error) {
	c := compiled{Fault: fault, index: index}
	fail := func(format string, args ...any) (compiled, error) {
		return c, &Error{Line: fault.Line, Msg: fmt.Sprintf("%s: %s", fault.Kind, fmt.Sprintf(format, args...))}
	}
	t := fault.Target
	switch {
	case t.Scope == Named:
		var ends []uint64
		for _, name := range t.Names {
			node, err := cast.find(name)
			if err != nil {
				return fail("%v", err)
			}
			ends = append(ends, node)
			c.actors = append(c.actors, Actor{Node: node, Name: name})
		}
		if t.Class == Link {
			if ends[0] == ends[1] {
				return fail("both ends of the link are node %d", ends[0])
			}
			c.pair = ordered(ends[0], ends[1])
		} else if fault.Kind == StationOutage && !cast.isStation(ends[0]) {
			return fail("%q is not a station; use node reset", t.Names[0])
		}
	case t.Class == Link:
		if t.Scope == Any && len(cast.Links) == 0 {
			return fail("this world has no list of links to draw from; write each link, or name one")
		}
		for _, l := range cast.Links {
			c.links = append(c.links, ordered(l[0], l[1]))
		}
	default:
		c.actors = cast.class(t.Class)
		if t.Scope == Any && len(c.actors) == 0 {
			return fail("there is no %s in this world", t.Class)
		}
	}
	return c, nil
}

func ordered(a, b uint64) [2]uint64 { return [2]uint64{min(a, b), max(a, b)} }

// Next gives the first event after a moment: explicit ones, and random ones of
// nodes and of "any link". Events of "each link" are too many to list and come by
// [Faults.LinkOutages] alone.
func (f *Faults) Next(after time.Time) (Event, bool) {
	first := max(0, f.dayOf(after))
	last := first - 1
	for _, c := range f.faults {
		switch {
		case !rules[c.Kind].timed || c.Target.Scope == Each && c.Target.Class == Link:
		case c.PerDay > 0:
			last = first + horizon
		default:
			last = max(last, int64(c.At/day))
		}
	}
	for d := first; d <= last; d++ {
		for _, e := range f.drawnDay(d).events {
			if e.Time.After(after) {
				return e, true
			}
		}
	}
	return Event{}, false
}

// Between gives the events of [Faults.Next] that begin in [from, to), in order.
func (f *Faults) Between(from, to time.Time) []Event {
	var events []Event
	for d := max(0, f.dayOf(from)); !f.start.Add(time.Duration(d) * day).After(to); d++ {
		for _, e := range f.drawnDay(d).events {
			if !e.Time.Before(from) && e.Time.Before(to) {
				events = append(events, e)
			}
		}
	}
	return events
}

// NodeDown says whether a node is down at a moment after a reset.
func (f *Faults) NodeDown(node uint64, at time.Time) bool { return f.down(NodeReset, node, at) }

// StationDown says whether a station's radios are out at a moment.
func (f *Faults) StationDown(node uint64, at time.Time) bool { return f.down(StationOutage, node, at) }

func (f *Faults) down(kind Kind, node uint64, at time.Time) bool {
	for _, e := range f.around(ends{node, 0}, at, at) {
		if e.Kind == kind && !at.Before(e.Time) && at.Before(e.End()) {
			return true
		}
	}
	return false
}

// LinkDown says whether the link between two nodes is out at a moment, by itself
// or because a station at its end is.
func (f *Faults) LinkDown(a, b uint64, at time.Time) bool {
	return len(f.LinkOutages(a, b, at, at.Add(1))) > 0
}

// LinkOutages gives when the link between two nodes is out within [from, to), in
// order and without overlaps: its own outages and those of a station at its end.
// Node resets are not among them: the radio still points, the computer is gone.
func (f *Faults) LinkOutages(a, b uint64, from, to time.Time) []Interval {
	var out []Interval
	collect := func(events []Event, kind Kind) {
		for _, e := range events {
			start, end := e.Time, e.End()
			if e.Kind != kind || !start.Before(to) || !end.After(from) {
				continue
			}
			if start.Before(from) {
				start = from
			}
			if end.After(to) {
				end = to
			}
			out = append(out, Interval{start, end})
		}
	}
	pair := ordered(a, b)
	collect(f.around(ends{a, 0}, from, to), StationOutage)
	collect(f.around(ends{b, 0}, from, to), StationOutage)
	collect(f.around(ends(pair), from, to), LinkOutage)
	for i := range f.faults {
		collect(f.eachLink(&f.faults[i], pair, from, to), LinkOutage)
	}
	return union(out)
}

// union sorts intervals and joins those that touch.
func union(in []Interval) []Interval {
	slices.SortFunc(in, func(x, y Interval) int { return x.Start.Compare(y.Start) })
	var out []Interval
	for _, i := range in {
		if n := len(out); n > 0 && !i.Start.After(out[n-1].End) {
			if i.End.After(out[n-1].End) {
				out[n-1].End = i.End
			}
			continue
		}
		out = append(out, i)
	}
	return out
}

// Effects gives what a scenario does to frames on the link between two nodes at a moment.
func (f *Faults) Effects(a, b uint64, at time.Time) channel.Effects {
	var sum channel.Effects
	pair := ordered(a, b)
	since := at.Sub(f.start)
	for i := range f.faults {
		c := &f.faults[i]
		if !rules[c.Kind].rate || since < c.At || c.For.Max > 0 && since >= c.At+c.For.Max {
			continue
		}
		if c.Target.Scope == Named {
			if c.Target.Class == Link && c.pair != pair {
				continue
			}
			if c.Target.Class == Node && c.actors[0].Node != a && c.actors[0].Node != b {
				continue
			}
		}
		switch c.Kind {
		case BitFlips:
			sum = sum.Add(channel.Effects{BitFlipRate: c.Rate})
		case FrameLoss:
			sum = sum.Add(channel.Effects{LossRate: c.Rate})
		case Duplication:
			sum = sum.Add(channel.Effects{DuplicateRate: c.Rate})
		case Reordering:
			sum = sum.Add(channel.Effects{ReorderRate: c.Rate, ReorderDelay: c.Delay})
		}
	}
	return sum
}

// ClockDriftPPM gives how fast a node's clock runs ahead of true time, parts per
// million; negative if it falls behind.
func (f *Faults) ClockDriftPPM(node uint64) float64 {
	sum := 0.0
	for i := range f.faults {
		c := &f.faults[i]
		if c.Kind != ClockDrift || !slices.ContainsFunc(c.actors, func(a Actor) bool { return a.Node == node }) {
			continue
		}
		share := f.generator(c.index, 0, node, 0).Float64()
		sum += c.PPM[0] + float64((c.PPM[1]-c.PPM[0])*share)
	}
	return sum
}

// ClockOffset gives how far a node's clock is ahead of true time at a moment.
func (f *Faults) ClockOffset(node uint64, at time.Time) time.Duration {
	return time.Duration(float64(at.Sub(f.start)) * f.ClockDriftPPM(node) / 1e6)
}

// byTime orders events, with ties broken so that the order is one.
func byTime(x, y Event) int {
	return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Node, y.Node), cmp.Compare(x.Peer, y.Peer))
}
