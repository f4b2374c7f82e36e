package system

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
)

func TestDeployRunAnswer(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("echo", on(byMessage, byMinute)), "why\necho\ncount n\nlog here")
	if n != FirstTenant {
		t.Fatalf("tenant %d", n)
	}
	r := g.order("alice", command.Command{Op: command.Call, Tenant: n, Body: []byte("hello")})
	if r.Code != command.OK || r.Tenant != n {
		t.Fatalf("call: %+v", r)
	}
	g.run(2 * time.Minute)
	want := []string{"64/1 returned message query; hello; n=1", "64/2 returned schedule tick; ; n=2", "64/3 returned schedule tick; ; n=3"}
	if got := g.results(); !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	var call *command.ResultMessage
	for _, m := range g.inbox {
		if m.Result != nil && m.Result.Receipt.Receipt.Activation == 1 {
			call = m.Result
		}
	}
	if call.Report.Request != r.Request {
		t.Error("the result does not name the call")
	}
	rec := call.Receipt.Receipt
	if rec.Gas != 4000 || rec.Duration != 4*time.Millisecond || rec.GasLimit != 1_000_000 || rec.BytesStored == 0 || len(call.Report.Logs) != 1 {
		t.Errorf("receipt %+v, report %+v", rec, call.Report)
	}
}

func TestFailedActivationLeavesNothingButItsReceipt(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("bad", on(byMessage)), "count n\nsend owner lost\nwake 5s w\nlog last words\ntrap")
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	if got := g.results(); !slices.Equal(got, []string{"64/1 trapped"}) {
		t.Fatalf("got %q", got)
	}
	ts := g.sys.Tenants()
	if ts[0].Stored != 0 || ts[0].Failures != 1 || ts[0].State != command.Backoff || !ts[0].Next.IsZero() {
		t.Errorf("tenant %+v", ts[0])
	}
	for _, m := range g.inbox {
		if m.App != nil {
			t.Error("the message of a failed activation was sent")
		}
		if m.Result != nil && (m.Result.Report.Detail != "unreachable" || m.Result.Report.Logs[0].Text != "last words") {
			t.Errorf("report %+v", m.Result.Report)
		}
	}
}

func TestWatchdogBacksOffThenStops(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("bad", on(byMinute)), "trap")
	g.run(3 * time.Hour)
	var ended []time.Duration
	for _, e := range g.events {
		if e.Kind == EventActivated {
			ended = append(ended, e.Time.Sub(dawn).Truncate(time.Second))
		}
	}
	// 10 s, 20 s, 40 s end before the next minute begins or while it is due; the fifth failure stops it.
	want := []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute, 5*time.Minute + 20*time.Second}
	if !slices.Equal(ended, want) {
		t.Errorf("activations at %v, want %v", ended, want)
	}
	last := g.inbox[len(g.inbox)-1]
	if last.Notice == nil || last.Notice.Code != command.NoticeStopped || !strings.Contains(last.Notice.Message, "5 failures in a row, the last: trapped: unreachable") {
		t.Fatalf("last word: %+v", last.Notice)
	}
	if r := g.order("alice", command.Command{Op: command.Call, Tenant: n}); r.Code != command.NotCallable && r.Code != command.TenantStopped {
		t.Errorf("a call to a stopped tenant: %+v", r)
	}
	before := len(g.results())
	if r := g.order("alice", command.Command{Op: command.Start, Tenant: n}); r.Code != command.OK {
		t.Fatal(r)
	}
	g.run(2 * time.Minute)
	if len(g.results()) <= before {
		t.Error("a started tenant does not run")
	}
}

func TestQuotasOfStorageAndMessages(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("greedy", on(byMessage)), "fill 5000\nfill 4000\nput more yes\nflood 5\nsend owner x")
	for range 4 {
		g.order("alice", command.Command{Op: command.Call, Tenant: n})
	}
	want := []string{
		"64/1 returned fill: quota used up; sent=3; send: quota used up", // 3 per activation
		"64/2 returned fill: quota used up; sent=3; send: quota used up",
		"64/3 returned fill: quota used up; sent=3; send: quota used up",
		"64/4 returned fill: quota used up; sent=1; send: rate limit", // 10 per hour
	}
	got := g.results()
	for i := range got {
		got[i] = strings.Replace(got[i], "; put: quota used up", "", 1)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	g.run(time.Hour)
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	if got := g.results(); !strings.Contains(got[len(got)-1], "sent=3") {
		t.Errorf("in the next hour: %q", got[len(got)-1])
	}
	if s := g.sys.Tenants()[0].Stored; s > 4096 || s < 4000 {
		t.Errorf("stored %d", s)
	}
}

