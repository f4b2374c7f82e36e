package durable

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"spacechain/internal/kv"
	"spacechain/link/cfdp"
)

// Options make an Entity. ID and Store must be set.
type Options struct {
	ID    uint64
	Store kv.Store // all that the entity keeps, and nothing else
	// Remote holds for every other entity. What is zero in it means: 5 s for the ACK and
	// NAK timers, 100 times, since fades are no reason to give up; 2 h of link without a
	// word before a transaction is given up; CRC-32C.
	Remote cfdp.Remote
	// Quota bounds all files together, those under way included: 16 MiB. MaxFile bounds
	// one: 4 MiB. MaxTransactions bounds the files under way: 16.
	Quota, MaxFile  int64
	MaxTransactions int
	// Admit, if set, may refuse a file of another entity once its name is known. What
	// others may not do in any case is to work on files that are here already (filestore
	// requests), or to have files sent.
	Admit func(from uint64, name string, size int64) error
	// Place, if set, says under which name a file of another entity is put once it is whole,
	// instead of the one that the other side gave. Where that cannot be, the sender is told so.
	Place func(now time.Time, id cfdp.TransactionID, name string) string
	// Received, if set, is told of a file that is complete under its name. It may rename
	// and remove files; what it does becomes durable together with the end of the
	// transaction.
	Received func(now time.Time, f Received)
	// Event, if set, is told everything, for logs.
	Event func(now time.Time, i cfdp.Indication)
}

// Received is a file that came whole.
type Received struct {
	ID    cfdp.TransactionID
	Name  string // that the sender gave
	Place string // where it lies
	Size  int64
}

// A checkpoint is due when so much has gathered, and so long after the first of it.
const (
	checkpointOctets = 32 << 10
	checkpointAfter  = 10 * time.Second
	// However small the pieces of data are, so much is written only when it is this old, or
	// when it takes up too much memory.
	checkpointAge = time.Second
	checkpointMax = 1 << 20
)

// Entity is a CFDP entity on a store; see the package comment. It is for one goroutine.
type Entity struct {
	opts    Options
	core    *cfdp.Entity
	files   *filestore
	up      map[uint64]bool
	results results
	changed bool      // the state differs from what the store holds
	since   time.Time // when it began to
	loose   bool      // what the store holds may not be durable
	synced  uint64    // cfdp.Entity.Ends when it was last
	syncs   budget
	held    map[uint64]promise // by peer
}

// Used reports whether a store holds an entity, so that a role need not make one before
// there is something to do.
func Used(store kv.Store) (bool, error) {
	_, ok, err := store.Get([]byte{keyState})
	return ok, err
}

func (o *Options) setDefaults() {
	if o.Quota <= 0 {
		o.Quota = 16 << 20
	}
	if o.MaxFile <= 0 {
		o.MaxFile = min(4<<20, o.Quota)
	}
	if o.MaxTransactions <= 0 {
		o.MaxTransactions = 16
	}
	r := &o.Remote
	for _, t := range []struct {
		v *time.Duration
		d time.Duration
	}{{&r.AckTimer, 5 * time.Second}, {&r.NAKTimer, 5 * time.Second}, {&r.Inactivity, 2 * time.Hour}} {
		if *t.v <= 0 {
			*t.v = t.d
		}
	}
	for _, n := range []*int{&r.AckLimit, &r.NAKLimit} {
		if *n <= 0 {
			*n = 100
		}
	}
	r.RetainIncomplete = false // Place and Received know of whole files only
	if r.Checksum == cfdp.ChecksumModular {
		r.Checksum = cfdp.ChecksumCRC32C
	}
}

// Open gives an entity that goes on from what its store holds. All links are down.
func Open(now time.Time, o Options) (*Entity, error) {
	o.setDefaults()
	fail := func(err error) (*Entity, error) {
		return nil, fmt.Errorf("open CFDP entity %d: %w", o.ID, err)
	}
	files, err := openFilestore(o.Store, o.Quota)
	if err != nil {
		return fail(err)
	}
	e := &Entity{opts: o, files: files, up: map[uint64]bool{}, held: map[uint64]promise{}}
	e.core = cfdp.New(cfdp.Config{ID: o.ID, Default: o.Remote, MaxTransactions: o.MaxTransactions,
		MaxFileSize: o.MaxFile, MaxGaps: 1024, Admit: e.admit, Place: o.Place}, files)
	if err := e.results.load(o.Store); err != nil {
		return fail(err)
	}
	state, ok, err := o.Store.Get([]byte{keyState})
	if err != nil {
		return fail(err)
	}
	if ok {
		if err := e.core.Import(now, state); err != nil {
			return fail(err)
		}
	}
	for _, peer := range e.core.Destinations() {
		e.core.SetLink(now, peer, false)
	}
	return e, nil
}

