// Package satellite is the payload computer of a satellite: a node of the mesh, the
// operating system that runs strangers' apps, and the bus to the platform.
//
// It is a core: frames, datagrams from the bus and the ends of activations go in;
// frames, datagrams and activations to run come out. The platform computer is
// another node; the two share nothing but the bus.
package satellite

import (
	"errors"
	"fmt"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/platform/bus"
	"spacechain/spaceos/command"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/system"
)

// Options are what a payload computer is made of.
type Options struct {
	Node    uint64 // its node number
	Key     *identity.Key
	Store   kv.Store // all that it keeps
	Plan    *contact.Plan
	Policy  gate.Policy
	Leases  gate.LeaseChecker // nil admits without payment, see gate.OpenLeases
	Sandbox Sandbox
	Orbit   system.OrbitEvents
	Limits  system.Limits
	Resumed bool // see system.Options
	// Aboard are the packages that the operator, House, puts aboard before launch,
	// such as runtimes. They go through the gate like every other.
	Aboard [][]byte
	House  command.Owner
	Files  FilePolicy // what files are taken by CFDP

	// Bus sends a datagram to the platform.
	Bus func(bus.Datagram)
	// BusWait is how long the platform may take to answer before it is asked again; 0
	// means 200 ms.
	BusWait time.Duration
	// Start runs an activation elsewhere and calls Finish when it has ended.
	Start func(*system.Job)
	// Traffic, if set, is told what the mesh node does with bundles.
	Traffic func(node.Event)
	// Fail is told of an error after which the payload must be started anew.
	Fail func(error)
}

// Sandbox checks modules and takes runtimes; *system.Sandbox is one. Several satellites
// of a simulation share one.
type Sandbox interface {
	gate.Checker
	Install(system.Runtime) error
}

// Payload is the core. Its methods belong to one goroutine.
type Payload struct {
	opts    Options
	node    *node.Node
	bundles *store.Store
	system  *system.System
	asked   map[system.JobID]*question // sensor requests that the platform has not answered
	held    map[string]bundle.ID       // deliveries that the operating system has not handled
	power   powerWatch
	files   files
	unsent  []system.Outbound // messages that the bundle store had no room for
	retry   time.Time         // when to try again; zero if nothing waits
	failed  bool
}

// New gives a payload computer that goes on from what its store holds.
func New(now time.Time, o Options) (*Payload, error) {
	if o.BusWait == 0 {
		o.BusWait = askAfter
	}
	bundles, err := store.Open(kv.Prefix(o.Store, "bundles/"), store.Options{})
	if err != nil {
		return nil, fmt.Errorf("open satellite %d: %w", o.Node, err)
	}
	p := &Payload{opts: o, bundles: bundles, held: map[string]bundle.ID{}, asked: map[system.JobID]*question{}}
	if p.node, err = node.New(now, node.Config{Node: o.Node, Store: bundles, Plan: o.Plan, Services: p.serves, HopLimit: hopLimit}); err != nil {
		return nil, fmt.Errorf("open satellite %d: %w", o.Node, err)
	}
	used := false
	if err := kv.Prefix(o.Store, osPrefix).Scan(nil, func(_, _ []byte) error { used = true; return errUsed }); err != nil && !used {
		return nil, fmt.Errorf("open satellite %d: %w", o.Node, err)
	}
	if used { // tenants have work to do whether or not anybody calls
		if err := p.start(now); err != nil {
			return nil, err
		}
	}
	if err := p.resumeFiles(now); err != nil {
		return nil, err
	}
	return p, nil
}

// hopLimit suits a constellation of thousands, in which a bundle goes from neighbour
// to neighbour half-way round the Earth.
const hopLimit = 255

// osPrefix keeps the operating system's records apart from the node's bundles.
const osPrefix = "os/"

var errUsed = errors.New("the store has been used")

// start brings the operating system up. A satellite that only passes bundles on has
// none, so that a constellation of thousands costs what it uses.
func (p *Payload) start(now time.Time) (err error) {
	o := &p.opts
	if p.system, err = system.New(now, system.Options{
		Satellite: o.Node, Key: o.Key, Store: kv.Prefix(o.Store, osPrefix), Policy: o.Policy,
		Checker: o.Sandbox, Leases: o.Leases, Orbit: o.Orbit, Limits: o.Limits, Resumed: o.Resumed,
	}); err != nil {
		return fmt.Errorf("start the system of satellite %d: %w", o.Node, err)
	}
	for i, pkg := range o.Aboard {
		if _, err := p.system.Preinstall(now, pkg, o.House, "", ""); err != nil {
			return fmt.Errorf("start the system of satellite %d: package %d aboard: %w", o.Node, i, err)
		}
	}
	p.power.next = now
	return nil
}

// serves says whether anybody lives at a service number.
func (p *Payload) serves(service uint64) bool {
	return service == command.Service || service >= system.FirstTenant
}

// Tenants is the number of tenants installed, the operator's own left out.
func (p *Payload) Tenants() int {
	if p.system == nil {
		return 0
	}
	return len(p.system.Tenants()) - len(p.opts.Aboard)
}

// QueuedBytes is the number of bytes of bundles that wait on board.
func (p *Payload) QueuedBytes() uint64 { return uint64(p.bundles.Bytes()) }

// LinkUp tells that a neighbour can be heard.
func (p *Payload) LinkUp(now time.Time, l node.LinkInfo) error { return p.node.LinkUp(now, l) }

// LinkDown tells that a neighbour can no longer be heard.
func (p *Payload) LinkDown(now time.Time, peer uint64) { p.node.LinkDown(now, peer) }

// Frame takes a frame as it came in.
func (p *Payload) Frame(now time.Time, peer uint64, frame []byte) { p.node.Frame(now, peer, frame) }

