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

// noiseDB is how far chance alone may put a point of n errors off, at three standard deviations:
// the curves fall by a factor of about e^(x dlnx) with x = Eb/N0.
func noiseDB(p Point, theory func(float64) float64) float64 {
	spread := 3 / math.Sqrt(float64(max(1, p.Errors)))
	slope := math.Log(theory(p.EbN0DB)/theory(p.EbN0DB+0.1)) / 0.1
	return spread / slope
}

func checkLoss(t *testing.T, name string, most float64, errs, bits int64, ebN0DB ...float64) {
	t.Helper()
	c, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range measure(t, name, errs, bits, ebN0DB...) {
		loss := p.LossDB(c.Theory)
		t.Logf("%-24s %4.1f dB: %.3g, theory %.3g, %d errors in %d bits, %.3f dB behind", name, p.EbN0DB, p.Measured, p.Theory, p.Errors, p.Bits, loss)
		if slack := noiseDB(p, c.Theory); math.IsNaN(loss) || loss > most+slack || loss < -0.05-slack {
			t.Errorf("%s at %g dB: %.3f dB behind theory, want %g at most and %.3f for chance", name, p.EbN0DB, loss, most, slack)
		}
	}
}

// With ideal synchronisation: within 0.1 dB of theory.
func TestIdealPSK(t *testing.T) {
	errs, bits := int64(400), int64(400000)
	points := []float64{4, 6}
	if long {
		errs, bits = 2000, 12e6
		points = []float64{0, 2, 4, 6, 8}
	}
	for _, name := range []string{"bpsk", "dbpsk", "debpsk", "bpsk-manchester", "qpsk", "oqpsk"} {
		checkLoss(t, name, 0.1, errs, bits, points...)
	}
}

// Acquired, with Doppler and an error of the clock: within 0.5 dB at 6 dB and more.
func TestAcquiredPSK(t *testing.T) {
	errs, bits := int64(300), int64(200000)
	points := []float64{6}
	if long {
		errs, bits = 1000, 6e6
		points = []float64{6, 7, 8}
	}
	for _, name := range []string{"bpsk", "dbpsk", "debpsk", "bpsk-manchester", "qpsk", "oqpsk"} {
		checkLoss(t, name+"-acquired", 0.5, errs, bits, points...)
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

// Reed-Solomon decoding against its closed form.
func TestReedSolomonCurve(t *testing.T) {
	errs, bits := int64(2000), int64(1e6)
	if long {
		errs, bits = 20000, 2e8
	}
	// Wrong bits come sixteen and more at a time, so that chance has a word as its unit.
	checkLoss(t, "rs255-223", 0.05+0.1, errs, bits, 5, 5.4)
	checkLoss(t, "rs255-239", 0.05+0.1, errs, bits, 5.5, 6)
}

// FSK is held to its figures by the tests of link/modem; here it is that the curves run and fall.
func TestFSKCurves(t *testing.T) {
	for _, name := range []string{"afsk1200", "afsk4800", "fsk9600", "gmsk9600"} {
		p := measure(t, name, 100, 20000, 8, 12)
		t.Logf("%s: %.3g at 8 dB, %.3g at 12 dB", name, p[0].Measured, p[1].Measured)
		if p[0].Measured > 0.2 || p[1].Measured > 0.02 || p[1].Measured >= p[0].Measured {
			t.Errorf("%s: %+v", name, p)
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
