package world

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"spacechain/astro"
	"spacechain/clock"
	"spacechain/identity"
	"spacechain/satellite"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/meter/asm"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
	"spacechain/terminal"
	"spacechain/world/scenario"
	"spacechain/world/topology"
)

// The satellite that everything is thrown at, another one, and the two terminals:
// one runs our software, the other what its owner likes.
const (
	target    = 90031
	elsewhere = 90030
	home      = topology.FirstTerminal
	mallory   = topology.FirstTerminal + 1
)

// Who takes part: neighbour is well-behaved; fiend signs and deploys what is not.
var (
	neighbour = owner()
	fiend     = identity.FromSeed([32]byte{66})
)

// siege is a universe in which two well-behaved apps live on the target and others
// try what they can.
type siege struct {
	t     testing.TB
	u     *Universe
	rogue *rogue

	calm     []uint64 // tenants of the well-behaved apps
	notices  []command.Notice
	problems []string
	serial   uint64
}

// TestHostile throws at a satellite what strangers may think of. Each thing ends in a
// stable code at who sent it; the neighbours' receipts stay the same to the byte; and
// when the satellite's power is cut and comes back, so does nothing of it.
func TestHostile(t *testing.T) {
	text := fmt.Sprintf("faults:\n  - {node reset: %d, at: 45m, for: 20s}\n  - {node reset: %d, at: 50m}\n", target, target)
	faults, err := scenario.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Scenario: faults}
	s := besiege(t, o)
	phase := func(name string, f func()) {
		t.Run(name, func(t *testing.T) {
			outer := s.t
			s.t = t
			defer func() { s.t = outer }()
			f()
		})
	}
	var apps, seen []deployed
	phase("apps", func() {
		apps = s.deployAllOf(append(scripts(s.t), modules()...))
		seen = s.deployAllOf(watched(s.t))
		s.run(time.Minute)
		for _, a := range append(apps, seen...) {
			s.ended(a)
		}
	})
	phase("signatures", func() { s.refuses(badSignatures(s.t)) })
	phase("forms", func() { s.refuses(badForms(s.t)) })
	phase("permissions and quotas", func() { s.refuses(badAsks(s.t)) })
	phase("modules", func() { s.refuses(badModules(s.t)) })
	phase("counters", s.counters)
	phase("altered bytes", func() { s.alters(60) })
	phase("commands", func() { s.forges(s.forgeries()) })
	phase("replay", s.replays)
	phase("mail loops", s.mailLoops)
	phase("garbage", s.garbage)
	phase("all places taken", s.fills)
	phase("crowd", s.crowds)
	phase("watchdog", func() {
		s.run(4 * time.Minute)
		s.lasts(seen)
	})
	phase("afterwards", func() {
		if at := s.u.Now().Sub(s.u.start); at > 44*time.Minute {
			s.t.Fatalf("all of it took %v, the resets came meanwhile", at)
		}
		before := s.ledger()
		s.run(44*time.Minute - s.u.Now().Sub(s.u.start))
		s.run(8 * time.Minute) // power is cut twice
		s.same(before)
		s.consistent()
		s.evicts(append(apps, seen...))
		s.consistent()
	})
	phase("neighbours", func() { s.unharmed(o) })
}

// besiege makes the universe and brings the neighbours aboard.
func besiege(t testing.TB, o Options) *siege {
	t.Helper()
	o.Seed, o.Pace = 7, clock.AsFast()
	o.Topology.Terminals = []topology.Terminal{
		{Name: "Home", Core: true, Place: astro.Geodetic{LatDeg: 1.3, LonDeg: 103.8}},
		{Name: "Mallory", Core: true, Place: astro.Geodetic{LatDeg: 1.4, LonDeg: 103.8}},
	}
	u, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := u.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &siege{t: t, u: u}
	u.watchers = append(u.watchers, func(c terminal.Change) {
		if c.Notice != nil {
			s.notices = append(s.notices, *c.Notice)
		}
		if c.Problem != "" {
			s.problems = append(s.problems, c.Problem)
		}
	})
	s.rogue = newRogue(t, u)
	for _, p := range []*spk.Package{calmScript(t), calmModule(t)} {
		r := s.order(neighbour, command.Command{Op: command.Deploy, Body: uplinked(t, p)})
		if r.Code != command.OK {
			t.Fatalf("the neighbour's %s: %s %s", p.Manifest.App, r.Code, r.Message)
		}
		s.calm = append(s.calm, r.Tenant)
	}
	return s
}

