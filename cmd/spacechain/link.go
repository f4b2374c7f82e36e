package main

import "github.com/spf13/cobra"

func newLinkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "link",
		Short: "Decode and make what goes over a radio",
		Example: `  spacechain link decode pass.wav
  spacechain link encode --modem afsk1200 --from N0CALL --to CQ --out hello.wav "hello from orbit"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newLinkDecodeCommand(), newLinkEncodeCommand(), newLinkServeCommand(), newLinkKISSCommand(), newLinkPcapCommand(), newLinkBERCommand(), newLinkLadderCommand(), newLinkBudgetCommand(), newLinkPassCommand())
	return cmd
}
