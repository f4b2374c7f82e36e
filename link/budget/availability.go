package budget

import (
	"fmt"
	"math"

	"spacechain/link/channel"
	"spacechain/link/propagation"
)

// available gives the share of an average year, %, in which the link has margin on
// a path: the percentage at which the margin is 0, found between the bounds of the
// rain model, 0.001 and 5 %. A link that rain never closes is given 99.999 %; one
// that fails in more than 5 % counts as open in a clear sky only, 95 %, or never.
func (r ready) available(path Path) (float64, error) {
	margin := func(percent float64) (float64, error) {
		b, err := r.budget(path, percent)
		return b.MarginDB, err
	}
	switch clear, err := margin(0); {
	case err != nil:
		return 0, err
	case clear < 0:
		return 0, nil
	}
	low, high := math.Log(propagation.LeastRainPercent), math.Log(propagation.MostRainPercent)
	for range 30 { // to a millionth of itself
		middle := (low + high) / 2
		m, err := margin(math.Exp(middle))
		if err != nil {
			return 0, err
		}
		if m < 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return 100 - math.Exp(high), nil
}

// Availability gives the share of the time, %, in which a link with weather has
// margin, over the moments of passes that stand for equal times: ITU-R P.618-14
// §8, with the sky that rain warms and the clouds counted too. Give the moments
// of many passes, or of the elevations as often as they occur.
func (l Link) Availability(moments []Moment) (float64, error) {
	fail := func(err error) (float64, error) {
		return 0, fmt.Errorf("availability of %s: %w", l.Name, err)
	}
	if len(moments) == 0 {
		return fail(fmt.Errorf("no moments"))
	}
	if l.Path.Medium != channel.Atmosphere {
		return fail(fmt.Errorf("there is no weather between satellites"))
	}
	l.Path.ElevationDeg, l.Path.RangeKm = moments[0].ElevationDeg, moments[0].RangeKm
	r, err := l.prepare()
	if err != nil {
		return fail(err)
	}
	var sum float64
	for i, m := range moments {
		path := l.Path
		path.ElevationDeg, path.RangeKm = m.ElevationDeg, m.RangeKm
		percent, err := r.available(path)
		if err != nil {
			return fail(fmt.Errorf("moment %d: %w", i, err))
		}
		sum += percent
	}
	return sum / float64(len(moments)), nil
}
