package durable

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strings"

	"spacechain/internal/kv"
	"spacechain/link/cfdp"
)

// piece is how many octets of a file lie under one key.
const piece = 8 << 10

// entryCost is what a file or a directory counts for besides its content.
const entryCost = 256

// Keys of the store: kind, then the rest.
const (
	keyFile   = 'f' // name: number and size of a file
	keyPiece  = 'p' // number, piece: content
	keyDir    = 'd' // name: a directory
	keyState  = 's' // the entity
	keyResult = 'r' // sequence number: what became of a file sent
)

// errQuota says that there is no room for more.
var errQuota = errors.New("no room")

// errCorrupt says that the store holds what this package never wrote.
var errCorrupt = errors.New("damaged record of a file")

// filestore is a [cfdp.Filestore] whose changes gather in memory until they are written
// as one. Directories and names lie in memory, content does not.
type filestore struct {
	kv    kv.Store
	quota int64

	files map[string]*file
	dirs  map[string]bool
	known map[string]bool // names with a record in the store
	next  uint64          // number of the next file
	used  int64           // octets, see entryCost

	// What is not written yet.
	dirty   map[place][]byte
	names   map[string]bool // files whose records changed
	changed map[string]bool // directories that came or went
	gone    []uint64        // files with written content that is to go
	cut     map[place]bool  // single pieces that are to go
	weight  int             // octets of dirty

	near     place // the piece that was read last
	nearData []byte
	failed   error // of the store
}

type file struct {
	number uint64
	size   int64
	pieces map[int64]int // octets kept of each; what is missing is zero
	stored bool          // some of it has been written
}

type place struct {
	file  uint64
	piece int64
}

var _ cfdp.Filestore = (*filestore)(nil)

