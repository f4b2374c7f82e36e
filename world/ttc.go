package world

import (
	"fmt"
	"math/rand/v2"
	"time"

	"spacechain/clock"
	"spacechain/link/channel"
	"spacechain/link/coding/bch"
	"spacechain/link/pus"
	"spacechain/link/radio"
	"spacechain/platform/ttc"
	"spacechain/platform/ttc/mission"
	"spacechain/station/control"
	"spacechain/world/sense"
	"spacechain/world/topology"
)

// tracking is telemetry, tracking and command in the universe: what each satellite's own
// VHF and UHF radio does, whatever its payload is about.
//
// A satellite's TT&C begins when a station first sees it, so that a constellation of
// thousands costs what it uses: beyond a few hundred only satellites that have been brought
// up have any. Operation control is one for the network: what it knows of a satellite, and
// the commands that wait for it, move with the satellite from station to station. A station
// has one pair of antennas for it, hence one session at a time.
type tracking struct {
	u        *Universe
	antennas topology.TTC
	all      bool // satellites that nobody uses, too
	turns    map[uint64]int
	up, down radio.Waveform
	beacon   radio.Waveform
	flights  map[uint64]*flight
	taken    map[uint64]*flight // stations whose antennas follow a satellite
}

// Figures of TT&C in the universe. A satellite is called once an orbit, and its computer
// records housekeeping as often as is of use then.
const (
	allTracked   = 200 // satellites up to which every one is
	mostTurns    = 72  // satellites that share a cycle of beacons; more than any station sees
	callAgain    = 90 * time.Minute
	shortestCall = 2 * time.Minute // of a pass that is left
	longestCall  = 5 * time.Minute
	antennaWait  = time.Minute
	recordEvery  = 10 * time.Minute
	holdFor      = 30 * time.Second // a session, without a telecommand
)

func newTracking(u *Universe) *tracking {
	sats := u.topo.Satellites()
	t := &tracking{u: u, antennas: topology.DefaultTTC(), all: len(sats) <= allTracked, turns: map[uint64]int{},
		up: radio.TTCUp(), down: radio.TTCDown(), beacon: radio.Beacon(), flights: map[uint64]*flight{}, taken: map[uint64]*flight{}}
	for i, s := range sats {
		t.turns[s.Node] = i
	}
	return t
}

// flight is the TT&C of one satellite: its end, the ground's, and what lies between.
type flight struct {
	t       *tracking
	node    uint64
	link    mission.Link
	sensors *instruments
	rng     *rand.Rand

	board      *ttc.TTC // nil while its computer is down
	boardWake  *clock.Event
	kept       []byte // by the computer, through a reset
	ground     *control.Control
	groundWake *clock.Event

	visible []*hop // passes over stations, by rise
	call    *call
	called  time.Time // when the last call ended that was answered
	known   knowledge
}

// call is a station's session with a satellite.
type call struct {
	hop    *hop
	began  time.Time
	frames uint64 // of telemetry, received before
	sent   uint64 // of telecommand, sent before
}

// knowledge is where the newest telemetry and beacon were heard.
type knowledge struct {
	telemetry, beacon     time.Time
	telemetryAt, beaconAt uint64
}

// flight gives a satellite's TT&C, nil if it has none.
func (t *tracking) flight(node uint64) *flight {
	if f := t.flights[node]; f != nil {
		return f
	}
	if !t.all && t.u.members[node] == nil {
		return nil
	}
	f, err := t.launch(node)
	if err != nil {
		t.u.fail(fmt.Errorf("telemetry and command of satellite %d: %w", node, err))
		return nil
	}
	t.flights[node] = f
	return f
}

func (t *tracking) launch(node uint64) (*flight, error) {
	u, now := t.u, t.u.loop.Now()
	track, err := u.topo.Track(node)
	if err != nil {
		return nil, err
	}
	turn := t.turns[node]
	l := mission.Link{Spacecraft: uint16(turn%0x3ff) + 1, APID: 1, Call: fmt.Sprintf("S%05d", node%100000), Stations: 1,
		Secret: u.opts.key("ttc").Derive(fmt.Sprint(node)), Up: t.up, Down: t.down, Beacon: t.beacon}
	l.Slots.Satellites = min(len(t.turns), mostTurns)
	l.Turn = turn % l.Slots.Satellites
	f := &flight{t: t, node: node, link: l, rng: rand.New(rand.NewPCG(u.opts.Seed, node<<8^0x747463)),
		sensors: &instruments{from: ttc.FromDevices(Devices(sense.New(sense.Options{Seed: u.opts.Seed, Node: node, Orbit: track})))}}
	if f.ground, err = control.New(now, control.Config{Link: l}); err != nil {
		return nil, err
	}
	return f, f.start(now)
}

