package contact

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"time"
)

// DefaultGrace is how long a router waits for the link of a contact that should be
// under way.
const DefaultGrace = 10 * time.Second

// maxCached bounds the routes that a router remembers.
const maxCached = 64

// Router finds routes from one node. It knows which of the node's links are up,
// accounts for the volume promised on contacts, and remembers routes. It is not
// safe for concurrent use.
type Router struct {
	// Grace is how long after its planned start a contact may still be hoped for
	// when its link is not up.
	Grace time.Duration

	node   uint64
	plan   *Plan
	self   int32
	links  []liveLink          // by peer number
	down   []int32             // contacts under way whose link went down
	booked map[int32]float64   // bytes promised on contacts
	cache  map[cacheKey]cached // nil until the first route
	gen    uint64
	// strained is set when what is queued for a link made a difference to a search:
	// once it is sent, remembered routes are not good enough.
	strained bool
}

// liveLink is a link that is up.
type liveLink struct {
	peer   uint64
	index  int32 // in the plan's nodes, -1 if it is not there
	queued float64
	hop
}

// take gives the arrival of size bytes that join what is queued for the link now.
func (l *liveLink) take(now int64, size float64) (int64, bool) {
	done := now + sendTime(l.queued+size, l.rate)
	return done + l.owlt, done <= l.end
}

// strains tells whether what is queued keeps size bytes from being sent, or for long.
func (l *liveLink) strains(now int64, size float64) bool {
	wait := sendTime(l.queued, l.rate)
	return wait > int64(time.Second) || (wait > 0 && now+wait+sendTime(size, l.rate) > l.end)
}

type cacheKey struct {
	dst     uint64
	bucket  uint8
	exclude uint64
}

type cached struct {
	route    Route // with Hops() 0: there is none
	gen      uint64
	found    int64 // when
	arrival  int64 // as searched
	size     int   // what was asked for
	deadline int64
}

// NewRouter makes the router of a node. A nil plan has no contacts.
func NewRouter(node uint64, plan *Plan) *Router {
	r := &Router{node: node, Grace: DefaultGrace}
	r.SetPlan(plan)
	return r
}

// Plan is the plan in use.
func (r *Router) Plan() *Plan { return r.plan }

// SetPlan replaces the plan. What was booked is forgotten: the caller routes what
// it holds anew.
func (r *Router) SetPlan(plan *Plan) {
	if plan == nil {
		plan, _ = NewPlan(nil)
	}
	r.plan, r.self = plan, plan.index(r.node)
	r.down, r.booked = nil, nil
	for i := range r.links {
		r.links[i].index, r.links[i].queued = plan.index(r.links[i].peer), 0
	}
	r.changed()
}

// Generation changes whenever a route that was not there before may be there now.
func (r *Router) Generation() uint64 { return r.gen }

func (r *Router) changed() {
	r.gen++
	r.strained = false
	clear(r.cache)
}

// LinkUp says that the link to a peer is up, and tells whether it was expected: the
// plan has a contact for it that was not given up. Where until is zero, the end is
// that of the planned contact, or an hour from now if none is planned.
func (r *Router) LinkUp(now time.Time, peer uint64, rateBps float64, owlt time.Duration,
	until time.Time) (expected bool, err error) {
	c := Contact{From: r.node, To: peer, Start: now, End: until, RateBps: rateBps, OWLT: owlt}
	index := r.plan.index(peer)
	active, planned := r.activeTo(index, now.UnixNano())
	if until.IsZero() {
		c.End = now.Add(time.Hour)
		if planned {
			c.End = utc(r.plan.hops[active].end)
		}
	}
	if err := c.check(); err != nil {
		return false, fmt.Errorf("link up: %w", err)
	}
	l := liveLink{peer: peer, index: index, hop: hop{start: now.UnixNano(), end: c.End.UnixNano(),
		owlt: int64(owlt), rate: rateBps / 8e9}}
	if i, ok := r.place(peer); ok {
		l.queued = r.links[i].queued
		r.links[i] = l
	} else {
		r.links = slices.Insert(r.links, i, l)
	}
	expected = planned && !r.isDown(active) && now.UnixNano() <= r.plan.hops[active].start+int64(r.Grace)
	r.down = slices.DeleteFunc(r.down, func(c int32) bool { return planned && c == active })
	r.changed()
	return expected, nil
}

// LinkDown says that the link to a peer is down. The contact under way is not hoped
// for any more.
func (r *Router) LinkDown(now time.Time, peer uint64) {
	i, ok := r.place(peer)
	if !ok {
		return
	}
	r.links = slices.Delete(r.links, i, i+1)
	r.GiveUp(now, peer)
}

// GiveUp says that the contact to a peer that should be under way is not.
func (r *Router) GiveUp(now time.Time, peer uint64) {
	t := now.UnixNano()
	if c, ok := r.activeTo(r.plan.index(peer), t); ok && !r.isDown(c) {
		r.down = slices.DeleteFunc(r.down, func(c int32) bool { return r.plan.hops[c].end <= t })
		r.down = append(r.down, c)
	}
	r.changed()
}

func (r *Router) activeTo(peer int32, t int64) (int32, bool) {
	e, ok := r.plan.find(r.self, peer)
	if !ok {
		return 0, false
	}
	return r.plan.active(e, t)
}

func (r *Router) isDown(c int32) bool { return slices.Contains(r.down, c) }

func (r *Router) place(peer uint64) (int, bool) {
	return slices.BinarySearchFunc(r.links, peer, func(l liveLink, p uint64) int { return cmp.Compare(l.peer, p) })
}

