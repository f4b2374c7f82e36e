package world

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"spacechain/internal/kv"
	"spacechain/station"
	"spacechain/terminal"
	"spacechain/world/host"
	"spacechain/world/topology"
)

// role is which kind of node a number belongs to, and its folder's name.
func role(id uint64) string {
	switch {
	case id >= topology.FirstTerminal:
		return "terminal"
	case id >= topology.FirstStation:
		return "station"
	}
	return "satellite"
}

// member gives a node, which is brought up if it is not yet.
func (u *Universe) member(id uint64) (*member, error) {
	if m := u.members[id]; m != nil {
		return m, nil
	}
	if _, ok := u.names[id]; !ok {
		return nil, fmt.Errorf("there is no node %d", id)
	}
	store, err := u.openStore(id)
	if err != nil {
		return nil, err
	}
	m := &member{u: u, id: id, store: store, hops: map[uint64]*hop{}}
	if err := u.boot(m); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	u.members[id] = m
	u.schedule(m)
	return m, nil
}

func (u *Universe) openStore(id uint64) (kv.Store, error) {
	if u.opts.DataDir == "" {
		return kv.NewMemory(), nil
	}
	dir := filepath.Join(u.opts.DataDir, role(id), strconv.FormatUint(id, 10))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of node %d: %w", id, err)
	}
	return kv.OpenPebble(dir, nil)
}

// boot starts a node on its store, for the first time or after a reset, and tells it
// of the links that are up.
func (u *Universe) boot(m *member) error {
	now := u.loop.Now()
	var core host.Core
	var err error
	switch role(m.id) {
	case "terminal":
		core, err = terminal.New(now, terminal.Options{
			Node: m.id, Store: m.store, Plan: u.ahead.plan,
			Satellite: u.publicOf, Observe: u.observe, Traffic: u.traffic(m.id),
		})
		u.desk = terminal.NewDesk(m.store)
	case "station":
		core, err = station.New(now, station.Options{
			Node: m.id, Store: m.store, Plan: u.ahead.plan, Traffic: u.traffic(m.id),
		})
	default:
		core, err = u.satellite(m, now)
	}
	if err != nil {
		return err
	}
	m.down = false
	m.host = host.New(u.loop, core, m, u.start, u.faults.ClockDriftPPM(m.id))
	for _, peer := range slices.Sorted(maps.Keys(m.hops)) {
		h := m.hops[peer]
		m.join(h, h.side(m.id))
	}
	return nil
}

// reopen brings up the satellites that an earlier run has left stores of: their
// apps have work to do whether or not anybody calls.
func (u *Universe) reopen() error {
	if u.opts.DataDir == "" {
		return nil
	}
	entries, err := os.ReadDir(filepath.Join(u.opts.DataDir, "satellite"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for earlier satellites: %w", err)
	}
	for _, e := range entries {
		id, err := strconv.ParseUint(e.Name(), 10, 64)
		if _, flies := u.names[id]; err != nil || !flies {
			continue
		}
		if _, err := u.member(id); err != nil {
			return fmt.Errorf("bring up satellite %d: %w", id, err)
		}
	}
	return nil
}

// inOrder gives the members by node number.
func (u *Universe) inOrder() []*member {
	out := make([]*member, 0, len(u.members))
	for _, id := range slices.Sorted(maps.Keys(u.members)) {
		out = append(out, u.members[id])
	}
	return out
}
