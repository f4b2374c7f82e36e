package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"spacechain/identity"
	"spacechain/spaceos/build"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/spk"
	"spacechain/spaceos/spk/oci"
)

func newAppSignCommand() *cobra.Command {
	var k keyFlags
	var asJSON bool
	var output, layout string
	cmd := &cobra.Command{
		Use:   "sign [DIR]",
		Short: "Build, pack and sign an app",
		Long: `Build the app in DIR (default: this folder), and sign its manifest and module with
your key: Ed25519 and ML-DSA-65, both required on every satellite. The package is
written to build/NAME-VERSION.spk in the app's folder.`,
		Example: `  spacechain app sign
  spacechain app sign hello --key work -o hello.spk
  spacechain app sign --oci ./registry`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := k.load()
			if err != nil {
				return err
			}
			dir := appFolder(args)
			p, err := packApp(cmd, dir, key, asJSON)
			if err != nil {
				return err
			}
			if layout != "" {
				tag, err := oci.Write(cmd.Context(), layout, p)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "in the OCI layout %s as %s\n", layout, tag)
			}
			if output == "" {
				output = filepath.Join(dir, "build", p.FileName())
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
			fmt.Fprintf(cmd.OutOrStdout(), "%s\n", output)
			fmt.Fprintf(cmd.ErrOrStderr(), "%s %s by %s: %s, %s to uplink\nnext: spacechain app deploy %s --sat NUMBER\n",
				v.App, v.Version, v.Publisher, bytesText(v.FileBytes), bytesText(v.UplinkBytes), output)
			return nil
		},
	}
	k.add(cmd)
	cmd.Flags().StringVarP(&output, "output", "o", "", "package file (default build/NAME-VERSION.spk in the app's folder)")
	cmd.Flags().StringVar(&layout, "oci", "", "also put the package into the OCI image layout in this folder")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// packApp builds the app in dir and signs it.
func packApp(cmd *cobra.Command, dir string, key *identity.Key, asJSON bool) (*spk.Package, error) {
	r, err := buildApp(cmd, dir, "", asJSON)
	if err != nil {
		return nil, err
	}
	return spk.Sign(r.Manifest, r.Module, key)
}

// readPackage reads a package file.
func readPackage(path string) (*spk.Package, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read package: %w", err)
	}
	p, err := spk.Open(data, spk.Limits{})
	if err != nil {
		return nil, fmt.Errorf("read package %s: %w", path, err)
	}
	return p, nil
}

// packageView is a package as the commands show it.
type packageView struct {
	File        string            `json:"file,omitempty"`
	App         string            `json:"app"`
	Version     manifest.Version  `json:"version"`
	Publisher   string            `json:"publisher"`
	Counter     uint64            `json:"counter"`
	Digest      string            `json:"digest"`        // SHA-256 of the signed manifest
	Module      string            `json:"module_sha256"` // SHA-256 of the module
	ModuleBytes int               `json:"module_bytes"`
	FileBytes   int               `json:"file_bytes"`
	UplinkBytes int               `json:"uplink_bytes"` // with the publisher's public keys
	KnownBytes  int               `json:"uplink_bytes_known_publisher"`
	Verified    bool              `json:"verified"`
	Problem     string            `json:"problem,omitempty"`
	Manifest    manifest.Manifest `json:"manifest"`
}

func viewPackage(p *spk.Package) (packageView, error) {
	v := packageView{App: p.Manifest.App, Version: p.Manifest.Version, Publisher: p.Manifest.Publisher.String(),
		Counter: p.Manifest.Counter, Digest: fmt.Sprintf("%x", p.Digest()), Module: fmt.Sprintf("%x", p.Manifest.Module.Digest),
		ModuleBytes: len(p.Module), FileBytes: len(p.Encode()), Manifest: p.Manifest}
	up, err := p.EncodeUplink(spk.UplinkOptions{})
	if err != nil {
		return v, err
	}
	known, err := p.EncodeUplink(spk.UplinkOptions{WithoutKeys: true})
	if err != nil {
		return v, err
	}
	v.UplinkBytes, v.KnownBytes = len(up), len(known)
	if err := p.Verify(nil); err != nil {
		v.Problem = err.Error()
	} else {
		v.Verified = true
	}
	return v, nil
}

func newAppInspectCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect PACKAGE",
		Short: "Show what a package is, asks for, and who signed it",
		Long: `Show a package file: who signed it, what it needs and what it may do, and whether
its signatures hold. A package whose signatures do not hold ends with exit code 1.`,
		Example: `  spacechain app inspect build/hello-0.1.0.spk
  spacechain app inspect hello.spk --json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if info, err := os.Stat(args[0]); err == nil && info.IsDir() {
				return usagef("app inspect %s: this is a folder; name a package file, as \"spacechain app sign\" makes it", args[0])
			}
			p, err := readPackage(args[0])
			if err != nil {
				return err
			}
			v, err := viewPackage(p)
			if err != nil {
				return err
			}
			v.File = args[0]
			if asJSON {
				err = appJSON(cmd, v)
			} else {
				err = printPackage(cmd, v)
			}
			if err == nil && !v.Verified {
				return fmt.Errorf("inspect %s: no satellite will take it: %s", args[0], v.Problem)
			}
			return err
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func printPackage(cmd *cobra.Command, v packageView) error {
	m := v.Manifest
	w := appTable(cmd.OutOrStdout())
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	row("app", "%s %s (counter %d)", m.App, m.Version, m.Counter)
	if m.Summary != "" {
		row("summary", "%s", m.Summary)
	}
	row("publisher", "%s", v.Publisher)
	signatures := "Ed25519 and ML-DSA-65 hold"
	if !v.Verified {
		signatures = v.Problem
	}
	row("signatures", "%s", signatures)
	row("package", "sha256 %s, %s", v.Digest, bytesText(v.FileBytes))
	row("module", "sha256 %s, %s, %s", v.Module, bytesText(v.ModuleBytes), m.Runtime)
	row("uplink", "%s; %s where the publisher is known", bytesText(v.UplinkBytes), bytesText(v.KnownBytes))
	l := m.Limits
	row("limits", "memory %s, storage %s, gas %s per activation", sizeText(l.MemoryBytes), sizeText(l.StorageBytes), thousands(l.GasPerActivation))
	row("messages", "%d per activation, %d per hour, %s per hour", l.MessagesPerActivation, l.MessagesPerHour, sizeText(l.MessageBytesPerHour))
	for _, t := range m.Triggers {
		row("trigger", "%s", triggerText(t))
	}
	for _, s := range m.Permissions.Sensors {
		row("sensor", "%s, at most every %s", s.Name, s.Interval)
	}
	for _, l := range []struct {
		name string
		list []string
	}{{"peers", m.Permissions.Peers}, {"ledger", m.Permissions.Ledger}, {"roles", m.Permissions.Roles}, {"actuators", m.Permissions.Actuators}} {
		if len(l.list) > 0 {
			row(l.name, "%s", strings.Join(l.list, ", "))
		}
	}
	return w.Flush()
}

// triggerText says in words when a trigger fires.
func triggerText(t manifest.Trigger) string {
	what := ""
	switch t.Kind {
	case manifest.Schedule:
		what = "every " + t.Every.String()
		if t.Phase != 0 {
			what += " at " + t.Phase.String()
		}
	case manifest.Region:
		what = fmt.Sprintf("within %.0f km of %.4f, %.4f", t.Circle.RadiusKm(), t.Circle.LatDeg(), t.Circle.LonDeg())
	case manifest.EclipseBegin:
		what = "when eclipse begins"
	case manifest.EclipseEnd:
		what = "when eclipse ends"
	case manifest.Pass:
		what = "when a pass over " + t.Station + " station begins"
	case manifest.Message:
		what = "on a message or call"
	case manifest.Install:
		what = "once, after installation"
	}
	if t.Optional {
		what += " (after it subscribes)"
	}
	return t.Name + ": " + what
}

// diagnosticsOf gives what compilers and parsers said, in one form; nil if the
// error is of another kind.
func diagnosticsOf(err error) []build.Diagnostic {
	var e *build.Error
	if errors.As(err, &e) {
		return e.Diagnostics
	}
	var a *manifest.AuthorError
	if errors.As(err, &a) {
		return []build.Diagnostic{{File: a.Name, Line: a.Line, Column: a.Column, Text: a.Msg}}
	}
	return nil
}

// packageOrFolder opens the package that arg names, or builds and signs the app in
// the folder that it names.
func packageOrFolder(cmd *cobra.Command, arg string, key *identity.Key) (*spk.Package, error) {
	info, err := os.Stat(arg)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open app %s: neither a package nor a folder is there", arg)
	}
	if err != nil {
		return nil, fmt.Errorf("open app: %w", err)
	}
	if !info.IsDir() {
		return readPackage(arg)
	}
	return packApp(cmd, arg, key, false)
}
