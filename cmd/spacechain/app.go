package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newAppCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "app",
		Short: "Write, test, sign and deploy apps",
		Long: `An app is a small program that runs on a satellite: a schedule, an orbit event or a
message starts it, and what it returns travels home. Write it in JavaScript,
TypeScript, Go, C or Rust.`,
		Example: `  spacechain app init hello && cd hello
  spacechain app test --call "how are you"
  spacechain app sign
  spacechain app deploy --sat 90001`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newAppInitCommand(), newAppBuildCommand(), newAppTestCommand(), newAppSignCommand(), newAppInspectCommand(),
		newAppDeployCommand(), newAppListCommand(), newAppLogsCommand(), newAppCallCommand(),
		newAppStopCommand(), newAppStartCommand(), newAppRemoveCommand(), newAppRuntimeCommand(),
	)
	return cmd
}

// jsonFlag adds --json.
func jsonFlag(cmd *cobra.Command, v *bool) {
	cmd.Flags().BoolVar(v, "json", false, "print one JSON document on stdout")
}

// appJSON prints v on stdout as one JSON document.
func appJSON(cmd *cobra.Command, v any) error {
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// appFolder is the app's folder: the argument, or the current one.
func appFolder(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}

// bytesText gives a size for people.
func bytesText(n int) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// appTable aligns columns that are separated by tabs.
func appTable(out io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(out, 0, 8, 2, ' ', 0) }
