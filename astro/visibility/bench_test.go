package visibility

import (
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/astro/elements"
)

// stations is a ring of 20 places around the Earth.
func stations() []Site {
	var sites []Site
	for i := range 20 {
		lat := []float64{78, 52, 35, 0, -34}[i%5]
		sites = append(sites, Site{
			Geodetic:        astro.Geodetic{LatDeg: lat, LonDeg: float64(i)*18 - 180},
			MinElevationDeg: 10,
		})
	}
	return sites
}

func constellation(t testing.TB) []*Orbit {
	var orbits []*Orbit
	for _, s := range elements.DefaultWalker(epoch).Sets() {
		orbits = append(orbits, orbitOf(t, s))
	}
	return orbits
}

func constellationDay(t testing.TB, orbits []*Orbit, sites []Site) (passes int) {
	to := epoch.Add(24 * time.Hour)
	for _, o := range orbits {
		e, err := Sample(o, epoch, to)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sites {
			p, err := Passes(e, s, epoch, to)
			if err != nil {
				t.Fatal(err)
			}
			passes += len(p)
		}
	}
	return passes
}

// BenchmarkConstellationDay is one day of 66 satellites over 20 stations.
func BenchmarkConstellationDay(b *testing.B) {
	orbits, sites := constellation(b), stations()
	masked := stations()
	for i := range masked {
		for az := range 72 {
			masked[i].Mask = append(masked[i].Mask, MaskPoint{float64(5 * az), 8 + float64(az%7)})
		}
	}
	for name, s := range map[string][]Site{"plain": sites, "masked": masked} {
		b.Run(name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = constellationDay(b, orbits, s)
			}
			b.ReportMetric(float64(n), "passes")
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(orbits)*len(s)), "us/satellite-station-day")
		})
	}
}

// BenchmarkPassesAlone is a day of one satellite over one station, without
// shared samples.
func BenchmarkPassesAlone(b *testing.B) {
	o := constellation(b)[0]
	site := Site{Geodetic: berlin, MinElevationDeg: 10}
	for b.Loop() {
		if _, err := Passes(o, site, epoch, epoch.Add(24*time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLinksDay is a day of the default constellation's neighbours.
func BenchmarkLinksDay(b *testing.B) {
	orbits := constellation(b)
	to := epoch.Add(24 * time.Hour)
	limits := LinkLimits{GrazingKm: 100, MaxRangeKm: 4500}
	for _, c := range []struct {
		name string
		next int
	}{{"in plane", 1}, {"across", 11}} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = 0
				for i := range orbits {
					w, err := Links(orbits[i], orbits[(i+c.next)%len(orbits)], limits, epoch, to)
					if err != nil {
						b.Fatal(err)
					}
					n += len(w)
				}
			}
			b.ReportMetric(float64(n), "windows")
		})
	}
}

// BenchmarkEclipsesDay is a day of one satellite.
func BenchmarkEclipsesDay(b *testing.B) {
	o := constellation(b)[0]
	for b.Loop() {
		if _, err := Eclipses(o, epoch, epoch.Add(24*time.Hour)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLineOfSight(b *testing.B) {
	p, q := astro.Vec3{7158, 0, 0}, astro.Vec3{6000, 3900, 100}
	b.ReportAllocs()
	for b.Loop() {
		_ = LineOfSight(p, q, 80)
	}
}

// TestConstellationDay guards the time of a day's contact plan, with room for
// slow and busy machines.
func TestConstellationDay(t *testing.T) {
	start := time.Now()
	n := constellationDay(t, constellation(t), stations())
	took := time.Since(start)
	t.Logf("%d passes of 66 satellites over 20 stations in %v", n, took)
	if n < 4000 {
		t.Errorf("%d passes in a day, expected thousands", n)
	}
	if took > 5*time.Second {
		t.Errorf("took %v, meant to take well under 2 s", took)
	}
}