func TestPeersOnlyAsGranted(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	m := app("talker", on(byMessage), func(m *manifest.Manifest) { m.Permissions.Peers = []string{"ipn:3000005.*"} })
	n := g.deploy(m, "send ipn:3000005.9 hi\nsend ipn:3000006.9 hi\nsend nowhere hi\nsend owner hi")
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	if got := g.results(); got[0] != "64/1 returned send: not permitted; send: invalid argument" {
		t.Errorf("got %q", got)
	}
	if len(g.peers) != 1 || g.peers[0].Destination != "ipn:3000005.9" || string(g.peers[0].Payload) != "hi" || g.peers[0].Service != n {
		t.Errorf("sent %+v", g.peers)
	}
}

func TestMessagesQueueAndAreReceived(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("reader", on(byMessage)), "echo\nreceive\nreceive\nreceive")
	for i := range 3 {
		g.deliver(fmt.Sprintf("ipn:%d.7", 5+i), n, fmt.Appendf(nil, "m%d", i))
	}
	g.drain()
	want := "64/1 returned m0; ipn:6.7 says m1; ipn:7.7 says m2; receive: not found"
	if got := g.results(); len(got) != 1 || got[0] != want {
		t.Errorf("got %q", got)
	}
	if len(g.handled) != 4 {
		t.Errorf("handled %v", g.handled)
	}
}

func TestUngrantedMessagesAreDropped(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("silent", on(byMinute)), "echo")
	id := g.deliver("ipn:5.1", n, []byte("x"))
	g.deliver("ipn:5.1", 99, []byte("x"))
	g.deliver("nobody", n, []byte("x"))
	g.drain()
	dropped := 0
	for _, e := range g.events {
		if e.Kind == EventDropped {
			dropped++
		}
	}
	if dropped != 3 || !slices.Contains(g.handled, id) || len(g.results()) != 0 {
		t.Errorf("dropped %d, handled %v, results %v", dropped, g.handled, g.results())
	}
}

func TestFullQueueTellsTheOwnerOnce(t *testing.T) {
	opt := options(kv.NewMemory())
	opt.Limits.QueueMessages = 4
	g := newGround(t, opt)
	n := g.deploy(app("slow", on(byMessage)), "echo")
	g.hold = true
	for range 10 {
		g.deliver("ipn:5.1", n, []byte("x"))
	}
	g.drain()
	notices := 0
	for _, m := range g.inbox {
		if m.Notice != nil && m.Notice.Code == command.NoticeDropped {
			notices++
		}
	}
	if notices != 1 {
		t.Errorf("%d notices", notices)
	}
	for i, want := range []command.Code{command.OK, command.Busy} { // the last place is the owner's
		if r := g.order("alice", command.Command{Op: command.Call, Tenant: n}); r.Code != want {
			t.Errorf("call %d to a queue full of messages: %+v", i, r)
		}
	}
}

func TestSensorsAtTheirRates(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	m := app("watch", on(byMessage), func(m *manifest.Manifest) {
		m.Permissions.Sensors = []manifest.Sensor{{Name: "magnetometer", Interval: time.Minute}}
	})
	n := g.deploy(m, "sensor magnetometer\nsensor camera\nsensor magnetometer")
	call := func() string {
		g.order("alice", command.Command{Op: command.Call, Tenant: n})
		got := g.results()
		return strings.SplitN(got[len(got)-1], " ", 3)[2]
	}
	if got := call(); got != "magnetometer=[0]; sensor: not permitted; magnetometer=[0]" {
		t.Errorf("first: %q", got)
	}
	if got := call(); got != "sensor: rate limit; sensor: not permitted; sensor: rate limit" {
		t.Errorf("at once again: %q", got)
	}
	g.run(time.Minute)
	if got := call(); got != "magnetometer=[60]; sensor: not permitted; magnetometer=[60]" {
		t.Errorf("a minute later: %q", got)
	}
	g.mute = true // the platform does not answer
	g.run(time.Minute)
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	g.run(10 * time.Second)
	if got := g.results(); !strings.HasSuffix(got[len(got)-1], "sensor: busy; sensor: not permitted; sensor: busy") {
		t.Errorf("no answer: %q", got[len(got)-1])
	}
}

func TestWakesAndSubscriptions(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("waker", on(byInstall, manifest.Trigger{Name: "dusk", Kind: manifest.EclipseBegin, Optional: true})),
		"why\nwake 90s again\nwake 90s other\nregion 46 10 100 alps\nsubscribe dusk\nsubscribe nothing")
	g.run(time.Second)
	g.order("alice", command.Command{Op: command.Deploy, Body: uplink(t, pack(t, app("waker", on(byInstall, manifest.Trigger{Name: "dusk", Kind: manifest.EclipseBegin, Optional: true}),
		func(m *manifest.Manifest) { m.Counter = 2 }), "why"))})
	g.run(40 * time.Minute)
	want := []string{"64/1 returned install first; subscribe: not found", "64/2 returned install first",
		"64/3 returned wake again", "64/4 returned wake other", "64/5 returned orbit dusk", "64/6 returned wake alps", "64/7 returned orbit dusk"}
	if got := g.results(); !slices.Equal(got, want) {
		t.Errorf("tenant %d: got %q", n, got)
	}
}

