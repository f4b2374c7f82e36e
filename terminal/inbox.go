package terminal

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/node"
	"spacechain/internal/kv"
	"spacechain/spaceos/command"
)

// deliver stores one message from a satellite. An error means that it could not be
// stored; a message that is no good is dropped and told of.
func (t *Terminal) deliver(now time.Time, d node.Delivery) error {
	if d.Dst.Service() != command.InboxService {
		t.problem("dropped a bundle from %s to %s: nobody lives there", d.Source, d.Dst)
		return nil
	}
	m, err := command.OpenInbox(d.Payload)
	if err != nil {
		t.problem("dropped a bundle from %s: %v", d.Source, err)
		return nil
	}
	public, ok := t.opts.Satellite(m.Satellite())
	if !ok {
		t.problem("dropped a message of satellite %d, which is not known", m.Satellite())
		return nil
	}
	if err := m.Verify(public); err != nil {
		t.problem("dropped a message that satellite %d did not sign: %v", m.Satellite(), err)
		return nil
	}
	switch m.Kind {
	case command.KindReply:
		return t.reply(now, m.Reply)
	case command.KindResult:
		return t.result(now, m.Result)
	case command.KindApp:
		return t.message(now, m.App)
	case command.KindNotice:
		return t.notice(m.Notice)
	}
	return nil
}

func (t *Terminal) reply(now time.Time, reply *command.Reply) error {
	r, err := t.desk.Request(reply.Request.String())
	if errors.Is(err, ErrUnknown) {
		t.problem("satellite %d answers a request that was never made: %s", reply.Satellite, reply.Code)
		return nil
	}
	if err != nil {
		return err
	}
	if r.Satellite != reply.Satellite || r.State != Pending {
		return nil // another satellite's word, or the answer came twice
	}
	if !slices.ContainsFunc(r.Stages, func(s Stage) bool { return s.Name == StageArrived }) {
		// the reply was faster than the status report of the arrival
		r.Stages = append(r.Stages, Stage{StageArrived, reply.Time, reply.Satellite})
	}
	r.Stages = append(r.Stages, Stage{StageExecuted, reply.Time, reply.Satellite}, Stage{StageReplied, now, t.opts.Node})
	r.Reply = reply.Body
	if reply.Tenant != 0 {
		r.Tenant = reply.Tenant
	}
	var b kv.Batch
	changed, err := t.tenantsFrom(&b, reply, &r)
	if err != nil {
		return err
	}
	if b.Len() > 0 {
		if err := t.kv.Apply(&b); err != nil {
			return fmt.Errorf("store tenants: %w", err)
		}
	}
	for i := range changed {
		t.tell(Change{Tenant: &changed[i]})
	}
	if reply.Code == command.OK {
		return t.finish(now, r, Done, reply.Code, reply.Message)
	}
	return t.finish(now, r, Failed, reply.Code, reply.Message)
}

// tenantsFrom notes what a reply says of tenants.
func (t *Terminal) tenantsFrom(b *kv.Batch, reply *command.Reply, r *Request) ([]Tenant, error) {
	if reply.Code != command.OK {
		return nil, nil
	}
	id := TenantID(reply.Satellite, r.Tenant)
	switch r.Op {
	case command.Deploy.String(), command.List.String():
		infos, err := command.DecodeTenants(reply.Body)
		if err != nil {
			t.problem("satellite %d describes tenants in a way that cannot be read: %v", reply.Satellite, err)
			return nil, nil
		}
		var changed []Tenant
		for _, info := range infos {
			tenant, err := t.describe(reply.Satellite, info, r)
			if err != nil {
				return nil, err
			}
			put(b, tenantKey(TenantID(tenant.Satellite, tenant.Service)), tenant)
			changed = append(changed, tenant)
		}
		return changed, nil
	case command.Stop.String(), command.Start.String(), command.Remove.String():
		tenant, err := t.desk.Tenant(id)
		if errors.Is(err, ErrUnknown) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		switch r.Op {
		case command.Stop.String():
			tenant.State, tenant.Reason = command.Stopped, "stopped by its owner"
		case command.Start.String():
			tenant.State, tenant.Reason = command.Active, ""
		default:
			tenant.Removed = true
		}
		put(b, tenantKey(id), tenant)
		return []Tenant{tenant}, nil
	case command.Logs.String():
		return nil, t.logs(b, id, reply)
	}
	return nil, nil
}

