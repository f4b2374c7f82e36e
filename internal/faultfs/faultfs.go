// Package faultfs is the file system on which every store of the project is
// tested against power cuts.
//
// It keeps files in memory as a disk would: what was synced is certain, what was
// only written may or may not have reached the disk. CutAt takes a picture of the
// disk just before a chosen write; the program under test runs on unaware, and
// AfterCut gives the picture as the file system that the next start finds. A test
// compares what was acknowledged while HasCut was false with what is found then.
package faultfs

import (
	"math/rand/v2"
	"sync"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// FS is a file system in memory with a power cut in it. It is safe for
// concurrent use.
type FS struct {
	vfs.FS
	mem *vfs.MemFS

	mu     sync.Mutex
	writes int
	cutAt  int
	seed   uint64
	after  *vfs.MemFS
}

// New gives an empty file system whose power is never cut until CutAt is called.
func New() *FS { return on(vfs.NewCrashableMem()) }

// On gives a file system that begins with the files of an earlier one, as
// AfterCut returned them, so that power can be cut again.
func On(after *vfs.MemFS) *FS { return on(after) }

func on(mem *vfs.MemFS) *FS {
	f := &FS{mem: mem, cutAt: -1}
	f.FS = errorfs.Wrap(mem, errorfs.InjectorFunc(f.count))
	return f
}

// CutAt cuts the power just before write number n, counted from 0 and from the
// file system's making: creating, writing, syncing, renaming and removing all
// count. The seed decides which unsynced data reached the disk all the same.
func (f *FS) CutAt(n int, seed uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cutAt, f.seed = n, seed
}

// Writes is the number of writes so far, so that a first run without a cut tells
// how many places there are to cut at.
func (f *FS) Writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

// HasCut reports whether the power has been cut: what a store acknowledges from
// then on was never promised.
func (f *FS) HasCut() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.after != nil
}

// AfterCut is the disk as the next start finds it. It is nil if no cut happened.
func (f *FS) AfterCut() *vfs.MemFS {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.after
}

func (f *FS) count(op errorfs.Op) error {
	if op.Kind.ReadOrWrite() != errorfs.OpIsWrite {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.writes == f.cutAt && f.after == nil {
		f.after = f.mem.CrashClone(vfs.CrashCloneCfg{
			UnsyncedDataPercent: 50,
			RNG:                 rand.New(rand.NewPCG(f.seed, 0)),
		})
	}
	f.writes++
	return nil
}
