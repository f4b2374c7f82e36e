package topology

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/astro/elements"
	"spacechain/astro/frame"
	"spacechain/astro/visibility"
)

// The default constellation: rings of eleven in six planes, five columns of links
// between them, none over the seam.
func TestDefaultGrid(t *testing.T) {
	w := world(t, Options{})
	if w.Neighbours() != Grid {
		t.Fatal("the default constellation is not a grid")
	}
	plane := func(sat int) int { return sat / 11 }
	fore, side := map[int]int{}, map[int]int{}
	for _, e := range w.grid {
		if e.cross {
			side[e.a]++
			side[e.b]++
			if plane(e.b)-plane(e.a) != 1 {
				t.Errorf("link between planes %d and %d", plane(e.a)+1, plane(e.b)+1)
			}
			continue
		}
		fore[e.a]++
		fore[e.b]++
		if d := e.b - e.a; plane(e.a) != plane(e.b) || d != 1 && d != 10 {
			t.Errorf("link in the plane between %d and %d", e.a, e.b)
		}
	}
	for sat := range 66 {
		want := 2
		if plane(sat) == 0 || plane(sat) == 5 {
			want = 1 // the seam
		}
		if fore[sat] != 2 || side[sat] != want {
			t.Errorf("satellite %d has %d links in its plane and %d to the side", sat, fore[sat], side[sat])
		}
	}
}

// In a Walker delta the last plane is the first one's neighbour, and phasing shifts
// who is nearest.
func TestDeltaGridClosesRound(t *testing.T) {
	walker := elements.Walker{Kind: elements.Delta, Total: 72, Planes: 9, Phasing: 4, AltKm: 1200, InclinationDeg: 53,
		Epoch: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), FirstNoradID: 1}
	w := world(t, Options{Sets: walker.Sets()})
	count := map[bool]int{}
	for _, e := range w.grid {
		count[e.cross]++
	}
	if count[false] != 72 || count[true] != 72 {
		t.Errorf("%d links in planes, %d between; want 72 each", count[false], count[true])
	}
}

// Links between planes are up exactly where range, sight and latitude allow it.
func TestGridLinksKeepTheRules(t *testing.T) {
	w := world(t, Options{Stations: []Station{}})
	to := w.Start().Add(110 * time.Minute)
	up := map[[2]uint64][]Window{}
	for _, x := range w.Windows(w.Start(), to) {
		up[[2]uint64{x.A, x.B}] = append(up[[2]uint64{x.A, x.B}], x)
	}
	sin70 := math.Sin(70 * math.Pi / 180)
	checked := map[bool]int{}
	for _, e := range w.grid {
		a, b := w.sats[e.a].Node, w.sats[e.b].Node
		for at := w.Start().Add(17 * time.Second); at.Before(to); at = at.Add(77 * time.Second) {
			pa, _, _ := w.ECEF(a, at)
			pb, _, _ := w.ECEF(b, at)
			want := pa.Sub(pb).Norm() <= 5000 && visibility.LineOfSight(pa, pb, 80)
			if e.cross {
				want = want && below(pa, sin70) && below(pb, sin70)
			}
			got := slices.ContainsFunc(up[[2]uint64{a, b}], func(x Window) bool { return !at.Before(x.Start) && at.Before(x.End) })
			if got != want {
				t.Errorf("link %d-%d at %v: up %v, want %v", a, b, at, got, want)
			}
			checked[want]++
		}
	}
	if checked[true] < 1000 || checked[false] < 500 {
		t.Errorf("checked %v", checked)
	}
}

