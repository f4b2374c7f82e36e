package terminal

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"spacechain/dtn/bundle"
	"spacechain/dtn/contact"
	"spacechain/dtn/node"
	"spacechain/dtn/store"
	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/spaceos/command"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/receipt"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	home      = 3000001
	satellite = 90031
	other     = 90032 // a satellite that the terminal knows, too
	inbox     = "ipn:3000001.2"
)

var (
	noon      = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	owner     = identity.FromSeed([32]byte{1})
	publisher = identity.FromSeed([32]byte{2})
	keys      = map[uint64]*identity.Key{satellite: identity.FromSeed([32]byte{0x31}), other: identity.FromSeed([32]byte{0x32})}
	packed    = func() []byte {
		m := manifest.Manifest{App: "org.example.probe", Version: "1.2.0", Counter: 1, Runtime: manifest.RuntimeWasm,
			Limits: manifest.Limits{MemoryBytes: 1 << 20, StorageBytes: 4096, GasPerActivation: 1_000_000}}
		p, err := spk.Sign(m, []byte("module"), publisher)
		if err != nil {
			panic(err)
		}
		return p.Encode()
	}()
)

// ground is a terminal and one satellite in its sight, with time of their own.
type ground struct {
	t       testing.TB
	now     time.Time
	store   kv.Store
	plan    *contact.Plan
	term    *Terminal
	cut     func() bool // whether the terminal has lost power: what it says from then on counts for nothing
	seen    []Change
	failure error

	sat      *node.Node
	linked   bool
	executed map[command.RequestID][]byte // what the satellite obeyed, and its reply
	obey     func(*command.Command) command.Reply
	mute     bool // the satellite obeys, but its answers are lost
	gone     bool // its payload computer is not there: the mesh node takes no commands
}

func newGround(t testing.TB) *ground {
	g := &ground{t: t, now: noon, store: kv.NewMemory(), executed: map[command.RequestID][]byte{},
		cut: func() bool { return false },
		obey: func(c *command.Command) command.Reply {
			return command.Reply{Code: command.OK, Tenant: c.Tenant}
		}}
	var err error
	g.plan, err = contact.NewPlan([]contact.Contact{
		{From: home, To: satellite, Start: noon, End: noon.Add(240 * time.Hour), RateBps: 1e6, OWLT: 5 * time.Millisecond},
		{From: satellite, To: home, Start: noon, End: noon.Add(240 * time.Hour), RateBps: 1e6, OWLT: 5 * time.Millisecond},
	})
	g.check(err)
	st, err := store.Open(kv.NewMemory(), store.Options{})
	g.check(err)
	g.sat, err = node.New(noon, node.Config{Node: satellite, Store: st, Plan: g.plan,
		Services: func(s uint64) bool { return s == command.Service && !g.gone }})
	g.check(err)
	g.restart()
	return g
}

