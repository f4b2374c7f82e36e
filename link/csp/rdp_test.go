package csp

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// wire carries segments between two ends, with loss, repetition and delays that reorder.
type wire struct {
	rng    *rand.Rand
	loss   float64
	spread time.Duration
	ends   [2]*RDP
	flying []flight
	got    [2][][]byte
}

type flight struct {
	to   int
	at   time.Duration
	data []byte
}

// collect puts what the ends send into the air and takes what they have received.
func (w *wire) collect(now time.Duration) {
	for i, e := range w.ends {
		for _, s := range e.Out() {
			for n := 1; n <= 2; n++ {
				if w.rng.Float64() >= w.loss {
					w.flying = append(w.flying, flight{1 - i, now + 10*time.Millisecond + time.Duration(w.rng.Float64()*float64(w.spread)), s})
				}
				if w.rng.Float64() >= w.loss/4 {
					break // seldom sent twice
				}
			}
		}
		w.got[i] = append(w.got[i], e.In()...)
	}
}

// step goes to the next instant at which something happens and reports false where nothing will.
func (w *wire) step(now time.Duration) (time.Duration, bool) {
	first, at := -1, time.Duration(0)
	for i, f := range w.flying {
		if first < 0 || f.at < at {
			first, at = i, f.at
		}
	}
	tick := -1
	for i, e := range w.ends {
		if t, ok := e.Next(); ok && (first < 0 && tick < 0 || t < at) {
			tick, at = i, t
		}
	}
	switch {
	case tick >= 0:
		at = max(at, now)
		w.ends[tick].Tick(at)
	case first >= 0:
		f := w.flying[first]
		w.flying = append(w.flying[:first], w.flying[first+1:]...)
		w.ends[f.to].Receive(f.at, f.data)
	default:
		return now, false
	}
	w.collect(at)
	return at, true
}

func newWire(seed uint64, loss float64, spread time.Duration, opt RDPOptions) *wire {
	rng := rand.New(rand.NewPCG(seed, 5))
	// First numbers near the end of their range, so that they come around.
	return &wire{rng: rng, loss: loss, spread: spread, ends: [2]*RDP{NewRDP(opt, 65530), NewRDP(opt, uint16(rng.Uint32()))}}
}

// Datagrams of both sides arrive once and in order however many segments are lost, and both ends
// agree on the end.
func TestRDPOverLoss(t *testing.T) {
	for _, c := range []struct {
		loss   float64
		spread time.Duration
	}{{0, 0}, {0.1, 0}, {0.3, 100 * time.Millisecond}, {0, time.Second}} {
		for seed := range uint64(10) {
			opt := DefaultRDP()
			opt.ConnTimeout = time.Minute
			opt.DelayedAcks = seed%2 == 0
			w := newWire(seed, c.loss, c.spread, opt)
			if err := w.ends[0].Connect(0); err != nil {
				t.Fatal(err)
			}
			w.collect(0)
			const each = 60
			sent := [2]int{}
			now, more := time.Duration(0), true
			for n := 0; more && n < 20000; n++ {
				for i, e := range w.ends {
					for sent[i] < each && e.Send(now, fmt.Appendf(nil, "%d of end %d", sent[i], i)) == nil {
						sent[i]++
					}
				}
				w.collect(now)
				if len(w.got[0]) == each && len(w.got[1]) == each {
					w.ends[0].Close(now)
					w.collect(now)
				}
				now, more = w.step(now)
			}
			for i := range w.ends {
				if len(w.got[i]) != each {
					t.Fatalf("loss %v, seed %d: end %d (%v, %v) has %d of %d", c.loss, seed, i, w.ends[i].State(), w.ends[i].Err(), len(w.got[i]), each)
				}
				for n, d := range w.got[i] {
					if want := fmt.Sprintf("%d of end %d", n, 1-i); string(d) != want {
						t.Fatalf("loss %v, seed %d: %q came as %q", c.loss, seed, want, d)
					}
				}
				if s := w.ends[i].State(); s != RDPClosed {
					t.Errorf("loss %v, seed %d: end %d is %v", c.loss, seed, i, s)
				}
			}
			if err := w.ends[0].Err(); err != nil {
				t.Errorf("loss %v, seed %d: closed with %v", c.loss, seed, err)
			}
		}
	}
}

