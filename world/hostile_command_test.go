package world

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/spaceos/command"
	"spacechain/spaceos/cose"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/system"
)

// forgery is a command that must not be obeyed.
type forgery struct {
	name string
	raw  []byte
	code string
}

// away is Mallory's inbox.
var away = fmt.Sprintf("ipn:%d.%d", mallory, command.InboxService)

// forgeries are commands about the neighbour's tenant, and others out of order.
func (s *siege) forgeries() (out []forgery) {
	now := s.u.Now().Truncate(time.Millisecond)
	sign := func(key *identity.Key, c command.Command) []byte {
		if c.ReplyTo == "" {
			c.ReplyTo = away
		}
		return s.sign(key, c)
	}
	add := func(name, code string, raw []byte) { out = append(out, forgery{name, raw, code}) }
	theirs := s.calm[0]
	for _, op := range []command.Op{command.Logs, command.Call, command.Stop, command.Start, command.Remove} {
		add(op.String()+" of somebody else's tenant", "tenant-unknown", sign(fiend, command.Command{Op: op, Tenant: theirs}))
	}
	add("stop of the runtime", "tenant-unknown", sign(fiend, command.Command{Op: command.Stop, Tenant: system.FirstTenant}))
	add("remove of a tenant that never was", "tenant-unknown", sign(fiend, command.Command{Op: command.Remove, Tenant: 1 << 60}))
	stop := sign(neighbour, command.Command{Op: command.Stop, Tenant: theirs})
	for _, at := range []int{len(stop) - 1, len(stop) - 64} {
		b := bytes.Clone(stop)
		b[at] ^= 0x20
		add(fmt.Sprintf("signature altered at %d", at-len(stop)), "command-signature-invalid", b)
	}
	b := bytes.Clone(stop)
	at := bytes.LastIndexByte(b[:len(b)-66], byte(theirs))
	b[at]++
	add("payload altered", "command-signature-invalid", b)
	own := command.OwnerOf(fiend)
	they := command.OwnerOf(neighbour)
	add("owner replaced", "command-signature-invalid", bytes.ReplaceAll(stop, they[:], own[:]))
	add("in the owner's name", "command-signature-invalid", bytes.ReplaceAll(sign(fiend, command.Command{Op: command.Remove, Tenant: theirs}), own[:], they[:]))
	add("for another satellite", "command-wrong-satellite", sign(neighbour, command.Command{Op: command.Remove, Tenant: theirs, Satellite: elsewhere}))
	add("expired", "command-expired", sign(neighbour, command.Command{Op: command.Remove, Tenant: theirs, Issued: now.Add(-time.Hour), Expires: now.Add(-time.Second)}))
	add("of long ago", "command-expired", sign(neighbour, command.Command{Op: command.Remove, Tenant: theirs, Issued: time.UnixMilli(1), Expires: time.UnixMilli(2)}))
	add("from the future", "command-not-yet", sign(neighbour, command.Command{Op: command.Remove, Tenant: theirs, Issued: now.Add(time.Hour)}))
	add("half a command", "command-malformed", stop[:len(stop)/2])
	add("a byte more", "command-malformed", append(bytes.Clone(stop), 0))
	add("a package instead", "command-malformed", spoil(func(*forged) {}))
	add("nothing", "command-malformed", nil)
	s1, err := cose.DecodeSign1(stop)
	if err != nil {
		s.t.Fatal(err)
	}
	resigned := func(name, code string, change func(*cose.Sign1)) {
		m := *s1
		m.Payload = bytes.Clone(m.Payload)
		change(&m)
		m.Signature = neighbour.SignEd25519(m.TBS(nil, nil))
		add(name, code, m.Encode())
	}
	resigned("of an operation that is none", "command-malformed", func(m *cose.Sign1) {
		i := bytes.Index(m.Payload, []byte{2, byte(command.Stop), 3})
		m.Payload[i+1] = 23
	})
	resigned("with another content type", "command-malformed", func(m *cose.Sign1) { m.Protected.ContentType = "text/plain" })
	resigned("with an empty payload", "command-malformed", func(m *cose.Sign1) { m.Payload = []byte{} })
	resigned("with a payload of 50,000 nested arrays", "command-malformed", func(m *cose.Sign1) { m.Payload = bytes.Repeat([]byte{0x81}, 50_000) })
	return out
}

