package view

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// An overlay reads as a map does in which its changes were made.
func TestOverlayAgreesWithAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.SampledFrom([]byte{'a', 'b', 0, 0xff}), 1, 3)
		base := NewOverlay(Empty{})
		top := NewOverlay(base)
		model := map[string]string{}
		for i := range rapid.IntRange(0, 30).Draw(t, "changes") {
			o := top
			if i < 10 {
				o = base
			}
			k := key.Draw(t, "key")
			for range rapid.IntRange(0, 2).Draw(t, "scans") {
				if err := o.Scan(nil, func(_, _ []byte) error { return nil }); err != nil {
					t.Fatal(err)
				}
			}
			if rapid.Bool().Draw(t, "delete") {
				o.Delete(k)
				delete(model, string(k))
			} else {
				v := rapid.SliceOf(rapid.Byte()).Draw(t, "value")
				o.Put(k, v)
				model[string(k)] = string(v)
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "scans before") {
			if err := top.Scan(key.Draw(t, "prefix before"), func(_, _ []byte) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if k := key.Draw(t, "changed between scans"); rapid.Bool().Draw(t, "change") {
			top.Delete(k)
			delete(model, string(k))
		}
		prefix := key.Draw(t, "prefix")
		var want, got []string
		for _, k := range slices.Sorted(maps.Keys(model)) {
			if strings.HasPrefix(k, string(prefix)) {
				want = append(want, fmt.Sprintf("%q=%q", k, model[k]))
			}
		}
		for range 3 { // what a scan remembers is of use to the next
			got = nil
			if err := top.Scan(prefix, func(k, v []byte) error {
				got = append(got, fmt.Sprintf("%q=%q", k, v))
				return nil
			}); err != nil || !slices.Equal(got, want) {
				t.Fatalf("scan %q: %v %v, want %v", prefix, got, err, want)
			}
		}
		v, ok, err := top.Get(prefix)
		w, wok := model[string(prefix)]
		if err != nil || ok != wok || string(v) != w {
			t.Fatalf("get %q: %q %v %v, want %q %v", prefix, v, ok, err, w, wok)
		}
		flat := NewOverlay(base)
		flat.Apply(top.Changes())
		if flat.Len() != top.Len() || flat.Size() != top.Size() {
			t.Fatalf("changes made again: %d keys %d bytes, want %d and %d", flat.Len(), flat.Size(), top.Len(), top.Size())
		}
		if !slices.IsSortedFunc(top.Changes(), func(a, b Change) int { return bytes.Compare(a.Key, b.Key) }) {
			t.Fatal("changes are not in order")
		}
	})
}

func TestScanStopsAtAnError(t *testing.T) {
	o := NewOverlay(Empty{})
	o.Put([]byte("k1"), nil)
	o.Put([]byte("k2"), nil)
	stop, n := errors.New("stop"), 0
	err := o.Scan([]byte("k"), func(_, _ []byte) error { n++; return stop })
	if err != stop || n != 1 {
		t.Fatalf("scan gave %v after %d keys", err, n)
	}
	if o.Reset(); o.Len() != 0 || o.Size() != 0 {
		t.Fatal("a reset overlay holds something")
	}
}

// BenchmarkScan looks for keys that few of many changes have, as dropping the storage of
// a contract does.
func BenchmarkScan(b *testing.B) {
	o := NewOverlay(Empty{})
	for i := range 30_000 {
		o.Put(fmt.Appendf(nil, "S%05d", i), []byte{1})
	}
	for b.Loop() {
		n := 0
		if err := o.Scan([]byte("S0123"), func(_, _ []byte) error { n++; return nil }); err != nil || n != 10 {
			b.Fatal(n, err)
		}
	}
}
