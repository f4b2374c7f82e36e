package system

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/internal/faultfs"
	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
)

func TestInterruptedActivationRunsAgainOnce(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("count", on(byMessage)), "count n\necho")
	g.hold = true
	r := g.order("alice", command.Command{Op: command.Call, Tenant: n, Body: []byte("q")})
	if len(g.held) != 1 {
		t.Fatalf("%d jobs", len(g.held))
	}
	g.restart() // it was running
	g.hold = false
	g.drain()
	if got := g.results(); !slices.Equal(got, []string{"64/1 returned n=1; q"}) {
		t.Fatalf("got %q", got)
	}
	last := g.inbox[len(g.inbox)-1].Result
	if last.Report.Request != r.Request || last.Receipt.Receipt.Trigger != sandbox.TriggerMessage {
		t.Errorf("the second run answers %+v", last.Report)
	}
}

func TestActivationThatTakesTheComputerDownIsBuried(t *testing.T) {
	opt := options(kv.NewMemory())
	g := newGround(t, opt)
	g.hold = true
	n := g.deploy(app("killer", on(byMinute)), "count n")
	g.run(61 * time.Second)
	for range 2 {
		if len(g.held) != 1 {
			t.Fatalf("%d jobs", len(g.held))
		}
		g.restart()
		g.drain()
	}
	if len(g.held) != 0 {
		t.Fatal("it runs a third time")
	}
	if got := g.results(); !slices.Equal(got, []string{"64/1 killed"}) {
		t.Fatalf("got %q", got)
	}
	last := g.inbox[len(g.inbox)-1].Notice
	if last == nil || last.Code != command.NoticeRestart || last.Tenant != n {
		t.Errorf("notice %+v", last)
	}
	g.hold = false
	g.run(2 * time.Minute)
	if got := g.results(); len(got) < 2 || got[1] != "64/2 returned n=1" {
		t.Errorf("afterwards: %q", got)
	}
}

func TestStopFromOutsideIsNotBlamedOnAnActivation(t *testing.T) {
	opt := options(kv.NewMemory())
	opt.Resumed = true
	g := newGround(t, opt)
	g.hold = true
	g.deploy(app("bystander", on(byMinute)), "count n")
	g.run(61 * time.Second)
	for i := range 6 {
		if len(g.held) != 1 {
			t.Fatalf("%d jobs after %d restarts", len(g.held), i)
		}
		g.restart()
		g.drain()
	}
	g.hold = false
	g.restart()
	g.drain()
	if got := g.results(); !slices.Equal(got, []string{"64/1 returned n=1"}) {
		t.Errorf("got %q", got)
	}
}

