package kv

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Sizes tune a store on Pebble. The zero value suits an on-board computer that holds many
// small records: a store at rest costs well under a megabyte.
type Sizes struct {
	// MemTable is how many bytes of changes are gathered in memory before they are
	// written out in order; 0 is 256 KiB.
	MemTable int
	// Cache is how many bytes of the disk's blocks are kept in memory; 0 is 1 MiB.
	Cache int
	// Filters has the store keep ten bits per key that tell, nearly always without
	// reading, that a key is not there. They pay where absent keys are asked for.
	Filters bool
}

// pebbleStore guards Pebble against calls after Close, on which it panics: whoever
// serves queries may not know yet that the node has ended.
type pebbleStore struct {
	db *pebble.DB

	mu     sync.Mutex
	calls  sync.WaitGroup // under way
	closed bool
}

// enter begins a call; calls.Done ends it.
func (p *pebbleStore) enter() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.calls.Add(1)
	return nil
}

// OpenPebble opens the store in dir, making it if need be. A nil fs is the
// machine's own file system. A store that another process holds open is an error.
func OpenPebble(dir string, fs vfs.FS) (Store, error) { return OpenPebbleSized(dir, fs, Sizes{}) }

// OpenPebbleSized is OpenPebble with other sizes. They are not part of the store: it may be
// opened with others the next time.
func OpenPebbleSized(dir string, fs vfs.FS, sizes Sizes) (Store, error) {
	if fs == nil {
		fs = vfs.Default
	}
	cache := pebble.NewCache(int64(cmp.Or(sizes.Cache, 1<<20)))
	defer cache.Unref()
	opt := &pebble.Options{
		FS:                          manifestFS{fs},
		Cache:                       cache,
		MemTableSize:                uint64(cmp.Or(sizes.MemTable, 256<<10)),
		MemTableStopWritesThreshold: 4,
		MaxOpenFiles:                64,
		FormatMajorVersion:          pebble.FormatNewest,
		Logger:                      quiet{},
	}
	if sizes.Filters {
		for i := range opt.Levels {
			opt.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		}
	}
	db, err := pebble.Open(dir, opt)
	if errors.Is(err, syscall.EAGAIN) {
		return nil, fmt.Errorf("open store %s: another process has it open; stop that one, or use another data folder (%w)", dir, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	return &pebbleStore{db: db}, nil
}

func (p *pebbleStore) Get(key []byte) ([]byte, bool, error) {
	if err := p.enter(); err != nil {
		return nil, false, err
	}
	defer p.calls.Done()
	v, closer, err := p.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	out := append([]byte{}, v...)
	return out, true, closer.Close()
}

func (p *pebbleStore) Apply(b *Batch) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.calls.Done()
	size := 64
	for _, o := range b.ops {
		size += len(o.key) + len(o.value) + 12
	}
	batch := p.db.NewBatchWithSize(size)
	defer batch.Close()
	for _, o := range b.ops {
		var err error
		switch o.kind {
		case opPut:
			err = batch.Set(o.key, o.value, nil)
		case opDelete:
			err = batch.Delete(o.key, nil)
		case opDeleteRange:
			if bytes.Compare(o.key, o.value) < 0 {
				err = batch.DeleteRange(o.key, o.value, nil)
			}
		}
		if err != nil {
			return err
		}
	}
	if b.Lazy {
		return batch.Commit(pebble.NoSync)
	}
	return batch.Commit(pebble.Sync)
}

func (p *pebbleStore) Scan(prefix []byte, fn func(key, value []byte) error) error {
	if err := p.enter(); err != nil {
		return err
	}
	defer p.calls.Done()
	it, err := p.db.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: after(prefix)})
	if err != nil {
		return err
	}
	for it.First(); it.Valid(); it.Next() {
		v, err := it.ValueAndErr()
		if err == nil {
			err = fn(it.Key(), v)
		}
		if err != nil {
			if bad := it.Close(); bad != nil {
				return errors.Join(err, bad)
			}
			return err
		}
	}
	return it.Close()
}

func (p *pebbleStore) Close() error {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.mu.Unlock()
	if again {
		return nil
	}
	p.calls.Wait()
	return p.db.Close()
}

// after is the least key above all keys that begin with prefix, nil if none is.
func after(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := bytes.Clone(prefix[:i+1])
			end[i]++
			return end
		}
	}
	return nil
}

// quiet keeps Pebble's chatter out of the program's log; what goes wrong comes
// back as an error. A broken invariant still stops the process.
type quiet struct{}

func (quiet) Infof(string, ...any)              {}
func (quiet) Errorf(string, ...any)             {}
func (quiet) Fatalf(format string, args ...any) { panic(fmt.Sprintf("pebble: "+format, args...)) }