func (r *Router) link(peer uint64) *liveLink {
	if i, ok := r.place(peer); ok {
		return &r.links[i]
	}
	return nil
}

// Route gives the best route by a query: the earliest arrival, of those the fewest
// hops, of those the first neighbour with the smallest number. Without one the
// error wraps ErrNoRoute. A remembered route serves as long as its contacts have
// room and it arrives about as early as when it was found. The result's slices are
// shared; they must not be changed.
func (r *Router) Route(now time.Time, q Query) (Route, error) {
	t := now.UnixNano()
	if q.Dst == r.node {
		return Route{}, fmt.Errorf("route from node %d to itself: %w", r.node, ErrNoRoute)
	}
	key := cacheKey{dst: q.Dst, bucket: uint8(bits.Len(uint(q.Size)))}
	cacheable := len(q.ExcludeNodes) == 0 && len(q.ExcludeNext) <= 1
	if len(q.ExcludeNext) == 1 {
		key.exclude = q.ExcludeNext[0]
	}
	if c, ok := r.cache[key]; ok && cacheable && c.gen == r.gen {
		if out, ok := r.reuse(t, &q, c); ok {
			return out, nil
		}
		if c.route.Hops() == 0 && q.Size >= c.size && q.deadline() <= c.deadline {
			return Route{}, r.noRoute(&q) // time and more to carry do not make it better
		}
	}
	out, ok := r.search(t, &q)
	if cacheable {
		if r.cache == nil {
			r.cache = make(map[cacheKey]cached)
		} else if len(r.cache) >= maxCached {
			clear(r.cache)
		}
		c := cached{route: out, gen: r.gen, found: t, size: q.Size, deadline: q.deadline()}
		if ok {
			c.arrival = out.Arrival.UnixNano()
		}
		r.cache[key] = c
	}
	if !ok {
		return Route{}, r.noRoute(&q)
	}
	return out, nil
}

func (r *Router) noRoute(q *Query) error {
	return fmt.Errorf("route %d bytes from node %d to %d: %w", q.Size, r.node, q.Dst, ErrNoRoute)
}

// reuse holds a remembered route against the present.
func (r *Router) reuse(now int64, q *Query, c cached) (Route, bool) {
	if c.route.Hops() == 0 {
		return Route{}, false
	}
	at, ok := r.evaluate(now, &c.route, q.Size)
	slack := max(int64(time.Second), (c.arrival-c.found)/64)
	if !ok || at > c.arrival+slack || at > q.deadline() {
		return Route{}, false
	}
	out := c.route
	out.Arrival = utc(at)
	return out, true
}

// evaluate gives the arrival over a known route now.
func (r *Router) evaluate(now int64, route *Route, size int) (int64, bool) {
	t := now
	for i, c := range route.contacts {
		var ok bool
		if c == live {
			l := r.link(route.Next)
			if l == nil {
				return 0, false
			}
			t, ok = l.take(t, float64(size))
		} else {
			h := &r.plan.hops[c]
			if i == 0 && h.start <= now &&
				(r.link(route.Next) != nil || now > h.start+int64(r.Grace) || r.isDown(c)) {
				return 0, false
			}
			t, ok = h.take(t, float64(size), r.booked[c])
		}
		if !ok {
			return 0, false
		}
	}
	return t, true
}

// Book promises size bytes along a route.
func (r *Router) Book(route *Route, size int) {
	if route.plan != r.plan {
		return
	}
	for i, c := range route.contacts {
		if i == 0 && c == live {
			if l := r.link(route.Next); l != nil {
				l.queued += float64(size)
			}
			continue
		}
		if r.booked == nil {
			r.booked = make(map[int32]float64)
		}
		r.booked[c] += float64(size)
	}
}

// Release takes back what Book promised, when the bundle goes another way.
func (r *Router) Release(route *Route, size int) {
	if route.plan != r.plan {
		return
	}
	r.Sent(route, size)
	for _, c := range route.contacts {
		if c != live {
			r.unbook(c, size)
		}
	}
	r.changed()
}

// Sent takes the bytes off the first hop's queue: the neighbour has them. The later
// contacts stay booked, for the bytes will take their share of them.
func (r *Router) Sent(route *Route, size int) {
	if route.plan == r.plan && len(route.contacts) > 0 && route.contacts[0] == live {
		if l := r.link(route.Next); l != nil {
			l.queued = max(0, l.queued-float64(size))
			if l.queued == 0 && r.strained {
				r.changed()
			}
		}
	}
}

func (r *Router) unbook(c int32, size int) {
	left := r.booked[c] - float64(size)
	if left > 0 {
		r.booked[c] = left
	} else {
		delete(r.booked, c)
	}
}

// Forget drops the accounts of contacts that are over.
func (r *Router) Forget(now time.Time) {
	t := now.UnixNano()
	for c := range r.booked {
		if r.plan.hops[c].end <= t {
			delete(r.booked, c)
		}
	}
	if len(r.booked) == 0 {
		r.booked = nil
	}
}

// Booked is the number of bytes promised on the contact from one node to another
// that is under way at a time.
func (r *Router) Booked(from, to uint64, at time.Time) float64 {
	e, ok := r.plan.find(r.plan.index(from), r.plan.index(to))
	if !ok {
		return 0
	}
	c, ok := r.plan.active(e, at.UnixNano())
	if !ok {
		return 0
	}
	return r.booked[c]
}
