package world

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"spacechain/astro/elements"
	"spacechain/dtn/contact"
	"spacechain/world/topology"
)

func topologyOf(t testing.TB, o topology.Options) *topology.Topology {
	t.Helper()
	topo, err := topology.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return topo
}

func noDelay(*topology.Window) time.Duration { return 0 }

// sorted gives windows by ends and start.
func sorted(ws []topology.Window) []topology.Window {
	slices.SortFunc(ws, func(a, b topology.Window) int {
		return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B), a.Start.Compare(b.Start))
	})
	return ws
}

// The windows of adjoining stretches, joined, are those of one long look ahead: cables,
// rings, links between planes and passes that a stretch's end cuts through.
func TestStretchesJoin(t *testing.T) {
	for name, o := range map[string]topology.Options{
		"grid":    small(t),
		"nearest": func() topology.Options { o := small(t); o.Neighbours = topology.Nearest; return o }(),
	} {
		t.Run(name, func(t *testing.T) {
			h, err := newHorizon(topologyOf(t, o), dawn, noDelay)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := h.extend(dawn); err != nil { // as if no time passed: nothing is forgotten
					t.Fatal(err)
				}
			}
			if h.to.Sub(dawn) != 4*h.stretch || h.due() != h.to.Add(-h.stretch) {
				t.Fatalf("looks ahead to %v in stretches of %v, due %v", h.to, h.stretch, h.due())
			}
			var got []topology.Window
			for i, w := range h.windows {
				got = append(got, w.Window)
				if i > 0 && w.Start.Before(h.windows[i-1].Start) {
					t.Fatalf("window %d starts before the one before it", i)
				}
			}
			want := slices.DeleteFunc(topologyOf(t, o).Windows(dawn, h.to), func(w topology.Window) bool { return w.RateABBps <= 0 || w.RateBABps <= 0 })
			sorted(got)
			sorted(want)
			if len(got) != len(want) || len(want) < 200 {
				t.Fatalf("%d windows, want %d", len(got), len(want))
			}
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("window %d:\n%+v, want\n%+v", i, got[i], want[i])
				}
			}
		})
	}
}

// The plan has each window once in either direction, and no other contact.
func TestPlanIsTheWindows(t *testing.T) {
	o := small(t)
	h, err := newHorizon(topologyOf(t, o), dawn, noDelay)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{dawn, dawn.Add(5 * time.Hour), dawn.Add(23 * time.Hour)} {
		heard := map[uint64]map[uint64]bool{}
		for _, w := range h.active(at) {
			for _, p := range [][2]uint64{{w.A, w.B}, {w.B, w.A}} {
				if heard[p[0]] == nil {
					heard[p[0]] = map[uint64]bool{}
				}
				heard[p[0]][p[1]] = true
			}
		}
		for from := range heard {
			r := contact.NewRouter(from, h.plan)
			r.Grace = 24 * time.Hour
			for to := range heard[from] {
				route, err := r.Route(at, contact.Query{Dst: to, Size: 100})
				if err != nil {
					t.Fatalf("at %v from %d to %d: %v", at, from, to, err)
				}
				if delay := route.Arrival.Sub(at); delay > time.Second {
					t.Errorf("at %v from %d to %d takes %v though they hear each other", at, from, to, delay)
				}
			}
		}
	}
	for id, ws := range h.byNode {
		for _, w := range ws {
			if w.A != id && w.B != id {
				t.Fatalf("node %d has the window of %d and %d", id, w.A, w.B)
			}
		}
	}
}

// Windows that are over are forgotten, those of open hops are not.
func TestPastIsForgotten(t *testing.T) {
	h, err := newHorizon(topologyOf(t, small(t)), dawn, noDelay)
	if err != nil {
		t.Fatal(err)
	}
	now := h.due()
	var open *window
	for _, w := range h.windows {
		if w.End.Before(now) {
			open = w
			open.hop = &hop{w: w}
			break
		}
	}
	before := len(h.windows)
	if _, err := h.extend(now); err != nil {
		t.Fatal(err)
	}
	past := 0
	for _, w := range h.windows {
		if w.End.Before(now) {
			past++
			if w != open {
				t.Errorf("window of %v..%v is still there at %v", w.Start, w.End, now)
			}
		}
	}
	if past != 1 || !slices.Contains(h.byNode[open.A], open) {
		t.Errorf("%d windows of %d are past, want the open one alone", past, before)
	}
	if len(h.windows) > 2*before {
		t.Errorf("%d windows became %d", before, len(h.windows))
	}
}

