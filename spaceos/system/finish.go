package system

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/receipt"
	"spacechain/spaceos/sandbox"
)

// Finish takes a job's result: all that the activation did becomes durable with the
// next Ready, or nothing of it. The error is final. A second result of the same job is
// ignored.
func (s *System) Finish(now time.Time, r Result) error {
	if s.failed != nil {
		return s.failed
	}
	s.advance(now)
	if r.job == nil || !slices.Contains(s.jobs, r.job) || r.job.waiting {
		return nil
	}
	if r.err != nil {
		s.fail(r.err)
		return s.failed
	}
	j := r.job
	s.drop(j)
	if s.lim.Measured {
		r.Duration = s.now.Sub(j.started)
	}
	s.conclude(j, r)
	s.afterJob(j.tenant)
	return s.failed
}

// drop forgets a job.
func (s *System) drop(j *Job) {
	s.jobs = slices.DeleteFunc(s.jobs, func(k *Job) bool { return k == j })
	j.tenant.job = nil
	j.cancel(nil)
}

// conclude commits an activation and tells the owner.
func (s *System) conclude(j *Job, r Result) {
	t, h, o := j.tenant, j.host, r.Outcome
	if o.End == sandbox.Killed && j.killed {
		o.Detail = j.cause
	}
	s.batch.Delete(keyMark(t.number))
	request := s.consume(t, j)
	t.wakes = slices.DeleteFunc(t.wakes, func(w wake) bool { return w.number+1 == j.pending.wake })
	if j.pending.kind == sandbox.TriggerInstall {
		t.installDue = false
	}
	for _, name := range h.used {
		i := slices.IndexFunc(t.m.Permissions.Sensors, func(p manifest.Sensor) bool { return p.Name == name })
		t.sensorLast[i] = j.started
	}
	var result []byte
	if o.End == sandbox.Returned {
		result = h.result
		s.commit(t, h)
	} else {
		h.sent, h.sentSize = nil, 0
	}
	t.activations++
	t.gas += o.GasUsed
	t.load.pass(s.now)
	t.load.held += max(r.Duration, s.now.Sub(j.started))
	t.last = j.started
	if len(h.logs.lines) > 0 {
		s.batch.Put(keyLog(t.number, j.Activation), command.EncodeLogs(h.logs.lines))
	}
	for ; t.logFirst+s.lim.LogActivations <= j.Activation; t.logFirst++ {
		s.batch.Delete(keyLog(t.number, t.logFirst))
	}
	s.report(j, r, o, request, result)
	s.judge(t, j, o)
	s.putRecord(t)
}

// consume deletes the messages that the activation took, and gives the request of the
// call that it answers.
func (s *System) consume(t *tenant, j *Job) (request command.RequestID) {
	gone := j.host.taken
	if j.pending.queue != 0 {
		gone = append(slices.Clone(gone), j.pending.queue-1)
	}
	t.queue = slices.DeleteFunc(t.queue, func(q queued) bool {
		if !slices.Contains(gone, q.number) {
			return false
		}
		if q.number+1 == j.pending.queue {
			request = q.request
		}
		t.queueIn -= q.size
		s.batch.Delete(keyQueue(t.number, q.number))
		return true
	})
	return request
}

// commit applies the changes of an activation that returned.
func (s *System) commit(t *tenant, h *host) {
	h.files.commit(&s.batch)
	t.stored = h.files.used
	if len(h.sent) > 0 || len(h.result) > 0 {
		if hour := hourOf(h.now); t.hour != hour {
			t.hour, t.hourCount, t.hourBytes, t.hourResults = hour, 0, 0, 0
		}
		t.hourCount += uint64(len(h.sent))
		t.hourBytes += h.sentSize
		t.hourResults += uint64(len(h.result))
	}
	for _, m := range h.sent {
		if m.peer != manifest.PeerOwner {
			s.send(t.number, m.peer, m.payload)
			continue
		}
		t.ownerSeq++
		app := command.AppMessage{Satellite: s.opt.Satellite, Tenant: t.number, App: t.m.App,
			Number: t.ownerSeq, Time: s.now, Payload: m.payload}
		s.send(t.number, t.replyTo, app.Encode(s.opt.Key))
	}
	for i := range h.wakes {
		if w := &h.wakes[i]; w.number >= t.nextWake { // asked for by this activation
			w.next = s.wakeTimer(w, s.now)
		} else if k := slices.IndexFunc(t.wakes, func(v wake) bool { return v.number == w.number }); k >= 0 {
			w.next = t.wakes[k].next // it may have fired meanwhile
		}
	}
	t.wakes, t.nextWake = h.wakes, h.wakeNo
	for i := range t.m.Triggers {
		tr := &t.m.Triggers[i]
		if tr.Optional && slices.Contains(h.subscribed, tr.Name) && !slices.Contains(t.subscribed, tr.Name) {
			t.timers[i] = s.nextTimer(*tr, s.now)
		}
	}
	t.subscribed = h.subscribed
}

