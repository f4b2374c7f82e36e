package ber

import (
	"math"
	"math/rand/v2"

	"spacechain/link/channel"
	"spacechain/link/modem"
	"spacechain/link/modem/dsp"
)

// audition sends a lead, a marker and bits through a channel and counts the wrong ones after the
// marker at the other end.
type audition struct {
	bitRate, rate float64
	bits, lead    int
	scheme        modem.PSKScheme
	mirror        bool
	late          float64 // part of a sample that the signal comes between those of the receiver
	channel       channel.SampleOptions
	send          func(bits []byte) []complex64
	receive       func(samples []complex64) []int8
}

const markerBits = 64

func (a audition) run(rng *rand.Rand, eb float64) (int64, int64, error) {
	lead := randomBits(rng, nil, a.lead)
	marker := randomBits(rng, nil, markerBits)
	bits := randomBits(rng, nil, a.bits)
	all := append(append(append([]byte(nil), lead...), marker...), bits...)
	all = randomBits(rng, all, 64)
	a.channel.Rate = a.rate
	a.channel.CN0DBHz = channel.EbN0ToCN0(eb, a.bitRate)
	noise, err := channel.NewSamples(a.channel, rng.Uint64())
	if err != nil {
		return 0, 0, err
	}
	x := noise.Silence(nil, int(a.rate/a.bitRate*300))
	x = noise.Process(x, between(a.send(all), a.late))
	x = noise.Silence(x, int(a.rate/a.bitRate*300))
	soft := a.receive(x)
	m, err := modem.NewMarker(marker, a.scheme, 0.5, a.mirror)
	if err != nil {
		return 0, 0, err
	}
	var best modem.Match
	for _, match := range m.Process(nil, soft) {
		if match.Score > best.Score {
			best = match
		}
	}
	n := int64(len(bits))
	from := best.End &^ 1
	if best.Score == 0 || from >= int64(len(soft)) {
		return n, n / 2, nil // nothing received is as good as guessing
	}
	turned := best.Turn.Apply(nil, soft[from:], from)[best.End-from:]
	got := min(len(turned), len(bits))
	return n, compare(bits[:got], turned) + int64(len(bits)-got)/2, nil
}

// betweenReach is how many samples on both sides one between them is made of.
const betweenReach = 16

// between is x later by part of a sample, and by betweenReach samples: bits that begin where
// samples do would have receivers do better or worse than they do in life.
func between(x []complex64, part float64) []complex64 {
	if part == 0 {
		return x
	}
	taps := make([]float32, 2*betweenReach+1)
	for i := range taps {
		t := float64(i) - betweenReach - part
		s := math.Cos(math.Pi / 2 * t / (betweenReach + 1))
		taps[i] = float32(math.Sin(math.Pi*t) / (math.Pi * t) * s * s)
	}
	y := dsp.NewComplexFIR(taps)
	return y.Process(y.Process(nil, x), make([]complex64, 2*betweenReach))
}
