package process

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"spacechain/astro/elements"
	"spacechain/astro/sgp4"
	"spacechain/astro/visibility"
	"spacechain/clock"
	"spacechain/identity"
	"spacechain/platform"
	"spacechain/platform/bus"
	"spacechain/satellite"
	"spacechain/spaceos/command"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
	"spacechain/spaceos/system"
	"spacechain/world"
	"spacechain/world/sense"
)

// RunSatellite runs one of a satellite's two computers until ctx ends: the payload,
// or the platform beside it.
func RunSatellite(ctx context.Context, c *Config) error {
	switch c.Module {
	case "", "payload":
		return runPayload(ctx, c)
	case "platform":
		return runPlatform(ctx, c)
	}
	return fmt.Errorf("%w: module %q: want payload or platform", ErrConfig, c.Module)
}

// trajectory reads the satellite's own orbit.
func (c *Config) trajectory() (*visibility.Orbit, error) {
	if c.Elements == "" {
		return nil, fmt.Errorf("%w: elements is missing: a file with the satellite's TLE or OMM", ErrConfig)
	}
	f, err := os.Open(c.path(c.Elements))
	if err != nil {
		return nil, fmt.Errorf("%w: elements: %w", ErrConfig, err)
	}
	defer f.Close()
	sets, _, err := elements.Parse(f, elements.ChecksumWarn)
	if err != nil {
		return nil, fmt.Errorf("%w: elements %s: %w", ErrConfig, c.Elements, err)
	}
	for _, s := range sets {
		if uint64(s.NoradID) == c.Node {
			p, err := sgp4.New(s)
			if err != nil {
				return nil, fmt.Errorf("%w: elements %s: %w", ErrConfig, c.Elements, err)
			}
			return visibility.NewOrbit(p), nil
		}
	}
	return nil, fmt.Errorf("%w: elements %s has no satellite %d", ErrConfig, c.Elements, c.Node)
}

// runPlatform serves time, sensors and power on the bus.
func runPlatform(ctx context.Context, c *Config) error {
	pace, _, err := c.pace(clock.Wall().Now())
	if err != nil {
		return err
	}
	orbit, err := c.trajectory()
	if err != nil {
		return err
	}
	peer, err := addrOf("bus peer", c.Bus.Peer)
	if err != nil {
		return err
	}
	sock, err := open("bus", c.Bus.Listen)
	if err != nil {
		return err
	}
	defer sock.conn.Close()
	flight := platform.New(world.Devices(sense.New(sense.Options{Seed: c.Seed, Node: c.Node, Orbit: orbit})))
	return sock.read(ctx, func(from netip.AddrPort, data []byte) {
		d, err := bus.DecodeDatagram(data)
		if err != nil || from != peer {
			return
		}
		for _, answer := range flight.Receive(pace.At(clock.Wall().Now()), d) {
			sock.send(peer, answer.Encode())
		}
	})
}

