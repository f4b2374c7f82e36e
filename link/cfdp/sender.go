package cfdp

import (
	"fmt"
	"slices"
	"time"
)

// sender is the end of a transaction that has the file.
type sender struct {
	base
	put      PutRequest
	file     string // clean name; empty if only metadata is sent
	size     int64
	checksum ChecksumType

	progress int64  // octets sent for the first time
	sum      uint32 // over them
	resend   ranges // asked for again

	needMeta, needEOF          bool
	metaSent                   bool
	promptNAK, promptKeepAlive bool
	eofIssued, eofAcked        bool
	eofCount, checkCount       int
	ack, inactivity, check     timer
	promptTimer                timer
	proxyFor                   *TransactionID // whose request this transaction serves
}

func (s *sender) timers() []*timer {
	return []*timer{&s.ack, &s.inactivity, &s.check, &s.promptTimer}
}

func (s *sender) clocks() []*timer { return s.timers() }

func (s *sender) report() Indication {
	return Indication{Kind: IndReport, ID: s.id, Sending: true, Condition: s.cond, Progress: s.progress, Size: s.size,
		SourceName: s.put.SourceName, DestName: s.put.DestName}
}

func (s *sender) metadata() *Metadata {
	return &Metadata{Closure: s.put.Closure, Checksum: s.checksum, Size: s.size,
		SourceName: s.put.SourceName, DestName: s.put.DestName, Options: s.put.Options}
}

// control gives prompts, metadata and the EOF of a cancellation.
func (s *sender) control(now time.Time) Body {
	switch {
	case s.canceled:
		if s.needEOF {
			return s.eof(now)
		}
	case s.needMeta:
		s.needMeta, s.metaSent = false, true
		return s.metadata()
	case s.promptNAK:
		s.promptNAK = false
		return &Prompt{}
	case s.promptKeepAlive:
		s.promptKeepAlive = false
		return &Prompt{KeepAlive: true}
	}
	return nil
}

// data gives file data asked for again, then new file data, then the EOF.
func (s *sender) data(now time.Time) Body {
	if s.canceled {
		return nil
	}
	if len(s.resend) > 0 {
		first := s.resend[0]
		n := s.pieceLen(first.Start, first.End)
		return s.piece(now, s.resend.takeFront(n), false)
	}
	if s.progress < s.size {
		n := s.pieceLen(s.progress, s.size)
		return s.piece(now, Segment{s.progress, s.progress + n}, true)
	}
	if s.needEOF || !s.eofIssued {
		return s.eof(now)
	}
	return nil
}

// pieceLen is how much of start to end goes into one PDU.
func (s *sender) pieceLen(start, end int64) int64 {
	room := s.conf.MaxPDU - s.hdr.Len() - s.hdr.sizeLen()
	if s.hdr.CRC {
		room -= 2
	}
	if s.hdr.Records {
		room--
		if i, _ := slices.BinarySearch(s.put.Records, start+1); i < len(s.put.Records) {
			end = min(end, s.put.Records[i])
		}
	}
	return min(end-start, int64(max(room, 1)))
}

func (s *sender) piece(now time.Time, at Segment, first bool) Body {
	f := &FileData{Offset: at.Start, Data: make([]byte, at.End-at.Start)}
	if err := s.e.store.ReadAt(s.file, f.Data, at.Start); err != nil {
		if s.e.fault(now, s, FilestoreRejection, err.Error()) {
			// Told to go on without the data: there is nothing to go on with.
			s.cancel(now, FilestoreRejection)
		}
		return nil
	}
	if s.hdr.Records {
		f.HasMeta = true
		if _, ok := slices.BinarySearch(s.put.Records, at.Start); ok {
			f.Record |= RecordStart
		}
		if _, ok := slices.BinarySearch(s.put.Records, at.End); ok || at.End == s.size {
			f.Record |= RecordEnd
		}
	}
	if first {
		s.sum = s.checksum.Update(s.sum, at.Start, f.Data)
		s.progress = at.End
	}
	return f
}

// eof issues the EOF PDU and starts what waits for its answer.
func (s *sender) eof(now time.Time) Body {
	s.needEOF = false
	e := &EOF{Condition: s.cond, Checksum: s.sum, Size: s.progress}
	if s.cond != NoError {
		e.Fault = s.where()
	}
	if !s.eofIssued && !s.canceled {
		i := s.report()
		i.Kind = IndEOFSent
		s.e.indicate(i)
	}
	s.eofIssued = true
	switch {
	case s.class() == Class2:
		s.eofCount++
		s.ack.start(now, s.conf.AckTimer, s.frozen())
	case s.put.Closure && !s.canceled:
		s.check.start(now, s.conf.CheckTimer, s.frozen())
	default:
		s.complete(now, s.cond, s.cond == NoError, FileUnreported, nil)
	}
	return e
}

