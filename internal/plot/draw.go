package plot

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// palette can be told apart by readers who see fewer colours (after Okabe and Ito), on white.
var palette = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, // blue
	{0xd5, 0x5e, 0x00, 0xff}, // vermilion
	{0x00, 0x9e, 0x73, 0xff}, // green
	{0xcc, 0x79, 0xa7, 0xff}, // purple
	{0xe6, 0x9f, 0x00, 0xff}, // orange
	{0x56, 0xb4, 0xe9, 0xff}, // sky
	{0x00, 0x00, 0x00, 0xff}, // black
	{0x80, 0x80, 0x80, 0xff}, // grey
}

var marks = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{},
	crossMark{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, plusMark{},
}

var ink, rule = color.NRGBA{0x22, 0x22, 0x22, 0xff}, color.NRGBA{0xd8, 0xd8, 0xd8, 0xff}

const (
	textSize  = 12 // points
	titleSize = 14
	margin    = 8
	pngDPI    = 144
)

// size is that of the picture in points.
func (f Figure) size() (w, h vg.Length) {
	w, h = 720, 420
	if f.Width > 0 {
		w = vg.Length(f.Width)
	}
	if f.Height > 0 {
		h = vg.Length(f.Height)
	}
	return w, h
}

func (f Figure) writeSVG(w io.Writer) error {
	c := vgsvg.NewWith(vgsvg.UseWH(f.size()))
	f.draw(c)
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return fmt.Errorf("plot: drawing %q: %w", f.Title, err)
	}
	out, err := f.annotate(b.Bytes())
	if err != nil {
		return err
	}
	// Where Liberation Sans is missing, fonts of the same widths do.
	out = bytes.ReplaceAll(out, []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;"))
	_, err = w.Write(out)
	return err
}

func (f Figure) writePNG(w io.Writer) error {
	width, height := f.size()
	c := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(pngDPI))
	f.draw(c)
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

func sans(size float64) font.Font {
	return font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, font.Length(size))
}

// draw puts the figure on a canvas: axes, series, and the legend to the right.
func (f Figure) draw(canvas vg.CanvasSizer) {
	p := plot.New()
	p.Title.Text = f.Title
	p.Title.TextStyle.Font = sans(titleSize)
	p.Title.TextStyle.Color = ink
	p.Title.Padding = 10
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.LineStyle.Color, a.Tick.LineStyle.Color = ink, ink
		a.Label.TextStyle.Font, a.Tick.Label.Font = sans(textSize), sans(textSize)
		a.Label.TextStyle.Color, a.Tick.Label.Color = ink, ink
		a.Label.Padding = 4
		a.Tick.Length = 5
		a.Padding = 0
	}
	p.X.Label.Text, p.Y.Label.Text = f.XLabel, f.YLabel
	f.axes(p)
	p.X.Tick.Marker = plot.TickerFunc(linearTicks)
	if f.WholeX {
		p.X.Tick.Marker = plot.TickerFunc(wholeTicks)
	}
	p.Y.Tick.Marker = plot.TickerFunc(linearTicks)
	if f.LogY {
		p.Y.Scale = plot.LogScale{}
		p.Y.Tick.Marker = plot.TickerFunc(decadeTicks)
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = rule, rule
	grid.Vertical.Width, grid.Horizontal.Width = 0.5, 0.5
	p.Add(grid)
	legend := plot.NewLegend()
	legend.TextStyle.Font, legend.TextStyle.Color = sans(textSize), ink
	legend.Top, legend.Left = true, true
	legend.Padding = 5
	legend.ThumbnailWidth = 26
	named := false
	for i, s := range f.Series {
		row := newRow(s, i, f.LogY)
		p.Add(row)
		if s.Name != "" {
			legend.Add(s.Name, row)
			named = true
		}
	}
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	all = draw.Crop(all, margin, -margin, margin, -margin)
	right := vg.Length(0)
	if named {
		right = min(legend.Rectangle(all).Size().X+14, all.Size().X/2)
	}
	p.BackgroundColor = nil
	p.Draw(draw.Crop(all, 0, -right, 0, 0))
	if named {
		legend.Draw(draw.Crop(all, all.Max.X-all.Min.X-right+14, 0, 0, -(titleSize + 14)))
	}
}

// axes sets the ends of the axes: as asked for, or from the data.
func (f Figure) axes(p *plot.Plot) {
	p.X.Min, p.X.Max = f.XMin, f.XMax
	p.Y.Min, p.Y.Max = f.YMin, f.YMax
	xs, ys := newSpan(), newSpan()
	for _, s := range f.Series {
		for i := range s.X {
			if !finite(s.X[i]) || !drawable(s.Y[i], f.LogY) {
				continue
			}
			xs.add(s.X[i])
			ys.add(s.Y[i])
			if s.Low == nil {
				continue
			}
			for _, v := range []float64{s.Low[i], s.High[i]} {
				if drawable(v, f.LogY) {
					ys.add(v)
				}
			}
		}
	}
	if f.XMin == 0 && f.XMax == 0 {
		p.X.Min, p.X.Max = xs.ends()
	} else if s := (span{f.XMin, f.XMax}); s.narrow() {
		p.X.Min, p.X.Max = s.ends()
	}
	set := f.YMin != 0 || f.YMax != 0
	switch {
	case f.LogY && set:
		p.Y.Max = max(f.YMax, 1.01*f.YMin)
	case f.LogY:
		p.Y.Min, p.Y.Max = ys.decades()
	case !set:
		p.Y.Min, p.Y.Max = ys.ends()
	default:
		if s := (span{f.YMin, f.YMax}); s.narrow() {
			p.Y.Min, p.Y.Max = s.ends()
		}
	}
}

// decades widens the span to powers of ten, twelve at most: a picture of more shows nothing.
func (s span) decades() (low, high float64) {
	if s.low > s.high {
		return 0.1, 1
	}
	top := math.Ceil(math.Log10(s.high))
	bottom := max(math.Floor(math.Log10(s.low)), top-12)
	return math.Pow(10, min(bottom, top-1)), math.Pow(10, top)
}

// span is what values lie between.
type span struct{ low, high float64 }

func newSpan() span { return span{math.Inf(1), math.Inf(-1)} }

func (s *span) add(v float64) { s.low, s.high = min(s.low, v), max(s.high, v) }

// narrow tells of a span that has no room for ticks.
func (s span) narrow() bool {
	return s.high-s.low <= max(1e-140, 1e-9*max(math.Abs(s.low), math.Abs(s.high)))
}

// ends widens the span to round values.
func (s span) ends() (low, high float64) {
	if s.low > s.high {
		return 0, 1
	}
	if s.narrow() {
		pad := max(1, math.Abs(s.low)*1e-6)
		return s.low - pad, s.high + pad
	}
	step := roundStep(s.high - s.low)
	return math.Floor(s.low/step) * step, math.Ceil(s.high/step) * step
}
