package pus

import (
	"slices"
	"time"
)

// Activity is a request with the time of its release (service 11, ECSS-E-ST-70-41C
// §6.11, §8.11).
type Activity struct {
	SubSchedule uint64 // begins enabled when it is first used
	Group       uint64 // 0: none
	Release     time.Time
	Request     []byte // a telecommand packet
}

// ScheduleID names a scheduled request.
type ScheduleID struct {
	Source, APID, Count uint16
}

// Filter selects activities.
type Filter struct {
	Window   Window
	From, To time.Time
	// SubSchedules and Groups: empty means any.
	SubSchedules, Groups []uint64
}

// Window is the type of a time window.
type Window uint8

// Time windows (ECSS-E-ST-70-41C §8.11.3.1).
const (
	WindowAll    Window = 0
	WindowFromTo Window = 1
	WindowFrom   Window = 2
	WindowTo     Window = 3
)

// ScheduleStatus is whether a sub-schedule or a group is enabled.
type ScheduleStatus struct {
	ID      uint64
	Enabled bool
}

type entry struct {
	Activity
	id ScheduleID
}

type schedule struct {
	on     bool
	list   []entry // by release time
	subs   []ScheduleStatus
	groups []ScheduleStatus
}

func (s *Server) scheduleID(pkt []byte) (ScheduleID, error) {
	c, err := s.p.DecodeTC(pkt)
	return ScheduleID{c.Source, c.APID, c.Count}, err
}

func (w *writer) scheduleID(id ScheduleID) {
	w.uint(uint64(id.Source), 2)
	w.uint(uint64(id.APID), 2)
	w.uint(uint64(id.Count), 2)
}

func (r *reader) scheduleID() ScheduleID {
	return ScheduleID{uint16(r.uint(2)), uint16(r.uint(2)), uint16(r.uint(2))}
}

func (f *Filter) write(w *writer) {
	w.octet(uint8(f.Window))
	if f.Window == WindowFromTo || f.Window == WindowFrom {
		w.time(f.From)
	}
	if f.Window == WindowFromTo || f.Window == WindowTo {
		w.time(f.To)
	}
	if n := w.p.Widths.SubSched; n > 0 {
		writeList(w, f.SubSchedules, func(v uint64) { w.uint(v, n) })
	}
	if n := w.p.Widths.Group; n > 0 {
		writeList(w, f.Groups, func(v uint64) { w.uint(v, n) })
	}
}

func (r *reader) filter() (f Filter) {
	f.Window = Window(r.octet())
	if f.Window > WindowTo {
		r.fail("time window of type %d", f.Window)
	}
	if f.Window == WindowFromTo || f.Window == WindowFrom {
		f.From = r.time()
	}
	if f.Window == WindowFromTo || f.Window == WindowTo {
		f.To = r.time()
	}
	if n := r.p.Widths.SubSched; n > 0 {
		f.SubSchedules = readList(r, func() uint64 { return r.uint(n) })
	}
	if n := r.p.Widths.Group; n > 0 {
		f.Groups = readList(r, func() uint64 { return r.uint(n) })
	}
	return f
}

func (f *Filter) match(e entry) bool {
	switch {
	case (f.Window == WindowFromTo || f.Window == WindowFrom) && e.Release.Before(f.From),
		(f.Window == WindowFromTo || f.Window == WindowTo) && e.Release.After(f.To),
		len(f.SubSchedules) > 0 && !slices.Contains(f.SubSchedules, e.SubSchedule),
		len(f.Groups) > 0 && !slices.Contains(f.Groups, e.Group):
		return false
	}
	return true
}

// selection is which activities a request is about.
type selection func(s *Server, x *execution, fn func(*entry) Code) error

// byID reads a list of names; what is not scheduled is rejected.
func byID(s *Server, x *execution, fn func(*entry) Code) error {
	ids := readList(x.in, x.in.scheduleID)
	if err := x.in.end(); err != nil {
		return err
	}
	for _, id := range ids {
		code := CodeUnknown
		if at := slices.IndexFunc(s.schedule.list, func(e entry) bool { return e.id == id }); at >= 0 {
			code = fn(&s.schedule.list[at])
		}
		if code != 0 {
			s.reject(x, code, uint64(id.Source)<<32|uint64(id.APID)<<16|uint64(id.Count))
		}
	}
	return nil
}

func byFilter(s *Server, x *execution, fn func(*entry) Code) error {
	f := x.in.filter()
	if err := x.in.end(); err != nil {
		return err
	}
	return s.eachEntry(x, f.match, fn)
}

func everything(s *Server, x *execution, fn func(*entry) Code) error {
	if err := x.in.end(); err != nil {
		return err
	}
	return s.eachEntry(x, func(entry) bool { return true }, fn)
}

