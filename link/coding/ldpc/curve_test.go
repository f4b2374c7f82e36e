package ldpc_test

import (
	"fmt"
	"math"
	"os"
	"testing"

	"spacechain/link/coding/ldpc"
)

// shift gives by how much a measured error rate lies to the right of a curve of points
// in dB, negative to the left; the curve is straight between points in its logarithm.
func shift(points []ldpc.ReferencePoint, ebN0DB, rate float64) float64 {
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		if rate <= a.CodewordErrorRate && rate >= b.CodewordErrorRate || i == len(points)-1 || i == 1 && rate > a.CodewordErrorRate {
			f := (math.Log(rate) - math.Log(a.CodewordErrorRate)) / (math.Log(b.CodewordErrorRate) - math.Log(a.CodewordErrorRate))
			return ebN0DB - (a.EbN0DB + f*(b.EbN0DB-a.EbN0DB))
		}
	}
	return math.Inf(1)
}

func referencesOf(c *ldpc.Code) (points []ldpc.ReferencePoint) {
	for _, p := range ldpc.References() {
		if p.Code == c {
			points = append(points, p)
		}
	}
	return points
}

// point is where a curve is measured, until so many codewords failed.
type point struct {
	name     string
	ebN0DB   float64
	failures int
}

// checkReference asks that the decoder, which estimates the noise itself, is within
// 0.2 dB of the published curve. A hundred codewords failed are counted to one part in
// ten, which is 0.02 dB on these curves; seeds are fixed.
func checkReference(t *testing.T, p point) {
	t.Helper()
	c := byName(t)[p.name]
	points := referencesOf(c)
	if len(points) < 2 {
		t.Fatalf("%v: no published curve", c)
	}
	res := run(t, c, ldpc.NewDecoder(c, ldpc.Options{}), p.ebN0DB, 1<<40, p.failures, 5)
	s := shift(points, p.ebN0DB, res.rate())
	t.Logf("%v at %.2f dB: %d of %d codewords failed (%.2e, %d undetected), %+.3f dB from the published curve, %.1f iterations",
		c, p.ebN0DB, res.failed, res.words, res.rate(), res.undetected, s, float64(res.iterations)/float64(res.words))
	if s > 0.2 {
		t.Errorf("%v at %.2f dB: %.3f dB behind the published curve", c, p.ebN0DB, s)
	}
	if s < -0.3 {
		t.Errorf("%v at %.2f dB: %.3f dB ahead of the published curve, which is too good to be true", c, p.ebN0DB, -s)
	}
	if last := points[len(points)-1]; res.rate() < last.CodewordErrorRate/2 {
		t.Errorf("%v at %.2f dB: %.2e lies beyond the end of the published curve", c, p.ebN0DB, res.rate())
	}
}

func checkReferences(t *testing.T, points []point) {
	for _, p := range points {
		t.Run(fmt.Sprintf("%s/%.2fdB", p.name, p.ebN0DB), func(t *testing.T) {
			t.Parallel()
			checkReference(t, p)
		})
	}
}

// Every code at a codeword error rate about 1e-3 where that takes seconds, higher up
// its curve where it would take minutes.
func TestCodewordErrorRate(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	checkReferences(t, []point{
		{"TC128", 4.1, 100}, {"TC512", 2.9, 100},
		{"TM2048", 1.6, 100}, {"TM1536", 2.4, 100}, {"TM1280", 3.4, 100}, // 1e-3
		{"TM8192", 0.95, 100}, {"TM6144", 1.7, 100}, {"TM5120", 2.75, 100},
	})
}

// The codes of k=4096 at 1e-3, minutes of two cores: "make curves".
func TestCodewordErrorRateOfLongCodes(t *testing.T) {
	if os.Getenv("SPACECHAIN_CURVES") == "" {
		t.Skip("SPACECHAIN_CURVES is not set: codeword error rates of 1e-3 of the codes of k=4096 are not counted")
	}
	checkReferences(t, []point{{"TM8192", 1.1, 100}, {"TM6144", 1.87, 100}, {"TM5120", 2.9, 100}})
}

// The longest codes, of which nothing is published in numbers: codewords of which exact
// sum-product, told the noise, failed to decode so many, as NewReferenceDecoder found in
// a minute each. Their error rate falls to a tenth in less than 0.1 dB.
func TestLongestCodes(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for _, p := range []struct {
		name   string
		ebN0DB float64
		exact  int
	}{{"TM32768", 0.75, 13}, {"TM24576", 1.55, 19}, {"TM20480", 2.5, 19}} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			c := byName(t)[p.name]
			res := run(t, c, ldpc.NewDecoder(c, ldpc.Options{}), p.ebN0DB, 100, 100, 7)
			t.Logf("%v at %.2f dB: %d of %d codewords failed, exactly %d", c, p.ebN0DB, res.failed, res.words, p.exact)
			if float64(res.failed) > float64(2*p.exact)+3*math.Sqrt(float64(p.exact)) {
				t.Errorf("%v at %.2f dB: %d of %d codewords failed, exactly %d", c, p.ebN0DB, res.failed, res.words, p.exact)
			}
		})
	}
}

