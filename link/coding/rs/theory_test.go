package rs_test

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"spacechain/link/coding/rs"
)

// wordErrorRate is the closed form for hard decisions of BPSK with ideal
// synchronisation: more than t of n symbols of eight bits are wrong.
func wordErrorRate(ebN0DB float64, n, k int) float64 {
	p := math.Erfc(math.Sqrt(math.Pow(10, ebN0DB/10)*float64(k)/float64(n))) / 2
	symbol := -math.Expm1(8 * math.Log1p(-p))
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x + 1)); return v }
	sum := 0.0
	for i := (n-k)/2 + 1; i <= n; i++ {
		sum += math.Exp(lg(n) - lg(i) - lg(n-i) + float64(i)*math.Log(symbol) + float64(n-i)*math.Log1p(-symbol))
	}
	return sum
}

// measure sends words over the channel and gives how many failed.
func measure(t *testing.T, c *rs.Code, ebN0DB float64, words int, seed uint64) int {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	k := c.DataSize()
	amplitude := math.Sqrt(2 * math.Pow(10, ebN0DB/10) * float64(k) / 255)
	sent, got := make([]byte, 255), make([]byte, 255)
	failed := 0
	for range words {
		for i := range sent[:k] {
			sent[i] = byte(r.Uint32())
		}
		c.Encode(sent[:k], sent[k:])
		for i := range got {
			var e byte
			for range 8 {
				e <<= 1
				if r.NormFloat64() > amplitude {
					e |= 1
				}
			}
			got[i] = sent[i] ^ e
		}
		if _, err := c.Decode(got, nil); err != nil || string(got) != string(sent) {
			failed++
		}
	}
	return failed
}

// The measured word error rate lies between the closed form at 0.05 dB less and more,
// with three standard deviations for chance.
func checkTheory(t *testing.T, c *rs.Code, ebN0DB float64, words int) {
	t.Helper()
	failed := measure(t, c, ebN0DB, words, 42)
	k := c.DataSize()
	high := wordErrorRate(ebN0DB-0.05, 255, k) * float64(words)
	low := wordErrorRate(ebN0DB+0.05, 255, k) * float64(words)
	t.Logf("(255,%d) at %.2f dB: %d of %d words failed, closed form %.1f, at -/+0.05 dB %.1f and %.1f",
		k, ebN0DB, failed, words, wordErrorRate(ebN0DB, 255, k)*float64(words), high, low)
	if n := float64(failed); n > high+3*math.Sqrt(high) || n < low-3*math.Sqrt(low) {
		t.Errorf("(255,%d) at %.2f dB: %d of %d words failed, want %.1f to %.1f", k, ebN0DB, failed, words, low, high)
	}
}

func TestWordErrorRateAgainstClosedForm(t *testing.T) {
	checkTheory(t, rs.CCSDS(16, rs.Dual), 5.7, 30_000) // 1300 failed
	checkTheory(t, rs.CCSDS(8, rs.Dual), 6.1, 10_000)  // 1200 failed
}

func TestWordErrorRateAgainstClosedFormLong(t *testing.T) {
	if os.Getenv("SPACECHAIN_LONG") == "" {
		t.Skip("SPACECHAIN_LONG is not set: word error rates of 1e-4 are not counted")
	}
	checkTheory(t, rs.CCSDS(16, rs.Dual), 6.1, 1_000_000)
	checkTheory(t, rs.CCSDS(8, rs.Dual), 6.7, 1_000_000)
}
