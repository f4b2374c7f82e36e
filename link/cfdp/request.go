package cfdp

import (
	"fmt"
	"slices"
	"time"
)

// PutRequest asks for a file to be copied (CCSDS 727.0-B-5 §3.4.1). Without names it
// only carries messages and filestore requests.
type PutRequest struct {
	Dest uint64
	// SourceName lies in this entity's filestore; DestName is where the other side is
	// to put it.
	SourceName, DestName string
	// Class is 0 for what Remote says.
	Class Class
	// Closure asks a class 1 receiver for a Finished PDU.
	Closure bool
	// Records, if set, are the offsets at which records begin, ascending from 0: no
	// PDU then holds data of two records (segmentation control).
	Records []int64
	Options
}

// Put begins a transaction.
func (e *Entity) Put(now time.Time, q PutRequest) (TransactionID, error) {
	e.Observe(now)
	if (q.SourceName == "") != (q.DestName == "") {
		return TransactionID{}, fmt.Errorf("put %q to %q: one name without the other", q.SourceName, q.DestName)
	}
	s := &sender{put: q}
	if q.SourceName != "" {
		name, err := CleanName(q.SourceName)
		if err != nil {
			return TransactionID{}, fmt.Errorf("put: %w", err)
		}
		if s.size, err = e.store.Size(name); err != nil {
			return TransactionID{}, fmt.Errorf("put %q: %w", q.SourceName, err)
		}
		if s.size > e.cfg.MaxFileSize {
			return TransactionID{}, fmt.Errorf("put %q: %d octets exceed the bound of %d", name, s.size, e.cfg.MaxFileSize)
		}
		s.file = name
	}
	if len(q.Records) > 0 && (q.Records[0] != 0 || !slices.IsSorted(q.Records)) {
		return TransactionID{}, fmt.Errorf("put %q: record offsets do not ascend from 0", q.SourceName)
	}
	s.put.Records = slices.Compact(slices.Clone(q.Records))
	conf := e.cfg.remote(q.Dest)
	if q.Class == 0 {
		q.Class = conf.Class
	}
	s.base = base{
		e: e, id: TransactionID{e.cfg.ID, e.seq}, remote: q.Dest, conf: conf, handlers: conf.Faults,
		hdr: Header{
			Unacknowledged: q.Class == Class1, CRC: conf.CRC, Large: s.size > 0xffffffff, Records: len(q.Records) > 0,
			EntityLen: max(e.cfg.EntityLen, Octets(q.Dest)), SeqLen: e.cfg.SeqLen,
			Source: e.cfg.ID, Seq: e.seq, Dest: q.Dest,
		},
	}
	s.checksum = conf.Checksum
	if s.file == "" {
		s.checksum = ChecksumNull
	}
	if !s.checksum.Known() {
		return TransactionID{}, fmt.Errorf("put %q: no checksum of type %d", q.SourceName, s.checksum)
	}
	s.handlers.apply(q.Overrides)
	s.needMeta = true
	if _, err := (PDU{s.hdr, s.metadata()}).Append(nil); err != nil {
		return TransactionID{}, fmt.Errorf("put %q: %w", q.SourceName, err)
	}
	if err := e.room(now, e.cfg.ID, true); err != nil {
		return TransactionID{}, fmt.Errorf("put %q: %w", q.SourceName, err)
	}
	e.seq++
	if !fits(e.seq, e.cfg.SeqLen) {
		e.seq = 0
	}
	if e.tx[s.id] != nil {
		return TransactionID{}, fmt.Errorf("put %q: transaction %s is still under way", q.SourceName, s.id)
	}
	if conf.Prompt > 0 && q.Class == Class2 {
		s.promptTimer.start(now, conf.Prompt, s.frozen())
	}
	e.add(s)
	i := s.report()
	i.Kind = IndTransaction
	e.indicate(i)
	return s.id, nil
}

func (e *Entity) find(id TransactionID) (transaction, error) {
	if s := e.tx[id]; s != nil {
		return s, nil
	}
	if r := e.rx[id]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("transaction %s: %w", id, ErrUnknown)
}

// Cancel ends a transaction at both ends (CCSDS 727.0-B-5 §4.11.2).
func (e *Entity) Cancel(now time.Time, id TransactionID) error {
	e.Observe(now)
	t, err := e.find(id)
	if err != nil {
		return err
	}
	if !t.core().canceled {
		t.cancel(now, CancelRequested)
	}
	return nil
}

// Suspend stops this end of a transaction and its timers; what arrives is still taken.
func (e *Entity) Suspend(now time.Time, id TransactionID) error {
	e.Observe(now)
	t, err := e.find(id)
	if err == nil {
		e.suspend(now, t, SuspendRequested)
	}
	return err
}

// Resume lets a suspended transaction go on.
func (e *Entity) Resume(now time.Time, id TransactionID) error {
	e.Observe(now)
	t, err := e.find(id)
	if err != nil {
		return err
	}
	b := t.core()
	if !b.suspended {
		return nil
	}
	b.suspended = false
	e.settle(now, t)
	i := t.report()
	i.Kind = IndResumed
	e.indicate(i)
	if r, ok := t.(*receiver); ok {
		r.settleEnd(now) // what suspended it may have been the end itself
	}
	return nil
}

// Report asks for an indication of how a transaction stands.
func (e *Entity) Report(id TransactionID) error {
	t, err := e.find(id)
	if err == nil {
		e.indicate(t.report())
	}
	return err
}

// Prompt has the sender of a class 2 transaction ask the receiver for its missing data,
// or for a Keep Alive PDU (CCSDS 727.0-B-5 §4.7.3).
func (e *Entity) Prompt(id TransactionID, keepAlive bool) error {
	s := e.tx[id]
	if s == nil || s.class() != Class2 {
		return fmt.Errorf("prompt transaction %s: %w", id, ErrUnknown)
	}
	if keepAlive {
		s.promptKeepAlive = true
	} else {
		s.promptNAK = true
	}
	return nil
}