func openFilestore(store kv.Store, quota int64) (*filestore, error) {
	s := &filestore{kv: store, quota: quota, files: map[string]*file{}, known: map[string]bool{}, dirs: map[string]bool{".": true}}
	s.settled()
	numbers := map[uint64]*file{}
	err := store.Scan([]byte{keyFile}, func(k, v []byte) error {
		number, n := binary.Uvarint(v)
		if n <= 0 {
			return fmt.Errorf("%w: %q", errCorrupt, k)
		}
		size, m := binary.Uvarint(v[n:])
		if m <= 0 || n+m != len(v) || size > math.MaxInt64 || numbers[number] != nil {
			return fmt.Errorf("%w: %q", errCorrupt, k)
		}
		f := &file{number: number, size: int64(size), pieces: map[int64]int{}, stored: true}
		s.files[string(k[1:])], numbers[number] = f, f
		s.known[string(k[1:])] = true
		s.next = max(s.next, number+1)
		s.used += entryCost
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = store.Scan([]byte{keyPiece}, func(k, v []byte) error {
		if len(k) != 17 || len(v) > piece {
			return fmt.Errorf("%w: %q", errCorrupt, k)
		}
		f := numbers[binary.BigEndian.Uint64(k[1:])]
		if f == nil {
			return fmt.Errorf("%w: content %x of no file", errCorrupt, k)
		}
		f.pieces[int64(binary.BigEndian.Uint64(k[9:]))] = len(v)
		s.used += int64(len(v))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, store.Scan([]byte{keyDir}, func(k, _ []byte) error {
		s.dirs[string(k[1:])] = true
		s.used += entryCost
		return nil
	})
}

// settled forgets what was to be written.
func (s *filestore) settled() {
	s.dirty, s.names, s.changed, s.cut = map[place][]byte{}, map[string]bool{}, map[string]bool{}, map[place]bool{}
	s.gone, s.weight = nil, 0
}

func (p place) key() []byte {
	k := binary.BigEndian.AppendUint64(append(make([]byte, 0, 17), keyPiece), p.file)
	return binary.BigEndian.AppendUint64(k, uint64(p.piece))
}

// changes puts what is not written yet into a batch, in one order for one history.
func (s *filestore) changes(b *kv.Batch) {
	for _, number := range s.gone {
		b.DeleteRange(place{number, 0}.key(), place{number + 1, 0}.key())
	}
	byPlace := func(a, b place) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.piece, b.piece))
	}
	for _, p := range slices.SortedFunc(maps.Keys(s.cut), byPlace) {
		b.DeleteOwned(p.key())
	}
	for _, p := range slices.SortedFunc(maps.Keys(s.dirty), byPlace) {
		b.PutOwned(p.key(), s.dirty[p])
	}
	for _, name := range slices.Sorted(maps.Keys(s.names)) {
		key := append([]byte{keyFile}, name...)
		if f := s.files[name]; f != nil {
			b.PutOwned(key, binary.AppendUvarint(binary.AppendUvarint(nil, f.number), uint64(f.size)))
			f.stored, s.known[name] = true, true
		} else {
			b.DeleteOwned(key)
			delete(s.known, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.changed)) {
		key := append([]byte{keyDir}, name...)
		if s.dirs[name] {
			b.PutOwned(key, nil)
		} else {
			b.DeleteOwned(key)
		}
	}
}

func (s *filestore) clean() bool {
	return len(s.dirty)+len(s.names)+len(s.changed)+len(s.gone)+len(s.cut) == 0
}

func absent(name string) error { return fmt.Errorf("%s: %w", name, fs.ErrNotExist) }

func (s *filestore) room(n int64) error {
	if n > 0 && s.used+n > s.quota {
		return fmt.Errorf("%w: %d of %d octets are taken", errQuota, s.used, s.quota)
	}
	return nil
}

// Size implements [cfdp.Filestore].
func (s *filestore) Size(name string) (int64, error) {
	if f := s.files[name]; f != nil {
		return f.size, nil
	}
	return 0, absent(name)
}

// open finds or makes a file with the directories above it.
func (s *filestore) open(name string) (*file, error) {
	if f := s.files[name]; f != nil {
		return f, nil
	}
	if !fs.ValidPath(name) || s.dirs[name] {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrInvalid)
	}
	if err := s.above(name); err != nil {
		return nil, err
	}
	if err := s.room(entryCost); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f := &file{number: s.next, pieces: map[int64]int{}}
	s.next++
	s.used += entryCost
	s.files[name], s.names[name] = f, true
	return f, nil
}

// missing lists the directories above a file that are not there.
func (s *filestore) missing(name string) (missing []string, err error) {
	for d := path.Dir(name); d != "."; d = path.Dir(d) {
		if s.files[d] != nil {
			return nil, fmt.Errorf("%s: %s is a file", name, d)
		}
		if !s.dirs[d] {
			missing = append(missing, d)
		}
	}
	return missing, nil
}

// above makes the directories above a file.
func (s *filestore) above(name string) error {
	missing, err := s.missing(name)
	if err != nil {
		return err
	}
	if err := s.room(int64(len(missing)) * entryCost); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, d := range missing {
		s.dirs[d], s.changed[d] = true, true
		s.used += entryCost
	}
	return nil
}

// Create implements [cfdp.Filestore].
func (s *filestore) Create(name string) error {
	if s.files[name] != nil || s.dirs[name] {
		return fmt.Errorf("%s: %w", name, fs.ErrExist)
	}
	_, err := s.open(name)
	return err
}

// Delete implements [cfdp.Filestore].
func (s *filestore) Delete(name string) error {
	f := s.files[name]
	if f == nil {
		return absent(name)
	}
	s.drop(f)
	delete(s.files, name)
	s.unname(name)
	return nil
}

// unname notes that a name is no file's any more: nothing is to be written if none knows of it.
func (s *filestore) unname(name string) {
	if s.known[name] {
		s.names[name] = true
	} else {
		delete(s.names, name)
	}
}

// drop forgets the content of a file that goes.
func (s *filestore) drop(f *file) {
	for n, kept := range f.pieces {
		at := place{f.number, n}
		s.clear(at)
		delete(s.cut, at)
		s.forget(at)
		s.used -= int64(kept)
	}
	s.used -= entryCost
	if f.stored {
		s.gone = append(s.gone, f.number)
	}
}

// clear forgets what was to be written of a piece.
func (s *filestore) clear(at place) {
	if _, ok := s.dirty[at]; ok {
		delete(s.dirty, at)
		s.weight -= piece
	}
}

// Rename implements [cfdp.Filestore].
func (s *filestore) Rename(from, to string) error {
	f := s.files[from]
	if f == nil {
		return absent(from)
	}
	if s.dirs[to] || !fs.ValidPath(to) {
		return fmt.Errorf("%s: %w", to, fs.ErrInvalid)
	}
	if from == to {
		return nil
	}
	if err := s.above(to); err != nil {
		return err
	}
	if old := s.files[to]; old != nil {
		s.drop(old)
	}
	delete(s.files, from)
	s.files[to] = f
	s.names[to] = true
	s.unname(from)
	return nil
}

// MakeDir implements [cfdp.Filestore].
func (s *filestore) MakeDir(name string) error {
	if s.files[name] != nil || s.dirs[name] {
		return fmt.Errorf("%s: %w", name, fs.ErrExist)
	}
	if !fs.ValidPath(name) {
		return fmt.Errorf("%s: %w", name, fs.ErrInvalid)
	}
	return s.above(path.Join(name, "x"))
}

// RemoveDir implements [cfdp.Filestore].
func (s *filestore) RemoveDir(name string) error {
	list, err := s.List(name)
	if err != nil {
		return err
	}
	if len(list) > 0 || name == "." {
		return fmt.Errorf("%s: directory not empty", name)
	}
	delete(s.dirs, name)
	s.changed[name] = true
	s.used -= entryCost
	return nil
}

// Stat implements [cfdp.Filestore].
func (s *filestore) Stat(name string) (file, dir bool) { return s.files[name] != nil, s.dirs[name] }

// List implements [cfdp.Filestore].
func (s *filestore) List(dir string) ([]string, error) {
	if !s.dirs[dir] {
		return nil, absent(dir)
	}
	var out []string
	for name := range s.files {
		if path.Dir(name) == dir {
			out = append(out, path.Base(name))
		}
	}
	for name := range s.dirs {
		if name != "." && path.Dir(name) == dir {
			out = append(out, path.Base(name)+"/")
		}
	}
	slices.SortFunc(out, strings.Compare)
	return out, nil
}

// Sync implements [cfdp.Filestore]: the entity writes files and its state together, so
// there is nothing to do between.
func (s *filestore) Sync() error { return nil }
