package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"spacechain/apps"
	"spacechain/sdk"
	"spacechain/spaceos/build"
	"spacechain/spaceos/manifest"
)

func newAppInitCommand() *cobra.Command {
	var lang, name, example string
	var sdkOnly, asJSON bool
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Lay out a new app with the SDK beside it",
		Long: `Lay out a new app: a working example, its spacechain.yaml, and the SDK beside it, so
that nothing needs to be downloaded to build it. With --example, copy one of the
apps that ship with SpaceChain instead: ` + strings.Join(build.Examples(apps.FS), ", ") + `.`,
		Example: `  spacechain app init hello
  spacechain app init hello --lang go
  spacechain app init watch --example fieldwatch
  spacechain app init --sdk-only         # renew the SDK of the app in this folder`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := appFolder(args)
			if example != "" && (lang != "" || name != "" || sdkOnly) {
				return usagef("app init --example brings its own language, name and SDK; leave --lang, --name and --sdk-only out")
			}
			files, err := initApp(dir, lang, name, example, sdkOnly)
			if err != nil {
				return err
			}
			if asJSON {
				return appJSON(cmd, map[string]any{"dir": dir, "files": files})
			}
			for _, f := range files {
				fmt.Fprintln(cmd.OutOrStdout(), filepath.Join(dir, f))
			}
			if !sdkOnly {
				next := "spacechain app test"
				if dir != "." {
					next = fmt.Sprintf("cd %s && %s", dir, next)
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "next: %s\n", next)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "", "js, ts, go, c or rust (default js)")
	cmd.Flags().StringVar(&name, "name", "", "name of the app, such as org.example.hello (default the folder's)")
	cmd.Flags().StringVar(&example, "example", "", "copy this example")
	cmd.Flags().BoolVar(&sdkOnly, "sdk-only", false, "write only the SDK, over an older copy")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func initApp(dir, lang, name, example string, sdkOnly bool) ([]string, error) {
	switch {
	case example != "":
		return build.Example(dir, example, apps.FS, sdk.FS)
	case sdkOnly:
		if lang == "" {
			l, err := build.LanguageOf(dir)
			if err != nil {
				return nil, err
			}
			lang = string(l)
		}
		return build.WriteSDK(dir, build.Language(lang), sdk.FS)
	}
	if lang == "" {
		lang = string(build.JavaScript)
	}
	known := false
	for _, l := range build.Languages {
		known = known || string(l) == lang
	}
	if !known {
		return nil, usagef("app init --lang %s: the languages are js, ts, go, c and rust", lang)
	}
	if name == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return nil, fmt.Errorf("app init: %w", err)
		}
		name = strings.ToLower(strings.ReplaceAll(filepath.Base(abs), "_", "-"))
	}
	return build.Init(dir, build.Language(lang), name, sdk.FS)
}

func newAppBuildCommand() *cobra.Command {
	var asJSON bool
	var out string
	cmd := &cobra.Command{
		Use:   "build [DIR]",
		Short: "Build an app's module",
		Long: `Build the module of the app in DIR (default: this folder). JavaScript and TypeScript
need no tool; Go needs the go toolchain, C needs clang and wasm-ld, Rust needs
cargo with the target wasm32-unknown-unknown.`,
		Example: `  spacechain app build
  spacechain app build hello --json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := buildApp(cmd, appFolder(args), out, asJSON)
			if err != nil {
				return err
			}
			if asJSON {
				return appJSON(cmd, viewBuild(r))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s  %s\n", shortPath(r.ModulePath), bytesText(len(r.Module)))
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder for the module (default build in the app's folder)")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// buildApp builds with warnings on stderr. With asJSON, what the compiler has to
// say about a failure goes to stdout as one document, for editors.
func buildApp(cmd *cobra.Command, dir, out string, asJSON bool) (*build.Result, error) {
	r, err := build.Build(cmd.Context(), dir, build.Options{SDK: sdk.FS, Out: out})
	if err != nil {
		if list := diagnosticsOf(err); asJSON && list != nil {
			if err := appJSON(cmd, map[string]any{"errors": list}); err != nil {
				return nil, err
			}
		}
		return nil, err
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s\n", w)
	}
	return r, nil
}

// buildView is a built module as --json shows it.
type buildView struct {
	App       string             `json:"app"`
	Version   manifest.Version   `json:"version"`
	Language  build.Language     `json:"language"`
	Runtime   string             `json:"runtime"`
	Module    string             `json:"module"`
	Bytes     int                `json:"bytes"`
	SHA256    string             `json:"sha256"`
	SourceMap string             `json:"source_map,omitempty"`
	Warnings  []build.Diagnostic `json:"warnings"`
}

func viewBuild(r *build.Result) buildView {
	v := buildView{App: r.Manifest.App, Version: r.Manifest.Version, Language: r.Language, Runtime: r.Manifest.Runtime,
		Module: r.ModulePath, Bytes: len(r.Module), SHA256: fmt.Sprintf("%x", r.Manifest.Module.Digest),
		SourceMap: r.SourceMapPath, Warnings: r.Warnings}
	if v.Warnings == nil {
		v.Warnings = []build.Diagnostic{}
	}
	return v
}

// shortPath gives a path relative to the current folder where that is shorter.
func shortPath(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || len(rel) >= len(path) {
		return path
	}
	return rel
}
