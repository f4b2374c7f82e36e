package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"spacechain/dtn/bundle"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/internal/kv"
	"spacechain/spaceos/command"
)

// A command goes up, is obeyed, and the answer comes home; every step is noted once,
// in its order, and told of.
func TestCommandAndAnswer(t *testing.T) {
	g := newGround(t)
	g.obey = func(*command.Command) command.Reply {
		return command.Reply{Code: command.OK, Tenant: 64, Body: said(0)}
	}
	r := g.submit(g.order(1, command.Command{Op: command.Deploy, Body: packed}))
	if r.State != Pending || r.App != "org.example.probe" || r.Version != "1.2.0" || r.GasLimit != 1_000_000 || r.Quota != 4096 {
		t.Fatalf("request: %+v", r)
	}
	g.run(time.Minute)
	if len(g.executed) != 0 {
		t.Fatal("the satellite got a command before it was heard")
	}
	g.link()
	g.run(time.Minute)
	r = g.request(1)
	if r.State != Done || r.Code != command.OK || r.Tenant != 64 || !bytes.Equal(r.Reply, said(0)) {
		t.Fatalf("request: %+v", r)
	}
	equal(t, "stages", stages(r), []StageName{StageQueued, StageUplinked, StageArrived, StageExecuted, StageReplied})
	if tn := g.tenant(); tn.Request != r.ID || tn.State != command.Active || tn.Quota != 4096 || tn.Owner != command.OwnerOf(owner).String() {
		t.Errorf("tenant: %+v", tn)
	}
	var told []StageName
	for _, c := range g.seen {
		if c.Request != nil {
			told = append(told, c.Stage)
		}
	}
	equal(t, "told", told, []StageName{StageQueued, StageArrived, StageReplied})
	if p := g.problems(); len(p) > 0 {
		t.Errorf("problems: %q", p)
	}
}

func TestSubmitRejects(t *testing.T) {
	g := newGround(t)
	good := g.order(1, command.Command{Op: command.List})
	altered := bytes.Clone(good)
	altered[len(altered)-1] ^= 1
	for name, c := range map[string]struct {
		signed []byte
		why    string
	}{
		"unknown satellite": {g.order(2, command.Command{Op: command.List, Satellite: 90033}), "satellite 90033 is not known"},
		"wrong reply-to":    {g.order(2, command.Command{Op: command.List, ReplyTo: "ipn:3000002.2"}), "this terminal is ipn:3000001.2"},
		"expired":           {g.order(2, command.Command{Op: command.List, Issued: noon.Add(-2 * time.Hour), Expires: noon}), "it expired at"},
		"malformed":         {[]byte("launch"), "not a command"},
		"empty":             {nil, "not a command"},
		"altered":           {altered, "signature"},
		"no package":        {g.order(2, command.Command{Op: command.Deploy, Body: []byte("app.zip")}), "command rejected"},
		"too large":         {g.order(2, command.Command{Op: command.Call, Tenant: 64, Body: make([]byte, maxCommand)}), "the limit is"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := g.term.Submit(g.now, c.signed)
			if !errors.Is(err, ErrRejected) || !strings.Contains(fmt.Sprint(err), c.why) {
				t.Errorf("submit: %v, want a rejection with %q", err, c.why)
			}
			if r.ID != "" {
				t.Errorf("gave request %s all the same", r.ID)
			}
		})
	}
	if all, err := g.term.Desk().Requests(); err != nil || len(all) != 0 {
		t.Errorf("%d requests are kept, %v", len(all), err)
	}
	if g.term.node.Stored() != 0 || len(g.seen) != 0 {
		t.Error("something was sent or told")
	}
	g.submit(good)
}

// The same command is one request, however often and whenever it is submitted, also
// after a restart; another under the same number is refused, also once the first is
// done.
func TestSubmitIsIdempotent(t *testing.T) {
	g := newGround(t)
	signed := g.order(1, command.Command{Op: command.List})
	conflict := g.order(1, command.Command{Op: command.Stop, Tenant: 64})
	first := g.submit(signed)
	again := func(state State) {
		t.Helper()
		if r := g.submit(signed); r.ID != first.ID || r.State != state || r.Bundle != first.Bundle {
			t.Errorf("submitted again: %+v", r)
		}
		if _, err := g.term.Submit(g.now, conflict); !errors.Is(err, ErrRejected) || !strings.Contains(err.Error(), "another command") {
			t.Errorf("another command under the same number: %v", err)
		}
		if all, err := g.term.Desk().Requests(); err != nil || len(all) != 1 {
			t.Errorf("%d requests, %v", len(all), err)
		}
	}
	again(Pending)
	g.restart()
	again(Pending)
	g.link()
	g.run(time.Minute)
	again(Done)
	g.restart()
	again(Done)
	if n := g.term.node.Stored(); n != 0 {
		t.Errorf("%d bundles are left", n)
	}
	if len(g.executed) != 1 {
		t.Errorf("the satellite got %d commands", len(g.executed))
	}
}