// runPayload runs the computer that hosts strangers.
func runPayload(ctx context.Context, c *Config) (err error) {
	orbit, err := c.trajectory()
	if err != nil {
		return err
	}
	aboard, owner, policy, err := c.aboard()
	if err != nil {
		return err
	}
	peer, err := addrOf("bus peer", c.Bus.Peer)
	if err != nil {
		return err
	}
	r, err := newRole(c, clock.Wall().Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.shut()) }()
	key, err := c.key()
	if err != nil {
		return err
	}
	wire, err := open("bus", c.Bus.Listen)
	if err != nil {
		return err
	}
	r.close = append(r.close, wire.conn.Close)
	engine, err := sandbox.NewEngine(sandbox.Options{Interpreter: c.Interpreter, CacheDir: filepath.Join(c.path(c.DataDir), "modules")})
	if err != nil {
		return err
	}
	r.close = append(r.close, engine.Close)
	box := system.NewSandbox(engine)
	var jobs sync.WaitGroup
	r.close = append(r.close, func() error { jobs.Wait(); return nil }) // before the engine goes

	var payload *satellite.Payload
	payload, err = satellite.New(r.loop.Now(), satellite.Options{
		Node: c.Node, Key: key, Store: r.store, Plan: r.plan,
		Policy: policy, Sandbox: box, House: owner, Aboard: aboard,
		Orbit:  satellite.NewOrbit(orbit, nil),
		Limits: limits(r.pace), BusWait: busWait(r.pace),
		Fail: r.fail,
		Bus:  func(d bus.Datagram) { wire.send(peer, d.Encode()) },
		Start: func(j *system.Job) {
			jobs.Go(func() {
				result := j.Run(box)
				r.loop.Post(func() {
					r.wires.host.Do(func(now time.Time) { payload.Finish(now, result) })
				})
			})
		},
	})
	if err != nil {
		return err
	}
	r.tasks = append(r.tasks, func(ctx context.Context) error {
		return wire.read(ctx, func(from netip.AddrPort, data []byte) {
			d, err := bus.DecodeDatagram(data)
			if err != nil || from != peer {
				return
			}
			r.loop.Post(func() { r.wires.host.Do(func(now time.Time) { payload.Bus(now, d) }) })
		})
	})
	return r.run(ctx, payload)
}

// aboard reads the packages that are aboard, and whose first-party roles count.
func (c *Config) aboard() (packages [][]byte, owner command.Owner, policy gate.Policy, err error) {
	policy = gate.DefaultPolicy(world.Sensors...)
	if c.House != "" {
		house, err := c.house()
		if err != nil {
			return nil, owner, policy, err
		}
		policy.FirstParty = []gate.FirstParty{{Publisher: house, Roles: []string{manifest.RoleRuntime}}}
		copy(owner[:], house[:])
	}
	for _, name := range c.Aboard {
		b, err := os.ReadFile(c.path(name))
		if err != nil {
			return nil, owner, policy, fmt.Errorf("%w: aboard: %w", ErrConfig, err)
		}
		if _, err := spk.Open(b, spk.Limits{}); err != nil {
			return nil, owner, policy, fmt.Errorf("%w: aboard %s: %w", ErrConfig, name, err)
		}
		packages = append(packages, b)
	}
	return packages, owner, policy, nil
}

// house is the operator's identity: as text, or that of the public keys in a file.
func (c *Config) house() (identity.ID, error) {
	if strings.HasPrefix(c.House, "spc1") {
		id, err := identity.ParseID(c.House)
		if err != nil {
			return id, fmt.Errorf("%w: house: %w", ErrConfig, err)
		}
		return id, nil
	}
	p, err := c.public("house", c.House)
	if err != nil {
		return identity.ID{}, err
	}
	return p.ID(), nil
}

// public reads a file of public keys.
func (c *Config) public(whose, file string) (identity.Public, error) {
	text, err := os.ReadFile(c.path(file))
	if err != nil {
		return identity.Public{}, fmt.Errorf("%w: key of %s: %w", ErrConfig, whose, err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return identity.Public{}, fmt.Errorf("%w: key of %s in %s: want hexadecimal, as \"spacechain key export --public\" prints it", ErrConfig, whose, file)
	}
	p, err := identity.DecodePublic(b)
	if err != nil {
		return identity.Public{}, fmt.Errorf("%w: key of %s in %s: %w", ErrConfig, whose, file, err)
	}
	return p, nil
}

// busWait is how long the platform may take: at a fast pace, what a busy machine
// needs to pass a datagram on is much of simulated time.
func busWait(p clock.Pace) time.Duration {
	return 200*time.Millisecond + time.Duration(10*float64(machineDelay)*p.Factor)
}

// limits gives an app the time that it has in orbit. Where simulated time runs faster
// than the machine's, what an activation takes is modelled, and the watchdog waits
// longer.
func limits(p clock.Pace) system.Limits {
	if p.Factor <= 1 {
		return system.Limits{Measured: true}
	}
	return system.Limits{
		WallLimit:  time.Duration(p.Factor * float64(time.Minute)),
		SensorWait: 5*time.Second + 4*busWait(p),
	}
}
