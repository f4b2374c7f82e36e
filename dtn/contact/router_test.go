package contact

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawPlan draws a small plan with a coarse grid of times, so that ties are common.
func drawPlan(t *rapid.T) []Contact {
	nodes := rapid.Uint64Range(2, 6).Draw(t, "nodes")
	var out []Contact
	for range rapid.IntRange(1, 14).Draw(t, "contacts") {
		from, to := rapid.Uint64Range(1, nodes).Draw(t, "from"), rapid.Uint64Range(1, nodes).Draw(t, "to")
		if from == to {
			continue
		}
		begin := float64(rapid.IntRange(0, 20).Draw(t, "start"))
		out = append(out, Contact{from, to, at(begin), at(begin + float64(rapid.IntRange(1, 8).Draw(t, "duration"))),
			8 * float64(rapid.IntRange(1, 3).Draw(t, "rate")), seconds(float64(rapid.IntRange(0, 2).Draw(t, "light")))})
	}
	return out
}

// exhaust tries every chain of contacts that visits no node twice, with the volume
// booked on each, and gives the earliest arrival and its fewest hops.
func exhaust(p *Plan, r *Router, from, to int32, now int64, size float64) (best int64, hops int) {
	best = -1
	visited := map[int32]bool{}
	var walk func(node int32, t int64, n int)
	walk = func(node int32, t int64, n int) {
		if node == to {
			if best < 0 || t < best || (t == best && n < hops) {
				best, hops = t, n
			}
			return
		}
		visited[node] = true
		for _, e := range p.edgesOf(node) {
			for i := e.lo; i < e.hi && !visited[e.to]; i++ {
				if at, ok := p.hops[i].take(t, size, r.booked[i]); ok {
					walk(e.to, at, n+1)
				}
			}
		}
		visited[node] = false
	}
	walk(from, now, 0)
	return best, hops
}

func TestNoWayIsEarlierOrShorter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		contacts := drawPlan(t)
		p, err := NewPlan(contacts)
		if err != nil {
			t.Fatal(err)
		}
		if p.Len() == 0 {
			return
		}
		from := p.nodes[rapid.IntRange(0, len(p.nodes)-1).Draw(t, "source")]
		r := NewRouter(from, p)
		r.Grace = time.Hour
		for i := range p.hops {
			if rapid.IntRange(0, 2).Draw(t, "booked") == 0 {
				r.Book(&Route{contacts: []int32{int32(i)}, plan: p}, rapid.IntRange(1, 10).Draw(t, "bytes"))
			}
		}
		// Ask the same router several times: what it remembers must be as good as new.
		now := at(0)
		for range 3 {
			now = now.Add(seconds(float64(rapid.IntRange(0, 4).Draw(t, "later"))))
			dst := p.nodes[rapid.IntRange(0, len(p.nodes)-1).Draw(t, "dst")]
			if dst == from {
				continue
			}
			size := rapid.IntRange(1, 6).Draw(t, "size")
			want, hops := exhaust(p, r, p.index(from), p.index(dst), now.UnixNano(), float64(size))
			got, err := r.Route(now, Query{Dst: dst, Size: size})
			fresh, ok := r.search(now.UnixNano(), &Query{Dst: dst, Size: size})
			if (err == nil) != (want >= 0) || ok != (want >= 0) {
				t.Fatalf("to %d: %v, exhaustive search %v", dst, err, want)
			}
			if err != nil {
				continue
			}
			if fresh.Arrival.UnixNano() != want || fresh.Hops() != hops {
				t.Fatalf("to %d: %v in %d hops, exhaustive search %v in %d", dst, fresh.Arrival, fresh.Hops(), utc(want), hops)
			}
			if late := got.Arrival.Sub(fresh.Arrival); late < 0 || late > 2*time.Second {
				t.Fatalf("to %d: a remembered route arrives %v late", dst, late)
			}
			if _, ok := r.evaluate(now.UnixNano(), &got, size); !ok {
				t.Fatalf("to %d: a route that cannot be taken", dst)
			}
			r.Book(&got, size)
		}
	})
}

func TestContactsAreNeverOverbooked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, err := NewPlan(drawPlan(t))
		if err != nil || p.Len() == 0 {
			return
		}
		from := p.nodes[0]
		r := NewRouter(from, p)
		type booking struct {
			route Route
			size  int
		}
		var all []booking
		for range 30 {
			dst, size := p.nodes[rapid.IntRange(0, len(p.nodes)-1).Draw(t, "dst")], rapid.IntRange(1, 5).Draw(t, "size")
			if got, err := r.Route(at(0), Query{Dst: dst, Size: size}); err == nil {
				r.Book(&got, size)
				all = append(all, booking{got, size})
			}
			if len(all) > 0 && rapid.IntRange(0, 3).Draw(t, "release") == 0 {
				r.Release(&all[0].route, all[0].size)
				all = all[1:]
			}
		}
		want := map[int32]float64{}
		for _, b := range all {
			for _, c := range b.route.contacts {
				want[c] += float64(b.size)
			}
		}
		for i := range p.hops {
			h := &p.hops[i]
			if volume := h.rate * float64(h.end-h.start); r.booked[int32(i)] > volume*1.000001 {
				t.Fatalf("contact %d of %v bytes has %v booked", i, volume, r.booked[int32(i)])
			}
			if r.booked[int32(i)] != want[int32(i)] {
				t.Fatalf("contact %d has %v booked, want %v", i, r.booked[int32(i)], want[int32(i)])
			}
		}
	})
}

