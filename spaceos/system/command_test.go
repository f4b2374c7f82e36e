package system

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
)

func TestBadCommandsAreAnsweredAndChangeNothing(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("echo", on(byMessage)), "echo")
	good := g.command("alice", command.Command{Op: command.Call, Tenant: n})
	altered := bytes.Clone(good)
	altered[len(altered)-1] ^= 1
	for _, c := range []struct {
		name string
		raw  []byte
		want command.Code
	}{
		{"noise", []byte("hello"), command.Malformed},
		{"truncated", good[:len(good)-5], command.Malformed},
		{"altered", altered, command.BadSignature},
		{"wrong satellite", g.command("alice", command.Command{Op: command.Call, Tenant: n, Satellite: 90002}), command.WrongSatellite},
		{"expired", g.command("alice", command.Command{Op: command.Call, Tenant: n, Issued: dawn.Add(-time.Hour), Expires: dawn}), command.Expired},
		{"from the future", g.command("alice", command.Command{Op: command.Call, Tenant: n, Issued: dawn.Add(time.Hour)}), command.NotYet},
		{"another owner's tenant", g.command("bob", command.Command{Op: command.Call, Tenant: n}), command.TenantUnknown},
		{"another owner stops", g.command("bob", command.Command{Op: command.Stop, Tenant: n}), command.TenantUnknown},
		{"another owner removes", g.command("bob", command.Command{Op: command.Remove, Tenant: n}), command.TenantUnknown},
		{"another owner reads logs", g.command("bob", command.Command{Op: command.Logs, Tenant: n}), command.TenantUnknown},
		{"no such tenant", g.command("alice", command.Command{Op: command.Start, Tenant: 1000}), command.TenantUnknown},
		{"not a package", g.command("alice", command.Command{Op: command.Deploy, Body: []byte("zip")}), command.PackageForm},
		{"call too big", g.command("alice", command.Command{Op: command.Call, Tenant: n, Body: make([]byte, 65<<10)}), command.TooBig},
	} {
		r := g.obey("alice", c.raw)
		if r == nil {
			t.Errorf("%s: no reply", c.name)
		} else if r.Code != c.want || r.Message == "" {
			t.Errorf("%s: got %+v, want %s", c.name, r, c.want)
		}
	}
	if ts := g.sys.Tenants(); len(ts) != 1 || ts[0].State != command.Active || len(g.results()) != 0 {
		t.Errorf("something changed: %+v, %v", ts, g.results())
	}
	if r := g.order("bob", command.Command{Op: command.List}); r.Code != command.OK || len(r.Body) != 1 {
		t.Errorf("bob sees %+v", r)
	}
}

func TestReplaysAreAnsweredButNotRepeated(t *testing.T) {
	store := kv.NewMemory()
	g := newGround(t, options(store))
	n := g.deploy(app("count", on(byMessage)), "count n")
	raw := g.command("alice", command.Command{Op: command.Call, Tenant: n})
	first := g.obey("alice", raw)
	for _, restart := range []bool{false, true} {
		if restart {
			g.restart()
		}
		again := g.obey("ipn:9.9", raw)
		if again == nil || again.Code != command.OK || again.Request != first.Request {
			t.Errorf("replayed, restart %v: %+v", restart, again)
		}
	}
	if got := g.results(); !slices.Equal(got, []string{"64/1 returned n=1"}) {
		t.Errorf("got %q", got)
	}
	other := g.command("alice", command.Command{Op: command.Stop, Tenant: n, Request: first.Request})
	if r := g.obey("alice", other); r.Code != command.RequestConflict {
		t.Errorf("the request id for another command: %+v", r)
	}
	g.run(2 * time.Hour) // now it has expired, and is forgotten
	if r := g.obey("alice", raw); r.Code != command.Expired {
		t.Errorf("after it expired: %+v", r)
	}
	g.order("alice", command.Command{Op: command.List})
	left := 0
	g.check(store.Scan(key("h/", 0), func(_, _ []byte) error { left++; return nil }))
	if left != 0 {
		t.Errorf("%d requests are still remembered", left)
	}
	g.now = dawn // a clock that went back does not revive it
	g.restart()
	if r := g.obey("alice", raw); r.Code != command.Expired {
		t.Errorf("with the clock set back: %+v", r)
	}
}

