package world

import (
	"cmp"
	"fmt"
	"time"

	"spacechain/cloud/api"
	"spacechain/dtn/node"
	"spacechain/internal/kv"
	"spacechain/world/host"
	"spacechain/world/topology"
)

// member is one node of the universe that has been brought up.
type member struct {
	u     *Universe
	id    uint64
	host  *host.Host
	store kv.Store // survives resets
	hops  map[uint64]*hop
	down  bool // between a reset and the restart
	boots int  // how often it was started
}

// Carry implements host.Carrier: the member's frames go out over its hops.
func (m *member) Carry(_ time.Time, f node.OutFrame) {
	if h := m.hops[f.Peer]; h != nil && !h.gone {
		h.carry(h.side(m.id), f.Data)
	}
}

// frame delivers a frame to a node, which is brought up if need be.
func (u *Universe) frame(to, from uint64, data []byte) {
	m, err := u.member(to)
	if err != nil {
		u.fail(fmt.Errorf("bring up node %d: %w", to, err))
		return
	}
	if m.down {
		return
	}
	m.host.Do(func(now time.Time) { m.host.Core().Frame(now, from, data) })
}

// open brings a window's hop up for those of its ends that have been brought up.
func (u *Universe) open(w *window) {
	now := u.loop.Now()
	if w.hop != nil || !w.End.After(now) {
		return
	}
	if out := u.faults.LinkOutages(w.A, w.B, now, w.End); len(out) > 0 && !out[0].Start.After(now) {
		u.loop.At(out[0].End, func() { u.open(w) })
		return
	}
	h, err := u.newHop(w)
	if err != nil {
		u.fail(err)
		return
	}
	w.hop = h
	u.openHops[h] = struct{}{}
	u.log.line(now, "link up %s %d %d", w.Kind, w.A, w.B)
	u.tellLink(h, true)
	if lead := h.lead(); lead > 0 && h.since.Add(lead+w.OWLT).After(now) {
		u.loop.At(h.since.Add(lead+w.OWLT), func() { u.step(h) })
	} else { // a cable, or its carriers were on before anybody used them
		u.step(h)
	}
	u.closeAt(w, h)
	u.breakAt(w, h)
	if w.Kind == topology.Ground {
		u.tracking.rise(h)
	}
}

// step says that the receivers of a hop are in step: those of its ends that have been
// brought up are told that they hear each other.
func (u *Universe) step(h *hop) {
	if h.gone {
		return
	}
	h.ready = true
	for side := range h.ends {
		if m := u.members[h.ends[side].node]; m != nil {
			m.join(h, side)
		}
	}
}

// upSince is when a window's carriers came on: at its start, or after the last outage.
func (u *Universe) upSince(w *window, now time.Time) time.Time {
	since := w.Start
	for _, out := range u.faults.LinkOutages(w.A, w.B, w.Start, now) {
		since = later(since, out.End)
	}
	return since
}

// breakAt takes a hop down when the next outage of its link begins, and has it
// opened again when the outage ends.
func (u *Universe) breakAt(w *window, h *hop) {
	for _, out := range u.faults.LinkOutages(w.A, w.B, u.loop.Now(), w.End) {
		u.loop.At(out.Start, func() {
			if !h.gone {
				u.closeHop(h)
				u.open(w)
			}
		})
		return
	}
}

// join tells a member that a hop is up.
func (m *member) join(h *hop, side int) {
	info := h.info(side)
	m.hops[info.Peer] = h
	if !m.down {
		m.host.Do(func(now time.Time) {
			if err := m.host.Core().LinkUp(now, info); err != nil {
				m.u.fail(fmt.Errorf("link of node %d to %d: %w", m.id, info.Peer, err))
			}
		})
	}
}

// closeAt takes a hop down when its window ends; one that has grown meanwhile is
// looked at again then.
func (u *Universe) closeAt(w *window, h *hop) {
	end := w.End
	u.loop.At(end, func() {
		if h.gone {
			return
		}
		if w.End.After(end) {
			u.closeAt(w, h)
			u.breakAt(w, h)
			return
		}
		u.closeHop(h)
	})
}

// closeHop takes a hop down, as the end of a window or a fault does.
func (u *Universe) closeHop(h *hop) {
	if h.gone {
		return
	}
	now := u.loop.Now()
	h.gone = true
	h.w.hop = nil
	delete(u.openHops, h)
	u.log.line(now, "link down %s %d %d", h.w.Kind, h.w.A, h.w.B)
	u.tellLink(h, false)
	if h.w.Kind == topology.Ground {
		u.tracking.set(h)
	}
	for side := range h.ends {
		m := u.members[h.ends[side].node]
		if m == nil {
			continue
		}
		peer := h.ends[1-side].node
		if m.hops[peer] == h {
			delete(m.hops, peer)
			if !m.down {
				m.host.Do(func(now time.Time) { m.host.Core().LinkDown(now, peer) })
			}
		}
	}
}

// schedule sees to it that a member's windows open in time.
func (u *Universe) schedule(m *member) {
	now := u.loop.Now()
	for _, w := range u.ahead.byNode[m.id] {
		if w.scheduled {
			if w.hop != nil && w.hop.ready && m.hops[w.hop.ends[1-w.hop.side(m.id)].node] != w.hop {
				m.join(w.hop, w.hop.side(m.id))
			}
			continue
		}
		if !w.End.After(now) {
			continue
		}
		w.scheduled = true
		if !w.Start.After(now) {
			u.open(w)
		} else {
			u.loop.At(w.Start, func() { u.open(w) })
		}
	}
}

func (u *Universe) tellLink(h *hop, up bool) {
	text := fmt.Sprintf("%s and %s can hear each other", u.name(h.w.A), u.name(h.w.B))
	if !up {
		text = fmt.Sprintf("%s and %s no longer hear each other", u.name(h.w.A), u.name(h.w.B))
	}
	link := u.apiLink(h.w, h)
	u.log.Tell(api.Event{Time: u.loop.Now(), Kind: api.EventLink, Severity: api.SeverityDebug,
		Nodes: []api.NodeID{api.NodeID(h.w.A), api.NodeID(h.w.B)}, Text: text, Link: &link, Up: &up})
}

// compareHops orders hops by their ends and kind.
func compareHops(a, b *hop) int {
	return cmp.Or(cmp.Compare(a.w.A, b.w.A), cmp.Compare(a.w.B, b.w.B), cmp.Compare(a.w.Kind, b.w.Kind))
}
