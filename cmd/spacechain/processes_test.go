package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/cloud/api"
)

// child is a process of the program that a test starts, kills and starts again.
type child struct {
	name  string
	start func() *exec.Cmd
	cmd   *exec.Cmd
	log   *os.File
}

// spawn starts a child; it ends with the test at the latest, and a failed test shows
// what it said.
func spawn(t *testing.T, name string, start func() *exec.Cmd) *child {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	c := &child{name: name, start: start, log: log}
	t.Cleanup(func() {
		c.kill(t)
		if said, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s said:\n%s", name, said)
		}
		log.Close()
	})
	c.run(t)
	return c
}

func (c *child) run(t *testing.T) {
	t.Helper()
	c.cmd = c.start()
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	if err := c.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", c.name, err)
	}
}

// kill ends the child as kill -9 does. It must have been running until then.
func (c *child) kill(t *testing.T) {
	if c.cmd == nil {
		return
	}
	err := c.cmd.Process.Kill()
	if state := c.cmd.Wait(); err != nil || !strings.Contains(fmt.Sprint(state), "killed") {
		t.Errorf("%s ended by itself: %v", c.name, state)
	}
	c.cmd = nil
}

// ledger is what a test has been told: requests that were acknowledged, tenants and
// results that it saw. None of it may be lost.
type ledger struct {
	base     string
	requests map[string]api.RequestState
	tenants  map[string]bool
	results  map[string][]callResult // of a tenant, from the first on
}

func newLedger(base string) *ledger {
	return &ledger{base: base, requests: map[string]api.RequestState{}, tenants: map[string]bool{}, results: map[string][]callResult{}}
}

// impatient is a client that does not wait for a server which hangs.
var impatient = http.Client{Timeout: 20 * time.Second}

// get reads one document; ok is false while nobody answers.
func (l *ledger) get(t *testing.T, path string, v any) (ok bool) {
	t.Helper()
	resp, err := impatient.Get(l.base + path) //nolint:noctx // a test's own server
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode == http.StatusServiceUnavailable {
		return false
	}
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s: %s", path, resp.Status, body)
	}
	if err := json.Unmarshal(body, v); err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return true
}

// audit checks that everything which was seen is still there as it was, and notes what
// is new. It reports false if nobody answers.
func (l *ledger) audit(t *testing.T) bool {
	t.Helper()
	for id, before := range l.requests {
		var r api.Request
		if !l.get(t, "/api/v1/requests/"+id, &r) {
			return false
		}
		if before != api.RequestPending && r.State != before {
			t.Fatalf("request %s was %s and is %s", id, before, r.State)
		}
		l.requests[id] = r.State
	}
	var list tenants
	if !l.get(t, "/api/v1/tenants", &list) {
		return false
	}
	for id := range l.tenants {
		if !slices.ContainsFunc(list.Tenants, func(x api.Tenant) bool { return x.ID == id && x.State == api.TenantInstalled }) {
			t.Fatalf("tenant %s is gone: %+v", id, list.Tenants)
		}
	}
	for _, tenant := range list.Tenants {
		if tenant.State != api.TenantInstalled {
			continue
		}
		l.tenants[tenant.ID] = true
		var page struct {
			Results []callResult `json:"results"`
		}
		if !l.get(t, "/api/v1/tenants/"+tenant.ID+"/results?after=0&limit=1000", &page) {
			return false
		}
		seen := l.results[tenant.ID]
		if len(page.Results) < len(seen) {
			t.Fatalf("%d results of %s were home, now %d are", len(seen), tenant.ID, len(page.Results))
		}
		for i, was := range seen {
			if is := page.Results[i]; !reflect.DeepEqual(is, was) {
				t.Fatalf("result %d of %s was\n%+v and is\n%+v", i+1, tenant.ID, was, is)
			}
		}
		l.results[tenant.ID] = page.Results
	}
	return true
}

