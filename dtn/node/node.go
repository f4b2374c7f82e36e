package node

import (
	"fmt"
	"time"

	"spacechain/dtn/bundle"
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
}

// New makes a node and recovers from its store: what waits to be forwarded or
// consumed goes on where it was.
func New(now time.Time, cfg Config) (*Node, error) {
	cfg = cfg.withDefaults()
	if cfg.Store == nil || cfg.Node == 0 {
		return nil, fmt.Errorf("make node %d: it needs a number and a store", cfg.Node)
	}
	return &Node{cfg: cfg, store: cfg.Store, router: contact.NewRouter(cfg.Node, cfg.Plan), now: now}, nil
}

// Send makes a bundle and stores it. On return it is durable, and goes its way.
func (n *Node) Send(now time.Time, r SendRequest) (bundle.ID, error) {
	return bundle.ID{}, ErrDestination
}

// LinkUp says that frames can be exchanged with a peer.
func (n *Node) LinkUp(now time.Time, l LinkInfo) error { return nil }

// LinkDown says that they cannot any more. Frames that are still on their way may
// yet arrive.
func (n *Node) LinkDown(now time.Time, peer uint64) {}

// Frame hands in a frame from a peer.
func (n *Node) Frame(now time.Time, peer uint64, frame []byte) {}

// Tick lets time pass. It is to be called at NextWake, and may be at any time.
func (n *Node) Tick(now time.Time) {}

// SetPlan replaces the contact plan; all that waits is routed anew.
func (n *Node) SetPlan(now time.Time, p *contact.Plan) { n.router.SetPlan(p) }

// Consume says that a delivery was taken over by its service. On return that is
// durable: it will not come again.
func (n *Node) Consume(id bundle.ID) error { return ErrUnknownBundle }

// Ready gives what there is to do, and forgets it.
func (n *Node) Ready() Ready {
	out := n.out
	n.out = Ready{}
	return out
}

// NextWake is when Tick wants to be called next, false if nothing waits for a time.
func (n *Node) NextWake() (time.Time, bool) { return n.store.NextExpiry() }