// Nearest is the stable choice: nobody is above four, links are within range and
// sight throughout, and no pair of candidates would both rather have each other.
func TestNearestIsStable(t *testing.T) {
	w := world(t, Options{Sets: catalogue(t, "celestrak-2026-05-30/oneweb.tle"), Stations: []Station{}})
	for _, first := range []int64{minuteOf(w.Start()) / 5 * 5, minuteOf(w.Start())/5*5 + 35} {
		links := w.choose(first)
		degree, worst := make([]int, len(w.sats)), make([]float64, len(w.sats))
		for i, c := range links {
			if i > 0 && byEnds(links[i-1], c) >= 0 || c.a >= c.b {
				t.Fatalf("links out of order at %v", c)
			}
			for _, end := range []int32{c.a, c.b} {
				degree[end]++
				worst[end] = max(worst[end], c.distance2)
			}
			greatest := 0.0
			for m := first; m <= first+5; m++ {
				pa, pb := w.eph.node(int(c.a), m).pos, w.eph.node(int(c.b), m).pos
				greatest = max(greatest, pa.Sub(pb).Norm())
				if !visibility.LineOfSight(pa, pb, 80) {
					t.Fatalf("link %v without sight", c)
				}
			}
			if greatest > 5000 || math.Abs(greatest-math.Sqrt(c.distance2)) > 1e-6 {
				t.Fatalf("link %v reaches %g km", c, greatest)
			}
		}
		full := 0
		for sat, d := range degree {
			if d > 4 {
				t.Errorf("satellite %d holds %d links", sat, d)
			}
			if d == 4 {
				full++
			}
		}
		if full < len(degree)*90/100 {
			t.Errorf("only %d of %d satellites hold four links", full, len(degree))
		}
		chosen := map[[2]int32]bool{}
		for _, c := range links {
			chosen[[2]int32{c.a, c.b}] = true
		}
		for _, c := range w.pairs(first, first+5) {
			wants := func(end int32) bool { return degree[end] < 4 || c.distance2 < worst[end] }
			if !chosen[[2]int32{c.a, c.b}] && wants(c.a) && wants(c.b) {
				t.Errorf("satellites %d and %d would rather have each other", c.a, c.b)
			}
		}
	}
}

// A satellite's candidates are its sixteen nearest by an exhaustive search.
func TestCandidatesAreTheNearest(t *testing.T) {
	w := world(t, Options{Sets: catalogue(t, "starrynet-2022-09-14/Dove.tle"), Stations: []Station{}})
	first := minuteOf(w.Start()) / 5 * 5
	got := map[choice]bool{}
	for _, c := range w.pairs(first, first+5) {
		got[c] = true
	}
	s := w.slotOf(first, first+5)
	want := map[choice]bool{}
	for _, a := range s.flying {
		var all []choice
		for _, b := range s.flying {
			if d, ok := s.apart(a, b, s.farthest2); ok && a != b && s.sight(a, b) {
				all = append(all, choice{d, int32(min(a, b)), int32(max(a, b))})
			}
		}
		slices.SortFunc(all, func(x, y choice) int { return cmp.Or(cmp.Compare(x.distance2, y.distance2), byEnds(x, y)) })
		for _, c := range all[:min(len(all), candidates)] {
			want[c] = true
		}
	}
	if len(want) < 500 {
		t.Fatalf("only %d pairs in range", len(want))
	}
	for c := range want {
		if !got[c] {
			t.Fatalf("candidate %v is missing; %d found, %d wanted", c, len(got), len(want))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d candidates, want %d", len(got), len(want))
	}
}

func TestTreeFindsAllWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coordinate := rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(-20, 20).Draw(t, "c")) })
		places := make([]astro.Vec3, rapid.IntRange(0, 60).Draw(t, "n"))
		items := make([]int, len(places))
		for i := range places {
			places[i] = astro.Vec3{coordinate.Draw(t, "x"), coordinate.Draw(t, "y"), coordinate.Draw(t, "z")}
			items[i] = i
		}
		from := astro.Vec3{coordinate.Draw(t, "x"), coordinate.Draw(t, "y"), coordinate.Draw(t, "z")}
		limit := float64(rapid.IntRange(0, 2000).Draw(t, "limit"))
		var got []int
		newTree(places, items).visit(&from, limit, func(item int) float64 { got = append(got, item); return limit })
		slices.Sort(got)
		var want []int
		for i, p := range places {
			if d := p.Sub(from); d.Dot(d) <= limit {
				want = append(want, i)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("found %v, want %v", got, want)
		}
	})
}

