package sense

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"

	"spacechain/astro"
)

// forever is the time of what does not change: biases.
const forever = math.MinInt64

// source gives the chance of one sensor at one moment (Unix nanoseconds).
func (s *Suite) source(sensor string, nanos int64) *rand.Rand {
	key := make([]byte, 0, 64)
	key = append(key, "spacechain sense 1\x00"...)
	key = binary.BigEndian.AppendUint64(key, s.seed)
	key = binary.BigEndian.AppendUint64(key, s.node)
	key = binary.BigEndian.AppendUint64(key, uint64(nanos))
	key = append(key, sensor...)
	sum := sha256.Sum256(key)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:8]), binary.BigEndian.Uint64(sum[8:16])))
}

// gauss gives a value's error: normal, of a standard deviation, cut at five of them.
func gauss(rng *rand.Rand, sigma float64) float64 {
	return float64(min(max(rng.NormFloat64(), -5), 5) * sigma)
}

// bias gives a constant error within plus or minus a range.
func bias(rng *rand.Rand, limit float64) float64 { return float64((2*rng.Float64() - 1) * limit) }

// gauss3 and bias3 give three of them.
func gauss3(rng *rand.Rand, sigma float64) astro.Vec3 {
	return astro.Vec3{gauss(rng, sigma), gauss(rng, sigma), gauss(rng, sigma)}
}

func bias3(rng *rand.Rand, limit float64) astro.Vec3 {
	return astro.Vec3{bias(rng, limit), bias(rng, limit), bias(rng, limit)}
}
