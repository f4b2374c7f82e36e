// Package randomizer holds the sequences that CCSDS adds to frames, codeblocks and
// codewords so that the symbol stream always has transitions. Adding one twice
// restores the data; every frame starts at the sequence's first bit.
package randomizer

import (
	"crypto/subtle"
	"sync"
)

// Sequence is a maximal-length bit sequence of a shift register.
type Sequence struct {
	name  string
	stage int    // stages of the register
	taps  uint32 // which of the last stages bits, oldest in bit 0, make the next one
	seed  uint32 // the first stages bits, first in bit 0

	once   sync.Once
	octets []byte // one period of octets, packed most significant bit first
}

var (
	// TM255 is the 255-bit sequence of CCSDS 131.0-B-5 §10.4.2, that of every issue
	// before it: x^8 + x^7 + x^5 + x^3 + 1, all ones at the start. The AO-40 coding
	// uses it too.
	TM255 = &Sequence{name: "TM 255", stage: 8, taps: 0xa9, seed: 0xff}

	// TM131071 is the 131071-bit sequence of CCSDS 131.0-B-5 §10.4.1: x^17 + x^14 + 1
	// from the state 11000111000111000, whose last digit leaves first.
	TM131071 = &Sequence{name: "TM 131071", stage: 17, taps: 1 | 1<<14, seed: 0x18e38}

	// TC is the sequence of telecommands (CCSDS 231.0-B-4 §6): x^8 + x^6 + x^4 + x^3 +
	// x^2 + x + 1, all ones at the start.
	TC = &Sequence{name: "TC", stage: 8, taps: 0x5f, seed: 0xff}
)

// String names the sequence.
func (s *Sequence) String() string { return s.name }

// Period is the length of the sequence in bits.
func (s *Sequence) Period() int { return 1<<s.stage - 1 }

// period gives the sequence over as many octets as it has bits: after those it repeats
// on an octet boundary.
func (s *Sequence) period() []byte {
	s.once.Do(func() {
		state, n := s.seed, s.Period()
		s.octets = make([]byte, n)
		for i := range s.octets {
			var o byte
			for range 8 {
				o = o<<1 | byte(state&1)
				next := state & s.taps
				next ^= next >> 16
				next ^= next >> 8
				next ^= next >> 4
				next ^= next >> 2
				next ^= next >> 1
				state = state>>1 | next&1<<(s.stage-1)
			}
			s.octets[i] = o
		}
	})
	return s.octets
}

// Apply adds the sequence from its first bit to octets in place.
func (s *Sequence) Apply(octets []byte) {
	p := s.period()
	for len(octets) > 0 {
		n := subtle.XORBytes(octets, octets, p)
		octets = octets[n:]
	}
}

// ApplyBits adds the sequence from its first bit to hard bits in place.
func (s *Sequence) ApplyBits(bits []byte) {
	p := s.period()
	for i := range bits {
		bits[i] ^= p[i>>3%len(p)] >> (7 - i&7) & 1
	}
}

// ApplySoft takes the sequence from its first bit off soft bits in place: where it is
// 1 the sign is turned.
func (s *Sequence) ApplySoft(soft []int8) {
	p := s.period()
	for i, v := range soft {
		if p[i>>3%len(p)]>>(7-i&7)&1 == 1 {
			soft[i] = -max(v, -127)
		}
	}
}
