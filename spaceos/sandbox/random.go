package sandbox

import "math/rand/v2"

// randomStream is the guest's randomness: ChaCha8 from the activation's seed.
type randomStream struct{ src *rand.ChaCha8 }

func newRandom(seed [32]byte) *randomStream { return &randomStream{rand.NewChaCha8(seed)} }

// fill writes random bytes.
func (s *randomStream) fill(b []byte) { _, _ = s.src.Read(b) }

// float64 gives a number in [0, 1).
func (s *randomStream) float64() float64 { return float64(s.src.Uint64()>>11) / (1 << 53) }
