package contact

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// Contact is an interval in which one node can send to another. Nodes are fully
// qualified ipn node numbers.
type Contact struct {
	From, To   uint64
	Start, End time.Time
	RateBps    float64       // bits per second
	OWLT       time.Duration // one-way light time
}

// Plan is a set of contacts, indexed by sender, receiver and time. It never
// changes, and is safe for concurrent use.
type Plan struct {
	nodes   []uint64 // in ascending order; contacts name nodes by place in it
	first   []int32  // edges of node i are edges[first[i]:first[i+1]]
	edges   []edge
	hops    []hop  // by sender, receiver, start
	ends    []bool // nodes that pass nothing on, by place; nil for none
	scratch sync.Pool
}

// Option is something beside contacts that a plan says.
type Option func(*Plan)

// Ends says which nodes pass nothing on for others, such as users' terminals: no
// route leads through them.
func Ends(end func(node uint64) bool) Option {
	return func(p *Plan) {
		p.ends = make([]bool, len(p.nodes))
		for i, n := range p.nodes {
			p.ends[i] = end(n)
		}
	}
}

// edge is all contacts from one node to one other.
type edge struct {
	to     int32
	lo, hi int32 // in hops
}

// hop is one contact. Times are in nanoseconds since the Unix epoch.
type hop struct {
	start, end int64
	reach      int64 // the latest end of this contact and those before it on its edge
	owlt       int64
	rate       float64 // bytes per nanosecond
}

// NewPlan makes a plan of contacts in any order. A contact that ends before it
// starts, leads a node to itself, or has no rate is an error. The slice is not kept.
func NewPlan(contacts []Contact, options ...Option) (*Plan, error) {
	if len(contacts) > math.MaxInt32 {
		return nil, fmt.Errorf("make contact plan: %d contacts, at most %d are possible",
			len(contacts), math.MaxInt32)
	}
	order := make([]int32, len(contacts))
	nodes := make([]uint64, 0, 2*len(contacts))
	for i, c := range contacts {
		if err := c.check(); err != nil {
			return nil, fmt.Errorf("make contact plan: contact %d: %w", i, err)
		}
		order[i] = int32(i)
		nodes = append(nodes, c.From, c.To)
	}
	slices.Sort(nodes)
	p := &Plan{nodes: slices.Clone(slices.Compact(nodes)), hops: make([]hop, len(contacts))}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &contacts[i], &contacts[j]
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To),
			a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(i, j))
	})
	p.first = make([]int32, 1, len(p.nodes)+1)
	for i, at := range order {
		c := &contacts[at]
		h := hop{start: c.Start.UnixNano(), end: c.End.UnixNano(),
			owlt: int64(c.OWLT), rate: c.RateBps / 8e9}
		newEdge := i == 0 || c.From != contacts[order[i-1]].From || c.To != contacts[order[i-1]].To
		if newEdge {
			from, to := p.index(c.From), p.index(c.To)
			for int32(len(p.first)) <= from {
				p.first = append(p.first, int32(len(p.edges)))
			}
			p.edges = append(p.edges, edge{to: to, lo: int32(i)})
		}
		h.reach = h.end
		if !newEdge {
			h.reach = max(h.end, p.hops[i-1].reach)
		}
		p.hops[i] = h
		p.edges[len(p.edges)-1].hi = int32(i) + 1
	}
	for len(p.first) <= len(p.nodes) {
		p.first = append(p.first, int32(len(p.edges)))
	}
	for _, o := range options {
		o(p)
	}
	return p, nil
}

func (c *Contact) check() error {
	switch {
	case c.From == c.To:
		return fmt.Errorf("from node %d to itself", c.From)
	case !c.End.After(c.Start):
		return fmt.Errorf("%d to %d ends at %v, not after its start %v", c.From, c.To, c.End, c.Start)
	case !(c.RateBps > 0) || math.IsInf(c.RateBps, 0):
		return fmt.Errorf("%d to %d has a rate of %v bit/s", c.From, c.To, c.RateBps)
	case c.OWLT < 0:
		return fmt.Errorf("%d to %d has a light time of %v", c.From, c.To, c.OWLT)
	}
	return nil
}

