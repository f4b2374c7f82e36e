package pass

import (
	"fmt"
	"time"

	"spacechain/astro/frame"
	"spacechain/astro/sgp4"
	"spacechain/astro/visibility"
	"spacechain/link/budget"
)

// Course is a pass as it can be told beforehand: when, where, and how strong each signal
// will be without fades. Passes that differ in seed, fades, depth or app share one.
type Course struct {
	orbit      *visibility.Orbit
	pass       visibility.Pass
	rise, set  time.Time
	altitudeKm float64 // at the culmination
	geometry   *geometry
	carriers   [5][]float64 // C/N0 in dBHz of each hop, every stride moments of the geometry
}

// Plan finds the pass that a configuration flies and works out its links' budgets.
func Plan(c Config) (*Course, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	p, err := plan(&c)
	if err != nil {
		return nil, fmt.Errorf("plan a pass: %w", err)
	}
	return p, nil
}

// Rise is when the pass begins.
func (p *Course) Rise() time.Time { return p.rise }

// Set is when it ends.
func (p *Course) Set() time.Time { return p.set }

func plan(c *Config) (*Course, error) {
	prop, err := sgp4.New(c.Orbit)
	if err != nil {
		return nil, fmt.Errorf("orbit: %w", err)
	}
	p := &Course{orbit: visibility.NewOrbit(prop)}
	if err := p.find(c); err != nil {
		return nil, err
	}
	for i, link := range links(c) {
		if p.carriers[i], err = p.carrier(c, link); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// search is how far ahead a pass is looked for.
const search = 10 * 24 * time.Hour

func (p *Course) find(c *Config) error {
	site := visibility.Site{Geodetic: c.Station.Place, MinElevationDeg: c.Station.MinElevationDeg, Mask: c.Station.Mask}
	for from := c.After; from.Before(c.After.Add(search)); from = from.Add(24 * time.Hour) {
		passes, err := visibility.Passes(p.orbit, site, from, from.Add(25*time.Hour))
		for _, v := range passes {
			if v.MaxElevationDeg < c.PeakDeg || v.OpenStart || v.OpenEnd {
				continue
			}
			p.pass, p.rise, p.set = v, v.Rise.Round(time.Millisecond), v.Set.Round(time.Millisecond)
			pos, _, err := p.orbit.ECEF(v.Culmination)
			if err != nil {
				return err
			}
			p.altitudeKm = frame.ToGeodetic(pos).AltKm
			p.geometry, err = newGeometry(p.orbit, c.Station.Place, p.rise, p.set)
			return err
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("%s has none over %s of %g degrees within %v of %s", c.Orbit.Name, c.Station.Name, c.PeakDeg,
		search, c.After.Format(time.RFC3339))
}

// stride is how many moments of the geometry's grid lie between those for which a budget is
// worked out: sixteen seconds.
const stride = 8

// carrier works out one of our own links (budget.Preset) along the pass.
func (p *Course) carrier(c *Config, link link) (cn0DBHz []float64, err error) {
	l, err := budget.Preset(link.preset)
	if err != nil {
		return nil, err
	}
	if link.wave.CarrierHz != l.FrequencyHz {
		l = l.Retune(link.wave.CarrierHz)
	}
	l.Path.StationHeightKm, l.Path.AltitudeKm = c.Station.Place.AltKm, p.altitudeKm
	var moments []budget.Moment
	for i := 0; i < len(p.geometry.points)+stride-1; i += stride {
		at := p.geometry.points[min(i, len(p.geometry.points)-1)]
		moments = append(moments, budget.Moment{ElevationDeg: max(at.elevationDeg, 0.5), RangeKm: at.rangeKm, RangeRateKmS: at.rateKmS})
	}
	points, err := l.Along(moments)
	for _, at := range points {
		cn0DBHz = append(cn0DBHz, at.CN0DBHz)
	}
	return cn0DBHz, err
}
