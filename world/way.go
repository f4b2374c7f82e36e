package world

import (
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/node"
)

// HopReport says how one hop carried a bundle: by which modem, code and frames, how well
// it heard, and what it took.
type HopReport struct {
	From    string        `json:"from"`
	To      string        `json:"to"`
	Link    string        `json:"link"`  // cable, ground, direct or isl
	Depth   string        `json:"depth"` // frames, or samples where the signal itself was simulated
	Modem   string        `json:"modem"`
	Coding  string        `json:"coding"`
	Framing string        `json:"framing"`
	Carrier float64       `json:"carrier_hz,omitempty"`
	RateBps float64       `json:"rate_bps"` // what bundles get
	RangeKm float64       `json:"range_km"`
	EbN0    float64       `json:"eb_n0_db,omitempty"` // of a bit of a transfer frame, when the bundle was through
	Margin  float64       `json:"margin_db,omitempty"`
	Airtime time.Duration `json:"airtime_ns"`
	Octets  uint64        `json:"octets"` // of the convergence layer, resent ones and others' included
	Frames  uint64        `json:"frames"` // transfer frames that held them
	Lost    uint64        `json:"frames_lost"`
}

// ways follows the bundles that some nodes make, hop by hop.
type ways struct {
	u      *Universe
	source func(bundle.ID) bool
	before map[stop]map[*hop]tally
	order  []string               // whole bundles, as they were first seen
	hops   map[string][]HopReport // of each, in order
}

// stop is a bundle at a node.
type stop struct {
	bundle string
	node   uint64
}

func newWays(u *Universe, source func(bundle.ID) bool) *ways {
	return &ways{u: u, source: source, before: map[stop]map[*hop]tally{}, hops: map[string][]HopReport{}}
}

// note takes what a node did with a bundle.
func (w *ways) note(at uint64, e node.Event) {
	if !w.source(e.ID) {
		return
	}
	id := e.ID.Whole().String()
	switch e.Kind {
	case node.EventReceived:
		if m := w.u.members[at]; m != nil && m.hops[e.Peer] != nil {
			h := m.hops[e.Peer]
			w.add(id, h.report(h.side(e.Peer), w.before[stop{id, e.Peer}][h]))
		}
	case node.EventSent:
		w.order = append(w.order, id)
	default:
		return
	}
	if w.before[stop{id, at}] != nil {
		return // a fragment of it came before
	}
	counts := map[*hop]tally{}
	if m := w.u.members[at]; m != nil {
		for _, h := range m.hops {
			counts[h] = h.ends[h.side(at)].tally
		}
	}
	w.before[stop{id, at}] = counts
}

// add notes a hop of a bundle; of one that came in fragments the last says all.
func (w *ways) add(id string, r HopReport) {
	for i, h := range w.hops[id] {
		if h.From == r.From && h.To == r.To {
			w.hops[id][i] = r
			return
		}
	}
	w.hops[id] = append(w.hops[id], r)
}

// report says what a direction of a hop has carried since an earlier count.
func (h *hop) report(side int, before tally) HopReport {
	e := &h.ends[side]
	t := e.tally.since(before)
	r := HopReport{From: h.u.name(e.node), To: h.u.name(h.ends[1-side].node), Link: h.w.Kind.String(), Depth: e.carrier.depth(),
		Modem: e.wave.Modem, Coding: e.wave.Coding, Framing: e.wave.Framing, Carrier: e.wave.CarrierHz,
		RateBps: e.wave.RateBps(), RangeKm: e.budget.RangeKm, Airtime: t.airtime, Octets: t.octets, Frames: t.frames, Lost: t.lost}
	if t.units > 0 && t.frames == 0 { // it was small, and went in the rest of a frame that was begun
		r.Frames, r.Airtime = 1, e.wave.FrameTime
	}
	if e.wave.CarrierHz > 0 {
		r.EbN0, r.Margin = e.budget.EbN0DB, e.budget.MarginDB
	}
	return r
}
