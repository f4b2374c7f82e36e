package node

import (
	"fmt"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/contact"
	"spacechain/dtn/store"
	"spacechain/internal/faultfs"
	"spacechain/internal/kv"
)

// chain is three nodes in a row, of which one has a disk whose power can be cut, and
// some bundles that go through them.
func chain(t *testing.T, weak uint64, fs *faultfs.FS) (*network, map[bundle.ID]bool) {
	w := newNetwork(t, 5)
	w.noisy = true
	var contacts []contact.Contact
	for a := uint64(1); a <= 2; a++ {
		l := w.wire(a, a+1)
		l.lose, l.light = 0.1, 5*time.Millisecond
		for k := range time.Duration(6) {
			from := begin.Add(time.Second + k*time.Minute)
			for _, d := range [][2]uint64{{a, a + 1}, {a + 1, a}} {
				contacts = append(contacts, contact.Contact{From: d[0], To: d[1], Start: from, End: from.Add(50 * time.Second), RateBps: 1e6})
			}
			w.window(a, a+1, from, from.Add(50*time.Second))
		}
	}
	var err error
	if w.plan, err = contact.NewPlan(contacts); err != nil {
		t.Fatal(err)
	}
	for i := uint64(1); i <= 3; i++ {
		h := w.addNode(i, Config{}, store.Options{})
		if i == weak {
			h.fs = fs
			if h.disk, err = kv.OpenPebble("store", fs); err != nil {
				t.Fatal(err)
			}
		}
		w.start(i)
	}
	sent := map[bundle.ID]bool{}
	for k := range 5 {
		size := []int{300, 100000, 20, 5000, 150000}[k]
		w.at(begin.Add(time.Duration(k)*20*time.Second), func() {
			h := w.hosts[1]
			id, err := h.n.Send(w.now, SendRequest{Service: 64, Dst: bundle.IPN(3, 7), Payload: make([]byte, size)})
			if err != nil {
				t.Fatal(err)
			}
			sent[id] = !h.hasFailed() // else it was never promised
			w.drain(1)
		})
	}
	w.run(begin.Add(10 * time.Minute))
	return w, sent
}

// Wherever the power is cut, at the source, on the way or at the destination, every
// bundle that was accepted is delivered and consumed once.
func TestPowerCutAtEveryWrite(t *testing.T) {
	for weak := uint64(1); weak <= 3; weak++ {
		t.Run(fmt.Sprintf("node %d", weak), func(t *testing.T) {
			fs := faultfs.New()
			chain(t, weak, fs)
			writes, cuts := fs.Writes(), 0
			step := 3
			if testing.Short() {
				step = 17
			}
			for n := int(weak); n < writes; n += step {
				fs := faultfs.New()
				fs.CutAt(n, uint64(n))
				w, sent := chain(t, weak, fs)
				cuts += w.hosts[weak].failed
				for id, promised := range sent {
					got := w.hosts[3].got[id]
					if got > 1 || (promised && got != 1 && !w.hosts[3].unsure[id]) {
						t.Errorf("cut at write %d: %v was delivered %d times, promised %v", n, id, got, promised)
					}
				}
				for number, h := range w.hosts {
					if h.n.Stored() != 0 {
						t.Errorf("cut at write %d: node %d still holds %d", n, number, h.n.Stored())
					}
				}
				if t.Failed() {
					t.Fatalf("\n%s", w.log.String())
				}
			}
			t.Logf("%d writes, %d cuts", writes, cuts)
			if cuts == 0 {
				t.Error("the power was never cut")
			}
		})
	}
}
