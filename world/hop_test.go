package world

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/clock"
	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/internal/kv"
	"spacechain/link/channel"
	"spacechain/world/host"
	"spacechain/world/topology"
)

// ear is a core that notes what it hears, and when.
type ear struct {
	loop  *clock.Loop
	heard []sound
	links map[uint64]node.LinkInfo
	ups   int
}

type sound struct {
	at   time.Time
	from uint64
	data []byte
}

func (e *ear) LinkUp(_ time.Time, l node.LinkInfo) error { e.links[l.Peer] = l; e.ups++; return nil }
func (e *ear) LinkDown(_ time.Time, peer uint64)         { delete(e.links, peer) }
func (e *ear) Frame(_ time.Time, from uint64, data []byte) {
	e.heard = append(e.heard, sound{e.loop.Now(), from, data})
}
func (e *ear) Tick(time.Time)                       {}
func (e *ear) Drain(time.Time) []node.OutFrame      { return nil }
func (e *ear) NextWake() (time.Time, bool)          { return time.Time{}, false }
func (e *ear) SetPlan(_ time.Time, _ *contact.Plan) {}

// ether is a universe, one of its windows open, and an ear at either end.
type ether struct {
	t    testing.TB
	u    *Universe
	w    *window
	ends [2]*member
	ears [2]*ear
}

// between opens the first window of a kind that lasts for a while, with ears at its ends.
func between(t testing.TB, o Options, kind topology.Kind) *ether {
	t.Helper()
	radios := o.Topology.Radios
	o.Topology = small(t)
	o.Topology.Radios = radios
	o.Topology.Terminals = []topology.Terminal{
		{Name: "Home", Core: true, Place: astro.Geodetic{LatDeg: 1.3, LonDeg: 103.8}},
		{Name: "Buoy", Radio: true, Place: astro.Geodetic{LatDeg: 40, LonDeg: -30}, MinElevationDeg: 20},
	}
	x := &ether{t: t, u: universe(t, o)}
	for _, w := range x.u.ahead.windows {
		if w.Kind == kind && w.End.Sub(w.Start) > 8*time.Minute {
			x.w = w
			break
		}
	}
	if x.w == nil {
		t.Fatalf("there is no %s window", kind)
	}
	for i, id := range [...]uint64{x.w.A, x.w.B} {
		if m := x.u.members[id]; m != nil {
			m.host.Stop()
		}
		x.ears[i] = &ear{loop: x.u.loop, links: map[uint64]node.LinkInfo{}}
		x.ends[i] = &member{u: x.u, id: id, hops: map[uint64]*hop{}, store: kv.NewMemory()}
		x.ends[i].host = host.New(x.u.loop, x.ears[i], x.ends[i], x.u.start, 0)
		x.u.members[id] = x.ends[i]
		x.u.schedule(x.ends[i])
	}
	live(t, x.u, x.w.Start.Add(time.Minute))
	if x.w.hop == nil || x.ears[0].links[x.w.B].Peer == 0 || x.ears[1].links[x.w.A].Peer == 0 {
		t.Fatal("the window has begun, and its ends were not told")
	}
	return x
}

// send puts a frame out at one end.
func (x *ether) send(side int, data []byte) {
	x.ends[side].Carry(x.u.loop.Now(), node.OutFrame{Peer: x.ends[1-side].id, Data: data})
}

func frameOf(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 900) }

// Units go into transfer frames that follow each other without a gap, one behind the other
// and on into the next; they arrive when the last of theirs has, after the light time of
// the distance there is. What the node is told of the rate is what it gets.
func TestRateAndLightTime(t *testing.T) {
	for _, kind := range []topology.Kind{topology.ISL, topology.Ground, topology.Cable} {
		x := between(t, Options{Seed: 1}, kind)
		for side := range 2 {
			start := x.u.loop.Now()
			wave := x.w.hop.ends[side].wave
			n := 20
			if kind == topology.ISL {
				n = 4000 // to see the rate beside the length of a frame
			}
			for i := range n {
				x.send(side, frameOf(i))
			}
			live(t, x.u, start.Add(20*time.Second))
			heard := x.ears[1-side].heard
			if len(heard) != n {
				t.Fatalf("%s: heard %d units of %d", kind, len(heard), n)
			}
			g, err := x.u.topo.Hop(x.w.A, x.w.B, start)
			if err != nil {
				t.Fatal(err)
			}
			light := g.AB.LightTime
			first := x.w.hop.since.Add(x.w.hop.lead())
			for first.Before(start) && wave.Zone > 0 {
				first = first.Add(wave.FrameTime)
			}
			for i, s := range heard {
				want := start.Add(time.Duration(i+1)*channel.Airtime(900+86, 100e6) + light)
				if wave.Zone > 0 {
					frames := ((i+1)*(900+4) + wave.Zone - 1) / wave.Zone
					want = first.Add(time.Duration(frames)*wave.FrameTime + light)
				}
				if d := s.at.Sub(want).Abs(); d > time.Microsecond || s.from != x.ends[side].id || !bytes.Equal(s.data, frameOf(i)) {
					t.Fatalf("%s: unit %d at %v, %v off", kind, i, s.at, d)
				}
			}
			rate := []float64{x.w.RateABBps, x.w.RateBABps}[side]
			info := x.ears[side].links[x.ends[1-side].id]
			if info.RateBps != rate || info.OWLT < light || info.HalfDuplex || !info.Until.Equal(x.w.End) {
				t.Errorf("%s: told %+v", kind, info)
			}
			if kind == topology.ISL {
				mtu := float64(info.MTU)
				got := float64(8*900*n) / heard[n-1].at.Sub(first).Seconds()
				if want := rate * (900 / 904.) / (mtu / (mtu + 4)); math.Abs(got/want-1) > 0.02 {
					t.Errorf("%g bit/s came through, the node was told of %g", got, want)
				}
			}
		}
	}
}

