package world

import (
	"fmt"
	"slices"
	"time"

	"spacechain/cloud/api"
	"spacechain/world/scenario"
)

// strike lets the scenario's next fault happen when its time comes.
func (u *Universe) strike() {
	e, ok := u.faults.Next(u.loop.Now())
	if !ok {
		return
	}
	u.loop.At(e.Time, func() {
		for _, e := range u.faults.Between(e.Time, e.Time.Add(1)) {
			u.suffer(e)
		}
		u.loop.At(e.Time.Add(1), u.strike)
	})
}

// suffer does what a fault does at its moment. Outages of links end by themselves:
// see open.
func (u *Universe) suffer(e scenario.Event) {
	now := u.loop.Now()
	u.log.line(now, "fault %s", e)
	u.log.Tell(api.Event{Time: now, Kind: api.EventFault, Severity: api.SeverityWarn,
		Nodes: []api.NodeID{api.NodeID(e.Node)}, Text: fmt.Sprintf("%s: %s for %s", e.Kind, u.name(e.Node), e.Duration)})
	switch e.Kind {
	case scenario.NodeReset:
		if m := u.members[e.Node]; m != nil {
			u.reset(m, e.Duration)
		}
	default:
		var struck []*hop
		for h := range u.openHops {
			if u.faults.LinkDown(h.w.A, h.w.B, now) {
				struck = append(struck, h)
			}
		}
		slices.SortFunc(struck, compareHops)
		for _, h := range struck {
			w := h.w
			u.closeHop(h)
			u.open(w) // which waits until the outage is over
		}
	}
}

// reset cuts a node's power: all that it did not store is gone. It starts again
// from its store after the down time.
func (u *Universe) reset(m *member, down time.Duration) {
	if m.down {
		return
	}
	m.down = true
	m.host.Stop()
	u.tracking.cut(m.id)
	u.log.line(u.loop.Now(), "node %d reset", m.id)
	u.loop.After(max(down, time.Millisecond), func() {
		if err := u.boot(m); err != nil {
			u.fail(fmt.Errorf("restart node %d: %w", m.id, err))
			return
		}
		if err := u.tracking.restart(m.id); err != nil {
			u.fail(err)
			return
		}
		u.log.line(u.loop.Now(), "node %d restarted", m.id)
	})
}
