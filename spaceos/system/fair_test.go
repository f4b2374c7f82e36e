package system

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
)

// lively drives a system whose activations take their modelled time side by side.
type lively struct {
	*ground
	running []ending
}

// ending is an activation under way, and when it ends.
type ending struct {
	at  time.Time
	res Result
}

// live lets time pass, and tells how late a tenant's activations began.
func (g *lively) live(d time.Duration, tenant uint64) (delays []time.Duration) {
	g.t.Helper()
	end := g.now.Add(d)
	g.hold = true
	for {
		g.drain()
		for _, j := range g.held {
			r := j.Run(g.engine)
			g.running = append(g.running, ending{j.Started().Add(r.Duration), r})
			if _, _, due := j.Trigger(); j.Tenant == tenant {
				delays = append(delays, j.Started().Sub(due))
			}
		}
		g.held = nil
		slices.SortStableFunc(g.running, func(a, b ending) int { return a.at.Compare(b.at) })
		next, ok := g.sys.NextWake()
		if len(g.running) > 0 && (!ok || g.running[0].at.Before(next)) {
			g.now = later(g.now, g.running[0].at)
			g.check(g.sys.Finish(g.now, g.running[0].res))
			g.running = g.running[1:]
			continue
		}
		if !ok || next.After(end) {
			return delays
		}
		g.now = later(g.now, next)
		g.check(g.sys.Tick(g.now))
	}
}

// Whatever thirty others compute, at the same moment and for as long as the satellite
// lets them, a tenant that needs little begins when it is due.
func TestNeighboursDoNotWait(t *testing.T) {
	tick := func(every, phase time.Duration) manifest.Trigger {
		return manifest.Trigger{Name: "tick", Kind: manifest.Schedule, Every: every, Phase: phase}
	}
	for _, c := range []struct {
		name    string
		limit   uint64 // gas that the others ask for
		code    string
		trigger manifest.Trigger
		others  uint64 // activations that they get all the same, at least
	}{
		{"loops that fail", 20_000_000_000, "gas 20000000000\nexhaust", tick(time.Second, 0), 100},
		{"hours of work", 20_000_000_000, "gas 19000000000", tick(time.Second, 0), 90},
		{"hours of work out of step", 20_000_000_000, "gas 7000000000", tick(7*time.Second, 3*time.Second), 250},
		{"bursts at the same moment", 200_000_000, "gas 190000000", tick(10*time.Second, 0), 500},
		{"bursts all the time", 200_000_000, "gas 190000000", tick(time.Second, 0), 5000},
		{"never at rest", 200_000_000, "gas 190000000\nwake 1ms again", tick(time.Second, 0), 5000},
	} {
		t.Run(c.name, func(t *testing.T) {
			opt := options(kv.NewMemory())
			opt.Limits = Limits{}
			g := &lively{ground: newGround(t, opt)}
			mine := g.deploy(app("neighbour", on(tick(10*time.Second, 0)), func(m *manifest.Manifest) { m.Limits.GasPerActivation = 50_000_000 }), "gas 1000000\ncount n")
			g.live(time.Minute, mine)
			for i := range 30 {
				p := pack(t, app(fmt.Sprint("other", i), on(byInstall, c.trigger), func(m *manifest.Manifest) { m.Limits.GasPerActivation = c.limit }), c.code)
				if r := g.order("bob", command.Command{Op: command.Deploy, Body: uplink(t, p)}); r.Code != command.OK {
					t.Fatal(r)
				}
			}
			g.live(time.Minute, mine) // in which it is seen who they are
			delays := g.live(2*time.Minute, mine)
			if worst := slices.Max(delays); len(delays) != 12 || worst > 0 {
				t.Errorf("%d activations in two minutes, the slowest began %v late", len(delays), worst)
			}
			var others uint64
			for _, info := range g.sys.Tenants()[1:] {
				others += info.Activations
			}
			if others < c.others {
				t.Errorf("the others were activated %d times", others)
			}
			t.Logf("%d activations of the others", others)
		})
	}
}

// Of those that are due at one moment, who has worked least of late begins first, also
// when the others are new.
func TestWhoWorkedLeastBeginsFirst(t *testing.T) {
	opt := options(kv.NewMemory())
	opt.Limits = Limits{}
	g := &lively{ground: newGround(t, opt)}
	tick := func(every time.Duration) manifest.Trigger {
		return manifest.Trigger{Name: "tick", Kind: manifest.Schedule, Every: every}
	}
	mine := g.deploy(app("neighbour", on(tick(10*time.Second))), "gas 19000000\ncount n")
	g.live(10*time.Minute, mine)
	for i := range 40 {
		p := pack(t, app(fmt.Sprint("other", i), on(tick(5*time.Second)), func(m *manifest.Manifest) { m.Limits.GasPerActivation = 20_000_000 }), "gas 19000000")
		if r := g.order("bob", command.Command{Op: command.Deploy, Body: uplink(t, p)}); r.Code != command.OK {
			t.Fatal(r)
		}
	}
	delays := g.live(2*time.Minute, mine)
	if worst := slices.Max(delays); len(delays) != 12 || worst > 0 {
		t.Errorf("%d activations, the slowest began %v late", len(delays), worst)
	}
}

// Strangers who send what must be remembered do not keep an owner from his tenant.
func TestStrangersDoNotShutOwnersOut(t *testing.T) {
	opt := options(kv.NewMemory())
	opt.Limits.Requests = 8
	g := newGround(t, opt)
	n := g.deploy(app("count", on(byMessage)), "count n")
	for i := range 40 {
		c := command.Command{Op: command.Deploy, Satellite: satellite, Issued: g.now, Expires: g.now.Add(command.MaxValid), ReplyTo: "ipn:3000009.2", Body: []byte("junk")}
		for range 5 {
			g.count++
			binary.BigEndian.PutUint64(c.Request[:], g.count)
			raw, err := c.Sign(identity.FromSeed([32]byte{0xee, byte(i)}))
			g.check(err)
			g.deliver("ipn:3000009.2", command.Service, raw)
		}
	}
	g.drain()
	if r := g.order("bob", command.Command{Op: command.Deploy, Body: []byte("junk")}); r.Code != command.Busy {
		t.Errorf("whoever has nothing here waits: %+v", r)
	}
	if r := g.order("alice", command.Command{Op: command.Call, Tenant: n}); r.Code != command.OK {
		t.Errorf("who has a tenant is heard: %+v", r)
	}
}

// Results are bounded as messages are, and told so.
func TestResultsOfAnHour(t *testing.T) {
	opt := options(kv.NewMemory())
	opt.Limits.ResultBytes = 100
	g := newGround(t, opt)
	n := g.deploy(app("talker", on(byMessage)), "result "+strings.Repeat("x", 40))
	call := func() string {
		g.order("alice", command.Command{Op: command.Call, Tenant: n})
		got := g.results()
		return got[len(got)-1]
	}
	for i := range 3 {
		if got := call(); strings.HasSuffix(got, strings.Repeat("x", 40)) != (i < 2) {
			t.Errorf("result %d of an hour: %q", i, got)
		}
	}
	g.restart() // which does not give more
	if got := call(); strings.HasSuffix(got, "x") {
		t.Errorf("after a restart: %q", got)
	}
	g.run(time.Hour)
	if got := call(); !strings.HasSuffix(got, strings.Repeat("x", 40)) {
		t.Errorf("in the next hour: %q", got)
	}
}
