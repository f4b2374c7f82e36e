package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spacechain/apps"
	"spacechain/sdk"
)

// need skips where the toolchain of a language is not there.
func need(t *testing.T, lang Language) {
	t.Helper()
	var err error
	switch lang {
	case Go:
		_, err = exec.LookPath("go")
	case C:
		_, err = clang()
		if err == nil {
			_, err = exec.LookPath("wasm-ld")
		}
	case Rust:
		var root []byte
		if root, err = exec.Command("rustc", "--print", "sysroot").Output(); err == nil {
			_, err = os.Stat(filepath.Join(strings.TrimSpace(string(root)), "lib/rustlib/wasm32-unknown-unknown"))
		}
	}
	if err != nil {
		t.Skipf("SKIPPED: apps in %s are not built here: %v", lang, err)
	}
}

// What Init lays out builds as it is.
func TestInitBuild(t *testing.T) {
	for _, lang := range Languages {
		t.Run(string(lang), func(t *testing.T) {
			need(t, lang)
			dir := filepath.Join(t.TempDir(), "probe")
			files, err := Init(dir, lang, "org.example.probe", sdk.FS)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{ManifestFile, "README.md", ".gitignore"} {
				if !slices.Contains(files, want) {
					t.Errorf("no %s among %v", want, files)
				}
			}
			r, err := Build(context.Background(), dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Language != lang || r.Manifest.App != "org.example.probe" || filepath.Base(filepath.Dir(r.ModulePath)) != "build" {
				t.Errorf("built %s %s to %s", r.Language, r.Manifest.App, r.ModulePath)
			}
			wasm := bytes.HasPrefix(r.Module, []byte("\x00asm"))
			if js := lang == JavaScript || lang == TypeScript; wasm == js {
				t.Errorf("module of %d bytes begins with %q", len(r.Module), r.Module[:4])
			}
			t.Logf("%s: module of %d bytes", lang, len(r.Module))
		})
	}
}

func TestInitKeepsFiles(t *testing.T) {
	dir := app(t, map[string]string{"README.md": "mine"})
	if _, err := Init(dir, JavaScript, "probe", sdk.FS); !errors.Is(err, ErrExists) {
		t.Fatalf("error %v, want ErrExists", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("something was written: %v, %v", entries, err)
	}
	if _, err := Init(t.TempDir(), JavaScript, "Bad Name", sdk.FS); err == nil {
		t.Error("a bad name was taken")
	}
	if _, err := Init(t.TempDir(), "cobol", "probe", sdk.FS); err == nil || !strings.Contains(err.Error(), "js, ts, go, c, rust") {
		t.Errorf("an unknown language: %v", err)
	}
}

// The apps that ship build from a copy with the SDK beside them.
func TestExamples(t *testing.T) {
	names := Examples(apps.FS)
	if len(names) < 5 {
		t.Fatalf("examples %v", names)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), name)
			if _, err := Example(dir, name, apps.FS, sdk.FS); err != nil {
				t.Fatal(err)
			}
			a, err := Read(dir)
			if err != nil {
				t.Fatal(err)
			}
			need(t, byExtension(a.Main))
			r, err := Build(context.Background(), dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: module of %d bytes", name, len(r.Module))
			if a.Manifest.Runtime == "js@1" && len(r.Module) > 4096 {
				t.Errorf("%s has %d bytes; it should stay small", name, len(r.Module))
			}
		})
	}
	if _, err := Example(t.TempDir(), "nothing", apps.FS, sdk.FS); err == nil || !strings.Contains(err.Error(), "fieldwatch") {
		t.Errorf("unknown example: %v", err)
	}
}

// The JavaScript examples and templates pass TypeScript's checks against the SDK's
// types. SPACECHAIN_TSC names a TypeScript compiler; else the one in PATH is taken.
func TestTypes(t *testing.T) {
	tsc := os.Getenv("SPACECHAIN_TSC")
	if tsc == "" {
		var err error
		if tsc, err = exec.LookPath("tsc"); err != nil {
			t.Skip("SKIPPED: no TypeScript compiler; name one in SPACECHAIN_TSC (npm install typescript)")
		}
	}
	check := func(name string, write func(dir string) error) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := write(dir); err != nil {
				t.Fatal(err)
			}
			args := []string{"-p", dir, "--noEmit"}
			if exists(filepath.Join(dir, "jsconfig.json")) {
				args = []string{"-p", filepath.Join(dir, "jsconfig.json"), "--noEmit"}
			}
			if out, err := exec.Command(tsc, args...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	for _, name := range Examples(apps.FS) {
		if a, err := apps.FS.ReadFile(name + "/" + ManifestFile); err != nil || !bytes.Contains(a, []byte("js@1")) {
			continue
		}
		check(name, func(dir string) error { _, err := Example(dir, name, apps.FS, sdk.FS); return err })
	}
	for _, lang := range []Language{JavaScript, TypeScript} {
		check(string(lang), func(dir string) error { _, err := Init(dir, lang, "probe", sdk.FS); return err })
	}
}

// A compiler's complaint is taken apart into file, line and text.
func TestCompilerDiagnostics(t *testing.T) {
	for lang, c := range map[Language]struct {
		file, old, new, text string
		line                 int
	}{
		Go:   {"main.go", "s.Samples++", "s.Samples += nothing", "undefined: nothing", 33},
		C:    {"main.c", "s.samples++;", "s.samples += nothing;", "use of undeclared identifier 'nothing'", 40},
		Rust: {"src/lib.rs", "samples += 1.0", "samples += nothing", "cannot find value", 19},
	} {
		t.Run(string(lang), func(t *testing.T) {
			need(t, lang)
			dir := t.TempDir()
			if _, err := Init(dir, lang, "probe", sdk.FS); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, c.file)
			text, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), c.old) {
				t.Fatalf("template has no %q (%v)", c.old, err)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), c.old, c.new, 1)), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = Build(context.Background(), dir, Options{})
			var e *Error
			if !errors.As(err, &e) || len(e.Diagnostics) == 0 {
				t.Fatalf("error %v, want *Error with diagnostics", err)
			}
			d := e.Diagnostics[0]
			if d.File != c.file || d.Line != c.line || !strings.Contains(d.Text, c.text) {
				t.Errorf("got %+v", d)
			}
		})
	}
}

