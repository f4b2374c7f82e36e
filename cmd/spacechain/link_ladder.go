package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"spacechain/internal/plot"
	"spacechain/link/modem/ladder"
	"spacechain/link/modem/tnc"
	"spacechain/link/modem/wav"
	"spacechain/link/receive"
)

// ladderFlags are the flags of "link ladder".
type ladderFlags struct {
	modem, file, plot string
	seeds             int
	json              bool
}

func newLinkLadderCommand() *cobra.Command {
	var f ladderFlags
	cmd := &cobra.Command{
		Use:   "ladder",
		Short: "Count frames in noise that grows, beside other programs",
		Long: `Count how many of 100 frames are heard in noise that grows from frame to frame, as
direwolf's gen_packets -n 100 makes it: with one demodulator, and with several that
vote. The noise is of our own making, another one for each seed; --file takes a
recording of gen_packets too. Frames that are not of the ladder are counted apart:
in noise of our own they are false.`,
		Example: `  spacechain link ladder
  gen_packets -n 100 -o ladder.wav && spacechain link ladder --file ladder.wav --plot ladder.svg
  spacechain link ladder --modem g3ruh9600 --seeds 3 --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.modem, "modem", "afsk1200", "afsk1200 or g3ruh9600")
	fl.StringVar(&f.file, "file", "", "a ladder that gen_packets made, WAV; it counts as seed 0")
	fl.IntVar(&f.seeds, "seeds", 10, "ladders with noise of our own")
	fl.StringVar(&f.plot, "plot", "", "draw the counts into this file, .svg or .png")
	fl.BoolVar(&f.json, "json", false, "print a JSON object for each ladder")
	completeFlag(cmd, "modem", "afsk1200", "g3ruh9600")
	return cmd
}

// ladderCount is a ladder's outcome as --json prints it.
type ladderCount struct {
	Modem string `json:"modem"`
	Seed  int    `json:"seed"`  // 0 for the file
	One   int    `json:"one"`   // heard with one demodulator
	Vote  int    `json:"vote"`  // with several
	Other int    `json:"other"` // heard, and not of the ladder
}

func (f *ladderFlags) run(cmd *cobra.Command) error {
	var l ladder.Ladder
	for _, k := range ladder.All() {
		if k.Name == f.modem {
			l = k
		}
	}
	switch {
	case l.Name == "":
		return usagef("--modem %s: there are afsk1200 and g3ruh9600", f.modem)
	case f.seeds < 0 || f.seeds > 1000 || f.seeds == 0 && f.file == "":
		return usagef("--seeds %d: want 1 to 1000, or 0 with --file", f.seeds)
	}
	if err := pictureFits(f.plot); err != nil {
		return err
	}
	var counts []ladderCount
	first := 1
	if f.file != "" {
		first = 0
	}
	out := cmd.OutOrStdout()
	enc := json.NewEncoder(out)
	head := !f.json
	bar := newProgressBar(cmd.ErrOrStderr())
	defer bar.end()
	for seed := first; seed <= f.seeds; seed++ {
		c, err := f.count(cmd.Context(), l, seed)
		if errors.Is(err, context.Canceled) {
			break // what there is gets drawn
		} else if err != nil {
			return err
		}
		bar.end()
		counts = append(counts, c)
		if head {
			head = false
			fmt.Fprintf(out, "%-10s %4s %4s %7s  %s\n", "modem", "seed", "one", "several", "not of the ladder")
		}
		if f.json {
			err = enc.Encode(c)
		} else {
			_, err = fmt.Fprintf(out, "%-10s %4d %4d %7d  %d\n", c.Modem, c.Seed, c.One, c.Vote, c.Other)
		}
		if err != nil {
			return err
		}
		if _, due := bar.due(); due && seed < f.seeds {
			bar.tell(float64(seed-first+1)/float64(f.seeds-first+1), l.Name)
		}
	}
	err := cmd.Context().Err()
	if f.plot != "" && len(counts) > 0 {
		err = errors.Join(err, ladderFigure(l, counts).Save(f.plot))
	}
	return err
}

// count plays one ladder to the receivers.
func (f *ladderFlags) count(ctx context.Context, l ladder.Ladder, seed int) (ladderCount, error) {
	c := ladderCount{Modem: l.Name, Seed: seed}
	samples, rate, err := f.samples(l, seed)
	if err != nil {
		return c, err
	}
	combinations, err := receive.Find(l.Name, "ax25")
	if err != nil {
		return c, err
	}
	for _, effort := range []tnc.Effort{tnc.Quick, tnc.Thorough} {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		r, err := combinations[0].Open(rate, effort)
		if err != nil {
			return c, err
		}
		var heard [][]byte
		for _, fr := range r.Flush(r.Process(nil, samples)) {
			heard = append(heard, fr.Data)
		}
		good, others := ladder.Count(heard)
		if effort == tnc.Quick {
			c.One = good
		} else {
			c.Vote = good
		}
		c.Other = max(c.Other, others)
	}
	return c, nil
}

// samples are those of the file, or of a ladder of our own.
func (f *ladderFlags) samples(l ladder.Ladder, seed int) ([]float32, float64, error) {
	if seed > 0 {
		x, err := l.Audio(100, uint64(seed))
		return x, ladder.Rate, err
	}
	file, err := os.Open(f.file)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	r, err := wav.NewReader(file)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", f.file, err)
	}
	x, err := r.ReadAll(0)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", f.file, err)
	}
	return x, float64(r.Rate), nil
}

// ladderFigure draws the counts, with what other programs hear as lines across.
func ladderFigure(l ladder.Ladder, counts []ladderCount) plot.Figure {
	from, to := float64(counts[0].Seed)-0.5, float64(counts[len(counts)-1].Seed)+0.5
	fig := plot.Figure{Title: "Frames heard of 100 in noise that grows: " + l.Name, XLabel: "noise: 0 direwolf's, from 1 on our own seeds", YLabel: "frames heard",
		XMin: from, XMax: to, YMin: 50, YMax: 100.5, WholeX: true}
	one := plot.Series{Name: "one demodulator", Style: plot.Points, Colour: 6}
	vote := plot.Series{Name: "several that vote", Style: plot.Points, Colour: 1}
	for _, c := range counts {
		// Side by side: they are often equal.
		one.X, one.Y = append(one.X, float64(c.Seed)-0.1), append(one.Y, float64(c.One))
		vote.X, vote.Y = append(vote.X, float64(c.Seed)+0.1), append(vote.Y, float64(c.Vote))
		fig.YMin = min(fig.YMin, float64(c.One))
	}
	fig.Series = []plot.Series{one, vote}
	for i, rival := range []struct {
		name  string
		heard int
	}{{"direwolf 1.6", l.Direwolf}, {"multimon-ng 1.2.0", l.Multimon}} {
		if rival.heard > 0 {
			y := float64(rival.heard)
			fig.Series = append(fig.Series, plot.Series{Name: rival.name, Style: plot.Dashes, Colour: []int{2, 8}[i], X: []float64{from, to}, Y: []float64{y, y}})
		}
	}
	return fig
}
