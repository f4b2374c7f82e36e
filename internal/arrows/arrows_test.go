package arrows

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "spacechain"

// rows are the floors of the house, from the roof down (ARCHITECTURE.md). A
// package may import its own room and every lower floor; never a neighbour on
// its own floor, and never upwards.
var rows = [][]string{
	{"cmd"},
	{"world", "console"},
	{"satellite", "station", "terminal", "cloud"},
	{"spaceos", "platform", "market"},
	{"ledger", "dtn", "link"},
	{"astro", "identity", "clock"},
	{"internal"},
}

// authors' rooms are what app authors see: they import nothing of ours. Only the
// packages that hand their files out as data are named, each with who may ask.
var authors = map[string][]string{
	"spacechain/sdk":  {"spacechain/cmd", "spacechain/world", "spacechain/spaceos/build"},
	"spacechain/apps": {"spacechain/cmd", "spacechain/world", "spacechain/spaceos/build"},
}

// bigDeps are libraries that flight code must not carry: what they are, and the
// rooms that may.
var bigDeps = map[string][]string{
	"github.com/evanw/esbuild":             {"spaceos/build", "cmd", "world"},
	"oras.land/oras-go":                    {"spaceos/spk/oci", "cmd", "world"},
	"github.com/danielgtaylor/huma":        {"cloud", "console", "cmd", "world"},
	"github.com/prometheus/client_golang":  {"cloud", "console", "cmd", "world"},
	"github.com/spf13/cobra":               {"cmd"},
	"github.com/rogpeppe/go-internal":      {"cmd"},
	"github.com/tetratelabs/wazero":        {"spaceos"},
	"github.com/cockroachdb/pebble":        {"internal", "ledger"},
	"github.com/nats-io":                   {"cloud"},
	"modernc.org/sqlite":                   {"cloud"},
	"github.com/opencontainers/image-spec": {"spaceos/spk/oci"},
	"github.com/btcsuite/btcd":             {"identity", "ledger"},
	"github.com/holiman/uint256":           {"ledger"},
	"github.com/consensys/gnark-crypto":    {"ledger"},
	"filippo.io/mldsa":                     {"identity"},
	"gonum.org/v1/plot":                    {"internal/plot"},
	"spacechain/internal/plot":             {"cmd"},
}

type pkg struct {
	ImportPath                         string
	Dir                                string
	Doc                                string
	GoFiles                            []string
	Imports, TestImports, XTestImports []string
}

func row(path string) (row int, room string) {
	rest := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
	room, _, _ = strings.Cut(rest, "/")
	for i, names := range rows {
		for _, n := range names {
			if n == room {
				return i, room
			}
		}
	}
	return -1, room
}

func load(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Doc,GoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) < 10 {
		t.Fatalf("only %d packages listed: the check looks at the wrong place", len(pkgs))
	}
	return pkgs
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// mayImport says why from may not import to; "" if it may. Both are of this module.
func mayImport(from, to string) string {
	fromRow, fromRoom := row(from)
	toRow, toRoom := row(to)
	switch {
	case fromRoom == "sdk" || fromRoom == "apps":
		if fromRoom == toRoom {
			return ""
		}
		if fromRoom == "apps" && strings.HasPrefix(to, module+"/sdk/") {
			return "" // an example app uses the kit as any author does
		}
		return "authors' code imports nothing of the house"
	case toRoom == "sdk" || toRoom == "apps":
		for _, ok := range authors[to] {
			if from == ok || strings.HasPrefix(from, ok+"/") {
				return ""
			}
		}
		return "authors' files are handed out as data only, by the packages named in authors"
	case fromRow < 0 || toRow < 0:
		return "a room that the house plan does not name"
	case fromRoom == toRoom:
		return ""
	case fromRow == toRow:
		return "neighbours on one floor meet only above"
	case fromRow > toRow:
		return "arrows run down only"
	}
	return ""
}

func TestArrowsRunDown(t *testing.T) {
	for _, p := range load(t) {
		for _, imports := range [][]string{p.Imports, p.TestImports, p.XTestImports} {
			for _, to := range imports {
				if to != module && !strings.HasPrefix(to, module+"/") {
					continue
				}
				if why := mayImport(p.ImportPath, to); why != "" {
					t.Errorf("%s imports %s: %s", p.ImportPath, to, why)
				}
			}
		}
	}
}

