package topology

import (
	"cmp"
	"math"
	"slices"

	"spacechain/astro"
	"spacechain/astro/elements"
	"spacechain/astro/frame"
)

// edge is a link that Grid holds whenever it can; a and b are indices of
// satellites, a the lower node number.
type edge struct {
	a, b  int
	cross bool // between planes
}

// orbit is where a satellite's orbit lies at the start of the world, degrees.
type orbit struct {
	sat               int
	inclination, node float64
	phase             float64 // argument of latitude
}

// Clusters: satellites whose inclinations differ by less than shellGap make a
// shell, those of a shell whose nodes differ by less than planeGap a plane.
const (
	shellGapDeg = 0.5
	planeGapDeg = 1.5
)

// generated says whether the sets are one generator's work: all of one size, shape
// and tilt, as no real satellites are.
func generated(sets []elements.Set) bool {
	for _, s := range sets {
		f := sets[0]
		if math.Abs(s.MeanMotionRevDay-f.MeanMotionRevDay) > 1e-6 || math.Abs(s.InclinationDeg-f.InclinationDeg) > 1e-6 ||
			math.Abs(s.Eccentricity-f.Eccentricity) > 1e-7 {
			return false
		}
	}
	return len(sets) > 1
}

// orbits works out the orbits' planes from the states at the start.
func (t *Topology) orbits() []orbit {
	const deg = math.Pi / 180
	minute := minuteOf(t.start)
	var out []orbit
	for sat := range t.sats {
		s := t.eph.node(sat, minute)
		if !s.ok {
			continue
		}
		pos, vel := frame.ECEFToTEME(s.pos, s.vel, timeOf(minute))
		h := pos.Cross(vel).Unit()
		node := math.Atan2(h[0], -h[1])
		sin, cos := math.Sincos(node)
		ascending := astro.Vec3{cos, sin, 0}
		phase := math.Atan2(pos.Dot(h.Cross(ascending)), pos.Dot(ascending))
		out = append(out, orbit{sat: sat, inclination: math.Acos(min(max(h[2], -1), 1)) / deg,
			node: wrap360(node / deg), phase: wrap360(phase / deg)})
	}
	return out
}

// wrap360 brings an angle into [0, 360).
func wrap360(x float64) float64 {
	x = math.Mod(x, 360)
	if x < 0 {
		x += 360
	}
	return x
}

// wrap180 brings an angle into [-180, 180).
func wrap180(x float64) float64 { return wrap360(x+180) - 180 }

// gridEdges makes the links of Grid: planes by clustering, then neighbours.
func (t *Topology) gridEdges() []edge {
	orbits := t.orbits()
	slices.SortFunc(orbits, func(x, y orbit) int {
		return cmp.Or(cmp.Compare(x.inclination, y.inclination), cmp.Compare(x.sat, y.sat))
	})
	var edges []edge
	for _, shell := range cut(orbits, func(a, b orbit) bool { return b.inclination-a.inclination > shellGapDeg }) {
		edges = append(edges, shellEdges(shell)...)
	}
	for i, e := range edges {
		edges[i].a, edges[i].b = min(e.a, e.b), max(e.a, e.b)
	}
	slices.SortFunc(edges, func(x, y edge) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	return slices.CompactFunc(edges, func(x, y edge) bool { return x.a == y.a && x.b == y.b })
}

// cut splits a sorted list where apart says so.
func cut(list []orbit, apart func(a, b orbit) bool) [][]orbit {
	var parts [][]orbit
	start := 0
	for i := 1; i <= len(list); i++ {
		if i == len(list) || apart(list[i-1], list[i]) {
			parts = append(parts, list[start:i])
			start = i
		}
	}
	return parts
}

// shellEdges makes the links of satellites of one inclination.
func shellEdges(shell []orbit) []edge {
	slices.SortFunc(shell, func(x, y orbit) int { return cmp.Or(cmp.Compare(x.node, y.node), cmp.Compare(x.sat, y.sat)) })
	planes := cut(shell, func(a, b orbit) bool { return b.node-a.node > planeGapDeg })
	if n := len(planes); n > 1 { // a plane may lie across the zero of the node
		first, last := planes[0], planes[n-1]
		if first[0].node+360-last[len(last)-1].node <= planeGapDeg {
			planes[0] = append(slices.Clone(last), first...)
			planes = planes[:n-1]
		}
	}
	var edges []edge
	nodes := make([]float64, len(planes))
	for i, p := range planes {
		nodes[i] = p[len(p)/2].node
		slices.SortFunc(p, func(x, y orbit) int { return cmp.Or(cmp.Compare(x.phase, y.phase), cmp.Compare(x.sat, y.sat)) })
		for j := range p {
			if k := (j + 1) % len(p); k != j {
				edges = append(edges, edge{a: p[j].sat, b: p[k].sat})
			}
		}
	}
	limit := seamGap(nodes)
	for i := range planes {
		j := (i + 1) % len(planes)
		if i != j && wrap360(nodes[j]-nodes[i]) <= limit {
			edges = append(edges, crossEdges(planes[i], planes[j])...)
		}
	}
	return edges
}

// seamGap gives the widest gap of nodes over which planes are neighbours: half as
// wide again as the median gap, and never half round, where planes rotate against
// each other.
func seamGap(nodes []float64) float64 {
	var gaps []float64
	for i := range nodes {
		gaps = append(gaps, wrap360(nodes[(i+1)%len(nodes)]-nodes[i]))
	}
	slices.Sort(gaps)
	return min(1.5*gaps[(len(gaps)-1)/2], 150)
}

// crossEdges pairs the satellites of a plane with those of the next to the east,
// nearest phases first, each at most once.
func crossEdges(west, east []orbit) []edge {
	type pair struct {
		gap  float64 // of phase, degrees, coarse so that equal gaps are equal
		back bool    // the east one is behind: chosen after the one ahead
		a, b int
	}
	var pairs []pair
	for _, a := range west {
		for _, b := range east {
			d := math.Round(wrap180(b.phase-a.phase)*10) / 10
			pairs = append(pairs, pair{math.Abs(d), d < 0, a.sat, b.sat})
		}
	}
	order := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	slices.SortFunc(pairs, func(x, y pair) int {
		return cmp.Or(cmp.Compare(x.gap, y.gap), cmp.Compare(order(x.back), order(y.back)), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})
	taken := map[int]bool{}
	var edges []edge
	for _, p := range pairs {
		if !taken[p.a] && !taken[p.b] {
			taken[p.a], taken[p.b] = true, true
			edges = append(edges, edge{a: p.a, b: p.b, cross: true})
		}
	}
	return edges
}
