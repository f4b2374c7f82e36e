package budget

import (
	"fmt"
	"math"
	"sort"
)

// Spin is the rotation of a satellite around one axis. Nil stands for a satellite
// that tumbles with no preferred attitude.
type Spin struct {
	// AntennaDeg is the angle between the spin axis and the antenna's.
	AntennaDeg float64
	// PeerDeg is the angle between the spin axis and the way to the other end, which
	// changes over a pass; AnyPeer leaves it open: all directions alike.
	PeerDeg float64
	AnyPeer bool
}

// Distribution is an antenna's gain over attitudes, towards one peer.
type Distribution struct{ gains []float64 } // dBi, ascending, all of one weight

// attitudes is how many attitudes a distribution samples: a percentile is exact to
// about a part in four thousand.
const attitudes = 4096

// Tumble gives the distribution of an antenna's gain while the satellite tumbles:
// by quadrature over the attitudes, not by chance, so that it is the same each
// time. With a peer polarisation the loss to it (mean over the roll) is taken off
// in each attitude, as gain and polarisation go together there.
func Tumble(a Antenna, spin *Spin, peer *Polarisation) (Distribution, error) {
	if a == nil {
		return Distribution{}, fmt.Errorf("tumbling: no antenna given")
	}
	if err := a.Check(); err != nil {
		return Distribution{}, fmt.Errorf("tumbling: %w", err)
	}
	gain := func(cos float64) float64 {
		r := a.Ray(degrees(math.Acos(min(max(cos, -1), 1))))
		if peer != nil {
			r.GainDBi -= MeanMismatchDB(r.Polarisation, *peer)
		}
		return r.GainDBi
	}
	gains := make([]float64, 0, attitudes)
	switch {
	case spin == nil: // the cosine of the angle off the axis is uniform over the sphere
		for i := range attitudes {
			gains = append(gains, gain(2*(float64(i)+0.5)/attitudes-1))
		}
	default:
		err := bounds("angle between spin axis and antenna", spin.AntennaDeg, 0, 180, "degrees")
		if err == nil && !spin.AnyPeer {
			err = bounds("angle between spin axis and peer", spin.PeerDeg, 0, 180, "degrees")
		}
		if err != nil {
			return Distribution{}, fmt.Errorf("tumbling: %w", err)
		}
		sinA, cosA := math.Sincos(radians(spin.AntennaDeg))
		peers := 1
		if spin.AnyPeer {
			peers = 64
		}
		turns := attitudes / peers
		for i := range peers {
			sinP, cosP := math.Sincos(radians(spin.PeerDeg))
			if spin.AnyPeer {
				cosP = 2*(float64(i)+0.5)/float64(peers) - 1
				sinP = math.Sqrt(1 - cosP*cosP)
			}
			for j := range turns { // half a turn: the other half is its mirror image
				turn := math.Pi * (float64(j) + 0.5) / float64(turns)
				gains = append(gains, gain(cosA*cosP+sinA*sinP*math.Cos(turn)))
			}
		}
	}
	sort.Float64s(gains)
	return Distribution{gains}, nil
}

// MeanDBi is the gain of the mean power.
func (d Distribution) MeanDBi() float64 {
	var sum float64
	for _, g := range d.gains {
		sum += ratio(g)
	}
	return decibels(sum / float64(len(d.gains)))
}

// ExceededDBi is the gain that is exceeded in a share of the attitudes from 0 to 1:
// 0.5 gives the median, 0.99 a gain to rely on.
func (d Distribution) ExceededDBi(share float64) float64 {
	n := len(d.gains)
	x := (1-share)*float64(n) - 0.5
	i := int(min(max(math.Floor(x), 0), float64(n-1)))
	j := min(i+1, n-1)
	return d.gains[i] + (d.gains[j]-d.gains[i])*min(max(x-float64(i), 0), 1)
}

// Below is the share of attitudes in which the gain is less than a threshold: the
// outage of a link that needs that much.
func (d Distribution) Below(gainDBi float64) float64 {
	return float64(sort.SearchFloat64s(d.gains, gainDBi)) / float64(len(d.gains))
}

// MinDBi and MaxDBi are the ends of the distribution.
func (d Distribution) MinDBi() float64 { return d.gains[0] }

// MaxDBi is the greatest gain.
func (d Distribution) MaxDBi() float64 { return d.gains[len(d.gains)-1] }
