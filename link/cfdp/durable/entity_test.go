package durable

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"spacechain/internal/faultfs"
	"spacechain/internal/kv"
	"spacechain/link/cfdp"
)

const (
	ground = 2000001
	space  = 90031
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func content(seed uint64, n int) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// pair is two entities and the link between them.
type pair struct {
	t    testing.TB
	now  time.Time
	rng  *rand.Rand
	loss float64
	a, b *Entity
	got  []Received
	dead func() bool // the power is cut: nothing comes out any more
}

func (p *pair) open(o Options) *Entity {
	p.t.Helper()
	e, err := Open(p.now, o)
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

func (p *pair) options(id uint64, store kv.Store) Options {
	return Options{ID: id, Store: store, Received: func(_ time.Time, f Received) { p.got = append(p.got, f) }}
}

func newPair(t testing.TB) *pair {
	p := &pair{t: t, now: noon, rng: rand.New(rand.NewPCG(7, 7))}
	p.a = p.open(p.options(ground, kv.NewMemory()))
	p.b = p.open(p.options(space, kv.NewMemory()))
	return p
}

func (p *pair) link(up bool) {
	p.a.SetLink(p.now, space, up)
	p.b.SetLink(p.now, ground, up)
}

func (p *pair) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// step carries one PDU each way and reports whether there was one.
func (p *pair) step() bool {
	moved := false
	for _, way := range []struct {
		from, to *Entity
	}{{p.a, p.b}, {p.b, p.a}} {
		pdu, ok, err := way.from.Output(p.now, way.to.ID())
		p.check(err)
		if p.dead != nil && p.dead() {
			return false
		}
		if !ok {
			continue
		}
		moved = true
		if p.rng.Float64() < p.loss {
			continue
		}
		_, err = way.to.Receive(p.now, way.from.ID(), pdu)
		p.check(err)
	}
	return moved
}

// run lets time pass, at 10 ms a PDU.
func (p *pair) run(d time.Duration) {
	p.t.Helper()
	for end := p.now.Add(d); p.now.Before(end); {
		if p.step() {
			p.now = p.now.Add(10 * time.Millisecond)
			continue
		}
		next := end
		for _, e := range []*Entity{p.a, p.b} {
			if at, ok := e.Next(); ok && at.Before(next) {
				next = at
			}
		}
		if next.After(p.now) {
			p.now = next
		}
		p.check(p.a.Tick(p.now))
		p.check(p.b.Tick(p.now))
		if p.dead != nil && p.dead() {
			return
		}
	}
}

// A file goes over a link that loses every tenth PDU, and both sides know how it went.
func TestFileArrives(t *testing.T) {
	p := newPair(t)
	p.loss = 0.1
	p.link(true)
	data := content(1, 64<<10)
	id, err := p.a.Put(p.now, space, "commands/deploy", data)
	p.check(err)
	if at, ok := p.a.Progress(id); !ok || at.Ended || at.Size != 64<<10 {
		t.Errorf("at the start: %+v %v", at, ok)
	}
	p.run(5 * time.Minute)
	if len(p.got) != 1 || p.got[0].Name != "commands/deploy" || p.got[0].ID != id {
		t.Fatalf("arrived: %+v", p.got)
	}
	if got, err := p.b.Read("commands/deploy"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("another file: %v", err)
	}
	if at, ok := p.a.Progress(id); !ok || !at.Complete || at.Sent != 64<<10 || at.Name != "commands/deploy" {
		t.Errorf("at the end: %+v %v", at, ok)
	}
	if left := p.a.List("out"); len(left) != 0 {
		t.Errorf("the sender keeps %v", left)
	}
	if p.a.Busy(space) || p.b.Busy(ground) {
		t.Error("something is still under way")
	}
}

// Both sides are started anew, days apart, in the middle of a file; what had arrived is
// not sent again.
func TestResumesAfterDays(t *testing.T) {
	p := newPair(t)
	sa, sb := kv.NewMemory(), kv.NewMemory()
	p.a, p.b = p.open(p.options(ground, sa)), p.open(p.options(space, sb))
	p.link(true)
	data := content(2, 200<<10)
	id, err := p.a.Put(p.now, space, "commands/big", data)
	p.check(err)
	sent := uint64(0)
	for round := 0; len(p.got) == 0; round++ {
		if round == 40 {
			t.Fatal("the file never arrives")
		}
		p.run(300 * time.Millisecond) // about 30 PDUs
		p.link(false)
		p.run(time.Minute)
		p.check(p.a.Commit(p.now, true))
		p.check(p.b.Commit(p.now, true))
		sent += p.a.Stats().Sent
		p.now = p.now.Add(48 * time.Hour)
		p.a, p.b = p.open(p.options(ground, sa)), p.open(p.options(space, sb))
		if pdu, ok, err := p.a.Output(p.now, space); ok || err != nil {
			t.Fatalf("sends % x over a link that is down: %v", pdu, err)
		}
		p.link(true)
	}
	p.run(time.Minute)
	if at, _ := p.a.Progress(id); !at.Complete {
		t.Errorf("the sender thinks %+v", at)
	}
	if got, err := p.b.Read("commands/big"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("another file: %v", err)
	}
	sent += p.a.Stats().Sent
	if most := uint64(200<<10/990 + 40); sent > most {
		t.Errorf("%d PDUs for a file of 200 KiB, want at most %d", sent, most)
	}
}

func TestRefusals(t *testing.T) {
	p := newPair(t)
	o := p.options(space, kv.NewMemory())
	o.Quota, o.MaxFile = 100<<10, 80<<10
	o.Admit = func(_ uint64, name string, _ int64) error {
		if name == "secret" {
			return errors.New("not that one")
		}
		return nil
	}
	p.b = p.open(o)
	p.link(true)
	for _, c := range []struct {
		name string
		size int
		want cfdp.Condition
	}{
		{"fine", 70 << 10, cfdp.NoError},
		{"secret", 10, cfdp.FilestoreRejection},
		{"out/1/file", 10, cfdp.FilestoreRejection},
		{"long", 90 << 10, cfdp.FileSizeError},
		{"beyond the quota", 60 << 10, cfdp.FilestoreRejection},
		{"small", 1000, cfdp.NoError},
	} {
		id, err := p.a.Put(p.now, space, c.name, content(3, c.size))
		p.check(err)
		p.run(time.Minute)
		at, ok := p.a.Progress(id)
		if !ok || !at.Ended || at.Condition != c.want || at.Complete != (c.want == cfdp.NoError) {
			t.Errorf("%s: %+v %v, want %v", c.name, at, ok, c.want)
		}
		if file, _ := p.b.files.Stat(c.name); file != (c.want == cfdp.NoError) {
			t.Errorf("%s: is there %v", c.name, file)
		}
	}
	if temp := p.b.List(cfdp.TempDir); len(temp) != 0 {
		t.Errorf("left behind: %v", temp)
	}
	if _, err := p.a.Put(p.now, space, "../x", nil); !errors.Is(err, cfdp.ErrName) {
		t.Errorf("a name that climbs: %v", err)
	}
	if _, err := p.a.Put(p.now, space, "x", make([]byte, 5<<20)); err == nil {
		t.Error("a file beyond the bound is taken")
	}
	if left := p.a.List("out"); len(left) != 0 {
		t.Errorf("the sender keeps %v", left)
	}
	// Nobody speaks for another, and nobody works on files that are there.
	other := p.open(p.options(ground+1, kv.NewMemory()))
	other.SetLink(p.now, space, true)
	_, err := other.Put(p.now, space, "x", []byte("x"))
	p.check(err)
	pdu, ok, err := other.Output(p.now, space)
	p.check(err)
	if !ok {
		t.Fatal("nothing to send")
	}
	if refused, err := p.b.Receive(p.now, ground, pdu); !errors.Is(refused, cfdp.ErrAddress) || err != nil {
		t.Errorf("another's PDU: %v, %v", refused, err)
	}
	_, err = p.a.core.Put(p.now, cfdp.PutRequest{Dest: space, Options: cfdp.Options{
		Requests: []cfdp.FilestoreRequest{{Action: cfdp.DeleteFile, First: "fine"}}}})
	p.check(err)
	p.run(time.Minute)
	if file, _ := p.b.files.Stat("fine"); !file {
		t.Error("a peer has deleted a file")
	}
}

// The power of either side is cut at every write in turn, in the middle of two files. The
// next start goes on, and both arrive whole, each once by its name.
func TestPowerCutAtEveryWrite(t *testing.T) {
	first, second := content(4, 150<<10), content(5, 3000)
	// flight sends both files; cut is the side whose disk is under test. It ends when
	// the power was cut, or when all is done.
	flight := func(cut uint64, disk *faultfs.FS) (p *pair, other kv.Store) {
		p = newPair(t)
		p.loss = 0.05
		p.dead = disk.HasCut
		store, err := kv.OpenPebble("store", disk)
		p.check(err)
		defer store.Close()
		other = kv.NewMemory()
		stores := map[uint64]kv.Store{cut: store, ground + space - cut: other}
		p.a, p.b = p.open(p.options(ground, stores[ground])), p.open(p.options(space, stores[space]))
		p.link(true)
		_, err = p.a.Put(p.now, space, "one", first)
		p.check(err)
		p.run(200 * time.Millisecond)
		_, err = p.a.Put(p.now, space, "two", second)
		p.check(err)
		for range 3000 {
			if disk.HasCut() {
				return p, other
			}
			p.run(10 * time.Millisecond)
		}
		return p, other
	}
	for _, cut := range []uint64{ground, space} {
		disk := faultfs.New()
		if p, _ := flight(cut, disk); len(p.got) != 2 {
			t.Fatalf("without a cut %d files arrive", len(p.got))
		}
		writes := disk.Writes()
		t.Logf("entity %d: %d writes", cut, writes)
		step := 1
		if testing.Short() {
			step = 5
		}
		for n := 0; n < writes; n += step {
			disk := faultfs.New()
			disk.CutAt(n, uint64(n))
			p, other := flight(cut, disk)
			after := disk.AfterCut()
			if after == nil {
				continue
			}
			resume(t, fmt.Sprintf("entity %d, cut at write %d", cut, n), p, cut, after, other, first, second)
		}
	}
}

// resume starts the side that was cut anew, and the other one too, which was not told.
func resume(t *testing.T, when string, p *pair, cut uint64, after vfs.FS, other kv.Store, first, second []byte) {
	t.Helper()
	store, err := kv.OpenPebble("store", after)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	defer store.Close()
	p.dead = nil
	p.link(false) // which the side that is still there notices
	p.now = p.now.Add(24 * time.Hour)
	e, err := Open(p.now, p.options(cut, store))
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if cut == ground {
		p.a = e
	} else {
		p.b = e
	}
	p.link(true)
	// What Put did not acknowledge before the cut is put again, as its caller would.
	for name, data := range map[string][]byte{"one": first, "two": second} {
		known := slices.ContainsFunc(p.a.results.list, func(r Progress) bool { return r.Name == name && r.Complete })
		for _, i := range p.a.Transactions() {
			known = known || i.DestName == name
		}
		if !known {
			if _, err := p.a.Put(p.now, space, name, data); err != nil {
				t.Fatalf("%s: %v", when, err)
			}
		}
	}
	p.run(10 * time.Minute)
	for name, data := range map[string][]byte{"one": first, "two": second} {
		if got, err := p.b.Read(name); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %s is not whole: %v", when, name, err)
		}
	}
	if p.a.Busy(space) || p.b.Busy(ground) {
		t.Errorf("%s: under way after all: %v, %v", when, p.a.Transactions(), p.b.Transactions())
	}
}

// Whatever arrives, the entity stands, keeps within its quota, and can be opened again.
func FuzzReceive(f *testing.F) {
	p := newPair(f)
	p.link(true)
	if _, err := p.a.Put(p.now, space, "commands/x", content(1, 3000)); err != nil {
		f.Fatal(err)
	}
	var all []byte
	for {
		pdu, ok, err := p.a.Output(p.now, space)
		if err != nil {
			f.Fatal(err)
		}
		if !ok {
			break
		}
		f.Add(pdu)
		all = append(append(all, byte(len(pdu)>>8), byte(len(pdu))), pdu...)
	}
	f.Add(all)
	f.Fuzz(func(t *testing.T, b []byte) {
		store := kv.NewMemory()
		o := Options{ID: space, Store: store, Quota: 64 << 10}
		e, err := Open(noon, o)
		if err != nil {
			t.Fatal(err)
		}
		e.SetLink(noon, ground, true)
		receive := func(pdu []byte) {
			if _, err := e.Receive(noon, ground, pdu); err != nil {
				t.Fatal(err)
			}
			if _, _, err := e.Output(noon, ground); err != nil {
				t.Fatal(err)
			}
			if e.UsedOctets() > 64<<10 {
				t.Fatalf("%d octets are kept", e.UsedOctets())
			}
		}
		receive(b)
		for len(b) >= 2 { // a history: PDUs with their lengths
			n := min(int(b[0])<<8|int(b[1]), len(b)-2)
			receive(b[2 : 2+n])
			b = b[2+n:]
		}
		if err := e.Commit(noon, true); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(noon, o); err != nil {
			t.Fatal(err)
		}
	})
}
