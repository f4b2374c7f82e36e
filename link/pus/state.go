package pus

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"time"
)

// ErrState says that octets are no state of a server.
var ErrState = errors.New("bad PUS state")

const stateMagic = "pus\x01"

// The state is written with the fields of messages, but lists have counts of four
// octets, and times are nanoseconds since 1970.

func (w *writer) instant(t time.Time) {
	if t.IsZero() {
		w.uint(1<<63, 8)
		return
	}
	w.uint(uint64(t.UnixNano()), 8)
}

func (r *reader) instant() time.Time {
	v := r.uint(8)
	if v == 1<<63 {
		return time.Time{}
	}
	return time.Unix(0, int64(v)).UTC()
}

func (w *writer) blob(b []byte) {
	w.uint(uint64(len(b)), 4)
	w.octets(b)
}

func (r *reader) blob() []byte { return slices.Clone(r.octets(int(r.uint(4)))) }

func saveList[T any](w *writer, list []T, each func(T)) {
	w.uint(uint64(len(list)), 4)
	for _, v := range list {
		each(v)
	}
}

func loadList[T any](r *reader, each func() T) (list []T) {
	n := r.uint(4)
	if n > uint64(len(r.b)) {
		r.fail("%d entries in %d octets", n, len(r.b))
		return nil
	}
	for i := uint64(0); i < n && r.err == nil; i++ {
		list = append(list, each())
	}
	return list
}

func (w *writer) wholeValue(v Value) {
	w.octet(uint8(v.Type.Kind))
	w.uint(uint64(v.Type.Size), 2)
	w.value(v)
}

func (r *reader) wholeValue() Value {
	t := Type{Kind(r.octet()), int(r.uint(2))}
	v := r.value(t)
	v.Raw = slices.Clone(v.Raw)
	return v
}

