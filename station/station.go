// Package station is the ground station: a relay of the mesh between the radio and
// the core network.
//
// It is a core around a mesh node. It runs nothing of its users and keeps nothing
// but bundles and files on their way.
package station

import (
	"errors"
	"fmt"
	"time"

	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/internal/kv"
	"spacechain/link/cfdp/durable"
)

// Options are what a station is made of.
type Options struct {
	Node  uint64   // its node number
	Store kv.Store // all that it keeps
	Plan  *contact.Plan
	Files FilePolicy // what files go by CFDP
	// Traffic, if set, is told what the mesh node does with bundles.
	Traffic func(node.Event)
	// Fail, if set, is told of an error of the store, after which the station must be
	// started anew.
	Fail func(error)
}

// Station is the core. Its methods belong to one goroutine.
type Station struct {
	opts    Options
	node    *node.Node
	files   *durable.Entity // nil until there are files
	filesUp map[uint64]bool // satellites within reach
}

// New gives a station that goes on from what its store holds.
func New(now time.Time, o Options) (*Station, error) {
	bundles, err := store.Open(kv.Prefix(o.Store, "bundles/"), store.Options{})
	if err != nil {
		return nil, fmt.Errorf("open station %d: %w", o.Node, err)
	}
	n, err := node.New(now, node.Config{Node: o.Node, Store: bundles, Plan: o.Plan,
		Services: func(uint64) bool { return false }})
	if err != nil {
		return nil, fmt.Errorf("open station %d: %w", o.Node, err)
	}
	s := &Station{opts: o, node: n}
	if err := s.resumeFiles(now); err != nil {
		return nil, err
	}
	return s, nil
}

// LinkUp tells that a neighbour can be heard.
func (s *Station) LinkUp(now time.Time, l node.LinkInfo) error { return s.node.LinkUp(now, l) }

// LinkDown tells that a neighbour can no longer be heard.
func (s *Station) LinkDown(now time.Time, peer uint64) { s.node.LinkDown(now, peer) }

// Frame takes a frame as it came in.
func (s *Station) Frame(now time.Time, peer uint64, frame []byte) { s.node.Frame(now, peer, frame) }

// Tick does what has become due.
func (s *Station) Tick(now time.Time) {
	s.node.Tick(now)
	if s.files != nil {
		s.check(s.files.Tick(now))
	}
}

// SetPlan gives a new contact plan.
func (s *Station) SetPlan(now time.Time, p *contact.Plan) { s.node.SetPlan(now, p) }

// NextWake is when Tick is next wanted.
func (s *Station) NextWake() (time.Time, bool) {
	at, ok := s.node.NextWake()
	if s.files != nil {
		if t, due := s.files.Next(); due && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	return at, ok
}

// Drain gives the frames to send.
func (s *Station) Drain(time.Time) []node.OutFrame {
	ready := s.node.Ready()
	for _, e := range ready.Events {
		if s.opts.Traffic != nil {
			s.opts.Traffic(e)
		}
		if e.Kind == node.EventStoreFailed && !errors.Is(e.Err, store.ErrFull) {
			s.check(e.Err)
		}
	}
	return ready.Frames
}
