package gate

import (
	"slices"
	"time"

	"spacechain/identity"
	"spacechain/spaceos/manifest"
)

// Policy is what an operator allows on a satellite. There is no entry for actuators
// and power, because nothing grants them.
type Policy struct {
	// Open admits every publisher that is not in Deny; otherwise only those in Allow
	// and the first-party ones.
	Open  bool
	Allow []identity.ID
	Deny  []identity.ID // counts before everything else
	// FirstParty publishers may have the roles that are listed with them.
	FirstParty []FirstParty

	Runtimes []string          // runtimes that need no package, such as "wasm@1"
	Sensors  []manifest.Sensor // what tenants may read, and the least interval of each
	Peers    []manifest.Peer   // patterns that a tenant's peers must lie within
	Ledger   []string          // ledger reads that tenants may ask for

	MaxModule  uint64          // bytes of one module
	MinEvery   time.Duration   // least period of a schedule
	MaxTenants int             // tenants on the satellite
	MaxStorage uint64          // bytes of storage of all tenants together
	PerTenant  manifest.Limits // the most that one tenant may ask for
}

// FirstParty names a publisher of the house and its roles.
type FirstParty struct {
	Publisher identity.ID
	Roles     []string
}

// DefaultPolicy admits every publisher to the sensors named, at up to ten readings
// a second, with messages to any endpoint, and with quotas that suit a small
// on-board computer.
func DefaultPolicy(sensors ...string) Policy {
	p := Policy{
		Open:       true,
		Runtimes:   []string{manifest.RuntimeWasm},
		Peers:      []manifest.Peer{{}},
		MaxModule:  8 << 20,
		MinEvery:   time.Second,
		MaxTenants: 256,
		MaxStorage: 256 << 20,
		PerTenant: manifest.Limits{
			MemoryBytes:           32 << 20,
			StorageBytes:          16 << 20,
			GasPerActivation:      20_000_000_000,
			MessagesPerActivation: 64,
			MessagesPerHour:       3600,
			MessageBytesPerHour:   16 << 20,
		},
	}
	for _, s := range sensors {
		p.Sensors = append(p.Sensors, manifest.Sensor{Name: s, Interval: 100 * time.Millisecond})
	}
	return p
}

func (p *Policy) roles(publisher identity.ID) (roles []string, firstParty bool) {
	for _, f := range p.FirstParty {
		if f.Publisher == publisher {
			return f.Roles, true
		}
	}
	return nil, false
}

// publisher checks who may publish at all.
func (p *Policy) publisher(id identity.ID) *Refusal {
	if slices.Contains(p.Deny, id) {
		return refuse(PublisherDenied, "publisher %s is on this satellite's deny list; ask its operator", id)
	}
	if _, house := p.roles(id); house || p.Open || slices.Contains(p.Allow, id) {
		return nil
	}
	return refuse(PublisherNotAllowed, "publisher %s is not on this satellite's allow list; ask its operator", id)
}

// permissions checks what a manifest asks for, and gives it as a grant.
func (p *Policy) permissions(m *manifest.Manifest) (Grant, *Refusal) {
	g := Grant{Limits: m.Limits, Sensors: m.Permissions.Sensors, Ledger: m.Permissions.Ledger}
	if len(m.Permissions.Actuators) > 0 {
		return g, refuse(PermissionActuator, "%s asks for actuator %q; no app is ever granted actuators or power, remove it from the manifest",
			m.App, m.Permissions.Actuators[0])
	}
	roles, _ := p.roles(m.Publisher)
	for _, r := range m.Permissions.Roles {
		if !slices.Contains(roles, r) {
			return g, refuse(PermissionRole, "%s asks for the first-party role %q, which publisher %s does not have here", m.App, r, m.Publisher)
		}
	}
	g.Roles = m.Permissions.Roles
	for _, s := range m.Permissions.Sensors {
		i := slices.IndexFunc(p.Sensors, func(have manifest.Sensor) bool { return have.Name == s.Name })
		switch {
		case i < 0:
			return g, refuse(PermissionSensor, "%s asks for sensor %q, which this satellite does not give to tenants", m.App, s.Name)
		case s.Interval < p.Sensors[i].Interval:
			return g, refuse(PermissionRate, "%s asks for a reading of %q every %v, the least interval here is %v", m.App, s.Name, s.Interval, p.Sensors[i].Interval)
		}
	}
	for _, text := range m.Permissions.Peers {
		peer, err := manifest.ParsePeer(text)
		if err != nil || !slices.ContainsFunc(p.Peers, peer.Within) {
			return g, refuse(PermissionPeer, "%s asks to send to %s, which this satellite does not allow", m.App, text)
		}
		g.Peers = append(g.Peers, peer)
	}
	for _, l := range m.Permissions.Ledger {
		if !slices.Contains(p.Ledger, l) {
			return g, refuse(PermissionLedger, "%s asks to read %q from the ledger, which this satellite does not offer", m.App, l)
		}
	}
	for _, t := range m.Triggers {
		if t.Kind == manifest.Schedule && t.Every < p.MinEvery {
			return g, refuse(TriggerTooOften, "trigger %q of %s fires every %v, the least period here is %v", t.Name, m.App, t.Every, p.MinEvery)
		}
	}
	return g, nil
}

// quotas checks what a manifest asks for against what one tenant may have and what is free.
func (p *Policy) quotas(m *manifest.Manifest, free Free) *Refusal {
	most, ask := p.PerTenant, m.Limits
	for _, q := range []struct {
		code      Code
		what      string
		ask, most uint64
	}{
		{QuotaModule, "bytes of module", m.Module.Size, p.MaxModule},
		{QuotaMemory, "bytes of memory", ask.MemoryBytes, most.MemoryBytes},
		{QuotaStorage, "bytes of storage", ask.StorageBytes, most.StorageBytes},
		{QuotaGas, "gas per activation", ask.GasPerActivation, most.GasPerActivation},
		{QuotaMessages, "messages per activation", ask.MessagesPerActivation, most.MessagesPerActivation},
		{QuotaMessages, "messages per hour", ask.MessagesPerHour, most.MessagesPerHour},
		{QuotaMessages, "message bytes per hour", ask.MessageBytesPerHour, most.MessageBytesPerHour},
	} {
		if q.ask > q.most {
			return refuse(q.code, "%s asks for %d %s, the most here is %d", m.App, q.ask, q.what, q.most)
		}
	}
	if free.Tenants <= 0 {
		return refuse(QuotaTenants, "all %d places for tenants on this satellite are taken; try another satellite", p.MaxTenants)
	}
	if need := ask.StorageBytes + m.Module.Size; need > free.StorageBytes {
		return refuse(QuotaStorage, "%s needs %d bytes of storage with its module, %d are free on this satellite", m.App, need, free.StorageBytes)
	}
	return nil
}
