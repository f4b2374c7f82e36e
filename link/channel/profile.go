package channel

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
)

// Profile is a frequency offset over time: what motion does to a carrier.
type Profile interface {
	// OffsetHz is the offset at a time in seconds from the start of the samples.
	OffsetHz(seconds float64) float64
}

// Ramp is a constant offset with a constant rate of change.
type Ramp struct {
	OffsetAtStartHz float64
	RateHzPerS      float64
}

// OffsetHz implements [Profile].
func (r Ramp) OffsetHz(seconds float64) float64 { return r.OffsetAtStartHz + r.RateHzPerS*seconds }

// ProfileFunc is any function of the time in seconds.
type ProfileFunc func(seconds float64) float64

// OffsetHz implements [Profile].
func (f ProfileFunc) OffsetHz(seconds float64) float64 { return f(seconds) }

// ProfilePoint is the offset at one time.
type ProfilePoint struct {
	Seconds, OffsetHz float64
}

// Points is a profile through points: cubic between them with the slopes of their neighbours
// (Catmull-Rom), so that the rate has no jumps, and constant outside.
type Points struct{ points []ProfilePoint }

// NewPoints returns a profile through at least one point, in order of time.
func NewPoints(points []ProfilePoint) (*Points, error) {
	if len(points) == 0 {
		return nil, errors.New("channel: a profile without points")
	}
	for i, p := range points {
		if finite(p.Seconds) != p.Seconds || finite(p.OffsetHz) != p.OffsetHz {
			return nil, fmt.Errorf("channel: point %d of a profile is not finite", i)
		}
		if i > 0 && p.Seconds <= points[i-1].Seconds {
			return nil, fmt.Errorf("channel: point %d of a profile is not after the one before", i)
		}
	}
	return &Points{slices.Clone(points)}, nil
}

// OffsetHz implements [Profile].
func (p *Points) OffsetHz(seconds float64) float64 {
	n := len(p.points)
	i := sort.Search(n, func(i int) bool { return p.points[i].Seconds > seconds }) - 1
	if i < 0 {
		return p.points[0].OffsetHz
	}
	if i >= n-1 {
		return p.points[n-1].OffsetHz
	}
	a, b := p.points[i], p.points[i+1]
	width := b.Seconds - a.Seconds
	slope := func(i int) float64 {
		l, r := p.points[max(0, i-1)], p.points[min(n-1, i+1)]
		return (r.OffsetHz - l.OffsetHz) / (r.Seconds - l.Seconds)
	}
	u := (seconds - a.Seconds) / width
	ma, mb := slope(i)*width, slope(i+1)*width
	d := b.OffsetHz - a.OffsetHz
	return a.OffsetHz + u*(ma+u*((3*d-2*ma-mb)+u*(ma+mb-2*d)))
}

// Flyby is the Doppler profile of a satellite that passes a station in a straight line at constant
// speed: the S of a pass, for trials without an orbit.
type Flyby struct {
	CarrierHz  float64
	SpeedKmS   float64 // relative to the station
	NearestKm  float64 // distance at the closest approach
	NearestAtS float64 // when that is, seconds from the start
}

// OffsetHz implements [Profile].
func (f Flyby) OffsetHz(seconds float64) float64 {
	along := f.SpeedKmS * (seconds - f.NearestAtS)
	rate := f.SpeedKmS * along / math.Hypot(along, f.NearestKm) // of the distance, km/s
	return -f.CarrierHz * rate / SpeedOfLightKmS
}
