package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"spacechain/identity"
)

// defaultKey is the name of the key that commands use when none is named.
const defaultKey = "default"

// keyFlags are the flags of every command that reads keys.
type keyFlags struct {
	dataDir string
	name    string
}

// addDataDir adds --data-dir, the folder that has the keys in its folder keys.
func (k *keyFlags) addDataDir(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.dataDir, "data-dir", "", "folder of keys and state (default $XDG_DATA_HOME/spacechain)")
}

// add adds --data-dir and --key.
func (k *keyFlags) add(cmd *cobra.Command) {
	k.addDataDir(cmd)
	cmd.Flags().StringVar(&k.name, "key", defaultKey, "name of the key to sign with")
}

// store gives the keystore that the flags mean.
func (k *keyFlags) store() (identity.Keystore, error) {
	dir := k.dataDir
	if dir == "" {
		base := os.Getenv("XDG_DATA_HOME")
		if base == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return identity.Keystore{}, fmt.Errorf("find the key folder: %w; name one with --data-dir", err)
			}
			base = filepath.Join(home, ".local", "share")
		}
		dir = filepath.Join(base, "spacechain")
	}
	return identity.Keystore{Dir: filepath.Join(dir, "keys")}, nil
}

// load gives the key that the flags name.
func (k *keyFlags) load() (*identity.Key, error) {
	s, err := k.store()
	if err != nil {
		return nil, err
	}
	return s.Load(k.name)
}

func newKeyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make, list and export the keys that you sign with",
		Long: `A key is an identity: it publishes apps and owns the tenants that it deploys.
Keys are files that only you can read, in the folder keys of --data-dir.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKeyNewCommand(), newKeyListCommand(), newKeyExportCommand())
	return cmd
}

// keyView is a key as the commands show it.
type keyView struct {
	Name      string `json:"name"`
	ID        string `json:"id"`
	File      string `json:"file,omitempty"`
	Ed25519   string `json:"ed25519,omitempty"`
	MLDSA65   string `json:"ml_dsa_65,omitempty"`
	Secp256k1 string `json:"secp256k1,omitempty"`
	Public    string `json:"public,omitempty"`       // hexadecimal of identity.Public.Encode
	Seed      string `json:"private_seed,omitempty"` // hexadecimal
}

func newKeyNewCommand() *cobra.Command {
	var k keyFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "new [NAME]",
		Short: "Make a key",
		Example: `  spacechain key new
  spacechain key new work --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := defaultKey
			if len(args) == 1 {
				name = args[0]
			}
			s, err := k.store()
			if err != nil {
				return err
			}
			key, err := s.Create(name)
			if err != nil {
				return err
			}
			v := keyView{Name: name, ID: key.Public().ID().String(), File: filepath.Join(s.Dir, name+".key")}
			if asJSON {
				return appJSON(cmd, v)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s  %s\n", v.Name, v.ID)
			fmt.Fprintf(cmd.ErrOrStderr(), "kept in %s; whoever has this file can sign as you\n", v.File)
			return nil
		},
	}
	k.addDataDir(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newKeyListCommand() *cobra.Command {
	var k keyFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the keys",
		Example: `  spacechain key list --json`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := k.store()
			if err != nil {
				return err
			}
			names, err := s.List()
			if err != nil {
				return err
			}
			views := []keyView{}
			for _, name := range names {
				key, err := s.Load(name)
				if err != nil {
					return err
				}
				views = append(views, keyView{Name: name, ID: key.Public().ID().String(), File: filepath.Join(s.Dir, name+".key")})
			}
			if asJSON {
				return appJSON(cmd, views)
			}
			for _, v := range views {
				fmt.Fprintf(cmd.OutOrStdout(), "%-16s %s\n", v.Name, v.ID)
			}
			if len(views) == 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "no keys in %s; make one with \"spacechain key new\"\n", s.Dir)
			}
			return nil
		},
	}
	k.addDataDir(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}

func newKeyExportCommand() *cobra.Command {
	var k keyFlags
	var asJSON, id, public, private, yes bool
	cmd := &cobra.Command{
		Use:   "export [NAME]",
		Short: "Print a key's public side",
		Long: `Print a key's identity and its public keys, for those who verify or allow what it
signs; --json adds the ML-DSA-65 key, which is long. --public prints all public
keys as one hexadecimal line, as a terminal's file wants them of each satellite.
The private seed is printed only with --private and --yes.`,
		Example: `  spacechain key export
  spacechain key export work --json
  spacechain key export --data-dir satellite --public > satellite.pub
  spacechain key export work --private --yes > safe/work.seed`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if private && !yes {
				return usagef("key export --private: whoever has the private seed can sign as you; add --yes to print it")
			}
			k.name = defaultKey
			if len(args) == 1 {
				k.name = args[0]
			}
			key, err := k.load()
			if err != nil {
				return err
			}
			pub := key.Public()
			v := keyView{Name: k.name, ID: pub.ID().String(), Ed25519: hex.EncodeToString(pub.Ed25519[:]),
				MLDSA65: hex.EncodeToString(pub.MLDSA65), Secp256k1: hex.EncodeToString(pub.Secp256k1[:]),
				Public: hex.EncodeToString(pub.Encode())}
			if private {
				seed := key.Seed()
				v.Seed = hex.EncodeToString(seed[:])
			}
			out := cmd.OutOrStdout()
			switch {
			case asJSON:
				return appJSON(cmd, v)
			case id:
				_, err = fmt.Fprintln(out, v.ID)
			case public:
				_, err = fmt.Fprintln(out, v.Public)
			case private:
				_, err = fmt.Fprintln(out, v.Seed)
			default:
				_, err = fmt.Fprintf(out, "id         %s\ned25519    %s\nsecp256k1  %s\n", v.ID, v.Ed25519, v.Secp256k1)
			}
			return err
		},
	}
	k.addDataDir(cmd)
	jsonFlag(cmd, &asJSON)
	cmd.Flags().BoolVar(&id, "id", false, "print only the identity")
	cmd.Flags().BoolVar(&public, "public", false, "print only the public keys, as one hexadecimal line")
	cmd.Flags().BoolVar(&private, "private", false, "print the private seed")
	cmd.Flags().BoolVar(&yes, "yes", false, "confirm --private")
	cmd.MarkFlagsMutuallyExclusive("json", "id", "public")
	cmd.MarkFlagsMutuallyExclusive("private", "id", "public")
	return cmd
}