// The rule itself can tell right from wrong.
func TestMayImport(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"spacechain/cmd/spacechain", "spacechain/world", true},
		{"spacechain/world", "spacechain/dtn/node", true},
		{"spacechain/astro/sgp4", "spacechain/astro/elements", true},
		{"spacechain/spaceos/gate", "spacechain/internal/cbor", true},
		{"spacechain/dtn/node", "spacechain/link/channel", false},
		{"spacechain/dtn/node", "spacechain/spaceos/gate", false},
		{"spacechain/console", "spacechain/world", false},
		{"spacechain/internal/kv", "spacechain/clock", false},
		{"spacechain/sdk/go", "spacechain/internal/cbor", false},
		{"spacechain/satellite", "spacechain/sdk", false},
		{"spacechain/util", "spacechain/clock", false},
	} {
		if got := mayImport(c.from, c.to) == ""; got != c.ok {
			t.Errorf("%s -> %s: allowed %v, want %v", c.from, c.to, got, c.ok)
		}
	}
}

func TestHeavyLibrariesStayInTheirRooms(t *testing.T) {
	for _, p := range load(t) {
		for _, to := range p.Imports {
			for dep, places := range bigDeps {
				if to != dep && !strings.HasPrefix(to, dep+"/") {
					continue
				}
				ok := false
				for _, place := range places {
					at := module + "/" + place
					ok = ok || p.ImportPath == at || strings.HasPrefix(p.ImportPath, at+"/")
				}
				if !ok {
					t.Errorf("%s imports %s, which only %v may", p.ImportPath, to, places)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range load(t) {
		if len(p.GoFiles) == 0 {
			continue // tests only, or another platform's
		}
		if !strings.HasPrefix(p.Doc, "Package ") && !strings.HasPrefix(p.Doc, "Command ") {
			t.Errorf("%s has no package comment that begins with \"Package\" or \"Command\"", p.ImportPath)
		}
	}
}

// wallClock are the functions that read or wait on the machine's clock, and
// globalRand says that math/rand's package-level functions are not repeatable.
var wallClock = map[string]bool{
	"Now": true, "Since": true, "Until": true, "Sleep": true, "After": true, "AfterFunc": true,
	"Tick": true, "NewTimer": true, "NewTicker": true,
}

var seededRand = map[string]bool{
	"New": true, "NewPCG": true, "NewChaCha8": true, "NewSource": true, "NewZipf": true,
	"Rand": true, "Source": true, "PCG": true, "ChaCha8": true, "Zipf": true,
}

func TestOnlyClockReadsTheMachinesClock(t *testing.T) {
	dir := root(t)
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		name := d.Name()
		if d.IsDir() {
			if name == "node_modules" || name == "testdata" || (strings.HasPrefix(name, ".") && rel != ".") ||
				rel == "clock" || rel == "sdk" || rel == "apps" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files++
		for _, bad := range clockReads(t, path) {
			t.Errorf("%s: take the time and the randomness as an argument", bad)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("only %d files looked at", files)
	}
}

func clockReads(t *testing.T, path string) (found []string) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	timeName, randName := "", ""
	for _, imp := range file.Imports {
		p := strings.Trim(imp.Path.Value, `"`)
		name := p[strings.LastIndexByte(p, '/')+1:]
		if p == "math/rand/v2" {
			name = "rand"
		}
		if imp.Name != nil {
			name = imp.Name.Name
		}
		switch p {
		case "time":
			timeName = name
		case "math/rand", "math/rand/v2":
			randName = name
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		if (timeName != "" && id.Name == timeName && wallClock[sel.Sel.Name]) ||
			(randName != "" && id.Name == randName && !seededRand[sel.Sel.Name]) {
			found = append(found, fset.Position(sel.Pos()).String()+": "+id.Name+"."+sel.Sel.Name)
		}
		return true
	})
	return found
}

// The check sees what it is there to see.
func TestClockReadsAreFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.go")
	src := "package x\nimport (\n\"time\"\nr \"math/rand/v2\"\n)\nvar _ = time.Now()\nvar _ = r.IntN(3)\nvar _ = r.NewPCG(1,2)\n"
	if err := os.WriteFile(path, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := clockReads(t, path); len(got) != 2 {
		t.Fatalf("found %v, want two", got)
	}
}
