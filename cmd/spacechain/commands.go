package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the build (-ldflags -X main.version=...).
var version = "dev"

// commands are the command groups, in the order in which help lists them.
func commands() []*cobra.Command {
	return []*cobra.Command{
		newTourCommand(),
		newUpCommand(),
		newAppCommand(),
		newKeyCommand(),
		newSatCommand(),
		newPassCommand(),
		newOrbitCommand(),
		newSatelliteCommand(),
		newStationCommand(),
		newTerminalCommand(),
		newContactsCommand(),
		newLedgerCommand(),
		newLinkCommand(),
		newVersionCommand(),
	}
}

func newVersionCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the program's version",
		Example: "  spacechain version --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := map[string]string{"version": version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "GOARM" {
						v["platform"] += "/" + s.Value
					}
				}
			}
			if asJSON {
				return appJSON(cmd, v)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "spacechain %s (%s, %s)\n", v["version"], v["go"], v["platform"])
			return err
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
