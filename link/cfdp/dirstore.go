package cfdp

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// DirStore is a filestore in a directory of the machine, made by [OpenDir]. It is an
// [os.Root]: no name and no symbolic link leads out of it.
type DirStore struct {
	root *os.Root
	// The last file used stays open: file data comes in small pieces.
	open     *os.File
	openName string
	dirty    map[string]bool
}

// OpenDir opens a directory, which must exist, as a filestore.
func OpenDir(dir string) (*DirStore, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &DirStore{root: root, dirty: map[string]bool{}}, nil
}

var _ Filestore = (*DirStore)(nil)

// Close releases the directory.
func (d *DirStore) Close() error { return errors.Join(d.release(), d.root.Close()) }

func (d *DirStore) release() error {
	if d.open == nil {
		return nil
	}
	err := d.open.Close()
	d.open, d.openName = nil, ""
	return err
}

// forget closes the open file if it is name.
func (d *DirStore) forget(name string) error {
	if d.openName == name {
		return d.release()
	}
	return nil
}

func local(name string) string { return filepath.FromSlash(name) }

func (d *DirStore) handle(name string, create bool) (*os.File, error) {
	if d.open != nil && d.openName == name {
		return d.open, nil
	}
	if err := d.release(); err != nil {
		return nil, err
	}
	if info, err := d.root.Stat(local(name)); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", name)
	}
	f, err := d.root.OpenFile(local(name), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) && !create {
		f, err = d.root.Open(local(name))
	}
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := d.above(name); err != nil {
			return nil, err
		}
		f, err = d.root.OpenFile(local(name), os.O_RDWR|os.O_CREATE, 0o644)
	}
	if err != nil {
		return nil, err
	}
	d.open, d.openName = f, name
	return f, nil
}

func (d *DirStore) above(name string) error {
	if dir := path.Dir(name); dir != "." {
		return d.root.MkdirAll(local(dir), 0o755)
	}
	return nil
}

// Size is the length of a file.
func (d *DirStore) Size(name string) (int64, error) {
	info, err := d.root.Stat(local(name))
	if err != nil {
		return 0, err
	}
	if !info.Mode().IsRegular() {
		return 0, fmt.Errorf("%s: not a regular file", name)
	}
	return info.Size(), nil
}

// ReadAt fills p from the file.
func (d *DirStore) ReadAt(name string, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	f, err := d.handle(name, false)
	if err != nil {
		return err
	}
	n, err := f.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%s: read at %d: %w", name, off, err)
}

// WriteAt writes into a file.
func (d *DirStore) WriteAt(name string, p []byte, off int64) error {
	f, err := d.handle(name, true)
	if err != nil {
		return err
	}
	d.dirty[name] = true
	_, err = f.WriteAt(p, off)
	return err
}

// Truncate makes a file that long.
func (d *DirStore) Truncate(name string, size int64) error {
	f, err := d.handle(name, true)
	if err != nil {
		return err
	}
	d.dirty[name] = true
	return f.Truncate(size)
}

// Create makes an empty file.
func (d *DirStore) Create(name string) error {
	if err := d.above(name); err != nil {
		return err
	}
	f, err := d.root.OpenFile(local(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// Delete removes a file.
func (d *DirStore) Delete(name string) error {
	if err := d.forget(name); err != nil {
		return err
	}
	delete(d.dirty, name)
	if _, dir := d.Stat(name); dir {
		return fmt.Errorf("%s: not a regular file", name)
	}
	return d.root.Remove(local(name))
}

// Rename moves a file, whose content it makes durable first: the name never points at
// half a file, and lasts once Rename returns.
func (d *DirStore) Rename(from, to string) error {
	if err := d.syncFile(from); err != nil {
		return err
	}
	if err := errors.Join(d.forget(from), d.forget(to)); err != nil {
		return err
	}
	if err := d.above(to); err != nil {
		return err
	}
	delete(d.dirty, from)
	delete(d.dirty, to)
	if err := d.root.Rename(local(from), local(to)); err != nil {
		return err
	}
	dir, err := d.root.Open(local(path.Dir(to)))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// MakeDir creates a directory, and those above it.
func (d *DirStore) MakeDir(name string) error {
	if err := d.above(name); err != nil {
		return err
	}
	return d.root.Mkdir(local(name), 0o755)
}

// RemoveDir removes an empty directory.
func (d *DirStore) RemoveDir(name string) error {
	if _, dir := d.Stat(name); !dir {
		return fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return d.root.Remove(local(name))
}

// Stat says what there is.
func (d *DirStore) Stat(name string) (file, dir bool) {
	info, err := d.root.Stat(local(name))
	return err == nil && info.Mode().IsRegular(), err == nil && info.IsDir()
}

// List names what lies in a directory.
func (d *DirStore) List(dir string) ([]string, error) {
	f, err := d.root.Open(local(dir))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, e.Name()+"/")
		} else {
			out = append(out, e.Name())
		}
	}
	slices.Sort(out)
	return out, nil
}

// Sync flushes every file that was written since the last call.
func (d *DirStore) Sync() error {
	names := make([]string, 0, len(d.dirty))
	for name := range d.dirty {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := d.syncFile(name); err != nil {
			return err
		}
	}
	return nil
}

func (d *DirStore) syncFile(name string) error {
	if !d.dirty[name] {
		return nil
	}
	f, err := d.handle(name, false)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	delete(d.dirty, name)
	return nil
}
