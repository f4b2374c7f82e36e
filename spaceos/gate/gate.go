package gate

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"spacechain/identity"
	"spacechain/internal/cbor"
	"spacechain/internal/kv"
	"spacechain/spaceos/manifest"
	"spacechain/spaceos/receipt"
	"spacechain/spaceos/sandbox"
	"spacechain/spaceos/spk"
)

// Checker says whether a module is valid and meterable. The sandbox's engine is one,
// see system.Sandbox.
type Checker interface {
	// Check looks at an app's module.
	Check(m sandbox.Module) error
	// CheckRuntime looks at the code of a package that provides a runtime.
	CheckRuntime(name string, code []byte) error
}

// Gate admits packages to one satellite. It keeps counters and publishers' keys in
// the store under "gate/". It is not safe for concurrent use.
type Gate struct {
	satellite uint64
	store     kv.Store
	policy    Policy
	checker   Checker
	leases    LeaseChecker
}

// New makes the gate of a satellite. The store must be the one that admissions are
// recorded in.
func New(satellite uint64, store kv.Store, p Policy, c Checker, l LeaseChecker) *Gate {
	return &Gate{satellite, store, p, c, l}
}

// Policy gives the gate's policy.
func (g *Gate) Policy() Policy { return g.policy }

// Request is what is asked of the gate.
type Request struct {
	Package *spk.Package
	Owner   [32]byte // the owner's Ed25519 public key
	Lease   receipt.LeaseID
	Free    Free
	// HasRuntime says whether a runtime is installed as a package.
	HasRuntime func(name string) bool
}

// Free is what the satellite still has, with what an update replaces counted as free.
type Free struct {
	Tenants      int
	StorageBytes uint64
}

// Grant is what an admitted tenant may do.
type Grant struct {
	Limits  manifest.Limits
	Sensors []manifest.Sensor
	Peers   []manifest.Peer
	Ledger  []string
	Roles   []string
}

// Admission is the gate's yes. Only Examine makes one.
type Admission struct {
	pkg   *spk.Package
	grant Grant
	terms LeaseTerms
	lease receipt.LeaseID
	owner [32]byte
	sets  [][2][]byte
}

// Package gives the admitted, and so verified, package.
func (a *Admission) Package() *spk.Package { return a.pkg }

// Grant gives what the tenant may do.
func (a *Admission) Grant() Grant { return a.grant }

// Lease gives the lease that pays, and its terms.
func (a *Admission) Lease() (receipt.LeaseID, LeaseTerms) { return a.lease, a.terms }

// Owner gives the owner whom the admission is for.
func (a *Admission) Owner() [32]byte { return a.owner }

// Record adds what the gate must remember to the batch that installs the package.
func (a *Admission) Record(b *kv.Batch) {
	for _, s := range a.sets {
		b.Put(s[0], s[1])
	}
}

// Examine decides about a package. The error is a *Refusal if the package is refused,
// and another error if the store could not be read.
func (g *Gate) Examine(now time.Time, q Request) (*Admission, error) {
	m := &q.Package.Manifest
	a := &Admission{pkg: q.Package, lease: q.Lease, owner: q.Owner}
	if err := g.signatures(q.Package, a); err != nil {
		return nil, err
	}
	if r := g.policy.publisher(m.Publisher); r != nil {
		return nil, r
	}
	if err := g.counter(q.Package, a); err != nil {
		return nil, err
	}
	if r := g.runtime(m, q.HasRuntime); r != nil {
		return nil, r
	}
	grant, r := g.policy.permissions(m)
	if r != nil {
		return nil, r
	}
	a.grant = grant
	if r := g.policy.quotas(m, q.Free); r != nil {
		return nil, r
	}
	terms, err := g.leases.CheckLease(now, LeaseQuery{q.Lease, q.Owner, g.satellite, m.Publisher, m.App, m.Limits})
	if err != nil {
		var refusal *Refusal
		if errors.As(err, &refusal) {
			return nil, refusal
		}
		return nil, refuse(LeaseRefused, "lease %s: %v", q.Lease, err)
	}
	a.terms = terms
	if err := g.module(q.Package); err != nil { // last: a runtime is set up on the way
		return nil, refuse(ModuleInvalid, "module of %s %s: %v", m.App, m.Version, err)
	}
	return a, nil
}

