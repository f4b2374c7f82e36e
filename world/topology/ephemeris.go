package topology

import (
	"errors"
	"math"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/sgp4"
)

// step is the distance of ephemeris nodes; they lie at whole minutes of UTC.
const step = time.Minute

// sample is a satellite's state at a node of the ephemeris.
type sample struct {
	pos, vel astro.Vec3 // ECEF, km and km/s
	minute   int64      // Unix time / 60; noMinute if the slot is empty
	ok       bool
}

const noMinute = -1 << 62

// ephemeris holds the latest nodes of each satellite in rings, and makes what is
// missing.
type ephemeris struct {
	sats      []Satellite
	fly       []*sgp4.Propagator
	rings     []sample // len(sats) rings of size
	size      int64
	rotations []rotation // of the Earth, by minute, in a ring of size
	failed    func(sat int, minute int64, err error)

	first int64   // where watching begins: the minute of the world's start
	alive []int64 // of each satellite: the latest watch that it passed
	dead  []int64 // and from when on it is down
}

// watch is how often a satellite's orbit is looked at for coming down, minutes.
// SGP4 fails on a decayed satellite now and then, and now and then gives nonsense;
// this tells for good.
const watch = 30

// lowestKm is the perigee radius below which a satellite is coming down at once: 60 km
// over the equator.
const lowestKm = frame.EquatorialRadiusKm + 60

// errDown says why a satellite that SGP4 still flies is left out.
var errDown = errors.New("its perigee is below 60 km; it has come down")

type rotation struct {
	frame.Rotation
	minute int64
}

// newEphemeris sizes the rings: enough for a day of a small constellation, and
// for half an hour of a large one (57 bytes a node).
func newEphemeris(start time.Time, sats []Satellite, fly []*sgp4.Propagator, failed func(int, int64, error)) *ephemeris {
	size := int64(32)
	for size < 2048 && size*2*int64(len(sats)) <= 1<<18 {
		size *= 2
	}
	e := &ephemeris{sats: sats, fly: fly, size: size, failed: failed, first: minuteOf(start)}
	e.alive, e.dead = make([]int64, len(sats)), make([]int64, len(sats))
	for i := range sats {
		e.alive[i], e.dead[i] = e.first-watch, math.MaxInt64
	}
	e.rings = make([]sample, size*int64(len(sats)))
	for i := range e.rings {
		e.rings[i].minute = noMinute
	}
	e.rotations = make([]rotation, size)
	for i := range e.rotations {
		e.rotations[i].minute = noMinute
	}
	return e
}

// minuteOf gives the node at or before a moment.
func minuteOf(t time.Time) int64 {
	s := t.Unix()
	if s < 0 {
		return -((59 - s) / 60)
	}
	return s / 60
}

// timeOf gives the moment of a node.
func timeOf(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }

func slot(minute, size int64) int64 {
	return minute & (size - 1) // size is a power of two; right for negative minutes too
}

func (e *ephemeris) rotation(minute int64) *frame.Rotation {
	r := &e.rotations[slot(minute, e.size)]
	if r.minute != minute {
		*r = rotation{frame.RotationAt(timeOf(minute)), minute}
	}
	return &r.Rotation
}

// node gives a satellite's state at a node; not ok if it has none.
func (e *ephemeris) node(sat int, minute int64) *sample {
	s := &e.rings[int64(sat)*e.size+slot(minute, e.size)]
	if s.minute == minute {
		return s
	}
	s.minute = minute
	state, err := e.fly[sat].AtTime(timeOf(minute))
	if s.ok = err == nil && !e.down(sat, minute); !s.ok {
		s.pos, s.vel = astro.Vec3{}, astro.Vec3{}
		if err != nil {
			e.failed(sat, minute, err)
		}
		return s
	}
	s.pos, s.vel = e.rotation(minute).ToECEF(state.PosTEMEKm, state.VelTEMEKmS)
	return s
}

// down says whether a satellite has come down by a minute: it looks at every watch
// from the world's start on that has not been looked at yet.
func (e *ephemeris) down(sat int, minute int64) bool {
	for at := e.alive[sat] + watch; at <= minute && e.dead[sat] == math.MaxInt64; at += watch {
		state, err := e.fly[sat].AtTime(timeOf(at))
		if err == nil && perigeeKm(state.PosTEMEKm, state.VelTEMEKmS) < lowestKm {
			err = errDown
		}
		if err != nil {
			e.dead[sat] = at
			e.failed(sat, at, err)
			break
		}
		e.alive[sat] = at
	}
	return minute >= e.dead[sat]
}

// perigeeKm gives the osculating perigee's distance from the Earth's centre.
func perigeeKm(pos, vel astro.Vec3) float64 {
	const mu = 398600.4418 // km^3/s^2
	h := pos.Cross(vel)
	p := h.Dot(h) / mu
	energy := vel.Dot(vel)/2 - mu/pos.Norm()
	return p / (1 + math.Sqrt(max(1+float64(2*energy*p)/mu, 0)))
}

// arc is a satellite's way between two nodes, so that many moments of one minute
// cost one look-up.
type arc struct {
	a, b sample
	from time.Time
}

// arc gives the way within the minute that a node begins.
func (e *ephemeris) arc(sat int, minute int64) (arc, bool) {
	a, b := e.node(sat, minute), e.node(sat, minute+1)
	return arc{*a, *b, timeOf(minute)}, a.ok && b.ok
}

// at gives position and velocity so many seconds into the minute.
func (c *arc) at(seconds float64) (pos, vel astro.Vec3) {
	const h = 60.0
	u := seconds / h
	// Hermite basis, and its derivative over h
	u2 := float64(u * u)
	u3 := float64(u2 * u)
	b10, b01, b11 := h*(u3-float64(2*u2)+u), float64(3*u2)-float64(2*u3), h*(u3-u2)
	b00 := 1 - b01
	d00 := (float64(6*u2) - float64(6*u)) / h
	d10, d11 := float64(3*u2)-float64(4*u)+1, float64(3*u2)-float64(2*u)
	for i := range 3 {
		p0, p1, v0, v1 := c.a.pos[i], c.b.pos[i], c.a.vel[i], c.b.vel[i]
		pos[i] = float64(b00*p0) + float64(b10*v0) + float64(b01*p1) + float64(b11*v1)
		vel[i] = float64(d00*(p0-p1)) + float64(d10*v0) + float64(d11*v1)
	}
	return pos, vel
}

// at gives a satellite's ECEF position and velocity at a moment.
func (e *ephemeris) at(sat int, t time.Time) (pos, vel astro.Vec3, ok bool) {
	minute := minuteOf(t)
	since := t.Sub(timeOf(minute))
	if since == 0 {
		s := e.node(sat, minute)
		return s.pos, s.vel, s.ok
	}
	c, ok := e.arc(sat, minute)
	if !ok {
		return astro.Vec3{}, astro.Vec3{}, false
	}
	pos, vel = c.at(since.Seconds())
	return pos, vel, true
}