// The whole Starlink catalogue: four links nearly everywhere, and nearly all in one
// network.
func TestStarlink(t *testing.T) {
	if testing.Short() {
		t.Skip("10,395 satellites")
	}
	w := world(t, Options{Sets: catalogue(t, "celestrak-2026-05-30/starlink.tle")})
	links := w.chosen(minuteOf(w.Start()) / 5 * 5)
	parent := make([]int, len(w.sats))
	for i := range parent {
		parent[i] = i
	}
	var find func(int) int
	find = func(i int) int {
		if parent[i] != i {
			parent[i] = find(parent[i])
		}
		return parent[i]
	}
	for _, c := range links {
		parent[find(int(c.a))] = find(int(c.b))
	}
	size, largest := map[int]int{}, 0
	for i := range parent {
		size[find(i)]++
		largest = max(largest, size[find(i)])
	}
	if len(links) < 20000 || largest < len(w.sats)*98/100 {
		t.Errorf("%d links, largest network %d of %d satellites", len(links), largest, len(w.sats))
	}
	t.Logf("%d links, %d networks, the largest of %d", len(links), len(size), largest)
	windows := w.Windows(w.Start(), w.Start().Add(5*time.Minute))
	kinds := map[Kind]int{}
	for _, x := range windows {
		kinds[x.Kind]++
	}
	if kinds[Ground] < 1000 || kinds[ISL] < 20000 || kinds[Cable] != 190 {
		t.Errorf("windows %v", kinds)
	}
}

// Planes are found whatever the node's zero, and a plane that lies across it is one.
func TestPlanesAcrossZero(t *testing.T) {
	var shell []orbit
	for i := range 6 {
		shell = append(shell, orbit{sat: i, node: wrap360(359.6 + float64(i%2)*0.8), phase: float64(i) * 60})
	}
	for i := range 6 {
		shell = append(shell, orbit{sat: 6 + i, node: 30, phase: float64(i) * 60})
	}
	edges := shellEdges(shell)
	within := 0
	for _, e := range edges {
		if !e.cross {
			within++
		}
	}
	if within != 12 {
		t.Errorf("%d links within planes, want 12: %v", within, edges)
	}
	if got := wrap180(350); got != -10 {
		t.Errorf("350 degrees wrap to %g", got)
	}
}

func TestGreatCircle(t *testing.T) {
	paris, tokyo := astro.Geodetic{LatDeg: 48.8566, LonDeg: 2.3522}, astro.Geodetic{LatDeg: 35.6762, LonDeg: 139.6503}
	if d := greatCircleKm(paris, tokyo); math.Abs(d-9712) > 5 {
		t.Errorf("Paris to Tokyo %g km", d)
	}
	if d := greatCircleKm(paris, paris); d != 0 {
		t.Errorf("Paris to Paris %g km", d)
	}
	if d := frame.FromGeodetic(paris).Norm(); math.Abs(d-6366) > 1 {
		t.Errorf("Paris is %g km from the centre", d)
	}
}

// The planes of a real constellation are found from its orbits: Iridium NEXT flies in
// six of them, with spares in between.
func TestGridOfIridium(t *testing.T) {
	w := world(t, Options{Sets: catalogue(t, "iridium-next-2023-08-10/iridium-next.tle"), Neighbours: Grid, Stations: []Station{}})
	degree := make([]int, len(w.sats))
	for _, e := range w.grid {
		degree[e.a]++
		degree[e.b]++
	}
	linked := 0
	for sat, d := range degree {
		if d > 4 {
			t.Errorf("satellite %d has %d links", w.sats[sat].Node, d)
		}
		if d >= 2 {
			linked++
		}
	}
	if linked < 75 {
		t.Errorf("%d of %d satellites are in a ring", linked, len(w.sats))
	}
	long := 0
	for _, x := range w.Windows(w.Start(), w.Start().Add(2*time.Hour)) {
		if x.End.Sub(x.Start) == 2*time.Hour && x.MinRangeKm > 3900 && x.MaxRangeKm < 4200 {
			long++
		}
	}
	if long < 40 { // eleven in a ring stand 4,030 km apart
		t.Errorf("%d steady links of a ring's length", long)
	}
}
