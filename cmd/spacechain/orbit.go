package main

import "github.com/spf13/cobra"

// newOrbitCommand groups what can be computed from element sets alone.
func newOrbitCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "orbit",
		Short: "Propagate orbits, predict passes, make constellations",
		Long: `Compute with element sets alone, without a running network.

--tle takes a file, an http(s) URL or "-" for standard input, with TLE (two or
three lines) or OMM (JSON, KVN, XML); what it is shows from its content.`,
		Example: `  spacechain orbit propagate --tle stations.tle --sat 25544 --minutes 0,10,20
  spacechain orbit passes --tle stations.tle --sat 25544 --station 52.52,13.405,34
  spacechain orbit walker --total 24 --planes 3 --altitude 23222 --inclination 56 --kind delta`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newOrbitPropagateCommand(), newOrbitPassesCommand(), newOrbitWalkerCommand())
	return cmd
}
