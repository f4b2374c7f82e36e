package durable

import (
	"testing"
	"time"

	"spacechain/internal/kv"
	"spacechain/link/cfdp"
)

// ledger is a store that counts what is written to it.
type ledger struct {
	kv.Store
	writes, syncs, loose int // loose: since the last that was durable
}

func (l *ledger) Apply(b *kv.Batch) error {
	l.writes++
	if l.loose++; !b.Lazy {
		l.syncs++
		l.loose = 0
	}
	return l.Store.Apply(b)
}

// A flood of PDUs that each want an answer costs a bounded number of durable writes, and
// a file in the midst of it arrives.
func TestWritesUnderFlood(t *testing.T) {
	for name, flood := range map[string]func(t *testing.T, e *Entity, now time.Time, seq uint64){
		"fresh EOF": func(t *testing.T, e *Entity, now time.Time, seq uint64) {
			_ = hostileSend(t, e, now, seq, &cfdp.EOF{Size: 9})
		},
		"EOF repeated": func(t *testing.T, e *Entity, now time.Time, _ uint64) {
			_ = hostileSend(t, e, now, 7, &cfdp.EOF{Size: 1})
		},
		"metadata that is refused": func(t *testing.T, e *Entity, now time.Time, seq uint64) {
			_ = hostileSend(t, e, now, seq, &cfdp.Metadata{SourceName: "a", DestName: "out/x"})
		},
		"single octets far apart": func(t *testing.T, e *Entity, now time.Time, seq uint64) {
			_ = hostileSend(t, e, now, 5, &cfdp.FileData{Offset: int64(seq%100) * piece * 4, Data: []byte{1}})
		},
		"file data of ever new files": func(t *testing.T, e *Entity, now time.Time, seq uint64) {
			_ = hostileSend(t, e, now, seq, &cfdp.FileData{Data: []byte{1}})
		},
		"empty files": func(t *testing.T, e *Entity, now time.Time, seq uint64) {
			_ = hostileSend(t, e, now, seq, &cfdp.Metadata{SourceName: "a", DestName: "b", Checksum: cfdp.ChecksumNull})
			_ = hostileSend(t, e, now, seq, &cfdp.EOF{})
		},
		"file data, and then canceled": func(t *testing.T, e *Entity, now time.Time, seq uint64) {
			_ = hostileSend(t, e, now, seq, &cfdp.FileData{Data: []byte{1}})
			_ = hostileSend(t, e, now, seq, &cfdp.EOF{Condition: cfdp.CancelRequested, Fault: []byte{1}})
		},
		"canceled": func(t *testing.T, e *Entity, now time.Time, seq uint64) {
			_ = hostileSend(t, e, now, seq, &cfdp.EOF{Condition: cfdp.CancelRequested, Fault: []byte{1}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := &ledger{Store: kv.NewMemory()}
			e := hostileOpen(t, l, nil)
			_ = hostileSend(t, e, noon, 7, &cfdp.FileData{Data: []byte{1}})
			now, data := noon, content(1, 30_000)
			const each, seconds = 100, 60
			ended := false
			for i := range seconds * each {
				now = now.Add(time.Second / each)
				flood(t, e, now, uint64(1000+i))
				switch at := 500 * (i / each); {
				case i%each != 0:
				case i == 0:
					_ = hostileSend(t, e, now, 8, &cfdp.Metadata{Size: int64(len(data)), SourceName: "a", DestName: "good", Checksum: cfdp.ChecksumNull})
					fallthrough
				case at < len(data):
					_ = hostileSend(t, e, now, 8, &cfdp.FileData{Offset: int64(at), Data: data[at : at+500]})
				}
				if i == seconds*each-each/2 {
					_ = hostileSend(t, e, now, 8, &cfdp.EOF{Size: int64(len(data))})
				}
				if err := e.Tick(now); err != nil {
					t.Fatal(err)
				}
				for {
					pdu, ok, err := e.Output(now, ground)
					if err != nil {
						t.Fatal(err)
					}
					if !ok {
						break
					}
					if p, err := cfdp.Decode(pdu); err == nil && p.Seq == 8 {
						f, ok := p.Body.(*cfdp.Finished)
						ended = ended || ok && f.Condition == cfdp.NoError
					}
				}
			}
			for range 5 {
				now = now.Add(time.Second)
				_ = e.Tick(now)
				for {
					pdu, ok, _ := e.Output(now, ground)
					if !ok {
						break
					}
					if p, err := cfdp.Decode(pdu); err == nil && p.Seq == 8 {
						f, ok := p.Body.(*cfdp.Finished)
						ended = ended || ok && f.Condition == cfdp.NoError
					}
				}
			}
			if !ended {
				t.Error("the file in the midst of it does not come to its end")
			}
			if n := len(e.files.names) + len(e.files.dirty) + len(e.files.gone) + len(e.files.cut); n > 300 {
				t.Errorf("%d changes are waiting to be written", n)
			}
			if l.syncs > syncBurst+seconds+10 || l.writes > syncBurst+2*seconds+20 {
				t.Errorf("%d PDUs cost %d writes, %d of them durable", seconds*each, l.writes, l.syncs)
			}
			t.Logf("%d PDUs: %d writes, %d of them durable", seconds*each, l.writes, l.syncs)
		})
	}
}

// No ACK of an EOF and no Finished PDU of a file leaves before what it tells is durable, whatever
// was written lazily before.
func TestNothingIsPromisedTooEarly(t *testing.T) {
	l := &ledger{Store: kv.NewMemory()}
	e := hostileOpen(t, l, nil)
	now := noon
	for seq := range uint64(100) {
		_ = hostileSend(t, e, now, seq, &cfdp.Metadata{Size: 3, SourceName: "a", DestName: "good", Checksum: cfdp.ChecksumNull})
		_ = hostileSend(t, e, now, seq, &cfdp.EOF{Size: 3})
		if seq%2 == 0 {
			if err := e.Commit(now, false); err != nil {
				t.Fatal(err)
			}
		}
		for ended := false; ; {
			pdu, ok, err := e.Output(now, ground)
			if err != nil {
				t.Fatal(err)
			}
			if !ok && ended {
				break
			}
			if !ok { // it waits: the entity says until when
				at, _ := e.Next()
				if d := at.Sub(now); d <= 0 || d > syncEvery {
					_ = hostileSend(t, e, now, seq, &cfdp.FileData{Data: []byte("abc")})
					continue
				}
				now = at
				if err := e.Tick(now); err != nil {
					t.Fatal(err)
				}
				continue
			}
			p, err := cfdp.Decode(pdu)
			if err != nil || p.Seq != seq {
				continue
			}
			switch b := p.Body.(type) {
			case *cfdp.ACK:
				if l.loose > 0 {
					t.Fatalf("%d: an ACK leaves, the last %d writes are not durable", seq, l.loose)
				}
				_ = hostileSend(t, e, now, seq, &cfdp.FileData{Data: []byte("abc")})
			case *cfdp.Finished:
				if ended = true; l.loose > 0 || b.Condition != cfdp.NoError {
					t.Fatalf("%d: %v, the last %d writes are not durable", seq, b.Condition, l.loose)
				}
				_ = hostileSend(t, e, now, seq, &cfdp.ACK{Of: cfdp.DirectiveFinished})
			}
		}
	}
	// What was written lazily is made durable although nothing is new.
	_ = hostileSend(t, e, now, 1000, &cfdp.FileData{Data: []byte("abc")})
	for _, durable := range []bool{false, true} {
		if err := e.Commit(now, durable); err != nil {
			t.Fatal(err)
		}
	}
	if l.loose > 0 {
		t.Error("a durable commit after a lazy one writes nothing")
	}
}

// What is under way when a link goes down is written at once.
func TestWrittenAtTheEndOfAPass(t *testing.T) {
	l := &ledger{Store: kv.NewMemory()}
	e := hostileOpen(t, l, nil)
	e.SetLink(noon, ground, false)
	if at, ok := e.Next(); ok {
		t.Errorf("with nothing to write it wants to be woken at %v", at)
	}
	e.SetLink(noon, ground, true)
	_ = hostileSend(t, e, noon, 1, &cfdp.FileData{Data: []byte("abc")})
	now := noon.Add(time.Second)
	e.SetLink(now, ground, false)
	if at, ok := e.Next(); !ok || at.After(now) {
		t.Errorf("it wants to be woken at %v", at)
	}
	if err := e.Tick(now); err != nil || l.writes != 1 {
		t.Errorf("%d writes, %v", l.writes, err)
	}
	if _, ok := e.Next(); ok {
		t.Error("it does not come to rest")
	}
}

// The clock is a year ahead when something changes, and then right again: it is written at the
// usual time, and what waits for a durable write does not wait for a year.
func TestClockSet(t *testing.T) {
	const year = 365 * 24 * time.Hour
	l := &ledger{Store: kv.NewMemory()}
	e := hostileOpen(t, l, nil)
	now := noon.Add(year)
	_ = hostileSend(t, e, now, 1, &cfdp.FileData{Data: []byte("abc")})
	for seq := range uint64(2 * syncBurst) {
		_ = hostileSend(t, e, now, seq, &cfdp.EOF{Size: 9})
		_, _, _ = e.Output(now, ground)
	}
	if !e.waiting() {
		t.Fatal("nothing waits")
	}
	now = noon
	before := l.writes
	for range 20 {
		now = now.Add(time.Second)
		if err := e.Tick(now); err != nil {
			t.Fatal(err)
		}
		if at, ok := e.Next(); !ok || at.Sub(now) > 2*time.Hour {
			t.Fatalf("it wants to be woken in %v", at.Sub(now))
		}
	}
	if _, ok, err := e.Output(now, ground); l.writes == before || e.waiting() || !ok || err != nil {
		t.Errorf("%d writes, waiting: %v; an answer: %v", l.writes-before, e.waiting(), ok)
	}
}
