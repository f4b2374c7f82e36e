package cfdp

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// quick is a link whose faults come soon.
var quick = Remote{
	AckTimer: time.Second, AckLimit: 3, NAKTimer: time.Second, NAKLimit: 3,
	CheckTimer: time.Second, CheckLimit: 3, Inactivity: 30 * time.Second, Checksum: ChecksumCRC32C,
}

// put writes a file of n octets at end 0 and begins to send it.
func put(t fataler, s *sim, n int, q PutRequest) (TransactionID, []byte) {
	data := fileOf(s.rng, n)
	if err := WriteFile(s.store[0], "a", data); err != nil {
		t.Fatal(err)
	}
	q.Dest, q.SourceName = 2, "a"
	if q.DestName == "" {
		q.DestName = "b"
	}
	id, err := s.ends[0].Put(s.now, q)
	if err != nil {
		t.Fatal(err)
	}
	return id, data
}

func (s *sim) arrived(data []byte) bool {
	got, err := ReadFile(s.store[1], "b")
	return err == nil && bytes.Equal(got, data)
}

func (s *sim) clean(t fataler) {
	for i, e := range s.ends {
		if len(e.order) != 0 {
			t.Fatalf("end %d still has %v", i, e.Transactions())
		}
		if list, err := s.store[i].List(TempDir); err == nil && len(list) > 0 {
			t.Fatalf("end %d left %v", i, list)
		}
	}
}

func (s *sim) conditions(end int, kind Kind) (out []Condition) {
	for _, i := range s.log[end] {
		if i.Kind == kind {
			out = append(out, i.Condition)
		}
	}
	return out
}

func TestClass1(t *testing.T) {
	for _, closure := range []bool{false, true} {
		s := newSim(1, quick)
		s.jitter = 500 * time.Millisecond
		_, data := put(t, s, 5000, PutRequest{Class: Class1, Closure: closure})
		if !s.run(t, time.Minute) || !s.arrived(data) {
			t.Fatalf("closure %v: did not arrive\n%s", closure, s.logs())
		}
		i, ok := s.last(0, IndFinished)
		want := FileUnreported
		if closure {
			want = FileRetained
		}
		if !ok || !i.Complete || i.Status != want {
			t.Errorf("closure %v: sender says %+v", closure, i)
		}
		s.clean(t)
	}
}

func TestClass1WithLossIsAFault(t *testing.T) {
	s := newSim(2, quick)
	s.loss = 0.3
	_, data := put(t, s, 20000, PutRequest{Class: Class1, Closure: true})
	if !s.run(t, 10*time.Minute) {
		t.Fatal("not over")
	}
	if s.arrived(data) {
		t.Fatal("arrived over a link that loses a third")
	}
	if got := s.conditions(1, IndFault); !slices.Contains(got, CheckLimit) {
		t.Errorf("receiver declared %v", got)
	}
	s.clean(t)
}

// Whatever the limits and the link, a file arrives as it was, or a fault is declared;
// and both ends come to an end.
func TestArrivesOrFaults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSim(rapid.Uint64().Draw(t, "seed"), quick)
		s.loss = rapid.Float64Range(0, 1).Draw(t, "loss")
		s.dup = rapid.Float64Range(0, 0.3).Draw(t, "dup")
		s.jitter = time.Duration(rapid.IntRange(0, 2000).Draw(t, "jitter")) * time.Millisecond
		class := Class(rapid.IntRange(1, 2).Draw(t, "class"))
		id, data := put(t, s, rapid.IntRange(0, 20000).Draw(t, "size"), PutRequest{Class: class, Closure: rapid.Bool().Draw(t, "closure")})
		for range rapid.IntRange(0, 4).Draw(t, "acts") {
			for range rapid.IntRange(0, 30).Draw(t, "steps") {
				s.step(t)
			}
			end := s.ends[rapid.IntRange(0, 1).Draw(t, "end")]
			switch rapid.IntRange(0, 5).Draw(t, "act") {
			case 0:
				_ = end.Cancel(s.now, id)
			case 1, 2:
				_ = end.Suspend(s.now, id)
			case 3, 4:
				_ = end.Resume(s.now, id)
			case 5:
				_ = end.Report(id)
			}
		}
		for _, e := range s.ends {
			_ = e.Resume(s.now, id)
		}
		if !s.run(t, time.Hour) {
			t.Fatalf("not over after an hour\n%s", s.logs())
		}
		s.clean(t)
		done, ok := s.last(1, IndFinished)
		if ok && done.Complete && !s.arrived(data) {
			t.Fatal("the receiver says complete, and the file differs")
		}
		if _, exists := s.store[1].(*MemStore).files["b"]; exists && !s.arrived(data) {
			t.Fatal("a file that differs lies there")
		}
		if sent, ok := s.last(0, IndFinished); class == Class2 && ok && sent.Complete && !s.arrived(data) {
			t.Fatal("the sender says complete, and the file differs")
		}
		if !s.arrived(data) {
			said := append(s.conditions(0, IndFault), s.conditions(0, IndAbandoned)...)
			said = append(said, s.conditions(1, IndFault)...)
			said = append(said, s.conditions(0, IndFinished)...)
			if !slices.ContainsFunc(said, func(c Condition) bool { return c != NoError }) && class == Class2 {
				t.Fatalf("lost without a word\n%s", s.logs())
			}
		}
	})
}

