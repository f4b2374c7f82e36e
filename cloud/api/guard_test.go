package api_test

import (
	"bytes"
	"strings"
	"testing"

	"spacechain/cloud/api"
	"spacechain/cloud/api/apitest"
)

func TestHostCheck(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{AllowedHosts: []string{"Ground.example"}})
	for host, ok := range map[string]bool{
		"localhost": true, "localhost:7420": true, "LOCALHOST": true, "console.localhost:1": true, "localhost.": true,
		"127.0.0.1": true, "127.0.0.1:7420": true, "[::1]": true, "[::1]:80": true, "10.1.2.3:7420": true,
		"ground.example": true, "ground.example:443": true, "GROUND.EXAMPLE": true,
		"evil.example": false, "localhost.evil.example": false, "evil.localhost.example:80": false,
		"127.0.0.1.evil.example": false, "notlocalhost": false, "ground.example.evil": false,
	} {
		status, _, b := w.do("GET", "/api/v1/universe", nil, "Host", host)
		if ok != (status == 200) || (!ok && (status != 421 || !bytes.Contains(b, []byte("allowed hosts")))) {
			t.Errorf("host %q: %d %s", host, status, b)
		}
	}
	for _, path := range []string{"/metrics", "/healthz", "/openapi.json", "/api/v1/events"} {
		w.problem(421, api.ProblemForbidden, "evil.example", "GET", path, nil, "Host", "evil.example")
	}
}

func TestCrossSiteWrites(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	body := []byte{0x81, 0x02}
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{nil, 202}, // not a browser
		{[]string{"Origin", w.http.URL}, 202},
		{[]string{"Origin", w.http.URL, "Sec-Fetch-Site", "same-origin"}, 202},
		{[]string{"Sec-Fetch-Site", "none"}, 202},
		{[]string{"Origin", "https://evil.example"}, 403},
		{[]string{"Origin", "http://127.0.0.1:1"}, 403}, // another port is another origin
		{[]string{"Origin", "null"}, 403},
		{[]string{"Origin", w.http.URL, "Sec-Fetch-Site", "cross-site"}, 403},
		{[]string{"Sec-Fetch-Site", "same-site"}, 403},
	} {
		headers := append([]string{"Content-Type", "application/cbor"}, c.headers...)
		status, h, b := w.do("POST", "/api/v1/commands", body, headers...)
		if status != c.status {
			t.Errorf("%v: %d %s, want %d", c.headers, status, b, c.status)
		}
		if h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%v: CORS header", c.headers)
		}
	}
	// A preflight finds nothing that would allow the real request.
	status, h, _ := w.do("OPTIONS", "/api/v1/commands", nil, "Origin", "https://evil.example",
		"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
	if status < 400 || h.Get("Access-Control-Allow-Origin") != "" || h.Get("Access-Control-Allow-Methods") != "" {
		t.Errorf("preflight: %d %v", status, h)
	}
}

func TestHeaders(t *testing.T) {
	w := start(t, apitest.Options{}, api.Options{})
	for _, path := range []string{"/api/v1/universe", "/api/v1/nothing", "/openapi.json", "/metrics"} {
		_, h, _ := w.do("GET", path, nil, "Origin", "https://evil.example")
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
			"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store", "Access-Control-Allow-Origin": "",
		} {
			if got := h.Get(name); got != want && (want == "" || !strings.HasPrefix(got, want)) {
				t.Errorf("%s: %s: %q, want %q", path, name, got, want)
			}
		}
	}
	if status, _, _ := w.do("GET", "/api/v1/universe", nil, "X-Long", strings.Repeat("x", 2<<20)); status != 431 {
		t.Errorf("2 MiB of headers: %d", status)
	}
}
