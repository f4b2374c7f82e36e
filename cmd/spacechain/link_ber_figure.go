package main

import (
	"math"
	"slices"

	"spacechain/internal/plot"
	"spacechain/link/modem/ber"
)

// figure draws measured points over their theories; points carry bars of two standard deviations.
func (f *berFlags) figure(curves []ber.Curve, points [][]ber.Point) plot.Figure {
	from, to := f.from, f.to
	if from == to {
		from, to = from-1, to+1
	}
	fig := plot.Figure{Title: f.title, XLabel: "Eb/N0 / dB", YLabel: "bit error rate", LogY: true, XMin: from, XMax: to}
	if f.words {
		fig.YLabel = "word error rate"
	}
	if fig.Title == "" {
		fig.Title = "Errors in white noise"
	}
	low := 1.0 // the least rate that is drawn
	var theories []plot.Series
	for i, c := range curves {
		s := plot.Series{Name: c.Name, Style: plot.Points, Colour: i + 1}
		if f.words || c.Theory == nil {
			s.Style = plot.LineMark
		}
		for _, p := range points[i] {
			rate, deviation := p.Measured, p.Deviation
			if f.words {
				rate = p.WordErrorRate()
				deviation = math.Sqrt(rate * (1 - rate) / float64(max(1, p.Trials)))
			}
			if rate <= 0 {
				continue
			}
			low = min(low, rate)
			s.X = append(s.X, p.EbN0DB)
			s.Y = append(s.Y, rate)
			s.Low = append(s.Low, max(rate-2*deviation, rate/100))
			s.High = append(s.High, rate+2*deviation)
		}
		fig.Series = append(fig.Series, s)
		if f.words {
			if len(c.Published) > 0 {
				t := plot.Series{Name: c.Name + ", published", Style: plot.Dashes, Colour: i + 1}
				for _, p := range c.Published {
					t.X = append(t.X, p.EbN0DB)
					t.Y = append(t.Y, p.WordErrorRate)
				}
				theories = append(theories, t)
			}
			continue
		}
		if c.Theory == nil {
			continue
		}
		t := plot.Function(c.Law, from, to, 101, func(eb float64) float64 {
			if v := c.Theory(eb); v < 0.5 {
				return v
			}
			return 0 // a bound that says nothing; not drawn
		})
		t.Colour = i + 1
		known := slices.ContainsFunc(theories, func(o plot.Series) bool { return slices.Equal(o.Y, t.Y) })
		if !known {
			theories = append(theories, t)
		}
	}
	fig.YMax = 1
	fig.YMin = math.Pow(10, math.Floor(math.Log10(low)+1e-9))
	if fig.YMin == 1 {
		fig.YMin = 0.1
	}
	// Theories lie below the points.
	fig.Series = append(theories, fig.Series...)
	return fig
}