// Hops that are open when their window turns out to last longer are told.
func TestOpenHopsGrow(t *testing.T) {
	h, err := newHorizon(topologyOf(t, small(t)), dawn, noDelay)
	if err != nil {
		t.Fatal(err)
	}
	now := h.due()
	cut := map[*hop]bool{}
	for _, w := range h.windows {
		if !w.Closes && w.End.Equal(h.to) && w.Kind != topology.Ground {
			w.hop = &hop{w: w}
			cut[w.hop] = true
		}
	}
	grown, err := h.extend(now)
	if err != nil {
		t.Fatal(err)
	}
	if len(grown) == 0 {
		t.Fatal("none has grown")
	}
	for _, g := range grown {
		if !cut[g] || !g.w.End.After(now.Add(h.stretch)) {
			t.Errorf("hop %d-%d: %+v", g.w.A, g.w.B, g.w.Window)
		}
	}
}

func TestStretchesBySize(t *testing.T) {
	for n, want := range map[int]time.Duration{1: 12 * time.Hour, 66: 12 * time.Hour, 200: 12 * time.Hour,
		201: 2 * time.Hour, 1000: 2 * time.Hour, 1001: 10 * time.Minute, 10395: 10 * time.Minute} {
		if got := stretchFor(n); got != want {
			t.Errorf("%d satellites: %v, want %v", n, got, want)
		}
	}
}

// A stretch in which a link does not close ends the window; it does not make a contact
// without a rate.
func TestStretchWithoutARate(t *testing.T) {
	at := func(m int) time.Time { return dawn.Add(time.Duration(m) * time.Minute) }
	piece := func(from, to int, rate float64, opens, closes bool) topology.Window {
		return topology.Window{A: 1, B: 2, Kind: topology.ISL, Start: at(from), End: at(to), Opens: opens, Closes: closes,
			RateABBps: rate, RateBABps: rate, OWLT: time.Duration(from) * time.Millisecond}
	}
	h := &horizon{delay: noDelay, topo: topologyOf(t, small(t)), stretch: 10 * time.Minute, to: dawn, byNode: map[uint64][]*window{}, next: make(chan []topology.Window, 1)}
	for i, pieces := range [][]topology.Window{
		{piece(2, 10, 4e6, true, false)},
		{piece(10, 20, 2e6, false, false)},
		{piece(20, 30, 0, false, false)},
		{piece(30, 35, 1e6, false, true)},
	} {
		h.coming = true
		h.next <- pieces
		if _, err := h.extend(at(0)); err != nil {
			t.Fatalf("stretch %d: %v", i, err)
		}
	}
	var got []string
	for _, w := range h.windows {
		got = append(got, fmt.Sprintf("%s..%s %g", w.Start.Format("04"), w.End.Format("04"), w.RateABBps))
	}
	if want := []string{"02..20 2e+06", "30..35 1e+06"}; !slices.Equal(got, want) {
		t.Errorf("windows %v, want %v", got, want)
	}
}

// Networks of processes get the same windows as a universe.
func TestContacts(t *testing.T) {
	o := small(t)
	got, err := Contacts(o, 3*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	o.Terminals = homeTerminal()
	want := topologyOf(t, o).Windows(dawn, dawn.Add(3*time.Hour))
	if !slices.Equal(got, want) || len(want) == 0 {
		t.Errorf("%d windows, want %d", len(got), len(want))
	}
	o.Sets = []elements.Set{{}}
	if _, err := Contacts(o, time.Hour); err == nil {
		t.Error("contacts of nothing")
	}
}
