package vectors

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestTarVisitsTheFiles(t *testing.T) {
	var archive bytes.Buffer
	z := gzip.NewWriter(&archive)
	w := tar.NewWriter(z)
	for _, name := range []string{"b", "a/", "a/c"} {
		h := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(name)), Typeflag: tar.TypeReg}
		if name == "a/" {
			h.Typeflag, h.Size = tar.TypeDir, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte(name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "vectors"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "vectors", "x.tar.gz"), archive.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SPACECHAIN_SHARED", dir)
	var seen []string
	Tar(t, "x.tar.gz", func(name string, r io.Reader) {
		b, err := io.ReadAll(r)
		if err != nil || string(b) != name {
			t.Errorf("%s holds %q, %v", name, b, err)
		}
		seen = append(seen, name)
	})
	if !slices.Equal(seen, []string{"b", "a/c"}) {
		t.Fatalf("visited %q", seen)
	}
	if eachFile(bytes.NewReader(archive.Bytes()[:40]), func(string, io.Reader) {}) == nil {
		t.Fatal("a cut archive was read without an error")
	}
}
