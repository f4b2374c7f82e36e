package pass

import (
	"fmt"
	"time"

	"spacechain/astro"
	"spacechain/astro/frame"
	"spacechain/astro/visibility"
	"spacechain/link/channel"
)

// gridStep is the distance of the moments at which the orbit is worked out; in between a
// cubic is good to a metre.
const gridStep = 2 * time.Second

// geometry is where the satellite stands over the station during a pass.
type geometry struct {
	start  time.Time
	points []point
}

type point struct {
	rangeKm, rateKmS, elevationDeg float64
}

// margin is how much before the rise and after the set is looked at.
const margin = 20 * time.Second

func newGeometry(orbit visibility.Trajectory, place astro.Geodetic, rise, set time.Time) (*geometry, error) {
	g := &geometry{start: rise.Add(-margin).Truncate(gridStep)}
	centre := frame.NewTopocentre(place)
	for at := g.start; !at.After(set.Add(margin + gridStep)); at = at.Add(gridStep) {
		pos, vel, err := orbit.ECEF(at)
		if err != nil {
			return nil, fmt.Errorf("fly a pass: orbit at %s: %w", at.Format(time.RFC3339), err)
		}
		look := centre.Look(pos, vel)
		g.points = append(g.points, point{look.RangeKm, look.RangeRateKmS, look.ElevationDeg})
	}
	return g, nil
}

// at interpolates: range by a cubic through ranges and rates, the rate by a cubic through
// its neighbours.
func (g *geometry) at(t time.Time) point {
	s := t.Sub(g.start).Seconds() / gridStep.Seconds()
	i := min(max(int(s), 0), len(g.points)-2)
	u := min(max(s-float64(i), 0), 1)
	a, b := g.points[i], g.points[i+1]
	h := gridStep.Seconds()
	before, after := g.points[max(i-1, 0)], g.points[min(i+2, len(g.points)-1)]
	return point{
		rangeKm:      hermite(u, a.rangeKm, b.rangeKm, float64(h*a.rateKmS), float64(h*b.rateKmS)),
		rateKmS:      hermite(u, a.rateKmS, b.rateKmS, (b.rateKmS-before.rateKmS)/2, (after.rateKmS-a.rateKmS)/2),
		elevationDeg: a.elevationDeg + float64(u*(b.elevationDeg-a.elevationDeg)),
	}
}

// hermite is the cubic from a to b with slopes da and db at its ends, at u of 0 to 1.
func hermite(u, a, b, da, db float64) float64 {
	v := 1 - u
	return float64(v*v*(1+float64(2*u))*a) + float64(u*u*(1+float64(2*v))*b) + float64(u*v*v*da) - float64(u*u*v*db)
}

func (g *geometry) light(t time.Time) time.Duration { return channel.LightTime(g.at(t).rangeKm) }
