package contact

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/internal/vectors"
)

// start is the time 0 of plans whose times are relative.
var start = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time {
	return start.Add(time.Duration(math.Round(seconds * 1e9)))
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }

// loadHDTN reads a plan of nasa/HDTN; contacts are in the file's order.
func loadHDTN(t testing.TB, name string) []Contact {
	var file struct {
		Contacts []struct {
			Source, Dest       uint64
			StartTime, EndTime float64
			Rate               float64 `json:"rateBitsPerSec"`
			OWLT               float64
		}
	}
	if err := json.Unmarshal(vectors.Open(t, "contact-plans/"+name), &file); err != nil {
		t.Fatal(err)
	}
	var out []Contact
	for _, c := range file.Contacts {
		out = append(out, Contact{c.Source, c.Dest, at(c.StartTime), at(c.EndTime), c.Rate, seconds(c.OWLT)})
	}
	return out
}

// loadCP reads a plan of A-SABR's own text format (rates in bytes per second) or of
// ION's commands.
func loadCP(t testing.TB, name string) []Contact {
	var out []Contact
	ranges := map[[2]uint64]float64{}
	lines := bufio.NewScanner(bytes.NewReader(vectors.Open(t, "contact-plans/"+name)))
	for lines.Scan() {
		line := lines.Text()
		var from, to uint64
		var begin, end, rate, delay float64
		if n, _ := fmt.Sscanf(line, "contact %d %d %g %g %g %g", &from, &to, &begin, &end, &rate, &delay); n == 6 {
			out = append(out, Contact{from, to, at(begin), at(end), 8 * rate, seconds(delay)})
		}
		if n, _ := fmt.Sscanf(line, "a contact +%g +%g %d %d %g", &begin, &end, &from, &to, &rate); n == 5 {
			out = append(out, Contact{From: from, To: to, Start: at(begin), End: at(end), RateBps: 8 * rate})
		}
		if n, _ := fmt.Sscanf(line, "a range +%g +%g %d %d %g", &begin, &end, &from, &to, &delay); n == 5 {
			ranges[[2]uint64{from, to}] = delay
		}
	}
	for i := range out {
		if d, ok := ranges[[2]uint64{out[i].From, out[i].To}]; ok {
			out[i].OWLT = seconds(d)
		}
	}
	return out
}

// loadTVG reads a plan of tvgutil (PredictedContact_v2). Nodes with names get
// numbers by the order of the names.
func loadTVG(t testing.TB, name string) []Contact {
	var file struct {
		Vertices map[string]json.RawMessage
		Edges    []struct{ Contacts [][5]json.RawMessage }
	}
	if err := json.Unmarshal(vectors.Open(t, "contact-plans/"+name), &file); err != nil {
		t.Fatal(err)
	}
	var names []string
	for n := range file.Vertices {
		names = append(names, n)
	}
	slices.Sort(names)
	number := map[string]uint64{}
	for i, n := range names {
		number[n] = uint64(i) + 1
	}
	var out []Contact
	for _, e := range file.Edges {
		for _, c := range e.Contacts {
			var from, to string
			var begin, end float64
			// Generations: [start, probability, [[start, bit rate, delay], …]].
			var gen []([3]json.RawMessage)
			for i, v := range []any{&from, &to, &begin, &end, &gen} {
				if err := json.Unmarshal(c[i], v); err != nil {
					t.Fatal(err)
				}
			}
			var ch [][3]float64
			if err := json.Unmarshal(gen[0][2], &ch); err != nil {
				t.Fatal(err)
			}
			base := time.Unix(0, 0).UTC()
			out = append(out, Contact{number[from], number[to], base.Add(seconds(begin)), base.Add(seconds(end)),
				ch[0][1], seconds(ch[0][2])})
		}
	}
	return out
}

