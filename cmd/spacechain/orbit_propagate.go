package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spacechain/astro"
	"spacechain/astro/elements"
	"spacechain/astro/sgp4"
)

// mostPoints bounds how many states one command computes.
const mostPoints = 10_000_000

// propagateFlags are the flags of "orbit propagate".
type propagateFlags struct {
	tle, checksum           string
	sat, index              int
	from, to, minutes       string
	step                    time.Duration
	opsmode, gravity        string
	json                    bool
	changedFrom, changedMin bool
}

func newOrbitPropagateCommand() *cobra.Command {
	var f propagateFlags
	cmd := &cobra.Command{
		Use:   "propagate",
		Short: "Compute position and velocity with SGP4",
		Long: `Compute position (km) and velocity (km/s) of one satellite in the TEME frame with
SGP4/SDP4, at given minutes from the epoch of its elements or over a span of UTC.

The six failures of the theory exit with 1 and name their code; the states
before the failure are printed. With --json the output is one list, and a
failure is also written to standard error as JSON:
  {"error":{"code":6,"norad_id":28872,"minutes":55,"message":"..."}}`,
		Example: `  spacechain orbit propagate --tle stations.tle --sat 25544 --minutes 0,120,240 --json
  spacechain orbit propagate --tle https://celestrak.org/NORAD/elements/gp.php?GROUP=stations \
    --sat 25544 --from 2026-05-30T12:00:00Z --to 2026-05-30T13:00:00Z --step 1m
  spacechain orbit walker | spacechain orbit propagate --tle - --sat 90001 --minutes 0`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.changedFrom = cmd.Flags().Changed("from") || cmd.Flags().Changed("to") || cmd.Flags().Changed("step")
			f.changedMin = cmd.Flags().Changed("minutes")
			return f.run(cmd)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.tle, "tle", "", catalogueHelp)
	fl.StringVar(&f.checksum, "checksum", "warn", checksumHelp)
	fl.IntVar(&f.sat, "sat", 0, "catalogue (NORAD) number of the satellite")
	fl.IntVar(&f.index, "index", 0, "which of several sets of that number, counted from 0")
	fl.StringVar(&f.minutes, "minutes", "", "minutes from the element epoch, separated by commas")
	fl.StringVar(&f.from, "from", "", "first time, UTC, such as 2026-05-30T12:00:00Z")
	fl.StringVar(&f.to, "to", "", "last time")
	fl.DurationVar(&f.step, "step", time.Minute, "step between them, such as 30s")
	fl.StringVar(&f.opsmode, "opsmode", "i", "i (improved) or a (afspc)")
	fl.StringVar(&f.gravity, "gravity", "wgs72", "gravity constants: wgs72, wgs84 or wgs72old")
	fl.BoolVar(&f.json, "json", false, "print one JSON list")
	return cmd
}

// run carries out the command.
func (f *propagateFlags) run(cmd *cobra.Command) error {
	mode, err := sgp4.ParseMode(f.opsmode)
	if err != nil {
		return usagef("--opsmode: %w", err)
	}
	gravity, err := sgp4.ParseGravity(f.gravity)
	if err != nil {
		return usagef("--gravity: %w", err)
	}
	if !cmd.Flags().Changed("sat") || f.sat < 0 {
		return usagef("--sat is missing; give the catalogue number of a satellite")
	}
	if f.index < 0 {
		return usagef("--index %d: sets are counted from 0", f.index)
	}
	at, err := f.points()
	if err != nil {
		return err
	}
	sets, err := readCatalogue(cmd, f.tle, f.checksum)
	if err != nil {
		return err
	}
	el, err := pickSatellite(sets, f.sat, f.index)
	if err != nil {
		return err
	}
	p, err := sgp4.New(el, sgp4.WithMode(mode), sgp4.WithGravity(gravity))
	if err == nil {
		out := bufio.NewWriter(cmd.OutOrStdout())
		err = f.print(out, el, p, at)
		if flushed := out.Flush(); flushed != nil {
			return fmt.Errorf("write states: %w", flushed)
		}
	} else if f.json {
		fmt.Fprintln(cmd.OutOrStdout(), "[]")
	}
	var failed *sgp4.Error
	if f.json && errors.As(err, &failed) {
		if err := writeErrorJSON(cmd.ErrOrStderr(), failed); err != nil {
			return err
		}
	}
	return err
}