// Export gives what must survive a restart: definitions, schedule, packet stores, event
// actions, counters, and the parameters that were set by request.
func (s *Server) Export() ([]byte, error) {
	w := &writer{p: s.p, b: []byte(stateMagic)}
	w.uint(uint64(s.o.APID), 2)
	w.uint(uint64(s.count), 2)
	w.octet(s.timeRate)
	w.uint(s.transfer.next, 8)
	var messages []Message
	for m := range s.counter {
		messages = append(messages, m)
	}
	slices.SortFunc(messages, func(a, b Message) int { return int(a.Service)<<8 + int(a.Subtype) - int(b.Service)<<8 - int(b.Subtype) })
	saveList(w, messages, func(m Message) {
		w.octet(m.Service)
		w.octet(m.Subtype)
		w.uint(uint64(s.counter[m]), 2)
	})
	var ids []uint64
	for id := range s.settings {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	saveList(w, ids, func(id uint64) {
		w.uint(id, 8)
		w.wholeValue(s.settings[id])
	})
	saveList(w, s.housekeeping.list, func(c *collection) {
		w.bool(c.diagnostic)
		writeStructure(w, c.Structure)
		w.instant(c.due)
	})
	saveList(w, s.events.disabled, func(id uint64) { w.uint(id, 8) })
	s.saveSchedule(w)
	s.saveMonitoring(w)
	s.saveStorage(w)
	w.bool(s.eventActions.on)
	saveList(w, s.eventActions.list, func(a EventAction) {
		w.eventKey(a)
		w.bool(a.Enabled)
		w.blob(a.Request)
	})
	if w.err != nil {
		return nil, fmt.Errorf("export of process %d: %w", s.o.APID, w.err)
	}
	return binary.BigEndian.AppendUint32(w.b, crc32.ChecksumIEEE(w.b)), nil
}

func (s *Server) saveSchedule(w *writer) {
	status := func(v ScheduleStatus) {
		w.uint(v.ID, 8)
		w.bool(v.Enabled)
	}
	w.bool(s.schedule.on)
	saveList(w, s.schedule.subs, status)
	saveList(w, s.schedule.groups, status)
	saveList(w, s.schedule.list, func(e entry) {
		w.uint(e.SubSchedule, 8)
		w.uint(e.Group, 8)
		w.instant(e.Release)
		w.blob(e.Request)
	})
}

func (s *Server) saveMonitoring(w *writer) {
	w.bool(s.monitoring.on)
	w.uint(s.monitoring.delay, 8)
	saveList(w, s.monitoring.list, func(m *watch) {
		writeMonitors(w, []Monitor{m.Monitor}, true)
		w.octet(uint8(m.status))
		w.instant(m.due)
	})
}

func (s *Server) saveStorage(w *writer) {
	saveList(w, s.storage.list, func(p *packetStore) {
		w.packetStore(p.PacketStore)
		writeSelection(w, p.ID, p.what)
		w.bool(p.storing)
		w.bool(p.open)
		w.bool(p.byRange)
		w.instant(p.openAt)
		for _, n := range []uint64{p.first, p.openNext, p.rangeNext, p.rangeTo} {
			w.uint(n, 8)
		}
		saveList(w, p.records, func(r record) {
			w.instant(r.at)
			w.blob(r.pkt)
		})
	})
}

// Import takes up an exported state in a fresh server with the same options, and gives
// the parameters that were set to the application again. Activities whose time came
// while nobody was there are dropped, as are the checks that were under way; an uplink
// under way has to begin again.
func (s *Server) Import(now time.Time, state []byte) error {
	n := len(state) - 4
	if n < len(stateMagic) || string(state[:len(stateMagic)]) != stateMagic {
		return fmt.Errorf("%w: unknown beginning", ErrState)
	}
	if crc32.ChecksumIEEE(state[:n]) != binary.BigEndian.Uint32(state[n:]) {
		return fmt.Errorf("%w: wrong checksum", ErrState)
	}
	fresh, err := NewServer(s.o)
	if err != nil {
		return err
	}
	if err := fresh.load(now, state[len(stateMagic):n]); err != nil {
		return fmt.Errorf("%w: %w", ErrState, err)
	}
	fresh.queue, fresh.Stats = s.queue, s.Stats
	*s = *fresh
	return s.reapply()
}

// reapply sets what was set by request, in the order of the ids.
func (s *Server) reapply() error {
	var ids []uint64
	for id := range s.settings {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var errs []error
	for _, id := range ids {
		v := s.settings[id]
		if t, ok := s.typeOf(id); !ok || t != v.Type {
			delete(s.settings, id) // the application changed
			continue
		}
		if err := s.o.Parameters.Set(id, v); err != nil {
			errs = append(errs, fmt.Errorf("set parameter %d again: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Server) load(now time.Time, b []byte) error {
	r := &reader{p: s.p, b: b}
	if apid := r.uint(2); apid != uint64(s.o.APID) {
		r.fail("of process %d, not %d", apid, s.o.APID)
	}
	s.count = uint16(r.uint(2)) & 0x3fff
	s.timeRate = min(r.octet(), maxTimeRate)
	s.transfer.next = r.uint(8)
	loadList(r, func() bool {
		m := Message{r.octet(), r.octet()}
		s.counter[m] = uint16(r.uint(2))
		return true
	})
	loadList(r, func() bool {
		id := r.uint(8)
		s.settings[id] = r.wholeValue()
		return true
	})
	s.housekeeping.list = loadList(r, func() *collection {
		c := &collection{diagnostic: r.bool(), Structure: *readStructure(r)}
		due := r.instant()
		if r.err == nil && (c.Interval == 0 || s.checkContent(&c.Structure) != nil) {
			r.fail("structure %d does not fit the parameters", c.ID)
			return c
		}
		if c.Periodic {
			s.restart(c, due.Add(-time.Duration(c.Interval)*s.o.Unit))
		}
		return c
	})
	s.events.disabled = loadList(r, func() uint64 { return r.uint(8) })
	slices.Sort(s.events.disabled)
	s.loadSchedule(r, now)
	s.loadMonitoring(r, now)
	s.loadStorage(r)
	s.eventActions.on = r.bool()
	s.eventActions.list = loadList(r, func() EventAction {
		k := r.eventKey()
		return EventAction{k.apid, k.event, r.bool(), r.blob()}
	})
	return r.end()
}

func (s *Server) loadSchedule(r *reader, now time.Time) {
	status := func() ScheduleStatus { return ScheduleStatus{r.uint(8), r.bool()} }
	s.schedule.on = r.bool()
	s.schedule.subs = loadList(r, status)
	s.schedule.groups = loadList(r, status)
	for _, a := range loadList(r, func() Activity { return Activity{r.uint(8), r.uint(8), r.instant(), r.blob()} }) {
		id, err := s.scheduleID(a.Request)
		if err != nil {
			r.fail("a scheduled request: %v", err)
			return
		}
		if !a.Release.After(now) {
			s.Stats.Dropped++
			continue
		}
		s.schedule.list = append(s.schedule.list, entry{a, id})
	}
	s.sortSchedule()
}

func (s *Server) loadMonitoring(r *reader, now time.Time) {
	s.monitoring.on = r.bool()
	s.monitoring.delay = r.uint(8)
	s.monitoring.list = loadList(r, func() *watch {
		list := readMonitors(r, true)
		status, due := CheckStatus(r.octet()), r.instant()
		if len(list) != 1 || list[0].Interval == 0 || checkMonitor(list[0]) != 0 || status > StatusAbove {
			r.fail("a monitoring definition")
			return &watch{}
		}
		m := &watch{Monitor: list[0]}
		s.rearm(m, now)
		m.status, m.candidate, m.due = status, status, due
		return m
	})
}

func (s *Server) loadStorage(r *reader) {
	s.storage.list = loadList(r, func() *packetStore {
		p := &packetStore{PacketStore: r.packetStore()}
		_, p.what = readSelection(r)
		p.storing, p.open, p.byRange = r.bool(), r.bool(), r.bool()
		p.openAt = r.instant()
		for _, n := range []*uint64{&p.first, &p.openNext, &p.rangeNext, &p.rangeTo} {
			*n = r.uint(8)
		}
		p.records = loadList(r, func() record { return record{r.instant(), r.blob()} })
		for _, v := range p.records {
			p.used += uint64(len(v.pkt))
		}
		if p.used > p.Size || p.first > 1<<62 {
			r.fail("packet store %d holds more than its size", p.ID)
		}
		return p
	})
}
