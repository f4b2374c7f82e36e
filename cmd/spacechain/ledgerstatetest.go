package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"spacechain/ledger/evm/statetest"
)

func newLedgerStatetestCommand() *cobra.Command {
	var asJSON, quiet bool
	var opt statetest.Options
	cmd := &cobra.Command{
		Use:   "statetest FILE...",
		Short: "Run Ethereum state tests on the EVM",
		Long: `Run Ethereum's GeneralStateTests with Ethereum's own rules, that is without the
deviations of Qtum. FILE is a test, or a folder with tests in it, or - for standard
input. With --json the results are printed as geth's "evm statetest" prints them.
The exit code is 1 if a case fails.`,
		Example: `  spacechain ledger statetest GeneralStateTests/stSStoreTest/sstore_XtoXto0.json --json
  spacechain ledger statetest --quiet --fork Cancun GeneralStateTests`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := stateTestFiles(args)
			if err != nil {
				return err
			}
			results := []statetest.Result{}
			passed, skipped, failed := 0, 0, 0
			bar := newProgressBar(cmd.ErrOrStderr())
			for i, name := range files {
				if err := cmd.Context().Err(); err != nil {
					bar.end()
					return err
				}
				more, err := runStateTest(cmd, name, opt)
				if err != nil {
					bar.end()
					return err
				}
				for _, r := range more {
					switch {
					case r.Skipped != "":
						skipped++
					case r.Pass:
						passed++
					default:
						failed++
					}
					if !asJSON && (!quiet || !r.Pass && r.Skipped == "") {
						bar.end()
						fmt.Fprintln(cmd.OutOrStdout(), stateTestLine(r))
					}
				}
				if asJSON {
					results = append(results, more...)
				}
				if _, due := bar.due(); due {
					bar.tell(float64(i+1)/float64(len(files)), fmt.Sprintf("%d passed, %d failed", passed, failed))
				}
			}
			bar.end()
			if asJSON {
				if err := appJSON(cmd, results); err != nil {
					return err
				}
			} else {
				fmt.Fprintf(cmd.OutOrStdout(), "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
			}
			if failed > 0 {
				return fmt.Errorf("%d of %d cases failed", failed, failed+passed)
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&opt.Forks, "fork", nil, "run only these forks, such as London,Cancun")
	cmd.Flags().StringVar(&opt.NameHas, "run", "", "run only tests whose name contains this")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "print only failures and the sum")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func stateTestLine(r statetest.Result) string {
	switch {
	case r.Skipped != "":
		return fmt.Sprintf("skip %s [%s]: %s", r.Name, r.Fork, r.Skipped)
	case r.Pass:
		return fmt.Sprintf("ok   %s [%s] %s", r.Name, r.Fork, r.StateRoot)
	}
	return fmt.Sprintf("FAIL %s [%s] %s: %s", r.Name, r.Fork, r.StateRoot, r.Error)
}

// stateTestFiles gives the files, and those in folders, in order.
func stateTestFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		if arg == "-" {
			files = append(files, arg)
			continue
		}
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(path, ".json") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("there is no .json file in %s", arg)
		}
	}
	return files, nil
}

func runStateTest(cmd *cobra.Command, name string, opt statetest.Options) ([]statetest.Result, error) {
	var r io.Reader = cmd.InOrStdin()
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	results, err := statetest.Run(r, name, opt)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("state test %s: %w", name, err)
	}
	return results, err
}
