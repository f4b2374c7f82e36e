package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
)

type tenantInput struct {
	ID string `path:"id" minLength:"1" maxLength:"128" doc:"Tenant id"`
}

type tenantPageInput struct {
	ID    string `path:"id" minLength:"1" maxLength:"128" doc:"Tenant id"`
	After uint64 `query:"after" doc:"Only what has a higher seq"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"At most so many, oldest first"`
}

type tenantList struct {
	Tenants []Tenant `json:"tenants" nullable:"false" doc:"By id"`
}

type resultList struct {
	Results []Result `json:"results" nullable:"false" doc:"Oldest first"`
}

type logList struct {
	Lines []LogLine `json:"lines" nullable:"false" doc:"Oldest first"`
}

func (s *Server) registerTenants() {
	b, notFound := s.opt.Backend, []int{http.StatusNotFound}
	get(s, "list-tenants", "/api/v1/tenants", "tenants", "Apps known to the terminal; last results without bodies", nil,
		func(ctx context.Context, _ *struct{}) (*body[tenantList], error) {
			v, err := b.Tenants(ctx)
			if err != nil {
				return nil, s.problem("list tenants", err)
			}
			out := make([]Tenant, len(v))
			for i := range v {
				out[i] = v[i].withoutBody()
			}
			return &body[tenantList]{tenantList{out}}, nil
		})
	get(s, "get-tenant", "/api/v1/tenants/{id}", "tenants", "One tenant", notFound,
		func(ctx context.Context, in *tenantInput) (*body[Tenant], error) {
			v, err := b.Tenant(ctx, in.ID)
			if err != nil {
				return nil, s.problem("read tenant", err)
			}
			return &body[Tenant]{v.withJSON()}, nil
		})
	get(s, "list-results", "/api/v1/tenants/{id}/results", "tenants", "Results of a tenant", notFound,
		func(ctx context.Context, in *tenantPageInput) (*body[resultList], error) {
			v, err := b.Results(ctx, in.ID, in.After, in.Limit)
			if err != nil {
				return nil, s.problem("list results", err)
			}
			out := make([]Result, min(len(v), in.Limit))
			for i := range out {
				out[i] = v[i].withJSON()
			}
			return &body[resultList]{resultList{out}}, nil
		})
	get(s, "list-logs", "/api/v1/tenants/{id}/logs", "tenants", "Log lines of a tenant", notFound,
		func(ctx context.Context, in *tenantPageInput) (*body[logList], error) {
			v, err := b.Logs(ctx, in.ID, in.After, in.Limit)
			if err != nil {
				return nil, s.problem("list logs", err)
			}
			return &body[logList]{logList{list(v[:min(len(v), in.Limit)])}}, nil
		})
}

// withJSON gives the tenant with its last result's JSON filled in.
func (t Tenant) withJSON() Tenant {
	if t.LastResult != nil {
		last := t.LastResult.withJSON()
		t.LastResult = &last
	}
	return t
}

// withoutBody gives the tenant with its last result's body left out, for lists
// and events: a result may be an image.
func (t Tenant) withoutBody() Tenant {
	if t.LastResult != nil {
		last := t.LastResult.withoutBody()
		t.LastResult = &last
	}
	return t
}

// withoutBody gives the result with its size only.
func (r Result) withoutBody() Result {
	r.Size, r.Body, r.JSON = len(r.Body), []byte{}, nil
	return r
}

// withJSON gives the result with JSON filled in where the body is JSON.
func (r Result) withJSON() Result {
	r.JSON = asJSON(r.Body)
	r.Size = len(r.Body)
	if r.Body == nil {
		r.Body = []byte{}
	}
	return r
}

// asJSON returns b if it is one JSON object or array, and nil otherwise. Bare
// numbers and strings are left alone: text that happens to be a number is text.
func asJSON(b []byte) json.RawMessage {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || (b[0] != '{' && b[0] != '[') || !json.Valid(b) {
		return nil
	}
	return b
}
