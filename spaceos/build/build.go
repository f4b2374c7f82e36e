package build

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"spacechain/spaceos/manifest"
)

// ManifestFile is the name of the author's file in an app's folder.
const ManifestFile = "spacechain.yaml"

// Language is what an app is written in.
type Language string

// The languages. Any other way to make a module is Custom: a finished module or
// a build command named in spacechain.yaml.
const (
	JavaScript Language = "js"
	TypeScript Language = "ts"
	Go         Language = "go"
	C          Language = "c"
	Rust       Language = "rust"
	Custom     Language = "custom"
)

// Languages lists what Init can lay out.
var Languages = []Language{JavaScript, TypeScript, Go, C, Rust}

// Options adjust a build; the zero value is usable.
type Options struct {
	// SDK has the SDK's files, for JavaScript apps without a copy beside them.
	SDK fs.FS
	// Out is where the module and its source map are written; "build" in the app's
	// folder by default.
	Out string
}

// Result is a built app: all that a package is made of but the signatures.
type Result struct {
	Dir      string
	Language Language
	// Manifest has the module's digest and size; its publisher is set by signing.
	Manifest      manifest.Manifest
	Module        []byte
	ModulePath    string
	SourceMap     []byte // of a JavaScript bundle; it stays on the ground
	SourceMapPath string
	Warnings      []Diagnostic
}

// Read reads and checks the spacechain.yaml in an app's folder.
func Read(dir string) (manifest.Author, error) {
	path := filepath.Join(dir, ManifestFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return manifest.Author{}, fmt.Errorf("read app in %s: no %s there; make one with \"spacechain app init\"", dir, ManifestFile)
	}
	if err != nil {
		return manifest.Author{}, fmt.Errorf("read app in %s: %w", dir, err)
	}
	return manifest.ParseAuthor(path, data)
}

// LanguageOf says what the app in dir is written in.
func LanguageOf(dir string) (Language, error) {
	author, err := Read(dir)
	if err != nil {
		return "", err
	}
	return detect(dir, author)
}

// Build makes the module of the app in dir and writes it, with its source map
// where there is one, to the output folder. What a compiler says about a source
// file is an *Error; a missing compiler wraps ErrNoToolchain.
func Build(ctx context.Context, dir string, o Options) (*Result, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	author, err := Read(dir)
	if err != nil {
		return nil, err
	}
	lang, err := detect(dir, author)
	if err != nil {
		return nil, err
	}
	if o.Out == "" {
		o.Out = filepath.Join(dir, "build")
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return nil, fmt.Errorf("build %s: %w", dir, err)
	}
	r := &Result{Dir: dir, Language: lang, Manifest: author.Manifest}
	if err := r.make(ctx, author, o); err != nil {
		return nil, err
	}
	if len(r.Module) == 0 || len(r.Module) > manifest.MaxModule {
		return nil, fmt.Errorf("build %s: the module has %d bytes, want 1 to %d", dir, len(r.Module), manifest.MaxModule)
	}
	r.Manifest.Module = manifest.Module{Digest: sha256.Sum256(r.Module), Size: uint64(len(r.Module))}
	return r, nil
}

func (r *Result) make(ctx context.Context, author manifest.Author, o Options) (err error) {
	base := filepath.Join(o.Out, shortName(author.Manifest.App))
	switch r.Language {
	case JavaScript, TypeScript:
		r.Module, r.SourceMap, r.Warnings, err = script(r.Dir, author.Main, o.SDK)
		if err != nil {
			return err
		}
		r.ModulePath, r.SourceMapPath = base+".js", base+".js.map"
		if err = os.WriteFile(r.SourceMapPath, r.SourceMap, 0o644); err == nil {
			err = os.WriteFile(r.ModulePath, r.Module, 0o644)
		}
		if err != nil {
			return fmt.Errorf("build %s: %w", r.Dir, err)
		}
		return nil
	case Custom:
		return r.custom(ctx, author)
	}
	r.ModulePath = base + ".wasm"
	switch r.Language {
	case Go:
		err = goModule(ctx, r.Dir, folder(author.Main), r.ModulePath)
	case C:
		err = cModule(ctx, r.Dir, author.Main, o.SDK, r.ModulePath)
	case Rust:
		err = rustModule(ctx, r.Dir, folder(author.Main), r.ModulePath)
	}
	if err != nil {
		return err
	}
	if r.Module, err = os.ReadFile(r.ModulePath); err != nil {
		return fmt.Errorf("build %s: %w", r.Dir, err)
	}
	return nil
}

