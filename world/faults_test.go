package world

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/spaceos/command"
	"spacechain/terminal"
	"spacechain/world/topology"
)

// chronicle makes a small universe with a scenario and keeps its history.
func chronicle(t testing.TB, text string) (*Universe, *[]string) {
	t.Helper()
	var lines []string
	o := Options{Seed: 3, Topology: small(t), EventLog: func(line string) { lines = append(lines, line) }}
	if text != "" {
		o.Scenario = faulty(t, text)
	}
	return universe(t, o), &lines
}

// told gives the times of the lines with all the words, as minutes since dawn.
func told(t testing.TB, lines []string, words ...string) (out []string) {
	t.Helper()
	for _, line := range lines {
		if slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line+" ", w+" ") }) {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, line[:strings.IndexByte(line, ' ')])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%g", at.Sub(dawn).Minutes()))
	}
	return out
}

func same(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// A link that is out in the middle of its window goes down and comes up again, also
// where a stretch of the horizon ends meanwhile, and where one outage follows another.
func TestLinkOutage(t *testing.T) {
	u, lines := chronicle(t, `
faults:
  - link outage: [Svalbard, Home]
    at: 1h
    for: 10m
  - link outage: [Svalbard, Home]
    at: 1h10m
    for: 5m
  - link outage: [Singapore, Home]
    at: 11h50m
    for: 20m
  - link outage: [Awarua, Home]
    at: 30m
    for: 3d
`)
	live(t, u, dawn.Add(30*time.Hour))
	for station, want := range map[int][2][]string{
		1: {{"0", "75"}, {"60"}},
		2: {{"0", "730"}, {"710"}},
		3: {{"0"}, {"30"}},
	} {
		id := fmt.Sprint(topology.FirstStation + station - 1)
		home := fmt.Sprint(Terminal)
		same(t, id+" up", told(t, *lines, "link up cable "+id+" "+home), want[0]...)
		same(t, id+" down", told(t, *lines, "link down cable "+id+" "+home), want[1]...)
	}
}

// While a link is out nothing passes, and what waited passes after it.
func TestBundlesWaitForTheEndOfAnOutage(t *testing.T) {
	u, _ := chronicle(t, `
faults:
  - link outage: [Svalbard, Home]
    at: 0s
    for: 2h
  - link outage: [Singapore, Home]
    at: 0s
    for: 2h
  - link outage: [Awarua, Home]
    at: 0s
    for: 2h
`)
	live(t, u, dawn.Add(time.Second)) // until the outages have begun
	r := submit(t, u, order(t, u, 1, command.Command{Op: command.List, Satellite: 90005}))
	live(t, u, dawn.Add(2*time.Hour))
	if got, _ := u.desk.Request(r.ID); got.State != terminal.Pending || len(got.Stages) != 1 {
		t.Fatalf("while all links are out: %+v", got)
	}
	live(t, u, dawn.Add(6*time.Hour))
	got, err := u.desk.Request(r.ID)
	if err != nil || got.State != terminal.Done {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, s := range got.Stages[1:] {
		if s.Time.Before(dawn.Add(2 * time.Hour)) {
			t.Errorf("%s at %v", s.Name, s.Time)
		}
	}
}

// A station that is out loses all its links at once, and gets those back whose windows
// last.
func TestStationOutage(t *testing.T) {
	u, lines := chronicle(t, `
faults:
  - station outage: Svalbard
    at: 3h
    for: 1h
`)
	live(t, u, dawn.Add(3*time.Hour-time.Second))
	node := uint64(topology.FirstStation)
	var before []*window
	for _, w := range u.up(u.loop.Now()) {
		if w.A == node || w.B == node {
			before = append(before, w)
		}
	}
	if len(before) < 3 {
		t.Fatalf("Svalbard has %d links", len(before))
	}
	live(t, u, dawn.Add(3*time.Hour+time.Second))
	for h := range u.openHops {
		if h.w.A == node || h.w.B == node {
			t.Errorf("the link of %d and %d is up though Svalbard is out", h.w.A, h.w.B)
		}
	}
	if n := len(u.members[node].hops); n != 0 {
		t.Errorf("Svalbard has %d links though it is out", n)
	}
	for _, w := range u.up(u.loop.Now()) {
		if w.A == node || w.B == node {
			t.Errorf("the link of %d and %d is shown as up", w.A, w.B)
		}
	}
	live(t, u, dawn.Add(4*time.Hour+time.Second))
	last := 0
	for _, w := range before {
		if w.End.After(u.loop.Now()) {
			last++
			if w.hop == nil {
				t.Errorf("the link of %d and %d is not up again", w.A, w.B)
			}
		}
	}
	if last == 0 {
		t.Error("no window lasts: nothing was tried")
	}
	same(t, "fault", told(t, *lines, "fault", "station outage"), "180")
}

// A node that is reset loses what it had in memory and keeps what it had stored: a
// command is under way while each node on the way is reset, again and again, and is
// obeyed once.
func TestNodeReset(t *testing.T) {
	text := "faults:\n"
	for i := range 40 {
		at := time.Duration(i) * 3 * time.Minute
		text += fmt.Sprintf("  - node reset: %d\n    at: %s\n    for: 20s\n", Terminal, at+10*time.Second)
		text += "  - node reset: any satellite\n    times a day: 50\n    for: 10s to 60s\n"
		text += fmt.Sprintf("  - node reset: %d\n    at: %s\n    for: 40s\n", topology.FirstStation+i%3, at+30*time.Second)
	}
	u, lines := chronicle(t, text)
	ids := map[string]bool{}
	for i := range byte(8) {
		r := submit(t, u, order(t, u, i+1, command.Command{Op: command.List, Satellite: 90001 + 3*uint64(i)}))
		ids[r.ID] = true
	}
	core := u.members[Terminal].host.Core()
	live(t, u, dawn.Add(11*time.Second))
	if m := u.members[Terminal]; !m.down || m.host.Running() || core.(*terminal.Terminal) == nil {
		t.Fatal("the terminal was not reset")
	}
	live(t, u, dawn.Add(31*time.Second))
	if m := u.members[Terminal]; m.down || m.host.Core() == core || len(m.hops) == 0 {
		t.Fatalf("the terminal is as it was: down %v, %d links", m.down, len(m.hops))
	}
	live(t, u, dawn.Add(24*time.Hour))
	for id := range ids {
		r, err := u.desk.Request(id)
		if err != nil || r.State != terminal.Done || r.Code != command.OK {
			t.Errorf("request %s: %s %s %q, %v", id, r.State, r.Code, r.Message, err)
		}
	}
	resets, restarts := told(t, *lines, "reset"), told(t, *lines, "restarted")
	if len(restarts) < 80 || len(resets) < len(restarts) {
		t.Errorf("%d resets, %d restarts", len(resets), len(restarts))
	}
}

// Clocks drift: a satellite's word bears its own time.
func TestClockDrift(t *testing.T) {
	u, _ := chronicle(t, `
faults:
  - clock drift: 90004
    ppm: 100
  - clock drift: 90005
    ppm: -100
`)
	live(t, u, dawn.Add(48*time.Hour))
	want := map[string]time.Duration{}
	for i, ppm := range map[byte]float64{4: 100, 5: -100, 6: 0} {
		r := submit(t, u, order(t, u, i, command.Command{Op: command.List, Satellite: 90000 + uint64(i)}))
		want[r.ID] = time.Duration(float64(48*time.Hour) * ppm * 1e-6) // 17 s
	}
	live(t, u, dawn.Add(60*time.Hour))
	for id, ahead := range want {
		r, err := u.desk.Request(id)
		if err != nil || r.State != terminal.Done {
			t.Errorf("%+v, %v", r, err)
			continue
		}
		var executed, replied time.Time
		for _, s := range r.Stages {
			switch s.Name {
			case terminal.StageExecuted:
				executed = s.Time // by the satellite's clock
			case terminal.StageReplied:
				replied = s.Time
			}
		}
		way := replied.Sub(r.Submitted)
		if way > 10*time.Second {
			t.Errorf("satellite %d answers after %v: that tells nothing", r.Satellite, way)
		}
		if late := executed.Sub(r.Submitted) - ahead; late < -time.Second || late > way+time.Second {
			t.Errorf("satellite %d, ahead by %v, obeyed at %v; asked at %v, home at %v", r.Satellite, ahead, executed, r.Submitted, replied)
		}
	}
}

// Outages of each link are too many to be listed; a hop knows of its own, however often
// its window grows.
func TestOutagesOfEachLink(t *testing.T) {
	u, lines := chronicle(t, `
faults:
  - link outage: each link
    times a day: 1
    for: 1m to 30m
`)
	end := dawn.Add(12 * 24 * time.Hour)
	live(t, u, end)
	station := uint64(topology.FirstStation)
	var up, down []string
	up = append(up, "0")
	for _, out := range u.faults.LinkOutages(station, Terminal, dawn, end) {
		down = append(down, fmt.Sprintf("%g", out.Start.Sub(dawn).Minutes()))
		if out.End.Before(end) {
			up = append(up, fmt.Sprintf("%g", out.End.Sub(dawn).Minutes()))
		}
	}
	if len(down) < 6 {
		t.Fatalf("outages at %v: too few", down)
	}
	ends := fmt.Sprint(station, " ", Terminal)
	same(t, "up", told(t, *lines, "link up cable "+ends), up...)
	same(t, "down", told(t, *lines, "link down cable "+ends), down...)
}
