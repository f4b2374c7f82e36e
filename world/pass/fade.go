package pass

import (
	"math"
	"math/rand/v2"
	"time"

	"spacechain/link/channel"
)

// Fade is a dip of a link's signal: an antenna's null on a tumbling satellite, or the
// ionosphere's doing.
type Fade struct {
	Link  string        // "ttc-up", …; empty is all
	After time.Duration // since the rise
	For   time.Duration
	// BelowDB is how far under the link's threshold the signal lies at the bottom; the
	// threshold is where one frame in two is lost.
	BelowDB float64
}

// depth is the share of a dip at a time since its beginning: down and up within a quarter
// of its length each, the bottom between.
func (f Fade) depth(since time.Duration) float64 {
	if since <= 0 || since >= f.For {
		return 0
	}
	edge := min(float64(since), float64(f.For-since)) / (float64(f.For) / 4)
	if edge >= 1 {
		return 1
	}
	return (1 - math.Cos(math.Pi*edge)) / 2
}

// shimmerRays is how many rays are scattered.
const shimmerRays = 12

// shimmer is the amplitude of a steady ray with scattered ones around it, which is Rician.
// Both depths see the same one.
type shimmer struct {
	steady, scale float64
	hz, phase     [shimmerRays]float64
}

func newShimmer(f channel.Fading, seed uint64) *shimmer {
	if f.RateHz <= 0 {
		return nil
	}
	rng := rand.New(rand.NewPCG(seed, 0x7368696d6d6572))
	scattered := math.Pow(10, f.ScatterDB/10)
	s := &shimmer{steady: math.Sqrt(1 / (1 + scattered)), scale: math.Sqrt(scattered / (1 + scattered) / shimmerRays)}
	for i := range s.hz {
		s.hz[i] = f.RateHz * (float64(float64(2*(float64(i)+rng.Float64()))/shimmerRays) - 1)
		s.phase[i] = 2 * math.Pi * rng.Float64()
	}
	return s
}

// gainDB is the power over its mean at a time in seconds.
func (s *shimmer) gainDB(t float64) float64 {
	if s == nil {
		return 0
	}
	re, im := s.steady, 0.0
	for i, hz := range s.hz {
		sin, cos := math.Sincos(float64(2*math.Pi*hz*t) + s.phase[i])
		re += float64(s.scale * cos)
		im += float64(s.scale * sin)
	}
	return 10 * math.Log10(max(float64(re*re)+float64(im*im), 1e-12))
}
