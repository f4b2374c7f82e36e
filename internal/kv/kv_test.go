package kv

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"spacechain/internal/faultfs"
)

// The twins behave as a map with ordered keys does.
func TestTwinsAgreeWithAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk, err := OpenPebbleSized("db", vfs.NewMem(), Sizes{MemTable: 128 << 10, Filters: rapid.Bool().Draw(t, "filters")})
		if err != nil {
			t.Fatal(err)
		}
		stores := map[string]Store{"memory": NewMemory(), "pebble": disk}
		defer disk.Close()
		model := map[string]string{}
		key := rapid.SliceOfN(rapid.SampledFrom([]byte{'a', 'b', 0, 0xff}), 0, 3)
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			var b Batch
			for range rapid.IntRange(0, 5).Draw(t, "ops") {
				k := append([]byte{'k'}, key.Draw(t, "key")...)
				v := rapid.SliceOf(rapid.Byte()).Draw(t, "value")
				switch rapid.IntRange(0, 4).Draw(t, "op") {
				case 0:
					b.Delete(k)
					delete(model, string(k))
				case 1:
					b.DeleteOwned(k)
					delete(model, string(k))
				case 2:
					end := append([]byte{'k'}, key.Draw(t, "end")...)
					b.DeleteRange(k, end)
					maps.DeleteFunc(model, func(m, _ string) bool { return m >= string(k) && m < string(end) })
				case 3:
					b.PutOwned(k, v)
					model[string(k)] = string(v)
				default:
					b.Put(k, v)
					model[string(k)] = string(v)
				}
			}
			for name, s := range stores {
				if err := s.Apply(&b); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			prefix := append([]byte{'k'}, key.Draw(t, "prefix")...)
			var want []string
			for _, k := range slices.Sorted(maps.Keys(model)) {
				if strings.HasPrefix(k, string(prefix)) {
					want = append(want, fmt.Sprintf("%q=%q", k, model[k]))
				}
			}
			for name, s := range stores {
				stop := errors.New("stop")
				if err := s.Scan(nil, func(_, _ []byte) error { return stop }); err != stop && len(model) > 0 {
					t.Fatalf("%s: a scan that was stopped gave %v", name, err)
				}
				var got []string
				if err := s.Scan(prefix, func(k, v []byte) error {
					got = append(got, fmt.Sprintf("%q=%q", k, v))
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s: scan %q: got %v, want %v", name, prefix, got, want)
				}
				v, ok, err := s.Get(prefix)
				w, wok := model[string(prefix)]
				if err != nil || ok != wok || string(v) != w {
					t.Fatalf("%s: get %q: %q %v %v, want %q %v", name, prefix, v, ok, err, w, wok)
				}
			}
		}
	})
}

func TestPrefixIsAStoreOfItsOwn(t *testing.T) {
	s := NewMemory()
	a, b := Prefix(s, "a/"), Prefix(s, "b/")
	for _, p := range []Store{a, b} {
		var batch Batch
		batch.Put([]byte("k"), []byte("v"))
		if err := p.Apply(&batch); err != nil {
			t.Fatal(err)
		}
	}
	var drop Batch
	drop.DeleteRange(nil, []byte{0xff})
	if err := a.Apply(&drop); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := a.Get([]byte("k")); ok {
		t.Fatal("deleted key is still there")
	}
	n := 0
	if err := b.Scan(nil, func(k, v []byte) error {
		n++
		if !bytes.Equal(k, []byte("k")) {
			return errors.New("prefix shows through")
		}
		return nil
	}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
}

// Power is cut at every write of a short history. After each cut every
// acknowledged batch is there whole, and no batch is there in part.
func TestPebblePowerCutAtEveryWrite(t *testing.T) {
	const batches = 12
	history := func(fs *faultfs.FS) (acknowledged int) {
		s, err := OpenPebble("db", fs)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for i := range batches {
			var b Batch
			b.Put(fmt.Appendf(nil, "left/%02d", i), bytes.Repeat([]byte{byte(i)}, 3000))
			b.Put(fmt.Appendf(nil, "right/%02d", i), []byte{byte(i)})
			if err := s.Apply(&b); err != nil {
				t.Fatal(err)
			}
			if !fs.HasCut() {
				acknowledged = i + 1
			}
		}
		return acknowledged
	}
	whole := faultfs.New()
	history(whole)
	places := whole.Writes()
	if places < batches {
		t.Fatalf("only %d writes for %d batches", places, batches)
	}
	for cut := range places {
		fs := faultfs.New()
		fs.CutAt(cut, uint64(cut))
		acknowledged := history(fs)
		if !fs.HasCut() {
			continue // background work of this run needed fewer writes
		}
		s, err := OpenPebble("db", fs.AfterCut())
		if err != nil {
			t.Fatalf("cut at %d: the store does not open: %v", cut, err)
		}
		count := func(prefix string) (n int) {
			if err := s.Scan([]byte(prefix), func(_, _ []byte) error { n++; return nil }); err != nil {
				t.Fatal(err)
			}
			return n
		}
		left, right := count("left/"), count("right/")
		if left != right || left < acknowledged {
			t.Fatalf("cut at %d: %d acknowledged, found %d and %d", cut, acknowledged, left, right)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Power is cut at every write of opening a store that is there already, and of making
// it: it always opens again, with what it held.
func TestPebblePowerCutWhileOpening(t *testing.T) {
	base := vfs.NewCrashableMem()
	run := func(fs vfs.FS, n byte) {
		s, err := OpenPebble("db", fs)
		if err != nil {
			t.Fatal(err)
		}
		var b Batch
		b.Put([]byte{'k', n}, bytes.Repeat([]byte{n}, 3000))
		if err := s.Apply(&b); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	run(base, 0)
	whole := faultfs.On(base.CrashClone(vfs.CrashCloneCfg{}))
	run(whole, 1)
	for cut := range whole.Writes() {
		for seed := range uint64(8) {
			fs := faultfs.On(base.CrashClone(vfs.CrashCloneCfg{}))
			fs.CutAt(cut, seed)
			run(fs, 1)
			if !fs.HasCut() {
				continue
			}
			s, err := OpenPebble("db", fs.AfterCut())
			if err != nil {
				t.Fatalf("cut at %d, seed %d: the store does not open: %v", cut, seed, err)
			}
			if v, ok, err := s.Get([]byte{'k', 0}); err != nil || !ok || len(v) != 3000 {
				t.Fatalf("cut at %d, seed %d: %d bytes %v %v", cut, seed, len(v), ok, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A store that is closed says so, to callers that are under way as well.
func TestClosedStoreSaysSo(t *testing.T) {
	disk, err := OpenPebble("db", vfs.NewMem())
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]Store{"memory": NewMemory(), "pebble": disk} {
		var b Batch
		b.Put([]byte("k"), []byte("v"))
		if err := s.Apply(&b); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					if err := s.Scan(nil, func(k, _ []byte) error {
						_, _, err := s.Get(k)
						return err
					}); errors.Is(err, ErrClosed) {
						return
					} else if err != nil {
						t.Errorf("%s: %v", name, err)
						return
					}
				}
			})
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: close: %v", name, err)
		}
		wg.Wait()
		if _, _, err := s.Get([]byte("k")); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: get: %v", name, err)
		}
		if err := s.Apply(&b); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: apply: %v", name, err)
		}
	}
}
