package apptest_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spacechain/identity"
	"spacechain/sdk"
	"spacechain/spaceos/build"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
	"spacechain/world/apptest"
)

// cache keeps compiled code between the tests of this package.
var cache string

func TestMain(m *testing.M) {
	var err error
	if cache, err = os.MkdirTemp("", "apptest-cache-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(cache)
	os.Exit(code)
}

// What init lays out runs as it is, in every language whose tools are here.
func TestInit(t *testing.T) {
	for _, lang := range build.Languages {
		t.Run(string(lang), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "probe")
			if _, err := build.Init(dir, lang, "probe", sdk.FS); err != nil {
				t.Fatal(err)
			}
			o := built(t, dir)
			o.Activations = 2
			o.Calls = [][]byte{[]byte("how are you")}
			r := run(t, o)
			var stats struct {
				Samples  int
				Min, Max float64
			}
			decode(t, r, &stats)
			if stats.Samples != 2 || stats.Min < -100 || stats.Max > 100 || stats.Min >= stats.Max {
				t.Errorf("stats %+v", stats)
			}
			t.Logf("uplink %+v", r.Uplink)
			p, err := spk.Sign(o.Manifest, o.Module, identity.FromSeed([32]byte{1}))
			if err != nil {
				t.Fatal(err)
			}
			whole, err1 := p.EncodeUplink(spk.UplinkOptions{})
			known, err2 := p.EncodeUplink(spk.UplinkOptions{WithoutKeys: true})
			if u := r.Uplink; err1 != nil || err2 != nil || u.Command-u.Known != len(whole)-len(known) {
				t.Errorf("uplink %+v; the packages have %d and %d bytes (%v, %v)", u, len(whole), len(known), err1, err2)
			}
		})
	}
}

// script builds a JavaScript app of one file.
func script(t *testing.T, manifest, source string) apptest.Options {
	t.Helper()
	dir := t.TempDir()
	if manifest == "" {
		manifest = "triggers: [{name: tick, every: 60s}]\n"
	}
	for name, text := range map[string]string{
		build.ManifestFile: "app: probe\nversion: 1.0.0\nruntime: js@1\nmain: main.js\ngas: 20M\n" + manifest, "main.js": source,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := build.Build(context.Background(), dir, build.Options{SDK: sdk.FS})
	if err != nil {
		t.Fatal(err)
	}
	m, err := build.ParseSourceMap(r.SourceMap)
	if err != nil {
		t.Fatal(err)
	}
	return apptest.Options{Manifest: r.Manifest, Module: r.Module, SourceMap: m, Cache: cache}
}

// An activation that fails is told with its place in the author's source, and the
// next trigger fires all the same.
func TestFailure(t *testing.T) {
	o := script(t, "triggers: [{name: bad, every: 60s}, {name: good, every: 90s}]\n", `
export default { activate(event, spc) {
  spc.kv.put("kept", "no");
  spc.log.info("before");
  if (event.name === "bad") {
    null.missing;
  }
  return spc.kv.get("kept") ? spc.kv.keys() : null;
} };
`)
	r, err := apptest.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Failures != 1 || len(r.Activations) != 2 {
		t.Fatalf("%d of %d failed", r.Failures, len(r.Activations))
	}
	bad, good := r.Activations[0], r.Activations[1]
	if bad.End != sandbox.Failed || !strings.Contains(bad.Detail, "TypeError") || !strings.Contains(bad.Detail, "(at activate (main.js:") {
		t.Errorf("%s: %s; want its place in main.js", bad.End, bad.Detail)
	}
	if bad.Stored != 0 || len(bad.Logs) == 0 || bad.Logs[0].Text != "before" || !bad.Verified {
		t.Errorf("the failed activation left %d bytes, logs %v, verified %v", bad.Stored, bad.Logs, bad.Verified)
	}
	if good.End != sandbox.Returned || good.Stored == 0 {
		t.Errorf("the next one: %s, %d bytes stored", good.End, good.Stored)
	}
}

func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		source string
		want   sandbox.End
	}{
		"loop":     {"export default { activate() { for (;;); } }", sandbox.OutOfGas},
		"exit":     {"export default { activate() { throw new Error('no') } }", sandbox.Failed},
		"no grant": {"export default { activate(e, spc) { spc.sensor('camera') } }", sandbox.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := apptest.Run(context.Background(), script(t, "", c.source))
			if err != nil {
				t.Fatal(err)
			}
			if a := r.Activations[0]; a.End != c.want || a.Gas > r.GasLimit || a.Detail == "" || !a.Verified {
				t.Errorf("%s %q with %d gas of %d, want %s", a.End, a.Detail, a.Gas, r.GasLimit, c.want)
			}
		})
	}
}

