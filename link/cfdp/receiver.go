package cfdp

import (
	"fmt"
	"time"
)

// receiver is the end of a transaction that the file comes to.
type receiver struct {
	base
	meta  *Metadata
	eof   *EOF
	have  ranges
	temp  string
	sum   uint32 // over the first sumTo octets
	sumTo int64

	// What is asked for: everything missing from nakFrom on, while nakActive; and
	// what was missed just now.
	nakActive, nakForced bool
	nakFrom              int64
	missed               []Segment
	metaMissed           bool

	needKeepAlive bool
	finished      *Finished // set once the end is known
	needFinished  bool

	finCount, nakCount, checkCount     int
	ack, nak, inactivity, check, alive timer
	grace                              timer  // since new octets came, see Entity.room
	relies                             uint64 // ends that the Finished PDU relies on
	placed                             string // where the file lies
}

func (e *Entity) newReceiver(now time.Time, h Header) *receiver {
	conf := e.cfg.remote(h.Source)
	r := &receiver{base: base{
		e: e, id: h.ID(), remote: h.Source, hdr: h, conf: conf, handlers: conf.Faults,
	}}
	r.hdr.TowardSender, r.hdr.Records = true, false
	r.temp = tempName(r.id)
	r.inactivity.start(now, conf.Inactivity, r.frozen())
	if conf.KeepAlive > 0 && r.class() == Class2 {
		r.alive.start(now, conf.KeepAlive, r.frozen())
	}
	return r
}

func (r *receiver) timers() []*timer {
	return []*timer{&r.ack, &r.nak, &r.inactivity, &r.check, &r.alive}
}

func (r *receiver) clocks() []*timer { return append(r.timers(), &r.grace) }

func (r *receiver) report() Indication {
	i := Indication{Kind: IndReport, ID: r.id, Condition: r.cond, Progress: r.have.end()}
	if r.meta != nil {
		i.Size, i.SourceName, i.DestName = r.meta.Size, r.meta.SourceName, r.meta.DestName
	}
	return i
}

func (r *receiver) receive(now time.Time, p PDU) {
	if r.inactivity.on {
		r.inactivity.start(now, r.conf.Inactivity, r.frozen())
	}
	if r.finished != nil {
		r.afterEnd(p)
		return
	}
	switch body := p.Body.(type) {
	case *Metadata:
		r.metadata(now, body)
	case *FileData:
		r.fileData(now, body)
	case *EOF:
		r.endOfFile(now, p.Header, body)
	case *Prompt:
		if r.class() != Class2 {
			return
		}
		if body.KeepAlive {
			r.needKeepAlive = true
		} else {
			r.askAll(true)
		}
	}
}

// afterEnd handles what comes while the Finished PDU waits for its ACK.
func (r *receiver) afterEnd(p PDU) {
	switch body := p.Body.(type) {
	case *ACK:
		if body.Of == DirectiveFinished && r.finCount > 0 {
			r.e.finish(r)
		}
	case *EOF:
		if r.class() == Class2 {
			r.e.acknowledge(p.Header, ACK{DirectiveEOF, body.Condition, StatusActive})
		}
	}
}

func (r *receiver) metadata(now time.Time, m *Metadata) {
	if r.meta != nil {
		return
	}
	own := *m
	own.Options = m.Options.clone()
	r.meta = &own
	r.handlers.apply(m.Overrides)
	i := r.report()
	i.Kind, i.Messages = IndMetadata, own.Messages
	r.e.indicate(i)
	if m.Size > r.e.cfg.MaxFileSize &&
		!r.e.fault(now, r, FileSizeError, fmt.Sprintf("%d octets exceed the bound of %d", m.Size, r.e.cfg.MaxFileSize)) {
		return
	}
	if !r.admitted(now, m) {
		return
	}
	if !m.Checksum.Known() && !r.e.fault(now, r, UnsupportedChecksum, m.Checksum.String()) {
		return
	}
	r.settleEnd(now)
}

