package system

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"spacechain/internal/cbor"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/sandbox"
)

// JobID tells jobs apart, within one life of a System.
type JobID uint64

// Engine runs activations. The sandbox's engine is one. It must end soon after the
// context is cancelled, with sandbox.Killed and the context's cause as detail.
type Engine interface {
	Run(ctx context.Context, a sandbox.Activation) sandbox.Outcome
}

// preparedEngine is an Engine that can say whether it needs a module's code again.
type preparedEngine interface {
	Prepared(m sandbox.Module) bool
}

// Job is one activation to be run.
type Job struct {
	ID         JobID
	Tenant     uint64
	App        string
	Activation uint64 // counted per tenant from 1

	sys     *System
	tenant  *tenant
	pending pending
	created time.Time
	started time.Time
	waiting bool // for sensor readings
	killed  bool
	cause   string // why it was killed
	ctx     context.Context
	cancel  context.CancelCauseFunc
	host    *host
}

// Result is what came of running a job.
type Result struct {
	Outcome sandbox.Outcome
	// Duration is the activation's time on the processor as modelled from gas; the
	// driver of a simulation gives the result to Finish so much after the start.
	Duration time.Duration

	job     *Job
	trigger sandbox.Trigger
	err     error // the store's
}

// Job gives the job that the result is of.
func (r *Result) Job() *Job { return r.job }

// SensorRequest asks for the readings that a job may want.
type SensorRequest struct {
	Job     JobID
	Tenant  uint64
	Sensors []string
}

// SensorReading is the answer for one sensor: a reading, or why there is none.
type SensorReading struct {
	Name    string
	Reading sandbox.Reading
	Errno   sandbox.Errno // OK if Reading counts
}

// start makes the job of a tenant's first due activation.
func (s *System) start(t *tenant) {
	p := t.pending[0]
	t.pending = slices.Delete(t.pending, 0, 1)
	if t.leaseEnded(s.now) {
		t.pending = nil
		s.stop(t, "its lease ended at "+t.leaseUntil.Format(time.RFC3339))
		return
	}
	if p.kind == sandbox.TriggerMessage && p.queue == 0 { // the first message that waits
		i := slices.IndexFunc(t.queue, func(q queued) bool { return !q.call() })
		if i < 0 {
			return
		}
		p.queue = t.queue[i].number + 1
	}
	s.nextJob++
	j := &Job{ID: s.nextJob, Tenant: t.number, App: t.m.App, Activation: t.activations + 1,
		sys: s, tenant: t, pending: p, created: s.now}
	j.ctx, j.cancel = context.WithCancelCause(context.Background())
	j.host = newHost(s, t, j)
	t.job = j
	s.jobs = append(s.jobs, j)
	var wanted []string
	for i, sensor := range t.m.Permissions.Sensors {
		if last := t.sensorLast[i]; last.IsZero() || !s.now.Before(last.Add(sensor.Interval)) {
			wanted = append(wanted, sensor.Name)
		}
	}
	if len(wanted) == 0 {
		s.release(j)
		return
	}
	j.waiting = true
	j.host.wanted = wanted
	s.out.SensorRequests = append(s.out.SensorRequests, SensorRequest{j.ID, t.number, wanted})
}

// Sensors gives a job the readings that it waits for; those that are left out count
// as busy. The job comes with the next Ready. Unknown jobs are ignored.
func (s *System) Sensors(now time.Time, id JobID, readings []SensorReading) error {
	if s.failed != nil {
		return s.failed
	}
	s.advance(now)
	for _, j := range s.jobs {
		if j.ID == id && j.waiting {
			j.host.readings = slices.Clone(readings)
			s.release(j)
		}
	}
	return s.failed
}

// release lets a job run: it marks it as started and hands it out.
func (s *System) release(j *Job) {
	j.waiting = false
	j.started = s.now
	j.pending.attempt++
	j.host.begin(j.tenant, s.now, j.pending.attempt)
	s.batch.Put(keyMark(j.Tenant), j.pending.encode(j.Activation))
	s.out.Jobs = append(s.out.Jobs, j)
	s.event(EventActivated, j.tenant, string(j.pending.kind)+" "+j.pending.name)
}

