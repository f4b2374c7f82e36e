package terminal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/sandbox"
)

// result stores what an activation gave, once. Results come in any order.
func (t *Terminal) result(now time.Time, m *command.ResultMessage) error {
	rec := &m.Receipt.Receipt
	if !t.owners[rec.Owner.String()] { // anybody can deploy with our inbox as address
		t.problem("dropped a result of satellite %d for an owner who never sent a command from here", rec.Satellite)
		return nil
	}
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
	if tenant.State == command.Backoff && rec.End == sandbox.Returned && rec.Started.After(tenant.StateAt) {
		tenant.become(rec.Ended, command.Active, "")
	}
	if rec.Activation >= tenant.Activations {
		tenant.Activations, tenant.Stored = rec.Activation, rec.BytesStored
	}
	if rec.Activation > tenant.Counted {
		tenant.Gas += rec.Gas
	}
	tenant.Results++
	result := Result{Seq: tenant.Results, Received: now, Receipt: &m.Receipt, Signed: m.Receipt.Encode(),
		Detail: m.Report.Detail, Sent: rec.Ended, Body: m.Result}
	if m.Report.Request != (command.RequestID{}) {
		result.Request = m.Report.Request.String()
	}
	var b kv.Batch
	b.Put(seen, binary.BigEndian.AppendUint64(nil, rec.Gas))
	put(&b, resultKey(id, result.Seq), result)
	if err := t.mergeLogs(&b, &tenant, m.Report.Logs); err != nil {
		return err
	}
	requests, err := t.answered(&b, now, &tenant, result.Request)
	if err != nil {
		return err
	}
	put(&b, tenantKey(id), tenant)
	if err := t.kv.Apply(&b); err != nil {
		return fmt.Errorf("store result of tenant %s: %w", id, err)
	}
	t.tell(Change{Tenant: &tenant, Result: &result})
	for i := range requests {
		t.tell(Change{Request: &requests[i], Stage: StageResult})
	}
	return nil
}

// answered notes the first result on the deployment that it comes from, and a
// call's result on the call.
func (t *Terminal) answered(b *kv.Batch, now time.Time, tenant *Tenant, call string) (changed []Request, err error) {
	ids := []string{call}
	if tenant.Answered != tenant.Request {
		tenant.Answered = tenant.Request
		ids = append(ids, tenant.Request)
	}
	for _, id := range ids {
		if id == "" {
			continue
		}
		r, err := t.desk.Request(id)
		if errors.Is(err, ErrUnknown) {
			continue // a call that another terminal made
		}
		if err != nil {
			return nil, err
		}
		r.Stages = append(r.Stages, Stage{StageResult, now, t.opts.Node})
		put(b, requestKey(id), r)
		changed = append(changed, r)
	}
	return changed, nil
}

// message stores what an app sent to its owner by itself, once.
func (t *Terminal) message(now time.Time, m *command.AppMessage) error {
	id := TenantID(m.Satellite, m.Tenant)
	seen := seenKey(id, "message", m.Number)
	tenant, skip, err := t.record(id, seen)
	if err != nil || skip {
		return err
	}
	if tenant.App == "" && !t.visited[m.Satellite] {
		t.problem("dropped a message of an app on satellite %d, to which no command went from here", m.Satellite)
		return nil
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