// The straight line for the logarithm costs less than 0.05 dB.
func TestCostOfApproximation(t *testing.T) {
	c := byName(t)["TM2048"]
	const e = 1.3
	told := ldpc.Options{LLRPerUnit: llr(c, e)}
	fast := run(t, c, ldpc.NewDecoder(c, told), e, 800, 800, 9)
	exact := run(t, c, ldpc.NewReferenceDecoder(c, told), e, 800, 800, 9)
	t.Logf("%v at %v dB, the same %d codewords: %d failed, exactly %d", c, e, fast.words, fast.failed, exact.failed)
	// The error rate falls to a tenth in 0.25 dB here: 0.05 dB are a factor of 1.6.
	if float64(fast.failed) > 1.6*float64(exact.failed)+3*math.Sqrt(float64(exact.failed)) {
		t.Errorf("%d of %d codewords failed, exactly %d", fast.failed, fast.words, exact.failed)
	}
}

// Every code at two points of its fall: the second, 0.7 dB later, has less than half
// the errors, and no AR4JA decoder claims success wrongly.
func TestShapeOfCurves(t *testing.T) {
	all := byName(t)
	for name, start := range map[string]float64{
		"TC128": 2.2, "TC256": 1.9, "TC512": 1.7,
		"TM2048": 1.0, "TM1536": 1.8, "TM1280": 2.9,
	} {
		c := all[name]
		d := ldpc.NewDecoder(c, ldpc.Options{MaxIterations: 50})
		a := run(t, c, d, start, 400, 60, 6)
		b := run(t, c, d, start+0.7, 400, 60, 6)
		t.Logf("%v: %.3f at %.1f dB, %.3f at %.1f dB", c, a.rate(), start, b.rate(), start+0.7)
		if a.failed < 20 || b.rate() > a.rate()/2 {
			t.Errorf("%v: %d of %d failed at %.1f dB, %d of %d at %.1f", c, a.failed, a.words, start, b.failed, b.words, start+0.7)
		}
		if name[:2] == "TM" && a.undetected+b.undetected > 0 {
			t.Errorf("%v: %d wrong codewords passed", c, a.undetected+b.undetected)
		}
	}
}

// The codes of the default suite down to 1e-5, and the long ones to 1e-3: hours of one
// processor, so that go test wants a -timeout.
func TestCodewordErrorRateLong(t *testing.T) {
	if os.Getenv("SPACECHAIN_LONG") == "" {
		t.Skip("SPACECHAIN_LONG is not set: codeword error rates of 1e-5, and of long codes 1e-3, are not counted")
	}
	checkReferences(t, []point{
		{"TC128", 4.1, 1000}, {"TC128", 5.05, 100}, {"TM2048", 1.9, 100}, {"TM8192", 1.1, 100}, {"TM8192", 1.2, 40},
	})
	// Beyond the published tables, the fast decoder, which estimates the noise, against
	// exact sum-product told the noise, on the same codewords.
	for _, p := range []point{
		{"TC512", 3.5, 100}, {"TM1536", 2.45, 100}, {"TM1536", 2.8, 100}, {"TM1280", 3.5, 100}, {"TM1280", 3.85, 100},
		{"TM6144", 1.85, 100}, {"TM5120", 2.95, 100}, {"TM32768", 0.8, 30}, {"TM24576", 1.6, 30}, {"TM20480", 2.75, 30},
	} {
		t.Run(fmt.Sprintf("exact/%s/%.2fdB", p.name, p.ebN0DB), func(t *testing.T) {
			t.Parallel()
			c := byName(t)[p.name]
			fast := run(t, c, ldpc.NewDecoder(c, ldpc.Options{}), p.ebN0DB, 1<<40, p.failures, 7)
			told := ldpc.Options{LLRPerUnit: llr(c, p.ebN0DB)}
			exact := run(t, c, ldpc.NewReferenceDecoder(c, told), p.ebN0DB, fast.words, 1<<40, 7)
			t.Logf("%v at %.2f dB: %.2e (%d of %d, %d undetected), exact sum-product told the noise %.2e",
				c, p.ebN0DB, fast.rate(), fast.failed, fast.words, fast.undetected, exact.rate())
			// No curve takes more than 0.2 dB for a factor of 2.
			if fast.rate() > 2*exact.rate()+3*math.Sqrt(exact.rate()/float64(exact.words)) {
				t.Errorf("%v at %.2f dB: %.2e, exact %.2e", c, p.ebN0DB, fast.rate(), exact.rate())
			}
		})
	}
}