// index is the place of a node among the plan's nodes, -1 if it is not there.
func (p *Plan) index(node uint64) int32 {
	if i, ok := slices.BinarySearch(p.nodes, node); ok {
		return int32(i)
	}
	return -1
}

func (p *Plan) edgesOf(node int32) []edge {
	if node < 0 {
		return nil
	}
	return p.edges[p.first[node]:p.first[node+1]]
}

// through gives the edges by which a route goes on from a node.
func (p *Plan) through(node int32) []edge {
	if p.ends != nil && p.ends[node] {
		return nil
	}
	return p.edgesOf(node)
}

// find gives the edge between two nodes.
func (p *Plan) find(from, to int32) (edge, bool) {
	if from < 0 || to < 0 {
		return edge{}, false
	}
	edges := p.edgesOf(from)
	i, ok := slices.BinarySearchFunc(edges, to, func(e edge, to int32) int { return cmp.Compare(e.to, to) })
	if !ok {
		return edge{}, false
	}
	return edges[i], true
}

// after gives the first contact of an edge of which, or of one before which, the
// end lies after t.
func (p *Plan) after(e edge, t int64) int32 {
	lo, hi := e.lo, e.hi
	for lo < hi {
		mid := int32(uint32(lo+hi) >> 1)
		if p.hops[mid].reach > t {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// Len is the number of contacts.
func (p *Plan) Len() int { return len(p.hops) }

// Nodes gives the nodes of all contacts in ascending order.
func (p *Plan) Nodes() []uint64 { return slices.Clone(p.nodes) }

func (p *Plan) contact(from, to int32, i int32) Contact {
	h := &p.hops[i]
	return Contact{
		From: p.nodes[from], To: p.nodes[to],
		Start: time.Unix(0, h.start).UTC(), End: time.Unix(0, h.end).UTC(),
		RateBps: h.rate * 8e9, OWLT: time.Duration(h.owlt),
	}
}

// Neighbours gives the contacts that are under way from a node at a time, in the
// order of the neighbours' numbers.
func (p *Plan) Neighbours(node uint64, now time.Time) []Contact {
	from, t := p.index(node), now.UnixNano()
	var out []Contact
	for _, e := range p.edgesOf(from) {
		if i, ok := p.active(e, t); ok {
			out = append(out, p.contact(from, e.to, i))
		}
	}
	return out
}

// active is the contact of an edge that is under way at t; of several, the one that
// ends last.
func (p *Plan) active(e edge, t int64) (int32, bool) {
	best := int32(-1)
	for i := p.after(e, t); i < e.hi && p.hops[i].start <= t; i++ {
		if p.hops[i].end > t && (best < 0 || p.hops[i].end > p.hops[best].end) {
			best = i
		}
	}
	return best, best >= 0
}

// Next gives the contact from one node to another that is under way at a time, or
// else the first one after it.
func (p *Plan) Next(from, to uint64, now time.Time) (Contact, bool) {
	f, g := p.index(from), p.index(to)
	e, ok := p.find(f, g)
	if !ok {
		return Contact{}, false
	}
	t := now.UnixNano()
	for i := p.after(e, t); i < e.hi; i++ {
		if p.hops[i].end > t {
			return p.contact(f, g, i), true
		}
	}
	return Contact{}, false
}

// All calls visit for each contact, by sender, receiver and start, until it returns
// false.
func (p *Plan) All(visit func(Contact) bool) {
	for from := range p.nodes {
		for _, e := range p.edgesOf(int32(from)) {
			for i := e.lo; i < e.hi; i++ {
				if !visit(p.contact(int32(from), e.to, i)) {
					return
				}
			}
		}
	}
}
