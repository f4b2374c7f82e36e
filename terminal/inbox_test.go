package terminal

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/node"
	"spacechain/spaceos/command"
	"spacechain/spaceos/sandbox"
)

// sent is a terminal with one deployment under way.
func sent(t *testing.T) *ground {
	g := newGround(t)
	g.submit(g.order(1, command.Command{Op: command.Deploy, Body: packed}))
	return g
}

// answer is a reply of the satellite to a request.
func answer(id byte, at time.Time, r command.Reply) []byte {
	r.Request, r.Satellite, r.Time = command.RequestID{id}, satellite, at
	if r.Code == "" {
		r.Code = command.OK
	}
	return r.Encode(keys[satellite])
}

// What is not the word of the satellite that it should be from changes nothing, and
// the operator is told.
func TestForgedMessagesAreDropped(t *testing.T) {
	stranger := keys[other]
	at := noon.Add(time.Minute)
	reply := command.Reply{Request: command.RequestID{1}, Satellite: satellite, Code: command.OK, Time: at}
	good := reply.Encode(keys[satellite])
	altered := bytes.Clone(good)
	altered[len(altered)/2] ^= 1
	elsewhere := reply
	elsewhere.Satellite = other
	unknown := reply
	unknown.Satellite = 90099
	never := reply
	never.Request = command.RequestID{9}
	swollen := activation(1, at)
	sealed(swollen)
	swollen.Result = []byte("another answer")
	lying := activation(1, at)
	sealed(lying)
	lying.Receipt.Receipt.Gas++
	note := command.Notice{Satellite: satellite, Tenant: 64, Code: command.NoticeStopped, Time: at}
	message := command.AppMessage{Satellite: satellite, Tenant: 64, App: "x", Number: 1, Time: at}
	for name, c := range map[string]struct {
		payload []byte
		why     string
	}{
		"signed by another":           {reply.Encode(stranger), "did not sign"},
		"unsigned":                    {reply.Encode(nil), "signature"},
		"altered":                     {altered, "dropped a"},
		"of another satellite":        {elsewhere.Encode(stranger), "is for satellite 90031"},
		"of an unknown satellite":     {unknown.Encode(stranger), "satellite 90099, which is not known"},
		"to a request never made":     {never.Encode(keys[satellite]), "was never made"},
		"garbage":                     {[]byte("hello"), "dropped a bundle"},
		"nothing":                     {nil, "dropped a bundle"},
		"a result that was exchanged": {swollen.Encode(), "did not sign"},
		"a receipt that was raised":   {lying.Encode(), "did not sign"},
		"a notice of another":         {note.Encode(stranger), "did not sign"},
		"an app message of another":   {message.Encode(stranger), "did not sign"},
	} {
		t.Run(name, func(t *testing.T) {
			g := sent(t)
			g.seen = nil
			g.hand(c.payload)
			if p := g.problems(); len(g.seen) != 1 || len(p) != 1 || !strings.Contains(p[0], c.why) {
				t.Errorf("told %q, want %q", p, c.why)
			}
			if r := g.request(1); r.State != Pending || len(r.Stages) != 1 {
				t.Errorf("request: %+v", r)
			}
			if all, err := g.term.Desk().Tenants(); err != nil || len(all) != 0 {
				t.Errorf("tenants: %v, %v", all, err)
			}
		})
	}
}

// Services of the terminal other than its inbox take nothing.
func TestOnlyTheInboxTakesMessages(t *testing.T) {
	g := sent(t)
	g.check(g.term.deliver(g.now, node.Delivery{Source: bundle.IPN(satellite, 1), Dst: bundle.IPN(home, 7),
		Payload: answer(1, noon, command.Reply{})}))
	if p := g.problems(); len(p) != 1 || !strings.Contains(p[0], "nobody lives there") || g.request(1).State != Pending {
		t.Errorf("told %q", p)
	}
}

func TestAnswerComesTwice(t *testing.T) {
	g := sent(t)
	ok := answer(1, noon.Add(time.Second), command.Reply{Tenant: 64, Body: said(0)})
	no := answer(1, noon.Add(2*time.Second), command.Reply{Code: command.Unavailable})
	g.hand(ok)
	first := g.request(1)
	g.seen = nil
	g.hand(ok)
	g.hand(no)
	g.restart()
	g.hand(ok)
	if again := g.request(1); again.State != Done || len(again.Stages) != len(first.Stages) || again.Code != command.OK || len(g.seen) != 0 {
		t.Errorf("request: %+v, told %+v", again, g.seen)
	}
}

// A refusal says nothing of tenants, whatever its body.
func TestRefusalMakesNoTenant(t *testing.T) {
	g := sent(t)
	g.hand(answer(1, noon, command.Reply{Code: "package-rollback", Message: "counter 1, 2 is installed", Body: said(0)}))
	if r := g.request(1); r.State != Failed || r.Code != "package-rollback" || r.Message == "" {
		t.Errorf("request: %+v", r)
	}
	if all, _ := g.term.Desk().Tenants(); len(all) != 0 {
		t.Errorf("tenants: %+v", all)
	}
}

// An answer whose body cannot be read ends the request all the same.
func TestUnreadableDescription(t *testing.T) {
	g := sent(t)
	g.hand(answer(1, noon, command.Reply{Tenant: 64, Body: []byte("tenants")}))
	if r := g.request(1); r.State != Done {
		t.Errorf("request: %+v", r)
	}
	if p := g.problems(); len(p) != 1 || !strings.Contains(p[0], "cannot be read") {
		t.Errorf("told %q", p)
	}
}

