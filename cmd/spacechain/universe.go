package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"spacechain/astro/elements"
	"spacechain/clock"
	"spacechain/world"
	"spacechain/world/scenario"
	"spacechain/world/topology"
)

// universeFlags choose a universe; "up" and "tour" share them.
type universeFlags struct {
	tle, constellation, stations, scenario, start, eventLog string
	seed                                                    uint64
	speed                                                   float64
	checksum, radio                                         string
	interpreter                                             bool
}

func (f *universeFlags) add(cmd *cobra.Command, speed float64) {
	fl := cmd.Flags()
	fl.StringVar(&f.tle, "tle", "", "catalogue of real satellites: a file or URL with TLE or OMM (default: a built-in constellation of 66)")
	fl.StringVar(&f.constellation, "constellation", "", "Walker constellation KIND:TOTAL/PLANES/PHASING:KM:DEG, such as star:66/6/3:780:86.4")
	fl.StringVar(&f.checksum, "checksum", "warn", "what to do about wrong TLE checksums: warn or strict")
	fl.StringVar(&f.stations, "stations", "", "ground stations: a YAML file, or names of built-in ones with commas between (default: all built-in ones)")
	fl.StringVar(&f.scenario, "scenario", "", "YAML file of faults that happen")
	fl.Uint64Var(&f.seed, "seed", 1, "number from which the history follows, but for what is asked of the universe from outside")
	fl.Float64Var(&f.speed, "speed", speed, "simulated seconds in a second; 0 means as fast as events allow")
	fl.StringVar(&f.start, "start", "", "time at which the universe begins, RFC 3339 (default: the median element epoch)")
	fl.StringVar(&f.eventLog, "event-log", "", "file that gets a line for everything that happens")
	fl.StringVar(&f.radio, "radio", "frames", "how deep links between satellites and stations go: whole frames, or samples through the modems (slow)")
	completeFlag(cmd, "radio", "frames", "samples")
	fl.BoolVar(&f.interpreter, "interpreter", false, "run apps without compiling them, as on a 32-bit flight computer")
}

// maxSpeed is the highest speed that makes sense: faster than any machine's events.
const maxSpeed = 1e6

// options reads what the flags name. The function that it returns closes files.
func (f *universeFlags) options(cmd *cobra.Command) (world.Options, func() error, error) {
	o := world.Options{Name: "Walker star 66/6", Seed: f.seed, Version: version, Interpreter: f.interpreter, Pace: clock.Scaled(f.speed)}
	closer := func() error { return nil }
	errOut := cmd.ErrOrStderr()
	o.Warn = func(text string) { fmt.Fprintln(errOut, "warning:", text) }
	if !(f.speed >= 0 && f.speed <= maxSpeed) {
		return o, closer, usagef("--speed %g: want 0 to %g", f.speed, maxSpeed)
	}
	var err error
	if o.Radio, err = world.ParseDepth(f.radio); err != nil {
		return o, closer, usagef("--radio: %v", err)
	}
	if f.tle != "" && f.constellation != "" {
		return o, closer, usagef("--tle and --constellation both choose the satellites; give one")
	}
	if f.constellation != "" {
		w, err := parseWalker(f.constellation)
		if err != nil {
			return o, closer, err
		}
		o.Name, o.Topology.Sets = "Walker "+f.constellation, w.Sets()
	}
	if f.tle != "" {
		sets, err := readCatalogue(cmd, f.tle, f.checksum)
		if err != nil {
			return o, closer, err
		}
		o.Name, o.Topology.Sets = filepath.Base(f.tle), sets
	}
	if f.start != "" {
		t, err := time.Parse(time.RFC3339, f.start)
		if err != nil {
			return o, closer, usagef("--start %q: want a time such as 2026-05-30T12:00:00Z", f.start)
		}
		o.Topology.Start = t.UTC()
	}
	if err := f.places(&o.Topology); err != nil {
		return o, closer, err
	}
	if f.scenario != "" {
		file, err := os.Open(f.scenario)
		if err != nil {
			return o, closer, fmt.Errorf("read scenario: %w", err)
		}
		defer file.Close()
		if o.Scenario, err = scenario.Parse(file); err != nil {
			return o, closer, fmt.Errorf("scenario %s: %w", f.scenario, err)
		}
	}
	if f.eventLog != "" {
		file, err := os.Create(f.eventLog)
		if err != nil {
			return o, closer, fmt.Errorf("open event log: %w", err)
		}
		o.EventLog = func(line string) { fmt.Fprintln(file, line) }
		closer = file.Close
	}
	if cache, err := os.UserCacheDir(); err == nil {
		o.Cache = filepath.Join(cache, "spacechain", "modules")
	}
	return o, closer, nil
}

// places reads --stations.
func (f *universeFlags) places(o *topology.Options) error {
	if f.stations == "" {
		return nil
	}
	file, err := os.Open(f.stations)
	if err != nil {
		named, nameErr := topology.BuiltinNamed(strings.Split(f.stations, ",")...)
		if nameErr != nil {
			return usagef("--stations: %v", nameErr)
		}
		o.Stations = named
		return nil
	}
	defer file.Close()
	places, err := topology.ParsePlaces(file)
	if err != nil {
		return fmt.Errorf("stations %s: %w", f.stations, err)
	}
	o.Stations, o.Terminals = places.Stations, places.Terminals
	return nil
}

// parseWalker reads --constellation.
func parseWalker(text string) (elements.Walker, error) {
	w := elements.DefaultWalker(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	kind, rest, _ := strings.Cut(text, ":")
	n, err := fmt.Sscanf(rest+"\n", "%d/%d/%d:%g:%g\n", &w.Total, &w.Planes, &w.Phasing, &w.AltKm, &w.InclinationDeg)
	if err != nil || n != 5 {
		return w, usagef("--constellation %q: want KIND:TOTAL/PLANES/PHASING:KM:DEG, such as star:66/6/3:780:86.4", text)
	}
	if w.Kind, err = elements.ParseKind(kind); err != nil {
		return w, usagef("--constellation %q: %w", text, err)
	}
	if err := w.Validate(); err != nil {
		return w, usagef("--constellation %q: %w", text, err)
	}
	return w, nil
}
