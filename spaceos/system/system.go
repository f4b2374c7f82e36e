package system

import (
	"fmt"
	"slices"
	"time"

	"spacechain/internal/cbor"
	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/manifest"
)

// System is the payload computer's core. See the package comment for its use.
type System struct {
	opt  Options
	lim  Limits
	gate *gate.Gate

	now     time.Time
	failed  error    // set for good once the store failed
	batch   kv.Batch // changes since the last Ready
	out     Ready    // what the next Ready gives
	tenants []*tenant
	byNo    map[uint64]*tenant
	modules map[[32]byte]int // how many tenants have a module

	nextTenant uint64
	horizon    time.Time // commands that expired by then are forgotten

	jobs    []*Job // in the order in which they were made
	nextJob JobID
	cursor  uint64 // the tenant that was served last

	nextOut  uint64
	sent     []uint64 // handed to the bundle node; deleted with the next batch
	requests requestLog
	seen     deliveryLog

	commandDigest [32]byte // of the command that is being obeyed
}

// Ready is what a System wants done.
type Ready struct {
	Messages       []Outbound      // to be sent as bundles; confirm with Sent
	Handled        []string        // ids of deliveries that are durably handled
	SensorRequests []SensorRequest // to be answered with Sensors
	Jobs           []*Job          // to be run; give the results to Finish
	Runtimes       []Runtime       // engines to install in the sandbox, before the jobs run
	Events         []Event         // what happened, for logs and displays
}

// Empty reports whether there is nothing to do.
func (r *Ready) Empty() bool {
	return len(r.Messages)+len(r.Handled)+len(r.SensorRequests)+len(r.Jobs)+len(r.Runtimes)+len(r.Events) == 0
}

// Inbound is a bundle that was delivered to the payload.
type Inbound struct {
	ID      string // the driver's name for the delivery; comes back in Ready.Handled
	Source  string // the bundle's source endpoint
	Service uint64 // the service number that it was addressed to
	Payload []byte
}

// Outbound is a message for the bundle node.
type Outbound struct {
	ID          uint64 // for Sent
	Service     uint64 // source service: the tenant's, or command.Service
	Destination string
	Payload     []byte
}

// Runtime is a first-party engine that was admitted as a package.
type Runtime struct {
	Name   string // such as "js@1"
	Digest [32]byte
	Code   []byte
}

// New recovers a system from its store.
func New(now time.Time, o Options) (*System, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Leases == nil {
		o.Leases = gate.OpenLeases{}
	}
	if o.Orbit == nil {
		o.Orbit = noEvents{}
	}
	s := &System{
		opt: o, lim: o.Limits.withDefaults(), now: now.UTC(),
		gate:       gate.New(o.Satellite, o.Store, o.Policy, o.Checker, o.Leases),
		byNo:       map[uint64]*tenant{},
		modules:    map[[32]byte]int{},
		nextTenant: FirstTenant,
		requests:   newRequestLog(),
	}
	if err := s.recover(); err != nil {
		return nil, fmt.Errorf("recover the payload system of satellite %d: %w", o.Satellite, err)
	}
	return s, nil
}

// Message gives the system a delivered bundle. The error is final.
func (s *System) Message(now time.Time, in Inbound) error {
	if s.failed != nil {
		return s.failed
	}
	s.advance(now)
	if s.seen.has(in.ID) {
		s.out.Handled = append(s.out.Handled, in.ID)
		return nil
	}
	if in.Service == command.Service {
		s.command(in)
	} else {
		s.tenantMessage(in)
	}
	return s.failed
}

// Tick gives the system the time. The error is final.
func (s *System) Tick(now time.Time) error {
	if s.failed != nil {
		return s.failed
	}
	s.advance(now)
	return nil
}

// Ready starts what is due, makes everything so far durable, and gives what is to be
// done. The error is final.
func (s *System) Ready() (Ready, error) {
	if s.failed != nil {
		return Ready{}, s.failed
	}
	for len(s.jobs) < s.lim.Workers {
		t := s.pick()
		if t == nil {
			break
		}
		s.start(t)
	}
	if err := s.flush(); err != nil {
		return Ready{}, err
	}
	out := s.out
	s.out = Ready{}
	return out, nil
}

