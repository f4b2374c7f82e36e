package contact

import (
	"math"
	"slices"
)

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
	layer   []int32
	round   uint32
	seen    []mark // per node
	exclude []byte
}

// mark is the earliest label of a node in this round.
type mark struct {
	round   uint32
	settled bool
	label   int32
	at      int64
}

func (p *Plan) getScratch() *scratch {
	s, _ := p.scratch.Get().(*scratch)
	if s == nil {
		s = &scratch{seen: make([]mark, len(p.nodes)), exclude: make([]byte, len(p.nodes))}
	}
	s.nextRound()
	return s
}

// nextRound forgets all marks and labels.
func (s *scratch) nextRound() {
	s.round++
	if s.round == 0 { // wrapped around: old marks could look new
		clear(s.seen)
		s.round = 1
	}
	s.labels, s.heap, s.layer = s.labels[:0], s.heap[:0], s.layer[:0]
}

func (s *scratch) mark(node int32) *mark {
	m := &s.seen[node]
	if m.round != s.round {
		*m = mark{round: s.round, at: math.MaxInt64, label: -1}
	}
	return m
}

// push adds a label to the heap unless its node has a better one.
func (s *scratch) push(l label) {
	m := s.mark(l.node)
	if m.settled || (m.label >= 0 && !l.better(&s.labels[m.label])) {
		return
	}
	s.labels = append(s.labels, l)
	m.at, m.label = l.at, int32(len(s.labels)-1)
	s.heap = append(s.heap, m.label)
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

// spread adds a label to the next layer if it is the earliest of its node so far. A
// label that the next layer has of the node already is replaced.
func (s *scratch) spread(l label) {
	m := s.mark(l.node)
	if m.label >= 0 {
		old := &s.labels[m.label]
		if old.hops == l.hops {
			if l.better(old) {
				*old, m.at = l, l.at
			}
			return
		}
		if l.at >= m.at {
			return
		}
	}
	s.labels = append(s.labels, l)
	m.at, m.label = l.at, int32(len(s.labels)-1)
	s.layer = append(s.layer, m.label)
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

// search finds the best route: first the earliest arrival, then, among all ways
// that arrive no later, the one with the fewest hops. The second step is needed
// because a way that is late at a node in between may be just as early at the
// destination, where a contact must be waited for.
func (r *Router) search(now int64, q *Query) (Route, bool) {
	dst := r.plan.index(q.Dst)
	if dst < 0 {
		return r.direct(now, q)
	}
	s := r.plan.getScratch()
	defer func() {
		for _, n := range q.ExcludeNodes {
			if i := r.plan.index(n); i >= 0 {
				s.exclude[i] = 0
			}
		}
		r.plan.scratch.Put(s)
	}()
	for _, n := range q.ExcludeNodes {
		if i := r.plan.index(n); i >= 0 {
			s.exclude[i] = 1
		}
	}
	at, ok := r.earliest(s, now, q, dst)
	if !ok {
		return Route{}, false
	}
	best := r.route(s, at)
	if best.Hops() > 1 {
		if at, ok := r.fewest(s, now, q, dst, s.labels[at]); ok {
			best = r.route(s, at)
		}
	}
	return best, true
}

// earliest is Dijkstra's algorithm over nodes, which ends when the destination is
// settled. It gives the destination's label.
func (r *Router) earliest(s *scratch, now int64, q *Query, dst int32) (int32, bool) {
	deadline, size := q.deadline(), float64(q.Size)
	r.expandSelf(s, now, q, deadline, s.push)
	for len(s.heap) > 0 {
		at := s.pop()
		l := s.labels[at]
		m := s.mark(l.node)
		if m.settled {
			continue
		}
		if l.node == dst {
			return at, true
		}
		m.settled = true
		for _, e := range r.plan.through(l.node) {
			if e.to == r.self || s.exclude[e.to] != 0 || s.mark(e.to).settled {
				continue
			}
			limit := min(deadline, s.mark(dst).at, s.mark(e.to).at)
			if t, via := r.over(e, l.at, size, limit); via >= 0 {
				s.push(label{at: t, hops: l.hops + 1, node: e.to, entry: l.entry, via: via, parent: at})
			}
		}
	}
	return 0, false
}

// fewest goes out from the router's node hop by hop, keeping at each node the
// earliest arrival by that many hops, until the destination is reached as early as
// by the known label. It fails if that takes as many hops as there.
func (r *Router) fewest(s *scratch, now int64, q *Query, dst int32, known label) (int32, bool) {
	size := float64(q.Size)
	s.nextRound()
	r.expandSelf(s, now, q, known.at, s.spread)
	for from := 0; ; {
		if m := s.mark(dst); m.label >= 0 {
			return m.label, true
		}
		to := len(s.layer)
		if from == to || s.labels[s.layer[from]].hops+1 >= known.hops {
			return 0, false
		}
		for ; from < to; from++ {
			at := s.layer[from]
			l := s.labels[at]
			for _, e := range r.plan.through(l.node) {
				if e.to == r.self || s.exclude[e.to] != 0 {
					continue
				}
				if t, via := r.over(e, l.at, size, min(known.at, s.mark(e.to).at)); via >= 0 {
					s.spread(label{at: t, hops: l.hops + 1, node: e.to, entry: l.entry, via: via, parent: at})
				}
			}
		}
	}
}

// over finds the earliest arrival over the contacts of an edge, no later than a
// limit; without one via is -1.
func (r *Router) over(e edge, t int64, size float64, limit int64) (best int64, via int32) {
	best, via = limit, -1
	for i := r.plan.after(e, t); i < e.hi && r.plan.hops[i].start <= best; i++ {
		booked := 0.0
		if len(r.booked) > 0 {
			booked = r.booked[i]
		}
		if at, ok := r.plan.hops[i].take(t, size, booked); ok && (at < best || via < 0 && at == best) {
			best, via = at, i
		}
	}
	return best, via
}

// expandSelf adds the labels of the router's own neighbours. A link that is up
// takes the place of what the plan says of the present; without one a contact that
// should be under way counts only for a while (see Router.Grace).
func (r *Router) expandSelf(s *scratch, now int64, q *Query, deadline int64, add func(label)) {
	p, size := r.plan, float64(q.Size)
	for k := range r.links {
		l := &r.links[k]
		if l.index < 0 || !r.mayEnter(s, l.index, q) {
			continue
		}
		r.strained = r.strained || l.strains(now, size)
		if t, ok := l.take(now, size); ok && t <= deadline {
			add(label{at: t, hops: 1, node: l.index, entry: l.index, via: live, parent: -1})
		}
	}
	for _, e := range p.edgesOf(r.self) {
		if !r.mayEnter(s, e.to, q) {
			continue
		}
		up := r.link(p.nodes[e.to]) != nil
		best, via := deadline, int32(-1)
		for i := p.after(e, now); i < e.hi && p.hops[i].start <= best; i++ {
			h := &p.hops[i]
			if h.start <= now && (up || now > h.start+int64(r.Grace) || r.isDown(i)) {
				continue
			}
			if t, ok := h.take(now, size, r.booked[i]); ok && (t < best || via < 0 && t == best) {
				best, via = t, i
			}
		}
		if via >= 0 {
			add(label{at: best, hops: 1, node: e.to, entry: e.to, via: via, parent: -1})
		}
	}
}

func (r *Router) mayEnter(s *scratch, node int32, q *Query) bool {
	return s.exclude[node] == 0 && !slices.Contains(q.ExcludeNext, r.plan.nodes[node])
}

// direct is the route to a neighbour that the plan does not know.
func (r *Router) direct(now int64, q *Query) (Route, bool) {
	l := r.link(q.Dst)
	if l == nil || slices.Contains(q.ExcludeNext, q.Dst) || slices.Contains(q.ExcludeNodes, q.Dst) {
		return Route{}, false
	}
	r.strained = r.strained || l.strains(now, float64(q.Size))
	t, ok := l.take(now, float64(q.Size))
	if !ok || t > q.deadline() {
		return Route{}, false
	}
	return Route{Next: q.Dst, Live: true, Start: utc(l.start), End: utc(l.end), Arrival: utc(t),
		Nodes: []uint64{q.Dst}, contacts: []int32{live}, plan: r.plan}, true
}
