package console

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"spacechain/cloud/api"
	"spacechain/cloud/api/apitest"
)

// TestBrowser drives the console in a real browser (web/test). It needs node,
// chromium, the built console and web/node_modules, and says so where one is
// missing. SPACECHAIN_SCREENSHOT names a file for a picture of the globe.
func TestBrowser(t *testing.T) {
	chromium := os.Getenv("SPACECHAIN_CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	if _, err := os.Stat(chromium); err != nil {
		t.Skipf("SKIPPED: the browser test needs chromium at %s (Debian: apt-get install chromium); set SPACECHAIN_CHROMIUM", chromium)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED: the browser test needs node 20.19 or newer")
	}
	if !Built() {
		t.Skip("SKIPPED: the browser test needs the built console: make web")
	}
	if _, err := os.Stat(filepath.Join("web", "node_modules", "playwright-core")); err != nil {
		t.Skip("SKIPPED: the browser test needs playwright-core: cd console/web && npm ci")
	}

	web, fake := start(t, apitest.Options{Speed: 60, Lead: 3*time.Hour + 7*time.Minute})
	story(t, fake)
	run := exec.CommandContext(t.Context(), node, "--test", "--test-reporter=spec", "test/console.test.mjs")
	run.Dir = "web"
	run.Env = append(os.Environ(), "SPACECHAIN_CONSOLE_URL="+web.URL, "SPACECHAIN_CHROMIUM="+chromium)
	for _, name := range []string{"SPACECHAIN_SCREENSHOT", "SPACECHAIN_SCREENSHOT_MAP", "SPACECHAIN_SCREENSHOT_SMALL"} {
		if path := os.Getenv(name); path != "" {
			abs, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			run.Env = append(run.Env, name+"="+abs)
		}
	}
	out, err := run.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("browser test: %v", err)
	}
}

// story submits a command and tells of what a console would see meanwhile.
func story(t *testing.T, fake *apitest.Fake) {
	t.Helper()
	if _, err := fake.Submit(t.Context(), []byte{0x81, 0x07}); err != nil {
		t.Fatal(err)
	}
	for fake.Subscribers() == 0 {
		time.Sleep(time.Millisecond)
	}
	yes, no := true, false
	for _, e := range []api.Event{
		{Kind: api.EventPass, Severity: api.SeverityInfo, Up: &yes, Text: "SC-109 rises over Weilheim"},
		{Kind: api.EventBundle, Severity: api.SeverityDebug, Text: "ipn:3000001.2 to ipn:90017.1, 9,412 B, by Weilheim"},
		{Kind: api.EventLink, Severity: api.SeverityDebug, Up: &yes, Text: "SC-109 to SC-209 up, 2,104 km"},
		{Kind: api.EventRequest, Severity: api.SeverityInfo, Text: "r-0001 arrived at SC-503 after 2 hops"},
		{Kind: api.EventTenant, Severity: api.SeverityInfo, Text: "fieldwatch 1.0.0 admitted on SC-503"},
		{Kind: api.EventTenant, Severity: api.SeverityError, Text: "greedy 9.9.9 refused on SC-301: memory over quota"},
		{Kind: api.EventFault, Severity: api.SeverityWarn, Up: &yes, Text: "outage of station Awarua for 2 h"},
		{Kind: api.EventResult, Severity: api.SeverityInfo, Text: "fieldwatch sent 120 samples from SC-503"},
		{Kind: api.EventPass, Severity: api.SeverityInfo, Up: &no, Text: "SC-109 sets over Weilheim"},
		{Kind: api.EventNode, Severity: api.SeverityInfo, Text: "SC-402 payload restarted, 3 tenants resumed"},
	} {
		fake.Emit(e)
	}
}

// TestServe keeps the console up for work on it: SPACECHAIN_SERVE=127.0.0.1:8480
// go test -run TestServe -timeout 0 ./console, with `npm run dev` beside it.
func TestServe(t *testing.T) {
	addr := os.Getenv("SPACECHAIN_SERVE")
	if addr == "" {
		t.Skip("set SPACECHAIN_SERVE to an address to serve a fake universe for work on the console")
	}
	satellites := 0
	_, _ = fmt.Sscan(os.Getenv("SPACECHAIN_SATELLITES"), &satellites)
	serve(t, addr, apitest.Options{Speed: 60, Lead: 3*time.Hour + 7*time.Minute, Satellites: satellites})
}
