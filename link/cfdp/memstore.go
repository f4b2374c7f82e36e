package cfdp

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// page is how much memory one octet at a far offset costs.
const page = 4096

// MemStore is a filestore in memory, made by [NewMemStore]. Files are sparse: pages that were never
// written take no memory.
type MemStore struct {
	files map[string]*memFile
	dirs  map[string]bool
}

type memFile struct {
	size  int64
	pages map[int64]*[page]byte
}

// NewMemStore gives an empty filestore.
func NewMemStore() *MemStore {
	return &MemStore{files: map[string]*memFile{}, dirs: map[string]bool{".": true}}
}

var _ Filestore = (*MemStore)(nil)

func (m *MemStore) file(name string) (*memFile, error) {
	f, ok := m.files[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return f, nil
}

// open finds or makes a file, and the directories above it.
func (m *MemStore) open(name string) (*memFile, error) {
	if f, ok := m.files[name]; ok {
		return f, nil
	}
	if !fs.ValidPath(name) || m.dirs[name] {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrInvalid)
	}
	if err := m.above(name); err != nil {
		return nil, err
	}
	f := &memFile{pages: map[int64]*[page]byte{}}
	m.files[name] = f
	return f, nil
}

func (m *MemStore) above(name string) error {
	for d := path.Dir(name); d != "."; d = path.Dir(d) {
		if m.files[d] != nil {
			return fmt.Errorf("%s: %s is a file", name, d)
		}
	}
	for d := path.Dir(name); d != "."; d = path.Dir(d) {
		m.dirs[d] = true
	}
	return nil
}

// Size is the length of a file.
func (m *MemStore) Size(name string) (int64, error) {
	f, err := m.file(name)
	if err != nil {
		return 0, err
	}
	return f.size, nil
}

// ReadAt fills p from the file.
func (m *MemStore) ReadAt(name string, p []byte, off int64) error {
	f, err := m.file(name)
	if err != nil {
		return err
	}
	if off < 0 || off+int64(len(p)) > f.size {
		return fmt.Errorf("%s: read at %d: %w", name, off, io.ErrUnexpectedEOF)
	}
	for len(p) > 0 {
		in := off % page
		n := min(int64(len(p)), page-in)
		if pg := f.pages[off/page]; pg != nil {
			copy(p[:n], pg[in:])
		} else {
			clear(p[:n])
		}
		p, off = p[n:], off+n
	}
	return nil
}

// WriteAt writes into a file.
func (m *MemStore) WriteAt(name string, p []byte, off int64) error {
	if off < 0 {
		return fmt.Errorf("%s: write at %d", name, off)
	}
	f, err := m.open(name)
	if err != nil {
		return err
	}
	f.size = max(f.size, off+int64(len(p)))
	for len(p) > 0 {
		in := off % page
		n := min(int64(len(p)), page-in)
		pg := f.pages[off/page]
		if pg == nil {
			pg = new([page]byte)
			f.pages[off/page] = pg
		}
		copy(pg[in:], p[:n])
		p, off = p[n:], off+n
	}
	return nil
}

// Truncate makes a file that long.
func (m *MemStore) Truncate(name string, size int64) error {
	f, err := m.open(name)
	if err != nil {
		return err
	}
	if size < f.size {
		for at := range f.pages {
			if at*page >= size {
				delete(f.pages, at)
			}
		}
		if pg := f.pages[size/page]; pg != nil {
			clear(pg[size%page:])
		}
	}
	f.size = size
	return nil
}

// Create makes an empty file.
func (m *MemStore) Create(name string) error {
	if m.files[name] != nil || m.dirs[name] {
		return fmt.Errorf("%s: %w", name, fs.ErrExist)
	}
	_, err := m.open(name)
	return err
}

// Delete removes a file.
func (m *MemStore) Delete(name string) error {
	if _, err := m.file(name); err != nil {
		return err
	}
	delete(m.files, name)
	return nil
}

// Rename moves a file.
func (m *MemStore) Rename(from, to string) error {
	f, err := m.file(from)
	if err != nil {
		return err
	}
	if m.dirs[to] || !fs.ValidPath(to) {
		return fmt.Errorf("%s: %w", to, fs.ErrInvalid)
	}
	if err := m.above(to); err != nil {
		return err
	}
	delete(m.files, from)
	m.files[to] = f
	return nil
}

// MakeDir creates a directory.
func (m *MemStore) MakeDir(name string) error {
	if m.files[name] != nil || m.dirs[name] {
		return fmt.Errorf("%s: %w", name, fs.ErrExist)
	}
	if err := m.above(name); err != nil {
		return err
	}
	m.dirs[name] = true
	return nil
}

// RemoveDir removes an empty directory.
func (m *MemStore) RemoveDir(name string) error {
	list, err := m.List(name)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		return fmt.Errorf("%s: directory not empty", name)
	}
	delete(m.dirs, name)
	return nil
}

// Stat says what there is.
func (m *MemStore) Stat(name string) (file, dir bool) { return m.files[name] != nil, m.dirs[name] }

// List names what lies in a directory.
func (m *MemStore) List(dir string) ([]string, error) {
	if !m.dirs[dir] {
		return nil, fmt.Errorf("%s: %w", dir, fs.ErrNotExist)
	}
	var out []string
	for name := range m.files {
		if path.Dir(name) == dir {
			out = append(out, path.Base(name))
		}
	}
	for name := range m.dirs {
		if name != "." && path.Dir(name) == dir {
			out = append(out, path.Base(name)+"/")
		}
	}
	slices.SortFunc(out, strings.Compare)
	return out, nil
}

// Sync has nothing to do.
func (m *MemStore) Sync() error { return nil }

// ReadFile returns a whole file.
func ReadFile(store Filestore, name string) ([]byte, error) {
	n, err := store.Size(name)
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	return b, store.ReadAt(name, b, 0)
}

// WriteFile makes data the whole content of a file.
func WriteFile(store Filestore, name string, data []byte) error {
	if err := store.Truncate(name, 0); err != nil {
		return err
	}
	return store.WriteAt(name, data, 0)
}