// Sources that include headers of the C library are linked with the WASI one.
func TestCLibrary(t *testing.T) {
	need(t, C)
	dir := t.TempDir()
	if _, err := Init(dir, C, "probe", sdk.FS); err != nil {
		t.Fatal(err)
	}
	source := "#include \"spc.h\"\n  #  include <string.h>\nSPC_APP { char b[64]; size_t n; spc_event_kind(b, 63, (uint32_t *)&n); b[n] = 0; return spc_result(b, strlen(b)); }\n"
	if err := os.WriteFile(filepath.Join(dir, "main.c"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Build(context.Background(), dir, Options{})
	var e *Error
	if errors.As(err, &e) && strings.Contains(e.Hint, "wasi-libc") {
		t.Skipf("SKIPPED: no C library for WASI: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(r.Module, []byte("_initialize")) || !bytes.Contains(r.Module, []byte("_start")) {
		t.Error("the module is no reactor with _start")
	}
}

// The SDKs have every function of the ABI's table, by its name.
func TestSDKHasTheABI(t *testing.T) {
	abi, err := os.ReadFile("../../docs/spc-abi.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(abi), "### Functions of import module `spc`")
	table, _, _ = strings.Cut(table, "### WASI")
	names := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(table, -1)
	if len(names) < 20 {
		t.Fatalf("the table has %d functions", len(names))
	}
	for file, form := range map[string]string{
		"go/import_wasip1.go": "//go:wasmimport spc %s\n", "c/spc.h": "SPC_IMPORT(%s)", "rust/src/abi.rs": "pub fn %s(",
	} {
		text, err := sdk.FS.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			if !strings.Contains(string(text), fmt.Sprintf(form, n[1])) {
				t.Errorf("%s lacks %s", file, n[1])
			}
		}
	}
}

// A missing compiler is named, with what to install.
func TestNoToolchain(t *testing.T) {
	for lang, want := range map[Language]string{Go: "go.dev/dl", C: "apt-get install clang lld", Rust: "rustup.rs"} {
		t.Run(string(lang), func(t *testing.T) {
			dir := t.TempDir()
			if _, err := Init(dir, lang, "probe", sdk.FS); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", t.TempDir())
			t.Setenv("SPACECHAIN_CLANG", "no-such-clang")
			_, err := Build(context.Background(), dir, Options{})
			if !errors.Is(err, ErrNoToolchain) || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want ErrNoToolchain and %q", err, want)
			}
		})
	}
}

// What spacechain.yaml gets wrong is said in its words.
func TestManifestErrors(t *testing.T) {
	head := "app: t\nversion: 1.0.0\n"
	for name, c := range map[string]struct{ yaml, want string }{
		"no main":       {head, "main is missing"},
		"gone":          {head + "main: gone.js\n", "no such file"},
		"outside":       {head + "main: ../x.js\n", "inside the app's folder"},
		"unknown":       {head + "main: spacechain.yaml\n", "language is unknown"},
		"wrong runtime": {head + "main: main.js\n", `"runtime: js@1"`},
		"both":          {head + "main: main.js\nmodule: a.wasm\n", "not both"},
		"no module":     {head + "module: a.wasm\n", "names the module a.wasm"},
		"build alone":   {head + "build: [make]\n", "build needs module"},
		"no command":    {head + "build: [no-such-tool]\nmodule: a.wasm\n", "not in PATH"},
		"unknown key":   {head + "rutime: js@1\n", `did you mean "runtime"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := app(t, map[string]string{ManifestFile: c.yaml, "main.js": ""})
			if _, err := Build(context.Background(), dir, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if _, err := Build(context.Background(), t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "app init") {
		t.Errorf("an empty folder: %v", err)
	}
}

// A build command makes the module itself.
func TestCustomBuild(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("SKIPPED: no sh")
	}
	dir := app(t, map[string]string{ManifestFile: "app: t\nversion: 1.0.0\nbuild: [sh, make.sh]\nmodule: out/t.wasm\n",
		"make.sh": "mkdir -p out && printf module > out/t.wasm"})
	r, err := Build(context.Background(), dir, Options{})
	if err != nil || string(r.Module) != "module" || r.Language != Custom {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "make.sh"), []byte("echo 'a.x:3: bad thing'; exit 3"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = Build(context.Background(), dir, Options{})
	var e *Error
	if !errors.As(err, &e) || e.Diagnostics[0].Line != 3 {
		t.Errorf("a failing build command: %v", err)
	}
}