func (s *sender) receive(now time.Time, p PDU) {
	if s.inactivity.on {
		s.inactivity.start(now, s.conf.Inactivity, s.frozen())
	}
	switch body := p.Body.(type) {
	case *ACK:
		if body.Of != DirectiveEOF || !s.eofIssued || s.eofAcked {
			return
		}
		if (body.Condition == NoError) != (s.cond == NoError) {
			return // of the EOF before the cancellation
		}
		s.eofAcked, s.needEOF = true, false
		s.ack.stop()
		if s.canceled {
			s.complete(now, s.cond, false, FileUnreported, nil)
			return
		}
		s.inactivity.start(now, s.conf.Inactivity, s.frozen())
	case *NAK:
		s.nak(body)
	case *KeepAlive:
		if lim := s.conf.KeepAliveLimit; lim > 0 && !s.canceled && s.progress-body.Progress > lim {
			s.e.fault(now, s, KeepAliveLimit, fmt.Sprintf("receiver is %d octets behind", s.progress-body.Progress))
		}
	case *Finished:
		good := body.Condition == NoError
		if good && !s.eofIssued {
			return // of something else: the file is not even sent
		}
		s.complete(now, body.Condition, s.eofIssued && !body.Incomplete, body.Status, body.Responses)
		if s.class() == Class2 {
			s.e.acknowledge(p.Header, ACK{DirectiveFinished, body.Condition, StatusTerminated})
		}
	}
}

// nak notes what was asked for again, as far as it was ever sent.
func (s *sender) nak(n *NAK) {
	if s.class() != Class2 || s.canceled {
		return
	}
	for _, seg := range n.Segments {
		if seg.Start == 0 && seg.End == 0 {
			s.needMeta = true
			continue
		}
		if len(s.resend) >= s.e.cfg.MaxGaps {
			s.e.Stats.Refused++
			return // the rest will be asked for again
		}
		s.resend.add(seg.Start, min(seg.End, s.progress))
	}
}

func (s *sender) tick(now time.Time) {
	if s.promptTimer.due(now) {
		s.promptNAK = !s.canceled
		s.promptTimer.start(now, s.conf.Prompt, s.frozen())
	}
	if s.ack.due(now) {
		s.ack.stop()
		if s.eofCount >= s.conf.AckLimit {
			if s.e.fault(now, s, PositiveAckLimit, "EOF") {
				s.eofCount, s.needEOF = 0, true
			} else if s.suspended {
				s.eofCount, s.needEOF = 0, true // sent again upon resumption
			}
			return
		}
		s.needEOF = true
	}
	if s.inactivity.due(now) {
		s.inactivity.start(now, s.conf.Inactivity, s.frozen())
		s.e.fault(now, s, Inactivity, "")
	}
	if !s.done && s.check.due(now) {
		s.check.start(now, s.conf.CheckTimer, s.frozen())
		if s.checkCount++; s.checkCount >= s.conf.CheckLimit {
			s.checkCount = 0
			s.e.fault(now, s, CheckLimit, "no Finished PDU")
		}
	}
}

// cancel has the receiver told; whoever waits is told at once.
func (s *sender) cancel(now time.Time, c Condition) {
	if s.canceled {
		s.e.abandon(s, c)
		return
	}
	s.canceled, s.cond = true, c
	s.resend, s.needMeta = nil, false
	for _, t := range s.timers() {
		t.stop()
	}
	if !s.metaSent {
		// Nothing of it ever left: nobody is to be told.
		s.complete(now, c, false, FileUnreported, nil)
		return
	}
	if s.suspended {
		s.suspended = false
	}
	s.eofIssued, s.eofAcked, s.needEOF, s.eofCount = false, false, true, 0
}

// complete is the notice of completion.
func (s *sender) complete(now time.Time, c Condition, whole bool, status FileStatus, responses []FilestoreResponse) {
	if s.done {
		return
	}
	s.e.ends++
	i := s.report()
	i.Kind, i.Condition, i.Complete, i.Status, i.Responses = IndFinished, c, whole, status, responses
	s.e.indicate(i)
	s.e.finish(s)
	if s.proxyFor != nil {
		s.e.answerProxy(now, s.hdr, *s.proxyFor, i)
	}
}
