package node

import (
	"cmp"
	"slices"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/cla"
	"spacechain/dtn/contact"
)

// How long a neighbour that refused a bundle is not asked again, by what it said.
const (
	avoidNoRoom = 30 * time.Second
	avoidSilent = 2 * time.Minute
	heldRetry   = time.Second // held bundles are routed no more often than this
)

func (n *Node) place(peer uint64) (int, bool) {
	return slices.BinarySearchFunc(n.peers, peer, func(nb *neighbour, p uint64) int { return cmp.Compare(nb.peer, p) })
}

func (n *Node) peer(peer uint64) *neighbour {
	if i, ok := n.place(peer); ok {
		return n.peers[i]
	}
	return nil
}

func (n *Node) addPeer(peer uint64) *neighbour {
	i, _ := n.place(peer)
	nb := &neighbour{peer: peer}
	nb.link = cla.New(cla.Config{Peer: peer, Epoch: n.nextEpoch(), MaxTransfer: n.cfg.MaxBundle,
		Sink: (*sink)(n), Parts: n.store})
	n.peers = slices.Insert(n.peers, i, nb)
	return nb
}

// dropPeer forgets a neighbour when there are many.
func (n *Node) dropPeer(nb *neighbour) {
	if i, ok := n.place(nb.peer); ok && len(n.peers) > maxPeers && len(nb.queue) == 0 {
		n.peers = slices.Delete(n.peers, i, i+1)
	}
}

// byArrival gives all items in the order in which their bundles came.
func (n *Node) byArrival() []*item {
	if len(n.items) == 0 {
		return nil
	}
	out := make([]*item, 0, len(n.items))
	for _, it := range n.items {
		out = append(out, it)
	}
	slices.SortFunc(out, func(a, b *item) int { return cmp.Compare(a.e.Seq, b.e.Seq) })
	return out
}

// settle does what has become due or possible.
func (n *Node) settle(now time.Time) {
	n.now = now
	for _, nb := range n.peers {
		n.collect(nb)
	}
	for e := n.store.Expired(now); e != nil; e = n.store.Expired(now) {
		n.discard(n.items[e.Seq], bundle.ReasonLifetimeExpired)
	}
	for len(n.reviews) > 0 && n.reviews[0].key <= now.UnixNano() {
		t := n.reviews.pop()
		if t.number == t.item.reviewTicket && n.items[t.seq] == t.item && t.item.state < stateSending {
			n.reroute(t.item)
		}
	}
	if len(n.held) > 0 && n.router.Generation() != n.heldGen && !now.Before(n.heldNext) {
		held := n.held
		n.held, n.heldGen, n.heldNext = nil, n.router.Generation(), now.Add(heldRetry)
		for _, it := range held {
			if it.state == stateHeld && n.items[it.e.Seq] == it {
				n.reroute(it)
			}
		}
	}
	for {
		for i := 0; i < len(n.dirty); i++ { // routing may cut a bundle and add the parts
			if it := n.dirty[i]; it.state == stateNew && n.items[it.e.Seq] == it {
				n.route(it)
			}
		}
		n.dirty = nil
		for _, nb := range n.peers {
			n.feed(nb)
		}
		if len(n.dirty) == 0 { // feeding may make status reports
			break
		}
	}
	if n.store.Pending() > 0 {
		n.flush()
	}
}

// flush writes removals. What a process that is killed has not written comes back
// when it starts again, and wanders through the mesh once more.
func (n *Node) flush() {
	if err := n.store.Flush(); err != nil {
		n.event(Event{Kind: EventStoreFailed, Err: err})
	}
}

// reroute takes an item out of where it waits, to be routed by settle.
func (n *Node) reroute(it *item) {
	if it.state == stateNew || it.state == stateLocal {
		return
	}
	if it.state == stateQueued || it.state == stateSending {
		n.router.Release(&it.route, wireSize(it.e.Size))
	}
	it.state, it.route = stateNew, contact.Route{}
	it.queueTicket++
	it.reviewTicket++
	n.dirty = append(n.dirty, it)
}

