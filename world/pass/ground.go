package pass

import (
	"fmt"
	"time"

	"spacechain/clock"
	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/link/cfdp"
	"spacechain/link/pus"
	"spacechain/platform/ttc/mission"
	"spacechain/station"
	"spacechain/station/control"
	"spacechain/world/host"
)

// ground is the station.
type ground struct {
	end     // of the payload link
	control *control.Control
	wake    *clock.Event
	station *station.Station

	up *hop // telecommands

	given    []given
	open     int    // commands that are not done
	called   bool   // the control has begun its pass
	acquired bool   // telemetry was heard
	order    []byte // the file
	file     cfdp.TransactionID
	quarter  int64
}

// given is a telecommand that was given.
type given struct {
	name     string
	id       pus.RequestID
	at       time.Time
	verified time.Time
	counted  bool
	told     bool
}

// stationCore is the station with its radio at hand.
type stationCore struct {
	*station.Station
	g *ground
}

// Drain also fetches files for the radio.
func (c stationCore) Drain(now time.Time) []node.OutFrame {
	frames := c.Station.Drain(now)
	c.g.fill(now)
	return frames
}

func newGround(f *flight, plan *contact.Plan) (*ground, error) {
	g := &ground{end: end{f: f, peer: f.satelliteNode(), out: f.cfg.Up, in: f.cfg.Down}}
	g.sending, g.receiving = g.note, g.answer
	var err error
	if g.control, err = control.New(f.from, control.Config{Link: f.mission()}); err != nil {
		return nil, err
	}
	if err = g.empty(); err != nil {
		return nil, err
	}
	g.station, err = station.New(f.from, station.Options{Node: stationNode, Store: f.cfg.carry.ground, Plan: plan, Fail: f.fail,
		Files: station.FilePolicy{Remote: remote, Event: g.fileEvent}})
	if err != nil {
		return nil, err
	}
	g.relay = g.station
	g.host = host.New(f.loop, stationCore{g.station, g}, g, f.from, 0)
	return g, f.home.plugIn(g)
}

// patience is how long the station listens for a beacon before it calls without one.
const patience = 40 * time.Second

// call begins the control's part of the pass.
func (g *ground) call() {
	if !g.called {
		g.called = true
		g.do(func(now time.Time) { g.control.Begin(now, g.f.set) })
	}
}

// do gives the control an input, sends what it wants sent, and looks when it wants to be
// woken.
func (g *ground) do(input func(now time.Time)) {
	now := g.f.loop.Now()
	input(now)
	bursts(g.control.Bursts(), g.up)
	g.f.loop.Cancel(g.wake)
	g.wake = nil
	if at, ok := g.control.NextWake(); ok {
		g.wake = g.f.loop.At(at, func() { g.do(g.control.Tick) })
	}
	if n := g.control.Pending(); n != g.open {
		g.open = n
		g.follow(now)
	}
}

// follow tells which commands are done.
func (g *ground) follow(now time.Time) {
	for i := range g.given {
		c := &g.given[i]
		if c.told {
			continue
		}
		s, ok := g.control.State(c.id)
		if !ok || !s.State.Done() {
			continue
		}
		c.told, c.verified = true, now
		g.f.tell("command", "%s: %s", c.name, s.State)
	}
}

// telemetry takes what the UHF receiver found.
func (g *ground) telemetry(_ time.Time, frame []byte) {
	if !g.acquired {
		g.acquired = true
		g.f.tell("acquired", "telemetry")
	}
	g.do(func(now time.Time) { g.control.Downlink(now, frame) })
	for _, t := range g.control.Telemetry() {
		if s, ok := t.Content.(*pus.Sample); ok && s.ID == mission.HousekeepingID {
			if h, err := mission.ReadHousekeeping(g.control.Profile(), s); err == nil {
				g.measure(h.Orbit())
			}
		}
	}
}

// beacon takes an AX.25 frame.
func (g *ground) beacon(_ time.Time, frame []byte) {
	g.do(func(now time.Time) { g.control.Beacon(now, frame) })
	if b, _ := g.control.LastBeacon(); b != nil && !g.called {
		g.f.tell("acquired", "beacon of %s, battery at %.0f %%", b.Call, 100*b.Battery)
		g.call()
	}
}

// measure compares an orbit measurement with the truth.
func (g *ground) measure(m mission.OrbitMeasurement, ok bool) {
	if !ok {
		return
	}
	pos, vel, err := g.f.orbit.ECEF(m.Time)
	if err != nil {
		return
	}
	o := &g.f.report.Orbit
	o.Reports++
	o.WorstM = max(o.WorstM, m.PosECEFKm.Sub(pos).Norm()*1000)
	o.WorstMS = max(o.WorstMS, m.VelECEFKmS.Sub(vel).Norm()*1000)
	o.Satellites = m.Satellites
}

