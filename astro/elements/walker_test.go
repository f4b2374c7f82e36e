package elements

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestDefaultWalker(t *testing.T) {
	w := DefaultWalker(noon)
	sets := w.Sets()
	if err := w.Validate(); err != nil || len(sets) != 66 {
		t.Fatalf("%d satellites, %v", len(sets), err)
	}
	first, last := sets[0], sets[65]
	if first.NoradID != 90001 || last.NoradID != 90066 || first.Name != "SPACECHAIN 1-01" || last.Name != "SPACECHAIN 6-11" {
		t.Errorf("got %v to %v", first, last)
	}
	if first.InclinationDeg != 86.4 || !first.Epoch.Equal(noon) {
		t.Errorf("got %+v", first)
	}
	// Six planes 30 degrees apart, eleven slots 32.7 degrees apart, neighbours
	// half a slot apart.
	for i, s := range sets {
		plane, slot := i/11, i%11
		if s.RAANDeg != 30*float64(plane) {
			t.Errorf("%v: node at %v", s, s.RAANDeg)
		}
		want := math.Mod(360*float64(slot)/11+180*float64(plane)/11, 360)
		if d := math.Abs(s.MeanAnomalyDeg - want); d > 1e-9 {
			t.Errorf("%v: anomaly %v, want %v", s, s.MeanAnomalyDeg, want)
		}
	}
	// 780 km: Iridium's mean motion is 14.342 rev/day.
	if n := first.MeanMotionRevDay; math.Abs(n-14.342) > 0.02 {
		t.Errorf("mean motion %v", n)
	}
	for _, s := range sets {
		if _, _, err := s.TLE(); err != nil {
			t.Error(err)
		}
	}
}

func TestWalkerDelta(t *testing.T) {
	// Galileo: 56 degrees, 24/3/1.
	w := Walker{Kind: Delta, Total: 24, Planes: 3, Phasing: 1, AltKm: 23222, InclinationDeg: 56,
		Epoch: noon, FirstNoradID: 1000}
	sets := w.Sets()
	if len(sets) != 24 {
		t.Fatalf("%d satellites: %v", len(sets), w.Validate())
	}
	if a, b := sets[8], sets[17]; a.RAANDeg != 120 || a.MeanAnomalyDeg != 15 || b.RAANDeg != 240 || b.MeanAnomalyDeg != 75 {
		t.Errorf("got %+v and %+v", a, b)
	}
	if p := sets[0].Period(); math.Abs(p.Hours()-14.08) > 0.01 {
		t.Errorf("period %v, want 14 h 5 min", p)
	}
	if sets[0].Name != "" || sets[0].String() != "01000" {
		t.Errorf("name %q, %v", sets[0].Name, sets[0])
	}
}

func TestWalkerValidate(t *testing.T) {
	for name, change := range map[string]func(*Walker){
		"kind": func(w *Walker) { w.Kind = 7 }, "none": func(w *Walker) { w.Total = 0 },
		"too many": func(w *Walker) { w.Total = MaxWalker + 6 }, "planes": func(w *Walker) { w.Planes = 7 },
		"no planes": func(w *Walker) { w.Planes = 0 }, "phasing": func(w *Walker) { w.Phasing = 6 },
		"low": func(w *Walker) { w.AltKm = 50 }, "nowhere": func(w *Walker) { w.AltKm = math.NaN() },
		"inclination": func(w *Walker) { w.InclinationDeg = -1 }, "number": func(w *Walker) { w.FirstNoradID = 0 },
		"epoch": func(w *Walker) { w.Epoch = time.Time{} }, "name": func(w *Walker) { w.Name = "a\nb" },
	} {
		w := DefaultWalker(noon)
		change(&w)
		if err := w.Validate(); err == nil {
			t.Errorf("%s: passed", name)
		}
		if w.Sets() != nil {
			t.Errorf("%s: has sets", name)
		}
	}
	for _, k := range []Kind{Star, Delta} {
		if got, err := ParseKind(k.String()); err != nil || got != k {
			t.Errorf("ParseKind(%v) = %v, %v", k, got, err)
		}
	}
	if _, err := ParseKind("rosette"); err == nil {
		t.Error("ParseKind(rosette) passed")
	}
}

// TestWalkerSpreadProperty checks that slots within a plane are even and that
// phasing adds up to whole slots once around.
func TestWalkerSpreadProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		planes := rapid.IntRange(1, 20).Draw(t, "planes")
		per := rapid.IntRange(1, 20).Draw(t, "per plane")
		w := Walker{
			Kind: Delta, Total: planes * per, Planes: planes,
			Phasing: rapid.IntRange(0, planes-1).Draw(t, "phasing"),
			AltKm:   rapid.Float64Range(200, 36000).Draw(t, "altitude"), InclinationDeg: 53, Epoch: noon, FirstNoradID: 1,
		}
		sets := w.Sets()
		if len(sets) != w.Total {
			t.Fatal(len(sets), w.Validate())
		}
		for i := 1; i < len(sets); i++ {
			gap := math.Mod(sets[i].MeanAnomalyDeg-sets[i-1].MeanAnomalyDeg+720, 360)
			want := 360 / float64(per)
			if i%per == 0 {
				want = math.Mod(want+360*float64(w.Phasing)/float64(w.Total), 360)
			}
			if d := math.Abs(gap - want); d > 1e-9 && d < 360-1e-9 {
				t.Fatalf("%d: gap %v, want %v", i, gap, want)
			}
		}
	})
}
