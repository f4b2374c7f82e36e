package apptest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"spacechain/astro/sgp4"
	"spacechain/astro/visibility"
	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/satellite"
	"spacechain/spaceos/command"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
	"spacechain/spaceos/system"
	"spacechain/world"
	"spacechain/world/sense"
	"spacechain/world/topology"
)

// ErrNoRuntime is wrapped by the error of a test of an app whose runtime this
// program was built without.
var ErrNoRuntime = errors.New("built without the runtime")

// owner is the endpoint of the owner's inbox: the first terminal's.
const owner = "ipn:3000001.2"

// bench is one on-board computer with one app under test.
type bench struct {
	opt    Options
	now    time.Time
	ctx    context.Context
	engine *sandbox.Engine
	box    *system.Sandbox
	sys    *system.System
	orbit  *visibility.Orbit
	suite  *sense.Suite

	author *identity.Key // publisher and owner
	aboard *identity.Key // the satellite's

	tenant   uint64
	counter  uint64
	requests uint64
	replies  map[command.RequestID]*command.Reply
	sent     []Sent // by the activation that has just ended
	done     []Activation

	since  time.Time // when the awaited trigger fired last, or its wait began
	others int       // activations since
}

// testKey gives a key of the bench's own: always the same one, and nobody's.
func testKey(name string) *identity.Key {
	var seed [identity.SeedSize]byte
	copy(seed[:], "spacechain app test "+name)
	return identity.FromSeed(seed)
}

func newBench(ctx context.Context, o Options) (*bench, error) {
	prop, err := sgp4.New(o.Satellite)
	if err != nil {
		return nil, fmt.Errorf("test %s: orbit of satellite %d: %w", o.Manifest.App, o.Satellite.NoradID, err)
	}
	b := &bench{opt: o, now: o.Start, ctx: ctx, orbit: visibility.NewOrbit(prop), author: testKey("author"), aboard: testKey("satellite"),
		counter: o.Manifest.Counter, replies: map[command.RequestID]*command.Reply{}}
	if _, _, err := b.orbit.ECEF(b.now); err != nil {
		return nil, fmt.Errorf("test %s: orbit of satellite %d at %s: %w; choose a time near its element epoch %s",
			o.Manifest.App, o.Satellite.NoradID, b.now.Format(time.RFC3339), err, o.Satellite.Epoch.Format(time.RFC3339))
	}
	node := uint64(o.Satellite.NoradID)
	b.suite = sense.New(sense.Options{Seed: o.Seed, Node: node, Orbit: b.orbit})
	var sites []satellite.Site
	for _, s := range topology.Builtin() {
		sites = append(sites, satellite.Site{Name: s.Name, Site: visibility.Site{Geodetic: s.Place, MinElevationDeg: s.MinElevationDeg, Mask: s.Mask}})
	}
	if b.engine, err = sandbox.NewEngine(sandbox.Options{Interpreter: o.Interpreter, CacheDir: o.Cache}); err != nil {
		return nil, fmt.Errorf("test %s: start the sandbox: %w", o.Manifest.App, err)
	}
	b.box = system.NewSandbox(b.engine)
	house := testKey("house")
	policy := gate.DefaultPolicy(sensors()...)
	policy.FirstParty = []gate.FirstParty{{Publisher: house.Public().ID(), Roles: []string{manifest.RoleRuntime}}}
	b.sys, err = system.New(b.now, system.Options{
		Satellite: node, Key: b.aboard, Store: kv.NewMemory(), Policy: policy, Checker: b.box,
		Orbit: satellite.NewOrbit(b.orbit, sites),
		Limits: system.Limits{Workers: 1,
			// The author wants to see everything, and every trigger even after a failure.
			LogBytes: 1 << 20, LogTail: 1 << 20, Backoff: time.Millisecond, MaxBackoff: time.Millisecond, MaxFailures: 1 << 32},
	})
	if err != nil {
		return nil, errors.Join(err, b.engine.Close())
	}
	if o.Manifest.Runtime != manifest.RuntimeWasm {
		if err := b.installRuntime(house); err != nil {
			return nil, errors.Join(err, b.engine.Close())
		}
	}
	return b, nil
}

func sensors() []string {
	var names []string
	for _, s := range sense.Sensors() {
		names = append(names, s.Name)
	}
	return names
}

// installRuntime puts the engine that the app names aboard, as a first-party package.
func (b *bench) installRuntime(house *identity.Key) error {
	if name := b.opt.Manifest.Runtime; name != manifest.RuntimeJS {
		return fmt.Errorf("test %s: runtime %s: there are %s and %s", b.opt.Manifest.App, name, manifest.RuntimeWasm, manifest.RuntimeJS)
	}
	p, err := world.RuntimePackage(house)
	if err == nil && p == nil {
		err = fmt.Errorf("%w: run \"make runtime\" and build the program again", ErrNoRuntime)
	}
	if err != nil {
		return fmt.Errorf("test %s: runtime %s: %w", b.opt.Manifest.App, b.opt.Manifest.Runtime, err)
	}
	if _, err := b.sys.Preinstall(b.now, p.Encode(), command.OwnerOf(house), owner, ""); err != nil {
		return fmt.Errorf("test %s: runtime %s: %w", b.opt.Manifest.App, b.opt.Manifest.Runtime, err)
	}
	return b.settle()
}