func TestSealedIsOpenedByTheTenantAlone(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	a := g.deploy(app("keeper", on(byMessage)), "seal s the secret\nopen s\nput s forged\nopen s")
	g.order("alice", command.Command{Op: command.Call, Tenant: a})
	if got := g.results(); got[0] != "64/1 returned the secret; open: authentication failed;" {
		t.Errorf("got %q", got)
	}
	j := func(n, activation uint64) *host {
		return &host{sys: fixed{key: satelliteKey}, tenant: n, activation: activation}
	}
	one, _ := j(64, 1).Seal([]byte("x"))
	if _, e := j(65, 1).OpenSealed(one); e != sandbox.EBadAuth {
		t.Error("a neighbour opens it:", e)
	}
	again, _ := j(64, 1).Seal([]byte("y"))
	if bytes.Equal(one[:12], again[:12]) {
		t.Error("one nonce for two texts")
	}
}

func TestFilesAreFlat(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("writer", on(byMessage)), "write a.txt one\nwrite ../b two\nwrite .. x\nread /etc/passwd\nread a.txt\nfiles\nput a key\nkeys\nremove a.txt\nfiles\nread a.txt")
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	want := "64/1 returned write: invalid argument; write: invalid argument; read: invalid argument; /etc/passwd=; a.txt=one; files=[a.txt]; keys=[a]; files=[]; read: not found; a.txt="
	if got := g.results(); got[0] != want {
		t.Errorf("got  %q\nwant %q", got[0], want)
	}
}

func TestWallLimitEndsAnActivation(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("stuck", on(byMessage)), "hang")
	g.hold = true
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	done := make(chan Result)
	go func() { done <- g.held[0].Run(scriptEngine{}) }()
	g.run(2 * time.Minute)
	g.check(g.sys.Finish(g.now, <-done))
	g.drain()
	got := g.inbox[len(g.inbox)-1].Result
	if got == nil || got.Receipt.Receipt.End != sandbox.Killed || got.Report.Detail != "it ran longer than 1m0s" {
		t.Errorf("got %+v", got)
	}
}

func TestHeavyTenantDoesNotStarveLightOnes(t *testing.T) {
	opt := options(kv.NewMemory())
	opt.Limits.Workers = 1
	opt.Limits.QueueMessages, opt.Policy.PerTenant.GasPerActivation = 1000, 1e9
	g := newGround(t, opt)
	heavy := g.deploy(app("heavy", on(byMessage), func(m *manifest.Manifest) { m.Limits.GasPerActivation = 1e9 }), "gas 98000")
	light := g.deploy(app("light", on(byMessage)), "gas 8000")
	for _, n := range []uint64{heavy, light} {
		for range 100 {
			g.deliver(inboxes["alice"], command.Service, g.command("alice", command.Command{Op: command.Call, Tenant: n}))
		}
	}
	gas := map[uint64]uint64{}
	for range 60 { // 60 activations, one at a time
		r, err := g.sys.Ready()
		g.check(err)
		g.take(r)
		if len(r.Jobs) != 1 {
			t.Fatalf("%d jobs", len(r.Jobs))
		}
		res := r.Jobs[0].Run(scriptEngine{})
		gas[r.Jobs[0].Tenant] += res.Outcome.GasUsed
		g.check(g.sys.Finish(g.now, res))
	}
	if h, l := gas[heavy], gas[light]; h > 2*l || l > 2*h {
		t.Errorf("heavy used %d gas, light %d", h, l)
	}
}

func TestRuntimeAsPackage(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	js := uplink(t, pack(t, app("hello", func(m *manifest.Manifest) { m.Runtime = manifest.RuntimeJS }), "why"))
	if r := g.order("alice", command.Command{Op: command.Deploy, Body: js}); r.Code != "runtime-unknown" {
		t.Fatalf("without the runtime: %+v", r)
	}
	engine := pack(t, app("quickjs", func(m *manifest.Manifest) {
		m.Permissions.Roles, m.Provides = []string{manifest.RoleRuntime}, manifest.RuntimeJS
	}), "engine code")
	n, err := g.sys.Preinstall(g.now, engine.Encode(), command.OwnerOf(owners["bob"]), inboxes["bob"], "")
	if err != nil {
		t.Fatal(err)
	}
	r, err := g.sys.Ready()
	if err != nil || len(r.Runtimes) != 1 || r.Runtimes[0].Name != manifest.RuntimeJS || string(r.Runtimes[0].Code) != "engine code" {
		t.Fatalf("runtimes %+v, %v", r.Runtimes, err)
	}
	if again, err := g.sys.Preinstall(g.now, engine.Encode(), command.OwnerOf(owners["bob"]), inboxes["bob"], ""); err != nil || again != n {
		t.Error(again, err)
	}
	if r := g.order("alice", command.Command{Op: command.Deploy, Body: js}); r.Code != command.OK {
		t.Fatalf("with the runtime: %+v", r)
	}
	if r := g.order("bob", command.Command{Op: command.Remove, Tenant: n}); r.Code != RuntimeInUse {
		t.Errorf("remove a runtime in use: %+v", r)
	}
	g.restart()
	if r, err := g.sys.Ready(); err != nil || len(r.Runtimes) != 1 {
		t.Errorf("after a restart: %+v, %v", r.Runtimes, err)
	}
}