func TestDuplicateInOneBatch(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("count", on(byMessage)), "count n")
	raw := g.command("alice", command.Command{Op: command.Call, Tenant: n})
	g.deliver(inboxes["alice"], command.Service, raw)
	g.deliver(inboxes["alice"], command.Service, raw)
	g.drain()
	if got := g.results(); !slices.Equal(got, []string{"64/1 returned n=1"}) {
		t.Errorf("got %q", got)
	}
}

func TestDuplicateDelivery(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("count", on(byMessage)), "count n")
	in := Inbound{ID: "bundle 1", Source: "ipn:5.1", Service: n, Payload: []byte("x")}
	for i := range 3 {
		g.check(g.sys.Message(g.now, in))
		g.drain()
		if i == 1 {
			g.restart()
		}
	}
	if got := g.results(); !slices.Equal(got, []string{"64/1 returned n=1"}) {
		t.Errorf("got %q", got)
	}
	if n := strings.Count(strings.Join(g.handled, ","), "bundle 1"); n != 3 {
		t.Errorf("handled %d times, want each time", n)
	}
}

func TestTooManyCommands(t *testing.T) {
	opt := options(kv.NewMemory())
	opt.Limits.Requests = 5
	g := newGround(t, opt)
	n := g.deploy(app("echo", on(byMessage)), "echo")
	var last *command.Reply
	for range 6 {
		last = g.order("alice", command.Command{Op: command.Call, Tenant: n})
	}
	if last.Code != command.Busy {
		t.Errorf("got %+v", last)
	}
	if r := g.order("alice", command.Command{Op: command.List}); r.Code != command.OK {
		t.Errorf("list: %+v", r)
	}
}

func TestUpdateKeepsDataAndNumber(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	v := func(counter uint64, changes ...func(*manifest.Manifest)) manifest.Manifest {
		return app("count", append(changes, on(byMessage), func(m *manifest.Manifest) { m.Counter = counter })...)
	}
	n := g.deploy(v(1), "count n")
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	if again := g.deploy(v(2), "count n\ncount n"); again != n {
		t.Errorf("the update has number %d", again)
	}
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	if got := g.results(); !slices.Equal(got, []string{"64/1 returned n=1", "64/2 returned n=2; n=3"}) {
		t.Errorf("got %q", got)
	}
	deploy := func(m manifest.Manifest, code, instance string) *command.Reply {
		return g.order("alice", command.Command{Op: command.Deploy, Instance: instance, Body: uplink(t, pack(t, m, code))})
	}
	if r := deploy(v(1), "count n", ""); r.Code != command.Code(gate.CounterRolledBack) || r.Tenant != n {
		t.Errorf("rolled back: %+v", r)
	}
	if r := deploy(v(2), "other code", ""); r.Code != command.Code(gate.CounterReused) {
		t.Errorf("counter reused: %+v", r)
	}
	if r := deploy(v(3, func(m *manifest.Manifest) { m.Limits.StorageBytes = 1 }), "x", ""); r.Code != command.Code(gate.QuotaStorage) {
		t.Errorf("smaller than what is stored: %+v", r)
	}
	if r := deploy(v(2), "count n\ncount n", ""); r.Code != command.OK || r.Tenant != n {
		t.Errorf("the same again: %+v", r)
	}
	if r := deploy(v(2), "count n\ncount n", "second"); r.Code != command.OK || r.Tenant == n {
		t.Errorf("another instance: %+v", r)
	}
	g.order("alice", command.Command{Op: command.Remove, Tenant: n})
	if r := deploy(v(1), "count n", ""); r.Code != command.Code(gate.CounterRolledBack) {
		t.Errorf("rolled back after removal: %+v", r)
	}
}

