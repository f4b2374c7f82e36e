package world

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"spacechain/cloud/api"
	"spacechain/spaceos/command"
	"spacechain/terminal"
)

// Desk serves the terminal's part of the HTTP API, for a universe's terminal and for
// one that is a process of its own.
type Desk struct {
	desk     terminal.Desk
	terminal uint64
}

// NewDesk serves the records of a terminal.
func NewDesk(desk terminal.Desk, node uint64) Desk { return Desk{desk, node} }

// APIError chooses the API's word for a terminal's error.
func APIError(err error) error {
	switch {
	case errors.Is(err, terminal.ErrUnknown):
		return fmt.Errorf("%w: %w", api.ErrNotFound, err)
	case errors.Is(err, terminal.ErrRejected):
		return fmt.Errorf("%w: %w", api.ErrRejected, err)
	case errors.Is(err, terminal.ErrBusy):
		return fmt.Errorf("%w: %w", api.ErrBusy, err)
	}
	return err
}

// Tenants implements api.Backend: tenants, and deployments that are on their way or
// were refused.
func (d Desk) Tenants(context.Context) ([]api.Tenant, error) {
	tenants, err := d.desk.Tenants()
	if err != nil {
		return nil, err
	}
	out := make([]api.Tenant, 0, len(tenants))
	for _, t := range tenants {
		a, err := d.tenant(t)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	requests, err := d.desk.Requests()
	if err != nil {
		return nil, err
	}
	for _, r := range requests {
		if r.Op == command.Deploy.String() && r.State != terminal.Done {
			out = append(out, deploying(r))
		}
	}
	return out, nil
}

// deploying is the tenant that a deployment is to make.
func deploying(r terminal.Request) api.Tenant {
	t := api.Tenant{ID: r.ID, App: r.App, Version: r.Version, Publisher: r.Publisher, Owner: r.Owner, Runtime: r.Runtime,
		Satellite: api.NodeID(r.Satellite), State: api.TenantPending, Request: r.ID, GasLimit: r.GasLimit, Quota: r.Quota}
	if r.State == terminal.Failed {
		t.State, t.Detail = api.TenantRefused, fmt.Sprintf("%s: %s", r.Code, r.Message)
	}
	return t
}

func (d Desk) tenant(t terminal.Tenant) (api.Tenant, error) {
	id := terminal.TenantID(t.Satellite, t.Service)
	a := api.Tenant{ID: id, App: t.App, Version: t.Version, Publisher: t.Publisher, Owner: t.Owner,
		Runtime: t.Runtime, Satellite: api.NodeID(t.Satellite), Detail: t.Reason, Request: t.Request,
		Activations: t.Activations, GasUsed: t.Gas, GasLimit: t.GasLimit, Storage: t.Stored, Quota: t.Quota, Results: t.Results}
	switch {
	case t.Removed:
		a.State = api.TenantRemoved
	case t.State == command.Stopped:
		a.State = api.TenantStopped
	default:
		a.State = api.TenantInstalled
	}
	if !t.Installed.IsZero() {
		a.Installed = &t.Installed
	}
	if t.Results > 0 {
		last, err := d.desk.Results(id, t.Results-1, 1)
		if err != nil {
			return a, err
		}
		if len(last) == 1 {
			r := apiResult(t, last[0])
			a.LastResult = &r
		}
	}
	return a, nil
}

// Tenant implements api.Backend.
func (d Desk) Tenant(_ context.Context, id string) (api.Tenant, error) {
	t, err := d.desk.Tenant(id)
	if errors.Is(err, terminal.ErrUnknown) {
		if r, err := d.desk.Request(id); err == nil && r.Op == command.Deploy.String() {
			return deploying(r), nil
		}
	}
	if err != nil {
		return api.Tenant{}, APIError(err)
	}
	return d.tenant(t)
}

// Results implements api.Backend.
func (d Desk) Results(_ context.Context, id string, after uint64, limit int) ([]api.Result, error) {
	t, err := d.desk.Tenant(id)
	if err != nil {
		return nil, APIError(err)
	}
	results, err := d.desk.Results(id, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]api.Result, 0, len(results))
	for _, r := range results {
		out = append(out, apiResult(t, r))
	}
	return out, nil
}

// apiResult describes a stored result. The terminal stores only what it verified.
func apiResult(t terminal.Tenant, r terminal.Result) api.Result {
	a := api.Result{Seq: r.Seq, Tenant: terminal.TenantID(t.Satellite, t.Service), Satellite: api.NodeID(t.Satellite),
		Created: r.Sent, Received: r.Received, End: "message", Detail: r.Detail, Request: r.Request,
		Verified: true, Size: len(r.Body), Body: r.Body}
	if r.Receipt != nil {
		rec := &r.Receipt.Receipt
		a.Activation, a.Trigger, a.End = rec.Activation, string(rec.Trigger), string(rec.End)
		a.Gas, a.DurationMs = rec.Gas, float64(rec.Duration.Microseconds())/1e3
	}
	return a
}

var levels = [...]string{"debug", "info", "warn", "error"}

// Logs implements api.Backend.
func (d Desk) Logs(_ context.Context, id string, after uint64, limit int) ([]api.LogLine, error) {
	lines, err := d.desk.Logs(id, after, limit)
	if err != nil {
		return nil, APIError(err)
	}
	out := make([]api.LogLine, 0, len(lines))
	for _, l := range lines {
		level := levels[min(max(l.Level, 0), len(levels)-1)]
		out = append(out, api.LogLine{Seq: l.Seq, Time: l.Time, Level: level, Text: l.Text})
	}
	return out, nil
}

// Request implements api.Backend.
func (d Desk) Request(_ context.Context, id string) (api.Request, error) {
	r, err := d.desk.Request(id)
	if err != nil {
		return api.Request{}, APIError(err)
	}
	return apiRequest(r), nil
}

func apiRequest(r terminal.Request) api.Request {
	a := api.Request{ID: r.ID, Kind: r.Op, App: r.App, Satellite: api.NodeID(r.Satellite), Size: r.Size,
		State: api.RequestState(r.State), Code: string(r.Code), Message: r.Message, Reply: r.Reply}
	if r.Tenant != 0 {
		a.Tenant = terminal.TenantID(r.Satellite, r.Tenant)
	}
	for _, s := range r.Stages {
		a.Stages = append(a.Stages, api.Stage{Name: api.StageName(s.Name), Time: s.Time, Node: api.NodeID(s.Node)})
	}
	return a
}

// Requests implements api.Backend.
func (d Desk) Requests(_ context.Context, limit int) ([]api.Request, error) {
	requests, err := d.desk.Requests()
	if err != nil {
		return nil, err
	}
	slices.Reverse(requests)
	out := make([]api.Request, 0, min(limit, len(requests)))
	for _, r := range requests[:min(limit, len(requests))] {
		out = append(out, apiRequest(r))
	}
	return out, nil
}
