package system

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"spacechain/spaceos/command"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/receipt"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
)

// RuntimeInUse is the code of the refusal to stop or remove a runtime that tenants need.
const RuntimeInUse command.Code = "runtime-in-use"

// Preinstall admits a package that is aboard from the start, such as a runtime, through
// the same gate as every other. What is installed already, unchanged, stays as it is.
// The error is a *gate.Refusal if the gate refuses; other errors are final.
func (s *System) Preinstall(now time.Time, pkg []byte, owner command.Owner, replyTo, instance string) (tenant uint64, err error) {
	if s.failed != nil {
		return 0, s.failed
	}
	s.advance(now)
	p, err := spk.Open(pkg, spk.Limits{MaxModule: s.opt.Policy.MaxModule})
	if err != nil {
		return 0, err
	}
	t := s.find(owner, &p.Manifest, instance)
	if t != nil && t.pkg == p.Digest() {
		return t.number, nil
	}
	if t != nil && t.job != nil {
		return 0, fmt.Errorf("preinstall %s: an activation of it is running", p.Manifest.App)
	}
	a, err := s.examine(p, t, owner, receipt.LeaseID{})
	if err != nil {
		return 0, err
	}
	return s.install(a, t, replyTo, instance).number, s.failed
}

// deploy handles a Deploy command. It reports false if the command must wait.
func (s *System) deploy(c *command.Command, in Inbound) bool {
	p, err := spk.Open(c.Body, spk.Limits{MaxModule: s.opt.Policy.MaxModule})
	if err != nil {
		code := command.PackageForm
		if errors.Is(err, spk.ErrTooBig) {
			code = command.PackageTooBig
		}
		s.answer(c, code, err.Error(), 0, nil)
		return true
	}
	t := s.find(c.Owner, &p.Manifest, c.Instance)
	if t != nil && !s.quiet(t, in, "") {
		return false
	}
	a, err := s.examine(p, t, c.Owner, c.Lease)
	var refusal *gate.Refusal
	switch {
	case errors.As(err, &refusal):
		var number uint64
		if t != nil {
			number = t.number
		}
		s.answer(c, command.Code(refusal.Code), refusal.Detail, number, nil)
		return true
	case err != nil:
		s.fail(err)
		return true
	}
	t = s.install(a, t, c.ReplyTo, c.Instance)
	s.answer(c, command.OK, "", t.number, command.EncodeTenants([]command.TenantInfo{t.info(s.now)}))
	return true
}

// find gives the tenant that a deployment of an app would update, nil if there is none.
func (s *System) find(owner command.Owner, m *manifest.Manifest, instance string) *tenant {
	for _, t := range s.tenants {
		if t.owner == owner && t.m.App == m.App && t.m.Publisher == m.Publisher && t.instance == instance {
			return t
		}
	}
	return nil
}

// examine asks the gate, with what an update replaces counted as free.
func (s *System) examine(p *spk.Package, replaces *tenant, owner command.Owner, lease receipt.LeaseID) (*gate.Admission, error) {
	if err := s.flush(); err != nil { // the gate reads counters and keys from the store
		return nil, err
	}
	policy := s.gate.Policy()
	free := gate.Free{Tenants: policy.MaxTenants, StorageBytes: policy.MaxStorage}
	for _, t := range s.tenants {
		if t != replaces {
			free.Tenants--
			free.StorageBytes -= min(free.StorageBytes, t.reserved())
		}
	}
	if replaces != nil && replaces.stored > p.Manifest.Limits.StorageBytes {
		return nil, &gate.Refusal{Code: gate.QuotaStorage, Detail: fmt.Sprintf(
			"tenant %d has %d bytes stored, the new version of %s asks for %d only", replaces.number, replaces.stored, p.Manifest.App, p.Manifest.Limits.StorageBytes)}
	}
	return s.gate.Examine(s.now, gate.Request{Package: p, Owner: owner, Lease: lease, Free: free, HasRuntime: s.hasRuntime})
}

// needs gives a tenant that would be without its runtime if t were gone, nil if none.
func (s *System) needs(t *tenant) *tenant {
	if t.m.Provides == "" {
		return nil
	}
	for _, other := range s.tenants {
		if other != t && other.m.Provides == t.m.Provides {
			return nil
		}
	}
	for _, other := range s.tenants {
		if other.m.Runtime == t.m.Provides {
			return other
		}
	}
	return nil
}

// reserved is the storage that a tenant takes from the satellite, used or not.
func (t *tenant) reserved() uint64 { return t.m.Limits.StorageBytes + t.m.Module.Size }