func TestRemoveLeavesNothingBehind(t *testing.T) {
	store := kv.NewMemory()
	g := newGround(t, options(store))
	n := g.deploy(app("messy", on(byMessage, byInstall)), "put a 1\nwrite f 2\nlog x\nwake 1h later\nexhaust")
	m := g.deploy(app("messy2", on(byMessage, byInstall)), "put a 1\nwrite f 2\nlog x\nwake 1h later")
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	g.deliver("ipn:5.5", n, []byte("waits"))
	for _, n := range []uint64{n, m} {
		if r := g.order("alice", command.Command{Op: command.Remove, Tenant: n}); r.Code != command.OK {
			t.Fatal(r)
		}
		for _, prefix := range append(tenantPrefixes(n), key("c/", 0)) {
			g.check(store.Scan(prefix, func(k, _ []byte) error {
				if n == m || !bytes.HasPrefix(k, key("c/", 0)) {
					t.Errorf("tenant %d left %q", n, k)
				}
				return nil
			}))
		}
	}
	if r := g.order("alice", command.Command{Op: command.Call, Tenant: n}); r.Code != command.TenantUnknown {
		t.Errorf("a call after removal: %+v", r)
	}
	if next := g.deploy(app("other", on(byMessage)), "echo"); next != m+1 {
		t.Errorf("number %d is given again", next)
	}
}

func TestCommandsWaitForTheActivation(t *testing.T) {
	for _, op := range []command.Op{command.Stop, command.Remove} {
		g := newGround(t, options(kv.NewMemory()))
		n := g.deploy(app("busy", on(byMessage)), "hang")
		g.hold = true
		g.order("alice", command.Command{Op: command.Call, Tenant: n})
		if r := g.order("alice", command.Command{Op: op, Tenant: n}); r != nil {
			t.Fatalf("%s is answered while the activation runs: %+v", op, r)
		}
		g.finish(g.held[0]) // it was told to end
		g.drain()
		var end sandbox.End
		var detail string
		var reply *command.Reply
		for _, m := range g.inbox {
			if m.Result != nil {
				end, detail = m.Result.Receipt.Receipt.End, m.Result.Report.Detail
			}
			if m.Reply != nil {
				reply = m.Reply
			}
		}
		if end != sandbox.Killed || !strings.Contains(detail, "ended by its owner's command") || reply.Code != command.OK {
			t.Errorf("%s: end %s %q, reply %+v", op, end, detail, reply)
		}
		if ts := g.sys.Tenants(); (op == command.Remove) != (len(ts) == 0) || op == command.Stop && (ts[0].State != command.Stopped || ts[0].Failures != 0) {
			t.Errorf("%s: tenants %+v", op, ts)
		}
	}
}

func TestStopWhileSensorsAreAwaited(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	m := app("watch", on(byMessage), func(m *manifest.Manifest) {
		m.Permissions.Sensors = []manifest.Sensor{{Name: "magnetometer", Interval: time.Second}}
	})
	n := g.deploy(m, "echo\nsensor magnetometer")
	g.mute = true
	g.order("alice", command.Command{Op: command.Call, Tenant: n, Body: []byte("q")})
	if r := g.order("alice", command.Command{Op: command.Stop, Tenant: n}); r.Code != command.OK {
		t.Fatal(r)
	}
	g.mute = false
	if r := g.order("alice", command.Command{Op: command.Start, Tenant: n}); r.Code != command.OK {
		t.Fatal(r)
	}
	g.run(time.Minute)
	if got := g.results(); !slices.Equal(got, []string{"64/1 returned q; magnetometer=[0]"}) {
		t.Errorf("got %q", got)
	}
}

