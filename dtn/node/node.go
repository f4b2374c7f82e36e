package node

import (
	"encoding/binary"
	"fmt"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/cla"
	"spacechain/dtn/contact"
	"spacechain/dtn/store"
)

// Node is the core of a node of the mesh. It is not safe for concurrent use.
type Node struct {
	cfg    Config
	store  *store.Store
	router *contact.Router
	now    time.Time
	out    Ready

	boot     uint64 // how many times the node began, from its store
	epoch    uint64 // of the next endpoint
	reserved uint64 // epochs below this one are reserved on disk
	stamp    bundle.Timestamp

	items    map[uint64]*item
	dirty    []*item
	held     []*item
	heldGen  uint64    // the router's generation when held bundles were last routed
	heldNext time.Time // not before this again
	reviews  ticketHeap
	peers    []*neighbour // by number
	arrived  []*item      // to be delivered by Ready
	handed   trail        // which bundles were handed to whom lately
	parts    map[wholeID]*assembly
}

// stateBoot is the name of the record of the node's lives: how many there were, and
// the epoch above all that they used.
const stateBoot = "boot"

// Epochs are counted in seconds since epochStart at least, and reserved on disk
// before they are used, so many at a time.
const (
	epochStart   = 1577836800 // 2020-01-01, in Unix seconds
	epochReserve = 1024
)

// New makes a node and recovers from its store: what waits to be forwarded or
// consumed goes on where it was.
func New(now time.Time, cfg Config) (*Node, error) {
	cfg = cfg.withDefaults()
	if cfg.Store == nil || cfg.Node == 0 {
		return nil, fmt.Errorf("make node %d: it needs a number and a store", cfg.Node)
	}
	n := &Node{cfg: cfg, store: cfg.Store, router: contact.NewRouter(cfg.Node, cfg.Plan), now: now}
	n.router.Grace = cfg.LinkGrace
	if err := n.begin(now); err != nil {
		return nil, fmt.Errorf("make node %d: %w", cfg.Node, err)
	}
	for _, e := range n.store.Entries() {
		n.adopt(e)
		if it := n.items[e.Seq]; it != nil { // nil: it was for this node, which is done with it
			it.tried = true // perhaps
		}
	}
	n.settle(now)
	return n, nil
}

// begin counts this life of the node. Its epochs are above those of all before, and
// also above those of a node that lost its store, as long as the clock went on.
func (n *Node) begin(now time.Time) error {
	b, ok, err := n.store.State(stateBoot)
	if err != nil {
		return err
	}
	if ok && len(b) == 16 {
		n.boot, n.epoch = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	}
	n.boot++
	n.epoch = max(n.epoch, 1, uint64(max(0, now.Unix()-epochStart)))
	return n.reserve()
}

// reserve makes room for more epochs.
func (n *Node) reserve() error {
	n.reserved = n.epoch + epochReserve
	b := binary.BigEndian.AppendUint64(nil, n.boot)
	batch := n.store.Begin()
	batch.Set(stateBoot, binary.BigEndian.AppendUint64(b, n.reserved))
	return batch.Commit()
}

// nextEpoch gives an epoch that was never used before.
func (n *Node) nextEpoch() uint64 {
	if n.epoch == n.reserved {
		if err := n.reserve(); err != nil {
			n.event(Event{Kind: EventStoreFailed, Err: err})
		}
	}
	n.epoch++
	return n.epoch - 1
}

// adopt takes a stored bundle into the node's care.
func (n *Node) adopt(e *store.Entry) {
	if n.items == nil {
		n.items = make(map[uint64]*item)
	}
	it := &item{e: e, class: classOf(e.Size)}
	n.items[e.Seq] = it
	if n.isLocal(e.Destination) {
		it.state = stateLocal
		n.arrive(it)
		return
	}
	it.avoid = n.handed.avoid(n.now, e.ID)
	n.dirty = append(n.dirty, it)
}

// isLocal tells whether an endpoint is on this node.
func (n *Node) isLocal(e bundle.EID) bool {
	return e.IsIPN() && (e.Node() == n.cfg.Node || e.Node() == bundle.LocalNode)
}

// self is the node's own administrative endpoint.
func (n *Node) self() bundle.EID { return bundle.IPN(n.cfg.Node, 0) }

// Number is the node's number.
func (n *Node) Number() uint64 { return n.cfg.Node }

// Stored is the number of bundles that the node holds.
func (n *Node) Stored() int { return len(n.items) }

// neighbour is a node that this one has or had a link to.
type neighbour struct {
	peer  uint64
	link  Link
	queue ticketHeap
}

