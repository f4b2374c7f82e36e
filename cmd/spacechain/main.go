// Command spacechain turns satellites into shared computers: it builds, signs
// and deploys apps, runs the nodes of the network, and simulates the universe
// in which they fly. Each command group is a small file of its own; the work is
// done by the packages beside cmd.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit codes that scripts rely on.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130 // by Ctrl-C, as shells have it; what runs until then exits with 0
)

func main() {
	// The first Ctrl-C ends the work in hand cleanly; a second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run executes one command line and gives its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "spacechain: interrupted")
		return exitInterrupted
	}
	fmt.Fprintf(stderr, "spacechain: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(stderr, "Run \"%s --help\" for usage and examples.\n", cmd.CommandPath())
		return exitUsage
	}
	return exitFailed
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "spacechain",
		Short: "Satellites as shared computers",
		Long: `SpaceChain turns satellites into shared computers. Write an app, sign it, send it
up through a ground station, and it runs in a sandbox in orbit beside other
people's apps; its answer comes home signed.

Real satellites are replaced by a simulated universe with real orbits, radio
channels and faults. "spacechain tour" shows the whole way once.`,
		Example: `  spacechain tour --once
  spacechain up
  spacechain app init hello && cd hello && spacechain app build && spacechain app test`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(commands()...)
	root.InitDefaultCompletionCmd()
	root.SetHelpCommand(newHelpCommand(root))
	markUsage(root)
	return root
}

// newHelpCommand explains a command; one that is not there is a usage error.
func newHelpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Explain a command",
		Example: "  spacechain help app deploy",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("help: there is no command %q", strings.Join(args, " "))
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// markUsage makes wrong arguments of a command, and of those below it, usage errors,
// and flags that exclude each other or are missing as well.
func markUsage(cmd *cobra.Command) {
	check := cmd.Args
	if check == nil && !cmd.HasSubCommands() {
		check = cobra.ArbitraryArgs
	}
	if check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if err == nil {
				err = cmd.ValidateRequiredFlags()
			}
			if err == nil {
				err = cmd.ValidateFlagGroups()
			}
			if err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	if !cmd.Runnable() { // a group that cobra made: its help, but no unknown words
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	for _, sub := range cmd.Commands() {
		markUsage(sub)
	}
}