func two(from, to uint64, begin, end, rate float64) []Contact {
	return []Contact{{from, to, at(begin), at(end), rate, 0}, {to, from, at(begin), at(end), rate, 0}}
}

func TestFullContactGivesWay(t *testing.T) {
	// 100 bytes fit the first contact, the second one is later.
	p := mustPlan(t, slices.Concat(two(1, 2, 10, 20, 80), two(2, 4, 10, 1000, 8000), two(1, 3, 30, 40, 80), two(3, 4, 10, 1000, 8000)))
	r := NewRouter(1, p)
	var next []uint64
	for range 3 {
		got, err := r.Route(at(0), Query{Dst: 4, Size: 60})
		if err != nil {
			next = append(next, 0)
			continue
		}
		next = append(next, got.Next)
		r.Book(&got, 60)
		defer r.Release(&got, 60)
	}
	if !slices.Equal(next, []uint64{2, 3, 0}) {
		t.Errorf("by %v, want 2, then 3, then nobody", next)
	}
	if got, err := r.Route(at(0), Query{Dst: 4, Size: 30}); err != nil || got.Next != 2 {
		t.Errorf("a smaller one still fits: %v %v", got.Nodes, err)
	}
	if b := r.Booked(1, 2, at(15)); b != 60 {
		t.Errorf("%v bytes booked", b)
	}
	r.Forget(at(25))
	if b := r.Booked(1, 2, at(15)); b != 0 {
		t.Errorf("%v bytes booked after the contact", b)
	}
	if b := r.Booked(1, 3, at(35)); b != 60 {
		t.Errorf("%v bytes booked on what is to come", b)
	}
}

func TestTies(t *testing.T) {
	// Three ways arrive at once: two hops by 3 or 2, three hops by 5.
	p := mustPlan(t, slices.Concat(two(1, 3, 0, 100, 8e9), two(1, 2, 0, 100, 8e9), two(1, 5, 0, 100, 8e9), two(5, 6, 0, 100, 8e9),
		two(6, 9, 50, 100, 8e3), two(3, 9, 50, 100, 8e3), two(2, 9, 50, 100, 8e3)))
	r := NewRouter(1, p)
	got, err := r.Route(at(0), Query{Dst: 9, Size: 1000})
	if err != nil || !slices.Equal(got.Nodes, []uint64{2, 9}) || !got.Arrival.Equal(at(51)) {
		t.Errorf("%v at %v %v", got.Nodes, got.Arrival, err)
	}
	got, _ = r.Route(at(0), Query{Dst: 9, Size: 1000, ExcludeNext: []uint64{2}})
	if !slices.Equal(got.Nodes, []uint64{3, 9}) {
		t.Errorf("without 2: %v", got.Nodes)
	}
	got, _ = r.Route(at(0), Query{Dst: 9, Size: 1000, ExcludeNext: []uint64{2, 3}})
	if !slices.Equal(got.Nodes, []uint64{5, 6, 9}) {
		t.Errorf("without 2 and 3: %v", got.Nodes)
	}
	if _, err := r.Route(at(0), Query{Dst: 9, ExcludeNodes: []uint64{2, 3, 6}}); !errors.Is(err, ErrNoRoute) {
		t.Errorf("without 2, 3 and 6: %v", err)
	}
	if _, err := r.Route(at(0), Query{Dst: 9, Size: 1000, Deadline: at(50.9)}); !errors.Is(err, ErrNoRoute) {
		t.Errorf("by 50.9 s: %v", err)
	}
	if _, err := r.Route(at(0), Query{Dst: 1}); !errors.Is(err, ErrNoRoute) {
		t.Errorf("to itself: %v", err)
	}
	if _, err := r.Route(at(0), Query{Dst: 77}); !errors.Is(err, ErrNoRoute) {
		t.Errorf("to nobody: %v", err)
	}
}