// The gate of the bench is the gate of a satellite.
func TestRefused(t *testing.T) {
	source := "export default { activate() {} }"
	for name, c := range map[string]struct {
		manifest string
		want     gate.Code
	}{
		"actuator": {"permissions: {actuators: [wheel]}\n", gate.PermissionActuator},
		"sensor":   {"permissions: {sensors: {xray: 1/s}}\n", gate.PermissionSensor},
		"memory":   {"memory: 60MiB\n", gate.QuotaMemory},
		"role":     {"permissions: {roles: [runtime]}\nprovides: js@2\n", gate.PermissionRole},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := apptest.Run(context.Background(), script(t, c.manifest, source))
			var refused *apptest.RefusedError
			if !errors.As(err, &refused) || gate.Code(refused.Code) != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
	o := script(t, "triggers: [{name: ask, message: true}]\n", source)
	if o.Module = []byte("this is ( no script"); true {
		r, err := apptest.Run(context.Background(), o)
		if err == nil && r.Failures == 0 && len(r.Activations) > 0 {
			t.Error("a script that does not compile ran")
		}
	}
}

// Triggers can be chosen; those that do not fire are named.
func TestTriggers(t *testing.T) {
	o := script(t, `triggers:
  - {name: often, every: 60s}
  - {name: rare, every: 300h}
  - {name: late, every: 10min, optional: true}
  - {name: dusk, eclipse: begins}
  - {name: home, pass: any}
  - {name: ask, message: true}
  - {name: first, install: true}
`, `export default { activate(e, spc) { if (e.kind === "install") spc.wakeAt(new Date(+spc.now() + 1000), "w"); return e.kind + " " + e.name } }`)
	r, err := apptest.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, a := range r.Activations {
		seen[string(a.Kind)+" "+a.Trigger]++
		if want := string(a.Kind) + " " + a.Trigger; a.Result.String() != want {
			t.Errorf("the app saw %q, the receipt says %q", a.Result, want)
		}
	}
	for _, want := range []string{"install first", "schedule often", "schedule late", "orbit dusk", "orbit home", "wake w"} {
		if seen[want] == 0 {
			t.Errorf("%s did not fire; fired %v", want, seen)
		}
	}
	if len(r.Silent) != 2 || r.Silent[0].Trigger != "rare" || r.Silent[1].Trigger != "ask" {
		t.Errorf("silent %+v", r.Silent)
	}
	if r.Activations[0].Trigger != "first" {
		t.Errorf("first fired %s", r.Activations[0].Trigger)
	}

	o.Triggers = []string{"dusk"}
	o.Activations = 3
	if r, err = apptest.Run(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	dusks := 0
	for _, a := range r.Activations {
		if a.Trigger == "dusk" {
			if dusks++; a.Sunlit && a.Time.IsZero() {
				t.Errorf("dusk at %v", a.Time)
			}
		}
	}
	if gap := r.End.Sub(r.Start); dusks != 3 || gap < 200*time.Minute || gap > 330*time.Minute {
		t.Errorf("%d dusks in %v, want 3 in as many orbits", dusks, gap)
	}

	o.Triggers = []string{"nothing"}
	if _, err := apptest.Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), "often, rare") {
		t.Errorf("an unknown trigger: %v", err)
	}
}

// The same options give the same report, and gas does not depend on how the module
// is executed.
func TestSameAgain(t *testing.T) {
	o := script(t, "triggers: [{name: tick, every: 60s}]\npermissions: {sensors: {magnetometer: 1/s}}\n",
		`export default { activate(e, spc) { return [Math.random(), spc.sensor("magnetometer").values, +spc.now()] } }`)
	o.Activations = 2
	text := func() string {
		t.Helper()
		r, err := apptest.Run(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	first := text()
	if again := text(); again != first {
		t.Errorf("two runs differ:\n%s\n%s", first, again)
	}
	o.Interpreter = true
	if slow := text(); slow != first {
		t.Errorf("interpreted it differs:\n%s\n%s", first, slow)
	}
	o.Interpreter, o.Seed = false, 7
	if other := text(); other == first {
		t.Error("another seed gave the same noise")
	}
}

// The JavaScript SDK's own parts do what their types say.
func TestSDK(t *testing.T) {
	o := script(t, "triggers: [{name: ask, message: true}]\n", `
import { defineApp, isSpcError, json, norm, Ring, round, text } from "spacechain";
export default defineApp({ activate(event, spc) {
  const ring = new Ring(spc.kv, "ring", 3);
  for (let i = 1; i <= 5; i++) ring.add(i);
  const again = new Ring(spc.kv, "ring", 3);
  let code = "";
  try { spc.sensor("camera") } catch (e) { code = isSpcError(e, "PERM") && !isSpcError(e, "BUSY") ? e.code : "?" }
  return [again.last(), again.last(2), again.last(99), again.last(0), again.length, again.total,
    round(2 / 3, 2), norm([3, 4]), text(event), json(event, "otherwise"), code, isSpcError(new Error("x")),
    spc.utf8.decode(spc.open(spc.seal("secret")))];
} });
`)
	o.Calls = [][]byte{[]byte("grüß {"), []byte(`{"a":1}`)}
	r := run(t, o)
	for i, want := range []string{
		`[[3,4,5],[4,5],[3,4,5],[],3,5,0.67,5,"grüß {","otherwise","PERM",false,"secret"]`,
		`[[3,4,5],[4,5],[3,4,5],[],3,10,0.67,5,"{\"a\":1}",{"a":1},"PERM",false,"secret"]`,
	} {
		if got := r.Activations[i].Result.String(); got != want {
			t.Errorf("call %d: got  %s\nwant %s", i, got, want)
		}
	}
}

// An app that wakes itself for ever does not keep the test from ending.
func TestWakesForEver(t *testing.T) {
	r, err := apptest.Run(context.Background(), script(t, "triggers: [{name: first, install: true}, {name: daily, every: 24h}]\n",
		`export default { activate(e, spc) { spc.wakeAt(+spc.now() + 1000, "again") } }`))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Silent) != 1 || r.Silent[0].Trigger != "daily" || !strings.Contains(r.Silent[0].Reason, "wakes") {
		t.Errorf("silent %+v after %d activations", r.Silent, len(r.Activations))
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := apptest.Run(ctx, script(t, "", "export default { activate() {} }")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
