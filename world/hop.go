package world

import (
	"fmt"
	"math/rand/v2"
	"time"

	"spacechain/dtn/node"
	"spacechain/link/channel"
	"spacechain/world/topology"
)

// budgetAge is how long a hop's budget stands before the geometry is looked at again.
const budgetAge = 5 * time.Second

// hop is one link while it is up: two radios and what lies between them. What is under way
// when it goes down is lost.
type hop struct {
	u     *Universe
	w     *window
	since time.Time
	rng   *rand.Rand
	ends  [2]end // A's, then B's
	turns *turns // on a hop whose ends cannot send and hear at once
	ready bool   // both receivers are in step with the other's carrier
	gone  bool
	busy  time.Time // when it last carried a unit
}

// end is one direction of a hop: what its node sends.
type end struct {
	node    uint64
	radio   *topology.End
	wave    *topology.Wave
	budget  topology.Budget
	effects channel.Effects
	at      time.Time // of budget and effects
	carrier carrier
	tally   tally
}

// carrier takes units of the convergence layer over one direction of a hop: as the transfer
// frames that they touch, or as modulated samples.
type carrier interface {
	// carry takes a unit, which it gives to the hop's arrive when its last transfer frame has
	// come in, or not at all.
	carry(now time.Time, unit []byte)
	// tune changes the waveform to that of its end, behind what is under way.
	tune(now time.Time)
	// depth is how deep it goes: frames or samples.
	depth() string
}

// tally counts what a direction has carried.
type tally struct {
	units, octets uint64 // of the convergence layer
	frames, lost  uint64 // transfer frames with units in them, and those lost to noise
	airtime       time.Duration
}

// since gives what was carried since an earlier count.
func (t tally) since(before tally) tally {
	return tally{t.units - before.units, t.octets - before.octets, t.frames - before.frames, t.lost - before.lost, t.airtime - before.airtime}
}

func (u *Universe) newHop(w *window) (*hop, error) {
	now := u.loop.Now()
	h := &hop{u: u, w: w, since: u.upSince(w, now),
		rng:  rand.New(rand.NewPCG(u.opts.Seed, w.A<<32^w.B^uint64(now.UnixNano()))),
		ends: [2]end{{node: w.A}, {node: w.B}},
	}
	h.ends[0].radio, h.ends[1].radio = u.topo.Radios().Ends(w.Kind)
	if err := h.choose(); err != nil {
		return nil, err
	}
	if a, b := &h.ends[0], &h.ends[1]; a.radio.HalfDuplex || b.radio.HalfDuplex {
		h.turns = newTurns(w.Start, [2]*topology.End{a.radio, b.radio}, [2]*topology.Wave{a.wave, b.wave}, w.OWLT)
	}
	for side := range h.ends {
		h.assess(side, now)
		h.ends[side].carrier = h.carrier(side)
	}
	return h, nil
}

// carrier gives a direction the depth at which the universe goes. What can only go by frames
// does.
func (h *hop) carrier(side int) carrier {
	if h.u.depth == Samples && h.w.Kind == topology.Ground {
		s, err := newSamples(h, side)
		if err == nil {
			return s
		}
		h.u.warn(fmt.Sprintf("%s to %s goes by whole frames, not by samples: %v", h.u.name(h.ends[side].node), h.u.name(h.ends[1-side].node), err))
	}
	return newFrames(h, side)
}

// delay is how much longer than the light takes a link's ends have to wait for what is sent:
// for their turn, or for what only modems need.
func (u *Universe) delay(w *topology.Window) time.Duration {
	radios := u.topo.Radios()
	ab, ba, err := radios.Waves(w)
	if err != nil {
		return 0 // a window without a rate makes no contact
	}
	a, b := radios.Ends(w.Kind)
	switch {
	case a.HalfDuplex || b.HalfDuplex:
		return newTurns(w.Start, [2]*topology.End{a, b}, [2]*topology.Wave{ab, ba}, w.OWLT).slot
	case u.opts.Radio == Samples && w.Kind == topology.Ground:
		return max(slack(ab), slack(ba))
	}
	return 0
}

// choose takes the waveforms by which the window's rates can be kept.
func (h *hop) choose() (err error) {
	h.ends[0].wave, h.ends[1].wave, err = h.u.topo.Radios().Waves(&h.w.Window)
	return err
}

// tune goes over to other waveforms after the window has grown.
func (h *hop) tune() error {
	before := [2]*topology.Wave{h.ends[0].wave, h.ends[1].wave}
	if err := h.choose(); err != nil {
		return err
	}
	now := h.u.loop.Now()
	for side := range h.ends {
		e := &h.ends[side]
		if e.wave != before[side] {
			e.carrier.tune(now)
		}
		e.at = time.Time{}
	}
	return nil
}

// lead is how long after it has begun a hop is ready: both carriers are on and the
// receivers in step.
func (h *hop) lead() time.Duration {
	if h.turns != nil {
		return 0 // each turn has its own
	}
	return max(h.ends[0].wave.Lead(), h.ends[1].wave.Lead())
}

// info is what the node at one end is told about the hop.
func (h *hop) info(side int) node.LinkInfo {
	e := &h.ends[side]
	return node.LinkInfo{
		Peer:       h.ends[1-side].node,
		RateBps:    e.wave.RateBps(),
		OWLT:       h.w.OWLT + h.w.delay, // as in the plan: routes are held against each other
		MTU:        e.radio.MTUBytes,
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

// carry sends a unit from one side.
func (h *hop) carry(side int, unit []byte) {
	now := h.u.loop.Now()
	e := &h.ends[side]
	h.assess(side, now)
	h.busy = now
	h.u.count.frames++
	e.tally.units++
	e.tally.octets += uint64(len(unit))
	e.carrier.carry(now, unit)
}

// land takes a unit whose last bit leaves a side at a time. It arrives as the light and the
// scenario let it.
func (h *hop) land(side int, at time.Time, unit []byte) {
	e := &h.ends[side]
	c := channel.Channel{Effects: e.effects, Budget: channel.Budget{RateBps: 1, LightTime: e.budget.LightTime}}
	for _, a := range c.Transmit(h.rng, unit) {
		h.u.loop.At(at.Add(a.Delay), func() {
			if !h.gone {
				h.u.frame(h.ends[1-side].node, e.node, a.Data)
			}
		})
	}
}

// assess brings a direction's budget up to date with the geometry and the faults.
func (h *hop) assess(side int, now time.Time) {
	e := &h.ends[side]
	if !e.at.IsZero() && now.Sub(e.at) < budgetAge {
		return
	}
	e.at = now
	if path, err := h.u.topo.Path(h.w.A, h.w.B, now); err == nil {
		e.budget = topology.AssessWith(e.radio, h.ends[1-side].radio, e.wave, path)
	} // a satellite that has lost its position keeps its last budget until the window ends
	e.effects = h.u.effects(h.w.A, h.w.B, now)
}