// Sent says that the bundle node has messages durably. They are forgotten with the
// next change; a crash before that sends them again.
func (s *System) Sent(ids ...uint64) {
	s.sent = append(s.sent, ids...)
	if len(s.sent) >= 64 {
		s.dropSent()
	}
}

func (s *System) dropSent() {
	for _, id := range s.sent {
		s.batch.Delete(keyOutbox(id))
	}
	s.sent = s.sent[:0]
}

// flush makes the batch durable.
func (s *System) flush() error {
	if s.failed != nil {
		return s.failed
	}
	if s.batch.Len() == 0 {
		return nil
	}
	s.dropSent()
	if err := s.opt.Store.Apply(&s.batch); err != nil {
		s.failed = fmt.Errorf("payload system of satellite %d: store: %w", s.opt.Satellite, err)
		return s.failed
	}
	s.batch = kv.Batch{}
	s.requests.flushed()
	return nil
}

// fail remembers the first error of the store.
func (s *System) fail(err error) {
	if s.failed == nil && err != nil {
		s.failed = fmt.Errorf("payload system of satellite %d: %w", s.opt.Satellite, err)
	}
}

// Close makes durable what Sent said. It does not close the store.
func (s *System) Close() error {
	if s.failed != nil {
		return s.failed
	}
	s.dropSent()
	return s.flush()
}

// Satellite gives the node number.
func (s *System) Satellite() uint64 { return s.opt.Satellite }

// Tenants describes all tenants, in the order of their numbers.
func (s *System) Tenants() []command.TenantInfo {
	out := make([]command.TenantInfo, len(s.tenants))
	for i, t := range s.tenants {
		out[i] = t.info(s.now)
	}
	return out
}

// Runtimes gives the engines that are installed as packages. Of two that provide the
// same runtime the one with the higher counter counts.
func (s *System) Runtimes() ([]Runtime, error) {
	best := map[string]*tenant{}
	var names []string
	for _, t := range s.tenants {
		name := t.m.Provides
		if name == "" {
			continue
		}
		if old := best[name]; old == nil {
			names = append(names, name)
		} else if old.m.Counter >= t.m.Counter {
			continue
		}
		best[name] = t
	}
	slices.Sort(names)
	var out []Runtime
	for _, name := range names {
		d := best[name].m.Module.Digest
		code, ok, err := s.opt.Store.Get(keyModule(d))
		if err != nil || !ok {
			return nil, fmt.Errorf("read the code of runtime %s: found %v: %w", name, ok, err)
		}
		out = append(out, Runtime{name, d, code})
	}
	return out, nil
}

func (s *System) hasRuntime(name string) bool {
	return slices.ContainsFunc(s.tenants, func(t *tenant) bool { return t.m.Provides == name })
}

// send puts a message into the outbox. Tenants that are aboard from the start may have
// no owner who listens; then there is no destination, and nothing is sent.
func (s *System) send(service uint64, destination string, payload []byte) {
	if destination == "" {
		return
	}
	id := s.nextOut
	s.nextOut++
	s.batch.Put(keyOutbox(id), encodeOutbound(service, destination, payload))
	s.out.Messages = append(s.out.Messages, Outbound{id, service, destination, payload})
}

func encodeOutbound(service uint64, destination string, payload []byte) []byte {
	b := cbor.AppendUint(cbor.AppendArray(make([]byte, 0, len(payload)+len(destination)+24), 3), service)
	b = cbor.AppendText(b, destination)
	return cbor.AppendBytes(b, payload)
}

// notice tells a tenant's owner what happened to it.
func (s *System) notice(t *tenant, code command.Code, message string) {
	n := command.Notice{Satellite: s.opt.Satellite, Tenant: t.number, App: t.m.App, Code: code, Message: message, Time: s.now}
	s.send(command.Service, t.replyTo, n.Encode(s.opt.Key))
	s.event(EventNotice, t, string(code)+": "+message)
}

func (s *System) putRecord(t *tenant) { s.batch.Put(keyRecord(t.number), t.record.encode()) }

func (s *System) putMeta() {
	b := cbor.AppendUint(cbor.AppendArray(nil, 3), manifest.Format)
	b = cbor.AppendUint(b, s.nextTenant)
	ms := int64(0)
	if !s.horizon.IsZero() {
		ms = s.horizon.UnixMilli()
	}
	s.batch.Put(keyMeta, cbor.AppendInt(b, ms))
}
