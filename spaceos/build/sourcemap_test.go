package build

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spacechain/apps"
	"spacechain/sdk"
)

// Every string literal of an app is found again at its own place in the source.
func TestSourceMapLeadsBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "snapshot")
	if _, err := Example(dir, "snapshot", apps.FS, sdk.FS); err != nil {
		t.Fatal(err)
	}
	r, err := Build(context.Background(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := ParseSourceMap(r.SourceMap)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"no picture ", "camera frame of "} {
		at := bytes.Index(r.Module, []byte(word))
		if at < 0 {
			t.Fatalf("%q is not in the bundle", word)
		}
		line := 1 + bytes.Count(r.Module[:at], []byte("\n"))
		column := at - bytes.LastIndexByte(r.Module[:at], '\n')
		place := fmt.Sprintf("    at take (app.js:%d:%d)", line, column)
		got := m.Rewrite(place)
		var file string
		var l, c int
		if _, err := fmt.Sscanf(strings.NewReplacer("(", " ", ")", " ", ":", " ").Replace(got), " at take %s %d %d", &file, &l, &c); err != nil {
			t.Fatalf("%q became %q: %v", place, got, err)
		}
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if src := strings.Split(string(text), "\n")[l-1]; !strings.Contains(src, word) {
			t.Errorf("%q leads to %s:%d: %s", word, file, l, src)
		}
	}
	if got := m.Rewrite("at native (app.js:999:1)"); got != "at native (app.js:999:1)" {
		t.Errorf("a place outside the bundle became %q", got)
	}
}

func FuzzSourceMap(f *testing.F) {
	f.Add([]byte(`{"version":3,"sources":["a.js"],"names":["x"],"mappings":"AAAA,SAAS,CAACA;;AACA"}`))
	f.Add([]byte(`{"version":3,"sources":[],"mappings":"AAAA"}`))
	f.Add([]byte(`{"version":3,"sources":["a"],"mappings":"//////////"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseSourceMap(b)
		if err != nil {
			return
		}
		if file, l, c, ok := m.Locate(1, 1<<20); ok && (l < 1 || c < 1) {
			t.Errorf("led to %s:%d:%d", file, l, c)
		}
		_ = m.Rewrite("at x (app.js:1:1)")
	})
}
