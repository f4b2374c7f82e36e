package world

import (
	"context"
	"fmt"
	"math"
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

// ask runs fn in the loop, between two events, and waits for it.
func (u *Universe) ask(ctx context.Context, fn func()) error {
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
		return fmt.Errorf("the universe has ended: %w", api.ErrUnavailable)
	}
}

// Time gives the universe's time from outside.
func (b *Backend) Time(ctx context.Context) (t time.Time, err error) {
	err = b.u.ask(ctx, func() { t = b.u.loop.Now() })
	return t, err
}

// Universe implements api.Backend.
func (b *Backend) Universe(ctx context.Context) (out api.Universe, err error) {
	u := b.u
	err = u.ask(ctx, func() {
		now := u.loop.Now()
		out = api.Universe{
			Name: u.opts.Name, Version: u.opts.Version, Time: now, Start: u.start, Speed: u.opts.Pace.Factor,
			Seed:       strconv.FormatUint(u.opts.Seed, 10),
			Satellites: len(u.topo.Satellites()), Stations: len(u.topo.Stations()), Terminals: len(u.topo.Terminals()), Terminal: api.NodeID(Terminal),
			Links: len(u.ahead.active(now)), Bundles: u.count.delivered, Results: u.count.results,
			Sun: subsolar(now),
		}
	})
	if err != nil {
		return out, err
	}
	tenants, err := u.desk.Tenants()
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

func (b *Backend) living(ctx context.Context) (l living, err error) {
	l = living{links: map[uint64]int{}, tenants: map[uint64]int{}}
	err = b.u.ask(ctx, func() {
		l.now = b.u.loop.Now()
		for _, w := range b.u.ahead.active(l.now) {
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
	})
	return l, err
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
	err = b.u.ask(ctx, func() {
		for _, w := range b.u.ahead.active(b.u.loop.Now()) {
			switch s.Node {
			case w.A:
				out.Peers = append(out.Peers, api.NodeID(w.B))
			case w.B:
				out.Peers = append(out.Peers, api.NodeID(w.A))
			}
		}
		if m := b.u.members[s.Node]; m != nil && !m.down {
			p := m.host.Core().(*satellite.Payload)
			out.QueuedBytes = p.QueuedBytes()
			if budget, ok := p.Power(); ok {
				out.BatteryFraction = &budget.BatteryFraction
			}
		}
	})
	return out, err
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
	up := map[uint64]bool{}
	if err := b.u.ask(ctx, func() {
		for _, s := range b.u.topo.Stations() {
			up[s.Node] = !b.u.faults.StationDown(s.Node, b.u.loop.Now())
		}
	}); err != nil {
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

// Passes implements api.Backend. It knows the passes within the universe's horizon.
func (b *Backend) Passes(ctx context.Context, f api.PassFilter) ([]api.Pass, error) {
	var windows []topology.Window
	err := b.u.ask(ctx, func() {
		if f.From.IsZero() {
			f.From = b.u.loop.Now()
		}
		if f.To.IsZero() {
			f.To = f.From.Add(2 * time.Hour)
		}
		for _, w := range b.u.ahead.between(topology.Ground, f.From, f.To) {
			if (f.Satellite != 0 && uint64(f.Satellite) != w.A) || (f.Station != 0 && uint64(f.Station) != w.B) {
				continue
			}
			if windows = append(windows, w.Window); f.Limit > 0 && len(windows) == f.Limit {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	out := make([]api.Pass, 0, len(windows))
	for _, w := range windows {
		p := api.Pass{Satellite: api.NodeID(w.A), Station: api.NodeID(w.B), Rise: w.Start, Set: w.End}
		p.Culmination, p.MaxElevationDeg = b.u.culmination(w)
		out = append(out, p)
	}
	return out, nil
}

// culmination finds when a pass stands highest, to a second: elevation rises and
// falls once within a pass, so halving by thirds finds it.
func (u *Universe) culmination(w topology.Window) (time.Time, float64) {
	elevation := func(t time.Time) float64 {
		h, err := u.topo.Hop(w.A, w.B, t)
		if err != nil {
			return math.Inf(-1)
		}
		return h.Look.ElevationDeg
	}
	lo, hi := w.Start, w.End
	for hi.Sub(lo) > time.Second {
		third := hi.Sub(lo) / 3
		if a, b := lo.Add(third), hi.Add(-third); elevation(a) < elevation(b) {
			lo = a
		} else {
			hi = b
		}
	}
	at := lo.Add(hi.Sub(lo) / 2)
	return at, elevation(at)
}

// Links implements api.Backend.
func (b *Backend) Links(ctx context.Context) (out []api.Link, err error) {
	err = b.u.ask(ctx, func() {
		for _, w := range b.u.ahead.active(b.u.loop.Now()) {
			out = append(out, b.u.apiLink(w, w.hop))
		}
	})
	return out, err
}

var linkKinds = map[topology.Kind]api.LinkKind{
	topology.Ground: api.LinkGround, topology.Direct: api.LinkGround,
	topology.ISL: api.LinkInterSatellite, topology.Cable: api.LinkWire,
}

// apiLink describes a window that is open; its hop is nil if neither end is in use.
func (u *Universe) apiLink(w *window, h *hop) api.Link {
	now := u.loop.Now()
	l := api.Link{A: api.NodeID(w.A), B: api.NodeID(w.B), Kind: linkKinds[w.Kind], Since: w.Start, Until: w.End,
		RangeKm: w.MaxRangeKm, DelayMs: w.OWLT.Seconds() * 1e3, RateBps: w.RateABBps}
	if h != nil {
		l.HalfDuplex = h.turns != nil
		l.Active = !h.busy.IsZero() && now.Sub(h.busy) < time.Minute
		if g, err := u.topo.Hop(w.A, w.B, now); err == nil {
			l.RangeKm, l.DopplerHz = g.RangeKm, g.DopplerABHz
			l.DelayMs = g.AB.LightTime.Seconds() * 1e3
		}
	}
	return l
}

// Submit implements api.Backend.
func (b *Backend) Submit(ctx context.Context, signed []byte) (id string, err error) {
	var inner error
	err = b.u.ask(ctx, func() {
		m := b.u.members[Terminal]
		if m.down {
			inner = fmt.Errorf("the terminal is restarting: %w", api.ErrUnavailable)
			return
		}
		m.host.Do(func(now time.Time) {
			var r terminal.Request
			r, inner = m.host.Core().(*terminal.Terminal).Submit(now, signed)
			id = r.ID
		})
	})
	if err == nil {
		err = inner
	}
	return id, APIError(err)
}

// Subscribe implements api.Backend.
func (b *Backend) Subscribe(ctx context.Context) (<-chan api.Event, error) {
	var ch chan api.Event
	if err := b.u.ask(ctx, func() { ch = b.u.log.Subscribe() }); err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { b.u.loop.Post(func() { b.u.log.Unsubscribe(ch) }) })
	return ch, nil
}
