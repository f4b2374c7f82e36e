package world

import (
	"fmt"
	"time"

	"spacechain/astro"
	"spacechain/dtn/contact"
	"spacechain/world/topology"
)

// horizon looks ahead: it holds every window of the coming hours, and the contact
// plan made of them, and moves on as time does. The next stretch is worked out on
// another goroutine while the present one is lived through; since windows are a
// pure function of time, that changes nothing but the waiting.
type horizon struct {
	topo    *topology.Topology // its own: nobody else waits for its lock
	delay   func(*topology.Window) time.Duration
	stretch time.Duration
	to      time.Time // windows are known up to here
	windows []*window // by start
	byNode  map[uint64][]*window
	plan    *contact.Plan
	next    chan []topology.Window
	coming  bool // next will have the stretch that follows
}

// window is a topology.Window that grows when the next stretch continues it.
type window struct {
	topology.Window
	delay     time.Duration // beside the light time, that nodes must count on in either direction
	scheduled bool          // its opening is, or it is open
	hop       *hop          // while it is open
}

// stretchFor is how far ahead a universe of n satellites looks at a time: long for
// small ones, whose next contact may be hours away; short for large ones, in which
// somebody always hears somebody, and whose windows are many.
func stretchFor(n int) time.Duration {
	switch {
	case n <= 200:
		return 12 * time.Hour
	case n <= 1000:
		return 2 * time.Hour
	}
	return 10 * time.Minute
}

// newHorizon works out the first two stretches from now on. delay is how much longer than
// the light takes a link's ends have to wait for what is sent.
func newHorizon(topo *topology.Topology, now time.Time, delay func(*topology.Window) time.Duration) (*horizon, error) {
	h := &horizon{
		topo:    topo,
		delay:   delay,
		stretch: stretchFor(len(topo.Satellites())),
		to:      now,
		byNode:  map[uint64][]*window{},
		next:    make(chan []topology.Window, 1),
	}
	for range 2 {
		if _, err := h.extend(now); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// prepare starts to work out the stretch that follows, if nobody has yet.
func (h *horizon) prepare() {
	if h.coming {
		return
	}
	h.coming = true
	from, to := h.to, h.to.Add(h.stretch)
	go func() { h.next <- h.topo.Windows(from, to) }()
}

// idle is how long after an extension the next is prepared: a universe that has just
// been made, or taken up again, has other things to do.
func (h *horizon) idle() time.Duration { return h.stretch / 12 }

// due is when the horizon should next be extended: when less than one stretch is
// left of it.
func (h *horizon) due() time.Time { return h.to.Add(-h.stretch) }

// extend adds one stretch, forgets what is over, and makes the plan anew. It gives
// the open hops that will last longer than was known.
func (h *horizon) extend(now time.Time) (grown []*hop, err error) {
	h.prepare()
	fresh := <-h.next
	h.coming = false
	open := map[[3]uint64]*window{} // windows that the stretch before left unfinished
	kept := h.windows[:0]
	for _, w := range h.windows {
		if w.End.Before(now) && w.hop == nil {
			continue
		}
		kept = append(kept, w)
		if !w.Closes && w.End.Equal(h.to) {
			open[[3]uint64{w.A, w.B, uint64(w.Kind)}] = w
		}
	}
	clear(h.windows[len(kept):])
	h.windows = kept
	for _, f := range fresh {
		if f.RateABBps <= 0 || f.RateBABps <= 0 {
			continue // too far to close in both directions at the lowest rate
		}
		if before := open[[3]uint64{f.A, f.B, uint64(f.Kind)}]; before != nil && !f.Opens && f.Start.Equal(h.to) {
			before.End, before.Closes = f.End, f.Closes
			before.MinRangeKm, before.MaxRangeKm = min(before.MinRangeKm, f.MinRangeKm), max(before.MaxRangeKm, f.MaxRangeKm)
			before.RateABBps, before.RateBABps = min(before.RateABBps, f.RateABBps), min(before.RateBABps, f.RateBABps)
			before.OWLT = max(before.OWLT, f.OWLT)
			before.delay = h.delay(&before.Window)
			if before.hop != nil {
				grown = append(grown, before.hop)
			}
			continue
		}
		h.windows = append(h.windows, &window{Window: f, delay: h.delay(&f)})
	}
	h.to = h.to.Add(h.stretch)

	clear(h.byNode)
	contacts := make([]contact.Contact, 0, 2*len(h.windows))
	for _, w := range h.windows {
		h.byNode[w.A] = append(h.byNode[w.A], w)
		h.byNode[w.B] = append(h.byNode[w.B], w)
		if !w.End.After(w.Start) {
			continue
		}
		contacts = append(contacts,
			contact.Contact{From: w.A, To: w.B, Start: w.Start, End: w.End, RateBps: w.RateABBps, OWLT: w.OWLT + w.delay},
			contact.Contact{From: w.B, To: w.A, Start: w.Start, End: w.End, RateBps: w.RateBABps, OWLT: w.OWLT + w.delay})
	}
	plan, err := contact.NewPlan(contacts, contact.Ends(isTerminal))
	if err != nil {
		return nil, fmt.Errorf("plan contacts from %s: %w", now.Format(time.RFC3339), err)
	}
	h.plan = plan
	return grown, nil
}

// isTerminal tells users' own nodes, to which nothing is given that is for others.
func isTerminal(node uint64) bool { return node >= topology.FirstTerminal }

// active gives the windows in which time t lies, in order of start.
func (h *horizon) active(t time.Time) []*window {
	var out []*window
	for _, w := range h.windows {
		if w.Start.After(t) {
			break
		}
		if w.End.After(t) {
			out = append(out, w)
		}
	}
	return out
}

// between gives the windows of a kind that overlap [from, to), in order of start.
func (h *horizon) between(kind topology.Kind, from, to time.Time) []*window {
	var out []*window
	for _, w := range h.windows {
		if !w.Start.Before(to) {
			break
		}
		if w.Kind == kind && w.End.After(from) {
			out = append(out, w)
		}
	}
	return out
}

// Contacts gives the windows of a universe from its start on, for networks whose nodes
// are processes of their own.
func Contacts(o topology.Options, ahead time.Duration) ([]topology.Window, error) {
	if len(o.Terminals) == 0 {
		o.Terminals = homeTerminal()
	}
	t, err := topology.New(o)
	if err != nil {
		return nil, fmt.Errorf("work out contacts: %w", err)
	}
	return t.Windows(t.Start(), t.Start().Add(ahead)), nil
}

// homeTerminal is the terminal that a universe has if it is given none.
func homeTerminal() []topology.Terminal {
	return []topology.Terminal{{Name: "Home", Core: true, Place: astro.Geodetic{LatDeg: 1.3, LonDeg: 103.8}}}
}
