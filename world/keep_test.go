package world

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spacechain/cloud/api"
	"spacechain/spaceos/command"
	"spacechain/terminal"
)

// A universe that is made again on its folder goes on: its time is after all that it
// lived through, its requests are there, and the nodes that it used are up.
func TestUniverseGoesOn(t *testing.T) {
	dir := t.TempDir()
	o := Options{Seed: 5, Topology: small(t), DataDir: dir}
	u := universe(t, o)
	r := submit(t, u, order(t, u, 1, command.Command{Op: command.List, Satellite: 90008}))
	live(t, u, dawn.Add(3*time.Hour))
	got, err := u.desk.Request(r.ID)
	if err != nil || got.State != terminal.Done {
		t.Fatalf("%+v, %v", got, err)
	}
	up := len(u.members)
	second := submit(t, u, order(t, u, 2, command.Command{Op: command.List, Satellite: 90021})) // is under way when it ends
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}

	again, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.Now().Before(dawn.Add(3*time.Hour)) || !again.start.Equal(dawn) {
		t.Errorf("it goes on at %v; it began at %v", again.Now(), again.start)
	}
	if len(again.members) != up || again.members[90008] == nil {
		t.Errorf("%d nodes are up, %d were", len(again.members), up)
	}
	if before, err := again.desk.Request(r.ID); err != nil || before.State != terminal.Done {
		t.Errorf("%+v, %v", before, err)
	}
	live(t, again, again.Now().Add(3*time.Hour))
	if after, err := again.desk.Request(second.ID); err != nil || after.State != terminal.Done {
		t.Errorf("%+v, %v", after, err)
	}
	if _, err := New(o); err == nil {
		t.Error("two universes in one folder")
	}
}

// What does not belong into a folder is refused, and the folder stays as it is.
func TestFolderOfAnotherUniverse(t *testing.T) {
	dir := t.TempDir()
	o := Options{Seed: 5, Topology: small(t), DataDir: dir}
	u := universe(t, o)
	if err := u.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "universe.json")
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Options){
		"seed":  func(o *Options) { o.Seed++ },
		"start": func(o *Options) { o.Topology.Start = dawn.Add(time.Hour) },
		"fleet": func(o *Options) { o.Topology.Sets = o.Topology.Sets[:20] },
	} {
		other := o
		change(&other)
		if _, err := New(other); err == nil || !strings.Contains(err.Error(), "another universe") {
			t.Errorf("another %s: %v", name, err)
		}
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed: %s, %v", after, err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "move the folder away") {
		t.Errorf("a file that is cut: %v", err)
	}
}

// Time that has passed is always within what the file reserves, so that a kill at any
// moment lets no node find itself before something that it remembers.
func TestTimeIsReserved(t *testing.T) {
	dir := t.TempDir()
	u := universe(t, Options{Seed: 5, Topology: small(t), DataDir: dir})
	looks := 0
	var look func()
	look = func() {
		looks++
		b, err := os.ReadFile(filepath.Join(dir, "universe.json"))
		if err != nil {
			t.Fatal(err)
		}
		var state clockState
		if err := json.Unmarshal(b, &state); err != nil {
			t.Fatal(err)
		}
		if now := u.loop.Now(); !state.Reserved.After(now) || state.Reserved.Sub(now) > clockAhead {
			t.Errorf("at %v time is reserved up to %v", now, state.Reserved)
		}
		u.loop.After(97*time.Second, look)
	}
	u.loop.After(0, look)
	if err := u.Run(context.Background(), dawn.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if looks < 70 {
		t.Errorf("looked %d times", looks)
	}
}

// The desk describes an app from its deployment on: on its way, installed, with results
// and a log, stopped, removed, or refused.
func TestDeskFollowsAnApp(t *testing.T) {
	pkg := shipped(t, "fieldwatch")
	ctx := context.Background()
	u := universe(t, Options{Seed: 5, Topology: small(t)})
	d := NewDesk(u.desk, Terminal)
	only := func(state api.TenantState) api.Tenant {
		t.Helper()
		all := must(d.Tenants(ctx))
		if len(all) != 1 || all[0].State != state || all[0].App != "fieldwatch" {
			t.Fatalf("tenants: %+v, want one that is %s", all, state)
		}
		return all[0]
	}
	r := submit(t, u, order(t, u, 1, command.Command{Op: command.Deploy, Satellite: 90003, Body: pkg}))
	if a := only(api.TenantPending); a.ID != r.ID || must(d.Tenant(ctx, r.ID)).State != api.TenantPending {
		t.Errorf("pending: %+v", a)
	}
	live(t, u, dawn.Add(30*time.Minute))
	a := only(api.TenantInstalled)
	if a.ID != "90003.65" || a.Satellite != 90003 || a.Installed == nil || a.Results < 10 || a.Activations < a.Results || a.GasUsed == 0 || a.Quota == 0 ||
		a.LastResult == nil || a.LastResult.Seq != a.Results || a.Request != r.ID {
		t.Errorf("installed: %+v", a)
	}
	results := must(d.Results(ctx, a.ID, 0, 5))
	if len(results) != 5 {
		t.Fatalf("%d results", len(results))
	}
	for i, x := range results {
		if x.Seq != uint64(i+1) || x.End != "returned" || !x.Verified || x.Gas == 0 || x.Size != len(x.Body) || !x.Received.After(x.Created) || x.Tenant != a.ID {
			t.Errorf("result: %+v", x)
		}
	}
	submit(t, u, order(t, u, 2, command.Command{Op: command.Stop, Satellite: 90003, Tenant: 65}))
	submit(t, u, order(t, u, 3, command.Command{Op: command.Deploy, Satellite: 90004, Body: pkg}))
	live(t, u, dawn.Add(60*time.Minute))
	if s := must(d.Tenant(ctx, a.ID)); s.State != api.TenantStopped || s.Detail != "stopped by its owner" {
		t.Errorf("stopped: %+v", s)
	}
	submit(t, u, order(t, u, 4, command.Command{Op: command.Remove, Satellite: 90003, Tenant: 65}))
	c := command.Command{Op: command.Deploy, Satellite: 90004, Body: pkg[:len(pkg)-1]}
	signed := order(t, u, 5, c)
	m := u.members[Terminal]
	m.host.Do(func(now time.Time) {
		if _, err := m.host.Core().(*terminal.Terminal).Submit(now, signed); err == nil {
			t.Error("half a package was accepted")
		}
	})
	live(t, u, dawn.Add(90*time.Minute))
	if s := must(d.Tenant(ctx, a.ID)); s.State != api.TenantRemoved {
		t.Errorf("removed: %+v", s)
	}
	if all := must(d.Tenants(ctx)); len(all) != 2 {
		t.Errorf("tenants: %+v", all)
	}
	if lines := must(d.Logs(ctx, a.ID, 0, 100)); len(lines) > 0 && (lines[0].Seq != 1 || lines[0].Level == "") {
		t.Errorf("log: %+v", lines[0])
	}
}
