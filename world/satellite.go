package world

import (
	"fmt"
	"sync"
	"time"

	"spacechain/identity"
	"spacechain/platform"
	"spacechain/platform/bus"
	"spacechain/satellite"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/system"
	"spacechain/world/host"
	"spacechain/world/sense"
)

// busDelay is how long a datagram takes from one computer of a satellite to the other.
const busDelay = time.Millisecond

// devices lets a platform read a satellite's instruments.
type devices struct{ suite *sense.Suite }

// Read implements platform.Devices.
func (d devices) Read(name string, t time.Time) (platform.Sample, bool) {
	r, err := d.suite.Read(name, t)
	if err != nil {
		return platform.Sample{}, false
	}
	return platform.Sample{Time: r.Time, Values: r.Values, Data: r.Data}, true
}

// The payload may draw more when the battery is well charged.
const (
	payloadWatts     = 6.0
	payloadWattsLow  = 2.5
	batteryWellAbove = 0.5
)

// Power implements platform.Devices, from the power sensor and the Sun.
func (d devices) Power(t time.Time) bus.Budget {
	b := bus.Budget{Watts: payloadWattsLow}
	if r, err := d.suite.Read(sense.Power, t); err == nil && len(r.Values) > 0 {
		if b.BatteryFraction = r.Values[0]; b.BatteryFraction > batteryWellAbove {
			b.Watts = payloadWatts
		}
	}
	if truth, err := d.suite.Truth(t); err == nil {
		b.Sunlit = truth.Light > 0
	}
	return b
}

// Devices gives a platform that reads simulated instruments.
func Devices(suite *sense.Suite) platform.Devices { return devices{suite} }

// keysOf gives the satellites' identities, each made once.
func keysOf(o Options) func(uint64) *identity.Key {
	var mu sync.Mutex
	made := map[uint64]*identity.Key{}
	return func(satellite uint64) *identity.Key {
		mu.Lock()
		defer mu.Unlock()
		if made[satellite] == nil {
			made[satellite] = o.key(fmt.Sprintf("satellite/%d", satellite))
		}
		return made[satellite]
	}
}

// publicOf gives the public keys of a satellite of this universe.
func (u *Universe) publicOf(node uint64) (identity.Public, bool) {
	if _, ok := u.names[node]; !ok || role(node) != "satellite" {
		return identity.Public{}, false
	}
	return u.keys(node).Public(), true
}

// policy is what the operator of a universe's satellites allows.
func policy(house identity.ID) gate.Policy {
	p := gate.DefaultPolicy(Sensors...)
	p.FirstParty = []gate.FirstParty{{Publisher: house, Roles: []string{manifest.RoleRuntime}}}
	return p
}

// satellite makes a satellite's two computers and the bus between them.
func (u *Universe) satellite(m *member, now time.Time) (host.Core, error) {
	track, err := u.topo.Track(m.id)
	if err != nil {
		return nil, err
	}
	flight := platform.New(Devices(sense.New(sense.Options{Seed: u.opts.Seed, Node: m.id, Orbit: track})))
	m.boots++
	boot := m.boots
	var payload *satellite.Payload
	// alive guards what comes back after a reset, for the payload before it.
	alive := func() bool { return !m.down && m.boots == boot }
	payload, err = satellite.New(now, satellite.Options{
		Node: m.id, Key: u.keys(m.id), Store: m.store, Plan: u.ahead.plan,
		Policy: policy(u.firsts.house), Sandbox: u.sandbox, House: u.firsts.owner, Aboard: u.firsts.packages,
		Orbit:   satellite.NewOrbit(track, u.sites()),
		Resumed: boot == 1, // what ended the universe was no fault of an app
		Traffic: u.traffic(m.id),
		Fail:    u.fail,
		Bus: func(d bus.Datagram) {
			u.loop.After(busDelay, func() {
				for _, answer := range flight.Receive(u.loop.Now(), d) {
					u.loop.After(busDelay, func() {
						if alive() {
							m.host.Do(func(now time.Time) { payload.Bus(now, answer) })
						}
					})
				}
			})
		},
		Start: func(j *system.Job) {
			u.run(m.id, j, func(r system.Result) {
				if alive() {
					m.host.Do(func(now time.Time) { payload.Finish(now, r) })
				}
			})
		},
	})
	if err != nil {
		return nil, err
	}
	return payload, nil
}

// run runs an activation on another goroutine and calls finish in the loop at the
// simulated time at which it ends. The loop waits for it at activationDelay after its
// start, and not before, so that history does not depend on how fast the machine is.
func (u *Universe) run(node uint64, j *system.Job, finish func(system.Result)) {
	start := u.loop.Now()
	var r system.Result
	done := make(chan struct{})
	u.jobs.Go(func() {
		u.slots <- struct{}{}
		defer func() { <-u.slots }()
		defer close(done)
		r = j.Run(u.sandbox)
	})
	u.loop.At(start.Add(activationDelay), func() {
		u.loop.Await(done)
		u.count.activations++
		u.log.line(u.loop.Now(), "satellite %d tenant %d activation %d %s gas %d",
			node, j.Tenant, j.Activation, r.Outcome.End, r.Outcome.GasUsed)
		u.loop.At(start.Add(max(activationDelay, r.Duration)), func() { finish(r) })
	})
}
