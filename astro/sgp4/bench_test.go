package sgp4

import (
	"bytes"
	"runtime"
	"sync"
	"testing"

	"spacechain/astro/elements"
	"spacechain/internal/vectors"
)

// benchPropagator is the verification case with the given number.
func benchPropagator(b *testing.B, norad int) *Propagator {
	for _, v := range verifications(b) {
		if v.el.NoradID == norad {
			p, err := New(v.el)
			if err != nil {
				b.Fatal(err)
			}
			return p
		}
	}
	b.Fatalf("no case %d", norad)
	return nil
}

func benchmarkOne(b *testing.B, norad int) {
	p := benchPropagator(b, norad)
	b.ReportAllocs()
	var sum float64
	i := 0
	for b.Loop() {
		s, err := p.At(float64(i % 2880))
		if err != nil {
			b.Fatal(err)
		}
		sum += s.PosTEMEKm[0]
		i++
	}
	if sum == 0 {
		b.Fatal("no result")
	}
}

// BenchmarkNearEarth propagates CBERS 2 over two days, minute by minute.
func BenchmarkNearEarth(b *testing.B) { benchmarkOne(b, 28057) }

// BenchmarkDeepSpace propagates a GPS satellite (no resonance), a Molniya
// (half-day) and a geostationary one (one-day resonance).
func BenchmarkDeepSpace(b *testing.B) {
	b.Run("gps", func(b *testing.B) { benchmarkOne(b, 28129) })
	b.Run("molniya", func(b *testing.B) { benchmarkOne(b, 8195) })
	b.Run("geostationary", func(b *testing.B) { benchmarkOne(b, 24208) })
}

// starlink prepares the full catalogue of 10,395 satellites.
func starlink(b *testing.B) []*Propagator {
	data := vectors.OpenData(b, "tle/celestrak-2026-05-30/starlink.tle")
	sets, _, err := elements.ParseTLE(bytes.NewReader(data), elements.ChecksumStrict)
	if err != nil {
		b.Fatal(err)
	}
	ps := make([]*Propagator, len(sets))
	for i, el := range sets {
		if ps[i], err = New(el); err != nil {
			b.Fatal(err)
		}
	}
	return ps
}

// sweep propagates every satellite once and counts those with a state.
func sweep(ps []*Propagator, minutes float64) int {
	n := 0
	for _, p := range ps {
		if s, err := p.At(minutes); err == nil && s.PosTEMEKm[0] != 0 {
			n++
		}
	}
	return n
}

// BenchmarkStarlinkCatalogue propagates the whole catalogue once per
// iteration, on one core and on all.
func BenchmarkStarlinkCatalogue(b *testing.B) {
	ps := starlink(b)
	report := func(b *testing.B) {
		rate := float64(b.N) / b.Elapsed().Seconds()
		b.ReportMetric(rate, "catalogues/s")
		b.ReportMetric(1e9/rate/float64(len(ps)), "ns/satellite")
	}
	b.Run("cores=1", func(b *testing.B) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			if n := sweep(ps, float64(i%1440)); n < len(ps)*9/10 {
				b.Fatalf("only %d of %d satellites have a state", n, len(ps))
			}
			i++
		}
		report(b)
	})
	b.Run("cores=all", func(b *testing.B) {
		workers := runtime.GOMAXPROCS(0)
		i := 0
		for b.Loop() {
			var wg sync.WaitGroup
			for w := range workers {
				part := ps[len(ps)*w/workers : len(ps)*(w+1)/workers]
				wg.Go(func() { sweep(part, float64(i%1440)) })
			}
			wg.Wait()
			i++
		}
		report(b)
	})
}