func TestLimitFaults(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  int // which direction is silent from the start: to end 1, to end 0
		end  int // who declares
		want Condition
	}{
		{"nobody hears", 1, 0, PositiveAckLimit},
		{"nobody is heard", 0, 0, PositiveAckLimit},
		{"the receiver is not heard", 0, 1, PositiveAckLimit},
	} {
		s := newSim(3, quick)
		put(t, s, 3000, PutRequest{})
		for range 3000 {
			s.step(t)
			s.air = slices.DeleteFunc(s.air, func(f flight) bool { return f.to == c.cut })
		}
		if got := s.conditions(c.end, IndFault); !slices.Contains(got, c.want) {
			t.Errorf("%s: %v", c.name, got)
		}
		s.clean(t)
	}

	// NAKs that bring nothing.
	s := newSim(4, quick)
	_, _ = put(t, s, 3000, PutRequest{})
	for range 3000 {
		s.step(t)
		s.air = slices.DeleteFunc(s.air, func(f flight) bool {
			p, err := Decode(f.pdu)
			d, isData := p.Body.(*FileData)
			return err == nil && isData && d.Offset > 0
		})
	}
	if got := s.conditions(1, IndFault); !slices.Contains(got, NAKLimit) {
		t.Errorf("NAK limit: %v", got)
	}
	if i, _ := s.last(0, IndFinished); i.Condition != NAKLimit || i.Complete {
		t.Errorf("the sender learned %+v", i)
	}
	s.clean(t)

	// A sender that stops in the middle.
	s = newSim(5, quick)
	s.perStep = 1
	put(t, s, 30000, PutRequest{})
	for range 5 {
		s.step(t)
	}
	s.ends[0] = New(s.cfg[0], s.store[0]) // it forgot everything
	if !s.run(t, 10*time.Minute) {
		t.Fatal("not over")
	}
	if got := s.conditions(1, IndFault); !slices.Contains(got, Inactivity) {
		t.Errorf("inactivity: %v", got)
	}
	s.clean(t)
}

func TestFaultHandlers(t *testing.T) {
	tamper := func(s *sim) {
		// The file changes behind the sender's back: its checksum covers what it read,
		// so the PDU under way is changed instead.
		for _, f := range s.air {
			if p, err := Decode(f.pdu); err == nil {
				if d, ok := p.Body.(*FileData); ok && d.Offset == 0 {
					f.pdu[len(f.pdu)-1] ^= 1
				}
			}
		}
	}
	for _, c := range []struct {
		handler  Handler
		kind     Kind // what the receiver indicates in the end
		retained bool
	}{
		{HandleCancel, IndFinished, false},
		{HandleIgnore, IndFinished, true},
		{HandleAbandon, IndAbandoned, false},
		{HandleSuspend, IndSuspended, false},
	} {
		s := newSim(6, quick)
		q := PutRequest{}
		q.Overrides = []FaultOverride{{ChecksumFailure, c.handler}}
		id, _ := put(t, s, 3000, q)
		for range 200 {
			s.step(t)
			tamper(s)
		}
		if got := s.conditions(1, IndFault); !slices.Contains(got, ChecksumFailure) {
			t.Errorf("%s: faults %v", c.handler, got)
		}
		if i, ok := s.last(1, c.kind); !ok || i.Condition != ChecksumFailure || i.Complete {
			t.Errorf("%s: %+v", c.handler, i)
		}
		if file, _ := s.store[1].Stat("b"); file != c.retained {
			t.Errorf("%s: file there: %v", c.handler, file)
		}
		if c.handler == HandleSuspend {
			if len(s.ends[1].order) != 1 {
				t.Errorf("suspended transaction is gone")
			}
			if err := s.ends[1].Cancel(s.now, id); err != nil {
				t.Error(err)
			}
		}
		if !s.run(t, time.Hour) {
			t.Errorf("%s: not over", c.handler)
		}
		s.clean(t)
	}
}

