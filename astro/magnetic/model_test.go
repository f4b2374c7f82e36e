package magnetic

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/internal/vectors"
)

const deg = math.Pi / 180

// geocentric gives the field in components north, east and down of the sphere.
func geocentric(m *Model, radiusKm, colat, lon float64) astro.Vec3 {
	st, ct := math.Sincos(colat * deg)
	sl, cl := math.Sincos(lon * deg)
	b := m.FieldECEF(astro.Vec3{st * cl, st * sl, ct}.Scale(radiusKm))
	return astro.Vec3{
		b.Dot(astro.Vec3{-ct * cl, -ct * sl, st}),
		b.Dot(astro.Vec3{-sl, cl, 0}),
		-b.Dot(astro.Vec3{st * cl, st * sl, ct}),
	}
}

func TestPublishedValues(t *testing.T) {
	for _, set := range []struct {
		name     string
		checks   []check
		geodetic bool
		tol      float64 // nT
	}{
		{"igrf14syn geocentric", geocentricSyn, false, 0.02},
		{"igrf14syn geodetic", geodeticSyn, true, 0.02},
		{"BGS", geocentricBGS, false, 0.1},
	} {
		worst := 0.0
		for _, c := range set.checks {
			m := interpolate(c.year)
			got := geocentric(&m, c.altKm, c.colat, c.lon)
			if set.geodetic {
				got = m.FieldNED(astro.Geodetic{LatDeg: 90 - c.colat, LonDeg: c.lon, AltKm: c.altKm})
			}
			d := got.Sub(c.want).Norm()
			worst = math.Max(worst, d)
			if d > set.tol {
				t.Errorf("%s: %+v: got %v, off by %.4f nT", set.name, c, got, d)
			}
		}
		t.Logf("%s: %d values, worst %.5f nT", set.name, len(set.checks), worst)
	}
}

// TestTableIsTheFile compares every coefficient with the published file.
func TestTableIsTheFile(t *testing.T) {
	scan := bufio.NewScanner(bytes.NewReader(vectors.OpenData(t, "igrf/IGRF14.shc")))
	line, row := 0, 0
	for scan.Scan() {
		if strings.HasPrefix(scan.Text(), "#") {
			continue
		}
		f := strings.Fields(scan.Text())
		line++
		switch line {
		case 1:
			if want := fmt.Sprintf("1 %d %d 2 1 %d.0 %d.0", degree, epochs, FirstYear, LastYear); strings.Join(f, " ") != want {
				t.Fatalf("header %q, want %q", f, want)
			}
			continue
		case 2:
			for i, year := range f {
				if want := fmt.Sprintf("%d.0", firstEpoch+i*epochStep); year != want {
					t.Errorf("epoch %d is %s, want %s", i, year, want)
				}
			}
			continue
		}
		if len(f) != 2+epochs || row >= rows {
			t.Fatalf("row %d has %d fields", row, len(f))
		}
		n, _ := strconv.Atoi(f[0])
		if n*n-1 > row || (n+1)*(n+1)-1 <= row {
			t.Errorf("row %d is of degree %d", row, n)
		}
		for e, s := range f[2:] {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil || v != gauss[row][e] {
				t.Errorf("degree %d row %d epoch %d: table has %v, file %s (%v)", n, row, e, gauss[row][e], s, err)
			}
		}
		row++
	}
	if row != rows {
		t.Errorf("file has %d rows, table %d", row, rows)
	}
}