// open is the number of requests without an answer, and of calls without a result.
func (l *ledger) open(calls map[string]bool) int {
	home, open := l.home(), 0
	for id, state := range l.requests {
		if state == api.RequestPending || calls[id] && home[id] == 0 {
			open++
		}
	}
	return open
}

// home counts the results that answer each call.
func (l *ledger) home() map[string]int {
	home := map[string]int{}
	for _, results := range l.results {
		for _, r := range results {
			home[r.Request]++
		}
	}
	return home
}

// answered reports whether every acknowledged request is done and, if it was a call,
// its result is home exactly once.
func (l *ledger) answered(t *testing.T, calls map[string]bool) bool {
	t.Helper()
	if !l.audit(t) {
		return false
	}
	for id, n := range l.home() {
		if calls[id] && n > 1 {
			t.Fatalf("call %s was answered %d times", id, n)
		}
	}
	for id, state := range l.requests {
		if state == api.RequestFailed {
			var r api.Request
			l.get(t, "/api/v1/requests/"+id, &r)
			t.Fatalf("request %s has failed: %+v", id, r)
		}
	}
	return l.open(calls) == 0
}

// patience bounds how long a test waits for what must come, on the slowest machine.
const patience = 4 * time.Minute

// await waits until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}

// TestProcesses runs docs/processes.md: a satellite's payload, its platform, a station
// and a terminal as processes that exchange link bytes only. Then each is killed while
// calls are under way.
func TestProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("runs four processes through several passes")
	}
	needEngine(t)
	t.Parallel() // it mostly waits for passes
	p := readPage(t, "processes.md")
	p.write(t)
	base := "http://" + p.ports["127.0.0.1:8490"]
	var children []*child
	var said strings.Builder
	for _, b := range p.blocks {
		switch b.info {
		case "sh process":
			dir, line := p.dir, "exec "+b.text
			children = append(children, spawn(t, strings.TrimSpace(b.text), func() *exec.Cmd {
				cmd := p.command(line)
				cmd.Dir = dir
				return cmd
			}))
		case "sh":
			if len(children) > 0 {
				if err := awaitURL(base + "/healthz"); err != nil {
					t.Fatal(err)
				}
			}
			said.WriteString(p.run(t, b))
		}
	}
	if len(children) != 4 {
		t.Fatalf("the page starts %d processes, want 4", len(children))
	}
	for _, want := range []string{"runs on satellite 90001 as tenant 90001.65", `"app":"fieldwatch"`, "fieldwatch  1.0.0"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("the page's commands did not print %q", want)
		}
	}

	l, calls := newLedger(base), map[string]bool{}
	call := func() {
		await(t, "the terminal takes a call", func() bool {
			out, err := p.command("spacechain app call fieldwatch '{\"query\":\"track\",\"last\":5}' --no-wait --json --api " + base).Output()
			var r api.Request
			if err != nil || json.Unmarshal(out, &r) != nil || r.ID == "" {
				return false
			}
			calls[r.ID], l.requests[r.ID] = true, api.RequestPending
			return true
		})
	}
	rng := rand.New(rand.NewPCG(2, 0))
	killEach := func() {
		for _, c := range children {
			call()
			time.Sleep(time.Duration(rng.IntN(200)) * time.Millisecond)
			await(t, "the terminal answers", func() bool { return l.audit(t) })
			c.kill(t)
			c.run(t)
			call()
		}
	}
	killEach() // in a pass, on a machine that is not too slow
	await(t, "the pass is over", func() bool {
		var u api.Universe
		return l.get(t, "/api/v1/universe", &u) && u.Time.After(time.Date(2026, 1, 1, 0, 59, 0, 0, time.UTC))
	})
	killEach()
	await(t, "every call is answered", func() bool { return l.answered(t, calls) })
	call()
	await(t, "the app answers after all have been killed", func() bool { return l.answered(t, calls) })
}