// report sends the owner the receipt, the result and the end of the log.
func (s *System) report(j *Job, r Result, o sandbox.Outcome, request command.RequestID, result []byte) {
	t, h := j.tenant, j.host
	ended := s.now
	if !s.lim.Measured {
		ended = j.started.Add(r.Duration)
	}
	m := command.ResultMessage{Result: result, Report: command.Report{App: t.m.App, Request: request, Detail: clip(o.Detail, maxLogLine)}}
	var lost uint64
	m.Report.Logs, lost = lastLines(h.logs.lines, s.lim.LogTail)
	m.Report.LogsLost = lost + h.logs.lost
	m.Receipt = receipt.Sign(receipt.Receipt{
		Satellite: s.opt.Satellite, Lease: t.lease, Tenant: t.number, Activation: j.Activation,
		Owner: receipt.Digest(t.owner), Package: t.pkg, Module: t.m.Module.Digest,
		Input: receipt.InputDigest(r.trigger), Result: sha256.Sum256(result), Report: sha256.Sum256(m.Report.Encode()),
		Trigger: j.pending.kind, TriggerName: j.pending.name, End: o.End,
		Gas: o.GasUsed, GasLimit: t.m.Limits.GasPerActivation, PeakMemory: o.PeakMemory,
		BytesStored: t.stored, BytesSent: h.sentSize + uint64(len(result)), Messages: uint64(len(h.sent)),
		Started: j.started.Truncate(time.Millisecond), Ended: ended.Truncate(time.Millisecond),
		Duration: r.Duration.Truncate(time.Microsecond),
	}, s.opt.Key)
	s.send(t.number, t.replyTo, m.Encode())
	e := s.event(EventEnded, t, fmt.Sprintf("activation %d %s", j.Activation, o.End))
	if o.Detail != "" {
		e.Text += ": " + clip(o.Detail, 200)
	}
	e.Receipt, e.Result = &m.Receipt, result
}

// clip gives the first n bytes of a text at most, as valid UTF-8.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

// judge backs off from a tenant that failed, and stops one that keeps failing.
func (s *System) judge(t *tenant, j *Job, o sandbox.Outcome) {
	switch {
	case o.End == sandbox.Returned:
		t.failRow, t.waitTill, t.reason = 0, time.Time{}, ""
		return
	case o.End == sandbox.Killed && j.killed && len(t.later) > 0: // by the owner's own command
		return
	}
	t.failures++
	t.failRow++
	what := string(o.End)
	if o.Detail != "" {
		what += ": " + clip(o.Detail, 200)
	}
	if t.failRow >= s.lim.MaxFailures {
		reason := fmt.Sprintf("stopped by the watchdog after %d failures in a row, the last: %s", t.failRow, what)
		s.stop(t, reason)
		s.notice(t, command.NoticeStopped, reason+"; mend it, or start it again")
		return
	}
	wait := s.lim.Backoff
	for i := uint64(1); i < t.failRow && wait < s.lim.MaxBackoff; i++ {
		wait *= 2
	}
	t.waitTill = s.now.Add(min(wait, s.lim.MaxBackoff))
	t.reason = what
}

// stop lets a tenant rest.
func (s *System) stop(t *tenant, reason string) {
	t.stopped, t.reason = true, reason
	t.pending = slices.DeleteFunc(t.pending, func(p pending) bool { return p.kind != sandbox.TriggerMessage })
	s.putRecord(t)
	s.event(EventStopped, t, reason)
}

// afterJob does what waited for the end of a tenant's activation.
func (s *System) afterJob(t *tenant) {
	t.pushMessage(s.now)
	later := t.later
	t.later = nil
	for _, in := range later {
		if s.failed == nil {
			s.command(in)
		}
	}
}
