package process

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"spacechain/clock"
	"spacechain/dtn/contact"
	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/station"
	"spacechain/world/host"
)

// Role is a process under way: a core, its loop, its store and its sockets.
type Role struct {
	config *Config
	loop   *clock.Loop
	pace   clock.Pace
	plan   *contact.Plan
	links  *Contacts
	store  kv.Store
	wires  *wires

	tasks []func(ctx context.Context) error // beside the loop
	close []func() error
	ended chan struct{} // closed when the loop has run its last event
	last  func()        // called before that; may be nil

	mu      sync.Mutex
	failure error
	cancel  context.CancelFunc
}

// newRole makes what every role has. What it has opened is closed again on an error.
func newRole(c *Config, now time.Time) (r *Role, err error) {
	r = &Role{config: c, ended: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.shut())
		}
	}()
	start := time.Time{}
	if r.pace, start, err = c.pace(now); err != nil {
		return r, err
	}
	r.loop = clock.NewLoop(start)
	if c.Contacts == "" {
		return r, fmt.Errorf("%w: contacts is missing; write the file with \"spacechain contacts\"", ErrConfig)
	}
	if r.links, err = ReadContacts(c.path(c.Contacts)); err != nil {
		return r, err
	}
	if r.plan, err = r.links.Plan(); err != nil {
		return r, err
	}
	if r.store, err = kv.OpenPebble(filepath.Join(c.path(c.DataDir), "store"), nil); err != nil {
		return r, err
	}
	r.close = append(r.close, r.store.Close)
	if r.wires, err = newWires(c, r.loop, r.pace, r.fail); err != nil {
		return r, err
	}
	r.close = append(r.close, r.wires.sock.conn.Close)
	r.tasks = append(r.tasks, func(ctx context.Context) error { return r.wires.sock.read(ctx, r.wires.receive) })
	return r, nil
}

// key loads the node's identity, or makes it at the first start.
func (c *Config) key() (*identity.Key, error) {
	k, _, err := identity.Keystore{Dir: filepath.Join(c.path(c.DataDir), "keys")}.LoadOrCreate(c.Key)
	return k, err
}

// run puts a core on the loop and serves until ctx ends.
func (r *Role) run(ctx context.Context, core host.Core) error {
	r.wires.host = host.New(r.loop, core, r.wires, r.loop.Now(), 0)
	r.wires.schedule(r.links)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.mu.Lock()
	r.cancel = cancel
	r.mu.Unlock()
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(r.ended)
		if r.last != nil {
			defer r.last()
		}
		return r.loop.Run(gctx, time.Time{}, r.pace)
	})
	for _, task := range r.tasks {
		g.Go(func() error { return task(gctx) })
	}
	err := g.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure != nil {
		return r.failure
	}
	return err
}

// fail ends the process with an error.
func (r *Role) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failure == nil {
		r.failure = err
	}
	if r.cancel != nil {
		r.cancel()
	}
}

func (r *Role) shut() (err error) {
	for i := len(r.close) - 1; i >= 0; i-- {
		if e := r.close[i](); e != nil && !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	r.close = nil
	return err
}

// RunStation runs a ground station until ctx ends.
func RunStation(ctx context.Context, c *Config) (err error) {
	r, err := newRole(c, clock.Wall().Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.shut()) }()
	core, err := station.New(r.loop.Now(), station.Options{Node: c.Node, Store: r.store, Plan: r.plan, Fail: r.fail})
	if err != nil {
		return err
	}
	return r.run(ctx, core)
}

// addrOf resolves the other end of a bus.
func addrOf(what, address string) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return ap, fmt.Errorf("%w: %s %q: want an address and a port: %w", ErrConfig, what, address, err)
	}
	return ap, nil
}
