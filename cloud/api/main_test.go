package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"spacechain/cloud/api"
	"spacechain/cloud/api/apitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a server with a fake universe behind it.
type world struct {
	t    *testing.T
	fake *apitest.Fake
	srv  *api.Server
	http *httptest.Server
}

// start serves a fake universe over real sockets, with the event stream running.
func start(t *testing.T, fake apitest.Options, opt api.Options) *world {
	t.Helper()
	if fake.Wall == nil {
		fake.Wall = time.Now
	}
	w := &world{t: t, fake: apitest.New(fake)}
	if opt.Backend == nil {
		opt.Backend = w.fake
	}
	if opt.PositionInterval == 0 {
		opt.PositionInterval = 20 * time.Millisecond
	}
	srv, err := api.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	w.srv, w.http = srv, httptest.NewServer(srv.Handler())
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil && opt.Backend == w.fake {
			t.Errorf("run: %v", err)
		}
		w.http.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return w
}

// do sends a request and returns status, headers and body.
func (w *world) do(method, path string, body []byte, headers ...string) (int, http.Header, []byte) {
	w.t.Helper()
	req, err := http.NewRequest(method, w.http.URL+path, bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, b
}

// get decodes a 200 answer into v.
func (w *world) get(path string, v any) {
	w.t.Helper()
	status, h, b := w.do("GET", path, nil)
	if status != 200 || h.Get("Content-Type") != "application/json" {
		w.t.Fatalf("GET %s: %d %s: %s", path, status, h.Get("Content-Type"), b)
	}
	if err := json.Unmarshal(b, v); err != nil {
		w.t.Fatalf("GET %s: %v", path, err)
	}
}

// problem expects a problem+json answer.
func (w *world) problem(wantStatus int, wantType, wantDetail, method, path string, body []byte, headers ...string) http.Header {
	w.t.Helper()
	status, h, b := w.do(method, path, body, headers...)
	var p struct {
		Type, Title, Detail string
		Status              int
		Errors              []struct{ Message, Location string }
	}
	if err := json.Unmarshal(b, &p); err != nil {
		w.t.Fatalf("%s %s: %d, not a problem: %s", method, path, status, b)
	}
	all := p.Detail
	for _, e := range p.Errors {
		all += " | " + e.Message + " " + e.Location
	}
	if status != wantStatus || p.Status != wantStatus || p.Type != wantType || !strings.Contains(all, wantDetail) || p.Title == "" {
		w.t.Errorf("%s %s: got %d %q %q, want %d %q %q", method, path, status, p.Type, all, wantStatus, wantType, wantDetail)
	}
	if h.Get("Content-Type") != "application/problem+json" {
		w.t.Errorf("%s %s: content type %q", method, path, h.Get("Content-Type"))
	}
	return h
}

// sse is one server-sent event.
type sse struct{ id, event, data string }

// stream is an open event stream.
type stream struct {
	t    *testing.T
	next chan sse
	stop func()
}

// open opens an event stream that closes with the test.
func (w *world) open(query string, headers ...string) *stream {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, "GET", w.http.URL+"/api/v1/events"+query, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	if resp.StatusCode != 200 || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		b, _ := io.ReadAll(resp.Body)
		w.t.Fatalf("open stream: %d %s", resp.StatusCode, b)
	}
	s := &stream{t: w.t, next: make(chan sse, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(s.next)
		defer resp.Body.Close()
		in := bufio.NewScanner(resp.Body)
		in.Buffer(nil, 4<<20)
		var e sse
		for in.Scan() {
			key, value, _ := strings.Cut(in.Text(), ": ")
			switch key {
			case "id":
				e.id = value
			case "event":
				e.event = value
			case "data":
				e.data = value
			case "":
				if e.event != "" {
					select {
					case s.next <- e:
					case <-ctx.Done():
						return
					}
				}
				e = sse{}
			}
		}
	}()
	s.stop = func() { cancel(); <-done }
	w.t.Cleanup(s.stop)
	return s
}

// want waits for an event of the given kind and decodes its data into v.
func (s *stream) want(kind string, v any) sse {
	s.t.Helper()
	limit := time.After(5 * time.Second)
	for {
		select {
		case e, ok := <-s.next:
			if !ok {
				s.t.Fatalf("stream ended while waiting for %q", kind)
			}
			if e.event != kind {
				continue
			}
			if v != nil {
				if err := json.Unmarshal([]byte(e.data), v); err != nil {
					s.t.Fatalf("%s: %v: %s", kind, err, e.data)
				}
			}
			return e
		case <-limit:
			s.t.Fatalf("no %q event within 5 s", kind)
		}
	}
}

func TestServeDrains(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	entered := make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		time.Sleep(50 * time.Millisecond)
		_, _ = io.WriteString(w, "whole")
	})
	served := make(chan error, 1)
	go func() { served <- api.Serve(ctx, ln, handler) }()
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get("http://" + ln.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		answer <- string(b)
	}()
	<-entered
	cancel()
	if got := <-answer; got != "whole" {
		t.Errorf("request under way at shutdown: %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := api.Serve(context.Background(), ln, handler); err == nil {
		t.Error("serve on a closed listener: no error")
	}
}

func TestNewNeedsBackend(t *testing.T) {
	if _, err := api.New(api.Options{}); err == nil {
		t.Fatal("no error without a backend")
	}
}