func TestLinks(t *testing.T) {
	p := mustPlan(t, slices.Concat(two(1, 2, 0, 100, 8e3), two(2, 9, 0, 1000, 8e3), two(1, 3, 200, 300, 8e3), two(3, 9, 0, 1000, 8e3)))
	r := NewRouter(1, p)
	next := func(now float64) uint64 {
		got, err := r.Route(at(now), Query{Dst: 9, Size: 100})
		if err != nil {
			return 0
		}
		return got.Next
	}
	if n := next(5); n != 2 {
		t.Errorf("within the grace: by %d", n)
	}
	if n := next(20); n != 3 {
		t.Errorf("its link did not come up: by %d", n)
	}
	expected, err := r.LinkUp(at(30), 2, 8e3, 0, time.Time{})
	if err != nil || expected {
		t.Errorf("link of the plan, late: %v %v", expected, err)
	}
	got, err := r.Route(at(30), Query{Dst: 9, Size: 100})
	if err != nil || got.Next != 2 || !got.Live || !got.End.Equal(at(100)) {
		t.Errorf("its link is up: %+v %v", got, err)
	}
	// 69,900 bytes are in the queue: the link is busy until just before its end.
	r.Book(&got, 69900)
	if n := next(30); n != 2 {
		t.Errorf("100 bytes still fit: by %d", n)
	}
	if got, _ := r.Route(at(30), Query{Dst: 9, Size: 101}); got.Next != 3 {
		t.Errorf("101 bytes do not: by %d", got.Next)
	}
	r.Sent(&got, 69900)
	if n := next(30); n != 2 {
		t.Errorf("the queue is empty again: by %d", n)
	}
	r.LinkDown(at(40), 2)
	if n := next(40); n != 3 {
		t.Errorf("its link went down: by %d", n)
	}
	// A link that no plan knows of, to the destination itself and to a neighbour.
	if expected, err := r.LinkUp(at(50), 77, 8e3, 0, at(60)); err != nil || expected {
		t.Errorf("link without a plan: %v %v", expected, err)
	}
	if expected, err := r.LinkUp(at(201), 3, 8e3, 0, at(210)); err != nil || !expected {
		t.Errorf("link of the plan, in time: %v %v", expected, err)
	}
	r.LinkDown(at(50), 3)
	if got, err := r.Route(at(50), Query{Dst: 77, Size: 1}); err != nil || got.Next != 77 || got.Contacts(p) != nil {
		t.Errorf("to a node that no plan knows: %+v %v", got, err)
	}
	if _, err := r.Route(at(50), Query{Dst: 77, Size: 1e6}); !errors.Is(err, ErrNoRoute) {
		t.Errorf("more than its link carries: %v", err)
	}
	if _, err := r.LinkUp(at(50), 3, 8e3, 0, at(70)); err != nil {
		t.Error(err)
	}
	if got, err := r.Route(at(50), Query{Dst: 9, Size: 100}); err != nil || got.Next != 3 || !got.Live {
		t.Errorf("by a link that came early: %+v %v", got, err)
	}
	if _, err := r.LinkUp(at(50), 1, 8e3, 0, at(70)); err == nil {
		t.Error("a link to itself")
	}
	// A new plan without contacts leaves only the links.
	r.SetPlan(nil)
	if n := next(50); n != 0 {
		t.Errorf("without a plan: by %d", n)
	}
	if got, err := r.Route(at(50), Query{Dst: 3, Size: 1}); err != nil || got.Next != 3 {
		t.Errorf("to a neighbour without a plan: %+v %v", got, err)
	}
}

func TestPlanQueries(t *testing.T) {
	contacts := []Contact{
		{1, 2, at(0), at(10), 8, 0}, {1, 2, at(20), at(30), 16, 0}, {1, 2, at(5), at(7), 8, 0},
		{1, 3, at(8), at(25), 8, 0}, {2, 1, at(0), at(10), 8, time.Second},
	}
	p := mustPlan(t, contacts)
	if got := p.Neighbours(1, at(9)); len(got) != 2 || got[0].To != 2 || got[1].To != 3 {
		t.Errorf("neighbours of 1 at 9 s: %+v", got)
	}
	if got := p.Neighbours(1, at(10)); len(got) != 1 || got[0] != contacts[3] {
		t.Errorf("neighbours of 1 at 10 s: %+v", got)
	}
	if got := p.Neighbours(99, at(10)); got != nil {
		t.Errorf("neighbours of nobody: %+v", got)
	}
	for _, c := range []struct {
		now  float64
		want int
	}{{-5, 0}, {6, 0}, {9.9, 0}, {10, 1}, {29, 1}, {30, -1}} {
		got, ok := p.Next(1, 2, at(c.now))
		if ok != (c.want >= 0) || (ok && got != contacts[c.want]) {
			t.Errorf("next contact at %v s: %+v %v", c.now, got, ok)
		}
	}
	if _, ok := p.Next(3, 1, at(0)); ok {
		t.Error("a contact that is not there")
	}
	n := 0
	p.All(func(c Contact) bool { n++; return slices.Contains(contacts, c) })
	if n != 5 {
		t.Errorf("All gave %d contacts", n)
	}
}

