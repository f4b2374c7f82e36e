package system

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
)

// maxSkew is how far in the satellite's future a command may have been issued.
const maxSkew = 10 * time.Minute

// maxOwners times Limits.Requests commands are remembered of all owners together, and
// beyond that those of owners who have tenants: strangers cannot shut them out.
const maxOwners = 16

// maxReplyText is the most bytes of a reply's message.
const maxReplyText = 1000

// reply sends a reply that is not remembered.
func (s *System) reply(to string, r command.Reply) {
	r.Satellite, r.Time, r.Message = s.opt.Satellite, s.now, clip(r.Message, maxReplyText)
	s.send(command.Service, to, r.Encode(s.opt.Key))
	if r.Code != command.OK {
		s.event(EventRefused, s.byNo[r.Tenant], string(r.Code)+": "+r.Message)
	}
}

// answer sends the reply to a command and remembers it under the request id.
func (s *System) answer(c *command.Command, code command.Code, message string, tenant uint64, body []byte) {
	r := command.Reply{Request: c.Request, Satellite: s.opt.Satellite, Code: code, Message: clip(message, maxReplyText),
		Tenant: tenant, Time: s.now, Body: body}
	b := r.Encode(s.opt.Key)
	s.remember(c, s.commandDigest, c.ReplyTo, b)
	s.send(command.Service, c.ReplyTo, b)
	if code != command.OK {
		s.event(EventRefused, s.byNo[tenant], string(code)+": "+message)
	}
}

// command handles a delivery to the control service.
func (s *System) command(in Inbound) {
	if done := s.obey(in); done {
		s.handled(in.ID)
	}
}

// spareRequests is the room that an owner always has to bring a tenant to rest.
const spareRequests = 64

func spare(op command.Op) int {
	if op == command.Stop || op == command.Remove {
		return spareRequests
	}
	return 0
}

// obey carries a command out. It reports false if the command must wait.
func (s *System) obey(in Inbound) bool {
	s.forget()
	c, err := command.Open(in.Payload)
	if err != nil {
		r := command.Reply{Code: command.Malformed, Message: err.Error()}
		if errors.Is(err, command.ErrSignature) {
			r.Code, r.Request = command.BadSignature, c.Request
		}
		// Nobody gives commands from a control or administrative service: what comes
		// from one is an answer gone astray, and two that answer answers never end.
		if _, service, err := manifest.ParseEndpoint(in.Source); err != nil || service <= command.Service {
			s.event(EventRefused, nil, "command from "+in.Source+": "+r.Message)
			return true
		}
		s.reply(in.Source, r) // to who sent it: what a bad command says of itself is not trusted
		return true
	}
	refuse := func(code command.Code, format string, args ...any) bool {
		s.reply(c.ReplyTo, command.Reply{Request: c.Request, Code: code, Message: fmt.Sprintf(format, args...)})
		return true
	}
	switch {
	case c.Satellite != s.opt.Satellite:
		return refuse(command.WrongSatellite, "the command is for satellite %d, this is %d", c.Satellite, s.opt.Satellite)
	case !s.now.Before(c.Expires) || !c.Expires.After(s.horizon):
		return refuse(command.Expired, "the command expired at %s, it came at %s; send a new one", stamp(c.Expires), stamp(s.now))
	case c.Issued.After(s.now.Add(maxSkew)):
		return refuse(command.NotYet, "the command was issued at %s, here it is %s; check the clock", stamp(c.Issued), stamp(s.now))
	case s.repeated(c, in.Payload):
		return true
	case c.Op == command.List:
		return s.list(c)
	case s.requests.owners[c.Owner] >= s.lim.Requests+spare(c.Op), len(s.requests.byKey) >= maxOwners*s.lim.Requests && !s.owns(c.Owner):
		return refuse(command.Busy, "%d commands of yours have not expired yet; send again later, and with a shorter validity", s.requests.owners[c.Owner])
	}
	s.commandDigest = sha256.Sum256(in.Payload)
	if c.Op == command.Deploy {
		return s.deploy(c, in)
	}
	t := s.byNo[c.Tenant]
	if t == nil || t.owner != c.Owner {
		return refuse(command.TenantUnknown, "this owner has no tenant %d on satellite %d", c.Tenant, s.opt.Satellite)
	}
	switch c.Op {
	case command.Logs:
		s.logs(t, c)
	case command.Call:
		s.call(t, c)
	case command.Start:
		s.restart(t, c)
	case command.Stop, command.Remove:
		if user := s.needs(t); user != nil {
			s.answer(c, RuntimeInUse, fmt.Sprintf("tenant %d provides %s, which tenant %d needs", t.number, t.m.Provides, user.number), t.number, nil)
			return true
		}
		if !s.quiet(t, in, "ended by its owner's command to "+c.Op.String()+" it") {
			return false
		}
		if c.Op == command.Stop {
			s.stop(t, "stopped by its owner")
			s.answer(c, command.OK, "", t.number, nil)
		} else {
			s.remove(t)
			s.answer(c, command.OK, "", c.Tenant, nil)
		}
	}
	return true
}

