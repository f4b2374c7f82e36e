package cla

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// arrived holds that an inbox has each of the bundles once.
func (s *sim) arrived(t testing.TB, to int, want ...[]byte) {
	t.Helper()
	for i, w := range want {
		n := 0
		for _, g := range s.in[to].got {
			if bytes.Equal(g, w) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("bundle %d of %d bytes arrived %d times", i, len(w), n)
		}
	}
	if len(s.in[to].got) != len(want) {
		t.Errorf("%d bundles arrived, %d were sent", len(s.in[to].got), len(want))
	}
}

func (s *sim) allDone(t testing.TB, from int, handles ...uint64) {
	t.Helper()
	var got []uint64
	for _, o := range s.done[from] {
		if !o.Done {
			t.Errorf("transfer %d: refused (%v)", o.Handle, o.Reason)
		}
		got = append(got, o.Handle)
	}
	slices.Sort(got)
	if !slices.Equal(got, handles) {
		t.Errorf("done %v, want %v", got, handles)
	}
}

// Whatever the link does to frames, both ways at once, every bundle arrives once and
// its sender hears of it.
func TestEverythingArrivesOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := []Link{leo, moon, slow}[rapid.IntRange(0, 2).Draw(rt, "link")]
		s := newSim(t, rapid.Uint64().Draw(rt, "seed"), l)
		s.lose = float64(rapid.IntRange(0, 40).Draw(rt, "lose")) / 100
		s.repeat = float64(rapid.IntRange(0, 30).Draw(rt, "repeat")) / 100
		s.damage = float64(rapid.IntRange(0, 10).Draw(rt, "damage")) / 100
		s.jitter = float64(rapid.IntRange(0, 5).Draw(rt, "jitter")) / 50
		s.up()
		var sent [2][][]byte
		var handles [2][]uint64
		for i := range rapid.IntRange(1, 12).Draw(rt, "bundles") {
			from := rapid.IntRange(0, 1).Draw(rt, "from")
			size := rapid.SampledFrom([]int{1, 30, 300, 1500, 9000}).Draw(rt, "size")
			data := random(s.rng, size)
			sent[from], handles[from] = append(sent[from], data), append(handles[from], uint64(i))
			s.ends[from].Send(uint64(i), uint8(rapid.IntRange(0, 2).Draw(rt, "class")), data)
			if rapid.Bool().Draw(rt, "wait") {
				s.run(time.Second)
			}
		}
		s.run(2 * time.Hour)
		for from := range 2 {
			for i, w := range sent[from] {
				n := 0
				for _, g := range s.in[1-from].got {
					if bytes.Equal(g, w) {
						n++
					}
				}
				if n == 0 || (n > 1 && len(w) > 1) {
					rt.Fatalf("bundle %d of %d bytes from %d arrived %d times", i, len(w), from, n)
				}
			}
			var got []uint64
			for _, o := range s.done[from] {
				if !o.Done {
					rt.Fatalf("transfer %d refused: %v", o.Handle, o.Reason)
				}
				got = append(got, o.Handle)
			}
			slices.Sort(got)
			if !slices.Equal(got, handles[from]) {
				rt.Fatalf("node %d heard of %v, sent %v", from, got, handles[from])
			}
		}
		for i, e := range s.ends {
			if at, ok := e.Wake(); ok || e.Sending() != 0 {
				rt.Fatalf("endpoint %d is not at rest: wakes at %v", i, at)
			}
		}
	})
}

// An idle link costs no frames and no timers, before and after it carried something.
func TestIdleLinkIsSilent(t *testing.T) {
	s := newSim(t, 1, leo)
	s.up()
	s.run(24 * time.Hour)
	if s.frames != [2]int{} {
		t.Errorf("frames %v on a link that carries nothing", s.frames)
	}
	data := random(s.rng, 5000)
	s.ends[0].Send(1, 0, data)
	s.run(time.Minute)
	s.arrived(t, 1, data)
	after := s.frames
	s.run(24 * time.Hour)
	if s.frames != after {
		t.Errorf("frames %v, then %v on a link that carries nothing more", after, s.frames)
	}
}

