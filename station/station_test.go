package station

import (
	"errors"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/internal/kv"
)

const (
	home      = 3000001
	here      = 2000001
	satellite = 90031
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func plan(t testing.TB) *contact.Plan {
	t.Helper()
	var contacts []contact.Contact
	for _, pair := range [][2]uint64{{home, here}, {here, home}, {here, satellite}, {satellite, here}} {
		contacts = append(contacts, contact.Contact{From: pair[0], To: pair[1], Start: noon, End: noon.Add(24 * time.Hour), RateBps: 1e6})
	}
	p, err := contact.NewPlan(contacts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// end is one of the two that the station is to join.
func end(t testing.TB, number uint64) *node.Node {
	t.Helper()
	st, err := store.Open(kv.NewMemory(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.New(noon, node.Config{Node: number, Store: st, Plan: plan(t)})
	if err != nil {
		t.Fatal(err)
	}
	link(t, n.LinkUp, here)
	return n
}

func link(t testing.TB, up func(time.Time, node.LinkInfo) error, peer uint64) {
	t.Helper()
	if err := up(noon, node.LinkInfo{Peer: peer, RateBps: 1e6, MTU: 1024, Until: noon.Add(24 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
}

// exchange hands frames between the station and its neighbours until there are none, and
// gives what was delivered.
func exchange(s *Station, ends ...*node.Node) (got []string) {
	for moved := true; moved; {
		moved = false
		for _, f := range s.Drain(noon) {
			for _, n := range ends {
				if n.Number() == f.Peer {
					n.Frame(noon, here, f.Data)
					moved = true
				}
			}
		}
		for _, n := range ends {
			ready := n.Ready()
			for _, f := range ready.Frames {
				s.Frame(noon, n.Number(), f.Data)
				moved = true
			}
			for _, d := range ready.Deliveries {
				got = append(got, string(d.Payload))
			}
		}
	}
	return got
}

func send(t testing.TB, n *node.Node, dst bundle.EID, text string) {
	t.Helper()
	if _, err := n.Send(noon, node.SendRequest{Service: 2, Dst: dst, Payload: []byte(text)}); err != nil {
		t.Fatal(err)
	}
}

// A bundle from home waits at the station for the satellite, also through a restart,
// and goes up when the satellite is there. What is for the station itself is nobody's.
func TestStationRelays(t *testing.T) {
	disk := kv.NewMemory()
	ground, sky := end(t, home), end(t, satellite)
	events := map[node.EventKind]int{}
	o := Options{Node: here, Store: disk, Plan: plan(t), Traffic: func(e node.Event) { events[e.Kind]++ }}
	s, err := New(noon, o)
	if err != nil {
		t.Fatal(err)
	}
	link(t, s.LinkUp, home)
	send(t, ground, bundle.IPN(satellite, 1), "up")
	send(t, ground, bundle.IPN(here, 5), "to the station")
	if got := exchange(s, ground); len(got) != 0 {
		t.Fatalf("delivered %q", got)
	}
	if ground.Stored() != 0 || events[node.EventReceived] != 1 || events[node.EventDeleted] != 1 {
		t.Fatalf("home keeps %d bundles, events %v", ground.Stored(), events)
	}

	if s, err = New(noon, o); err != nil {
		t.Fatal(err)
	}
	link(t, s.LinkUp, satellite)
	if got := exchange(s, sky); len(got) != 1 || got[0] != "up" {
		t.Errorf("delivered %q", got)
	}
	s.LinkDown(noon, satellite)
	s.SetPlan(noon, plan(t))
	s.Tick(noon)
	if at, ok := s.NextWake(); ok && !at.After(noon) {
		t.Errorf("wants to be woken at %v", at)
	}
}

type broken struct{ kv.Store }

var errDisk = errors.New("the disk is gone")

func (broken) Apply(*kv.Batch) error { return errDisk }

// A store that fails is told of; the neighbour keeps its copy.
func TestStoreFails(t *testing.T) {
	whole := kv.NewMemory()
	disk := &struct{ kv.Store }{whole}
	ground := end(t, home)
	var failure error
	s, err := New(noon, Options{Node: here, Store: disk, Plan: plan(t), Fail: func(err error) { failure = err }})
	if err != nil {
		t.Fatal(err)
	}
	link(t, s.LinkUp, home)
	disk.Store = broken{whole}
	send(t, ground, bundle.IPN(satellite, 1), "up")
	exchange(s, ground)
	if !errors.Is(failure, errDisk) || ground.Stored() != 1 {
		t.Errorf("failure %v, home keeps %d bundles", failure, ground.Stored())
	}
	if _, err := New(noon, Options{Node: here, Store: disk, Plan: plan(t)}); !errors.Is(err, errDisk) {
		t.Errorf("start: %v", err)
	}
}