// A command that the mesh gave up on may be submitted again.
func TestMeshGivesUp(t *testing.T) {
	g := newGround(t)
	g.gone = true
	g.link()
	signed := g.order(1, command.Command{Op: command.Stop, Tenant: 64})
	g.submit(signed)
	g.run(time.Minute)
	r := g.request(1)
	if r.State != Failed || r.Code != CodeBundleDeleted || !strings.Contains(r.Message, "node 90031") {
		t.Fatalf("request: %+v", r)
	}
	if _, err := g.term.Submit(g.now, g.order(1, command.Command{Op: command.Start, Tenant: 64})); !errors.Is(err, ErrRejected) {
		t.Errorf("another command under the same number: %v", err)
	}
	g.gone = false
	if r = g.submit(signed); r.State != Pending {
		t.Fatalf("submitted again: %+v", r)
	}
	g.run(time.Minute)
	r = g.request(1)
	equal(t, "stages", stages(r), []StageName{StageQueued, StageUplinked, StageArrived, StageExecuted, StageReplied})
	if r.State != Done {
		t.Errorf("request: %+v", r)
	}
}

// A satellite that was too busy may be asked again with the same command; any other
// refusal stands.
func TestRefusals(t *testing.T) {
	g := newGround(t)
	g.link()
	for code, again := range map[command.Code]State{command.Busy: Pending, command.TenantUnknown: Failed, command.NotCallable: Failed} {
		g.executed = map[command.RequestID][]byte{}
		g.obey = func(*command.Command) command.Reply { return command.Reply{Code: code, Message: "no"} }
		signed := g.order(byte(len(code)), command.Command{Op: command.Call, Tenant: 64})
		g.submit(signed)
		g.run(time.Minute)
		if r := g.request(byte(len(code))); r.State != Failed || r.Code != code || r.Message != "no" {
			t.Errorf("request: %+v", r)
		}
		if r := g.submit(signed); r.State != again {
			t.Errorf("submitted again after %s: %s, want %s", code, r.State, again)
		}
	}
}

// The bundle store has no room: a command is refused for now, before anything is kept
// of it.
func TestNoRoomIsBusy(t *testing.T) {
	g := newGround(t)
	for i := range 5 {
		_, err := g.term.Submit(g.now, g.order(byte(10+i), command.Command{Op: command.Call, Tenant: 64, Body: make([]byte, 15<<20)}))
		if i < 4 {
			g.check(err)
		} else if !errors.Is(err, ErrBusy) || errors.Is(err, ErrRejected) {
			t.Fatalf("submit: %v, want that it is busy", err)
		}
	}
	if _, err := g.term.Desk().Request(command.RequestID{14}.String()); !errors.Is(err, ErrUnknown) {
		t.Errorf("something of the refused command is kept: %v", err)
	}
}

// A command that was stored but for which the mesh has no room when it is to be sent
// goes out when there is room again.
func TestStoredCommandWaitsForRoom(t *testing.T) {
	g := newGround(t)
	r := g.submit(g.order(1, command.Command{Op: command.List}))
	// As a power cut between storing and sending leaves it: no bundle is noted.
	r.Bundle = ""
	var b kv.Batch
	put(&b, requestKey(r.ID), r)
	g.check(g.term.kv.Apply(&b))
	for i := range 4 {
		at := noon.Add(time.Duration(i+1) * time.Hour)
		g.submit(g.order(byte(10+i), command.Command{Op: command.Call, Tenant: 64, Body: make([]byte, maxCommand-400), Expires: at}))
	}
	for err := error(nil); !errors.Is(err, store.ErrFull); { // fill up what is left
		_, err = g.term.node.Send(g.now, node.SendRequest{Dst: bundle.IPN(satellite, 7), Payload: make([]byte, 100), Lifetime: 48 * time.Hour})
	}
	g.restart()
	if len(g.term.unsent) != 1 {
		t.Fatalf("%d commands wait for room, want 1", len(g.term.unsent))
	}
	g.run(59 * time.Minute)
	if g.request(1).Bundle != "" {
		t.Fatal("it was sent though there is no room")
	}
	g.run(3 * time.Minute) // the first large one expires
	if g.request(1).Bundle == "" || len(g.term.unsent) != 0 {
		t.Fatal("it was not sent though there is room")
	}
	g.link()
	g.run(20 * time.Minute)
	if got := g.request(1); got.State != Done {
		t.Errorf("request: %+v", got)
	}
	if got := g.request(10); got.State != Failed || got.Code != command.Expired {
		t.Errorf("the one that expired: %+v", got)
	}
}

