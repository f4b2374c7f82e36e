package system

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/spk"
)

var rewrite = flag.Bool("rewrite", false, "write what the scenarios in testdata give as what they expect")

// Scenarios are text files: a command, indented lines that belong to it, a line of
// dashes, and what owners, peers and the log see of it. "go test -rewrite" writes the
// latter anew; the difference is what a review looks at.
//
//	app NAME [v=VERSION] [counter=N] [every=D] [message] [install] [sensors=NAME,...] [peers=P,...] [actuators=A,...]
//	    (the app's script, see scriptEngine)
//	OWNER deploys NAME [as INSTANCE] [without ed25519|mldsa65] [altered at N]
//	OWNER calls N [TEXT] | stops N | starts N | removes N | lists | reads the log of N
//	OWNER repeats the command
//	ENDPOINT tells N [TEXT]
//	time passes D
//	activations are held | activations go on
//	the power fails
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios:", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(b))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(b) {
				t.Errorf("%s gives\n%s", file, got)
			}
		})
	}
}

// stage is a scenario being played.
type stage struct {
	*ground
	apps map[string]*spk.Package
	last map[string][]byte // the last command of each owner
}

// play gives the scenario's text with what it gives in place of what it expects.
func play(t *testing.T, text string) string {
	opt := options(kv.NewMemory())
	opt.Limits.LogTail = 200
	s := &stage{ground: newGround(t, opt), apps: map[string]*spk.Package{}, last: map[string][]byte{}}
	var out strings.Builder
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if line == "" && i == len(lines)-1 {
			break
		}
		out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var body []string
		for i++; i < len(lines) && lines[i] != "----"; i++ {
			out.WriteString(lines[i] + "\n")
			body = append(body, strings.TrimSpace(lines[i]))
		}
		out.WriteString("----\n" + s.act(line, strings.Join(body, "\n")))
		for i++; i < len(lines) && lines[i] != ""; i++ { // what was expected
		}
		if i < len(lines)-1 {
			out.WriteString("\n")
		}
	}
	return out.String()
}

// act carries one command out and tells what came of it.
func (s *stage) act(line, body string) string {
	s.t.Helper()
	f := strings.Fields(line)
	s.inbox, s.peers, s.events = nil, nil, nil
	switch {
	case f[0] == "app":
		s.app(f[1:], body)
		return ""
	case line == "the power fails":
		s.restart()
		s.drain()
	case line == "activations are held":
		s.hold = true
	case line == "activations go on":
		s.hold = false
		for _, j := range s.held {
			s.finish(j)
		}
		s.held = nil
		s.drain()
	case strings.HasPrefix(line, "time passes "):
		d, err := time.ParseDuration(f[2])
		s.check(err)
		s.run(d)
	case owners[f[0]] != nil:
		s.owner(f[0], f[1:])
		s.drain()
	case len(f) > 2 && f[1] == "tells":
		s.deliver(f[0], number(f[2]), []byte(strings.Join(f[3:], " ")))
		s.drain()
	default:
		s.t.Fatalf("the scenario says %q", line)
	}
	return s.tell()
}

func number(s string) uint64 { n, _ := strconv.ParseUint(s, 10, 64); return n }

func (s *stage) app(f []string, code string) {
	m := app(f[0])
	for _, word := range f[1:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "v":
			m.Version = manifest.Version(value)
		case "counter":
			m.Counter = number(value)
		case "every":
			d, err := time.ParseDuration(value)
			s.check(err)
			m.Triggers = append(m.Triggers, manifest.Trigger{Name: "tick", Kind: manifest.Schedule, Every: d})
		case "message":
			m.Triggers = append(m.Triggers, byMessage)
		case "install":
			m.Triggers = append(m.Triggers, byInstall)
		case "storage":
			m.Limits.StorageBytes = number(value)
		case "sensors":
			for _, n := range strings.Split(value, ",") {
				m.Permissions.Sensors = append(m.Permissions.Sensors, manifest.Sensor{Name: n, Interval: time.Second})
			}
		case "peers":
			m.Permissions.Peers = strings.Split(value, ",")
		case "actuators":
			m.Permissions.Actuators = strings.Split(value, ",")
		default:
			s.t.Fatalf("app %s: %q", f[0], word)
		}
	}
	s.apps[f[0]] = pack(s.t, m, code)
}

