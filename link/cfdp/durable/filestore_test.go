package durable

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"spacechain/internal/kv"
	"spacechain/link/cfdp"
)

// The filestore does what the one in memory does, however its changes are cut into
// batches, and counts its octets right.
func TestFilestoreAgainstMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := kv.NewMemory()
		ours, err := openFilestore(disk, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		model := cfdp.NewMemStore()
		name := rapid.SampledFrom([]string{"a", "b", "d/a", "d/e/a", "d", "d/e"})
		offset := rapid.SampledFrom([]int64{0, 1, 100, piece - 1, piece, piece + 1, 3 * piece, 40*piece + 7})
		steps := rapid.IntRange(1, 40).Draw(t, "steps")
		for i := range steps {
			var op func(s cfdp.Filestore) error
			n, m, at := name.Draw(t, "name"), name.Draw(t, "other"), offset.Draw(t, "at")
			what := rapid.IntRange(0, 8).Draw(t, "op")
			switch what {
			case 0, 1:
				data := bytes.Repeat([]byte{byte(i + 1)}, rapid.SampledFrom([]int{0, 1, 500, piece, 2*piece + 9}).Draw(t, "size"))
				op = func(s cfdp.Filestore) error { return s.WriteAt(n, data, at) }
			case 2:
				op = func(s cfdp.Filestore) error { return s.Truncate(n, at) }
			case 3:
				op = func(s cfdp.Filestore) error { return s.Create(n) }
			case 4:
				op = func(s cfdp.Filestore) error { return s.Delete(n) }
			case 5:
				op = func(s cfdp.Filestore) error { return s.Rename(n, m) }
			case 6:
				op = func(s cfdp.Filestore) error { return s.MakeDir(n) }
			case 7:
				op = func(s cfdp.Filestore) error { return s.RemoveDir(n) }
			case 8:
				var b kv.Batch
				ours.changes(&b)
				if err := disk.Apply(&b); err != nil {
					t.Fatal(err)
				}
				ours.settled()
				used := ours.used
				if ours, err = openFilestore(disk, 1<<30); err != nil {
					t.Fatal(err)
				}
				if ours.used != used {
					t.Fatalf("%d octets after opening, %d before", ours.used, used)
				}
				continue
			}
			a, b := op(ours), op(model)
			if (a == nil) != (b == nil) {
				t.Fatalf("operation %d on %q, %q, %d: %v, in memory %v", what, n, m, at, a, b)
			}
			same(t, ours, model, ".")
		}
	})
}

func same(t *rapid.T, ours, model cfdp.Filestore, dir string) {
	a, err1 := ours.List(dir)
	b, err2 := model.List(dir)
	if fmt.Sprint(a) != fmt.Sprint(b) || err1 != nil || err2 != nil {
		t.Fatalf("%s holds %v (%v), in memory %v (%v)", dir, a, err1, b, err2)
	}
	for _, name := range a {
		full := name
		if dir != "." {
			full = dir + "/" + name
		}
		if name[len(name)-1] == '/' {
			same(t, ours, model, full[:len(full)-1])
			continue
		}
		x, err1 := cfdp.ReadFile(ours, full)
		y, err2 := cfdp.ReadFile(model, full)
		if !bytes.Equal(x, y) || err1 != nil || err2 != nil {
			t.Fatalf("%s differs: %v, %v", full, err1, err2)
		}
	}
}

// What was damaged on disk is found out, not believed.
func TestDamagedRecords(t *testing.T) {
	for _, bad := range [][2]string{
		{"fname", ""}, {"fname", "\x01"}, {"fname", "\x01\x01\x01"}, {"p12345678", ""}, {"p1234567812345678", "x"},
		{"r1", "x"}, {"r12345678", "\x00\x00\xff"}, {"s", "no state"},
	} {
		store := kv.NewMemory()
		var b kv.Batch
		b.Put([]byte(bad[0]), []byte(bad[1]))
		if err := store.Apply(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(noon, Options{ID: 1, Store: store}); err == nil {
			t.Errorf("%q: %q is taken", bad[0], bad[1])
		}
	}
}