// custom runs the author's own build command, if there is one, and takes the
// module that it leaves.
func (r *Result) custom(ctx context.Context, author manifest.Author) error {
	if len(author.Build) > 0 {
		t := tool{op: "run " + strings.Join(author.Build, " ") + " in", dir: r.Dir, name: author.Build[0], args: author.Build[1:]}
		if _, err := t.run(ctx); err != nil {
			if errors.Is(err, exec.ErrNotFound) {
				return fmt.Errorf("build %s: the build command %q of %s is not in PATH: %w", r.Dir, author.Build[0], ManifestFile, ErrNoToolchain)
			}
			return err
		}
	}
	r.ModulePath = filepath.Join(r.Dir, author.Module)
	var err error
	if r.Module, err = os.ReadFile(r.ModulePath); err != nil {
		return fmt.Errorf("build %s: %s names the module %s: %w", r.Dir, ManifestFile, author.Module, err)
	}
	return nil
}

// detect finds an app's language by what spacechain.yaml names as its beginning,
// and holds it against the runtime.
func detect(dir string, a manifest.Author) (Language, error) {
	fail := func(format string, args ...any) (Language, error) {
		return "", fmt.Errorf("build %s: %s: %s", dir, ManifestFile, fmt.Sprintf(format, args...))
	}
	if a.Module != "" && !filepath.IsLocal(a.Module) || a.Main != "" && !filepath.IsLocal(a.Main) {
		return fail("main and module are files inside the app's folder")
	}
	switch {
	case a.Module != "" && a.Main != "":
		return fail("give either main (a source to build) or module (a finished one), not both")
	case a.Module != "":
		return Custom, nil
	case len(a.Build) > 0:
		return fail("build needs module: the file that the command makes")
	case a.Main == "":
		return fail("main is missing: the source file or folder that the app begins with, such as \"main: main.js\"")
	}
	info, err := os.Stat(filepath.Join(dir, a.Main))
	if err != nil {
		return fail("main names %s, and there is no such file", a.Main)
	}
	lang := byExtension(a.Main)
	if info.IsDir() {
		lang = byContent(filepath.Join(dir, a.Main))
	}
	js := lang == JavaScript || lang == TypeScript
	switch {
	case lang == "":
		return fail("main is %s, whose language is unknown; known are .js, .ts, .go, .c, .rs and a folder of one of the last three", a.Main)
	case js && a.Manifest.Runtime != manifest.RuntimeJS:
		return fail("main is %s, which wants \"runtime: %s\", not %s", a.Main, manifest.RuntimeJS, a.Manifest.Runtime)
	case !js && a.Manifest.Runtime != manifest.RuntimeWasm:
		return fail("main is %s, which wants \"runtime: %s\", not %s", a.Main, manifest.RuntimeWasm, a.Manifest.Runtime)
	}
	return lang, nil
}

func byExtension(path string) Language {
	switch filepath.Ext(path) {
	case ".js", ".mjs", ".jsx":
		return JavaScript
	case ".ts", ".mts", ".tsx":
		return TypeScript
	case ".go":
		return Go
	case ".c":
		return C
	case ".rs":
		return Rust
	}
	return ""
}

func byContent(dir string) Language {
	if _, err := os.Stat(filepath.Join(dir, "Cargo.toml")); err == nil {
		return Rust
	}
	for _, l := range []Language{Go, C} {
		if found, _ := filepath.Glob(filepath.Join(dir, "*."+string(l))); len(found) > 0 {
			return l
		}
	}
	return ""
}

// folder gives the folder of a main that may be a file of it.
func folder(main string) string {
	if byExtension(main) != "" {
		return filepath.Dir(main)
	}
	return main
}

// shortName is the last label of an app's name: it names the files.
func shortName(app string) string { return app[strings.LastIndexByte(app, '.')+1:] }
