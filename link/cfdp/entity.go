package cfdp

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Errors of requests and received PDUs.
var (
	// ErrUnknown says that there is no such transaction.
	ErrUnknown = errors.New("no such transaction")
	// ErrFull says that no further transaction is taken.
	ErrFull = errors.New("too many transactions")
	// ErrAddress says that a PDU is for, or from, somebody else.
	ErrAddress = errors.New("PDU is not for this entity")
)

// Stats counts what an entity met.
type Stats struct {
	Received, Bad, Foreign, Refused uint64 // PDUs: taken, undecodable, of others, beyond a bound
	Sent                            uint64
	LostIndications                 uint64
}

// Entity is a CFDP entity; see the package comment. It is for one goroutine at a time.
type Entity struct {
	cfg   Config
	store Filestore

	// order holds all transactions by age; tx and rx find them.
	order []transaction
	tx    map[TransactionID]*sender
	rx    map[TransactionID]*receiver
	turn  int // whose file data comes next
	now   time.Time

	replies []reply
	closed  []ended
	down    map[uint64]bool
	seq     uint64
	ind     []Indication
	ends    uint64 // counts what the other side may be told to rely on
	relies  uint64 // ends that the last PDU given out relies on

	Stats Stats
}

// transaction is one end of a file copy.
type transaction interface {
	core() *base
	receive(now time.Time, p PDU)
	tick(now time.Time)
	// control gives the next PDU that is not file data, data the next piece of file or
	// its end; nil if there is none.
	control(now time.Time) Body
	data(now time.Time) Body
	cancel(now time.Time, c Condition)
	timers() []*timer // those that Tick looks at
	clocks() []*timer // all
	report() Indication
	save(w *writer, now time.Time)
}

// base is what both ends have.
type base struct {
	e         *Entity
	id        TransactionID
	remote    uint64
	hdr       Header // of PDUs that this end sends
	conf      Remote
	handlers  Handlers
	suspended bool
	canceled  bool
	done      bool
	cond      Condition
}

func (b *base) core() *base { return b }

func (b *base) frozen() bool { return b.suspended || b.e.down[b.remote] }

func (b *base) class() Class {
	if b.hdr.Unacknowledged {
		return Class1
	}
	return Class2
}

// where is this entity as a fault location.
func (b *base) where() []byte { return appendUint(nil, b.e.cfg.ID, b.hdr.EntityLen) }

// reply is an ACK that waits for the link. It is kept apart from its transaction,
// which may end before it is sent.
type reply struct {
	hdr    Header
	ack    ACK
	to     uint64
	relies uint64 // see Entity.Relies
}

// ended remembers a transaction that is over, so that what is repeated can be
// acknowledged again.
type ended struct {
	id      TransactionID
	sending bool
}

const (
	maxReplies = 256
	maxEnded   = 1024
)

// New makes an entity over a filestore.
func New(cfg Config, store Filestore) *Entity {
	return &Entity{
		cfg: cfg.withDefaults(), store: store,
		tx: map[TransactionID]*sender{}, rx: map[TransactionID]*receiver{}, down: map[uint64]bool{}, ends: 1,
	}
}

// ID is the entity's id.
func (e *Entity) ID() uint64 { return e.cfg.ID }

// Transactions lists those under way, the oldest first.
func (e *Entity) Transactions() []Indication {
	var out []Indication
	for _, t := range e.order {
		out = append(out, t.report())
	}
	return out
}

func (e *Entity) add(t transaction) {
	e.order = append(e.order, t)
	switch t := t.(type) {
	case *sender:
		e.tx[t.id] = t
	case *receiver:
		e.rx[t.id] = t
	}
}

// finish ends a transaction here and remembers it.
func (e *Entity) finish(t transaction) {
	b := t.core()
	if b.done {
		return
	}
	e.remove(t)
	_, sending := t.(*sender)
	if len(e.closed) >= maxEnded {
		e.closed = slices.Delete(e.closed, 0, maxEnded/4)
	}
	e.closed = append(e.closed, ended{b.id, sending})
}

// remove takes a transaction off the list.
func (e *Entity) remove(t transaction) {
	b := t.core()
	b.done = true
	at := slices.Index(e.order, t)
	e.order = slices.Delete(e.order, at, at+1)
	if at < e.turn {
		e.turn--
	}
	if _, sending := t.(*sender); sending {
		delete(e.tx, b.id)
	} else {
		delete(e.rx, b.id)
	}
}

// Receive takes a PDU that arrived. Its error is for the log: the entity stands firm
// whatever comes.
func (e *Entity) Receive(now time.Time, pdu []byte) error {
	e.Observe(now)
	p, err := Decode(pdu)
	if err != nil {
		e.Stats.Bad++
		return err
	}
	here, there := p.Dest, p.Source
	if p.TowardSender {
		here, there = p.Source, p.Dest
	}
	if here != e.cfg.ID {
		e.Stats.Foreign++
		return fmt.Errorf("%w: it names entity %d", ErrAddress, here)
	}
	if !p.CRC && e.cfg.remote(there).CRC {
		e.Stats.Bad++ // or the flag itself was damaged: the check value would count as data
		return fmt.Errorf("%w: no CRC, which entity %d should send", ErrPDU, there)
	}
	e.Stats.Received++
	if p.TowardSender {
		e.towardSender(now, p)
		return nil
	}
	return e.towardReceiver(now, p)
}

