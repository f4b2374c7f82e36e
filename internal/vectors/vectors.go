// Package vectors opens the shared test data: published vectors and catalogues
// that are too large, or not ours, to live in the repository.
package vectors

import (
	"os"
	"path/filepath"
	"testing"
)

// Path finds a file or folder of the shared test vectors, such as
// "sgp4/SGP4-VER.TLE". It looks in the vectors folder of $SPACECHAIN_SHARED, else
// in shared/vectors beside any ancestor of the working directory. Where there is
// none the test is skipped with a message that names what is missing.
func Path(t testing.TB, name string) string { return find(t, "vectors", name) }

// DataPath is Path for the shared data sets, such as "tle/celestrak-2026-05-30/starlink.tle".
func DataPath(t testing.TB, name string) string { return find(t, "data", name) }

// Open reads a file of the shared vectors whole; see Path.
func Open(t testing.TB, name string) []byte { return read(t, Path(t, name)) }

// OpenData reads a file of the shared data sets whole; see DataPath.
func OpenData(t testing.TB, name string) []byte { return read(t, DataPath(t, name)) }

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func find(t testing.TB, kind, name string) string {
	t.Helper()
	root, ok := Root()
	if ok {
		p := filepath.Join(root, kind, filepath.FromSlash(name))
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	t.Skipf("SKIPPED: shared test data %s/%s not found; set SPACECHAIN_SHARED to the folder that holds %s/",
		kind, name, kind)
	return ""
}

// Root is the folder of the shared test data, and whether there is one.
func Root() (string, bool) {
	if dir := os.Getenv("SPACECHAIN_SHARED"); dir != "" {
		return dir, true
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		shared := filepath.Join(dir, "shared")
		if info, err := os.Stat(filepath.Join(shared, "vectors")); err == nil && info.IsDir() {
			return shared, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}
