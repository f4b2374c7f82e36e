package terminal

import (
	"fmt"
	"testing"
	"time"

	"spacechain/internal/faultfs"
	"spacechain/internal/kv"
	"spacechain/spaceos/command"
)

// promises are what the terminal has acknowledged or told of.
type promises struct {
	requests map[byte]bool
	results  map[string]bool // bodies of results that it told of
	replied  map[string]bool // requests whose answer it told of
}

// live does a fixed piece of work: a deployment before there is a link, a call and a
// query with it, and results that come home twice. It ends early when the power is cut.
func live(g *ground, p *promises) {
	submit := func(id byte, c command.Command) {
		signed := g.order(id, c)
		if _, err := g.term.Submit(g.now, signed); err == nil && !g.cut() {
			p.requests[id] = true
		} else if err != nil {
			g.t.Fatal(err)
		}
	}
	for _, step := range []func(){
		func() { submit(1, command.Command{Op: command.Deploy, Body: packed}) },
		func() { g.run(time.Minute); g.link() },
		func() { g.run(time.Minute) },
		func() { submit(2, command.Command{Op: command.Call, Tenant: 64, Body: []byte("well?")}) },
		func() { g.down(sealed(activation(1, noon))); g.down(sealed(activation(1, noon))) },
		func() { submit(3, command.Command{Op: command.List}) },
		func() { g.run(time.Minute) },
		func() { g.down(sealed(activation(2, noon))); g.run(time.Minute) },
	} {
		if g.cut() {
			return
		}
		step()
	}
}

// note gathers what was told of before the cut.
func (p *promises) note(seen []Change) {
	for _, c := range seen {
		switch {
		case c.Result != nil:
			p.results[string(c.Result.Body)] = true
		case c.Request != nil && c.Stage == StageReplied:
			p.replied[c.Request.ID] = true
		}
	}
}

// Power is cut at every write. After each cut the terminal starts, every command that
// it acknowledged reaches the satellite and gets its answer, what it told of is there,
// and nothing is there twice.
func TestPowerCutAtEveryWrite(t *testing.T) {
	try := func(cut int) (writes int) {
		disk := faultfs.New()
		if cut >= 0 {
			disk.CutAt(cut, uint64(cut))
		}
		g := newGround(t)
		g.obey = func(c *command.Command) command.Reply {
			r := command.Reply{Code: command.OK, Tenant: c.Tenant}
			if c.Op != command.Call {
				r.Body = said(0)
			}
			if c.Op == command.Deploy {
				r.Tenant = 64
			}
			return r
		}
		db, err := kv.OpenPebble("db", disk)
		g.check(err)
		g.store, g.cut = db, disk.HasCut
		p := &promises{map[byte]bool{}, map[string]bool{}, map[string]bool{}}
		if g.check(g.start()); !g.cut() {
			live(g, p)
		}
		p.note(g.seen)
		writes = disk.Writes()
		g.check(db.Close())
		if !disk.HasCut() {
			if cut >= 0 {
				return writes // background work of this run needed fewer writes
			}
		} else {
			if db, err = kv.OpenPebble("db", disk.AfterCut()); err != nil {
				t.Fatalf("cut at %d: the store does not open: %v", cut, err)
			}
			defer db.Close()
			g.store, g.cut, g.seen = db, func() bool { return false }, nil
			if err := g.start(); err != nil {
				t.Fatalf("cut at %d: the terminal does not start: %v", cut, err)
			}
			if !g.linked {
				g.link()
			}
			for id := range p.requests {
				if r, err := g.term.Desk().Request((command.RequestID{id}).String()); err != nil {
					t.Fatalf("cut at %d: acknowledged request %d: %v", cut, id, err)
				} else if p.replied[r.ID] && r.State != Done {
					t.Fatalf("cut at %d: request %d is %s again", cut, id, r.State)
				}
			}
			g.down(sealed(activation(2, noon))) // the satellite's own store may not have it yet
			g.down(sealed(activation(1, noon)))
			g.run(10 * time.Minute)
			for id := range p.requests {
				if r := g.request(id); r.State != Done || count(stages(r), StageReplied) != 1 || count(stages(r), StageExecuted) != 1 {
					t.Fatalf("cut at %d: request %d: %+v", cut, id, r)
				}
			}
			results, err := g.term.Desk().Results("90031.64", 0, 99)
			g.check(err)
			got := map[string]int{}
			for _, r := range results {
				got[string(r.Body)]++
			}
			for n := range uint64(2) {
				if body := fmt.Sprintf("answer %d", n+1); got[body] != 1 {
					t.Fatalf("cut at %d: %q is there %d times", cut, body, got[body])
				}
			}
			for _, c := range g.seen {
				if c.Result != nil && p.results[string(c.Result.Body)] {
					t.Fatalf("cut at %d: %q was told of twice", cut, c.Result.Body)
				}
			}
			if tn := g.tenant(); tn.Results != 2 || tn.Gas != gasOf(1)+gasOf(2) {
				t.Fatalf("cut at %d: tenant %+v", cut, tn)
			}
			if n := g.term.node.Stored(); n != 0 {
				t.Fatalf("cut at %d: %d bundles are left", cut, n)
			}
		}
		return writes
	}
	writes := try(-1)
	if writes < 40 {
		t.Fatalf("only %d writes", writes)
	}
	t.Logf("%d writes", writes)
	stride := 1
	if testing.Short() {
		stride = 7
	}
	for cut := 0; cut < writes; cut += stride {
		try(cut)
	}
}

// The terminal is started anew at every point between two inputs, which changes nothing.
func TestRestartAtEveryPoint(t *testing.T) {
	for stop := 0; ; stop++ {
		g := newGround(t)
		g.obey = func(c *command.Command) command.Reply { return command.Reply{Code: command.OK, Tenant: 64} }
		g.submit(g.order(1, command.Command{Op: command.Call, Tenant: 64, Body: make([]byte, 5000)}))
		g.link()
		g.down(sealed(activation(1, noon)))
		inputs := 0
		g.cut = func() bool { inputs++; return inputs == stop+1 }
		g.run(time.Minute)
		reached := inputs > stop
		g.cut = func() bool { return false }
		g.restart()
		g.run(time.Minute)
		if r := g.request(1); r.State != Done || len(g.executed) != 1 {
			t.Fatalf("stopped at %d: %+v", stop, r)
		}
		if results, err := g.term.Desk().Results("90031.64", 0, 9); err != nil || len(results) != 1 {
			t.Fatalf("stopped at %d: %d results, %v", stop, len(results), err)
		}
		if !reached {
			if stop < 10 {
				t.Fatalf("only %d points", stop)
			}
			return
		}
	}
}
