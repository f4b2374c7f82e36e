package api

import "time"

// EventKind names an event on the stream. It is the SSE "event:" field.
type EventKind string

// The kinds of event. A Backend sends the first group; the API itself adds the
// second group to the stream.
const (
	EventLink     EventKind = "link"     // a link came up or went down
	EventPass     EventKind = "pass"     // a pass began or ended
	EventBundle   EventKind = "bundle"   // a bundle was sent, forwarded or delivered
	EventTenant   EventKind = "tenant"   // a tenant's state changed; Tenant is set
	EventResult   EventKind = "result"   // a result came home; Result is set
	EventRequest  EventKind = "request"  // a request reached a stage; Request is set
	EventFault    EventKind = "fault"    // a fault began or ended
	EventNode     EventKind = "node"     // a node was reset, changed mode, or the like
	EventUniverse EventKind = "universe" // speed or pause changed

	EventPositions EventKind = "positions" // data: PositionFrame, about once a second
	EventLinks     EventKind = "links"     // data: LinkFrame, when the set of links changed
	EventClock     EventKind = "clock"     // data: Universe, about once a second
	EventGap       EventKind = "gap"       // data: GapFrame; events were lost, fetch again
)

// Severity ranks an event for people.
type Severity string

// The severities.
const (
	SeverityDebug Severity = "debug" // routine; the console's log hides it at first
	SeverityInfo  Severity = "info"
	SeverityWarn  Severity = "warn"
	SeverityError Severity = "error"
)

// Event is something that happened. The union fields are set as EventKind says;
// Nodes and Text are for people and for filters.
type Event struct {
	Seq      uint64    `json:"seq" doc:"Rises by one with each event; a jump means that some were lost"`
	Time     time.Time `json:"time" doc:"Simulated time, UTC"`
	Kind     EventKind `json:"kind" enum:"link,pass,bundle,tenant,result,request,fault,node,universe" doc:"Kind"`
	Severity Severity  `json:"severity" enum:"debug,info,warn,error" doc:"Rank for people"`
	Nodes    []NodeID  `json:"nodes,omitempty" nullable:"false" doc:"Nodes it concerns"`
	Text     string    `json:"text" doc:"One line for people"`
	Link     *Link     `json:"link,omitempty" doc:"The link that changed"`
	Up       *bool     `json:"up,omitempty" doc:"Whether the link or pass began (true) or ended"`
	Tenant   *Tenant   `json:"tenant,omitempty" doc:"The tenant that changed"`
	Result   *Result   `json:"result,omitempty" doc:"The result that came home"`
	Request  *Request  `json:"request,omitempty" doc:"The request that moved"`
}
