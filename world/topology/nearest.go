package topology

import (
	"cmp"
	"math"
	"slices"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/visibility"
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
	s := t.slotOf(first, last)
	near := newTree(s.starts, slices.Clone(s.flying))
	pairs := make([]choice, 0, len(s.flying)*candidates)
	for _, sat := range s.flying {
		own := pairs[len(pairs):] // this satellite's candidates, nearest first
		limit := s.farthest2
		near.visit(&s.starts[sat], limit, func(other int) float64 {
			if other == sat {
				return limit
			}
			d, ok := s.apart(sat, other, limit)
			if !ok || d > s.clear2 && !s.sight(sat, other) {
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

// slotPlaces is where satellites are at the minutes of a slot.
type slotPlaces struct {
	minutes   int          // from first to last
	places    []astro.Vec3 // ECEF, km: the minutes of each satellite side by side
	starts    []astro.Vec3 // at the first minute
	flying    []int        // satellites that have all minutes
	grazingKm float64
	farthest2 float64 // longest link, squared
	clear2    float64 // links no longer than this, squared, always have a line of sight
}

func (t *Topology) slotOf(first, last int64) *slotPlaces {
	s := &slotPlaces{minutes: int(last-first) + 1, grazingKm: t.opts.GrazingKm,
		farthest2: float64(t.opts.MaxRangeKm * t.opts.MaxRangeKm)}
	s.places = make([]astro.Vec3, len(t.sats)*s.minutes)
	s.starts = make([]astro.Vec3, len(t.sats))
	lowest2 := math.Inf(1)
next:
	for sat := range t.sats {
		own := s.places[sat*s.minutes:][:s.minutes]
		for m := range own {
			at := t.eph.node(sat, first+int64(m))
			if !at.ok {
				continue next
			}
			own[m] = at.pos
			lowest2 = min(lowest2, at.pos.Dot(at.pos))
		}
		s.starts[sat] = own[0]
		s.flying = append(s.flying, sat)
	}
	// A chord of length d between places no lower than r passes the centre at
	// sqrt(r^2 - d^2/4) or more; the stretched Earth makes d longer.
	const squash = 1 / (1 - frame.Flattening)
	r := frame.EquatorialRadiusKm + t.opts.GrazingKm
	s.clear2 = 4 * (lowest2 - float64(r*r)) / (squash * squash)
	return s
}

// apart gives the greatest squared distance of two satellites in the slot; not ok
// as soon as it is above the limit.
func (s *slotPlaces) apart(a, b int, limit float64) (float64, bool) {
	pa, pb := s.places[a*s.minutes:][:s.minutes], s.places[b*s.minutes:][:s.minutes]
	greatest := 0.0
	for m := len(pa) - 1; m >= 0; m-- { // those who do not fly along are far away at the end
		dx, dy, dz := pa[m][0]-pb[m][0], pa[m][1]-pb[m][1], pa[m][2]-pb[m][2]
		d2 := float64(dx*dx) + float64(dy*dy) + float64(dz*dz)
		if d2 > limit {
			return 0, false
		}
		greatest = max(greatest, d2)
	}
	return greatest, true
}

// sight says whether two satellites see each other at all minutes.
func (s *slotPlaces) sight(a, b int) bool {
	for m := range s.minutes {
		if !visibility.LineOfSight(s.places[a*s.minutes+m], s.places[b*s.minutes+m], s.grazingKm) {
			return false
		}
	}
	return true
}
