package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"spacechain/identity"
	"spacechain/world"
)

// tourSpeed is how many simulated seconds pass in a second of a tour.
const tourSpeed = 600

func newTourCommand() *cobra.Command {
	var f universeFlags
	var once, asJSON bool
	var sat uint64
	var orbits float64
	cmd := &cobra.Command{
		Use:   "tour",
		Short: "Show the whole way once: from an app's sources to its answer from orbit",
		Long: `Make a key, build and sign the example app fieldwatch, send it through a ground
station and inter-satellite links to a satellite, let it measure the Earth's
magnetic field for two orbits, and print the answer that comes home beside what
the IGRF-14 model says. It also tells by which modem, coding and frames each hop
went, and what the satellite's telemetry said. With --radio samples the package goes
through the modems on its way between satellites and stations. The universe is made
for the tour and kept in memory.`,
		Example: `  spacechain tour --once
  spacechain tour --once --tle starlink.tle --json
  spacechain tour --once --radio samples
  spacechain tour --sat 90031 --orbits 1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !(orbits > 0 && orbits <= 100) {
				return usagef("--orbits %g: want more than 0, and at most 100", orbits)
			}
			o, closeFiles, err := f.options(cmd)
			if err != nil {
				return err
			}
			defer closeFiles()
			u, err := world.New(o)
			if err != nil {
				return err
			}
			ctx, stop := context.WithCancel(cmd.Context())
			defer stop()
			g, ctx := errgroup.WithContext(ctx)
			g.Go(func() error { return u.Run(ctx, time.Time{}) })
			var told error // what came of the tour, whoever ended first
			ended := false
			g.Go(func() error {
				t := world.Tour{Universe: u, Satellite: sat, Orbits: orbits}
				told = tourWith(cmd, ctx, &t, asJSON)
				ended = told == nil || cmd.Context().Err() == nil
				if told == nil && !once {
					fmt.Fprintln(cmd.ErrOrStderr(), "the universe keeps running; Ctrl-C ends")
					<-ctx.Done()
				}
				stop()
				return told
			})
			err = g.Wait()
			if errors.Is(err, context.Canceled) && ended {
				err = told // the universe only noticed that the tour was over
			}
			return errors.Join(err, u.Close())
		},
	}
	f.add(cmd, tourSpeed)
	cmd.Flags().BoolVar(&once, "once", false, "exit when the answer is home")
	cmd.Flags().Uint64Var(&sat, "sat", 0, "satellite to go to (default: one that no station sees)")
	cmd.Flags().Float64Var(&orbits, "orbits", 2, "how long the app runs before it is asked")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// tourWith runs a tour with a fresh key and prints its progress and answer.
func tourWith(cmd *cobra.Command, ctx context.Context, t *world.Tour, asJSON bool) error {
	errOut := cmd.ErrOrStderr()
	var err error
	if t.Key, err = identity.Generate(); err != nil {
		return err
	}
	fmt.Fprintln(errOut, "a simulated universe: its satellites, stations and radios are all computed")
	t.Say = func(s world.TourStep) { fmt.Fprintf(errOut, "%s  %s\n", s.Sim.Format("15:04:05"), s.Text) }
	a, err := t.Run(ctx)
	if err != nil {
		return fmt.Errorf("tour: %w", err)
	}
	if asJSON {
		return appJSON(cmd, struct {
			Simulated bool `json:"simulated"`
			*world.TourAnswer
		}{true, a})
	}
	printTour(cmd.OutOrStdout(), a, isTerminal(cmd.OutOrStdout()) && os.Getenv("NO_COLOR") == "")
	return nil
}

// isTerminal reports whether a person looks at w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// printTour prints the answer: the way, how long it took, a table and a plot.
func printTour(out io.Writer, a *world.TourAnswer, colour bool) {
	fmt.Fprintf(out, "\nThe answer of fieldwatch on %s (satellite %d) is home", a.Name, a.Satellite)
	if a.Verified {
		fmt.Fprint(out, "; its receipt verifies")
	}
	fmt.Fprintf(out, ".\nUplinked %s, %d gas for the answer; by way of %s.\n\n", bytesText(a.Uplinked), a.Gas, strings.Join(a.Path, ", "))
	w := appTable(out)
	fmt.Fprintln(w, "LEG\tIN ORBIT\tHERE")
	var sim, wall time.Duration
	for _, l := range a.Legs {
		fmt.Fprintf(w, "%s\t%s\t%s\n", l.Name, short(l.Sim), short(l.Wall))
		sim, wall = sim+l.Sim, wall+l.Wall
	}
	fmt.Fprintf(w, "together\t%s\t%s\n", short(sim), short(wall))
	w.Flush()
	printRadios(out, a)

	fmt.Fprintf(out, "\n%d samples along the track; mean difference from IGRF-14: %.1f nT\n\n", len(a.Track), a.MeanDiff)
	w = appTable(out)
	fmt.Fprintln(w, "TIME\tLAT\tLON\tALT KM\tMEASURED NT\tIGRF NT\tDIFFERENCE")
	const lines = 16
	for i := range lines {
		if len(a.Track) < lines && i >= len(a.Track) {
			break
		}
		s := a.Track[i*max(len(a.Track)-1, 1)/max(min(lines, len(a.Track))-1, 1)]
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.0f\t%.1f\t%.1f\t%+.1f\n", s.Time.Format("15:04:05"), s.LatDeg, s.LonDeg, s.AltKm, s.Measured, s.IGRF, s.Measured-s.IGRF)
	}
	w.Flush()
	fmt.Fprintln(out)
	plotTrack(out, a.Track, colour)
}

// short gives a duration to three figures.
func short(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}
