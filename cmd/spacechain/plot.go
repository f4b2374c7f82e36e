package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"spacechain/world"
)

const (
	plotWidth  = 72 // columns of dots
	plotHeight = 12 // rows of text
)

// plotTrack draws the field along the track: the model as dots, what was measured as
// circles on top of it.
func plotTrack(out io.Writer, track []world.TourSample, colour bool) {
	if len(track) == 0 {
		return
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range track {
		low = min(low, s.Measured, s.IGRF)
		high = max(high, s.Measured, s.IGRF)
	}
	if high-low < 1 {
		high = low + 1
	}
	from, to := track[0].Time, track[len(track)-1].Time
	span := max(to.Sub(from).Seconds(), 1)
	grid := make([][]rune, plotHeight)
	for i := range grid {
		grid[i] = []rune(strings.Repeat(" ", plotWidth))
	}
	put := func(s world.TourSample, nt float64, mark rune) {
		x := int(math.Round(s.Time.Sub(from).Seconds() / span * (plotWidth - 1)))
		y := plotHeight - 1 - int(math.Round((nt-low)/(high-low)*(plotHeight-1)))
		grid[y][x] = mark
	}
	for _, s := range track {
		put(s, s.IGRF, '·')
	}
	for _, s := range track {
		put(s, s.Measured, 'o')
	}
	on, off := "", ""
	if colour {
		on, off = "\x1b[36m", "\x1b[0m"
	}
	fmt.Fprintln(out, "field strength along the track, nT (o measured, · IGRF-14)")
	for i, row := range grid {
		label := strings.Repeat(" ", 7)
		if i == 0 || i == plotHeight-1 || i == plotHeight/2 {
			label = fmt.Sprintf("%7.0f", high-(high-low)*float64(i)/(plotHeight-1))
		}
		fmt.Fprintf(out, "%s |%s%s%s\n", label, on, strings.TrimRight(string(row), " "), off)
	}
	fmt.Fprintf(out, "        +%s\n", strings.Repeat("-", plotWidth))
	fmt.Fprintf(out, "         %-*s%s\n", plotWidth-8, from.Format("15:04:05"), to.Format("15:04:05"))
}
