package main

import (
	"context"
	"errors"
	"net"

	"github.com/spf13/cobra"

	"spacechain/cloud/api"
	"spacechain/world/process"
)

// newRoleCommand makes the command of a role that runs as a process of its own.
func newRoleCommand(name, short, long string, run func(*cobra.Command, *process.Config) error) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     name + " --config FILE",
		Short:   short,
		Long:    long + "\n\nThe file's words are explained in docs/processes.md.",
		Example: "  spacechain " + name + " --config " + name + ".yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usagef("--config is missing; name the role's YAML file")
			}
			c, err := process.ReadConfig(file)
			if err != nil {
				return err
			}
			err = run(cmd, c)
			if errors.Is(err, context.Canceled) && cmd.Context().Err() != nil {
				return nil // ended by Ctrl-C
			}
			return err
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "YAML file of the role")
	return cmd
}

func newSatelliteCommand() *cobra.Command {
	return newRoleCommand("satellite", "Run one of a satellite's two computers",
		`Run a satellite's payload computer, or its platform computer ("module: platform"), as
a process of its own. The two share nothing but the bus.`,
		func(cmd *cobra.Command, c *process.Config) error { return process.RunSatellite(cmd.Context(), c) })
}

func newStationCommand() *cobra.Command {
	cmd := newRoleCommand("station", "Run a ground station, or list those of a running network",
		"Run a ground station, the relay between radio and core network, as a process of its own.",
		func(cmd *cobra.Command, c *process.Config) error { return process.RunStation(cmd.Context(), c) })
	cmd.AddCommand(newStationListCommand())
	return cmd
}

func newTerminalCommand() *cobra.Command {
	return newRoleCommand("terminal", "Run a user terminal with its API",
		`Run a user terminal as a process of its own: it sends an owner's commands and keeps what
comes home. The app commands reach it by --api.`,
		func(cmd *cobra.Command, c *process.Config) error {
			return process.RunTerminal(cmd.Context(), c, func(ctx context.Context, b api.Backend, ln net.Listener) error {
				return serveAPI(ctx, b, ln, cmd)
			})
		})
}