func TestRange(t *testing.T) {
	for _, c := range []struct {
		at string
		ok bool
	}{
		{"1899-12-31T23:59:59Z", false},
		{"1900-01-01T00:00:00Z", true},
		{"2026-11-22T00:00:00Z", true},
		{"2030-01-01T00:00:00Z", true},
		{"2030-01-01T00:00:01Z", false},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		m, err := At(at)
		var out *RangeError
		switch {
		case c.ok && (err != nil || m != Clamped(at)):
			t.Errorf("%s: %v, want the clamped model", c.at, err)
		case !c.ok && (!errors.As(err, &out) || !out.Time.Equal(at) || !strings.Contains(err.Error(), "1900 to 2030")):
			t.Errorf("%s: error %v, want a RangeError", c.at, err)
		}
	}
	early, late := time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	p := astro.Vec3{7000, 100, 2000}
	first, last := interpolate(FirstYear), interpolate(LastYear)
	if FieldECEF(p, early) != first.FieldECEF(p) || FieldECEF(p, late) != last.FieldECEF(p) {
		t.Error("instants outside the years do not take the nearest year")
	}
}

// TestNoSources checks by differences that the field has neither divergence nor
// curl, at the poles as elsewhere.
func TestNoSources(t *testing.T) {
	m := interpolate(2026.9)
	rapid.Check(t, func(t *rapid.T) {
		g := astro.Geodetic{
			LatDeg: rapid.OneOf(rapid.Float64Range(-90, 90), rapid.Just(90.0), rapid.Just(-90.0)).Draw(t, "lat"),
			LonDeg: rapid.Float64Range(-180, 180).Draw(t, "lon"),
			AltKm:  rapid.Float64Range(0, 36000).Draw(t, "alt"),
		}
		p := frame.FromGeodetic(g)
		const h = 0.5
		var j [3][3]float64 // dB_i/dx_k
		for k := range 3 {
			var d astro.Vec3
			d[k] = h
			a, b := m.FieldECEF(p.Add(d)), m.FieldECEF(p.Sub(d))
			for i := range 3 {
				j[i][k] = (a[i] - b[i]) / (2 * h)
			}
		}
		if div := j[0][0] + j[1][1] + j[2][2]; math.Abs(div) > 1e-5 {
			t.Fatalf("%v: divergence %g nT/km", g, div)
		}
		if math.Abs(j[2][1]-j[1][2])+math.Abs(j[0][2]-j[2][0])+math.Abs(j[1][0]-j[0][1]) > 1e-5 {
			t.Fatalf("%v: curl in %v", g, j)
		}
	})
}

func TestContinuousInTime(t *testing.T) {
	p := astro.Vec3{-3000, 5000, 4000}
	for year := FirstYear + epochStep; year < LastYear; year += epochStep {
		at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		if d := FieldECEF(p, at).Sub(FieldECEF(p, at.Add(-time.Second))).Norm(); d > 1e-4 {
			t.Errorf("the field jumps by %g nT at %d", d, year)
		}
	}
	if b := FieldECEF(astro.Vec3{}, time.Unix(0, 0)); b != (astro.Vec3{}) {
		t.Errorf("field at the centre is %v, want zero", b)
	}
}

func TestNoAllocation(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if n := testing.AllocsPerRun(100, func() {
		_ = FieldECEF(astro.Vec3{7000, 1, 2}, at)
		_ = FieldNED(astro.Geodetic{LatDeg: 40}, at)
	}); n != 0 {
		t.Errorf("%g allocations a call, want none", n)
	}
}

func ExampleFieldNED() {
	munich := astro.Geodetic{LatDeg: 48.137, LonDeg: 11.575, AltKm: 0.52}
	b := FieldNED(munich, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC))
	fmt.Printf("%.0f nT, declination %.1f\n", b.Norm(), math.Atan2(b[1], b[0])/deg)
	// Output: 48728 nT, declination 4.1
}

func BenchmarkFieldECEF(b *testing.B) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := astro.Vec3{-3000, 5000, 4000}
	b.ReportAllocs()
	for b.Loop() {
		_ = FieldECEF(p, at)
	}
}

func BenchmarkModelFieldECEF(b *testing.B) {
	m := interpolate(2026)
	p := astro.Vec3{-3000, 5000, 4000}
	b.ReportAllocs()
	for b.Loop() {
		_ = m.FieldECEF(p)
	}
}
