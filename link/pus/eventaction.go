package pus

import (
	"slices"
	"time"
)

// EventAction is a request that an event releases (service 19, ECSS-E-ST-70-41C §6.19,
// §8.19).
type EventAction struct {
	APID    uint16 // of the process that raises the event
	Event   uint64
	Enabled bool   // new ones are not
	Request []byte // a telecommand packet
}

type eventActions struct {
	on   bool
	list []EventAction
}

// eventKey names a definition.
type eventKey struct {
	apid  uint16
	event uint64
}

func (r *reader) eventKey() eventKey {
	return eventKey{uint16(r.uint(2)), r.uint(r.p.Widths.Event)}
}

func (w *writer) eventKey(a EventAction) {
	w.uint(uint64(a.APID), 2)
	w.uint(a.Event, w.p.Widths.Event)
}

func (e *eventActions) find(k eventKey) int {
	return slices.IndexFunc(e.list, func(a EventAction) bool { return a.APID == k.apid && a.Event == k.event })
}

// act releases the request of an event of this process.
func (s *Server) act(now time.Time, e Event) {
	if !s.eventActions.on {
		return
	}
	at := s.eventActions.find(eventKey{s.o.APID, e.ID})
	if at < 0 || !s.eventActions.list[at].Enabled {
		return
	}
	s.nested(now, s.eventActions.list[at].Request)
}

var eventActionRequests = map[Message]handler{
	{19, 1}: addEventActions,
	{19, 2}: func(s *Server, x *execution) error {
		return s.eachEventAction(x, false, func(at int) Code {
			if s.eventActions.list[at].Enabled {
				return CodeState
			}
			s.eventActions.list = slices.Delete(s.eventActions.list, at, at+1)
			return 0
		})
	},
	{19, 3}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		s.eventActions = eventActions{}
		return nil
	},
	{19, 4}: func(s *Server, x *execution) error { return s.enableEventActions(x, true) },
	{19, 5}: func(s *Server, x *execution) error { return s.enableEventActions(x, false) },
	{19, 6}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		s.emit(x.now, Message{19, 7}, x.tc.Source, func(w *writer) {
			writeList(w, s.eventActions.list, func(a EventAction) {
				w.eventKey(a)
				w.bool(a.Enabled)
			})
		})
		return nil
	},
	{19, 8}: func(s *Server, x *execution) error { s.eventActions.on = true; return x.in.end() },
	{19, 9}: func(s *Server, x *execution) error { s.eventActions.on = false; return x.in.end() },
	{19, 10}: func(s *Server, x *execution) error {
		var found []EventAction
		err := s.eachEventAction(x, true, func(at int) Code {
			found = append(found, s.eventActions.list[at])
			return 0
		})
		if err == nil && len(found) > 0 {
			s.emit(x.now, Message{19, 11}, x.tc.Source, func(w *writer) { writeEventActions(w, found) })
		}
		return err
	},
}

func writeEventActions(w *writer, list []EventAction) {
	writeList(w, list, func(a EventAction) {
		w.eventKey(a)
		w.octets(a.Request)
	})
}

func readEventActions(r *reader) []EventAction {
	return readList(r, func() EventAction {
		k := r.eventKey()
		return EventAction{APID: k.apid, Event: k.event, Request: r.request()}
	})
}

func addEventActions(s *Server, x *execution) error {
	list := readEventActions(x.in)
	if err := x.in.end(); err != nil {
		return err
	}
	for _, a := range list {
		a.Request = slices.Clone(a.Request)
		at := s.eventActions.find(eventKey{a.APID, a.Event})
		_, bad := s.p.DecodeTC(a.Request)
		switch {
		case bad != nil:
			s.reject(x, CodeData, a.Event)
		case at >= 0 && s.eventActions.list[at].Enabled:
			s.reject(x, CodeState, a.Event)
		case at >= 0:
			s.eventActions.list[at] = a
		case len(s.eventActions.list) >= s.o.MaxDefinitions:
			s.reject(x, CodeFull, a.Event)
		default:
			s.eventActions.list = append(s.eventActions.list, a)
		}
	}
	return nil
}

// eachEventAction runs fn for every definition that the request lists; an empty list
// means all, if the request allows that.
func (s *Server) eachEventAction(x *execution, all bool, fn func(at int) Code) error {
	keys := readList(x.in, x.in.eventKey)
	if err := x.in.end(); err != nil {
		return err
	}
	if all && len(keys) == 0 {
		for _, a := range s.eventActions.list {
			keys = append(keys, eventKey{a.APID, a.Event})
		}
	}
	for _, k := range keys {
		code := CodeUnknown
		if at := s.eventActions.find(k); at >= 0 {
			code = fn(at)
		}
		if code != 0 {
			s.reject(x, code, k.event)
		}
	}
	return nil
}

func (s *Server) enableEventActions(x *execution, on bool) error {
	return s.eachEventAction(x, true, func(at int) Code {
		s.eventActions.list[at].Enabled = on
		return 0
	})
}
