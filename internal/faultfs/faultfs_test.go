package faultfs

import (
	"io"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// What was synced before the cut is there after it; what came later is not.
func TestCutKeepsWhatWasSynced(t *testing.T) {
	f := New()
	write := func(name, text string) {
		t.Helper()
		file, err := f.Create(name, vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := file.Sync(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		dir, err := f.OpenDir("/")
		if err != nil {
			t.Fatal(err)
		}
		if err := dir.Sync(); err != nil {
			t.Fatal(err)
		}
		if err := dir.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write("/before", "kept")
	if f.HasCut() {
		t.Fatal("cut too early")
	}
	f.CutAt(f.Writes(), 1)
	write("/after", "lost")
	if !f.HasCut() {
		t.Fatal("no cut")
	}

	disk := f.AfterCut()
	file, err := disk.Open("/before")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(file)
	if err != nil || string(got) != "kept" {
		t.Fatalf("read %q, %v", got, err)
	}
	if _, err := disk.Stat("/after"); err == nil {
		t.Fatal("a file made after the cut is on the disk")
	}
	if _, err := f.Stat("/after"); err != nil {
		t.Fatal("the running program must not notice the cut:", err)
	}
}
