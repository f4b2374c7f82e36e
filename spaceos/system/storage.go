package system

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"spacechain/internal/cbor"
	"spacechain/internal/kv"
	"spacechain/spaceos/sandbox"
)

// Names of entries begin with what they are.
const (
	kindKey  = "k"
	kindFile = "f"
)

const maxEntryName = 256

// entry is a name, with its kind, and the size of its value.
type entry struct {
	name string
	size uint64
}

// cost is what an entry counts against the quota: its name, its value, and the
// bookkeeping for it.
func (e entry) cost() uint64 { return uint64(len(e.name)) + e.size + 16 }

// storage is a tenant's keys and files with one activation's changes over them. The
// directory is read when it is first needed: an activation that stores nothing pays
// nothing.
type storage struct {
	h       *host
	quota   uint64
	used    uint64
	loaded  bool
	entries []entry           // in the order of names, changes included
	changed map[string][]byte // new values; nil means deleted
}

func decodeDirectory(b []byte) ([]entry, error) {
	d := cbor.NewDecoder(b)
	n, err := d.Array()
	if err != nil {
		return nil, err
	}
	out := make([]entry, 0, n/2+1)
	for range n / 2 {
		name, err := d.Text()
		if err != nil {
			return nil, err
		}
		size, err := d.Uint()
		if err != nil {
			return nil, err
		}
		out = append(out, entry{name, size})
	}
	return out, d.Done()
}

func encodeDirectory(entries []entry) []byte {
	b := cbor.AppendArray(make([]byte, 0, 24*len(entries)+4), 2*len(entries))
	for _, e := range entries {
		b = cbor.AppendUint(cbor.AppendText(b, e.name), e.size)
	}
	return b
}

func (f *storage) load() error {
	if f.loaded {
		return nil
	}
	b, ok, err := f.h.sys.store.Get(keyDirectory(f.h.tenant))
	if err == nil && ok {
		f.entries, err = decodeDirectory(b)
	}
	if err != nil {
		return fmt.Errorf("directory of tenant %d: %w", f.h.tenant, err)
	}
	f.loaded = true
	return nil
}

func (f *storage) find(name string) (int, bool) {
	return slices.BinarySearchFunc(f.entries, name, func(e entry, n string) int { return cmp.Compare(e.name, n) })
}

func (f *storage) get(name string) ([]byte, sandbox.Errno) {
	if err := f.load(); err != nil {
		return nil, f.h.broken(err)
	}
	i, ok := f.find(name)
	if !ok {
		return nil, sandbox.ENoEnt
	}
	if v, ok := f.changed[name]; ok {
		return slices.Clone(v), sandbox.OK
	}
	v, ok, err := f.h.sys.store.Get(keyEntry(f.h.tenant, name))
	if err == nil && (!ok || uint64(len(v)) != f.entries[i].size) {
		err = fmt.Errorf("entry %q of tenant %d does not fit its directory", name, f.h.tenant)
	}
	if err != nil {
		return nil, f.h.broken(err)
	}
	return v, sandbox.OK
}

func (f *storage) put(name string, value []byte) sandbox.Errno {
	if err := f.load(); err != nil {
		return f.h.broken(err)
	}
	i, ok := f.find(name)
	e := entry{name, uint64(len(value))}
	used := f.used + e.cost()
	if ok {
		used -= f.entries[i].cost()
	}
	if used > f.quota || !ok && len(f.entries) >= f.h.sys.lim.MaxEntries {
		return sandbox.EQuota
	}
	f.used = used
	if ok {
		f.entries[i] = e
	} else {
		f.entries = slices.Insert(f.entries, i, e)
	}
	f.set(name, append([]byte{}, value...))
	return sandbox.OK
}

func (f *storage) set(name string, value []byte) {
	if f.changed == nil {
		f.changed = map[string][]byte{}
	}
	f.changed[name] = value
}

func (f *storage) delete(name string) sandbox.Errno {
	if err := f.load(); err != nil {
		return f.h.broken(err)
	}
	i, ok := f.find(name)
	if !ok {
		return sandbox.ENoEnt
	}
	f.used -= f.entries[i].cost()
	f.entries = slices.Delete(f.entries, i, i+1)
	f.set(name, nil)
	return sandbox.OK
}

func (f *storage) list(prefix string) []string {
	if err := f.load(); err != nil {
		f.h.broken(err)
		return nil
	}
	var out []string
	i, _ := f.find(prefix)
	for ; i < len(f.entries) && strings.HasPrefix(f.entries[i].name, prefix); i++ {
		out = append(out, f.entries[i].name[1:])
	}
	return out
}

// commit adds the changes to a batch.
func (f *storage) commit(b *kv.Batch) {
	if len(f.changed) == 0 {
		return
	}
	names := make([]string, 0, len(f.changed))
	for name := range f.changed {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if v := f.changed[name]; v != nil {
			b.Put(keyEntry(f.h.tenant, name), v)
		} else {
			b.Delete(keyEntry(f.h.tenant, name))
		}
	}
	b.Put(keyDirectory(f.h.tenant), encodeDirectory(f.entries))
}

func validKey(key string) bool {
	return key != "" && len(key) <= maxEntryName && utf8.ValidString(key) && !strings.Contains(key, "\x00")
}

func validFile(name string) bool {
	return validKey(name) && name != "." && name != ".." && !strings.Contains(name, "/")
}

// Get gives the value of a key.
func (h *host) Get(key string) ([]byte, sandbox.Errno) {
	if !validKey(key) {
		return nil, sandbox.EInval
	}
	return h.files.get(kindKey + key)
}

// Put sets the value of a key.
func (h *host) Put(key string, value []byte) sandbox.Errno {
	if !validKey(key) {
		return sandbox.EInval
	}
	return h.files.put(kindKey+key, value)
}

// Delete removes a key.
func (h *host) Delete(key string) sandbox.Errno {
	if !validKey(key) {
		return sandbox.EInval
	}
	return h.files.delete(kindKey + key)
}

// Keys lists the keys with a prefix, in order.
func (h *host) Keys(prefix string) []string { return h.files.list(kindKey + prefix) }

// ReadFile gives a file's content.
func (h *host) ReadFile(name string) ([]byte, sandbox.Errno) {
	if !validFile(name) {
		return nil, sandbox.EInval
	}
	return h.files.get(kindFile + name)
}

// WriteFile makes or replaces a file.
func (h *host) WriteFile(name string, data []byte) sandbox.Errno {
	if !validFile(name) {
		return sandbox.EInval
	}
	return h.files.put(kindFile+name, data)
}

// RemoveFile removes a file.
func (h *host) RemoveFile(name string) sandbox.Errno {
	if !validFile(name) {
		return sandbox.EInval
	}
	return h.files.delete(kindFile + name)
}

// ListFiles lists the files, in order.
func (h *host) ListFiles() []string { return h.files.list(kindFile) }
