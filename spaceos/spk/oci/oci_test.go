package oci

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"spacechain/identity"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/spk"
)

func signed(t *testing.T) *spk.Package {
	t.Helper()
	p, err := spk.Sign(manifest.Manifest{App: "fieldwatch", Version: "1.2.0", Counter: 7, Runtime: manifest.RuntimeWasm,
		Limits: manifest.Limits{MemoryBytes: 1 << 20, GasPerActivation: 1e6}}, []byte("the module"), identity.FromSeed([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWriteRead(t *testing.T) {
	ctx, p, dir := context.Background(), signed(t), t.TempDir()
	d, err := Write(ctx, dir, p)
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{Tag(p), d} {
		q, err := Read(ctx, dir, ref)
		if err != nil {
			t.Fatalf("%s: %v", ref, err)
		}
		if err := q.Verify(nil); err != nil || !bytes.Equal(q.Encode(), p.Encode()) {
			t.Errorf("%s: read another package: %v", ref, err)
		}
	}
	again, err := Write(ctx, dir, p)
	if err != nil || again != d {
		t.Errorf("written again as %s, was %s: %v", again, d, err)
	}
	other, err := Write(ctx, t.TempDir(), signed(t))
	if err != nil || other != d {
		t.Errorf("in another layout %s: %v", other, err)
	}
	if _, err := Read(ctx, dir, "nothing-1.0.0"); err == nil {
		t.Error("a tag that is not there")
	}
}

// A damaged blob does not read, whichever it is.
func TestDamagedBlobs(t *testing.T) {
	ctx, p, dir := context.Background(), signed(t), t.TempDir()
	if _, err := Write(ctx, dir, p); err != nil {
		t.Fatal(err)
	}
	var blobs []string
	err := filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			blobs = append(blobs, path)
		}
		return err
	})
	if err != nil || len(blobs) != 4 {
		t.Fatalf("%d blobs, %v", len(blobs), err)
	}
	for _, path := range blobs {
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := bytes.Clone(good)
		bad[len(bad)/2] ^= 1
		if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, bad, 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(ctx, dir, Tag(p)); err == nil {
			t.Errorf("%s damaged, and it reads", filepath.Base(path))
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Read(ctx, dir, Tag(p)); err != nil {
		t.Error("mended:", err)
	}
}
