// Package plot draws figures for documents in one style: lines, points and error bars over
// linear or logarithmic axes, as SVG or PNG by the suffix of the file. The same figure gives the
// same bytes, so that redrawing without a change gives no difference; an SVG carries the figure's
// data, which [Read] gives back. It is a house style around gonum.org/v1/plot, which no other
// package imports.
package plot

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Figure is one picture: series over a pair of axes, with a legend to the right of them.
type Figure struct {
	Title  string `json:"title"`
	XLabel string `json:"x_label"` // with the unit, such as "Eb/N0 / dB"
	YLabel string `json:"y_label"`
	// LogY makes the y axis logarithmic. Values of 0 and less are not drawn on it.
	LogY bool `json:"log_y,omitempty"`
	// The ranges of the axes; where both ends are 0 they come from the data.
	XMin float64 `json:"x_min,omitempty"`
	XMax float64 `json:"x_max,omitempty"`
	// WholeX allows ticks of the x axis at whole numbers only.
	WholeX bool    `json:"whole_x,omitempty"`
	YMin   float64 `json:"y_min,omitempty"`
	YMax   float64 `json:"y_max,omitempty"`
	// Width and Height of the picture in points; 0 is 720 by 420, which suits a README page.
	Width  float64  `json:"-"`
	Height float64  `json:"-"`
	Series []Series `json:"series"`
}

// Style is how a series is drawn.
type Style string

// The styles of series.
const (
	Line     Style = "line" // the zero value does as Line
	Dashes   Style = "dashes"
	Points   Style = "points"
	LineMark Style = "line with points"
)

// Series is one row of values with a name in the legend (none if empty).
type Series struct {
	Name  string `json:"name,omitempty"`
	Style Style  `json:"style,omitempty"`
	// Colour is one of the palette's, from 1 on; 0 takes the place in the list, so that a theory
	// and its measured points can share one.
	Colour int       `json:"colour,omitempty"`
	X      []float64 `json:"x"`
	Y      []float64 `json:"y"`
	// Low and High are the ends of error bars, as values on the y axis; nil draws none.
	Low  []float64 `json:"low,omitempty"`
	High []float64 `json:"high,omitempty"`
}

// Function is a series of a function's values at n places from one end to the other.
func Function(name string, from, to float64, n int, f func(x float64) float64) Series {
	s := Series{Name: name}
	for i := range n {
		x := from + float64((to-from)*float64(i))/float64(max(1, n-1))
		s.X = append(s.X, x)
		s.Y = append(s.Y, f(x))
	}
	return s
}

// The largest figure that is drawn: more is a mistake, and would fill memory.
const (
	maxSide   = 10000 // points
	maxSeries = 200
)

func (f Figure) check() error {
	if len(f.Series) == 0 || len(f.Series) > maxSeries {
		return fmt.Errorf("%d series, want 1 to %d", len(f.Series), maxSeries)
	}
	for _, v := range []float64{f.XMin, f.XMax, f.YMin, f.YMax, f.Width, f.Height} {
		if !finite(v) {
			return errors.New("a size or an end of an axis is not a number")
		}
	}
	if f.Width < 0 || f.Height < 0 || f.Width > maxSide || f.Height > maxSide {
		return fmt.Errorf("%g by %g points, want %d at most", f.Width, f.Height, maxSide)
	}
	if f.XMin > f.XMax || f.YMin > f.YMax {
		return errors.New("an axis ends before it begins")
	}
	if f.LogY && f.YMax != 0 && !drawable(f.YMin, true) {
		return fmt.Errorf("a logarithmic axis from %g", f.YMin)
	}
	for i, s := range f.Series {
		if len(s.X) != len(s.Y) || (s.Low != nil && len(s.Low) != len(s.X)) || (s.High != nil && len(s.High) != len(s.X)) {
			return fmt.Errorf("series %d (%s): rows of different lengths", i+1, s.Name)
		}
		if (s.Low == nil) != (s.High == nil) {
			return fmt.Errorf("series %d (%s): error bars with one end", i+1, s.Name)
		}
		switch s.Style {
		case "", Line, Dashes, Points, LineMark:
		default:
			return fmt.Errorf("series %d (%s): no style %q", i+1, s.Name, s.Style)
		}
	}
	return nil
}

// Formats are the suffixes of files that a figure can be saved as.
func Formats() []string { return []string{"svg", "png"} }

// FormatOf is the format of a file by its suffix.
func FormatOf(path string) (string, error) {
	got := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
	for _, f := range Formats() {
		if got == f {
			return f, nil
		}
	}
	return "", fmt.Errorf("plot: %s: pictures are .svg or .png files", path)
}

// Save draws the figure into a file, SVG or PNG by its suffix. A file of the same content is not
// written again.
func (f Figure) Save(path string) error {
	format, err := FormatOf(path)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := f.Write(&b, format); err != nil {
		return fmt.Errorf("%w (for %s)", err, path)
	}
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, b.Bytes()) {
		return nil
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// Write draws the figure in a format of [Formats].
func (f Figure) Write(w io.Writer, format string) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("plot: drawing %q: %w", f.Title, err)
	}
	switch format {
	case "svg":
		return f.writeSVG(w)
	case "png":
		return f.writePNG(w)
	}
	return fmt.Errorf("plot: drawing %q: no format %q, only %s", f.Title, format, strings.Join(Formats(), " and "))
}