// manifestOf gives a modest manifest that runs once when it is installed.
func manifestOf(app, runtime string, changes ...func(*manifest.Manifest)) manifest.Manifest {
	m := manifest.Manifest{App: app, Version: "1.0.0", Counter: 1, Runtime: runtime,
		Limits: manifest.Limits{MemoryBytes: 4 << 20, StorageBytes: 16 << 10, GasPerActivation: 20_000_000,
			MessagesPerActivation: 4, MessagesPerHour: 100, MessageBytesPerHour: 1 << 20},
		Triggers: []manifest.Trigger{{Name: "begin", Kind: manifest.Install}}}
	for _, c := range changes {
		c(&m)
	}
	return m
}

// every replaces the triggers by a schedule.
func every(d, phase time.Duration) func(*manifest.Manifest) {
	return func(m *manifest.Manifest) {
		m.Triggers = []manifest.Trigger{{Name: "tick", Kind: manifest.Schedule, Every: d, Phase: phase}}
	}
}

// sensors asks for sensors with an interval.
func sensors(interval time.Duration, names ...string) func(*manifest.Manifest) {
	return func(m *manifest.Manifest) {
		for _, n := range names {
			m.Permissions.Sensors = append(m.Permissions.Sensors, manifest.Sensor{Name: n, Interval: interval})
		}
	}
}

// calmScript samples, stores, seals and reports every 10 s.
func calmScript(t testing.TB) *spk.Package {
	if _, ok := sandbox.RuntimeJS(); !ok {
		t.Skip("SKIPPED: built without the JavaScript engine; run make runtime")
	}
	code, err := os.ReadFile(filepath.Join("testdata", "neighbour.js"))
	if err != nil {
		t.Fatal(err)
	}
	return signed(t, manifestOf("neighbour", manifest.RuntimeJS, every(10*time.Second, 0), sensors(time.Second, "gnss", "magnetometer")), code, neighbour)
}

// calmModule counts in its storage every 10 s, half-way between.
func calmModule(t testing.TB) *spk.Package {
	m := asm.Module{Memory: []uint32{1}, Data: []string{"n"},
		Imports: []asm.Import{{Module: "spc", Name: "kv_get", Type: "i32 i32 i32 i32 i32 > i32"},
			{Module: "spc", Name: "kv_put", Type: "i32 i32 i32 i32 > i32"}, {Module: "spc", Name: "result_set", Type: "i32 i32 > i32"}},
		Funcs: []asm.Func{{Type: ">", Export: "_start", Body: `
			i32.const 0 i32.const 1 i32.const 8 i32.const 4 i32.const 16 call 0 drop
			i32.const 8 i32.const 8 i32.load i32.const 1 i32.add i32.store
			i32.const 0 i32.const 1 i32.const 8 i32.const 4 call 1 if unreachable end
			i32.const 8 i32.const 4 call 2 if unreachable end`}}}
	return signed(t, manifestOf("counter", manifest.RuntimeWasm, every(10*time.Second, 5*time.Second)), m.Bytes(), neighbour)
}