// commands gives telecommands: a quarter of them before the rise, the others over the
// pass.
func (g *ground) commands() {
	f := g.f
	p := g.control.Profile()
	for i := range f.cfg.Commands {
		var name string
		var q pus.Request
		n := false
		switch i % 4 {
		case 0:
			name, q = "ping", p.AreYouAlive()
		case 1:
			name, q = "housekeeping report", p.OneShot(false, mission.HousekeepingID)
		default:
			n = true
			name, q = fmt.Sprintf("call %d of the counting function", i), p.PerformFunction(counted, []byte{byte(i)})
		}
		at := f.from
		if early := f.cfg.Commands / 4; i >= early {
			span := f.set.Add(-90 * time.Second).Sub(f.rise)
			at = f.rise.Add(span * time.Duration(i-early) / time.Duration(f.cfg.Commands-early))
		}
		f.loop.At(at, func() {
			g.do(func(now time.Time) {
				id, err := g.control.Command(now, q)
				f.fail(err)
				g.given = append(g.given, given{name: name, id: id, at: now, counted: n})
			})
		})
	}
}

// deploy gives the station the file.
func (g *ground) deploy() {
	f := g.f
	if g.order != nil {
		return // in a pass before
	}
	g.host.Do(func(now time.Time) {
		order, err := f.cfg.order(f.satelliteNode(), homeNode, now)
		if err != nil {
			f.fail(err)
			return
		}
		g.order = order
		g.file, err = g.station.PutFile(now, f.satelliteNode(), "commands/deploy", order)
		f.fail(err)
		f.cfg.carry.order, f.cfg.carry.id = g.order, g.file
		f.report.File.Size, f.report.File.Begun = int64(len(order)), now
		f.tell("file", "commands/deploy, %d octets, begins", len(order))
	})
}

// fileEvent hears what becomes of the station's files.
func (g *ground) fileEvent(now time.Time, i cfdp.Indication) {
	if i.Kind != cfdp.IndFinished || !i.Sending {
		return
	}
	r := &g.f.report.File
	r.Ended, r.Condition = now, i.Condition.String()
	g.f.tell("file", "commands/deploy: %s", i.Condition)
}

// Carry implements host.Carrier: to the satellite by the trunk, home by cable.
func (g *ground) Carry(now time.Time, fr node.OutFrame) {
	if fr.Peer == homeNode {
		g.f.loop.After(cable, func() { g.f.home.frame(fr.Data) })
		return
	}
	g.end.Carry(now, fr)
}

// capture shows a CFDP data unit to whoever records.
func (g *ground) capture(pdu []byte) {
	if c := g.f.cfg.Capture; c != nil {
		c(FilesLink, g.f.loop.Now(), pdu)
	}
}

// note counts what goes up of the file.
func (g *ground) note(pdu []byte) {
	r := &g.f.report.File
	r.PDUs++
	g.capture(pdu)
	p, err := cfdp.Decode(pdu)
	if err != nil {
		return
	}
	d, ok := p.Body.(*cfdp.FileData)
	if !ok {
		return
	}
	r.Octets += int64(len(d.Data))
	if q := 4 * (d.Offset + int64(len(d.Data))) / r.Size; q > g.quarter {
		g.quarter = q
		g.f.tell("file", "commands/deploy: %d %% sent", 25*q)
	}
}

// answer counts what comes down of the file's receipts.
func (g *ground) answer(pdu []byte) {
	g.capture(pdu)
	if p, err := cfdp.Decode(pdu); err == nil {
		if _, ok := p.Body.(*cfdp.NAK); ok {
			g.f.report.File.NAKs++
		}
	}
}

func (g *ground) finish(r *Report) error {
	r.Control = g.control.Stats()
	r.Orbit.Beacons = r.Control.BeaconsReceived
	for _, c := range g.given {
		s, ok := g.control.State(c.id)
		state := "forgotten"
		if ok {
			state = s.State.String()
		}
		r.Commands = append(r.Commands, CommandReport{Name: c.name, Given: c.at, State: state, Why: s.Why, Verified: c.verified, Counted: c.counted})
	}
	if n := r.File.Octets - r.File.Size; n > 0 && g.stream != nil {
		g.stream.stats.Resent, g.stream.stats.ResentUnit = uint64(n), "octets of the file"
	}
	return nil
}
