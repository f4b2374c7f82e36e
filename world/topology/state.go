package topology

import (
	"fmt"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/sun"
	"spacechain/link/channel"
)

// SatState is where a satellite is at a moment.
type SatState struct {
	Node       uint64
	Name       string
	PosECEFKm  astro.Vec3
	VelECEFKmS astro.Vec3
	Place      astro.Geodetic // below it, and its height
	Light      float64        // share of the Sun's disc it sees: 1 sunlit, 0 umbra
}

// State adds the state of every satellite that flies at a moment to dst, in order
// of node number; pass a slice of the last call, cut to nothing, to save memory.
func (t *Topology) State(at time.Time, dst []SatState) []SatState {
	t.mu.Lock()
	defer t.mu.Unlock()
	sunKm := sun.PosECEFKm(at)
	for sat := range t.sats {
		pos, vel, ok := t.eph.at(sat, at)
		if !ok {
			continue
		}
		light, _ := sun.IlluminationBy(pos, sunKm)
		dst = append(dst, SatState{Node: t.sats[sat].Node, Name: t.sats[sat].Name,
			PosECEFKm: pos, VelECEFKmS: vel, Place: frame.ToGeodetic(pos), Light: light})
	}
	return dst
}

// ECEF gives a node's position (km) and velocity (km/s) at a moment; stations and
// terminals rest.
func (t *Topology) ECEF(node uint64, at time.Time) (posKm, velKmS astro.Vec3, err error) {
	p, found := t.index[node]
	if !found {
		return posKm, velKmS, fmt.Errorf("position of node %d: there is no such node in this world", node)
	}
	switch p.class {
	case station:
		return frame.FromGeodetic(t.stations[p.at].Place), velKmS, nil
	case terminal:
		return frame.FromGeodetic(t.terminals[p.at].Place), velKmS, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	posKm, velKmS, ok := t.eph.at(p.at, at)
	if !ok {
		return posKm, velKmS, fmt.Errorf("position of satellite %d at %s: it does not fly any more", node, at.UTC().Format(time.RFC3339))
	}
	return posKm, velKmS, nil
}

// Track gives a node's trajectory, for what asks for one node again and again.
func (t *Topology) Track(node uint64) (Track, error) {
	if _, found := t.index[node]; !found {
		return Track{}, fmt.Errorf("track of node %d: there is no such node in this world", node)
	}
	return Track{t, node}, nil
}

// Track is one node's trajectory.
type Track struct {
	topology *Topology
	node     uint64
}

// ECEF gives position (km) and velocity (km/s) at a moment.
func (k Track) ECEF(at time.Time) (posKm, velKmS astro.Vec3, err error) {
	return k.topology.ECEF(k.node, at)
}

// Hop is the state of a link at a moment. A is the lower node number.
type Hop struct {
	A, B         uint64
	Kind         Kind
	Up           bool // geometry allows it: elevation and mask, or range and line of sight
	RangeKm      float64
	RangeRateKmS float64          // positive when the distance grows
	Look         frame.LookAngles // of the satellite in the sky of a Ground or Direct link's B
	AB, BA       Budget           // of each direction, with the fastest waveform that it can have now
	DopplerABHz  float64          // shift of A's carrier as B hears it
	DopplerBAHz  float64
}

// path is the way that a link's signals take.
func (h *Hop) path() channel.Path {
	return channel.Path{RangeKm: h.RangeKm, ElevationDeg: h.Look.ElevationDeg, Medium: medium(h.Kind)}
}

// Path gives the way between two nodes at a moment, as [Topology.Hop] does.
func (t *Topology) Path(a, b uint64, at time.Time) (channel.Path, error) {
	h, err := t.geometry(a, b, at)
	return h.path(), err
}

// Hop works out the link between two nodes at a moment, whether or not it is in
// any window: the two satellites of an inter-satellite hop need not have chosen
// each other.
func (t *Topology) Hop(a, b uint64, at time.Time) (Hop, error) {
	h, err := t.geometry(a, b, at)
	if err != nil {
		return h, err
	}
	ra, rb := t.radios.Ends(h.Kind)
	path := h.path()
	h.AB, h.BA = Assess(ra, rb, path), Assess(rb, ra, path)
	h.DopplerABHz = channel.DopplerHz(ra.FrequencyHz, h.RangeRateKmS)
	h.DopplerBAHz = channel.DopplerHz(rb.FrequencyHz, h.RangeRateKmS)
	return h, nil
}

// geometry works out a link without its budgets.
func (t *Topology) geometry(a, b uint64, at time.Time) (Hop, error) {
	a, b = min(a, b), max(a, b)
	h := Hop{A: a, B: b}
	kind, err := t.kind(a, b)
	if err != nil {
		return h, err
	}
	h.Kind = kind
	posA, velA, err := t.ECEF(a, at)
	if err != nil {
		return h, err
	}
	posB, velB, err := t.ECEF(b, at)
	if err != nil {
		return h, err
	}
	d, v := posB.Sub(posA), velB.Sub(velA)
	h.RangeKm = d.Norm()
	switch kind {
	case ISL:
		h.Up = t.reaches(posA, posB)
	case Cable:
		h.Up = true
		nodes, places := t.cabled()
		h.RangeKm = greatCircleKm(places[indexOf(nodes, a)], places[indexOf(nodes, b)])
	default:
		s := t.siteOf(b)
		h.Look = s.centre.Look(posA, velA)
		h.Up = s.sees(posA)
	}
	if kind != Cable && h.RangeKm > 0 {
		h.RangeRateKmS = d.Dot(v) / h.RangeKm
	}
	return h, nil
}

// kind says what link two nodes can have, a < b.
func (t *Topology) kind(a, b uint64) (Kind, error) {
	pa, okA := t.index[a]
	pb, okB := t.index[b]
	switch {
	case !okA || !okB:
		return 0, fmt.Errorf("link %d-%d: there is no such node in this world", a, b)
	case a == b:
		return 0, fmt.Errorf("link %d-%d: a node has no link to itself", a, b)
	case pa.class == satellite && pb.class == satellite:
		return ISL, nil
	case pa.class == satellite && pb.class == station:
		return Ground, nil
	case pa.class == satellite && pb.class == terminal && t.terminals[pb.at].Radio:
		return Direct, nil
	case pa.class != satellite && pb.class != satellite:
		nodes, _ := t.cabled()
		if indexOf(nodes, a) >= 0 && indexOf(nodes, b) >= 0 {
			return Cable, nil
		}
	}
	return 0, fmt.Errorf("link %d-%d: these two have no radio or cable in common", a, b)
}

// siteOf gives the radio site of a node that has one.
func (t *Topology) siteOf(node uint64) *site {
	for i := range t.sites {
		if t.sites[i].node == node {
			return &t.sites[i]
		}
	}
	return nil
}

func indexOf(nodes []uint64, node uint64) int {
	for i, n := range nodes {
		if n == node {
			return i
		}
	}
	return -1
}
