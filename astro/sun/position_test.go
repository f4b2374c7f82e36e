package sun

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/astro"
	"spacechain/astro/timescale"
)

func angleDeg(a, b astro.Vec3) float64 {
	return math.Atan2(a.Cross(b).Norm(), a.Dot(b)) / deg
}

func fromRADec(raDeg, decDeg, au float64) astro.Vec3 {
	sr, cr := math.Sincos(raDeg * deg)
	sd, cd := math.Sincos(decDeg * deg)
	return astro.Vec3{cd * cr, cd * sr, sd}.Scale(au * AstronomicalUnitKm)
}

func TestPositionPublished(t *testing.T) {
	for _, c := range []struct {
		source string
		at     time.Time
		want   astro.Vec3
		tolAU  float64
	}{
		// Meeus, Astronomical Algorithms, 2nd ed., example 25.a: 1992 October
		// 13.0 TD, apparent right ascension and declination.
		{"Meeus 25.a", time.Date(1992, 10, 12, 23, 59, 0, 816e6, time.UTC),
			fromRADec((13+13/60.+31.4/3600)*15, -(7 + 47/60. + 6/3600.), 0.99766), 1e-4},
		// Vallado, Fundamentals of Astrodynamics, 4th ed., example 5-1.
		{"Vallado 5-1", time.Date(2006, 4, 2, 0, 0, 0, 0, time.UTC),
			astro.Vec3{146186212, 28788976, 12481064}, 1e-4},
	} {
		got := PosTEMEKm(c.at)
		if a := angleDeg(got, c.want); a > 0.01 {
			t.Errorf("%s: off by %.4f degrees", c.source, a)
		}
		if d := math.Abs(got.Norm()-c.want.Norm()) / AstronomicalUnitKm; d > c.tolAU {
			t.Errorf("%s: distance off by %g au", c.source, d)
		}
	}
}

// Equinoxes, solstices and apsides as the almanacs give them.
func TestSeasons(t *testing.T) {
	for _, c := range []struct {
		at  string
		lat float64
	}{
		{"2024-03-20T03:06:00Z", 0}, {"2024-09-22T12:44:00Z", 0},
		{"2026-03-20T14:46:00Z", 0}, {"2026-06-21T08:25:00Z", 23.436},
		{"2026-09-23T00:05:00Z", 0}, {"2026-12-21T20:50:00Z", -23.436},
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if g := Subsolar(at); math.Abs(g.LatDeg-c.lat) > 0.01 {
			t.Errorf("%s: the Sun stands over latitude %.4f, want %.3f", c.at, g.LatDeg, c.lat)
		}
	}
	for _, c := range []struct {
		at string
		km float64
	}{{"2024-01-03T00:38:00Z", 147100632}, {"2024-07-05T05:06:00Z", 152099968}} {
		at, _ := time.Parse(time.RFC3339, c.at)
		if r := PosTEMEKm(at).Norm(); math.Abs(r-c.km) > 1.5e4 {
			t.Errorf("%s: distance %.0f km, want %.0f", c.at, r, c.km)
		}
	}
	// The equation of time: +16 min 25 s on 3 November, -14 min 13 s on 11 February.
	for _, c := range []struct {
		at  time.Time
		lon float64
	}{
		{time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC), -(16 + 25/60.) / 4},
		{time.Date(2026, 2, 11, 12, 0, 0, 0, time.UTC), (14 + 13/60.) / 4},
	} {
		if g := Subsolar(c.at); math.Abs(g.LonDeg-c.lon) > 0.02 {
			t.Errorf("%v: noon at longitude %.3f, want %.3f", c.at, g.LonDeg, c.lon)
		}
	}
}

// TestAgainstMeeus holds the series against another one of the same accuracy
// class but higher order: Meeus, chapter 25 (0.01 degrees).
func TestAgainstMeeus(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-631152000, 2524608000).Draw(t, "unix"), 0).UTC()
		c := timescale.CenturiesTT(at)
		l0 := 280.46646 + 36000.76983*c + 0.0003032*c*c
		m := (357.52911 + 35999.05029*c - 0.0001537*c*c) * deg
		center := (1.914602-0.004817*c-0.000014*c*c)*math.Sin(m) + (0.019993-0.000101*c)*math.Sin(2*m) + 0.000289*math.Sin(3*m)
		lambda := (l0 + center - 0.00569) * deg // aberration; mean equinox
		eps := (23.439291 - 0.0130042*c) * deg
		want := astro.Vec3{math.Cos(lambda), math.Cos(eps) * math.Sin(lambda), math.Sin(eps) * math.Sin(lambda)}
		if a := angleDeg(PosTEMEKm(at), want); a > 0.01 {
			t.Fatalf("%v: off by %.4f degrees", at, a)
		}
	})
}

func ExampleSubsolar() {
	g := Subsolar(time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC))
	fmt.Printf("%.2f north, %.2f east\n", g.LatDeg, g.LonDeg)
	// Output: 23.44 north, 0.46 east
}

func BenchmarkPosTEME(b *testing.B) {
	at := time.Date(2026, 6, 21, 12, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		_ = PosTEMEKm(at)
	}
}