// How few frames and how little time a transfer takes where nothing goes wrong.
func TestEfficiency(t *testing.T) {
	for name, c := range map[string]struct {
		link   Link
		size   int
		back   int           // frames of acknowledgement at most
		within time.Duration // of the time that the bits take
	}{
		"leo":  {leo, 1 << 20, 230, 700 * time.Millisecond},
		"moon": {moon, 1 << 20, 150, 4 * time.Second},
		"slow": {slow, 50 << 10, 35, 6 * time.Second},
	} {
		s := newSim(t, 1, c.link)
		s.up()
		data := random(s.rng, c.size)
		s.ends[0].Send(1, 2, data)
		var done time.Time
		for done.IsZero() && s.now.Before(begin.Add(time.Hour)) {
			s.run(50 * time.Millisecond)
			if len(s.done[0]) > 0 {
				done = s.now
			}
		}
		s.arrived(t, 1, data)
		bits := time.Duration(float64(c.size) * 8e9 / c.link.RateBps)
		least := (c.size + c.link.MTU - 1) / c.link.MTU
		t.Logf("%s: %d frames of at least %d, %d back, %d bytes for %d, %v of %v", name,
			s.frames[0], least, s.frames[1], s.bytes[0], c.size, done.Sub(begin), bits)
		if s.bytes[0] > c.size*115/100 || s.frames[1] > c.back {
			t.Errorf("%s: %d bytes for %d, %d frames back", name, s.bytes[0], c.size, s.frames[1])
		}
		if took := done.Sub(begin); took > bits*115/100+c.within {
			t.Errorf("%s: took %v, the bits %v", name, took, bits)
		}
	}
}

// On a link that loses a quarter of all frames both ways, and shuffles the rest, a
// transfer takes about three times its bits.
func TestBadLinkIsUsedWell(t *testing.T) {
	var took time.Duration
	for seed := range uint64(10) {
		s := newSim(t, seed, Link{RateBps: 100000, OWLT: 20 * time.Millisecond, MTU: 1115})
		s.lose, s.repeat, s.damage, s.jitter = .25, .1, .05, .2
		s.up()
		s.ends[0].Send(1, 1, random(s.rng, 100000))
		for len(s.done[0]) == 0 && s.now.Before(begin.Add(time.Hour)) {
			s.run(100 * time.Millisecond)
		}
		s.allDone(t, 0, 1)
		took += s.now.Sub(begin) / 10
		if s.bytes[0] > 180000 {
			t.Errorf("seed %d: %d bytes for 100,000", seed, s.bytes[0])
		}
	}
	t.Logf("8 s of bits took %v on average", took)
	if took > 30*time.Second {
		t.Errorf("8 s of bits took %v on average", took)
	}
}

// Many small bundles share frames.
func TestSmallBundlesShareFrames(t *testing.T) {
	s := newSim(t, 1, leo)
	s.up()
	var sent [][]byte
	for i := range 12 {
		sent = append(sent, random(s.rng, 60))
		s.ends[0].Send(uint64(i), 0, sent[i])
	}
	s.run(time.Minute)
	s.arrived(t, 1, sent...)
	if s.frames != [2]int{1, 1} {
		t.Errorf("12 bundles of 60 bytes took %v frames", s.frames)
	}
}

// A command overtakes a picture that is under way.
func TestUrgentOvertakes(t *testing.T) {
	s := newSim(t, 1, leo)
	s.up()
	s.ends[0].Send(1, 2, random(s.rng, 2<<20))
	s.run(3 * time.Second)
	s.ends[0].Send(2, 0, random(s.rng, 200))
	s.run(time.Second)
	if len(s.done[0]) != 1 || s.done[0][0].Handle != 2 {
		t.Errorf("done after a second: %+v", s.done[0])
	}
	s.run(time.Minute)
	s.allDone(t, 0, 1, 2)
}

// A transfer that broke off goes on where it was when the link comes back, although
// the link went down, and although either node began anew.
func TestResume(t *testing.T) {
	for name, between := range map[string]func(s *sim){
		"link down":         func(*sim) {},
		"receiver restarts": func(s *sim) { s.again(1) },
		"sender restarts":   func(s *sim) { s.again(0) },
		"both restart":      func(s *sim) { s.again(0); s.again(1) },
	} {
		s := newSim(t, 1, leo)
		s.lose = 0.1
		data := random(s.rng, 400<<10)
		for pass := range 8 {
			s.up()
			s.ends[0].Send(5, 2, data)
			s.run(800 * time.Millisecond)
			if len(s.done[0]) > 0 {
				break
			}
			if h := s.down(); !slices.Equal(h, []uint64{5}) {
				t.Fatalf("%s: pass %d: %v not over", name, pass, h)
			}
			between(s)
			s.run(90 * time.Minute)
		}
		total := s.bytes[0]
		s.arrived(t, 1, data)
		if total > len(data)*150/100 {
			t.Errorf("%s: %d bytes sent for %d", name, total, len(data))
		}
		t.Logf("%s: %d bytes sent for %d", name, total, len(data))
	}
}

// A receiver that restarts while the link is up is recognised, and everything that
// it did not acknowledge for good is sent again.
func TestPeerResetWhileUp(t *testing.T) {
	for _, side := range []int{0, 1} {
		s := newSim(t, 1, leo)
		s.up()
		data := random(s.rng, 100<<10)
		s.ends[0].Send(1, 1, data)
		s.run(400 * time.Millisecond)
		s.reset(side, 2)
		if err := s.ends[side].Up(s.now, leo); err != nil {
			t.Fatal(err)
		}
		if side == 0 {
			s.ends[0].Send(1, 1, data)
		}
		s.run(time.Minute)
		s.arrived(t, 1, data)
		s.allDone(t, 0, 1)
		if n := s.ends[1-side].PeerResets(); n != 1 {
			t.Errorf("side %d: %d resets seen", side, n)
		}
	}
}