// admit asks whoever made the entity whether it takes the file.
func (r *receiver) admit(m *Metadata) (err error) {
	if r.e.cfg.Admit == nil {
		return nil
	}
	name := ""
	if m.DestName != "" {
		if name, err = CleanName(m.DestName); err != nil {
			return err
		}
	}
	return r.e.cfg.Admit(r.remote, name, m)
}

// admitted ends the transaction if the file is not taken, whatever fault handlers say.
func (r *receiver) admitted(now time.Time, m *Metadata) bool {
	err := r.admit(m)
	if err == nil {
		return true
	}
	i := r.report()
	i.Kind, i.Condition, i.Detail = IndFault, FilestoreRejection, err.Error()
	r.e.indicate(i)
	r.cancel(now, FilestoreRejection)
	return false
}

func (o Options) clone() Options {
	c := Options{
		Requests:  append([]FilestoreRequest(nil), o.Requests...),
		Overrides: append([]FaultOverride(nil), o.Overrides...),
	}
	for _, m := range o.Messages {
		c.Messages = append(c.Messages, append([]byte{}, m...))
	}
	if o.FlowLabel != nil {
		c.FlowLabel = append([]byte{}, o.FlowLabel...)
	}
	return c
}

func (r *receiver) fileData(now time.Time, f *FileData) {
	end := f.Offset + int64(len(f.Data))
	limit, why := r.e.cfg.MaxFileSize, "the bound"
	if r.eof != nil && r.eof.Size < limit {
		limit, why = r.eof.Size, "the EOF"
	}
	if end > limit {
		r.e.fault(now, r, FileSizeError, fmt.Sprintf("file data up to %d, %s says %d", end, why, limit))
		return
	}
	before := r.have.end()
	for _, gap := range r.have.gaps(f.Offset, end, len(f.Data)) {
		if len(r.have) >= r.e.cfg.MaxGaps && !r.have.touches(gap) {
			r.e.Stats.Refused++
			return
		}
		piece := f.Data[gap.Start-f.Offset : gap.End-f.Offset]
		if err := r.e.store.WriteAt(r.temp, piece, gap.Start); err != nil {
			r.e.fault(now, r, FilestoreRejection, err.Error())
			return
		}
		if r.meta != nil && gap.Start == r.sumTo {
			r.sum = r.meta.Checksum.Update(r.sum, gap.Start, piece)
			r.sumTo = gap.End
		}
		r.have.add(gap.Start, gap.End)
		r.grace.start(now, r.e.cfg.GiveWay, r.frozen())
		if r.eof != nil && r.nak.on {
			r.nakCount = 0
			r.nak.start(now, r.conf.NAKTimer, r.frozen())
		}
	}
	if r.e.cfg.SegmentIndications {
		i := r.report()
		i.Kind, i.Progress, i.Length = IndSegment, f.Offset, len(f.Data)
		r.e.indicate(i)
	}
	if r.class() == Class2 && r.conf.ImmediateNAK {
		if r.meta == nil && !r.metaMissed {
			r.metaMissed = true
			r.missed = append(r.missed, Segment{})
		}
		if f.Offset > before && len(r.missed) < 256 {
			r.missed = append(r.missed, Segment{before, f.Offset})
		}
	}
	r.settleEnd(now)
}

func (r *receiver) endOfFile(now time.Time, h Header, f *EOF) {
	if r.eof == nil || f.Condition != NoError {
		r.e.ends++
	}
	if r.class() == Class2 {
		r.e.acknowledge(h, ACK{DirectiveEOF, f.Condition, StatusActive})
	}
	if f.Condition != NoError {
		r.end(now, f.Condition, append([]byte(nil), f.Fault...))
		return
	}
	if r.eof != nil {
		return
	}
	own := *f
	r.eof = &own
	i := r.report()
	i.Kind, i.Size = IndEOFReceived, f.Size
	r.e.indicate(i)
	r.alive.stop()
	if f.Size > r.e.cfg.MaxFileSize || r.have.end() > f.Size {
		detail := fmt.Sprintf("EOF says %d octets, file data up to %d", f.Size, r.have.end())
		if !r.e.fault(now, r, FileSizeError, detail) {
			return
		}
	}
	if r.settleEnd(now) {
		return
	}
	if r.class() == Class2 {
		r.askAll(false)
	} else {
		r.check.start(now, r.conf.CheckTimer, r.frozen())
	}
}

