package world

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"spacechain/astro/visibility"
	"spacechain/clock"
	"spacechain/cloud/api"
	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/link/channel"
	"spacechain/satellite"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/system"
	"spacechain/terminal"
	"spacechain/world/host"
	"spacechain/world/scenario"
	"spacechain/world/topology"
)

// Universe is a whole simulated network. Make it with New, let it live with Run,
// and end it with Close. What asks it from outside (Backend, Submit) may be called
// from any goroutine while it runs.
type Universe struct {
	opts      Options
	loop      *clock.Loop
	topo      *topology.Topology
	ahead     *horizon
	faults    *scenario.Faults
	engine    *sandbox.Engine
	sandbox   *system.Sandbox // of the engine, shared by all satellites
	log       *eventLog
	start     time.Time // at which this history began
	members   map[uint64]*member
	openHops  map[*hop]struct{}
	names     map[uint64]string
	keys      func(satellite uint64) *identity.Key
	firsts    *firstParty
	slots     chan struct{} // activations that may run at once
	jobs      sync.WaitGroup
	store     kv.Store // of every node, in parts; nil without a folder
	count     counts
	failure   error
	stop      context.CancelFunc
	desk      terminal.Desk
	clockfile *clockFile

	watchers []func(terminal.Change)
	ways     []*ways
	tracking *tracking
	depth    Depth
	ended    chan struct{} // closed when Run returns
}

// counts are running totals.
type counts struct {
	frames, delivered, activations, results uint64
}

// core is what every role's core has beside host.Core.
type core interface {
	host.Core
	SetPlan(now time.Time, p *contact.Plan)
}

// New makes a universe, or takes up the one that Options.DataDir holds.
func New(o Options) (*Universe, error) {
	if len(o.Topology.Terminals) == 0 {
		o.Topology.Terminals = homeTerminal()
	}
	if o.Radio == Samples && o.Topology.Radios == nil {
		r := topology.DefaultRadios()
		r.Satellite.Limit(sampleRateLimit)
		r.Station.Limit(sampleRateLimit)
		o.Topology.Radios = &r
	}
	topo, err := topology.New(o.Topology)
	if err != nil {
		return nil, fmt.Errorf("make universe: %w", err)
	}
	ahead, err := topology.New(o.Topology)
	if err != nil {
		return nil, fmt.Errorf("make universe: %w", err)
	}
	u := &Universe{
		opts: o, topo: topo, log: newEventLog(), start: topo.Start(),
		members: map[uint64]*member{}, openHops: map[*hop]struct{}{}, names: map[uint64]string{}, ended: make(chan struct{}), depth: o.Radio,
	}
	u.log.write = o.EventLog
	if o.Workers <= 0 {
		o.Workers = runtime.NumCPU()
	}
	u.slots = make(chan struct{}, o.Workers)
	u.keys = keysOf(o)
	if err := u.begin(ahead); err != nil {
		return nil, errors.Join(err, u.Close())
	}
	return u, nil
}

// begin takes up what the folder holds, looks ahead and brings up the first nodes.
func (u *Universe) begin(ahead *topology.Topology) (err error) {
	now := u.start
	if dir := u.opts.DataDir; dir != "" {
		if u.store, err = openStore(dir); err != nil { // first: it locks the folder
			return err
		}
		if u.clockfile, now, err = openClockFile(filepath.Join(dir, "universe.json"), u.start, u.opts.Seed, fleetDigest(u.topo.Satellites())); err != nil {
			return err
		}
	}
	u.loop = clock.NewLoop(now)
	if err := u.cast(); err != nil {
		return err
	}
	u.tracking = newTracking(u)
	if u.engine, err = sandbox.NewEngine(sandbox.Options{Interpreter: u.opts.Interpreter, CacheDir: u.opts.Cache}); err != nil {
		return fmt.Errorf("make universe: %w", err)
	}
	u.sandbox = system.NewSandbox(u.engine)
	if u.firsts, err = newFirstParty(u.opts); err != nil {
		return err
	}
	if u.ahead, err = newHorizon(ahead, now, u.delay); err != nil {
		return err
	}
	u.log.line(now, "universe seed %d, %d satellites, %d stations", u.opts.Seed, len(u.topo.Satellites()), len(u.topo.Stations()))
	u.loop.After(u.ahead.idle(), u.ahead.prepare)
	u.loop.At(u.ahead.due(), u.lookAhead)
	u.loop.At(now, u.strike)
	// The ground is there from the beginning; satellites come up when they are used.
	for _, t := range u.topo.Terminals() {
		if _, err := u.member(t.Node); err != nil {
			return err
		}
	}
	for _, s := range u.topo.Stations() {
		if _, err := u.member(s.Node); err != nil {
			return err
		}
	}
	return u.reopen()
}

