package world

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spacechain/clock"
	"spacechain/cloud/api"
	"spacechain/spaceos/command"
	"spacechain/world/scenario"
)

// problem is what the API says of what it does not take.
type problem struct{ Type, Title, Detail string }

// Commands that come by HTTP and are out of order are refused in words, and nothing
// of them is kept. (Malformed requests as such are tests of cloud/api.)
func TestBadCommandsByHTTP(t *testing.T) {
	u := universe(t, Options{Seed: 2, Topology: small(t), Pace: clock.Scaled(10)})
	now := u.Now().Truncate(time.Millisecond)
	srv, err := api.New(api.Options{Backend: u.Backend()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- u.Run(ctx, time.Time{}) }()
	defer func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}()
	sign := func(c command.Command) []byte {
		if c.Satellite == 0 {
			c.Satellite = 90001
		}
		if c.Issued.IsZero() {
			c.Issued, c.Expires = now, now.Add(time.Hour)
		}
		if c.ReplyTo == "" {
			c.ReplyTo = "ipn:3000001.2"
		}
		c.Request = command.RequestID{byte(c.Op), byte(c.Satellite), 9}
		b, err := c.Sign(fiend)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	list := sign(command.Command{Op: command.List})
	altered := bytes.Clone(list)
	altered[len(altered)-1] ^= 1
	post := func(b []byte) (int, problem) {
		req := httptest.NewRequest("POST", "http://localhost/api/v1/commands", bytes.NewReader(b))
		req.Header.Set("Content-Type", "application/cbor")
		w := httptest.NewRecorder()
		srv.Handler().ServeHTTP(w, req)
		var p problem
		if w.Code >= 400 {
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		return w.Code, p
	}
	for _, c := range []struct {
		name string
		raw  []byte
		code int
		say  string
	}{
		{"signature altered", altered, 422, "not signed by"},
		{"half", list[:len(list)/2], 400, "cbor"},
		{"noise in CBOR", []byte{0x83, 1, 2, 3}, 422, "not a command"},
		{"for a satellite that is not there", sign(command.Command{Op: command.List, Satellite: 4711}), 422, "satellite 4711 is not known"},
		{"expired", sign(command.Command{Op: command.List, Issued: now.Add(-time.Hour), Expires: now.Add(-time.Minute)}), 422, "expired"},
		{"answers elsewhere", sign(command.Command{Op: command.List, ReplyTo: "ipn:3000009.2"}), 422, "replies would go to"},
		{"a package that is none", sign(command.Command{Op: command.Deploy, Body: []byte("PK\x03\x04")}), 422, "not a package"},
	} {
		code, p := post(c.raw)
		if code != c.code || !strings.Contains(p.Detail, c.say) {
			t.Errorf("%s: %d %+v, want %d with %q", c.name, code, p, c.code, c.say)
		}
	}
	if requests, err := u.Backend().Requests(ctx, 100); err != nil || len(requests) > 0 {
		t.Errorf("%d requests are kept, %v", len(requests), err)
	}
	if code, p := post(list); code != http.StatusAccepted {
		t.Errorf("a good one: %d %+v", code, p)
	}
}

// Files that are out of order keep a universe from being made, in words, and leave
// its folder as it was.
func TestBadFilesMakeNoUniverse(t *testing.T) {
	dir := t.TempDir()
	tree := func() (out []string) {
		if err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !strings.Contains(path, "store") {
				b, err := os.ReadFile(path)
				out = append(out, path+" "+string(b))
				return err
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	first, err := New(Options{Seed: 4, Topology: small(t), DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	before := tree()
	for name, o := range map[string]Options{
		"a scenario about a station that is not there": {Seed: 4, Scenario: faulty(t, "faults:\n  - {station outage: Atlantis, at: 1h, for: 1h}\n")},
		"a scenario about a link that is not there":    {Seed: 4, Scenario: faulty(t, "faults:\n  - {link outage: [Svalbard, Nowhere], at: 1h, for: 1h}\n")},
		"another seed": {Seed: 5},
	} {
		o.Topology, o.DataDir = small(t), dir
		u, err := New(o)
		if err == nil {
			t.Errorf("%s: made", name)
			u.Close()
			continue
		}
		var wrong *scenario.Error
		if o.Scenario != nil && (!errors.As(err, &wrong) || wrong.Line != 2) {
			t.Errorf("%s: %v", name, err)
		}
		if after := tree(); strings.Join(after, "\n") != strings.Join(before, "\n") {
			t.Errorf("%s: the folder holds %q, before %q", name, after, before)
		}
	}
	again, err := New(Options{Seed: 4, Topology: small(t), DataDir: dir})
	if err != nil {
		t.Fatal("after all of it:", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
