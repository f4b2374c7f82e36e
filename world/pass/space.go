package pass

import (
	"bytes"
	"fmt"
	"time"

	"spacechain/clock"
	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/internal/kv"
	"spacechain/link/cfdp"
	"spacechain/platform"
	"spacechain/platform/bus"
	"spacechain/platform/ttc"
	"spacechain/platform/ttc/mission"
	"spacechain/satellite"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/system"
	"spacechain/world"
	"spacechain/world/host"
	"spacechain/world/sense"
)

// busDelay is how long a datagram takes from one computer of the satellite to the other.
const busDelay = time.Millisecond

// space is the satellite.
type space struct {
	end     // of the payload link
	node    uint64
	ttc     *ttc.TTC
	wakeTTC *clock.Event
	payload *satellite.Payload

	platform *platform.StandIn
	store    kv.Store // the payload's
	plan     *contact.Plan

	down, beacons *hop // TT&C

	performed map[byte]int // by number, the commands that are counted
	installed time.Time
}

// payloadCore is the payload with its radio at hand.
type payloadCore struct {
	*satellite.Payload
	s *space
}

// Drain also fetches files for the radio.
func (c payloadCore) Drain(now time.Time) []node.OutFrame {
	frames := c.Payload.Drain(now)
	if s := c.s; s.installed.IsZero() && c.Tenants() > 0 {
		s.installed = now
		s.f.tell("app", "the gate has admitted the app, and it is installed")
	}
	c.s.fill(now)
	return frames
}

// counted is the function of service 8 whose argument is counted.
const counted = mission.FunctionUser

// Perform implements pus.Functions.
func (s *space) Perform(_ time.Time, id uint64, args []byte) error {
	if id != counted || len(args) != 1 {
		return fmt.Errorf("function %d of %d octets", id, len(args))
	}
	s.performed[args[0]]++
	return nil
}

// remote is the timers of CFDP: a round trip takes a tenth of a second.
var remote = cfdp.Remote{AckTimer: 2 * time.Second, NAKTimer: 2 * time.Second, ImmediateNAK: true}

func newSpace(f *flight, plan *contact.Plan) (*space, error) {
	s := &space{end: end{f: f, peer: stationNode, out: f.cfg.Down, in: f.cfg.Up}, node: f.satelliteNode(), performed: map[byte]int{}, installed: f.cfg.carry.app.Installed}
	suite := sense.New(sense.Options{Seed: f.cfg.Seed, Node: s.node, Orbit: f.orbit})
	devices := world.Devices(suite)
	var err error
	s.ttc, err = ttc.New(f.from, ttc.Config{Link: f.mission(), Instruments: ttc.FromDevices(devices), Functions: s,
		Housekeeping: 20 * time.Second, BeaconPeriod: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	s.platform = platform.New(devices)
	s.store, s.plan = f.cfg.carry.space, plan
	if err := s.boot(f.from); err != nil {
		return nil, err
	}
	f.loop.At(f.from, s.tick)
	return s, nil
}

// boot starts the payload computer on what its store holds.
func (s *space) boot(now time.Time) (err error) {
	f := s.f
	if err = s.empty(); err != nil {
		return err
	}
	var sensors []string
	for _, each := range sense.Sensors() {
		sensors = append(sensors, each.Name)
	}
	var payload *satellite.Payload
	var computer *host.Host
	payload, err = satellite.New(now, satellite.Options{
		Node: s.node, Key: testKey("satellite"), Store: s.store, Plan: s.plan, Policy: gate.DefaultPolicy(sensors...),
		Sandbox: f.box, Fail: f.fail,
		Files: satellite.FilePolicy{Remote: remote, Order: func(now time.Time, _ uint64, signed []byte) {
			r := &f.report.File
			r.Arrived, r.Identical, r.Handed = now, bytes.Equal(signed, f.ground.order), r.Handed+1
			f.tell("file", "commands/deploy is on board whole")
		}},
		Bus: func(d bus.Datagram) {
			f.loop.After(busDelay, func() {
				for _, answer := range s.platform.Receive(f.loop.Now(), d) {
					f.loop.After(busDelay, func() {
						computer.Do(func(now time.Time) { payload.Bus(now, answer) })
					})
				}
			})
		},
		Start: func(j *system.Job) {
			r := j.Run(f.box)
			f.loop.After(max(r.Duration, time.Millisecond), func() {
				computer.Do(func(now time.Time) { payload.Finish(now, r) })
			})
		},
	})
	if err != nil {
		return err
	}
	s.payload, s.relay = payload, payload
	computer = host.New(f.loop, payloadCore{payload, s}, s, f.from, 0)
	s.host = computer
	return nil
}

// downTime is how long the payload computer is without power.
const downTime = 4 * time.Second

// powerCut takes the payload computer's power away: its store is all that is left.
func (s *space) powerCut() {
	s.f.tell("reboot", "the payload computer has lost its power")
	s.host.Stop()
	s.f.fail(s.empty())
}

// reboot starts it again.
func (s *space) reboot() {
	now := s.f.loop.Now()
	s.f.tell("reboot", "the payload computer is back")
	if err := s.boot(now); err != nil {
		s.f.fail(err)
		return
	}
	if now.Before(s.f.set) {
		s.link(true)
	}
}

// tick lets the platform computer do what is due.
func (s *space) tick() { s.do(s.ttc.Tick) }

// do gives the platform computer an input, sends what it wants sent, and looks when it
// wants to be woken.
func (s *space) do(input func(now time.Time)) {
	input(s.f.loop.Now())
	bursts(s.ttc.Bursts(), s.down, s.beacons)
	s.f.loop.Cancel(s.wakeTTC)
	s.wakeTTC = nil
	if at, ok := s.ttc.NextWake(); ok {
		s.wakeTTC = s.f.loop.At(at, s.tick)
	}
}

// telecommand takes what the VHF receiver found.
func (s *space) telecommand(_ time.Time, frame []byte) {
	s.do(func(now time.Time) { s.ttc.Uplink(now, frame) })
}

func (s *space) finish(r *Report) {
	r.Space = s.ttc.Status().Counters
	r.App.Installed = s.installed
	for i := range r.Commands {
		if r.Commands[i].Counted {
			r.Commands[i].Performed = s.performed[byte(i)]
		}
	}
	if n := s.f.hops[0].stats.Sent; n > r.Space.FramesAccepted {
		h := s.f.hops[0]
		h.stats.Resent, h.stats.ResentUnit = n-r.Space.FramesAccepted, "frames"
	}
}