// mega is a synthetic plan: satellites on a torus of planes with four neighbours
// each whose links come and go, and stations that see a few of them.
func mega(planes, per, stations, windows int) []Contact {
	rng := rand.New(rand.NewPCG(1, 2))
	sat := func(p, i int) uint64 { return uint64(1 + (p+planes)%planes*per + (i+per)%per) }
	var out []Contact
	add := func(a, b uint64, begin, end float64) {
		for _, c := range two(a, b, begin, end, 1e8) {
			c.OWLT = seconds(0.003 + 0.01*rng.Float64())
			out = append(out, c)
		}
	}
	for p := range planes {
		for i := range per {
			add(sat(p, i), sat(p, i+1), 0, 6000)
			for w := range windows {
				begin := 6000 / float64(windows) * (float64(w) + 0.2*rng.Float64())
				add(sat(p, i), sat(p+1, i), begin, begin+4000/float64(windows))
			}
		}
	}
	for s := range stations {
		for w := range 3 {
			add(uint64(1000000+s), sat(rng.IntN(planes), rng.IntN(per)), float64(w)*2000, float64(w)*2000+600)
		}
	}
	return out
}

func benchmark(b *testing.B, contacts []Contact, sources, dests []uint64, now time.Time) {
	p := mustPlan(b, contacts)
	routers := make([]*Router, len(sources))
	for i, s := range sources {
		routers[i] = NewRouter(s, p)
		routers[i].Grace = 240 * time.Hour
	}
	found, i := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		r := routers[i%len(routers)]
		if _, ok := r.search(now.UnixNano(), &Query{Dst: dests[i%len(dests)], Size: 1000}); ok {
			found++
		}
		i++
	}
	b.ReportMetric(float64(found)/float64(i), "found/op")
}

func BenchmarkSearch50(b *testing.B) {
	contacts := loadHDTN(b, "hdtn_50nodes.json")
	nodes := mustPlan(b, contacts).Nodes()
	benchmark(b, contacts, nodes[:7], nodes[len(nodes)-11:], at(0))
}

// BenchmarkSearchMega has 10,000 nodes and some 200,000 contacts.
func BenchmarkSearchMega(b *testing.B) {
	contacts := mega(100, 100, 20, 9)
	b.Logf("%d contacts", len(contacts))
	benchmark(b, contacts, []uint64{1, 5050, 1000003, 777}, []uint64{9000, 1000001, 4242, 1000010, 60}, at(700))
}

func BenchmarkSearch66(b *testing.B) {
	benchmark(b, mega(6, 11, 10, 9), []uint64{1, 30, 1000003}, []uint64{60, 1000001, 42, 1000009}, at(700))
}

func BenchmarkCachedRoute(b *testing.B) {
	p := mustPlan(b, mega(6, 11, 10, 9))
	r := NewRouter(1, p)
	r.Grace = time.Hour
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Route(at(700), Query{Dst: 60, Size: 1000}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewPlanMega(b *testing.B) {
	contacts := mega(100, 100, 20, 9)
	b.ReportAllocs()
	for b.Loop() {
		mustPlan(b, contacts)
	}
}

// A user's terminal that two stations reach is the shortest way between them, and no
// way at all for what others send.
func TestNoRouteLeadsThroughAnEnd(t *testing.T) {
	link := func(a, b uint64, rate float64) []Contact {
		return []Contact{{a, b, at(0), at(100), rate, 0}, {b, a, at(0), at(100), rate, 0}}
	}
	contacts := slices.Concat(link(1, 9, 8000), link(9, 2, 8000), link(1, 3, 8), link(3, 2, 8), link(2, 8, 8))
	p, err := NewPlan(contacts, Ends(func(node uint64) bool { return node >= 8 }))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to uint64
		nodes    []uint64
	}{
		{1, 2, []uint64{3, 2}},
		{1, 8, []uint64{3, 2, 8}},
		{1, 9, []uint64{9}},
		{9, 8, []uint64{2, 8}}, // its own bundles go on as ever
		{8, 9, []uint64{2, 9}},
	} {
		for _, up := range []bool{false, true} {
			r := NewRouter(c.from, p)
			if up {
				for _, n := range p.Neighbours(c.from, at(1)) {
					if _, err := r.LinkUp(at(1), n.To, n.RateBps, 0, at(100)); err != nil {
						t.Fatal(err)
					}
				}
			}
			route, err := r.Route(at(1), Query{Dst: c.to, Size: 1})
			if err != nil || !slices.Equal(route.Nodes, c.nodes) {
				t.Errorf("%d to %d, links up: %v: %v %v, want %v", c.from, c.to, up, route.Nodes, err, c.nodes)
			}
		}
	}
}
