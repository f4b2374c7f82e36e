package topology

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/astro/elements"
	"spacechain/astro/frame"
	"spacechain/astro/sgp4"
	"spacechain/astro/visibility"
	"spacechain/internal/vectors"
)

const day = 24 * time.Hour

func world(t testing.TB, o Options) *Topology {
	t.Helper()
	w, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// catalogue reads a real one; the test is skipped where the data is missing.
func catalogue(t testing.TB, name string) []elements.Set {
	t.Helper()
	sets, _, err := elements.Parse(strings.NewReader(string(vectors.OpenData(t, "tle/"+name))), elements.ChecksumWarn)
	if err != nil {
		t.Fatal(err)
	}
	return sets
}

func lines(windows []Window) string {
	var b strings.Builder
	for _, w := range windows {
		fmt.Fprintf(&b, "%v %v %v\n", w, w.Opens, w.Closes)
	}
	return b.String()
}

// The interpolated orbit keeps close to SGP4: the bound of the package doc.
func TestInterpolation(t *testing.T) {
	sets := elements.DefaultWalker(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Sets()[:12]
	if all := catalogue(t, "celestrak-2026-05-30/starlink.tle"); len(all) > 0 {
		for i := 0; i < len(all); i += 500 {
			sets = append(sets, all[i])
		}
	}
	for _, set := range sets {
		w := world(t, Options{Sets: []elements.Set{set}, Stations: []Station{}})
		p, err := sgp4.New(set)
		if err != nil {
			t.Fatal(err)
		}
		for s := 7.0; s < 6000; s += 61.3 {
			at := w.Start().Add(time.Duration(s * 1e9))
			state, err := p.AtTime(at)
			if err != nil {
				t.Fatal(err)
			}
			pos, vel := frame.TEMEToECEF(state.PosTEMEKm, state.VelTEMEKmS, at)
			got, gotVel, err := w.ECEF(uint64(set.NoradID), at)
			if err != nil {
				t.Fatal(err)
			}
			if d := got.Sub(pos).Norm(); d > 0.002 {
				t.Errorf("satellite %d at %v: %.2f m from SGP4", set.NoradID, at, d*1000)
			}
			if d := gotVel.Sub(vel).Norm(); d > 0.0005 {
				t.Errorf("satellite %d at %v: velocity off by %.2f m/s", set.NoradID, at, d*1000)
			}
		}
	}
}

// Passes are those of astro/visibility, which searches each orbit exactly.
func TestPassesAgreeWithVisibility(t *testing.T) {
	mask := visibility.Mask{{AzimuthDeg: 0, ElevationDeg: 10}, {AzimuthDeg: 120, ElevationDeg: 25}, {AzimuthDeg: 240, ElevationDeg: 5}}
	stations := append(Builtin()[:4:4], Station{Name: "Valley", Place: astro.Geodetic{LatDeg: 46, LonDeg: 8, AltKm: 0.5}, MinElevationDeg: 7, Mask: mask})
	w := world(t, Options{Stations: stations, Neighbours: None})
	from, to := w.Start(), w.Start().Add(day)
	found := map[[2]uint64][]Window{}
	for _, x := range w.Windows(from, to) {
		if x.Kind == Ground {
			found[[2]uint64{x.A, x.B}] = append(found[[2]uint64{x.A, x.B}], x)
		}
	}
	compared, worst := 0, time.Duration(0)
	for _, sat := range w.Satellites()[:8] {
		p, err := sgp4.New(sat.Set)
		if err != nil {
			t.Fatal(err)
		}
		eph, err := visibility.Sample(visibility.NewOrbit(p), from, to)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range w.Stations() {
			want, err := visibility.Passes(eph, visibility.Site{Geodetic: s.Place, MinElevationDeg: s.MinElevationDeg, Mask: s.Mask}, from, to)
			if err != nil {
				t.Fatal(err)
			}
			got := found[[2]uint64{sat.Node, s.Node}]
			if len(got) != len(want) {
				t.Errorf("satellite %d over %s: %d passes, want %d", sat.Node, s.Name, len(got), len(want))
				continue
			}
			for i := range want {
				compared++
				// where the satellite skims the horizon, metres make long times
				tolerance := 5 * time.Millisecond
				if want[i].Duration() < 4*time.Minute {
					tolerance = 100 * time.Millisecond
				}
				for _, d := range []time.Duration{got[i].Start.Sub(want[i].Rise).Abs(), got[i].End.Sub(want[i].Set).Abs()} {
					worst = max(worst, d)
					if d > tolerance {
						t.Errorf("satellite %d over %s: pass %v..%v, want %v..%v", sat.Node, s.Name, got[i].Start, got[i].End, want[i].Rise, want[i].Set)
					}
				}
			}
		}
	}
	if compared < 200 {
		t.Errorf("only %d passes compared", compared)
	}
	t.Logf("%d passes, greatest difference %v", compared, worst)
}

// However time is cut, the windows are the same once joined, and flags and ranges
// fit.
func TestPiecesFitTogether(t *testing.T) {
	for name, o := range map[string]Options{
		"grid":    {Terminals: []Terminal{{Name: "Buoy", Radio: true, Place: astro.Geodetic{LatDeg: -40, LonDeg: 100}}}},
		"nearest": {Neighbours: Nearest},
	} {
		w := world(t, o)
		end := w.Start().Add(80 * time.Minute)
		want := join(w.Windows(w.Start(), end))
		rapid.Check(t, func(t *rapid.T) {
			var got []Window
			for at := w.Start(); at.Before(end); {
				next := at.Add(time.Duration(rapid.Int64Range(int64(time.Minute), int64(40*time.Minute)).Draw(t, name)).Truncate(time.Millisecond))
				if rapid.Bool().Draw(t, "round") {
					next = next.Truncate(5 * time.Minute)
				}
				if next.After(end) || !next.After(at) {
					next = end
				}
				got = append(got, w.Windows(at, next)...)
				at = next
			}
			got = join(got)
			if len(got) != len(want) {
				t.Fatalf("%d windows, want %d", len(got), len(want))
			}
			for i, x := range got {
				y := want[i]
				if x.A != y.A || x.B != y.B || x.Kind != y.Kind || !x.Start.Equal(y.Start) || !x.End.Equal(y.End) || x.Opens != y.Opens || x.Closes != y.Closes {
					t.Fatalf("window %v %v %v\nwanted %v %v %v", x, x.Opens, x.Closes, y, y.Opens, y.Closes)
				}
				if x.MaxRangeKm < y.MaxRangeKm || x.MinRangeKm > y.MinRangeKm {
					t.Fatalf("ranges of %v are within those of %v", x, y)
				}
			}
		})
	}
}

func TestWindowsAreInOrderAndTheSameTwice(t *testing.T) {
	one, two := world(t, Options{}), world(t, Options{})
	two.Windows(two.Start().Add(50*time.Hour), two.Start().Add(51*time.Hour)) // another past
	two.State(two.Start().Add(-time.Hour), nil)
	from, to := one.Start().Add(time.Hour), one.Start().Add(5*time.Hour)
	a, b := one.Windows(from, to), two.Windows(from, to)
	if lines(a) != lines(b) {
		t.Error("two worlds, two stories")
	}
	for i, w := range a {
		if i > 0 && byStart(a[i-1], w) >= 0 {
			t.Fatalf("out of order: %v, %v", a[i-1], w)
		}
		if w.A >= w.B || !w.Start.Before(w.End) || w.Start.Before(from) || w.End.After(to) || w.MinRangeKm > w.MaxRangeKm {
			t.Fatalf("window %v", w)
		}
		if w.RateABBps <= 0 || w.RateBABps <= 0 || w.OWLT <= 0 {
			t.Fatalf("window without rate or light time %v", w)
		}
	}
	if one.Windows(to, from) != nil {
		t.Error("windows of no time")
	}
}

func TestHop(t *testing.T) {
	w := world(t, Options{Terminals: []Terminal{
		{Name: "Office", Place: astro.Geodetic{LatDeg: 52.5, LonDeg: 13.4}, Core: true},
		{Name: "Buoy", Place: astro.Geodetic{LatDeg: -40, LonDeg: 100}, Radio: true}}})
	for _, x := range w.Windows(w.Start(), w.Start().Add(2*time.Hour)) {
		if x.Kind == Cable || !x.Opens {
			continue
		}
		h, err := w.Hop(x.B, x.A, x.Start.Add(time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		if h.A != x.A || h.B != x.B || h.Kind != x.Kind || !h.Up || h.RangeKm > x.MaxRangeKm+10 || h.RangeKm < x.MinRangeKm-10 {
			t.Fatalf("hop %+v\nof window %v", h, x)
		}
		if h.AB.RateBps < x.RateABBps || h.BA.RateBps < x.RateBABps {
			t.Fatalf("rates %g/%g below those of window %v", h.AB.RateBps, h.BA.RateBps, x)
		}
		if x.Kind == Ground { // a rising satellite comes nearer and is heard high
			if h.Look.ElevationDeg < 4.9 || h.RangeRateKmS >= 0 || h.DopplerABHz <= 0 || h.DopplerBAHz <= 0 || math.Abs(h.DopplerABHz) > 60e3 {
				t.Fatalf("rising satellite %+v", h)
			}
			before, err := w.Hop(x.A, x.B, x.Start.Add(-2*time.Millisecond))
			if err != nil || before.Up {
				t.Fatalf("up before it rises: %+v %v", before, err)
			}
		}
	}
	h, err := w.Hop(2000001, 3000001, w.Start())
	if err != nil || h.Kind != Cable || !h.Up || math.Abs(h.RangeKm-2865) > 30 { // Svalbard to Berlin
		t.Errorf("cable %+v %v", h, err)
	}
	for _, c := range []struct {
		a, b uint64
		want string
	}{
		{1, 90001, "link 1-90001: there is no such node in this world"},
		{90001, 90001, "a node has no link to itself"},
		{90001, 3000001, "link 90001-3000001: these two have no radio or cable in common"},
		{2000001, 3000002, "no radio or cable in common"},
	} {
		if _, err := w.Hop(c.a, c.b, w.Start()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("hop %d-%d: error %v, want %s", c.a, c.b, err, c.want)
		}
	}
}

func TestState(t *testing.T) {
	w := world(t, Options{})
	lit := 0
	var states []SatState
	for at := w.Start(); at.Before(w.Start().Add(100 * time.Minute)); at = at.Add(10 * time.Minute) {
		states = w.State(at.Add(123*time.Millisecond), states[:0])
		if len(states) != 66 {
			t.Fatalf("%d states", len(states))
		}
		for i, s := range states {
			if s.Node != 90001+uint64(i) || s.Place.AltKm < 770 || s.Place.AltKm > 815 || math.Abs(s.VelECEFKmS.Norm()-7.4) > 0.6 {
				t.Fatalf("state %+v", s)
			}
			lit += int(math.Round(s.Light))
			k, err := w.Track(s.Node)
			if err != nil {
				t.Fatal(err)
			}
			if pos, _, err := k.ECEF(at.Add(123 * time.Millisecond)); err != nil || pos != s.PosECEFKm {
				t.Fatalf("track of %d says %v %v, state %v", s.Node, pos, err, s.PosECEFKm)
			}
		}
	}
	if lit < 660*55/100 || lit > 660*90/100 { // a third of a low orbit is night
		t.Errorf("%d of 660 in light", lit)
	}
	if _, err := w.Track(5); err == nil {
		t.Error("a track of nobody")
	}
	pos, vel, err := w.ECEF(2000001, w.Start())
	if err != nil || vel != (astro.Vec3{}) || math.Abs(pos.Norm()-6357.5) > 3 {
		t.Errorf("Svalbard at %v %v %v", pos, vel, err)
	}
}

// A satellite that comes down takes no other with it.
func TestDecayedSatelliteIsLeftOut(t *testing.T) {
	for _, rule := range []Neighbours{Grid, Nearest} {
		sets := elements.DefaultWalker(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Sets()
		sets[30].MeanMotionRevDay, sets[30].BStar = 16.2, 0.3 // low, and a parachute
		sets[40].Eccentricity, sets[40].MeanMotionRevDay = 0.5, -1
		w := world(t, Options{Sets: sets, Neighbours: rule})
		if len(w.Satellites()) != 65 || len(w.Warnings()) != 1 || w.Warnings()[0].Node != 90041 {
			t.Fatalf("%d satellites, warnings %v", len(w.Satellites()), w.Warnings())
		}
		windows := w.Windows(w.Start(), w.Start().Add(2*day))
		warnings := w.Warnings()
		if len(warnings) != 2 || warnings[1].Node != 90031 || !strings.Contains(warnings[1].String(), "satellite 90031 left out from 2026-01-0") {
			t.Fatalf("warnings %v", warnings)
		}
		gone, last, others := warnings[1].Time, time.Time{}, time.Time{}
		for _, x := range windows {
			if x.A == 90031 || x.B == 90031 {
				last = maxTime(last, x.End)
			} else {
				others = maxTime(others, x.End)
			}
		}
		if last.IsZero() || last.After(gone) || !others.Equal(w.Start().Add(2*day)) {
			t.Errorf("its last window ends %v, it fell at %v, others last until %v", last, gone, others)
		}
		if _, _, err := w.ECEF(90031, gone.Add(time.Hour)); err == nil || !strings.Contains(err.Error(), "does not fly any more") {
			t.Errorf("error %v", err)
		}
		if n := len(w.State(gone.Add(time.Hour), nil)); n != 64 {
			t.Errorf("%d states after the fall", n)
		}
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func TestMedianEpochStartsARealWorld(t *testing.T) {
	sets := catalogue(t, "iridium-next-2023-08-10/iridium-next.tle")
	w := world(t, Options{Sets: sets})
	if w.Neighbours() != Nearest {
		t.Error("a real catalogue is not linked by Nearest")
	}
	early, late := 0, 0
	for _, s := range sets {
		if s.Epoch.Before(w.Start()) {
			early++
		} else {
			late++
		}
	}
	if early-late > 1 || late-early > 2 || w.Start().Nanosecond() != 0 {
		t.Errorf("start %v: %d epochs before, %d after", w.Start(), early, late)
	}
	if !MedianEpoch(nil).IsZero() {
		t.Error("nothing has a median")
	}
}

func TestNewErrors(t *testing.T) {
	walker := elements.DefaultWalker(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Sets()
	far := walker[0]
	far.NoradID = 5000000
	dead := walker[0]
	dead.MeanMotionRevDay = -1
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Slot: 7 * time.Second}, "slot 7s is not a number of whole minutes from 1 to 10"},
		{Options{MaxRangeKm: -1}, "longest inter-satellite link -1 km is not above 0"},
		{Options{MaxLinks: -1}, "-1 inter-satellite terminals"},
		{Options{Sets: []elements.Set{far}}, "satellite 5000000: the number is not within 1..2000000"},
		{Options{Sets: []elements.Set{dead}, Start: time.Unix(1e9, 0)}, "none of 1 satellites flies"},
		{Options{Stations: []Station{{Name: "X", Place: astro.Geodetic{LatDeg: 100}}}}, `station "X": latitude 100 is not within`},
		{Options{Stations: []Station{{Name: "X", Node: 90001}}}, `station "X": node 90001 is taken`},
		{Options{Stations: []Station{{Name: "X", Mask: visibility.Mask{{AzimuthDeg: 400}}}}}, `station "X": horizon mask point 1`},
		{Options{Terminals: []Terminal{{Name: "Y", Node: 2000001}}}, `terminal "Y": node 2000001 is taken`},
		{Options{Terminals: []Terminal{{Name: "Y", Place: astro.Geodetic{LonDeg: 999}}}}, `terminal "Y": longitude 999`},
	} {
		if _, err := New(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error  %v\nwanted %s", err, c.want)
		}
	}
}

func TestTwiceInACatalogueTakesTheNewer(t *testing.T) {
	walker := elements.DefaultWalker(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).Sets()[:3]
	newer := walker[1]
	newer.Epoch, newer.Name = newer.Epoch.Add(time.Hour), "newer"
	w := world(t, Options{Sets: append(walker, newer)})
	if len(w.Satellites()) != 3 || w.Satellites()[1].Name != "newer" {
		t.Errorf("satellites %v", w.Satellites())
	}
}
