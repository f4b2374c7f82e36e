package receive

import (
	"math"
	"math/rand/v2"
	"os"
	"strings"
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

// callShare is the share of random sixbit octets that two call signs of IL2P's header are: letters
// and digits, blank at the end, 37 of 64 at most, twelve times, and the bit that says so.
var callShare = math.Pow(37.0/64, 12) / 2

// rsTrials bounds how many of the words that a hunt tries behind one marker pass (see hunt).
var rsTrials = func() (sum float64) {
	for size := minWord; size <= 255; size++ {
		sum += float64(len(sequences)*len(codes16)) * passes(size, 32, 0, 16)
	}
	for _, depth := range depths {
		sum += float64(len(sequences)*len(codes16)) * math.Pow(passes(255, 32, 0, 16), float64(depth))
		sum += float64(len(sequences)*len(codes8)) * math.Pow(passes(255, 16, 0, 6), float64(depth))
	}
	// The lengths that next markers tell: one marker in so many places, at whole octets.
	return sum + marked(markerLen, 4)*unitBits/8*float64(len(depths)*len(sequences)*4)*passes(255, 16, 0, 6)
}()

// checkedTrials bounds how many frames with a check field of 16 bits pass: of the length that a USLP
// header tells, one of four bits and one, or a next marker, or the user.
var checkedTrials = float64(len(sequences)) / 65536 * (1.0/32 + marked(markerLen, 2)*unitBits/8 + 1)

// falseFrames bounds by calculation how many frames a random bit gives, for each framing but AX.25,
// whose reader counts what it tries. Where a code takes shorter words it is the worst that counts.
var falseFrames = map[string]float64{
	// One of eleven tags, then a code of any strength, three times, but a check sequence too.
	"fx25": 11 * marked(64, 8) / 2 * 3 / 65536,
	// A header of 15 octets that one correction may help, then four ways to read the rest and a
	// check sequence.
	"il2p-crc": marked(24, 1) * passes(15, 2, 0, 1) * callShare * 4 / 65536,
	// The rest without a check sequence: in a code of sixteen check octets, eight of them for
	// erasures, or in the weak one of old drafts, which a bit in the header must allow.
	"il2p": marked(24, 1) * passes(15, 2, 0, 1) * callShare *
		(worst(17, 255, func(n int) float64 { return passes(n, 16, 0, 8) + passes(n, 16, 8, 4) }) + worst(1, 247, weakIL2P)/2),
	"ao40":       marked(65, 16) * math.Pow(passes(160, 32, 0, 16), 2),
	"ao40-short": marked(52, 13) * passes(160, 32, 0, 16),
	"ax100":      marked(32, 4) * gomspaceWord,
	"ax100-rs":   marked(32, 4) * gomspaceWord,
	"u482c":      marked(32, 4) * gomspaceWord,
	// A start that may have a wrong bit, randomized or not; each codeblock passes with its one error in half of the cases, and holds 7 of the 1024 lengths
	// that a header can name; four bits of that are fixed, and a check field follows.
	"ccsds-tc": 2 * marked(16, 1) * 7 / 1024 / 16 / 65536,
	// Two codes, of which the longer carries 32 octets a word; whatever their decoders let pass.
	"ccsds-tc-ldpc": marked(64, 11) * (8 + 32) / 1024 / 16 / 65536,
	// NRZ-L and NRZ-M, and eight ways to pair the symbols of the convolutional code.
	"ccsds-uncoded":       2 * marked(markerLen, 2) * checkedTrials,
	"ccsds-rs":            2 * marked(markerLen, 4) * rsTrials,
	"ccsds-convolutional": 16 * marked(markerLen, 2) * checkedTrials / 2,
	"ccsds-concatenated":  16 * marked(markerLen, 3) * rsTrials / 2,
	// Each place in the patterns of four rates.
	"ccsds-punctured": 2 * (marked(markerLen, 1)*checkedTrials + marked(markerLen, 3)*rsTrials) *
		(3*2.0/3 + 4*3.0/4 + 6*5.0/6 + 8*7.0/8),
	// Two markers as far apart as one of nine codes has it, the same way up, with any sequence; a good
	// one before the code that is known, or a better one before any.
	"ccsds-ldpc": (9*3*marked(128, ldpcBoth) + marked(64, ldpcTight) + 9*3*marked(64, ldpcAlone)) * ldpcPasses,
}

// ldpcTried is how many random words have been tried without one that passed, ldpcPasses the share that
// may still pass, with 95 % confidence (TestRandomBitsAreNoCodeword).
const (
	ldpcTried  = 20_000
	ldpcPasses = 3.0 / ldpcTried
)

// fastFrames bounds the same for fast signals of spacecraft, whose markers of frames with a check
// field only must be better by one bit.
var fastFrames = map[string]float64{
	"ccsds-uncoded":       2 * marked(markerLen, 1) * checkedTrials,
	"ccsds-rs":            falseFrames["ccsds-rs"],
	"ccsds-convolutional": 16 * marked(markerLen, 1) * checkedTrials / 2,
	"ccsds-concatenated":  falseFrames["ccsds-concatenated"],
	"ccsds-punctured":     20 * 2 * (marked(markerLen, 0)*checkedTrials + marked(markerLen, 3)*rsTrials),
	"ccsds-ldpc":          falseFrames["ccsds-ldpc"],
}

// Of telemetry at 256,000 symbols a second of QPSK, read in all turns, a day of random bits gives less
// than one frame too.
func TestFalseFramesOfFastSignals(t *testing.T) {
	for name, bit := range fastFrames {
		m, err := ParseModem("qpsk256000")
		if err != nil {
			t.Fatal(err)
		}
		ways := 1.0
		if !framings[name].anyTurn {
			ways = float64(len(turnsQPSK))
		}
		frames := ways * m.Baud() * day * bit
		t.Logf("%-20s %.2g a day at %g bit/s", name, frames, m.Baud())
		if !(frames < 1) {
			t.Errorf("%s: up to %.2g false frames a day", name, frames)
		}
	}
}

// gomspaceWord is what passes of words as GomSpace's radios have them: as they stand, or with eight
// octets erased.
var gomspaceWord = worst(33, 255, func(n int) float64 { return passes(n, 32, 0, 16) + passes(n, 32, 8, 12) })

// weakIL2P is what passes of words of n octets of data in the weak code.
func weakIL2P(n int) float64 {
	check := 2 * min(4, 1+n/62)
	return passes(n+check, check, 0, check/2)
}

// fastest is the bit rate that the bounds are for: that of the fastest customary mode.
const fastest = 20000

// Of every framing that there is, at any customary speed, and with two demodulators side by side, a
// day of random bits gives less than one frame.
func TestFalseFramesByCalculation(t *testing.T) {
	for _, c := range Combinations() {
		m, err := ParseModem(c.Modem)
		if err != nil {
			t.Fatal(err)
		}
		if m.Baud() > fastest {
			t.Errorf("%v is faster than the bounds are for", c)
		}
	}
	for _, name := range Framings() {
		if framings[name].packet {
			continue // counted
		}
		bit, ok := falseFrames[name]
		if !ok {
			t.Errorf("%s: no bound for false frames is known", name)
			continue
		}
		frames := 2 * fastest * day * bit
		t.Logf("%-20s %.2g a day at %d bit/s", name, frames, fastest)
		if !(frames < 1) || bit <= 0 {
			t.Errorf("%s: up to %.2g false frames a day", name, frames)
		}
	}
}

// Shares that can be worked out by hand.
func TestPasses(t *testing.T) {
	for _, k := range []struct {
		n, p, e, t int
		want       float64
	}{
		{15, 2, 0, 1, (1 + 15*255) / 65536.0}, // a word, or one of its octets changed
		{255, 2, 0, 1, (1 + 255*255) / 65536.0},
		{10, 2, 2, 0, 1}, // what is erased can be filled in somehow
	} {
		if got := passes(k.n, k.p, k.e, k.t); math.Abs(got/k.want-1) > 1e-6 {
			t.Errorf("passes%v: %g, want %g", []int{k.n, k.p, k.e, k.t}, got, k.want)
		}
	}
	if got := 1 / marked(32, 4); got < 51000 || got > 53000 {
		t.Errorf("a marker every %.0f bits, want 52,000", got)
	}
}

// slow tells the framings with a Viterbi decoder for every way to read the symbols.
func slow(name string) bool {
	return strings.HasPrefix(name, "ccsds-co") || strings.HasPrefix(name, "ccsds-pu")
}

// Random bits: none of the framings makes a frame of them. In the
// long suite a day of them at 9600 bit/s goes through each of the quick ones, an hour through those
// with Viterbi decoders.
func TestRandomBitsGiveNoFrame(t *testing.T) {
	for _, name := range Framings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 300_000
			if os.Getenv("SPACECHAIN_LONG") != "" {
				n = 9600 * day
				if slow(name) || name == "ao40-short" {
					n = 9600 * 3600
				}
			}
			m, err := ParseModem("bpsk9600")
			if err != nil {
				t.Fatal(err)
			}
			d := framings[name].open(name, m, Options{Rate: 48000, Effort: tnc.Thorough})
			rng := rand.New(rand.NewPCG(1, uint64(len(name))))
			soft := make([]int8, 1<<14)
			var got []Frame
			for done := 0; done < n; done += len(soft) {
				if framings[name].packet {
					// How clear bits are matters.
					for i := range soft {
						soft[i] = int8(max(-127, min(127, math.Round(40*rng.NormFloat64()))))
					}
				} else {
					for i := 0; i < len(soft); i += 8 {
						v := rng.Uint64()
						for j := range 8 {
							soft[i+j] = int8(v >> (8 * j))
						}
					}
				}
				got = d.process(got, soft)
			}
			for _, f := range d.flush(got) {
				t.Errorf("%d octets, %d corrected: %x", len(f.Data), f.Corrected, f.Data)
			}
		})
	}
}