// settleEnd delivers the file once all is there, and reports whether the transaction has
// come to its end.
func (r *receiver) settleEnd(now time.Time) bool {
	if r.finished != nil || r.done {
		return true
	}
	if r.meta == nil || r.eof == nil || !r.have.covers(0, r.eof.Size) {
		return false
	}
	cond := NoError
	if r.meta.SourceName != "" || r.meta.DestName != "" {
		if err := r.verify(); err != nil {
			if !r.e.fault(now, r, ChecksumFailure, err.Error()) {
				return true
			}
			cond = ChecksumFailure
		}
	}
	r.deliver(now, cond)
	return true
}

// verify compares the checksums; of a file that came in order most is already summed.
func (r *receiver) verify() error {
	if !r.meta.Checksum.Known() || r.meta.Checksum == ChecksumNull {
		return nil
	}
	buf := make([]byte, min(64<<10, max(0, r.eof.Size-r.sumTo)))
	for r.sumTo < r.eof.Size {
		p := buf[:min(int64(len(buf)), r.eof.Size-r.sumTo)]
		if err := r.e.store.ReadAt(r.temp, p, r.sumTo); err != nil {
			return err
		}
		r.sum = r.meta.Checksum.Update(r.sum, r.sumTo, p)
		r.sumTo += int64(len(p))
	}
	if r.sum != r.eof.Checksum {
		return fmt.Errorf("%s checksum is %08x, the EOF says %08x", r.meta.Checksum, r.sum, r.eof.Checksum)
	}
	return nil
}

// deliver puts the file in its place and carries out the filestore requests.
func (r *receiver) deliver(now time.Time, cond Condition) {
	f := &Finished{Condition: cond, Incomplete: cond != NoError, Status: FileUnreported}
	// The size that was announced binds nobody, and others may have come meanwhile.
	whole := *r.meta
	if whole.Size = r.eof.Size; !r.admitted(now, &whole) {
		return
	}
	if r.meta.DestName != "" {
		if err := r.place(now); err != nil {
			if !r.e.fault(now, r, FilestoreRejection, err.Error()) {
				return
			}
			r.discard()
			f.Condition, f.Incomplete, f.Status = FilestoreRejection, true, FileRejected
		} else {
			f.Status = FileRetained
		}
	}
	if f.Condition == NoError {
		f.Responses = perform(r.e.store, r.meta.Requests, r.e.cfg.MaxFileSize)
		for _, p := range f.Responses {
			if p.Status != ResponseDone {
				f.Condition = FilestoreRejection
			}
		}
	}
	if f.Condition != NoError {
		f.Fault = r.where()
	}
	r.announce(now, f)
}

func (r *receiver) place(now time.Time) error {
	name, err := CleanName(r.meta.DestName)
	if err != nil {
		return err
	}
	if err := r.e.store.Truncate(r.temp, r.eof.Size); err != nil {
		return err
	}
	if p := r.e.cfg.Place; p != nil {
		name = p(now, r.id, name)
	}
	if err := r.e.store.Rename(r.temp, name); err != nil {
		return err
	}
	r.placed = name
	return nil
}

// discard removes what came of the file.
func (r *receiver) discard() {
	if file, _ := r.e.store.Stat(r.temp); file {
		_ = r.e.store.Delete(r.temp) // what stays is replaced by the next file of that id
	}
}

