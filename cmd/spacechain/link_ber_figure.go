package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"spacechain/internal/plot"
	"spacechain/link/modem/ber"
)

// pictureFits tells before long work whether a picture can be saved there; "" is none.
func pictureFits(path string) error {
	if path == "" {
		return nil
	}
	if _, err := plot.FormatOf(path); err != nil {
		return usageError{err}
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("--plot: %s is a directory", path)
	}
	dir := filepath.Dir(path)
	probe, err := os.CreateTemp(dir, ".plot-*")
	if err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			err = cause.Err // the probe's name says nothing
		}
		return fmt.Errorf("--plot: no file can be made in %s: %w", dir, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// berColour is a curve's colour by its place; the palette's sixth is too faint for small marks
// among others.
func berColour(i int) int {
	if i < 5 {
		return i + 1
	}
	return i + 2
}

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
		s := plot.Series{Name: c.Name, Style: plot.Points, Colour: berColour(i)}
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
				t := plot.Series{Name: c.Name + ", published", Style: plot.Dashes, Colour: berColour(i)}
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
		t.Colour = berColour(i)
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
