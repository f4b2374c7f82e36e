package node

import (
	"cmp"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/contact"
	"spacechain/dtn/store"
	"spacechain/internal/faultfs"
	"spacechain/internal/kv"
)

// traceLinks adds the comings and goings of links to the log.
const traceLinks = false

// begin is when simulated networks start.
var begin = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// network drives nodes over links of frames in simulated time.
type network struct {
	t      testing.TB
	rng    *rand.Rand
	now    time.Time
	events eventQueue
	count  int
	hosts  map[uint64]*host
	links  map[[2]uint64]*wire
	plan   *contact.Plan
	log    strings.Builder
	noisy  bool
}

// host is a node with its disk, which outlives it.
type host struct {
	n         *Node
	disk      kv.Store
	opt       store.Options
	cfg       Config
	wake      time.Time
	got       map[bundle.ID]int
	gotAt     map[bundle.ID]time.Time
	events    []Event
	framesOut int
	keep      bool        // deliveries are not consumed
	fs        *faultfs.FS // under disk, if the power may be cut
	failed    int         // how many times it was
	unsure    map[bundle.ID]bool
}

// wire is a link between two nodes.
type wire struct {
	a, b                         uint64
	rate                         float64
	light                        time.Duration
	mtu                          int
	half                         bool
	lose, repeat, damage, jitter float64
	up                           int // how many contacts hold it up
	era                          int // counts ups and downs, to lose what is on the way
	free                         [2]time.Time
	frames                       int
}

type event struct {
	at  time.Time
	seq int
	do  func()
}

type eventQueue []event

func (q eventQueue) Len() int { return len(q) }
func (q eventQueue) Less(i, j int) bool {
	return cmp.Or(q[i].at.Compare(q[j].at), cmp.Compare(q[i].seq, q[j].seq)) < 0
}
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *eventQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	*q = old[:len(old)-1]
	return e
}

func newNetwork(t testing.TB, seed uint64) *network {
	return &network{t: t, rng: rand.New(rand.NewPCG(seed, 7)), now: begin,
		hosts: map[uint64]*host{}, links: map[[2]uint64]*wire{}}
}

func (w *network) at(t time.Time, do func()) {
	w.count++
	heap.Push(&w.events, event{t, w.count, do})
}

func (w *network) logf(format string, args ...any) {
	fmt.Fprintf(&w.log, "%8.3fs "+format+"\n", append([]any{w.now.Sub(begin).Seconds()}, args...)...)
}

// run lets events happen until a time.
func (w *network) run(until time.Time) {
	for len(w.events) > 0 && !w.events[0].at.After(until) {
		e := heap.Pop(&w.events).(event)
		w.now = e.at
		e.do()
	}
	w.now = until
}

func (w *network) addNode(number uint64, cfg Config, opt store.Options) *host {
	h := &host{disk: kv.NewMemory(), opt: opt, cfg: cfg, got: map[bundle.ID]int{}, gotAt: map[bundle.ID]time.Time{},
		unsure: map[bundle.ID]bool{}}
	h.cfg.Node = number
	w.hosts[number] = h
	return h
}

// start makes or remakes a host's node over its disk.
func (w *network) start(number uint64) {
	h := w.hosts[number]
	st, err := store.Open(h.disk, h.opt)
	if err != nil {
		w.t.Fatalf("open the store of node %d: %v", number, err)
	}
	h.cfg.Store, h.cfg.Plan = st, w.plan
	if h.n, err = New(w.now, h.cfg); err != nil {
		w.t.Fatal(err)
	}
	h.wake = time.Time{}
	for _, l := range w.wires() {
		if l.up > 0 && (l.a == number || l.b == number) {
			w.linkUp(number, l)
		}
	}
	w.drain(number)
}

