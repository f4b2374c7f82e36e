package satellite

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"spacechain/dtn/bundle"
	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/platform/bus"
	"spacechain/spaceos/command"
	"spacechain/spaceos/gate"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
	"spacechain/spaceos/system"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	home   = 3000001
	number = 90031
)

var (
	noon      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	key       = identity.FromSeed([32]byte{0x31})
	owner     = identity.FromSeed([32]byte{1})
	house     = identity.FromSeed([32]byte{2})
	publisher = identity.FromSeed([32]byte{3})
)

// engine stands in for the sandbox. A module names sensors, and answers with what they
// read; "big" makes the answer large.
type engine struct{ installed []string }

func (e *engine) Check(sandbox.Module) error        { return nil }
func (e *engine) CheckRuntime(string, []byte) error { return nil }
func (e *engine) Install(r system.Runtime) error {
	e.installed = append(e.installed, r.Name)
	return nil
}

func (e *engine) Run(_ context.Context, a sandbox.Activation) sandbox.Outcome {
	answer := string(a.Trigger.Kind) + " " + a.Trigger.Name
	if len(a.Trigger.Data) > 0 {
		answer += " " + string(a.Trigger.Data)
	}
	for word := range strings.FieldsSeq(string(a.Module.Code)) {
		if word == "big" {
			answer += strings.Repeat("x", 50_000)
			continue
		}
		r, errno := a.Host.Sensor(word)
		if errno != sandbox.OK {
			answer += fmt.Sprintf(", %s %s", word, errno.Error())
			continue
		}
		answer += fmt.Sprintf(", %s %v at %s", word, r.Values, r.Time.Format("15:04:05"))
	}
	a.Host.SetResult([]byte(answer))
	return sandbox.Outcome{End: sandbox.Returned, GasUsed: 1000}
}

// sky is a payload computer, its platform, and a node at home in its sight, with time of
// their own.
type sky struct {
	t       testing.TB
	now     time.Time
	store   kv.Store
	orbit   system.OrbitEvents
	aboard  [][]byte
	files   FilePolicy
	payload *Payload
	engine  *engine
	failure error
	hold    bool          // activations are not run
	jobs    []*system.Job // those
	ended   []ending      // activations that end later

	asked  []bus.Message // what the payload asked the platform
	answer func(bus.Message) []bus.Message
	wire   []bus.Datagram // to the payload

	home   *node.Node
	inbox  []*command.Inbox
	links  bool
	orders byte
}

type ending struct {
	at     time.Time
	result system.Result
}