// The segments of a connection, octet for octet: libcsp's header and options at their places.
func TestRDPSegments(t *testing.T) {
	a, b := NewRDP(DefaultRDP(), 0x1000), NewRDP(RDPOptions{}, 0x2000)
	pass := func(from, to *RDP, want ...string) {
		t.Helper()
		out := from.Out()
		if len(out) != len(want) {
			t.Fatalf("%d segments, not %d", len(out), len(want))
		}
		for i, s := range out {
			if got := hex.EncodeToString(s); got != want[i] {
				t.Errorf("segment %s, not %s", got, want[i])
			}
			if err := to.Receive(0, s); err != nil {
				t.Error(err)
			}
		}
	}
	if err := a.Connect(0); err != nil {
		t.Fatal(err)
	}
	pass(a, b, "00000004"+"00002710"+"000003e8"+"00000001"+"000000fa"+"00000002"+"0810000000")
	pass(b, a, "0c20001000")
	pass(a, b, "1410012000")
	if a.State() != RDPOpen || b.State() != RDPOpen || b.opt != DefaultRDP() {
		t.Fatalf("%v, %v, %+v", a.State(), b.State(), b.opt)
	}
	for range 3 {
		if err := a.Send(0, []byte("hi")); err != nil {
			t.Fatal(err)
		}
	}
	pass(a, b, "68690410012000", "68690410022000", "68690410032000")
	pass(b, a, "1420011003") // three are one more than may wait
	if n := a.Unacknowledged(); n != 0 {
		t.Errorf("%d not acknowledged", n)
	}
	a.Close(0)
	pass(a, b, "2510042000")
	pass(b, a, "2520011003")
	if a.State() != RDPClosed || b.State() != RDPClosed || a.Err() != nil || b.Err() != nil {
		t.Errorf("%v %v, %v %v", a.State(), a.Err(), b.State(), b.Err())
	}
}

func TestRDPLimits(t *testing.T) {
	w := newWire(1, 0, 0, DefaultRDP())
	if err := w.ends[0].Send(0, []byte{1}); !errors.Is(err, ErrRDPState) {
		t.Error("sends before it is open:", err)
	}
	if err := w.ends[0].Connect(0); err != nil {
		t.Fatal(err)
	}
	w.collect(0)
	now := time.Duration(0)
	for w.ends[1].State() != RDPOpen {
		now, _ = w.step(now)
	}
	if err := w.ends[0].Send(now, nil); err == nil {
		t.Error("empty datagram is sent")
	}
	for range 4 {
		if err := w.ends[0].Send(now, []byte{1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.ends[0].Send(now, []byte{1}); !errors.Is(err, ErrRDPWindow) {
		t.Error("fifth datagram:", err)
	}
	// The peer falls silent.
	w.loss = 1
	w.ends[0].Out()
	w.flying = nil
	for more := true; more; {
		now, more = w.step(now)
	}
	if !errors.Is(w.ends[0].Err(), ErrRDPTimeout) || now < 10*time.Second || now > 12*time.Second {
		t.Errorf("at %v: %v", now, w.ends[0].Err())
	}
	// A window out of bounds is brought within them.
	o := DefaultRDP()
	o.Window = 1 << 31
	if got, ok := parseRDPOptions(o.append(nil)); !ok || got.Window != rdpMaxWindow {
		t.Errorf("window %d", got.Window)
	}
}

func FuzzRDP(f *testing.F) {
	f.Add([]byte("\x05\x0c\x20\x00\x10\x00\x07hi\x04\x20\x01\x10\x00"))
	f.Add(append(append([]byte{29}, DefaultRDP().append(nil)...), 0x08, 0x10, 0, 0, 0))
	f.Fuzz(func(t *testing.T, octets []byte) {
		for _, connects := range []bool{false, true} {
			r := NewRDP(DefaultRDP(), 0x1000)
			if connects {
				r.Connect(0)
			}
			in := 0
			for rest, at := octets, time.Duration(0); len(rest) > 1; at += 100 * time.Millisecond {
				n := min(int(rest[0]), len(rest)-1)
				r.Receive(at, rest[1:1+n])
				rest = rest[1+n:]
				r.Send(at, []byte("x"))
				r.Tick(at)
				r.Out()
				in += len(bytes.Join(r.In(), nil))
				if len(r.early) > 2*rdpMaxWindow || len(r.sent) > rdpMaxWindow+1 || in > len(octets) {
					t.Fatalf("%d early, %d sent, %d octets in of %d", len(r.early), len(r.sent), in, len(octets))
				}
			}
		}
	})
}