func (e *Entity) towardSender(now time.Time, p PDU) {
	if s := e.tx[p.ID()]; s != nil {
		if s.hdr.Dest == p.Dest {
			s.receive(now, p)
		}
		return
	}
	if f, ok := p.Body.(*Finished); ok && !p.Unacknowledged {
		status := StatusUnrecognized
		if slices.Contains(e.closed, ended{p.ID(), true}) {
			status = StatusTerminated
		}
		e.acknowledge(p.Header, ACK{DirectiveFinished, f.Condition, status})
	}
}

func (e *Entity) towardReceiver(now time.Time, p PDU) error {
	id := p.ID()
	if r := e.rx[id]; r != nil {
		if r.hdr.Unacknowledged == p.Unacknowledged {
			r.receive(now, p)
		}
		return nil
	}
	eof, isEOF := p.Body.(*EOF)
	if slices.Contains(e.closed, ended{id, false}) {
		if isEOF && !p.Unacknowledged {
			e.acknowledge(p.Header, ACK{DirectiveEOF, eof.Condition, StatusTerminated})
		}
		return nil
	}
	switch p.Body.(type) {
	case *Metadata, *FileData, *EOF:
	default:
		return nil // nothing that begins a transaction
	}
	if isEOF && eof.Condition != NoError {
		// Canceled before anything of it came: there is nothing to cancel here.
		if !p.Unacknowledged {
			e.acknowledge(p.Header, ACK{DirectiveEOF, eof.Condition, StatusUnrecognized})
		}
		return nil
	}
	if err := e.room(now, p.Source, false); err != nil {
		e.Stats.Refused++
		return fmt.Errorf("%w: %s", err, id)
	}
	r := e.newReceiver(now, p.Header)
	e.add(r)
	r.receive(now, p)
	return nil
}

// acknowledge queues an ACK to the sender of the PDU with header h.
func (e *Entity) acknowledge(h Header, a ACK) {
	to := h.Source
	if h.TowardSender {
		to = h.Dest
	}
	h.TowardSender = !h.TowardSender
	h.Records = false
	for _, r := range e.replies {
		if r.hdr == h && r.ack == a && r.to == to {
			return
		}
	}
	if len(e.replies) >= maxReplies {
		e.replies = slices.Delete(e.replies, 0, 1)
	}
	e.replies = append(e.replies, reply{h, a, to, e.ends})
}

// Next is when Tick is due; false if no timer runs.
func (e *Entity) Next() (at time.Time, ok bool) {
	for _, t := range e.order {
		for _, tm := range t.timers() {
			if tm.on && !tm.frozen && (!ok || tm.at.Before(at)) {
				at, ok = tm.at, true
			}
		}
	}
	return at, ok
}

// Tick handles the timers that have run out.
func (e *Entity) Tick(now time.Time) {
	e.Observe(now)
	for _, t := range slices.Clone(e.order) {
		if !t.core().done {
			t.tick(now)
		}
	}
}

// SetLink says whether the link to an entity is up, as it is to begin with. While it is
// down nothing is sent there, and the timers of its transactions stand still
// (CCSDS 727.0-B-5 §4.12).
func (e *Entity) SetLink(now time.Time, remote uint64, up bool) {
	e.Observe(now)
	if up {
		delete(e.down, remote)
	} else {
		e.down[remote] = true
	}
	for _, t := range e.order {
		if t.core().remote == remote {
			e.settle(now, t)
		}
	}
}

// settle freezes or thaws the timers of a transaction.
func (e *Entity) settle(now time.Time, t transaction) {
	for _, tm := range t.clocks() {
		if t.core().frozen() {
			tm.freeze(now)
		} else {
			tm.thaw(now)
		}
	}
}

// abandon ends a transaction without a word to the other side.
func (e *Entity) abandon(t transaction, c Condition) {
	i := t.report()
	i.Kind, i.Condition = IndAbandoned, c
	e.indicate(i)
	if r, ok := t.(*receiver); ok {
		r.discard()
	}
	e.finish(t)
}

// fault declares a fault and does what its handler says (CCSDS 727.0-B-5 §4.8.2).
// It reports whether the transaction simply goes on.
func (e *Entity) fault(now time.Time, t transaction, c Condition, detail string) (goOn bool) {
	b := t.core()
	i := t.report()
	i.Kind, i.Condition, i.Detail = IndFault, c, detail
	e.indicate(i)
	h := b.handlers.of(c)
	if b.canceled {
		h = HandleAbandon // nobody is left to tell
	}
	switch h {
	case HandleIgnore:
		return true
	case HandleSuspend:
		e.suspend(now, t, c)
	case HandleAbandon:
		e.abandon(t, c)
	default:
		t.cancel(now, c)
	}
	return false
}

func (e *Entity) suspend(now time.Time, t transaction, c Condition) {
	b := t.core()
	if b.suspended {
		return
	}
	b.suspended = true
	e.settle(now, t)
	i := t.report()
	i.Kind, i.Condition = IndSuspended, c
	e.indicate(i)
}
