package pass

import (
	"math"
	"testing"
	"time"

	"spacechain/astro/frame"
	"spacechain/link/channel"
)

// Interpolated, the way to the satellite is what it is.
func TestGeometry(t *testing.T) {
	f, done, err := prepare(Config{Sandbox: box(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	centre := frame.NewTopocentre(f.cfg.Station.Place)
	for at := f.rise; at.Before(f.set); at = at.Add(777 * time.Millisecond) {
		pos, vel, err := f.orbit.ECEF(at)
		if err != nil {
			t.Fatal(err)
		}
		want, got := centre.Look(pos, vel), f.geometry.at(at)
		if d := math.Abs(want.RangeKm - got.rangeKm); d > 1e-3 {
			t.Fatalf("%v: range is %g km off", at, d)
		}
		if d := math.Abs(want.RangeRateKmS - got.rateKmS); d > 2e-4 { // 1.4 Hz in S band
			t.Fatalf("%v: the rate is %g km/s off", at, d)
		}
		if d := math.Abs(want.ElevationDeg - got.elevationDeg); d > 0.02 {
			t.Fatalf("%v: the elevation is %g degrees off", at, d)
		}
	}
	h := f.hops[0]
	near, far := h.clear(f.course.pass.Culmination), h.clear(f.rise)
	if gain := near - far; gain < 4 || gain > 8 {
		t.Errorf("C/N0 is %.1f dBHz at the top and %.1f at the rise", near, far)
	}
}

func TestFadesGoBelowTheThreshold(t *testing.T) {
	f, done, err := prepare(Config{Sandbox: box(t), Shimmer: channel.Fading{ScatterDB: -60, RateHz: 1},
		Fades: []Fade{{Link: "ttc-down", After: time.Minute, For: 8 * time.Second, BelowDB: 7}}})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	h := f.hops[1]
	at := func(d time.Duration) float64 { db, _ := h.cn0(f.rise.Add(d)); return db - h.least }
	if got := at(64 * time.Second); math.Abs(got+7) > 0.1 {
		t.Errorf("in the middle it is %.2f dB over the threshold, want -7", got)
	}
	for _, d := range []time.Duration{59 * time.Second, 69 * time.Second} {
		if got := at(d); got < 3 {
			t.Errorf("outside it is %.2f dB over the threshold", got)
		}
	}
	if a, b := at(60500*time.Millisecond), at(61500*time.Millisecond); a <= b {
		t.Errorf("it does not sink: %.2f, then %.2f dB", a, b)
	}
	if db, faded := f.hops[0].cn0(f.rise.Add(64 * time.Second)); faded || db < f.hops[0].least {
		t.Error("another link fades with it")
	}
	if f.hops[1].wave.FrameErrorRate(h.least, h.wave.FrameSize) < 0.45 {
		t.Error("the threshold is none")
	}
}

// The shimmer neither adds power nor takes any, and is as strong as it says.
func TestShimmer(t *testing.T) {
	fading := channel.Fading{ScatterDB: -10, RateHz: 1}
	var mean, square float64
	const seeds, steps = 60, 200
	for seed := range uint64(seeds) {
		s := newShimmer(fading, seed)
		for i := range steps {
			p := math.Pow(10, s.gainDB(float64(i)*0.37)/10)
			mean += p
			square += p * p
		}
	}
	mean /= seeds * steps
	square /= seeds * steps
	if math.Abs(mean-1) > 0.02 {
		t.Errorf("mean power is %.3f", mean)
	}
	if s4, want := math.Sqrt(square/mean/mean-1), fading.ScintillationIndex(); math.Abs(s4-want) > 0.05 {
		t.Errorf("scintillation index %.3f, want %.3f", s4, want)
	}
	if newShimmer(channel.Fading{}, 1).gainDB(3) != 0 {
		t.Error("no fading is one")
	}
}
