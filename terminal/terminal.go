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
	"spacechain/spaceos/spk"
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
}

// Terminal is the core. Its methods belong to one goroutine; Desk may be used from
// any.
type Terminal struct {
	opts Options
	node *node.Node
	kv   kv.Store
	desk Desk
	sent map[string]string // bundle id to request id, of requests without a reply
}

// ErrRejected is wrapped by errors about commands that no satellite would accept.
var ErrRejected = errors.New("command rejected")

// hopLimit suits a constellation of thousands, in which a bundle goes from neighbour
// to neighbour half-way round the Earth.
const hopLimit = 255

// New gives a terminal that goes on from what its store holds: a command that was
// accepted but not yet handed to the mesh is sent now.
func New(now time.Time, o Options) (*Terminal, error) {
	bundles, err := store.Open(kv.Prefix(o.Store, "bundles/"), store.Options{})
	if err != nil {
		return nil, fmt.Errorf("open terminal %d: %w", o.Node, err)
	}
	n, err := node.New(now, node.Config{Node: o.Node, Store: bundles, Plan: o.Plan, HopLimit: hopLimit})
	if err != nil {
		return nil, fmt.Errorf("open terminal %d: %w", o.Node, err)
	}
	t := &Terminal{opts: o, node: n, kv: kv.Prefix(o.Store, recordPrefix), desk: NewDesk(o.Store), sent: map[string]string{}}
	requests, err := t.desk.Requests()
	if err != nil {
		return nil, fmt.Errorf("open terminal %d: %w", o.Node, err)
	}
	for _, r := range requests {
		switch {
		case r.State != Pending:
		case r.Bundle != "":
			t.sent[r.Bundle] = r.ID
		default:
			if err := t.send(now, r); err != nil {
				return nil, fmt.Errorf("open terminal %d: %w", o.Node, err)
			}
		}
	}
	return t, nil
}

// Endpoint is where replies and results are sent to.
func (t *Terminal) Endpoint() bundle.EID { return bundle.IPN(t.opts.Node, command.InboxService) }

// Desk reads the terminal's records.
func (t *Terminal) Desk() Desk { return t.desk }

// Submit takes a signed command, stores it, and hands it to the mesh. On return it
// is durable. The same command submitted again changes nothing and gives the same
// request. Errors wrap ErrRejected where sending it would be in vain.
func (t *Terminal) Submit(now time.Time, signed []byte) (Request, error) {
	c, err := command.Open(signed)
	if err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrRejected, err)
	}
	id := c.Request.String()
	if known, ok, err := get[Request](t.kv, requestKey(id)); err != nil {
		return Request{}, err
	} else if ok {
		before, _, err := t.kv.Get(commandKey(id))
		if err != nil {
			return Request{}, err
		}
		if len(before) > 0 && string(before) != string(signed) {
			return Request{}, fmt.Errorf("%w: request %s was used for another command", ErrRejected, id)
		}
		return known, nil
	}
	if _, ok := t.opts.Satellite(c.Satellite); !ok {
		return Request{}, fmt.Errorf("%w: satellite %d is not known; \"spacechain sat list\" shows those that are", ErrRejected, c.Satellite)
	}
	if c.ReplyTo != t.Endpoint().String() {
		return Request{}, fmt.Errorf("%w: replies would go to %s, this terminal is %s", ErrRejected, c.ReplyTo, t.Endpoint())
	}
	if !c.Expires.After(now) {
		return Request{}, fmt.Errorf("%w: it expired at %s", ErrRejected, c.Expires.Format(time.RFC3339))
	}
	r := Request{ID: id, Op: c.Op.String(), Owner: c.Owner.String(), Satellite: c.Satellite, Tenant: c.Tenant,
		Size: len(signed), Submitted: now, Expires: c.Expires, State: Pending,
		Stages: []Stage{{Name: StageQueued, Time: now, Node: t.opts.Node}}}
	if c.Op == command.Deploy {
		p, err := spk.Open(c.Body, spk.Limits{})
		if err != nil {
			return Request{}, fmt.Errorf("%w: %w", ErrRejected, err)
		}
		m := p.Manifest
		r.App, r.Version, r.Publisher, r.Runtime = m.App, string(m.Version), m.Publisher.String(), m.Runtime
		r.GasLimit, r.Quota = m.Limits.GasPerActivation, m.Limits.StorageBytes
	} else if c.Tenant != 0 {
		if tenant, err := t.desk.Tenant(TenantID(c.Satellite, c.Tenant)); err == nil {
			r.App = tenant.App
		}
	}
	var b kv.Batch
	b.Put(commandKey(id), signed)
	put(&b, requestKey(id), r)
	if err := t.kv.Apply(&b); err != nil {
		return Request{}, fmt.Errorf("store request %s: %w", id, err)
	}
	if err := t.send(now, r); err != nil {
		return Request{}, err
	}
	t.tell(Change{Request: &r, Stage: StageQueued})
	return r, nil
}

