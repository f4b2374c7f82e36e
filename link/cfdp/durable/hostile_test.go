package durable

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"spacechain/internal/kv"
	"spacechain/link/cfdp"
)

func hostileSend(t *testing.T, e *Entity, now time.Time, seq uint64, b cfdp.Body) error {
	t.Helper()
	pdu, err := cfdp.PDU{Header: cfdp.Header{EntityLen: 4, SeqLen: 4, Source: ground, Seq: seq, Dest: space}, Body: b}.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	refused, err := e.Receive(now, ground, pdu)
	if err != nil {
		t.Fatal(err)
	}
	return refused
}

func hostileOpen(t *testing.T, store kv.Store, admit func(uint64, string, int64) error) *Entity {
	e, err := Open(noon, Options{ID: space, Store: store, Admit: admit})
	if err != nil {
		t.Fatal(err)
	}
	e.SetLink(noon, ground, true)
	return e
}

// Admit is passed by: a metadata PDU that announces too large a file and overrides the
// handler of that fault.
func TestHostileAdmitBypass(t *testing.T) {
	e := hostileOpen(t, kv.NewMemory(), func(uint64, string, int64) error { return errors.New("nothing is taken") })
	if err := cfdp.WriteFile(e.files, "orders/victim", []byte("x")); err != nil {
		t.Fatal(err)
	}
	m := &cfdp.Metadata{Size: 1 << 30, SourceName: "a", DestName: "orders/forged", Checksum: cfdp.ChecksumNull}
	m.Overrides = []cfdp.FaultOverride{{Condition: cfdp.FileSizeError, Handler: cfdp.HandleIgnore}}
	m.Requests = []cfdp.FilestoreRequest{{Action: cfdp.DeleteFile, First: "orders/victim"}}
	_ = hostileSend(t, e, noon, 1, m)
	_ = hostileSend(t, e, noon, 1, &cfdp.FileData{Data: []byte("hello")})
	_ = hostileSend(t, e, noon, 1, &cfdp.EOF{Size: 5})
	if list := e.List("orders"); len(list) != 1 || list[0] != "victim" {
		t.Errorf("orders holds %v", list)
	}
}

// The announced size is not held to.
func TestHostileAnnouncedSize(t *testing.T) {
	var told int64
	e := hostileOpen(t, kv.NewMemory(), func(_ uint64, _ string, size int64) error { told = size; return nil })
	m := &cfdp.Metadata{Size: 0, SourceName: "a", DestName: "files/a", Checksum: cfdp.ChecksumNull}
	_ = hostileSend(t, e, noon, 1, m)
	for i := range 1000 {
		_ = hostileSend(t, e, noon, 1, &cfdp.FileData{Offset: int64(i) * 1000, Data: make([]byte, 1000)})
	}
	_ = hostileSend(t, e, noon, 1, &cfdp.EOF{Size: 1e6})
	if n := e.Octets("files"); n > told {
		t.Errorf("admitted %d octets, %d are kept", told, n)
	}
}