// allPlans loads every plan of the shared vectors.
func allPlans(t testing.TB) map[string][]Contact {
	out := map[string][]Contact{}
	for _, name := range []string{"hdtn_10nodes.json", "hdtn_50nodes.json", "hdtn_cgrTutorial.json", "hdtn_contactPlan.json"} {
		out[name] = loadHDTN(t, name)
	}
	for _, name := range []string{"asabr_asabr_examples_contact_plans_ion_format.cp",
		"asabr_asabr_examples_dijkstra_accuracy_contact_plan_1.cp", "asabr_asabr_examples_dijkstra_accuracy_contact_plan_2.cp",
		"asabr_asabr_examples_satellite_constellation_contact_plan_1.cp", "asabr_asabr_examples_satellite_constellation_contact_plan_2.cp",
		"asabr_exercises_5-routing_contact_plan_1.asabr"} {
		out[name] = loadCP(t, name)
	}
	for _, name := range []string{"asabr_asabr_benches_ptvg_files_sample1.json",
		"asabr_asabr_examples_contact_plans_tvgutil_format.cp"} {
		out[name] = loadTVG(t, name)
	}
	return out
}

// mustPlan makes a plan. The plans of nasa/HDTN have contacts that end before they
// start; nobody can use them.
func mustPlan(t testing.TB, contacts []Contact) *Plan {
	t.Helper()
	contacts = slices.DeleteFunc(slices.Clone(contacts), func(c Contact) bool { return !c.End.After(c.Start) })
	p, err := NewPlan(contacts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The expected answers of nasa/HDTN's test: its next hop is one answer of earliest
// arrival, so the arrival is the check.
func TestHDTNExpected(t *testing.T) {
	var expected []struct {
		Plan         string
		Contacts     int
		Source, Dest uint64
		T            float64
		NextHop      uint64 `json:"next_hop"`
		Route        []int  `json:"route_contact_indexes"`
	}
	if err := json.Unmarshal(vectors.Open(t, "contact-plans/hdtn-expected.json"), &expected); err != nil {
		t.Fatal(err)
	}
	for _, x := range expected {
		contacts := loadHDTN(t, x.Plan)
		if len(contacts) != x.Contacts {
			t.Fatalf("%s: %d contacts, want %d", x.Plan, len(contacts), x.Contacts)
		}
		p := mustPlan(t, contacts)
		r := NewRouter(x.Source, p)
		r.Grace = time.Hour // contacts that begin at 0 are to be used
		best, err := r.Route(at(x.T), Query{Dst: x.Dest})
		if err != nil {
			t.Fatalf("%s: %v", x.Plan, err)
		}
		checkRoute(t, p, x.Source, at(x.T), 0, best)
		var others []uint64
		for _, n := range p.Nodes() {
			if n != x.NextHop {
				others = append(others, n)
			}
		}
		forced, err := r.Route(at(x.T), Query{Dst: x.Dest, ExcludeNext: others})
		if err != nil || !forced.Arrival.Equal(best.Arrival) {
			t.Errorf("%s: by %d at %v (%v), the best by %d at %v", x.Plan, x.NextHop, forced.Arrival, err, best.Next, best.Arrival)
		}
		if x.Route == nil {
			continue
		}
		now := at(x.T)
		for i, k := range x.Route {
			c := contacts[k]
			now = later(now, c.Start).Add(c.OWLT)
			if i >= best.Hops() || best.Contacts(p)[i] != c {
				t.Errorf("%s: contact %d of the route is %+v, want %+v", x.Plan, i, best.Contacts(p), c)
			}
		}
		if !best.Arrival.Equal(now) {
			t.Errorf("%s: arrival %v, want %v", x.Plan, best.Arrival, now)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// checkRoute holds that a route's contacts chain in place and time.
func checkRoute(t testing.TB, p *Plan, from uint64, now time.Time, size int, r Route) {
	t.Helper()
	contacts := r.Contacts(p)
	if len(contacts) != r.Hops() || r.Hops() == 0 || r.Next != r.Nodes[0] {
		t.Fatalf("route %+v with %d contacts", r, len(contacts))
	}
	node := from
	for i, c := range contacts {
		if c.From != node || c.To != r.Nodes[i] {
			t.Fatalf("hop %d of %v is from %d to %d, at %d", i, r.Nodes, c.From, c.To, node)
		}
		now = later(now, c.Start)
		now = now.Add(time.Duration(math.Ceil(float64(size) / (c.RateBps / 8e9))))
		if now.After(c.End) {
			t.Fatalf("hop %d ends at %v, its contact at %v", i, now, c.End)
		}
		now, node = now.Add(c.OWLT), c.To
	}
	if !now.Equal(r.Arrival) {
		t.Fatalf("arrival %v, the hops give %v", r.Arrival, now)
	}
}

// On every plan of the vectors routes chain, and nobody reaches a node earlier by a
// neighbour than by the best route.
func TestEveryPlan(t *testing.T) {
	for name, contacts := range allPlans(t) {
		p := mustPlan(t, contacts)
		if p.Len() < len(contacts)*9/10 {
			t.Errorf("%s: %d contacts of %d", name, p.Len(), len(contacts))
		}
		nodes := p.Nodes()
		first := contacts[0].Start
		for _, c := range contacts {
			if c.Start.Before(first) {
				first = c.Start
			}
		}
		routes := 0
		for k := range 120 {
			from, to := nodes[(k*7)%len(nodes)], nodes[(k*13+1+k/len(nodes))%len(nodes)]
			if from == to {
				continue
			}
			now := first.Add(time.Duration(k%10) * 10 * time.Minute)
			r := NewRouter(from, p)
			r.Grace = 240 * time.Hour
			size := (k%3)*100 + 1
			best, err := r.Route(now, Query{Dst: to, Size: size})
			want, found := earliest(contacts, from, to, now, size)
			if found != (err == nil) {
				t.Fatalf("%s: %d to %d at %v: %v, by search of all contacts %v", name, from, to, now, err, found)
			}
			if err != nil {
				continue
			}
			routes++
			checkRoute(t, p, from, now, size, best)
			if !best.Arrival.Equal(want) {
				t.Fatalf("%s: %d to %d at %v: %v, by search of all contacts %v", name, from, to, now, best.Arrival, want)
			}
		}
		if routes == 0 {
			t.Errorf("%s: no routes at all", name)
		}
	}
}

// earliest finds the earliest arrival by relaxing all contacts until nothing gets
// better: no queue, no index, nothing shared with the search.
func earliest(contacts []Contact, from, to uint64, now time.Time, size int) (time.Time, bool) {
	known := map[uint64]time.Time{from: now}
	for changed := true; changed; {
		changed = false
		for _, c := range contacts {
			t, ok := known[c.From]
			if !ok {
				continue
			}
			t = later(t, c.Start).Add(time.Duration(math.Ceil(float64(size) / (c.RateBps / 8e9))))
			if t.After(c.End) {
				continue
			}
			t = t.Add(c.OWLT)
			if old, ok := known[c.To]; !ok || t.Before(old) {
				known[c.To], changed = t, true
			}
		}
	}
	t, ok := known[to]
	return t, ok
}

// A-SABR's two accuracy plans: the way that arrives first at a node in between is
// not the one with the fewest hops at the end.
func TestFewestHopsOfTheEarliest(t *testing.T) {
	for _, c := range []struct {
		name string
		dst  uint64
		want []uint64
		at   float64
	}{
		{"asabr_asabr_examples_dijkstra_accuracy_contact_plan_1.cp", 3, []uint64{2, 3}, 31},
		{"asabr_asabr_examples_dijkstra_accuracy_contact_plan_2.cp", 4, []uint64{2, 3, 4}, 51},
		{"asabr_asabr_examples_dijkstra_accuracy_contact_plan_2.cp", 3, []uint64{1, 2, 3}, 21},
	} {
		r := NewRouter(0, mustPlan(t, loadCP(t, c.name)))
		got, err := r.Route(at(0), Query{Dst: c.dst, Size: 1})
		if err != nil || !slices.Equal(got.Nodes, c.want) || !got.Arrival.Equal(at(c.at)) {
			t.Errorf("%s to %d: %v at %v, %v; want %v at %v", c.name, c.dst, got.Nodes, got.Arrival, err, c.want, at(c.at))
		}
	}
}

func TestPlanErrors(t *testing.T) {
	good := Contact{From: 1, To: 2, Start: at(0), End: at(1), RateBps: 1}
	for name, f := range map[string]func(*Contact){
		"itself":    func(c *Contact) { c.To = 1 },
		"not after": func(c *Contact) { c.End = c.Start },
		"rate":      func(c *Contact) { c.RateBps = math.NaN() },
		"light":     func(c *Contact) { c.OWLT = -1 },
	} {
		c := good
		f(&c)
		if _, err := NewPlan([]Contact{good, c}); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "contact 1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
