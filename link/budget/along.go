package budget

import (
	"fmt"
	"time"

	"spacechain/link/channel"
)

// Moment is where the satellite is at one time of a pass, as astro/visibility or any
// other source of geometry gives it.
type Moment struct {
	At           time.Duration // from any start
	ElevationDeg float64
	RangeKm      float64
	RangeRateKmS float64 // positive when the distance grows
}

// Point is the budget at one moment of a pass.
type Point struct {
	Moment
	DopplerHz float64 // of the carrier, as the receiver sees it
	CN0DBHz   float64
	EbN0DB    float64
	MarginDB  float64
	Outage    float64 // see [Budget]
	LightTime time.Duration
}

// Along works the link out at each moment of a pass. The link's own path says the
// satellite's altitude, the station's height and the medium; elevation and range
// are the moments'.
func (l Link) Along(moments []Moment) ([]Point, error) {
	if len(moments) == 0 {
		return nil, nil
	}
	l.Path.ElevationDeg, l.Path.RangeKm = moments[0].ElevationDeg, moments[0].RangeKm
	r, err := l.prepare()
	if err != nil {
		return nil, err
	}
	points := make([]Point, 0, len(moments))
	for i, m := range moments {
		path := l.Path
		path.ElevationDeg, path.RangeKm = m.ElevationDeg, m.RangeKm
		b, err := r.budget(path, l.Weather.UnavailablePercent)
		if err == nil {
			err = bounds("range rate", m.RangeRateKmS, -1e5, 1e5, "km/s")
		}
		if err != nil {
			return nil, fmt.Errorf("moment %d of the pass: %w", i, err)
		}
		points = append(points, Point{
			Moment: m, DopplerHz: channel.DopplerHz(l.FrequencyHz, m.RangeRateKmS),
			CN0DBHz: b.CN0DBHz, EbN0DB: b.EbN0DB, MarginDB: b.MarginDB, Outage: b.Outage, LightTime: b.LightTime,
		})
	}
	return points, nil
}

// OverElevation works the link out at elevations of a satellite at the altitude of
// the link's path, as [Overhead] places it.
func (l Link) OverElevation(elevationsDeg []float64) ([]Point, error) {
	if err := bounds("altitude", l.Path.AltitudeKm, 1, 1e9, "km"); err != nil {
		return nil, fmt.Errorf("link budget %s: %w", l.Name, err)
	}
	moments := make([]Moment, len(elevationsDeg))
	for i, e := range elevationsDeg {
		moments[i] = Moment{ElevationDeg: e, RangeKm: SlantRangeKm(l.Path.AltitudeKm, e)}
	}
	return l.Along(moments)
}
