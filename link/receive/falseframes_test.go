package receive

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"spacechain/link/ax25"
	"spacechain/link/modem/tnc"
)

// choose is n over k.
func choose(n, k int) float64 {
	a, _ := math.Lgamma(float64(n + 1))
	b, _ := math.Lgamma(float64(k + 1))
	c, _ := math.Lgamma(float64(n - k + 1))
	return math.Exp(a - b - c)
}

// marked is how often random bits show a marker of some bits, either way up, with so many wrong.
func marked(bits, wrong int) (share float64) {
	for k := range wrong + 1 {
		share += 2 * choose(bits, k) / math.Exp2(float64(bits))
	}
	return share
}

// passes is the share of random words of n octets, p of them for checking, that a Reed-Solomon
// decoder takes with e octets erased and up to t more corrected: those within t of a word of the
// code that the rest makes.
func passes(n, p, e, t int) (share float64) {
	for j := range min(t, (p-e)/2, n-e) + 1 {
		share += choose(n-e, j) * math.Pow(255, float64(j)) / math.Pow(256, float64(p-e))
	}
	return min(share, 1)
}

// worst is the most of f over sizes from one to the other.
func worst(from, to int, f func(n int) float64) (most float64) {
	for n := from; n <= to; n++ {
		most = max(most, f(n))
	}
	return most
}

// addressShare is the share of random octets that end 2 to 10 addresses as AX.25 does: 13 to 69
// extension bits clear and the next set.
const addressShare = 6.2e-5

// A bound by calculation, for each framing: how many frames a random bit gives. The reader of
// ax25's is counted below.
var falseFrames = map[string]float64{
	// Tags within 8 bits, then the worst code, twice again with its weakest octets erased, and a
	// check sequence of 16 bits.
	"fx25": 11 * marked(64, 8) / 2 * 3 / 65536,
	// A header of 15 octets that one correction may help, and a payload whose code takes 12 of its
	// 16 check octets for erasures, but then a check sequence.
	"il2p-crc": marked(24, 1) * passes(15, 2, 0, 1) * 4 / 65536,
	// Without a check sequence: a payload in a code with 8 erased, and call signs in the header,
	// the shares of which TestRandomBitsGiveNoFrame counts.
	"il2p":       marked(24, 1) * passes(15, 2, 0, 1) * (worst(17, 255, func(n int) float64 { return passes(n, 16, 8, 4) })),
	"ao40":       marked(65, 16) * math.Pow(passes(160, 32, 0, 16), 2),
	"ao40-short": marked(52, 13) * passes(160, 32, 0, 16),
	"ax100":      marked(32, 4) * worst(33, 255, func(n int) float64 { return passes(n, 32, 0, 16) + passes(n, 32, 8, 12) }),
	"ax100-rs":   marked(32, 4) * worst(33, 255, func(n int) float64 { return passes(n, 32, 0, 16) + passes(n, 32, 8, 12) }),
	"u482c":      marked(32, 4) * worst(33, 255, func(n int) float64 { return passes(n, 32, 0, 16) + passes(n, 32, 8, 12) }),
}
