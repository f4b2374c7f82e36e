package system

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
)

const satellite = 90001

var (
	dawn         = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	satelliteKey = identity.FromSeed([32]byte{0x5a})
	publisherKey = identity.FromSeed([32]byte{0x01})
	owners       = map[string]*identity.Key{"alice": identity.FromSeed([32]byte{0xa1}), "bob": identity.FromSeed([32]byte{0xb0})}
	inboxes      = map[string]string{"alice": "ipn:3000001.2", "bob": "ipn:3000002.2"}
)

// everyQuarter fires orbit triggers at each quarter of an hour.
type everyQuarter struct{}

func (everyQuarter) Next(_ manifest.Trigger, after time.Time) (time.Time, bool) {
	return after.Truncate(15 * time.Minute).Add(15 * time.Minute), true
}

// ground drives one system as the satellite role does, with time of its own, and
// reads what comes down as owners do.
type ground struct {
	t       testing.TB
	now     time.Time
	opt     Options
	sys     *System
	engine  Engine
	hold    bool // jobs are kept in held instead of being run
	held    []*Job
	mute    bool // sensor requests are left unanswered
	deaf    bool // the bundle node takes no messages
	count   uint64
	inbox   []*command.Inbox
	peers   []Outbound // messages to others
	events  []Event
	handled []string
}

func options(store kv.Store) Options {
	policy := gate.DefaultPolicy("magnetometer", "camera")
	policy.FirstParty = []gate.FirstParty{{Publisher: publisherKey.Public().ID(), Roles: []string{manifest.RoleRuntime}}}
	return Options{Satellite: satellite, Key: satelliteKey, Store: store, Policy: policy, Checker: scriptEngine{}, Orbit: everyQuarter{},
		Limits: Limits{GasPerSecond: 1_000_000}}
}

func newGround(t testing.TB, opt Options) *ground {
	g := &ground{t: t, now: dawn, opt: opt, engine: scriptEngine{}}
	g.restart()
	return g
}

// restart begins a new life of the system on the same store, as after a crash.
func (g *ground) restart() {
	g.t.Helper()
	sys, err := New(g.now, g.opt)
	if err != nil {
		g.t.Fatal(err)
	}
	g.sys, g.held = sys, nil
}

