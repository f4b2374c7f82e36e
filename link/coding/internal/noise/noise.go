// Package noise draws the soft bits of BPSK in white noise as a receiver with eight
// bits sees them, several times faster than from normal deviates: the codes' tests
// count errors over hundreds of millions of them.
package noise

import (
	"math"
	"math/rand/v2"
)

// Channel draws soft bits of one amplitude and noise. It is safe for concurrent use.
type Channel struct {
	// below are the random numbers of 32 bits below which the soft bit of a one is at
	// most i-127: the normal distribution cut into as many equal parts.
	below [255]uint64
	guide [4096]uint8 // where the search for a random number begins, by its top bits
}

// New makes a channel of an Es/N0 in dB where the amplitude is so many soft bits.
func New(amplitude, esN0DB float64) *Channel {
	sigma := 1 / math.Sqrt(2*math.Pow(10, esN0DB/10))
	c := new(Channel)
	for i := range c.below {
		// Soft bits are rounded.
		x := (float64(i-127) + 0.5) / amplitude
		c.below[i] = uint64(math.Round(math.Ldexp(math.Erfc((1-x)/(sigma*math.Sqrt2))/2, 32)))
	}
	c.below[254] = 1 << 32
	at := 0
	for g := range c.guide {
		for c.below[at] <= uint64(g)<<20 {
			at++
		}
		c.guide[g] = uint8(at)
	}
	return c
}

// Soft appends what is received of hard bits to dst: above zero for ones, -127 to 127.
func (c *Channel) Soft(dst []int8, r *rand.Rand, bits []byte) []int8 {
	for len(bits) >= 2 {
		u := r.Uint64()
		dst = append(dst, c.draw(uint32(u), bits[0]), c.draw(uint32(u>>32), bits[1]))
		bits = bits[2:]
	}
	if len(bits) == 1 {
		dst = append(dst, c.draw(r.Uint32(), bits[0]))
	}
	return dst
}

func (c *Channel) draw(u uint32, bit byte) int8 {
	i := int(c.guide[u>>20])
	for c.below[i] <= uint64(u) {
		i++
	}
	s := i - 127
	if bit == 0 {
		s = -s
	}
	return int8(s)
}
