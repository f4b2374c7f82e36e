package store

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spacechain/dtn/bundle"
	"spacechain/internal/kv"
)

var begin = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// entry describes a bundle number n of any test.
func entry(n int) Entry {
	return Entry{
		ID:          bundle.ID{Source: bundle.IPN(1, 64), Timestamp: bundle.Timestamp{Time: 1000, Seq: uint64(n)}},
		Destination: bundle.IPN(2, 7), Flags: bundle.FlagReportDelivery,
		Received: begin, Expiry: begin.Add(time.Duration(n%7+1) * time.Minute), Previous: 9, HopsLeft: 30,
	}
}

func content(n, size int) []byte {
	return bytes.Repeat([]byte{byte(n), byte(n >> 8), 7}, size/3+1)[:size]
}

func open(t testing.TB, disk kv.Store, o Options) *Store {
	t.Helper()
	s, err := Open(disk, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(s *Store, n, size int) (uint64, error) {
	b := s.Begin()
	seq, err := b.Put(entry(n), content(n, size))
	if err != nil {
		return 0, err
	}
	return seq, b.Commit()
}

func TestStoreKeepsBundles(t *testing.T) {
	disk := kv.NewMemory()
	s := open(t, disk, Options{})
	var seqs []uint64
	for n := range 5 {
		seq, err := put(s, n, 100+n)
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, seq)
	}
	s.Remove(seqs[1])
	b := s.Begin()
	b.Remove(seqs[3])
	b.Seen(entry(3).ID, begin.Add(time.Hour))
	b.Set("boot", []byte{4, 2})
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Store{"same": s, "reopened": open(t, disk, Options{})} {
		if s.Len() != 3 || s.Bytes() != 100+102+104 {
			t.Errorf("%s: %d bundles, %d bytes", name, s.Len(), s.Bytes())
		}
		for i, e := range s.Entries() {
			n := []int{0, 2, 4}[i]
			want := entry(n)
			want.Seq, want.Size, want.sum = seqs[n], 100+n, e.sum
			if *e != want {
				t.Errorf("%s: entry %+v, want %+v", name, *e, want)
			}
			data, err := s.Get(e.Seq)
			if err != nil || !bytes.Equal(data, content(n, 100+n)) {
				t.Errorf("%s: bundle %d: %x %v", name, n, data, err)
			}
			if f, ok := s.Find(want.ID); !ok || f.Seq != e.Seq {
				t.Errorf("%s: bundle %d is not found", name, n)
			}
		}
		if _, ok := s.Find(entry(1).ID); ok {
			t.Errorf("%s: a removed bundle is found", name)
		}
		if _, err := s.Get(seqs[1]); !errors.Is(err, ErrMissing) {
			t.Errorf("%s: a removed bundle is read: %v", name, err)
		}
		if !s.HasSeen(entry(3).ID) || s.HasSeen(entry(4).ID) {
			t.Errorf("%s: consumed bundles", name)
		}
		if v, ok, err := s.State("boot"); !ok || err != nil || !bytes.Equal(v, []byte{4, 2}) {
			t.Errorf("%s: state %x %v %v", name, v, ok, err)
		}
		if at, ok := s.NextExpiry(); !ok || !at.Equal(begin.Add(time.Minute)) {
			t.Errorf("%s: next expiry %v %v", name, at, ok)
		}
		if e := s.Expired(begin.Add(time.Minute - 1)); e != nil {
			t.Errorf("%s: %v expired early", name, e.ID)
		}
		if e := s.Expired(begin.Add(time.Minute)); e == nil || e.Seq != seqs[0] {
			t.Errorf("%s: %+v expired", name, e)
		}
	}
}

func TestQuota(t *testing.T) {
	s := open(t, kv.NewMemory(), Options{MaxBytes: 1000, MaxBundles: 4})
	for n := range 3 {
		if _, err := put(s, n, 300); err != nil {
			t.Fatal(err)
		}
	}
	if s.Room(101) || !s.Room(100) {
		t.Error("100 bytes are left")
	}
	if _, err := put(s, 3, 101); !errors.Is(err, ErrFull) {
		t.Errorf("101 bytes more: %v", err)
	}
	if s.Len() != 3 {
		t.Error("a refused bundle is in the store")
	}
	if _, err := put(s, 3, 10); err != nil {
		t.Error(err)
	}
	if _, err := put(s, 4, 10); !errors.Is(err, ErrFull) {
		t.Errorf("a fifth bundle: %v", err)
	}
	// Replacing in one batch needs room only for the difference.
	b := s.Begin()
	b.Remove(s.Entries()[0].Seq)
	if _, err := b.Put(entry(5), content(5, 350)); err != nil {
		t.Error(err)
	}
	if err := b.Commit(); err != nil || s.Bytes() != 300+300+10+350 {
		t.Errorf("after replacing: %d bytes, %v", s.Bytes(), err)
	}
	// A bundle that is larger than all the room is refused, and the batch with it.
	b = s.Begin()
	b.Remove(s.Entries()[0].Seq)
	if _, err := b.Put(entry(6), content(6, 2000)); !errors.Is(err, ErrFull) || !errors.Is(b.Commit(), ErrFull) || s.Len() != 4 {
		t.Errorf("a batch that does not fit: %v, %d bundles", err, s.Len())
	}
}

func TestSeenIsBounded(t *testing.T) {
	disk := kv.NewMemory()
	s := open(t, disk, Options{MaxSeen: 100})
	for n := range 1000 {
		b := s.Begin()
		b.Seen(entry(n).ID, begin.Add(time.Duration(n)*time.Second))
		if err := b.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.seen) > 100 || !s.HasSeen(entry(999).ID) || s.HasSeen(entry(0).ID) {
		t.Errorf("%d remembered", len(s.seen))
	}
	if again := open(t, disk, Options{MaxSeen: 100}); len(again.seen) > 101 || !again.HasSeen(entry(999).ID) {
		t.Errorf("%d remembered on disk", len(again.seen))
	}
}

func TestCompletedTransfers(t *testing.T) {
	disk := kv.NewMemory()
	s := open(t, disk, Options{})
	d := func(n int) Digest { return Digest{byte(n), byte(n >> 8)} }
	for n := range 700 {
		b := s.Begin()
		b.Completed(d(n))
		if err := b.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	for name, s := range map[string]*Store{"same": s, "reopened": open(t, disk, Options{})} {
		for _, c := range []struct {
			n    int
			want bool
		}{{699, true}, {444, true}, {443, false}, {0, false}} {
			if s.WasCompleted(d(c.n)) != c.want {
				t.Errorf("%s: transfer %d: %v", name, c.n, !c.want)
			}
		}
	}
}

func TestPartsResume(t *testing.T) {
	disk := kv.NewMemory()
	s := open(t, disk, Options{MaxBytes: 40000})
	d := Digest{1}
	whole := content(3, 3000)
	for _, at := range []int{2000, 0} {
		if err := s.SavePart(d, 3000, at, whole[at:at+1000]); err != nil {
			t.Fatal(err)
		}
	}
	for name, s := range map[string]*Store{"same": s, "reopened": open(t, disk, Options{MaxBytes: 40000})} {
		total, pieces, ok := s.Parts(d)
		if !ok || total != 3000 || len(pieces) != 2 || s.Bytes() != 2000 {
			t.Fatalf("%s: %d %v %v", name, total, pieces, ok)
		}
		got := make([]byte, 3000)
		if err := s.ReadParts(d, got); err != nil || !bytes.Equal(got[:1000], whole[:1000]) || !bytes.Equal(got[2000:], whole[2000:]) {
			t.Errorf("%s: read %v", name, err)
		}
	}
	s.DropParts(d)
	if _, _, ok := s.Parts(d); ok || s.Bytes() != 0 {
		t.Error("dropped parts are there")
	}
	// A part that comes again before the removal was written is kept.
	if err := s.SavePart(d, 3000, 0, whole[:500]); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	s = open(t, disk, Options{MaxBytes: 40000})
	if _, pieces, ok := s.Parts(d); !ok || len(pieces) != 1 || pieces[0] != (Span{0, 500}) {
		t.Errorf("pieces %v", pieces)
	}
	// The oldest go first when there are many, or when they are large.
	for n := range 40 {
		if err := s.SavePart(Digest{2, byte(n)}, 3000, 0, content(n, 300)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.parts.open) > maxParts || s.Bytes() > 10000 {
		t.Errorf("%d broken transfers of %d bytes", len(s.parts.open), s.Bytes())
	}
	if _, _, ok := s.Parts(d); ok {
		t.Error("the oldest is still there")
	}
	if err := s.SavePart(Digest{9}, 30000, 0, content(1, 10001)); !errors.Is(err, ErrFull) {
		t.Errorf("a piece above the share: %v", err)
	}
}

// Against a model: whatever is done in whatever order, and however often it is
// reopened, the store holds what the model holds.
func TestStoreAgreesWithAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disk := kv.NewMemory()
		s, err := Open(disk, Options{MaxBytes: 5000})
		if err != nil {
			t.Fatal(err)
		}
		model := map[int]int{} // number to size
		bytesHeld := 0
		for n := range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1, 2:
				size := rapid.IntRange(1, 900).Draw(t, "size")
				_, err := put(s, n, size)
				if full := bytesHeld+size > 5000; full != errors.Is(err, ErrFull) || (!full && err != nil) {
					t.Fatalf("put %d bytes to %d: %v", size, bytesHeld, err)
				}
				if err == nil {
					model[n] = size
					bytesHeld += size
				}
			case 3, 4:
				if es := s.Entries(); len(es) > 0 {
					e := es[rapid.IntRange(0, len(es)-1).Draw(t, "which")]
					number := int(e.ID.Timestamp.Seq)
					bytesHeld -= model[number]
					delete(model, number)
					s.Remove(e.Seq)
				}
			case 5:
				if err := s.Flush(); err != nil {
					t.Fatal(err)
				}
				if s, err = Open(disk, Options{MaxBytes: 5000}); err != nil {
					t.Fatal(err)
				}
			}
			if s.Len() != len(model) || s.Bytes() != int64(bytesHeld) {
				t.Fatalf("%d bundles of %d bytes, want %d of %d", s.Len(), s.Bytes(), len(model), bytesHeld)
			}
			var last time.Time
			for _, e := range s.Entries() {
				number := int(e.ID.Timestamp.Seq)
				data, err := s.Get(e.Seq)
				if err != nil || !bytes.Equal(data, content(number, model[number])) {
					t.Fatalf("bundle %d: %d bytes, %v", number, len(data), err)
				}
				if last.IsZero() || e.Expiry.Before(last) {
					last = e.Expiry
				}
			}
			if at, ok := s.NextExpiry(); ok != (len(model) > 0) || (ok && !at.Equal(last)) {
				t.Fatalf("next expiry %v, want %v", at, last)
			}
		}
	})
}

