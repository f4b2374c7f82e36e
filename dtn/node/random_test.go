package node

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/contact"
	"spacechain/dtn/store"
)

// drift is a random network whose contacts recur, with everything that can go wrong:
// frames lost, repeated, damaged and shuffled, contacts that do not happen, nodes
// that begin anew. It gives the network at the end and what was sent.
func drift(t testing.TB, seed uint64) (*network, map[bundle.ID]uint64) {
	rng := rand.New(rand.NewPCG(seed, 99))
	w := newNetwork(t, seed)
	w.noisy = true
	nodes := 2 + rng.IntN(6)
	const cycle, cycles = 10 * time.Minute, 16
	var contacts []contact.Contact
	tie := func(a, b uint64) {
		l := w.wire(a, b)
		l.rate = []float64{9600, 1e5, 1e6, 1e7}[rng.IntN(4)]
		l.light = time.Duration(rng.IntN(30)) * time.Millisecond
		l.mtu = []int{223, 1115}[rng.IntN(2)]
		l.half = rng.IntN(3) == 0
		l.lose, l.repeat = rng.Float64()*0.3, rng.Float64()*0.1
		l.damage, l.jitter = rng.Float64()*0.05, rng.Float64()*0.05
		begins := time.Duration(rng.IntN(int(cycle / time.Second * 3 / 4)))
		length := time.Duration(30 + rng.IntN(int(cycle/time.Second/4)))
		for k := range time.Duration(cycles) {
			from := begin.Add(k*cycle + begins*time.Second)
			to := from.Add(length * time.Second)
			for _, d := range [][2]uint64{{a, b}, {b, a}} {
				contacts = append(contacts, contact.Contact{From: d[0], To: d[1], Start: from, End: to, RateBps: l.rate, OWLT: l.light})
			}
			if rng.IntN(10) > 0 { // else the contact does not happen
				w.window(a, b, from, to.Add(-time.Duration(rng.IntN(2))*length*time.Second/3))
			}
		}
	}
	for i := 2; i <= nodes; i++ { // a tree, so that all are connected, and some more
		tie(uint64(i), uint64(1+rng.IntN(i-1)))
	}
	for range rng.IntN(nodes) {
		a, b := uint64(1+rng.IntN(nodes)), uint64(1+rng.IntN(nodes))
		if a != b && w.links[pair(a, b)] == nil {
			tie(a, b)
		}
	}
	var err error
	if w.plan, err = contact.NewPlan(contacts); err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= nodes; i++ {
		w.addNode(uint64(i), Config{}, store.Options{})
		w.start(uint64(i))
	}
	sent := map[bundle.ID]uint64{}
	for range 1 + rng.IntN(25) {
		from, to := uint64(1+rng.IntN(nodes)), uint64(1+rng.IntN(nodes))
		size := []int{10, 400, 3000, 30000}[rng.IntN(4)]
		payload := make([]byte, size)
		for i := range payload {
			payload[i] = byte(rng.Uint32())
		}
		w.at(begin.Add(time.Duration(rng.IntN(3*int(cycle)))), func() {
			id := w.send(from, SendRequest{Service: 64, Dst: bundle.IPN(to, 7), Payload: payload, Lifetime: cycle * cycles})
			sent[id] = to
		})
	}
	for range rng.IntN(12) {
		n := uint64(1 + rng.IntN(nodes))
		w.at(begin.Add(time.Duration(rng.IntN(8*int(cycle)))), func() {
			w.logf("restart %d", n)
			w.start(n)
		})
	}
	w.run(begin.Add(cycle * (cycles - 1)))
	return w, sent
}

// Every bundle is delivered once, at its destination only, and leaves no copy
// behind, whatever happens to frames, contacts and nodes.
func TestEveryBundleOnce(t *testing.T) {
	runs := uint64(150)
	if testing.Short() {
		runs = 20
	}
	for seed := range runs {
		w, sent := drift(t, seed)
		bad := false
		fail := func(format string, args ...any) {
			t.Errorf("seed %d: "+format, append([]any{seed}, args...)...)
			bad = true
		}
		for id, to := range sent {
			for n, h := range w.hosts {
				if want := map[bool]int{true: 1}[n == to]; h.got[id] != want {
					fail("%v was delivered %d times at %d, want %d", id, h.got[id], n, want)
				}
			}
		}
		for _, n := range w.numbers() {
			h := w.hosts[n]
			if h.n.Stored() != 0 || h.n.store.Bytes() != 0 && h.n.store.Len() != 0 {
				fail("node %d still holds %d bundles", n, h.n.Stored())
			}
			for _, e := range h.events {
				if e.Kind == EventDeleted || e.Kind == EventStoreFailed {
					fail("node %d: %v %v %v %v", n, e.Kind, e.ID, e.Reason, e.Err)
				}
			}
		}
		if bad {
			t.Fatalf("history of seed %d:\n%s", seed, w.log.String())
		}
	}
}

// One seed, one history.
func TestSameSeedSameHistory(t *testing.T) {
	digest := func(seed uint64) string {
		w, _ := drift(t, seed)
		for _, n := range w.numbers() {
			w.logf("node %d sent %d frames", n, w.hosts[n].framesOut)
		}
		return fmt.Sprintf("%x", sha256.Sum256([]byte(w.log.String())))
	}
	for seed := range uint64(5) {
		if a, b := digest(seed), digest(seed); a != b {
			t.Errorf("seed %d: %s, then %s", seed, a, b)
		}
	}
}