// owns reports whether an owner has a tenant here.
func (s *System) owns(owner command.Owner) bool {
	return slices.ContainsFunc(s.tenants, func(t *tenant) bool { return t.owner == owner })
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// quiet makes sure that no activation of a tenant runs. If one does, it is told to end
// (unless cause is empty), the command is kept until it has, and quiet reports false.
func (s *System) quiet(t *tenant, in Inbound, cause string) bool {
	j := t.job
	if j == nil {
		return true
	}
	if j.waiting { // it has not begun: put it back
		s.drop(j)
		j.pending.queue = requeue(j)
		t.pending = append([]pending{j.pending}, t.pending...)
		return true
	}
	if cause != "" {
		j.kill(cause)
	}
	for _, waiting := range t.later {
		if waiting.ID == in.ID {
			return false
		}
	}
	t.later = append(t.later, in)
	return false
}

// requeue gives the queue reference that a job had before it was made.
func requeue(j *Job) uint64 {
	for _, q := range j.tenant.queue {
		if q.number+1 == j.pending.queue && !q.call() {
			return 0
		}
	}
	return j.pending.queue
}

func (s *System) list(c *command.Command) bool {
	var own []command.TenantInfo
	for _, t := range s.tenants {
		if t.owner == c.Owner {
			own = append(own, t.info(s.now))
		}
	}
	s.reply(c.ReplyTo, command.Reply{Request: c.Request, Code: command.OK, Body: command.EncodeTenants(own)})
	return true
}

// logs sends the latest lines of a tenant's log. It is not remembered: asking again
// gives what is there then.
func (s *System) logs(t *tenant, c *command.Command) {
	if s.flush() != nil {
		return
	}
	most := s.lim.MaxMessage / 2
	if c.Max > 0 && c.Max < uint64(most) {
		most = int(c.Max)
	}
	var lines []command.LogLine
	err := s.opt.Store.Scan(keyNumber("l/", t.number), func(_, v []byte) error {
		some, err := command.DecodeLogs(v)
		lines = append(lines, some...)
		return err
	})
	if err != nil {
		s.fail(fmt.Errorf("read the log of tenant %d: %w", t.number, err))
		return
	}
	lines, _ = lastLines(lines, most)
	s.reply(c.ReplyTo, command.Reply{Request: c.Request, Code: command.OK, Tenant: t.number, Body: command.EncodeLogs(lines)})
}

// restart undoes a stop.
func (s *System) restart(t *tenant, c *command.Command) {
	if t.stopped || t.failRow > 0 {
		t.stopped, t.reason, t.failRow, t.waitTill = false, "", 0, time.Time{}
		s.arm(t)
		s.dueAtStart(t)
		s.putRecord(t)
		s.event(EventStarted, t, "started by its owner")
	}
	s.answer(c, command.OK, "", t.number, nil)
}
