package world

import (
	"math/rand/v2"
	"time"

	"spacechain/dtn/node"
	"spacechain/link/channel"
)

// budgetAge is how long a hop's budget stands before the geometry is looked at again.
const budgetAge = 5 * time.Second

// hop is one link while it is up: two radios and what lies between them. Frames
// that are under way when it goes down are lost.
type hop struct {
	u     *Universe
	w     *window
	since time.Time
	rng   *rand.Rand
	ends  [2]end // A's, then B's
	turns *channel.Turns
	gone  bool
	busy  time.Time // when it last carried a frame
}

// end is one direction of a hop: what its node sends.
type end struct {
	node    uint64
	trx     channel.Transceiver
	rate    float64
	channel channel.Channel
	at      time.Time // of the channel's budget
}

func (u *Universe) newHop(w *window) *hop {
	now := u.loop.Now()
	ra, rb := u.topo.Radios().Ends(w.Kind)
	h := &hop{u: u, w: w, since: now,
		rng:  rand.New(rand.NewPCG(u.opts.Seed, w.A<<32^w.B^uint64(now.UnixNano()))),
		ends: [2]end{{node: w.A, rate: w.RateABBps}, {node: w.B, rate: w.RateBABps}},
	}
	h.ends[0].trx.Radio, h.ends[1].trx.Radio = ra, rb
	if ra.HalfDuplex || rb.HalfDuplex {
		turns := channel.NewTurns(w.Start, ra, rb, min(w.RateABBps, w.RateBABps), w.OWLT)
		h.turns = &turns
	}
	return h
}

// info is what the node at one end is told about the hop.
func (h *hop) info(side int) node.LinkInfo {
	radio := h.ends[side].trx.Radio
	return node.LinkInfo{
		Peer:       h.ends[1-side].node,
		RateBps:    h.ends[side].rate,
		OWLT:       h.w.OWLT,
		MTU:        radio.MTUBytes,
		Until:      h.w.End,
		HalfDuplex: h.turns != nil,
	}
}

// side is 0 for node A, 1 for node B.
func (h *hop) side(node uint64) int {
	if node == h.w.A {
		return 0
	}
	return 1
}

// carry sends a frame from one side: it waits for the transmitter, takes its time
// on the air, and arrives as the channel lets it.
func (h *hop) carry(side int, frame []byte) {
	now := h.u.loop.Now()
	e := &h.ends[side]
	airtime := channel.Airtime(len(frame), e.rate)
	var end time.Time
	if h.turns != nil {
		_, end = e.trx.SendInTurn(now, airtime, *h.turns, side)
	} else {
		_, end = e.trx.Send(now, airtime)
	}
	h.budget(side, now)
	h.busy = now
	h.u.count.frames++
	for _, a := range e.channel.Transmit(h.rng, frame) {
		h.u.loop.At(end.Add(a.Delay), func() { h.arrive(1-side, airtime, a) })
	}
}

// arrive hands what came in to the node at a side.
func (h *hop) arrive(side int, airtime time.Duration, a channel.Arrival) {
	if h.gone {
		return
	}
	now := h.u.loop.Now()
	if h.turns != nil && !a.Duplicate && !h.ends[side].trx.Hear(now.Add(-airtime), now) {
		return
	}
	h.u.frame(h.ends[side].node, h.ends[1-side].node, a.Data)
}

// budget brings a direction's channel up to date with the geometry and the faults.
func (h *hop) budget(side int, now time.Time) {
	e := &h.ends[side]
	if !e.at.IsZero() && now.Sub(e.at) < budgetAge {
		return
	}
	e.at = now
	if geometry, err := h.u.topo.Hop(h.w.A, h.w.B, now); err == nil {
		e.channel.Budget = channel.AssessAt(e.trx.Radio, h.ends[1-side].trx.Radio, geometry.AB.Path, e.rate)
	} // a satellite that has lost its position keeps its last budget until the window ends
	e.channel.Effects = h.u.effects(h.w.A, h.w.B, now)
}
