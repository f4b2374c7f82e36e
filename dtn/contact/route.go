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

// label is a way to be at a node at a time.
type label struct {
	at     int64 // nanoseconds
	hops   int32
	node   int32
	entry  int32 // the neighbour that the way begins with
	via    int32 // the contact that leads here, or live
	parent int32 // the label before, -1 at the start
}

// live is the contact number of a link that is up now.
const live = -1

// better orders labels: earlier arrival, then fewer hops, then the entry node with
// the smaller number (CCSDS 734.3-B-1, the order among candidate routes).
func (a *label) better(b *label) bool {
	switch {
	case a.at != b.at:
		return a.at < b.at
	case a.hops != b.hops:
		return a.hops < b.hops
	}
	return a.entry < b.entry
}

// scratch is the working memory of a search. Marks that are not of this round are
// as good as not there, so that nothing need be cleared between searches.
type scratch struct {
	labels  []label
	heap    []int32
	round   uint32
	seen    []mark // per node
	exclude []uint32
}

// mark says what is known of a node: the fewest hops of a settled label, and the
// best label in the heap.
type mark struct {
	round   uint32
	settled int32
	best    int64
	hops    int32
}

func (p *Plan) getScratch() *scratch {
	s, _ := p.scratch.Get().(*scratch)
	if s == nil {
		s = &scratch{seen: make([]mark, len(p.nodes)), exclude: make([]uint32, len(p.nodes))}
	}
	s.round++
	if s.round == 0 { // wrapped around: old marks could look new
		clear(s.seen)
		clear(s.exclude)
		s.round = 1
	}
	s.labels, s.heap = s.labels[:0], s.heap[:0]
	return s
}

func (s *scratch) mark(node int32) *mark {
	m := &s.seen[node]
	if m.round != s.round {
		*m = mark{round: s.round, settled: math.MaxInt32, best: math.MaxInt64}
	}
	return m
}

// push adds a label unless a known one is at its node no later with no more hops.
func (s *scratch) push(l label) {
	m := s.mark(l.node)
	if m.settled <= l.hops || (m.best < l.at && m.hops <= l.hops) {
		return
	}
	if l.at < m.best || (l.at == m.best && l.hops < m.hops) {
		m.best, m.hops = l.at, l.hops
	}
	s.labels = append(s.labels, l)
	s.heap = append(s.heap, int32(len(s.labels)-1))
	for i := len(s.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !s.labels[s.heap[i]].better(&s.labels[s.heap[up]]) {
			break
		}
		s.heap[i], s.heap[up] = s.heap[up], s.heap[i]
		i = up
	}
}

func (s *scratch) pop() int32 {
	top := s.heap[0]
	last := len(s.heap) - 1
	s.heap[0] = s.heap[last]
	s.heap = s.heap[:last]
	for i := 0; ; {
		least := i
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < last && s.labels[s.heap[c]].better(&s.labels[s.heap[least]]) {
				least = c
			}
		}
		if least == i {
			return top
		}
		s.heap[i], s.heap[least] = s.heap[least], s.heap[i]
		i = least
	}
}

// sendTime is how long size bytes take at a rate in bytes per nanosecond.
func sendTime(size, rate float64) int64 {
	t := math.Ceil(size / rate)
	if t > math.MaxInt64/4 {
		return math.MaxInt64 / 4
	}
	return int64(t)
}

// take gives the arrival over contact h of size bytes that are ready at t, when
// booked bytes have been promised before; false if they do not fit any more. The
// volume that this allows is SABR's effective volume limit: what is left of the
// contact's volume, and of its time after t.
func (h *hop) take(t int64, size, booked float64) (int64, bool) {
	t = max(t, h.start)
	if booked > 0 {
		t = max(t, h.start+sendTime(booked, h.rate))
	}
	done := t + sendTime(size, h.rate)
	return done + h.owlt, done <= h.end
}

