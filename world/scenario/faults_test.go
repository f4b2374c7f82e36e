package scenario

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/link/channel"
)

var start = time.Date(2026, 5, 30, 10, 6, 48, 0, time.UTC)

func cast() Cast {
	var c Cast
	for i := range uint64(66) {
		c.Satellites = append(c.Satellites, Actor{90001 + i, fmt.Sprintf("SPACECHAIN %d", i+1)})
		c.Links = append(c.Links, [2]uint64{90001 + i, 90001 + (i+1)%66})
	}
	for i, name := range []string{"Svalbard", "Inuvik", "Singapore"} {
		c.Stations = append(c.Stations, Actor{2000001 + uint64(i), name})
	}
	c.Terminals = []Actor{{3000001, "Office"}, {3000002, "office"}}
	return c
}

func compile(t testing.TB, name string, seed uint64) *Faults {
	t.Helper()
	f, err := Compile(parseFile(t, name), seed, start, cast())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func compileText(t testing.TB, text string) *Faults {
	t.Helper()
	s, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	f, err := Compile(s, 1, start, cast())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func digest(events []Event) string {
	h := sha256.New()
	for _, e := range events {
		fmt.Fprintln(h, e)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}

// One seed, one schedule, for ever: a change of this digest changes every recorded
// history.
func TestGoldenSchedule(t *testing.T) {
	events := compile(t, "rough-day.yaml", 42).Between(start, start.Add(30*day))
	if len(events) < 1500 || len(events) > 2200 { // (48 + 6 + 8) * 30, and two
		t.Errorf("%d events in 30 days", len(events))
	}
	if got, want := digest(events), "ee8a72ea96ab5c94"; got != want {
		t.Errorf("schedule digest %s, want %s; first events:\n%v\n%v\n%v", got, want, events[0], events[1], events[2])
	}
	if digest(compile(t, "rough-day.yaml", 43).Between(start, start.Add(30*day))) == digest(events) {
		t.Error("another seed gives the same schedule")
	}
}

// However it is asked, the schedule is the same: all at once, in pieces, by Next,
// forwards or after a jump.
func TestOrderOfQuestionsDoesNotMatter(t *testing.T) {
	all := compile(t, "rough-day.yaml", 7).Between(start, start.Add(20*day))
	f := compile(t, "rough-day.yaml", 7)
	f.Between(start.Add(300*day), start.Add(301*day)) // far ahead first
	var pieces []Event
	for at := start; at.Before(start.Add(20 * day)); at = at.Add(7 * time.Hour) {
		pieces = append(pieces, f.Between(at, minTime(at.Add(7*time.Hour), start.Add(20*day)))...)
	}
	if digest(pieces) != digest(all) {
		t.Error("asked in pieces the schedule differs")
	}
	var each []Event
	for at := start.Add(-time.Hour); ; {
		e, ok := f.Next(at)
		if !ok || !e.Time.Before(start.Add(20*day)) {
			break
		}
		each = append(each, f.Between(e.Time, e.Time.Add(1))...)
		at = e.Time
	}
	if digest(each) != digest(all) {
		t.Error("asked by Next the schedule differs")
	}
	if !slices.IsSortedFunc(all, byTime) {
		t.Error("events are out of order")
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func TestStorm(t *testing.T) {
	f := compile(t, "storm.yaml", 1)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	const svalbard, inuvik = 2000001, 2000002
	for _, c := range []struct {
		d    time.Duration
		want bool
	}{{2*time.Hour - 1, false}, {2 * time.Hour, true}, {165*time.Minute - 1, true}, {165 * time.Minute, false}} {
		if got := f.StationDown(svalbard, at(c.d)); got != c.want {
			t.Errorf("Svalbard down at %v: %v", c.d, got)
		}
		if got := f.LinkDown(90001, svalbard, at(c.d)); got != c.want {
			t.Errorf("its link down at %v: %v", c.d, got)
		}
		if f.LinkDown(90001, 90002, at(c.d)) || f.NodeDown(svalbard, at(c.d)) {
			t.Errorf("at %v more is down than the station's radios", c.d)
		}
	}
	out := f.LinkOutages(inuvik, 90005, start, at(day))
	if len(out) != 1 || !out[0].Start.Equal(at(150*time.Minute)) || out[0].End.Sub(out[0].Start) < time.Hour || out[0].End.Sub(out[0].Start) > 2*time.Hour {
		t.Errorf("Inuvik's outages %v", out)
	}
	if got := f.Effects(90001, 90002, at(30*time.Minute)); got != (channel.Effects{}) {
		t.Errorf("effects before the storm %+v", got)
	}
	if got := f.Effects(90001, 90002, at(2*time.Hour)); math.Abs(got.BitFlipRate-1e-7) > 1e-12 {
		t.Errorf("effects in the storm %+v", got)
	}
	if got := f.Effects(svalbard, 90002, at(9*time.Hour)); math.Abs(got.LossRate-0.05) > 1e-12 || got.BitFlipRate != 0 {
		t.Errorf("effects at Svalbard afterwards %+v", got)
	}
	resets := 0
	for _, e := range f.Between(start, at(50*day)) {
		if e.Kind == NodeReset {
			resets++
			if e.Node < 90001 || e.Node > 90066 || e.Duration < 20*time.Second || e.Duration > time.Minute {
				t.Fatalf("reset %v", e)
			}
			if !f.NodeDown(e.Node, e.Time) || !f.NodeDown(e.Node, e.End().Add(-1)) {
				t.Fatalf("%v, but the node is not down", e)
			}
		}
	}
	if resets < 500 || resets > 700 { // 600 +- 4 sigma
		t.Errorf("%d resets in 50 days at 12 a day", resets)
	}
}

func TestClockDrift(t *testing.T) {
	f := compile(t, "rough-day.yaml", 3)
	seen := map[float64]bool{}
	for _, a := range cast().Satellites {
		ppm := f.ClockDriftPPM(a.Node)
		if a.Node == 90007 {
			ppm -= 20
		}
		if ppm < -2 || ppm > 2 || seen[ppm] {
			t.Errorf("satellite %d drifts by %g ppm", a.Node, ppm)
		}
		seen[ppm] = true
	}
	if f.ClockDriftPPM(2000001) != 0 {
		t.Error("a station drifts")
	}
	g := compileText(t, "faults:\n  - clock drift: 90001\n    ppm: 10\n")
	if got := g.ClockOffset(90001, start.Add(day)); got != 864*time.Millisecond {
		t.Errorf("10 ppm make %v a day, want 864ms", got)
	}
	if got := g.ClockOffset(90002, start.Add(day)); got != 0 {
		t.Errorf("another clock is off by %v", got)
	}
}

// Outages of each link: at the promised rate, different for different links, the same
// from both ends, and LinkDown agrees with them.
func TestEachLink(t *testing.T) {
	f := compileText(t, "faults:\n  - link outage: each link\n    times a day: 4\n    for: 1m to 5m\n")
	if _, ok := f.Next(start); ok {
		t.Error("Next lists outages of each link")
	}
	total := 0
	for b := range uint64(50) {
		out := f.LinkOutages(90001, 91000+b, start, start.Add(10*day))
		total += len(out)
		if other := f.LinkOutages(91000+b, 90001, start, start.Add(10*day)); !slices.Equal(out, other) {
			t.Fatal("the two ends disagree")
		}
	}
	if total < 1820 || total > 2180 { // 2000 +- 4 sigma
		t.Errorf("%d outages on 50 links in 10 days at 4 a day", total)
	}
	if slices.Equal(f.LinkOutages(1, 2, start, start.Add(10*day)), f.LinkOutages(1, 3, start, start.Add(10*day))) {
		t.Error("two links fail together")
	}
	h := compileText(t, "faults:\n  - link outage: each link\n    at: 1h\n    for: 1m\n")
	if !h.LinkDown(7, 8, start.Add(time.Hour)) || h.LinkDown(7, 8, start.Add(61*time.Minute)) {
		t.Error("each link at 1h is not down then and only then")
	}
}

// LinkOutages and LinkDown tell the same story, whatever piece is asked.
func TestOutagesAgree(t *testing.T) {
	f := compile(t, "rough-day.yaml", 11)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(cast().Links).Draw(t, "link")
		from := start.Add(time.Duration(rapid.Int64Range(-int64(day), 5*int64(day)).Draw(t, "from")))
		to := from.Add(time.Duration(rapid.Int64Range(1, int64(day)).Draw(t, "length")))
		out := f.LinkOutages(a[0], a[1], from, to)
		for i, o := range out {
			if !o.Start.Before(o.End) || o.Start.Before(from) || o.End.After(to) || i > 0 && !out[i-1].End.Before(o.Start) {
				t.Fatalf("outages %v of [%v, %v)", out, from, to)
			}
			if !f.LinkDown(a[0], a[1], o.Start) || !f.LinkDown(a[1], a[0], o.End.Add(-1)) {
				t.Fatalf("up within %v", o)
			}
			if o.End.Before(to) && f.LinkDown(a[0], a[1], o.End) {
				t.Fatalf("down at the end of %v", o)
			}
		}
		at := from.Add(time.Duration(rapid.Int64Range(0, int64(to.Sub(from))-1).Draw(t, "at")))
		inside := slices.ContainsFunc(out, func(o Interval) bool { return !at.Before(o.Start) && at.Before(o.End) })
		if f.LinkDown(a[0], a[1], at) != inside {
			t.Fatalf("at %v down %v, outages %v", at, !inside, out)
		}
	})
}

func TestLongExplicitOutageStaysKnown(t *testing.T) {
	f := compileText(t, "faults:\n  - station outage: Inuvik\n    at: 1h\n    for: 30d\n")
	if !f.StationDown(2000002, start.Add(29*day)) || f.StationDown(2000002, start.Add(31*day)) {
		t.Error("a month's outage is forgotten or never ends")
	}
	if e, ok := f.Next(start); !ok || e.String() != "2026-05-30T11:06:48Z station outage 2000002 for 720h0m0s" {
		t.Errorf("next event %v %v", e, ok)
	}
	if _, ok := f.Next(start.Add(2 * time.Hour)); ok {
		t.Error("something follows")
	}
}

func TestCompileErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"faults:\n  - node reset: Atlantis\n    at: 1h\n", `scenario line 2: node reset: there is no node "Atlantis" in this world`},
		{"faults:\n  - node reset: Office\n    at: 1h\n", `scenario line 2: node reset: 2 nodes are called "Office"; use the number`},
		{"faults:\n  - station outage: 90001\n    at: 1h\n    for: 1m\n", `station outage: "90001" is not a station; use node reset`},
		{"faults:\n  - link outage: [90001, spacechain 1]\n    at: 1h\n    for: 1m\n", `both ends of the link are node 90001`},
		{"faults:\n  - link outage: [90001, 5]\n    at: 1h\n    for: 1m\n", `there is no node "5" in this world`},
	} {
		s, err := Parse(strings.NewReader(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Compile(s, 1, start, cast()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error  %v\nwanted %s", err, c.want)
		}
	}
	s := parseFile(t, "rough-day.yaml")
	if _, err := Compile(s, 1, start, Cast{}); err == nil || !strings.Contains(err.Error(), "this world has no list of links") {
		t.Errorf("any link without links: %v", err)
	}
}

func TestNothingIsScheduledWithoutFaults(t *testing.T) {
	f := compile(t, "calm.yaml", 1)
	if _, ok := f.Next(start); ok || len(f.Between(start, start.Add(day))) > 0 || f.LinkDown(1, 2, start) || f.Effects(1, 2, start) != (channel.Effects{}) {
		t.Error("calm is not calm")
	}
}

func BenchmarkLinkOutages(b *testing.B) {
	f := compile(b, "rough-day.yaml", 1)
	for b.Loop() {
		f.LinkOutages(90001, 90002, start.Add(5*time.Hour), start.Add(6*time.Hour))
	}
}

func BenchmarkEffects(b *testing.B) {
	f := compile(b, "rough-day.yaml", 1)
	for b.Loop() {
		f.Effects(90001, 90002, start.Add(5*time.Hour))
	}
}
