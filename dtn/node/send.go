package node

import (
	"fmt"
	"time"

	"spacechain/dtn/bundle"
)

const defaultLifetime = time.Hour

// headRoom is what blocks beside the payload may take of MaxBundle.
const headRoom = 1 << 10

// Send makes a bundle and stores it. On return it is durable, and goes its way.
func (n *Node) Send(now time.Time, r SendRequest) (bundle.ID, error) {
	n.now = now
	if r.Dst.IsNull() {
		return bundle.ID{}, fmt.Errorf("send from service %d to %v: %w", r.Service, r.Dst, ErrDestination)
	}
	if len(r.Payload) > n.cfg.MaxBundle-headRoom {
		return bundle.ID{}, fmt.Errorf("send %d bytes to %v: %w: at most %d",
			len(r.Payload), r.Dst, ErrTooLarge, n.cfg.MaxBundle-headRoom)
	}
	if r.Lifetime <= 0 {
		r.Lifetime = defaultLifetime
	}
	p := bundle.Primary{
		Flags: r.Report & bundle.ReportAll, CRC: bundle.CRC32C,
		Destination: r.Dst, Source: bundle.IPN(n.cfg.Node, r.Service), ReportTo: r.ReportTo,
		LifetimeMs: uint64(r.Lifetime.Milliseconds()),
	}
	if p.Flags != 0 {
		p.Flags |= bundle.FlagStatusTime
	}
	if r.NoFragment {
		p.Flags |= bundle.FlagMustNotFragment
	}
	if r.ReportTo.IsNull() {
		p.ReportTo = n.self()
	}
	id, err := n.put(p, r.Payload)
	if err != nil {
		return bundle.ID{}, fmt.Errorf("send %d bytes to %v: %w", len(r.Payload), r.Dst, err)
	}
	n.event(Event{Kind: EventSent, ID: id})
	n.settle(now)
	return id, nil
}

// put stamps, stores and adopts a bundle made here.
func (n *Node) put(p bundle.Primary, payload []byte) (bundle.ID, error) {
	p.Timestamp = n.nextStamp()
	b := bundle.New(p, payload)
	b.SetHopCount(bundle.HopCount{Limit: n.cfg.HopLimit})
	e := n.entry(n.now, b, 0)
	batch := n.store.Begin()
	seq, err := batch.Put(e, b.Encode())
	if err == nil {
		err = batch.Commit()
	}
	if err != nil {
		return bundle.ID{}, err
	}
	stored, _ := n.store.Entry(seq)
	n.adopt(stored)
	return e.ID, nil
}

// nextStamp gives a creation timestamp that was never given before: its number has
// the count of the node's lives, and counts on within a millisecond.
func (n *Node) nextStamp() bundle.Timestamp {
	t := bundle.Timestamp{Time: bundle.DTNTime(n.now), Seq: n.boot << 16}
	if t.Time <= n.stamp.Time { // the clock stood still, or was set back
		t = n.stamp
		if t.Seq++; t.Seq>>16 != n.boot {
			t.Time, t.Seq = t.Time+1, n.boot<<16
		}
	}
	n.stamp = t
	return t
}
