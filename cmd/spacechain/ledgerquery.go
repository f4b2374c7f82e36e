package main

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"spacechain/ledger/chain"
)

// ledgerQuery makes a command that reads one thing from the chain and prints it as text or
// as JSON.
func ledgerQuery[T any](cmd *cobra.Command, get func(*chain.Chain, string) (T, error), text func(T) string) *cobra.Command {
	var f ledgerFlags
	var asJSON bool
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		arg := ""
		if len(args) > 0 {
			arg = args[0]
		}
		return f.read(func(c *chain.Chain) error {
			v, err := get(c, arg)
			if err != nil {
				return err
			}
			if asJSON {
				return appJSON(cmd, v)
			}
			_, err = fmt.Fprint(cmd.OutOrStdout(), text(v))
			return err
		})
	}
	f.add(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newLedgerInfoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "info",
		Short: "Describe the chain: tip, roots, hash of the unspent outputs",
		Long: `Describe the chain that is kept: its tip and roots as Qtum Core prints them, and the
hash of all unspent outputs (hash_serialized_3 of gettxoutsetinfo), which takes a
walk through all of them.`,
		Example: "  spacechain ledger info --json\n  spacechain ledger info --network regtest --data-dir ./regtest",
		Args:    cobra.NoArgs,
	}
	return ledgerQuery(cmd, func(c *chain.Chain, _ string) (*chain.Info, error) { return c.Info(true) }, func(i *chain.Info) string {
		return fmt.Sprintf(`network       %s
height        %d
best block    %s
median time   %d
hashStateRoot %s
hashUTXORoot  %s
chain work    %s
unspent       %d outputs of %d transactions, %v coins
utxo hash     %s
contracts     %d
blocks kept   from height %d on, %.1f MB
`, i.Network, i.Height, i.BestBlock, i.MedianTime, i.StateRoot, i.UTXORoot, i.ChainWork,
			i.Sets.TxOuts, i.Sets.Transactions, i.Sets.TotalAmount, i.Sets.HashSerialized, i.Sets.Contracts,
			i.PruneHeight, float64(i.BlockBytes)/1e6)
	})
}

func newLedgerBlockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "block HEIGHT|HASH",
		Short:   "Show a block with its transactions",
		Example: "  spacechain ledger block 1000\n  spacechain ledger block 665ed5b402ac0b44efc37d8926332994363e8a7278b7ee9a58fb972efadae943 --json",
		Args:    cobra.ExactArgs(1),
	}
	return ledgerQuery(cmd, (*chain.Chain).Block, func(b *chain.BlockInfo) string {
		var s strings.Builder
		fmt.Fprintf(&s, "block %s\nheight %d, %s, time %d, bits %s, %d bytes\n", b.Hash, b.Height, b.Flags, b.Time, b.Bits, b.Size)
		if b.PreviousBlockHash != "" { // of all but the first
			fmt.Fprintf(&s, "previous %s\n", b.PreviousBlockHash)
		}
		fmt.Fprintf(&s, "hashStateRoot %s\nhashUTXORoot %s\n", b.StateRoot, b.UTXORoot)
		for i := range b.Tx {
			s.WriteString(txText(&b.Tx[i]))
		}
		return s.String()
	})
}

func newLedgerTxCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tx TXID",
		Short:   "Show a transaction of the chain",
		Example: "  spacechain ledger tx ed34050eb5909ee535fcb07af292ea55f3d2f291187617b44d3282231405b96d --json",
		Args:    cobra.ExactArgs(1),
	}
	return ledgerQuery(cmd, func(c *chain.Chain, arg string) (*chain.TxInfo, error) {
		id, err := chain.ParseTxID(arg)
		if err != nil {
			return nil, usageError{err}
		}
		return c.Tx(id)
	}, func(tx *chain.TxInfo) string {
		return fmt.Sprintf("in block %s at height %d, %d confirmations\n", tx.BlockHash, tx.Height, tx.Confirmations) + txText(tx)
	})
}

