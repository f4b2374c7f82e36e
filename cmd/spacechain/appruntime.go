package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"spacechain/world"
)

func newAppRuntimeCommand() *cobra.Command {
	var k keyFlags
	var asJSON bool
	var output string
	cmd := &cobra.Command{
		Use:   "runtime",
		Short: "Pack and sign the JavaScript engine, for an operator's satellites",
		Long: `Pack the JavaScript engine (js@1) and sign it with the key of a satellite's operator.
The package goes aboard before launch: the satellite's file lists it under "aboard"
and names the operator's identity as "house". "up" and "tour" do this by themselves.`,
		Example: `  spacechain key new house
  spacechain app runtime --key house -o js.spk
  spacechain key export house --id       # for the satellite's file: house: spc1...`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			key, err := k.load()
			if err != nil {
				return err
			}
			p, err := world.RuntimePackage(key)
			if err != nil {
				return err
			}
			if p == nil {
				return errors.New("app runtime: this program was built without the JavaScript engine; run \"make runtime\" and build it again")
			}
			if output == "" {
				output = p.FileName()
			}
			if err := os.WriteFile(output, p.Encode(), 0o644); err != nil {
				return fmt.Errorf("write package: %w", err)
			}
			v, err := viewPackage(p)
			if err != nil {
				return err
			}
			v.File = output
			if asJSON {
				return appJSON(cmd, v)
			}
			fmt.Fprintln(cmd.OutOrStdout(), output)
			fmt.Fprintf(cmd.ErrOrStderr(), "%s by %s, %s\n", p.Manifest.Provides, v.Publisher, bytesText(v.FileBytes))
			return nil
		},
	}
	k.add(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "package file (default NAME-VERSION.spk in this folder)")
	jsonFlag(cmd, &asJSON)
	return cmd
}
