package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"spacechain/internal/kv"
	"spacechain/ledger/chain"
	"spacechain/ledger/params"
)

func newLedgerCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Validate and query the block chain",
		Long: `The ledger is Qtum's: unspent outputs, contracts and proof of stake. It accepts
what Qtum Core accepts, on Qtum's own networks (main, test, regtest) and on
spacechain, which has the same rules and every fork from its first block on.

The chain of a network is kept in the folder ledger/NETWORK of --data-dir.`,
		Example: `  spacechain ledger import --network main ~/.qtum/blocks/blk*.dat
  spacechain ledger info --json
  spacechain ledger block 1000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newLedgerImportCommand(),
		newLedgerVerifyCommand(),
		newLedgerInfoCommand(),
		newLedgerBlockCommand(),
		newLedgerTxCommand(),
		newLedgerAccountCommand(),
		newLedgerStorageCommand(),
		newLedgerStatetestCommand(),
	)
	return cmd
}

// ledgerFlags name a chain: whose, and where it is kept.
type ledgerFlags struct {
	keys    keyFlags // for --data-dir
	network string
}

// add adds --network and --data-dir.
func (f *ledgerFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.network, "network", "", "network: "+strings.Join(params.Names(), ", ")+" (default: the one that is kept there, else "+params.Names()[0]+")")
	f.keys.addDataDir(cmd)
	_ = cmd.RegisterFlagCompletionFunc("network", cobra.FixedCompletions(params.Names(), cobra.ShellCompDirectiveNoFileComp))
}

// root gives the folder that holds a folder for each network.
func (f *ledgerFlags) root() (string, error) {
	store, err := f.keys.store()
	return filepath.Join(filepath.Dir(store.Dir), "ledger"), err
}

// named gives the network of --network, or nil without the flag.
func (f *ledgerFlags) named() (*params.Network, error) {
	if f.network == "" {
		return nil, nil
	}
	net, ok := params.ByName(f.network)
	if !ok {
		return nil, usagef("--network %s: there are %s", f.network, strings.Join(params.Names(), ", "))
	}
	return net, nil
}

// kept gives the name of the network whose chain is to be read: the one that is named, the
// only one that is there, or the first.
func (f *ledgerFlags) kept() (string, error) {
	net, err := f.named()
	if err != nil || net != nil {
		return f.network, err
	}
	root, err := f.root()
	if err != nil {
		return "", err
	}
	var found []string
	for _, name := range params.Names() {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("there is no chain in %s; bring one in with \"spacechain ledger import\"", root)
	case 1:
		return found[0], nil
	}
	return "", usagef("there are chains of %s in %s; choose one with --network", strings.Join(found, " and "), root)
}

// read opens the chain that is kept, gives it to fn, and closes it.
func (f *ledgerFlags) read(fn func(*chain.Chain) error) error {
	name, err := f.kept()
	if err != nil {
		return err
	}
	root, err := f.root()
	if err != nil {
		return err
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("there is no chain of %s in %s; bring one in with \"spacechain ledger import\"", name, root)
	}
	return withStore(dir, func(store kv.Store) error {
		net, ok, err := chain.StoredNetwork(store)
		if err == nil && !ok {
			err = fmt.Errorf("the store in %s holds no chain", dir)
		}
		if err != nil {
			return err
		}
		return withChain(store, net, chain.Options{}, fn)
	})
}

func withStore(dir string, fn func(kv.Store) error) error {
	store, err := kv.OpenPebbleSized(dir, nil, chain.StoreSizes)
	if err != nil {
		return err
	}
	err = fn(store)
	return errors.Join(err, store.Close())
}

func withChain(store kv.Store, net *params.Network, opt chain.Options, fn func(*chain.Chain) error) error {
	c, err := chain.Open(store, net, opt)
	if err != nil {
		return err
	}
	err = fn(c)
	return errors.Join(err, c.Close())
}
