package plot

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// strokeWidth of marks that are lines only: gonum's are half a point, which nobody sees among
// filled ones.
const strokeWidth = 1.75

// crossMark is a cross of two diagonals.
type crossMark struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (crossMark) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, at vg.Point) {
	r := sty.Radius
	strokes(c, sty, at, vg.Point{X: r, Y: r}, vg.Point{X: r, Y: -r})
}

// plusMark is a cross of a level and an upright line.
type plusMark struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (plusMark) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, at vg.Point) {
	r := sty.Radius * 1.3
	strokes(c, sty, at, vg.Point{X: r}, vg.Point{Y: r})
}

// strokes draws lines through a point, each as far on one side as on the other.
func strokes(c *draw.Canvas, sty draw.GlyphStyle, at vg.Point, arms ...vg.Point) {
	line := draw.LineStyle{Color: sty.Color, Width: strokeWidth}
	for _, arm := range arms {
		c.StrokeLine2(line, at.X-arm.X, at.Y-arm.Y, at.X+arm.X, at.Y+arm.Y)
	}
}