// outbox is the directory of files that are to be sent.
const outbox = "out"

// admit refuses what would touch other files than its own.
func (e *Entity) admit(from uint64, name string, m *cfdp.Metadata) error {
	switch {
	case len(m.Requests) > 0:
		return errors.New("filestore requests are not taken")
	case len(m.Overrides) > 0:
		return errors.New("fault handlers are not taken: a transaction must come to an end")
	case name == "":
		return nil
	case name == outbox || strings.HasPrefix(name, outbox+"/"):
		return fmt.Errorf("%s is reserved", outbox)
	case e.opts.Admit != nil:
		return e.opts.Admit(from, name, m.Size)
	}
	return nil
}

// ID is the entity's id.
func (e *Entity) ID() uint64 { return e.opts.ID }

// Stats counts what the entity met.
func (e *Entity) Stats() cfdp.Stats { return e.core.Stats }

// touch notes that the state differs from what is written, and settles what the entity
// has to tell.
func (e *Entity) touch(now time.Time) error {
	if !e.changed || now.Before(e.since) { // or the clock was set back
		e.changed, e.since = true, now
	}
	return e.settle(now)
}

// settle handles what the entity tells.
func (e *Entity) settle(now time.Time) error {
	told := e.core.Indications()
	if len(told) > 0 && !e.changed {
		e.changed, e.since = true, now
	}
	for _, i := range told {
		if e.opts.Event != nil {
			e.opts.Event(now, i)
		}
		over := i.Kind == cfdp.IndFinished || i.Kind == cfdp.IndAbandoned
		switch {
		case over && i.Sending:
			e.results.add(Progress{ID: i.ID, Name: i.DestName, Size: i.Size, Sent: i.Progress, Ended: true,
				Complete: i.Kind == cfdp.IndFinished && i.Complete, Condition: i.Condition})
			if file, _ := e.files.Stat(i.SourceName); file {
				e.unput(i.SourceName)
			}
		case over && i.Complete && i.DestName != "":
			if name, err := cfdp.CleanName(i.DestName); err == nil && e.opts.Received != nil {
				e.opts.Received(now, Received{ID: i.ID, Name: name, Place: i.Place, Size: i.Size})
			}
		}
	}
	if e.files.failed != nil {
		return fmt.Errorf("files of CFDP entity %d: %w", e.opts.ID, e.files.failed)
	}
	return nil
}

// Put begins to send data to another entity, to lie there under name. On return it will
// be sent, whatever happens.
func (e *Entity) Put(now time.Time, to uint64, name string, data []byte) (cfdp.TransactionID, error) {
	fail := func(err error) (cfdp.TransactionID, error) {
		return cfdp.TransactionID{}, fmt.Errorf("send %q to %d: %w", name, to, err)
	}
	if _, err := cfdp.CleanName(name); err != nil {
		return fail(err)
	}
	source := fmt.Sprintf("%s/%d/file", outbox, e.files.next) // never one that is there
	if err := cfdp.WriteFile(e.files, source, data); err != nil {
		e.unput(source)
		return fail(err)
	}
	if !e.up[to] {
		e.core.SetLink(now, to, false)
	}
	id, err := e.core.Put(now, cfdp.PutRequest{Dest: to, SourceName: source, DestName: name, Class: cfdp.Class2})
	if err != nil {
		e.unput(source)
		return fail(err)
	}
	if err := e.touch(now); err != nil {
		return fail(err)
	}
	if err := e.Commit(now, true); err != nil {
		return fail(err)
	}
	return id, nil
}

// unput removes what there is of a file that is not to be sent any more.
func (e *Entity) unput(source string) {
	_ = e.files.Delete(source)
	_ = e.files.RemoveDir(path.Dir(source))
}

// Receive takes a PDU that came from peer, which must be the entity that it names. The
// first error is for the log; the second is of the store and final.
func (e *Entity) Receive(now time.Time, peer uint64, pdu []byte) (refused, err error) {
	h, _, bad := cfdp.DecodeHeader(pdu)
	if bad == nil {
		there := h.Source
		if h.TowardSender {
			there = h.Dest
		}
		if there != peer {
			e.core.Stats.Foreign++
			return fmt.Errorf("%w: %d sent what names %d", cfdp.ErrAddress, peer, there), nil
		}
		if !e.up[peer] {
			e.core.SetLink(now, peer, false)
		}
	}
	if refused = e.core.Receive(now, pdu); refused != nil {
		return refused, e.settle(now) // nothing came of it that would have to be written
	}
	if err := e.touch(now); err != nil {
		return nil, err
	}
	if w := e.files.weight; w >= checkpointMax || w >= checkpointOctets && now.Sub(e.since) >= checkpointAge {
		return nil, e.Commit(now, false)
	}
	return nil, nil
}

