package world

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/cla"
	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/spaceos/command"
	"spacechain/world/host"
)

// rogue is a terminal with software of its owner's: it speaks the links' protocol
// and puts what it likes into bundles, under any name.
type rogue struct {
	u      *Universe
	links  map[uint64]*cla.Endpoint
	queue  [][]byte
	sent   uint64
	taken  map[store.Digest]bool
	got    []*bundle.Bundle
	host   *host.Host
	stamps uint64
}

// newRogue puts the software in the place of Mallory's terminal.
func newRogue(t testing.TB, u *Universe) *rogue {
	t.Helper()
	m := u.members[mallory]
	m.host.Stop()
	r := &rogue{u: u, links: map[uint64]*cla.Endpoint{}, taken: map[store.Digest]bool{}}
	m.host = host.New(u.loop, r, m, u.start, 0)
	r.host = m.host
	for _, peer := range slices.Sorted(maps.Keys(m.hops)) {
		h := m.hops[peer]
		m.join(h, h.side(m.id))
	}
	if len(r.links) == 0 {
		t.Fatal("Mallory has no link")
	}
	return r
}

func (r *rogue) LinkUp(now time.Time, l node.LinkInfo) error {
	if r.links[l.Peer] == nil {
		r.links[l.Peer] = cla.New(cla.Config{Peer: l.Peer, Epoch: 1 << 40, Sink: r})
	}
	return r.links[l.Peer].Up(now, cla.Link{RateBps: l.RateBps, OWLT: l.OWLT, MTU: l.MTU, HalfDuplex: l.HalfDuplex})
}

func (r *rogue) LinkDown(_ time.Time, peer uint64) { r.links[peer].Down() }

func (r *rogue) Frame(now time.Time, peer uint64, frame []byte) { r.links[peer].Frame(now, frame) }

func (r *rogue) Tick(now time.Time) {
	for _, peer := range slices.Sorted(maps.Keys(r.links)) {
		r.links[peer].Tick(now)
	}
}

func (r *rogue) Drain(now time.Time) (out []node.OutFrame) {
	for _, peer := range slices.Sorted(maps.Keys(r.links)) {
		l := r.links[peer]
		for len(r.queue) > 0 && l.IsUp() && l.Wants(0) {
			r.sent++
			l.Send(r.sent, 0, r.queue[0])
			r.queue = r.queue[1:]
		}
		l.Outcomes()
		for _, f := range l.Frames(now) {
			out = append(out, node.OutFrame{Peer: peer, Data: f})
		}
	}
	return out
}

func (r *rogue) NextWake() (at time.Time, ok bool) {
	for _, l := range r.links {
		if t, up := l.Wake(); up && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	return at, ok
}

func (r *rogue) SetPlan(time.Time, *contact.Plan) {}

// Room, Completed and Accept make it the sink of its links.
func (r *rogue) Room(int) bool { return true }

func (r *rogue) Completed(d store.Digest) bool { return r.taken[d] }

func (r *rogue) Accept(_ time.Time, _ uint64, data []byte, d store.Digest) error {
	r.taken[d] = true
	if b, err := bundle.Decode(bytes.Clone(data)); err == nil {
		r.got = append(r.got, b)
	}
	return nil
}

// raw sends bytes as if they were a bundle.
func (r *rogue) raw(data []byte) {
	r.queue = append(r.queue, data)
	r.host.Do(func(time.Time) {})
}

// primary gives a block from Mallory's inbox to a service of the target.
func (r *rogue) primary(service uint64) bundle.Primary {
	r.stamps++
	return bundle.Primary{CRC: bundle.CRC32C, Source: bundle.IPN(mallory, command.InboxService), ReportTo: bundle.IPN(mallory, 0),
		Destination: bundle.IPN(target, service), LifetimeMs: uint64((2 * time.Hour).Milliseconds()),
		Timestamp: bundle.Timestamp{Time: bundle.DTNTime(r.u.Now()), Seq: r.stamps}}
}

// say sends a payload to a service of the target.
func (r *rogue) say(service uint64, payload []byte) { r.put(r.primary(service), payload) }

func (r *rogue) put(p bundle.Primary, payload []byte) { r.raw(bundle.New(p, payload).Encode()) }

// replies gives what the target signed and sent to Mallory's inbox.
func (r *rogue) replies(t testing.TB) (out []*command.Reply) {
	t.Helper()
	for _, b := range r.got {
		m, err := command.OpenInbox(b.Payload())
		if err != nil || m.Reply == nil {
			continue
		}
		public, ok := r.u.publicOf(m.Satellite())
		if !ok || m.Verify(public) != nil {
			t.Errorf("a reply that satellite %d did not sign", m.Satellite())
		}
		out = append(out, m.Reply)
	}
	return out
}