// SetPlan gives a new contact plan.
func (p *Payload) SetPlan(now time.Time, plan *contact.Plan) { p.node.SetPlan(now, plan) }

// Tick does what has become due.
func (p *Payload) Tick(now time.Time) {
	p.node.Tick(now)
	if p.files.entity != nil && !p.failed {
		p.check(p.files.entity.Tick(now))
	}
	if p.system != nil && !p.failed {
		p.check(p.system.Tick(now))
		p.setRight(now)
		p.askAgain(now)
		p.watchPower(now)
		if !p.retry.IsZero() && !now.Before(p.retry) {
			p.sendAll(now)
		}
	}
}

// setRight brings near what was put off by a clock that was ahead and has been set right.
func (p *Payload) setRight(now time.Time) {
	nearer := func(at *time.Time, most time.Duration) {
		if soon := now.Add(most); at.After(soon) {
			*at = soon
		}
	}
	nearer(&p.retry, sendAgain)
	nearer(&p.power.next, powerEvery)
	for _, q := range p.asked {
		nearer(&q.again, p.opts.BusWait)
	}
}

// NextWake is when Tick is next wanted.
func (p *Payload) NextWake() (time.Time, bool) {
	if p.failed {
		return time.Time{}, false
	}
	at, ok := p.node.NextWake()
	sooner := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if p.files.entity != nil {
		if t, due := p.files.entity.Next(); due {
			sooner(t)
		}
	}
	if p.system == nil {
		return at, ok
	}
	if t, due := p.system.NextWake(); due {
		sooner(t)
	}
	if !p.retry.IsZero() {
		sooner(p.retry)
	}
	for _, q := range p.asked {
		sooner(q.again)
	}
	sooner(p.power.next)
	return at, ok
}

// Finish takes the end of an activation that Start was given.
func (p *Payload) Finish(now time.Time, r system.Result) {
	if !p.failed {
		p.check(p.system.Finish(now, r))
	}
}

// check stops the payload on an error of its store: what it would do from then on
// could not be relied on.
func (p *Payload) check(err error) {
	if err != nil && !p.failed {
		p.failed = true
		p.opts.Fail(fmt.Errorf("satellite %d: %w", p.opts.Node, err))
	}
}

// Drain lets the operating system and the mesh node exchange what they have for each
// other until both are at rest, and gives the frames to send.
func (p *Payload) Drain(now time.Time) (frames []node.OutFrame) {
	for !p.failed {
		mesh := p.node.Ready()
		frames = append(frames, mesh.Frames...)
		for _, e := range mesh.Events {
			if p.opts.Traffic != nil {
				p.opts.Traffic(e)
			}
			if e.Kind == node.EventStoreFailed && !errors.Is(e.Err, store.ErrFull) {
				p.check(e.Err)
			}
		}
		orders := len(p.files.orders) > 0
		if (orders || len(mesh.Deliveries) > 0) && p.system == nil {
			if p.check(p.start(now)); p.failed {
				return frames
			}
		}
		for _, d := range mesh.Deliveries {
			p.check(p.system.Message(now, system.Inbound{
				ID: p.hold(d.ID), Source: d.Source.String(), Service: d.Dst.Service(), Payload: d.Payload,
			}))
		}
		if p.system == nil {
			return frames
		}
		if orders && !p.failed {
			p.handOver(now)
		}
		todo, err := p.system.Ready()
		if p.check(err); err != nil {
			return frames
		}
		if todo.Empty() && len(mesh.Deliveries) == 0 && !orders {
			return frames
		}
		p.act(now, todo)
	}
	return frames
}

// lifetime is how long a satellite's bundle may be under way: long enough for the
// next pass of a lone satellite and some that fail.
const lifetime = 72 * time.Hour

// hold remembers a delivery under the name that the operating system gives back.
func (p *Payload) hold(id bundle.ID) string {
	name := id.String()
	p.held[name] = id
	return name
}

// act does what the operating system wants done.
func (p *Payload) act(now time.Time, todo system.Ready) {
	for _, r := range todo.Runtimes {
		p.check(p.opts.Sandbox.Install(r))
	}
	p.unsent = append(p.unsent, todo.Messages...)
	p.sendAll(now)
	for _, name := range todo.Handled {
		if id, ok := p.held[name]; ok {
			delete(p.held, name)
			if err := p.node.Consume(id); !errors.Is(err, node.ErrUnknownBundle) { // that one has expired meanwhile
				p.check(err)
			}
			continue
		}
		p.fileHandled(now, name)
	}
	for _, r := range todo.SensorRequests {
		p.ask(now, r)
	}
	for _, j := range todo.Jobs {
		p.opts.Start(j)
	}
}

// sendAgain is how long a message waits when the bundle store has no room for it.
const sendAgain = time.Minute

// sendAll hands the operating system's messages to the mesh node, in order. Where the
// bundle store is full they wait, durable where they are.
func (p *Payload) sendAll(now time.Time) {
	for len(p.unsent) > 0 {
		m := p.unsent[0]
		dst, err := bundle.ParseEID(m.Destination)
		if err == nil {
			_, err = p.node.Send(now, node.SendRequest{Service: m.Service, Dst: dst, Payload: m.Payload, Lifetime: lifetime})
		}
		switch {
		case errors.Is(err, store.ErrFull):
			p.retry = now.Add(sendAgain)
			return
		case errors.Is(err, bundle.ErrEID), errors.Is(err, node.ErrDestination), errors.Is(err, node.ErrTooLarge):
			// nobody can ever be sent this
		case err != nil:
			p.check(err)
			return
		}
		p.system.Sent(m.ID)
		p.unsent = p.unsent[1:]
	}
	p.unsent, p.retry = nil, time.Time{}
}
