package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"spacechain/clock"
	"spacechain/cloud/api"
	"spacechain/identity"
	"spacechain/terminal"
	"spacechain/world"
)

// RunTerminal runs a user terminal until ctx ends. serve serves its API on the
// listener; it is the caller's, because the console is no part of a role.
func RunTerminal(ctx context.Context, c *Config, serve func(context.Context, api.Backend, net.Listener) error) (err error) {
	satellites, err := c.satellites()
	if err != nil {
		return err
	}
	if c.API == "" {
		return fmt.Errorf("%w: api is missing: the address that commands come in by, such as 127.0.0.1:8480", ErrConfig)
	}
	r, err := newRole(c, clock.Wall().Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.shut()) }()
	ln, err := net.Listen("tcp", c.API)
	if err != nil {
		return fmt.Errorf("listen for the API: %w", err)
	}
	r.close = append(r.close, ln.Close)
	b := &backend{Desk: world.NewDesk(terminal.NewDesk(r.store), c.Node), role: r, ids: satellites}
	core, err := terminal.New(r.loop.Now(), terminal.Options{
		Node: c.Node, Store: r.store, Plan: r.plan,
		Satellite: func(node uint64) (identity.Public, bool) { p, ok := satellites[node]; return p, ok },
		Observe:   b.observe,
		Fail:      r.fail,
	})
	if err != nil {
		return err
	}
	b.core = core
	r.last = b.hub.End // nobody would hear a subscriber leave from then on
	r.tasks = append(r.tasks, func(ctx context.Context) error { return serve(ctx, b, ln) })
	return r.run(ctx, core)
}

// satellites reads the public keys of the satellites that the terminal believes.
func (c *Config) satellites() (map[uint64]identity.Public, error) {
	out := map[uint64]identity.Public{}
	for node, file := range c.Satellites {
		p, err := c.public(fmt.Sprintf("satellite %d", node), file)
		if err != nil {
			return nil, err
		}
		out[node] = p
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: satellites is missing: without keys no message can be believed", ErrConfig)
	}
	return out, nil
}

// backend serves the API of a lone terminal: it knows its requests, its tenants and
// which satellites it believes, and nothing of where anybody is.
type backend struct {
	world.Desk
	role *Role
	core *terminal.Terminal
	ids  map[uint64]identity.Public
	hub  world.Hub
}

var _ api.Backend = (*backend)(nil)

func (b *backend) observe(c terminal.Change) { world.Announce(&b.hub, b.role.loop.Now(), b.Desk, c) }

func (b *backend) ask(ctx context.Context, fn func(now time.Time)) error {
	done := make(chan struct{})
	b.role.loop.Post(func() {
		defer close(done)
		b.role.wires.host.Do(fn)
	})
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-b.role.ended:
		return fmt.Errorf("the terminal has ended: %w", api.ErrUnavailable)
	}
}

// Universe implements api.Backend.
func (b *backend) Universe(ctx context.Context) (api.Universe, error) {
	var u api.Universe
	err := b.ask(ctx, func(now time.Time) {
		u = api.Universe{Name: fmt.Sprintf("terminal %d", b.role.config.Node), Time: now, Start: now,
			Speed: b.role.pace.Factor, Seed: "0", Satellites: len(b.ids), Terminals: 1, Terminal: api.NodeID(b.role.config.Node)}
	})
	if err != nil {
		return api.Universe{}, err // u may be written yet
	}
	tenants, err := b.Tenants(ctx)
	u.Tenants = len(tenants)
	return u, err
}

// Submit implements api.Backend.
func (b *backend) Submit(ctx context.Context, signed []byte) (string, error) {
	var r terminal.Request
	var inner error
	if err := b.ask(ctx, func(now time.Time) { r, inner = b.core.Submit(now, signed) }); err != nil {
		return "", err
	}
	return r.ID, world.APIError(inner)
}

// Subscribe implements api.Backend.
func (b *backend) Subscribe(ctx context.Context) (<-chan api.Event, error) {
	var ch chan api.Event
	if err := b.ask(ctx, func(time.Time) {
		mine := b.hub.Subscribe()
		// Also one that has left meanwhile is let go so.
		context.AfterFunc(ctx, func() { b.role.loop.Post(func() { b.hub.Unsubscribe(mine) }) })
		ch = mine
	}); err != nil {
		return nil, err
	}
	return ch, nil
}

// Satellites implements api.Backend: those that are believed, wherever they are.
func (b *backend) Satellites(context.Context) ([]api.Satellite, error) {
	var out []api.Satellite
	for _, id := range slices.Sorted(maps.Keys(b.ids)) {
		out = append(out, api.Satellite{ID: api.NodeID(id), Name: fmt.Sprint(id)})
	}
	return out, nil
}

// Satellite implements api.Backend.
func (b *backend) Satellite(_ context.Context, id api.NodeID) (api.SatelliteDetail, error) {
	if _, ok := b.ids[uint64(id)]; !ok {
		return api.SatelliteDetail{}, fmt.Errorf("satellite %d: %w", id, api.ErrNotFound)
	}
	return api.SatelliteDetail{Satellite: api.Satellite{ID: id, Name: fmt.Sprint(uint64(id))}}, nil
}

// Positions implements api.Backend: a terminal does not know any.
func (b *backend) Positions(context.Context) (api.Positions, error) {
	return api.Positions{Generation: 1}, nil
}

// Stations implements api.Backend.
func (b *backend) Stations(context.Context) ([]api.Station, error) { return nil, nil }

// Passes implements api.Backend.
func (b *backend) Passes(context.Context, api.PassFilter) ([]api.Pass, error) { return nil, nil }

// Links implements api.Backend.
func (b *backend) Links(context.Context) ([]api.Link, error) { return nil, nil }
