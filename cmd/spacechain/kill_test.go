package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"spacechain/cloud/api"
)

// kills is how often TestUpSurvivesKills kills "up".
const kills = 50

// counterApp counts its calls in what it stores, and reports now and then.
const (
	counterManifest = `app: counter
version: 1.0.0
runtime: js@1
main: main.js
memory: 4MiB
gas: 20M
triggers:
  - {name: call, message: true}
  - {name: report, every: 30m}
`
	counterCode = `export default {
  activate(event, spc) {
    const n = Number(spc.kv.getText("n") ?? 0);
    if (event.kind !== "message") return { report: n };
    spc.kv.put("n", String(n + 1));
    spc.log.info("call " + (n + 1));
    return { n: n + 1 };
  },
};
`
)

// mostOpen bounds the requests that are under way: an app with 32 calls waiting is
// busy, and says so.
const mostOpen = 24

// upRun is a universe on disk whose process comes and goes, and what a client of it
// was told.
type upRun struct {
	*ledger
	up     *child
	data   string
	pkg    string
	calls  map[string]bool
	places []string // satellites and instances to deploy to
}

// client runs a command of the program against the universe; ok tells whether it was
// carried out, which it may not be because nobody listens any more.
func (u *upRun) client(t *testing.T, v any, args ...string) (ok bool) {
	t.Helper()
	var out, errOut bytes.Buffer
	args = append(args, "--json", "--no-wait", "--valid", "240h", "--data-dir", u.data, "--api", u.base)
	if run(t.Context(), args, strings.NewReader(""), &out, &errOut) != exitDone {
		if text := errOut.String(); !strings.Contains(text, "is \"spacechain up\" running there") && !strings.Contains(text, "EOF") &&
			!strings.Contains(text, "reset by peer") {
			t.Fatalf("%v: %s", args, text)
		}
		return false
	}
	if err := json.Unmarshal(out.Bytes(), v); err != nil {
		t.Fatalf("%v printed %s: %v", args, out.String(), err)
	}
	return true
}

// act does one thing that an owner does, and notes what was acknowledged.
func (u *upRun) act(t *testing.T, rng *rand.Rand) {
	t.Helper()
	var r api.Request
	if u.open(u.calls) > mostOpen {
		time.Sleep(20 * time.Millisecond)
		return
	}
	if len(u.places) > 0 && (len(u.tenants) == 0 || rng.IntN(6) == 0) {
		sat, instance, _ := strings.Cut(u.places[0], "/")
		if u.client(t, &r, "app", "deploy", u.pkg, "--sat", sat, "--instance", instance) {
			u.places = u.places[1:]
			u.requests[r.ID] = api.RequestPending
		}
		return
	}
	for id := range u.tenants {
		if rng.IntN(len(u.tenants)) > 0 {
			continue
		}
		if u.client(t, &r, "app", "call", id, "count") {
			u.requests[r.ID], u.calls[r.ID] = api.RequestPending, true
		}
		return
	}
}

// TestUpSurvivesKills kills "up" at random moments while apps are deployed and called.
// Whatever was acknowledged before, each request, tenant and result, is there after
// the next start as it was, and in the end every request is done, every call counted
// once and answered once.
func TestUpSurvivesKills(t *testing.T) {
	if testing.Short() {
		t.Skipf("kills up %d times", kills)
	}
	needEngine(t)
	t.Parallel()
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	address := freeAddress(t)
	u := &upRun{ledger: newLedger("http://" + address), data: filepath.Join(dir, "universe"),
		pkg: filepath.Join(dir, "counter.spk"), calls: map[string]bool{},
		places: []string{"90001/", "90001/second", "90028/", "90050/"}}
	app := filepath.Join(dir, "counter")
	if err := os.Mkdir(app, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"spacechain.yaml": counterManifest, "main.js": counterCode} {
		if err := os.WriteFile(filepath.Join(app, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"key", "new"}, {"app", "sign", app, "-o", u.pkg}} {
		var out bytes.Buffer
		if run(t.Context(), append(args, "--data-dir", u.data), strings.NewReader(""), &out, &out) != exitDone {
			t.Fatal(out.String())
		}
	}

	began := time.Now()
	var slowest time.Duration
	u.up = spawn(t, "up", func() *exec.Cmd {
		cmd := exec.Command("spacechain", "up", "--data-dir", u.data, "--listen", address, "--speed", "600", "--seed", fmt.Sprint(seed))
		cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"))
		return cmd
	})
	for range kills {
		started := time.Now()
		if rng.IntN(5) == 0 { // killed before it is up, perhaps
			time.Sleep(time.Duration(rng.IntN(600)) * time.Millisecond)
		} else {
			await(t, "up is up", func() bool { return u.audit(t) })
			took := time.Since(started)
			slowest = max(slowest, took)
			life := max(1200*time.Millisecond, min(2*took, 3*time.Second)) // at most; longer where all is slow
			var over atomic.Bool
			timer := time.AfterFunc(time.Duration(rng.Int64N(int64(life))), func() {
				_ = u.up.cmd.Process.Kill() // kill below finds it dead
				over.Store(true)
			})
			for !over.Load() {
				u.act(t, rng)
				u.audit(t)
			}
			timer.Stop()
		}
		u.up.kill(t)
		u.up.run(t)
	}
	await(t, "every request is done and every call answered", func() bool {
		if len(u.places) > 0 {
			u.act(t, rng)
		}
		return u.answered(t, u.calls) && len(u.places) == 0
	})

	results := 0
	for id, list := range u.results {
		seen := map[int]bool{}
		for _, r := range list {
			var body struct{ N, Report int }
			if err := json.Unmarshal(r.Body, &body); err != nil || r.End != "returned" {
				t.Fatalf("result %d of %s: %s %s: %v", r.Seq, id, r.End, r.Detail, err)
			}
			if r.Request == "" {
				continue
			}
			results++
			if seen[body.N] {
				t.Errorf("tenant %s counted two calls as its %dth", id, body.N)
			}
			seen[body.N] = true
		}
		for n := range len(seen) {
			if !seen[n+1] {
				t.Errorf("tenant %s counted %d calls, but none as its %dth", id, len(seen), n+1)
			}
		}
	}
	if len(u.tenants) != 4 || len(u.calls) < kills/2 || results < len(u.calls) {
		t.Errorf("%d tenants, %d calls acknowledged, %d answered: the test did too little", len(u.tenants), len(u.calls), results)
	}
	t.Logf("seed %d: %d kills in %v; up was there after %v at most; %d requests, %d tenants, %d calls answered",
		seed, kills, time.Since(began).Round(time.Millisecond), slowest.Round(time.Millisecond), len(u.requests), len(u.tenants), results)
}
