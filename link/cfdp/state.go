package cfdp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"time"
)

// ErrState says that octets are no state of an entity.
var ErrState = errors.New("bad CFDP state")

const stateMagic = "cfdp\x01"

// importGap is how many sequence numbers an import passes over.
const importGap = 256

// writer and stateReader carry the state: numbers as varints, octets with a length.
type writer struct{ b []byte }

func (w *writer) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) int(v int64)   { w.b = binary.AppendVarint(w.b, v) }
func (w *writer) octets(v []byte) {
	w.uint(uint64(len(v)))
	w.b = append(w.b, v...)
}

func (w *writer) bools(v ...bool) {
	var n uint64
	for i, x := range v {
		if x {
			n |= 1 << i
		}
	}
	w.uint(n)
}

func (w *writer) segments(list []Segment) {
	w.uint(uint64(len(list)))
	for _, s := range list {
		w.int(s.Start)
		w.int(s.End)
	}
}

func (w *writer) timers(now time.Time, list []*timer) {
	for _, t := range list {
		w.bools(t.on)
		w.int(int64(t.remaining(now)))
	}
}

func (w *writer) pdu(h Header, body Body) {
	b, err := (PDU{h, body}).Append(nil)
	if err != nil { // it went over the link before, or came from there; announce and wide see to it
		b = nil
	}
	w.octets(b)
}

type stateReader struct {
	b   []byte
	err error
}

func (r *stateReader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrState, what)
	}
	r.b = nil
}

func (r *stateReader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("cut short")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *stateReader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail("cut short")
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count reads the number of entries that follow, of at least one octet each.
func (r *stateReader) count() int {
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail("count beyond its octets")
		return 0
	}
	return int(n)
}

func (r *stateReader) octets() []byte {
	n := r.count()
	v := slices.Clone(r.b[:n])
	r.b = r.b[n:]
	return v
}

func (r *stateReader) bools(v ...*bool) {
	n := r.uint()
	for i, x := range v {
		*x = n>>i&1 == 1
	}
}

func (r *stateReader) segments() (list []Segment) {
	for range r.count() {
		list = append(list, Segment{r.int(), r.int()})
	}
	return list
}

// ranges reads a set, which must be one.
func (r *stateReader) ranges() ranges {
	list := ranges(r.segments())
	for i, s := range list {
		if s.Start < 0 || s.End <= s.Start || i > 0 && s.Start <= list[i-1].End {
			r.fail("segments out of order")
			return nil
		}
	}
	return list
}

func (r *stateReader) timers(now time.Time, list []*timer, frozen bool) {
	for _, t := range list {
		var on bool
		r.bools(&on)
		left := r.int()
		if on {
			t.start(now, time.Duration(max(0, left)), frozen)
		}
	}
}

func (r *stateReader) pdu() PDU {
	p, err := Decode(r.octets())
	if err != nil {
		r.fail("a PDU in it")
	}
	return p
}

// Export gives the state of all transactions, after the filestore has made their data
// durable. Timers keep what they have left at now.
func (e *Entity) Export(now time.Time) ([]byte, error) {
	e.Observe(now)
	if err := e.store.Sync(); err != nil {
		return nil, fmt.Errorf("export transactions of entity %d: %w", e.cfg.ID, err)
	}
	w := &writer{b: []byte(stateMagic)}
	w.uint(e.cfg.ID)
	w.uint(e.seq)
	w.uint(uint64(len(e.closed)))
	for _, c := range e.closed {
		w.uint(c.id.Source)
		w.uint(c.id.Seq)
		w.bools(c.sending)
	}
	down := make([]uint64, 0, len(e.down))
	for id := range e.down {
		down = append(down, id)
	}
	slices.Sort(down)
	w.uint(uint64(len(down)))
	for _, id := range down {
		w.uint(id)
	}
	w.uint(uint64(len(e.replies)))
	for _, p := range e.replies {
		w.uint(p.to)
		ack := p.ack
		w.pdu(p.hdr, &ack)
	}
	w.uint(uint64(len(e.order)))
	for _, t := range e.order {
		_, sending := t.(*sender)
		w.bools(sending)
		t.save(w, now)
	}
	return binary.BigEndian.AppendUint32(w.b, crc32.ChecksumIEEE(w.b)), nil
}

