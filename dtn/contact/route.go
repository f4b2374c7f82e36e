package contact

import (
	"errors"
	"math"
	"slices"
	"time"
)

// ErrNoRoute says that no contacts of the plan lead to the destination in time, or
// none with enough volume left.
var ErrNoRoute = errors.New("no route")

// Query asks for a route.
type Query struct {
	Dst      uint64    // node number
	Size     int       // bytes to carry
	Deadline time.Time // arrival later than this is of no use; zero for none
	// ExcludeNext are neighbours that must not be the first hop, such as the one that
	// the bundle came from. ExcludeNodes must not be on the route at all.
	ExcludeNext, ExcludeNodes []uint64
}

func (q *Query) deadline() int64 {
	if q.Deadline.IsZero() {
		return math.MaxInt64
	}
	return q.Deadline.UnixNano()
}

// Route is a chain of contacts from a router's node to a destination.
type Route struct {
	Next    uint64    // the neighbour to send to
	Live    bool      // its link is up now
	Start   time.Time // when the first contact is or was under way
	End     time.Time
	Arrival time.Time // best-case delivery time: the last byte reaches the destination
	Nodes   []uint64  // the nodes that the route passes, the destination last

	contacts []int32 // live for a first hop over a link that is up
	plan     *Plan   // whose contacts they are
}

// Hops is the number of contacts of the route.
func (r *Route) Hops() int { return len(r.Nodes) }

// Contacts gives the plan's contacts that the route takes. A first hop over a live
// link that the plan does not know is left out.
func (r *Route) Contacts(p *Plan) []Contact {
	var out []Contact
	for i, c := range r.contacts {
		if c < 0 {
			continue
		}
		to := p.index(r.Nodes[i])
		out = append(out, p.contact(p.sender(c), to, c))
	}
	return out
}

// sender is the node that contact c is from.
func (p *Plan) sender(c int32) int32 {
	e, _ := slices.BinarySearchFunc(p.edges, c, func(e edge, c int32) int {
		switch {
		case e.hi <= c:
			return -1
		case e.lo > c:
			return 1
		}
		return 0
	})
	// The last node whose first edge is at or before e.
	n, _ := slices.BinarySearch(p.first, int32(e)+1)
	return int32(n) - 1
}

// route reads the route that ends in a label.
func (r *Router) route(s *scratch, at int32) Route {
	last := &s.labels[at]
	out := Route{
		Arrival: utc(last.at), Next: r.plan.nodes[last.entry],
		Nodes: make([]uint64, last.hops), contacts: make([]int32, last.hops), plan: r.plan,
	}
	for i := last.hops - 1; i >= 0; i-- {
		l := &s.labels[at]
		out.Nodes[i], out.contacts[i] = r.plan.nodes[l.node], l.via
		at = l.parent
	}
	r.setFirst(&out)
	return out
}

// setFirst fills in the window of the first hop.
func (r *Router) setFirst(out *Route) {
	if c := out.contacts[0]; c >= 0 {
		out.Start, out.End = utc(r.plan.hops[c].start), utc(r.plan.hops[c].end)
		return
	}
	l := r.link(out.Next)
	out.Live, out.Start, out.End = true, utc(l.start), utc(l.end)
}

func utc(ns int64) time.Time { return time.Unix(0, ns).UTC() }