// On a half-duplex hop the two ends take turns: whatever both send at once arrives, and
// what is on the air from one never meets what is from the other.
func TestHalfDuplexTakesTurns(t *testing.T) {
	x := between(t, Options{Seed: 1}, topology.Direct)
	told := x.ears[0].links[x.w.B]
	if !told.HalfDuplex {
		t.Fatal("the radio is full duplex")
	}
	hop := x.w.hop
	start := x.u.loop.Now()
	const n = 12
	for i := range n {
		for side := range 2 {
			x.send(side, bytes.Repeat([]byte{byte(i)}, told.MTU))
		}
	}
	live(t, x.u, start.Add(8*time.Minute))
	type span struct {
		side       int
		start, end time.Time // of a carrier, at the sender
	}
	var air []span
	for side := range 2 {
		heard := x.ears[1-side].heard
		if len(heard) != n {
			t.Fatalf("end %d heard %d units of %d", 1-side, len(heard), n)
		}
		wave := hop.ends[side].wave
		for _, s := range heard {
			end := s.at.Add(-hop.ends[side].budget.LightTime)
			air = append(air, span{side, end.Add(-wave.FrameTime - wave.Lead()), end.Add(wave.Tail())})
		}
	}
	slices.SortFunc(air, func(a, b span) int { return a.start.Compare(b.start) })
	changes := 0
	for i := 1; i < len(air); i++ {
		if air[i].side == air[i-1].side {
			continue
		}
		changes++
		gap := air[i].start.Sub(air[i-1].end)
		if light := hop.ends[0].budget.LightTime; gap < light+20*time.Millisecond {
			t.Errorf("the turn changes after %v, the light takes %v and the radio 20ms", gap, light)
		}
	}
	if changes < 2 {
		t.Errorf("the turn changed %d times", changes)
	}
	if told.OWLT < hop.turns.slot {
		t.Errorf("the node counts on %v, a turn takes %v", told.OWLT, hop.turns.slot)
	}
}

// Frames of a turn lie in its slot, in order, for any moment.
func TestTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := func(name string, most int) time.Duration {
			return time.Duration(rapid.IntRange(1, most).Draw(t, name)) * time.Millisecond
		}
		tr := &turns{origin: dawn, slot: ms("slot", 5000)}
		var around [2]time.Duration
		for side := range 2 {
			tr.lead[side] = min(ms("lead", 500), tr.slot/4)
			around[side] = tr.lead[side] + min(ms("guard", 500), tr.slot/4)
			tr.room[side] = tr.slot - around[side]
		}
		side := rapid.IntRange(0, 1).Draw(t, "side")
		frame := min(ms("frame", 400), tr.room[side])
		now := dawn.Add(ms("now", 100000))
		n := tr.first(side, now, frame)
		at := tr.begin(side, n, frame)
		if at.Before(now) || n > 0 && !tr.begin(side, n-1, frame).Before(now) {
			t.Fatalf("frame %d at %v is not the first from %v on", n, at.Sub(dawn), now.Sub(dawn))
		}
		since := at.Sub(dawn)
		slot, within := int(since/tr.slot), since%tr.slot
		if slot%2 != side || within < tr.lead[side] || within+frame > tr.lead[side]+tr.room[side] {
			t.Fatalf("frame at %v of slot %d", within, slot)
		}
		if !tr.begin(side, n+1, frame).After(at) {
			t.Fatal("frames out of order")
		}
	})
}