// cast names everybody and lets the scenario choose among them.
func (u *Universe) cast() error {
	var cast scenario.Cast
	for _, s := range u.topo.Satellites() {
		cast.Satellites = append(cast.Satellites, scenario.Actor{Node: s.Node, Name: s.Name})
		u.names[s.Node] = s.Name
	}
	for _, s := range u.topo.Stations() {
		cast.Stations = append(cast.Stations, scenario.Actor{Node: s.Node, Name: s.Name})
		u.names[s.Node] = s.Name
	}
	for _, s := range u.topo.Terminals() {
		cast.Terminals = append(cast.Terminals, scenario.Actor{Node: s.Node, Name: s.Name})
		u.names[s.Node] = s.Name
	}
	if u.opts.Scenario != nil {
		for _, w := range u.topo.Windows(u.start, u.start.Add(10*time.Minute)) {
			if w.Kind != topology.Cable {
				cast.Links = append(cast.Links, [2]uint64{w.A, w.B})
			}
		}
	}
	s := u.opts.Scenario
	if s == nil {
		s = &scenario.Scenario{}
	}
	var err error
	if u.faults, err = scenario.Compile(s, u.opts.Seed, u.start, cast); err != nil {
		return fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	return nil
}

// name is a node's name, for people.
func (u *Universe) name(id uint64) string {
	if n := u.names[id]; n != "" {
		return n
	}
	return fmt.Sprint(id)
}

// Run lets time pass until the universe's time reaches until (zero: for ever), ctx
// ends, or something fails that must not.
func (u *Universe) Run(ctx context.Context, until time.Time) error {
	ctx, u.stop = context.WithCancel(ctx)
	defer u.stop()
	if u.clockfile != nil {
		u.clockfile.follow(u)
	}
	defer close(u.ended)
	defer u.log.End() // nobody would hear a subscriber leave from now on
	err := u.loop.Run(ctx, until, u.opts.Pace)
	if u.failure != nil {
		return u.failure
	}
	return err
}

// SetSpeed changes how many simulated seconds pass in a second; 0 means as fast as
// events allow. It may be called from any goroutine.
func (u *Universe) SetSpeed(factor float64) {
	u.loop.Post(func() {
		u.opts.Pace = clock.Scaled(factor)
		u.log.Tell(api.Event{Time: u.loop.Now(), Kind: api.EventUniverse, Text: fmt.Sprintf("time runs %g times as fast as ours", factor)})
	})
	u.loop.SetPace(clock.Scaled(factor))
}

// sites are the stations as orbit triggers may name them.
func (u *Universe) sites() []satellite.Site {
	var out []satellite.Site
	for _, s := range u.topo.Stations() {
		out = append(out, satellite.Site{Name: s.Name,
			Site: visibility.Site{Geodetic: s.Place, MinElevationDeg: s.MinElevationDeg, Mask: s.Mask}})
	}
	return out
}

// fail ends the universe: something went wrong that no fault of the scenario
// explains, and going on would hide it.
func (u *Universe) fail(err error) {
	if u.failure == nil {
		u.failure = err
	}
	if u.stop != nil {
		u.stop()
	}
}

// warn tells whoever wants to know.
func (u *Universe) warn(text string) {
	if u.opts.Warn != nil {
		u.opts.Warn(text)
	}
}

// Close ends every node and releases what the universe holds. What was
// acknowledged is on disk.
func (u *Universe) Close() error {
	u.jobs.Wait()
	var errs []error
	for _, m := range u.members {
		m.host.Stop()
		errs = append(errs, m.store.Close())
	}
	if u.clockfile != nil && u.loop != nil {
		errs = append(errs, u.clockfile.save(u.loop.Now()))
	}
	if u.store != nil {
		errs = append(errs, u.store.Close())
	}
	u.log.End()
	if u.engine != nil {
		errs = append(errs, u.engine.Close())
	}
	return errors.Join(errs...)
}

// Digest is the SHA-256, in hex, over every line of history so far, and the number
// of lines. Two runs with the same options have the same.
func (u *Universe) Digest() (sum string, lines uint64) { return u.log.sum(), u.log.lines }

// Now is the universe's time. It belongs to the goroutine that runs it; others ask
// Backend.
func (u *Universe) Now() time.Time { return u.loop.Now() }

// lookAhead extends the horizon and tells every node the new plan.
func (u *Universe) lookAhead() {
	grown, err := u.ahead.extend(u.loop.Now())
	if err != nil {
		u.fail(err)
		return
	}
	for _, h := range grown { // its ends learn that the link lasts longer
		if err := h.tune(); err != nil {
			u.fail(err)
			return
		}
		for side := range h.ends {
			if m := u.members[h.ends[side].node]; m != nil && m.hops[h.ends[1-side].node] == h {
				m.join(h, side)
			}
		}
	}
	for _, w := range u.topo.Warnings() {
		if w.Time.After(u.loop.Now().Add(-u.ahead.stretch)) {
			u.warn(w.String())
		}
	}
	for _, m := range u.inOrder() {
		if m.down {
			continue
		}
		m.host.Do(func(now time.Time) { m.core().SetPlan(now, u.ahead.plan) })
		u.schedule(m)
	}
	u.loop.After(u.ahead.idle(), u.ahead.prepare)
	u.loop.At(u.ahead.due(), u.lookAhead)
}

// core gives the member's core as every role has it.
func (m *member) core() core { return m.host.Core().(core) }

// effects is what the scenario does to frames between two nodes.
func (u *Universe) effects(a, b uint64, now time.Time) channel.Effects {
	return u.faults.Effects(a, b, now)
}

// traffic writes what a node does with bundles into history.
func (u *Universe) traffic(at uint64) func(node.Event) {
	return func(e node.Event) {
		u.log.line(u.loop.Now(), "node %d bundle %s %s peer %d %s", at, e.Kind, e.ID, e.Peer, e.Reason)
		if e.Kind == node.EventStoreFailed && !errors.Is(e.Err, store.ErrFull) { // one that is full refuses, and has not failed
			u.fail(fmt.Errorf("store of node %d: %w", at, e.Err))
			return
		}
		for _, w := range u.ways {
			w.note(at, e)
		}
		u.tellBundle(at, e)
	}
}
