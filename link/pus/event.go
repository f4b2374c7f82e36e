package pus

import (
	"slices"
	"time"
)

// Severity is that of an event; it is the subtype of its report.
type Severity uint8

// Severities (service 5, ECSS-E-ST-70-41C §6.5, §8.5).
const (
	Informative Severity = 1
	Low         Severity = 2
	Medium      Severity = 3
	High        Severity = 4
)

// String names the severity.
func (v Severity) String() string {
	return [...]string{"?", "informative", "low", "medium", "high"}[v%5]
}

// Event is an event report.
type Event struct {
	Severity Severity
	ID       uint64
	Data     []byte // auxiliary
}

type events struct{ disabled []uint64 }

// Raise reports an event, unless its reports are disabled, and runs its action.
func (s *Server) Raise(now time.Time, e Event) {
	if e.Severity < Informative || e.Severity > High {
		e.Severity = High
	}
	if !slices.Contains(s.events.disabled, e.ID) {
		s.emit(now, Message{5, uint8(e.Severity)}, 0, func(w *writer) {
			w.uint(e.ID, w.p.Widths.Event)
			w.octets(e.Data)
		})
	}
	s.act(now, e)
}

var eventRequests = map[Message]handler{
	{5, 5}: func(s *Server, x *execution) error { return s.enableEvents(x, true) },
	{5, 6}: func(s *Server, x *execution) error { return s.enableEvents(x, false) },
	{5, 7}: func(s *Server, x *execution) error {
		if err := x.in.end(); err != nil {
			return err
		}
		s.emit(x.now, Message{5, 8}, x.tc.Source, func(w *writer) {
			writeList(w, s.events.disabled, func(id uint64) { w.uint(id, w.p.Widths.Event) })
		})
		return nil
	},
}

func (s *Server) enableEvents(x *execution, on bool) error {
	ids := readList(x.in, func() uint64 { return x.in.uint(s.p.Widths.Event) })
	if err := x.in.end(); err != nil {
		return err
	}
	for _, id := range ids {
		at, found := slices.BinarySearch(s.events.disabled, id)
		switch {
		case on && found:
			s.events.disabled = slices.Delete(s.events.disabled, at, at+1)
		case !on && !found && len(s.events.disabled) >= s.o.MaxDefinitions:
			s.reject(x, CodeFull, id)
		case !on && !found:
			s.events.disabled = slices.Insert(s.events.disabled, at, id)
		}
	}
	return nil
}