// forges throws forgeries and checks the signed answers, which come back in order.
func (s *siege) forges(all []forgery) {
	s.t.Helper()
	for _, f := range all {
		from := len(s.rogue.replies(s.t))
		s.rogue.say(command.Service, f.raw)
		for range 20 {
			if len(s.rogue.replies(s.t)) > from {
				break
			}
			s.run(200 * time.Millisecond)
		}
		got := s.rogue.replies(s.t)[from:]
		if len(got) != 1 {
			s.t.Errorf("command %s: %d answers, want one", f.name, len(got))
			continue
		}
		if r := got[0]; string(r.Code) != f.code || r.Satellite != target || len(r.Body) > 0 {
			s.t.Errorf("command %s: %s %q, want %s", f.name, r.Code, r.Message, f.code)
		}
		s.t.Logf("command %-44s %-26s %s", f.name, got[0].Code, got[0].Message)
	}
}

// replays sends a call again and again: it happens once.
func (s *siege) replays() {
	s.t.Helper()
	echo := manifestOf("echo", manifest.RuntimeWasm)
	echo.Triggers = []manifest.Trigger{{Name: "call", Kind: manifest.Message}}
	callee := s.deployAllOf([]misdeed{{name: "echo", manifest: echo, module: nothing.Bytes()}})[0].tenant
	raw := s.sign(fiend, command.Command{Op: command.Call, Tenant: callee, Body: []byte("once"), ReplyTo: away})
	from, before := len(s.rogue.replies(s.t)), len(s.results(callee))
	for range 5 {
		s.rogue.say(command.Service, raw)
		s.run(2 * time.Second)
	}
	c, err := command.Open(raw)
	if err != nil {
		s.t.Fatal(err)
	}
	c.Body = []byte("twice")
	s.rogue.say(command.Service, s.sign(fiend, *c))
	s.run(2 * time.Second)
	got := s.rogue.replies(s.t)[from:]
	if len(got) != 6 {
		s.t.Fatalf("five calls of one id and another with it: %d answers", len(got))
	}
	for i, r := range got {
		want := command.OK
		if i == 5 {
			want = command.RequestConflict
		}
		if r.Code != want || !r.Time.Equal(got[0].Time) == (i < 5) {
			s.t.Errorf("answer %d: %s at %s, want %s", i, r.Code, r.Time, want)
		}
	}
	if n := len(s.results(callee)) - before; n != 1 {
		s.t.Errorf("a call that came five times ran %d times", n)
	}
}

// mailLoops sends what would have satellites answer each other for ever.
func (s *siege) mailLoops() {
	s.t.Helper()
	control := func(node uint64) string { return fmt.Sprintf("ipn:%d.%d", node, command.Service) }
	for _, to := range []string{control(target), control(elsewhere), "ipn:90031.0", "ipn:90031.65", "ipn:0.2", "ipn:99999999999.2", "dtn:none"} {
		c := command.Command{Op: command.List, Satellite: target, Request: command.RequestID{1}, Issued: s.u.Now().Truncate(time.Millisecond), ReplyTo: to}
		c.Expires = c.Issued.Add(time.Hour)
		if _, err := c.Sign(fiend); err == nil {
			s.t.Errorf("a command is signed that has its answer sent to %s", to)
		}
		for range 3 {
			s.rogue.say(command.Service, replyingTo(to, c))
		}
	}
	for _, to := range []string{"ipn:90031.2", "ipn:5.2", "ipn:4294967295.2"} { // inboxes that nobody reads
		s.rogue.say(command.Service, s.sign(fiend, command.Command{Op: command.List, ReplyTo: to}))
		s.rogue.say(command.Service, s.sign(fiend, command.Command{Op: command.Deploy, Body: []byte("junk"), ReplyTo: to}))
	}
	for _, from := range []bundle.EID{bundle.IPN(target, command.Service), bundle.IPN(elsewhere, command.Service), bundle.IPN(target, 0),
		bundle.IPN(target, s.calm[0]), bundle.IPN(home, command.InboxService), bundle.None} {
		p := s.rogue.primary(command.Service)
		p.Source = from
		if from.IsNull() {
			p.ReportTo, p.Flags = bundle.None, bundle.FlagMustNotFragment
		}
		s.rogue.put(p, []byte("an answer is not wanted"))
	}
	s.run(10 * time.Second)
	lines := s.u.log.lines
	s.run(20 * time.Second)
	if n := s.u.log.lines - lines; n > 600 {
		s.t.Errorf("%d lines of history in 20 s: who talks?", n)
	}
}