func (g *ground) check(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// restart starts the terminal on its store, as after a power cut.
func (g *ground) restart() {
	g.t.Helper()
	g.check(g.start())
}

func (g *ground) start() (err error) {
	linked := g.linked
	if g.linked = false; linked {
		g.sat.LinkDown(g.now, home)
	}
	g.term, err = New(g.now, Options{Node: home, Store: g.store, Plan: g.plan,
		Satellite: func(n uint64) (identity.Public, bool) {
			k, ok := keys[n]
			if !ok {
				return identity.Public{}, false
			}
			return k.Public(), true
		},
		Observe: func(c Change) {
			if !g.cut() {
				g.seen = append(g.seen, c)
			}
		},
		Fail: func(err error) { g.failure = err },
	})
	if err == nil { // the owner has sent commands from here before
		g.term.owners[command.OwnerOf(owner).String()], g.term.visited[satellite] = true, true
	}
	if err == nil && linked {
		g.link()
	}
	return err
}

// link lets terminal and satellite hear each other.
func (g *ground) link() {
	g.t.Helper()
	g.linked = true
	info := node.LinkInfo{RateBps: 1e6, OWLT: 5 * time.Millisecond, MTU: 1024, Until: noon.Add(240 * time.Hour)}
	info.Peer = satellite
	g.check(g.term.LinkUp(g.now, info))
	info.Peer = home
	g.check(g.sat.LinkUp(g.now, info))
}

// exchange hands frames to and fro until neither has any.
func (g *ground) exchange() {
	g.t.Helper()
	for !g.cut() {
		frames := g.term.Drain(g.now)
		if g.cut() {
			return
		}
		for _, f := range frames {
			if g.linked {
				g.sat.Frame(g.now, home, f.Data)
			}
		}
		ready := g.sat.Ready()
		for _, d := range ready.Deliveries {
			g.receive(d)
		}
		for _, f := range ready.Frames {
			if g.linked {
				g.term.Frame(g.now, satellite, f.Data)
			}
		}
		if len(frames)+len(ready.Frames)+len(ready.Deliveries) == 0 {
			return
		}
	}
}

// receive is the satellite's operating system: it obeys each command once, and gives
// the same answer to one that comes again.
func (g *ground) receive(d node.Delivery) {
	g.t.Helper()
	c, err := command.Open(d.Payload)
	g.check(err)
	if g.executed[c.Request] == nil {
		r := g.obey(c)
		r.Request, r.Satellite, r.Time = c.Request, satellite, g.now.Truncate(time.Millisecond)
		g.executed[c.Request] = r.Encode(keys[satellite])
	}
	if !g.mute {
		g.down(g.executed[c.Request])
	}
	g.check(g.sat.Consume(d.ID))
}

// down sends a message from the satellite to the terminal's inbox, over the mesh.
func (g *ground) down(payload []byte) {
	g.t.Helper()
	_, err := g.sat.Send(g.now, node.SendRequest{Service: command.Service, Dst: bundle.IPN(home, command.InboxService),
		Payload: payload, Lifetime: 72 * time.Hour})
	g.check(err)
}

// run lets time pass.
func (g *ground) run(d time.Duration) {
	g.t.Helper()
	end := g.now.Add(d)
	g.exchange()
	for !g.cut() {
		at, ok := g.term.NextWake()
		if t, due := g.sat.NextWake(); due && (!ok || t.Before(at)) {
			at, ok = t, true
		}
		if !ok || at.After(end) {
			break
		}
		if at.After(g.now) {
			g.now = at
		}
		g.term.Tick(g.now)
		g.sat.Tick(g.now)
		g.exchange()
	}
	if g.now = end; !g.cut() {
		g.term.Tick(end)
		g.sat.Tick(end)
		g.exchange()
	}
}

// hand gives the terminal a message as the mesh would, without the mesh.
func (g *ground) hand(payload []byte) {
	g.t.Helper()
	g.check(g.term.deliver(g.now, node.Delivery{Source: bundle.IPN(satellite, command.Service),
		Dst: bundle.IPN(home, command.InboxService), Payload: payload}))
}

// order makes a signed command; what is left out gets sensible values.
func (g *ground) order(id byte, c command.Command) []byte {
	g.t.Helper()
	c.Request = command.RequestID{id}
	if c.Satellite == 0 {
		c.Satellite = satellite
	}
	if c.Issued.IsZero() {
		c.Issued = g.now.Truncate(time.Millisecond)
	}
	if c.Expires.IsZero() {
		c.Expires = c.Issued.Add(24 * time.Hour)
	}
	if c.ReplyTo == "" {
		c.ReplyTo = inbox
	}
	b, err := c.Sign(owner)
	g.check(err)
	return b
}

func (g *ground) submit(signed []byte) Request {
	g.t.Helper()
	r, err := g.term.Submit(g.now, signed)
	g.check(err)
	return r
}

func (g *ground) request(id byte) Request {
	g.t.Helper()
	r, err := g.term.Desk().Request(command.RequestID{id}.String())
	g.check(err)
	return r
}

func (g *ground) tenant() Tenant {
	g.t.Helper()
	t, err := g.term.Desk().Tenant("90031.64")
	g.check(err)
	return t
}

// problems gives what the terminal dropped so far.
func (g *ground) problems() (out []string) {
	for _, c := range g.seen {
		if c.Problem != "" {
			out = append(out, c.Problem)
		}
	}
	return out
}

// stages gives the names of a request's stages in order.
func stages(r Request) (out []StageName) {
	for _, s := range r.Stages {
		out = append(out, s.Name)
	}
	return out
}

// activation makes the message with the result of one of tenant 64's activations,
// signed by a satellite's key. Gas grows with the number, so that sums tell.
func activation(n uint64, at time.Time, change ...func(*command.ResultMessage)) *command.ResultMessage {
	m := &command.ResultMessage{Result: fmt.Appendf(nil, "answer %d", n), Report: command.Report{App: "org.example.probe"}}
	m.Receipt.Receipt = receipt.Receipt{Satellite: satellite, Tenant: 64, Activation: n, End: sandbox.Returned,
		Owner:   receipt.Digest(command.OwnerOf(owner)),
		Trigger: sandbox.TriggerSchedule, Gas: gasOf(n), GasLimit: 1_000_000, BytesStored: 100 * n,
		Started: at, Ended: at.Add(50 * time.Millisecond), Duration: time.Millisecond}
	for _, c := range change {
		c(m)
	}
	return m
}

func gasOf(n uint64) uint64 { return 1000 + n*n }

// sealed signs a result's receipt.
func sealed(m *command.ResultMessage) []byte {
	m.Receipt.Receipt.Result = receipt.Digest(sha256.Sum256(m.Result))
	m.Receipt.Receipt.Report = receipt.Digest(sha256.Sum256(m.Report.Encode()))
	m.Receipt = receipt.Sign(m.Receipt.Receipt, keys[m.Receipt.Receipt.Satellite])
	return m.Encode()
}

// said gives a tenant as the satellite describes it after so many activations.
func said(activations uint64) []byte {
	info := command.TenantInfo{Tenant: 64, App: "org.example.probe", Version: "1.2.0", Publisher: publisher.Public().ID(),
		State: command.Active, Installed: noon, Activations: activations, Stored: 100 * activations}
	for n := uint64(1); n <= activations; n++ {
		info.Gas += gasOf(n)
	}
	return command.EncodeTenants([]command.TenantInfo{info})
}

// broken is a store of which one change fails, and then all.
type broken struct {
	kv.Store
	left int // changes until then; negative for ever
}

var errDisk = errors.New("the disk is gone")

func (b *broken) Apply(batch *kv.Batch) error {
	if b.left == 0 {
		return errDisk
	}
	b.left--
	return b.Store.Apply(batch)
}

func count[T comparable](list []T, v T) (n int) {
	for _, x := range list {
		if x == v {
			n++
		}
	}
	return n
}

func equal[T comparable](t testing.TB, what string, got, want []T) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}
