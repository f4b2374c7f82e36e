package kv

import (
	"errors"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// manifestFS makes the name of every new manifest durable when the file is made. Pebble
// itself syncs the folder only after a marker that points to the manifest is in it, too:
// on a file system that does not keep the order in which names came, a power cut between
// the two left a marker without its manifest, and a store that did not open.
type manifestFS struct{ vfs.FS }

// Create implements vfs.FS.
func (f manifestFS) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	file, err := f.FS.Create(name, category)
	if err != nil || !strings.HasPrefix(f.PathBase(name), "MANIFEST-") {
		return file, err
	}
	dir, err := f.OpenDir(f.PathDir(name))
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Unwrap implements vfs.FS.
func (f manifestFS) Unwrap() vfs.FS { return f.FS }
