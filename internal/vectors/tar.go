package vectors

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
)

// Tar calls fn for every file of a gzipped tar archive of the shared vectors, in the
// archive's order; see Path. What fn does not read is passed over.
func Tar(t testing.TB, name string, fn func(name string, r io.Reader)) {
	t.Helper()
	path := Path(t, name)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := eachFile(f, fn); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func eachFile(archive io.Reader, fn func(name string, r io.Reader)) error {
	z, err := gzip.NewReader(archive)
	if err != nil {
		return fmt.Errorf("gzip: %w", err)
	}
	files := tar.NewReader(z)
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("tar: %w", err)
		}
		if h.Typeflag == tar.TypeReg {
			fn(h.Name, files)
		}
	}
}