// install makes or updates a tenant from an admission.
func (s *System) install(a *gate.Admission, t *tenant, replyTo, instance string) *tenant {
	p := a.Package()
	lease, terms := a.Lease()
	kind := EventUpdated
	if t == nil {
		kind = EventInstalled
		t = &tenant{record: record{number: s.nextTenant, owner: a.Owner(), instance: instance, installed: s.now, logFirst: 1}}
		t.load = load{held: modestLoad, at: s.now.Unix()} // until it is known, it comes after those that are
		s.nextTenant++
		s.putMeta()
		s.tenants = append(s.tenants, t) // numbers only rise
		s.byNo[t.number] = t
	} else if t.pkg == p.Digest() { // the same package: another lease or address at most
		t.lease, t.leaseUntil, t.replyTo = lease, terms.Until, replyTo
		s.putRecord(t)
		s.event(kind, t, string(t.m.Version)+", unchanged")
		return t
	} else {
		s.releaseModule(t.m.Module.Digest)
	}
	t.lease, t.leaseUntil, t.replyTo, t.pkg = lease, terms.Until, replyTo, p.Digest()
	t.stopped, t.reason, t.failRow, t.waitTill = false, "", 0, time.Time{}
	sensors := t.sensorLast // the old version's readings count on
	old := t.m.Permissions.Sensors
	t.m, t.peers = p.Manifest, a.Grant().Peers
	t.sensorLast = make([]time.Time, len(t.m.Permissions.Sensors))
	for i, sensor := range t.m.Permissions.Sensors {
		if k := slices.IndexFunc(old, func(o manifest.Sensor) bool { return o.Name == sensor.Name }); k >= 0 {
			t.sensorLast[i] = sensors[k]
		}
	}
	t.subscribed = slices.DeleteFunc(t.subscribed, func(name string) bool {
		tr, ok := t.m.Trigger(name)
		return !ok || !tr.Optional
	})
	t.installDue = slices.ContainsFunc(t.m.Triggers, func(tr manifest.Trigger) bool { return tr.Kind == manifest.Install })
	t.pending = nil
	s.arm(t)
	s.dueAtStart(t)
	if s.modules[p.Manifest.Module.Digest]++; s.modules[p.Manifest.Module.Digest] == 1 {
		s.batch.Put(keyModule(p.Manifest.Module.Digest), p.Module)
	}
	s.batch.Put(keyManifest(t.number), p.EncodedManifest())
	s.putRecord(t)
	a.Record(&s.batch)
	if t.m.Provides != "" {
		s.out.Runtimes = append(s.out.Runtimes, Runtime{t.m.Provides, t.m.Module.Digest, p.Module})
	}
	s.event(kind, t, string(t.m.Version))
	return t
}

// dueAtStart makes due what waits when a tenant begins or goes on.
func (s *System) dueAtStart(t *tenant) {
	if t.installDue {
		for i, tr := range t.m.Triggers {
			if tr.Kind == manifest.Install {
				t.push(pending{kind: sandbox.TriggerInstall, name: tr.Name, at: s.now, trigger: i + 1})
			}
		}
	}
	if i := t.messageTrigger(); i >= 0 {
		for _, q := range t.queue {
			if q.call() {
				t.push(pending{kind: sandbox.TriggerMessage, name: t.m.Triggers[i].Name, at: q.at, trigger: i + 1, queue: q.number + 1})
			}
		}
	}
	t.pushMessage(s.now)
}

// releaseModule forgets one tenant's use of a module, and its code with the last.
func (s *System) releaseModule(digest [32]byte) {
	if s.modules[digest]--; s.modules[digest] == 0 {
		delete(s.modules, digest)
		s.batch.Delete(keyModule(digest))
	}
}

// remove deletes a tenant with all its data. What the gate remembers of its app stays.
func (s *System) remove(t *tenant) {
	if s.flush() != nil { // so that the scan sees everything
		return
	}
	for _, prefix := range tenantPrefixes(t.number) {
		err := s.opt.Store.Scan(prefix, func(k, _ []byte) error {
			s.batch.Delete(k)
			return nil
		})
		if err != nil {
			s.fail(fmt.Errorf("remove tenant %d: %w", t.number, err))
			return
		}
	}
	s.releaseModule(t.m.Module.Digest)
	i, _ := slices.BinarySearchFunc(s.tenants, t.number, func(t *tenant, n uint64) int { return cmp.Compare(t.number, n) })
	s.tenants = slices.Delete(s.tenants, i, i+1)
	delete(s.byNo, t.number)
	s.event(EventRemoved, t, "")
}
