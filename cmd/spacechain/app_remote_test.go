package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"spacechain/cloud/api"
	"spacechain/cloud/api/apitest"
	"spacechain/sdk"
	"spacechain/spaceos/build"
	"spacechain/spaceos/command"
	"spacechain/spaceos/spk"
)

// desk is a terminal behind the API that answers commands by itself: it opens them
// as a satellite would, and moves a request on by one stage with every look.
type desk struct {
	*apitest.Fake
	mu       sync.Mutex
	requests map[string]*api.Request
	ops      []command.Command
	tenants  []api.Tenant
	refuse   command.Code
}

func (d *desk) Submit(_ context.Context, b []byte) (string, error) {
	c, err := command.Open(b)
	if err != nil {
		return "", fmt.Errorf("%w: %w", api.ErrRejected, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ops = append(d.ops, *c)
	id := c.Request.String()
	d.requests[id] = &api.Request{ID: id, Kind: c.Op.String(), Satellite: api.NodeID(c.Satellite), Size: len(b),
		State: api.RequestPending, Stages: []api.Stage{{Name: api.StageQueued, Time: apitest.Start, Node: 3000001}}}
	if c.Op == command.Deploy {
		p, err := spk.Open(c.Body, spk.Limits{})
		if err != nil {
			return "", fmt.Errorf("%w: %w", api.ErrRejected, err)
		}
		if err := p.Verify(nil); err != nil {
			return "", fmt.Errorf("%w: %w", api.ErrRejected, err)
		}
		d.tenants = append(d.tenants, api.Tenant{ID: fmt.Sprintf("%d.64", c.Satellite), App: p.Manifest.App,
			Version: string(p.Manifest.Version), Satellite: api.NodeID(c.Satellite), State: api.TenantInstalled, Results: 1})
	}
	return id, nil
}

func (d *desk) Request(_ context.Context, id string) (api.Request, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.requests[id]
	if r == nil {
		return api.Request{}, api.ErrNotFound
	}
	seen := *r
	if len(r.Stages) < 4 {
		names := []api.StageName{api.StageUplinked, api.StageExecuted, api.StageResult}
		r.Stages = append(r.Stages, api.Stage{Name: names[len(r.Stages)-1], Time: apitest.Start, Node: 90001})
		r.Next = &api.Expectation{Name: api.StageReplied, Time: apitest.Start, Text: "pass over Svalbard"}
	} else if r.State = api.RequestDone; d.refuse != "" {
		r.State, r.Code, r.Message = api.RequestFailed, string(d.refuse), "not today"
	} else {
		r.Tenant = fmt.Sprintf("%d.64", r.Satellite)
	}
	d.Emit(api.Event{Kind: api.EventRequest, Request: &api.Request{ID: id}})
	return seen, nil
}

func (d *desk) Tenants(context.Context) ([]api.Tenant, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]api.Tenant{}, d.tenants...), nil
}

func (d *desk) Tenant(_ context.Context, id string) (api.Tenant, error) {
	list, _ := d.Tenants(context.Background())
	for _, t := range list {
		if t.ID == id {
			return t, nil
		}
	}
	return api.Tenant{}, api.ErrNotFound
}

func (d *desk) Results(_ context.Context, id string, _ uint64, _ int) ([]api.Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := d.ops[len(d.ops)-1]
	return []api.Result{
		{Seq: 1, Tenant: id, End: "returned", Body: []byte("something else")},
		{Seq: 2, Tenant: id, End: "returned", Body: append([]byte("you said "), last.Body...), Request: last.Request.String()},
	}, nil
}

func (d *desk) Logs(_ context.Context, _ string, after uint64, _ int) ([]api.LogLine, error) {
	if after >= 2 {
		return nil, nil
	}
	return []api.LogLine{{Seq: 1, Time: apitest.Start, Level: "info", Text: "first"}, {Seq: 2, Time: apitest.Start, Level: "warn", Text: "second"}}[after:], nil
}

