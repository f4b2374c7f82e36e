package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"spacechain/internal/kv"
	"spacechain/ledger/blockfile"
	"spacechain/ledger/chain"
	"spacechain/ledger/check"
	"spacechain/ledger/importer"
	"spacechain/ledger/params"
)

// importFlags are the flags of "ledger import".
type importFlags struct {
	ledgerFlags
	overrides          map[string]*[]string // by option, "no" before it included
	pruneMB            int64
	txIndex, temporary bool
	all, json          bool
}

func newLedgerImportCommand() *cobra.Command {
	f := importFlags{overrides: map[string]*[]string{}}
	cmd := &cobra.Command{
		Use:   "import FILE...",
		Short: "Validate the blocks of files and add them to the chain",
		Long: `Validate the blocks of files, every rule and every signature, and add them to the
chain that is kept. The files are Qtum Core's blk*.dat or bootstrap.dat, or test
vectors in JSON (.json, .json.gz), which name their network and options themselves
and which the chain is held against at the end.

An import may be stopped with Ctrl-C at any time, and goes on where it was when it
is begun again. Blocks are judged by the time that they bear.

Each vector is a chain of its own: several of them are checked one by one in a
temporary folder and not kept.`,
		Example: `  spacechain ledger import --network main --prune 2000 ~/.qtum/blocks/blk*.dat
  spacechain ledger import --data-dir ./regtest qtum_dgp.json.gz
  spacechain ledger import --network regtest --londonheight 2056 regtest/blocks/blk00000.dat
  spacechain ledger import vectors/*.json.gz`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.Int64Var(&f.pruneMB, "prune", 0, "keep only so many MB of old blocks (default: all)")
	fl.BoolVar(&f.txIndex, "txindex", false, "keep the place of every transaction; decided when the chain is made")
	fl.BoolVar(&f.temporary, "temporary", false, "check and keep nothing")
	fl.BoolVar(&f.all, "all", false, "print equal comparisons too")
	jsonFlag(cmd, &f.json)
	for _, o := range params.Overrides() {
		help := o.Help
		if !o.AnyNetwork {
			help += " (regtest)"
		}
		f.addOverride(fl, o.Name, help)
		if o.Value != "" && o.Value != "bool" {
			continue
		}
		fl.Lookup(o.Name).NoOptDefVal = "1"
		if o.Value == "bool" {
			f.addOverride(fl, "no"+o.Name, "the opposite of --"+o.Name)
			fl.Lookup("no" + o.Name).NoOptDefVal = "1"
			fl.Lookup("no" + o.Name).Hidden = true
		}
	}
	return cmd
}

// addOverride adds a flag for an option of qtumd, which may be given several times.
func (f *importFlags) addOverride(fl *pflag.FlagSet, name, help string) {
	v := new([]string)
	f.overrides[name] = v
	fl.StringArrayVar(v, name, nil, help)
}

// importResult is what the import of a chain came to, for --json.
type importResult struct {
	File    string           `json:"file,omitempty"` // of a vector that is not kept
	Info    *chain.Info      `json:"info"`
	Report  *importer.Report `json:"report"`
	Seconds float64          `json:"seconds"`
	PerSec  float64          `json:"blocks_per_second"`
	Equal   int              `json:"equal"`
	Unequal int              `json:"unequal"`
}

func (f *importFlags) run(cmd *cobra.Command, paths []string) error {
	if f.pruneMB < 0 {
		return usagef("--prune %d: give a number of MB", f.pruneMB)
	}
	// The garbage collector may work a little harder, so that an on-board computer need
	// not keep twice of what is in use.
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	net, vectors, err := f.networkOf(cmd, paths)
	if err != nil {
		return err
	}
	var results []importResult
	if vectors && (len(paths) > 1 || f.temporary) {
		var failed []error
		for _, path := range paths {
			res, err := f.vector(cmd, path)
			if res != nil {
				results = append(results, *res)
			}
			if err != nil {
				failed = append(failed, err)
			}
			if cmd.Context().Err() != nil {
				break
			}
		}
		err = errors.Join(failed...)
	} else {
		var res *importResult
		res, err = f.keep(cmd, net, paths)
		if res != nil {
			results = append(results, *res)
		}
	}
	if f.json {
		return errors.Join(err, appJSON(cmd, results))
	}
	return err
}

// networkOf gives the network of the files, and whether they are vectors.
func (f *importFlags) networkOf(cmd *cobra.Command, paths []string) (net *params.Network, vectors bool, err error) {
	net, err = f.named()
	if err != nil {
		return nil, false, err
	}
	kinds := map[blockfile.Kind]bool{}
	for _, path := range paths {
		of, known, kind, err := describeFile(path)
		if err != nil {
			return nil, false, err
		}
		kinds[kind] = true
		if net == nil && known {
			net = of
		}
		if known && net.Name != of.Name {
			return nil, false, usagef("%s is of the network %s, not %s", path, of.Name, net.Name)
		}
		if kind == blockfile.Vector {
			net = of
		}
	}
	if len(kinds) > 1 {
		return nil, false, usagef("give either vectors or block files, not both: a vector is a chain of its own")
	}
	if net == nil {
		return nil, false, usagef("%s does not begin with a block of a network that is known; name it with --network", paths[0])
	}
	for _, name := range slices.Sorted(maps.Keys(f.overrides)) {
		for _, value := range *f.overrides[name] {
			if kinds[blockfile.Vector] {
				return nil, false, usagef("--%s: a vector names its options itself", name)
			}
			if err := net.Override("-" + name + "=" + value); err != nil {
				return nil, false, usageError{err}
			}
		}
	}
	return net, kinds[blockfile.Vector], nil
}

func describeFile(path string) (net *params.Network, known bool, kind blockfile.Kind, err error) {
	file, err := blockfile.Open(path)
	if err != nil {
		return nil, false, 0, err
	}
	net, known, err = importer.NetworkOf(file)
	return net, known, file.Kind(), errors.Join(err, file.Close())
}

// keep imports files into the chain that is kept.
func (f *importFlags) keep(cmd *cobra.Command, net *params.Network, paths []string) (res *importResult, err error) {
	root, err := f.root()
	if err != nil {
		return nil, err
	}
	if f.temporary {
		if root, err = os.MkdirTemp("", "spacechain-ledger-"); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(root)) }()
	}
	dir := filepath.Join(root, net.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	err = f.into(cmd, dir, net, paths, &res)
	if res != nil && !f.json {
		fmt.Fprintf(cmd.OutOrStdout(), "the chain is in %s\n", dir)
	}
	return res, err
}

