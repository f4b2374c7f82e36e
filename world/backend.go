package world

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/sun"
	"spacechain/cloud/api"
	"spacechain/satellite"
	"spacechain/terminal"
	"spacechain/world/topology"
)

// Backend serves the HTTP API from a running universe. Its methods may be called
// from any goroutine.
type Backend struct {
	Desk // the terminal's part
	u    *Universe
}

// Backend gives what cloud/api serves.
func (u *Universe) Backend() *Backend {
	return &Backend{Desk: Desk{desk: u.desk, terminal: Terminal}, u: u}
}

var _ api.Backend = (*Backend)(nil)

// ask runs fn in the loop, between two events, and waits for it. After an error fn may
// run yet: what it writes is not to be read then.
func (u *Universe) ask(ctx context.Context, fn func()) error {
	ended := fmt.Errorf("the universe has ended: %w", api.ErrUnavailable)
	select {
	case <-u.ended:
		return ended
	default:
	}
	done := make(chan struct{})
	u.loop.Post(func() {
		defer close(done)
		fn()
	})
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-u.ended:
		return ended
	}
}

// query gives what fn says in the loop.
func query[T any](ctx context.Context, u *Universe, fn func() T) (answer T, err error) {
	var said T
	if err := u.ask(ctx, func() { said = fn() }); err != nil {
		return answer, err
	}
	return said, nil
}

// Time gives the universe's time from outside.
func (b *Backend) Time(ctx context.Context) (time.Time, error) {
	return query(ctx, b.u, b.u.loop.Now)
}

// Universe implements api.Backend.
func (b *Backend) Universe(ctx context.Context) (api.Universe, error) {
	u := b.u
	out, err := query(ctx, u, func() api.Universe {
		now := u.loop.Now()
		return api.Universe{
			Name: u.opts.Name, Version: u.opts.Version, Time: now, Start: u.start, Speed: u.opts.Pace.Factor,
			Seed:       strconv.FormatUint(u.opts.Seed, 10),
			Satellites: len(u.topo.Satellites()), Stations: len(u.topo.Stations()), Terminals: len(u.topo.Terminals()), Terminal: api.NodeID(Terminal),
			Links: len(u.up(now)), Bundles: u.count.delivered, Results: u.count.results,
			Sun: subsolar(now),
		}
	})
	if err != nil {
		return out, err
	}
	tenants, err := b.desk.Tenants()
	out.Tenants = len(tenants)
	return out, err
}

// subsolar is where the Sun stands in the zenith.
func subsolar(t time.Time) api.Point {
	pos, _ := frame.TEMEToECEF(sun.PosTEMEKm(t), astro.Vec3{}, t)
	g := frame.ToGeodetic(pos)
	return api.Point{LatDeg: g.LatDeg, LonDeg: g.LonDeg}
}

// living is what only the loop knows of satellites: how many links and tenants.
type living struct {
	now            time.Time
	links, tenants map[uint64]int
}

func (b *Backend) living(ctx context.Context) (living, error) {
	return query(ctx, b.u, func() living {
		l := living{now: b.u.loop.Now(), links: map[uint64]int{}, tenants: map[uint64]int{}}
		for _, w := range b.u.up(l.now) {
			l.links[w.A]++
			l.links[w.B]++
		}
		for id, m := range b.u.members {
			if m.down {
				continue
			}
			if p, ok := m.host.Core().(*satellite.Payload); ok {
				l.tenants[id] = p.Tenants()
			}
		}
		return l
	})
}

// Satellites implements api.Backend.
func (b *Backend) Satellites(ctx context.Context) ([]api.Satellite, error) {
	l, err := b.living(ctx)
	if err != nil {
		return nil, err
	}
	states := b.u.states(l.now)
	out := make([]api.Satellite, 0, len(states))
	for _, s := range b.u.topo.Satellites() {
		out = append(out, describe(s, states[s.Node], l))
	}
	return out, nil
}

// states gives every flying satellite's state by node.
func (u *Universe) states(now time.Time) map[uint64]topology.SatState {
	list := u.topo.State(now, nil)
	out := make(map[uint64]topology.SatState, len(list))
	for _, s := range list {
		out[s.Node] = s
	}
	return out
}

func describe(s topology.Satellite, at topology.SatState, l living) api.Satellite {
	out := api.Satellite{
		ID: api.NodeID(s.Node), Name: s.Name,
		LatDeg: at.Place.LatDeg, LonDeg: at.Place.LonDeg, AltKm: at.Place.AltKm,
		InclinationDeg: s.Set.InclinationDeg, PeriodMin: 1440 / s.Set.MeanMotionRevDay,
		Sunlit: at.Light > 0, Mode: "payload", Links: l.links[s.Node], Tenants: l.tenants[s.Node],
	}
	if at.Node == 0 {
		out.Mode = "decommission" // its elements no longer fly
	}
	return out
}

// trackPoints is how many points of an orbit a satellite's page gets.
const trackPoints = 120