func (g *ground) check(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// drain does what the system wants done until it wants nothing more. Jobs run at once;
// their results come back when their modelled time is over.
func (g *ground) drain() {
	g.t.Helper()
	for {
		r, err := g.sys.Ready()
		g.check(err)
		if r.Empty() {
			return
		}
		g.take(r)
		for _, q := range r.SensorRequests {
			if !g.mute {
				g.check(g.sys.Sensors(g.now, q.Job, g.read(q.Sensors)))
			}
		}
		for _, j := range r.Jobs {
			if g.hold {
				g.held = append(g.held, j)
				continue
			}
			g.finish(j)
		}
	}
}

func (g *ground) finish(j *Job) {
	res := j.Run(g.engine)
	g.now = later(g.now, j.Started().Add(res.Duration))
	g.check(g.sys.Finish(g.now, res))
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (g *ground) read(names []string) []SensorReading {
	var out []SensorReading
	for _, n := range names {
		out = append(out, SensorReading{Name: n, Reading: sandbox.Reading{Time: g.now, Values: []float64{float64(g.now.Sub(dawn) / time.Second)}}})
	}
	return out
}

func (g *ground) take(r Ready) {
	g.t.Helper()
	g.events = append(g.events, r.Events...)
	g.handled = append(g.handled, r.Handled...)
	if g.deaf {
		return
	}
	for _, m := range r.Messages {
		g.sys.Sent(m.ID)
		in, err := command.OpenInbox(m.Payload)
		if err != nil {
			g.peers = append(g.peers, m)
			continue
		}
		g.check(in.Verify(satelliteKey.Public()))
		g.inbox = append(g.inbox, in)
	}
}

// run lets time pass.
func (g *ground) run(d time.Duration) {
	g.t.Helper()
	end := g.now.Add(d)
	g.drain()
	for {
		next, ok := g.sys.NextWake()
		if !ok || next.After(end) {
			break
		}
		g.now = later(g.now, next)
		g.check(g.sys.Tick(g.now))
		g.drain()
	}
	g.now = later(g.now, end)
	g.check(g.sys.Tick(g.now))
	g.drain()
}

// deliver hands the system a bundle, without draining it.
func (g *ground) deliver(from string, service uint64, payload []byte) string {
	g.t.Helper()
	g.count++
	id := fmt.Sprintf("delivery %d", g.count)
	g.check(g.sys.Message(g.now, Inbound{ID: id, Source: from, Service: service, Payload: payload}))
	return id
}

// command makes an owner's signed command.
func (g *ground) command(owner string, c command.Command) []byte {
	g.t.Helper()
	g.count++
	if c.Request == (command.RequestID{}) {
		binary.BigEndian.PutUint64(c.Request[:], g.count)
	}
	if c.Satellite == 0 {
		c.Satellite = satellite
	}
	if c.Issued.IsZero() {
		c.Issued = g.now
	}
	if c.Expires.IsZero() {
		c.Expires = c.Issued.Add(time.Hour)
	}
	if c.ReplyTo == "" {
		c.ReplyTo = inboxes[owner]
	}
	b, err := c.Sign(owners[owner])
	g.check(err)
	return b
}

// order sends a command, drains, and gives the reply.
func (g *ground) order(owner string, c command.Command) *command.Reply {
	g.t.Helper()
	b := g.command(owner, c)
	return g.obey(owner, b)
}

func (g *ground) obey(owner string, b []byte) *command.Reply {
	g.t.Helper()
	from := len(g.inbox)
	g.deliver(inboxes[owner], command.Service, b)
	g.drain()
	for i := len(g.inbox) - 1; i >= from; i-- { // what a crash left unsent comes before
		if r := g.inbox[i].Reply; r != nil {
			return r
		}
	}
	return nil
}

// app gives a small manifest; each change spoils or widens it.
func app(name string, changes ...func(*manifest.Manifest)) manifest.Manifest {
	m := manifest.Manifest{App: name, Version: "1.0.0", Counter: 1, Runtime: manifest.RuntimeWasm, Limits: manifest.Limits{
		MemoryBytes: 1 << 20, StorageBytes: 4096, GasPerActivation: 1_000_000, MessagesPerActivation: 3, MessagesPerHour: 10, MessageBytesPerHour: 10000}}
	for _, c := range changes {
		c(&m)
	}
	return m
}

func on(ts ...manifest.Trigger) func(*manifest.Manifest) {
	return func(m *manifest.Manifest) { m.Triggers = append(m.Triggers, ts...) }
}

var (
	byMessage = manifest.Trigger{Name: "query", Kind: manifest.Message}
	byMinute  = manifest.Trigger{Name: "tick", Kind: manifest.Schedule, Every: time.Minute}
	byInstall = manifest.Trigger{Name: "first", Kind: manifest.Install}
)

func pack(t testing.TB, m manifest.Manifest, code string) *spk.Package {
	t.Helper()
	p, err := spk.Sign(m, []byte(code), publisherKey)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func uplink(t testing.TB, p *spk.Package) []byte {
	t.Helper()
	b, err := p.EncodeUplink(spk.UplinkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// deploy deploys as alice and gives the tenant's number.
func (g *ground) deploy(m manifest.Manifest, code string) uint64 {
	g.t.Helper()
	r := g.order("alice", command.Command{Op: command.Deploy, Body: uplink(g.t, pack(g.t, m, code))})
	if r == nil || r.Code != command.OK {
		g.t.Fatalf("deploy %s: %+v", m.App, r)
	}
	return r.Tenant
}

// results gives the results that came down so far, as "activation end result" lines,
// without those that a crash made come twice.
func (g *ground) results() []string {
	var out []string
	for _, m := range g.inbox {
		if m.Result != nil {
			r := m.Result.Receipt.Receipt
			line := strings.TrimSpace(fmt.Sprintf("%d/%d %s %s", r.Tenant, r.Activation, r.End, m.Result.Result))
			if !slices.Contains(out, line) {
				out = append(out, line)
			}
		}
	}
	return out
}