// Transactions that never end fill the table for good.
func TestHostileNeverEnds(t *testing.T) {
	store := kv.NewMemory()
	e := hostileOpen(t, store, nil)
	m := &cfdp.Metadata{Size: 10, SourceName: "a", DestName: "commands/a", Checksum: cfdp.ChecksumNull}
	for c := cfdp.Condition(1); c < 14; c++ {
		m.Overrides = append(m.Overrides, cfdp.FaultOverride{Condition: c, Handler: cfdp.HandleIgnore})
	}
	for seq := range uint64(16) {
		if err := hostileSend(t, e, noon, seq, m); err != nil {
			t.Fatal(err)
		}
	}
	now := noon
	for range 24 * 365 {
		now = now.Add(time.Hour)
		if err := e.Tick(now); err != nil {
			t.Fatal(err)
		}
		for {
			_, ok, _ := e.Output(now, ground)
			if !ok {
				break
			}
		}
	}
	if err := e.Commit(now, true); err != nil {
		t.Fatal(err)
	}
	e, err := Open(now, Options{ID: space, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	e.SetLink(now, ground, true)
	if err := hostileSend(t, e, now, 100, &cfdp.Metadata{Size: 1, SourceName: "a", DestName: "commands/b"}); err != nil {
		t.Errorf("a year of link and a restart later: %v, %d under way", err, len(e.Transactions()))
	}
}

// Directories are left behind for good and eat the quota.
func TestHostileDirectories(t *testing.T) {
	var e *Entity
	n := 0
	store := kv.NewMemory()
	e, err := Open(noon, Options{ID: space, Store: store, Received: func(now time.Time, r Received) {
		n++
		if err := e.Rename(now, r.Name, fmt.Sprintf("orders/%d", n)); err != nil {
			t.Log(err)
			return
		}
		_ = e.Remove(now, fmt.Sprintf("orders/%d", n))
	}})
	if err != nil {
		t.Fatal(err)
	}
	e.SetLink(noon, ground, true)
	now := noon
	for seq := range uint64(2000) {
		now = now.Add(2 * time.Second)
		name := fmt.Sprintf("commands/%d/", seq)
		for len(name) < 240 {
			name += "a/"
		}
		_ = hostileSend(t, e, now, seq, &cfdp.Metadata{Size: 0, SourceName: "a", DestName: name + "x", Checksum: cfdp.ChecksumNull})
		_ = hostileSend(t, e, now, seq, &cfdp.EOF{})
		for {
			pdu, ok, _ := e.Output(now, ground)
			if !ok {
				break
			}
			if h, _, _ := cfdp.DecodeHeader(pdu); pdu[h.Len()] == byte(cfdp.DirectiveFinished) {
				ack, _ := cfdp.PDU{Header: cfdp.Header{EntityLen: 4, SeqLen: 4, Source: ground, Seq: seq, Dest: space}, Body: &cfdp.ACK{Of: cfdp.DirectiveFinished, Status: cfdp.StatusTerminated}}.Append(nil)
				_, _ = e.Receive(now, ground, ack)
			}
		}
		if e.UsedOctets() > 16<<20-300 {
			t.Errorf("after %d empty files that were taken away %d octets are in use, %d transactions", seq, e.UsedOctets(), len(e.Transactions()))
			break
		}
	}
	if _, err := e.Put(noon, ground, "x", make([]byte, 1000)); err != nil {
		t.Error(err)
	}
	if n != 2000 || e.UsedOctets() > 4096 {
		t.Errorf("%d files came and went, and left %d octets", n, e.UsedOctets())
	}
}

func TestHostileHostileNAKs(t *testing.T) {
	e := hostileOpen(t, kv.NewMemory(), nil)
	data := make([]byte, 4<<20)
	id, err := e.Put(noon, ground, "big", data)
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, ok, _ := e.Output(noon, ground)
		if !ok {
			break
		}
	}
	h := cfdp.Header{TowardSender: true, EntityLen: 4, SeqLen: 4, Source: space, Seq: id.Seq, Dest: ground}
	at := int64(len(data)) - 2
	for range 4 {
		nak := &cfdp.NAK{End: int64(len(data))}
		for range 8000 {
			nak.Segments = append(nak.Segments, cfdp.Segment{Start: at, End: at + 1})
			at -= 2
		}
		pdu, err := cfdp.PDU{Header: h, Body: nak}.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if refused, err := e.Receive(noon, ground, pdu); refused != nil || err != nil {
			t.Fatal(refused, err)
		}
	}
	n := 0
	for {
		_, ok, _ := e.Output(noon, ground)
		if !ok {
			break
		}
		n++
	}
	if n > 1100 { // of 32,000 that were asked for
		t.Errorf("%d PDUs are sent again", n)
	}
}

// Two PDUs from anybody, and the entity can never be opened again.
func TestHostileStateCannotBeReadBack(t *testing.T) {
	store := kv.NewMemory()
	e := hostileOpen(t, store, nil)
	send := func(h cfdp.Header, b cfdp.Body) {
		pdu, err := cfdp.PDU{Header: h, Body: b}.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Receive(noon, ground, pdu)
		if err != nil {
			t.Fatal(err)
		}
	}
	h := cfdp.Header{EntityLen: 4, SeqLen: 4, Source: ground, Seq: 7, Dest: space}
	send(h, &cfdp.FileData{Data: []byte{1}})
	h.Large = true
	send(h, &cfdp.Metadata{Size: 1 << 40, SourceName: "a", DestName: "b"})
	if err := e.Commit(noon, true); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(noon, Options{ID: space, Store: store}); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}
func TestHostileStateCannotBeReadBackEOF(t *testing.T) {
	store := kv.NewMemory()
	e := hostileOpen(t, store, nil)
	send := func(h cfdp.Header, b cfdp.Body) {
		pdu, err := cfdp.PDU{Header: h, Body: b}.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Receive(noon, ground, pdu)
		if err != nil {
			t.Fatal(err)
		}
	}
	h := cfdp.Header{EntityLen: 4, SeqLen: 4, Source: ground, Seq: 7, Dest: space}
	send(h, &cfdp.FileData{Data: []byte{1}})
	h.Large = true
	send(h, &cfdp.EOF{Size: 1 << 40})
	if err := e.Commit(noon, true); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(noon, Options{ID: space, Store: store}); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}