// start starts the satellite's computer, for the first time or after a reset.
func (f *flight) start(now time.Time) (err error) {
	f.board, err = ttc.New(now, ttc.Config{Link: f.link, Instruments: f.sensors, State: f.kept,
		Housekeeping: recordEvery, SessionHold: holdFor})
	if err != nil {
		f.board = nil
		return err
	}
	f.settleBoard()
	return nil
}

// cut cuts the power of a satellite's computer; it keeps what it must.
func (t *tracking) cut(node uint64) {
	f := t.flights[node]
	if f == nil || f.board == nil {
		return
	}
	kept, err := f.board.Export()
	if err != nil {
		t.u.fail(fmt.Errorf("telemetry and command of satellite %d: %w", node, err))
		return
	}
	f.kept, f.board = kept, nil
	t.u.loop.Cancel(f.boardWake)
	f.boardWake = nil
}

// restart starts it again.
func (t *tracking) restart(node uint64) error {
	f := t.flights[node]
	if f == nil || f.board != nil {
		return nil
	}
	if err := f.start(t.u.loop.Now()); err != nil {
		return fmt.Errorf("telemetry and command of satellite %d: %w", node, err)
	}
	return nil
}

// rise tells that a station sees a satellite, set that it no longer does: the pass is over,
// or an outage has begun.
func (t *tracking) rise(h *hop) {
	if f := t.flight(h.w.A); f != nil {
		f.visible = append(f.visible, h)
		f.consider()
	}
}

func (t *tracking) set(h *hop) {
	f := t.flights[h.w.A]
	if f == nil {
		return
	}
	for i, v := range f.visible {
		if v == h {
			f.visible = append(f.visible[:i:i], f.visible[i+1:]...)
			break
		}
	}
	if f.call != nil && f.call.hop == h {
		f.hangUp()
	}
}

// consider begins a call if it is time for one and a station has its antennas free.
func (f *flight) consider() {
	u := f.t.u
	now := u.loop.Now()
	if f.call != nil || !f.called.IsZero() && now.Sub(f.called) < callAgain {
		return
	}
	wait := false
	for _, h := range f.visible {
		if h.w.End.Sub(now) < shortestCall {
			continue
		}
		if f.t.taken[h.w.B] == nil {
			f.dial(h)
			return
		}
		wait = true
	}
	if wait {
		u.loop.After(antennaWait, f.consider)
	}
}