func TestCancelFromEitherEnd(t *testing.T) {
	for end := range 2 {
		for _, retain := range []bool{false, true} {
			conf := quick
			conf.RetainIncomplete = retain
			s := newSim(7, conf)
			s.perStep = 1
			id, data := put(t, s, 30000, PutRequest{})
			for range 10 {
				s.step(t)
			}
			if err := s.ends[end].Cancel(s.now, id); err != nil {
				t.Fatal(err)
			}
			if !s.run(t, time.Minute) {
				t.Fatal("not over")
			}
			s.clean(t)
			for i := range 2 {
				if got, ok := s.last(i, IndFinished); !ok || got.Condition != CancelRequested || got.Complete {
					t.Errorf("canceled at end %d: end %d says %+v", end, i, got)
				}
			}
			got, err := ReadFile(s.store[1], "b")
			if retain != (err == nil) || (retain && !bytes.HasPrefix(data, got[:1000])) {
				t.Errorf("retain %v: %d octets, %v", retain, len(got), err)
			}
			if err := s.ends[end].Cancel(s.now, id); !errors.Is(err, ErrUnknown) {
				t.Error(err)
			}
		}
	}
}

func TestSuspendStopsAndResumes(t *testing.T) {
	s := newSim(8, quick)
	s.perStep = 1
	id, data := put(t, s, 30000, PutRequest{})
	for range 5 {
		s.step(t)
	}
	if err := s.ends[0].Suspend(s.now, id); err != nil {
		t.Fatal(err)
	}
	if err := s.ends[1].Suspend(s.now, id); err != nil {
		t.Fatal(err)
	}
	before := s.ends[0].Stats.Sent
	for range 6000 { // ten minutes: beyond every limit
		s.step(t)
	}
	if s.ends[0].Stats.Sent != before {
		t.Error("a suspended sender went on")
	}
	if f := s.conditions(1, IndFault); len(f) != 0 {
		t.Errorf("a suspended receiver declared %v", f)
	}
	for _, e := range s.ends {
		if err := e.Resume(s.now, id); err != nil {
			t.Fatal(err)
		}
	}
	if !s.run(t, time.Hour) || !s.arrived(data) {
		t.Fatalf("did not arrive\n%s", s.logs())
	}
	for i := range 2 {
		if _, ok := s.last(i, IndResumed); !ok {
			t.Errorf("end %d did not say that it resumed", i)
		}
	}
}