// A request to which no answer came while one could ends, and what the satellite says
// later counts all the same.
func TestNoAnswer(t *testing.T) {
	g := newGround(t)
	g.mute = true
	g.link()
	g.submit(g.order(1, command.Command{Op: command.Stop, Tenant: 64, Expires: noon.Add(time.Hour)}))
	g.run(time.Hour + answerTime - time.Second)
	if r := g.request(1); r.State != Pending {
		t.Fatalf("request: %+v", r)
	}
	g.restart()
	g.run(time.Second)
	if r := g.request(1); r.State != Failed || r.Code != CodeNoAnswer {
		t.Fatalf("request: %+v", r)
	}
	if at, ok := g.term.NextWake(); ok {
		t.Errorf("wants to wake at %v though nothing is left to do", at)
	}
	reply := command.Reply{Request: command.RequestID{1}, Satellite: satellite, Code: command.OK, Tenant: 64, Time: noon.Add(time.Minute)}
	g.hand(reply.Encode(keys[satellite]))
	if r := g.request(1); r.State != Done || r.Code != command.OK {
		t.Errorf("request: %+v", r)
	}
}

// A store that fails at any write ends the terminal with its error; what it said
// before stands, and what it did not say may be said again.
func TestStoreFailsAtEveryWrite(t *testing.T) {
	for writes := 0; ; writes++ {
		g := newGround(t)
		whole := g.store
		disk := &broken{Store: whole, left: -1}
		g.store = disk
		g.restart()
		g.link()
		g.obey = func(*command.Command) command.Reply {
			return command.Reply{Code: command.OK, Tenant: 64, Body: said(0)}
		}
		signed := g.order(1, command.Command{Op: command.Deploy, Body: packed})
		disk.left = writes
		_, err := g.term.Submit(g.now, signed)
		if err != nil && (!errors.Is(err, errDisk) || errors.Is(err, ErrRejected) || errors.Is(err, ErrBusy)) {
			t.Fatalf("submit: %v, want %v", err, errDisk)
		}
		accepted := err == nil
		if accepted {
			g.run(time.Minute)
			g.down(sealed(activation(1, g.now)))
			g.run(time.Minute)
			if g.failure != nil && !errors.Is(g.failure, errDisk) {
				t.Fatal(g.failure)
			}
		}
		if accepted && disk.left > 0 {
			if g.failure != nil || writes < 6 {
				t.Fatalf("after %d writes: %v", writes, g.failure)
			}
			return // no write failed any more
		}
		if _, wakes := g.term.NextWake(); g.failure != nil && wakes {
			t.Fatal("a terminal that failed wants to wake")
		}
		for _, c := range g.seen {
			if c.Result != nil {
				if kept, err := g.term.Desk().Results("90031.64", 0, 9); err != nil || len(kept) != 1 {
					t.Fatalf("told of a result that is not kept: %d, %v", len(kept), err)
				}
			}
		}
		g.store = whole
		g.restart()
		if !accepted {
			g.submit(signed)
			g.down(sealed(activation(1, g.now)))
		}
		g.run(10 * time.Minute)
		if r := g.request(1); r.State != Done || count(stages(r), StageResult) != 1 {
			t.Fatalf("write %d failed: request %+v", writes, r)
		}
		if kept, err := g.term.Desk().Results("90031.64", 0, 9); err != nil || len(kept) != 1 {
			t.Fatalf("write %d failed: %d results, %v", writes, len(kept), err)
		}
	}
}