// send signs a command of the owner, hands it to the satellite and gives the reply,
// if there is one by the time that all is at rest.
func (b *bench) send(c command.Command) (*command.Reply, error) {
	b.requests++
	binary.BigEndian.PutUint64(c.Request[8:], b.requests)
	c.Satellite, c.ReplyTo = b.sys.Satellite(), owner
	c.Issued, c.Expires = b.now, b.now.Add(time.Hour)
	signed, err := c.Sign(b.author)
	if err != nil {
		return nil, err
	}
	in := system.Inbound{ID: c.Request.String(), Source: owner, Service: command.Service, Payload: signed}
	if err := b.sys.Message(b.now, in); err != nil {
		return nil, err
	}
	if err := b.settle(); err != nil {
		return nil, err
	}
	return b.replies[c.Request], nil
}

// deploy installs the app, or updates it, with only some of its triggers on. Each
// time it is a new release to the gate; the tenant keeps its data.
func (b *bench) deploy(on func(manifest.Trigger) bool) error {
	m := b.opt.Manifest
	m.Counter = b.counter
	b.counter++
	m.Triggers = nil
	for _, t := range b.opt.Manifest.Triggers {
		if t.Optional = !on(t); t.Optional && t.Kind == manifest.Install {
			continue // install triggers cannot be optional
		}
		m.Triggers = append(m.Triggers, t)
	}
	p, err := spk.Sign(m, b.opt.Module, b.author)
	if err != nil {
		return err
	}
	reply, err := b.send(command.Command{Op: command.Deploy, Body: p.Encode()})
	if err != nil {
		return err
	}
	if reply == nil {
		return fmt.Errorf("deploy %s: the satellite did not answer", m.App)
	}
	if reply.Code != command.OK {
		return &RefusedError{App: m.App, Code: reply.Code, Message: reply.Message}
	}
	b.tenant = reply.Tenant
	return nil
}

// settle does what the operating system wants done until it is at rest.
func (b *bench) settle() error {
	for {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		todo, err := b.sys.Ready()
		if err != nil || todo.Empty() {
			return err
		}
		for _, r := range todo.Runtimes {
			if err := b.box.Install(r); err != nil {
				return err
			}
		}
		for _, m := range todo.Messages {
			if err := b.message(m); err != nil {
				return err
			}
			b.sys.Sent(m.ID)
		}
		for _, r := range todo.SensorRequests {
			if err := b.sys.Sensors(b.now, r.Job, b.read(r.Sensors)); err != nil {
				return err
			}
		}
		for _, j := range todo.Jobs {
			result := j.Run(b.box)
			b.now = b.now.Add(result.Duration)
			if err := b.sys.Finish(b.now, result); err != nil {
				return err
			}
		}
	}
}

// read samples sensors now.
func (b *bench) read(names []string) []system.SensorReading {
	var out []system.SensorReading
	for _, name := range names {
		r, err := b.suite.Read(name, b.now)
		reading := system.SensorReading{Name: name, Reading: sandbox.Reading{Time: r.Time, Values: r.Values, Data: r.Data}}
		switch {
		case errors.Is(err, sense.ErrUnknown):
			reading.Errno = sandbox.EUnavailable
		case err != nil:
			reading.Errno = sandbox.EBusy
		}
		out = append(out, reading)
	}
	return out
}

// message takes what the satellite sends.
func (b *bench) message(m system.Outbound) error {
	if m.Destination != owner {
		b.sent = append(b.sent, Sent{To: m.Destination, Data: m.Payload})
		return nil
	}
	in, err := command.OpenInbox(m.Payload)
	if err != nil { // an app that writes to its owner's endpoint by itself
		b.sent = append(b.sent, Sent{To: m.Destination, Data: m.Payload})
		return nil
	}
	switch in.Kind {
	case command.KindReply:
		if err := in.Verify(b.aboard.Public()); err != nil {
			return err
		}
		b.replies[in.Reply.Request] = in.Reply
	case command.KindApp:
		b.sent = append(b.sent, Sent{To: manifest.PeerOwner, Data: in.App.Payload})
	case command.KindResult:
		return b.ended(in)
	}
	return nil
}

// ended notes an activation that is over.
func (b *bench) ended(in *command.Inbox) error {
	r := &in.Result.Receipt.Receipt
	a := Activation{
		Number: r.Activation, Kind: r.Trigger, Trigger: r.TriggerName, Time: r.Started, End: r.End, Detail: b.readable(in.Result.Report.Detail),
		Gas: r.Gas, PeakMemory: r.PeakMemory, Duration: r.Duration, Stored: r.BytesStored, Result: in.Result.Result,
		Logs: []Log{}, Sent: b.sent, Receipt: *r, Verified: in.Verify(b.aboard.Public()) == nil,
	}
	b.sent = nil
	if a.Sent == nil {
		a.Sent = []Sent{}
	}
	for _, l := range in.Result.Report.Logs {
		a.Logs = append(a.Logs, Log{levelName(l.Level), b.readable(l.Text)})
	}
	truth, err := b.suite.Truth(r.Started)
	if err != nil {
		return err
	}
	a.at(truth.Place, truth.Light)
	b.done = append(b.done, a)
	return nil
}

// readable leads the places of a stack back to the author's sources.
func (b *bench) readable(text string) string {
	if b.opt.SourceMap == nil {
		return text
	}
	return b.opt.SourceMap.Rewrite(text)
}
