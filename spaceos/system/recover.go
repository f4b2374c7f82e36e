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

// recover reads the whole state from the store.
func (s *System) recover() error {
	for _, step := range []func() error{
		s.recoverMeta, s.recoverOutbox, s.recoverTenants, s.recoverRequests, s.recoverDeliveries,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	runtimes, err := s.Runtimes()
	s.out.Runtimes = runtimes
	return err
}

func (s *System) recoverMeta() error {
	b, ok, err := s.opt.Store.Get(keyMeta)
	if err != nil || !ok {
		return err
	}
	d := cbor.NewDecoder(b)
	if n, err := d.Array(); err != nil || n != 3 {
		return fmt.Errorf("meta: not three items")
	}
	format, err := d.Uint()
	if err != nil {
		return err
	}
	if format != manifest.Format {
		return fmt.Errorf("the store has format %d, this software knows %d", format, manifest.Format)
	}
	if s.nextTenant, err = d.Uint(); err != nil {
		return err
	}
	ms, err := d.Int()
	if ms != 0 {
		s.horizon = time.UnixMilli(ms).UTC()
	}
	return err
}

func (s *System) recoverTenants() error {
	var records []record
	err := s.opt.Store.Scan(key("r/", 0), func(_, v []byte) error {
		r, err := decodeRecord(slices.Clone(v))
		records = append(records, r)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range records {
		if err := s.recoverTenant(r); err != nil {
			return fmt.Errorf("tenant %d: %w", r.number, err)
		}
	}
	return nil
}

func (s *System) recoverTenant(r record) error {
	b, ok, err := s.opt.Store.Get(keyManifest(r.number))
	if err != nil || !ok {
		return fmt.Errorf("manifest: found %v: %w", ok, err)
	}
	t := &tenant{record: r}
	if t.m, err = manifest.Decode(b); err != nil {
		return err
	}
	for _, text := range t.m.Permissions.Peers {
		peer, err := manifest.ParsePeer(text)
		if err != nil {
			return err
		}
		t.peers = append(t.peers, peer)
	}
	if len(t.sensorLast) != len(t.m.Permissions.Sensors) {
		return fmt.Errorf("times of %d sensors, the manifest has %d", len(t.sensorLast), len(t.m.Permissions.Sensors))
	}
	s.tenants = append(s.tenants, t)
	s.byNo[t.number] = t
	s.modules[t.m.Module.Digest]++
	s.arm(t)
	mark, ok, err := s.opt.Store.Get(keyMark(t.number))
	if err != nil {
		return err
	}
	var p pending
	var activation uint64
	if ok {
		if p, activation, err = decodeMark(mark); err != nil {
			return err
		}
		for i := range t.wakes { // the mark stands for the wake that fired
			if t.wakes[i].number+1 == p.wake {
				t.wakes[i].next = timer{}
			}
		}
		t.pending = append(t.pending, p)
	}
	if err := s.restoreQueue(t, p.queue); err != nil {
		return err
	}
	if !t.stopped {
		s.dueAtStart(t)
	}
	if ok && p.attempt >= maxAttempts && !s.opt.Resumed {
		t.pending = slices.Delete(t.pending, 0, 1)
		return s.bury(t, p, activation)
	}
	return nil
}

// maxAttempts is how often an activation is started before a crash counts as its own.
const maxAttempts = 2

// bury ends an activation during which the computer went down too often.
func (s *System) bury(t *tenant, p pending, activation uint64) error {
	if activation != t.activations+1 {
		return fmt.Errorf("the mark is of activation %d, %d have ended", activation, t.activations)
	}
	j := &Job{Tenant: t.number, App: t.m.App, Activation: activation, sys: s, tenant: t, pending: p,
		created: s.now, started: s.now, cancel: func(error) {}}
	j.host = newHost(s, t, j)
	trigger := sandbox.Trigger{Kind: p.kind, Name: p.name, Time: p.at}
	if p.queue != 0 {
		q, payload, err := j.host.queued(p.queue - 1)
		if err != nil {
			return err
		}
		trigger.From, trigger.Data, trigger.Time = q.from, payload, q.at
	}
	why := fmt.Sprintf("the payload computer restarted %d times while it ran", p.attempt)
	s.conclude(j, Result{job: j, trigger: trigger, Outcome: sandbox.Outcome{End: sandbox.Killed, Detail: why}})
	s.notice(t, command.NoticeRestart, why+"; it is not tried again")
	t.pushMessage(s.now)
	return nil
}

func (s *System) recoverOutbox() error {
	return s.opt.Store.Scan(key("o/", 0), func(k, v []byte) error {
		d := cbor.NewDecoder(slices.Clone(v))
		if n, err := d.Array(); err != nil || n != 3 {
			return fmt.Errorf("outbox %d: not three items", tail(k))
		}
		o := Outbound{ID: tail(k)}
		var err error
		if o.Service, err = d.Uint(); err != nil {
			return err
		}
		if o.Destination, err = d.Text(); err != nil {
			return err
		}
		if o.Payload, err = d.Bytes(); err != nil {
			return err
		}
		s.out.Messages = append(s.out.Messages, o)
		s.nextOut = o.ID + 1
		return nil
	})
}

func (s *System) recoverRequests() error {
	return s.opt.Store.Scan(key("h/", 0), func(k, v []byte) error {
		r, _, _, err := decodeRequest(k, slices.Clone(v))
		if err == nil {
			s.requests.add(r)
		}
		return err
	})
}

func (s *System) recoverDeliveries() error {
	return s.opt.Store.Scan(key("i/", 0), func(_, v []byte) error {
		number, id, err := decodeDelivery(slices.Clone(v))
		if err == nil {
			s.seen.add(id, number)
		}
		return err
	})
}
