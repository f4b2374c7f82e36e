package visibility

import (
	"errors"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMaskElevation(t *testing.T) {
	m := Mask{{10, 4}, {90, 20}, {350, -2}}
	for _, c := range []struct{ az, want float64 }{
		{10, 4}, {90, 20}, {350, -2}, {50, 12}, {0, 1}, {355, -0.5}, {5, 2.5}, {220, 9}, {370, 4}, {-10, -2}, {-270, 20},
	} {
		if got := m.ElevationDeg(c.az); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("mask at %g is %g, want %g", c.az, got, c.want)
		}
	}
	if e := (Mask{}).ElevationDeg(3); e != -90 {
		t.Errorf("no mask stands at %g", e)
	}
	if e := (Mask{{77, 5}}).ElevationDeg(300); e != 5 {
		t.Errorf("level mask stands at %g, want 5", e)
	}
}

func anyMask() *rapid.Generator[Mask] {
	return rapid.Custom(func(t *rapid.T) Mask {
		var m Mask
		for az := rapid.Float64Range(0, 359).Draw(t, "first"); az < 360; az += rapid.Float64Range(0.01, 180).Draw(t, "gap") {
			m = append(m, MaskPoint{az, rapid.Float64Range(-10, 89).Draw(t, "elevation")})
		}
		return m
	})
}

// TestMaskExtent checks the range of a sector against many directions in it.
func TestMaskExtent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyMask().Draw(t, "mask")
		az, half := rapid.Float64Range(0, 360).Draw(t, "azimuth"), rapid.Float64Range(0, 200).Draw(t, "half")
		low, high := m.extent(az, half)
		seenLow, seenHigh := math.Inf(1), math.Inf(-1)
		for i := -500; i <= 500; i++ {
			e := m.ElevationDeg(az + half*float64(i)/500)
			seenLow, seenHigh = min(seenLow, e), max(seenHigh, e)
		}
		if seenLow < low-1e-9 || seenHigh > high+1e-9 {
			t.Fatalf("extent %g to %g, but seen %g to %g", low, high, seenLow, seenHigh)
		}
		if l, h := m.extremes(); l > low || h < high {
			t.Fatalf("extent %g to %g beyond the mask's %g to %g", low, high, l, h)
		}
	})
}

func TestParseMask(t *testing.T) {
	m, err := ParseMask(strings.NewReader("# my roof\n0 5.5\r\n\n90,12 # a house\n 180\t3\n359.5;-1\n"))
	want := Mask{{0, 5.5}, {90, 12}, {180, 3}, {359.5, -1}}
	if err != nil || len(m) != len(want) {
		t.Fatalf("mask %v (%v), want %v", m, err, want)
	}
	for i := range m {
		if m[i] != want[i] {
			t.Errorf("point %d is %v, want %v", i, m[i], want[i])
		}
	}
	for _, c := range []struct{ name, text, says string }{
		{"empty", "# nothing\n", "no points"},
		{"one number", "0 1\n5\n", "line 2: 1 numbers"},
		{"three numbers", "1 2 3", "line 1: 3 numbers"},
		{"a word", "0 1\n\n90 high", `line 3: "high" is not a number`},
		{"not a number", "0 NaN", "elevation NaN"},
		{"azimuth 360", "0 1\n360 1", "point 2: azimuth 360"},
		{"elevation 90", "0 90", "elevation 90"},
		{"unsorted", "90 1\n0 1", "does not come after"},
		{"twice", "90 1\n90 2", "does not come after"},
		{"endless line", "0 " + strings.Repeat("1", 1<<17), "64 kB"},
		{"endless file", strings.Repeat("0 1\n", MaxMaskPoints+1), "more than 3600 points"},
	} {
		if _, err := ParseMask(strings.NewReader(c.text)); !errors.Is(err, ErrMask) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one that says %q", c.name, err, c.says)
		}
	}
}

func FuzzParseMask(f *testing.F) {
	for _, s := range []string{"0 5\n90 12\n180 3\n", "# c\n", "1e300 -1", "0 1 2", "0,1;\r\n", "\xff\x00 1", "359.999 89.9", "0x1p3 1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMask(strings.NewReader(text))
		if err != nil {
			if !errors.Is(err, ErrMask) {
				t.Fatalf("error %v is not an ErrMask", err)
			}
			return
		}
		if err := m.Validate(); err != nil {
			t.Fatalf("accepted %q, but %v", text, err)
		}
		low, high := m.extremes()
		for az := 0.0; az < 360; az += 7.3 {
			if e := m.ElevationDeg(az); !(e >= low-1e-9 && e <= high+1e-9) {
				t.Fatalf("mask %v stands at %g in direction %g", m, e, az)
			}
		}
	})
}
