package node

import (
	"math"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/cla"
	"spacechain/dtn/store"
)

// sink is a node as its links see it.
type sink Node

// Room reports whether a bundle of so many bytes would be taken.
func (s *sink) Room(total int) bool { return s.store.Room(total) }

// Completed reports whether a transfer was taken before.
func (s *sink) Completed(d store.Digest) bool { return s.store.WasCompleted(d) }

// Accept takes a bundle from a neighbour (RFC 9171 §5.6). It is nil when the bundle
// is stored, and also when it is rightly not: seen before, expired, unwanted.
func (s *sink) Accept(now time.Time, peer uint64, data []byte, d store.Digest) error {
	n := (*Node)(s)
	n.now = now
	b, err := n.limits().Decode(data)
	if err != nil {
		return &cla.Refusal{Reason: cla.ReasonMalformed, Err: err}
	}
	if n.isDuplicate(b) {
		return nil
	}
	old := n.copyOf(b)
	if old != nil && !old.tried {
		return nil
	}
	e := n.entry(now, b, peer)
	if b.Primary.Flags&bundle.FlagReportReception != 0 {
		n.reportOn(b, statusReceived, bundle.ReasonNone)
	}
	if reason, bad := n.judge(now, b, &e); bad {
		n.reportOn(b, statusDeleted, reason)
		n.event(Event{Kind: EventDeleted, ID: e.ID, Peer: peer, Reason: reason})
		return nil
	}
	if n.dropUnknown(b) {
		data = b.Encode()
	}
	batch := n.store.Begin()
	if old != nil {
		batch.Remove(old.e.Seq)
	}
	seq, err := batch.Put(e, data)
	if err == nil {
		batch.Completed(d)
		err = batch.Commit()
	}
	if err != nil {
		n.event(Event{Kind: EventStoreFailed, ID: e.ID, Peer: peer, Err: err})
		return &cla.Refusal{Reason: cla.ReasonNoRoom, Err: err}
	}
	if old != nil {
		n.unqueue(old)
		delete(n.items, old.e.Seq)
	}
	n.event(Event{Kind: EventReceived, ID: e.ID, Peer: peer})
	stored, _ := n.store.Entry(seq)
	n.adopt(stored)
	return nil
}

// isDuplicate tells whether a bundle for this node is here already, or was consumed.
func (n *Node) isDuplicate(b *bundle.Bundle) bool {
	if !n.isLocal(b.Primary.Destination) {
		return false
	}
	id := b.ID()
	_, same := n.store.Find(id)
	_, whole := n.store.Find(id.Whole())
	return same || whole || n.store.HasSeen(id.Whole())
}

// copyOf gives the copy of a bundle that waits here to be forwarded. One that was
// never handed to a link makes another needless. One that was may have come round:
// its neighbour has it, handed it on, and it is the only one that is left. Then the
// one that comes takes the place of the one that is here.
func (n *Node) copyOf(b *bundle.Bundle) *item {
	e, ok := n.store.Find(b.ID())
	if !ok {
		return nil
	}
	return n.items[e.Seq]
}

// entry describes a bundle that came or was made at a time.
func (n *Node) entry(now time.Time, b *bundle.Bundle, peer uint64) store.Entry {
	e := store.Entry{
		ID: b.ID(), Destination: b.Primary.Destination, Flags: b.Primary.Flags,
		Total: b.Primary.TotalLength, Received: now, Previous: peer, HopsLeft: math.MaxUint8,
	}
	var ok bool
	if e.Expiry, ok = b.Primary.Expiry(); !ok {
		age, _ := b.AgeMs()
		left := b.Primary.LifetimeMs - min(age, b.Primary.LifetimeMs)
		e.Expiry = bundle.TimeOf(bundle.DTNTime(now) + min(left, math.MaxInt64))
	}
	if h, ok := b.HopCount(); ok {
		e.HopsLeft = uint8(uint64(h.Limit) - min(h.Count, uint64(h.Limit)))
	}
	return e
}

// judge tells whether a bundle must be given up at once, and why.
func (n *Node) judge(now time.Time, b *bundle.Bundle, e *store.Entry) (bundle.Reason, bool) {
	dst := b.Primary.Destination
	if !e.Expiry.After(now) {
		return bundle.ReasonLifetimeExpired, true
	}
	if h, ok := b.HopCount(); ok && h.Exceeded() {
		return bundle.ReasonHopLimit, true
	}
	if dst.IsNull() || dst.Node() == bundle.LocalNode || (n.isLocal(dst) && !n.serves(dst.Service())) {
		return bundle.ReasonUnavailable, true
	}
	if n.isLocal(dst) && e.Total > uint64(n.cfg.MaxBundle) {
		return bundle.ReasonDepletedStorage, true
	}
	refuse := false
	b.Unknown(func(c *bundle.Block) {
		if c.Flags&bundle.BlockReportUnknown != 0 {
			n.reportOn(b, statusReceived, bundle.ReasonBlockUnsupported)
		}
		refuse = refuse || c.Flags&bundle.BlockDeleteUnknown != 0
	})
	return bundle.ReasonBlockUnsupported, refuse
}

// dropUnknown takes out the blocks that a node which does not know them shall
// discard, and tells whether there were any.
func (n *Node) dropUnknown(b *bundle.Bundle) bool {
	drop := false
	b.Unknown(func(c *bundle.Block) { drop = drop || c.Flags&bundle.BlockDiscardUnknown != 0 })
	if drop {
		known := map[*bundle.Block]bool{}
		b.Unknown(func(c *bundle.Block) { known[c] = c.Flags&bundle.BlockDiscardUnknown != 0 })
		b.Remove(func(c *bundle.Block) bool { return known[c] })
	}
	return drop
}

func (n *Node) serves(service uint64) bool {
	return service == 0 || n.cfg.Services == nil || n.cfg.Services(service)
}