func TestLogsAndList(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("chatty", on(byMessage)), "log one line\nlog another")
	for range 70 {
		g.order("alice", command.Command{Op: command.Call, Tenant: n})
		g.now = g.now.Add(time.Minute) // requests expire one by one
	}
	lines, err := command.DecodeLogs(g.order("alice", command.Command{Op: command.Logs, Tenant: n}).Body)
	if err != nil || len(lines) != 128 || lines[127].Text != "another" || lines[127].Activation != 70 || lines[0].Activation != 7 {
		t.Errorf("%d lines, %v: %+v", len(lines), err, lines)
	}
	lines, err = command.DecodeLogs(g.order("alice", command.Command{Op: command.Logs, Tenant: n, Max: 40}).Body)
	if err != nil || len(lines) != 1 {
		t.Errorf("of 40 bytes: %+v, %v", lines, err)
	}
	ts, err := command.DecodeTenants(g.order("alice", command.Command{Op: command.List}).Body)
	if err != nil || len(ts) != 1 || ts[0].Activations != 70 || ts[0].App != "chatty" || ts[0].Gas == 0 {
		t.Errorf("list %+v, %v", ts, err)
	}
}

type leaseUntil time.Time

func (l leaseUntil) CheckLease(time.Time, gate.LeaseQuery) (gate.LeaseTerms, error) {
	return gate.LeaseTerms{Until: time.Time(l)}, nil
}

func TestLeaseEnds(t *testing.T) {
	opt := options(kv.NewMemory())
	opt.Leases = leaseUntil(dawn.Add(150 * time.Second))
	g := newGround(t, opt)
	g.deploy(app("leased", on(byMinute)), "why")
	g.run(10 * time.Minute)
	if got := len(g.results()); got != 2 {
		t.Errorf("%d activations", got)
	}
	if ts := g.sys.Tenants(); ts[0].State != command.Stopped || !strings.Contains(ts[0].Reason, "lease ended") {
		t.Errorf("tenant %+v", ts[0])
	}
}

// Each altered byte of a deployed package ends in a typed refusal at the owner, and
// nothing is installed.
func TestAlteredPackagesAreRefusedByName(t *testing.T) {
	opt := options(kv.NewMemory())
	opt.Limits.Requests = 1 << 20
	g := newGround(t, opt)
	body := uplink(t, pack(t, app("echo", on(byMessage)), "echo and some more code to alter"))
	codes := map[command.Code]int{}
	for at := 0; at < len(body); at += 37 {
		b := bytes.Clone(body)
		b[at] ^= 0x21
		r := g.order("alice", command.Command{Op: command.Deploy, Body: b})
		if r == nil || r.Code == command.OK || r.Message == "" {
			t.Fatalf("byte %d altered: %+v", at, r)
		}
		codes[r.Code]++
	}
	for _, want := range []gate.Code{gate.Ed25519Invalid, gate.MLDSA65Invalid, gate.KeyMismatch} {
		if codes[command.Code(want)] == 0 {
			t.Errorf("no alteration gave %s: %v", want, codes)
		}
	}
	if len(g.sys.Tenants()) != 0 {
		t.Error("an altered package was installed")
	}
	if _, ok, _ := opt.Store.Get(keyMeta); ok {
		t.Error("a number was given to an altered package")
	}
}

func TestMissingSignatureReachesTheOwner(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	for i, want := range []gate.Code{gate.MLDSA65Missing, gate.Ed25519Missing} {
		p := *pack(t, app("echo"), "echo")
		p.Signatures = []spk.Signature{p.Signatures[i]}
		if r := g.order("alice", command.Command{Op: command.Deploy, Body: uplink(t, &p)}); r.Code != command.Code(want) {
			t.Errorf("got %+v, want %s", r, want)
		}
	}
}

// What comes from a control service is an answer gone astray. Two satellites that
// answered each other's answers would never end.
func TestAnswersAreNotAnswered(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	for _, from := range []string{"ipn:90001.1", "ipn:90002.1", "ipn:90002.0", "dtn:none"} {
		g.deliver(from, command.Service, []byte("an answer"))
		g.drain()
	}
	if len(g.inbox) > 0 || len(g.handled) != 4 {
		t.Errorf("answered %d of four, handled %d", len(g.inbox), len(g.handled))
	}
	g.deliver("ipn:3000001.2", command.Service, []byte("not a command"))
	if g.drain(); len(g.inbox) != 1 || g.inbox[0].Reply.Code != command.Malformed {
		t.Errorf("an owner is told: %+v", g.inbox)
	}
}