// replyingTo signs a command with a reply endpoint that Sign refuses.
func replyingTo(to string, c command.Command) []byte {
	c.ReplyTo = away
	raw, err := c.Sign(fiend)
	if err != nil {
		panic(err)
	}
	m, err := cose.DecodeSign1(raw)
	if err != nil {
		panic(err)
	}
	m.Payload = bytes.Replace(m.Payload, cbor.AppendText(nil, away), cbor.AppendText(nil, to), 1)
	m.Signature = fiend.SignEd25519(m.TBS(nil, nil))
	return m.Encode()
}

// garbage throws bundles of noise at every service, and bundles with odd headers.
func (s *siege) garbage() {
	s.t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		return b
	}
	services := []uint64{0, 1, 2, 3, 63, 64, 65, 66, 67, 1000, 1 << 31, 1<<63 - 1, 1<<64 - 1}
	for _, service := range services {
		for _, n := range []int{0, 1, 17, 1000, 100_000} {
			s.rogue.say(service, noise(n))
		}
		p := s.rogue.primary(service)
		p.Flags |= bundle.FlagAdminRecord
		s.rogue.put(p, noise(40))
		p = s.rogue.primary(service)
		p.Flags |= bundle.FlagFragment
		p.FragmentOffset, p.TotalLength = 1<<62, 1<<63
		s.rogue.put(p, noise(100))
		p = s.rogue.primary(service)
		p.Flags |= bundle.FlagFragment
		p.TotalLength = 1 << 40
		s.rogue.put(p, noise(100))
		p = s.rogue.primary(service)
		p.LifetimeMs = 1<<64 - 1
		p.Timestamp.Time = 1<<64 - 1
		s.rogue.put(p, noise(10))
		p = s.rogue.primary(service)
		p.Timestamp.Time = 0
		s.rogue.put(p, noise(10))
		p = s.rogue.primary(service)
		p.LifetimeMs = 0
		s.rogue.put(p, noise(10))
	}
	whole := bundle.New(s.rogue.primary(1), noise(200)).Encode()
	for n := 1; n < len(whole); n += 13 { // not bundles at all: the first node refuses them
		s.rogue.raw(whole[:n])
		b := bytes.Clone(whole)
		b[n] ^= 0x40
		s.rogue.raw(b)
	}
	s.rogue.raw(cbor.AppendBytes(nil, noise(1000)))
	s.run(30 * time.Second)
}

// atHome are commands that the owner's own terminal does not even send.
func TestTerminalRejectsAtOnce(t *testing.T) {
	s := besiege(t, Options{})
	now := s.u.Now().Truncate(time.Millisecond)
	good := s.sign(fiend, command.Command{Op: command.List})
	for name, raw := range map[string][]byte{
		"nothing":                nil,
		"noise":                  []byte("noise"),
		"half":                   good[:len(good)/2],
		"altered":                append(bytes.Clone(good[:len(good)-1]), good[len(good)-1]^1),
		"for no satellite":       s.sign(fiend, command.Command{Op: command.List, Satellite: 12345}),
		"for a station":          s.sign(fiend, command.Command{Op: command.List, Satellite: 2000001}),
		"expired":                s.sign(fiend, command.Command{Op: command.List, Issued: now.Add(-time.Hour), Expires: now.Add(-time.Minute)}),
		"answer to somebody":     s.sign(fiend, command.Command{Op: command.List, ReplyTo: away}),
		"a package that is none": s.sign(fiend, command.Command{Op: command.Deploy, Body: []byte("PK\x03\x04")}),
	} {
		if _, err := s.submit(raw); err == nil || !strings.Contains(err.Error(), "command rejected: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	requests, err := s.u.desk.Requests()
	if err != nil || len(requests) != len(s.calm) {
		t.Errorf("%d requests are kept, %v", len(requests), err)
	}
}
