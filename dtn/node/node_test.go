package node

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/cla"
	"spacechain/dtn/contact"
	"spacechain/dtn/store"
	"spacechain/internal/kv"
)

func open(t testing.TB, cfg Config, disk kv.Store) *Node {
	t.Helper()
	st, err := store.Open(disk, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Store = st
	n, err := New(begin, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// receive gives a node a bundle as if a neighbour had sent it whole.
func receive(n *Node, now time.Time, peer uint64, b *bundle.Bundle) error {
	raw := b.Encode()
	err := (*sink)(n).Accept(now, peer, raw, cla.DigestOf(raw))
	n.settle(now)
	return err
}

func made(dst bundle.EID, flags bundle.Flags, ext ...bundle.Block) *bundle.Bundle {
	return bundle.New(bundle.Primary{
		Flags: flags, CRC: bundle.CRC32C, Destination: dst, Source: bundle.IPN(8, 1), ReportTo: bundle.IPN(8, 0),
		Timestamp: bundle.Timestamp{Time: bundle.DTNTime(begin), Seq: 1}, LifetimeMs: 600000,
	}, []byte("payload"), ext...)
}

// reports gives the status reports that a node holds for node 8.
func reports(t *testing.T, n *Node) []bundle.Report {
	var out []bundle.Report
	for _, e := range n.store.Entries() {
		if e.Flags&bundle.FlagAdminRecord == 0 {
			continue
		}
		b, err := n.read(n.items[e.Seq])
		if err != nil {
			t.Fatal(err)
		}
		r, err := bundle.DecodeReport(b.Payload())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, *r)
	}
	return out
}

func TestSendErrors(t *testing.T) {
	n := open(t, Config{Node: 1, MaxBundle: 5000}, kv.NewMemory())
	if _, err := n.Send(begin, SendRequest{Dst: bundle.None}); !errors.Is(err, ErrDestination) {
		t.Errorf("to nobody: %v", err)
	}
	if _, err := n.Send(begin, SendRequest{Dst: bundle.IPN(2, 1), Payload: make([]byte, 5000)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	st, _ := store.Open(kv.NewMemory(), store.Options{MaxBytes: 1000})
	full, err := New(begin, Config{Node: 1, Store: st})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := full.Send(begin, SendRequest{Dst: bundle.IPN(2, 1), Payload: make([]byte, 2000)}); !errors.Is(err, store.ErrFull) {
		t.Errorf("to a full store: %v", err)
	}
	if _, err := New(begin, Config{Node: 1}); err == nil {
		t.Error("a node without a store")
	}
	if err := n.Consume(bundle.ID{Source: bundle.IPN(1, 1)}); !errors.Is(err, ErrUnknownBundle) {
		t.Errorf("consume nothing: %v", err)
	}
	if err := n.LinkUp(begin, LinkInfo{Peer: 2, RateBps: 1e6, MTU: 10}); err == nil {
		t.Error("a link with an MTU of 10")
	}
	if err := n.LinkUp(begin, LinkInfo{Peer: 1, RateBps: 1e6, MTU: 1000}); err == nil {
		t.Error("a link to itself")
	}
}

func TestIDsAreNeverGivenTwice(t *testing.T) {
	disk := kv.NewMemory()
	seen := map[bundle.ID]bool{}
	for range 5 { // the clock stands still over restarts
		n := open(t, Config{Node: 1}, disk)
		for range 50 {
			id, err := n.Send(begin, SendRequest{Dst: bundle.IPN(2, 1)})
			if err != nil || seen[id] {
				t.Fatalf("%v again, %v", id, err)
			}
			seen[id] = true
		}
	}
	n := open(t, Config{Node: 1}, disk)
	before := n.epoch
	for range 3000 {
		n.nextEpoch()
	}
	if again := open(t, Config{Node: 1}, disk); again.epoch < before+3000 {
		t.Errorf("epoch %d after %d", again.epoch, before+3000)
	}
}

// RFC 9171 §5.6: what becomes of blocks that a node does not know.
func TestUnknownBlocks(t *testing.T) {
	const kind = 200
	for name, c := range map[string]struct {
		flags   bundle.BlockFlags
		stored  int // bundles, reports included
		kept    bool
		reports []bundle.Report
	}{
		"kept":               {0, 1, true, nil},
		"discarded":          {bundle.BlockDiscardUnknown, 1, false, nil},
		"reported":           {bundle.BlockReportUnknown, 2, true, []bundle.Report{{Received: bundle.Status{Asserted: true}}}},
		"bundle deleted":     {bundle.BlockDeleteUnknown, 0, false, nil},
		"deleted and report": {bundle.BlockDeleteUnknown | bundle.BlockReportUnknown, 1, false, []bundle.Report{{Received: bundle.Status{Asserted: true}}}},
	} {
		n := open(t, Config{Node: 1}, kv.NewMemory())
		if err := receive(n, begin, 5, made(bundle.IPN(9, 1), 0, bundle.Block{Type: kind, Flags: c.flags, Data: []byte{1}})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n.Stored() != c.stored {
			t.Errorf("%s: %d bundles, want %d", name, n.Stored(), c.stored)
		}
		got := reports(t, n)
		if len(got) != len(c.reports) || (len(got) > 0 && (got[0].Received != c.reports[0].Received || got[0].Reason != bundle.ReasonBlockUnsupported)) {
			t.Errorf("%s: reports %+v", name, got)
		}
		for _, e := range n.store.Entries() {
			if e.Flags&bundle.FlagAdminRecord != 0 {
				continue
			}
			if b, err := n.read(n.items[e.Seq]); err != nil || (b.Find(kind) != nil) != c.kept {
				t.Errorf("%s: blocks %+v, %v", name, b.Blocks, err)
			}
		}
	}
}

func TestDeletions(t *testing.T) {
	hops := made(bundle.IPN(9, 1), bundle.FlagReportDeletion)
	hops.SetHopCount(bundle.HopCount{Limit: 3, Count: 4})
	old := made(bundle.IPN(9, 1), bundle.FlagReportDeletion)
	old.Primary.Timestamp.Time -= 600000
	aged := made(bundle.IPN(9, 1), bundle.FlagReportDeletion|bundle.FlagStatusTime)
	aged.Primary.Timestamp.Time = 0
	aged.SetAgeMs(600000)
	for name, c := range map[string]struct {
		b    *bundle.Bundle
		want bundle.Reason
	}{
		"hop limit":  {hops, bundle.ReasonHopLimit},
		"lifetime":   {old, bundle.ReasonLifetimeExpired},
		"age":        {aged, bundle.ReasonLifetimeExpired},
		"no service": {made(bundle.IPN(1, 77), bundle.FlagReportDeletion), bundle.ReasonUnavailable},
		"!":          {made(bundle.IPN(bundle.LocalNode, 7), bundle.FlagReportDeletion), bundle.ReasonUnavailable},
		"no block":   {made(bundle.IPN(9, 1), bundle.FlagReportDeletion, bundle.Block{Type: 200, Flags: bundle.BlockDeleteUnknown}), bundle.ReasonBlockUnsupported},
	} {
		n := open(t, Config{Node: 1, Services: func(s uint64) bool { return s == 7 }}, kv.NewMemory())
		if err := receive(n, begin, 5, c.b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got := reports(t, n)
		if len(got) != 1 || !got[0].Deleted.Asserted || got[0].Reason != c.want || got[0].Subject != c.b.ID() || n.Stored() != 1 {
			t.Errorf("%s: reports %+v", name, got)
		}
		if timed := c.b.Primary.Flags&bundle.FlagStatusTime != 0; timed != (got[0].Deleted.Time != 0) {
			t.Errorf("%s: time %d", name, got[0].Deleted.Time)
		}
	}
	var refusal *cla.Refusal
	n := open(t, Config{Node: 1}, kv.NewMemory())
	if err := (*sink)(n).Accept(begin, 5, []byte("no bundle"), store.Digest{}); !errors.As(err, &refusal) || refusal.Reason != cla.ReasonMalformed {
		t.Errorf("no bundle: %v", err)
	}
}

// A bundle of a source without a clock lives by its age, which grows where it waits.
func TestAge(t *testing.T) {
	n := open(t, Config{Node: 1}, kv.NewMemory())
	b := made(bundle.IPN(9, 1), 0)
	b.Primary.Timestamp.Time = 0
	b.SetAgeMs(100000)
	if err := receive(n, begin, 5, b); err != nil {
		t.Fatal(err)
	}
	if at, ok := n.NextWake(); !ok || !at.Equal(begin.Add(500*time.Second)) {
		t.Errorf("expires at %v", at)
	}
	n.now = begin.Add(30 * time.Second)
	for _, it := range n.items {
		raw, ok := n.prepare(it)
		out, err := bundle.Decode(raw)
		if !ok || err != nil {
			t.Fatal(err)
		}
		if ms, _ := out.AgeMs(); ms != 130000 {
			t.Errorf("age %d ms", ms)
		}
		if e, _ := out.PreviousNode(); e != bundle.IPN(1, 0) {
			t.Errorf("previous node %v", e)
		}
		if h, ok := out.HopCount(); !ok || h.Count != 1 {
			t.Errorf("hop count %+v", h)
		}
	}
	n.Tick(begin.Add(500 * time.Second))
	if n.Stored() != 0 {
		t.Error("it outlived its lifetime")
	}
	if _, ok := n.NextWake(); ok {
		t.Error("an empty node wakes")
	}
}

// Fragments that overlap, come twice and out of order make one delivery, and what
// comes later is not delivered again.
func TestReassembly(t *testing.T) {
	n := open(t, Config{Node: 9}, kv.NewMemory())
	whole := made(bundle.IPN(9, 1), bundle.FlagReportDelivery)
	payload := []byte("0123456789")
	whole.Blocks[0].Data = payload
	cut := func(b *bundle.Bundle, at int) (x, y *bundle.Bundle) {
		x, y, err := b.Split(at)
		if err != nil {
			t.Fatal(err)
		}
		return x, y
	}
	a, b := cut(whole, 4)
	c, d := cut(whole, 6)
	a1, a2 := cut(a, 2)
	for _, f := range []*bundle.Bundle{d, a2, a2, b} {
		if err := receive(n, begin, 5, f); err != nil {
			t.Fatal(err)
		}
		if r := n.Ready(); len(r.Deliveries) != 0 {
			t.Fatal("delivered without its beginning")
		}
	}
	if err := receive(n, begin, 5, a1); err != nil {
		t.Fatal(err)
	}
	r := n.Ready()
	if len(r.Deliveries) != 1 || string(r.Deliveries[0].Payload) != string(payload) || n.Stored() != 1 {
		t.Fatalf("deliveries %+v, %d stored", r.Deliveries, n.Stored())
	}
	if err := n.Consume(r.Deliveries[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*bundle.Bundle{whole, a, b, c} {
		if err := receive(n, begin, 6, f); err != nil {
			t.Fatal(err)
		}
	}
	if r := n.Ready(); len(r.Deliveries) != 0 {
		t.Error("delivered again")
	}
	if got := reports(t, n); len(got) != 1 || !got[0].Delivered.Asserted || got[0].Subject.Fragment {
		t.Errorf("reports %+v", got)
	}
}

// An idle node costs nothing: no memory to speak of, no timer, no frame.
func TestIdleNodeIsCheap(t *testing.T) {
	plan, err := contact.NewPlan(ring(1000))
	if err != nil {
		t.Fatal(err)
	}
	const count = 200
	disk := kv.NewMemory()
	nodes := make([]*Node, count)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range nodes {
		nodes[i] = open(t, Config{Node: uint64(i + 1), Plan: plan}, kv.Prefix(disk, string(rune(i+1))+"/"))
		for _, peer := range []uint64{uint64(i + 500), uint64(i + 502), uint64(i + 600), uint64(i + 700)} {
			if err := nodes[i].LinkUp(begin, LinkInfo{Peer: peer, RateBps: 1e6, MTU: 1115, Until: begin.Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / count
	t.Logf("a node at rest with four links holds %d bytes", each)
	if each > 20<<10 {
		t.Errorf("a node at rest holds %d bytes", each)
	}
	if _, ok := nodes[0].NextWake(); ok {
		t.Error("a node at rest wakes")
	}
	if r := nodes[0].Ready(); !r.Empty() {
		t.Errorf("a node at rest wants %+v", r)
	}
	allocs := testing.AllocsPerRun(100, func() {
		nodes[0].Tick(begin)
		r := nodes[0].Ready()
		_ = r
	})
	if allocs > 0 {
		t.Errorf("%v allocations to do nothing", allocs)
	}
	runtime.KeepAlive(nodes)
}

// ring is a plan of nodes in a ring.
func ring(n int) []contact.Contact {
	var out []contact.Contact
	for i := range n {
		a, b := uint64(i+1), uint64((i+1)%n+1)
		for _, d := range [][2]uint64{{a, b}, {b, a}} {
			out = append(out, contact.Contact{From: d[0], To: d[1], Start: begin, End: begin.Add(24 * time.Hour), RateBps: 1e7, OWLT: 5 * time.Millisecond})
		}
	}
	return out
}

// What a neighbour hands in as a bundle never brings a node down.
func FuzzAccept(f *testing.F) {
	whole := made(bundle.IPN(9, 1), bundle.ReportAll, bundle.Block{Type: 200, Flags: 0x16})
	whole.SetHopCount(bundle.HopCount{Limit: 3})
	whole.SetAgeMs(5)
	head, tail, err := made(bundle.IPN(1, 7), 0).Split(3)
	if err != nil {
		f.Fatal(err)
	}
	report := bundle.Report{Subject: whole.ID()}
	admin := made(bundle.IPN(1, 0), bundle.FlagAdminRecord)
	admin.Blocks[0].Data = report.Append(nil)
	for _, b := range []*bundle.Bundle{whole, head, tail, admin} {
		f.Add(b.Encode(), head.Encode())
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		n := open(t, Config{Node: 1}, kv.NewMemory())
		if err := n.LinkUp(begin, LinkInfo{Peer: 5, RateBps: 1e6, MTU: 1115}); err != nil {
			t.Fatal(err)
		}
		for i, raw := range [][]byte{a, b, a} {
			err := (*sink)(n).Accept(begin, uint64(5+i), raw, cla.DigestOf(raw))
			if _, bad := bundle.Decode(raw); (bad != nil) != (err != nil) {
				t.Fatalf("accept %x: %v, decode: %v", raw, err, bad)
			}
			n.settle(begin)
		}
		for _, d := range n.Ready().Deliveries {
			if err := n.Consume(d.ID); err != nil {
				t.Fatal(err)
			}
		}
		n.Tick(begin.Add(100 * 365 * 24 * time.Hour))
		n.Ready()
	})
}

// BenchmarkHop is one bundle over one hop: sent, routed, stored at both ends,
// acknowledged, forwarded.
func BenchmarkHop(b *testing.B) {
	const hops = 8
	w := newNetwork(b, 1)
	var err error
	if w.plan, err = contact.NewPlan(ring(66)); err != nil {
		b.Fatal(err)
	}
	for i := uint64(1); i <= 66; i++ {
		w.addNode(i, Config{}, store.Options{})
		w.start(i)
	}
	for i := range uint64(66) {
		w.window(i+1, (i+1)%66+1, begin, begin.Add(24*time.Hour))
	}
	w.run(begin.Add(time.Second))
	payload := make([]byte, 600)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += hops {
		w.send(1, SendRequest{Service: 64, Dst: bundle.IPN(1+hops, 7), Payload: payload})
		w.run(w.now.Add(200 * time.Millisecond))
		if i%4096 == 0 {
			for _, h := range w.hosts {
				h.events = nil
			}
		}
	}
	b.StopTimer()
	if got := len(w.hosts[1+hops].got); got < b.N/hops {
		b.Fatalf("%d of %d delivered", got, b.N/hops)
	}
}