// Satellite implements api.Backend.
func (b *Backend) Satellite(ctx context.Context, id api.NodeID) (api.SatelliteDetail, error) {
	i := slices.IndexFunc(b.u.topo.Satellites(), func(s topology.Satellite) bool { return s.Node == uint64(id) })
	if i < 0 {
		return api.SatelliteDetail{}, fmt.Errorf("satellite %d: %w", id, api.ErrNotFound)
	}
	s := b.u.topo.Satellites()[i]
	l, err := b.living(ctx)
	if err != nil {
		return api.SatelliteDetail{}, err
	}
	out := api.SatelliteDetail{Satellite: describe(s, b.u.states(l.now)[s.Node], l), Epoch: s.Set.Epoch}
	period := time.Duration(float64(24*time.Hour) / s.Set.MeanMotionRevDay)
	for k := range trackPoints {
		t := l.now.Add(period * time.Duration(k-trackPoints/2) / trackPoints)
		pos, vel, err := b.u.topo.ECEF(s.Node, t)
		if err != nil {
			continue
		}
		g := frame.ToGeodetic(pos)
		out.Track = append(out.Track, api.TrackPoint{Time: t, LatDeg: g.LatDeg, LonDeg: g.LonDeg, AltKm: g.AltKm})
		if k == trackPoints/2 {
			_, inertial := frame.ECEFToTEME(pos, vel, t)
			out.SpeedKmS = inertial.Norm()
		}
	}
	aboard, err := query(ctx, b.u, func() (a aboard) {
		a.telemetry = b.u.tracking.telemetry(s.Node)
		for _, w := range b.u.up(b.u.loop.Now()) {
			switch s.Node {
			case w.A:
				a.peers = append(a.peers, api.NodeID(w.B))
			case w.B:
				a.peers = append(a.peers, api.NodeID(w.A))
			}
		}
		if m := b.u.members[s.Node]; m != nil && !m.down {
			p := m.host.Core().(*satellite.Payload)
			a.queued = p.QueuedBytes()
			if budget, ok := p.Power(); ok {
				a.battery = &budget.BatteryFraction
			}
		}
		return a
	})
	out.Peers, out.QueuedBytes, out.BatteryFraction, out.Telemetry = aboard.peers, aboard.queued, aboard.battery, aboard.telemetry
	return out, err
}

// aboard is what only the loop knows of one satellite.
type aboard struct {
	peers   []api.NodeID
	queued  uint64
	battery *float64
	// telemetry is what stations have heard of it.
	telemetry *api.Telemetry
}

// Positions implements api.Backend.
func (b *Backend) Positions(ctx context.Context) (api.Positions, error) {
	now, err := b.Time(ctx)
	if err != nil {
		return api.Positions{}, err
	}
	sats := b.u.topo.Satellites()
	out := api.Positions{Time: now, Generation: 1, Sun: subsolar(now),
		IDs: make([]api.NodeID, len(sats)), PosECEFKm: make([][3]float64, len(sats)), Sunlit: make([]bool, len(sats))}
	states := b.u.topo.State(now, nil)
	for i, s := range sats { // both are in order of node number; some may not fly
		out.IDs[i] = api.NodeID(s.Node)
		if len(states) > 0 && states[0].Node == s.Node {
			out.PosECEFKm[i] = states[0].PosECEFKm
			out.Sunlit[i] = states[0].Light > 0
			states = states[1:]
		}
	}
	return out, nil
}

// Stations implements api.Backend.
func (b *Backend) Stations(ctx context.Context) ([]api.Station, error) {
	l, err := b.living(ctx)
	if err != nil {
		return nil, err
	}
	up, err := query(ctx, b.u, func() map[uint64]bool {
		up := map[uint64]bool{}
		for _, s := range b.u.topo.Stations() {
			up[s.Node] = !b.u.faults.StationDown(s.Node, b.u.loop.Now())
		}
		return up
	})
	if err != nil {
		return nil, err
	}
	var out []api.Station
	for _, s := range b.u.topo.Stations() {
		out = append(out, api.Station{
			ID: api.NodeID(s.Node), Name: s.Name, Operator: "SpaceChain",
			LatDeg: s.Place.LatDeg, LonDeg: s.Place.LonDeg, AltKm: s.Place.AltKm,
			MinElevationDeg: s.MinElevationDeg, Up: up[s.Node], Links: l.links[s.Node],
		})
	}
	return out, nil
}

// Submit implements api.Backend.
func (b *Backend) Submit(ctx context.Context, signed []byte) (string, error) {
	type answer struct {
		id  string
		err error
	}
	a, err := query(ctx, b.u, func() (a answer) {
		m := b.u.members[Terminal]
		if m.down {
			a.err = fmt.Errorf("the terminal is restarting: %w", api.ErrUnavailable)
			return a
		}
		m.host.Do(func(now time.Time) {
			var r terminal.Request
			r, a.err = m.host.Core().(*terminal.Terminal).Submit(now, signed)
			a.id = r.ID
		})
		return a
	})
	if err == nil {
		err = a.err
	}
	return a.id, APIError(err)
}

// Subscribe implements api.Backend.
func (b *Backend) Subscribe(ctx context.Context) (<-chan api.Event, error) {
	return query(ctx, b.u, func() <-chan api.Event {
		ch := b.u.log.Subscribe()
		// Also one that has left meanwhile is let go so.
		context.AfterFunc(ctx, func() { b.u.loop.Post(func() { b.u.log.Unsubscribe(ch) }) })
		return ch
	})
}
