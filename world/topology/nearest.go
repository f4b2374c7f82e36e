package topology

import (
	"cmp"
	"math"
	"slices"
	"time"

	"spacechain/astro"
)

// candidates is how many of its nearest a satellite considers in a slot: more than
// its terminals, because others may be taken.
const candidates = 16

// keptSlots is how many slots' choices are remembered.
const keptSlots = 16

// choice is a pair of satellites that may link in a slot, a < b.
type choice struct {
	distance2 float64 // greatest at the slot's minutes, km^2
	a, b      int32
}

// byEnds orders choices by their satellites.
func byEnds(x, y choice) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) }

// holds says whether a slot's choices have a pair.
func holds(chosen []choice, c choice) bool {
	_, found := slices.BinarySearchFunc(chosen, c, byEnds)
	return found
}

// nearestWindows adds the windows of Nearest within [from, to).
func (t *Topology) nearestWindows(windows []Window, from, to time.Time) []Window {
	minutes := int64(t.opts.Slot / step)
	var k tracker
	for first := floorDiv(minuteOf(from), minutes) * minutes; timeOf(first).Before(to); first += minutes {
		before, now, after := t.chosen(first-minutes), t.chosen(first), t.chosen(first+minutes)
		for _, c := range now {
			k.spans = append(k.spans, span{start: first * 60000, end: (first + minutes) * 60000,
				opens: !holds(before, c), closes: !holds(after, c)})
			a, b := int(c.a), int(c.b)
			windows = k.windows(windows, t.sats[a].Node, t.sats[b].Node, ISL, from, to, func(at time.Time) float64 {
				return t.eph.distance(a, b, at)
			})
		}
	}
	return windows
}

// chosen gives the links of the slot that a node begins, ordered by ends.
func (t *Topology) chosen(first int64) []choice {
	if got, ok := t.slots[first]; ok {
		return got
	}
	got := t.choose(first)
	if len(t.slots) >= keptSlots {
		oldest := int64(math.MaxInt64)
		for at := range t.slots {
			oldest = min(oldest, at)
		}
		if oldest < first {
			delete(t.slots, oldest)
		} else {
			clear(t.slots) // the question went back in time
		}
	}
	t.slots[first] = got
	return got
}

// choose takes pairs by growing distance while both ends have a terminal free.
func (t *Topology) choose(first int64) []choice {
	pairs := t.pairs(first, first+int64(t.opts.Slot/step))
	slices.SortFunc(pairs, func(x, y choice) int {
		if x.distance2 != y.distance2 {
			return cmp.Compare(x.distance2, y.distance2)
		}
		return byEnds(x, y)
	})
	used := make([]int, len(t.sats))
	var links []choice
	for i, c := range pairs {
		if i > 0 && c == pairs[i-1] { // both ends proposed it
			continue
		}
		if used[c.a] < t.opts.MaxLinks && used[c.b] < t.opts.MaxLinks {
			used[c.a]++
			used[c.b]++
			links = append(links, c)
		}
	}
	slices.SortFunc(links, byEnds)
	return links
}

// pairs gives each satellite's nearest candidates of a slot; a pair may be there
// twice.
func (t *Topology) pairs(first, last int64) []choice {
	places := make([]astro.Vec3, len(t.sats))
	var flying []int
next:
	for sat := range t.sats {
		for m := first; m <= last; m++ {
			if !t.eph.node(sat, m).ok {
				continue next
			}
		}
		places[sat] = t.eph.node(sat, first).pos
		flying = append(flying, sat)
	}
	near := newTree(places, slices.Clone(flying))
	pairs := make([]choice, 0, len(flying)*candidates)
	farthest := float64(t.opts.MaxRangeKm * t.opts.MaxRangeKm)
	for _, sat := range flying {
		own := pairs[len(pairs):] // this satellite's candidates, nearest first
		limit := farthest
		near.visit(&places[sat], limit, func(other int, _ float64) float64 {
			if other == sat {
				return limit
			}
			d, ok := t.eph.apart(sat, other, first, last, limit)
			if !ok || !t.sightAll(sat, other, first, last) {
				return limit
			}
			c := choice{d, int32(min(sat, other)), int32(max(sat, other))}
			at, _ := slices.BinarySearchFunc(own, c, func(x, y choice) int {
				return cmp.Or(cmp.Compare(x.distance2, y.distance2), byEnds(x, y))
			})
			if len(own) == candidates {
				own = own[:candidates-1]
			}
			own = slices.Insert(own, at, c)
			if len(own) == candidates {
				limit = own[candidates-1].distance2
			}
			return limit
		})
		pairs = append(pairs, own...)
	}
	return pairs
}

// apart gives the greatest squared distance of two satellites at the nodes from
// first to last; not ok as soon as it is above the limit.
func (e *ephemeris) apart(a, b int, first, last int64, limit float64) (float64, bool) {
	greatest := 0.0
	for m := last; m >= first; m-- { // those who do not fly along are far away at the end
		d := e.node(a, m).pos.Sub(e.node(b, m).pos)
		greatest = max(greatest, d.Dot(d))
		if greatest > limit {
			return 0, false
		}
	}
	return greatest, true
}

// sightAll says whether two satellites see each other at all nodes.
func (t *Topology) sightAll(a, b int, first, last int64) bool {
	for m := first; m <= last; m++ {
		if !lineOfSight(t.eph.node(a, m).pos, t.eph.node(b, m).pos, t.opts.GrazingKm) {
			return false
		}
	}
	return true
}
