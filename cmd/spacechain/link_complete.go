package main

import (
	"slices"

	"github.com/spf13/cobra"

	"spacechain/link/receive"
)

// modemNames are those of the modems that are customary.
func modemNames() (names []string) {
	for _, c := range receive.Combinations() {
		if !slices.Contains(names, c.Modem) {
			names = append(names, c.Modem)
		}
	}
	return names
}

// completeFlag has the shell offer the values of a flag.
func completeFlag(cmd *cobra.Command, flag string, values ...string) {
	if err := cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // a flag that the command does not have: a mistake of the program
	}
}

// completeSeveral has the shell offer arguments that make sense once each.
func completeSeveral(values []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var left []cobra.Completion
		for _, v := range values {
			if !slices.Contains(args, v) {
				left = append(left, v)
			}
		}
		return left, cobra.ShellCompDirectiveNoFileComp
	}
}
