package world

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"spacechain/world/topology"
)

// By samples units go through the modems, with the Doppler of the pass, and arrive as they
// do by frames, but for what receivers take to be in step and to decode.
func TestSamplesCarryUnits(t *testing.T) {
	type heard struct {
		when []time.Duration
		h    HopReport
	}
	carry := func(depth Depth, side int) heard {
		radios := topology.DefaultRadios()
		radios.Satellite.Limit(sampleRateLimit)
		radios.Station.Limit(sampleRateLimit)
		o := small(t)
		o.Radios = &radios
		x := between(t, Options{Seed: 1, Radio: depth, Topology: o}, topology.Ground)
		start := x.u.loop.Now()
		const n = 12
		for i := range n {
			x.send(side, frameOf(i))
		}
		x.u.loop.At(start.Add(5*time.Second), func() { x.send(side, frameOf(n)) }) // the carrier comes on again
		live(t, x.u, start.Add(8*time.Second))
		var out heard
		for i, s := range x.ears[1-side].heard {
			if !bytes.Equal(s.data, frameOf(i)) {
				t.Fatalf("%v: unit %d is another", depth, i)
			}
			out.when = append(out.when, s.at.Sub(start))
		}
		if len(out.when) != n+1 {
			t.Fatalf("heard %d units of %d", len(out.when), n+1)
		}
		out.h = x.w.hop.report(side, tally{})
		return out
	}
	for side := range 2 {
		f, s := carry(Frames, side), carry(Samples, side)
		if f.h.Depth != "frames" || s.h.Depth != "samples" || s.h.Modem != f.h.Modem || s.h.Lost != 0 {
			t.Errorf("by frames %+v\nby samples %+v", f.h, s.h)
		}
		if d := int(s.h.Frames) - int(f.h.Frames); d < 0 || d > 2 {
			t.Errorf("%d frames by samples, %d by frames", s.h.Frames, f.h.Frames)
		}
		for i := range f.when {
			if late := s.when[i] - f.when[i]; late < -10*time.Millisecond || late > 400*time.Millisecond {
				t.Errorf("unit %d after %v by samples, %v by frames", i, s.when[i], f.when[i])
			}
		}
	}
}

// The same seed gives the same history by samples, too.
func TestSamplesFollowFromTheSeed(t *testing.T) {
	run := func() string {
		x := between(t, Options{Seed: 3, Radio: Samples}, topology.Ground)
		x.send(0, frameOf(1))
		x.send(1, frameOf(2))
		live(t, x.u, x.u.loop.Now().Add(2*time.Second))
		var b strings.Builder
		for _, e := range x.ears {
			for _, s := range e.heard {
				b.WriteString(s.at.String())
			}
		}
		return b.String()
	}
	if a := run(); a == "" || a != run() {
		t.Error("two histories")
	}
}

func TestParseDepth(t *testing.T) {
	for name, want := range map[string]Depth{"frames": Frames, "samples": Samples} {
		if got, err := ParseDepth(name); err != nil || got != want {
			t.Errorf("%s is %v, %v", name, got, err)
		}
	}
	if _, err := ParseDepth("atoms"); err == nil {
		t.Error("atoms are a depth")
	}
}