// describe merges what a satellite says of a tenant into its record.
func (t *Terminal) describe(satellite uint64, info command.TenantInfo, r *Request) (Tenant, error) {
	tenant, err := t.desk.Tenant(TenantID(satellite, info.Tenant))
	if err != nil && !errors.Is(err, ErrUnknown) {
		return Tenant{}, err
	}
	tenant.Satellite, tenant.Service = satellite, info.Tenant
	tenant.App, tenant.Version, tenant.Publisher = info.App, info.Version, info.Publisher.String()
	tenant.Owner, tenant.State, tenant.Reason, tenant.Removed = r.Owner, info.State, info.Reason, false
	tenant.Installed, tenant.Stored = info.Installed, info.Stored
	tenant.Activations, tenant.Gas = max(tenant.Activations, info.Activations), max(tenant.Gas, info.Gas)
	if r.Op == command.Deploy.String() {
		tenant.Request, tenant.Runtime, tenant.GasLimit, tenant.Quota = r.ID, r.Runtime, r.GasLimit, r.Quota
	}
	return tenant, nil
}

// result stores what an activation gave, once.
func (t *Terminal) result(now time.Time, m *command.ResultMessage) error {
	rec := &m.Receipt.Receipt
	id := TenantID(rec.Satellite, rec.Tenant)
	seen := seenKey(id, "activation", rec.Activation)
	tenant, skip, err := t.record(id, seen)
	if err != nil || skip {
		return err
	}
	tenant.Satellite, tenant.Service = rec.Satellite, rec.Tenant
	if tenant.App == "" { // its deployment's reply is still on the way
		tenant.App, tenant.State = m.Report.App, command.Active
	}
	tenant.Activations = max(tenant.Activations+1, rec.Activation)
	tenant.Gas += rec.Gas
	tenant.Stored = rec.BytesStored
	tenant.Results++
	result := Result{Seq: tenant.Results, Received: now, Receipt: &m.Receipt, Signed: m.Receipt.Encode(),
		Detail: m.Report.Detail, Sent: rec.Ended, Body: m.Result}
	if m.Report.Request != (command.RequestID{}) {
		result.Request = m.Report.Request.String()
	}
	var b kv.Batch
	b.Put(seen, nil)
	put(&b, resultKey(id, result.Seq), result)
	t.appendLogs(&b, &tenant, m.Report.Logs)
	put(&b, tenantKey(id), tenant)
	requests := t.stageOfResult(&b, now, &tenant, result.Request)
	if err := t.kv.Apply(&b); err != nil {
		return fmt.Errorf("store result of tenant %s: %w", id, err)
	}
	t.tell(Change{Tenant: &tenant, Result: &result})
	for i := range requests {
		t.tell(Change{Request: &requests[i], Stage: StageResult})
	}
	return nil
}

// stageOfResult notes the first result on the deployment that it comes from, and a
// call's result on the call.
func (t *Terminal) stageOfResult(b *kv.Batch, now time.Time, tenant *Tenant, call string) (changed []Request) {
	ids := []string{call}
	if tenant.Results == 1 {
		ids = append(ids, tenant.Request)
	}
	for _, id := range ids {
		if id == "" {
			continue
		}
		r, err := t.desk.Request(id)
		if err != nil {
			continue // a call that another terminal made
		}
		r.Stages = append(r.Stages, Stage{StageResult, now, t.opts.Node})
		put(b, requestKey(id), r)
		changed = append(changed, r)
	}
	return changed
}

// message stores what an app sent to its owner by itself.
func (t *Terminal) message(now time.Time, m *command.AppMessage) error {
	id := TenantID(m.Satellite, m.Tenant)
	seen := seenKey(id, "message", m.Number)
	tenant, skip, err := t.record(id, seen)
	if err != nil || skip {
		return err
	}
	tenant.Satellite, tenant.Service = m.Satellite, m.Tenant
	if tenant.App == "" {
		tenant.App, tenant.State = m.App, command.Active
	}
	tenant.Results++
	result := Result{Seq: tenant.Results, Received: now, Sent: m.Time, Body: m.Payload}
	var b kv.Batch
	b.Put(seen, nil)
	put(&b, resultKey(id, result.Seq), result)
	put(&b, tenantKey(id), tenant)
	if err := t.kv.Apply(&b); err != nil {
		return fmt.Errorf("store message of tenant %s: %w", id, err)
	}
	t.tell(Change{Tenant: &tenant, Result: &result})
	return nil
}

