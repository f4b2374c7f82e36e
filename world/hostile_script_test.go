package world

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"spacechain/spaceos/manifest"
)

// scripts reads testdata/hostile: each file's first line says how it must end, as in
//
//	// expect: failed "quota used up"
func scripts(t testing.TB) (out []misdeed) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "hostile", "*.js"))
	if err != nil || len(files) == 0 {
		t.Fatal("no hostile scripts:", err)
	}
	header := regexp.MustCompile(`^// expect: (\S+)(?: "(.*)")?$`)
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(code), "\n")
		m := header.FindStringSubmatch(first)
		if m == nil {
			t.Fatalf("%s begins with %q", file, first)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".js")
		out = append(out, misdeed{name: "js " + name, module: code, ends: strings.Split(m[1], "|"), say: strings.ReplaceAll(m[2], `\"`, `"`),
			manifest: manifestOf("js-"+name, manifest.RuntimeJS, func(m *manifest.Manifest) { m.Limits.GasPerActivation = 60_000_000 })})
	}
	return out
}