// When the last word, that the peer has the bundle, is lost with the link, the
// bundle is offered again and not delivered again.
func TestLostDone(t *testing.T) {
	for _, restart := range []bool{false, true} {
		s := newSim(t, 1, leo)
		s.cut = func(from, n int) bool { return from == 1 && len(s.in[1].got) > 0 }
		data := random(s.rng, 3000)
		s.up()
		s.ends[0].Send(1, 0, data)
		s.run(time.Second)
		if h := s.down(); len(h) != 1 || len(s.in[1].got) != 1 {
			t.Fatalf("the bundle arrived and its sender does not know: %v", h)
		}
		s.cut = nil
		if restart {
			s.reset(1, 2)
		}
		s.run(time.Hour)
		s.up()
		before := s.bytes[0]
		s.ends[0].Send(1, 0, data)
		s.run(time.Second)
		s.arrived(t, 1, data)
		s.allDone(t, 0, 1)
		if again := s.bytes[0] - before; again > 3300 {
			t.Errorf("%d bytes to learn that it was there", again)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(*inbox)
		size int
		want Reason
		most int // bytes sent at most
	}{
		"too large":  {func(i *inbox) {}, 2<<20 + 1, ReasonTooLarge, 30000},
		"no room":    {func(i *inbox) { i.room = 1000 }, 1 << 20, ReasonNoRoom, 30000},
		"malformed":  {func(i *inbox) { i.refuse = &Refusal{ReasonMalformed, errors.New("x")} }, 5000, ReasonMalformed, 7000},
		"small full": {func(i *inbox) { i.room = 10 }, 100, ReasonNoRoom, 500},
	} {
		s := newSim(t, 1, leo)
		s.ends[1] = New(Config{Peer: 1, Epoch: 1, Sink: s.in[1], Parts: s.in[1].store, MaxTransfer: 2 << 20})
		c.set(s.in[1])
		s.up()
		s.ends[0].Send(4, 1, random(s.rng, c.size))
		s.run(time.Minute)
		if want := []Outcome{{Handle: 4, Reason: c.want}}; !slices.Equal(s.done[0], want) || len(s.in[1].got) != 0 {
			t.Errorf("%s: %+v, %d arrived", name, s.done[0], len(s.in[1].got))
		}
		if s.bytes[0] > c.most {
			t.Errorf("%s: %d bytes sent", name, s.bytes[0])
		}
	}
}

// A peer that is not there costs one frame now and then, not a flood.
func TestSilentPeer(t *testing.T) {
	s := newSim(t, 1, leo)
	s.cut = func(from, n int) bool { return true }
	s.up()
	data := random(s.rng, 1<<20)
	s.ends[0].Send(1, 1, data)
	s.run(time.Hour)
	if s.frames[0] > 100 {
		t.Errorf("%d frames in an hour to a peer that is not there", s.frames[0])
	}
	s.cut = nil
	s.run(2 * time.Minute)
	s.arrived(t, 1, data)
}

// Old frames of a peer's former life, which come late, change nothing.
func TestStaleFrames(t *testing.T) {
	s := newSim(t, 1, leo)
	s.up()
	s.ends[0].Send(1, 0, random(s.rng, 100))
	old := s.ends[0].Frames(s.now)
	s.reset(0, 2)
	if err := s.ends[0].Up(s.now, leo); err != nil {
		t.Fatal(err)
	}
	data := random(s.rng, 200)
	s.ends[0].Send(2, 0, data)
	s.run(time.Second)
	for _, f := range old {
		s.ends[1].Frame(s.now, f)
	}
	s.run(time.Second)
	s.arrived(t, 1, data)
	if s.ends[1].PeerResets() != 0 {
		t.Error("a stale frame looked like a reset")
	}
}

func TestWants(t *testing.T) {
	s := newSim(t, 1, leo)
	e := s.ends[0]
	if e.Wants(0) {
		t.Error("a link that is down wants nothing")
	}
	s.up()
	for i := range 100 {
		if !e.Wants(1) {
			break
		}
		e.Send(uint64(i), 1, random(s.rng, 4000))
	}
	if n := e.Sending(); n < 2 || n > maxQueue {
		t.Errorf("%d transfers under way", n)
	}
	if !e.Wants(0) {
		t.Error("an urgent one may start all the same")
	}
	if err := e.Up(s.now, Link{RateBps: 1, MTU: 100}); err == nil {
		t.Error("an MTU that is too small")
	}
}