// A pass ends in the middle; both processes end; five days later they go on.
func TestResumesAfterDays(t *testing.T) {
	dirs := [2]string{t.TempDir(), t.TempDir()}
	s := newSim(9, quick)
	s.loss = 0.2
	for i := range s.store {
		d, err := OpenDir(dirs[i])
		if err != nil {
			t.Fatal(err)
		}
		s.store[i] = d
		s.ends[i] = New(s.cfg[i], d)
	}
	s.perStep = 2
	_, data := put(t, s, 200_000, PutRequest{})
	for range 60 {
		s.step(t)
	}
	for i, e := range s.ends {
		e.SetLink(s.now, uint64(2-i), false)
		if _, ok := e.Next(); ok {
			t.Error("a timer runs though the link is down")
		}
		if _, ok := e.Output(s.now, uint64(2-i)); ok {
			t.Error("a PDU though the link is down")
		}
	}
	var states [2][]byte
	for i, e := range s.ends {
		var err error
		if states[i], err = e.Export(s.now); err != nil {
			t.Fatal(err)
		}
		if err := s.store[i].(*DirStore).Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.air = nil
	s.now = s.now.Add(5 * 24 * time.Hour)
	for i := range s.ends {
		d, err := OpenDir(dirs[i])
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		s.store[i] = d
		s.ends[i] = New(s.cfg[i], d)
		if err := s.ends[i].Import(s.now, states[i]); err != nil {
			t.Fatal(err)
		}
		s.ends[i].Tick(s.now)
		s.ends[i].SetLink(s.now, uint64(2-i), true)
	}
	resumed := s.ends[0].Transactions()
	if len(resumed) != 1 || resumed[0].Progress == 0 || resumed[0].Progress == int64(len(data)) {
		t.Fatalf("not in the middle: %+v", resumed)
	}
	s.loss, s.perStep = 0.2, 50
	if !s.run(t, 10*24*time.Hour) || !s.arrived(data) {
		t.Fatalf("did not arrive\n%s", s.logs())
	}
	s.clean(t)
	if f := s.conditions(1, IndFault); len(f) != 0 {
		t.Errorf("faults %v", f)
	}
}

func TestKeepAliveAndPrompt(t *testing.T) {
	conf := quick
	conf.KeepAlive, conf.KeepAliveLimit = 500*time.Millisecond, 5000
	conf.Faults[KeepAliveLimit] = HandleSuspend
	s := newSim(10, conf)
	s.perStep = 2
	id, data := put(t, s, 100_000, PutRequest{})
	s.loss = 0
	for range 30 {
		s.step(t)
		// File data stops arriving.
		s.air = slices.DeleteFunc(s.air, func(f flight) bool {
			p, _ := Decode(f.pdu)
			d, ok := p.Body.(*FileData)
			return ok && d.Offset > 3000
		})
	}
	if i, ok := s.last(0, IndSuspended); !ok || i.Condition != KeepAliveLimit {
		t.Fatalf("%+v\n%s", i, s.logs())
	}
	if i := s.ends[0].Transactions(); len(i) != 1 || i[0].Progress > 40_000 {
		t.Fatalf("%+v", i)
	}
	s.ends[0].tx[id].handlers[KeepAliveLimit] = HandleIgnore
	if err := s.ends[0].Resume(s.now, id); err != nil {
		t.Fatal(err)
	}
	if err := s.ends[0].Prompt(id, false); err != nil {
		t.Fatal(err)
	}
	naks := 0
	for range 10 {
		s.step(t)
		for _, f := range s.air {
			if p, _ := Decode(f.pdu); f.to == 0 {
				if _, ok := p.Body.(*NAK); ok {
					naks++
				}
			}
		}
	}
	if naks == 0 {
		t.Error("a prompt brought no NAK before the EOF")
	}
	if !s.run(t, time.Hour) || !s.arrived(data) {
		t.Fatalf("did not arrive\n%s", s.logs())
	}
	if err := s.ends[0].Prompt(id, true); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
}

func TestImmediateNAKComesBeforeTheEOF(t *testing.T) {
	conf := quick
	conf.ImmediateNAK = true
	s := newSim(11, conf)
	s.perStep = 1
	_, data := put(t, s, 30000, PutRequest{})
	early := 0
	for n := range 40 {
		s.step(t)
		if n == 3 {
			s.air = nil
		}
		for _, f := range s.air {
			if p, _ := Decode(f.pdu); f.to == 0 {
				if _, ok := p.Body.(*NAK); ok && s.ends[1].rx[p.ID()].eof == nil {
					early++
				}
			}
		}
	}
	if early == 0 {
		t.Error("no NAK before the EOF")
	}
	if !s.run(t, time.Hour) || !s.arrived(data) {
		t.Fatal("did not arrive")
	}
}

func TestMessagesAndFilestoreRequests(t *testing.T) {
	s := newSim(12, quick)
	if err := WriteFile(s.store[1], "old/x", []byte("x")); err != nil {
		t.Fatal(err)
	}
	q := PutRequest{}
	q.Messages = [][]byte{[]byte("hello")}
	q.Requests = []FilestoreRequest{
		{Action: CreateDir, First: "new"}, {Action: RenameFile, First: "b", Second: "new/b"},
		{Action: DenyFile, First: "nothing"}, {Action: AppendFile, First: "new/b", Second: "old/x"},
		{Action: DeleteFile, First: "old/x"}, {Action: RemoveDir, First: "old"},
		{Action: DeleteFile, First: "../escape"}, {Action: CreateFile, First: "never"},
	}
	_, data := put(t, s, 500, q)
	if !s.run(t, time.Minute) {
		t.Fatal("not over")
	}
	meta, _ := s.last(1, IndMetadata)
	if len(meta.Messages) != 1 || string(meta.Messages[0]) != "hello" || meta.DestName != "b" || meta.Size != 500 {
		t.Errorf("metadata indication %+v", meta)
	}
	i, _ := s.last(0, IndFinished)
	var got []ResponseStatus
	for _, p := range i.Responses {
		got = append(got, p.Status)
	}
	if want := []ResponseStatus{0, 0, 0, 0, 0, 0, 2, 15}; !slices.Equal(got, want) || i.Condition != FilestoreRejection || i.Complete == (i.Status != FileRetained) {
		t.Errorf("responses %v, %+v", got, i)
	}
	if b, err := ReadFile(s.store[1], "new/b"); err != nil || !bytes.Equal(b, append(data, 'x')) {
		t.Errorf("%d octets, %v", len(b), err)
	}
	if file, dir := s.store[1].Stat("old"); file || dir {
		t.Error("old is still there")
	}
}

func TestMetadataOnly(t *testing.T) {
	s := newSim(13, quick)
	s.loss = 0.3
	q := PutRequest{Dest: 2}
	q.Messages = [][]byte{[]byte("note")}
	q.Requests = []FilestoreRequest{{Action: CreateFile, First: "made"}}
	if _, err := s.ends[0].Put(s.now, q); err != nil {
		t.Fatal(err)
	}
	if !s.run(t, time.Hour) {
		t.Fatal("not over")
	}
	if file, _ := s.store[1].Stat("made"); !file {
		t.Fatalf("not made\n%s", s.logs())
	}
}

func TestProxyPut(t *testing.T) {
	s := newSim(14, quick)
	s.cfg[1].AllowProxy = true
	s.ends[1] = New(s.cfg[1], s.store[1])
	if err := WriteFile(s.store[1], "remote", []byte("from afar")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"remote", "missing"} {
		m, err := ProxyPut{Dest: 1, SourceName: name, DestName: "got/" + name}.Message()
		if err != nil {
			t.Fatal(err)
		}
		q := PutRequest{Dest: 2}
		q.Messages = [][]byte{m}
		id, err := s.ends[0].Put(s.now, q)
		if err != nil {
			t.Fatal(err)
		}
		s.run(t, s.now.Add(time.Minute).Sub(epoch))
		answers := 0
		for _, i := range s.log[0] {
			var origin TransactionID
			var answer *ProxyPutResponse
			for _, m := range i.Messages {
				typ, body, ok := Reserved(m)
				if !ok {
					continue
				}
				switch typ {
				case MsgOriginating:
					origin, _ = DecodeOriginating(body)
				case MsgProxyPutResponse:
					if r, err := DecodeProxyPutResponse(body); err == nil {
						answer = &r
					}
				}
			}
			if answer != nil && origin == id {
				answers++
				if (answer.Condition == NoError) != (name == "remote") {
					t.Errorf("%s: answer %+v", name, answer)
				}
			}
		}
		if answers != 1 {
			t.Errorf("%s: %d answers\n%s", name, answers, s.logs())
		}
	}
	if b, err := ReadFile(s.store[0], "got/remote"); err != nil || string(b) != "from afar" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestRequestRefusals(t *testing.T) {
	s := newSim(15, quick)
	if err := WriteFile(s.store[0], "a", make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	for _, q := range []PutRequest{
		{Dest: 2, SourceName: "a"},
		{Dest: 2, SourceName: "none", DestName: "x"},
		{Dest: 2, SourceName: "../a", DestName: "x"},
		{Dest: 2, SourceName: "a", DestName: strings.Repeat("x", 256)},
		{Dest: 2, SourceName: "a", DestName: "x", Records: []int64{5}},
		{Dest: 2, SourceName: "a", DestName: "x", Records: []int64{0, 9, 3}},
	} {
		if id, err := s.ends[0].Put(s.now, q); err == nil {
			t.Errorf("%+v became %s", q, id)
		}
	}
	small := New(Config{ID: 1, MaxTransactions: 1, MaxFileSize: 99}, s.store[0])
	if _, err := small.Put(epoch, PutRequest{Dest: 2, SourceName: "a", DestName: "x"}); err == nil {
		t.Error("a file beyond the bound")
	}
	if _, err := small.Put(epoch, PutRequest{Dest: 2}); err != nil {
		t.Error(err)
	}
	if _, err := small.Put(epoch, PutRequest{Dest: 2}); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
}

func TestReceiverBounds(t *testing.T) {
	h := Header{EntityLen: 1, SeqLen: 1, Source: 9, Seq: 1, Dest: 1, Large: true}
	send := func(e *Entity, h Header, b Body) error {
		pdu, err := PDU{h, b}.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		return e.Receive(epoch, pdu)
	}
	e := New(Config{ID: 1, MaxTransactions: 2, MaxFileSize: 1 << 20, MaxGaps: 10}, NewMemStore())
	if err := send(e, h, &FileData{Offset: 1 << 40, Data: []byte{1}}); err != nil {
		t.Fatal(err)
	}
	if ind := e.Indications(); len(ind) == 0 || ind[0].Condition != FileSizeError {
		t.Errorf("a far offset: %v", ind)
	}
	h.Seq = 2
	for i := range int64(100) {
		_ = send(e, h, &FileData{Offset: 2 * i, Data: []byte{1}})
	}
	if n := len(e.rx[h.ID()].have); n > 10 {
		t.Errorf("%d pieces", n)
	}
	h.Seq = 3
	if err := send(e, h, &FileData{Data: []byte{1}}); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	h.Dest = 7
	if err := send(e, h, &FileData{Data: []byte{1}}); !errors.Is(err, ErrAddress) {
		t.Error(err)
	}
	// Metadata that names a place outside, or a file too large.
	for i, m := range []*Metadata{
		{SourceName: "x", DestName: "../../etc/passwd"},
		{SourceName: "x", DestName: ".cfdp/9-2.part"},
		{SourceName: "x", DestName: "x", Size: 1 << 30},
		{SourceName: "x", DestName: "x", Checksum: 7},
	} {
		e := New(Config{ID: 1, MaxFileSize: 1 << 20}, NewMemStore())
		h := Header{EntityLen: 1, SeqLen: 1, Source: 9, Seq: uint64(i), Dest: 1}
		_ = send(e, h, m)
		_ = send(e, h, &EOF{})
		i, ok := lastOf(e.Indications(), IndFinished)
		if !ok || i.Complete {
			t.Errorf("%+v: %+v", m, i)
		}
	}
}

func lastOf(list []Indication, kind Kind) (Indication, bool) {
	for _, i := range slices.Backward(list) {
		if i.Kind == kind {
			return i, true
		}
	}
	return Indication{}, false
}

// Repeats of what is over are acknowledged and begin nothing.
func TestAfterTheEnd(t *testing.T) {
	s := newSim(16, quick)
	id, _ := put(t, s, 100, PutRequest{})
	if !s.run(t, time.Minute) {
		t.Fatal("not over")
	}
	h := Header{EntityLen: 2, SeqLen: 4, Source: 1, Seq: id.Seq, Dest: 2}
	back := h
	back.TowardSender = true
	for _, c := range []struct {
		end  int
		h    Header
		body Body
		want TransactionStatus
	}{
		{1, h, &EOF{}, StatusTerminated},
		{0, back, &Finished{}, StatusTerminated},
		{0, Header{TowardSender: true, EntityLen: 1, SeqLen: 1, Source: 1, Seq: 99, Dest: 2}, &Finished{}, StatusUnrecognized},
	} {
		pdu, _ := PDU{c.h, c.body}.Append(nil)
		for range 3 {
			if err := s.ends[c.end].Receive(s.now, pdu); err != nil {
				t.Fatal(err)
			}
		}
		out, ok := s.ends[c.end].Output(s.now, uint64(2-c.end))
		p, err := Decode(out)
		ack, isACK := p.Body.(*ACK)
		if !ok || err != nil || !isACK || ack.Status != c.want {
			t.Errorf("%+v: %+v, %v", c.body, p, err)
		}
		if out, ok := s.ends[c.end].Output(s.now, uint64(2-c.end)); ok {
			t.Errorf("and more: %x", out)
		}
	}
	s.clean(t)
}

// No sequence of PDUs makes an entity panic, leave its root, or hold more than its
// bounds; and its state always comes back.
func FuzzReceive(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, uint64(1))
	f.Fuzz(func(t *testing.T, script []byte, seed uint64) {
		store := NewMemStore()
		conf := quick
		conf.ImmediateNAK = seed&1 == 1
		e := New(Config{ID: 1, MaxTransactions: 4, MaxFileSize: 1 << 16, MaxGaps: 8, AllowProxy: true, Default: conf}, store)
		if err := WriteFile(store, "a", make([]byte, 3000)); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Put(epoch, PutRequest{Dest: 2, SourceName: "a", DestName: "b"}); err != nil {
			t.Fatal(err)
		}
		now := epoch
		next := func() int64 {
			if len(script) == 0 {
				return 0
			}
			v := int64(script[0])
			script = script[1:]
			return v
		}
		for n := 0; len(script) > 0 && n < 200; n++ {
			now = now.Add(time.Duration(next()) * 20 * time.Millisecond)
			k := next()
			h := Header{EntityLen: 1, SeqLen: 1, Source: 2, Dest: 1, Seq: uint64(k >> 6), Unacknowledged: k&8 != 0}
			if k&16 != 0 {
				h.Source, h.Dest, h.TowardSender = 1, 2, true
			}
			var body Body
			switch k & 7 {
			case 0:
				m := &Metadata{SourceName: "x", DestName: []string{"b", "../b", "d/e", ""}[next()&3], Size: next() * 16, Checksum: ChecksumType(next() & 15)}
				m.Requests = []FilestoreRequest{{Action: Action(next() % 9), First: "a", Second: "b"}}
				msg, _ := ProxyPut{Dest: 2, SourceName: "a", DestName: "c"}.Message()
				m.Messages = [][]byte{msg}
				body = m
			case 1:
				body = &FileData{Offset: next() * 8, Data: make([]byte, next())}
			case 2:
				body = &EOF{Size: next() * 16, Condition: Condition(next() & 15 * (next() & 1))}
			case 3:
				body = &Finished{Condition: Condition(next() & 15 * (next() & 1))}
			case 4:
				body = &ACK{Of: DirectiveEOF + Directive(next()&1), Condition: Condition(next() & 15 * (next() & 1))}
			case 5:
				body = &NAK{End: next() * 16, Segments: []Segment{{next() * 16, next() * 16}, {}}}
			case 6:
				body = &Prompt{KeepAlive: next()&1 == 1}
			case 7:
				body = &KeepAlive{Progress: next()}
			}
			pdu, err := PDU{h, body}.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = e.Receive(now, pdu)
			e.Tick(now)
			for range 3 {
				if out, ok := e.Output(now, 2); ok {
					if _, err := Decode(out); err != nil {
						t.Fatal(err)
					}
				}
			}
			if k&32 != 0 {
				state, err := e.Export(now)
				if err != nil {
					t.Fatal(err)
				}
				again := New(e.cfg, store)
				if err := again.Import(now, state); err != nil {
					t.Fatal(err)
				}
				e = again
			}
			if len(e.order) > 8 || len(e.replies) > maxReplies {
				t.Fatalf("%d transactions, %d replies", len(e.order), len(e.replies))
			}
		}
	})
}

func FuzzImport(f *testing.F) {
	s := newSim(17, quick)
	s.perStep = 1
	put(f, s, 9000, PutRequest{Records: []int64{0, 100, 5000}})
	for range 6 {
		s.step(f)
		s.air = nil
	}
	for i := range 2 {
		state, err := s.ends[i].Export(s.now)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(state[len(stateMagic) : len(state)-4])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e := New(Config{ID: 1}, NewMemStore())
		if err := e.load(epoch, b); err == nil {
			e.Tick(epoch.Add(time.Hour))
			for range 5 {
				e.Output(epoch, 2)
			}
		}
	})
}

func BenchmarkTransfer(b *testing.B) {
	for _, loss := range []string{"clean", "lossy"} {
		b.Run(loss, func(b *testing.B) {
			data := make([]byte, 1<<20)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				s := newSim(1, Remote{NAKTimer: time.Second, NAKLimit: 100})
				s.perStep = 2000
				if loss == "lossy" {
					s.loss = 0.1
				}
				put(b, s, len(data), PutRequest{})
				if !s.run(b, time.Hour) {
					b.Fatal("not over")
				}
			}
		})
	}
}
