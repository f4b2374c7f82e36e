package main

import (
	"time"

	"github.com/spf13/cobra"

	"spacechain/astro/elements"
)

func newOrbitWalkerCommand() *cobra.Command {
	w := elements.DefaultWalker(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	kind, format, epoch := w.Kind.String(), "tle", w.Epoch.Format(time.RFC3339)
	cmd := &cobra.Command{
		Use:   "walker",
		Short: "Make a Walker constellation",
		Long: `Write the element sets of a Walker constellation: circular orbits of one height
and inclination, evenly spread over planes. A star spreads its planes over half
a turn (polar orbits), a delta over a full one. Without flags it is the built-in
constellation: 66 satellites in 6 planes, 780 km, 86.4 degrees, star.`,
		Example: `  spacechain orbit walker > default.tle
  spacechain orbit walker --kind delta --total 24 --planes 3 --phasing 1 \
    --altitude 23222 --inclination 56 --format omm-json --epoch 2026-05-30T00:00:00Z`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if w.Kind, err = elements.ParseKind(kind); err != nil {
				return usagef("--kind: %w", err)
			}
			if w.Epoch, err = parseInstant("epoch", epoch); err != nil {
				return err
			}
			if !cmd.Flags().Changed("phasing") {
				w.Phasing = w.Planes / 2
			}
			if err := w.Validate(); err != nil {
				return usageError{err}
			}
			out := cmd.OutOrStdout()
			if format == "tle" {
				return elements.WriteTLE(out, w.Sets())
			}
			for _, f := range []elements.Format{elements.JSON, elements.KVN, elements.XML} {
				if format == f.String() {
					return elements.WriteOMM(out, w.Sets(), f)
				}
			}
			return usagef("--format: %q is none of tle, omm-json, omm-kvn, omm-xml", format)
		},
	}
	fl := cmd.Flags()
	fl.IntVar(&w.Total, "total", w.Total, "satellites altogether")
	fl.IntVar(&w.Planes, "planes", w.Planes, "orbit planes")
	fl.IntVar(&w.Phasing, "phasing", w.Phasing,
		"steps of 360/total degrees between neighbours in adjacent planes; unless given, half the planes")
	fl.Float64Var(&w.AltKm, "altitude", w.AltKm, "height above the equatorial radius, km")
	fl.Float64Var(&w.InclinationDeg, "inclination", w.InclinationDeg, "inclination, degrees")
	fl.StringVar(&kind, "kind", kind, "star or delta")
	fl.StringVar(&format, "format", format, "tle, omm-json, omm-kvn or omm-xml")
	fl.StringVar(&epoch, "epoch", epoch, "epoch of the elements, UTC")
	fl.IntVar(&w.FirstNoradID, "first-norad", w.FirstNoradID, "catalogue number of the first satellite")
	fl.StringVar(&w.Name, "name", w.Name, "names become NAME PLANE-SLOT")
	return cmd
}