// route finds a way for an item and queues it there, or holds it.
func (n *Node) route(it *item) {
	r, err := n.find(it, wireSize(it.e.Size))
	if err != nil && n.split(it) {
		return
	}
	if err != nil || r.Hops() > int(it.e.HopsLeft) { // it would die on the way
		n.hold(it)
		return
	}
	n.router.Book(&r, wireSize(it.e.Size))
	it.state, it.peer, it.route = stateQueued, r.Next, r
	nb := n.peer(r.Next)
	if nb == nil {
		nb = n.addPeer(r.Next)
	}
	it.queueTicket++
	nb.queue.push(ticket{key: int64(it.class), seq: it.e.Seq, number: it.queueTicket, item: it})
	if r.Live {
		n.review(it, r.End)
	} else {
		n.review(it, r.Start.Add(n.cfg.LinkGrace+time.Nanosecond))
	}
}

// find asks the router for a way for size bytes of an item. The node that it came
// from is asked only where nobody else leads on, and not after many hops, so that
// two nodes that cannot go on do not throw a bundle back and forth until its hops
// are used up.
func (n *Node) find(it *item, size int) (contact.Route, error) {
	if !it.e.Destination.IsIPN() || it.e.Destination.IsNull() {
		return contact.Route{}, contact.ErrNoRoute
	}
	var buf [4]uint64
	exclude := buf[:0]
	it.avoid = slices.DeleteFunc(it.avoid, func(a avoid) bool { return !a.until.After(n.now) })
	for _, a := range it.avoid {
		exclude = append(exclude, a.peer)
	}
	q := contact.Query{Dst: it.e.Destination.Node(), Size: size, Deadline: it.e.Expiry, ExcludeNext: exclude}
	back := it.e.Previous
	if back == 0 || back == q.Dst {
		return n.router.Route(n.now, q)
	}
	q.ExcludeNext = append(exclude, back)
	r, err := n.router.Route(n.now, q)
	if err != nil && it.e.HopsLeft > n.cfg.HopLimit/2 {
		q.ExcludeNext = exclude
		r, err = n.router.Route(n.now, q)
	}
	return r, err
}

func (n *Node) hold(it *item) {
	it.state = stateHeld
	if len(n.held) == 0 {
		n.heldGen = n.router.Generation()
	}
	n.held = append(n.held, it)
	if len(it.avoid) > 0 {
		n.review(it, slices.MinFunc(it.avoid, func(a, b avoid) int { return a.until.Compare(b.until) }).until)
	}
}

// review sees to it that an item which still waits at a time is routed anew.
func (n *Node) review(it *item, at time.Time) {
	if !at.Before(it.e.Expiry) {
		return
	}
	it.reviewTicket++
	n.reviews.push(ticket{key: at.UnixNano(), seq: it.e.Seq, number: it.reviewTicket, item: it})
}

// feed hands bundles to a link that is up, as many as it wants.
func (n *Node) feed(nb *neighbour) {
	if !nb.link.IsUp() {
		return
	}
	for len(nb.queue) > 0 {
		it := nb.queue[0].item
		if it.queueTicket != nb.queue[0].number || n.items[it.e.Seq] != it {
			nb.queue.pop()
			continue
		}
		if !nb.link.Wants(it.class) {
			return
		}
		nb.queue.pop()
		data, ok := n.prepare(it)
		if !ok {
			continue
		}
		it.state, it.tried = stateSending, true
		it.reviewTicket++
		nb.link.Send(it.e.Seq, it.class, data)
	}
}