// At a rate of loss so many transfer frames are lost, units share the fate of their frames,
// and frames that were idle do not count.
func TestNoiseTakesFrames(t *testing.T) {
	x := between(t, Options{Seed: 1}, topology.Ground)
	h := x.w.hop
	f := h.ends[0].carrier.(*frames)
	h.assess(0, x.u.loop.Now())
	h.ends[0].budget.FrameErrorRate = 0.2
	zone, lost, n := f.wave.Zone, 0, 20000
	var before bool
	for i := range n {
		from, to, begun := f.place(x.u.loop.Now(), zone/2)
		if from != to || begun != (i%2 == 1) {
			t.Fatalf("unit %d in frames %d to %d, %v", i, from, to, begun)
		}
		now := f.lost(from, to, begun)
		if begun && now != before {
			t.Fatalf("units of frame %d had two fates", from)
		}
		if now {
			lost++
		}
		before = now
		if i == n/2-1 { // a long pause: frames go by idle
			f.next, f.used = f.next+1e9, 0
		}
	}
	if share := float64(lost) / float64(n); math.Abs(share-0.2) > 0.02 || h.ends[0].tally.lost != uint64(lost/2) {
		t.Errorf("lost %g of the units, %d frames", share, h.ends[0].tally.lost)
	}
}

// What is in the air when a link ends is lost, however it ends.
func TestFramesInTheAirAreLost(t *testing.T) {
	x := between(t, Options{Seed: 1}, topology.Ground)
	g, err := x.u.topo.Hop(x.w.A, x.w.B, x.w.End)
	if err != nil {
		t.Fatal(err)
	}
	wave := x.w.hop.ends[0].wave // a frame is waited for, and two are touched
	way := 3*wave.FrameTime + channel.LightTime(g.RangeKm)
	for i, before := range []time.Duration{way + time.Millisecond, way / 4} {
		x.u.loop.At(x.w.End.Add(-before), func() { x.send(0, frameOf(i)) })
	}
	x.u.loop.At(x.w.End.Add(time.Second), func() { x.send(0, frameOf(9)) })
	live(t, x.u, x.w.End.Add(time.Minute))
	if heard := x.ears[1].heard; len(heard) != 1 || heard[0].data[0] != 0 {
		t.Errorf("heard %d frames, want the first alone", len(heard))
	}
	if _, up := x.ears[0].links[x.w.B]; up || x.w.hop != nil {
		t.Error("the ends were not told")
	}
}

// A node that is down hears nothing, and the link is up for it again when it is.
func TestNodeThatIsDownHearsNothing(t *testing.T) {
	x := between(t, Options{Seed: 1}, topology.ISL)
	x.ends[1].down = true
	x.send(0, frameOf(1))
	live(t, x.u, x.u.loop.Now().Add(time.Second))
	x.ends[1].down = false
	x.send(0, frameOf(2))
	live(t, x.u, x.u.loop.Now().Add(time.Second))
	if heard := x.ears[1].heard; len(heard) != 1 || heard[0].data[0] != 2 {
		t.Errorf("heard %d frames", len(heard))
	}
}

// The same seed loses, damages, doubles and delays the same frames; another one others.
// A link that comes up again after an outage does not repeat its luck.
func TestChanceComesFromTheSeed(t *testing.T) {
	text := `
faults:
  - frame loss: each link
    rate: 20%
  - bit flips: each link
    rate: 1e-4
  - duplication: each link
    rate: 10%
  - reordering: each link
    rate: 10%
    delay: up to 50ms
`
	luck := func(seed uint64, again bool) string {
		x := between(t, Options{Seed: seed, Scenario: faulty(t, text)}, topology.ISL)
		if again {
			w := x.w
			x.u.closeHop(w.hop)
			x.u.open(w)
			live(t, x.u, x.u.loop.Now().Add(time.Second)) // until the receivers are in step
		}
		start := x.u.loop.Now()
		for i := range 200 {
			x.send(0, frameOf(i))
		}
		live(t, x.u, start.Add(time.Minute))
		var b bytes.Buffer
		for _, s := range x.ears[1].heard {
			fmt.Fprintf(&b, "%v %x\n", s.at.Sub(start), s.data)
		}
		if n := len(x.ears[1].heard); n < 120 || n > 220 {
			t.Fatalf("heard %d frames", n)
		}
		return b.String()
	}
	first := luck(1, false)
	if luck(1, false) != first {
		t.Error("the same seed has another luck")
	}
	if luck(2, false) == first {
		t.Error("another seed has the same luck")
	}
	if luck(1, true) == first {
		t.Error("a link that came up again has the same luck")
	}
}