// search finds the best route by Dijkstra's algorithm over nodes. A node keeps
// several labels as long as a later one has fewer hops: a way that is late here may
// be just as early at the destination, where a contact must be waited for. It ends
// when the destination is settled.
func (r *Router) search(now int64, q *Query) (Route, bool) {
	p := r.plan
	dst := p.index(q.Dst)
	if dst < 0 {
		return r.direct(now, q)
	}
	s := p.getScratch()
	defer p.scratch.Put(s)
	for _, n := range q.ExcludeNodes {
		if i := p.index(n); i >= 0 {
			s.exclude[i] = s.round
		}
	}
	deadline, size := q.deadline(), float64(q.Size)
	r.expandSelf(s, now, q, deadline)
	for len(s.heap) > 0 {
		at := s.pop()
		l := s.labels[at]
		m := s.mark(l.node)
		if m.settled <= l.hops {
			continue
		}
		m.settled = l.hops
		if l.node == dst {
			return r.route(s, at), true
		}
		for _, e := range p.edgesOf(l.node) {
			if e.to == r.self || s.exclude[e.to] == s.round || s.mark(e.to).settled <= l.hops+1 {
				continue
			}
			best, via := min(deadline, s.mark(dst).best), int32(-1)
			for i := p.after(e, l.at); i < e.hi && p.hops[i].start < best; i++ {
				booked := 0.0
				if len(r.booked) > 0 {
					booked = r.booked[i]
				}
				if t, ok := p.hops[i].take(l.at, size, booked); ok && (t < best || via < 0 && t == best) {
					best, via = t, i
				}
			}
			if via >= 0 {
				s.push(label{at: best, hops: l.hops + 1, node: e.to, entry: l.entry, via: via, parent: at})
			}
		}
	}
	return Route{}, false
}

// expandSelf pushes the labels of the router's own neighbours. A link that is up
// takes the place of what the plan says of the present; without one a contact that
// should be under way counts only for a while (see Router.Grace).
func (r *Router) expandSelf(s *scratch, now int64, q *Query, deadline int64) {
	p, size := r.plan, float64(q.Size)
	for k := range r.links {
		l := &r.links[k]
		if l.index < 0 || !r.mayEnter(s, l.index, q) {
			continue
		}
		if t, ok := l.take(now, size); ok && t <= deadline {
			s.push(label{at: t, hops: 1, node: l.index, entry: l.index, via: live, parent: -1})
		}
	}
	for _, e := range p.edgesOf(r.self) {
		if !r.mayEnter(s, e.to, q) {
			continue
		}
		up := r.link(p.nodes[e.to]) != nil
		best, via := deadline, int32(-1)
		for i := p.after(e, now); i < e.hi && p.hops[i].start < best; i++ {
			h := &p.hops[i]
			if h.start <= now && (up || now > h.start+int64(r.Grace) || r.isDown(i)) {
				continue
			}
			if t, ok := h.take(now, size, r.booked[i]); ok && (t < best || via < 0 && t == best) {
				best, via = t, i
			}
		}
		if via >= 0 {
			s.push(label{at: best, hops: 1, node: e.to, entry: e.to, via: via, parent: -1})
		}
	}
}

func (r *Router) mayEnter(s *scratch, node int32, q *Query) bool {
	return s.exclude[node] != s.round && !slices.Contains(q.ExcludeNext, r.plan.nodes[node])
}

// direct is the route to a neighbour that the plan does not know.
func (r *Router) direct(now int64, q *Query) (Route, bool) {
	l := r.link(q.Dst)
	if l == nil || slices.Contains(q.ExcludeNext, q.Dst) || slices.Contains(q.ExcludeNodes, q.Dst) {
		return Route{}, false
	}
	t, ok := l.take(now, float64(q.Size))
	if !ok || t > q.deadline() {
		return Route{}, false
	}
	return Route{Next: q.Dst, Live: true, Start: utc(l.start), End: utc(l.end), Arrival: utc(t),
		Nodes: []uint64{q.Dst}, contacts: []int32{live}, plan: r.plan}, true
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
