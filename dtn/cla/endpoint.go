package cla

import (
	"fmt"
	"time"

	"spacechain/dtn/store"
)

// Reason says why a transfer was not taken.
type Reason uint8

// The reasons.
const (
	ReasonNoRoom    Reason = 1 // the store is full; later there may be room
	ReasonTooLarge  Reason = 2 // above what the peer takes
	ReasonMalformed Reason = 3 // not a bundle that the peer accepts
	ReasonSilent    Reason = 4 // the peer takes the frames and does not say done
)

var reasonText = map[Reason]string{ReasonNoRoom: "no room", ReasonTooLarge: "too large",
	ReasonMalformed: "malformed", ReasonSilent: "no answer"}

// String is the reason in words.
func (r Reason) String() string {
	if s, ok := reasonText[r]; ok {
		return s
	}
	return fmt.Sprintf("reason %d", uint8(r))
}

// Refusal is the error by which a Sink refuses a transfer, for a reason that the
// peer is told.
type Refusal struct {
	Reason Reason
	Err    error
}

func (r *Refusal) Error() string { return fmt.Sprintf("refused (%v): %v", r.Reason, r.Err) }
func (r *Refusal) Unwrap() error { return r.Err }

// Sink takes the bundles that a peer sends.
type Sink interface {
	// Room reports whether a transfer of total bytes would be taken now.
	Room(total int) bool
	// Completed reports whether the transfer with a digest was taken before.
	Completed(d store.Digest) bool
	// Accept takes a whole transfer. On nil the bundle is durable, or rightly dropped,
	// and the transfer is over. The slice is not the sink's to keep.
	Accept(now time.Time, peer uint64, data []byte, d store.Digest) error
}

// Parts keeps what came of transfers that broke off. *store.Store is one.
type Parts interface {
	SavePart(d store.Digest, total, offset int, data []byte) error
	Parts(d store.Digest) (total int, pieces []store.Span, ok bool)
	ReadParts(d store.Digest, data []byte) error
	DropParts(d store.Digest)
}

// Config makes an endpoint.
type Config struct {
	Peer        uint64 // node number, handed to the sink
	Epoch       uint64 // of this life of the node; higher than any before
	MaxTransfer int    // bytes of a transfer; 16 MiB by default
	Sink        Sink
	Parts       Parts // nil: what came of a broken transfer is forgotten
}

// Link describes a link that came up.
type Link struct {
	RateBps    float64
	OWLT       time.Duration
	MTU        int // bytes of a frame
	HalfDuplex bool
}

// Outcome is what became of a transfer.
type Outcome struct {
	Handle uint64
	Done   bool   // the peer has it; otherwise it refused, for Reason
	Reason Reason // of a refusal
}

// Endpoint is one side of a link. It is not safe for concurrent use.
type Endpoint struct {
	cfg  Config
	link Link
	up   bool
	peer uint64 // the peer's epoch, 0 if none was heard of
	// heard is set when a frame came since the link came up; until then a lower epoch
	// of the peer is believed too.
	heard bool

	send     sender
	recv     receiver
	outcomes []Outcome
	resets   int
}

// New makes an endpoint whose link is down.
func New(cfg Config) *Endpoint {
	if cfg.MaxTransfer == 0 {
		cfg.MaxTransfer = 16 << 20
	}
	return &Endpoint{cfg: cfg}
}

// Up says that the link is up, or that its properties changed.
func (e *Endpoint) Up(now time.Time, l Link) error {
	if l.MTU < MinMTU || !(l.RateBps > 0) || l.OWLT < 0 {
		return fmt.Errorf("link to node %d: MTU %d, rate %v bit/s, light time %v: want at least %d, above 0, at least 0",
			e.cfg.Peer, l.MTU, l.RateBps, l.OWLT, MinMTU)
	}
	e.link = l
	if !e.up {
		e.up, e.heard = true, false
		e.send.linkUp(now)
	}
	e.setPace()
	return nil
}

// Down says that the link is down. It gives the handles of the transfers that are
// not over, in the order in which they were given to Send; they are forgotten here.
func (e *Endpoint) Down() []uint64 {
	if !e.up {
		return nil
	}
	e.up = false
	e.recv.saveAll(e)
	return e.send.linkDown()
}

// IsUp tells whether the link is up.
func (e *Endpoint) IsUp() bool { return e.up }

// Outcomes gives what became of transfers since the last call.
func (e *Endpoint) Outcomes() []Outcome {
	out := e.outcomes
	e.outcomes = nil
	return out
}

// PeerResets is how many times the peer was seen to begin a new epoch.
func (e *Endpoint) PeerResets() int { return e.resets }

// pace is what the link's properties mean for timers and windows.
type pace struct {
	frame    time.Duration // to send one frame of the MTU
	ackDelay time.Duration // how long a receiver waits before it acknowledges unasked
	ackEvery int           // or how many frames
	quiet    bool          // the delay counts from the last frame, not from the first
	timeout  time.Duration // after a frame's departure
	window   int           // frames out at most
	trip     time.Duration // until an answer, where it is asked for
}

