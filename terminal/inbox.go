package terminal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

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

// reply takes a satellite's answer to a command. It counts also where the terminal
// has given up on the request already: the satellite knows better.
func (t *Terminal) reply(now time.Time, reply *command.Reply) error {
	r, err := t.desk.Request(reply.Request.String())
	if errors.Is(err, ErrUnknown) {
		t.problem("satellite %d answers a request that was never made: %s", reply.Satellite, reply.Code)
		return nil
	}
	if err != nil {
		return err
	}
	if r.Satellite != reply.Satellite {
		t.problem("dropped an answer of satellite %d to request %s, which is for satellite %d", reply.Satellite, r.ID, r.Satellite)
		return nil
	}
	if r.reached(StageReplied) {
		return nil // the answer came twice
	}
	if !r.reached(StageArrived) { // the reply was faster than the status report of the arrival
		r.Stages = append(r.Stages, Stage{StageArrived, reply.Time, reply.Satellite})
	}
	r.Stages = append(r.Stages, Stage{StageExecuted, reply.Time, reply.Satellite}, Stage{StageReplied, now, t.opts.Node})
	r.Reply = reply.Body
	if reply.Tenant != 0 {
		r.Tenant = reply.Tenant
	}
	var b kv.Batch
	state, tenants, early := Failed, []Tenant(nil), false
	if reply.Code == command.OK {
		state = Done
		if tenants, early, err = t.tenantsFrom(&b, reply, &r); err != nil {
			return err
		}
	}
	if early { // the first result was faster than the reply
		r.Stages = append(r.Stages, Stage{StageResult, now, t.opts.Node})
	}
	if err := t.finish(&b, &r, state, reply.Code, reply.Message); err != nil {
		return err
	}
	for i := range tenants {
		t.tell(Change{Tenant: &tenants[i]})
	}
	if early {
		t.tell(Change{Request: &r, Stage: StageResult})
	}
	return nil
}

func (r *Request) reached(name StageName) bool {
	return slices.ContainsFunc(r.Stages, func(s Stage) bool { return s.Name == name })
}

// tenantsFrom notes what a good reply says of tenants, and whether a deployment's
// result is here already.
func (t *Terminal) tenantsFrom(b *kv.Batch, reply *command.Reply, r *Request) (changed []Tenant, early bool, err error) {
	id := TenantID(reply.Satellite, r.Tenant)
	switch r.Op {
	case command.Deploy.String(), command.List.String():
		infos, err := command.DecodeTenants(reply.Body)
		if err != nil {
			t.problem("satellite %d describes tenants in a way that cannot be read: %v", reply.Satellite, err)
			return nil, false, nil
		}
		for _, info := range infos {
			tenant, err := t.described(reply, info, r)
			if err != nil {
				return nil, false, err
			}
			early = early || (tenant.Request == r.ID && tenant.Answered == r.ID)
			put(b, tenantKey(TenantID(tenant.Satellite, tenant.Service)), tenant)
			changed = append(changed, tenant)
		}
		return changed, early, nil
	case command.Stop.String(), command.Start.String(), command.Remove.String():
		tenant, err := t.desk.Tenant(id)
		if errors.Is(err, ErrUnknown) {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, err
		}
		switch r.Op {
		case command.Stop.String():
			tenant.become(reply.Time, command.Stopped, "stopped by its owner")
		case command.Start.String():
			tenant.become(reply.Time, command.Active, "")
		default:
			tenant.Removed = true
		}
		put(b, tenantKey(id), tenant)
		return []Tenant{tenant}, false, nil
	case command.Logs.String():
		return nil, false, t.logs(b, id, reply)
	}
	return nil, false, nil
}

// become notes a tenant's state as of a time by the satellite's clock, unless later
// news were faster.
func (t *Tenant) become(at time.Time, s command.State, reason string) {
	if !at.Before(t.StateAt) {
		t.State, t.Reason, t.StateAt = s, reason, at
	}
}

// described merges what a satellite says of a tenant into its record. What it says is
// as of the reply's time, and news may have overtaken it.
func (t *Terminal) described(reply *command.Reply, info command.TenantInfo, r *Request) (Tenant, error) {
	id := TenantID(reply.Satellite, info.Tenant)
	tenant, err := t.desk.Tenant(id)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return Tenant{}, err
	}
	tenant.Satellite, tenant.Service = reply.Satellite, info.Tenant
	tenant.become(reply.Time, info.State, info.Reason)
	if deployed := r.Op == command.Deploy.String(); !reply.Time.Before(tenant.Described) {
		tenant.Described = reply.Time
		tenant.App, tenant.Version, tenant.Publisher = info.App, info.Version, info.Publisher.String()
		tenant.Owner, tenant.Installed = r.Owner, info.Installed
		if deployed {
			if tenant.Request == "" && tenant.Activations > 0 {
				tenant.Answered = r.ID
			}
			tenant.Request, tenant.Runtime, tenant.GasLimit, tenant.Quota = r.ID, r.Runtime, r.GasLimit, r.Quota
		}
	}
	if info.Activations < tenant.Counted {
		return tenant, nil
	}
	if info.Activations >= tenant.Activations {
		tenant.Activations, tenant.Stored = info.Activations, info.Stored
	}
	// The satellite has counted the gas of these activations. Results of later ones may
	// be here; those of earlier ones that are still to come are not to count again.
	tenant.Counted, tenant.Gas = info.Activations, info.Gas
	after := seenKey(id, "activation", info.Activations)
	err = t.kv.Scan(after[:len(after)-8], func(key, gas []byte) error {
		if bytes.Compare(key, after) > 0 {
			tenant.Gas += binary.BigEndian.Uint64(gas)
		}
		return nil
	})
	return tenant, err
}

// notice takes news that a satellite gives unasked. It may come twice.
func (t *Terminal) notice(n *command.Notice) error {
	id := TenantID(n.Satellite, n.Tenant)
	seen := seenKey(id, "notice/"+string(n.Code), uint64(n.Time.UnixMilli()))
	tenant, skip, err := t.record(id, seen)
	if err != nil || skip {
		return err
	}
	if tenant.Service == 0 { // its deployment's reply is still on the way, or it is not ours
		t.tell(Change{Notice: n})
		return nil
	}
	state := tenant.State
	switch n.Code {
	case command.NoticeStopped:
		state = command.Stopped
	case command.NoticeBackoff:
		state = command.Backoff
	}
	tenant.become(n.Time, state, n.Message)
	var b kv.Batch
	b.Put(seen, nil)
	t.appendLog(&b, &tenant, command.LogLine{Time: n.Time, Level: 2, Text: fmt.Sprintf("%s: %s", n.Code, n.Message)})
	put(&b, tenantKey(id), tenant)
	if err := t.kv.Apply(&b); err != nil {
		return fmt.Errorf("store notice of tenant %s: %w", id, err)
	}
	t.tell(Change{Tenant: &tenant, Notice: n})
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