// remote serves a desk and gives a way to run command lines against it.
func remote(t *testing.T) (*desk, func(args ...string) (code int, stdout, stderr string)) {
	t.Helper()
	d := &desk{Fake: apitest.New(apitest.Options{Wall: time.Now}), requests: map[string]*api.Request{}}
	srv, err := api.New(api.Options{Backend: d})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Run(ctx) }()
	web := httptest.NewServer(srv.Handler())
	t.Cleanup(func() { web.CloseClientConnections(); web.Close(); cancel(); <-done })
	data := t.TempDir()
	call := func(args ...string) (int, string, string) {
		t.Helper()
		args = append(args, "--data-dir", data)
		if args[0] == "app" {
			args = append(args, "--api", web.URL)
		}
		if strings.Contains(strings.Join(args[:2], " "), "app list") || args[1] == "logs" {
			args = append(args[:len(args)-4], args[len(args)-2:]...) // these read no keys
		}
		var out, errOut bytes.Buffer
		code := run(t.Context(), args, strings.NewReader("from stdin"), &out, &errOut)
		return code, out.String(), errOut.String()
	}
	if code, _, text := call("key", "new"); code != 0 {
		t.Fatal(text)
	}
	return d, call
}

func TestDeployAndCall(t *testing.T) {
	d, call := remote(t)
	dir := filepath.Join(t.TempDir(), "hello")
	if _, err := build.Init(dir, build.JavaScript, "org.example.hello", sdk.FS); err != nil {
		t.Fatal(err)
	}
	want := func(wantCode int, wantOut, wantErr string, args ...string) string {
		t.Helper()
		code, out, errOut := call(args...)
		if code != wantCode || !strings.Contains(out, wantOut) || !strings.Contains(errOut, wantErr) {
			t.Fatalf("%v: exit %d, want %d\nstdout (want %q): %s\nstderr (want %q): %s", args, code, wantCode, wantOut, out, wantErr, errOut)
		}
		return out
	}
	want(0, "", "nothing is deployed", "app", "list")
	want(1, "", "spacechain sat list", "app", "deploy", dir, "--sat", "12345")
	want(0, "org.example.hello 0.1.0 runs on satellite 90001 as tenant 90001.64", "executed", "app", "deploy", dir, "--sat", "90001")
	want(0, "90001.64", "", "app", "list")
	var list tenants
	if err := json.Unmarshal([]byte(want(0, "", "", "app", "list", "--json")), &list); err != nil || len(list.Tenants) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if out := want(0, "you said hi", "expect replied", "app", "call", "hello", "hi"); out != "you said hi\n" {
		t.Errorf("the answer is %q", out)
	}
	want(0, "you said from stdin", "", "app", "call", "90001.64", "-")
	want(0, `"end": "returned"`, "", "app", "call", "hello", "hi", "--json")
	want(1, "", "app list", "app", "call", "nobody", "hi")
	want(0, `"state": "pending"`, "", "app", "call", "hello", "hi", "--no-wait", "--json")
	want(0, "rests", "", "app", "stop", "hello")
	want(0, "runs again", "", "app", "start", "org.example.hello")
	want(0, "warn   second", "", "app", "logs", "hello")
	want(0, `"seq": 2`, "", "app", "logs", "hello", "--json")

	first := d.ops[0]
	if first.ReplyTo != "ipn:3000001.2" || first.Issued.IsZero() || first.Expires.Sub(first.Issued) != 24*time.Hour {
		t.Errorf("the deployment was %+v", first)
	}
	seen := map[command.RequestID]bool{}
	for _, c := range d.ops {
		if c.Owner != first.Owner || seen[c.Request] {
			t.Errorf("%s has owner %s, request %s", c.Op, c.Owner, c.Request)
		}
		seen[c.Request] = true
		if c.Op != command.Deploy && c.Tenant != 64 {
			t.Errorf("%s names tenant %d", c.Op, c.Tenant)
		}
	}

	d.mu.Lock()
	d.refuse = "tenant-unknown"
	d.mu.Unlock()
	want(1, "", "tenant-unknown: not today", "app", "remove", "hello")
}
