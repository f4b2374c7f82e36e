package gate

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"spacechain/identity"
	"spacechain/internal/kv"
	"spacechain/spaceos/cose"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/receipt"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// checker finds modules that begin with "bad" invalid.
type checker struct{}

func (checker) Check(m sandbox.Module) error {
	if bytes.HasPrefix(m.Code, []byte("bad")) {
		return errors.New("imports spc.actuate, which does not exist")
	}
	return nil
}

func (checker) CheckRuntime(string, []byte) error { return nil }

func key(n byte) *identity.Key { return identity.FromSeed([32]byte{n}) }

func example() manifest.Manifest {
	return manifest.Manifest{App: "fieldwatch", Version: "1.2.0", Counter: 7, Runtime: manifest.RuntimeWasm,
		Limits: manifest.Limits{MemoryBytes: 1 << 20, StorageBytes: 4096, GasPerActivation: 1e6}}
}

func sign(t *testing.T, m manifest.Manifest, code string, k *identity.Key) *spk.Package {
	t.Helper()
	p, err := spk.Sign(m, []byte(code), k)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var plenty = Free{Tenants: 10, StorageBytes: 1 << 20}

func code(err error) Code {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	return ""
}

// Each refusal with what brings it about.
func TestRefusals(t *testing.T) {
	publisher := key(1)
	id := publisher.Public().ID()
	policy := func(change func(*Policy)) Policy {
		p := DefaultPolicy("magnetometer")
		if change != nil {
			change(&p)
		}
		return p
	}
	asks := func(change func(*manifest.Manifest)) *spk.Package {
		m := example()
		change(&m)
		return sign(t, m, "code", publisher)
	}
	whole := sign(t, example(), "code", publisher)
	without := func(i int) *spk.Package {
		p := *whole
		p.Signatures = append([]spk.Signature{}, whole.Signatures[i], whole.Signatures[1-i])[:1]
		return &p
	}
	swapped := *whole
	swapped.Signatures = []spk.Signature{
		{Alg: cose.EdDSA, KeyID: id[:], Signature: whole.Signatures[1].Signature},
		{Alg: cose.MLDSA65, KeyID: id[:], Signature: whole.Signatures[0].Signature}}
	keyless := *whole
	keyless.Publisher = nil
	for _, c := range []struct {
		name   string
		policy Policy
		p      *spk.Package
		free   Free
		want   Code
	}{
		{"no ML-DSA signature", policy(nil), without(0), plenty, MLDSA65Missing},
		{"no Ed25519 signature", policy(nil), without(1), plenty, Ed25519Missing},
		{"swapped signatures", policy(nil), &swapped, plenty, Ed25519Invalid},
		{"unknown keys", policy(nil), &keyless, plenty, KeyUnknown},
		{"denied publisher", policy(func(p *Policy) { p.Deny = []identity.ID{id}; p.Allow = p.Deny }), whole, plenty, PublisherDenied},
		{"publisher not on the list", policy(func(p *Policy) { p.Open = false }), whole, plenty, PublisherNotAllowed},
		{"runtime", policy(nil), asks(func(m *manifest.Manifest) { m.Runtime = "js@1" }), plenty, RuntimeUnknown},
		{"actuator", policy(func(p *Policy) { p.FirstParty = []FirstParty{{id, []string{"runtime"}}} }),
			asks(func(m *manifest.Manifest) { m.Permissions.Actuators = []string{"magnetorquer"} }), plenty, PermissionActuator},
		{"power", policy(nil), asks(func(m *manifest.Manifest) { m.Permissions.Actuators = []string{"power"} }), plenty, PermissionActuator},
		{"role", policy(nil), asks(func(m *manifest.Manifest) { m.Permissions.Roles, m.Provides = []string{"runtime"}, "js@1" }), plenty, PermissionRole},
		{"sensor", policy(nil), asks(func(m *manifest.Manifest) {
			m.Permissions.Sensors = []manifest.Sensor{{Name: "camera", Interval: time.Hour}}
		}), plenty, PermissionSensor},
		{"sensor rate", policy(nil), asks(func(m *manifest.Manifest) {
			m.Permissions.Sensors = []manifest.Sensor{{Name: "magnetometer", Interval: time.Millisecond}}
		}), plenty, PermissionRate},
		{"peer", policy(func(p *Policy) { p.Peers = nil }), asks(func(m *manifest.Manifest) { m.Permissions.Peers = []string{"ipn:1.2"} }), plenty, PermissionPeer},
		{"ledger", policy(nil), asks(func(m *manifest.Manifest) { m.Permissions.Ledger = []string{"balance"} }), plenty, PermissionLedger},
		{"period", policy(func(p *Policy) { p.MinEvery = time.Minute }), asks(func(m *manifest.Manifest) {
			m.Triggers = []manifest.Trigger{{Name: "t", Kind: manifest.Schedule, Every: time.Second}}
		}), plenty, TriggerTooOften},
		{"module size", policy(func(p *Policy) { p.MaxModule = 3 }), whole, plenty, QuotaModule},
		{"memory", policy(func(p *Policy) { p.PerTenant.MemoryBytes = 1 << 16 }), whole, plenty, QuotaMemory},
		{"storage of a tenant", policy(func(p *Policy) { p.PerTenant.StorageBytes = 1 }), whole, plenty, QuotaStorage},
		{"gas", policy(func(p *Policy) { p.PerTenant.GasPerActivation = 1 }), whole, plenty, QuotaGas},
		{"messages", policy(nil), asks(func(m *manifest.Manifest) { m.Limits.MessagesPerHour = 1 << 20 }), plenty, QuotaMessages},
		{"no place", policy(nil), whole, Free{StorageBytes: 1 << 20}, QuotaTenants},
		{"storage of the satellite", policy(nil), whole, Free{Tenants: 1, StorageBytes: 4099}, QuotaStorage},
		{"invalid module", policy(nil), sign(t, example(), "bad code", publisher), plenty, ModuleInvalid},
	} {
		g := New(90001, kv.NewMemory(), c.policy, checker{}, OpenLeases{})
		a, err := g.Examine(now, Request{Package: c.p, Free: c.free})
		if code(err) != c.want || a != nil {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	g := New(90001, kv.NewMemory(), policy(nil), checker{}, OpenLeases{})
	if _, err := g.Examine(now, Request{Package: whole, Free: plenty}); err != nil {
		t.Error("a good package:", err)
	}
}

func TestWhoMayPublish(t *testing.T) {
	k := key(1)
	id := k.Public().ID()
	p := sign(t, example(), "code", k)
	m := example()
	m.Permissions.Roles, m.Provides = []string{"runtime"}, "js@1"
	engine := sign(t, m, "engine", k)
	for name, c := range map[string]struct {
		policy Policy
		p      *spk.Package
		want   Code
	}{
		"on the list":      {Policy{Allow: []identity.ID{id}}, p, ""},
		"of the house":     {Policy{FirstParty: []FirstParty{{id, nil}}}, p, ""},
		"house, with role": {Policy{FirstParty: []FirstParty{{id, []string{"runtime"}}}}, engine, ""},
		"house, no role":   {Policy{FirstParty: []FirstParty{{id, nil}}}, engine, PermissionRole},
		"listed, role":     {Policy{Allow: []identity.ID{id}}, engine, PermissionRole},
	} {
		d := DefaultPolicy()
		d.Open, d.Allow, d.FirstParty = false, c.policy.Allow, c.policy.FirstParty
		a, err := New(1, kv.NewMemory(), d, checker{}, OpenLeases{}).Examine(now, Request{Package: c.p, Free: plenty})
		if code(err) != c.want || (err == nil) != (c.want == "") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err == nil && a.Package().Digest() != c.p.Digest() {
			t.Errorf("%s: admitted another package", name)
		}
	}
}

// The counter is remembered per app and publisher, and never falls.
func TestCounters(t *testing.T) {
	store := kv.NewMemory()
	g := New(1, store, DefaultPolicy(), checker{}, OpenLeases{})
	try := func(k *identity.Key, app string, counter uint64, code string, record bool) error {
		m := example()
		m.App, m.Counter = app, counter
		a, err := g.Examine(now, Request{Package: sign(t, m, code, k), Free: plenty})
		if err == nil && record {
			var b kv.Batch
			a.Record(&b)
			if err := store.Apply(&b); err != nil {
				t.Fatal(err)
			}
		}
		return err
	}
	steps := []struct {
		key     byte
		app     string
		counter uint64
		code    string
		record  bool
		want    Code
	}{
		{1, "a", 5, "x", true, ""},
		{1, "a", 4, "x", true, CounterRolledBack},
		{1, "a", 5, "x", true, ""},            // the same package again
		{1, "a", 5, "y", true, CounterReused}, // another one
		{1, "a", 9, "z", false, ""},           // admitted but not installed
		{1, "a", 6, "y", true, ""},            // so this is no step back
		{1, "b", 1, "x", true, ""},            // another app
		{2, "a", 1, "x", true, ""},            // another publisher
		{1, "a", 5, "x", true, CounterRolledBack},
	}
	for i, s := range steps {
		err := try(key(s.key), s.app, s.counter, s.code, s.record)
		if code(err) != s.want || (err == nil) != (s.want == "") {
			t.Fatalf("step %d %+v: %v", i, s, err)
		}
	}
}

func TestKeysAreRemembered(t *testing.T) {
	store := kv.NewMemory()
	g := New(1, store, DefaultPolicy(), checker{}, OpenLeases{})
	p := sign(t, example(), "code", key(1))
	a, err := g.Examine(now, Request{Package: p, Free: plenty})
	if err != nil {
		t.Fatal(err)
	}
	var b kv.Batch
	a.Record(&b)
	if err := store.Apply(&b); err != nil {
		t.Fatal(err)
	}
	short, err := p.EncodeUplink(spk.UplinkOptions{WithoutKeys: true})
	if err != nil {
		t.Fatal(err)
	}
	q, err := spk.Open(short, spk.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Examine(now, Request{Package: q, Free: plenty}); err != nil {
		t.Error("keys known by now:", err)
	}
}

type paid struct{ receipt.LeaseID }

func (p paid) CheckLease(_ time.Time, q LeaseQuery) (LeaseTerms, error) {
	if q.Lease != p.LeaseID {
		return LeaseTerms{}, errors.New("not on the ledger")
	}
	return LeaseTerms{Until: now.Add(time.Hour)}, nil
}

func TestLease(t *testing.T) {
	lease := receipt.LeaseID{1}
	g := New(1, kv.NewMemory(), DefaultPolicy(), checker{}, paid{lease})
	p := sign(t, example(), "code", key(1))
	if _, err := g.Examine(now, Request{Package: p, Free: plenty}); code(err) != LeaseRefused {
		t.Error("no lease:", err)
	}
	a, err := g.Examine(now, Request{Package: p, Free: plenty, Lease: lease})
	if err != nil {
		t.Fatal(err)
	}
	if id, terms := a.Lease(); id != lease || !terms.Until.Equal(now.Add(time.Hour)) {
		t.Error(id, terms)
	}
}

func TestRuntimeInstalledAsPackage(t *testing.T) {
	m := example()
	m.Runtime = manifest.RuntimeJS
	g := New(1, kv.NewMemory(), DefaultPolicy(), checker{}, OpenLeases{})
	has := func(name string) bool { return name == manifest.RuntimeJS }
	if _, err := g.Examine(now, Request{Package: sign(t, m, "js", key(1)), Free: plenty, HasRuntime: has}); err != nil {
		t.Error(err)
	}
}

func TestGrantIsWhatWasAskedFor(t *testing.T) {
	m := example()
	m.Permissions = manifest.Permissions{Sensors: []manifest.Sensor{{Name: "magnetometer", Interval: time.Second}}, Peers: []string{"ipn:5.*"}}
	a, err := New(1, kv.NewMemory(), DefaultPolicy("magnetometer"), checker{}, OpenLeases{}).
		Examine(now, Request{Package: sign(t, m, "x", key(1)), Free: plenty, Owner: [32]byte{7}})
	if err != nil {
		t.Fatal(err)
	}
	g := a.Grant()
	if len(g.Sensors) != 1 || len(g.Peers) != 1 || !g.Peers[0].Match(5, 1) || g.Limits != m.Limits || a.Owner() != [32]byte{7} {
		t.Errorf("grant %+v", g)
	}
}
