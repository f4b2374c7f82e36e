package host

import (
	"context"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/clock"
	"spacechain/dtn/node"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

type reporter interface{ Errorf(string, ...any) }

// core is a core of which the test says what it does.
type core struct {
	t       reporter
	last    time.Time // latest time that it was told
	wakes   []time.Time
	ticks   []time.Time
	frames  []node.OutFrame
	drained int
	onDrain func()
	inside  bool
}

func (c *core) enter(now time.Time) func() {
	if c.inside {
		c.t.Errorf("called at %v while it is busy", now)
	}
	if now.Before(c.last) {
		c.t.Errorf("time went back from %v to %v", c.last, now)
	}
	c.last, c.inside = now, true
	return func() { c.inside = false }
}

func (c *core) LinkUp(now time.Time, _ node.LinkInfo) error { defer c.enter(now)(); return nil }
func (c *core) LinkDown(now time.Time, _ uint64)            { defer c.enter(now)() }
func (c *core) Frame(now time.Time, _ uint64, f []byte) {
	defer c.enter(now)()
	c.frames = append(c.frames, node.OutFrame{Peer: 2, Data: append([]byte("re: "), f...)})
}

func (c *core) Tick(now time.Time) {
	defer c.enter(now)()
	c.ticks = append(c.ticks, now)
	early := true
	for len(c.wakes) > 0 && !c.wakes[0].After(now) {
		if late := now.Sub(c.wakes[0]); late > time.Microsecond {
			c.t.Errorf("woken %v after %v", late, c.wakes[0])
		}
		c.wakes, early = c.wakes[1:], false
	}
	if early {
		c.t.Errorf("woken at %v with nothing due", now)
	}
}

func (c *core) Drain(now time.Time) []node.OutFrame {
	defer c.enter(now)()
	c.drained++
	if c.onDrain != nil {
		c.onDrain()
	}
	out := c.frames
	c.frames = nil
	return out
}

func (c *core) NextWake() (time.Time, bool) {
	if len(c.wakes) == 0 {
		return time.Time{}, false
	}
	return c.wakes[0], true
}

// carrier keeps what was sent, and when by the loop's time.
type carrier struct {
	sent []string
	do   func()
}

func (c *carrier) Carry(now time.Time, f node.OutFrame) {
	c.sent = append(c.sent, now.Format("15:04:05 ")+string(f.Data))
	if c.do != nil {
		c.do()
	}
}

func run(t testing.TB, l *clock.Loop, d time.Duration) {
	t.Helper()
	if err := l.Run(context.Background(), l.Now().Add(d), clock.AsFast()); err != nil {
		t.Fatal(err)
	}
}

// Whatever a clock gains or loses, and however long ago it was set, a core is woken
// when its own clock shows the time that it asked for: never before, and less than a
// microsecond after. Its time never goes back.
func TestWakesByTheNodesOwnClock(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ppm := rapid.Float64Range(-500, 500).Draw(rt, "ppm")
		age := time.Duration(rapid.Int64Range(0, int64(20*365*24*time.Hour)).Draw(rt, "age"))
		l := clock.NewLoop(noon)
		c := &core{t: rt}
		h := New(l, c, &carrier{}, noon.Add(-age), ppm)
		at := h.Now()
		for range rapid.IntRange(1, 20).Draw(rt, "wakes") {
			at = at.Add(time.Duration(rapid.Int64Range(1, int64(30*24*time.Hour)).Draw(rt, "after")))
			c.wakes = append(c.wakes, at)
		}
		h.Do(func(time.Time) {})
		run(t, l, 700*24*time.Hour)
		if len(c.wakes) > 0 {
			rt.Fatalf("not woken at %v", c.wakes)
		}
	})
}