// encode gives the mark of a started activation.
func (p *pending) encode(activation uint64) []byte {
	b := cbor.AppendUint(cbor.AppendArray(nil, 8), activation)
	b = cbor.AppendUint(b, p.attempt)
	b = cbor.AppendText(b, string(p.kind))
	b = cbor.AppendText(b, p.name)
	b = cbor.AppendInt(b, p.at.UnixMilli())
	b = cbor.AppendUint(b, uint64(p.trigger))
	b = cbor.AppendUint(b, p.wake)
	return cbor.AppendUint(b, p.queue)
}

func decodeMark(b []byte) (p pending, activation uint64, err error) {
	d := cbor.NewDecoder(b)
	n, err := d.Array()
	if err == nil && n != 8 {
		err = fmt.Errorf("mark of %d items", n)
	}
	number := func(v *uint64) {
		if err == nil {
			*v, err = d.Uint()
		}
	}
	text := func(v *string) {
		if err == nil {
			*v, err = d.Text()
		}
	}
	var kind string
	var ms int64
	var trigger uint64
	number(&activation)
	number(&p.attempt)
	text(&kind)
	text(&p.name)
	if err == nil {
		ms, err = d.Int()
	}
	number(&trigger)
	number(&p.wake)
	number(&p.queue)
	if err == nil {
		err = d.Done()
	}
	p.kind, p.at, p.trigger = sandbox.TriggerKind(kind), time.UnixMilli(ms).UTC(), int(trigger)
	return p, activation, err
}

// kill asks the engine to end the job.
func (j *Job) kill(cause string) {
	if !j.killed {
		j.killed, j.cause = true, cause
		j.cancel(errors.New(cause))
	}
}

// Trigger gives what starts the activation, without its data.
func (j *Job) Trigger() (kind sandbox.TriggerKind, name string, at time.Time) {
	return j.pending.kind, j.pending.name, j.pending.at
}

// Started gives the time at which the activation began.
func (j *Job) Started() time.Time { return j.started }

// Run runs the activation. It works on any goroutine, once, and touches nothing but
// the job; it only reads from the store.
func (j *Job) Run(e Engine) Result {
	r := Result{job: j}
	a, err := j.activation(e)
	if err != nil {
		r.err = fmt.Errorf("start activation %d of tenant %d: %w", j.Activation, j.Tenant, err)
		return r
	}
	r.trigger = a.Trigger
	r.Outcome = e.Run(j.ctx, a)
	r.Duration = j.host.sys.modelled(r.Outcome.GasUsed)
	if j.host.err != nil {
		r.err = fmt.Errorf("activation %d of tenant %d: %w", j.Activation, j.Tenant, j.host.err)
	}
	return r
}

func (j *Job) activation(e Engine) (sandbox.Activation, error) {
	h := j.host
	trigger := sandbox.Trigger{Kind: j.pending.kind, Name: j.pending.name, Time: j.pending.at}
	if j.pending.queue != 0 {
		q, payload, err := h.queued(j.pending.queue - 1)
		if err != nil {
			return sandbox.Activation{}, err
		}
		trigger.From, trigger.Data, trigger.Time = q.from, payload, q.at
	}
	module := gate.SandboxModule(&h.m, nil)
	if p, ok := e.(preparedEngine); !ok || !p.Prepared(module) {
		code, ok, err := h.sys.store.Get(keyModule(module.Digest))
		if err != nil {
			return sandbox.Activation{}, err
		}
		if !ok {
			return sandbox.Activation{}, fmt.Errorf("the code of module %x is gone", module.Digest[:8])
		}
		module.Code = code
	}
	return sandbox.Activation{
		Module: module, Trigger: trigger,
		Gas: h.m.Limits.GasPerActivation, MemoryBytes: h.m.Limits.MemoryBytes,
		Now: j.started, Resolution: h.sys.lim.Resolution,
		RandSeed: h.randSeed(), Host: h,
	}, nil
}

// modelled gives the time that so much gas takes.
func (f fixed) modelled(gas uint64) time.Duration {
	rate := f.lim.GasPerSecond
	whole, rest := gas/rate, gas%rate
	if whole > uint64((1<<62)/time.Second) || rest > (1<<63)/uint64(time.Second) {
		return 1 << 62
	}
	return time.Duration(whole)*time.Second + time.Duration(rest*uint64(time.Second)/rate)
}

// randSeed gives the seed of the activation's random bytes: secret, and another one
// for each attempt.
func (h *host) randSeed() [32]byte {
	secret := h.sys.key.Derive(fmt.Sprintf("tenant/%d/random", h.tenant))
	b := binary.BigEndian.AppendUint64(secret[:], h.activation)
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, h.attempt))
}
