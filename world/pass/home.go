package pass

import (
	"time"

	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/spaceos/command"
	"spacechain/world/host"
)

// cable is how long a frame takes from the station to the owner's terminal.
const cable = 5 * time.Millisecond

// home is the owner's terminal as far as the pass needs one: a node of the mesh with an
// inbox.
type home struct {
	f    *flight
	node *node.Node
	host *host.Host
	g    *ground
}

// homeCore is the node with its inbox.
type homeCore struct {
	*node.Node
	h *home
}

// Drain reads what was delivered.
func (c homeCore) Drain(now time.Time) (out []node.OutFrame) {
	for {
		r := c.Node.Ready()
		if r.Empty() {
			return out
		}
		out = append(out, r.Frames...)
		for _, d := range r.Deliveries {
			c.h.open(now, d.Payload)
			c.h.f.fail(c.Consume(d.ID))
		}
	}
}

func newHome(f *flight, plan *contact.Plan) (*home, error) {
	st, err := store.Open(f.cfg.carry.home, store.Options{})
	if err != nil {
		return nil, err
	}
	h := &home{f: f}
	if h.node, err = node.New(f.from, node.Config{Node: homeNode, Store: st, Plan: plan}); err != nil {
		return nil, err
	}
	h.host = host.New(f.loop, homeCore{h.node, h}, h, f.from, 0)
	return h, nil
}

// plugIn lays the cable to the station.
func (h *home) plugIn(g *ground) error {
	h.g = g
	info := node.LinkInfo{Peer: stationNode, RateBps: 100e6, OWLT: cable, MTU: 8192, Until: h.f.from.Add(24 * time.Hour)}
	h.host.Do(func(now time.Time) { h.f.fail(h.node.LinkUp(now, info)) })
	info.Peer = homeNode
	g.host.Do(func(now time.Time) { h.f.fail(g.station.LinkUp(now, info)) })
	return h.f.err
}

// Carry implements host.Carrier.
func (h *home) Carry(_ time.Time, fr node.OutFrame) {
	h.f.loop.After(cable, func() {
		h.g.host.Do(func(now time.Time) { h.g.station.Frame(now, homeNode, fr.Data) })
	})
}

// frame takes a frame from the station.
func (h *home) frame(data []byte) {
	h.host.Do(func(now time.Time) { h.node.Frame(now, stationNode, data) })
}

// open reads a message to the owner.
func (h *home) open(now time.Time, payload []byte) {
	r := &h.f.report.App
	m, err := command.OpenInbox(payload)
	if err == nil {
		err = m.Verify(testKey("satellite").Public())
	}
	if err != nil {
		h.f.fail(err)
		return
	}
	switch {
	case m.Reply != nil:
		r.Replies++
		r.Answered, r.Code = now, m.Reply.Code
		h.f.tell("app", "the owner has the answer: %s", m.Reply.Code)
	case m.Result != nil:
		r.Results++
		h.f.tell("app", "the owner has the result of activation %d", m.Result.Receipt.Receipt.Activation)
	}
}