// send hands a stored command to the mesh and notes the bundle. A restart between
// the two sends it twice, which the satellite takes for once.
func (t *Terminal) send(now time.Time, r Request) error {
	signed, _, err := t.kv.Get(commandKey(r.ID))
	if err != nil {
		return fmt.Errorf("send request %s: %w", r.ID, err)
	}
	lifetime := r.Expires.Sub(now)
	if lifetime <= 0 {
		return t.finish(now, r, Failed, command.Expired, "expired before it could be sent")
	}
	id, err := t.node.Send(now, node.SendRequest{
		Service:  command.InboxService,
		Dst:      bundle.IPN(r.Satellite, command.Service),
		Payload:  signed,
		Lifetime: lifetime,
		Report:   bundle.FlagReportReception | bundle.FlagReportDeletion | bundle.FlagStatusTime,
	})
	if err != nil {
		return fmt.Errorf("send request %s: %w", r.ID, err)
	}
	r.Bundle = id.String()
	t.sent[r.Bundle] = r.ID
	return t.save(&r)
}

func (t *Terminal) save(r *Request) error {
	var b kv.Batch
	put(&b, requestKey(r.ID), r)
	if err := t.kv.Apply(&b); err != nil {
		return fmt.Errorf("store request %s: %w", r.ID, err)
	}
	return nil
}

func (t *Terminal) finish(now time.Time, r Request, s State, code command.Code, message string) error {
	r.State, r.Code, r.Message = s, code, message
	delete(t.sent, r.Bundle)
	var b kv.Batch
	put(&b, requestKey(r.ID), r)
	b.Delete(commandKey(r.ID))
	if err := t.kv.Apply(&b); err != nil {
		return fmt.Errorf("store request %s: %w", r.ID, err)
	}
	t.tell(Change{Request: &r, Stage: StageReplied})
	return nil
}

func (t *Terminal) tell(c Change) {
	if t.opts.Observe != nil {
		t.opts.Observe(c)
	}
}

func (t *Terminal) problem(format string, args ...any) {
	t.tell(Change{Problem: fmt.Sprintf(format, args...)})
}

// LinkUp tells that a neighbour can be heard.
func (t *Terminal) LinkUp(now time.Time, l node.LinkInfo) error { return t.node.LinkUp(now, l) }

// LinkDown tells that a neighbour can no longer be heard.
func (t *Terminal) LinkDown(now time.Time, peer uint64) { t.node.LinkDown(now, peer) }

// Frame takes a frame as it came in.
func (t *Terminal) Frame(now time.Time, peer uint64, frame []byte) { t.node.Frame(now, peer, frame) }

// Tick does what has become due.
func (t *Terminal) Tick(now time.Time) { t.node.Tick(now) }

// SetPlan gives a new contact plan.
func (t *Terminal) SetPlan(now time.Time, p *contact.Plan) { t.node.SetPlan(now, p) }

// NextWake is when Tick is next wanted.
func (t *Terminal) NextWake() (time.Time, bool) { return t.node.NextWake() }

// Drain takes in what was delivered and gives the frames to send.
func (t *Terminal) Drain(now time.Time) []node.OutFrame {
	var frames []node.OutFrame
	for {
		ready := t.node.Ready()
		frames = append(frames, ready.Frames...)
		for _, e := range ready.Events {
			t.traffic(now, e)
		}
		if len(ready.Deliveries) == 0 {
			return frames
		}
		for _, d := range ready.Deliveries {
			if err := t.deliver(now, d); err != nil {
				t.problem("store what came from %s: %v", d.Source, err)
				continue // it stays with the node and comes again after a restart
			}
			if err := t.node.Consume(d.ID); err != nil {
				t.problem("let go of %s: %v", d.ID, err)
			}
		}
	}
}
