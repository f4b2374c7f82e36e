package build

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spacechain/sdk"
)

const jsManifest = "app: t\nversion: 1.0.0\nruntime: js@1\nmain: main.js\n"

// app writes an app's files to a folder.
func app(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestScriptBundle(t *testing.T) {
	dir := app(t, map[string]string{
		ManifestFile: jsManifest,
		"main.js":    `import { defineApp, norm } from "spacechain"; import { k } from "./lib/k.js"; export default defineApp({ activate: () => norm([3, 4]) * k })`,
		"lib/k.js":   `export const k = 2; export const unused = "UNUSED"`,
	})
	r, err := Build(context.Background(), dir, Options{SDK: sdk.FS})
	if err != nil {
		t.Fatal(err)
	}
	text := string(r.Module)
	if r.Language != JavaScript || !strings.HasPrefix(text, "(()=>{") || !strings.Contains(text, "globalThis."+GlobalName) {
		t.Errorf("bundle of %s is not a function that sets %s: %s", r.Language, GlobalName, text)
	}
	if strings.Contains(text, "UNUSED") || strings.Contains(text, "Ring") || len(text) > 250 {
		t.Errorf("the bundle has %d bytes and what is not used: %s", len(text), text)
	}
	if r.Manifest.Module.Size != uint64(len(r.Module)) || r.Manifest.Module.Digest == [32]byte{} {
		t.Errorf("module %+v is not pinned", r.Manifest.Module)
	}
	for path, want := range map[string][]byte{r.ModulePath: r.Module, r.SourceMapPath: r.SourceMap} {
		if got, err := os.ReadFile(path); err != nil || string(got) != string(want) {
			t.Errorf("%s: %v, differs from the result", path, err)
		}
	}
	var m struct{ Sources []string }
	if err := json.Unmarshal(r.SourceMap, &m); err != nil || len(m.Sources) < 2 {
		t.Errorf("source map names %v, %v", m.Sources, err)
	}
	again, err := Build(context.Background(), dir, Options{SDK: sdk.FS})
	if err != nil || again.Manifest.Module.Digest != r.Manifest.Module.Digest {
		t.Errorf("the same source gave another module (%v)", err)
	}
}

// What is wrong with a source is said with file and line and what to do.
func TestScriptDiagnostics(t *testing.T) {
	for name, c := range map[string]struct{ source, file, text, hint string }{
		"syntax":     {"export default {\n  activate( {\n}", "main.js", `Expected`, ""},
		"no default": {"export function activate() {}", "main.js", "no default export", "export default { activate"},
		"node":       {"import fs from 'fs';\nexport default { activate() { fs.x } }", "main.js", "Node's modules do not exist", "spc argument"},
		"node:":      {"import fs from 'node:fs/promises';\nexport default { activate() { fs.x } }", "main.js", "Node's modules do not exist", "spc argument"},
		"unresolved": {"import x from './gone.js';\nexport default { activate() { x() } }", "main.js", `Could not resolve "./gone.js"`, ""},
		"not there":  {"import { nothing } from 'spacechain';\nexport default { activate() { nothing() } }", "main.js", `No matching export`, ""},
		"top await":  {"await 1; export default { activate() {} }", "main.js", "Top-level await", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := app(t, map[string]string{ManifestFile: jsManifest, "main.js": c.source})
			_, err := Build(context.Background(), dir, Options{SDK: sdk.FS})
			var e *Error
			if !errors.As(err, &e) || len(e.Diagnostics) == 0 {
				t.Fatalf("error %v, want *Error with diagnostics", err)
			}
			d := e.Diagnostics[0]
			if d.File != c.file || !strings.Contains(d.Text, c.text) || !strings.Contains(d.Hint, c.hint) {
				t.Errorf("got %+v", d)
			}
			if name != "no default" && (d.Line == 0 || !strings.Contains(err.Error(), "main.js:")) {
				t.Errorf("%v does not say the line", err)
			}
		})
	}
}

// An app's own package of a built-in's name is used.
func TestScriptOwnEvents(t *testing.T) {
	dir := app(t, map[string]string{
		ManifestFile:                         jsManifest,
		"main.js":                            "import e from 'events'; export default { activate: () => e }",
		"node_modules/events/package.json":   `{"name":"events","version":"1.0.0","main":"index.js"}`,
		"node_modules/events/index.js":       "export default 'OWN'",
		"node_modules/.package-lock.json":    "{}",
		"node_modules/events/unrelated.json": "{}",
	})
	r, err := Build(context.Background(), dir, Options{})
	if err != nil || !strings.Contains(string(r.Module), "OWN") {
		t.Fatalf("%v", err)
	}
}

func TestScriptWithoutSDK(t *testing.T) {
	dir := app(t, map[string]string{ManifestFile: jsManifest,
		"main.js": "import { norm } from 'spacechain'; export default { activate: () => norm([1]) }"})
	_, err := Build(context.Background(), dir, Options{})
	if err == nil || !strings.Contains(err.Error(), "app init --sdk-only") {
		t.Fatalf("%v does not say how to get the SDK", err)
	}
	if _, err := WriteSDK(dir, JavaScript, sdk.FS); err != nil {
		t.Fatal(err)
	}
	if _, err := Build(context.Background(), dir, Options{}); err != nil {
		t.Fatalf("with the SDK beside it: %v", err)
	}
}