func TestDriftGains(t *testing.T) {
	l := clock.NewLoop(noon)
	fast := New(l, &core{t: t}, &carrier{}, noon, 2)
	slow := New(l, &core{t: t}, &carrier{}, noon, -2)
	exact := New(l, &core{t: t}, &carrier{}, noon, 0)
	run(t, l, 1e6*time.Second)
	for h, want := range map[*Host]time.Duration{fast: 2 * time.Second, slow: -2 * time.Second, exact: 0} {
		if got := h.Now().Sub(l.Now()); (got - want).Abs() > time.Microsecond {
			t.Errorf("a clock is ahead by %v, want %v", got, want)
		}
	}
}

// Frames go to the carrier after each input, with the loop's time and in their order.
func TestInputsAreFollowedByOutputs(t *testing.T) {
	l := clock.NewLoop(noon)
	c, out := &core{t: t}, &carrier{}
	h := New(l, c, out, noon, 100)
	if c.drained != 1 {
		t.Errorf("drained %d times at its making", c.drained)
	}
	for i, text := range []string{"one", "two"} {
		l.After(time.Duration(i)*time.Minute, func() {
			h.Do(func(now time.Time) { h.Core().Frame(now, 2, []byte(text)) })
		})
	}
	run(t, l, time.Hour)
	if want := []string{"12:00:00 re: one", "12:01:00 re: two"}; !slices.Equal(out.sent, want) {
		t.Errorf("sent %q, want %q", out.sent, want)
	}
}

// What a core says may lead back to it within the same event: it gets that once it is
// done, at the same time, in order, and never within a call.
func TestReentrance(t *testing.T) {
	l := clock.NewLoop(noon)
	c, out := &core{t: t}, &carrier{}
	h := New(l, c, out, noon, 0)
	say := func(text string) { h.Do(func(now time.Time) { h.Core().Frame(now, 2, []byte(text)) }) }
	left := 2
	out.do = func() { // as a neighbour on a wire without delay
		if left > 0 {
			left--
			say("from the carrier")
		}
	}
	h.Do(func(now time.Time) {
		say("from the input")
		if len(c.frames) != 0 {
			t.Error("it was called within an input")
		}
	})
	c.onDrain = func() { c.onDrain = nil; say("from drain") }
	run(t, l, time.Second)
	want := []string{"12:00:00 re: from the input", "12:00:00 re: from drain", "12:00:00 re: from the carrier", "12:00:00 re: from the carrier"}
	if !slices.Equal(out.sent, want) {
		t.Errorf("sent %q, want %q", out.sent, want)
	}
}

// A stopped core is left alone: by its wakes, by late inputs, and by what was under way
// when it stopped.
func TestStop(t *testing.T) {
	for name, stop := range map[string]func(*Host, *core, *carrier){
		"between events": func(h *Host, _ *core, _ *carrier) { h.Stop() },
		"by an input":    func(h *Host, _ *core, _ *carrier) { h.Do(func(time.Time) { h.Stop() }) },
		"while it says something": func(h *Host, c *core, _ *carrier) {
			c.onDrain = h.Stop
			h.Do(func(time.Time) {})
		},
		"by what it says": func(h *Host, _ *core, out *carrier) {
			out.do = h.Stop
			h.Do(func(now time.Time) { h.Core().Frame(now, 2, []byte("stop me")) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := clock.NewLoop(noon)
			c, out := &core{t: t, wakes: []time.Time{noon.Add(time.Hour)}}, &carrier{}
			h := New(l, c, out, noon, 0)
			l.After(time.Minute, func() { stop(h, c, out) })
			run(t, l, time.Minute)
			if h.Running() || h.Core() != nil {
				t.Fatal("it runs on")
			}
			drained := c.drained
			h.Do(func(time.Time) { t.Error("it got an input") })
			h.Stop()
			run(t, l, 2*time.Hour)
			if len(c.ticks) != 0 || c.drained != drained {
				t.Errorf("woken %d times, drained %d times after its end", len(c.ticks), c.drained-drained)
			}
			if at, ok := l.Next(); ok {
				t.Errorf("something is left for %v", at)
			}
		})
	}
}