const (
	minWindow  = 4
	maxWindow  = 1024
	maxBackoff = time.Minute
)

func (e *Endpoint) setPace() {
	l, p := e.link, &e.send.pace
	p.frame = time.Duration(float64(l.MTU) * 8e9 / l.RateBps)
	p.quiet = l.HalfDuplex
	// The peer answers at once when it is asked to, twice in a window, and a window is
	// two such round trips, so that the link is not idle in between. Where each turn of
	// the link costs one it is asked at the end, and a window is longer; but never so
	// long that an urgent bundle waits much behind it.
	p.trip = 2*l.OWLT + 2*p.frame
	windows, least := 2.0, time.Second
	p.ackDelay, p.ackEvery = 4*p.frame+20*time.Millisecond, 16
	if l.HalfDuplex {
		windows, least = 4, 2*time.Second
		p.ackDelay, p.ackEvery = 6*p.frame+50*time.Millisecond, 128
	}
	p.quiet = l.HalfDuplex
	p.window = int(max(minWindow, min(float64(least)/float64(p.frame), 4*minWindow),
		min(windows*float64(p.trip)/float64(p.frame), maxWindow)))
	p.timeout = p.trip + p.ackDelay + 4*p.frame + 50*time.Millisecond
	if l.HalfDuplex { // the peer may have a window of its own to send first
		p.timeout += time.Duration(p.window) * p.frame
	}
}

// Frame takes a frame from the peer. What is damaged or not for this epoch is
// dropped.
func (e *Endpoint) Frame(now time.Time, frame []byte) {
	h, r, err := openFrame(frame)
	if err != nil {
		return
	}
	if h.from != e.peer {
		if e.heard && h.from < e.peer {
			return // from before the peer's reset
		}
		if e.peer != 0 {
			e.resets++
			e.recv.forget(e)
			e.send.restart()
		}
		e.peer = h.from
	}
	e.heard = true
	e.send.silence = 0
	forMe := h.to == e.cfg.Epoch
	if h.number != 0 && e.recv.known(h.number) {
		e.recv.want(now, &e.send.pace) // repeated; the acknowledgement may have been lost
		return
	}
	taken := true
	poll := false
	for {
		c, ok := r.next()
		if !ok {
			break
		}
		switch c.kind {
		case chunkData, chunkOffer:
			taken = e.recv.data(e, now, &c) && taken
		case chunkAsk:
			e.recv.asked(&c)
		case chunkPoll:
			poll = true
		default:
			if forMe {
				e.send.answer(e, now, &c)
			}
		}
	}
	if h.number == 0 || r.bad {
		return
	}
	if taken {
		e.recv.mark(h.number)
		e.recv.unacked++
	}
	switch {
	case poll || e.recv.unacked >= e.send.pace.ackEvery:
		e.recv.ackNow = true
	default:
		e.recv.want(now, &e.send.pace)
	}
}

// Tick lets time pass: frames of which nothing was heard are lost, acknowledgements
// fall due.
func (e *Endpoint) Tick(now time.Time) {
	if !e.up {
		return
	}
	e.recv.tick(now)
	e.send.tick(e, now)
}

// Wake is when Tick wants to be called, false if nothing waits for a time.
func (e *Endpoint) Wake() (time.Time, bool) {
	if !e.up {
		return time.Time{}, false
	}
	at, ok := e.send.wake()
	if !e.recv.ackAt.IsZero() && !e.recv.ackNow && (!ok || e.recv.ackAt.Before(at)) {
		return e.recv.ackAt, true
	}
	return at, ok
}

// Frames gives the frames to put on the link now, in order.
func (e *Endpoint) Frames(now time.Time) [][]byte {
	if !e.up {
		return nil
	}
	var out [][]byte
	for {
		frame := e.build(now, len(out) > 0)
		if frame == nil {
			return out
		}
		out = append(out, frame)
	}
}

// build makes the next frame: answers if they are due, then data.
func (e *Endpoint) build(now time.Time, more bool) []byte {
	room := e.link.MTU - crcSize - 1 // and one byte for a poll
	data := e.send.ready(e)
	if !data && !e.recv.ackNow {
		return nil
	}
	h := head{from: e.cfg.Epoch, to: e.peer}
	if data {
		e.send.number++
		h.number = e.send.number
	}
	frame := appendFrameHead(make([]byte, 0, e.link.MTU), h)
	if e.recv.ackNow || (data && !e.recv.ackAt.IsZero() && !more) {
		frame = e.recv.appendAnswers(frame, room)
	}
	if data {
		frame = e.send.fill(e, now, frame, room)
		if e.send.wantsAnswer(e) {
			frame = append(frame, chunkPoll)
			e.send.polled = e.send.number
		}
	}
	return appendFrameCRC(frame)
}