// vector imports a vector into a store of its own and removes it.
func (f *importFlags) vector(cmd *cobra.Command, path string) (res *importResult, err error) {
	net, _, _, err := describeFile(path)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "spacechain-ledger-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if !f.json {
		fmt.Fprintf(cmd.OutOrStdout(), "%s\n", path)
	}
	if err = f.into(cmd, dir, net, []string{path}, &res); res != nil {
		res.File = path
	}
	return res, err
}

// into imports files into the chain in dir and prints what came of it.
func (f *importFlags) into(cmd *cobra.Command, dir string, net *params.Network, paths []string, res **importResult) error {
	opt := chain.Options{PruneBytes: f.pruneMB << 20, TxIndex: f.txIndex}
	return withStore(dir, func(store kv.Store) error {
		return withChain(store, net, opt, func(c *chain.Chain) error {
			bar := newProgressBar(cmd.ErrOrStderr())
			at := importer.Progress{}
			report, err := importer.Import(cmd.Context(), c, paths, importer.Options{Progress: func(p importer.Progress) {
				at = p
				if t, due := bar.due(); due {
					done := (float64(p.Number-1) + float64(p.Read)/float64(max(p.Size, 1))) / float64(p.Files)
					bar.tell(done, fmt.Sprintf("height %d, %.0f blocks/s", p.Height, float64(p.Blocks)/t.Seconds()))
				}
			}})
			bar.end()
			took := bar.elapsed()
			if report == nil {
				return err
			}
			info, infoErr := c.Info(false)
			if infoErr != nil {
				return errors.Join(err, infoErr)
			}
			r := &importResult{Info: info, Report: report, Seconds: took.Seconds(), PerSec: float64(report.Blocks) / took.Seconds()}
			for _, x := range report.Comparisons {
				if x.Equal {
					r.Equal++
				} else {
					r.Unequal++
				}
			}
			*res = r
			if !f.json {
				f.print(cmd, r)
			}
			if err != nil {
				if e := check.Of(err); e != nil && e.Result == check.HeaderSync && report.Blocks == 0 {
					return fmt.Errorf("%w; another chain is kept there already: choose another --data-dir, or --temporary", err)
				}
				if cmd.Context().Err() != nil && !f.temporary {
					cmd.PrintErrf("stopped at height %d; the same command goes on from there\n", at.Height)
				}
				return err
			}
			switch {
			case report.Blocks+report.Known+report.Rejected+report.Orphans == 0 && report.SkippedBytes+report.Undecoded > 0:
				return fmt.Errorf("%s: no block of the network %s in it", paths[0], net.Name)
			case !report.Agrees():
				return fmt.Errorf("%s: %d of %d comparisons are not equal", paths[0], r.Unequal, r.Unequal+r.Equal)
			case report.Rejected > 0:
				return fmt.Errorf("%d blocks were rejected, the first one %s of %s: %s", report.Rejected,
					report.Rejections[0].Block, report.Rejections[0].File, report.Rejections[0].Text)
			}
			return nil
		})
	})
}

func (f *importFlags) print(cmd *cobra.Command, r *importResult) {
	out, n := cmd.OutOrStdout(), r.Report
	fmt.Fprintf(out, "  %d blocks with %d transactions in %.1f s (%.0f blocks/s)", n.Blocks, n.Transactions, r.Seconds, r.PerSec)
	for _, extra := range []struct {
		n    int64
		what string
	}{{n.Known, "known already"}, {n.Rejected, "rejected"}, {n.Orphans, "without their parents"}, {n.Undecoded, "not decoded"}, {n.SkippedBytes, "bytes that belong to no block"}} {
		if extra.n > 0 {
			fmt.Fprintf(out, ", %d %s", extra.n, extra.what)
		}
	}
	fmt.Fprintf(out, "\n  height %d, best block %s\n", r.Info.Height, r.Info.BestBlock)
	fmt.Fprintf(out, "  hashStateRoot %s\n  hashUTXORoot  %s\n", r.Info.StateRoot, r.Info.UTXORoot)
	if len(n.Comparisons) == 0 {
		return
	}
	for _, c := range n.Comparisons {
		switch {
		case !c.Equal:
			fmt.Fprintf(out, "  DIFFERS %s\n    want %s\n    got  %s\n", c.Name, c.Want, c.Got)
		case f.all || slices.Contains(headline, c.Name):
			fmt.Fprintf(out, "  equal   %s %s\n", c.Name, c.Got)
		}
	}
	fmt.Fprintf(out, "  %d comparisons equal, %d not\n", r.Equal, r.Unequal)
}

// headline are the comparisons that are always printed.
var headline = []string{"tip", "hashStateRoot", "hashUTXORoot", "utxo hash_serialized_3"}
