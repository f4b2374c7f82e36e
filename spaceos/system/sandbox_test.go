package system

import (
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
)

// withSandbox drives a system with the real engine in place of the scripted one.
func withSandbox(t testing.TB) (*ground, *Sandbox) {
	e, err := sandbox.NewEngine(sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	box := NewSandbox(e)
	opt := options(kv.NewMemory())
	opt.Checker = box
	g := newGround(t, opt)
	g.engine = box
	return g, box
}

func javaScript(t testing.TB, g *ground, box *Sandbox) {
	wasm, ok := sandbox.RuntimeJS()
	if !ok {
		t.Skip("the JavaScript engine is not there; \"make runtime\" fetches it")
	}
	p := pack(t, app("quickjs", func(m *manifest.Manifest) {
		m.Permissions.Roles, m.Provides = []string{manifest.RoleRuntime}, manifest.RuntimeJS
	}), string(wasm))
	if _, err := g.sys.Preinstall(g.now, p.Encode(), command.OwnerOf(owners["bob"]), inboxes["bob"], ""); err != nil {
		t.Fatal(err)
	}
	r, err := g.sys.Ready()
	if err != nil || len(r.Runtimes) != 1 {
		t.Fatal(r.Runtimes, err)
	}
	if err := box.Install(r.Runtimes[0]); err != nil {
		t.Fatal(err)
	}
}

func jsApp(name string, changes ...func(*manifest.Manifest)) manifest.Manifest {
	return app(name, append(changes, on(byMessage), func(m *manifest.Manifest) {
		m.Runtime = manifest.RuntimeJS
		m.Limits.MemoryBytes, m.Limits.GasPerActivation = 8<<20, 50_000_000
		m.Permissions.Sensors = []manifest.Sensor{{Name: "magnetometer", Interval: time.Second}}
	})...)
}

const sampler = `var __spc_app = { default: { async activate(event, spc) {
	const n = (spc.kv.getJSON("n") ?? 0) + 1
	spc.kv.putJSON("n", n)
	const { values } = spc.sensor("magnetometer")
	spc.log.info("sample", n)
	return { kind: event.kind, n, values, said: spc.utf8.decode(event.data) }
} } }`

func TestJavaScriptAppOnTheRealEngine(t *testing.T) {
	g, box := withSandbox(t)
	javaScript(t, g, box)
	n := g.deploy(jsApp("sampler"), sampler)
	for range 2 {
		g.order("alice", command.Command{Op: command.Call, Tenant: n, Body: []byte("hi")})
		g.run(time.Minute)
	}
	want := []string{`65/1 returned {"kind":"message","n":1,"values":[0],"said":"hi"}`, `65/2 returned {"kind":"message","n":2,"values":[60],"said":"hi"}`}
	if got := g.results(); !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	rec := g.inbox[len(g.inbox)-1].Result.Receipt.Receipt
	if rec.Gas == 0 || rec.PeakMemory == 0 || rec.Module == (sandbox.Module{}).Digest {
		t.Errorf("receipt %+v", rec)
	}
	bad := uplink(t, pack(t, jsApp("broken"), "var __spc_app = {"))
	if r := g.order("alice", command.Command{Op: command.Deploy, Body: bad}); r.Code != command.Code(gate.ModuleInvalid) {
		t.Errorf("a script that does not parse: %+v", r)
	}
}

// Hostile scripts each end in a typed end at the owner, and the neighbour's answer
// does not change.
func TestHostileScripts(t *testing.T) {
	g, box := withSandbox(t)
	javaScript(t, g, box)
	neighbour := g.deploy(jsApp("neighbour"), sampler)
	for name, c := range map[string]struct {
		body string
		ends []sandbox.End
		say  string
	}{
		"loops":            {`for (;;) {}`, []sandbox.End{sandbox.OutOfGas}, "gas"},
		"allocates":        {`const a = []; for (;;) a.push(new Uint8Array(1 << 16))`, []sandbox.End{sandbox.OutOfMemory, sandbox.OutOfGas, sandbox.Failed}, ""},
		"recurses":         {`const f = () => f() + 1; f()`, []sandbox.End{sandbox.StackLimit, sandbox.Failed}, ""},
		"throws":           {`throw new Error("on purpose")`, []sandbox.End{sandbox.Failed}, "on purpose"},
		"asks for a wheel": {`spc.actuate("wheel", 1)`, []sandbox.End{sandbox.Failed}, "not a function"},
		"climbs":           {`spc.files.write("../etc", "x")`, []sandbox.End{sandbox.Failed}, ""},
		"floods":           {`for (;;) spc.send("owner", "x")`, []sandbox.End{sandbox.Failed}, "quota used up"},
		"fills the store":  {`for (let i = 0;; i++) spc.kv.put("k" + i, "x".repeat(500))`, []sandbox.End{sandbox.Failed}, ""},
		"spies":            {`spc.send("ipn:90001.1", "x")`, []sandbox.End{sandbox.Failed}, ""},
		"other's sensor":   {`spc.sensor("camera")`, []sandbox.End{sandbox.Failed}, ""},
	} {
		r := g.order("alice", command.Command{Op: command.Deploy, Instance: name, Body: uplink(t, pack(t,
			jsApp("hostile-"+strings.Map(func(r rune) rune {
				if r < 'a' || r > 'z' {
					return 'x'
				}
				return r
			}, name)), "var __spc_app = { activate(event, spc) { "+c.body+" } }"))})
		if r.Code != command.OK {
			t.Errorf("%s: %+v", name, r)
			continue
		}
		g.order("alice", command.Command{Op: command.Call, Tenant: r.Tenant})
		m := g.inbox[len(g.inbox)-1].Result
		if m == nil || !slices.Contains(c.ends, m.Receipt.Receipt.End) || !strings.Contains(m.Report.Detail, c.say) {
			t.Errorf("%s: got %+v", name, m)
			continue
		}
		if len(m.Result) > 0 || m.Receipt.Receipt.BytesSent > 0 || g.sys.byNo[r.Tenant].stored > 0 {
			t.Errorf("%s left something behind: %+v", name, m.Receipt.Receipt)
		}
		g.now = g.now.Add(time.Second)
		g.order("alice", command.Command{Op: command.Call, Tenant: neighbour, Body: []byte("still there?")})
		if got := g.results(); !strings.Contains(got[len(got)-1], "still there?") {
			t.Errorf("after %s the neighbour says %q", name, got[len(got)-1])
		}
	}
	if failed := g.sys.byNo[neighbour].failures; failed != 0 {
		t.Errorf("the neighbour failed %d times", failed)
	}
}
