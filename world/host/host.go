// Package host runs one node's core on an event loop: it hands the core its
// inputs with the node's own time, collects the frames that the core wants sent,
// and wakes the core when it asked to be woken.
//
// The same host runs a node inside the simulated universe and a node that is a
// process of its own; only what carries the frames differs.
package host

import (
	"time"

	"spacechain/clock"
	"spacechain/dtn/node"
)

// Core is a node's software without its input and output: a satellite's payload,
// a station, a terminal. All times are the node's own.
type Core interface {
	// LinkUp and LinkDown tell that a neighbour can and can no longer be heard. A link
	// that the core cannot use is an error.
	LinkUp(now time.Time, link node.LinkInfo) error
	LinkDown(now time.Time, peer uint64)
	// Frame hands over a frame as it came in, damaged or not.
	Frame(now time.Time, peer uint64, frame []byte)
	// Tick lets the core do what has become due.
	Tick(now time.Time)
	// Drain gives the frames to send since the last call; whatever else the core
	// has to say it says to those it was given at its making.
	Drain(now time.Time) []node.OutFrame
	// NextWake is when the core next wants a Tick, and whether it does.
	NextWake() (time.Time, bool)
}

// Carrier takes frames to a neighbour. It may lose them.
type Carrier interface {
	Carry(now time.Time, frame node.OutFrame)
}

// Host runs one core. All its methods belong to the loop's goroutine.
type Host struct {
	loop    *clock.Loop
	core    Core
	carrier Carrier
	start   time.Time // of the loop's time, from which the drift counts
	drift   float64   // seconds gained in a second
	wake    *clock.Event
	busy    bool
}

// New gives a host that runs core on loop. The node's clock gains driftPPM
// microseconds a second from start on.
func New(loop *clock.Loop, core Core, carrier Carrier, start time.Time, driftPPM float64) *Host {
	h := &Host{loop: loop, core: core, carrier: carrier, start: start, drift: driftPPM * 1e-6}
	h.settle()
	return h
}

// Now is the time on the node's own clock.
func (h *Host) Now() time.Time { return h.at(h.loop.Now()) }

// at is what the node's clock shows at a time of the loop.
func (h *Host) at(t time.Time) time.Time {
	if h.drift == 0 {
		return t
	}
	return t.Add(time.Duration(float64(t.Sub(h.start)) * h.drift))
}

// loopTime is a time of the loop at which the node's clock shows t: not before, lest
// the core find nothing due and want to be woken then, for ever.
func (h *Host) loopTime(t time.Time) time.Time {
	if h.drift == 0 {
		return t
	}
	elapsed := time.Duration(float64(t.Sub(h.start)) / (1 + h.drift))
	when := h.start.Add(elapsed)
	for h.at(when).Before(t) { // rounding, of a few nanoseconds in a year
		when = when.Add(1)
	}
	return when
}

// Do gives the core an input and then does what follows from it.
func (h *Host) Do(input func(now time.Time)) {
	if h.core == nil {
		return
	}
	if h.busy { // an output of this core led back to it within the same event
		h.loop.At(h.loop.Now(), func() { h.Do(input) })
		return
	}
	h.busy = true
	input(h.Now())
	h.busy = false
	if h.core != nil { // the input may have ended it
		h.settle()
	}
}

// Stop ends the node, as a power cut does; its store is all that is left.
func (h *Host) Stop() {
	h.loop.Cancel(h.wake)
	h.core, h.wake = nil, nil
}

// Core is the core that the host runs, nil once stopped.
func (h *Host) Core() Core { return h.core }

// Running reports whether the node has not been stopped.
func (h *Host) Running() bool { return h.core != nil }

func (h *Host) settle() {
	h.busy = true
	now := h.Now()
	for _, f := range h.core.Drain(now) {
		h.carrier.Carry(h.loop.Now(), f)
	}
	h.busy = false
	if h.core == nil { // what it said led to its end
		return
	}
	h.loop.Cancel(h.wake)
	h.wake = nil
	if at, ok := h.core.NextWake(); ok {
		h.wake = h.loop.At(h.loopTime(at), func() {
			h.wake = nil
			h.Do(h.core.Tick)
		})
	}
}
