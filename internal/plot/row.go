package plot

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// row draws one series and its sample in the legend.
type row struct {
	s    Series
	line draw.LineStyle // no width: none
	bar  draw.LineStyle
	mark draw.GlyphStyle // no radius: none
	log  bool
}

func newRow(s Series, place int, log bool) row {
	i := place
	if s.Colour > 0 {
		i = s.Colour - 1
	}
	var c color.Color = palette[i%len(palette)]
	r := row{s: s, log: log, bar: draw.LineStyle{Color: c, Width: 1}}
	if s.Style != Points {
		r.line = draw.LineStyle{Color: c, Width: 1.75}
	}
	if s.Style == Dashes {
		r.line.Dashes = []vg.Length{6, 4}
	}
	if s.Style == Points || s.Style == LineMark {
		r.mark = draw.GlyphStyle{Color: c, Radius: 3.5, Shape: marks[i%len(marks)]}
	}
	return r
}

// drawable tells whether a value has a place on the y axis.
func (r row) drawable(y float64) bool { return drawable(y, r.log) }

func drawable(y float64, log bool) bool { return finite(y) && (!log || y > 1e-150) }

// Plot implements gonum's plot.Plotter.
func (r row) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	var run []vg.Point
	stroke := func() {
		if len(run) > 1 && r.line.Width > 0 {
			c.StrokeLines(r.line, c.ClipLinesXY(run)...)
		}
		run = nil
	}
	for i, x := range r.s.X {
		if !finite(x) || !r.drawable(r.s.Y[i]) {
			stroke()
			continue
		}
		run = append(run, vg.Point{X: tx(x), Y: ty(r.s.Y[i])})
	}
	stroke()
	for i, x := range r.s.X {
		if !finite(x) || !r.drawable(r.s.Y[i]) {
			continue
		}
		at := vg.Point{X: tx(x), Y: ty(r.s.Y[i])}
		if r.s.Low != nil {
			r.drawBar(c, ty, at.X, r.s.Low[i], r.s.High[i])
		}
		if r.mark.Radius > 0 && c.Contains(at) {
			c.DrawGlyphNoClip(r.mark, at)
		}
	}
}

// drawBar draws an error bar with caps where it does not leave the picture.
func (r row) drawBar(c draw.Canvas, ty func(float64) vg.Length, x vg.Length, low, high float64) {
	const half = 3
	if !c.ContainsX(x) || !finite(high) || !r.drawable(high) || math.IsNaN(low) {
		return
	}
	from, to := c.Min.Y, ty(high)
	if r.drawable(low) {
		from = ty(low)
	}
	if from > c.Max.Y || to < c.Min.Y {
		return
	}
	if from > c.Min.Y {
		c.StrokeLine2(r.bar, x-half, from, x+half, from)
	}
	if to < c.Max.Y {
		c.StrokeLine2(r.bar, x-half, to, x+half, to)
	}
	c.StrokeLine2(r.bar, x, max(from, c.Min.Y), x, min(to, c.Max.Y))
}

// Thumbnail implements gonum's plot.Thumbnailer.
func (r row) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	if r.line.Width > 0 {
		c.StrokeLine2(r.line, c.Min.X, y, c.Max.X, y)
	}
	if r.mark.Radius > 0 {
		c.DrawGlyphNoClip(r.mark, vg.Point{X: c.Center().X, Y: y})
	}
}

// roundStep is a step of 1, 2 or 5 times a power of ten that divides a length into five to ten.
func roundStep(length float64) float64 {
	base := math.Pow(10, math.Floor(math.Log10(length/5)))
	for _, m := range []float64{5, 2} {
		if length/(m*base) >= 5 {
			return m * base
		}
	}
	return base
}

func linearTicks(low, high float64) []plot.Tick {
	return ticks(low, high, roundStep(high-low))
}

// wholeTicks are those of numbers of things.
func wholeTicks(low, high float64) []plot.Tick {
	return ticks(low, high, max(1, roundStep(high-low)))
}

// ticks are the multiples of a step.
func ticks(low, high, step float64) []plot.Tick {
	places := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	var out []plot.Tick
	first := math.Ceil(low/step - 1e-9)
	// Counted, because a step may vanish beside the ends.
	for i := range 25 {
		v := (first + float64(i)) * step
		if v > high+step*1e-9 {
			break
		}
		if v == 0 {
			v = 0 // no minus sign
		}
		label := strconv.FormatFloat(v, 'f', places, 64)
		if math.Abs(v) >= 1e7 || places > 6 {
			label = strconv.FormatFloat(v, 'g', 4, 64)
		}
		out = append(out, plot.Tick{Value: v, Label: label})
	}
	return out
}

func decadeTicks(low, high float64) []plot.Tick {
	var out []plot.Tick
	first, last := int(math.Floor(math.Log10(low)+1e-9)), int(math.Ceil(math.Log10(high)-1e-9))
	every := 1 + (last-first)/12
	for d := first; d <= last; d++ {
		v := math.Pow(10, float64(d))
		if v >= low*(1-1e-9) && v <= high*(1+1e-9) && (d-last)%every == 0 {
			label := "1e" + strconv.Itoa(d)
			if d >= -2 && d <= 4 {
				label = strconv.FormatFloat(v, 'f', max(0, -d), 64)
			}
			out = append(out, plot.Tick{Value: min(max(v, low), high), Label: label})
		}
		for m := 2.0; m < 10 && last-first <= 12; m++ {
			if w := m * v; w > low && w < high {
				out = append(out, plot.Tick{Value: w})
			}
		}
	}
	return out
}