func (s *Server) eachEntry(x *execution, match func(entry) bool, fn func(*entry) Code) error {
	for i := range s.schedule.list {
		e := &s.schedule.list[i]
		if !match(*e) {
			continue
		}
		if code := fn(e); code != 0 {
			s.reject(x, code, uint64(e.id.Source)<<32|uint64(e.id.APID)<<16|uint64(e.id.Count))
		}
	}
	return nil
}

var scheduleRequests = map[Message]handler{
	{11, 1}:  func(s *Server, x *execution) error { s.schedule.on = true; return x.in.end() },
	{11, 2}:  func(s *Server, x *execution) error { s.schedule.on = false; return x.in.end() },
	{11, 3}:  func(s *Server, x *execution) error { s.schedule = schedule{}; return x.in.end() },
	{11, 4}:  insertActivities,
	{11, 5}:  remove(byID),
	{11, 6}:  remove(byFilter),
	{11, 7}:  shift(byID),
	{11, 8}:  shift(byFilter),
	{11, 9}:  detail(byID),
	{11, 11}: detail(byFilter),
	{11, 12}: summary(byID),
	{11, 14}: summary(byFilter),
	{11, 15}: shift(everything),
	{11, 16}: detail(everything),
	{11, 17}: summary(everything),
	{11, 18}: func(s *Server, x *execution) error { return s.reportStatus(x, 19, s.schedule.subs) },
	{11, 20}: func(s *Server, x *execution) error { return s.setStatus(x, s.schedule.subs, s.p.Widths.SubSched, true) },
	{11, 21}: func(s *Server, x *execution) error {
		return s.setStatus(x, s.schedule.subs, s.p.Widths.SubSched, false)
	},
	{11, 22}: createGroups,
	{11, 23}: deleteGroups,
	{11, 24}: func(s *Server, x *execution) error { return s.setStatus(x, s.schedule.groups, s.p.Widths.Group, true) },
	{11, 25}: func(s *Server, x *execution) error { return s.setStatus(x, s.schedule.groups, s.p.Widths.Group, false) },
	{11, 26}: func(s *Server, x *execution) error { return s.reportStatus(x, 27, s.schedule.groups) },
}

func writeActivities(w *writer, list []Activity) {
	sub := uint64(0)
	if len(list) > 0 {
		sub = list[0].SubSchedule
	}
	w.uint(sub, w.p.Widths.SubSched)
	writeList(w, list, func(a Activity) {
		if a.SubSchedule != sub {
			w.fail("activities of two sub-schedules in one request")
		}
		w.uint(a.Group, w.p.Widths.Group)
		w.time(a.Release)
		w.octets(a.Request)
	})
}

func insertActivities(s *Server, x *execution) error {
	sub := x.in.uint(s.p.Widths.SubSched)
	list := readList(x.in, func() Activity {
		return Activity{sub, x.in.uint(s.p.Widths.Group), x.in.time(), x.in.request()}
	})
	if err := x.in.end(); err != nil {
		return err
	}
	for _, a := range list {
		a.Request = slices.Clone(a.Request)
		id, bad := s.scheduleID(a.Request)
		subject := uint64(id.Source)<<32 | uint64(id.APID)<<16 | uint64(id.Count)
		switch {
		case bad != nil:
			s.reject(x, CodeData, subject)
		case len(s.schedule.list) >= s.o.MaxDefinitions:
			s.reject(x, CodeFull, subject)
		case !a.Release.After(x.now):
			s.reject(x, CodePast, subject)
		case a.Group != 0 && find(s.schedule.groups, a.Group) < 0:
			s.reject(x, CodeUnknown, a.Group)
		case find(s.schedule.subs, sub) < 0 && len(s.schedule.subs) >= s.o.MaxDefinitions:
			s.reject(x, CodeFull, sub)
		default:
			if find(s.schedule.subs, sub) < 0 {
				s.schedule.subs = append(s.schedule.subs, ScheduleStatus{sub, true})
			}
			s.schedule.list = append(s.schedule.list, entry{a, id})
		}
	}
	s.sortSchedule()
	return nil
}

func (s *Server) sortSchedule() {
	slices.SortStableFunc(s.schedule.list, func(a, b entry) int { return a.Release.Compare(b.Release) })
}

func find(list []ScheduleStatus, id uint64) int {
	return slices.IndexFunc(list, func(v ScheduleStatus) bool { return v.ID == id })
}

func remove(which selection) handler {
	return func(s *Server, x *execution) error {
		// An entry without a request is marked to go.
		err := which(s, x, func(e *entry) Code {
			e.Request = nil
			return 0
		})
		s.schedule.list = slices.DeleteFunc(s.schedule.list, func(e entry) bool { return e.Request == nil })
		return err
	}
}

func shift(which selection) handler {
	return func(s *Server, x *execution) error {
		d := x.in.relative()
		err := which(s, x, func(e *entry) Code {
			if !e.Release.Add(d).After(x.now) {
				return CodePast
			}
			e.Release = e.Release.Add(d)
			return 0
		})
		s.sortSchedule()
		return err
	}
}

