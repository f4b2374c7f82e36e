package build

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// GlobalName is the variable that a JavaScript bundle leaves its app in; the js@1
// runtime calls its `default.activate` (docs/spc-abi.md section 2).
const GlobalName = "__spc_app"

// sdkImport is the name under which authors import the JavaScript SDK.
const sdkImport = "spacechain"

// script bundles the module at entry (relative to dir) and everything it imports
// into one immediately-invoked function that leaves the module's default export in
// the runtime's global, and gives its source map beside it.
func script(dir, entry string, sdk fs.FS) (module, sourceMap []byte, warnings []Diagnostic, err error) {
	from, err := json.Marshal("./" + filepath.ToSlash(filepath.Clean(entry)))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("bundle %s: %w", dir, err)
	}
	res := api.Build(api.BuildOptions{
		AbsWorkingDir: dir,
		Stdin: &api.StdinOptions{
			Contents:   fmt.Sprintf("import app from %s;globalThis.%s={default:app}", from, GlobalName),
			Sourcefile: entryFile, ResolveDir: dir,
		},
		Bundle:     true,
		Outfile:    filepath.Join(dir, "app.js"),
		Format:     api.FormatIIFE,
		Target:     api.ES2022,
		Platform:   api.PlatformNeutral,
		MainFields: []string{"module", "main"},
		// Names stay, so that a stack that comes home from orbit says in which function
		// it was thrown: 170 bytes of uplink for the apps that ship, 2.5 %.
		MinifyWhitespace: true,
		MinifySyntax:     true,
		LegalComments:    api.LegalCommentsNone,
		Charset:          api.CharsetUTF8,
		Sourcemap:        api.SourceMapExternal,
		LogLevel:         api.LogLevelSilent,
		Plugins:          []api.Plugin{resolver(dir, sdk)},
	})
	for _, m := range res.Warnings {
		warnings = append(warnings, fromMessage(m, entry))
	}
	if len(res.Errors) > 0 {
		e := &Error{Op: "bundle", Dir: dir}
		for _, m := range res.Errors {
			e.Diagnostics = append(e.Diagnostics, fromMessage(m, entry))
		}
		return nil, nil, warnings, e
	}
	for _, f := range res.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			sourceMap = f.Contents
		} else {
			module = bytes.TrimRight(f.Contents, "\n")
		}
	}
	return module, sourceMap, warnings, nil
}

// entryFile is the name of the two lines that begin every bundle.
const entryFile = "<entry>"

// resolver finds "spacechain" in the copy of the SDK beside the app, else in the
// SDK that came with the builder, and explains why a Node built-in is not there.
func resolver(dir string, sdk fs.FS) api.Plugin {
	return api.Plugin{Name: "spacechain", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: "^" + sdkImport + "$"}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			beside := filepath.Join(dir, "sdk", "spc.js")
			if _, err := os.Stat(beside); err == nil {
				return api.OnResolveResult{Path: beside, SideEffects: api.SideEffectsFalse}, nil
			}
			if sdk != nil {
				return api.OnResolveResult{Path: "spc.js", Namespace: "sdk", SideEffects: api.SideEffectsFalse}, nil
			}
			return api.OnResolveResult{Errors: []api.Message{{Text: `import "spacechain": there is no sdk/spc.js beside the app`,
				Notes: []api.Note{{Text: `write the SDK beside it with "spacechain app init --sdk-only"`}}}}}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "sdk"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			data, err := fs.ReadFile(sdk, "js/"+args.Path)
			text := string(data)
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderJS}, err
		})
		b.OnResolve(api.OnResolveOptions{Filter: `^(node:.*|` + strings.Join(nodeBuiltins, "|") + `)$`},
			func(args api.OnResolveArgs) (api.OnResolveResult, error) {
				if _, again := args.PluginData.(resolved); again {
					return api.OnResolveResult{}, nil
				}
				if !strings.HasPrefix(args.Path, "node:") {
					own := b.Resolve(args.Path, api.ResolveOptions{ResolveDir: args.ResolveDir,
						Importer: args.Importer, Kind: args.Kind, PluginData: resolved{}})
					if len(own.Errors) == 0 {
						return api.OnResolveResult{Path: own.Path}, nil
					}
				}
				return api.OnResolveResult{Errors: []api.Message{{
					Text:  fmt.Sprintf("import %q: Node's modules do not exist on a satellite", args.Path),
					Notes: []api.Note{{Text: "an app reaches sensors, storage and messages through the spc argument of activate"}},
				}}}, nil
			})
	}}
}

// resolved marks a resolution that asks whether the app brings its own package
// of a built-in's name.
type resolved struct{}

var nodeBuiltins = []string{"assert", "buffer", "child_process", "cluster", "crypto", "dgram", "dns",
	"events", "fs", "fs/promises", "http", "http2", "https", "module", "net", "os", "path", "perf_hooks",
	"process", "readline", "stream", "timers", "timers/promises", "tls", "tty", "url", "util", "v8", "vm",
	"worker_threads", "zlib"}

func fromMessage(m api.Message, entry string) Diagnostic {
	d := Diagnostic{Text: m.Text}
	l := m.Location
	switch {
	case l == nil:
	case l.File == entryFile: // the app's fault shows at the import of its main module
		return Diagnostic{File: filepath.ToSlash(entry), Text: "the module has no default export",
			Hint: "write: export default { activate(event, spc) { … } }"}
	default:
		d.File, d.Line, d.Column, d.Source = filepath.ToSlash(l.File), l.Line, l.Column+1, l.LineText
	}
	for _, n := range m.Notes {
		if d.Hint != "" {
			d.Hint += "; "
		}
		d.Hint += n.Text
	}
	return d
}