// Stop, start and remove show on the tenant, in the order of the satellite's clock and
// not in that of their arrival.
func TestStateFollowsTheSatellitesClock(t *testing.T) {
	g := sent(t)
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	g.hand(answer(1, at(1), command.Reply{Tenant: 64, Body: said(0)}))
	for id, op := range map[byte]command.Op{2: command.Stop, 3: command.Start, 4: command.Stop, 5: command.List, 6: command.Remove} {
		c := command.Command{Op: op}
		if op != command.List {
			c.Tenant = 64
		}
		g.submit(g.order(id, c))
	}
	expect := func(s command.State, removed bool) {
		t.Helper()
		if tn := g.tenant(); tn.State != s || tn.Removed != removed {
			t.Errorf("tenant is %s, removed %v; want %s, %v", tn.State, tn.Removed, s, removed)
		}
	}
	expect(command.Active, false)
	g.hand(answer(3, at(3), command.Reply{Tenant: 64})) // start overtakes stop
	expect(command.Active, false)
	g.hand(answer(2, at(2), command.Reply{Tenant: 64}))
	expect(command.Active, false)
	g.hand(answer(4, at(6), command.Reply{Tenant: 64}))
	expect(command.Stopped, false)
	g.hand(answer(5, at(5), command.Reply{Body: said(7)})) // a list from before that
	expect(command.Stopped, false)
	if tn := g.tenant(); tn.Activations != 7 {
		t.Errorf("tenant: %+v", tn)
	}
	g.hand(answer(6, at(7), command.Reply{Tenant: 64}))
	expect(command.Stopped, true)
}

// Commands about tenants that the terminal never heard of are answered, and that is all.
func TestAnswersAboutUnknownTenants(t *testing.T) {
	g := newGround(t)
	for id, op := range map[byte]command.Op{1: command.Stop, 2: command.Logs, 3: command.Remove, 4: command.Call} {
		g.submit(g.order(id, command.Command{Op: op, Tenant: 70}))
		g.hand(answer(id, noon, command.Reply{Tenant: 70, Body: command.EncodeLogs(nil)}))
		if r := g.request(id); r.State != Done || r.Tenant != 70 {
			t.Errorf("%s: %+v", op, r)
		}
	}
	if all, _ := g.term.Desk().Tenants(); len(all) != 0 {
		t.Errorf("tenants: %+v", all)
	}
}

func TestNotices(t *testing.T) {
	g := sent(t)
	notice := func(code command.Code, s int, text string) []byte {
		n := command.Notice{Satellite: satellite, Tenant: 64, App: "org.example.probe", Code: code, Message: text,
			Time: noon.Add(time.Duration(s) * time.Second)}
		return n.Encode(keys[satellite])
	}
	g.seen = nil
	g.hand(notice(command.NoticeBackoff, 1, "failed once")) // before the deployment's reply
	if len(g.seen) != 1 || g.seen[0].Notice == nil || g.seen[0].Tenant != nil {
		t.Fatalf("told %+v", g.seen)
	}
	g.hand(answer(1, noon.Add(2*time.Second), command.Reply{Tenant: 64, Body: said(0)}))
	g.seen = nil
	backoff := notice(command.NoticeBackoff, 10, "failed; waits 10 s")
	g.hand(backoff)
	g.hand(backoff) // sent again after a crash of the satellite
	g.restart()
	g.hand(backoff)
	if tn := g.tenant(); tn.State != command.Backoff || tn.Reason != "failed; waits 10 s" || tn.Logs != 1 || len(g.seen) != 1 {
		t.Errorf("tenant: %+v, told %d times", tn, len(g.seen))
	}
	// It came back by itself: a result says so.
	g.hand(sealed(activation(3, noon.Add(20*time.Second))))
	if tn := g.tenant(); tn.State != command.Active || tn.Reason != "" {
		t.Errorf("tenant: %+v", tn)
	}
	g.hand(notice(command.NoticeStopped, 60, "5 failures in a row"))
	g.hand(notice(command.NoticeBackoff, 50, "failed; waits 80 s")) // overtaken
	g.hand(notice(command.NoticeDropped, 70, "messages come too fast"))
	tn := g.tenant()
	if tn.State != command.Stopped || tn.Reason != "messages come too fast" || tn.Logs != 4 {
		t.Errorf("tenant: %+v", tn)
	}
	lines, err := g.term.Desk().Logs("90031.64", 0, 99)
	g.check(err)
	for i, want := range []string{"tenant-backoff: failed; waits 10 s", "tenant-stopped: 5", "tenant-backoff: failed; waits 80 s", "messages-dropped"} {
		if !strings.HasPrefix(lines[i].Text, want) || lines[i].Level != 2 {
			t.Errorf("line %d: %+v, want %q", i, lines[i], want)
		}
	}
}

// A failed activation does not end a backoff, and neither does one from before it.
func TestBackoffEndsWithAGoodActivation(t *testing.T) {
	g := sent(t)
	g.hand(answer(1, noon, command.Reply{Tenant: 64, Body: said(0)}))
	n := command.Notice{Satellite: satellite, Tenant: 64, Code: command.NoticeBackoff, Time: noon.Add(time.Minute)}
	g.hand(n.Encode(keys[satellite]))
	g.hand(sealed(activation(1, noon.Add(30*time.Second))))
	g.hand(sealed(activation(2, noon.Add(2*time.Minute), func(m *command.ResultMessage) { m.Receipt.Receipt.End = sandbox.Trapped })))
	if tn := g.tenant(); tn.State != command.Backoff {
		t.Errorf("tenant: %+v", tn)
	}
	g.hand(sealed(activation(3, noon.Add(3*time.Minute))))
	if tn := g.tenant(); tn.State != command.Active {
		t.Errorf("tenant: %+v", tn)
	}
}