// points returns the times that the flags name, for a given element epoch.
func (f *propagateFlags) points() (func(epoch time.Time, yield func(time.Time, float64) error) error, error) {
	switch {
	case f.changedMin && f.changedFrom:
		return nil, usagef("give either --minutes or --from, --to and --step")
	case f.changedMin:
		minutes, err := parseMinutes(f.minutes)
		if err != nil {
			return nil, err
		}
		return func(epoch time.Time, yield func(time.Time, float64) error) error {
			for _, m := range minutes {
				if err := yield(epoch.Add(time.Duration(m*float64(time.Minute))), m); err != nil {
					return err
				}
			}
			return nil
		}, nil
	case f.from == "" || f.to == "":
		return nil, usagef("the times are missing; give --minutes, or --from and --to")
	}
	from, err := parseInstant("from", f.from)
	if err != nil {
		return nil, err
	}
	to, err := parseInstant("to", f.to)
	if err != nil {
		return nil, err
	}
	if to.Before(from) {
		return nil, usagef("--to %s lies before --from %s", f.to, f.from)
	}
	if f.step <= 0 {
		return nil, usagef("--step %v: give more than 0", f.step)
	}
	if n := to.Sub(from) / f.step; n >= mostPoints {
		return nil, usagef("--step %v gives %d states, at most %d are computed", f.step, n+1, mostPoints)
	}
	return func(epoch time.Time, yield func(time.Time, float64) error) error {
		for t := from; !t.After(to); t = t.Add(f.step) {
			if err := yield(t, float64(t.Sub(epoch))/float64(time.Minute)); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// parseMinutes reads "0,120,240".
func parseMinutes(text string) ([]float64, error) {
	fields := strings.Split(text, ",")
	if len(fields) > mostPoints {
		return nil, usagef("--minutes: %d states, at most %d are computed", len(fields), mostPoints)
	}
	out := make([]float64, 0, len(fields))
	for _, field := range fields {
		m, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
		if err != nil {
			return nil, usagef("--minutes: %q is no number", field)
		}
		if !(m >= -sgp4.MaxMinutes && m <= sgp4.MaxMinutes) {
			return nil, usagef("--minutes: %q is not within %g of the epoch", field, float64(sgp4.MaxMinutes))
		}
		out = append(out, m)
	}
	return out, nil
}

// parseInstant reads the time of a flag, RFC 3339.
func parseInstant(flag, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, usagef("--%s: %q is not of the form 2026-05-30T12:00:00Z", flag, text)
	}
	return t.UTC(), nil
}

// orbitState is one state in the JSON output.
type orbitState struct {
	Time       time.Time  `json:"time"`
	Minutes    float64    `json:"minutes"`
	PosTEMEKm  astro.Vec3 `json:"pos_teme_km"`
	VelTEMEKmS astro.Vec3 `json:"vel_teme_km_s"`
}

// print writes the states, as a list of JSON objects or a table, and returns
// the failure that ended them.
func (f *propagateFlags) print(w io.Writer, el elements.Set, p *sgp4.Propagator,
	points func(time.Time, func(time.Time, float64) error) error) error {
	sep := "[\n"
	if !f.json {
		fmt.Fprintf(w, "%v, element epoch %s, TEME\n", el, p.Epoch().Format(time.RFC3339Nano))
		fmt.Fprintf(w, "%-27s %14s %15s %15s %15s %12s %12s %12s\n", "time", "minutes",
			"x km", "y km", "z km", "vx km/s", "vy km/s", "vz km/s")
	}
	err := points(p.Epoch(), func(t time.Time, minutes float64) error {
		s, err := p.At(minutes)
		if err != nil {
			return err
		}
		if !f.json {
			r, v := s.PosTEMEKm, s.VelTEMEKmS
			_, err := fmt.Fprintf(w, "%-27s %14.6f %15.6f %15.6f %15.6f %12.8f %12.8f %12.8f\n",
				t.Format("2006-01-02T15:04:05.000000Z"), minutes, r[0], r[1], r[2], v[0], v[1], v[2])
			return err
		}
		line, err := json.Marshal(orbitState{t, minutes, s.PosTEMEKm, s.VelTEMEKmS})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s%s", sep, line)
		sep = ",\n"
		return err
	})
	if f.json {
		if sep == "[\n" {
			sep = "["
		} else {
			sep = "\n"
		}
		fmt.Fprintln(w, sep+"]")
	}
	return err
}

// writeErrorJSON writes a failure of the theory as one JSON object.
func writeErrorJSON(w io.Writer, e *sgp4.Error) error {
	type detail struct {
		Code    int     `json:"code"`
		NoradID int     `json:"norad_id"`
		Minutes float64 `json:"minutes"`
		Message string  `json:"message"`
	}
	line, err := json.Marshal(map[string]detail{"error": {e.Code, e.NoradID, e.Minutes, e.Error()}})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}
