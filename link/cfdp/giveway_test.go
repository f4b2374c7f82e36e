package cfdp

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// crowd is an entity with few places, and whoever wants one.
type crowd struct {
	t   *testing.T
	e   *Entity
	now time.Time
	seq uint64
}

func newCrowd(t *testing.T, places int) *crowd {
	return &crowd{t: t, now: epoch, seq: 1000,
		e: New(Config{ID: 1, MaxTransactions: places, MaxGaps: 10, Default: Remote{Inactivity: 2 * time.Hour}}, NewMemStore())}
}

func (c *crowd) send(from, seq uint64, b Body) error {
	c.t.Helper()
	pdu, err := PDU{Header{EntityLen: 1, SeqLen: 4, Source: from, Seq: seq, Dest: 1}, b}.Append(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.e.Receive(c.now, pdu)
}

func (c *crowd) bare(from uint64) error {
	c.seq++
	return c.send(from, c.seq, &Metadata{Size: 9, SourceName: "a", DestName: "b", Checksum: ChecksumNull})
}

// busy begins a transaction that gets data.
func (c *crowd) busy(from uint64) error {
	c.seq++
	return c.send(from, c.seq, &FileData{Data: []byte{1}})
}

func (c *crowd) held(from uint64) (n int) {
	for _, r := range c.e.rx {
		if r.remote == from {
			n++
		}
	}
	return n
}

// Sixteen bare metadata PDUs block nobody, and a flood of them does not push out what gets data.
func TestBareMetadataGiveWay(t *testing.T) {
	c := newCrowd(t, 16)
	for range 16 {
		if err := c.bare(9); err != nil {
			t.Fatal(err)
		}
	}
	data := bytes.Repeat([]byte("honest "), 100)
	if err := c.send(9, 7, &Metadata{Size: int64(len(data)), SourceName: "a", DestName: "good", Checksum: ChecksumNull}); err != nil {
		t.Fatalf("a file is refused after sixteen beginnings: %v", err)
	}
	for at := 0; at < len(data); at += 10 {
		if err := c.send(9, 7, &FileData{Offset: int64(at), Data: data[at : at+10]}); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			c.now = c.now.Add(50 * time.Millisecond)
			if err := c.bare(9); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(c.e.order); n > 16 {
			t.Fatalf("%d under way", n)
		}
	}
	if err := c.send(9, 7, &EOF{Size: int64(len(data))}); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadFile(c.e.store, "good"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("the file is %q, %v", got, err)
	}
	for {
		if _, ok := c.e.Output(c.now, 9); !ok {
			break
		}
	}
	_ = c.send(9, 7, &ACK{Of: DirectiveFinished})
	// One that got much gives way after the others even when it is silent.
	if err := c.send(9, 8, &FileData{Data: data}); err != nil {
		t.Fatal(err)
	}
	c.now = c.now.Add(time.Hour)
	for range 15 {
		if err := c.busy(9); err != nil {
			t.Fatal(err)
		}
	}
	if c.e.rx[TransactionID{9, 8}] == nil {
		t.Error("the one with most octets is the first to go")
	}
	// While all get data nobody gives way; soon after somebody does.
	if err := c.busy(9); err != nil { // the silent one
		t.Fatal(err)
	}
	if err := c.busy(9); !errors.Is(err, ErrFull) {
		t.Errorf("all are busy: %v", err)
	}
	c.now = c.now.Add(10 * time.Second)
	if err := c.busy(9); err != nil {
		t.Error(err)
	}
}

// No source crowds out the others, and own files always have a place.
func TestPlacesAreShared(t *testing.T) {
	c := newCrowd(t, 8)
	for range 8 {
		if err := c.busy(9); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 4 {
		if err := c.busy(8); err != nil {
			t.Fatalf("place %d: %v", i, err)
		}
	}
	if err := c.busy(8); !errors.Is(err, ErrFull) {
		t.Errorf("of others' busy files more than half are taken: %v", err)
	}
	c.now = c.now.Add(time.Minute)
	for range 100 { // silent ones: of the own
		if err := c.bare(8); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := c.held(9), c.held(8); a != 4 || b != 4 {
		t.Errorf("%d and %d places", a, b)
	}
	// The link of one is down: what it holds is still its share.
	c.e.SetLink(c.now, 9, false)
	for range 100 {
		_ = c.bare(8)
	}
	if n := c.held(9); n != 4 {
		t.Errorf("%d of 4 are left while the link is down", n)
	}
	if err := c.bare(7); err != nil {
		t.Error(err)
	}
	for i := range 7 {
		if _, err := c.e.Put(c.now, PutRequest{Dest: 9}); err != nil {
			t.Fatalf("own transaction %d: %v", i, err)
		}
	}
	if len(c.e.order) != 8 {
		t.Errorf("%d under way", len(c.e.order))
	}
}

// What is over and waits for the last ACK gives way, too, and is known as ended.
func TestUnacknowledgedEndsGiveWay(t *testing.T) {
	c := newCrowd(t, 4)
	for seq := range uint64(4) {
		_ = c.send(9, seq, &Metadata{SourceName: "a", DestName: "b", Checksum: ChecksumNull})
		_ = c.send(9, seq, &EOF{})
	}
	if err := c.bare(9); !errors.Is(err, ErrFull) {
		t.Errorf("ends that nobody was told of give way: %v", err)
	}
	for {
		if _, ok := c.e.Output(c.now, 9); !ok {
			break
		}
	}
	if err := c.bare(9); err != nil {
		t.Fatal(err)
	}
	if err := c.send(9, 0, &EOF{}); err != nil {
		t.Fatal(err)
	}
	pdu, ok := c.e.Output(c.now, 9)
	if p, err := Decode(pdu); !ok || err != nil || *p.Body.(*ACK) != (ACK{DirectiveEOF, NoError, StatusTerminated}) {
		t.Errorf("the EOF again: %+v, %v", p.Body, err)
	}
}

// A file that gave way in the middle is begun anew by its next PDU, and completed.
func TestWhatGaveWayComesBack(t *testing.T) {
	s := newSim(3, Remote{AckTimer: time.Second, NAKTimer: time.Second, ImmediateNAK: true})
	s.loss = 0
	s.perStep = 1
	s.cfg[1].MaxTransactions = 1
	s.ends[1] = New(s.cfg[1], s.store[1])
	data := bytes.Repeat([]byte("0123456789"), 3000)
	if err := WriteFile(s.store[0], "a", data); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ends[0].Put(s.now, PutRequest{Dest: 2, SourceName: "a", DestName: "b"}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		s.step(t)
	}
	if _, err := s.ends[1].Put(s.now, PutRequest{Dest: 3}); err != nil {
		t.Fatal(err)
	}
	if len(s.ends[1].rx) != 0 {
		t.Fatal("it did not give way")
	}
	if err := s.ends[1].Cancel(s.now, s.ends[1].order[0].core().id); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		s.step(t)
	}
	if got, err := ReadFile(s.store[1], "b"); err != nil || !bytes.Equal(got, data) || len(s.ends[0].order) != 0 {
		t.Errorf("%d octets, %v; at the sender %d under way", len(got), err, len(s.ends[0].order))
	}
}

// Single octets within a hole make no more pieces than there may be.
func TestGapsFromWithin(t *testing.T) {
	c := newCrowd(t, 4)
	_ = c.send(9, 1, &FileData{Offset: 1 << 20, Data: []byte{1}})
	for i := range int64(1000) {
		_ = c.send(9, 1, &FileData{Offset: 2 * i, Data: []byte{1}})
	}
	r := c.e.rx[TransactionID{9, 1}]
	if len(r.have) > 10 {
		t.Errorf("%d pieces", len(r.have))
	}
	// What lies next to a piece is taken all the same, or it would never end.
	for i := range int64(1000) {
		_ = c.send(9, 1, &FileData{Offset: i, Data: []byte{1}})
	}
	if r.have.prefix() != 1000 {
		t.Errorf("of the beginning there are %d octets", r.have.prefix())
	}
}

// The clock is a year ahead and then right again, or the other way round: timers keep what
// they had left.
func TestClockSet(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, steps := range [][]time.Duration{{year, -year}, {-year, year}, {-year}, {year}, {200 * year, -200 * year}} {
		c := newCrowd(t, 4)
		_ = c.bare(9)
		_ = c.send(9, c.seq, &EOF{Size: 9})
		for {
			if _, ok := c.e.Output(c.now, 9); !ok {
				break
			}
		}
		for _, d := range steps {
			c.now = c.now.Add(d)
			c.e.Tick(c.now)
		}
		if len(c.e.order) != 1 {
			t.Errorf("%v: the transaction has ended", steps)
		}
		at, ok := c.e.Next()
		if d := at.Sub(c.now); !ok || d < 0 || d > time.Minute {
			t.Errorf("%v: it waits for %v", steps, d)
		}
		if _, ok := c.e.Output(c.now, 9); ok {
			t.Errorf("%v: a timer has run out", steps)
		}
		c.now = c.now.Add(30 * time.Second)
		c.e.Tick(c.now)
		if _, ok := c.e.Output(c.now, 9); !ok {
			t.Errorf("%v: what is missing is not asked for again", steps)
		}
	}
}
