package receive

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"spacechain/link/modem/tnc"
)

// A day of nothing: at most one false frame may come out of it for each modem and framing
// (issue 4). Three things show it: no frame comes out of any kind of nothing that the default test
// has time for, and none of hours of it in the long suite; none comes out of random bits, of which
// a day goes through a deframer in a minute; and what the codes let pass of random bits comes to
// less, by calculation.
const day = 86400

// nothings are what a receiver without a signal gives, at 48 kHz.
var nothings = []struct {
	name  string
	sound func(rng *rand.Rand) func() float64
}{
	{"white noise", func(rng *rand.Rand) func() float64 {
		return func() float64 { return 0.2 * rng.NormFloat64() }
	}},
	// A discriminator's noise rises with frequency.
	{"noise of an FM discriminator", func(rng *rand.Rand) func() float64 {
		last := 0.0
		return func() float64 {
			v := rng.NormFloat64()
			v, last = v-last, v
			return 0.15 * v
		}
	}},
	// What a voice receiver makes of it: de-emphasised, and nothing above 3 kHz.
	{"noise through a voice filter", func(rng *rand.Rand) func() float64 {
		a, b := 0.0, 0.0
		return func() float64 {
			a += 0.33 * (rng.NormFloat64() - a)
			b += 0.33 * (a - b)
			return 0.5 * b
		}
	}},
	{"silence", func(*rand.Rand) func() float64 { return func() float64 { return 0 } }},
	{"a constant", func(*rand.Rand) func() float64 { return func() float64 { return 0.3 } }},
	{"the last bit of a converter", func(rng *rand.Rand) func() float64 {
		return func() float64 { return float64(rng.IntN(2)) / 32768 }
	}},
	{"hum and impulses", func(rng *rand.Rand) func() float64 {
		i := 0
		return func() float64 {
			i++
			v := 0.1*math.Sin(2*math.Pi*50*float64(i)/48000) + 0.02*rng.NormFloat64()
			if rng.IntN(2000) == 0 {
				v += 2 * (rng.Float64() - 0.5)
			}
			return v
		}
	}},
	// A carrier that drifts through the whole band, in a little noise.
	{"a carrier", func(rng *rand.Rand) func() float64 {
		i, phase := 0, 0.0
		return func() float64 {
			i++
			phase += (12000 + 11800*math.Sin(2*math.Pi*float64(i)/48000/17)) / 48000
			phase -= math.Floor(phase)
			return 0.3*math.Sin(2*math.Pi*phase) + 0.003*rng.NormFloat64()
		}
	}},
	// Syllables of a voice: harmonics of a pitch that glides, and hisses between them.
	{"a voice", func(rng *rand.Rand) func() float64 {
		var left int
		var pitch, glide, phase, tilt, hiss float64
		return func() float64 {
			if left--; left <= 0 {
				left = 2400 + rng.IntN(9600)
				pitch, glide = 90+160*rng.Float64(), 1+1e-5*rng.NormFloat64()
				tilt = 0.6 + 0.3*rng.Float64()
				hiss = 0.01
				if rng.IntN(3) == 0 {
					hiss = 0.2
				}
			}
			pitch = min(max(pitch*glide, 60), 400)
			phase += pitch / 48000
			phase -= math.Floor(phase)
			v, a := 0.0, 0.2
			for k := 1; k <= 12; k++ {
				v += a * math.Sin(2*math.Pi*float64(k)*phase)
				a *= tilt
			}
			return v + hiss*rng.NormFloat64()
		}
	}},
	// A squelch that opens on bursts of noise and shuts to silence or a constant.
	{"a squelch", func(rng *rand.Rand) func() float64 {
		left, open, rest := 0, false, 0.0
		return func() float64 {
			if left--; left <= 0 {
				if open = !open; open {
					left = 480 + rng.IntN(9600)
				} else {
					left = 9600 + rng.IntN(9600)
					rest = 0.1 * float64(rng.IntN(3)-1)
				}
			}
			if open {
				return 0.3 * rng.NormFloat64()
			}
			return rest
		}
	}},
}

// seconds is how much of each nothing is heard: two, or a quarter of an hour in the long suite, or as
// many hours as SPACECHAIN_NOISE_HOURS says.
func seconds(t *testing.T) int {
	if os.Getenv("SPACECHAIN_LONG") == "" {
		return 2
	}
	hours := 0.25
	if s := os.Getenv("SPACECHAIN_NOISE_HOURS"); s != "" {
		if _, err := fmt.Sscan(s, &hours); err != nil {
			t.Fatalf("SPACECHAIN_NOISE_HOURS: %v", err)
		}
	}
	return int(hours * 3600)
}

// No modem and framing makes a frame of nothing.
func TestNothingGivesNoFrame(t *testing.T) {
	n := seconds(t)
	for i, nothing := range nothings {
		t.Run(nothing.name, func(t *testing.T) {
			t.Parallel()
			bank, refused := Open(Combinations(), Options{Rate: 48000, Effort: tnc.Thorough})
			if len(refused) > 0 {
				t.Logf("left out: %v", refused)
			}
			next := nothing.sound(rand.New(rand.NewPCG(uint64(i), 77)))
			block := make([]float32, 48000)
			var got []Frame
			for range n {
				for j := range block {
					block[j] = float32(next())
				}
				got = bank.Process(got, block)
			}
			for _, f := range bank.Flush(got) {
				t.Errorf("%s/%s at %.1f s: %d octets, %d corrected: %x", f.Modem, f.Framing, f.Time, len(f.Data), f.Corrected, f.Data)
			}
		})
	}
}
