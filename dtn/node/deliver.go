package node

import (
	"fmt"
	"slices"

	"spacechain/dtn/bundle"
)

// arrive takes in a bundle for a local service.
func (n *Node) arrive(it *item) {
	switch {
	case it.e.ID.Fragment:
		n.assemble(it)
	case it.e.Flags&bundle.FlagAdminRecord != 0 || it.e.Destination.Service() == 0:
		n.administer(it)
	default:
		n.arrived = append(n.arrived, it)
	}
}

// deliver puts what arrived into the output.
func (n *Node) deliver() {
	for _, it := range n.arrived {
		if n.items[it.e.Seq] != it {
			continue
		}
		b, err := n.read(it)
		if err != nil {
			n.lose(it, err)
			continue
		}
		n.out.Deliveries = append(n.out.Deliveries, Delivery{
			ID: it.e.ID, Source: b.Primary.Source, Dst: b.Primary.Destination, Payload: b.Payload(),
		})
	}
	n.arrived = nil
}

// Consume says that a delivery was taken over by its service. On return that is
// durable: it will not come again.
func (n *Node) Consume(id bundle.ID) error {
	e, ok := n.store.Find(id)
	if !ok || n.items[e.Seq] == nil || n.items[e.Seq].state != stateLocal || id.Fragment {
		return fmt.Errorf("consume %v: %w", id, ErrUnknownBundle)
	}
	it := n.items[e.Seq]
	n.report(it, nil, statusDelivered, bundle.ReasonNone)
	if err := n.finish(it); err != nil {
		return fmt.Errorf("consume %v: %w", id, err)
	}
	n.event(Event{Kind: EventDelivered, ID: id})
	n.settle(n.now)
	return nil
}

// finish removes a bundle that has reached its end, and remembers it, in one write.
func (n *Node) finish(it *item) error {
	batch := n.store.Begin()
	batch.Remove(it.e.Seq)
	batch.Seen(it.e.ID.Whole(), it.e.Expiry)
	if err := batch.Commit(); err != nil {
		return err
	}
	delete(n.items, it.e.Seq)
	return nil
}

// wholeID tells apart the bundles that fragments here belong to.
type wholeID struct {
	id    bundle.ID
	total uint64
}

// assembly is the fragments of a bundle that came so far.
type assembly struct{ items []*item }

// assemble adds a fragment, and makes the bundle whole when it is the last.
func (n *Node) assemble(it *item) {
	if n.parts == nil {
		n.parts = make(map[wholeID]*assembly)
	}
	key := wholeID{it.e.ID.Whole(), it.e.Total}
	a := n.parts[key]
	if a == nil {
		a = new(assembly)
		n.parts[key] = a
	}
	a.items = append(a.items, it)
	if a.complete(it.e.Total) {
		n.join(key, a)
	}
}

// complete tells whether fragments cover all of a payload.
func (a *assembly) complete(total uint64) bool {
	slices.SortFunc(a.items, func(x, y *item) int {
		switch {
		case x.e.ID.Offset < y.e.ID.Offset:
			return -1
		case x.e.ID.Offset > y.e.ID.Offset:
			return 1
		}
		return 0
	})
	var have uint64
	for _, it := range a.items {
		if it.e.ID.Offset > have {
			return false
		}
		have = max(have, it.e.ID.Offset+it.e.ID.Length)
	}
	return have >= total
}

// join replaces the fragments in the store by the whole bundle, in one write.
func (n *Node) join(key wholeID, a *assembly) {
	fail := func(err error) { n.event(Event{Kind: EventStoreFailed, ID: key.id, Err: err}) }
	fragments := make([]*bundle.Bundle, 0, len(a.items))
	for _, it := range slices.Clone(a.items) {
		b, err := n.read(it)
		if err != nil {
			n.lose(it, err) // the rest waits for another copy
			return
		}
		fragments = append(fragments, b)
	}
	b, err := bundle.Reassemble(fragments)
	if err != nil {
		fail(err)
		return
	}
	batch := n.store.Begin()
	for _, it := range a.items {
		batch.Remove(it.e.Seq)
	}
	e := n.entry(n.now, b, a.items[0].e.Previous)
	e.Expiry = a.items[0].e.Expiry
	seq, err := batch.Put(e, b.Encode())
	if err == nil {
		err = batch.Commit()
	}
	if err != nil {
		fail(err)
		return
	}
	for _, it := range a.items {
		delete(n.items, it.e.Seq)
	}
	delete(n.parts, key)
	n.event(Event{Kind: EventReassembled, ID: e.ID})
	stored, _ := n.store.Entry(seq)
	n.adopt(stored)
}

// disband takes a fragment that is given up out of its assembly.
func (n *Node) disband(it *item) {
	if it.state != stateLocal || !it.e.ID.Fragment {
		return
	}
	key := wholeID{it.e.ID.Whole(), it.e.Total}
	a := n.parts[key]
	if a == nil {
		return
	}
	a.items = slices.DeleteFunc(a.items, func(x *item) bool { return x == it })
	if len(a.items) == 0 {
		delete(n.parts, key)
	}
}
