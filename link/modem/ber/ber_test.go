package ber

import (
	"context"
	"errors"
	"math"
	"os"
	"reflect"
	"testing"
)

var long = os.Getenv("SPACECHAIN_LONG") != ""

// measure counts until the rate is known to a few percent (a few hundredths of a decibel).
func measure(t *testing.T, name string, errs, bits int64, ebN0DB ...float64) []Point {
	t.Helper()
	c, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	points, err := c.Measure(context.Background(), ebN0DB, Options{Seed: 1, MinErrors: errs, MaxBits: bits})
	if err != nil {
		t.Fatal(err)
	}
	if len(points) != len(ebN0DB) {
		t.Fatalf("%s: %d points of %d", name, len(points), len(ebN0DB))
	}
	return points
}

// chanceDB is the standard deviation of a point's loss in decibels: that of its rate over how fast
// the theory falls.
func chanceDB(p Point, theory func(float64) float64) float64 {
	slope := math.Log(theory(p.EbN0DB)/theory(p.EbN0DB+0.1)) / 0.1
	return p.Deviation / p.Measured / slope
}

// checkLoss asks that points lie at most so many decibels behind theory, and that enough
// errors were counted for three standard deviations of chance to be less than a margin.
func checkLoss(t *testing.T, name string, most, margin float64, errs, bits int64, ebN0DB ...float64) {
	t.Helper()
	c, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range measure(t, name, errs, bits, ebN0DB...) {
		loss, chance := p.LossDB(c.Theory), chanceDB(p, c.Theory)
		t.Logf("%-24s %4.1f dB: %.3g, theory %.3g, %d errors in %d bits, %.3f ± %.3f dB behind", name, p.EbN0DB, p.Measured, p.Theory, p.Errors, p.Bits, loss, chance)
		if !(3*chance <= margin) {
			t.Errorf("%s at %g dB: %d errors tell the loss to %.3f dB only, want a third of %g", name, p.EbN0DB, p.Errors, chance, margin)
		}
		if !(loss <= most) || loss < -margin {
			t.Errorf("%s at %g dB: %.3f dB behind theory, want 0 to %g", name, p.EbN0DB, loss, most)
		}
	}
}

// With ideal synchronisation: within 0.1 dB of theory.
func TestIdealPSK(t *testing.T) {
	errs := map[float64]int64{4: 6000, 6: 4000}
	if long {
		errs = map[float64]int64{0: 50000, 2: 30000, 4: 20000, 6: 10000, 8: 10000}
	}
	for _, name := range []string{"bpsk", "dbpsk", "debpsk", "bpsk-manchester", "qpsk", "oqpsk"} {
		for eb, n := range errs {
			checkLoss(t, name, 0.1, 0.09, n, 1e9, eb)
		}
	}
}

// Acquired, with Doppler and an error of the clock: within 0.5 dB at 6 dB and more.
func TestAcquiredPSK(t *testing.T) {
	errs := map[float64]int64{6: 800, 8: 120}
	if long {
		errs = map[float64]int64{6: 5000, 7: 3000, 8: 2000, 9: 1000}
	}
	for _, name := range []string{"bpsk", "dbpsk", "debpsk", "bpsk-manchester", "qpsk", "oqpsk"} {
		for eb, n := range errs {
			if !long && eb == 8 && name != "bpsk" && name != "qpsk" {
				continue // the long suite has time
			}
			checkLoss(t, name+"-acquired", 0.5, 0.2, n, 1e9, eb)
		}
	}
}

// The codes' own packages hold them to their references; here it is that the curves show them.
func TestCodedCurves(t *testing.T) {
	for _, k := range []struct {
		name       string
		ebN0DB     float64
		low, high  float64
		errs, bits int64
	}{
		{"conv", 3, 2e-4, 8e-4, 200, 1e6},
		{"rs255-223", 5, 3e-3, 2e-2, 500, 1e6},
		{"rs255-239", 6, 5e-4, 1.5e-3, 500, 1e6},
		{"concatenated", 1.6, 1e-3, 1e-1, 100, 3e5},
		{"ldpc-tc128", 3, 3e-3, 3e-2, 200, 1e5},
		{"ldpc-tc512", 2, 5e-3, 4e-2, 200, 1e5},
		{"ldpc-12-1k", 1, 1e-3, 3e-2, 200, 3e5},
		{"ldpc-45-1k", 2.5, 3e-3, 5e-2, 200, 3e5},
	} {
		p := measure(t, k.name, k.errs, k.bits, k.ebN0DB)[0]
		t.Logf("%-14s %4.1f dB: %.3g, theory %.3g, %d errors in %d bits", k.name, p.EbN0DB, p.Measured, p.Theory, p.Errors, p.Bits)
		if p.Measured < k.low || p.Measured > k.high {
			t.Errorf("%s at %g dB: %g, want %g to %g", k.name, k.ebN0DB, p.Measured, k.low, k.high)
		}
	}
}