// Link is a convergence layer's side of a link to a peer. *cla.Endpoint is one.
type Link interface {
	Up(now time.Time, l cla.Link) error
	Down() []uint64
	IsUp() bool
	Wants(class uint8) bool
	Send(handle uint64, class uint8, data []byte)
	Cancel(handle uint64)
	Frame(now time.Time, frame []byte)
	Tick(now time.Time)
	Wake() (time.Time, bool)
	Frames(now time.Time) [][]byte
	Outcomes() []cla.Outcome
	PeerResets() int
}

// maxPeers is how many neighbours whose links are down are remembered.
const maxPeers = 64

// LinkUp says that frames can be exchanged with a peer. For a link that is up it
// says that its properties changed.
func (n *Node) LinkUp(now time.Time, l LinkInfo) error {
	n.now = now
	nb := n.peer(l.Peer)
	if nb == nil {
		nb = n.addPeer(l.Peer)
	}
	up := cla.Link{RateBps: l.RateBps, OWLT: l.OWLT, MTU: l.MTU, HalfDuplex: l.HalfDuplex}
	if err := nb.link.Up(now, up); err != nil {
		return err
	}
	expected, err := n.router.LinkUp(now, l.Peer, l.RateBps, l.OWLT, l.Until)
	if err != nil {
		nb.link.Down()
		return err
	}
	for _, it := range n.byArrival() {
		if it.state == stateQueued && (it.peer == l.Peer || (!expected && !it.route.Live)) {
			n.reroute(it)
		}
	}
	n.heldNext = time.Time{}
	n.settle(now)
	return nil
}

// LinkDown says that frames cannot be exchanged with a peer any more. Frames that
// are still on their way may yet arrive.
func (n *Node) LinkDown(now time.Time, peer uint64) {
	n.now = now
	nb := n.peer(peer)
	if nb == nil || !nb.link.IsUp() {
		return
	}
	n.collect(nb)
	for _, seq := range nb.link.Down() {
		if it := n.items[seq]; it != nil && it.state == stateSending && it.peer == peer {
			n.reroute(it)
		}
	}
	for _, it := range n.byArrival() {
		if it.state == stateQueued && it.peer == peer && it.route.Live {
			n.reroute(it)
		}
	}
	n.router.LinkDown(now, peer)
	n.router.Forget(now)
	n.dropPeer(nb)
	n.flush()
	n.settle(now)
}

// Frame hands in a frame from a peer. Frames of nodes that never had a link are
// dropped.
func (n *Node) Frame(now time.Time, peer uint64, frame []byte) {
	n.now = now
	nb := n.peer(peer)
	if nb == nil {
		return
	}
	resets := nb.link.PeerResets()
	nb.link.Frame(now, frame)
	if nb.link.PeerResets() != resets {
		n.event(Event{Kind: EventPeerReset, Peer: peer})
	}
	n.settle(now)
}

// Tick lets time pass. It is to be called at NextWake, and may be at any time.
func (n *Node) Tick(now time.Time) {
	n.now = now
	for _, nb := range n.peers {
		nb.link.Tick(now)
	}
	n.settle(now)
}

// SetPlan replaces the contact plan; all that waits is routed anew.
func (n *Node) SetPlan(now time.Time, p *contact.Plan) {
	n.now = now
	if p == n.router.Plan() {
		return
	}
	n.router.SetPlan(p)
	for _, it := range n.byArrival() {
		if it.state == stateQueued {
			n.reroute(it)
		}
	}
	n.heldNext = time.Time{}
	n.settle(now)
}

// Ready gives what there is to do, and forgets it.
func (n *Node) Ready() Ready {
	for _, nb := range n.peers {
		for _, f := range nb.link.Frames(n.now) {
			n.out.Frames = append(n.out.Frames, OutFrame{Peer: nb.peer, Data: f})
		}
	}
	n.deliver()
	out := n.out
	n.out = Ready{}
	return out
}

// NextWake is when Tick wants to be called next, false if nothing waits for a time.
func (n *Node) NextWake() (time.Time, bool) {
	at, ok := n.store.NextExpiry()
	sooner := func(t time.Time) {
		if !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if len(n.reviews) > 0 {
		sooner(time.Unix(0, n.reviews[0].key).UTC())
	}
	if len(n.held) > 0 && n.router.Generation() != n.heldGen {
		sooner(n.heldNext)
	}
	for _, nb := range n.peers {
		if t, up := nb.link.Wake(); up {
			sooner(t)
		}
	}
	return at, ok
}

func (n *Node) event(e Event) {
	e.At = n.now
	n.out.Events = append(n.out.Events, e)
}