func detail(which selection) handler {
	return func(s *Server, x *execution) error {
		var found []entry
		err := which(s, x, func(e *entry) Code {
			found = append(found, *e)
			return 0
		})
		if err == nil {
			s.emit(x.now, Message{11, 10}, x.tc.Source, func(w *writer) {
				writeList(w, found, func(e entry) {
					w.uint(e.SubSchedule, w.p.Widths.SubSched)
					w.uint(e.Group, w.p.Widths.Group)
					w.time(e.Release)
					w.octets(e.Request)
				})
			})
		}
		return err
	}
}

// ScheduleLine is a line of a schedule summary report.
type ScheduleLine struct {
	SubSchedule, Group uint64
	Release            time.Time
	ID                 ScheduleID
}

func summary(which selection) handler {
	return func(s *Server, x *execution) error {
		var found []entry
		err := which(s, x, func(e *entry) Code {
			found = append(found, *e)
			return 0
		})
		if err == nil {
			s.emit(x.now, Message{11, 13}, x.tc.Source, func(w *writer) {
				writeList(w, found, func(e entry) {
					w.uint(e.SubSchedule, w.p.Widths.SubSched)
					w.uint(e.Group, w.p.Widths.Group)
					w.time(e.Release)
					w.scheduleID(e.id)
				})
			})
		}
		return err
	}
}

func (s *Server) reportStatus(x *execution, subtype uint8, list []ScheduleStatus) error {
	if err := x.in.end(); err != nil {
		return err
	}
	width := s.p.Widths.SubSched
	if subtype == 27 {
		width = s.p.Widths.Group
	}
	s.emit(x.now, Message{11, subtype}, x.tc.Source, func(w *writer) {
		writeList(w, list, func(v ScheduleStatus) {
			w.uint(v.ID, width)
			w.bool(v.Enabled)
		})
	})
	return nil
}

// setStatus enables or disables what the request lists; an empty list means all.
func (s *Server) setStatus(x *execution, list []ScheduleStatus, width int, on bool) error {
	ids := readList(x.in, func() uint64 { return x.in.uint(width) })
	if err := x.in.end(); err != nil {
		return err
	}
	for i := range list {
		if len(ids) == 0 {
			list[i].Enabled = on
		}
	}
	for _, id := range ids {
		if at := find(list, id); at >= 0 {
			list[at].Enabled = on
		} else {
			s.reject(x, CodeUnknown, id)
		}
	}
	return nil
}

func createGroups(s *Server, x *execution) error {
	list := readList(x.in, func() ScheduleStatus { return ScheduleStatus{x.in.uint(s.p.Widths.Group), x.in.bool()} })
	if err := x.in.end(); err != nil {
		return err
	}
	for _, g := range list {
		switch {
		case g.ID == 0 || find(s.schedule.groups, g.ID) >= 0:
			s.reject(x, CodeExists, g.ID)
		case len(s.schedule.groups) >= s.o.MaxDefinitions:
			s.reject(x, CodeFull, g.ID)
		default:
			s.schedule.groups = append(s.schedule.groups, g)
		}
	}
	return nil
}

func deleteGroups(s *Server, x *execution) error {
	ids := readList(x.in, func() uint64 { return x.in.uint(s.p.Widths.Group) })
	if err := x.in.end(); err != nil {
		return err
	}
	if len(ids) == 0 {
		for _, g := range s.schedule.groups {
			ids = append(ids, g.ID)
		}
	}
	for _, id := range ids {
		at := find(s.schedule.groups, id)
		switch {
		case at < 0:
			s.reject(x, CodeUnknown, id)
		case slices.ContainsFunc(s.schedule.list, func(e entry) bool { return e.Group == id }):
			s.reject(x, CodeState, id)
		default:
			s.schedule.groups = slices.Delete(s.schedule.groups, at, at+1)
		}
	}
	return nil
}

// release runs the activities whose time has come. Those of a disabled function,
// sub-schedule or group are dropped at their time.
func (s *Server) release(now time.Time) {
	for len(s.schedule.list) > 0 && !s.schedule.list[0].Release.After(now) {
		e := s.schedule.list[0]
		s.schedule.list = slices.Delete(s.schedule.list, 0, 1)
		sub, group := find(s.schedule.subs, e.SubSchedule), find(s.schedule.groups, e.Group)
		if !s.schedule.on || sub >= 0 && !s.schedule.subs[sub].Enabled || group >= 0 && !s.schedule.groups[group].Enabled {
			continue
		}
		s.Stats.Released++
		s.nested(now, e.Request)
	}
}

func (s *Server) nextRelease() (time.Time, bool) {
	if len(s.schedule.list) == 0 {
		return time.Time{}, false
	}
	return s.schedule.list[0].Release, true
}
