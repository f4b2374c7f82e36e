package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"spacechain/ledger/chain"
)

func newLedgerVerifyCommand() *cobra.Command {
	var f ledgerFlags
	var level int
	var blocks int32
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check what is kept against itself and the rules",
		Long: `Read the stored blocks again and check them, ever more with --level:

  0  blocks and headers fit each other
  1  and the rules that need no state
  2  and what takes blocks back can be read
  3  and the roots and the hash of the unspent outputs come out of the state, and
     blocks can be taken back, each to the roots of its parent
  4  and those blocks connect again

Nothing is changed.`,
		Example: "  spacechain ledger verify\n  spacechain ledger verify --level 4 --blocks 0 --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if level < chain.VerifyBlocks || level > chain.VerifyConnect {
				return usagef("--level %d: there are %d to %d", level, chain.VerifyBlocks, chain.VerifyConnect)
			}
			if blocks < 0 {
				return usagef("--blocks %d: give a number of blocks, or 0 for all", blocks)
			}
			return f.read(func(c *chain.Chain) error {
				bar := newProgressBar(cmd.ErrOrStderr())
				got, err := c.Verify(cmd.Context(), chain.VerifyOptions{Level: level, Blocks: blocks,
					Progress: func(pass string, done, of int32) {
						if _, due := bar.due(); due {
							bar.tell(float64(done)/float64(max(of, 1)), fmt.Sprintf("%s, block %d of %d", pass, done, of))
						}
					}})
				bar.end()
				if err != nil {
					return err
				}
				if asJSON {
					return appJSON(cmd, got)
				}
				out := cmd.OutOrStdout()
				fmt.Fprintf(out, "in order at height %d: %d blocks read, %d taken back, %d connected again\n",
					got.Height, got.Blocks, got.Disconnected, got.Reconnected)
				if got.Pruned {
					fmt.Fprintln(out, "older blocks are pruned")
				}
				return nil
			})
		},
	}
	f.add(cmd)
	cmd.Flags().IntVar(&level, "level", chain.VerifyState, "how much to check, 0 to 4")
	cmd.Flags().Int32Var(&blocks, "blocks", 500, "how many blocks below the tip; 0 is all")
	jsonFlag(cmd, &asJSON)
	return cmd
}