func signed(t testing.TB, m manifest.Manifest, module []byte, key *identity.Key) *spk.Package {
	t.Helper()
	p, err := spk.Sign(m, module, key)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func uplinked(t testing.TB, p *spk.Package) []byte {
	t.Helper()
	b, err := p.EncodeUplink(spk.UplinkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run lets time pass.
func (s *siege) run(d time.Duration) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.u.stop = cancel
	err := s.u.loop.Run(ctx, s.u.Now().Add(d), s.u.opts.Pace)
	if s.u.failure != nil {
		err = s.u.failure
	}
	if err != nil {
		s.t.Fatalf("the universe ends at %s: %v", s.u.Now().Format(time.TimeOnly), err)
	}
}

// sign signs a command to the target with what is left out filled in.
func (s *siege) sign(key *identity.Key, c command.Command) []byte {
	s.t.Helper()
	if c.Request == (command.RequestID{}) {
		s.serial++
		c.Request = command.RequestID{byte(s.serial), byte(s.serial >> 8), 0xcc}
	}
	if c.Satellite == 0 {
		c.Satellite = target
	}
	if c.Issued.IsZero() {
		c.Issued = s.u.Now().Truncate(time.Millisecond)
	}
	if c.Expires.IsZero() {
		c.Expires = c.Issued.Add(15 * time.Minute)
	}
	if c.ReplyTo == "" {
		c.ReplyTo = fmt.Sprintf("ipn:%d.%d", home, command.InboxService)
	}
	b, err := c.Sign(key)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// submit hands a signed command to the owner's terminal.
func (s *siege) submit(signed []byte) (r terminal.Request, err error) {
	m := s.u.members[home]
	m.host.Do(func(now time.Time) { r, err = m.host.Core().(*terminal.Terminal).Submit(now, signed) })
	return r, err
}

// send submits a command that the terminal must take.
func (s *siege) send(key *identity.Key, c command.Command) string {
	s.t.Helper()
	r, err := s.submit(s.sign(key, c))
	if err != nil {
		s.t.Fatalf("%s: %v", c.Op, err)
	}
	return r.ID
}

// answer waits for the satellite's word on a request, and gives it.
func (s *siege) answer(id string) terminal.Request {
	s.t.Helper()
	for range 120 {
		r, err := s.u.desk.Request(id)
		if err != nil {
			s.t.Fatal(err)
		}
		if r.State != terminal.Pending {
			return r
		}
		s.run(time.Second)
	}
	r, _ := s.u.desk.Request(id)
	s.t.Fatalf("request %s (%s %s, %d bytes) has no answer after two minutes: %+v", id, r.Op, r.App, r.Size, r.Stages)
	return r
}

func (s *siege) order(key *identity.Key, c command.Command) terminal.Request {
	s.t.Helper()
	return s.answer(s.send(key, c))
}

// results gives all that came home of a tenant.
func (s *siege) results(tenant uint64) []terminal.Result {
	s.t.Helper()
	r, err := s.u.desk.Results(terminal.TenantID(target, tenant), 0, 1<<20)
	if err != nil {
		return nil // nothing was ever heard of it
	}
	return r
}

// payload is the target's payload computer.
func (s *siege) payload() *satellite.Payload {
	return s.u.members[target].host.Core().(*satellite.Payload)
}

// history tells a tenant's life as its owner saw it: every receipt, which covers
// input, result, gas, memory, storage and times, and how long each was under way.
func (s *siege) history(tenant uint64) (receipts []string, slowest time.Duration) {
	for _, r := range s.results(tenant) {
		rec := r.Receipt.Receipt
		receipts = append(receipts, fmt.Sprintf("%d %s %s gas %d %s %s", rec.Activation, rec.Started.Format(time.TimeOnly), rec.End, rec.Gas, r.Body, hex.EncodeToString(r.Signed)))
		slowest = max(slowest, r.Received.Sub(r.Sent))
	}
	return receipts, slowest
}

// unharmed compares the neighbours' lives with those that they have in a universe
// where nobody else lives: not a byte of any receipt may differ.
func (s *siege) unharmed(scenario Options) {
	s.t.Helper()
	peace := besiege(s.t, scenario)
	if !slices.Equal(peace.calm, s.calm) {
		s.t.Fatalf("tenants %v and %v", peace.calm, s.calm)
	}
	peace.run(s.u.Now().Sub(peace.u.Now()))
	for _, tenant := range s.calm {
		want, usual := peace.history(tenant)
		got, slowest := s.history(tenant)
		if len(want) < 6 {
			s.t.Errorf("tenant %d: %d activations are too few to compare", tenant, len(want))
		}
		for i := range want {
			if i >= len(got) || got[i] != want[i] {
				s.t.Errorf("tenant %d, activation %d:\n got %s\nwant %s", tenant, i+1, strings.Join(got[min(i, len(got)):min(i+1, len(got))], ""), want[i])
				break
			}
		}
		if len(got) != len(want) {
			s.t.Errorf("tenant %d: %d results are home, in peace %d", tenant, len(got), len(want))
		}
		if slowest > usual+time.Second {
			s.t.Errorf("tenant %d: a result took %v home, in peace %v at most", tenant, slowest, usual)
		}
		s.t.Logf("tenant %d: %d activations as in peace; the slowest result took %v home, in peace %v", tenant, len(got), slowest, usual)
	}
	// The platform answers as ever: what the neighbour measured says so above.
	if b, ok := s.payload().Power(); !ok || b.Watts == 0 {
		s.t.Errorf("the platform's power budget: %+v %v", b, ok)
	}
}