// txText is a transaction as lines of text.
func txText(tx *chain.TxInfo) string {
	var s strings.Builder
	fmt.Fprintf(&s, "tx %s, %d bytes\n", tx.TxID, tx.Size)
	for _, in := range tx.Vin {
		if in.Coinbase != "" || in.TxID == "" {
			fmt.Fprintf(&s, "  in  coinbase %s\n", in.Coinbase)
			continue
		}
		fmt.Fprintf(&s, "  in  %s:%d\n", in.TxID, *in.Vout)
	}
	for _, out := range tx.Vout {
		to := out.Script.Address
		if c := out.Script.Contract; c != nil {
			to = fmt.Sprintf("%s gas limit %d at %d", c.Address, c.GasLimit, c.GasPrice)
		}
		fmt.Fprintf(&s, "  out %d  %v  %s %s\n", out.N, out.Value, out.Script.Type, to)
	}
	return s.String()
}

func newLedgerAccountCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "account ADDRESS",
		Short:   "Show a contract: balance, code, storage",
		Long:    `Show a contract's account, as Qtum Core's getaccountinfo does. ADDRESS is 40 hex digits.`,
		Example: "  spacechain ledger account 0000000000000000000000000000000000000080 --json",
		Args:    cobra.ExactArgs(1),
	}
	return ledgerQuery(cmd, func(c *chain.Chain, arg string) (*chain.AccountInfo, error) {
		a, err := chain.ParseAddress(arg)
		if err != nil {
			return nil, usageError{err}
		}
		return c.Account(a)
	}, func(a *chain.AccountInfo) string {
		s := fmt.Sprintf("contract %s\nbalance %d satoshi\nnonce   %d\ncode    %d bytes\n", a.Address, a.Balance, a.Nonce, len(a.Code)/2)
		if a.Vin != nil {
			s += fmt.Sprintf("output  %s:%d\n", a.Vin.Hash, a.Vin.NVout)
		}
		return s + storageText(a.Storage)
	})
}

func newLedgerStorageCommand() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:     "storage ADDRESS",
		Short:   "Show a contract's storage",
		Long:    `Show all of a contract's storage that is not zero, or the one value at --key.`,
		Example: "  spacechain ledger storage 0000000000000000000000000000000000000080\n  spacechain ledger storage 0000000000000000000000000000000000000080 --key 3",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&key, "key", "", "one key, in hex")
	return ledgerQuery(cmd, func(c *chain.Chain, arg string) (chain.StorageInfo, error) {
		a, err := chain.ParseAddress(arg)
		if err != nil {
			return nil, usageError{err}
		}
		all, err := c.Storage(a)
		if err != nil || key == "" {
			return all, err
		}
		word, err := storageKey(key)
		if err != nil {
			return nil, usageError{err}
		}
		for hash, slot := range all {
			if v, ok := slot[word]; ok {
				return chain.StorageInfo{hash: {word: v}}, nil
			}
		}
		return chain.StorageInfo{}, nil
	}, storageText)
}

// storageKey brings a key to 64 hex digits.
func storageKey(text string) (string, error) {
	digits := strings.TrimPrefix(text, "0x")
	if len(digits) > 64 || digits == "" {
		return "", fmt.Errorf("storage key %q: give 1 to 64 hex digits", text)
	}
	digits = strings.Repeat("0", 64-len(digits)) + strings.ToLower(digits)
	if _, err := hex.DecodeString(digits); err != nil {
		return "", fmt.Errorf("storage key %q: %w", text, err)
	}
	return digits, nil
}

// storageText is storage as lines of key and value, in the order of the keys.
func storageText(storage chain.StorageInfo) string {
	var lines []string
	for _, slot := range storage {
		for k, v := range slot {
			lines = append(lines, fmt.Sprintf("%s = %s\n", k, v))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}