// SetLink says whether the link to a peer is up.
func (e *Entity) SetLink(now time.Time, peer uint64, up bool) {
	if up {
		e.up[peer] = true
	} else {
		delete(e.up, peer)
		e.since = earliest(e.since, now.Add(-checkpointAfter)) // nothing comes for hours now: Tick writes what there is
	}
	e.core.SetLink(now, peer, up)
}

// Tick does what has become due. The error is of the store and final.
func (e *Entity) Tick(now time.Time) error {
	e.core.Observe(now)
	if at, ok := e.core.Next(); ok && !now.Before(at) {
		e.core.Tick(now)
		if err := e.touch(now); err != nil {
			return err
		}
	}
	if e.waiting() && e.syncs.take(now) {
		return e.Commit(now, true)
	}
	e.since = earliest(e.since, now)
	if e.changed && !now.Before(e.since.Add(checkpointAfter)) {
		return e.Commit(now, false)
	}
	return nil
}

// Next is when Tick is next wanted.
func (e *Entity) Next() (time.Time, bool) {
	at, ok := e.core.Next()
	if e.changed {
		if t := e.since.Add(checkpointAfter); !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	if e.waiting() {
		if t := e.syncs.since.Add(syncEvery); !ok || t.Before(at) {
			at, ok = t, true
		}
	}
	return at, ok
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Commit writes all that changed; durable says that it must be so on return.
func (e *Entity) Commit(now time.Time, durable bool) error {
	if !e.changed && e.files.clean() && !(durable && e.loose) {
		return nil
	}
	ends := e.core.Ends()
	state, err := e.core.Export(now)
	if err != nil {
		return fmt.Errorf("files of CFDP entity %d: %w", e.opts.ID, err)
	}
	b := kv.Batch{Lazy: !durable}
	b.PutOwned([]byte{keyState}, state)
	e.files.changes(&b)
	e.results.changes(&b)
	if err := e.opts.Store.Apply(&b); err != nil {
		return fmt.Errorf("files of CFDP entity %d: %w", e.opts.ID, err)
	}
	e.files.settled()
	if e.changed, e.loose = false, !durable; durable {
		e.synced = ends
	}
	return nil
}

// Busy reports whether files are under way to or from a peer, or answers wait for it.
func (e *Entity) Busy(peer uint64) bool {
	_, held := e.held[peer]
	return held || slices.Contains(e.core.Destinations(), peer)
}

// Transactions lists the files under way, the oldest first.
func (e *Entity) Transactions() []cfdp.Indication { return e.core.Transactions() }

// Read gives a whole file.
func (e *Entity) Read(name string) ([]byte, error) { return cfdp.ReadFile(e.files, name) }

// List names what lies in a directory, in order; nothing if there is no such directory.
func (e *Entity) List(dir string) []string {
	list, err := e.files.List(dir)
	if err != nil {
		return nil
	}
	return list
}

// Rename moves a file; it is durable with the next Commit.
func (e *Entity) Rename(now time.Time, from, to string) error {
	if err := e.files.Rename(from, to); err != nil {
		return err
	}
	e.prune(from)
	return e.touch(now)
}

// Remove deletes a file; it is durable with the next Commit.
func (e *Entity) Remove(now time.Time, name string) error {
	if err := e.files.Delete(name); err != nil {
		return err
	}
	e.prune(name)
	return e.touch(now)
}

// prune removes the directories that a file which is gone leaves empty: they came with it, and
// would take up room for ever.
func (e *Entity) prune(name string) {
	for d := path.Dir(name); d != "." && e.files.RemoveDir(d) == nil; d = path.Dir(d) {
	}
}

// UsedOctets is how much of the quota is taken.
func (e *Entity) UsedOctets() int64 { return e.files.used }

func appendSeq(key byte, seq uint64) []byte { return binary.BigEndian.AppendUint64([]byte{key}, seq) }

// Octets is the size of all complete files in a directory and below.
func (e *Entity) Octets(dir string) (n int64) {
	for name, f := range e.files.files {
		if strings.HasPrefix(name, dir+"/") {
			n += f.size
		}
	}
	return n
}