func (w *network) wires() []*wire {
	var out []*wire
	for _, l := range w.links {
		out = append(out, l)
	}
	slices.SortFunc(out, func(x, y *wire) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
	return out
}

func pair(a, b uint64) [2]uint64 { return [2]uint64{min(a, b), max(a, b)} }

func (w *network) wire(a, b uint64) *wire {
	l := w.links[pair(a, b)]
	if l == nil {
		l = &wire{a: min(a, b), b: max(a, b), mtu: 1115, rate: 1e6}
		w.links[pair(a, b)] = l
	}
	return l
}

func (w *network) linkUp(number uint64, l *wire) {
	peer := l.a + l.b - number
	err := w.hosts[number].n.LinkUp(w.now, LinkInfo{Peer: peer, RateBps: l.rate, OWLT: l.light, MTU: l.mtu, HalfDuplex: l.half})
	if err != nil {
		w.t.Fatal(err)
	}
}

// setUp raises or lowers one of the contacts that hold a link up.
func (w *network) setUp(l *wire, up bool) {
	was := l.up > 0
	if up {
		l.up++
	} else {
		l.up--
	}
	if was == (l.up > 0) {
		return
	}
	l.era++
	l.free = [2]time.Time{}
	if traceLinks {
		w.logf("link %d-%d up %v, %d frames so far", l.a, l.b, up, l.frames)
	}
	for _, number := range []uint64{l.a, l.b} {
		if up {
			w.linkUp(number, l)
		} else {
			w.hosts[number].n.LinkDown(w.now, l.a+l.b-number)
		}
		w.drain(number)
	}
}

// drain takes a node's output and acts on it.
func (w *network) drain(number uint64) {
	h := w.hosts[number]
	for {
		r := h.n.Ready()
		if h.hasFailed() { // what it would have sent after the cut, it did not send
			w.powerUp(number)
			return
		}
		if r.Empty() {
			break
		}
		for _, f := range r.Frames {
			h.framesOut++
			w.carry(number, f)
		}
		for _, e := range r.Events {
			h.events = append(h.events, e)
			if w.noisy {
				w.logf("%d: %v %v peer %d %v", number, e.Kind, e.ID, e.Peer, e.Reason)
			}
			if e.Kind == EventStoreFailed {
				w.logf("%d: store failed: %v", number, e.Err)
			}
		}
		for _, d := range r.Deliveries {
			if w.noisy {
				w.logf("%d: delivered %v", number, d.ID)
			}
			if h.keep {
				continue
			}
			if err := h.n.Consume(d.ID); err != nil {
				w.t.Fatal(err)
			}
			if h.hasFailed() {
				h.unsure[d.ID] = true // on disk or not; either is right
				break
			}
			h.got[d.ID]++
			if h.gotAt[d.ID].IsZero() {
				h.gotAt[d.ID] = w.now
			}
		}
	}
	at, ok := h.n.NextWake()
	if !ok || at.Equal(h.wake) {
		return
	}
	h.wake = at
	n := h.n
	w.at(maxTime(at, w.now), func() {
		if h.n == n && h.wake.Equal(at) {
			h.wake = time.Time{}
			n.Tick(w.now)
			w.drain(number)
		}
	})
}

func (h *host) hasFailed() bool { return h.fs != nil && h.fs.HasCut() }

// powerUp starts a node again on what the power cut left of its disk.
func (w *network) powerUp(number uint64) {
	h := w.hosts[number]
	h.failed++
	w.logf("power cut at %d", number)
	h.fs = faultfs.On(h.fs.AfterCut())
	disk, err := kv.OpenPebble("store", h.fs)
	if err != nil {
		w.t.Fatal(err)
	}
	h.disk = disk
	w.start(number)
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// carry puts a frame on a link.
func (w *network) carry(from uint64, f OutFrame) {
	l := w.links[pair(from, f.Peer)]
	if l == nil || l.up == 0 {
		w.t.Fatalf("node %d sends to %d without a link", from, f.Peer)
	}
	if len(f.Data) > l.mtu {
		w.t.Fatalf("frame of %d bytes on a link with an MTU of %d", len(f.Data), l.mtu)
	}
	l.frames++
	side := 0
	if from == l.b && !l.half {
		side = 1
	}
	l.free[side] = maxTime(l.free[side], w.now).Add(time.Duration(float64(len(f.Data)) * 8e9 / l.rate))
	copies := 1
	if w.rng.Float64() < l.repeat {
		copies = 2
	}
	if w.rng.Float64() < l.lose {
		copies = 0
	}
	era := l.era
	for range copies {
		data := slices.Clone(f.Data)
		if w.rng.Float64() < l.damage {
			data[w.rng.IntN(len(data))] ^= 1 << w.rng.IntN(8)
		}
		late := time.Duration(w.rng.Float64() * l.jitter * float64(time.Second))
		w.at(l.free[side].Add(l.light).Add(late), func() {
			if l.era != era {
				return
			}
			w.hosts[f.Peer].n.Frame(w.now, from, data)
			w.drain(f.Peer)
		})
	}
}

// window schedules a link to be up for an interval.
func (w *network) window(a, b uint64, from, to time.Time) {
	l := w.wire(a, b)
	w.at(from, func() { w.setUp(l, true) })
	w.at(to, func() { w.setUp(l, false) })
}

func (w *network) send(from uint64, r SendRequest) bundle.ID {
	id, err := w.hosts[from].n.Send(w.now, r)
	if err != nil {
		w.t.Fatalf("send from %d: %v", from, err)
	}
	w.drain(from)
	return id
}

// numbers gives the hosts in order.
func (w *network) numbers() []uint64 {
	var out []uint64
	for n := range w.hosts {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}
