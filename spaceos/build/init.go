package build

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"spacechain/spaceos/manifest"
)

//go:embed template
var templates embed.FS

// ErrExists is in the chain of Init's error when it would overwrite a file.
var ErrExists = errors.New("file exists")

// layout is what differs between the languages' templates.
type layout struct {
	Language, Main, Runtime, Memory, Gas, SDK, Needs string
	files                                            map[string]string // SDK file or folder to its place beside the app
}

var layouts = map[Language]layout{
	JavaScript: {Language: "JavaScript", Main: "src/main.js", Runtime: manifest.RuntimeJS, Memory: "4MiB", Gas: "50M", SDK: "sdk/",
		files: map[string]string{"js": "sdk"}},
	TypeScript: {Language: "TypeScript", Main: "src/main.ts", Runtime: manifest.RuntimeJS, Memory: "4MiB", Gas: "50M", SDK: "sdk/",
		files: map[string]string{"js": "sdk"}},
	Go: {Language: "Go", Main: "main.go", Runtime: manifest.RuntimeWasm, Memory: "16MiB", Gas: "200M", SDK: "spc/",
		Needs: "Go 1.24 or newer", files: map[string]string{"go": "spc"}},
	C: {Language: "C", Main: "main.c", Runtime: manifest.RuntimeWasm, Memory: "1MiB", Gas: "10M", SDK: "sdk/",
		Needs: "clang and wasm-ld (`apt-get install clang lld`)", files: map[string]string{"c": "sdk"}},
	Rust: {Language: "Rust", Main: "src/lib.rs", Runtime: manifest.RuntimeWasm, Memory: "2MiB", Gas: "20M", SDK: "sdk/",
		Needs: "cargo and `rustup target add wasm32-unknown-unknown`", files: map[string]string{"rust": "sdk"}},
}

// Init lays out a new app in dir, which is made if need be: a working example,
// its spacechain.yaml, and the SDK from sdk beside it. It gives the files written,
// relative to dir. No file is overwritten: where one is in the way, nothing is
// written and the error wraps ErrExists.
func Init(dir string, lang Language, name string, sdk fs.FS) ([]string, error) {
	l, ok := layouts[lang]
	if !ok {
		return nil, fmt.Errorf("init %s: language %q; there are %s", dir, lang, join(Languages))
	}
	data := struct {
		layout
		Name, Crate string
	}{l, name, strings.ReplaceAll(name, ".", "-")}
	files := map[string][]byte{}
	for _, root := range []string{"template/common", "template/" + string(lang)} {
		err := fs.WalkDir(templates, root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			// Guillemets occur in none of the languages.
			t, err := template.New(path.Base(p)).Delims("«", "»").ParseFS(templates, p)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := t.Execute(&b, data); err != nil {
				return err
			}
			place := strings.TrimSuffix(strings.TrimPrefix(p, root+"/"), ".tmpl")
			if place == "gitignore" {
				place = ".gitignore"
			}
			files[place] = b.Bytes()
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("init %s: %w", dir, err)
		}
	}
	if _, err := manifest.ParseAuthor(ManifestFile, files[ManifestFile]); err != nil {
		return nil, fmt.Errorf("init %s: %w", dir, err)
	}
	if err := addSDK(files, lang, sdk); err != nil {
		return nil, fmt.Errorf("init %s: %w", dir, err)
	}
	return writeNew(dir, files, false)
}

// WriteSDK writes the SDK of a language beside the app in dir, over an older copy.
func WriteSDK(dir string, lang Language, sdk fs.FS) ([]string, error) {
	files := map[string][]byte{}
	if err := addSDK(files, lang, sdk); err != nil {
		return nil, fmt.Errorf("write SDK in %s: %w", dir, err)
	}
	return writeNew(dir, files, true)
}

// Example lays out a copy of one of the apps in apps (a folder of it) in dir, with
// the SDK beside it, so that it builds on its own.
func Example(dir, name string, apps, sdk fs.FS) ([]string, error) {
	src, err := fs.Sub(apps, name)
	if err == nil {
		_, err = fs.Stat(src, ManifestFile)
	}
	if err != nil {
		return nil, fmt.Errorf("init %s: no example %q; there are %s", dir, name, join(Examples(apps)))
	}
	author, err := fs.ReadFile(src, ManifestFile)
	if err != nil {
		return nil, fmt.Errorf("init %s: %w", dir, err)
	}
	a, err := manifest.ParseAuthor(name+"/"+ManifestFile, author)
	if err != nil {
		return nil, fmt.Errorf("init %s: %w", dir, err)
	}
	lang := byExtension(a.Main)
	module := shortName(a.Manifest.App)
	files := map[string][]byte{}
	err = fs.WalkDir(src, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(src, p)
		if lang == Go && path.Ext(p) == ".go" {
			b = bytes.ReplaceAll(b, []byte(`"spacechain/sdk/go"`), []byte(`"`+module+`/spc"`))
		}
		files[p] = b
		return err
	})
	if err == nil {
		err = addSDK(files, lang, sdk)
	}
	if err != nil {
		return nil, fmt.Errorf("init %s: %w", dir, err)
	}
	switch lang {
	case Go:
		files["go.mod"] = []byte("module " + module + "\n\ngo 1.24\n")
	case JavaScript:
		files["jsconfig.json"], err = templates.ReadFile("template/js/jsconfig.json.tmpl")
	case TypeScript:
		files["tsconfig.json"], err = templates.ReadFile("template/ts/tsconfig.json.tmpl")
	}
	if err != nil {
		return nil, fmt.Errorf("init %s: %w", dir, err)
	}
	return writeNew(dir, files, false)
}

// Examples lists the folders of apps that hold one.
func Examples(apps fs.FS) []string {
	found, _ := fs.Glob(apps, "*/"+ManifestFile)
	for i, f := range found {
		found[i] = path.Dir(f)
	}
	return found
}

// addSDK adds the SDK's files at their places beside the app.
func addSDK(files map[string][]byte, lang Language, sdk fs.FS) error {
	for from, to := range layouts[lang].files {
		err := fs.WalkDir(sdk, from, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(p, "_test.go") {
				return err
			}
			b, err := fs.ReadFile(sdk, p)
			files[path.Join(to, strings.TrimPrefix(p, from))] = b
			return err
		})
		if err != nil {
			return fmt.Errorf("read the SDK: %w", err)
		}
	}
	return nil
}

// writeNew writes all files, or none where one is in the way.
func writeNew(dir string, files map[string][]byte, overwrite bool) ([]string, error) {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !overwrite && exists(filepath.Join(dir, name)) {
			return nil, fmt.Errorf("init %s: %s: %w; choose an empty folder", dir, name, ErrExists)
		}
	}
	for _, name := range names {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			return nil, fmt.Errorf("init %s: %w", dir, err)
		}
		if err := os.WriteFile(p, files[name], 0o644); err != nil {
			return nil, fmt.Errorf("init %s: %w", dir, err)
		}
	}
	return names, nil
}

func join[T ~string](list []T) string {
	s := make([]string, len(list))
	for i, v := range list {
		s[i] = string(v)
	}
	return strings.Join(s, ", ")
}