// record gives a tenant's record, new if there is none, and whether the message
// with this key is already stored.
func (t *Terminal) record(id string, seen []byte) (tenant Tenant, skip bool, err error) {
	if _, skip, err = t.kv.Get(seen); err != nil || skip {
		return tenant, skip, err
	}
	tenant, err = t.desk.Tenant(id)
	if errors.Is(err, ErrUnknown) {
		err = nil
	}
	return tenant, false, err
}

func (t *Terminal) notice(n *command.Notice) error {
	id := TenantID(n.Satellite, n.Tenant)
	tenant, err := t.desk.Tenant(id)
	if errors.Is(err, ErrUnknown) {
		t.tell(Change{Notice: n})
		return nil
	}
	if err != nil {
		return err
	}
	switch n.Code {
	case command.NoticeStopped:
		tenant.State = command.Stopped
	case command.NoticeBackoff:
		tenant.State = command.Backoff
	}
	tenant.Reason = n.Message
	var b kv.Batch
	t.appendLogs(&b, &tenant, []command.LogLine{{Time: n.Time, Level: 2, Text: fmt.Sprintf("%s: %s", n.Code, n.Message)}})
	put(&b, tenantKey(id), tenant)
	if err := t.kv.Apply(&b); err != nil {
		return fmt.Errorf("store notice of tenant %s: %w", id, err)
	}
	t.tell(Change{Tenant: &tenant, Notice: n})
	return nil
}

func (t *Terminal) appendLogs(b *kv.Batch, tenant *Tenant, lines []command.LogLine) {
	id := TenantID(tenant.Satellite, tenant.Service)
	for _, line := range lines {
		tenant.Logs++
		put(b, logKey(id, tenant.Logs), LogLine{Seq: tenant.Logs, LogLine: line})
	}
}

// logs stores the lines of a reply that are later than those already here.
func (t *Terminal) logs(b *kv.Batch, id string, reply *command.Reply) error {
	tenant, err := t.desk.Tenant(id)
	if err != nil {
		return nil //nolint:nilerr // a tenant that is not known has no log to add to; the reply itself is kept
	}
	lines, err := command.DecodeLogs(reply.Body)
	if err != nil {
		t.problem("satellite %d sent logs that cannot be read: %v", reply.Satellite, err)
		return nil
	}
	var last LogLine
	if tenant.Logs > 0 {
		if l, err := t.desk.Logs(id, tenant.Logs-1, 1); err == nil && len(l) == 1 {
			last = l[0]
		}
	}
	fresh := lines[:0:0]
	for _, l := range lines {
		if last.Seq == 0 || l.Activation > last.Activation {
			fresh = append(fresh, l)
		}
	}
	t.appendLogs(b, &tenant, fresh)
	put(b, tenantKey(id), tenant)
	return nil
}

// traffic follows a command on its way by the status reports of the nodes that
// received it.
func (t *Terminal) traffic(now time.Time, e node.Event) {
	if t.opts.Traffic != nil {
		t.opts.Traffic(e)
	}
	if e.Kind != node.EventReport {
		return
	}
	id, ok := t.sent[e.ID.Whole().String()]
	if !ok {
		return
	}
	r, err := t.desk.Request(id)
	if err != nil {
		t.problem("follow request %s: %v", id, err)
		return
	}
	if e.Report.Deleted.Asserted {
		if err := t.finish(now, r, Failed, "bundle-deleted",
			fmt.Sprintf("the mesh gave up on it at node %d: %s; send it again", e.Peer, e.Report.Reason)); err != nil {
			t.problem("%v", err)
		}
		return
	}
	if !e.Report.Received.Asserted {
		return
	}
	stage := Stage{StageHop, now, e.Peer}
	if e.Report.Received.Time != 0 {
		stage.Time = bundle.TimeOf(e.Report.Received.Time)
	}
	if stage.Node == r.Satellite {
		stage.Name = StageArrived
	}
	for _, s := range r.Stages {
		if s.Node == stage.Node && (s.Name == StageHop || s.Name == StageArrived) {
			return // a fragment's or a copy's report
		}
	}
	r.Stages = append(r.Stages, stage)
	if err := t.save(&r); err != nil {
		t.problem("%v", err)
		return
	}
	t.tell(Change{Request: &r, Stage: stage.Name})
}