// Noise that ends in a rest, as behind a squelch or at the end of a burst: what a marker in the last
// bits of the noise is followed by are then words of many codes, zeros for one, and they make no
// frame either. Two hundred bursts an hour are 5000 a day.
func TestRestsGiveNoFrame(t *testing.T) {
	bursts := 400
	if os.Getenv("SPACECHAIN_LONG") != "" {
		bursts = 50_000
	}
	rests := []func(i int) int8{
		func(int) int8 { return 0 },
		func(int) int8 { return 1 },
		func(int) int8 { return -90 },
		func(i int) int8 { return int8(60 * (1 - i%2*2)) },
		func(i int) int8 { return int8(60 * (1 - i/4%2*2)) },
		func(i int) int8 { return -60 + int8(0x7e>>(i%8)&1)*120 },
	}
	for _, name := range Framings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := bursts
			if slow(name) {
				n /= 20 // they take longer
			}
			m, err := ParseModem("bpsk9600")
			if err != nil {
				t.Fatal(err)
			}
			d := framings[name].open(name, m, Options{Rate: 48000, Effort: tnc.Thorough})
			rng := rand.New(rand.NewPCG(2, uint64(len(name))))
			var got []Frame
			for burst := range n {
				var soft []int8
				for range 400 {
					soft = append(soft, int8(max(-127, min(127, math.Round(40*rng.NormFloat64())))))
				}
				for i := range 2100 {
					soft = append(soft, rests[burst%len(rests)](i))
				}
				got = d.process(got, soft)
			}
			for _, f := range d.flush(got) {
				t.Errorf("%d octets, %d corrected: %x", len(f.Data), f.Corrected, f.Data)
			}
		})
	}
}