// cancel is a cancellation from this side, by the user or by a fault.
func (r *receiver) cancel(now time.Time, c Condition) {
	if r.finished != nil {
		r.e.abandon(r, c)
		return
	}
	r.end(now, c, r.where())
}

// end gives the transaction up, because of what the entity fault found.
func (r *receiver) end(now time.Time, c Condition, fault []byte) {
	r.canceled, r.suspended, r.cond = true, false, c
	if len(fault) == 0 {
		fault = nil
	}
	f := &Finished{Condition: c, Incomplete: true, Status: FileDiscarded, Fault: fault}
	if c == FilestoreRejection {
		f.Status = FileRejected
	}
	if r.conf.RetainIncomplete && c != FilestoreRejection && r.meta != nil && len(r.have) > 0 {
		if name, err := CleanName(r.meta.DestName); err == nil && r.e.store.Rename(r.temp, name) == nil {
			f.Status = FileRetained
		}
	}
	r.discard()
	r.announce(now, f)
}

// announce is the notice of completion: it tells the user, and the sender if he wants
// to know.
func (r *receiver) announce(now time.Time, f *Finished) {
	if _, err := (PDU{r.hdr, f}).Append(nil); err != nil {
		f.Responses = nil // more than a PDU can tell
	}
	for _, t := range r.timers() {
		t.stop()
	}
	r.nakActive, r.missed, r.needKeepAlive = false, nil, false
	if f.Incomplete {
		r.grace.stop()
	}
	r.e.ends++
	r.relies = r.e.ends
	r.finished, r.cond = f, f.Condition
	i := r.report()
	i.Kind, i.Complete, i.Status, i.Responses, i.Place = IndFinished, !f.Incomplete, f.Status, f.Responses, r.placed
	r.e.indicate(i)
	if r.meta != nil && f.Condition == NoError {
		r.e.serveProxy(now, r)
	}
	r.needFinished = r.class() == Class2 || (r.meta != nil && r.meta.Closure)
	if !r.needFinished {
		r.e.finish(r)
	}
}

func (r *receiver) control(now time.Time) Body {
	switch {
	case r.needFinished:
		r.needFinished = false
		r.finCount++
		if r.class() == Class1 {
			r.e.finish(r)
		} else {
			r.ack.start(now, r.conf.AckTimer, r.frozen())
		}
		return r.finished
	case r.finished != nil:
		return nil
	case len(r.missed) > 0:
		if n := r.nakMissed(); n != nil {
			return n
		}
	}
	if r.nakActive {
		if n := r.nextNAK(now); n != nil {
			return n
		}
	}
	if r.needKeepAlive {
		r.needKeepAlive = false
		return &KeepAlive{Progress: r.have.end()}
	}
	return nil
}

func (r *receiver) data(time.Time) Body { return nil }

func (r *receiver) tick(now time.Time) {
	if r.ack.due(now) {
		r.ack.stop()
		r.needFinished = true
		if r.finCount >= r.conf.AckLimit {
			r.finCount = 1
			r.e.fault(now, r, PositiveAckLimit, "Finished")
			return
		}
	}
	if r.nak.due(now) {
		r.nak.stop()
		r.askAll(false)
		if r.nakCount++; r.nakCount >= r.conf.NAKLimit {
			r.nakCount = 0
			r.e.fault(now, r, NAKLimit, "")
			return
		}
	}
	if r.check.due(now) {
		r.check.start(now, r.conf.CheckTimer, r.frozen())
		if r.checkCount++; r.checkCount >= r.conf.CheckLimit {
			r.checkCount = 0
			r.e.fault(now, r, CheckLimit, "file data is missing")
			return
		}
	}
	if r.alive.due(now) {
		r.alive.start(now, r.conf.KeepAlive, r.frozen())
		r.needKeepAlive = true
	}
	if r.inactivity.due(now) {
		r.inactivity.start(now, r.conf.Inactivity, r.frozen())
		r.e.fault(now, r, Inactivity, "")
	}
}
