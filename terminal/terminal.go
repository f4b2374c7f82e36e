package terminal

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
	"spacechain/spaceos/command"
)

// Options are what a terminal is made of.
type Options struct {
	Node  uint64   // its node number
	Store kv.Store // all that it keeps
	Plan  *contact.Plan
	// Satellite gives the public keys of a satellite, by which its messages are
	// verified. Messages from one that it does not know are dropped.
	Satellite func(node uint64) (identity.Public, bool)
	// Observe, if set, is told of every change, after it is stored.
	Observe func(Change)
	// Traffic, if set, is told what the mesh node does with bundles.
	Traffic func(node.Event)
	// Fail, if set, is told of an error of the store, after which the terminal must be
	// started anew; it is told of as a Problem, too.
	Fail func(error)
}

// Terminal is the core. Its methods belong to one goroutine; Desk may be used from
// any.
type Terminal struct {
	opts    Options
	node    *node.Node
	bundles *store.Store
	kv      kv.Store
	desk    Desk
	sent    map[string]string    // bundle id to request id, of requests without an answer
	open    map[string]time.Time // requests without an answer, and when none can come any more
	unsent  map[string]bool      // of these, those that the bundle store had no room for
	owners  map[string]bool      // whose commands went out from here
	visited map[uint64]bool      // satellites that they went to
	giveUp  time.Time            // the earliest of open; zero if there is none
	retry   time.Time            // when to send unsent again; zero if there are none
	failed  bool
}

// hopLimit suits a constellation of thousands, in which a bundle goes from neighbour
// to neighbour half-way round the Earth.
const hopLimit = 255

// New gives a terminal that goes on from what its store holds: a command that was
// accepted but not yet handed to the mesh is sent now.
func New(now time.Time, o Options) (*Terminal, error) {
	t := &Terminal{opts: o, kv: kv.Prefix(o.Store, recordPrefix), desk: NewDesk(o.Store),
		sent: map[string]string{}, open: map[string]time.Time{}, unsent: map[string]bool{},
		owners: map[string]bool{}, visited: map[uint64]bool{}}
	if err := t.begin(now); err != nil {
		return nil, fmt.Errorf("open terminal %d: %w", o.Node, err)
	}
	return t, nil
}

func (t *Terminal) begin(now time.Time) (err error) {
	if t.bundles, err = store.Open(kv.Prefix(t.opts.Store, "bundles/"), store.Options{}); err != nil {
		return err
	}
	t.node, err = node.New(now, node.Config{Node: t.opts.Node, Store: t.bundles, Plan: t.opts.Plan,
		HopLimit: hopLimit, MaxBundle: maxBundle})
	if err != nil {
		return err
	}
	requests, err := t.desk.Requests()
	if err != nil {
		return err
	}
	for _, r := range requests {
		t.owners[r.Owner], t.visited[r.Satellite] = true, true
		if r.State != Pending {
			continue
		}
		t.await(&r)
		if r.Bundle != "" {
			t.sent[r.Bundle] = r.ID
		} else if err := t.send(now, &r); err != nil {
			return err
		}
	}
	return nil
}

// Endpoint is where replies and results are sent to.
func (t *Terminal) Endpoint() bundle.EID { return bundle.IPN(t.opts.Node, command.InboxService) }

// Desk reads the terminal's records.
func (t *Terminal) Desk() Desk { return t.desk }

// LinkUp tells that a neighbour can be heard.
func (t *Terminal) LinkUp(now time.Time, l node.LinkInfo) error { return t.node.LinkUp(now, l) }

// LinkDown tells that a neighbour can no longer be heard.
func (t *Terminal) LinkDown(now time.Time, peer uint64) { t.node.LinkDown(now, peer) }

// Frame takes a frame as it came in.
func (t *Terminal) Frame(now time.Time, peer uint64, frame []byte) { t.node.Frame(now, peer, frame) }

// SetPlan gives a new contact plan.
func (t *Terminal) SetPlan(now time.Time, p *contact.Plan) { t.node.SetPlan(now, p) }

// Tick does what has become due.
func (t *Terminal) Tick(now time.Time) {
	t.node.Tick(now)
	if !t.failed {
		t.check(t.sendWaiting(now))
		t.check(t.giveUpOn(now))
	}
}

// NextWake is when Tick is next wanted.
func (t *Terminal) NextWake() (time.Time, bool) {
	if t.failed {
		return time.Time{}, false
	}
	at, ok := t.node.NextWake()
	for _, due := range [...]time.Time{t.retry, t.giveUp} {
		if !due.IsZero() && (!ok || due.Before(at)) {
			at, ok = due, true
		}
	}
	return at, ok
}

// Drain takes in what was delivered and gives the frames to send.
func (t *Terminal) Drain(now time.Time) (frames []node.OutFrame) {
	for !t.failed {
		ready := t.node.Ready()
		frames = append(frames, ready.Frames...)
		for _, e := range ready.Events {
			t.traffic(now, e)
		}
		if len(ready.Deliveries) == 0 {
			return frames
		}
		for _, d := range ready.Deliveries {
			if t.failed {
				return frames // what is left stays with the node and comes again
			}
			err := t.deliver(now, d)
			if err == nil {
				err = t.node.Consume(d.ID)
			}
			if err != nil && !errors.Is(err, node.ErrUnknownBundle) {
				t.check(fmt.Errorf("take in %s from %s: %w", d.ID, d.Source, err))
			}
		}
	}
	return frames
}

// check stops the terminal on an error of its store: what it would say from then on
// could not be relied on. Nothing that was acknowledged is lost; see New.
func (t *Terminal) check(err error) {
	if err == nil || t.failed {
		return
	}
	t.failed = true
	err = fmt.Errorf("terminal %d: %w", t.opts.Node, err)
	t.problem("%v", err)
	if t.opts.Fail != nil {
		t.opts.Fail(err)
	}
}

// traffic passes on what the mesh node does.
func (t *Terminal) traffic(now time.Time, e node.Event) {
	if t.opts.Traffic != nil {
		t.opts.Traffic(e)
	}
	switch e.Kind {
	case node.EventReport:
		t.check(t.follow(now, e))
	case node.EventDeleted: // here: its report might have found no room
		t.check(t.deleted(e.ID, t.opts.Node, e.Reason))
	case node.EventStoreFailed:
		if !errors.Is(e.Err, store.ErrFull) {
			t.check(e.Err)
		}
	}
}

func (t *Terminal) tell(c Change) {
	if t.opts.Observe != nil {
		t.opts.Observe(c)
	}
}

func (t *Terminal) problem(format string, args ...any) {
	t.tell(Change{Problem: fmt.Sprintf(format, args...)})
}
