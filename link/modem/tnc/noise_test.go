package tnc

import (
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"spacechain/link/ax25"
)

// noises are what a channel without a signal sounds like, each at 48 kHz to an amplitude of about
// one fifth.
var noises = map[string]func(rng *rand.Rand) func() float32{
	"white": func(rng *rand.Rand) func() float32 {
		return func() float32 { return float32(0.2 * rng.NormFloat64()) }
	},
	// An FM receiver's noise rises with frequency: the difference of successive values.
	"discriminator": func(rng *rand.Rand) func() float32 {
		last := 0.0
		return func() float32 {
			v := rng.NormFloat64()
			d := v - last
			last = v
			return float32(0.15 * d)
		}
	},
	"low-pass": func(rng *rand.Rand) func() float32 {
		y := 0.0
		return func() float32 {
			y += 0.25 * (rng.NormFloat64() - y)
			return float32(0.5 * y)
		}
	},
	"hum and impulses": func(rng *rand.Rand) func() float32 {
		i := 0
		return func() float32 {
			i++
			v := 0.1*math.Sin(2*math.Pi*50*float64(i)/48000) + 0.02*rng.NormFloat64()
			if rng.IntN(2000) == 0 {
				v += 2 * (rng.Float64() - 0.5)
			}
			return float32(v)
		}
	},
	"silence":  func(*rand.Rand) func() float32 { return func() float32 { return 0 } },
	"constant": func(*rand.Rand) func() float32 { return func() float32 { return 0.3 } },
	// A carrier that drifts through the band, in a little noise.
	"carrier": func(rng *rand.Rand) func() float32 {
		i, phase := 0, 0.0
		return func() float32 {
			i++
			phase += (2000 + 1900*math.Sin(2*math.Pi*float64(i)/48000/7)) / 48000
			phase -= math.Floor(phase)
			return float32(0.3*math.Sin(2*math.Pi*phase) + 0.003*rng.NormFloat64())
		}
	},
	// Syllables of a voice: harmonics of a pitch that glides, some of them hoarse.
	"voice": func(rng *rand.Rand) func() float32 {
		var left int
		var pitch, glide, phase, tilt, hiss float64
		return func() float32 {
			if left--; left <= 0 {
				left = 2400 + rng.IntN(9600)
				pitch, glide = 90+160*rng.Float64(), 1+1e-5*rng.NormFloat64()
				tilt, hiss = 0.6+0.3*rng.Float64(), 0.01
				if rng.IntN(3) == 0 {
					hiss = 0.2
				}
			}
			pitch = min(max(pitch*glide, 60), 400)
			phase += pitch / 48000
			phase -= math.Floor(phase)
			v, a := hiss*rng.NormFloat64(), 0.2
			for k := 1; k <= 12; k++ {
				v += a * math.Sin(2*math.Pi*float64(k)*phase)
				a *= tilt
			}
			return float32(v)
		}
	},
}

// tonal are the noises whose bits may be clear without a signal, so that a check sequence alone
// stands between them and a frame.
var tonal = map[string]bool{"hum and impulses": true, "silence": true, "constant": true, "carrier": true, "voice": true}

// Pure noise gives at most one false frame in 24 hours: none is heard in what the test has time
// for, and the rates of spans and trials seen, times what they must pass (package comment), come to
// far less.
func TestNoiseIsSilence(t *testing.T) {
	seconds := 20
	if os.Getenv("SPACECHAIN_LONG") != "" {
		seconds = 1200
	}
	for _, k := range []kind{ladderAFSK, ladderG3RUH} {
		for name, maker := range noises {
			n := seconds
			if k.g3ruh {
				n = seconds / 4
			}
			rng := rand.New(rand.NewPCG(uint64(n), 77))
			next := maker(rng)
			r := k.receiver(t, 48000, Thorough)
			block := make([]float32, 48000)
			var got []Frame
			for range n {
				for i := range block {
					block[i] = next()
				}
				got = r.Process(got, block)
			}
			got = r.Flush(got)
			for _, f := range got {
				t.Errorf("%s, %s noise: frame of %d octets, clarity %.1f, %d bits inverted", k.Name, name, len(f.Data), f.Clarity, f.Flipped)
			}
			s := r.Stats()
			day := 86400 / float64(n)
			plain := (float64(s.Spans)*addressShare + float64(s.Clear)) * day / 65536
			tried := float64(s.Trials) * day / 65536 * ax25.PlausibleShare
			t.Logf("%s, %s noise: %.3g spans, %d of %d clear, and %.3g trials a day, %.2g + %.2g false frames expected a day", k.Name, name, float64(s.Spans)*day, s.Clear, s.Spans, float64(s.Trials)*day, plain, tried)
			most := 0.01
			if tonal[name] {
				most = 1
			}
			if plain+tried > most {
				t.Errorf("%s, %s noise: %.2g false frames a day", k.Name, name, plain+tried)
			}
		}
	}
}

// addressShare is the share of random octets that end 2 to 10 addresses as AX.25 does: 13 to 69
// extension bits clear and the next set, the sum of 2^-14, 2^-21, ...
const addressShare = 6.2e-5

// A frame without AX.25 addresses counts if its bits are clear. Noise of a shortest frame's length
// must stay far from that: what is needed is further from the mean than 6 standard deviations.
func TestNoiseIsNotClear(t *testing.T) {
	for _, k := range []kind{ladderAFSK, ladderG3RUH} {
		for name, maker := range noises {
			if tonal[name] {
				continue // hum alone is one long tone, clear but without frames
			}
			rng := rand.New(rand.NewPCG(5, 78))
			next := maker(rng)
			seconds := 16
			if k.g3ruh {
				seconds = 4
			}
			x := make([]float32, 48000*seconds)
			for i := range x {
				x[i] = next()
			}
			for i, b := range k.receiver(t, 48000, Thorough).branches {
				soft := b.demod.Flush(b.demod.Process(nil, x))
				var sum, squares, top float64
				n := 0.0
				for at := 256; at+136 <= len(soft)-1000; at += 136 {
					c := ax25.Clarity(soft[at : at+136])
					sum += c
					squares += c * c
					top = max(top, c)
					n++
				}
				mean := sum / n
				deviation := math.Sqrt(squares/n - mean*mean)
				far := (ax25.MinClarity - mean) / deviation
				t.Logf("%s, %s noise, demodulator %d: clarity %.2f ± %.2f, at most %.2f; %.1f deviations to spare", k.Name, name, i, mean, deviation, top, far)
				if far < 6 {
					t.Errorf("%s, %s noise, demodulator %d: clarity %.2f ± %.2f is too near to %d", k.Name, name, i, mean, deviation, ax25.MinClarity)
				}
			}
		}
	}
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 79)) }
