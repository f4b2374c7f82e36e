package vectors

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFindsSharedByEnvironment(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "vectors", "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "vectors", "x", "y"), []byte("z"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SPACECHAIN_SHARED", dir)
	if got := string(Open(t, "x/y")); got != "z" {
		t.Fatalf("got %q", got)
	}
}

func TestSkipsWhereAbsent(t *testing.T) {
	t.Setenv("SPACECHAIN_SHARED", t.TempDir())
	skipped := false
	t.Run("absent", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		Open(t, "no/such")
	})
	if !skipped {
		t.Fatal("a missing vector did not skip its test")
	}
}