func TestQueueAndWakesSurvive(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("sleeper", on(byMessage, manifest.Trigger{Name: "dusk", Kind: manifest.EclipseBegin, Optional: true})),
		"why\necho\nwake 5m later\nsubscribe dusk")
	g.order("alice", command.Command{Op: command.Call, Tenant: n, Body: []byte("a")})
	g.hold = true
	g.deliver("ipn:5.1", n, []byte("b"))
	g.order("alice", command.Command{Op: command.Call, Tenant: n, Body: []byte("c")})
	g.restart()
	g.hold = false
	g.run(16 * time.Minute)
	want := []string{"64/1 returned message query; a", "64/2 returned message query; b", "64/3 returned message query; c",
		"64/4 returned wake later;", "64/5 returned wake later;", "64/6 returned orbit dusk;"} // which moves the wake on
	if got := g.results(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestOutboxSurvivesUntilSent(t *testing.T) {
	g := newGround(t, options(kv.NewMemory()))
	n := g.deploy(app("talker", on(byMessage)), "send owner news\nresult done")
	g.deaf = true
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	before := len(g.inbox)
	g.restart()
	g.deaf = false
	g.drain()
	kinds := []command.Kind{}
	for _, m := range g.inbox[before:] {
		kinds = append(kinds, m.Kind)
	}
	if i := slices.Index(kinds, command.KindReply); i < 0 || !slices.Equal(kinds[len(kinds)-3:], []command.Kind{command.KindReply, command.KindApp, command.KindResult}) {
		t.Errorf("sent after the restart: %v", kinds)
	}
	g.check(g.sys.Close())
	g.restart()
	before = len(g.inbox)
	g.drain()
	if len(g.inbox) != before {
		t.Error("what was sent is sent again")
	}
}

// history is a short life with everything in it. It gives what an owner may rely on
// after each step that was acknowledged.
func history(t *testing.T, store kv.Store, acknowledged func(func(s *claims))) {
	g := newGround(t, options(store))
	claim := func(c func(s *claims)) {
		g.drain()
		acknowledged(c)
	}
	n := g.deploy(app("count", on(byMessage), on(byMinute)), "count n\nput other x\nlog counted\nsend owner news")
	claim(func(s *claims) { s.tenant = true })
	for i := range 3 {
		g.order("alice", command.Command{Op: command.Call, Tenant: n})
		claim(func(s *claims) { s.count = i + 1 })
	}
	g.deploy(app("count", on(byMessage), func(m *manifest.Manifest) { m.Counter = 2 }), "count n\ncount n")
	claim(func(s *claims) { s.version = 2 })
	g.order("alice", command.Command{Op: command.Call, Tenant: n})
	claim(func(s *claims) { s.count = 5 })
	g.order("alice", command.Command{Op: command.Remove, Tenant: n})
	claim(func(s *claims) { s.removed = true })
	g.check(store.Close())
}

// claims are what was acknowledged.
type claims struct {
	tenant  bool
	count   int
	version uint64
	removed bool
}

// Power is cut at every write of a life. What was acknowledged is there afterwards, an
// activation's changes are there together or not at all, and life goes on.
func TestPowerCutAtEveryWrite(t *testing.T) {
	open := func(fs *faultfs.FS) kv.Store {
		s, err := kv.OpenPebble("payload", fs)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	whole := faultfs.New()
	history(t, open(whole), func(func(*claims)) {})
	places := whole.Writes()
	if places < 20 {
		t.Fatalf("only %d writes", places)
	}
	for cut := range places {
		fs := faultfs.New()
		fs.CutAt(cut, uint64(cut))
		var sure claims
		history(t, open(fs), func(c func(*claims)) {
			if !fs.HasCut() {
				c(&sure)
			}
		})
		if !fs.HasCut() {
			continue
		}
		checkAfterCut(t, cut, open(faultfs.On(fs.AfterCut())), sure)
	}
}

func checkAfterCut(t *testing.T, cut int, store kv.Store, sure claims) {
	defer store.Close()
	g := newGround(t, options(store))
	g.hold, g.count = true, 1000 // ids of its own
	g.drain()
	g.hold = false
	ts := g.sys.Tenants()
	fail := func(format string, args ...any) {
		t.Fatalf("cut at write %d, sure of %+v: %s; tenants %+v", cut, sure, fmt.Sprintf(format, args...), ts)
	}
	if len(ts) == 0 {
		if sure.tenant && !sure.removed && sure.count < 5 {
			fail("the tenant is lost")
		}
		for _, prefix := range tenantPrefixes(FirstTenant) {
			g.check(store.Scan(prefix, func(k, _ []byte) error {
				fail("key %q without a tenant", k)
				return nil
			}))
		}
		return
	}
	if sure.removed {
		fail("the tenant is back")
	}
	// Directory, values, record and log agree: nothing was applied by half.
	h := &host{sys: fixed{store: store, lim: g.sys.lim}, tenant: FirstTenant}
	h.files = storage{h: h, quota: 1 << 20, used: ts[0].Stored}
	value, errno := h.Get("n")
	count := 0
	if errno == sandbox.OK {
		fmt.Sscan(string(value), &count)
	}
	if count < sure.count {
		fail("the count is %d", count)
	}
	var stored uint64
	for _, e := range h.files.entries {
		stored += e.cost()
	}
	if stored != ts[0].Stored {
		fail("%d bytes stored, the record says %d", stored, ts[0].Stored)
	}
	activations := uint64(count)
	if count == 5 {
		activations = 4 // the last counted twice
	}
	if ts[0].Activations != activations {
		fail("a count of %d after %d activations", count, ts[0].Activations)
	}
	if sure.version == 2 && g.sys.tenants[0].m.Counter != 2 {
		fail("the update is lost")
	}
	// Life goes on: what was interrupted runs again, and a new call is answered.
	for _, j := range g.held {
		g.finish(j)
	}
	g.drain()
	before := g.sys.Tenants()[0].Activations
	if r := g.order("alice", command.Command{Op: command.Call, Tenant: FirstTenant}); r == nil || r.Code != command.OK {
		fail("a call: %+v", r)
	}
	got := g.results()
	if g.sys.Tenants()[0].Activations != before+1 || !strings.Contains(got[len(got)-1], " returned n=") {
		fail("the next activation gives %q", got)
	}
}

// However a run of inputs and crashes goes, the same seed gives the same outputs, and
// every call is answered by exactly one activation.
func TestCrashesAtRandom(t *testing.T) {
	life := func(seed uint64) (calls int, digest string, g *ground) {
		rng := rand.New(rand.NewPCG(seed, 1))
		g = newGround(t, options(kv.NewMemory()))
		n := g.deploy(app("count", on(byMessage), on(byMinute)), "count n\nlog x")
		for range 60 {
			switch rng.IntN(5) {
			case 0:
				g.restart()
			case 1:
				g.run(time.Duration(rng.IntN(90)) * time.Second)
			case 2:
				g.hold = true
				g.deliver(inboxes["alice"], command.Service, g.command("alice", command.Command{Op: command.Call, Tenant: n}))
				r, err := g.sys.Ready() // accepted; a crash may come before it runs
				g.check(err)
				g.take(r)
				g.held = append(g.held, r.Jobs...)
				g.hold = false
				calls++
			case 3:
				if len(g.held) > 0 {
					g.finish(g.held[0])
					g.held = g.held[1:]
				}
			default:
				g.drain()
			}
		}
		for _, j := range g.held {
			g.finish(j)
		}
		g.run(5 * time.Minute)
		return calls, strings.Join(g.results(), "\n"), g
	}
	for seed := range uint64(30) {
		calls, digest, g := life(seed)
		if _, again, _ := life(seed); again != digest {
			t.Fatalf("seed %d: two histories", seed)
		}
		answered := map[command.RequestID]map[uint64]bool{}
		for _, m := range g.inbox {
			if m.Result != nil && m.Result.Report.Request != (command.RequestID{}) {
				req := m.Result.Report.Request
				if answered[req] == nil {
					answered[req] = map[uint64]bool{}
				}
				answered[req][m.Result.Receipt.Receipt.Activation] = true
			}
		}
		if len(answered) != calls {
			t.Fatalf("seed %d: %d calls, %d answered", seed, calls, len(answered))
		}
		for req, activations := range answered {
			if len(activations) != 1 {
				t.Fatalf("seed %d: call %s was answered by %d activations", seed, req, len(activations))
			}
		}
	}
}
