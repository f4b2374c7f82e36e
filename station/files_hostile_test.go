package station

import (
	"bytes"
	"testing"
	"time"

	"spacechain/internal/kv"
	"spacechain/link/cfdp"
	"spacechain/link/cfdp/durable"
)

// A satellite sends files that cannot lie side by side: what the station says is complete can be
// read, and what has no place is refused.
func TestFilesInEachOthersWay(t *testing.T) {
	now := noon
	s, err := New(now, Options{Node: here, Store: kv.NewMemory(), Plan: plan(t), Fail: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	sat, err := durable.Open(now, durable.Options{ID: satellite, Store: kv.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	s.FileLink(now, satellite, true)
	sat.SetLink(now, here, true)
	for _, c := range []struct {
		name string
		want cfdp.Condition
	}{
		{"a", cfdp.NoError},
		{"a/b", cfdp.FilestoreRejection},
		{"c/d/e", cfdp.NoError},
		{"c/d", cfdp.FilestoreRejection},
		{"c", cfdp.FilestoreRejection},
		{"c/f", cfdp.NoError},
		{"a", cfdp.NoError},
		{"in/3/x", cfdp.NoError},
	} {
		now = now.Add(10 * time.Second)
		data := []byte(c.name + now.String())
		id, err := sat.Put(now, here, c.name, data)
		if err != nil {
			t.Fatal(err)
		}
		for moved := true; moved; {
			moved = false
			if pdu, ok, err := sat.Output(now, here); err != nil {
				t.Fatal(err)
			} else if ok {
				moved = true
				s.FilePDU(now, satellite, pdu)
			}
			if pdu, ok := s.FileOutput(now, satellite); ok {
				moved = true
				if _, err := sat.Receive(now, here, pdu); err != nil {
					t.Fatal(err)
				}
			}
		}
		p, _ := sat.Progress(id)
		if !p.Ended || p.Condition != c.want || p.Complete != (c.want == cfdp.NoError) {
			t.Errorf("%s: %+v", c.name, p)
		}
		if got, err := s.ReceivedFile(satellite, c.name); p.Complete && (err != nil || !bytes.Equal(got, data)) {
			t.Errorf("%s is complete, and reads %q, %v", c.name, got, err)
		}
	}
	for _, name := range []string{"a", "c/d/e", "c/f", "in/3/x"} {
		if err := s.RemoveFile(now, satellite, name); err != nil {
			t.Errorf("remove %s: %v", name, err)
		}
	}
	if n := s.files.UsedOctets(); n > 256 { // the directory of files under way
		t.Errorf("%d octets are left behind", n)
	}
}
