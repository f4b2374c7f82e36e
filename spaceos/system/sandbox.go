package system

import (
	"context"
	"crypto/sha256"
	"sync"

	"spacechain/spaceos/gate"
	"spacechain/spaceos/sandbox"
)

// Sandbox fits the sandbox's engine to the system: it is the gate's Checker, the
// jobs' Engine, and takes runtimes. It is safe for concurrent use.
type Sandbox struct {
	engine *sandbox.Engine

	mu        sync.Mutex
	installed map[string][32]byte // runtimes by name, with the digest of their code
}

var (
	_ gate.Checker = (*Sandbox)(nil)
	_ Engine       = (*Sandbox)(nil)
)

// NewSandbox wraps an engine, which the caller closes.
func NewSandbox(e *sandbox.Engine) *Sandbox {
	return &Sandbox{engine: e, installed: map[string][32]byte{}}
}

// Check looks at an app's module. A script is compiled, so that a mistake in it shows
// at its installation; a WebAssembly module is validated, and compiled when it first runs.
func (s *Sandbox) Check(m sandbox.Module) error {
	if _, err := s.engine.Check(m); err != nil || m.Runtime == "" {
		return err
	}
	return s.engine.Prepare(context.Background(), m)
}

// CheckRuntime looks at a runtime's code by setting it up, which Install then need not
// do again.
func (s *Sandbox) CheckRuntime(name string, code []byte) error {
	return s.Install(Runtime{Name: name, Digest: sha256.Sum256(code), Code: code})
}

// Install sets up a runtime that Ready gave, unless it is there already.
func (s *Sandbox) Install(r Runtime) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.installed[r.Name] == r.Digest {
		return nil
	}
	if err := s.engine.InstallRuntime(r.Name, r.Code); err != nil {
		return err
	}
	s.installed[r.Name] = r.Digest
	return nil
}

// Run runs an activation.
func (s *Sandbox) Run(ctx context.Context, a sandbox.Activation) sandbox.Outcome {
	return s.engine.Run(ctx, a)
}