// Import takes up an exported state in a fresh entity with the same ID and filestore;
// time goes on at now as if none had passed. Bounds and handlers are those of this
// entity's configuration. Pending indications are not part of the state.
func (e *Entity) Import(now time.Time, state []byte) error {
	if len(e.order) > 0 || len(e.closed) > 0 {
		return errors.New("import into an entity that has transactions already")
	}
	n := len(state) - 4
	if n < len(stateMagic) || string(state[:len(stateMagic)]) != stateMagic {
		return fmt.Errorf("%w: unknown beginning", ErrState)
	}
	if crc32.ChecksumIEEE(state[:n]) != binary.BigEndian.Uint32(state[n:]) {
		return fmt.Errorf("%w: wrong checksum", ErrState)
	}
	fresh := New(e.cfg, e.store)
	fresh.now = now
	if err := fresh.load(now, state[len(stateMagic):n]); err != nil {
		return err
	}
	fresh.ind, fresh.Stats = e.ind, e.Stats
	*e = *fresh
	for _, t := range e.order {
		t.core().e = e
	}
	return nil
}

func (e *Entity) load(now time.Time, b []byte) error {
	r := &stateReader{b: b}
	if id := r.uint(); id != e.cfg.ID && r.err == nil {
		return fmt.Errorf("%w: of entity %d, not %d", ErrState, id, e.cfg.ID)
	}
	// Transactions that began after the export may be known on the other side: their
	// numbers are passed over.
	if e.seq = r.uint(); e.cfg.SeqLen > 1 {
		e.seq += importGap
		if !fits(e.seq, e.cfg.SeqLen) {
			e.seq = 0
		}
	}
	for range r.count() {
		c := ended{id: TransactionID{r.uint(), r.uint()}}
		r.bools(&c.sending)
		e.closed = append(e.closed, c)
	}
	for range r.count() {
		e.down[r.uint()] = true
	}
	for range r.count() {
		to, p := r.uint(), r.pdu()
		if ack, ok := p.Body.(*ACK); ok {
			e.replies = append(e.replies, reply{p.Header, *ack, to, e.ends})
		} else {
			r.fail("a reply that is no ACK")
		}
	}
	for range r.count() {
		var sending bool
		r.bools(&sending)
		var t transaction
		if sending {
			t = e.loadSender(r, now)
		} else {
			t = e.loadReceiver(r, now)
		}
		if r.err != nil {
			return r.err
		}
		e.add(t)
	}
	if r.err == nil && len(r.b) > 0 {
		r.fail("octets behind it")
	}
	return r.err
}

func (b *base) save(w *writer) {
	w.bools(b.suspended, b.canceled)
	w.uint(uint64(b.cond))
}

func (b *base) load(r *stateReader) {
	r.bools(&b.suspended, &b.canceled)
	b.cond = Condition(r.uint() & 15)
}

func (s *sender) save(w *writer, now time.Time) {
	w.pdu(s.hdr, s.metadata())
	s.base.save(w)
	w.uint(uint64(len(s.put.Records)))
	for _, at := range s.put.Records {
		w.int(at)
	}
	w.int(s.progress)
	w.uint(uint64(s.sum))
	w.segments(s.resend)
	w.bools(s.needMeta, s.needEOF, s.metaSent, s.promptNAK, s.promptKeepAlive, s.eofIssued, s.eofAcked, s.proxyFor != nil)
	w.uint(uint64(s.eofCount))
	w.uint(uint64(s.checkCount))
	if s.proxyFor != nil {
		w.uint(s.proxyFor.Source)
		w.uint(s.proxyFor.Seq)
	}
	w.timers(now, s.timers())
}

