package console

import (
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"spacechain/cloud/api"
	"spacechain/cloud/api/apitest"
)

func fetch(t *testing.T, method, url string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		} else {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestHandler(t *testing.T) {
	web, _ := start(t, apitest.Options{})
	resp, page := fetch(t, "GET", web.URL+"/")
	if resp.StatusCode != 200 || !strings.Contains(page, "SpaceChain console") || resp.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("page: %d %v %.80s", resp.StatusCode, resp.Header, page)
	}
	csp := resp.Header.Get("Content-Security-Policy")
	if csp != Policy || strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
		t.Errorf("policy %q", csp)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache", "Referrer-Policy": "no-referrer"} {
		if got := resp.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if resp, _ := fetch(t, "GET", web.URL+"/", "If-None-Match", resp.Header.Get("ETag")); resp.StatusCode != 304 {
		t.Errorf("same etag: %d", resp.StatusCode)
	}
	if resp, body := fetch(t, "HEAD", web.URL+"/"); resp.StatusCode != 200 || body != "" || resp.Header.Get("Content-Length") == "" {
		t.Errorf("head: %d %q", resp.StatusCode, body)
	}
	for path, want := range map[string]int{"/api/v1/universe": 200, "/openapi.json": 200, "/metrics": 200, "/healthz": 200,
		"/README.md": 404, "/dist/index.html": 404, "/../console.go": 404, "/nothing": 404, "/api/nothing": 404} {
		if resp, _ := fetch(t, "GET", web.URL+path); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
	if resp, _ := fetch(t, "POST", web.URL+"/"); resp.StatusCode != 405 || resp.Header.Get("Allow") == "" {
		t.Errorf("post: %d", resp.StatusCode)
	}
	if resp, _ := fetch(t, "GET", web.URL+"/", "Host", "evil.example"); resp.StatusCode != 421 {
		t.Errorf("foreign host: %d", resp.StatusCode)
	}
	if _, err := Handler(nil); err == nil {
		t.Error("no error without an api server")
	}
}

func TestUnbuilt(t *testing.T) {
	s, err := load(fstest.MapFS{"dist/README.md": {Data: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 200 || !strings.Contains(w.Body.String(), "make web") || s["/README.md"] != nil {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAssets(t *testing.T) {
	script := strings.Repeat("export const a = 1;\n", 200)
	s, err := load(fstest.MapFS{
		"dist/index.html":       {Data: []byte("<!doctype html>")},
		"dist/assets/a-1234.js": {Data: []byte(script)},
		"dist/assets/b.bin":     {Data: []byte{0, 1, 2}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/assets/a-1234.js", nil)
	r.Header.Set("Accept-Encoding", "br, gzip")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") ||
		w.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("headers %v", w.Header())
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != script {
		t.Errorf("unpacked %d bytes, %v", len(got), err)
	}
	w = httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/assets/a-1234.js", nil))
	if w.Header().Get("Content-Encoding") != "" || w.Body.String() != script {
		t.Errorf("plain: %v", w.Header())
	}
	w = httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/assets/b.bin", nil))
	if w.Code != 200 || w.Body.Len() != 3 {
		t.Errorf("binary: %d %d bytes", w.Code, w.Body.Len())
	}
}

// The built console asks nothing of other hosts and has nothing inline that the
// policy would refuse.
func TestBuiltPageFitsPolicy(t *testing.T) {
	if !Built() {
		t.Skip("SKIPPED: the console is not built: make web")
	}
	page, err := dist.ReadFile("dist/index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"http://", "https://", "<style", " style=", "onload=", "<script>"} {
		if strings.Contains(string(page), bad) {
			t.Errorf("index.html contains %q", bad)
		}
	}
}

// serve keeps a fake universe on addr until interrupted.
func serve(t *testing.T, addr string, opt apitest.Options) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	opt.Wall = time.Now
	fake := apitest.New(opt)
	srv, err := api.New(api.Options{Backend: fake})
	if err != nil {
		t.Fatal(err)
	}
	h, err := Handler(srv)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(ctx) }()
	story(t, fake)
	if err := api.Serve(ctx, ln, h); err != nil {
		t.Error(err)
	}
	if err := <-ran; err != nil {
		t.Error(err)
	}
}