func keyKey(id identity.ID) []byte { return append([]byte("gate/key/"), id[:]...) }

func counterKey(id identity.ID, app string) []byte {
	return append(append([]byte("gate/counter/"), id[:]...), app...)
}

// signatures verifies the package under keys that are known or came with it, and
// has unknown ones remembered.
func (g *Gate) signatures(p *spk.Package, a *Admission) error {
	id := p.Manifest.Publisher
	var known *identity.Public
	if b, ok, err := g.store.Get(keyKey(id)); err != nil {
		return fmt.Errorf("read the keys of publisher %s: %w", id, err)
	} else if ok {
		pub, err := identity.DecodePublic(b)
		if err != nil {
			return fmt.Errorf("stored keys of publisher %s: %w", id, err)
		}
		known = &pub
	}
	if err := p.Verify(known); err != nil {
		var v *spk.VerifyError
		if errors.As(err, &v) {
			return &Refusal{Code(v.Problem), v.Detail}
		}
		return err
	}
	if known == nil {
		a.sets = append(a.sets, [2][]byte{keyKey(id), p.Publisher.Encode()})
	}
	return nil
}

// counter refuses to go back, and a second package with the same counter.
func (g *Gate) counter(p *spk.Package, a *Admission) error {
	m := &p.Manifest
	key := counterKey(m.Publisher, m.App)
	b, ok, err := g.store.Get(key)
	if err != nil {
		return fmt.Errorf("read the counter of %s: %w", m.App, err)
	}
	digest := p.Digest()
	if ok {
		highest, of, err := decodeCounter(b)
		if err != nil {
			return fmt.Errorf("stored counter of %s: %w", m.App, err)
		}
		switch {
		case m.Counter < highest:
			return refuse(CounterRolledBack, "%s %s has counter %d, this satellite has admitted %d and does not go back", m.App, m.Version, m.Counter, highest)
		case m.Counter == highest && !bytes.Equal(of, digest[:]):
			return refuse(CounterReused, "%s %s has counter %d, which another package of the same app has; release it with a higher one", m.App, m.Version, m.Counter)
		case m.Counter == highest:
			return nil
		}
	}
	value := cbor.AppendUint(cbor.AppendArray(nil, 2), m.Counter)
	a.sets = append(a.sets, [2][]byte{key, cbor.AppendBytes(value, digest[:])})
	return nil
}

func decodeCounter(b []byte) (highest uint64, of []byte, err error) {
	d := cbor.NewDecoder(b)
	if n, err := d.Array(); err != nil || n != 2 {
		return 0, nil, errors.Join(err, errors.New("want counter and digest"))
	}
	if highest, err = d.Uint(); err != nil {
		return 0, nil, err
	}
	if of, err = d.Bytes(); err != nil {
		return 0, nil, err
	}
	return highest, of, d.Done()
}

func (g *Gate) runtime(m *manifest.Manifest, installed func(string) bool) *Refusal {
	for _, r := range g.policy.Runtimes {
		if r == m.Runtime {
			return nil
		}
	}
	if installed != nil && installed(m.Runtime) {
		return nil
	}
	return refuse(RuntimeUnknown, "%s needs the runtime %s, which is not installed on this satellite", m.App, m.Runtime)
}

func (g *Gate) module(p *spk.Package) error {
	m := &p.Manifest
	if m.Provides != "" {
		return g.checker.CheckRuntime(m.Provides, p.Module)
	}
	return g.checker.Check(SandboxModule(m, p.Module))
}

// SandboxModule names a package's code to the sandbox.
func SandboxModule(m *manifest.Manifest, code []byte) sandbox.Module {
	out := sandbox.Module{Digest: m.Module.Digest, Runtime: m.Runtime, Code: code}
	if m.Runtime == manifest.RuntimeWasm {
		out.Runtime = "" // the sandbox's own name for it
	}
	return out
}