func (e *Entity) loadSender(r *stateReader, now time.Time) *sender {
	p := r.pdu()
	m, ok := p.Body.(*Metadata)
	if !ok || p.Source != e.cfg.ID || p.TowardSender {
		r.fail("a sender without metadata")
		return nil
	}
	s := &sender{size: m.Size, checksum: m.Checksum}
	s.put = PutRequest{Dest: p.Dest, SourceName: m.SourceName, DestName: m.DestName, Class: Class2, Closure: m.Closure, Options: m.Options}
	if m.SourceName != "" {
		var err error
		if s.file, err = CleanName(m.SourceName); err != nil {
			r.fail("a source name")
		}
	}
	conf := e.cfg.remote(p.Dest)
	s.base = base{e: e, id: p.ID(), remote: p.Dest, hdr: p.Header, conf: conf, handlers: conf.Faults}
	s.put.Class = s.class()
	s.handlers.apply(m.Overrides)
	s.base.load(r)
	for range r.count() {
		s.put.Records = append(s.put.Records, r.int())
	}
	s.progress = r.int()
	s.sum = uint32(r.uint())
	s.resend = r.ranges()
	if r.err == nil && (s.progress < 0 || s.progress > s.size || s.resend.end() > s.progress) {
		r.fail("progress beyond the file")
	}
	var proxy bool
	r.bools(&s.needMeta, &s.needEOF, &s.metaSent, &s.promptNAK, &s.promptKeepAlive, &s.eofIssued, &s.eofAcked, &proxy)
	s.eofCount, s.checkCount = int(r.uint()&0xffff), int(r.uint()&0xffff)
	if proxy {
		s.proxyFor = &TransactionID{r.uint(), r.uint()}
	}
	r.timers(now, s.timers(), s.frozen())
	return s
}

// wide is a header for what came from the other side: each of its PDUs has flags of its own,
// and a size that one could carry need not fit the header of the first.
func (h Header) wide(size int64) Header {
	h.CRC, h.Large = false, size > math.MaxUint32
	return h
}

func (r *receiver) save(w *writer, now time.Time) {
	// The PDUs here stand for the state of this end: its own header throughout.
	w.pdu(r.hdr, &KeepAlive{})
	r.base.save(w)
	w.bools(r.meta != nil, r.eof != nil, r.finished != nil, r.nakActive, r.nakForced, r.metaMissed, r.needKeepAlive, r.needFinished)
	if r.meta != nil {
		w.pdu(r.hdr.wide(r.meta.Size), r.meta)
	}
	if r.eof != nil {
		w.pdu(r.hdr.wide(r.eof.Size), r.eof)
	}
	if r.finished != nil {
		w.pdu(r.hdr.wide(0), r.finished)
	}
	w.segments(r.have)
	w.uint(uint64(r.sum))
	w.int(r.sumTo)
	w.int(r.nakFrom)
	w.segments(r.missed)
	w.uint(uint64(r.finCount))
	w.uint(uint64(r.nakCount))
	w.uint(uint64(r.checkCount))
	w.timers(now, r.timers())
}

func (e *Entity) loadReceiver(in *stateReader, now time.Time) *receiver {
	p := in.pdu()
	if in.err != nil {
		return nil
	}
	r := e.newReceiver(now, p.Header)
	for _, t := range r.timers() {
		t.stop()
	}
	r.base.load(in)
	var meta, eof, finished bool
	in.bools(&meta, &eof, &finished, &r.nakActive, &r.nakForced, &r.metaMissed, &r.needKeepAlive, &r.needFinished)
	ok := true
	if meta {
		r.meta, ok = in.pdu().Body.(*Metadata)
	}
	if eof && ok {
		r.eof, ok = in.pdu().Body.(*EOF)
	}
	if finished && ok {
		r.finished, ok = in.pdu().Body.(*Finished)
	}
	if !ok {
		in.fail("a receiver's PDUs")
		return nil
	}
	if meta {
		r.handlers.apply(r.meta.Overrides)
	}
	r.have = in.ranges()
	r.sum, r.sumTo, r.nakFrom = uint32(in.uint()), in.int(), in.int()
	r.missed = in.segments()
	r.finCount, r.nakCount, r.checkCount = int(in.uint()&0xffff), int(in.uint()&0xffff), int(in.uint()&0xffff)
	if in.err == nil && (r.sumTo < 0 || r.sumTo > r.have.prefix() || r.nakFrom < 0) {
		in.fail("a receiver's progress")
	}
	in.timers(now, r.timers(), r.frozen())
	r.relies = e.ends
	if size, err := e.store.Size(r.temp); err != nil || size < r.have.end() {
		if len(r.have) > 0 && r.finished == nil {
			// The filestore does not have what the state says: ask for all of it.
			r.have, r.sum, r.sumTo = nil, 0, 0
			if r.eof != nil {
				r.askAll(false)
			}
		}
	}
	return r
}
