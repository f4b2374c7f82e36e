package world

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

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
	store, err := u.storeOf(id)
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

// openStore opens the one store of a universe, in which every node has a part: they
// share a process, so they lose power together, and a thousand stores would be slow
// to open.
func openStore(dir string) (kv.Store, error) {
	path := filepath.Join(dir, "store")
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	return kv.OpenPebble(path, nil)
}

// storeOf gives a node its part of the universe's store, or one in memory, and
// remembers on disk that the node has been brought up.
func (u *Universe) storeOf(id uint64) (kv.Store, error) {
	if u.store == nil {
		return kv.NewMemory(), nil
	}
	key := binary.BigEndian.AppendUint64([]byte(usedPrefix), id)
	if _, known, err := u.store.Get(key); err != nil {
		return nil, err
	} else if !known {
		var b kv.Batch
		b.Put(key, nil)
		if err := u.store.Apply(&b); err != nil {
			return nil, fmt.Errorf("open store of node %d: %w", id, err)
		}
	}
	return kv.Prefix(u.store, fmt.Sprintf("node/%d/", id)), nil
}

// usedPrefix begins the keys that name the nodes which have been brought up.
const usedPrefix = "used/"

// boot starts a node on its store, for the first time or after a reset, and tells it
// of the links that are up.
func (u *Universe) boot(m *member) error {
	now := u.loop.Now()
	var core host.Core
	var err error
	switch role(m.id) {
	case "terminal":
		if m.id == Terminal && m.host == nil { // of several, the universe's own is the API's
			u.desk = terminal.NewDesk(m.store)
		}
		core, err = terminal.New(now, terminal.Options{
			Node: m.id, Store: m.store, Plan: u.ahead.plan,
			Satellite: u.publicOf, Observe: u.observe, Traffic: u.traffic(m.id), Fail: u.fail,
		})
	case "station":
		core, err = station.New(now, station.Options{
			Node: m.id, Store: m.store, Plan: u.ahead.plan, Traffic: u.traffic(m.id), Fail: u.fail,
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

// reopen brings up the nodes that an earlier run has used: their bundles must go on,
// and their apps have work to do whether or not anybody calls.
func (u *Universe) reopen() error {
	if u.store == nil {
		return nil
	}
	var used []uint64
	if err := u.store.Scan([]byte(usedPrefix), func(key, _ []byte) error {
		if id := key[len(usedPrefix):]; len(id) == 8 {
			used = append(used, binary.BigEndian.Uint64(id))
		}
		return nil
	}); err != nil {
		return fmt.Errorf("look for nodes used earlier: %w", err)
	}
	for _, id := range used {
		if _, there := u.names[id]; !there {
			continue // a station that was left out this time
		}
		if _, err := u.member(id); err != nil {
			return fmt.Errorf("bring up node %d: %w", id, err)
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