// AX.25 over PSK: what its reader tries of random bits, times what passes, stays below one frame a
// day. Over AFSK and FSK, where it tries more, package tnc counts.
func TestTrialsOfAX25(t *testing.T) {
	const n = 500_000
	for _, scrambled := range []bool{false, true} {
		d := ax25.NewDeframer(ax25.Options{Line: ax25.Line{NRZI: true, Scrambled: scrambled}})
		rng := rand.New(rand.NewPCG(1, 3))
		soft := make([]int8, 1000)
		for range n / len(soft) {
			for i := range soft {
				soft[i] = int8(max(-127, min(127, math.Round(40*rng.NormFloat64()))))
			}
			if got := d.Process(nil, soft); len(got) > 0 {
				t.Errorf("scrambled %v: %+v", scrambled, got)
			}
		}
		bits := 9600.0 * day / n
		plain := float64(d.Stats.Spans) * bits / 65536 * addressShare
		tried := float64(d.Stats.Trials) * bits / 65536 * ax25.PlausibleShare
		t.Logf("scrambled %v: %.2g spans and %.2g trials a day, %.2g + %.2g false frames", scrambled, float64(d.Stats.Spans)*bits, float64(d.Stats.Trials)*bits, plain, tried)
		if plain+tried > 0.1 {
			t.Errorf("scrambled %v: %.2g false frames a day", scrambled, plain+tried)
		}
	}
}
