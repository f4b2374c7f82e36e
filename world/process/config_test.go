package process

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spacechain/identity"
	"spacechain/world/topology"
)

// write puts a file into dir and gives its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigReadsItsWords(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "clock.yaml", "speed: 60\nwall: 2026-05-30T12:00:00Z\nsim: 2026-01-01T00:00:00Z\n")
	c, err := ReadConfig(write(t, dir, "payload.yaml", `
node: 90001
module: payload
listen: 127.0.0.1:7001
peers: {2000001: "127.0.0.1:7002"}
bus: {listen: "127.0.0.1:7011", peer: "127.0.0.1:7012"}
contacts: plan/contacts.json
clock: clock.yaml
aboard: [/abs/js.spk]
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Node != 90001 || c.Key != "default" || c.Peers[2000001] != "127.0.0.1:7002" || c.Bus.Peer != "127.0.0.1:7012" {
		t.Errorf("%+v", c)
	}
	if got := c.path(c.Contacts); got != filepath.Join(dir, "plan/contacts.json") {
		t.Errorf("contacts are at %s", got)
	}
	if got := c.path(c.Aboard[0]); got != "/abs/js.spk" {
		t.Errorf("the package is at %s", got)
	}
	wall := time.Date(2026, 5, 30, 12, 1, 0, 0, time.UTC)
	pace, start, err := c.pace(wall)
	if err != nil || pace.Factor != 60 || !start.Equal(time.Date(2026, 1, 1, 1, 0, 0, 0, time.UTC)) {
		t.Errorf("pace %+v starts at %v: %v", pace, start, err)
	}
}

// Without a clock, time is the machine's.
func TestConfigWithoutClock(t *testing.T) {
	c, err := ReadConfig(write(t, t.TempDir(), "s.yaml", "node: 1"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 30, 12, 1, 0, 0, time.UTC)
	pace, start, err := c.pace(now)
	if err != nil || pace.Factor != 1 || !start.Equal(now) || !pace.At(now.Add(time.Second)).Equal(now.Add(time.Second)) {
		t.Errorf("pace %+v starts at %v: %v", pace, start, err)
	}
}

func TestBadConfigs(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "again.yaml", "again.yaml")
	for _, c := range []struct{ text, says string }{
		{"", "the file is empty"},
		{"# nothing", "the file is empty"},
		{"node: [", "line 1"},
		{"node: x", "line 1"},
		{"listen: 127.0.0.1:1", "node is missing"},
		{"node: 1\nnod: 2\n", `line 2: unknown word "nod"`},
		{"node: 1\nbus: {lisen: x}\n", `line 2: unknown word "lisen"`},
		{"node: 1\nclock: {sped: 2}\n", `line 2: unknown word "sped"`},
		{"node: 1\nclock: nowhere.yaml\n", "nowhere.yaml"},
		{"node: 1\nclock: again.yaml\n", "no name of another file"},
		{"node: 1\nclock: [1]\n", "line 2"},
		{strings.Repeat("#", maxConfig+1), "the limit is"},
	} {
		_, err := ReadConfig(write(t, dir, "c.yaml", c.text))
		if !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.40q: error %v, want one that says %q", c.text, err, c.says)
		}
	}
	for _, k := range []ClockConfig{{Speed: -1}, {Wall: time.Unix(1, 0)}, {Sim: time.Unix(1, 0)}} {
		if _, _, err := (&Config{Clock: k}).pace(time.Unix(2, 0)); !errors.Is(err, ErrConfig) {
			t.Errorf("clock %+v: error %v", k, err)
		}
	}
}

func TestHouse(t *testing.T) {
	dir := t.TempDir()
	key := identity.FromSeed([identity.SeedSize]byte{7}).Public()
	write(t, dir, "house.pub", hex.EncodeToString(key.Encode())+"\n")
	write(t, dir, "short.pub", "abcd")
	for _, c := range []struct{ house, says string }{
		{key.ID().String(), ""},
		{"house.pub", ""},
		{key.ID().String()[:20], "identity"},
		{"nowhere.pub", "nowhere.pub"},
		{"short.pub", "short.pub"},
	} {
		id, err := (&Config{House: c.house, dir: dir}).house()
		switch {
		case c.says == "" && (err != nil || id != key.ID()):
			t.Errorf("house %s is %s: %v", c.house, id, err)
		case c.says != "" && (!errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.says)):
			t.Errorf("house %s: error %v, want one that says %q", c.house, err, c.says)
		}
	}
}

func TestContactsFile(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := FromWindows([]topology.Window{
		{A: 90001, B: 2000001, Start: start, End: start.Add(time.Minute), RateABBps: 4e6, RateBABps: 1e6, OWLT: 9 * time.Millisecond},
		{A: 90001, B: 2000002, Start: start, End: start.Add(time.Minute), RateABBps: 4e6}, // does not close the other way
	})
	if len(c.Windows) != 1 {
		t.Fatalf("windows %+v", c.Windows)
	}
	plan, err := c.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if got := plan.Len(); got != 2 {
		t.Errorf("%d contacts of one window, want one in each direction", got)
	}
	dir := t.TempDir()
	for _, text := range []string{"", "{", `{"windows":[{"start":"yesterday"}]}`} {
		if _, err := ReadContacts(write(t, dir, "c.json", text)); !errors.Is(err, ErrConfig) {
			t.Errorf("%q: error %v", text, err)
		}
	}
	bad := &Contacts{Windows: []Window{{A: 1, B: 2, Start: start, End: start, RateAB: 1, RateBA: 1}}}
	if _, err := bad.Plan(); !errors.Is(err, ErrConfig) {
		t.Errorf("a window without length: %v", err)
	}
}
