package store

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"spacechain/internal/faultfs"
	"spacechain/internal/kv"
)

// history is what a run was promised, step by step: promised is what every later
// start must find, possible what it may find because a step was under way.
type history struct {
	held     map[int]int // number of a bundle to its size
	consumed map[int]bool
	maybe    map[int]bool // bundles whose last step was not acknowledged
	parts    map[int]bool // pieces of the transfer, by offset
}

// work does a fixed piece of work on a store and notes what was acknowledged, until
// the power is cut.
func work(t *testing.T, s *Store, fs *faultfs.FS, h *history) {
	acked := func(err error) bool {
		if err != nil {
			t.Fatal(err)
		}
		return !fs.HasCut()
	}
	var seqs []uint64
	for n := range 12 {
		size := 50 + n*37%200
		if n%4 == 3 {
			size = 3000
		}
		h.maybe[n] = true
		seq, err := put(s, n, size)
		if !acked(err) {
			return
		}
		seqs = append(seqs, seq)
		delete(h.maybe, n)
		h.held[n] = size
		if n%3 == 2 { // consume one that was acknowledged before
			k := n - 1
			h.maybe[k] = true
			size := h.held[k]
			delete(h.held, k)
			b := s.Begin()
			b.Remove(seqs[k])
			b.Seen(entry(k).ID, begin.Add(time.Hour))
			b.Completed(Digest{byte(k)})
			if !acked(b.Commit()) {
				h.held[k] = size // whole or gone, never half
				return
			}
			delete(h.maybe, k)
			h.consumed[k] = true
		}
		if n%2 == 0 {
			if !acked(s.SavePart(Digest{99}, 1200, n*100, content(n, 100))) {
				return
			}
			h.parts[n*100] = true
		}
	}
}

// The power is cut at every write in turn. Whenever that is, the next start finds
// every acknowledged bundle whole, no half bundle, and nothing back that was
// consumed.
func TestPowerCutAtEveryWrite(t *testing.T) {
	fs := faultfs.New()
	run := func(fs *faultfs.FS) *history {
		h := &history{map[int]int{}, map[int]bool{}, map[int]bool{}, map[int]bool{}}
		disk, err := kv.OpenPebble("store", fs)
		if err != nil {
			t.Fatal(err)
		}
		s := open(t, disk, Options{})
		work(t, s, fs, h)
		if err := disk.Close(); err != nil {
			t.Fatal(err)
		}
		return h
	}
	run(fs)
	writes := fs.Writes()
	if writes < 40 {
		t.Fatalf("only %d writes to cut at", writes)
	}
	t.Logf("%d writes", writes)
	step := 1
	if testing.Short() {
		step = 7
	}
	for n := 0; n < writes; n += step {
		fs := faultfs.New()
		fs.CutAt(n, uint64(n))
		h := run(fs)
		after := fs.AfterCut()
		if after == nil {
			continue // this run had fewer writes
		}
		check(t, fmt.Sprintf("cut at write %d", n), after, h)
	}
}

func check(t *testing.T, when string, after vfs.FS, h *history) {
	disk, err := kv.OpenPebble("store", after)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	defer disk.Close()
	s, err := Open(disk, Options{})
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	found := map[int]bool{}
	for _, e := range s.Entries() {
		n := int(e.ID.Timestamp.Seq)
		found[n] = true
		data, err := s.Get(e.Seq)
		if err != nil || !bytes.Equal(data, content(n, e.Size)) {
			t.Errorf("%s: bundle %d is not whole: %v", when, n, err)
		}
		if h.consumed[n] {
			t.Errorf("%s: bundle %d was consumed and is back", when, n)
		}
		if _, ok := h.held[n]; !ok && !h.maybe[n] {
			t.Errorf("%s: bundle %d was never put", when, n)
		}
	}
	for n := range h.held {
		if !found[n] && !h.maybe[n] {
			t.Errorf("%s: bundle %d was acknowledged and is lost", when, n)
		}
		if !found[n] && h.maybe[n] && !s.HasSeen(entry(n).ID) {
			t.Errorf("%s: bundle %d is gone and not remembered as consumed", when, n)
		}
	}
	for n := range h.consumed {
		if !s.HasSeen(entry(n).ID) || !s.WasCompleted(Digest{byte(n)}) {
			t.Errorf("%s: bundle %d was consumed and is forgotten", when, n)
		}
	}
	_, pieces, _ := s.Parts(Digest{99})
	for offset := range h.parts {
		if !slices.ContainsFunc(pieces, func(p Span) bool { return p.From == offset && p.To == offset+100 }) {
			t.Errorf("%s: part at %d was kept and is lost", when, offset)
		}
	}
	if err := s.ReadParts(Digest{99}, make([]byte, 1300)); err != nil {
		t.Errorf("%s: %v", when, err)
	}
	// The store works on from there.
	if _, err := put(s, 77, 500); err != nil {
		t.Errorf("%s: put after the restart: %v", when, err)
	}
}
