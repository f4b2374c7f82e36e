package system

import (
	"time"

	"spacechain/spaceos/receipt"
)

// EventKind is the kind of an Event.
type EventKind string

// The kinds of event.
const (
	EventInstalled EventKind = "installed"
	EventUpdated   EventKind = "updated"
	EventRemoved   EventKind = "removed"
	EventStopped   EventKind = "stopped"
	EventStarted   EventKind = "started"   // the tenant may be activated again
	EventRefused   EventKind = "refused"   // a command or a package
	EventActivated EventKind = "activated" // an activation began
	EventEnded     EventKind = "ended"     // an activation ended; has a receipt
	EventDropped   EventKind = "dropped"   // a message that nobody takes
	EventNotice    EventKind = "notice"    // an owner was told something unasked
)

// Event is something that happened, for logs and displays. The events of the same
// inputs are the same.
type Event struct {
	Time    time.Time       `json:"time"`
	Kind    EventKind       `json:"kind"`
	Tenant  uint64          `json:"tenant,omitempty"`
	App     string          `json:"app,omitempty"`
	Text    string          `json:"text,omitempty"`
	Receipt *receipt.Signed `json:"receipt,omitempty"`
	Result  []byte          `json:"result,omitempty"`
}

func (s *System) event(kind EventKind, t *tenant, text string) *Event {
	e := Event{Time: s.now, Kind: kind, Text: text}
	if t != nil {
		e.Tenant, e.App = t.number, t.m.App
	}
	s.out.Events = append(s.out.Events, e)
	return &s.out.Events[len(s.out.Events)-1]
}