// Reed-Solomon decoding against its closed form: 0.05 dB, and what chance adds at some hundreds of
// words; link/coding/rs counts more.
func TestReedSolomonCurve(t *testing.T) {
	margin, words := 0.05, int64(300)
	if long {
		margin, words = 0.02, 3000
	}
	for name, places := range map[string][]float64{"rs255-223": {5.4}, "rs255-239": {5.8}} {
		c, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		points, err := c.Measure(context.Background(), places, Options{Seed: 1, MinErrors: words, MaxBits: 1e9, CountWords: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range points {
			loss, chance := p.LossDB(c.Theory), chanceDB(p, c.Theory)
			t.Logf("%s %g dB: %.3g, theory %.3g, %d words of %d, %.3f ± %.3f dB behind", name, p.EbN0DB, p.Measured, p.Theory, p.Failed, p.Trials, loss, chance)
			if !(3*chance <= margin) || !(math.Abs(loss) <= 0.05) {
				t.Errorf("%s at %g dB: %.3f ± %.3f dB behind, want 0.05 at most", name, p.EbN0DB, loss, chance)
			}
		}
	}
}

// FSK over thirty trials of 2000 bits, each beginning elsewhere between samples. Over a hundred,
// AFSK 1200 and 4800, FSK and GMSK had 0.031, 0.015, 0.010 and 0.064 wrong at 8 dB, 8e-5, 1.2e-4,
// 2e-5 and 1.0e-4 at 12 dB; what a slip of the clock puts out of step counts as wrong to the end of
// the trial. The bounds leave room for two or three slips more.
func TestFSKCurves(t *testing.T) {
	for _, k := range []struct {
		name      string
		at8, at12 float64
	}{
		{"afsk1200", 0.08, 5e-4},
		{"afsk4800", 0.02, 5e-4},
		{"fsk9600", 0.02, 5e-4},
		{"gmsk9600", 0.15, 1e-3},
	} {
		p := measure(t, k.name, 1e6, 60000, 8, 12)
		t.Logf("%s: %.3g at 8 dB, %.3g at 12 dB", k.name, p[0].Measured, p[1].Measured)
		if p[0].Measured > k.at8 || p[1].Measured > k.at12 || p[1].Measured >= p[0].Measured {
			t.Errorf("%s: %+v, want at most %g and %g", k.name, p, k.at8, k.at12)
		}
	}
}

// Closed forms at values that any text book has.
func TestTheory(t *testing.T) {
	for _, k := range []struct {
		name   string
		theory func(float64) float64
		ebN0DB float64
		want   float64
	}{
		{"BPSK", BPSK, 0, 0.0786}, {"BPSK", BPSK, 6, 2.388e-3}, {"BPSK", BPSK, 9.6, 9.7e-6},
		{"DBPSK", DBPSK, 6, 9.33e-3}, {"DBPSK", DBPSK, 10.3, 1.11e-5},
		{"DEBPSK", DEBPSK, 6, 4.765e-3},
		{"FSK", FSK, 10, 3.37e-3}, {"FSK", FSK, 13.4, 8.9e-6},
		{"convolutional", Convolutional, 4.2, 1e-5},
	} {
		if got := k.theory(k.ebN0DB); math.Abs(math.Log(got/k.want)) > 0.3 {
			t.Errorf("%s at %g dB: %.3g, want %.3g", k.name, k.ebN0DB, got, k.want)
		}
	}
}

func TestMeasure(t *testing.T) {
	a := measure(t, "bpsk", 100, 1e5, 2, 5)
	if b := measure(t, "bpsk", 100, 1e5, 2, 5); !reflect.DeepEqual(a, b) {
		t.Errorf("the same seed gives %+v and %+v", a, b)
	}
	if alone := measure(t, "bpsk", 100, 1e5, 5); alone[0] != a[1] {
		t.Errorf("a point hangs on those before it: %+v and %+v", alone[0], a[1])
	}
	names := map[string]bool{}
	for _, c := range Curves() {
		if c.Name == "" || c.About == "" || names[c.Name] {
			t.Errorf("curve %q: %q", c.Name, c.About)
		}
		names[c.Name] = true
	}
	if _, err := Find("semaphore"); err == nil {
		t.Error("a curve of semaphore was found")
	}
	c, _ := Find("bpsk")
	if _, err := c.Measure(context.Background(), []float64{math.NaN()}, Options{}); err == nil {
		t.Error("an Eb/N0 that is not a number was taken")
	}
	if _, err := (Curve{}).Measure(context.Background(), []float64{1}, Options{}); err == nil {
		t.Error("an empty curve was measured")
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := c.Measure(ctx, []float64{1}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped with %v", err)
	}
	if loss := (Point{EbN0DB: 7, Measured: BPSK(6.5), Errors: 10}).LossDB(BPSK); math.Abs(loss-0.5) > 1e-6 {
		t.Errorf("loss of %g dB, want 0.5", loss)
	}
}