func TestDamageIsFoundOut(t *testing.T) {
	disk := kv.NewMemory()
	s := open(t, disk, Options{})
	seq, err := put(s, 1, 100)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(kind byte) {
		v, _, _ := disk.Get(seqKey(kind, seq))
		v[len(v)/2] ^= 1
		var b kv.Batch
		b.Put(seqKey(kind, seq), v)
		if err := disk.Apply(&b); err != nil {
			t.Fatal(err)
		}
	}
	flip(keyData)
	if _, err := s.Get(seq); !errors.Is(err, ErrCorrupt) {
		t.Errorf("damaged bundle: %v", err)
	}
	flip(keyEntry)
	if _, err := Open(disk, Options{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("damaged entry: %v", err)
	}
}

func FuzzEntry(f *testing.F) {
	for n := range 3 {
		e := entry(n)
		e.ID.Fragment = n == 1
		f.Add(appendEntry(nil, &e))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		key := seqKey(keyEntry, 5)
		e, err := decodeEntry(key, raw)
		if err != nil {
			return
		}
		again, err := decodeEntry(key, appendEntry(nil, e))
		if err != nil || fmt.Sprint(*again) != fmt.Sprint(*e) {
			t.Fatalf("decode, encode, decode: %+v %v, want %+v", again, err, e)
		}
	})
}
