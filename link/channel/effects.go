package channel

import (
	"math"
	"math/rand/v2"
	"time"
)

// Effects are disturbances on top of the noise that the budget knows: what a
// scenario adds to a hop. The zero value adds nothing.
type Effects struct {
	BitFlipRate   float64       // probability that a delivered bit is wrong, unnoticed by the decoder
	LossRate      float64       // probability that a frame vanishes, beyond the budget's own
	DuplicateRate float64       // probability that a frame arrives twice
	ReorderRate   float64       // probability that an arrival is held up, so that later frames overtake it
	ReorderDelay  time.Duration // the longest hold-up
}

// Add joins two sets of effects: the chances of each kind are independent, the
// longer hold-up wins.
func (e Effects) Add(f Effects) Effects {
	either := func(a, b float64) float64 { return 1 - (1-a)*(1-b) }
	return Effects{
		BitFlipRate:   either(e.BitFlipRate, f.BitFlipRate),
		LossRate:      either(e.LossRate, f.LossRate),
		DuplicateRate: either(e.DuplicateRate, f.DuplicateRate),
		ReorderRate:   either(e.ReorderRate, f.ReorderRate),
		ReorderDelay:  max(e.ReorderDelay, f.ReorderDelay),
	}
}

// Channel is one direction of a hop as frames meet it.
type Channel struct {
	Budget  Budget
	Effects Effects
}

// Arrival is one copy of a frame that reaches the other end.
type Arrival struct {
	Delay     time.Duration // from the end of sending to the end of arriving: light time and hold-ups
	Data      []byte        // a copy, never the sender's memory
	Flipped   int           // bits that are wrong
	Duplicate bool          // a second copy
	HeldUp    bool          // reordered: held up beyond the light time
}

// Transmit says what becomes of a frame: nil if it is lost, else one arrival or
// two. Chance comes from rng alone, so that a seed gives a history. The delay
// counts from the moment the last bit left, which is [Budget.Airtime] after the
// first.
func (c Channel) Transmit(rng *rand.Rand, frame []byte) []Arrival {
	if chance(rng, c.Budget.FrameErrorRate(8*len(frame))) || chance(rng, c.Effects.LossRate) {
		return nil
	}
	arrivals := []Arrival{c.arrive(rng, frame)}
	if chance(rng, c.Effects.DuplicateRate) {
		second := c.arrive(rng, frame)
		second.Duplicate = true
		arrivals = append(arrivals, second)
	}
	return arrivals
}

func (c Channel) arrive(rng *rand.Rand, frame []byte) Arrival {
	a := Arrival{Delay: c.Budget.LightTime, Data: append([]byte(nil), frame...)}
	a.Flipped = FlipBits(rng, a.Data, c.Effects.BitFlipRate)
	if c.Effects.ReorderDelay > 0 && chance(rng, c.Effects.ReorderRate) {
		a.Delay += 1 + time.Duration(rng.Int64N(int64(c.Effects.ReorderDelay)))
		a.HeldUp = true
	}
	return a
}

// chance draws only where the outcome is open, so that a hop without faults
// costs no draws.
func chance(rng *rand.Rand, p float64) bool {
	if p <= 0 {
		return false
	}
	return p >= 1 || rng.Float64() < p
}

// FlipBits inverts each bit of data with probability p, in place, and gives the
// number inverted. The gaps between flips are drawn (geometric), so rare flips
// cost little.
func FlipBits(rng *rand.Rand, data []byte, p float64) int {
	if p <= 0 || len(data) == 0 {
		return 0
	}
	flipped, bits := 0, 8*len(data)
	if p >= 1 {
		for i := range data {
			data[i] = ^data[i]
		}
		return bits
	}
	for at := -1; ; {
		gap := math.Floor(math.Log1p(-rng.Float64())/math.Log1p(-p)) + 1
		if gap > float64(bits-1-at) {
			return flipped
		}
		at += int(gap)
		data[at/8] ^= 0x80 >> (at % 8)
		flipped++
	}
}