// dial begins a call: the link is tried, and what was recorded since the last is asked for.
func (f *flight) dial(h *hop) {
	u := f.t.u
	now := u.loop.Now()
	f.t.taken[h.w.B] = f
	f.call = &call{hop: h, began: now, frames: f.ground.Stats().FramesReceived, sent: f.ground.Stats().FramesSent}
	f.ground.Begin(now, h.w.End)
	if f.ground.Pending() < 8 { // those of earlier calls that nobody answered are enough
		p := f.ground.Profile()
		for _, q := range []pus.Request{
			p.AreYouAlive(),
			p.OneShot(false, mission.HousekeepingID),
			p.RetrieveRange(pus.StoreRange{ID: mission.StoreHousekeeping, From: later(f.called, now.Add(-24*time.Hour)), To: now}),
		} {
			if _, err := f.ground.Command(now, q); err != nil {
				u.fail(fmt.Errorf("telecommands for satellite %d: %w", f.node, err))
				return
			}
		}
	}
	u.log.line(now, "ttc call %d %d", h.w.B, f.node)
	u.loop.At(now.Add(longestCall), func() {
		if f.call != nil && f.call.began.Equal(now) {
			f.hangUp()
		}
	})
	f.settleGround()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// hangUp ends a call.
func (f *flight) hangUp() {
	u, c := f.t.u, f.call
	now := u.loop.Now()
	f.call = nil
	delete(f.t.taken, c.hop.w.B)
	f.ground.End(now)
	f.ground.Events() // all that they say is in housekeeping, too
	s := f.ground.Stats()
	answered := s.FramesReceived > c.frames
	if answered {
		f.called = now
	}
	u.log.line(now, "ttc end %d %d up %d down %d pending %d", c.hop.w.B, f.node, s.FramesSent-c.sent, s.FramesReceived-c.frames, f.ground.Pending())
	f.settleGround()
	if !answered {
		u.loop.After(antennaWait, f.consider)
	}
}

// settleBoard sends what the satellite has to send and wakes it when it wants to be.
func (f *flight) settleBoard() {
	u := f.t.u
	for _, b := range f.board.Bursts() {
		f.transmit(b, false)
	}
	u.loop.Cancel(f.boardWake)
	f.boardWake = nil
	if at, ok := f.board.NextWake(); ok {
		f.boardWake = u.loop.At(later(at, u.loop.Now().Add(shortestNap)), func() {
			f.boardWake = nil
			f.board.Tick(u.loop.Now())
			f.settleBoard()
		})
	}
}

// settleGround does the same for operation control.
func (f *flight) settleGround() {
	u := f.t.u
	for _, b := range f.ground.Bursts() {
		f.transmit(b, true)
	}
	u.loop.Cancel(f.groundWake)
	f.groundWake = nil
	if at, ok := f.ground.NextWake(); ok {
		f.groundWake = u.loop.At(later(at, u.loop.Now().Add(shortestNap)), func() {
			f.groundWake = nil
			f.ground.Tick(u.loop.Now())
			f.settleGround()
		})
	}
}

// shortestNap keeps time going on whatever a core wants.
const shortestNap = time.Millisecond

// transmit puts a burst on the air, between the satellite and the station that has called it
// or, of a beacon, the one that has seen it longest. Nobody else listens.
func (f *flight) transmit(b radio.Burst, up bool) {
	u := f.t.u
	var h *hop
	switch {
	case f.call != nil:
		h = f.call.hop
	case !up && b.Waveform.Name == f.t.beacon.Name && len(f.visible) > 0:
		h = f.visible[0]
	default:
		return
	}
	path, err := u.topo.Path(h.w.A, h.w.B, b.At)
	if err != nil {
		return // it has come down
	}
	hear := f.t.antennas.Down
	if up {
		hear = f.t.antennas.Up
	}
	cn0, light := hear(path)
	air := channel.Channel{Effects: u.effects(h.w.A, h.w.B, b.At), Budget: channel.Budget{RateBps: 1}}
	from := f.board
	u.loop.At(later(b.End().Add(light), u.loop.Now()), func() {
		if h.gone || f.board == nil || f.board != from {
			return // out of sight, or a computer has lost its power meanwhile
		}
		now := u.loop.Now()
		for _, frame := range b.Frames {
			if p := b.Waveform.FrameErrorRate(cn0, len(frame)); p > 0 && f.rng.Float64() < p {
				continue
			}
			for _, a := range air.Transmit(f.rng, frame) {
				f.receive(now, b.Waveform, h, a.Data, up)
			}
		}
		if up {
			f.settleBoard()
			return
		}
		f.learn(now, h)
		f.settleGround()
	})
}

// receive hands one frame to the end that hears it.
func (f *flight) receive(now time.Time, w radio.Waveform, h *hop, data []byte, up bool) {
	switch {
	case up:
		for len(data)%bch.InfoOctets != 0 { // as a CLTU fills its last block
			data = append(data, 0x55)
		}
		f.board.Uplink(now, data)
	case w.Name == f.t.beacon.Name:
		f.ground.Beacon(now, data)
	case f.call != nil && f.call.hop == h:
		f.ground.Downlink(now, data)
	}
}

// learn takes down where telemetry came from, and ends a call that has nothing left to do.
func (f *flight) learn(now time.Time, h *hop) {
	u := f.t.u
	reports := len(f.ground.Telemetry())
	if r, at, ok := f.ground.Housekeeping(); ok && at.After(f.known.telemetry) {
		f.known.telemetry, f.known.telemetryAt = at, h.w.B
		orbit, fixed := r.Orbit()
		u.log.line(now, "ttc telemetry %d %d mode %s fix %v %.1f %.1f %.1f", h.w.B, f.node, r.Mode(), fixed,
			1e3*orbit.PosECEFKm[0], 1e3*orbit.PosECEFKm[1], 1e3*orbit.PosECEFKm[2])
		u.tellTelemetry(f, h.w.B)
	}
	if _, at := f.ground.LastBeacon(); at.After(f.known.beacon) {
		f.known.beacon, f.known.beaconAt = at, h.w.B
		u.log.line(now, "ttc beacon %d %d", h.w.B, f.node)
	}
	answering, _ := f.ground.Contact()
	if f.call != nil && answering && reports == 0 && f.ground.Pending() == 0 {
		f.hangUp()
	}
}

// instruments remembers what was read last: a housekeeping report asks for each of its
// numbers.
type instruments struct {
	from    ttc.Instruments
	orbit   mission.OrbitMeasurement
	fixed   bool
	orbitAt time.Time
	power   ttc.Power
	powered bool
	powerAt time.Time
}

// Orbit implements ttc.Instruments.
func (i *instruments) Orbit(now time.Time) (mission.OrbitMeasurement, bool) {
	if !i.orbitAt.Equal(now) {
		i.orbit, i.fixed = i.from.Orbit(now)
		i.orbitAt = now
	}
	return i.orbit, i.fixed
}

// Power implements ttc.Instruments.
func (i *instruments) Power(now time.Time) (ttc.Power, bool) {
	if !i.powerAt.Equal(now) {
		i.power, i.powered = i.from.Power(now)
		i.powerAt = now
	}
	return i.power, i.powered
}