func TestWakesWithAndWithoutLabels(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("waker", on(byMessage)), "why\nwake 10m\nwake 20m\nwake 30m a\nwake 40m a")
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	if w := g.sys.byNo[n].wakes; len(w) != 3 || w[2].label != "a" || !w[2].at.Equal(dawn.Add(40*time.Minute)) {
		t.Errorf("wakes %+v", w)
	}
}

// moving fires orbit triggers at a time that can be changed.
type moving struct{ at time.Time }

func (m *moving) Next(_ manifest.Trigger, after time.Time) (time.Time, bool) {
	return m.at, m.at.After(after)
}

func TestReplanMovesOrbitEvents(t *testing.T) {
	opt := options(kv.NewMemory())
	orbit := &moving{dawn.Add(time.Hour)}
	opt.Orbit = orbit
	g := newGround(t, opt)
	g.deploy(app("passer", on(manifest.Trigger{Name: "home", Kind: manifest.Pass, Station: manifest.AnyStation})), "why")
	orbit.at = dawn.Add(10 * time.Minute)
	g.check(g.sys.Replan(g.now))
	g.run(20 * time.Minute)
	if got := g.results(); !slices.Equal(got, []string{"64/1 returned orbit home"}) {
		t.Fatalf("got %q", got)
	}
	if next, ok := g.sys.NextWake(); !ok || !next.Equal(dawn.Add(10*time.Minute+6*time.Hour)) {
		t.Errorf("looked up again at %v", next)
	}
	orbit.at = dawn.Add(12 * time.Hour)
	g.run(24 * time.Hour)
	if got := g.results(); len(got) != 2 {
		t.Errorf("got %q", got)
	}
}

func TestMeasuredDuration(t *testing.T) {
	opt := options(kv.NewMemory())
	opt.Limits.Measured = true
	g := newGround(t, opt)
	n := g.deploy(app("timed", on(byMessage)), "why")
	g.hold = true
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	res := g.held[0].Run(scriptEngine{})
	g.now = g.now.Add(7 * time.Second)
	g.check(g.sys.Finish(g.now, res))
	g.check(g.sys.Finish(g.now, res)) // a second time changes nothing
	g.drain()
	r := g.inbox[len(g.inbox)-1].Result.Receipt.Receipt
	if r.Duration != 7*time.Second || !r.Ended.Equal(r.Started.Add(7*time.Second)) || r.Activation != 1 {
		t.Errorf("receipt %+v", r)
	}
}

func TestAppAboardWithoutAnOwnerWhoListens(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	p := pack(t, app("beacon", on(byMinute), func(m *manifest.Manifest) { m.Permissions.Peers = []string{"ipn:5.5"} }), "send ipn:5.5 here\nsend owner lost")
	if _, err := g.sys.Preinstall(g.now, p.Encode(), command.Owner{1}, "", ""); err != nil {
		t.Fatal(err)
	}
	g.run(time.Minute)
	if len(g.peers) != 1 || len(g.inbox) != 0 || g.sys.Tenants()[0].Activations != 1 {
		t.Errorf("peers %v, inbox %v", g.peers, g.inbox)
	}
}

func TestStoreFailureIsFinal(t *testing.T) {
	store := kv.NewMemory()
	g := newGround(t, options(store))
	g.check(store.Close())
	g.deliver("ipn:5.1", command.Service, []byte("x"))
	if _, err := g.sys.Ready(); err == nil {
		t.Fatal("a closed store is not noticed")
	}
	for name, err := range map[string]error{"message": g.sys.Message(g.now, Inbound{}), "tick": g.sys.Tick(g.now), "close": g.sys.Close(),
		"replan": g.sys.Replan(g.now), "finish": g.sys.Finish(g.now, Result{}), "sensors": g.sys.Sensors(g.now, 1, nil)} {
		if err == nil {
			t.Errorf("%s goes on after the store failed", name)
		}
	}
}
