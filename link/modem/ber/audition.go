package ber

import (
	"math/rand/v2"

	"spacechain/link/channel"
	"spacechain/link/modem"
)

// audition sends a lead, a marker and bits through a channel and counts the wrong ones after the
// marker at the other end.
type audition struct {
	bitRate, rate float64
	bits, lead    int
	scheme        modem.PSKScheme
	mirror        bool
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
	x = noise.Process(x, a.send(all))
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
