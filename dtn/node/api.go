package node

import (
	"errors"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/contact"
	"spacechain/dtn/store"
)

var (
	// ErrTooLarge says that a payload is above the node's MaxBundle.
	ErrTooLarge = errors.New("bundle is too large")
	// ErrUnknownBundle says that no delivery with an id waits to be consumed.
	ErrUnknownBundle = errors.New("no such delivery")
	// ErrDestination says that a bundle cannot be addressed so.
	ErrDestination = errors.New("no endpoint to send to")
)

// Config makes a node.
type Config struct {
	Node  uint64       // fully qualified ipn node number
	Store *store.Store // which the node has to itself
	Plan  *contact.Plan

	// Services tells whether a local service number is in use. Bundles for others are
	// deleted, with a report if one was asked for. Nil takes bundles for every service.
	Services func(service uint64) bool

	HopLimit  uint8         // of bundles made here; 32 by default
	MaxBundle int           // encoded bytes of a bundle; 16 MiB by default
	LinkGrace time.Duration // how long the link of a contact under way is waited for; contact.DefaultGrace by default
}

func (c Config) withDefaults() Config {
	if c.HopLimit == 0 {
		c.HopLimit = 32
	}
	if c.MaxBundle == 0 {
		c.MaxBundle = 16 << 20
	}
	if c.LinkGrace == 0 {
		c.LinkGrace = contact.DefaultGrace
	}
	return c
}

// SendRequest asks a node to send a bundle.
type SendRequest struct {
	Service    uint64 // the local service it is from
	Dst        bundle.EID
	Payload    []byte
	Lifetime   time.Duration // an hour by default
	Report     bundle.Flags  // which status reports are asked for: bundle.FlagReport…
	ReportTo   bundle.EID    // where reports go; the sending service by default
	NoFragment bool
}

// LinkInfo describes a link that came up.
type LinkInfo struct {
	Peer       uint64 // node number
	RateBps    float64
	OWLT       time.Duration // one-way light time
	MTU        int           // bytes of a frame, at least cla.MinMTU
	Until      time.Time     // when it is expected to end; zero: when the planned contact does
	HalfDuplex bool
}

// OutFrame is a frame to put on the link to a peer.
type OutFrame struct {
	Peer uint64
	Data []byte
}

// Delivery is a bundle for a local service. It stays in the store, and comes again
// after a restart, until Consume.
type Delivery struct {
	ID          bundle.ID
	Source, Dst bundle.EID
	Payload     []byte
}

// EventKind says what an event tells.
type EventKind uint8

// The kinds of events.
const (
	EventSent        EventKind = iota + 1 // made here and stored
	EventReceived                         // stored here for a neighbour
	EventForwarded                        // the neighbour Peer has it now
	EventDelivered                        // consumed here
	EventDeleted                          // given up, for Reason
	EventReport                           // a status report about a bundle came: Report
	EventFragmented                       // cut in two, to fit a contact
	EventReassembled                      // made whole here
	EventRefused                          // Peer did not take it, for Reason
	EventPeerReset                        // Peer lost its link state and begins anew
	EventStoreFailed                      // the store could not be read or written: Err
)

var eventText = [...]string{"", "sent", "received", "forwarded", "delivered", "deleted", "report",
	"fragmented", "reassembled", "refused", "peer-reset", "store-failed"}

// String is the kind in a word.
func (k EventKind) String() string { return eventText[k] }

// Event is something worth a line in a log.
type Event struct {
	Kind   EventKind
	At     time.Time
	ID     bundle.ID
	Peer   uint64         // the neighbour concerned, 0 if none is; of EventReport, who reports
	Reason bundle.Reason  // of EventDeleted and EventRefused
	Report *bundle.Report // of EventReport
	Err    error          // of EventStoreFailed
}

// Ready is what a node wants done.
type Ready struct {
	Frames     []OutFrame
	Deliveries []Delivery
	Events     []Event
}

// Empty tells whether there is nothing to do.
func (r *Ready) Empty() bool {
	return len(r.Frames) == 0 && len(r.Deliveries) == 0 && len(r.Events) == 0
}
