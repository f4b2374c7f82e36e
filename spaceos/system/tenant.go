package system

import (
	"fmt"
	"slices"
	"time"

	"spacechain/internal/cbor"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
)

// FirstTenant is the service number of the first tenant on a satellite. Numbers are
// given once and never again, so that no message reaches a successor.
const FirstTenant = 64

// tenant is one installed app. It holds no code and no data; those stay in the store.
type tenant struct {
	record
	m     manifest.Manifest
	peers []manifest.Peer

	timers  []timer   // when the triggers of m fire next, by index
	pending []pending // activations that are due, first come first served
	queue   []queued  // messages and calls that wait
	queueIn int       // their bytes
	queueNo uint64    // number of the next
	dropped int64     // the hour in which the owner was last told of dropped messages

	job   *Job
	load  load      // for how long it held workers of late
	later []Inbound // commands that wait until the job has ended
}

// timer is the next time of a trigger.
type timer struct {
	at    time.Time // zero: never
	probe bool      // at that time nothing fires; what comes next is looked up again
}

// pending is an activation that is due.
type pending struct {
	kind    sandbox.TriggerKind
	name    string
	at      time.Time
	trigger int    // index in the manifest + 1; 0 for wakes and calls
	wake    uint64 // number of the wake + 1
	queue   uint64 // number of the message or call + 1; 0 for the first message that waits
	attempt uint64 // how often it was started before
}

// queued is a message or call that waits in the store.
type queued struct {
	number  uint64
	size    int
	from    string
	request command.RequestID // zero for a message
	at      time.Time
}

func (q *queued) call() bool { return q.request != command.RequestID{} }

func (q *queued) encode(payload []byte) []byte {
	b := cbor.AppendInt(cbor.AppendArray(nil, 4), q.at.UnixMilli())
	b = cbor.AppendText(b, q.from)
	var request []byte
	if q.call() {
		request = q.request[:]
	}
	b = cbor.AppendBytes(b, request)
	return cbor.AppendBytes(b, payload)
}

func decodeQueued(number uint64, b []byte) (q queued, payload []byte, err error) {
	q.number = number
	d := cbor.NewDecoder(b)
	if n, err := d.Array(); err != nil || n != 4 {
		return q, nil, fmt.Errorf("queued message %d: not four items", number)
	}
	ms, err := d.Int()
	if err != nil {
		return q, nil, err
	}
	q.at = time.UnixMilli(ms).UTC()
	if q.from, err = d.Text(); err != nil {
		return q, nil, err
	}
	request, err := d.Bytes()
	if err != nil {
		return q, nil, err
	}
	if len(request) > 0 && copy(q.request[:], request) != len(q.request) {
		return q, nil, fmt.Errorf("queued message %d: bad request id", number)
	}
	if payload, err = d.Bytes(); err != nil {
		return q, nil, err
	}
	q.size = len(payload)
	return q, payload, d.Done()
}

// on reports whether a trigger may fire: it is not optional, or was subscribed to.
func (t *tenant) on(tr *manifest.Trigger) bool {
	return !tr.Optional || slices.Contains(t.subscribed, tr.Name)
}

// messageTrigger gives the index of the message trigger that is on, or -1.
func (t *tenant) messageTrigger() int {
	return slices.IndexFunc(t.m.Triggers, func(tr manifest.Trigger) bool {
		return tr.Kind == manifest.Message && t.on(&tr)
	})
}

// push adds a due activation, unless the same trigger is due already.
func (t *tenant) push(p pending) {
	for _, q := range t.pending {
		if q.trigger == p.trigger && q.wake == p.wake && q.queue == p.queue {
			return
		}
	}
	t.pending = append(t.pending, p)
}

// pushMessage makes the message trigger due if messages wait for it.
func (t *tenant) pushMessage(now time.Time) {
	i := t.messageTrigger()
	if i < 0 || !slices.ContainsFunc(t.queue, func(q queued) bool { return !q.call() }) {
		return
	}
	t.push(pending{kind: sandbox.TriggerMessage, name: t.m.Triggers[i].Name, at: now, trigger: i + 1})
}

// state gives what the owner is told about the tenant.
func (t *tenant) state(now time.Time) command.State {
	switch {
	case t.stopped:
		return command.Stopped
	case now.Before(t.waitTill):
		return command.Backoff
	}
	return command.Active
}

func (t *tenant) info(now time.Time) command.TenantInfo {
	return command.TenantInfo{
		Tenant: t.number, App: t.m.App, Version: string(t.m.Version), Publisher: t.m.Publisher,
		Instance: t.instance, Package: t.pkg, Lease: t.lease, State: t.state(now), Reason: t.reason,
		Installed: t.installed, Activations: t.activations, Failures: t.failures, Gas: t.gas,
		Stored: t.stored, Last: t.last, Next: t.nextActivation(),
	}
}

// leaseEnded reports whether the lease no longer pays.
func (t *tenant) leaseEnded(now time.Time) bool {
	return !t.leaseUntil.IsZero() && !now.Before(t.leaseUntil)
}
