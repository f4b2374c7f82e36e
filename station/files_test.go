package station

import (
	"bytes"
	"testing"
	"time"

	"spacechain/internal/kv"
	"spacechain/link/cfdp/durable"
)

// A station sends a file over two passes and a restart, and takes one from the satellite;
// without files it wants no waking.
func TestFiles(t *testing.T) {
	now := noon
	store := kv.NewMemory()
	start := func() *Station {
		t.Helper()
		s, err := New(now, Options{Node: here, Store: store, Plan: plan(t), Fail: func(err error) { t.Error(err) }})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := start()
	if at, ok := s.NextWake(); ok {
		t.Fatalf("an idle station wants to be woken at %v", at)
	}
	sat, err := durable.Open(now, durable.Options{ID: satellite, Store: kv.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	carry := func(most int) {
		for moved := true; moved && most > 0; most-- {
			moved = false
			if pdu, ok := s.FileOutput(now, satellite); ok {
				moved = true
				if _, err := sat.Receive(now, here, pdu); err != nil {
					t.Fatal(err)
				}
			}
			if pdu, ok, err := sat.Output(now, here); err != nil {
				t.Fatal(err)
			} else if ok {
				moved = true
				s.FilePDU(now, satellite, pdu)
			}
		}
	}
	data := bytes.Repeat([]byte("an app "), 9000)
	id, err := s.PutFile(now, satellite, "commands/app", data)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.FileOutput(now, satellite); ok {
		t.Error("it sends over a link that is down")
	}
	s.FileLink(now, satellite, true)
	sat.SetLink(now, here, true)
	carry(20)
	if p, ok := s.FileProgress(id); !ok || p.Ended || p.Sent == 0 || p.Sent == p.Size || !s.FilesBusy(satellite) {
		t.Errorf("in the middle: %+v", p)
	}
	now = now.Add(10 * time.Hour)
	s = start()
	s.FileLink(now, satellite, true)
	down := []byte("a picture")
	if _, err := sat.Put(now, here, "picture", down); err != nil {
		t.Fatal(err)
	}
	carry(1000)
	if p, ok := s.FileProgress(id); !ok || !p.Complete || s.FilesBusy(satellite) {
		t.Errorf("at the end: %+v", p)
	}
	if got, err := sat.Read("commands/app"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("another file: %v", err)
	}
	if got, err := s.ReceivedFile(satellite, "picture"); err != nil || !bytes.Equal(got, down) {
		t.Errorf("from the satellite: %q, %v", got, err)
	}
	if err := s.RemoveFile(now, satellite, "picture"); err != nil {
		t.Error(err)
	}
	if _, err := s.ReceivedFile(satellite, "picture"); err == nil {
		t.Error("the file is still there")
	}
	if at, ok := s.NextWake(); ok {
		s.Tick(at)
	}
	if at, ok := s.NextWake(); ok {
		t.Errorf("with nothing to do it wants to be woken at %v", at)
	}
}