func (s *stage) owner(owner string, f []string) {
	var c command.Command
	arg := func(i int) string {
		if i < len(f) {
			return f[i]
		}
		return ""
	}
	switch f[0] {
	case "deploys":
		p := s.apps[arg(1)]
		if p == nil {
			s.t.Fatalf("no app %q", arg(1))
		}
		q := *p
		c.Op = command.Deploy
		altered := -1
		for i := 2; i < len(f); i++ {
			switch f[i] {
			case "as":
				c.Instance = arg(i + 1)
			case "without":
				keep := map[string]int{"ed25519": 1, "mldsa65": 0}[arg(i+1)]
				q.Signatures = []spk.Signature{p.Signatures[keep]}
			case "altered":
				altered = int(number(arg(i + 2)))
			}
		}
		c.Body = q.Encode()
		if altered >= 0 {
			c.Body[altered] ^= 1
		}
	case "calls":
		c.Op, c.Tenant, c.Body = command.Call, number(arg(1)), []byte(strings.Join(f[min(2, len(f)):], " "))
	case "stops":
		c.Op, c.Tenant = command.Stop, number(arg(1))
	case "starts":
		c.Op, c.Tenant = command.Start, number(arg(1))
	case "removes":
		c.Op, c.Tenant = command.Remove, number(arg(1))
	case "lists":
		c.Op = command.List
	case "reads":
		c.Op, c.Tenant = command.Logs, number(f[len(f)-1])
	case "repeats":
		s.deliver(inboxes[owner], command.Service, s.last[owner])
		return
	default:
		s.t.Fatalf("%s %s what?", owner, f[0])
	}
	s.last[owner] = s.ground.command(owner, c)
	s.deliver(inboxes[owner], command.Service, s.last[owner])
}

// tell gives what owners and peers heard and what was dropped or refused.
func (s *stage) tell() string {
	var b strings.Builder
	for _, e := range s.events {
		if e.Kind == EventDropped {
			fmt.Fprintf(&b, "dropped: %s\n", e.Text)
		}
	}
	for _, m := range s.peers {
		fmt.Fprintf(&b, "tenant %d tells %s: %s\n", m.Service, m.Destination, m.Payload)
	}
	for _, m := range s.inbox {
		switch {
		case m.Reply != nil:
			r := m.Reply
			fmt.Fprintf(&b, "reply %s", r.Code)
			if r.Tenant != 0 {
				fmt.Fprintf(&b, ", tenant %d", r.Tenant)
			}
			if r.Message != "" {
				fmt.Fprintf(&b, ": %s", r.Message)
			}
			b.WriteString("\n" + s.body(r.Body))
		case m.Result != nil:
			r := m.Result.Receipt.Receipt
			fmt.Fprintf(&b, "%s tenant %d, activation %d by %s %s: %s", r.Started.Format("15:04:05"), r.Tenant, r.Activation, r.Trigger, r.TriggerName, r.End)
			if d := m.Result.Report.Detail; d != "" {
				fmt.Fprintf(&b, ", %s", d)
			}
			if len(m.Result.Result) > 0 {
				fmt.Fprintf(&b, " %q", m.Result.Result)
			}
			fmt.Fprintf(&b, ", %d gas, %d bytes stored\n", r.Gas, r.BytesStored)
			for _, l := range m.Result.Report.Logs {
				fmt.Fprintf(&b, "  log: %s\n", l.Text)
			}
		case m.App != nil:
			fmt.Fprintf(&b, "%s of tenant %d says: %s\n", m.App.App, m.App.Tenant, m.App.Payload)
		case m.Notice != nil:
			fmt.Fprintf(&b, "notice %s, tenant %d: %s\n", m.Notice.Code, m.Notice.Tenant, m.Notice.Message)
		}
	}
	return b.String()
}

func (s *stage) body(b []byte) string {
	var out strings.Builder
	if ts, err := command.DecodeTenants(b); err == nil {
		for _, t := range ts {
			fmt.Fprintf(&out, "  %d %s %s %s, %d activations, %d failures, %d bytes stored", t.Tenant, t.App, t.Version, t.State, t.Activations, t.Failures, t.Stored)
			if t.Reason != "" {
				fmt.Fprintf(&out, " (%s)", t.Reason)
			}
			out.WriteString("\n")
		}
	} else if lines, err := command.DecodeLogs(b); err == nil {
		for _, l := range lines {
			fmt.Fprintf(&out, "  %s %d: %s\n", l.Time.Format("15:04:05"), l.Activation, l.Text)
		}
	}
	return out.String()
}
