package system

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
)

// BenchmarkActivation is all that a scheduled activation costs beside the engine: start,
// a value written, two signatures on the receipt, commit, result. In memory, and on
// Pebble with two synced writes.
func BenchmarkActivation(b *testing.B) {
	for _, where := range []string{"memory", "pebble"} {
		b.Run(where, func(b *testing.B) {
			store := kv.NewMemory()
			if where == "pebble" {
				var err error
				if store, err = kv.OpenPebble(b.TempDir(), nil); err != nil {
					b.Fatal(err)
				}
				defer store.Close()
			}
			g := newGround(b, options(store))
			g.deploy(app("count", on(byMinute)), "count n\nlog x")
			g.drain()
			b.ReportAllocs()
			for b.Loop() {
				next, _ := g.sys.NextWake()
				g.now = next
				g.check(g.sys.Tick(g.now))
				r, err := g.sys.Ready()
				g.check(err)
				for _, j := range r.Jobs {
					g.check(g.sys.Finish(g.now, j.Run(scriptEngine{})))
				}
				if r, err = g.sys.Ready(); err != nil || len(r.Messages) == 0 {
					b.Fatal(r, err)
				}
				for _, m := range r.Messages {
					g.sys.Sent(m.ID)
				}
			}
		})
	}
}

// BenchmarkDeploy is a whole deployment: signatures of command and package, gate, install.
func BenchmarkDeploy(b *testing.B) {
	opt := options(kv.NewMemory())
	opt.Limits.Requests = 1 << 30
	opt.Policy.MaxTenants = 1 << 30
	opt.Policy.MaxStorage = 1 << 62
	g := newGround(b, opt)
	body := uplink(b, pack(b, app("echo", on(byMessage)), "echo"))
	i := 0
	for b.Loop() {
		i++
		if r := g.order("alice", command.Command{Op: command.Deploy, Instance: fmt.Sprint(i % 100), Body: body}); r.Code != command.OK {
			b.Fatal(r)
		}
	}
}

// TestIdleTenantsAreSmall: 200 installed tenants, each with a full manifest, take little
// memory beside the store.
func TestIdleTenantsAreSmall(t *testing.T) {
	dir := t.TempDir()
	store, err := kv.OpenPebble(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	opt := options(store)
	opt.Limits.Requests = 1000
	g := newGround(t, opt)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	body := uplink(t, pack(t, app("idle", on(byMessage, byMinute, byInstall), func(m *manifest.Manifest) {
		m.Permissions.Sensors = []manifest.Sensor{{Name: "camera", Interval: time.Hour}, {Name: "magnetometer", Interval: time.Second}}
		m.Permissions.Peers = []string{"ipn:1.*", "ipn:2.*"}
	}), "count n\nlog x"))
	const tenants = 200
	before := heap()
	for i := range tenants {
		if r := g.order("alice", command.Command{Op: command.Deploy, Instance: fmt.Sprint(i), Body: body}); r.Code != command.OK {
			t.Fatal(r)
		}
	}
	g.inbox, g.events = nil, nil
	g.run(time.Minute)
	if n := len(g.results()); n < tenants {
		t.Fatalf("%d results", n)
	}
	g.inbox, g.events, g.handled = nil, nil, nil
	each := int64(heap()-before) / tenants
	t.Logf("%d bytes of heap for each idle tenant", each)
	if each > 64<<10 {
		t.Errorf("an idle tenant takes %d bytes", each)
	}
	runtime.KeepAlive(g)
}

// BenchmarkJavaScript is a whole activation of a JavaScript app on the real engine.
func BenchmarkJavaScript(b *testing.B) {
	g, box := withSandbox(b)
	javaScript(b, g, box)
	m := jsApp("sampler")
	m.Triggers = append(m.Triggers, byMinute)
	g.deploy(m, sampler)
	for b.Loop() {
		next, _ := g.sys.NextWake()
		g.now = later(g.now, next)
		g.check(g.sys.Tick(g.now))
		g.drain()
		g.inbox, g.events = g.inbox[:0], g.events[:0]
	}
}
