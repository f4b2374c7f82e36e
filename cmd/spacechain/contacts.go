package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"spacechain/world"
	"spacechain/world/process"
)

func newContactsCommand() *cobra.Command {
	var f universeFlags
	var hours float64
	cmd := &cobra.Command{
		Use:   "contacts",
		Short: "Write the contact plan that role processes share",
		Long: `Work out from orbits when which nodes can talk, at what rate and with what light time,
and print it as the JSON file that "satellite", "station" and "terminal" read.`,
		Example: "  spacechain contacts --tle my.tle --stations Svalbard,Awarua --hours 24 > contacts.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if hours <= 0 || hours > 24*14 {
				return usagef("--hours %g: want more than 0, and at most two weeks", hours)
			}
			o, closeFiles, err := f.options(cmd)
			if err != nil {
				return err
			}
			defer closeFiles()
			c, err := world.Contacts(o.Topology, time.Duration(hours*float64(time.Hour)))
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d windows\n", len(c))
			return appJSON(cmd, process.FromWindows(c))
		},
	}
	f.add(cmd, 1)
	cmd.Flags().Float64Var(&hours, "hours", 24, "how far to look ahead from the start")
	for _, name := range []string{"scenario", "seed", "speed", "event-log", "interpreter", "radio"} {
		if err := cmd.Flags().MarkHidden(name); err != nil {
			panic(err) // the name is one of those just added
		}
	}
	return cmd
}