// prepare gives an item's bytes as they go to the next node: with this node as the
// previous one, one hop more, and older by the time it spent here (RFC 9171 §5.4).
func (n *Node) prepare(it *item) ([]byte, bool) {
	b, err := n.read(it)
	if err != nil {
		n.lose(it, err)
		return nil, false
	}
	h, ok := b.HopCount()
	if !ok { // every hop shall change the bytes: a bundle that comes round is no repeated transfer
		h.Limit = n.cfg.HopLimit
	}
	if h.Count++; h.Exceeded() {
		n.discard(it, bundle.ReasonHopLimit)
		return nil, false
	}
	b.SetHopCount(h)
	b.SetPreviousNode(n.self())
	if age, ok := b.AgeMs(); ok || b.Primary.Timestamp.Time == 0 {
		b.SetAgeMs(age + uint64(max(0, n.now.Sub(it.e.Received).Milliseconds())))
	}
	return b.Encode(), true
}

// read reads an item's bundle from the store.
func (n *Node) read(it *item) (*bundle.Bundle, error) {
	data, err := n.store.Get(it.e.Seq)
	if err != nil {
		return nil, err
	}
	return n.limits().Decode(data)
}

func (n *Node) limits() bundle.Limits { return bundle.Limits{MaxSize: n.cfg.MaxBundle} }

// collect takes in what became of transfers to a neighbour.
func (n *Node) collect(nb *neighbour) {
	for _, o := range nb.link.Outcomes() {
		it := n.items[o.Handle]
		if it == nil || it.state != stateSending || it.peer != nb.peer {
			continue
		}
		if o.Done {
			n.router.Sent(&it.route, wireSize(it.e.Size))
			n.handed.note(it.e.ID, nb.peer)
			n.report(it, nil, statusForwarded, bundle.ReasonNone)
			n.event(Event{Kind: EventForwarded, ID: it.e.ID, Peer: nb.peer})
			n.remove(it)
			continue
		}
		n.refused(it, nb.peer, o.Reason)
	}
}

func (n *Node) refused(it *item, peer uint64, reason cla.Reason) {
	a := avoid{peer: peer, until: it.e.Expiry}
	why := bundle.ReasonNone
	switch reason {
	case cla.ReasonNoRoom:
		a.until, why = n.now.Add(avoidNoRoom), bundle.ReasonDepletedStorage
	case cla.ReasonSilent:
		a.until, why = n.now.Add(avoidSilent), bundle.ReasonNoTimelyContact
	}
	n.event(Event{Kind: EventRefused, ID: it.e.ID, Peer: peer, Reason: why})
	it.avoid = append(slices.DeleteFunc(it.avoid, func(b avoid) bool { return b.peer == peer }), a)
	n.reroute(it)
}

// remove takes an item out of the node; on disk it goes with the next write.
func (n *Node) remove(it *item) {
	delete(n.items, it.e.Seq)
	n.store.Remove(it.e.Seq)
	if len(n.items) == 0 {
		n.items = nil
	}
}

// discard gives up a bundle, with a report if one was asked for.
func (n *Node) discard(it *item, reason bundle.Reason) {
	n.unqueue(it)
	n.report(it, nil, statusDeleted, reason)
	n.event(Event{Kind: EventDeleted, ID: it.e.ID, Reason: reason})
	n.disband(it)
	n.remove(it)
}

// lose gives up a bundle that the store cannot read back.
func (n *Node) lose(it *item, err error) {
	n.event(Event{Kind: EventStoreFailed, ID: it.e.ID, Err: err})
	n.event(Event{Kind: EventDeleted, ID: it.e.ID, Reason: bundle.ReasonDepletedStorage})
	n.unqueue(it)
	n.disband(it)
	n.remove(it)
}

// unqueue takes an item that will not be sent off its link.
func (n *Node) unqueue(it *item) {
	if it.state == stateQueued || it.state == stateSending {
		n.router.Release(&it.route, wireSize(it.e.Size))
	}
	if nb := n.peer(it.peer); it.state == stateSending && nb != nil {
		nb.link.Cancel(it.e.Seq)
	}
}