func plan(t testing.TB) *contact.Plan {
	p, err := contact.NewPlan([]contact.Contact{
		{From: home, To: number, Start: noon, End: noon.Add(240 * time.Hour), RateBps: 1e7, OWLT: 5 * time.Millisecond},
		{From: number, To: home, Start: noon, End: noon.Add(240 * time.Hour), RateBps: 1e7, OWLT: 5 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newSky(t testing.TB, change ...func(*sky)) *sky {
	s := &sky{t: t, now: noon, store: kv.NewMemory(), engine: &engine{}, answer: reading}
	for _, c := range change {
		c(s)
	}
	st, err := store.Open(kv.NewMemory(), store.Options{})
	s.check(err)
	s.home, err = node.New(noon, node.Config{Node: home, Store: st, Plan: plan(t)})
	s.check(err)
	s.restart()
	return s
}

func (s *sky) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// reading is a platform that answers everything.
func reading(m bus.Message) []bus.Message {
	switch m.Kind {
	case bus.AskSensors:
		a := bus.Message{Kind: bus.Sensors, ID: m.ID}
		for _, name := range m.Names {
			a.Readings = append(a.Readings, bus.Reading{Name: name, OK: name != "broken", Time: noon, Values: []float64{7}})
		}
		return []bus.Message{a}
	case bus.AskPower:
		return []bus.Message{{Kind: bus.Power, ID: m.ID, Budget: bus.Budget{Watts: 6, BatteryFraction: 0.75}}}
	}
	return nil
}

// restart starts the payload on its store, as after a power cut.
func (s *sky) restart() {
	s.t.Helper()
	policy := gate.DefaultPolicy("magnetometer", "camera", "broken")
	policy.FirstParty = []gate.FirstParty{{Publisher: house.Public().ID(), Roles: []string{manifest.RoleRuntime}}}
	var err error
	s.jobs, s.ended, s.wire, s.asked = nil, nil, nil, nil
	s.payload, err = New(s.now, Options{
		Node: number, Key: key, Store: s.store, Plan: plan(s.t), Policy: policy, Sandbox: s.engine, Orbit: s.orbit,
		Aboard: s.aboard, House: command.OwnerOf(house), Files: s.files,
		Bus: func(d bus.Datagram) {
			if d.From != bus.Payload || d.To != bus.Platform {
				s.t.Errorf("sent %v to %v", d.From, d.To)
			}
			m, err := bus.Decode(d.Data)
			s.check(err)
			s.asked = append(s.asked, m)
			for _, a := range s.answer(m) {
				s.wire = append(s.wire, bus.Datagram{From: bus.Platform, To: bus.Payload, Data: a.Encode()})
			}
		},
		Start: func(j *system.Job) {
			if s.hold {
				s.jobs = append(s.jobs, j)
				return
			}
			s.ended = append(s.ended, ending{s.now.Add(50 * time.Millisecond), j.Run(s.engine)})
		},
		Fail: func(err error) { s.failure = err },
	})
	s.check(err)
	if s.links {
		s.home.LinkDown(s.now, number)
		s.link()
	}
}

func (s *sky) link() {
	s.t.Helper()
	s.links = true
	info := node.LinkInfo{Peer: home, RateBps: 1e7, OWLT: 5 * time.Millisecond, MTU: 1024, Until: noon.Add(240 * time.Hour)}
	s.check(s.payload.LinkUp(s.now, info))
	info.Peer = number
	s.check(s.home.LinkUp(s.now, info))
}

// exchange hands over frames and datagrams until nobody has any.
func (s *sky) exchange() {
	s.t.Helper()
	for {
		frames := s.payload.Drain(s.now)
		for _, f := range frames {
			s.home.Frame(s.now, number, f.Data)
		}
		wire := s.wire
		s.wire = nil
		for _, d := range wire {
			s.payload.Bus(s.now, d)
		}
		ready := s.home.Ready()
		for _, f := range ready.Frames {
			s.payload.Frame(s.now, home, f.Data)
		}
		for _, d := range ready.Deliveries {
			m, err := command.OpenInbox(d.Payload)
			s.check(err)
			s.check(m.Verify(key.Public()))
			s.inbox = append(s.inbox, m)
			s.check(s.home.Consume(d.ID))
		}
		if len(frames)+len(wire)+len(ready.Frames)+len(ready.Deliveries) == 0 {
			return
		}
	}
}

// run lets time pass. The payload is woken when it wants to be and not before, and must
// not want to be at once again.
func (s *sky) run(d time.Duration) {
	s.t.Helper()
	end := s.now.Add(d)
	s.exchange()
	for idle := 0; ; {
		at, ok := s.payload.NextWake()
		sooner := func(t time.Time) {
			if !ok || t.Before(at) {
				at, ok = t, true
			}
		}
		if t, due := s.home.NextWake(); due {
			sooner(t)
		}
		for _, e := range s.ended {
			sooner(e.at)
		}
		if !ok || at.After(end) {
			break
		}
		if idle++; at.After(s.now) {
			s.now, idle = at, 0
		} else if idle > 100 {
			s.t.Fatalf("at %v the payload wants to be woken at %v for ever", s.now, at)
		}
		s.payload.Tick(s.now)
		s.home.Tick(s.now)
		for len(s.ended) > 0 && !s.ended[0].at.After(s.now) {
			e := s.ended[0]
			s.ended = s.ended[1:]
			s.payload.Finish(s.now, e.result)
		}
		s.exchange()
	}
	s.now = end
	s.payload.Tick(end)
	s.home.Tick(end)
	s.exchange()
}

// order sends a command to the satellite.
func (s *sky) order(c command.Command) {
	s.t.Helper()
	s.orders++
	c.Request, c.Satellite, c.ReplyTo = command.RequestID{s.orders}, number, "ipn:3000001.2"
	c.Issued = s.now.Truncate(time.Millisecond)
	c.Expires = c.Issued.Add(24 * time.Hour)
	signed, err := c.Sign(owner)
	s.check(err)
	_, err = s.home.Send(s.now, node.SendRequest{Service: command.InboxService, Dst: bundle.IPN(number, command.Service),
		Payload: signed, Lifetime: 24 * time.Hour})
	s.check(err)
}

// app is a package of a module with triggers.
func app(t testing.TB, code string, triggers ...manifest.Trigger) []byte {
	t.Helper()
	m := manifest.Manifest{App: "org.example.probe", Version: "1.0.0", Counter: 1, Runtime: manifest.RuntimeWasm, Triggers: triggers,
		Limits: manifest.Limits{MemoryBytes: 1 << 20, StorageBytes: 4096, GasPerActivation: 1_000_000}}
	for _, name := range []string{"broken", "camera", "magnetometer"} {
		if strings.Contains(code, name) {
			m.Permissions.Sensors = append(m.Permissions.Sensors, manifest.Sensor{Name: name, Interval: time.Second})
		}
	}
	p, err := spk.Sign(m, []byte(code), publisher)
	if err != nil {
		t.Fatal(err)
	}
	return p.Encode()
}

var byMinute = manifest.Trigger{Name: "tick", Kind: manifest.Schedule, Every: time.Minute}

// results gives the results that came home, as text.
func (s *sky) results() (out []string) {
	for _, m := range s.inbox {
		if m.Result != nil {
			r := m.Result.Receipt.Receipt
			out = append(out, fmt.Sprintf("%d %s: %s", r.Activation, r.End, m.Result.Result))
		}
	}
	return out
}

// replies gives the codes of the replies that came home.
func (s *sky) replies() (out []command.Code) {
	for _, m := range s.inbox {
		if m.Reply != nil {
			out = append(out, m.Reply.Code)
		}
	}
	return out
}
