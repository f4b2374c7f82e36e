package world

import (
	"fmt"
	"time"

	"spacechain/cloud/api"
	"spacechain/dtn/node"
	"spacechain/spaceos/command"
	"spacechain/terminal"
)

// observe turns what the terminal learned into history and events.
func (u *Universe) observe(c terminal.Change) {
	now := u.loop.Now()
	switch {
	case c.Request != nil:
		u.log.line(now, "request %s %s %s %s", c.Request.ID, c.Stage, c.Request.State, c.Request.Code)
	case c.Result != nil:
		u.count.results++
		u.log.line(now, "result %d.%d %d %x", c.Tenant.Satellite, c.Tenant.Service, c.Result.Seq, c.Result.Body)
	case c.Tenant != nil:
		u.log.line(now, "tenant %d.%d %s", c.Tenant.Satellite, c.Tenant.Service, c.Tenant.State)
	case c.Notice != nil:
		u.log.line(now, "notice %d.%d %s", c.Notice.Satellite, c.Notice.Tenant, c.Notice.Code)
	default:
		u.log.line(now, "terminal: %s", c.Problem)
	}
	announce(&u.log.Hub, now, Desk{desk: u.desk, terminal: Terminal}, c, u.name)
	for _, w := range u.watchers {
		w(c)
	}
}

// Announce tells a hub's subscribers what a terminal has learned.
func Announce(h *Hub, now time.Time, d Desk, c terminal.Change) {
	announce(h, now, d, c, func(node uint64) string { return fmt.Sprint(node) })
}

func announce(h *Hub, now time.Time, d Desk, c terminal.Change, name func(uint64) string) {
	e := api.Event{Time: now}
	switch {
	case c.Request != nil:
		r := apiRequest(*c.Request)
		e.Kind, e.Request, e.Text = api.EventRequest, &r, requestText(c, name)
		if r.State == api.RequestFailed {
			e.Severity = api.SeverityError
		}
	case c.Result != nil:
		result := apiResult(*c.Tenant, *c.Result)
		e.Kind, e.Result = api.EventResult, &result
		e.Text = fmt.Sprintf("%s on %s: %s", c.Tenant.App, name(c.Tenant.Satellite), resultText(result))
		if result.End != "returned" && result.End != "message" {
			e.Severity = api.SeverityWarn
		}
		h.Tell(e)
		h.Tell(tenantEvent(now, d, *c.Tenant, api.SeverityDebug, name))
		return
	case c.Tenant != nil:
		severity := api.SeverityInfo
		if c.Notice != nil {
			severity = api.SeverityWarn
		}
		e = tenantEvent(now, d, *c.Tenant, severity, name)
	case c.Notice != nil:
		e.Kind, e.Severity = api.EventNode, api.SeverityWarn
		e.Text = fmt.Sprintf("%s says of %s: %s", name(c.Notice.Satellite), c.Notice.App, c.Notice.Message)
	default:
		e.Kind, e.Severity, e.Text = api.EventNode, api.SeverityWarn, c.Problem
	}
	h.Tell(e)
}

func tenantEvent(now time.Time, d Desk, t terminal.Tenant, s api.Severity, name func(uint64) string) api.Event {
	e := api.Event{Time: now, Kind: api.EventTenant, Severity: s, Text: fmt.Sprintf("%s on %s is %s", t.App, name(t.Satellite), t.State)}
	if a, err := d.tenant(t); err == nil {
		e.Tenant = &a
		e.Text = fmt.Sprintf("%s on %s is %s", t.App, name(t.Satellite), a.State)
	}
	return e
}

func requestText(c terminal.Change, name func(uint64) string) string {
	r := c.Request
	what := r.Op
	if r.App != "" {
		what += " " + r.App
	}
	switch c.Stage {
	case terminal.StageQueued:
		return fmt.Sprintf("%s for %s is queued", what, name(r.Satellite))
	case terminal.StageHop:
		last := r.Stages[len(r.Stages)-1]
		return fmt.Sprintf("%s has reached %s", what, name(last.Node))
	case terminal.StageArrived:
		return fmt.Sprintf("%s has arrived at %s", what, name(r.Satellite))
	case terminal.StageResult:
		return fmt.Sprintf("%s: the answer of %s is home", what, name(r.Satellite))
	}
	if r.Code == command.OK {
		return fmt.Sprintf("%s: %s says ok", what, name(r.Satellite))
	}
	return fmt.Sprintf("%s: %s says %s: %s", what, name(r.Satellite), r.Code, r.Message)
}

func resultText(r api.Result) string {
	switch r.End {
	case "message":
		return fmt.Sprintf("a message of %d bytes", r.Size)
	case "returned":
		return fmt.Sprintf("a result of %d bytes, %d gas", r.Size, r.Gas)
	}
	return fmt.Sprintf("activation %d ended %s: %s", r.Activation, r.End, r.Detail)
}

// tellBundle makes an event of what a node did with a bundle.
func (u *Universe) tellBundle(at uint64, e node.Event) {
	if e.Kind == node.EventDelivered {
		u.count.delivered++
	}
	severity := api.SeverityDebug
	if e.Kind == node.EventDeleted || e.Kind == node.EventRefused {
		severity = api.SeverityWarn
	}
	nodes := []api.NodeID{api.NodeID(at)}
	text := fmt.Sprintf("%s: bundle %s %s", u.name(at), e.ID, e.Kind)
	if e.Peer != 0 {
		nodes = append(nodes, api.NodeID(e.Peer))
		text += " " + u.name(e.Peer)
	}
	u.log.Tell(api.Event{Time: u.loop.Now(), Kind: api.EventBundle, Severity: severity, Nodes: nodes, Text: text})
}
